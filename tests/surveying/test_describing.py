"""What an object of torch is, as the entry of a survey."""

import os
import time

import pytest

from torch_history.surveying import describing
from torch_history.surveying import paths as paths_of
from torch_history.surveying.describing import Describer
from torch_history.surveying.modules import modules
from torch_history.surveying.notices import Notice


class Builtins:
    """What builtins take, by path."""

    def __init__(self, told):
        self._told = told

    def takes(self, path, value):
        return self._told.get(path)

    def types(self, path, value):
        return "return: Tensor"


class Noticing:
    """What the source says of objects, by their names."""

    def __init__(self, told):
        self._told = told

    def of(self, value):
        return self._told.get(getattr(value, "__name__", ""), Notice("", []))


@pytest.fixture
def described(package, monkeypatch, tmp_path):
    """The entries of what a module torch.a has, and the annotations."""

    def of(text, private=(), takes=(), noticed=(), operators=(), **files):
        monkeypatch.setattr(paths_of, "PRIVATE", tmp_path / "private.txt")
        (tmp_path / "private.txt").write_text("\n".join(private), encoding="utf-8")
        more = {f"torch/{name}.py": other for name, other in files.items()}
        found = paths_of.paths(modules(package({"torch/a.py": text, **more})))
        parts = Builtins(dict(takes)), Noticing(dict(noticed)), set(private), operators
        return {path.replace("torch.a.", ""): one for path, one in Describer(found, *parts).all()}

    return of


def entries(described):
    return {path: one.entry for path, one in described.items()}


@pytest.mark.parametrize(
    "text, entry",
    [
        ("def f(a, b=1): pass", {"kind": "function", "takes": "(a, b=1)"}),
        ("f = 1", {"kind": "value"}),
        ("class f: pass", {"kind": "class"}),
        ("class f:\n    def __init__(self, a): pass", {"kind": "class", "takes": "(a)"}),
        ("class f(ValueError): pass", {"kind": "class", "bases": ["ValueError"]}),
        (
            "from functools import partial\nf = partial(lambda a, b: 0, b=1)\n__all__ = ['f']",
            {"kind": "function", "takes": "(a, *, b=1)"},
        ),
        (
            "class C:\n    def __call__(self, a): pass\nf = C()",
            {"kind": "function", "takes": "(a)"},
        ),
    ],
)
def test_object_of_a_module_has_a_kind_and_what_it_takes(described, text, entry):
    assert entries(described(text))["f"] == entry


MEMBERS = """
import functools

class C:
    limit = 1
    _hidden = 1

    def m(self, x): pass
    @staticmethod
    def s(x): pass
    @classmethod
    def c(cls, x): pass
    @property
    def p(self): pass
    @functools.cached_property
    def q(self): pass
    part = functools.partial(dict)
    class Inner: pass
    def _private(self): pass
    def _used(self, x): pass
    def __len__(self): pass
    def __repr__(self): pass
    def __own(self): pass
"""


def test_class_has_its_members(described):
    found = entries(described(MEMBERS, private=["torch.a.C._used"]))
    assert found == {
        "C": {"kind": "class"},
        "C.Inner": {"kind": "class"},
        "C.__len__": {"kind": "method", "takes": "()"},
        "C._used": {"kind": "method", "takes": "(x)"},
        "C.c": {"kind": "classmethod", "takes": "(x)"},
        "C.limit": {"kind": "attribute"},
        "C.m": {"kind": "method", "takes": "(x)"},
        "C.p": {"kind": "property"},
        "C.part": {"kind": "method"},
        "C.q": {"kind": "property"},
        "C.s": {"kind": "staticmethod", "takes": "(x)"},
    }


def test_enum_has_its_members_and_methods_and_no_constructor(described):
    text = "import enum\nclass E(enum.Enum):\n    A = 1\n    B = 2\n    def m(self): pass"
    assert entries(described(text)) == {
        "E": {"kind": "class"},
        "E.A": {"kind": "attribute"},
        "E.B": {"kind": "attribute"},
        "E.m": {"kind": "method", "takes": "()"},
    }


def test_bases_are_the_nearest_public_ones(described):
    text = """
        from torch._impl import Own
        class A: pass
        class _B(A): pass
        class C(_B, dict): pass
        class D(Own): pass
        class E(D): pass
    """
    found = entries(described(text, _impl="class Base(tuple): pass\nclass Own(Base): pass"))
    assert {path: entry.get("bases") for path, entry in found.items()} == {
        "A": None,
        "C": ["torch.a.A", "dict"],
        "D": ["tuple"],
        "E": ["torch.a.D"],
    }


def test_members_of_a_base_without_a_path_are_those_of_the_class(described):
    text = """
        class Public:
            def p(self): pass
        class _Base(Public):
            def m(self, x): pass
            def n(self, x): pass
        class C(_Base):
            def n(self, y): pass
    """
    found = entries(described(text))
    assert set(found) == {"Public", "Public.p", "C", "C.m", "C.n"}
    assert found["C.n"]["takes"] == "(y)"


def test_named_tuple_has_its_fields(described):
    found = entries(
        described("import typing\nclass T(typing.NamedTuple):\n    b: int\n    a: int = 0")
    )
    assert found["T"] == {
        "kind": "class",
        "takes": "(b, a=0)",
        "bases": ["tuple"],
        "fields": ["b", "a"],
    }


@pytest.mark.parametrize(
    "cls, fields",
    [
        (time.struct_time, ["tm_year", "tm_mon", "tm_mday", "tm_hour", "tm_min", "tm_sec"]),
        (os.terminal_size, ["columns", "lines"]),
        (tuple, []),
        (dict, []),
    ],
)
def test_what_a_builtin_returns_has_its_fields_in_order(cls, fields):
    assert describing._fields(cls)[: len(fields)] == fields
    assert len(describing._fields(cls)) == getattr(cls, "n_sequence_fields", 0)


def test_what_has_no_signature_takes_what_is_known_of_builtins(described):
    text = "class C: pass\nf = C.__dict__.get\n__all__ = ['f', 'C']"
    found = described(text, takes={"torch.a.f": ["(x)", "(x, y)"], "torch.a.C": "(z)"})
    assert found["f"].entry == {"kind": "function", "takes": ["(x)", "(x, y)"]}
    assert found["C"].entry == {"kind": "class", "takes": "(z)"}
    assert found["f"].types == "return: Tensor"
    found = described(text, takes={"torch.a.f": "(x)"}, operators=["f.default"])
    assert found["f"].types == ""


def test_annotations_stand_beside_the_entry(described):
    found = described("def f(a: int, b: str = '') -> None: pass")
    assert found["f"].types == "a: int; b: str; return: None"
    assert found["f"].entry == {"kind": "function", "takes": "(a, b='')"}


def test_removal_and_deprecation_are_those_of_the_source(described):
    warns = [{"category": "FutureWarning", "text": "Call g."}]
    noticed = {"f": Notice("Call g.", warns), "g": Notice("", warns), "C": Notice("", warns)}
    found = entries(
        described("def f(): pass\ndef g(): pass\nclass C:\n    p = property(g)", noticed=noticed)
    )
    assert found["f"] == {"kind": "function", "takes": "()", "removed": "Call g."}
    assert found["g"] == {"kind": "function", "takes": "()", "warns": warns}
    assert found["C"] == {"kind": "class", "warns": warns}
    assert found["C.p"] == {"kind": "property", "warns": warns}
