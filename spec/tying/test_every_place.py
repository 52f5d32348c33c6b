"""Listings of shared modules and buffers under every name, and uses of ``functional_call``.

``remove_duplicate=False`` lists every place, for ``named_buffers()`` since 2.0 and for
``modules()`` since 2.11. ``torch.func.functional_call``, since 2.0, calls a module with other
values for its parameters. It ignores a name that the module does not have, and since 2.6 needs no
``args``. The older ``torch.nn.utils.stateless.functional_call`` warns since 2.0.
"""

import pytest
import torch
from torch import nn

from fixtures.checkpoint import batchnorm
from fixtures.models import linear
from fixtures.tying import shared_layer
from torch_history.observing import observe


@pytest.mark.api("torch.nn.Module.modules", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "2.11", "modules takes remove_duplicate", kind="appeared", cause="pytorch#174383"
)
def test_modules_lists_every_place_when_asked(snapshot):
    """``modules(remove_duplicate=False)`` lists a shared layer once for each place."""
    assert snapshot == observe(
        lambda: [type(module).__name__ for module in shared_layer().modules(remove_duplicate=False)]
    )


@pytest.mark.api("torch.nn.Module.named_buffers", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "2.0", "named_buffers takes remove_duplicate", kind="appeared", cause="pytorch#85903"
)
def test_named_buffers_lists_every_name_when_asked(snapshot):
    """``named_buffers(remove_duplicate=False)`` lists a shared layer's buffers under every name."""
    norm = batchnorm()
    assert snapshot == observe(
        lambda: [
            name for name, _ in nn.Sequential(norm, norm).named_buffers(remove_duplicate=False)
        ]
    )


@pytest.mark.api(
    "torch.nn.utils.stateless.functional_call", page="generated/torch.func.functional_call"
)
@pytest.mark.changed("1.12", "stateless.functional_call appears", kind="appeared")
@pytest.mark.changed(
    "2.0",
    "warns that it is deprecated",
    kind="warning",
    cause="pytorch#92280",
    advice="call torch.func.functional_call",
    unless=(),
)
@pytest.mark.changed(
    "2.4",
    "the warning is a FutureWarning instead of a UserWarning",
    kind="warning",
    cause="pytorch#127689",
    probable=True,
    advice="call torch.func.functional_call",
    unless=(),
)
def test_stateless_functional_call_warns(snapshot):
    """Since 2.0 ``torch.nn.utils.stateless.functional_call`` warns at every call.

    It is the older name of ``torch.func.functional_call``, and still computes.
    """
    model, given = linear([[2.0]]), {"weight": torch.tensor([[3.0]])}
    assert snapshot == observe(
        lambda: nn.utils.stateless.functional_call(model, given, (torch.tensor([[10.0]]),))
    )


@pytest.mark.api("torch.func.functional_call", page="generated/torch.func.functional_call")
@pytest.mark.changed(
    "2.0",
    "torch.func.functional_call appears",
    kind="appeared",
    cause="pytorch#89213",
    probable=True,
)
def test_functional_call_ignores_a_name_that_the_module_lacks(snapshot):
    """``functional_call`` ignores a name that the module does not have; ``strict=True`` raises.

    A misspelt name replaces nothing, and the module's own value is used.
    """
    model, given = linear([[2.0]]), {"wieght": torch.tensor([[3.0]])}
    assert snapshot == observe(
        lambda: torch.func.functional_call(model, given, (torch.tensor([[10.0]]),)).detach()
    )


@pytest.mark.api("torch.func.functional_call", page="generated/torch.func.functional_call")
@pytest.mark.changed(
    "2.0",
    "torch.func.functional_call appears, and requires args",
    kind="appeared",
    cause="pytorch#89213",
    probable=True,
)
@pytest.mark.changed(
    "2.6",
    "args may be left out",
    kind="error-gone",
    cause="pytorch#134643",
    advice="before 2.6, pass an empty tuple",
)
def test_functional_call_needs_no_arguments(snapshot):
    """Since 2.6 ``functional_call(module, values)`` needs no ``args``.

    It calls a module whose ``forward`` takes no arguments.
    """

    class Level(nn.Module):
        def __init__(self):
            super().__init__()
            self.level = nn.Parameter(torch.tensor([1.0]))

        def forward(self):
            return self.level * 10.0

    assert snapshot == observe(
        lambda: torch.func.functional_call(Level(), {"level": torch.tensor([3.0])})
    )
