"""What a loss changes beside its result: nothing. Backward fills gradients of what requires them.

A loss leaves output, target, weights and the random stream as they are, in each mode. Backward
leaves them too. A target that requires no gradient keeps the gradient None.
"""

import pytest
import torch
from torch import nn, tensor
from torch.nn import functional as F

from fixtures.effects import changes, layer_changes
from fixtures.settings import each
from torch_history.observing import observe_each

PAIR = [[3.0, 4.0], [1.0, 0.0]], [[0.0, 5.0], [3.0, 4.0]]
LOGS = [[-1.0, -2.0, -4.0], [-3.0, -5.0, -1.0]]
CTC = [[[-1.0, -0.5, -1.0], [-0.5, -1.0, -1.0]]] * 2
# name of the class -> name of the function, and the inputs; the first of them is trained
LOSSES = {
    "L1Loss": ("l1_loss", [1.0, 2.0], [0.5, 0.0]),
    "MSELoss": ("mse_loss", [1.0, 2.0], [0.5, 0.0]),
    "SmoothL1Loss": ("smooth_l1_loss", [1.0, 2.0], [0.5, 0.0]),
    "HuberLoss": ("huber_loss", [1.0, 2.0], [0.5, 0.0]),
    "NLLLoss": ("nll_loss", LOGS, [1, 0]),
    "CrossEntropyLoss": ("cross_entropy", LOGS, [1, 0]),
    "BCELoss": ("binary_cross_entropy", [0.5, 0.25], [1.0, 0.0]),
    "BCEWithLogitsLoss": ("binary_cross_entropy_with_logits", [0.5, 1.0], [1.0, 0.0]),
    "PoissonNLLLoss": ("poisson_nll_loss", [0.5, 1.0], [2.0, 3.0]),
    "GaussianNLLLoss": ("gaussian_nll_loss", [0.5, 0.0], [1.0, 4.0], [1.0, 0.0]),
    "SoftMarginLoss": ("soft_margin_loss", [0.5, 1.0], [1.0, -1.0]),
    "HingeEmbeddingLoss": ("hinge_embedding_loss", [0.5, 0.25], [1.0, -1.0]),
    "MarginRankingLoss": ("margin_ranking_loss", [1.0, 2.0], [2.0, 5.0], [1.0, 1.0]),
    "CosineEmbeddingLoss": ("cosine_embedding_loss", *PAIR, [1.0, -1.0]),
    "TripletMarginLoss": ("triplet_margin_loss", *PAIR, [[3.0, 8.0], [1.0, 1.0]]),
    "TripletMarginWithDistanceLoss": (
        "triplet_margin_with_distance_loss",
        *PAIR,
        [[3.0, 8.0], [1.0, 1.0]],
    ),
    "MultiMarginLoss": ("multi_margin_loss", LOGS, [1, 0]),
    "MultiLabelMarginLoss": ("multilabel_margin_loss", LOGS, [[0, 2, -1], [1, -1, 0]]),
    "MultiLabelSoftMarginLoss": (
        "multilabel_soft_margin_loss",
        [[0.5, 1.0], [2.0, 0.0]],
        [[1.0, 0.0], [1.0, 1.0]],
    ),
    "CTCLoss": ("ctc_loss", CTC, [[1, 2], [2, 0]], [2, 2], [2, 1]),
}


def inputs_of(name):
    """The inputs of a loss, of which the first requires a gradient."""
    first, *others = [tensor(one) for one in LOSSES[name][1:]]
    return [first.requires_grad_(), *others]


CASES = {name: {"name": name} for name in LOSSES}


@pytest.mark.api(
    "torch.nn.L1Loss",
    "torch.nn.MSELoss",
    "torch.nn.SmoothL1Loss",
    "torch.nn.HuberLoss",
    "torch.nn.NLLLoss",
    "torch.nn.CrossEntropyLoss",
    "torch.nn.BCELoss",
    "torch.nn.BCEWithLogitsLoss",
    "torch.nn.PoissonNLLLoss",
    "torch.nn.GaussianNLLLoss",
    "torch.nn.SoftMarginLoss",
    "torch.nn.HingeEmbeddingLoss",
    "torch.nn.MarginRankingLoss",
    "torch.nn.CosineEmbeddingLoss",
    "torch.nn.TripletMarginLoss",
    "torch.nn.TripletMarginWithDistanceLoss",
    "torch.nn.MultiMarginLoss",
    "torch.nn.MultiLabelMarginLoss",
    "torch.nn.MultiLabelSoftMarginLoss",
    "torch.nn.CTCLoss",
    page="nn",
)
@pytest.mark.parametrize("training", [True, False], ids=["training", "eval"])
@pytest.mark.changed(
    "1.7",
    "TripletMarginWithDistanceLoss appears",
    kind="appeared",
    cause="pytorch#43680",
    of=("torch.nn.TripletMarginWithDistanceLoss",),
)
@pytest.mark.changed(
    "1.8",
    "GaussianNLLLoss appears",
    kind="appeared",
    cause="pytorch#49807",
    of=("torch.nn.GaussianNLLLoss",),
)
@pytest.mark.changed(
    "1.9",
    "HuberLoss appears",
    kind="appeared",
    cause="pytorch#50553",
    of=("torch.nn.HuberLoss",),
)
def test_loss_class_changes_nothing(training, snapshot):
    """A loss leaves output, target, buffers and the random stream as they are, in each mode."""

    def act(name):
        loss, inputs = getattr(nn, name)().train(training), inputs_of(name)
        return layer_changes(loss, inputs, lambda: loss(*inputs))

    assert snapshot == observe_each(each(act, CASES))


@pytest.mark.api(
    "torch.nn.functional.l1_loss",
    "torch.nn.functional.mse_loss",
    "torch.nn.functional.smooth_l1_loss",
    "torch.nn.functional.huber_loss",
    "torch.nn.functional.nll_loss",
    "torch.nn.functional.cross_entropy",
    "torch.nn.functional.binary_cross_entropy",
    "torch.nn.functional.binary_cross_entropy_with_logits",
    "torch.nn.functional.poisson_nll_loss",
    "torch.nn.functional.gaussian_nll_loss",
    "torch.nn.functional.soft_margin_loss",
    "torch.nn.functional.hinge_embedding_loss",
    "torch.nn.functional.margin_ranking_loss",
    "torch.nn.functional.cosine_embedding_loss",
    "torch.nn.functional.triplet_margin_loss",
    "torch.nn.functional.triplet_margin_with_distance_loss",
    "torch.nn.functional.multi_margin_loss",
    "torch.nn.functional.multilabel_margin_loss",
    "torch.nn.functional.multilabel_soft_margin_loss",
    "torch.nn.functional.ctc_loss",
    page="nn.functional",
)
@pytest.mark.changed(
    "1.7",
    "triplet_margin_with_distance_loss appears",
    kind="appeared",
    cause="pytorch#43680",
    of=("torch.nn.functional.triplet_margin_with_distance_loss",),
)
@pytest.mark.changed(
    "1.8",
    "gaussian_nll_loss appears",
    kind="appeared",
    cause="pytorch#49807",
    of=("torch.nn.functional.gaussian_nll_loss",),
)
@pytest.mark.changed(
    "1.9",
    "huber_loss appears",
    kind="appeared",
    cause="pytorch#50553",
    of=("torch.nn.functional.huber_loss",),
)
def test_loss_function_changes_nothing(snapshot):
    """A function that computes a loss leaves output and target, and the random stream.

    ``gaussian_nll_loss`` raises a variance that is below ``eps`` in a copy.
    """

    def act(name):
        inputs = inputs_of(name)
        return changes(lambda: getattr(F, LOSSES[name][0])(*inputs), inputs=lambda: inputs)

    assert snapshot == observe_each(each(act, CASES))


@pytest.mark.api(
    "torch.nn.L1Loss",
    "torch.nn.MSELoss",
    "torch.nn.SmoothL1Loss",
    "torch.nn.HuberLoss",
    "torch.nn.NLLLoss",
    "torch.nn.CrossEntropyLoss",
    "torch.nn.BCELoss",
    "torch.nn.BCEWithLogitsLoss",
    "torch.nn.PoissonNLLLoss",
    "torch.nn.GaussianNLLLoss",
    "torch.nn.SoftMarginLoss",
    "torch.nn.HingeEmbeddingLoss",
    "torch.nn.MarginRankingLoss",
    "torch.nn.CosineEmbeddingLoss",
    "torch.nn.TripletMarginLoss",
    "torch.nn.TripletMarginWithDistanceLoss",
    "torch.nn.MultiMarginLoss",
    "torch.nn.MultiLabelMarginLoss",
    "torch.nn.MultiLabelSoftMarginLoss",
    "torch.nn.CTCLoss",
    page="nn",
)
@pytest.mark.changed(
    "1.7",
    "TripletMarginWithDistanceLoss appears",
    kind="appeared",
    cause="pytorch#43680",
    of=("torch.nn.TripletMarginWithDistanceLoss",),
)
@pytest.mark.changed(
    "1.8",
    "GaussianNLLLoss appears",
    kind="appeared",
    cause="pytorch#49807",
    of=("torch.nn.GaussianNLLLoss",),
)
@pytest.mark.changed(
    "1.9",
    "HuberLoss appears",
    kind="appeared",
    cause="pytorch#50553",
    of=("torch.nn.HuberLoss",),
)
def test_backward_of_a_loss_fills_the_gradient_of_its_output_alone(snapshot):
    """Backward of a loss fills the gradient of the output, and leaves output and target.

    The targets require no gradient, and keep None.
    """

    def act(name):
        inputs = inputs_of(name)
        loss = getattr(nn, name)()(*inputs)
        return changes(
            loss.backward,
            inputs=lambda: inputs,
            **{"gradient of the output": lambda: [inputs[0].grad]},
            **{"gradients of the others": lambda: [one.grad for one in inputs[1:]]},
        )

    assert snapshot == observe_each(each(act, CASES))


WEIGHTED = {
    "NLLLoss": ("weight", 3),
    "CrossEntropyLoss": ("weight", 3),
    "MultiMarginLoss": ("weight", 3),
    "BCELoss": ("weight", 2),
    "BCEWithLogitsLoss": ("pos_weight", 2),
    "MultiLabelSoftMarginLoss": ("weight", 2),
}


@pytest.mark.api(
    "torch.nn.NLLLoss",
    "torch.nn.CrossEntropyLoss",
    "torch.nn.MultiMarginLoss",
    "torch.nn.BCELoss",
    "torch.nn.BCEWithLogitsLoss",
    "torch.nn.MultiLabelSoftMarginLoss",
    page="nn",
)
def test_loss_keeps_the_very_tensor_of_weights_that_it_is_given(snapshot):
    """A loss keeps the tensor of weights that it is given, without a copy, and does not change it.

    A later change of the tensor in place changes the loss.
    """

    def act(name):
        setting, size = WEIGHTED[name]
        weight = torch.full((size,), 2.0)
        loss, inputs = getattr(nn, name)(**{setting: weight}), inputs_of(name)
        return {
            "the same tensor": getattr(loss, setting) is weight,
            "changed": layer_changes(loss, inputs, lambda: loss(*inputs)),
            "loss follows it": not torch.equal(loss(*inputs), doubled(loss, weight, inputs)),
        }

    assert snapshot == observe_each(each(act, {name: {"name": name} for name in WEIGHTED}))


def doubled(loss, weight, inputs):
    """The loss after the weight of the first class or element is doubled in place."""
    weight[0] *= 2
    return loss(*inputs)


@pytest.mark.api(
    "torch.nn.AdaptiveLogSoftmaxWithLoss", page="generated/torch.nn.AdaptiveLogSoftmaxWithLoss"
)
def test_adaptive_log_softmax_changes_nothing(snapshot):
    """``AdaptiveLogSoftmaxWithLoss``, ``log_prob`` and ``predict`` change nothing.

    Making the layer draws its parameters from the random stream.
    """
    layer = nn.AdaptiveLogSoftmaxWithLoss(4, 4, [2])
    inputs = [torch.ones(2, 4), tensor([0, 3])]
    assert snapshot == observe_each(
        {
            "call": lambda: layer_changes(layer, inputs, lambda: layer(*inputs)),
            "log_prob": lambda: layer_changes(layer, inputs, lambda: layer.log_prob(inputs[0])),
            "predict": lambda: layer_changes(layer, inputs, lambda: layer.predict(inputs[0])),
            "made": lambda: changes(lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 4, [2])),
        }
    )
