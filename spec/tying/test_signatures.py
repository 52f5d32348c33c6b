"""Signatures of ``functional_call`` under each of its names, and of ``stack_module_state``.

Since 2.0 ``functional_call`` takes ``tie_weights`` and ``strict``, by keyword only, under both
names. Since 2.6 ``args`` may be left out.
"""

import pytest

from fixtures.arguments import arguments_of
from torch_history.observing import observe


@pytest.mark.api(
    "torch.func.functional_call", page="generated/torch.func.functional_call", signature=True
)
@pytest.mark.changed("1.12", "nn.utils.stateless.functional_call appears", kind="appeared")
@pytest.mark.changed(
    "2.0", "func.functional_call appears", kind="appeared", cause="pytorch#89213", probable=True
)
@pytest.mark.changed(
    "2.0", "func.stack_module_state appears", kind="appeared", cause="pytorch#88850"
)
@pytest.mark.changed(
    "2.0",
    "stateless.functional_call takes tie_weights",
    kind="appeared",
    cause="pytorch#90477",
    probable=True,
)
@pytest.mark.changed(
    "2.0",
    "stateless.functional_call takes strict",
    kind="appeared",
    cause="pytorch#92536",
    probable=True,
)
@pytest.mark.changed(
    "2.6",
    "args is None by default (both functional_call)",
    kind="representation",
    cause="pytorch#134643",
)
@pytest.mark.parametrize(
    "name",
    ["func.functional_call", "func.stack_module_state", "nn.utils.stateless.functional_call"],
)
def test_functional_calls_take_these_arguments(name, snapshot):
    """``functional_call`` and ``stack_module_state`` take these arguments.

    ``tie_weights`` decides whether one value replaces every name of a tied parameter.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.{name}"))
