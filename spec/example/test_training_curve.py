"""The curve of loss and accuracy that article E shows; ``tools/training_curve.py`` draws it.

The mean loss falls from each of ten epochs to the next. Accuracy on held-out strings rises from
about 75 % after one epoch to over 99 % after ten.
"""

import pytest
import torch

from fixtures.abc import trained_once
from torch_history.observing import observe


@pytest.mark.api(
    "torch.optim.Adam",
    "torch.nn.RNN",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.optim.Adam",
    article="E",
)
def test_training_curve_falls_from_epoch_to_epoch(snapshot):
    """The mean loss of each of ten epochs is below that of the epoch before.

    Only the first three are recorded, because rounding errors add up in later ones.
    """
    losses = trained_once().losses
    assert all(later < earlier for earlier, later in zip(losses, losses[1:]))
    assert snapshot == observe(lambda: torch.tensor(losses[:3]))


@pytest.mark.api("torch.optim.Adam", "torch.nn.RNN", page="generated/torch.optim.Adam", article="E")
def test_training_curve_of_accuracy_rises_from_three_quarters_to_the_whole(snapshot):
    """Accuracy on held-out strings rises from about 75 % after one epoch to over 99 % after ten.

    After three epochs it is over 90 %.
    """
    accuracies = trained_once().accuracies
    assert snapshot == observe(
        lambda: {
            "over 0.7 after one": accuracies[0] > 0.7,
            "over 0.9 after three": accuracies[2] > 0.9,
            "over 0.99 after ten": accuracies[9] > 0.99,
        }
    )
