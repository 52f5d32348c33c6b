"""The settings of losses on pairs and triplets, and of the distances that they use.

``margin`` is what a score or a distance has to exceed. Traps: ``margin`` of
``torch.nn.HingeEmbeddingLoss`` and ``torch.nn.CosineEmbeddingLoss`` counts only for the target -1.
``eps`` of ``torch.nn.PairwiseDistance`` is added to each difference, while ``eps`` of
``torch.nn.CosineSimilarity`` is the least length of a vector. ``swap=True`` of a triplet loss can
only make the loss larger.
"""

import pytest
from torch import nn, tensor

from fixtures.losses import loss_of
from fixtures.settings import each
from torch_history.observing import observe_each


@pytest.mark.api("torch.nn.HingeEmbeddingLoss", page="generated/torch.nn.HingeEmbeddingLoss")
def test_hinge_embedding_margin_is_for_targets_of_minus_one(snapshot):
    """``HingeEmbeddingLoss(margin=2)`` is x for the target 1, and 2 - x, at least 0, for -1."""
    loss = loss_of("HingeEmbeddingLoss", tensor([0.5, 0.5, 3.0]), tensor([1.0, -1.0, -1.0]))
    assert snapshot == observe_each(each(loss, {"two": {"margin": 2.0}, "half": {"margin": 0.75}}))


@pytest.mark.api("torch.nn.MarginRankingLoss", page="generated/torch.nn.MarginRankingLoss")
def test_margin_ranking_asks_for_a_difference_of_the_margin(snapshot):
    """``MarginRankingLoss(margin=2)`` asks that the first score is 2 above the second.

    Scores 3 and 2 cost 1. With the target -1 the second score has to be above, and they cost 3.
    """
    loss = loss_of("MarginRankingLoss", tensor([3.0, 3.0]), tensor([2.0, 2.0]), tensor([1.0, -1.0]))
    assert snapshot == observe_each(
        each(loss, {"two": {"margin": 2.0}, "half": {"margin": 0.5}, "below": {"margin": -2.0}})
    )


@pytest.mark.api("torch.nn.CosineEmbeddingLoss", page="generated/torch.nn.CosineEmbeddingLoss")
def test_cosine_embedding_margin_is_for_targets_of_minus_one(snapshot):
    """``CosineEmbeddingLoss(margin=0.25)`` is cos - 0.25, at least 0, for pairs with the target -1.

    The pair with the target 1 costs 1 - cos, whatever the margin. All cosines are 0.6.
    """
    first, second = tensor([[1.0, 0.0]] * 2), tensor([[3.0, 4.0]] * 2)
    loss = loss_of("CosineEmbeddingLoss", first, second, tensor([1.0, -1.0]))
    assert snapshot == observe_each(
        each(loss, {"quarter": {"margin": 0.25}, "negative": {"margin": -0.5}})
    )


@pytest.mark.api("torch.nn.MultiMarginLoss", page="generated/torch.nn.MultiMarginLoss")
def test_multi_margin_loss_raises_each_margin_to_the_power_p(snapshot):
    """``MultiMarginLoss(p=2)`` adds squares of margin - score of the target + score.

    The sum is divided by the number of classes, 4. ``weight`` multiplies the result by the weight
    of the target, which is not squared.
    """
    loss = loss_of(
        "MultiMarginLoss", tensor([[0.0, 1.0, 0.0, 2.0], [1.0, 0.0, 0.0, 0.0]]), tensor([1, 0])
    )
    assert snapshot == observe_each(
        each(
            loss,
            {
                "square": {"p": 2},
                "margin": {"margin": 3.0},
                "both": {"p": 2, "margin": 0.5},
                "weight": {"p": 2, "weight": tensor([1.0, 2.0, 4.0, 8.0])},
            },
        )
    )


def triplets():
    """In the norm 1 the anchor is 3 from the positive and 2 from the negative."""
    return tensor([[0.0, 0.0]]), tensor([[1.0, 2.0]]), tensor([[0.0, 2.0]])


@pytest.mark.api("torch.nn.TripletMarginLoss", page="generated/torch.nn.TripletMarginLoss")
def test_triplet_swap_measures_the_negative_from_the_positive(snapshot):
    """``TripletMarginLoss(p=1)`` adds the differences: 3 - 2 + 1 for one triplet.

    ``swap=True`` takes the distance between positive and negative, 1, because it is smaller than
    the 2 between anchor and negative. ``eps`` is added to each difference before the norm.
    """
    assert snapshot == observe_each(
        each(
            loss_of("TripletMarginLoss", *triplets()),
            {
                "two": {},
                "one": {"p": 1.0},
                "infinite": {"p": float("inf")},
                "margin": {"p": 1.0, "margin": 0.5},
                "eps": {"p": 1.0, "eps": 0.5},
                "swap": {"p": 1.0, "swap": True},
            },
        )
    )


@pytest.mark.api(
    "torch.nn.TripletMarginWithDistanceLoss",
    page="generated/torch.nn.TripletMarginWithDistanceLoss",
)
@pytest.mark.changed(
    "1.7", "TripletMarginWithDistanceLoss appears", kind="appeared", cause="pytorch#43680"
)
def test_triplet_loss_takes_a_distance_function(snapshot):
    """``TripletMarginWithDistanceLoss`` calls ``distance_function`` for each of its distances.

    The function is the squared distance: 5 to the positive, 4 to the negative, and 1 between them,
    which counts under ``swap=True``.
    """

    def squared(first, second):
        return (first - second).pow(2).sum(1)

    assert snapshot == observe_each(
        each(
            loss_of("TripletMarginWithDistanceLoss", *triplets()),
            {
                "default": {},
                "squared": {"distance_function": squared},
                "margin": {"distance_function": squared, "margin": 0.5},
                "swap": {"distance_function": squared, "swap": True},
            },
        )
    )


@pytest.mark.api(
    "torch.nn.CosineSimilarity",
    "torch.nn.functional.cosine_similarity",
    page="generated/torch.nn.CosineSimilarity",
)
@pytest.mark.changed(
    "1.12",
    "eps bounds each length instead of their product: with eps=10, vectors of length 5 have a "
    "cosine of 0.24 instead of 0.96",
    kind="silent",
    cause="pytorch#31378",
    advice="divide (x * y).sum(dim) by (x.norm(dim=dim) * y.norm(dim=dim)).clamp(min=eps)",
    rarely="vectors shorter than eps, or whose lengths have a product below eps",
)
def test_cosine_similarity_is_taken_along_dim(snapshot):
    """``CosineSimilarity(dim=0)`` compares columns, and ``dim=1`` rows.

    ``eps`` is the least length of a vector: with ``eps=10`` vectors of length 5 count as 10.
    """
    first, second = tensor([[3.0, 0.0], [4.0, 1.0]]), tensor([[4.0, 1.0], [3.0, 1.0]])
    assert snapshot == observe_each(
        each(
            lambda **settings: nn.CosineSimilarity(**settings)(first, second),
            {"rows": {}, "columns": {"dim": 0}, "eps": {"dim": 0, "eps": 10.0}},
        )
    )
