"""``padding`` and ``padding_mode`` of ``nn.Conv1d``: what lies beyond the ends of the input."""

import pytest
import torch

from fixtures.layers import conv1d
from torch_history.observing import observe

# Over 1, 2, 3, 4 each output's decimal digits are the window it saw, read from right to left.
DIGITS = [[[1.0, 10.0, 100.0]]]


def over_four(**settings):
    return conv1d(DIGITS, **settings)(torch.tensor([[[1.0, 2.0, 3.0, 4.0]]])).detach()


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d", article="E")
def test_conv1d_pads_both_ends_with_zeros(snapshot):
    """``padding=1`` adds a zero at both ends, so that a kernel of 3 keeps the length."""
    assert snapshot == observe(lambda: over_four(padding=1))


@pytest.mark.parametrize("mode", ["circular", "reflect", "replicate"])
@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
@pytest.mark.changed(
    "1.5",
    "reflect and replicate pad with input values instead of zeros; circular pads both ends in full",
    kind="silent",
    cause="pytorch#31784",
    advice=(
        'retrain, or pass padding_mode="zeros" for models trained with reflect or replicate up to '
        "1.4"
    ),
)
def test_conv1d_padding_mode_says_what_lies_beyond_the_ends(mode, snapshot):
    """``padding_mode`` selects the values beyond the ends of the input.

    Before the 1 it puts the 4 (circular), the 2 (reflect) or the 1 again (replicate). After the 4
    it puts the 1, the 3 or the 4.

    Trap: up to 1.4 reflect and replicate padded with zeros, and nothing warned. Circular added only
    half of the padding, so the output was shorter.
    """
    assert snapshot == observe(lambda: over_four(padding=1, padding_mode=mode))


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
@pytest.mark.changed(
    "1.9", 'padding takes "same" and "valid"', kind="api-appeared", cause="pytorch#45667"
)
def test_conv1d_padding_same_keeps_the_length(snapshot):
    """``padding="same"`` keeps the length: four elements in, four out.

    It adds dilation x (kernel - 1) zeros in total.
    """
    assert snapshot == observe(
        lambda: {
            "dilation=1": over_four(padding="same"),
            "dilation=2": over_four(padding="same", dilation=2),
        }
    )


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
@pytest.mark.changed(
    "1.9", 'padding takes "same" and "valid"', kind="api-appeared", cause="pytorch#45667"
)
def test_conv1d_padding_same_puts_the_odd_zero_on_the_right(snapshot):
    """``padding="same"`` adds an odd zero at the right end.

    A kernel of 2 needs one zero. A warning says that the input may be copied.
    """
    assert snapshot == observe(
        lambda: conv1d([[[1.0, 10.0]]], padding="same")(torch.tensor([[[1.0, 2.0, 3.0]]]))
    )


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
@pytest.mark.changed(
    "1.9",
    'padding takes "same", and raises if it is given with a stride',
    kind="api-appeared",
    cause="pytorch#45667",
)
def test_conv1d_padding_same_refuses_a_stride(snapshot):
    """``padding="same"`` with a stride raises in the constructor."""
    assert snapshot == observe(lambda: over_four(padding="same", stride=2))


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
@pytest.mark.changed(
    "1.9", 'padding takes "same" and "valid"', kind="api-appeared", cause="pytorch#45667"
)
def test_conv1d_padding_valid_is_none(snapshot):
    """``padding="valid"`` adds no padding, like ``padding=0``."""
    assert snapshot == observe(lambda: over_four(padding="valid"))
