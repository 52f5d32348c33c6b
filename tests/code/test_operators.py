"""Operators on tensors, and what is known of a value by its methods alone."""

import sys

import pytest

pytest.importorskip("pyflakes", reason="pyflakes is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)

from tests.code.making import hits, target, told

DIVIDE = target("torch.Tensor.__truediv__", "torch.Tensor.__rtruediv__", unless=())
FLOOR = target("torch.Tensor.__floordiv__", unless=())
INDEX = target("torch.Tensor.__getitem__", unless=())
INTEGERS = target(
    "torch.Tensor.__truediv__",
    "torch.Tensor.__rtruediv__",
    "torch.Tensor.div",
    when=(":integers",),
)


def last(source, *targets):
    """How surely the last line is met; None where it is not, and no other line is."""
    found = told(f"import torch\n{source}", *targets)
    assert [one.partition(" ")[0] for one in found] in ([], [str(source.count("\n") + 2)])
    return found[0].partition(" ")[2] if found else None


@pytest.mark.parametrize(
    "source, expected",
    [
        ("a = torch.ones(2)\na / 2", "certain"),
        ("a = torch.ones(2)\na / b", "certain"),
        ("a = torch.ones(2)\n2 / a", "certain"),
        # the operator of b is called, if b is a tensor
        ("a = torch.ones(2)\nb / a", None),
        ("a = torch.ones(2)\na // 2", None),
        ("a = torch.ones(2)\nlen(a) / 2", None),
        ("a = torch.ones(2)\na.shape / 2", None),
        ("def f(a: torch.Tensor): a / 2", "likely"),
        ("a / 2", None),
        ("(torch.ones(2) + b) / 2", "certain"),
    ],
    ids=lambda value: str(value).replace("\n", "; "),
)
def test_operator_is_met_where_an_operand_is_a_tensor(source, expected):
    assert last(source, DIVIDE) == expected


@pytest.mark.parametrize(
    "source, expected",
    [
        ("a = torch.ones(2)\na // 2", "certain"),
        ("a = torch.ones(2)\na //= 2", "certain"),
        ("a = torch.ones(2)\na[0] //= 2", "certain"),
        ("a = torch.ones(2)\na /= 2", None),
        ("a = 3\na //= 2", None),
        ("class A:\n    a = torch.ones(2)\n    def f(self): self.a //= 2", "likely"),
    ],
    ids=lambda value: str(value).replace("\n", "; "),
)
def test_floor_division_is_met_also_in_place(source, expected):
    assert last(source, FLOOR) == expected


def test_reason_quotes_the_operation_and_the_tensor():
    (hit,) = hits("import torch\na = torch.ones(2)\nx = f(a // 2)", FLOOR)
    assert hit.why == "a // 2, where a is a tensor"


def test_index_of_a_tensor_is_an_operator_and_an_assignment_to_it_another_one():
    source = "import torch\na = torch.ones(2)\na[0]\na[0] = 1\nb[0]"
    assert told(source, INDEX) == ["3 certain"]
    assert told(source, target("torch.Tensor.__setitem__", unless=())) == ["4 certain"]


@pytest.mark.parametrize(
    "made",
    [
        "torch.arange(3)",
        "torch.randint(9, (3,))",
        "torch.tensor([1, 2])",
        "torch.ones(2, dtype=torch.long)",
        "torch.ones(2).long()",
        "torch.ones(2).to(torch.int64)",
        "torch.ones(2).argmax()",
        "torch.ones(2).topk(1)[1]",
        "torch.arange(3) + torch.arange(3)",
        "torch.arange(3)[1:]",
    ],
)
def test_tensor_of_integers_is_known_by_what_it_is_made_of(made):
    assert last(f"a = {made}\na / 2", INTEGERS) == "likely"
    assert last(f"a = {made}\n2 / a", INTEGERS) == "likely"
    assert last(f"a = {made}\na.div(2)", INTEGERS) == "likely"
    # divided by a float, integers always gave a fraction
    assert last(f"a = {made}\na / 2.0", INTEGERS) is None


@pytest.mark.parametrize(
    "made",
    [
        "torch.ones(2)",
        "torch.arange(0.0, 1.0)",
        "torch.arange(float(n))",
        "torch.tensor([1.0, 2])",
        "torch.arange(3, dtype=torch.float)",
        "torch.arange(3).float()",
        "torch.arange(3) / 2",
        "torch.ones(2).topk(1)[0]",
    ],
)
def test_other_tensors_hold_no_integers(made):
    assert "3 likely" not in told(f"import torch\na = {made}\na / 2", INTEGERS)


def test_parts_of_an_unpacked_tuple_are_values_and_indices():
    source = "import torch\nvalues, where = torch.ones(3).topk(2)\nvalues / 2\nwhere / 2"
    assert told(source, INTEGERS) == ["4 likely"]


@pytest.mark.parametrize(
    "name, expected",
    [
        ("lengths", "likely"),
        ("src_len_idx", "likely"),
        ("token_ids", "likely"),
        ("weights", None),
        ("width", None),
        ("lens_flare", "likely"),
    ],
)
def test_argument_that_is_a_tensor_holds_integers_by_its_name(name, expected):
    source = f"def f({name}: torch.Tensor):\n    return {name} / 2"
    assert last(source, INTEGERS) == expected


def test_name_says_nothing_of_a_value_that_is_made_of_something_else():
    assert last("lengths = torch.ones(2)\nlengths / 2", INTEGERS) is None
    assert last("lengths / 2", INTEGERS) is None


# ---- a value that is known by its methods

CLEAR, TRAIN, STEP = (
    target(name, unless=())
    for name in (
        "torch.optim.Optimizer.zero_grad",
        "torch.nn.Module.zero_grad",
        "torch.optim.lr_scheduler.LRScheduler.step",
    )
)


@pytest.mark.parametrize(
    "source, change",
    [
        ("def f(x):\n    x.unsqueeze(0)\n    return x // 2", FLOOR),
        ("def f(x):\n    x.div(2).fmod(3)\n    return x // 2", FLOOR),
        ("x = (a // b).fmod(c)", FLOOR),
        ("x = (a // b).masked_fill(c, 0)", FLOOR),
        ("def f(o):\n    o.step()\n    o.zero_grad()", CLEAR),
        ("def f(m):\n    m.train()\n    m.parameters()\n    m.zero_grad()", TRAIN),
        ("def f(s):\n    s.get_last_lr()\n    s.step()", STEP),
    ],
    ids=lambda value: value.replace("\n", "; ") if isinstance(value, str) else "",
)
def test_value_is_likely_what_alone_has_the_methods_that_are_called_of_it(source, change):
    assert last(source, change) == "likely"


@pytest.mark.parametrize(
    "source, change",
    [
        ("def f(x):\n    x.reshape(2)\n    return x // 2", FLOOR),
        ("x = (a // b).round()", FLOOR),
        ("def f(x, y):\n    y.unsqueeze(0)\n    return x // 2", FLOOR),
        ("def f(s):\n    s.step()", STEP),
    ],
    ids=lambda value: value.replace("\n", "; ") if isinstance(value, str) else "",
)
def test_methods_that_other_libraries_have_too_say_nothing(source, change):
    assert last(source, change) is None


def test_class_of_a_value_counts_more_than_the_methods_that_are_called_of_it():
    source = "class A:\n    def step(self): pass\no = A()\no.step()\no.zero_grad()"
    assert last(source, CLEAR) is None


# ---- an object that is not known

UNKNOWN = "def f(one):\n    one.zero_grad()"


def owners(optimizer, module, **said):
    return [
        target(f"{owner}.zero_grad", cause=cause, **{"unless": (), **said})
        for owner, cause in (("torch.optim.Optimizer", optimizer), ("torch.nn.Module", module))
        if cause
    ]


def test_unknown_object_is_likely_met_where_every_owner_of_its_method_has_the_same_cause():
    assert last(UNKNOWN, *owners("a", "a")) == "likely"


@pytest.mark.parametrize("causes", [("a", "b"), ("a", None), (None, "a")])
def test_unknown_object_is_possibly_met_where_the_owners_differ(causes):
    assert set(told(UNKNOWN, *owners(*causes))) == {"2 possible"}


def test_unknown_object_is_met_by_no_harmless_change_of_one_owner():
    assert told(UNKNOWN, *owners("a", "b", kind="warning")) == []
    assert told(UNKNOWN, *owners("a", "a", kind="warning")) == ["2 likely"]


def test_argument_that_keeps_a_change_away_does_so_for_an_unknown_object_too():
    both = owners("a", "a", unless=("set_to_none",))
    assert told(UNKNOWN.replace("()", "(set_to_none=False)"), *both) == []


def test_method_with_one_owner_in_torch_is_likely_met_and_one_that_others_have_is_not():
    source = "def f(x):\n    x.backward()\n    x.mean()"
    changes = [target(f"torch.Tensor.{name}", unless=()) for name in ("backward", "mean")]
    assert told(source, *changes) == ["2 likely"]


def test_class_of_the_reader_with_a_base_that_is_not_known_may_be_torch_s():
    source = "class A(Unknown): pass\nA().zero_grad()\nclass B: pass\nB().zero_grad()"
    assert told(source, *owners("a", "a")) == ["2 likely"]


# ---- getattr


@pytest.mark.parametrize(
    "source, expected",
    [
        ("getattr(torch, 'load')(f)", "certain"),
        ("load = getattr(torch, 'load')\nload(f)", "certain"),
        ("getattr(torch.serialization, 'load')(f)", "certain"),
        ("getattr(torch, 'load')(f, weights_only=True)", None),
        ("getattr(torch, name)(f)", None),
        ("getattr(other, 'load')(f)", None),
        ("hasattr(torch, 'load')", None),
    ],
    ids=lambda value: str(value).replace("\n", "; "),
)
def test_getattr_with_a_literal_is_an_attribute(source, expected):
    assert last(source, target("torch.load", unless=("weights_only",))) == expected


def test_getattr_of_a_literal_that_is_no_name_ends_no_scan():
    source = "import torch\ngetattr(torch, '')(f)\ngetattr(torch, 'a b')\ngetattr(torch)\n"
    assert told(source + "getattr(torch, 1)", target("torch.load", unless=())) == []
