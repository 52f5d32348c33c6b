"""Whether a call binds, as Python itself decides it, and what changed for a call."""

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from torch_history.catalogue.kinds import Kind
from torch_history.surface.calls import Call, CallChange, Refusal, changed, gives, refused
from torch_history.surface.parameters import parse
from torch_history.surface.what import What

# The laws: Python decides, by a function with these parameters.

NAMES = ("a", "b", "c", "d", "e")
STRANGER = "z"


@st.composite
def texts(draw):
    """Parameters as Python allows them: once one has a default, those by position after it do."""
    names = NAMES[: draw(st.integers(0, len(NAMES)))]
    by_position = draw(st.integers(0, len(names)))
    only = draw(st.integers(0, by_position))
    first_default = draw(st.integers(0, by_position))
    parts = [f"{n}=0" if i >= first_default else n for i, n in enumerate(names[:by_position])]
    if only:
        parts.insert(only, "/")
    keywords = [f"{n}=0" if draw(st.booleans()) else n for n in names[by_position:]]
    star = "*args" if draw(st.booleans()) else "*"
    parts += [star] if keywords or star == "*args" else []
    parts += [*keywords, *(["**options"] if draw(st.booleans()) else [])]
    return f"({', '.join(parts)})"


@st.composite
def calls(draw, stars=False):
    names = draw(st.lists(st.sampled_from([*NAMES, STRANGER]), unique=True, max_size=4))
    hidden = [draw(st.booleans()) if stars else False for _ in range(2)]
    return Call(draw(st.integers(0, 6)), tuple(names), *hidden)


def takes(text, positions, names):
    """Whether Python calls a function with these parameters."""
    space = {}
    exec(f"def function{text}: pass", space)
    try:
        space["function"](*[0] * positions, **dict.fromkeys(names, 0))
    except TypeError:
        return False
    return True


def completions(call):
    """What a call can be, with all that its stars may hide."""
    rest = [name for name in (*NAMES, STRANGER) if name not in call.names]
    hidden = [()]
    if call.doubled:
        hidden = [
            some for count in range(len(rest) + 1) for some in itertools.combinations(rest, count)
        ]
    for more in range(len(NAMES) + 1 if call.starred else 1):
        for names in hidden:
            yield call.positions + more, (*call.names, *names)


@settings(max_examples=500)
@given(texts(), calls())
def test_call_is_refused_where_python_refuses_it(text, call):
    assert (refused([parse(text)], call) is None) is takes(text, call.positions, call.names)


@settings(max_examples=200, deadline=None)
@given(texts(), calls(stars=True))
def test_call_with_stars_is_taken_where_python_takes_what_they_may_hide(text, call):
    expected = any(takes(text, *one) for one in completions(call))
    assert (refused([parse(text)], call) is None) is expected


@given(st.lists(texts(), min_size=1, max_size=3), calls(stars=True))
def test_nothing_changes_between_equal_sides(sides, call):
    overloads = [parse(text) for text in sides]
    assert changed(overloads, overloads, call) == []


@settings(max_examples=300)
@given(texts(), texts(), calls())
@example("(a, b)", "(*args, b)", Call(2))
def test_call_is_told_to_be_refused_where_only_the_after_side_refuses_it(before, after, call):
    found = changed([parse(before)], [parse(after)], call)
    broken = takes(before, call.positions, call.names)
    broken = broken and not takes(after, call.positions, call.names)
    assert any(one.refused for one in found) is broken


# The words.


@pytest.mark.parametrize(
    "text, call, words, argument",
    [
        (
            "(a, b, c, d, e, f)",
            Call(7),
            "takes 6 positional arguments; the seventh given here is refused",
            6,
        ),
        ("(a)", Call(2), "takes 1 positional argument; the second given here is refused", 1),
        ("(*, a=1)", Call(1), "takes no positional arguments; the first given here is refused", 0),
        ("(a)", Call(1, ("verbose",)), "verbose= is refused", "verbose"),
        ("(a, b)", Call(1, ("b", "a")), "a= is refused: the first argument is a already", "a"),
        ("(params, lr)", Call(1), "requires lr", ""),
        ("(a, *, b, c)", Call(1), "requires b, c", ""),
        ("(a, /)", Call(doubled=True), "requires a", ""),
    ],
    ids=["seventh", "second", "first", "keyword", "twice", "missing", "two_missing", "hidden"],
)
def test_refusal_says_which_argument_is_refused(text, call, words, argument):
    assert refused([parse(text)], call)[:2] == (words, argument)


def test_one_overload_that_takes_a_call_is_enough():
    overloads = [parse("(input)"), parse("(input, dim, keepdim=False)")]
    assert refused(overloads, Call(2, ("keepdim",))) is None
    assert refused(overloads, Call(1, ("keepdim",))) == Refusal("requires dim", "", ("dim",))
    assert refused(overloads, Call(2, ("axis",))) == Refusal("axis= is refused", "axis")


def test_unknown_parameters_refuse_nothing():
    assert refused([], Call(9, ("anything",))) is None
    assert changed([], [parse("()")], Call(1)) == changed([parse("(a)")], [], Call(1)) == []


@pytest.mark.parametrize(
    "call, expected",
    [
        (Call(2), True),
        (Call(1, ("b",)), True),
        (Call(1), False),
        (Call(1, (), starred=True), None),
        (Call(1, (), doubled=True), None),
        (Call(0, ("a",), starred=True), False),
    ],
    ids=["position", "keyword", "neither", "star", "double", "star_ends_at_a_keyword"],
)
def test_given_argument_is_known_unless_stars_hide_it(call, expected):
    assert gives(parse("(a, b=1)"), call, "b") is expected


# The acceptance rows: shared/cases/positional.py and plateau.py.

_ADAM = "params, lr=0.002, betas=(0.9, 0.999), eps=1e-08, weight_decay=0, momentum_decay=0.004"
_RMS = "params, lr=0.01, alpha=0.99, eps=1e-08, weight_decay=0, momentum=0, centered=False"
_CHECK = "func, inputs, *, eps=1e-06, atol=1e-05, rtol=0.001, raise_exception=True"
NADAM = {
    "1.13": f"({_ADAM}, foreach=None)",
    "2.0": f"({_ADAM}, *, foreach=None, differentiable=False)",
}
RMSPROP = {
    "2.0": f"({_RMS}, foreach=None, maximize=False, differentiable=False)",
    "2.6": f"({_RMS}, capturable=False, foreach=None, maximize=False, differentiable=False)",
}
GRADCHECK = {
    "2.0": f"({_CHECK}, check_sparse_nnz=False, nondet_tol=0.0, fast_mode=False)",
    "2.6": f"({_CHECK}, nondet_tol=0.0, fast_mode=False, masked=None)",
}
LAMBDA_LR = {
    "2.6": "(optimizer, lr_lambda, last_epoch=-1, verbose='deprecated')",
    "2.7": "(optimizer, lr_lambda, last_epoch=-1)",
}


def told(versions, call):
    before, after = (parse(text) for text in versions.values())
    return changed([before], [after], call)


def test_seventh_argument_of_nadam_became_keyword_only():
    assert told(NADAM, Call(7)) == [
        CallChange(
            What.KEYWORD_ONLY,
            "takes 6 positional arguments; the seventh given here is refused:"
            " foreach is keyword-only",
            6,
            refused=True,
        )
    ]
    assert told(NADAM, Call(6, ("foreach",))) == []


def test_eighth_argument_of_rmsprop_is_another_one():
    words = "takes capturable in place of foreach as its eighth argument"
    assert told(RMSPROP, Call(8)) == [CallChange(What.MOVED, words, 7)]
    assert told(RMSPROP, Call(7, ("foreach",))) == []


def test_gradcheck_lost_check_sparse_nnz():
    assert told(GRADCHECK, Call(2, ("check_sparse_nnz",))) == [
        CallChange(
            What.ARGUMENT_GONE,
            "check_sparse_nnz= is refused: it is gone",
            "check_sparse_nnz",
            refused=True,
        )
    ]


def test_scheduler_refuses_verbose_by_keyword_and_by_position():
    (keyword,) = told(LAMBDA_LR, Call(2, ("verbose",)))
    (position,) = told(LAMBDA_LR, Call(4))
    assert keyword.harm is position.harm is Kind.GONE
    assert position.words == (
        "takes 3 positional arguments; the fourth given here is refused: verbose is gone"
    )
    assert told(LAMBDA_LR, Call(2)) == []


@pytest.mark.parametrize(
    "before, after, call, what, words",
    [
        (
            "(x=0)",
            "(x=0, /)",
            Call(0, ("x",)),
            What.POSITIONAL_ONLY,
            "x= is refused: x is positional-only",
        ),
        ("(d)", "(mode)", Call(0, ("d",)), What.RENAMED, "d= is refused: d is called mode"),
        (
            "(a, b=0)",
            "(b=0, a=0)",
            Call(1, ("b",)),
            What.MOVED,
            "b= is refused: the first argument is b already",
        ),
        (
            "(a, b)",
            "(a, *, b)",
            Call(2),
            What.KEYWORD_ONLY,
            "takes 1 positional argument; the second given here is refused: b is keyword-only",
        ),
        ("(a, b=0)", "(a, b)", Call(1), What.REQUIRED, "requires b"),
        ("(a)", "(a, *, b)", Call(1), What.REQUIRED, "requires b"),
        (
            "(a, b=0, c=0)",
            "(a, c=0)",
            Call(3),
            What.ARGUMENT_GONE,
            "takes 2 positional arguments; the third given here is refused: b is gone",
        ),
        (
            "(a, *rest)",
            "(a)",
            Call(2),
            What.ARGUMENT_GONE,
            "takes 1 positional argument; the second given here is refused",
        ),
        ("(a, **options)", "(a)", Call(1, ("b",)), What.ARGUMENT_GONE, "b= is refused: it is gone"),
    ],
    ids=[
        *("positional_only", "renamed", "twice", "keyword_only", "required", "new", "middle"),
        *("star", "double"),
    ],
)
def test_refusal_says_what_happened_to_the_argument(before, after, call, what, words):
    (found,) = changed([parse(before)], [parse(after)], call)
    assert (found.what, found.words, found.refused) == (what, words, True)


def test_argument_that_is_only_called_otherwise_is_no_change_by_position():
    assert changed([parse("(d)")], [parse("(mode)")], Call(1)) == []


def test_places_that_moved_are_told_together():
    before, after = parse("(a, b=0, c=1, d=2, e=3)"), parse("(a, x='', b=0, c=1, d=2, e=3)")
    (found,) = changed([before], [after], Call(5))
    assert found.words == (
        "takes x in place of b as its second argument, b in place of c as its third,"
        " c in place of d as its fourth, and 1 more"
    )
    assert (found.argument, found.harm, found.refused) == (1, Kind.GONE, False)


def test_default_is_told_to_a_call_that_does_not_give_the_argument():
    before, after = [parse("(set_to_none=False)")], [parse("(set_to_none=True)")]
    words = "set_to_none is True by default, was False"
    expected = CallChange(What.DEFAULT, words, "set_to_none")
    assert expected.harm is Kind.SILENT
    assert changed(before, after, Call()) == [expected]
    assert (
        changed(before, after, Call(1)) == changed(before, after, Call(0, ("set_to_none",))) == []
    )
    assert changed(before, after, Call(0, (), doubled=True)) == [expected._replace(doubtful=True)]


def test_call_that_the_before_side_refuses_is_not_judged():
    assert changed([parse("(a)")], [parse("()")], Call(3)) == []


def test_call_is_compared_with_the_overloads_that_take_it():
    before = [parse("(input, dim, keepdim=False)"), parse("(input, other)")]
    after = [parse("(input, other)"), parse("(input, *, dim, keepdim=False)")]
    assert changed(before, after, Call(2)) == []
    (found,) = changed(before, after, Call(2, ("keepdim",)))
    assert (found.what, found.refused) == (What.KEYWORD_ONLY, True)
