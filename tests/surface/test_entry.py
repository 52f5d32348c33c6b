"""The text of an entry in a file says the same as the entry."""

import pytest
from hypothesis import example, given

from tests.surface.making import ENTRIES, SMALL
from torch_history.surface.entry import Entry, Warned, read, stored

WARNED = Warned("FutureWarning", "It is deprecated.")


@pytest.mark.parametrize(
    "entry, text",
    [
        (Entry("value"), "value"),
        (Entry("function", "()"), "def ()"),
        (Entry("function", "(input, p=0.5, *, out=None)"), "def (input, p=0.5, *, out=None)"),
        (Entry("function", ("(input)", "(input, dim)")), "def (input) | (input, dim)"),
        (Entry("class", bases=("Exception",)), "class < Exception"),
        (Entry("class", "(a)", ("B", "torch.C")), "class (a) < B, torch.C"),
        (Entry("class", "(a)", ("tuple",), ("x", "y")), "class (a) < tuple -> x, y"),
        (Entry("class", fields=("values",)), "class -> values"),
    ],
)
def test_entry_is_one_short_text(entry, text):
    assert stored(entry) == text
    assert read(text) == entry


def test_entry_that_warns_or_was_removed_is_an_object_with_the_text():
    entry = Entry("function", "(input)", removed="Use torch.linalg.qr.", warns=(WARNED,))
    kept = {
        "is": "def (input)",
        "removed": "Use torch.linalg.qr.",
        "warns": [{"category": "FutureWarning", "text": "It is deprecated."}],
    }
    assert stored(entry) == kept and read(kept) == entry


def test_condition_of_a_warning_is_kept_where_it_is_empty_too():
    entry = Entry("method", warns=(Warned("UserWarning", "Gone soon.", ()),))
    assert stored(entry)["warns"] == [{"category": "UserWarning", "text": "Gone soon.", "when": []}]
    assert read(stored(entry)) == entry


def test_name_that_is_gone_has_no_entry():
    assert read(None) is None


@SMALL
@given(ENTRIES)
@example(Entry("function", "(a=') | (')"))
@example(Entry("function", "(a=') | (', b=\"') | (\")", ("torch.A",)))
@example(Entry("function", ("(a=') | (')", "(a='\\'', b=') | (')")))
@example(Entry("class", "(a=' < torch.B -> c')", ("torch.A",), ("c",)))
def test_every_entry_is_read_as_it_was_stored(entry):
    assert read(stored(entry)) == entry


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "function(input)",
        "def (input",
        "function input",
        "class (a) torch.B",
        "class (a) <",
        "class (a) -> x < torch.B",
        {},
        {"is": "def (input"},
        {"is": None},
        {"is": "value", "removed": 1},
        {"is": "value", "warns": [{"text": "no category"}]},
        {"is": "value", "gone": "no such key"},
    ],
)
def test_what_is_no_entry_is_refused(kept):
    with pytest.raises(ValueError, match="is not an entry"):
        read(kept)
