"""The arguments of the losses, with their defaults. Calls by position depend on these lists.

The deprecated ``size_average`` and ``reduce`` still come before ``reduction`` in most losses: pass
``reduction`` by name. New arguments were added at the end, such as ``label_smoothing`` in 1.10.
"""

import pytest

from fixtures.arguments import arguments_of
from torch_history.observing import observe

CLASSES = [
    "MSELoss",
    "L1Loss",
    "SmoothL1Loss",
    "HuberLoss",
    "CrossEntropyLoss",
    "LinearCrossEntropyLoss",
    "NLLLoss",
    "BCELoss",
    "BCEWithLogitsLoss",
    "KLDivLoss",
    "PoissonNLLLoss",
    "GaussianNLLLoss",
    "CTCLoss",
    "CosineEmbeddingLoss",
    "MarginRankingLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
    "MultiMarginLoss",
]
FUNCTIONS = [
    "mse_loss",
    "l1_loss",
    "smooth_l1_loss",
    "huber_loss",
    "cross_entropy",
    "linear_cross_entropy",
    "nll_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "kl_div",
    "gaussian_nll_loss",
    "ctc_loss",
    "triplet_margin_with_distance_loss",
]


@pytest.mark.api("torch.nn.CrossEntropyLoss", "torch.nn.MSELoss", page="nn", signature=True)
@pytest.mark.changed("1.6", "log_target (KLDivLoss)", kind="appeared", cause="pytorch#34586")
@pytest.mark.changed("1.7", "beta (SmoothL1Loss)", kind="appeared", cause="pytorch#44433")
@pytest.mark.changed("1.7", "TripletMarginWithDistanceLoss", kind="appeared", cause="pytorch#43680")
@pytest.mark.changed("1.8", "GaussianNLLLoss", kind="appeared", cause="pytorch#49807")
@pytest.mark.changed("1.9", "HuberLoss", kind="appeared", cause="pytorch#50553")
@pytest.mark.changed(
    "1.10", "label_smoothing (CrossEntropyLoss)", kind="appeared", cause="pytorch#63122"
)
@pytest.mark.changed("2.13", "LinearCrossEntropyLoss", kind="appeared", cause="pytorch#181573")
@pytest.mark.parametrize("name", CLASSES)
def test_losses_are_made_with_these_arguments(name, snapshot):
    """The loss classes take these arguments. Pass ``reduction`` by name.

    In ``CrossEntropyLoss`` and ``BCELoss`` the first argument is ``weight``, in ``MSELoss`` and
    ``KLDivLoss`` it is ``size_average``.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.{name}"))


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.functional.mse_loss",
    page="nn.functional",
    signature=True,
)
@pytest.mark.changed("1.6", "log_target (kl_div)", kind="appeared", cause="pytorch#34586")
@pytest.mark.changed("1.7", "beta (smooth_l1_loss)", kind="appeared", cause="pytorch#44433")
@pytest.mark.changed(
    "1.7", "triplet_margin_with_distance_loss", kind="appeared", cause="pytorch#43680"
)
@pytest.mark.changed("1.8", "gaussian_nll_loss", kind="appeared", cause="pytorch#49807")
@pytest.mark.changed("1.9", "huber_loss", kind="appeared", cause="pytorch#50553")
@pytest.mark.changed(
    "1.9",
    "full, eps and reduction by position too (gaussian_nll_loss)",
    kind="representation",
    cause="pytorch#56469",
    probable=True,
)
@pytest.mark.changed(
    "1.10", "label_smoothing (cross_entropy)", kind="appeared", cause="pytorch#63122"
)
@pytest.mark.changed(
    "2.6",
    "weight (l1_loss, mse_loss, huber_loss)",
    kind="appeared",
    cause="pytorch#132049",
    probable=True,
)
@pytest.mark.changed(
    "2.13", "linear_cross_entropy appears", kind="appeared", cause="pytorch#172286", probable=True
)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functional_losses_take_these_arguments(name, snapshot):
    """The functional losses take these arguments; in most of them the target follows the output.

    Pass ``reduction`` by name: in most, ``size_average`` and ``reduce`` still come before it.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.functional.{name}"))
