"""A one-element parameter in a log line: how ``format``, f-strings and ``float`` treat it.

Since 1.13 an f-string prints the whole description of a 0-dimensional ``torch.nn.Parameter``, and a
format such as ``:.2f`` raises. A plain tensor still prints its number. Since 2.8
``float(parameter)`` warns that a gradient may be lost. Write ``parameter.item()``, which gives the
number on every release.
"""

import pytest
import torch
from torch import nn

from torch_history.observing import observe


def scale():
    """A 0-dimensional parameter, for example a learned temperature."""
    return nn.Parameter(torch.tensor(1.5))


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.Parameter")
# cause unknown: in 1.13 Tensor.__format__ asks for `type(self) is Tensor`. Searched for
# __format__ and subclasses: only the later issue pytorch#82764 and its pull request are found.
@pytest.mark.changed(
    "1.13",
    "prints the whole description instead of the number",
    kind="silent",
    advice="write parameter.item()",
    restored_by="modules.f_string_of_the_item_of_a_parameter_prints_the_number",
    when=":unseen",
    cause="pytorch#82764 (the issue)",
)
def test_f_string_of_a_parameter_prints_its_description(snapshot):
    """Since 1.13 an f-string prints the whole description of a 0-dimensional Parameter.

    A 0-dimensional tensor prints its number. Write ``parameter.item()``.
    """
    assert snapshot == observe(lambda: f"scale {scale()}")


@pytest.mark.api("torch.nn.Parameter", "torch.Tensor.item", page="generated/torch.Tensor.item")
def test_f_string_of_the_item_of_a_parameter_prints_the_number(snapshot):
    """``f"{parameter.item()}"`` prints the number of a 0-dimensional Parameter on every release."""
    assert snapshot == observe(lambda: f"scale {scale().item()}")


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.Parameter")
# cause unknown: in 1.13 Tensor.__format__ asks for `type(self) is Tensor`. Searched for
# __format__ and subclasses: only the later issue pytorch#82764 and its pull request are found.
@pytest.mark.changed(
    "1.13",
    "raises TypeError instead of formatting the number",
    kind="error",
    advice="format parameter.item()",
    restored_by="modules.format_with_decimals_takes_the_item_of_a_parameter",
    when=":unseen",
    cause="pytorch#82764 (the issue)",
)
def test_format_with_decimals_refuses_a_parameter(snapshot):
    """Since 1.13 ``f"{model.scale:.2f}"`` raises for a Parameter.

    It works for a tensor that requires grad.
    """
    assert f"{torch.tensor(1.5, requires_grad=True):.2f}" == "1.50"
    assert snapshot == observe(lambda: f"{scale():.2f}")


@pytest.mark.api("torch.nn.Parameter", "torch.Tensor.item", page="generated/torch.Tensor.item")
def test_format_with_decimals_takes_the_item_of_a_parameter(snapshot):
    """``f"{parameter.item():.2f}"`` formats the number of a Parameter on every release."""
    assert snapshot == observe(lambda: f"{scale().item():.2f}")


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.Tensor.item")
@pytest.mark.changed(
    "2.8",
    "warns that a gradient may be lost",
    kind="warning",
    cause="pytorch#143261",
    advice="call item()",
    when=":unseen",
)
def test_float_of_a_parameter_warns(snapshot):
    """Since 2.8 ``float(parameter)`` warns that a gradient may be lost.

    ``parameter.item()`` returns the number without a warning.
    """
    assert snapshot == observe(lambda: float(scale()))
