"""What a callable written in Python takes."""

import enum
import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torch_history.surface.parameters import parse
from torch_history.surveying.signatures import Takes, is_torchs, of_class, of_function


def no_path(of):
    return ""


def function(takes, body="pass", **space):
    exec(f"def function{takes}: {body}", space)
    return space["function"]


@pytest.mark.parametrize(
    "takes",
    [
        "()",
        "(a)",
        "(a, /)",
        "(a, /, b, *, c)",
        "(a, b=1, *args, c, d=2, **options)",
        "(a, *, b='x, y', c=(1, 2))",
        "(*args, **kwargs)",
        "(*, a)",
    ],
)
def test_parameters_are_written_as_in_the_source(takes):
    assert of_function(function(takes), no_path) == Takes(takes, "")


NAMES = ("a", "b", "c", "d")


@st.composite
def texts(draw):
    """Parameters as Python allows them."""
    names = NAMES[: draw(st.integers(0, len(NAMES)))]
    by_position = draw(st.integers(0, len(names)))
    only = draw(st.integers(0, by_position))
    first_default = draw(st.integers(0, by_position))
    parts = [f"{n}={i}" if i >= first_default else n for i, n in enumerate(names[:by_position])]
    if only:
        parts.insert(only, "/")
    keywords = [f"{n}='x'" if draw(st.booleans()) else n for n in names[by_position:]]
    star = "*args" if draw(st.booleans()) else "*"
    parts += [star] if keywords or star == "*args" else []
    parts += [*keywords, *(["**options"] if draw(st.booleans()) else [])]
    return f"({', '.join(parts)})"


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(texts())
def test_every_list_of_parameters_is_written_as_in_the_source(takes):
    taken = of_function(function(takes), no_path)
    assert taken.text == takes
    parse(taken.text)


def test_annotations_are_apart():
    taken = of_function(function("(a: int, b: 'Tensor' = None, c=1) -> None"), no_path)
    assert taken == Takes("(a, b=None, c=1)", "a: int; b: Tensor; return: None")


@pytest.mark.parametrize(
    "takes, bound",
    [
        ("(self, a)", "(a)"),
        ("(self, /, a)", "(a)"),
        ("(self)", "()"),
        ("(*args)", "(*args)"),
        ("()", "()"),
    ],
)
def test_method_is_written_without_self(takes, bound):
    assert of_function(function(takes), no_path, bound=True).text == bound


def test_wrapper_takes_what_is_wrapped():
    @functools.wraps(function("(a, b=1)"))
    def wrapper(*args, **kwargs):
        pass

    assert of_function(wrapper, no_path).text == "(a, b=1)"


class Refuses:
    """An object that does not tell what it takes."""

    def __call__(self):
        pass

    @property
    def __signature__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    "thing", [Refuses(), 1, None, type], ids=["refuses", "int", "none", "type"]
)
def test_what_does_not_tell_is_unknown(thing):
    assert of_function(thing, no_path) is None


# Constructors


def torchs(text, name="C", module="torch.nn"):
    """A class that says that it is torch's."""
    space = {"__name__": module, "enum": enum}
    exec(text, space)
    return space[name]


@pytest.mark.parametrize(
    "text, takes",
    [
        ("class C:\n    def __init__(self, a, b=1): pass", "(a, b=1)"),
        ("class C:\n    def __new__(cls, a): pass", "(a)"),
        ("class C:\n    def __new__(cls, a): pass\n    def __init__(self, b): pass", "(b)"),
        (
            "class C:\n    def __new__(cls, a): 0\n    def __init__(self, *args, **kwargs): 0",
            "(a)",
        ),
        ("class C:\n    def __init__(self, *args, **kwargs): pass", "(*args, **kwargs)"),
        ("class B:\n    def __init__(self, a): pass\nclass C(B): pass", "(a)"),
        (
            "class B:\n    def __init__(self, a): pass\nclass C(B):\n    def __new__(cls, b): pass",
            "(b)",
        ),
    ],
)
def test_class_takes_what_its_constructor_takes(text, takes):
    assert of_class(torchs(text), no_path).text == takes


@pytest.mark.parametrize(
    "text",
    [
        "class C: pass",
        "class C(ValueError): pass",
        "class C(dict): pass",
        "class C(enum.Enum):\n    A = 1",
        "class C(enum.IntFlag):\n    A = 1",
    ],
)
def test_constructor_that_is_pythons_own_is_unknown(text):
    assert of_class(torchs(text), no_path) is None


@pytest.mark.parametrize(
    "module, own",
    [("torch", True), ("torch.nn", True), ("torchvision", False), ("numpy", False), (None, False)],
)
def test_class_is_torchs_by_its_module(module, own):
    cls = type("C", (), {})
    cls.__module__ = module
    assert is_torchs(cls) is own


def dispatched():
    def if_true(x, size, dim=None):
        pass

    if_false = if_true
    return lambda *args, **kwargs: (if_true if args else if_false)(*args, **kwargs)


def test_function_that_chooses_one_of_two_takes_what_they_take():
    assert of_function(dispatched(), no_path).text == "(x, size, dim=None)"
