"""Wiring only: the engine's plugin, and the surroundings of every behaviour."""

import functools
import warnings

import pytest
from hypothesis import settings

settings.register_profile(
    "spec", derandomize=True, deadline=None, max_examples=50, database=None
)  # the same inputs every time
settings.load_profile("spec")

pytest_plugins = ["torch_history.running.plugin", "pytester"]


@pytest.fixture(autouse=True)
def surroundings(request, monkeypatch):
    """Every behaviour sees every warning, and its tensors lie on ``--device`` by default.

    Some of torch's warnings are given once per process: without the first lines, the order of the
    tests would matter. If the device is not available, the test is skipped.
    """
    if "snapshot" not in request.fixturenames:
        yield
        return
    import torch

    if hasattr(torch, "set_warn_always"):
        torch.set_warn_always(True)
    if hasattr(torch.storage, "_set_always_warn_typed_storage_removal"):
        torch.storage._set_always_warn_typed_storage_removal(True)
    first_backward()
    device = request.config.option.device
    if device == "cpu":
        yield
        return
    if not hasattr(torch, "set_default_device"):
        pytest.skip(reason=f"{device}: torch {torch.__version__} has no default device to set")
    if device.startswith("cuda") and not torch.cuda.is_available():
        pytest.skip(reason=f"{device}: torch sees no such device on this machine")
    torch.set_default_device(device)
    yield
    torch.set_default_device(None)


@functools.lru_cache(maxsize=None)
def first_backward():
    """Run backward once before any observation.

    In a process's first backward torch 1.7 warns that there is no CUDA driver.
    """
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.zeros(1, requires_grad=True).sum().backward()


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working folder, so that no path of this machine enters an observation."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
