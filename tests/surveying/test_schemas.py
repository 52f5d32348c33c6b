"""Operators: what their schemas say that they take, on torch of any release."""

import re

import pytest

from torch_history.surveying import forms, schemas
from torch_history.surveying.parameters import KEYWORD, Parameter, Signature
from torch_history.surveying.schemas import Overload


class Argument:
    """An argument of a schema, as 1.4 has it: neither kwarg_only nor has_default_value."""

    N = None

    def __init__(self, name, type_, default=None):
        self.name, self.type, self.default_value = name, type_, default


class Schema:
    """A schema with its text."""

    def __init__(self, text, *arguments):
        self.text, self.arguments, self.returns = text, arguments, ()
        self.name, _, self.overload_name = text.partition("(")[0].partition(".")

    def __str__(self):
        return self.text


@pytest.fixture
def operators_of(monkeypatch):
    """The operators of a torch with these schemas."""

    def give(*made):
        torch = pytest.importorskip("torch")
        monkeypatch.setattr(torch._C, "_jit_get_all_schemas", lambda: list(made))
        return schemas.operators()

    return give


def test_operators_of_the_installed_torch_have_no_types_in_what_they_take():
    found = schemas.operators()
    assert found["add.Tensor"].takes == "(self, other, *, alpha=1)"
    assert found["add.Tensor"].types == "self: Tensor, other: Tensor, alpha: Scalar -> Tensor"
    assert found["add.out"].takes == "(self, other, *, alpha=1, out)"
    assert found["rot90.default"].takes == "(self, k=1, dims=[0, 1])"
    assert found["contiguous.default"].takes == "(self, *, memory_format=torch.contiguous_format)"
    assert not [name for name in found if name.startswith("_")]


def test_what_old_arguments_lack_is_read_from_the_text_of_the_schema(operators_of):
    text = 'aten::pad(Tensor(a!) self, int[2] size=[1, 1], *, str mode="a, b", Tensor? x=None)'
    arguments = Argument("self", "Tensor"), Argument("size", "List[int]", [1, 1])
    arguments += Argument("mode", "str", "a, b"), Argument("x", "Optional[Tensor]")
    found = operators_of(Schema(text + " -> ()", *arguments))
    assert found["pad.default"].takes == "(self, size=[1, 1], *, mode='a, b', x=None)"


def test_a_parameter_with_the_name_of_a_keyword_has_an_underscore(operators_of):
    arguments = Argument("self", "Tensor"), Argument("from", "int")
    found = operators_of(Schema("aten::random_.from(Tensor self, int from) -> ()", *arguments))
    assert found["random_.from"].takes == "(self, from_)"
    assert found["random_.from"].types == "self: Tensor, from_: int -> None"


def test_of_two_schemas_under_one_name_that_of_tensors_counts(operators_of):
    numbers = Schema("aten::log(Scalar a) -> ()", Argument("a", "number"))
    tensors = Schema("aten::log(Tensor self) -> ()", Argument("self", "Tensor"))
    assert operators_of(numbers, tensors)["log.default"].takes == "(self)"
    assert operators_of(tensors, numbers)["log.default"].takes == "(self)"


def test_an_operator_without_a_tensor_is_one_of_torchscript_and_is_left_out(operators_of):
    assert operators_of(Schema("aten::dict(...) -> (...)")) == {}


def test_python_knows_self_as_input_and_merges_the_overload_with_out():
    tensor = Parameter("self", type="Tensor")
    plain = Overload("", Signature((tensor,), "Tensor"))
    out = Parameter("out", KEYWORD, type="Tensor")
    writes = Overload("out", Signature((tensor, out), "Tensor"), ("out",))
    (form,) = forms.function_forms([plain, writes])
    assert form.takes == "(input, *, out=None)"
    (method,) = forms.method_forms([plain, writes])
    assert method.takes == "()"


def test_a_list_of_one_length_may_be_one_number():
    stride = Parameter("stride", default="[1, 1]", type="list[int]")
    (form,) = forms.function_forms([Overload("", Signature((stride,)), sized=("stride",))])
    assert form.takes == "(stride=1)"


def test_no_default_of_the_installed_torch_depends_on_the_machine():
    texts = [one.takes for one in schemas.operators().values()]
    assert not [text for text in texts if re.search(r"0x|<| at ", text)]
