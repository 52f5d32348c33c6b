"""Stubs: what the .pyi files of a wheel say of functions without a Python signature."""

import pytest

from torch_history.surveying.stubs import stub


def takes(text, name):
    """The parameters of each overload of a name."""
    return [one.takes for one in stub(text)[name]]


def test_overloads_stand_together_in_their_order():
    text = """
@overload
def add(input: Tensor, other: Tensor, *, alpha: Number = 1) -> Tensor: ...
@overload
def add(self: Tensor, alpha: Number, other: Tensor) -> Tensor: ...
"""
    assert takes(text, "add") == ["(input, other, *, alpha=1)", "(self, alpha, other)"]


def test_a_method_stands_without_self_and_a_static_one_as_it_is():
    text = """
class Tensor:
    def view(self, *size: _int) -> Tensor: ...
    @staticmethod
    def make(data, /, **options): ...
    @property
    def grad(self) -> Tensor: ...
"""
    assert takes(text, "Tensor.view") == ["(*size)"]
    assert takes(text, "Tensor.make") == ["(data, /, **options)"]
    assert "Tensor.grad" not in stub(text)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        pytest.param("strided", "torch.strided", id="name-of-torch"),
        pytest.param("torch.strided", "torch.strided", id="dotted-name"),
        pytest.param("...", "...", id="untold"),
        pytest.param("-1", "-1", id="negative"),
        pytest.param("()", "[]", id="tuple-as-the-list-of-a-schema"),
        pytest.param('"mean"', "'mean'", id="string"),
        pytest.param("f(1)", "...", id="expression"),
    ],
)
def test_defaults_have_one_spelling(written, text):
    assert takes(f"def f(x={written}): ...", "f") == [f"(x={text})"]


def test_types_stand_apart_in_one_spelling_over_several_lines():
    text = """
def sum(
    input: Tensor,
    dim: Optional[
        Union[_int, _size]
    ] = None,
) -> Tensor: ...
"""
    (found,) = stub(text)["sum"]
    assert found.takes == "(input, dim=None)"
    assert found.types == "input: Tensor, dim: int | size | None -> Tensor"


def test_what_depends_on_the_version_of_python_is_read_on_both_sides():
    text = """
if sys.version_info >= (3, 9):
    def f(x: int | None = None): ...
else:
    def g(): ...
"""
    assert takes(text, "f") == ["(x=None)"]
    assert takes(text, "g") == ["()"]


def test_a_stub_that_cannot_be_parsed_says_so():
    with pytest.raises(ValueError, match=r"the stub cannot be parsed: .*line 1"):
        stub("def f(:\n")
