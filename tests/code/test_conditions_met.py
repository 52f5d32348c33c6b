"""Which calls meet the conditions of a marker, and how surely."""

import sys

import pytest

pytest.importorskip("pyflakes", reason="pyflakes is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)

from tests.code.making import hits, target, told
from torch_history.catalogue.conditions import TYPES


@pytest.fixture
def met():
    """How surely the last line of a source meets a change of ``torch.thing`` and ``torch.Thing``.

    The change has these conditions.
    """

    def of(source, *when, **said):
        change = target("torch.thing", "torch.Thing", when=when or None, **said)
        found = told(f"import torch\n{source}", change)
        assert len(found) <= 1
        return found[0].partition(" ")[2] if found else None

    return of


VALUE = "certain, depends on the value of dim"


@pytest.mark.parametrize(
    "call, when, expected",
    [
        ("(x, dim=1)", "dim", "certain"),
        ("(x, 1)", "dim", None),
        ("(x, 1)", "dim@1", "certain"),
        ("(x)", "dim@1", None),
        ("(x)", "@1", None),
        ("(x, y)", "@1", "certain"),
        ("(x)", "-dim@1", "certain"),
        ("(x, 1)", "-dim@1", None),
        ("(x, dim=1)", "-dim", None),
        # what cannot be seen may be the argument: `-dim` is then in doubt, and `dim` not shown
        ("(x, **options)", "-dim", "likely"),
        ("(x, **options)", "dim", None),
        ("(x, **options)", "-dim@1", "likely"),
        ("(*given)", "-dim@1", "likely"),
        ("(*given)", "-dim", "certain"),
        ("(*given)", "dim@1", None),
        ("(x, 1, *given)", "-dim@1", None),
        ("(x, dim=1) + f(a)", "dim", "certain"),
    ],
)
def test_argument_is_given_by_its_name_or_at_its_place(met, call, when, expected):
    assert met(f"torch.thing{call}", when) == expected


@pytest.mark.parametrize(
    "value, when, expected",
    [
        ("0", "dim@1=0|-1", "certain"),
        ("-1", "dim@1=0|-1", "certain"),
        ("2", "dim@1=0|-1", None),
        ("d", "dim@1=0|-1", VALUE),
        ("2", "dim@1!=0|-1", "certain"),
        ("0", "dim@1!=0|-1", None),
        ("d", "dim@1!=0|-1", VALUE),
        # equal is not the same: True == 1, 0.0 == 0
        ("False", "dim@1=0", None),
        ("0.0", "dim@1=0", None),
        ("'a'", "dim@1=a", "certain"),
        ("'a'", "dim@1='a'", "certain"),
        ("None", "dim@1=None", "certain"),
        ("-(10 ** 9)", "dim@1=-1000000000", "certain"),
        ("2 * 3 - 1", "dim@1=5", "certain"),
        ("9 ** 9 ** 9", "dim@1=0", VALUE),
        ("1 / 0", "dim@1=0", VALUE),
    ],
)
def test_literal_decides_and_a_variable_is_what_the_change_depends_on(met, value, when, expected):
    assert met(f"torch.thing(x, {value})", when) == expected


def test_literal_that_is_not_given_is_neither_equal_nor_another_one(met):
    assert met("torch.thing(x)", "dim@1=0") is None and met("torch.thing(x)", "dim@1!=0") is None


@pytest.mark.parametrize(
    "value, types",
    [
        ("1", "int"),
        ("1.0", "float"),
        ("float('inf')", "float"),
        ("-float('inf')", "float"),
        ("'a'", "str"),
        ("True", "bool"),
        ("(1,)", "tuple"),
        ("[1]", "list"),
        ("{}", "dict"),
        ("None", "None"),
        ("[x]", "built unknown"),
        ("(x, y)", "built unknown"),
        ("[y for y in x]", "built unknown"),
        ("x", "unknown"),
        ("x.shape", "unknown"),
        ("f(x)", "unknown"),
    ],
)
def test_literal_has_one_type_and_what_is_none_is_built_or_unknown(met, value, types):
    certain = [
        one for one in TYPES if met(f"torch.thing(dim={value})", f"dim=<{one}>") == "certain"
    ]
    assert certain == types.split()


@pytest.mark.parametrize("value", ["[x]", "(x, y)", "[y for y in x]"])
def test_list_of_variables_is_no_number_whatever_they_are(met, value):
    assert met(f"torch.thing(x, {value})", "dim@1=0|None|<int>|torch.half") is None
    assert met(f"torch.thing(x, {value})", "dim@1!=0") == "certain"
    assert met(f"torch.thing(x, {value})", "dim@1=<list>") == VALUE


@pytest.mark.parametrize(
    "source, expected",
    [
        ("torch.thing(dim=torch.half)", "certain"),
        ("from torch import half as h\ntorch.thing(dim=h)", "certain"),
        ("h = torch.half\ntorch.thing(dim=h)", "certain"),
        ("torch.thing(dim=torch.float)", None),
        ("torch.thing(dim=d)", VALUE),
    ],
)
def test_name_of_torch_is_a_literal_under_whatever_name(met, source, expected):
    assert met(source, "dim=torch.half") == expected


@pytest.mark.parametrize(
    "source, expected",
    [
        ("N = 3\ntorch.thing(dim=N)", "certain"),
        ("N: int = 3\ntorch.thing(dim=N)", "certain"),
        ("def f():\n    torch.thing(dim=N)\nN = 3", "certain"),
        ("def f():\n    N = 3\n    torch.thing(dim=N)", "certain"),
        ("N = 10 - 7\ntorch.thing(dim=N)", "certain"),
        ("N = 4\ntorch.thing(dim=N)", None),
        ("N = 3\nN = 4\ntorch.thing(dim=N)", VALUE),
        ("N = 3\nN += 1\ntorch.thing(dim=N)", VALUE),
        ("N = 3\nfor N in x: pass\ntorch.thing(dim=N)", VALUE),
        ("def f(N=3):\n    torch.thing(dim=N)", VALUE),
    ],
    ids=lambda value: str(value).replace("\n", "; "),
)
def test_name_with_one_binding_has_the_value_of_that_binding(met, source, expected):
    assert met(source, "dim=3") == expected


def test_list_that_a_name_is_bound_to_may_have_grown_since(met):
    assert met("N = []\nN.append(1)\ntorch.thing(dim=N)", "dim=[]") == VALUE


USES = [
    ("x = torch.thing(x)", "call"),
    ("torch.thing(x)", "call statement"),
    ("try:\n    x = torch.thing(x)\nexcept E: pass", "call caught"),
    ("with pytest.raises(E):\n    x = torch.thing(x)", "call caught"),
    ("with torch.thing(): pass", "call with"),
    ("@torch.thing()\ndef f(): pass", "call decorator"),
    ("@torch.thing\ndef f(): pass", "decorator"),
    ("@torch.thing\nclass A: pass", "class-decorator"),
    ("map(torch.thing, x)", "passed"),
    ("x = torch.thing(*x)", "call hidden"),
    ("x = torch.thing(**x)", "call hidden"),
    ("x = torch.thing(torch.arange(3))", "call integers"),
    ("class A(torch.Thing): pass", "subclass"),
    ("isinstance(x, torch.Thing)", "isinstance"),
    ("issubclass(x, (int, torch.Thing))", "isinstance"),
    ("try: pass\nexcept torch.Thing: pass", "isinstance"),
]


@pytest.mark.parametrize("source, roles", USES, ids=[source for source, _ in USES])
def test_use_has_exactly_these_roles(met, source, roles):
    known = {role for _, words in USES for role in words.split()}
    assert {role for role in known if met(source, f":{role}")} == set(roles.split())
    assert {role for role in known if not met(source, f"-:{role}")} == set(roles.split())


def test_role_unseen_is_never_met(met):
    assert all(met(source, ":unseen") is None for source, _ in USES)


@pytest.mark.parametrize("source", ["def f(x: torch.Thing): pass", "alias = torch.thing"])
def test_annotation_or_alias_uses_nothing(met, source):
    assert met(source, unless=()) is None


def test_class_that_is_asked_about_meets_no_change_of_what_it_does(met):
    assert met("isinstance(x, torch.Thing)", unless=()) is None
    assert met("class A(torch.Thing): pass", unless=()) == "certain"


@pytest.mark.parametrize(
    "source, expected",
    [
        ("with torch.no_grad():\n    torch.thing(x)", "certain"),
        ("with torch.autograd.no_grad(), f():\n    for y in x: torch.thing(y)", "certain"),
        ("with torch.enable_grad():\n    torch.thing(x)", None),
        ("torch.thing(x)", None),
        # where the function is called is not known
        ("with torch.no_grad():\n    def f(): torch.thing(x)", None),
    ],
    ids=lambda value: str(value).replace("\n", "; "),
)
def test_call_stands_within_a_context_manager_of_torch(met, source, expected):
    assert met(source, ":within=torch.no_grad") == expected
    assert met(source, "-:within=torch.no_grad") == (None if expected else "certain")


def test_condition_of_one_api_does_not_hold_for_another():
    change = target(
        "torch.optim.SGD",
        "torch.optim.Adam",
        when=(":of=torch.optim.SGD and lr@1", ":of=torch.optim.Adam and betas@2"),
    )
    source = "from torch.optim import *\nAdam(p, 1)\nSGD(p, 1)\nAdam(p, 1, b)\nSGD(p)"
    assert told(source, change) == ["3 certain", "4 certain"]


def test_condition_of_a_class_holds_for_what_a_subclass_passes_on():
    change = target("torch.optim.SGD", when=(":of=torch.optim.SGD and lr@1",))
    source = (
        "import torch\nclass A(torch.optim.SGD):\n    def __init__(self, p):\n"
        "        super().__init__(p, 0.1)\n"
    )
    assert told(source, change) == ["4 certain"]


# ---- several conditions, and what else a marker says


def test_any_entry_is_enough_and_the_one_that_does_not_depend_comes_first(met):
    assert met("torch.thing(x, d, keep=True)", "dim@1=0", "keep") == "certain"
    assert met("torch.thing(x, d)", "dim@1=0", "keep") == VALUE


def test_every_term_of_an_entry_is_needed(met):
    assert met("torch.thing(x, 0)", "dim@1=0 and keep") is None
    assert met("torch.thing(x, 0, keep=k)", "dim@1=0 and keep") == "certain"
    assert met("torch.thing(x, d, keep=k)", "dim@1=0 and keep=True") == (
        "certain, depends on the value of dim and the value of keep"
    )


@pytest.mark.parametrize(
    "call, expected",
    [
        ("torch.thing(x)", "certain"),
        ("torch.thing(x, True)", None),
        ("torch.thing(x, safe=False)", None),
        ("torch.thing(x, **options)", "likely"),
        ("torch.thing(*given)", "likely"),
        ("map(torch.thing, x)", "likely"),
        ("functools.partial(torch.thing, x)", "likely"),
    ],
)
def test_argument_that_keeps_the_change_away_may_hide_among_those_that_are_not_seen(
    met, call, expected
):
    assert met(f"import functools\n{call}", unless=("safe", 1)) == expected


def test_what_the_marker_says_to_depend_on_gives_way_to_a_value_that_is_not_seen(met):
    assert met("torch.thing(x, 0)", "dim@1=0", depends="the dtype") == (
        "certain, depends on the dtype"
    )
    assert met("torch.thing(x, d)", "dim@1=0", depends="the dtype") == VALUE


def test_what_rarely_decides_is_possible_where_the_call_points_to_it_and_else_nothing(met):
    assert met("torch.thing(dim=0)", "dim", rarely="the moon") == "possible, depends on the moon"
    assert met("torch.thing(x)", "-dim", rarely="the moon") is None
    assert met("torch.thing(x)", unless=(), rarely="the moon") is None


def test_change_without_conditions_is_only_possible(met):
    assert met("torch.thing(x)") == "possible"
    assert met("isinstance(x, torch.Thing)") is None


def test_change_of_what_raised_is_met_only_where_errors_are_caught(met):
    caught = "try:\n    torch.thing(x)\nexcept E: pass"
    elsewhere = "try:\n    def f(): torch.thing(x)\nexcept E: pass"
    assert met(caught, unless=(), guarded=True) == "certain"
    assert met("torch.thing(x)", unless=(), guarded=True) is None
    assert met(elsewhere, unless=(), guarded=True) is None


def test_reason_names_the_argument_that_decides_and_the_hit_is_on_its_line():
    change = target("torch.thing", when=("dim@1=0|-1",))
    (hit,) = hits("import torch\ntorch.thing(\n    x,\n    dim=-1,\n)", change)
    assert (hit.place.line, hit.why) == (4, "torch.thing() with dim=-1")
