"""Which names of the library are covered, and which documented modules are not at all."""

import importlib

import pytest

from tests.fake import REPOSITORY
from torch_history.catalogue import index
from torch_history.questions import coverage

# Modules of torch whose import needs a package that torch does not bring.
OPTIONAL = {"torch.utils.tensorboard": "tensorboard"}


@pytest.fixture(scope="module")
def known():
    return index.of(REPOSITORY)


@pytest.mark.parametrize("name", coverage.DOCUMENTED)
def test_documented_module_is_one_of_torch(name):
    pytest.importorskip("torch")
    if name in OPTIONAL:
        pytest.importorskip(OPTIONAL[name], reason=f"{OPTIONAL[name]} is not installed")
    assert importlib.import_module(name).__name__.startswith("torch")


def test_documented_modules_are_listed_once_in_order():
    assert list(coverage.DOCUMENTED) == sorted(set(coverage.DOCUMENTED))


def test_module_is_uncovered_if_no_behaviour_is_about_a_name_in_it(known):
    found = coverage.uncovered_modules(known)
    names = {api for behaviour in known.behaviours for api in behaviour.api}
    for module in coverage.DOCUMENTED:
        inside = [name for name in names if f"{name}.".startswith(f"{module}.")]
        assert (module in found) == (not inside), module
    assert found == [module for module in coverage.DOCUMENTED if module in found]
    assert {"torch.distributed", "torch.jit", "torch.onnx"} <= set(found)
    assert not {"torch.nn", "torch.optim", "torch.utils.data"} & set(found)


def test_everything_is_uncovered_in_a_project_about_something_else(recorded):
    assert coverage.uncovered_modules(index.of(recorded.root)) == list(coverage.DOCUMENTED)
