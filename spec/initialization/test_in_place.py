"""``torch.nn.init`` functions end in an underscore: they write in place, outside autograd.

Each returns the tensor that it was given, with new values in the old storage. A parameter stays a
leaf, and the call needs no ``torch.no_grad`` around it, while an in-place method on a parameter
raises. Nothing else about the parameter changes: it stays frozen if it was, and keeps its gradient.
Trap: the next step applies this old gradient, unless ``zero_grad`` clears it. A call between
forward and backward makes backward raise.
"""

import pytest
import torch

from fixtures.models import linear
from torch_history.observing import observe

NAMES = [
    "uniform_",
    "normal_",
    "zeros_",
    "ones_",
    "eye_",
    "xavier_uniform_",
    "xavier_normal_",
    "kaiming_uniform_",
    "kaiming_normal_",
    "orthogonal_",
]


@pytest.mark.api("torch.nn.init.uniform_", page="nn.init", article="D")
@pytest.mark.parametrize("name", NAMES, ids=NAMES)
def test_init_returns_the_tensor_it_wrote_to(name, snapshot):
    """Each ``torch.nn.init`` function returns the tensor that it was given.

    The new values are in the old storage.
    """
    weight = torch.nn.Parameter(torch.full((2, 2), 7.0))
    pointer = weight.data_ptr()

    def act():
        returned = getattr(torch.nn.init, name)(weight)
        return {
            "returns it": returned is weight,
            "same storage": weight.data_ptr() == pointer,
            "still 7": (weight == 7).any().item(),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.init.constant_", page="nn.init", article="D")
def test_init_is_not_recorded_by_autograd(snapshot):
    """Autograd does not record ``torch.nn.init``: a parameter stays a leaf without ``grad_fn``.

    The parameter still requires a gradient. The call needs no ``no_grad`` around it.
    """
    weight = torch.nn.Parameter(torch.tensor([[1.0, 2.0]]))
    torch.nn.init.constant_(weight, 3.0)
    assert snapshot == observe(
        lambda: {"is_leaf": weight.is_leaf, "grad_fn": weight.grad_fn, "weight": weight}
    )


@pytest.mark.api(
    "torch.Tensor.fill_", "torch.nn.init.constant_", page="notes/autograd", article="D"
)
@pytest.mark.changed(
    "1.5",
    'the message says "is being used" instead of "has been used"',
    kind="wording",
    cause="pytorch#31990",
)
def test_in_place_method_on_a_parameter_raises_where_init_does_not(snapshot):
    """``weight.fill_(3)`` on a leaf that requires grad raises; ``torch.nn.init`` does not.

    In-place methods do not switch autograd off, as ``torch.nn.init`` does.
    """
    weight = torch.nn.Parameter(torch.tensor([[1.0, 2.0]]))
    assert snapshot == observe(lambda: weight.fill_(3.0))


@pytest.mark.api("torch.nn.init.zeros_", page="nn.init")
def test_init_of_a_frozen_parameter_leaves_it_frozen(snapshot):
    """``torch.nn.init`` leaves a frozen parameter frozen."""
    weight = torch.nn.Parameter(torch.tensor([[1.0, 2.0]]), requires_grad=False)
    assert snapshot == observe(lambda: torch.nn.init.zeros_(weight))


@pytest.mark.api("torch.nn.init.zeros_", page="nn.init")
def test_init_keeps_the_gradient(snapshot):
    """``torch.nn.init`` keeps the gradient of the parameter: call ``zero_grad`` too.

    Otherwise the next step applies the old gradient to the new values.
    """
    weight = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    weight.grad = torch.tensor([5.0, 5.0])
    assert snapshot == observe(lambda: torch.nn.init.zeros_(weight).grad)


@pytest.mark.api("torch.nn.init.zeros_", page="nn.init")
def test_init_of_a_part_writes_into_the_whole(snapshot):
    """``torch.nn.init`` on a slice of a parameter writes into the parameter.

    A slice is a view: pass it to set one row, one gate or one head.
    """
    layer = linear([[1.0, 2.0], [3.0, 4.0]])
    torch.nn.init.zeros_(layer.weight.data[0])
    assert snapshot == observe(lambda: layer.weight)


@pytest.mark.api("torch.nn.init.zeros_", page="nn.init")
@pytest.mark.changed("2.11", "the hint adds check_nan=False", kind="wording")
def test_init_between_forward_and_backward_makes_backward_raise(snapshot):
    """``torch.nn.init`` between forward and backward makes backward raise.

    Autograd does not record the call, but the version counter of the parameter rises. Backward
    notices that a saved tensor has changed.
    """
    weight = torch.nn.Parameter(torch.tensor([2.0]))
    loss = (weight * weight).sum()
    torch.nn.init.zeros_(weight)
    assert snapshot == observe(lambda: loss.backward())


@pytest.mark.api(
    "torch.nn.init.xavier_uniform",
    "torch.nn.init.uniform",
    "torch.nn.init.normal",
    "torch.nn.init.constant",
    "torch.nn.init.eye",
    "torch.nn.init.dirac",
    "torch.nn.init.xavier_normal",
    "torch.nn.init.kaiming_uniform",
    "torch.nn.init.kaiming_normal",
    "torch.nn.init.orthogonal",
    "torch.nn.init.sparse",
    page="nn.init",
)
@pytest.mark.changed(
    "2.4",
    "warns with FutureWarning instead of UserWarning",
    kind="warning",
    cause="pytorch#127689",
    probable=True,
    advice="use the name with an underscore",
    unless=(),
)
def test_init_without_underscore_is_deprecated(snapshot):
    """The old names without an underscore, such as ``torch.nn.init.constant``, are deprecated.

    They also write in place, and they warn.
    """
    weight = torch.tensor([[7.0]])

    def act():
        returned = torch.nn.init.constant(weight, 3.0)
        return {"returns it": returned is weight, "value": returned.clone()}

    assert snapshot == observe(act)
