"""Under which names the objects of torch are found, and which name is the public one."""

import pytest

from torch_history.surveying import paths as paths_of
from torch_history.surveying.modules import modules
from torch_history.surveying.paths import listed, paths, reached


@pytest.fixture
def found(package, monkeypatch, tmp_path):
    """The paths in a package; the private names that programs use are those given."""

    def of(files, private=(), known=()):
        torch = package(files)
        (tmp_path / "private.txt").write_text("".join(f"{name}\t15\n" for name in private))
        monkeypatch.setattr(paths_of, "PRIVATE", tmp_path / "private.txt")
        return paths(modules(torch), known)

    return of


def test_shortest_public_path_is_the_path_and_the_others_are_aliases(found):
    told = found(
        {
            "torch/nn/__init__.py": "from .modules import *",
            "torch/nn/modules/__init__.py": "from .linear import Linear\n__all__ = ['Linear']",
            "torch/nn/modules/linear.py": "class Linear: pass",
        }
    )
    assert list(told.values) == ["torch.nn.Linear"]
    assert told.aliases == {
        "torch.nn.modules.Linear": "torch.nn.Linear",
        "torch.nn.modules.linear.Linear": "torch.nn.Linear",
    }
    assert told.path_of(told.values["torch.nn.Linear"]) == "torch.nn.Linear"
    assert told.path_of(1) == told.path_of(object()) == ""


def test_path_is_in_the_objects_own_package_though_another_one_is_shorter(found):
    told = found(
        {
            "torch/__init__.py": "from torch.optim.sgd import SGD",
            "torch/optim/__init__.py": "from torch.optim.sgd import SGD",
            "torch/optim/sgd.py": "class SGD: pass",
            "torch/cuda.py": "from torch.optim import SGD",
        }
    )
    assert list(told.values) == ["torch.SGD"]
    told = found(
        {
            "torch/__init__.py": "",
            "torch/jit.py": "from torch.optim import SGD",
            "torch/optim/__init__.py": "from torch.optim.sgd import SGD",
        }
    )
    assert list(told.values) == ["torch.optim.SGD"]
    assert told.aliases["torch.jit.SGD"] == "torch.optim.SGD"


def test_path_has_the_objects_own_name_where_both_are_public(found):
    told = found({"torch/__init__.py": "def long_name(): pass\nname = long_name"})
    assert told.values.keys() == {"torch.long_name"}
    assert told.aliases == {"torch.name": "torch.long_name"}


@pytest.mark.parametrize(
    "line",
    [
        "import os, sys",
        "from typing import Any, List, Optional",
        "from collections import OrderedDict",
        "from functools import partial",
        "from math import pi",
        "from os.path import join as path_join",
        "import torch.other",
        "import typing\nT = typing.TypeVar('T')",
        "_own = 1",
        "def _helper(): pass",
        "__version__ = '1'",
    ],
)
def test_name_that_is_not_torchs_or_private_is_left_out(found, line):
    told = found({"torch/a.py": line, "torch/other.py": ""})
    assert told.values == {} and told.aliases == {}


def test_name_in_all_is_torchs_whatever_it_is(found):
    told = found({"torch/a.py": "from math import pi\n_own = 1\n__all__ = ['pi', '_own', 'lost']"})
    assert set(told.values) == {"torch.a.pi", "torch.a._own"}


@pytest.mark.parametrize("listing", ["None", "['f', 1, None]", "('f',)", "iter('f')", "'f'"])
def test_all_may_be_anything(found, listing):
    told = found({"torch/a.py": f"def f(): pass\n__all__ = {listing}"})
    assert set(told.values) == {"torch.a.f"}


def test_helper_of_a_private_module_is_public_only_where_all_lists_it(found):
    told = found(
        {
            "torch/_impl.py": "def shown(): pass\ndef helper(): pass\nclass Base: pass",
            "torch/a.py": "from torch._impl import *\n__all__ = ['shown']",
            "torch/b.py": "from torch._impl import helper, shown",
        }
    )
    assert set(told.values) == {"torch.a.shown"}
    assert told.aliases == {"torch.b.shown": "torch.a.shown"}


def test_what_is_written_in_c_is_public_where_it_is_shown(found):
    told = found(
        {
            "torch/_C.py": "def linear(): pass\nclass Store: pass\nclass Hidden: pass",
            "torch/nn.py": "from torch._C import linear as own_linear",
            "torch/dist/__init__.py": "from torch._C import Store",
            "torch/dist/deep.py": "from torch._C import Store",
        }
    )
    assert set(told.values) == {"torch.nn.own_linear", "torch.dist.Store"}
    assert told.aliases == {"torch.dist.deep.Store": "torch.dist.Store"}


def test_package_hands_on_what_a_private_module_has(found):
    told = found(
        {
            "torch/_inner.py": "def is_scripting(): pass",
            "torch/a.py": "from torch._inner import is_scripting",
            "torch/jit/__init__.py": "from torch._inner import is_scripting",
        }
    )
    assert set(told.values) == {"torch.jit.is_scripting"}
    assert told.aliases == {"torch.a.is_scripting": "torch.jit.is_scripting"}


def test_constant_stands_at_each_place_that_has_its_own(found):
    told = found({"torch/a.py": "LIMIT = 1", "torch/b.py": "LIMIT = 1"})
    assert told.values == {"torch.a.LIMIT": 1, "torch.b.LIMIT": 1}


@pytest.mark.parametrize(
    "line, alias",
    [
        ("from torch.a import LIMIT", "torch.n.b.LIMIT"),
        ("from torch.a import LIMIT as MOST", "torch.n.b.MOST"),
        ("from ..a import LIMIT", "torch.n.b.LIMIT"),
        ("from torch.a import (  # two\n    OTHER,  # one, two\n    LIMIT,\n)", "torch.n.b.LIMIT"),
        ("from .c import LIMIT", "torch.n.b.LIMIT"),
        ("if True:\n    from torch.a import LIMIT", "torch.n.b.LIMIT"),
    ],
)
def test_constant_that_is_imported_is_an_alias(found, line, alias):
    told = found(
        {
            "torch/a.py": "LIMIT = 1\nOTHER = 2",
            "torch/n/__init__.py": "",
            "torch/n/b.py": line,
            "torch/n/c.py": "LIMIT = 3",
        }
    )
    target = "torch.n.c.LIMIT" if ".c" in line else "torch.a.LIMIT"
    assert told.aliases.get(alias) == target
    assert set(told.values) == {"torch.a.LIMIT", "torch.a.OTHER", "torch.n.c.LIMIT"}


def test_constant_that_one_module_after_the_other_imports_has_one_path(found):
    told = found(
        {
            "torch/a.py": "from torch.b import LIMIT",
            "torch/b.py": "from torch.z import LIMIT",
            "torch/c.py": "from torch.a import LIMIT",
            "torch/z.py": "LIMIT = 1",
        }
    )
    assert set(told.values) == {"torch.z.LIMIT"}
    assert told.aliases == {f"torch.{name}.LIMIT": "torch.z.LIMIT" for name in "abc"}


def test_object_that_answers_to_anything_is_no_trouble(found):
    told = found(
        {
            "torch/a.py": """
                class Odd:
                    def __getattr__(self, name):
                        raise RuntimeError(name)
                    def __eq__(self, other):
                        raise RuntimeError
                    __hash__ = None
                    def __call__(self):
                        pass
                odd = Odd()
            """
        }
    )
    assert set(told.values) == {"torch.a.Odd", "torch.a.odd"}


# Private names that programs use


USED = {
    "torch/_utils.py": "def used(): pass\ndef unused(): pass\nLIMIT = 1",
    "torch/_bad.py": "raise OSError('no')",
    "torch/a.py": "def _inner(): pass\nclass C:\n    def _m(self): pass",
}


def test_private_name_that_programs_use_is_there_under_its_own_path(found):
    names = ["torch._utils.used", "torch._utils.LIMIT", "torch.a._inner", "torch._utils.gone"]
    told = found(USED, names)
    assert set(told.values) == {"torch.a.C", *names[:3]} and told.aliases == {}
    assert told.path_of(told.values["torch._utils.used"]) == "torch._utils.used"


def test_private_path_of_a_public_object_is_an_alias(found):
    files = {**USED, "torch/b.py": "from torch._utils import used\n__all__ = ['used']"}
    told = found(files, ["torch._utils.used"])
    assert told.aliases == {"torch._utils.used": "torch.b.used"}


def test_module_and_member_among_the_private_names_are_no_objects(found):
    assert set(found(USED, ["torch._utils", "torch.a.C._m"]).values) == {"torch.a.C"}


def test_private_module_that_cannot_be_imported_is_named(package):
    told = modules(package(USED))
    assert reached("torch._bad.f", told) is None
    assert told.failed == {"torch._bad": "OSError: no"}


def test_list_of_private_names_has_comments_and_counts(monkeypatch, tmp_path):
    monkeypatch.setattr(paths_of, "PRIVATE", tmp_path / "private.txt")
    assert listed() == []
    lines = "# name\tcount\n\ntorch._six\t22\ntorch._C\ntorch.ops.aten.add\t9\n"
    (tmp_path / "private.txt").write_text(lines)
    assert listed() == ["torch._six", "torch._C"]


def test_name_that_another_release_has_is_kept_where_a_module_only_imports_it(found):
    files = {
        "torch/__init__.py": "",
        "torch/onnx/__init__.py": "",
        "torch/onnx/opset.py": "from torch.onnx._new import add, mul, LIMIT",
        "torch/onnx/_new.py": "LIMIT = 3\ndef add(): pass\ndef mul(): pass",
    }
    assert set(found(files).values) == {"torch.onnx.opset.LIMIT"}
    told = found(files, known=["torch.onnx.opset.add", "torch.onnx.opset.gone"])
    assert set(told.values) == {"torch.onnx.opset.add", "torch.onnx.opset.LIMIT"}


def test_known_name_is_an_alias_where_its_object_has_a_public_path(found):
    told = found(
        {
            "torch/__init__.py": "from torch.far import _hidden, add",
            "torch/far.py": "def add(): pass\ndef _hidden(): pass",
        },
        known=["torch._hidden", "torch.far.add"],
    )
    assert set(told.values) == {"torch.add", "torch._hidden"}
    assert told.aliases == {"torch.far.add": "torch.add"}


MADE = """
def __getattr__(name):
    if name == "made":
        return len
    raise AttributeError(name)
__all__ = ["made", "missing"]
"""


def test_name_of_all_that_the_module_makes_when_it_is_read_is_found(found):
    assert set(found({"torch/__init__.py": "", "torch/late.py": MADE}).values) == {
        "torch.late.made"
    }


OBJECT = """
import sys, types
class Switches(types.ModuleType):
    def __init__(self, m):
        super().__init__(m.__name__)
        self.m = m
    def __getattr__(self, name):
        return getattr(self.m, name)
    enabled = property(lambda self: True)
def flags(): pass
sys.modules[__name__] = Switches(sys.modules[__name__])
"""


def test_module_that_is_an_object_has_its_own_names_and_those_of_the_module_in_it(found):
    told = found({"torch/__init__.py": "", "torch/cudnn.py": OBJECT})
    names = {"torch.cudnn.Switches", "torch.cudnn.flags", "torch.cudnn.enabled"}
    assert set(told.values) == names
