"""Builtins: what callables without a Python signature take, by what their bindings say."""

import pytest

from torch_history.surveying import bindings
from torch_history.surveying.completing import Completer
from torch_history.surveying.parameters import KEYWORD, Parameter, Signature, distinct, widened
from torch_history.surveying.proposals import Proposals
from torch_history.surveying.stubs import stub

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def builtins():
    """The builtins of the installed torch."""
    from torch_history.surveying.builtins import Builtins

    return Builtins()


@pytest.mark.parametrize(
    ("path", "takes"),
    [
        ("torch.abs", "(input, *, out=None)"),
        (
            "torch.add",
            ["(input, alpha, other, *, out=None)", "(input, other, *, alpha=1, out=None)"],
        ),
        ("torch.Tensor.add_", ["(alpha, other)", "(other, *, alpha=1)"]),
        ("torch.Tensor.view", ["(*size)", "(dtype)", "(size)"]),
        ("torch.Tensor.permute", ["(*dims)", "(dims)"]),
        (
            "torch.tensor",
            "(data, *, dtype=None, device=None, pin_memory=False, requires_grad=False)",
        ),
        ("torch.conv2d", "(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)"),
        ("torch.from_numpy", "(ndarray, /)"),
        ("torch.set_num_threads", "(num, /)"),
        ("torch.get_num_threads", "()"),
        ("torch.Generator", "(device=None)"),
        ("torch.Generator.manual_seed", "(seed, /)"),
        ("torch.device", ["(device)", "(type, index=-1)"]),
        ("torch.Size", "(iterable=(), /)"),
        ("torch.isinf", "(input)"),
        ("torch.linalg.solve", "(A, B, *, left=True, out=None)"),
        ("torch.special.gammaln", "(input, *, out=None)"),
        ("torch.fft.rfft", "(input, n=None, dim=-1, norm=None, *, out=None)"),
        ("torch.nn.functional.one_hot", "(input, num_classes=-1)"),
        ("torch.nn.functional.gelu", "(input, *, approximate='none', out=None)"),
    ],
)
def test_a_builtin_takes_what_its_binding_takes(builtins, path, takes):
    found = torch
    for name in path.split(".")[1:]:
        found = getattr(found, name)
    assert builtins.takes(path, found) == takes


def test_a_factory_takes_the_options_of_its_tensor_and_its_size_one_by_one(builtins):
    options = (
        "out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False"
    )
    found = builtins.takes("torch.zeros", torch.zeros)
    assert f"(*size, {options})" in found
    assert f"(size, *, {options})" in found


def test_types_stand_apart_from_what_is_taken(builtins):
    assert builtins.types("torch.abs", torch.abs) == "input: Tensor, out: Tensor | None -> Tensor"


def test_what_is_no_builtin_of_torch_is_unknown(builtins):
    assert builtins.takes("torch.reduce", __import__("functools").reduce) is None
    assert builtins.takes("torch.x", 3) is None
    assert builtins.types("torch.x", 3) == ""


def test_asking_changes_nothing(builtins):
    def state():
        cpu = torch.get_rng_state().tolist()
        return torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled(), cpu

    before = state()
    for name, value in vars(torch).items():
        if not name.startswith("_"):
            builtins.takes(f"torch.{name}", value)
    assert state() == before


OLD = """f() received an invalid combination of arguments - got (o), but expected one of:
 * (Tensor input, Tensor other, Number alpha, Tensor out)
 * (tuple of ints size, torch.dtype dtype, bool requires_grad)
"""
NEW = 'f() received (o), but expected (Tensor input, *, str mode = "mean", SymInt from = 1)'


def test_a_message_lists_the_overloads_of_a_binding():
    old = [one.takes for one in bindings.listed(OLD)]
    assert old == ["(input, other, alpha, out)", "(size, dtype, requires_grad)"]
    (new,) = bindings.listed(NEW)
    assert new.takes == "(input, *, mode='mean', from_=1)"
    assert new.types == "input: Tensor, mode: str, from_: int"


def test_what_a_message_of_an_old_release_does_not_tell_comes_from_the_proposals():
    proposed = stub("def f(input, other, *, alpha=1, out=None): ...")["f"]
    completer = Completer("f", Proposals([], proposed, []), False, False)
    overloads = bindings.listed(OLD)
    found = [completer.completed(one, overloads).takes for one in overloads]
    assert found[0] == "(input, other, *, alpha=1, out=None)"
    assert found[1] == "(size, *, dtype=None, requires_grad=False)"


def test_an_overload_that_a_message_hides_makes_a_parameter_optional():
    hidden = Signature((Parameter("input"), Parameter("out", KEYWORD, "None")))
    completer = Completer("f", Proposals([hidden], [], []), True, True)
    overloads = bindings.listed("f() received (o), but expected (Tensor input, *, bool as_tuple)")
    (found,) = [completer.completed(one, overloads) for one in overloads]
    assert found.takes == "(input, *, as_tuple=False, out=None)"


def test_a_binding_of_one_overload_is_asked_name_by_name():
    def torchs(*arguments, **named):
        if "input" not in named:
            raise TypeError('f() missing 1 required positional arguments: "input"')
        if not isinstance(named["input"], torch.Tensor):
            raise TypeError("f(): argument 'input' must be Tensor, not object")
        if type(named.get("dim", 0)) is not int:
            raise TypeError("f(): argument 'dim' must be int, not object")
        unknown = [name for name in named if name not in ("input", "dim")]
        if unknown:
            raise TypeError(f"f() got an unexpected keyword argument '{unknown[0]}'")
        raise AssertionError("it was called with what it takes")

    assert bindings.known(torchs, (), ["dim", "input", "out"]) == {"dim": "int", "input": "Tensor"}


@pytest.mark.parametrize(
    ("doc", "takes"),
    [
        pytest.param(
            "join(self: torch._C.A, arg0: int, arg1: List[at::Tensor]) -> None\n",
            ["(self, arg0, arg1, /)"],
            id="without-names",
        ),
        pytest.param(
            "f(*args, **kwargs)\nOverloaded function.\n\n1. f(a: str)\n\n2. f(b: int = 3) -> None",
            ["(a)", "(b=3)"],
            id="overloads",
        ),
        pytest.param(
            "f(op: Op = <RedOpType.SUM: 0>, opts: O = <torch._C.O object at 0x7f12>) -> None",
            ["(op=ReduceOp.SUM, opts=<O>)"],
            id="objects",
        ),
        pytest.param(
            "\nf(input, *, out=None) -> Tensor\n\nText.", ["(input, *, out=None)"], id="torch"
        ),
        pytest.param("reduce(function, iterable[, initial], /) -> value", [], id="not-python"),
        pytest.param("Reads a tensor.", [], id="prose"),
    ],
)
def test_a_docstring_begins_with_signatures(doc, takes):
    assert [one.takes for one in bindings.documented(doc)] == takes


def of(text):
    """The only signature of a stub."""
    return stub(f"def f{text}: ...")["f"][0]


def test_an_overload_that_another_covers_is_left_out():
    found = [of("(input, *, out=None)"), of("(input)"), of("(other)"), of("(input, out)")]
    assert [one.takes for one in distinct(found)] == [
        "(other)",
        "(input, *, out=None)",
        "(input, out)",
    ]


def test_of_two_overloads_that_take_the_same_the_first_is_kept():
    found = distinct([of("(padding=0)"), of("(padding='valid')")])
    assert [one.takes for one in found] == ["(padding=0)"]


def test_a_parameter_that_another_overload_lacks_may_be_left_out():
    others = [of("(size, *, out=None)"), of("(size, *, generator)")]
    assert widened(others[1], others).takes == "(size, *, generator=None)"
