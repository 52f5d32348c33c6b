"""Weights of classes and elements, ignored targets and smoothing, and what a loss keeps of them.

``weight`` has one number for each class in ``torch.nn.NLLLoss``, ``torch.nn.CrossEntropyLoss`` and
``torch.nn.MultiMarginLoss``, and for each element of a sample in ``torch.nn.BCELoss`` and
``torch.nn.MultiLabelSoftMarginLoss``. Only the mean of the first two divides by the weights.
``pos_weight`` multiplies the part of the target 1. Weights are buffers: a loss loads them from a
state dict, and computes with the loaded ones.
"""

import pytest
import torch
from torch import nn, tensor

from fixtures.settings import REDUCTIONS, each
from torch_history.observing import observe, observe_each

LOGS = [[-1.0, -2.0, -4.0], [-3.0, -5.0, -1.0], [-2.0, -1.0, -3.0]]


@pytest.mark.api("torch.nn.NLLLoss", "torch.nn.NLLLoss2d", page="generated/torch.nn.NLLLoss")
@pytest.mark.changed(
    "2.4",
    "NLLLoss2d warns with FutureWarning instead of UserWarning",
    kind="warning",
    cause="pytorch#127689",
    probable=True,
    of="torch.nn.NLLLoss2d",
    unless=(),
)
@pytest.mark.parametrize("name", ["NLLLoss", "NLLLoss2d"])
def test_nll_leaves_the_weight_of_ignored_targets_out_of_the_mean(name, snapshot):
    """``NLLLoss`` multiplies by the weight of the target, and divides the mean by these weights.

    The targets 1, 0 and 2 have the weights 2, 1 and 4. With ``ignore_index=2`` the third costs 0,
    and the mean divides by 3.
    """
    logs, target = tensor(LOGS), tensor([1, 0, 2])
    if name == "NLLLoss2d":
        logs, target = logs.reshape(3, 3, 1, 1), target.reshape(3, 1, 1)
    weight = tensor([1.0, 2.0, 4.0])
    cases = {
        "weight": {"weight": weight},
        "ignore_index": {"ignore_index": 2},
        "both": {"weight": weight, "ignore_index": 2},
        "none": {"weight": weight, "ignore_index": 2, "reduction": "none"},
    }
    assert snapshot == observe_each(
        each(lambda **settings: getattr(nn, name)(**settings)(logs, target), cases)
    )


@pytest.mark.api("torch.nn.CrossEntropyLoss", page="generated/torch.nn.CrossEntropyLoss")
@pytest.mark.changed(
    "1.10", "CrossEntropyLoss takes label_smoothing", kind="appeared", cause="pytorch#63122"
)
@pytest.mark.changed(
    "1.11",
    "ignored targets are not smoothed and do not count in the mean: the loss is 2.33 instead of "
    "1.46",
    kind="silent",
    cause="pytorch#69511",
    advice="on 1.10, index logits and target with target != -100 before the loss",
    when="label_smoothing!=0|0.0",
    depends="the targets",
)
def test_cross_entropy_class_takes_weight_ignore_index_and_smoothing(snapshot):
    """``CrossEntropyLoss`` takes ``weight``, ``ignore_index`` and ``label_smoothing`` together.

    The targets are 1, 0 and 2. With ``ignore_index=2`` the third counts nothing.
    """
    logs, target, weight = tensor(LOGS), tensor([1, 0, 2]), tensor([1.0, 2.0, 4.0])
    cases = {
        "weight": {"weight": weight},
        "ignore_index": {"ignore_index": 2},
        "label_smoothing": {"label_smoothing": 0.5},
        "all": {"weight": weight, "ignore_index": 2, "label_smoothing": 0.5},
    }
    assert snapshot == observe_each(
        each(lambda **settings: nn.CrossEntropyLoss(**settings)(logs, target), cases)
    )


@pytest.mark.api("torch.nn.BCELoss", page="generated/torch.nn.BCELoss")
def test_weighted_mean_of_bce_divides_by_the_elements(snapshot):
    """``BCELoss(weight=[1, 4])`` multiplies the elements of each sample by 1 and 4.

    The mean divides by the number of elements, not by the weights.
    """
    output, target = tensor([[0.5, 0.5], [0.5, 0.75]]), tensor([[1.0, 0.0], [0.0, 1.0]])
    weight = tensor([1.0, 4.0])
    assert snapshot == observe_each(
        each(lambda **settings: nn.BCELoss(weight=weight, **settings)(output, target), REDUCTIONS)
    )


@pytest.mark.api("torch.nn.BCEWithLogitsLoss", page="generated/torch.nn.BCEWithLogitsLoss")
def test_pos_weight_multiplies_the_part_of_the_target_one(snapshot):
    """``BCEWithLogitsLoss(pos_weight=[1, 4])`` multiplies the loss of a target 1 by 1 or 4.

    The loss of a target 0 stays. Each loss is log 2 here before the weights. ``weight`` multiplies
    both, and the mean divides by the number of elements.
    """
    output, target = torch.zeros(2, 2), tensor([[1.0, 1.0], [0.0, 0.0]])
    pos_weight, weight = tensor([1.0, 4.0]), tensor([2.0, 1.0])

    def loss(**settings):
        return nn.BCEWithLogitsLoss(**settings)(output, target)

    assert snapshot == observe_each(
        {
            "pos_weight": lambda: loss(pos_weight=pos_weight, reduction="none"),
            "weight": lambda: loss(weight=weight, reduction="none"),
            "both": lambda: loss(pos_weight=pos_weight, weight=weight, reduction="none"),
            "mean": lambda: loss(pos_weight=pos_weight, weight=weight),
        }
    )


@pytest.mark.api(
    "torch.nn.MultiLabelSoftMarginLoss", page="generated/torch.nn.MultiLabelSoftMarginLoss"
)
def test_multilabel_soft_margin_weight_is_for_each_class(snapshot):
    """``MultiLabelSoftMarginLoss(weight=[1, 4])`` multiplies the classes by 1 and 4.

    Each loss is log 2 before the weights. A sample costs the mean over its classes.
    """
    output, target = torch.zeros(2, 2), tensor([[1.0, 0.0], [1.0, 1.0]])
    weight = tensor([1.0, 4.0])
    assert snapshot == observe_each(
        each(
            lambda **settings: nn.MultiLabelSoftMarginLoss(weight=weight, **settings)(
                output, target
            ),
            REDUCTIONS,
        )
    )


@pytest.mark.api("torch.nn.MultiMarginLoss", page="generated/torch.nn.MultiMarginLoss")
def test_weighted_mean_of_multi_margin_divides_by_the_samples(snapshot):
    """``MultiMarginLoss(weight=[1, 4, 1])`` multiplies a sample by the weight of its target.

    The mean divides by the number of samples, not by the weights.
    """
    output, target = tensor([[0.5, 0.0, 1.0], [0.0, 0.25, 0.0]]), tensor([0, 1])
    weight = tensor([1.0, 4.0, 1.0])
    assert snapshot == observe_each(
        each(
            lambda **settings: nn.MultiMarginLoss(weight=weight, **settings)(output, target),
            REDUCTIONS,
        )
    )


# name -> a setting that is a buffer, and what the loss is called with
KEPT = {
    "NLLLoss": ("weight", tensor(LOGS), tensor([1, 0, 2])),
    "NLLLoss2d": (
        "weight",
        tensor(LOGS).reshape(3, 3, 1, 1),
        tensor([1, 0, 2]).reshape(3, 1, 1),
    ),
    "CrossEntropyLoss": ("weight", tensor(LOGS), tensor([1, 0, 2])),
    "BCELoss": ("weight", tensor([0.5, 0.5, 0.75]), tensor([1.0, 0.0, 1.0])),
    "BCEWithLogitsLoss": ("pos_weight", torch.zeros(3), torch.ones(3)),
    "MultiLabelSoftMarginLoss": ("weight", torch.zeros(1, 3), torch.ones(1, 3)),
    "MultiMarginLoss": ("weight", tensor(LOGS), tensor([1, 0, 2])),
}


@pytest.mark.api(
    "torch.nn.NLLLoss",
    "torch.nn.NLLLoss2d",
    "torch.nn.CrossEntropyLoss",
    "torch.nn.BCELoss",
    "torch.nn.BCEWithLogitsLoss",
    "torch.nn.MultiLabelSoftMarginLoss",
    "torch.nn.MultiMarginLoss",
    page="nn",
)
@pytest.mark.changed(
    "2.4",
    "NLLLoss2d warns with FutureWarning instead of UserWarning",
    kind="warning",
    cause="pytorch#127689",
    probable=True,
    of="torch.nn.NLLLoss2d",
    unless=(),
)
@pytest.mark.parametrize("name", KEPT)
def test_loss_computes_with_the_weights_that_it_has_loaded(name, snapshot):
    """A loss with weights of 1 computes with the weights of the state dict that it has loaded.

    The weights of the state dict are 1, 2 and 4. A loss that was made without weights has no such
    buffer, and cannot load them.
    """
    setting, *inputs = KEPT[name]

    def loaded(saved, made):
        loss = getattr(nn, name)(reduction="sum", **made)
        loss.load_state_dict(getattr(nn, name)(**{setting: saved}).state_dict())
        return {"loss": loss(*inputs), "kept": dict(loss.state_dict())}

    assert snapshot == observe_each(
        {
            "made with ones": lambda: loaded(tensor([1.0, 2.0, 4.0]), {setting: torch.ones(3)}),
            "made without": lambda: loaded(tensor([1.0, 2.0, 4.0]), {}),
        }
    )


@pytest.mark.api("torch.nn.BCEWithLogitsLoss", page="generated/torch.nn.BCEWithLogitsLoss")
def test_bce_with_logits_loads_its_weight_beside_its_pos_weight(snapshot):
    """``BCEWithLogitsLoss`` keeps ``weight`` and ``pos_weight`` apart in its state dict.

    The loaded weight is 2 for the targets 1 and 0, and the loaded ``pos_weight`` is 4: 8 and 2
    times log 2.
    """

    def act():
        loss = nn.BCEWithLogitsLoss(
            weight=torch.ones(2), pos_weight=torch.ones(2), reduction="none"
        )
        loss.load_state_dict({"weight": tensor([2.0, 2.0]), "pos_weight": tensor([4.0, 4.0])})
        return {"loss": loss(torch.zeros(2), tensor([1.0, 0.0])), "kept": dict(loss.state_dict())}

    assert snapshot == observe(act)
