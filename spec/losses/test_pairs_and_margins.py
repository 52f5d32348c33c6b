"""Losses on pairs and triplets, with a margin, and under a Gaussian: shapes and settings.

Since 1.10 or 1.11 the triplet, cosine and multilabel losses accept one sample without a batch
dimension. Three losses no longer broadcast, and raise: ``cosine_embedding_loss`` since 1.9,
``triplet_margin_loss`` since 1.10 and ``margin_ranking_loss`` since 1.11. Trap:
``soft_margin_loss`` broadcasts since 1.5, and nothing warns. Settings are checked: the margin of a
triplet must be positive since 2.4, and ``multi_margin_loss`` needs a weight for each class since
2.1. Since 2.14 ``margin_ranking_loss`` without a margin does not separate equal scores.
"""

import pytest
import torch
from torch.nn import functional as F

from torch_history.observing import observe


def triplet():
    """The positive is 1 away from the anchor, the negative 3."""
    return torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 0.0]]), torch.tensor([[3.0, 0.0]])


@pytest.mark.api(
    "torch.nn.functional.triplet_margin_loss",
    "torch.nn.TripletMarginLoss",
    "torch.nn.functional.triplet_margin_with_distance_loss",
    "torch.nn.TripletMarginWithDistanceLoss",
    page="generated/torch.nn.TripletMarginLoss",
)
@pytest.mark.changed(
    "2.4",
    "raises instead of giving a loss",
    kind="error",
    cause="pytorch#121978",
    advice="pass a margin above 0, or write the loss out with pairwise_distance",
    restored_by="losses.triplet_loss_written_out_takes_any_margin",
    when=("margin@3=0|0.0|-1|-1.0", "margin@0=0|0.0|-1|-1.0 and -@2"),
)
@pytest.mark.parametrize("margin", [0.0, -1.0])
def test_triplet_margin_that_is_not_positive_raises(margin, snapshot):
    """Since 2.4, ``triplet_margin_loss`` raises on a margin that is not positive.

    With a margin of 0, an encoder that gives one point for all inputs would have a loss of 0.
    """
    assert snapshot == observe(lambda: F.triplet_margin_loss(*triplet(), margin=margin))


@pytest.mark.api(
    "torch.nn.functional.pairwise_distance", page="generated/torch.nn.TripletMarginLoss"
)
@pytest.mark.parametrize("margin", [0.0, -1.0])
def test_triplet_loss_written_out_takes_any_margin(margin, snapshot):
    """The triplet loss written out with ``pairwise_distance`` takes a margin of 0 or below."""
    anchor, positive, negative = triplet()

    def act():
        near, far = F.pairwise_distance(anchor, positive), F.pairwise_distance(anchor, negative)
        return (near - far + margin).clamp(min=0).mean()

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.functional.triplet_margin_loss",
    "torch.nn.TripletMarginLoss",
    page="generated/torch.nn.TripletMarginLoss",
)
@pytest.mark.changed(
    "1.10",
    "takes a triplet without a batch dimension instead of raising",
    kind="error-gone",
    cause="pytorch#64882",
)
def test_triplet_margin_loss_takes_one_triplet_without_a_batch(snapshot):
    """Since 1.10, ``triplet_margin_loss`` takes one triplet without a batch dimension.

    The loss is 1 - 3 + margin. The distances include an eps of 1e-6, which hardly shows in float32.
    """
    anchor, positive, negative = triplet()
    assert snapshot == observe(
        lambda: round(
            F.triplet_margin_loss(anchor[0], positive[0], negative[0], margin=4.0).item(), 4
        )
    )


@pytest.mark.api(
    "torch.nn.functional.triplet_margin_loss",
    "torch.nn.TripletMarginLoss",
    page="generated/torch.nn.TripletMarginLoss",
)
@pytest.mark.changed(
    "1.10",
    "raises instead of broadcasting",
    kind="error",
    cause="pytorch#64882",
    advice="pass positive.expand_as(anchor) and negative.expand_as(anchor)",
    restored_by="losses.triplet_margin_loss_takes_a_positive_expanded_to_the_anchors",
    rarely="anchor, positive and negative of different dimensions",
)
@pytest.mark.changed(
    "2.0", "the message names anchor, positive and negative", kind="wording", cause="pytorch#85614"
)
def test_triplet_of_mixed_dimensions_raises(snapshot):
    """Since 1.10, ``triplet_margin_loss`` does not broadcast one positive to a batch of anchors.

    It raises. Call ``expand_as`` on the positive and the negative.
    """
    anchor, positive, negative = triplet()
    assert snapshot == observe(
        lambda: round(F.triplet_margin_loss(anchor, positive[0], negative[0], margin=4.0).item(), 4)
    )


@pytest.mark.api(
    "torch.nn.functional.triplet_margin_loss", page="generated/torch.nn.TripletMarginLoss"
)
def test_triplet_margin_loss_takes_a_positive_expanded_to_the_anchors(snapshot):
    """``expand_as(anchor)`` gives one positive and one negative the shape of a batch of anchors."""
    anchor, positive, negative = triplet()
    assert snapshot == observe(
        lambda: round(
            F.triplet_margin_loss(
                anchor, positive[0].expand_as(anchor), negative[0].expand_as(anchor), margin=4.0
            ).item(),
            4,
        )
    )


@pytest.mark.api(
    "torch.nn.functional.cosine_embedding_loss",
    "torch.nn.CosineEmbeddingLoss",
    page="generated/torch.nn.CosineEmbeddingLoss",
)
@pytest.mark.changed(
    "1.9",
    "raises RuntimeError about the target instead of IndexError",
    kind="exception",
    cause="pytorch#53110",
    when=":caught",
    rarely="a pair without a batch dimension",
)
@pytest.mark.changed(
    "1.10",
    "takes a pair without a batch dimension instead of raising",
    kind="error-gone",
    cause="pytorch#64590",
)
def test_cosine_embedding_loss_takes_one_pair_without_a_batch(snapshot):
    """Since 1.10, ``cosine_embedding_loss`` takes one pair without a batch dimension.

    Two vectors at a right angle that should agree cost 1 - cos = 1.
    """
    first, second = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    assert snapshot == observe(lambda: F.cosine_embedding_loss(first, second, torch.tensor(1)))


@pytest.mark.api(
    "torch.nn.functional.cosine_embedding_loss",
    "torch.nn.CosineEmbeddingLoss",
    page="generated/torch.nn.CosineEmbeddingLoss",
)
@pytest.mark.changed(
    "1.9",
    "raises instead of broadcasting the targets against all pairs",
    kind="error",
    cause="pytorch#53110",
    advice="pass target.squeeze(1)",
    rarely="targets with two dimensions",
)
@pytest.mark.changed(
    "1.10", "the message allows a target without dimensions", kind="wording", cause="pytorch#64590"
)
def test_cosine_embedding_loss_of_a_column_of_targets_raises(snapshot):
    """Since 1.9, ``cosine_embedding_loss`` raises on targets [2, 1] for two pairs.

    Before, each pair was compared with each target. Use ``target.squeeze(1)``.
    """
    first, second = torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    target = torch.tensor([[1], [-1]])
    assert snapshot == observe(
        lambda: F.cosine_embedding_loss(first, second, target, reduction="none")
    )


@pytest.mark.api(
    "torch.nn.functional.cosine_similarity",
    "torch.cosine_similarity",
    "torch.nn.CosineSimilarity",
    page="generated/torch.nn.functional.cosine_similarity",
)
@pytest.mark.changed(
    "1.12",
    "eps bounds each length instead of their product: short vectors have a cosine of 1 instead of "
    "less",
    kind="silent",
    cause="pytorch#31378",
    advice="divide (x * y).sum(dim) by (x.norm(dim=dim) * y.norm(dim=dim)).clamp(min=1e-8)",
    restored_by="losses.cosine_written_out_with_eps_on_the_product_is_small_for_short_vectors",
    rarely="vectors shorter than 1e-4",
)
def test_cosine_of_short_vectors_is_one_with_themselves(snapshot):
    """Since 1.12, ``cosine_similarity`` of a short vector with itself is 1.

    ``eps`` (1e-8) bounds each length. Before, it bounded their product, and a vector of length 1e-5
    had a cosine of 0.01.
    """
    vector = torch.tensor([1e-5, 0.0])
    assert snapshot == observe(lambda: F.cosine_similarity(vector, vector, dim=0))


@pytest.mark.api("torch.Tensor.norm", page="generated/torch.nn.functional.cosine_similarity")
def test_cosine_written_out_with_eps_on_the_product_is_small_for_short_vectors(snapshot):
    """The cosine written out with ``eps`` on the product of the lengths is small for short vectors.

    For a vector of length 1e-5 and itself it is 0.01. ``cosine_similarity`` computed this before
    1.12.
    """
    vector = torch.tensor([1e-5, 0.0])

    def act():
        lengths = vector.norm(dim=0) * vector.norm(dim=0)
        return (vector * vector).sum(0) / lengths.clamp(min=1e-8)

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.functional.margin_ranking_loss",
    "torch.nn.MarginRankingLoss",
    page="generated/torch.nn.MarginRankingLoss",
)
@pytest.mark.changed(
    "1.11",
    "raises instead of broadcasting the targets against all pairs",
    kind="error",
    cause="pytorch#64975",
    advice=(
        "pass target.squeeze(1), or torch.broadcast_tensors(first, second, target) for all pairs"
    ),
    restored_by="losses.margin_ranking_loss_of_broadcast_tensors_compares_all_pairs",
    rarely="a target of other dimensions than the inputs",
)
def test_margin_ranking_loss_of_a_row_of_targets_raises(snapshot):
    """Since 1.11, ``margin_ranking_loss`` raises on a target with one more dimension.

    Before, the target was broadcast against all pairs without a warning.
    """
    first, second, target = (
        torch.tensor([1.0, 2.0]),
        torch.tensor([2.0, 1.0]),
        torch.tensor([[1.0], [-1.0]]),
    )
    assert snapshot == observe(
        lambda: F.margin_ranking_loss(first, second, target, reduction="none")
    )


@pytest.mark.api(
    "torch.nn.functional.margin_ranking_loss", page="generated/torch.nn.MarginRankingLoss"
)
def test_margin_ranking_loss_of_broadcast_tensors_compares_all_pairs(snapshot):
    """``margin_ranking_loss(*torch.broadcast_tensors(...))`` compares all pairs.

    Each of the two targets applies to each of the two pairs.
    """
    first, second, target = (
        torch.tensor([1.0, 2.0]),
        torch.tensor([2.0, 1.0]),
        torch.tensor([[1.0], [-1.0]]),
    )
    assert snapshot == observe(
        lambda: F.margin_ranking_loss(
            *torch.broadcast_tensors(first, second, target), reduction="none"
        )
    )


@pytest.mark.api(
    "torch.nn.functional.soft_margin_loss",
    "torch.nn.SoftMarginLoss",
    page="generated/torch.nn.SoftMarginLoss",
)
@pytest.mark.changed(
    "1.5",
    "a target of another shape is broadcast without a warning instead of raising",
    kind="error-gone",
    cause="pytorch#28135",
    probable=True,
    advice="compare the shapes before the loss",
)
def test_soft_margin_loss_broadcasts_its_target_without_a_warning(snapshot):
    """Since 1.5, ``soft_margin_loss`` broadcasts its target to the output without a warning.

    A target [2] serves both rows of an output [2, 2]. Before 1.5 it raised.
    """
    output, target = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1.0, -1.0])
    assert snapshot == observe(lambda: F.soft_margin_loss(output, target, reduction="none").shape)


@pytest.mark.api(
    "torch.nn.functional.multi_margin_loss",
    "torch.nn.MultiMarginLoss",
    page="generated/torch.nn.MultiMarginLoss",
)
@pytest.mark.changed(
    "2.1",
    "raises instead of reading past the end of the weights",
    kind="error",
    cause="pytorch#104852",
    advice="pass one weight for each class",
    restored_by="losses.multi_margin_loss_takes_a_weight_for_each_class",
    when="weight@4",
    rarely="weights for another number of classes",
)
def test_multi_margin_loss_of_weights_for_another_number_of_classes_raises(snapshot):
    """Since 2.1, ``multi_margin_loss`` raises on two weights for four classes.

    Before, it read past the end of the weights for a later class, and any number could come out.
    """
    output, weight = torch.tensor([[0.0, 1.0, 0.0, 0.0]]), torch.tensor([1.0, 2.0])
    assert snapshot == observe(
        lambda: F.multi_margin_loss(output, torch.tensor([1]), weight=weight)
    )


@pytest.mark.api("torch.nn.functional.multi_margin_loss", page="generated/torch.nn.MultiMarginLoss")
def test_multi_margin_loss_takes_a_weight_for_each_class(snapshot):
    """``multi_margin_loss`` takes four weights for four classes.

    The class of the target beats the others by the whole margin, so the loss is 0.
    """
    output, weight = torch.tensor([[0.0, 1.0, 0.0, 0.0]]), torch.tensor([1.0, 2.0, 1.0, 1.0])
    assert snapshot == observe(
        lambda: F.multi_margin_loss(output, torch.tensor([1]), weight=weight)
    )


@pytest.mark.api(
    "torch.nn.functional.multi_margin_loss",
    "torch.nn.MultiMarginLoss",
    page="generated/torch.nn.MultiMarginLoss",
)
@pytest.mark.changed(
    "1.8",
    "an empty batch is accepted instead of raising",
    kind="error-gone",
    cause="pytorch#46975",
    probable=True,
)
def test_multi_margin_loss_takes_an_empty_batch(snapshot):
    """Since 1.8, ``multi_margin_loss`` takes an empty batch with ``reduction="none"``.

    The mean is not tested, because it may be any number.
    """
    empty = torch.zeros(0, dtype=torch.long)
    assert snapshot == observe(
        lambda: F.multi_margin_loss(torch.zeros(0, 4), empty, reduction="none")
    )


@pytest.mark.api(
    "torch.nn.functional.multilabel_soft_margin_loss",
    "torch.nn.MultiLabelSoftMarginLoss",
    page="generated/torch.nn.MultiLabelSoftMarginLoss",
)
@pytest.mark.changed(
    "1.11",
    "takes a sample without a batch dimension instead of raising",
    kind="error-gone",
    cause="pytorch#65690",
)
def test_multilabel_soft_margin_loss_takes_one_sample_without_a_batch(snapshot):
    """Since 1.11, ``multilabel_soft_margin_loss`` takes one sample without a batch dimension.

    Two classes with logits of 0 give log 2.
    """
    assert snapshot == observe(
        lambda: F.multilabel_soft_margin_loss(torch.zeros(2), torch.tensor([1.0, 0.0]))
    )


@pytest.mark.api(
    "torch.nn.functional.gaussian_nll_loss",
    "torch.nn.GaussianNLLLoss",
    page="generated/torch.nn.GaussianNLLLoss",
)
@pytest.mark.changed(
    "1.8",
    "gaussian_nll_loss appears, and takes only a tensor",
    kind="appeared",
    cause="pytorch#49807",
)
@pytest.mark.changed(
    "1.9",
    "the message for a number names size instead of view",
    kind="wording",
    cause="pytorch#56469",
    probable=True,
)
@pytest.mark.changed("2.6", "takes a number too", kind="error-gone", cause="pytorch#138931")
@pytest.mark.parametrize("variance", [[4.0], 4.0], ids=["tensor", "number"])
def test_gaussian_nll_loss_takes_a_tensor_or_a_number_as_variance(variance, snapshot):
    """``gaussian_nll_loss`` takes a tensor or, since 2.6, a number as variance.

    The loss is (log v + d^2 / v) / 2. For d = 2 and v = 4 it is (log 4 + 1) / 2.
    """
    variance = torch.tensor(variance) if isinstance(variance, list) else variance
    assert snapshot == observe(
        lambda: F.gaussian_nll_loss(torch.tensor([2.0]), torch.tensor([0.0]), variance)
    )


@pytest.mark.api(
    "torch.nn.functional.gaussian_nll_loss",
    "torch.nn.GaussianNLLLoss",
    page="generated/torch.nn.GaussianNLLLoss",
)
@pytest.mark.changed(
    "1.8",
    "gaussian_nll_loss appears, and raises ValueError",
    kind="appeared",
    cause="pytorch#49807",
)
def test_gaussian_nll_loss_of_a_negative_variance_raises(snapshot):
    """``gaussian_nll_loss`` raises on a negative variance, for example if a softplus is missing."""
    assert snapshot == observe(
        lambda: F.gaussian_nll_loss(torch.tensor([2.0]), torch.tensor([0.0]), torch.tensor([-4.0]))
    )


def ranking_gradients(**settings):
    """The gradients of the scores 2 and 2, if the first should be the larger one."""
    first = torch.tensor([2.0], requires_grad=True)
    second = torch.tensor([2.0], requires_grad=True)
    F.margin_ranking_loss(first, second, torch.tensor([1.0]), **settings).backward()
    return {"first": first.grad, "second": second.grad}


@pytest.mark.api(
    "torch.nn.functional.margin_ranking_loss",
    "torch.nn.MarginRankingLoss",
    page="generated/torch.nn.MarginRankingLoss",
)
@pytest.mark.changed(
    "2.14",
    "equal scores have gradients of 0, so that nothing separates them",
    kind="silent",
    cause="pytorch#191142",
    advice="pass a small margin, as margin=1e-6",
    restored_by="losses.margin_ranking_loss_with_a_margin_separates_equal_scores",
    when=(
        "-margin@3 and :of=torch.nn.functional.margin_ranking_loss",
        "margin@3=0|0.0 and :of=torch.nn.functional.margin_ranking_loss",
        "-margin@0 and :of=torch.nn.MarginRankingLoss",
        "margin@0=0|0.0 and :of=torch.nn.MarginRankingLoss",
    ),
    rarely="two equal scores",
)
def test_margin_ranking_loss_does_not_separate_equal_scores(snapshot):
    """``margin_ranking_loss`` of two equal scores gives gradients of 0 with the margin 0.

    The margin is 0 by default. Old releases gave -1 and 1, which separated the scores.
    """
    assert snapshot == observe(ranking_gradients)


@pytest.mark.api(
    "torch.nn.functional.margin_ranking_loss",
    "torch.nn.MarginRankingLoss",
    page="generated/torch.nn.MarginRankingLoss",
)
def test_margin_ranking_loss_with_a_margin_separates_equal_scores(snapshot):
    """``margin_ranking_loss`` of two equal scores separates them with a margin of 1e-6.

    The first score has the gradient -1 and the second 1, on every release.
    """
    assert snapshot == observe(lambda: ranking_gradients(margin=1e-6))
