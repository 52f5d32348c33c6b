"""One file rewritten: the call has one keyword more or less, and nothing else differs."""

import ast
import sys

import pytest

pytest.importorskip("libcst", reason="libcst is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)

from torch_history.catalogue.rewrites import Edit
from torch_history.code.rewriting import NotRewrittenError, rewrite

ADD, REMOVE = Edit("k", "False"), Edit("v")


def rewritten(source, *edits, known=False):
    """Rewrite the first call of a source: the new source, and what was left."""
    content = source if isinstance(source, bytes) else source.encode()
    calls = [node for node in ast.walk(ast.parse(content)) if isinstance(node, ast.Call)]
    call = min(calls, key=lambda one: (one.func.end_lineno, one.func.end_col_offset))
    spot = call.func.end_lineno, call.func.end_col_offset
    found = rewrite(content, {spot: edits}, [spot] if known else [])
    text = found.content if isinstance(source, bytes) else found.content.decode()
    return text, list(found.left.values())


@pytest.mark.parametrize(
    "before, after",
    [
        ("f()", "f(k=False)"),
        ("f( )", "f(k=False)"),
        ("f(a)", "f(a, k=False)"),
        ("f(a,b)", "f(a,b,k=False)"),
        ("f(a,)", "f(a, k=False,)"),
        ("f(a, b=1)  # why", "f(a, b=1, k=False)  # why"),
        ("f(\n    a,\n    b=1\n)", "f(\n    a,\n    b=1,\n    k=False\n)"),
        ("f(\n    a,\n    b=1,\n)", "f(\n    a,\n    b=1,\n    k=False,\n)"),
        ("f(\n    a,\n)", "f(\n    a,\n    k=False,\n)"),
        ("f(a,\n  b=1)", "f(a,\n  b=1,\n  k=False)"),
        ("f(a, b,\n  c=1)", "f(a, b,\n  c=1, k=False)"),
        ("f(\n    a, b\n)", "f(\n    a, b, k=False\n)"),
        (
            "f(\n    a,  # one\n    b  # two\n    # three\n)",
            "f(\n    a,  # one\n    b,  # two\n    k=False\n    # three\n)",
        ),
        ("f(\n    a, b  # both\n)", "f(\n    a, b, k=False  # both\n)"),
        ("f(\n    a,  # one\n)", "f(\n    a,  # one\n    k=False,\n)"),
        ("x = (a\n     .f)(1)", "x = (a\n     .f)(1, k=False)"),
        ("with f(a) as x: pass", "with f(a, k=False) as x: pass"),
        ("@f\n@g.f(a)\ndef x(): pass", "@f\n@g.f(a, k=False)\ndef x(): pass"),
    ],
)
def test_keyword_is_added_in_the_layout_of_the_call(before, after):
    assert rewritten(before, ADD) == (after, [])


@pytest.mark.parametrize(
    "before, after",
    [
        ("f(v=True)", "f()"),
        ("f(v=True,)", "f()"),
        ("f(a, v=True)", "f(a)"),
        ("f(a, v=True, b=1)", "f(a, b=1)"),
        ("f(v=x.y, b=1)", "f(b=1)"),
        ("f(a, v=True, **o)", "f(a, **o)"),
        ("f(\n    a,\n    v=True,\n)", "f(\n    a,\n)"),
        ("f(\n    a,\n    v=True\n)", "f(\n    a\n)"),
        ("f(a,\n  b=1, v=True)", "f(a,\n  b=1)"),
        ("f(a,\n  v=True, b=1)", "f(a,\n  b=1)"),
        ("f(a, b=1,\n  v=True)", "f(a, b=1)"),
        ("f(a\n  , v=True\n  , b=1)", "f(a\n  , b=1)"),
        (
            "f(\n    a,  # one\n    v=True,  # two\n    # three\n    b=1,\n)",
            "f(\n    a,  # one\n    # two\n    # three\n    b=1,\n)",
        ),
        ("f(\n    v=True,  # one\n)", "f(\n    # one\n)"),
    ],
)
def test_keyword_is_removed_with_its_comma_and_no_comment_is_lost(before, after):
    assert rewritten(before, REMOVE) == (after, [])


def test_several_edits_of_one_call_and_calls_in_calls_are_made_once_each():
    assert rewritten("f(a, v=1)", REMOVE, ADD) == ("f(a, k=False)", [])
    source = b"f(f(1), v=2)"
    spots = {(1, 1): [ADD, REMOVE], (1, 3): [ADD]}
    assert rewrite(source, spots).content == b"f(f(1, k=False), k=False)"


@pytest.mark.parametrize(
    "source, edit, why",
    [
        ("f(k=1)", ADD, "k is given already"),
        ("f(*a)", ADD, "*args or **options of the call may hold k"),
        ("f(a, **o)", ADD, "*args or **options of the call may hold k"),
        ("f(a)", REMOVE, "v is not given by keyword here"),
        ("f(v=x[0]())", REMOVE, "the value of v is a call"),
    ],
)
def test_call_that_does_not_fit_is_left_alone_with_the_reason(source, edit, why):
    assert rewritten(source, edit) == (source, [why])


@pytest.mark.parametrize(
    "before, after",
    [
        ("f(a, **o)", "f(a, k=False, **o)"),
        ("f(**o)", "f(k=False, **o)"),
        ("f(*a)", "f(*a, k=False)"),
        ("f(\n  a,  # one\n  **o\n)", "f(\n  a,  # one\n  k=False,\n  **o\n)"),
    ],
)
def test_keyword_stands_before_options_that_cannot_hold_it(before, after):
    assert rewritten(before, ADD, known=True) == (after, [])


def test_what_is_not_called_at_its_place_is_left_alone():
    source = b"g(f, 1)"
    found = rewrite(source, {(1, 3): [ADD]})
    assert (found.content, found.done) == (source, {})
    assert list(found.left.values()) == ["it is not called here, but passed on or wrapped"]


@pytest.mark.parametrize(
    "before, after",
    [
        (
            "# -*- coding: latin-1 -*-\né = 'ü'; f(é)".encode("latin-1"),
            "# -*- coding: latin-1 -*-\né = 'ü'; f(é, k=False)".encode("latin-1"),
        ),
        ("\ufeffé = 'ü'; f(é)\n".encode(), "\ufeffé = 'ü'; f(é, k=False)\n".encode()),
        (
            b"f(\r\n\ta,\r\n\tb\r\n)\r\nx = '''\r\n'''",
            b"f(\r\n\ta,\r\n\tb,\r\n\tk=False\r\n)\r\nx = '''\r\n'''",
        ),
    ],
    ids=["coding", "mark", "carriage returns"],
)
def test_encoding_line_ends_and_a_missing_last_newline_stay(before, after):
    assert rewritten(before, ADD) == (after, [])


@pytest.mark.parametrize(
    "content, why",
    [
        (b"f(x for x in y)", "more than these keywords would change"),
        (b"f()\x0c\n\x0cx = 1\n", "its line ends or its encoding would not stay as they are"),
        (b"f()\rx = 1\r", "its line ends or its encoding would not stay as they are"),
        (b"f()\nx = 1" + b"+1" * 20_000, "cannot be parsed|nested too deeply"),
    ],
    ids=["generator", "form feed", "carriage return", "deep"],
)
def test_file_that_would_change_otherwise_is_refused(content, why):
    with pytest.raises(NotRewrittenError, match=why):
        rewrite(content, {(1, 1): [ADD]})
