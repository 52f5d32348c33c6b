"""What the surface says of source: names that are gone, calls that do not bind, and warnings."""

import sys

import pytest
from msgspec import structs

pytest.importorskip("pyflakes", reason="pyflakes is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)

from tests.code.making import collected, target
from tests.surface.making import index_of, surveyed
from torch_history.catalogue import signatures
from torch_history.catalogue.kinds import Kind
from torch_history.code.surfacing import Surfacing
from torch_history.surface.events import Surfaces

LINES = ("1.13", "2.0", "2.6")


def warns(takes, when=None, category="FutureWarning", **more):
    """A function with this warning: on each call, or ``when`` these are given."""
    condition = {} if when is None else {"when": when}
    return {"is": takes, "warns": [{"category": category, "text": "Bye.", **condition, **more}]}


SHELL = {"is": "def (x)", "removed": "Call other."}
# name -> line -> entry, which holds until the next one
NAMES = {
    "torch.same": {"1.13": "def (x)"},
    "torch.gone": {"1.13": "def (x)", "2.0": None},
    "torch.new": {"2.0": "def (x)"},
    "torch.shell": {"1.13": "def (x)", "2.0": SHELL},
    "torch.warned": {"1.13": "def (x)", "2.0": warns("def (x)")},
    "torch.twice": {
        "1.13": "def (x)",
        "2.0": warns("def (x)", category="DeprecationWarning"),
        "2.6": warns("def (x)"),
    },
    "torch.given": {"1.13": "def (x, old=None)", "2.0": warns("def (x, old=None)", ["old"])},
    "torch.flag": {"1.13": "def (x, old=True)", "2.0": warns("def (x, old=True)", ["old"])},
    "torch.number": {"1.13": "def (x, old=-1)", "2.0": warns("def (x, old=-1)", ["old"])},
    "torch.lacking": {"1.13": "def (x, dim=None)", "2.0": warns("def (x, dim=None)", ["-dim"])},
    "torch.unclear": {"1.13": "def (x)", "2.0": warns("def (x)", [])},
    "torch.stringy": {"1.13": "def (x)", "2.0": warns("def (x)", by="library")},
    "torch.Warned": {"1.13": "class (x)", "2.0": warns("class (x)")},
    "torch.refuses": {"1.13": "def (x, keep=False)", "2.0": "def (x)"},
    "torch.only": {"1.13": "def (x, dim=0)", "2.0": "def (x, *, dim=0)"},
    "torch.moves": {"1.13": "def (x, dim=0)", "2.0": "def (x, keep=False, dim=0)"},
    "torch.asks": {"1.13": "def (x)", "2.0": "def (x, dim)"},
    "torch.default": {"1.13": "def (a=1, b=1)", "2.0": "def (a=2, b=1)", "2.6": "def (a=2, b=2)"},
    "torch.Base": {"1.13": "class ()"},
    "torch.Base.leave": {"1.13": "method ()", "2.0": None},
    "torch.Base.clear": {"1.13": "method ()", "2.0": "method (to_none=True)"},
    "torch.amp.scale": {"1.13": "def (x)", "2.0": None},
    "torch.cuda.amp.scale": {"2.0": "def (x)"},
    "torch._old.inf": {"1.13": "def (a, b, c)", "2.0": None},
    "torch.inf": {"2.0": "def (a, b, c)"},
    "torch._old.text": {"1.13": "value", "2.0": None},
    "torch._kept.text": {"1.13": "value", "2.0": None},
}
MODULES = ("torch", "torch.amp", "torch.cuda", "torch.cuda.amp", "torch._kept", "torch._old")


def at(line):
    """The survey of a release."""
    held = LINES[: LINES.index(line) + 1]
    chains = {name: [chain[one] for one in held if one in chain] for name, chain in NAMES.items()}
    names = {name: kept[-1] for name, kept in chains.items() if kept and kept[-1] is not None}
    modules = [one for one in MODULES if line == "1.13" or one != "torch._old"]
    return surveyed(f"{line}.0", names, modules=modules)


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return index_of(tmp_path_factory.mktemp("surfacing"), {line: at(line) for line in LINES})


@pytest.fixture
def found(index):
    """What a piece of source meets, by line."""

    def of(source, *targets, pair=("1.13", "2.6"), **narrowed):
        surfacing = Surfacing(Surfaces(index, *pair), **narrowed)
        told = collected(f"import torch\n{source}", *targets, surfacing=surfacing).found
        return sorted(told, key=lambda one: one.hit.place.line)

    return of


@pytest.fixture
def told(found):
    """``2 certain: is gone``: the line, the level and what is told of it."""

    def of(source, *targets, **options):
        return [
            f"{one.hit.place.line} {one.hit.level}: {one.targets[0].change.text}"
            for one in found(source, *targets, **options)
        ]

    return of


# Names that are gone


@pytest.mark.parametrize(
    "source",
    [
        "torch.gone(1)",
        "torch.gone",
        "f = torch.gone",
        "from torch import gone",
        "isinstance(x, torch.gone)",
        "[torch.gone]",
        "getattr(torch, 'gone')",
        "from torch import gone as other",
        "class C(torch.gone): pass",
        "def f(x=torch.gone): pass",
    ],
)
def test_name_that_is_gone_is_told_wherever_it_is_read(told, source):
    assert told(source) == ["2 certain: is gone"]


def test_name_that_was_imported_is_told_at_the_import_alone(told):
    assert told("from torch import gone\ngone(1)\nx = gone") == ["2 certain: is gone"]


@pytest.mark.parametrize(
    "source",
    [
        "torch.gone = 1",
        "def f(x: torch.gone): pass",
        "x.gone()",
        "def f(gone): gone(1)",
        "torch.same(1)",
        "torch.never(1)",
    ],
)
def test_what_is_not_read_or_not_of_torch_is_not_told(told, source):
    assert told(source) == []


def test_method_of_an_object_that_an_attribute_holds_is_likely_gone(told):
    source = "class C:\n    def __init__(self): self.base = torch.Base()\n    def f(self): {}"
    assert told(source.format("self.base.leave()")) == ["4 likely: is gone"]


def test_name_that_has_another_place_is_told_with_it(told):
    moved = ["2 certain: is now torch.cuda.amp.scale"]
    assert told("torch.amp.scale(1)") == told("from torch.amp import scale") == moved


@pytest.mark.parametrize(
    "source, expected",
    [
        ("import torch._old", ["2 certain: is gone"]),
        ("import torch._old as old", ["2 certain: is gone"]),
        ("from torch import _old", ["2 certain: is gone"]),
        ("from torch._old import text, other", ["2 certain: is gone"]),
        ("from torch._old import *", ["2 certain: is gone"]),
        ("from torch._old import inf", ["2 certain: is now torch.inf"]),
        ("from torch._old import inf, text", ["2 certain: is now torch.inf", "2 certain: is gone"]),
        ("torch._old.text", ["2 certain: is gone"]),
    ],
)
def test_import_from_a_module_that_is_gone_is_told_once(told, source, expected):
    assert told(source) == expected


def test_private_name_of_a_module_that_is_still_there_is_likely_gone(told):
    assert told("torch._kept.text") == ["2 likely: is gone"]


def test_name_that_only_raises_is_told_where_it_is_called(told):
    raises = "certain: only raises: Call other."
    assert told("torch.shell(1)\nf = torch.shell\nf(1)") == [f"2 {raises}", f"4 {raises}"]
    assert told("from torch import shell\nmap(torch.shell, x)") == []
    assert told("@torch.shell\ndef f(): pass") == [f"2 {raises}"]


# Warnings


@pytest.mark.parametrize(
    "source, expected",
    [
        ("torch.warned(1)", "certain"),
        ("from torch import warned as w\nw(1)", "certain"),
        ("@torch.warned\ndef f(): pass", "certain"),
        ("torch.Warned(1)", "certain"),
        ("class C(torch.Warned): pass", "likely"),
        ("torch.stringy(1)", "likely"),
        ("torch.given(1, old=2)", "certain"),
        ("torch.given(1, 2)", "certain"),
        ("torch.lacking(1, 0)", None),
        ("torch.given(1, **options)", "likely"),
        ("torch.given(1, old=None)", None),
        ("torch.flag(1, True)", None),
        ("torch.flag(1, old=True)", None),
        ("torch.flag(1, old=1)", "certain"),
        ("torch.flag(1, old=False)", "certain"),
        ("torch.number(1, old=-1)", None),
        ("torch.number(1, old=-1.0)", None),
        ("torch.number(1, old=1)", "certain"),
        ("torch.number(1, old=x)", "certain"),
        ("torch.given(1)", None),
        ("torch.lacking(1)", "certain"),
        ("torch.lacking(1, **options)", "likely"),
        ("torch.lacking(*args)", "likely"),
        ("torch.lacking(1, dim=0)", None),
        ("torch.lacking(1, dim=None)", "certain"),
        ("torch.unclear(1)", "possible"),
        ("map(torch.warned, x)", None),
        ("isinstance(x, torch.Warned)", None),
        ("from torch import warned", None),
    ],
)
def test_warning_is_told_where_the_call_brings_it(found, source, expected):
    levels = [str(one.hit.level) for one in found(source)]
    assert levels == ([expected] if expected else [])
    assert all(one.targets[0].kind is Kind.WARNING for one in found(source))


def test_warning_that_was_of_another_category_before_is_told_with_it(told):
    assert told("torch.twice(1)") == [
        "2 certain: warns: FutureWarning: Bye. (DeprecationWarning since 2.0)"
    ]


def test_warning_that_depends_on_more_than_the_call_depends_on_the_arguments(found):
    (only,) = found("torch.unclear(1)")
    assert only.hit.depends == "the arguments"


# Arguments


@pytest.mark.parametrize(
    "source, expected",
    [
        ("torch.refuses(1, keep=True)", ["2 certain: keep= is refused: it is gone"]),
        ("torch.refuses(\n    1,\n    keep=True)", ["4 certain: keep= is refused: it is gone"]),
        ("torch.refuses(*x, keep=True)", ["2 likely: keep= is refused: it is gone"]),
        ("torch.refuses(1)", []),
        ("torch.refuses(1, **options)", []),
        ("torch.refuses(1, other=2)", []),
        (
            "torch.only(1, 0)",
            [
                (
                    "2 certain: takes 1 positional argument; the second given here is refused: "
                    "dim is keyword-only"
                )
            ],
        ),
        ("torch.only(1, dim=0)", []),
        ("torch.moves(1, 0)", ["2 certain: takes keep in place of dim as its second argument"]),
        ("torch.moves(1, dim=0)", []),
        ("torch.asks(1)", ["2 certain: requires dim"]),
        ("map(torch.refuses, x)", []),
    ],
)
def test_call_is_told_where_the_parameters_no_longer_take_it(told, source, expected):
    assert told(source) == expected


def test_changed_default_is_possible_where_the_call_leaves_it_out(found):
    (only,) = found("torch.default(a=1)")
    assert str(only.hit.level) == "possible" and only.hit.depends == "the default"
    assert only.targets[0].kind is Kind.SILENT and only.hit.why == "torch.default() without b"
    assert found("torch.default(1, 2)") == []


def test_each_default_has_the_release_that_changed_it(found):
    since = {
        one.targets[0].change.text: one.targets[0].change.version
        for one in found("torch.default()")
    }
    assert since == {"a is 2 by default, was 1": "2.0", "b is 2 by default, was 1": "2.6"}


@pytest.mark.parametrize(
    "method, expected",
    [
        ("clear(self)", ["3 likely: takes to_none, and the method here does not"]),
        ("clear(self, to_none=True)", []),
        ("clear(self, **options)", []),
        ("other(self)", []),
    ],
)
def test_method_in_place_of_one_that_takes_more_is_told(told, method, expected):
    assert told(f"class C(torch.Base):\n    def {method}: pass") == expected


# Source that is ready for both


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    from torch import gone\nexcept ImportError:\n    gone = None",
        "try:\n    torch.gone(1)\nexcept (AttributeError, KeyError):\n    pass",
        "try:\n    torch.gone(1)\nexcept:\n    pass",
        "try:\n    from torch import inf\nexcept ImportError:\n    from torch._old import inf",
        "try:\n    from torch import inf\nexcept Exception:\n    from torch._old import inf",
        "try:\n    import torch._old as old\nexcept ImportError:\n    old = None\nold.inf",
        "try:\n    f(1, new=2)\nexcept TypeError:\n    torch.refuses(1, keep=2)",
        "with contextlib.suppress(AttributeError):\n    torch.gone(1)",
        "if hasattr(torch, 'gone'):\n    torch.gone(1)",
        "hasattr(torch, 'gone') and torch.gone(1)",
        "f = torch.gone if hasattr(torch, 'gone') else None",
        "if torch.__version__ >= '2.0':\n    pass\nelse:\n    torch.gone(1)",
        "if version.parse(torch.__version__) < version.parse('2.0'):\n    torch.gone(1)",
        "if TORCH_2:\n    pass\nelse:\n    from torch import gone",
        "getattr(torch, 'gone', None)",
        "if getattr(torch, 'gone', None):\n    torch.gone(1)",
    ],
    ids=lambda source: source.replace("\n", "; "),
)
def test_source_that_is_ready_for_both_releases_meets_nothing(told, source):
    assert told(source) == []


@pytest.mark.parametrize(
    "source, line",
    [
        ("try:\n    torch.gone(1)\nexcept KeyboardInterrupt:\n    pass", 3),
        ("try:\n    torch.gone(1)\nexcept (OSError, KeyError):\n    pass", 3),
        ("try:\n    torch.gone(1)\nfinally:\n    pass", 3),
        ("try:\n    f()\nexcept RuntimeError:\n    torch.gone(1)", 5),
        ("if torch.cuda.is_available():\n    torch.gone(1)", 3),
        ("if args.support:\n    pass\ntorch.gone(1)", 4),
    ],
    ids=lambda value: str(value).replace("\n", "; "),
)
def test_other_conditions_and_exceptions_hide_nothing(told, source, line):
    assert told(source) == [f"{line} certain: is gone"]


# What is asked for


def test_findings_are_narrowed_by_kind_and_by_name(told):
    source = "torch.gone(1)\ntorch.warned(1)\ntorch.default(1)"
    assert told(source, kinds=[Kind.WARNING]) == ["3 certain: warns: FutureWarning: Bye."]
    assert told(source, names=["torch.gone"]) == ["2 certain: is gone"]
    assert told(source, pair=("2.0", "2.6")) == ["4 possible: b is 2 by default, was 1"]


def test_downgrade_tells_what_the_older_release_lacks(told):
    source = "torch.new(1)\ntorch.moves(1, keep=True)\ntorch.gone(1)\ntorch.warned(1)"
    assert told(source, pair=("2.6", "1.13")) == [
        "2 certain: is gone",
        "3 certain: keep= is refused: it is gone",
    ]


def test_values_of_both_sides_have_the_releases_in_the_order_that_was_asked_for(found):
    for pair, since in ((("1.13", "2.6"), ["1.13", "2.0"]), (("2.6", "1.13"), ["2.0", "1.13"])):
        name = "torch.gone" if pair[0] == "1.13" else "torch.new"
        (case,) = found(name, pair=pair)[0].targets[0].difference.cases
        assert [case.before.since, case.after.since] == since
        assert case.before.observation["value"] == "def (x)"
        assert case.after.observation["raised"]["type"] == "AttributeError"


# With the behaviours


def behaviours(one):
    return [each.difference.behaviour.id for each in one.targets]


def test_behaviour_and_surface_of_the_same_change_are_one_finding(found):
    change = target("torch.refuses", kind="gone", needs={"keep"})
    (only,) = found("torch.refuses(1, keep=True)", change)
    assert behaviours(only) == ["a.b", "surface.torch.refuses"]
    assert only.targets[0].change.text == "it changed"


def test_behaviour_of_another_kind_or_release_is_another_finding(found):
    source = "torch.refuses(1, keep=True)"
    assert len(found(source, target("torch.refuses", kind="warning", unless=()))) == 2
    assert (
        len(
            found(source, target("torch.refuses", kind="gone", needs={"keep"}), pair=("2.0", "2.6"))
        )
        == 1
    )
    later = target("torch.default", kind="silent", unless=())
    assert [behaviours(one) for one in found("torch.default(1)", later)] == [
        ["a.b"],
        ["surface.torch.default"],
    ]


def test_recorded_signature_and_surface_are_one_finding_whenever_each_changed(found):
    pair = signatures.parsed(["x", "keep=False"]), signatures.parsed(["x"])
    change = target("torch.refuses", kind="gone")
    later = structs.replace(change.change, version="2.6")
    change = change._replace(parameters={"torch.refuses": pair}, change=later)
    (only,) = found("torch.refuses(1, keep=True)", change)
    assert behaviours(only) == ["a.b", "surface.torch.refuses"]


def test_name_that_no_behaviour_is_about_is_known_to_the_surface(index):
    surfacing = Surfacing(Surfaces(index, "1.13", "2.6"))
    collector = collected("import torch\ntorch.same(1)\ntorch.never(1)", surfacing=surfacing)
    assert collector.surface == {"torch.same"}
    assert set(collector.uncovered) == {"torch.same", "torch.never"}
