"""The parameters of a text, as a survey writes them."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torch_history.errors import HistoryError
from torch_history.surface.parameters import (
    Parameter,
    Passed,
    alike,
    default_changed,
    parse,
    renamed,
)

EITHER, KEYWORD = Passed.EITHER, Passed.KEYWORD


def test_each_way_to_pass_a_parameter_is_told_apart():
    assert parse("(input, /, p=0.5, *sizes, training=True, **options)").listed == (
        Parameter("input", Passed.POSITION),
        Parameter("p", EITHER, "0.5"),
        Parameter("sizes", Passed.STAR),
        Parameter("training", KEYWORD, "True"),
        Parameter("options", Passed.DOUBLE),
    )


def test_what_follows_a_bare_star_is_passed_by_keyword():
    assert parse("(a, *, b, c=1)").listed == (
        Parameter("a", EITHER),
        Parameter("b", KEYWORD),
        Parameter("c", KEYWORD, "1"),
    )


def test_places_and_names_leave_out_what_cannot_be_passed_so():
    side = parse("(a, /, b, *, c)")
    assert side.at == {"a": 0, "b": 1}
    assert list(side.named) == ["b", "c"]


def test_callable_may_take_nothing():
    assert parse("()").listed == ()


@pytest.mark.parametrize(
    "default",
    [
        "(0.9, 0.999)",
        "((1, 2), [3, 4])",
        "{'a': 1, 'b': (2, 3)}",
        "'a, b'",
        "'it\\'s, (so)'",
        '"it\'s, ["',
        "b'a, b'",
        "'a=b'",
        "'*'",
        "<Generator>",
        "torch.float32",
        "ReduceOp.SUM",
        "['a, b', <object>]",
        "-1",
        "9223372036854775807",
    ],
)
def test_default_is_kept_as_text_with_its_commas(default):
    assert parse(f"(a, b={default}, *, c=1)").listed == (
        Parameter("a", EITHER),
        Parameter("b", EITHER, default),
        Parameter("c", KEYWORD, "1"),
    )


@pytest.mark.parametrize(
    "text",
    ["a, b", "(a, b", "(a=(1, 2)", "(a=1))", "(a='x, b)", "(a, 1)", "(a, )", "(a: int)", "(a b)"],
)
def test_text_of_another_form_is_refused_in_one_line(text):
    with pytest.raises(HistoryError, match=r"is not a list of parameters: .*Record the surface"):
        parse(text)


LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(st.lists(LITERALS, max_size=4))
def test_any_literals_are_split_as_python_splits_them(values):
    text = ", ".join(f"p{place}={value!r}" for place, value in enumerate(values))
    expected = tuple(
        Parameter(f"p{place}", EITHER, repr(value)) for place, value in enumerate(values)
    )
    assert parse(f"({text})").listed == expected


def test_signature_of_python_is_read_back():
    def function(a, b=(1, 2), *args, c, d="x, y", **options):
        """Takes parameters of most kinds."""

    listed = parse(str(inspect.signature(function))).listed
    assert [one.name for one in listed] == ["a", "b", "args", "c", "d", "options"]


@pytest.mark.parametrize(
    "one, other, expected",
    [
        ("0", "0.0", False),
        ("1e-08", "1e-8", False),
        ("False", "None", True),
        ("0.01", "0.001", True),
        ("'cuda'", "None", True),
        ("False", "0", True),
        ("False", "'deprecated'", False),
        ("<ReduceOp>", "<RedOpType>", False),
        ("<ReduceOp>", "ReduceOp.SUM", False),
        ("<ReduceOp>", "TrainingMode.EVAL", True),
        ("<module>", "None", True),
        ("torch.utils.benchmark.utils.timer.timer", "torch.utils.benchmark.timer", False),
        ("torch.float32", "torch.float64", True),
        (None, "1", False),
    ],
)
def test_defaults_that_cannot_be_told_apart_do_not_differ(one, other, expected):
    assert default_changed(one, other) is expected


@pytest.mark.parametrize(
    "before, after, expected",
    [
        ("(d)", "(mode)", {"d": "mode"}),
        ("(tensor, recipient_rank=0)", "(tensor, to=0)", {"recipient_rank": "to"}),
        ("(x, decending=False)", "(x, descending=False)", {"decending": "descending"}),
        ("(*, keep_dim=None)", "(*, keepdim=None)", {"keep_dim": "keepdim"}),
        ("(parameters=None)", "(values=None)", {"parameters": "values"}),
        ("(f, args=())", "(mod, args=(), strict=True)", {"f": "mod"}),
        ("(a, b, /)", "(x, y=0, /)", {"a": "x", "b": "y"}),
        ("(nesterov=False)", "(maximize=False)", {}),
        ("(quantizer, node)", "(node_pattern, modules)", {}),
        ("(a, nesterov=1)", "(a, maximize=2)", {}),
        ("(inp, x)", "(x, input)", {}),
        ("(a, b)", "(b, a)", {}),
    ],
    ids=[
        "only",
        "only_default",
        "alike",
        "keyword",
        "only_none",
        "required",
        "by_position",
        "flags",
        "two",
        "default",
        "place",
        "same_names",
    ],
)
def test_renamed_parameters_are_those_that_can_be_nothing_else(before, after, expected):
    assert renamed(parse(before), parse(after)) == expected


@pytest.mark.parametrize(
    "one, other, expected",
    [
        ("_LRScheduler", "LRScheduler", True),
        ("params_t", "ParamsT", True),
        ("fullname", "full_name", True),
        ("input", "inputs", True),
        ("start_us", "start_ns", True),
        ("foreach", "capturable", False),
        ("conv1d", "conv2d", False),
        ("mean", "median", False),
    ],
)
def test_similar_names_are_alike(one, other, expected):
    assert alike(one, other) is expected
