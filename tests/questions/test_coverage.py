"""Which names of the library are covered, and which modules are not at all."""

import importlib

import pytest

from tests.fake import REPOSITORY
from tests.questions import surface as small
from torch_history.catalogue import index
from torch_history.questions import coverage
from torch_history.questions.coverage import Counts
from torch_history.questions.names import Lives
from torch_history.surface import index as surfaces

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


@pytest.fixture(scope="module")
def surfaced(tmp_path_factory):
    surface = small.written(tmp_path_factory.mktemp("coverage"))
    return coverage.surfaced(small.catalogue(), Lives(small.catalogue(), surface))


def test_public_names_of_the_newest_release_are_counted_where_they_stand(surfaced):
    assert surfaced.release == "2.6"
    assert surfaced.homes == {
        "torch.amp": Counts(1, 0),
        "torch.amp.Scaler": Counts(1, 0),
        "torch.cuda": Counts(1, 0),
        "torch.linalg": Counts(1, 0),
        "torch.onnx": Counts(1, 0),
        "torch.ops.aten.add": Counts(2, 0),
        # Optimizer by a behaviour about its zero_grad
        "torch.optim": Counts(2, 2),
        "torch.optim.Optimizer": Counts(3, 1),
    }
    assert surfaced.total == Counts(12, 3)


def test_modules_without_a_behaviour_are_counted_with_all_that_is_in_them(surfaced):
    assert surfaced.alone == {"torch.amp": 2, "torch.cuda": 1, "torch.linalg": 1, "torch.onnx": 1}


def test_nothing_is_counted_where_no_surface_is_recorded(recorded):
    known = index.of(recorded.root)
    assert coverage.surfaced(known, Lives(known, surfaces.of(recorded.root))) is None
