"""What ``functional_call`` takes, under each of its names."""

import pytest

from fixtures.arguments import arguments_of
from history.observe import observe


@pytest.mark.api("torch.func.functional_call", page="generated/torch.func.functional_call")
@pytest.mark.parametrize("name", ["func.functional_call", "func.stack_module_state", "nn.utils.stateless.functional_call"])
def test_functional_calls_take_these_arguments(name, snapshot):
    """``tie_weights`` says whether one value stands for every name of a tied parameter."""
    assert snapshot == observe(lambda: arguments_of(f"torch.{name}"))
