"""Every loss under each reduction, by the class and by the function.

``reduction="none"`` keeps one loss for each element or sample, ``"sum"`` adds them, and ``"mean"``
divides by their number. Trap: ``torch.nn.CTCLoss`` divides each loss by the length of its target
before the mean. The deprecated ``size_average`` and ``reduce`` override ``reduction``, and warn:
``size_average=False`` is the sum, and ``reduce=False`` keeps each loss.
"""

import pytest
from torch import nn, tensor
from torch.nn import functional as F

from fixtures.settings import REDUCTIONS, each
from torch_history.observing import observe_each

FUNCTIONS = {
    "L1Loss": "l1_loss",
    "MSELoss": "mse_loss",
    "SmoothL1Loss": "smooth_l1_loss",
    "HuberLoss": "huber_loss",
    "NLLLoss": "nll_loss",
    "NLLLoss2d": "nll_loss",
    "CrossEntropyLoss": "cross_entropy",
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "KLDivLoss": "kl_div",
    "PoissonNLLLoss": "poisson_nll_loss",
    "GaussianNLLLoss": "gaussian_nll_loss",
    "SoftMarginLoss": "soft_margin_loss",
    "HingeEmbeddingLoss": "hinge_embedding_loss",
    "MarginRankingLoss": "margin_ranking_loss",
    "CosineEmbeddingLoss": "cosine_embedding_loss",
    "TripletMarginLoss": "triplet_margin_loss",
    "TripletMarginWithDistanceLoss": "triplet_margin_with_distance_loss",
    "MultiMarginLoss": "multi_margin_loss",
    "MultiLabelMarginLoss": "multilabel_margin_loss",
    "MultiLabelSoftMarginLoss": "multilabel_soft_margin_loss",
    "CTCLoss": "ctc_loss",
}
NO_SIZE_AVERAGE = (
    "HuberLoss",
    "GaussianNLLLoss",
    "TripletMarginWithDistanceLoss",
    "CTCLoss",
)
OLD = [name for name in FUNCTIONS if name not in NO_SIZE_AVERAGE]
DEPRECATED = {
    "size_average=False": {"size_average": False, "reduction": "none"},
    "reduce=False": {"reduce": False, "reduction": "sum"},
    "both true": {"size_average": True, "reduce": True, "reduction": "none"},
}


def inputs(name):
    """Two or three elements or samples, whose losses differ."""
    pair = tensor([[3.0, 4.0], [1.0, 0.0]]), tensor([[0.0, 5.0], [3.0, 4.0]])
    logs = tensor([[-1.0, -2.0, -4.0], [-3.0, -5.0, -1.0]])
    return {
        "L1Loss": (tensor([1.0, 2.0, 6.0]), tensor([0.0, 0.0, 0.0])),
        "MSELoss": (tensor([1.0, 2.0, 4.0]), tensor([0.0, 0.0, 0.0])),
        "SmoothL1Loss": (tensor([0.5, 2.0, 4.0]), tensor([0.0, 0.0, 0.0])),
        "HuberLoss": (tensor([0.5, 2.0, 4.0]), tensor([0.0, 0.0, 0.0])),
        "NLLLoss": (logs, tensor([1, 0])),
        "NLLLoss2d": (logs.reshape(2, 3, 1, 1), tensor([1, 0]).reshape(2, 1, 1)),
        "CrossEntropyLoss": (tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 2.0]]), tensor([1, 0])),
        "BCELoss": (tensor([0.5, 0.25]), tensor([1.0, 0.0])),
        "BCEWithLogitsLoss": (tensor([0.0, 1.0]), tensor([1.0, 0.0])),
        "KLDivLoss": (logs[:, :2], tensor([[0.5, 0.5], [1.0, 0.0]])),
        "PoissonNLLLoss": (tensor([0.0, 0.5, 1.0]), tensor([1.0, 2.0, 3.0])),
        "GaussianNLLLoss": (tensor([0.0, 0.0]), tensor([1.0, 4.0]), tensor([1.0, 4.0])),
        "SoftMarginLoss": (tensor([0.0, 1.0]), tensor([1.0, -1.0])),
        "HingeEmbeddingLoss": (tensor([0.5, 0.25, 2.0]), tensor([1.0, -1.0, -1.0])),
        "MarginRankingLoss": (tensor([1.0, 2.0]), tensor([2.0, 5.0]), tensor([1.0, 1.0])),
        "CosineEmbeddingLoss": (*pair, tensor([1.0, -1.0])),
        "TripletMarginLoss": (*pair, tensor([[3.0, 8.0], [1.0, 1.0]])),
        "TripletMarginWithDistanceLoss": (*pair, tensor([[3.0, 8.0], [1.0, 1.0]])),
        "MultiMarginLoss": (tensor([[0.5, 0.0, 1.0], [0.0, 0.25, 0.0]]), tensor([0, 1])),
        "MultiLabelMarginLoss": (
            tensor([[0.5, 0.0, 1.0], [0.0, 0.25, 0.0]]),
            tensor([[0, 2, -1], [1, -1, 0]]),
        ),
        "MultiLabelSoftMarginLoss": (
            tensor([[0.0, 1.0], [2.0, 0.0]]),
            tensor([[1.0, 0.0], [1.0, 1.0]]),
        ),
        # two steps, two samples, three classes, of which the first is the blank
        "CTCLoss": (
            tensor([[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]] * 2).log().reshape(2, 2, 3),
            tensor([[1, 2], [2, 0]]),
            tensor([2, 2]),
            tensor([2, 1]),
        ),
    }[name]


def by_class(name, **settings):
    """The loss of the inputs, by the class."""
    return getattr(nn, name)(**settings)(*inputs(name))


def by_function(name, **settings):
    """The loss of the inputs, by the function."""
    return getattr(F, FUNCTIONS[name])(*inputs(name), **settings)


@pytest.mark.api(
    "torch.nn.L1Loss",
    "torch.nn.MSELoss",
    "torch.nn.SmoothL1Loss",
    "torch.nn.HuberLoss",
    "torch.nn.NLLLoss",
    "torch.nn.NLLLoss2d",
    "torch.nn.CrossEntropyLoss",
    "torch.nn.BCELoss",
    "torch.nn.BCEWithLogitsLoss",
    "torch.nn.KLDivLoss",
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
    "torch.nn.functional.l1_loss",
    "torch.nn.functional.mse_loss",
    "torch.nn.functional.smooth_l1_loss",
    "torch.nn.functional.huber_loss",
    "torch.nn.functional.nll_loss",
    "torch.nn.functional.cross_entropy",
    "torch.nn.functional.binary_cross_entropy",
    "torch.nn.functional.binary_cross_entropy_with_logits",
    "torch.nn.functional.kl_div",
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
    page="nn",
)
@pytest.mark.changed(
    "1.7", "TripletMarginWithDistanceLoss appears", kind="appeared", cause="pytorch#43680"
)
@pytest.mark.changed("1.8", "GaussianNLLLoss appears", kind="appeared", cause="pytorch#49807")
@pytest.mark.changed("1.9", "HuberLoss appears", kind="appeared", cause="pytorch#50553")
@pytest.mark.changed(
    "2.4",
    "NLLLoss2d warns with FutureWarning instead of UserWarning",
    kind="warning",
    cause="pytorch#127689",
    probable=True,
    of="torch.nn.NLLLoss2d",
    unless=(),
)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_loss_class_keeps_adds_or_averages(name, snapshot):
    """A loss class gives each loss with ``"none"``, their sum with ``"sum"``, or their mean.

    ``L1Loss`` of the differences 1, 2 and 6 gives these three, or 9, or 3.
    """
    assert snapshot == observe_each(each(lambda **settings: by_class(name, **settings), REDUCTIONS))


@pytest.mark.api(
    "torch.nn.L1Loss",
    "torch.nn.MSELoss",
    "torch.nn.SmoothL1Loss",
    "torch.nn.NLLLoss",
    "torch.nn.NLLLoss2d",
    "torch.nn.CrossEntropyLoss",
    "torch.nn.BCELoss",
    "torch.nn.BCEWithLogitsLoss",
    "torch.nn.KLDivLoss",
    "torch.nn.PoissonNLLLoss",
    "torch.nn.SoftMarginLoss",
    "torch.nn.HingeEmbeddingLoss",
    "torch.nn.MarginRankingLoss",
    "torch.nn.CosineEmbeddingLoss",
    "torch.nn.TripletMarginLoss",
    "torch.nn.MultiMarginLoss",
    "torch.nn.MultiLabelMarginLoss",
    "torch.nn.MultiLabelSoftMarginLoss",
    "torch.nn.functional.l1_loss",
    "torch.nn.functional.mse_loss",
    "torch.nn.functional.smooth_l1_loss",
    "torch.nn.functional.nll_loss",
    "torch.nn.functional.cross_entropy",
    "torch.nn.functional.binary_cross_entropy",
    "torch.nn.functional.binary_cross_entropy_with_logits",
    "torch.nn.functional.kl_div",
    "torch.nn.functional.poisson_nll_loss",
    "torch.nn.functional.soft_margin_loss",
    "torch.nn.functional.hinge_embedding_loss",
    "torch.nn.functional.margin_ranking_loss",
    "torch.nn.functional.cosine_embedding_loss",
    "torch.nn.functional.triplet_margin_loss",
    "torch.nn.functional.multi_margin_loss",
    "torch.nn.functional.multilabel_margin_loss",
    "torch.nn.functional.multilabel_soft_margin_loss",
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
@pytest.mark.parametrize("name", OLD)
def test_size_average_and_reduce_override_reduction(name, snapshot):
    """``size_average=False`` is the sum, and ``reduce=False`` keeps each loss; both warn.

    The given ``reduction`` does not count. If both are true, the result is the mean.
    """
    assert snapshot == observe_each(
        {
            f"{arguments} ({loss.__name__})": lambda loss=loss, given=given: loss(name, **given)
            for loss in (by_class, by_function)
            for arguments, given in DEPRECATED.items()
        }
    )
