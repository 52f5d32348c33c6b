"""Schedulers on the real records: ``verbose``, which 2.7 refuses, and the base that 2.0 renamed."""

import sys

import pytest

from tests.code import REPOSITORY
from torch_history.catalogue import index
from torch_history.catalogue.kinds import Kind
from torch_history.questions import query

pytest.importorskip("pyflakes", reason="pyflakes is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)

from tests.code.making import told
from torch_history.code.targets import targets

IMPORTS = (
    "from torch.optim.lr_scheduler import *\nfrom torch.optim.lr_scheduler import _LRScheduler\n"
)


@pytest.fixture(scope="module")
def harm():
    """The lines of a source that what harms between two versions is certain to meet."""
    known = index.of(REPOSITORY)

    def of(before, after, source):
        answer = query.diff(known, before, after, apis=["torch.optim.lr_scheduler"])
        harmful = [one for one in targets(answer) if one.kind in (Kind.GONE, Kind.SILENT)]
        return told(f"{IMPORTS}{source}", *harmful)

    return of


@pytest.mark.parametrize("base", ["LRScheduler", "_LRScheduler"])
def test_verbose_that_a_class_of_the_reader_passes_on_by_position_breaks_since_2_7(harm, base):
    source = (
        f"class Warm({base}):\n"
        "    def __init__(self, optimizer, last_epoch=-1, verbose=False):\n"
        "        super().__init__(optimizer, last_epoch, verbose)\n"
    )
    assert harm("2.6", "2.10", source) == ["5 certain"]
    assert harm("2.6", "2.10", source.replace(", verbose)", ")")) == []


@pytest.mark.parametrize(
    "call, expected",
    [
        ("StepLR(opt, 30, 0.1, -1, True)", ["3 certain"]),
        ("StepLR(opt, 30, 0.1, -1)", []),
        ("LambdaLR(opt, f, -1, False)", ["3 certain"]),
        ("ReduceLROnPlateau(opt, verbose=False)", ["3 certain"]),
        ("CosineAnnealingLR(opt, 10, 0, -1)", []),
        ("class Warm(LRScheduler): pass\nWarm(opt, -1, True)", ["4 certain"]),
        ("class Warm(StepLR): pass\nWarm(opt, 30, 0.1, -1, True)", ["4 certain"]),
        ("class Warm(StepLR): pass\nWarm(opt, 30, 0.1, -1)", []),
    ],
)
def test_verbose_breaks_every_scheduler_since_2_7_also_by_position(harm, call, expected):
    assert harm("2.6", "2.10", call) == expected


@pytest.mark.parametrize(
    "source, expected",
    [
        ("isinstance(StepLR(opt, 1), _LRScheduler)", ["3 certain"]),
        ("issubclass(StepLR, (int, _LRScheduler))", ["3 certain"]),
        ("isinstance(StepLR(opt, 1), StepLR)", []),
        # it asks for nothing, and works as before
        ("class Warm(_LRScheduler): pass\nWarm(opt)", []),
        ("def f(schedule: _LRScheduler): pass", []),
    ],
    ids=lambda value: str(value).replace("\n", "; "),
)
def test_underscored_base_is_silently_none_of_torch_s_own_schedulers_since_2_0(
    harm, source, expected
):
    assert harm("1.13", "2.0", source) == expected


def test_name_of_the_new_base_is_missing_before_2_0(harm):
    assert harm("2.0", "1.13", "class Warm(LRScheduler): pass") == ["3 certain"]
