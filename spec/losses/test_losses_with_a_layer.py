"""Losses that have a layer of their own: ``LinearCrossEntropyLoss`` and the adaptive softmax.

``torch.nn.LinearCrossEntropyLoss`` computes the last linear layer and the cross-entropy of its
logits; the layer is in its state dict. ``torch.nn.AdaptiveLogSoftmaxWithLoss`` gives frequent
classes a layer over all features, and rare classes smaller ones. Trap: with ``options`` the former
has no second derivative.
"""

import pytest
import torch
from torch import nn, tensor
from torch.nn import functional as F

from fixtures.settings import each
from torch_history.observing import observe, observe_each

LOGITS = [[-1.0, -2.0, -4.0], [-3.0, -5.0, -1.0], [-2.0, -1.0, -3.0]]


@pytest.mark.api("torch.nn.functional.linear_cross_entropy", page="nn.functional")
@pytest.mark.changed(
    "2.13", "linear_cross_entropy appears", kind="appeared", cause="pytorch#172286", probable=True
)
def test_linear_cross_entropy_takes_the_settings_of_both(snapshot):
    """``linear_cross_entropy`` takes the bias of the layer and all settings of the loss.

    The features are the logits, as the weight of the layer is the identity. The targets are 1, 0
    and 2.
    """
    inputs, weight = (tensor(LOGITS), torch.eye(3), tensor([1, 0, 2])), tensor([1.0, 2.0, 4.0])
    cases = {
        "linear_bias": {"linear_bias": tensor([1.0, 0.0, -1.0])},
        "weight": {"weight": weight},
        "reduction": {"reduction": "none"},
        "ignore_index": {"ignore_index": 2},
        "label_smoothing": {"label_smoothing": 0.5},
    }
    assert snapshot == observe_each(
        each(lambda **settings: F.linear_cross_entropy(*inputs, **settings), cases)
    )


@pytest.mark.api(
    "torch.nn.LinearCrossEntropyLoss", page="generated/torch.nn.LinearCrossEntropyLoss"
)
@pytest.mark.changed(
    "2.13", "LinearCrossEntropyLoss appears", kind="appeared", cause="pytorch#181573"
)
def test_linear_cross_entropy_class_has_a_layer_and_the_settings_of_the_loss(snapshot):
    """``LinearCrossEntropyLoss(3, 3)`` has a linear layer, whose weight is the identity here.

    The targets are 1, 0 and 2. ``bias=True`` gives the layer a bias, and ``out_features=(2,)`` asks
    for two targets a sample.
    """
    target = tensor([1, 0, 2])

    def loss(target=target, **settings):
        made = nn.LinearCrossEntropyLoss(3, 3, **settings)
        with torch.no_grad():
            made.linear.weight.copy_(torch.eye(3).repeat(made.linear.out_features // 3, 1))
            if made.linear.bias is not None:
                made.linear.bias.copy_(tensor([1.0, 0.0, -1.0]))
        logits = tensor(LOGITS, dtype=made.linear.weight.dtype)
        return {"loss": made(logits, target), "state": list(made.state_dict())}

    cases = {
        "bias": {"bias": True},
        "weight": {"weight": tensor([1.0, 2.0, 4.0])},
        "reduction": {"reduction": "none"},
        "ignore_index": {"ignore_index": 2},
        "label_smoothing": {"label_smoothing": 0.5},
        "out_features": {
            "out_features": (2,),
            "reduction": "none",
            "target": torch.stack([target, target], 1),
        },
        "dtype": {"dtype": torch.float64},
    }
    assert snapshot == observe_each(each(loss, cases))


@pytest.mark.api(
    "torch.nn.AdaptiveLogSoftmaxWithLoss", page="generated/torch.nn.AdaptiveLogSoftmaxWithLoss"
)
# cause unknown: searches for the deprecated overload of nonzero found no pull request
@pytest.mark.changed(
    "1.6",
    "the first call in a process warns that nonzero(), which it calls, is deprecated",
    kind="warning",
    rarely="the first call of nonzero() in the process",
)
@pytest.mark.changed(
    "1.8",
    "the warning about nonzero() is gone",
    kind="warning",
    cause="pytorch#51618",
    probable=True,
    rarely="the first call of nonzero() in the process",
)
@pytest.mark.changed(
    "1.9",
    "AdaptiveLogSoftmaxWithLoss takes device and dtype",
    kind="appeared",
    cause="pytorch#54508",
)
def test_adaptive_softmax_gives_rare_classes_a_smaller_layer(snapshot):
    """``AdaptiveLogSoftmaxWithLoss(6, 5, [2], div_value=2)`` has the rare classes 2 to 4 in a tail.

    The tail first maps 6 features to 6 / 2. All parameters are filled with 1/8, 2/8 and so on; the
    output is the log-probability of each target. ``head_bias=True`` adds a bias to the head alone.
    """

    def act(cutoffs=(2,), **settings):
        made = nn.AdaptiveLogSoftmaxWithLoss(6, 5, list(cutoffs), **settings)
        with torch.no_grad():
            for parameter in made.parameters():
                count = torch.arange(1.0, parameter.numel() + 1).reshape(parameter.shape)
                parameter.copy_(count / 8)
        rows = [[1.0, 0.0, 0.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -2.0, 0.0, 1.0]]
        output, loss = made(tensor(rows, dtype=made.head.weight.dtype), tensor([0, 3]))
        shapes = {name: list(one.shape) for name, one in made.named_parameters()}
        return {"output": output, "loss": loss, "shapes": shapes}

    assert snapshot == observe_each(
        {
            "halves": lambda: act(div_value=2.0),
            "quarters": act,
            "bias": lambda: act(div_value=2.0, head_bias=True),
            "cutoffs": lambda: act(cutoffs=(1, 3), div_value=2.0),
            "dtype": lambda: act(dtype=torch.float64),
        }
    )


@pytest.mark.api(
    "torch.nn.LinearCrossEntropyLoss", page="generated/torch.nn.LinearCrossEntropyLoss"
)
@pytest.mark.changed(
    "2.13", "LinearCrossEntropyLoss appears", kind="appeared", cause="pytorch#181573"
)
def test_linear_cross_entropy_class_computes_with_the_class_weights_that_it_has_loaded(snapshot):
    """``LinearCrossEntropyLoss`` loads class weights from a state dict, beside its layer.

    It was made with weights of 1, and the state dict has 1, 2 and 4.
    """

    def act():
        made = nn.LinearCrossEntropyLoss(3, 3, weight=torch.ones(3))
        made.load_state_dict({"weight": tensor([1.0, 2.0, 4.0]), "linear.weight": torch.eye(3)})
        return made(tensor(LOGITS), tensor([1, 0, 2]))

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.LinearCrossEntropyLoss",
    "torch.nn.functional.linear_cross_entropy",
    page="generated/torch.nn.LinearCrossEntropyLoss",
)
@pytest.mark.changed(
    "2.13",
    "linear_cross_entropy and LinearCrossEntropyLoss appear, and take options",
    kind="appeared",
    cause="pytorch#185852",
    probable=True,
)
def test_linear_cross_entropy_with_options_has_no_second_derivative(snapshot):
    """``options`` lets ``linear_cross_entropy`` compute its gradient in the forward pass.

    Loss and gradient are the same as without. Trap: under ``create_graph=True`` the gradient has no
    graph, and nothing warns.
    """

    def by_function(x, options):
        return F.linear_cross_entropy(x, torch.eye(3), tensor([1, 0, 2]), options=options)

    def by_class(x, options):
        made = nn.LinearCrossEntropyLoss(3, 3, options=options)
        made.load_state_dict({"linear.weight": torch.eye(3)})
        return made(x, tensor([1, 0, 2]))

    def act(loss_of, with_options):
        options = nn.LinearCrossEntropyOptions() if with_options else None
        x = tensor(LOGITS, requires_grad=True)
        loss = loss_of(x, options)
        (gradient,) = torch.autograd.grad(loss, x, create_graph=True)
        return {"loss": loss.detach(), "gradient": gradient}

    assert snapshot == observe_each(
        {
            "function": lambda: act(by_function, False),
            "function with options": lambda: act(by_function, True),
            "class": lambda: act(by_class, False),
            "class with options": lambda: act(by_class, True),
        }
    )
