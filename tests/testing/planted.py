"""What a release might change, planted below what the tracer sees; also a plugin of pytest.

As a plugin it reads ``PLANTED``, the names of what is planted, and ``TORCH_VERSION``.
"""

import os
import warnings

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class Planted(TorchDispatchMode):
    """Operations that do something else."""

    def __init__(self, *names):
        super().__init__()
        self.names = names

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        plant = PLANTS.get(func._schema.name)
        if plant is not None and plant.__name__ in self.names:
            with torch.no_grad():
                plant(out)
        return out


def value(out):
    out.mul_(1.001)


def stream(out):
    out.copy_(1 - out)


def rounding(out):
    out.mul_(1 + 2**-23)


def warning(out):
    warnings.warn("cumsum is deprecated", FutureWarning, stacklevel=4)


def error(out):
    raise RuntimeError("cumprod is refused")


PLANTS = {
    "aten::gelu": value,
    "aten::bernoulli_": stream,
    "aten::addmm": rounding,
    "aten::cumsum": warning,
    "aten::cumprod": error,
}


def pytest_configure():
    if "TORCH_VERSION" in os.environ:
        torch.__version__ = os.environ["TORCH_VERSION"]
    names = os.environ.get("PLANTED", "").split()
    if names:
        Planted(*names).__enter__()
