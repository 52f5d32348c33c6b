"""A default is text that depends on torch alone."""

import ast
import collections
import enum
import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torch_history.surveying.defaults import MOST, text_of

SMALL = settings(max_examples=100, derandomize=True, deadline=None, database=None)


class Mode(enum.Enum):
    MEAN = 1


class Flags(enum.IntFlag):
    READ = 1
    WRITE = 2


class Own:
    def method(self):
        pass


class Text(str):
    __slots__ = ()


Pair = collections.namedtuple("Pair", "a, b")


@pytest.mark.parametrize(
    "value, text",
    [
        (None, "None"),
        (True, "True"),
        (1e-08, "1e-08"),
        (float("inf"), "inf"),
        (1j, "1j"),
        ("é'", '"\\xe9\'"'),
        (b"\x00", "b'\\x00'"),
        (..., "Ellipsis"),
        ((), "()"),
        ((1,), "(1,)"),
        ((0.9, 0.999), "(0.9, 0.999)"),
        ([1, "a"], "[1, 'a']"),
        ({2, 10}, "{10, 2}"),
        (set(), "set()"),
        (frozenset({1}), "{1}"),
        ({"a": [1]}, "{'a': [1]}"),
        (collections.OrderedDict(a=1), "{'a': 1}"),
        (Pair(1, 2), "(1, 2)"),
        (Mode.MEAN, "Mode.MEAN"),
        (Flags.READ, "Flags.READ"),
        (Flags.READ | Flags.WRITE, "Flags(3)"),
        (Flags(0), "Flags(0)"),
        (int, "int"),
        (len, "len"),
        (collections.OrderedDict, "collections.OrderedDict"),
        (ast.parse, "ast.parse"),
        (Own.method, f"{__name__}.Own.method"),
        (lambda: 1, "<lambda>"),
        (functools.partial(len), "<partial>"),
        (Own(), "<Own>"),
        (Text("a"), "<Text>"),
        ([Own()], "[<Own>]"),
        (ast, "<module>"),
    ],
)
def test_default_is_written_by_what_it_is(value, text):
    assert text_of(value, lambda of: "") == text


def test_what_has_a_public_path_is_written_by_it():
    own = Own()
    paths = {id(Own): "torch.nn.Own", id(own): "torch.nn.own", id(text_of): "torch.text_of"}

    def path_of(of):
        return paths.get(id(of), "")

    assert text_of(Own, path_of) == "torch.nn.Own"
    assert text_of((own, text_of), path_of) == "(torch.nn.own, torch.text_of)"


def test_function_inside_another_is_written_without_its_place():
    def inner():
        pass

    assert text_of(inner, lambda of: "") == "<inner>"


@pytest.mark.parametrize("value, text", [("x" * 100, "<str>"), ([1] * 100, "<list>")])
def test_default_that_is_long_is_written_by_its_class(value, text):
    assert text_of(value, lambda of: "") == text
    assert len(text_of("x" * (MOST - 2), lambda of: "")) == MOST


LITERALS = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=5),
        st.binary(max_size=5),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=3), inner, max_size=2),
    ),
    max_leaves=5,
)


@SMALL
@given(LITERALS)
def test_literal_is_written_as_python_reads_it(value):
    text = text_of(value, lambda of: "")
    assert text == f"<{type(value).__name__}>" or ast.literal_eval(text) == value
    assert text.isascii() and len(text) <= MOST


def test_dtype_of_torch_is_written_by_its_name():
    torch = pytest.importorskip("torch")
    assert text_of(torch.float32, lambda of: "") == "torch.float32"
    assert text_of(torch.strided, lambda of: "") == "torch.strided"
    assert text_of(torch.device("cpu"), lambda of: "") == "<device>"
    assert text_of(torch.Size([1]), lambda of: "") == "(1,)"


class TrainingMode:
    """An enum as pybind11 makes them."""

    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return self.value == other.value

    __hash__ = None


class RedOpType(TrainingMode):
    pass


TrainingMode.__members__ = {"EVAL": TrainingMode(0), "TRAINING": TrainingMode(1)}
RedOpType.__members__ = {"SUM": RedOpType(0)}


@pytest.mark.parametrize(
    "value, text",
    [
        (TrainingMode(1), "TrainingMode.TRAINING"),
        (TrainingMode(7), "<TrainingMode>"),
        (RedOpType(0), "ReduceOp.SUM"),
    ],
    ids=["member", "no_member", "renamed"],
)
def test_enum_of_pybind11_is_told_by_its_member(value, text):
    assert text_of(value, lambda of: "") == text
