"""What changed between two entries of a name, in the words that an answer shows."""

import pytest

from torch_history.catalogue.kinds import Kind
from torch_history.surface.classes import of_python
from torch_history.surface.differences import between
from torch_history.surface.entry import Entry, Warned
from torch_history.surface.what import Change, What, ordinal


def function(*takes):
    return Entry("function", takes[0] if len(takes) == 1 else takes)


def told(before, after, *classes):
    return [(change.what, change.words) for change in between(before, after, *classes)]


def arguments(before, after):
    return told(function(before), function(after))


# Names


def test_name_goes_and_comes():
    assert between(function("()"), None) == [Change(What.GONE, "is gone")]
    assert told(None, function("()")) == [(What.APPEARED, "exists")]
    assert told(None, None) == told(function("()"), function("()")) == []


def test_shell_that_only_raises_is_removed_and_its_end_is_no_news():
    shell = Entry("function", "(input)", removed="Use torch.linalg.qr.")
    words = "only raises: Use torch.linalg.qr."
    (removed,) = between(function("(input)"), shell)
    assert (removed.what, removed.words, removed.kind) == (What.REMOVED, words, Kind.GONE)
    (gone,) = between(shell, None)
    assert (gone.words, gone.kind) == ("is gone; it only raised before", Kind.WORDING)
    assert told(shell, function("()")) == [(What.RESTORED, "works again; it only raised before")]
    assert told(None, shell) == [(What.APPEARED, f"exists, and {words}")]


@pytest.mark.parametrize(
    "before, after, words",
    [
        ("class", "function", "is a function instead of a class"),
        ("method", "property", "is a property instead of a method"),
        ("property", "method", "is a method instead of a property"),
        ("staticmethod", "method", "is a method instead of a staticmethod"),
        ("function", "module", "is a module instead of a function"),
    ],
)
def test_kind_that_a_caller_meets_breaks(before, after, words):
    (change,) = between(Entry(before), Entry(after))
    assert (change.what, change.words, change.kind) == (What.KIND, words, Kind.GONE)


@pytest.mark.parametrize(
    "before, after",
    [
        ("function", "class"),
        ("property", "attribute"),
        ("attribute", "classmethod"),
        ("method", "staticmethod"),
        ("class", "value"),
        ("function", "operator"),
    ],
)
def test_kind_that_a_caller_need_not_meet_is_no_change(before, after):
    assert told(Entry(before), Entry(after)) == []


# Arguments


@pytest.mark.parametrize(
    "before, after, what, words",
    [
        ("(a, verbose='deprecated')", "(a)", What.ARGUMENT_GONE, "no longer takes verbose"),
        ("(a, *, b=0, c=0)", "(a)", What.ARGUMENT_GONE, "no longer takes b, c"),
        ("(a, *rest)", "(a)", What.ARGUMENT_GONE, "no longer takes *rest"),
        ("(a, **options)", "(a)", What.ARGUMENT_GONE, "no longer takes **options"),
        ("(input, d)", "(input, mode)", What.RENAMED, "renames d to mode"),
        ("(a, foreach=None)", "(a, *, foreach=None)", What.KEYWORD_ONLY,
         "takes foreach by keyword only"),
        ("(input)", "(input, /)", What.POSITIONAL_ONLY, "takes input by position only"),
        ("(equation, *rest)", "(*args)", What.POSITIONAL_ONLY, "takes equation by position only"),
        ("(a, b=0)", "(a, b)", What.REQUIRED, "requires b"),
        ("(a)", "(a, x)", What.REQUIRED, "takes a new required argument x"),
        ("(a)", "(a, *, x, y)", What.REQUIRED, "takes new required arguments x, y"),
        ("(a, b, c)", "(a, c, b)", What.MOVED,
         "takes c in place of b as its second argument, b in place of c as its third"),
        ("(lr=0.001, eps=1e-08)", "(lr=0.01, eps=1e-8)", What.DEFAULT,
         "lr is 0.01 by default, was 0.001"),
        ("(a=0, b=(1, 2))", "(a=1, b=None)", What.DEFAULT,
         "a is 1 by default, was 0, and b is None by default, was (1, 2)"),
        ("(a)", "(a, foreach=None, *, fused=None)", What.ARGUMENT_APPEARED, "takes foreach, fused"),
    ],
    ids=[
        *("gone", "two_gone", "star_gone", "double_gone", "renamed", "keyword_only"),
        *("positional_only", "star_instead", "required", "new", "two_new", "moved", "default"),
        *("two_defaults", "appeared"),
    ],
)  # fmt: skip
def test_change_of_an_argument_is_told_in_words(before, after, what, words):
    assert arguments(before, after) == [(what, words)]


@pytest.mark.parametrize(
    "before, after",
    [
        ("(a, *, b=0, c=0)", "(a, *, c=0, b=0)"),
        ("(a, *, b=0)", "(a, b=0)"),
        ("(a=0)", "(a=0.0)"),
        ("(a=0)", "(a='deprecated')"),
        ("(x, /)", "(input, /)"),
        ("(*args, **kwargs)", "(input, dim=None)"),
        ("(a, verbose=False)", "(a, **options)"),
        ("(destination=None)", "(*args, destination=None)"),
    ],
    ids=[
        *("order_of_keywords", "by_position_too", "equal_number", "no_effect", "name_unseen"),
        *("wrapper", "options_may_take_it", "star_may_take_it"),
    ],
)
def test_signature_that_takes_the_same_calls_is_no_change(before, after):
    assert arguments(before, after) == []


def test_argument_in_the_middle_moves_those_after_it():
    assert arguments("(lr, b=False, foreach=None)", "(lr, b=False, x=1, foreach=None)") == [
        (What.MOVED, "takes x in place of foreach as its third argument"),
        (What.ARGUMENT_APPEARED, "takes x"),
    ]


def test_place_with_a_name_that_neither_side_knew_has_no_other_parameter():
    assert arguments("(sparse, dense)", "(mat1, mat2)") == [
        (What.ARGUMENT_GONE, "no longer takes sparse, dense"),
        (What.REQUIRED, "takes new required arguments mat1, mat2"),
    ]
    moved = (What.MOVED, "takes b in place of a as its first argument")
    assert moved in arguments("(a=0, c=2)", "(b=1, d=2)")


def test_kinds_follow_the_harm_and_the_most_harmful_comes_first():
    before, after = function("(a, b=0, c=0)"), function("(a, c=1, d=2)")
    found = between(before, after)
    assert [(one.what, one.kind) for one in found] == [
        (What.ARGUMENT_GONE, Kind.GONE),
        (What.MOVED, Kind.GONE),
        (What.DEFAULT, Kind.SILENT),
        (What.ARGUMENT_APPEARED, Kind.APPEARED),
    ]
    assert found[2].depends == "the default"
    assert found[2].arguments == ("c",)


def test_overload_among_several_is_no_change_while_another_takes_the_argument():
    before = function("(input)", "(input, dim, keepdim=False)", "(input, other)")
    after = function("(input, *, out=None)", "(input, dim, keepdim=False)", "(input, dim)")
    assert told(before, after) == [
        (What.ARGUMENT_GONE, "no longer takes other"),
        (What.ARGUMENT_APPEARED, "takes out"),
    ]
    assert told(before, Entry("function")) == []


# Named tuples and classes


def test_fields_of_a_named_tuple_are_told_once():
    before = Entry("class", "(values)", fields=("values",))
    after = Entry("class", "(values, indices)", fields=("values", "indices"))
    assert told(before, after) == [(What.FIELDS, "has the fields values, indices, had values")]
    assert told(before, Entry("class")) == [(What.FIELDS, "is no longer a named tuple of values")]


BASES = {
    "torch.LRScheduler": (),
    "torch._LRScheduler": ("torch.LRScheduler",),
    "torch.quantization.Base": (),
    "torch.Error": ("RuntimeError",),
}


class After:
    """A release with these classes, and an alias of one of them."""

    def public(self, name):
        return name.replace(".ao.", ".")

    def knows(self, base):
        return not base.startswith("torch.") or self.public(base) in BASES

    def lineage(self, name):
        found = [self.public(name), *of_python(name)]
        return found + [one for base in BASES.get(found[0], ()) for one in self.lineage(base)]


def test_base_that_is_gone_turns_isinstance_silently():
    before = Entry("class", bases=("torch._LRScheduler",))
    after = Entry("class", bases=("torch.LRScheduler",))
    (change,) = between(before, after, After())
    assert change.words == "no longer derives from torch._LRScheduler"
    assert (change.what, change.kind) == (What.BASES, Kind.SILENT)
    assert told(after, before, After()) == []


@pytest.mark.parametrize(
    "before, after",
    [
        ("torch.ao.quantization.Base", "torch.quantization.Base"),
        ("torch.Gone", "torch.quantization.Base"),
        ("Exception", "RuntimeError"),
        ("Exception", "torch.Error"),
        ("enum.Enum", "enum.IntEnum"),
        ("typing.Generic", "torch.quantization.Base"),
    ],
    ids=["alias", "base_itself_gone", "builtin", "through_another", "enum", "generic"],
)
def test_base_that_remains_or_is_not_asked_for_is_no_change(before, after):
    assert told(Entry("class", bases=(before,)), Entry("class", bases=(after,)), After()) == []


# Warnings


def warning(text="Use torch.amp.", category="FutureWarning", when=None, by=""):
    return Entry("function", "(a, verbose=0)", warns=(Warned(category, text, when, by),))


SILENT = function("(a, verbose=0)")


@pytest.mark.parametrize(
    "when, words, depends",
    [
        (None, "warns: FutureWarning: Use torch.amp.", ""),
        (("verbose",), "warns where verbose is given: FutureWarning: Use torch.amp.", ""),
        (("a", "verbose"), "warns where a or verbose is given: FutureWarning: Use torch.amp.", ""),
        (("-verbose",), "warns where verbose is not given: FutureWarning: Use torch.amp.", ""),
        (("-a", "-b"), "warns where neither a nor b is given: FutureWarning: Use torch.amp.", ""),
        ((), "warns in some calls: FutureWarning: Use torch.amp.", "in which calls it warns"),
    ],
    ids=["always", "given", "one_of_two", "not_given", "neither_given", "unknown"],
)
def test_deprecation_says_when_it_warns(when, words, depends):
    (change,) = between(SILENT, warning(when=when))
    assert (change.what, change.words, change.depends) == (What.DEPRECATED, words, depends)
    assert change.kind is Kind.WARNING
    gone = [(one.what, one.words) for one in between(warning(when=when), SILENT)]
    # One in some calls may come from another function now, which the survey does not follow.
    assert gone == ([(What.UNDEPRECATED, f"no longer {words}")] if when != () else [])


def test_arguments_of_a_warning_are_those_it_depends_on():
    (change,) = between(SILENT, warning(when=("-verbose",)))
    assert change.arguments == ("verbose",)


def test_another_category_is_a_deprecation_and_another_text_is_wording():
    was = "DeprecationWarning"
    assert told(warning(category=was), warning()) == [
        (What.DEPRECATED, "warns: FutureWarning: Use torch.amp. (was a DeprecationWarning)")
    ]
    (change,) = between(warning("Use amp."), warning())
    assert (change.what, change.kind) == (What.WORDING, Kind.WORDING)
    assert told(warning(by="library"), warning()) == []


def test_place_that_torch_fills_is_no_wording():
    assert told(warning("{cls} is old."), warning("{self.__class__} is old.")) == []
    (change,) = between(warning("{cls} is old."), warning("{cls} is gone."))
    assert change.what is What.WORDING


@pytest.mark.parametrize(
    "place, word", [(0, "first"), (9, "tenth"), (10, "11th"), (20, "21st"), (21, "22nd")]
)
def test_place_has_an_ordinal(place, word):
    assert ordinal(place) == word


def test_slugs_are_unique():
    assert len({one.slug for one in What}) == len(What)
