"""Weight norm, old and new: two parameters replace one, which renames state dict keys.

``torch.nn.utils.weight_norm`` and ``torch.nn.utils.parametrizations.weight_norm``, since 2.1,
replace the weight by a length and a direction. They use different names; the new form also loads
the old names. Neither loads the state dict of a plain layer: load it first, then apply weight norm.
The old form warns since 2.1 and cannot be deep-copied. The new form cannot be saved whole, and
changes the class of the layer.
"""

import copy

import pytest
import torch
from torch import nn

from fixtures.models import linear
from torch_history.observing import observe

ADDED = ["weight_norm", "parametrizations.weight_norm"]


def normalised(name, layer=None):
    """A 2 -> 1 layer of weight [3, 4], length 5, under this function of ``torch.nn.utils``."""
    functions = nn.utils
    for part in name.split("."):
        functions = getattr(functions, part)
    return functions(layer or linear([[3.0, 4.0]], [0.5]))


@pytest.mark.api(
    "torch.nn.utils.weight_norm",
    "torch.nn.utils.parametrizations.weight_norm",
    page="generated/torch.nn.utils.parametrizations.weight_norm",
)
@pytest.mark.changed(
    "1.9",
    "torch.nn.utils.parametrizations appears, still without weight_norm",
    kind="wording",
    cause="pytorch#57784",
    when=":caught",
    of="torch.nn.utils.parametrizations.weight_norm",
)
@pytest.mark.changed(
    "2.1",
    "parametrizations.weight_norm appears, and saves original0 and original1",
    kind="appeared",
    cause="pytorch#103001",
    of="torch.nn.utils.parametrizations.weight_norm",
    unless=(),
)
@pytest.mark.changed(
    "2.1",
    "the old function warns",
    kind="warning",
    cause="pytorch#103001",
    advice="call torch.nn.utils.parametrizations.weight_norm",
    of="torch.nn.utils.weight_norm",
    unless=(),
)
@pytest.mark.changed(
    "2.4",
    "the old function's warning is a FutureWarning instead of a UserWarning",
    kind="warning",
    cause="pytorch#127689",
    advice="call torch.nn.utils.parametrizations.weight_norm",
    of="torch.nn.utils.weight_norm",
    unless=(),
)
@pytest.mark.parametrize("name", ADDED)
def test_weight_norm_saves_length_and_direction_for_the_weight(name, snapshot):
    """Weight norm saves a length and a direction instead of the key ``weight``.

    The old and the parametrized function use different names. The old function warns since 2.1.
    """
    assert snapshot == observe(lambda: dict(normalised(name).state_dict()))


@pytest.mark.api(
    "torch.nn.utils.weight_norm",
    "torch.nn.utils.parametrizations.weight_norm",
    page="generated/torch.nn.utils.parametrizations.weight_norm",
)
@pytest.mark.changed(
    "1.9",
    "torch.nn.utils.parametrizations appears, still without weight_norm",
    kind="wording",
    cause="pytorch#57784",
    when=":caught",
    of="torch.nn.utils.parametrizations.weight_norm",
)
@pytest.mark.changed(
    "2.1",
    "parametrizations.weight_norm appears, and raises on the plain layer's keys too",
    kind="exception",
    cause="pytorch#103001",
    of="torch.nn.utils.parametrizations.weight_norm",
    when=":caught",
    rarely="the state dict of a plain layer",
)
@pytest.mark.changed(
    "2.1",
    "the old function warns",
    kind="warning",
    cause="pytorch#103001",
    advice="call torch.nn.utils.parametrizations.weight_norm",
    of="torch.nn.utils.weight_norm",
    unless=(),
)
@pytest.mark.changed(
    "2.4",
    "the old function's warning is a FutureWarning instead of a UserWarning",
    kind="warning",
    cause="pytorch#127689",
    advice="call torch.nn.utils.parametrizations.weight_norm",
    of="torch.nn.utils.weight_norm",
    unless=(),
)
@pytest.mark.parametrize("name", ADDED)
def test_state_dict_of_the_plain_layer_does_not_load_under_weight_norm(name, snapshot):
    """The state dict of a plain layer does not load into a layer under weight norm.

    Load it first, then apply weight norm.
    """
    saved = linear([[3.0, 4.0]], [0.5]).state_dict()
    assert snapshot == observe(lambda: normalised(name).load_state_dict(saved))


@pytest.mark.api(
    "torch.nn.utils.parametrizations.weight_norm",
    page="generated/torch.nn.utils.parametrizations.weight_norm",
)
@pytest.mark.changed(
    "1.9",
    "torch.nn.utils.parametrizations appears, still without weight_norm",
    kind="wording",
    cause="pytorch#57784",
    when=":caught",
)
@pytest.mark.changed(
    "2.1",
    "parametrizations.weight_norm appears, and loads weight_g and weight_v",
    kind="appeared",
    cause="pytorch#103001",
    unless=(),
)
def test_parametrized_weight_norm_loads_the_old_names(snapshot):
    """``parametrizations.weight_norm`` strictly loads ``weight_g`` and ``weight_v``."""
    saved = {
        "bias": torch.tensor([0.5]),
        "weight_g": torch.tensor([[5.0]]),
        "weight_v": torch.tensor([[0.75, 1.0]]),
    }

    def act():
        layer = normalised("parametrizations.weight_norm", linear([[1.0, 1.0]], [0.0]))
        layer.load_state_dict(saved)
        return layer.weight.detach()

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.utils.weight_norm",
    "torch.nn.utils.parametrizations.weight_norm",
    page="generated/torch.nn.utils.parametrizations.weight_norm",
)
@pytest.mark.changed(
    "1.9",
    "torch.nn.utils.parametrizations appears, still without weight_norm",
    kind="wording",
    cause="pytorch#57784",
    when=":caught",
    of="torch.nn.utils.parametrizations.weight_norm",
)
@pytest.mark.changed(
    "2.1",
    "parametrizations.weight_norm appears, and its layer can be copied",
    kind="appeared",
    cause="pytorch#103001",
    of="torch.nn.utils.parametrizations.weight_norm",
    unless=(),
)
@pytest.mark.changed(
    "2.1",
    "the old function warns",
    kind="warning",
    cause="pytorch#103001",
    advice="call torch.nn.utils.parametrizations.weight_norm",
    of="torch.nn.utils.weight_norm",
    unless=(),
)
@pytest.mark.changed(
    "2.1",
    "the error of the copied old form names weight_norm as a possible cause",
    kind="wording",
    cause="pytorch#103001",
    of="torch.nn.utils.weight_norm",
    when=":caught",
    rarely="a layer that is deep-copied",
)
@pytest.mark.changed(
    "2.4",
    "the old function's warning is a FutureWarning instead of a UserWarning",
    kind="warning",
    cause="pytorch#127689",
    advice="call torch.nn.utils.parametrizations.weight_norm",
    of="torch.nn.utils.weight_norm",
    unless=(),
)
@pytest.mark.parametrize("name", ADDED)
def test_parametrized_weight_norm_can_be_deepcopied_and_the_old_form_cannot(name, snapshot):
    """A layer under ``parametrizations.weight_norm`` can be deep-copied; the old form cannot.

    The old form keeps its weight as a non-leaf tensor. The new form computes its weight anew.
    """
    assert snapshot == observe(lambda: list(copy.deepcopy(normalised(name)).state_dict()))


@pytest.mark.api(
    "torch.nn.utils.weight_norm",
    "torch.nn.utils.parametrizations.weight_norm",
    page="generated/torch.nn.utils.parametrizations.weight_norm",
)
@pytest.mark.changed(
    "1.9",
    "torch.nn.utils.parametrizations appears, still without weight_norm",
    kind="wording",
    cause="pytorch#57784",
    when=":caught",
    of="torch.nn.utils.parametrizations.weight_norm",
)
@pytest.mark.changed(
    "2.1",
    "parametrizations.weight_norm appears, and its layer cannot be saved whole",
    kind="exception",
    cause="pytorch#103001",
    advice="save layer.state_dict()",
    of="torch.nn.utils.parametrizations.weight_norm",
    when=":caught",
    rarely="a layer that is saved whole",
)
@pytest.mark.changed(
    "2.1",
    "the old function warns",
    kind="warning",
    cause="pytorch#103001",
    advice="call torch.nn.utils.parametrizations.weight_norm",
    of="torch.nn.utils.weight_norm",
    unless=(),
)
@pytest.mark.changed(
    "2.4",
    "the old function's warning is a FutureWarning instead of a UserWarning",
    kind="warning",
    cause="pytorch#127689",
    advice="call torch.nn.utils.parametrizations.weight_norm",
    of="torch.nn.utils.weight_norm",
    unless=(),
)
@pytest.mark.parametrize("name", ADDED)
def test_parametrized_layer_cannot_be_saved_whole_and_the_old_form_can(here, name, snapshot):
    """A layer under ``parametrizations.weight_norm`` cannot be saved whole; the old form can.

    Save its state dict instead.
    """

    def act():
        torch.save(normalised(name), "whole.pt")

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.utils.weight_norm",
    "torch.nn.utils.parametrizations.weight_norm",
    page="generated/torch.nn.utils.parametrizations.weight_norm",
)
@pytest.mark.changed(
    "1.9",
    "torch.nn.utils.parametrizations appears, still without weight_norm",
    kind="wording",
    cause="pytorch#57784",
    when=":caught",
    of="torch.nn.utils.parametrizations.weight_norm",
)
@pytest.mark.changed(
    "2.1",
    "parametrizations.weight_norm appears, and makes the layer a ParametrizedLinear",
    kind="appeared",
    cause="pytorch#103001",
    of="torch.nn.utils.parametrizations.weight_norm",
    unless=(),
)
@pytest.mark.changed(
    "2.1",
    "the old function warns",
    kind="warning",
    cause="pytorch#103001",
    advice="call torch.nn.utils.parametrizations.weight_norm",
    of="torch.nn.utils.weight_norm",
    unless=(),
)
@pytest.mark.changed(
    "2.4",
    "the old function's warning is a FutureWarning instead of a UserWarning",
    kind="warning",
    cause="pytorch#127689",
    advice="call torch.nn.utils.parametrizations.weight_norm",
    of="torch.nn.utils.weight_norm",
    unless=(),
)
@pytest.mark.parametrize("name", ADDED)
def test_parametrized_layer_is_of_a_class_of_its_own(name, snapshot):
    """``parametrizations.weight_norm`` changes the class of a layer to ``ParametrizedLinear``.

    ``type(layer) is nn.Linear`` is then False.
    """

    def act():
        layer = normalised(name)
        return {"class": type(layer).__name__, "is a Linear": isinstance(layer, nn.Linear)}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.utils.weight_norm",
    "torch.nn.utils.parametrizations.weight_norm",
    page="generated/torch.nn.utils.parametrizations.weight_norm",
)
@pytest.mark.changed(
    "1.9",
    "torch.nn.utils.parametrizations appears, still without weight_norm",
    kind="wording",
    cause="pytorch#57784",
    when=":caught",
    of="torch.nn.utils.parametrizations.weight_norm",
)
@pytest.mark.changed(
    "2.1",
    "parametrizations.weight_norm appears, with the same gradients",
    kind="appeared",
    cause="pytorch#103001",
    of="torch.nn.utils.parametrizations.weight_norm",
    unless=(),
)
@pytest.mark.changed(
    "2.1",
    "the old function warns",
    kind="warning",
    cause="pytorch#103001",
    advice="call torch.nn.utils.parametrizations.weight_norm",
    of="torch.nn.utils.weight_norm",
    unless=(),
)
@pytest.mark.changed(
    "2.4",
    "the old function's warning is a FutureWarning instead of a UserWarning",
    kind="warning",
    cause="pytorch#127689",
    advice="call torch.nn.utils.parametrizations.weight_norm",
    of="torch.nn.utils.weight_norm",
    unless=(),
)
@pytest.mark.parametrize("name", ADDED)
def test_weight_norm_splits_the_gradient_into_length_and_direction(name, snapshot):
    """Weight norm splits the gradient of the weight into a length part and a direction part.

    The length's gradient is that of the weight along its direction. The direction's gradient is at
    right angles to it.

    The weight is [2, 0], and its gradient is the input, [1, 3]: 1 along the weight, and [0, 3]
    across it.
    """

    def act():
        layer = normalised(name, linear([[2.0, 0.0]], [0.5]))
        layer(torch.tensor([[1.0, 3.0]])).sum().backward()
        return [parameter.grad for parameter in layer.parameters()]

    assert snapshot == observe(act)
