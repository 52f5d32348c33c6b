"""``padding`` and ``padding_mode`` of ``torch.nn.Conv1d``: what lies beyond the ends of the input.

``padding=1`` adds one element at both ends: a zero, or with another ``padding_mode`` a value of the
input. Since 1.9 ``padding="same"`` keeps the length. It puts an odd zero at the right end, and
raises with a stride. Trap: torch 1.4 padded with zeros for reflect, replicate and any unknown mode,
and by half of ``padding`` for circular. Nothing warned.
"""

import pytest
import torch

from fixtures.layers import conv1d
from torch_history.observing import observe, observe_each

# Over 1, 2, 3, 4 each output's decimal digits are the window it saw, read from right to left.
DIGITS = [[[1.0, 10.0, 100.0]]]


def over_four(**settings):
    return conv1d(DIGITS, **settings)(torch.tensor([[[1.0, 2.0, 3.0, 4.0]]])).detach()


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d", article="E")
def test_conv1d_pads_both_ends_with_zeros(snapshot):
    """``padding=1`` adds a zero at both ends, so that a kernel of 3 keeps the length."""
    assert snapshot == observe(lambda: over_four(padding=1))


@pytest.mark.parametrize("mode", ["circular", "reflect", "replicate"])
@pytest.mark.api(
    "torch.nn.Conv1d", "torch.nn.Conv2d", "torch.nn.Conv3d", page="generated/torch.nn.Conv1d"
)
@pytest.mark.changed(
    "1.5",
    "reflect and replicate pad with input values instead of zeros",
    kind="silent",
    cause="pytorch#31784",
    advice='pass padding_mode="zeros" to a model trained up to 1.4',
    restored_by="layers.conv1d_with_zeros_or_half_of_circular_gives_the_numbers_of_1_4",
    when="padding_mode@8=reflect|replicate and padding@4!=0",
)
@pytest.mark.changed(
    "1.5",
    "circular pads both ends by padding, where it padded by half of it before",
    kind="silent",
    cause="pytorch#31784",
    advice="pass padding // 2 to a model trained up to 1.4",
    restored_by="layers.conv1d_with_zeros_or_half_of_circular_gives_the_numbers_of_1_4",
    when="padding_mode@8=circular and padding@4!=0",
)
def test_conv1d_padding_mode_says_what_lies_beyond_the_ends(mode, snapshot):
    """``padding_mode`` selects the values beyond the ends of the input.

    The input 1, 2, 3, 4 is padded by one element on each side. Circular adds 4 on the left and 1 on
    the right, reflect adds 2 and 3, and replicate adds 1 and 4.

    Trap: up to 1.4 reflect and replicate padded with zeros, and nothing warned. Circular added only
    half of the padding, so the output was shorter.
    """
    assert snapshot == observe(lambda: over_four(padding=1, padding_mode=mode))


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
def test_conv1d_with_zeros_or_half_of_circular_gives_the_numbers_of_1_4(snapshot):
    """Padding with zeros, or half of the circular padding, gives what torch 1.4 computed.

    In 1.4 reflect and replicate padded with zeros, and circular padded by half of ``padding``,
    rounded down. Half of 1 is no padding.
    """
    assert snapshot == observe_each(
        {
            "circular": lambda: over_four(padding=0, padding_mode="circular"),
            "reflect": lambda: over_four(padding=1, padding_mode="zeros"),
            "replicate": lambda: over_four(padding=1, padding_mode="zeros"),
        }
    )


def without_the_set(make):
    """Call ``make``. Its error keeps the message up to the set that it lists in any order."""
    try:
        return make()
    except ValueError as error:
        raise ValueError(str(error).partition(" {")[0]) from None


@pytest.mark.api(
    "torch.nn.Conv1d", "torch.nn.Conv2d", "torch.nn.Conv3d", page="generated/torch.nn.Conv1d"
)
@pytest.mark.changed(
    "1.5",
    "an unknown padding_mode raises instead of padding with zeros",
    kind="error",
    cause="pytorch#29769",
    probable=True,
    advice='pass padding_mode="zeros"',
    restored_by="layers.conv1d_pads_both_ends_with_zeros",
    when="padding_mode@8!=zeros|reflect|replicate|circular|<unknown>",
)
def test_conv_refuses_an_unknown_padding_mode(snapshot):
    """A convolution raises in the constructor on an unknown ``padding_mode``.

    torch 1.4 padded with zeros instead, and nothing warned.
    """
    assert snapshot == observe(
        lambda: without_the_set(lambda: over_four(padding=1, padding_mode="circle"))
    )


@pytest.mark.api(
    "torch.nn.Conv1d", "torch.nn.Conv2d", "torch.nn.Conv3d", page="generated/torch.nn.Conv1d"
)
@pytest.mark.changed(
    "1.9",
    'padding takes "same" and "valid"',
    kind="appeared",
    cause="pytorch#45667",
    when="padding@4=same|valid and padding@4!=<unknown>",
)
def test_conv1d_padding_same_keeps_the_length(snapshot):
    """``padding="same"`` keeps the length: four elements in, four out.

    It adds dilation x (kernel - 1) zeros in total.
    """
    assert snapshot == observe_each(
        {
            "dilation=1": lambda: over_four(padding="same"),
            "dilation=2": lambda: over_four(padding="same", dilation=2),
        }
    )


@pytest.mark.api(
    "torch.nn.Conv1d", "torch.nn.Conv2d", "torch.nn.Conv3d", page="generated/torch.nn.Conv1d"
)
@pytest.mark.changed(
    "1.9",
    'padding takes "same" and "valid"',
    kind="appeared",
    cause="pytorch#45667",
    when="padding@4=same|valid and padding@4!=<unknown>",
)
def test_conv1d_padding_same_puts_the_odd_zero_on_the_right(snapshot):
    """``padding="same"`` adds an odd zero at the right end.

    A kernel of 2 needs one zero. A warning says that the input may be copied.
    """
    assert snapshot == observe(
        lambda: conv1d([[[1.0, 10.0]]], padding="same")(torch.tensor([[[1.0, 2.0, 3.0]]]))
    )


@pytest.mark.api(
    "torch.nn.Conv1d", "torch.nn.Conv2d", "torch.nn.Conv3d", page="generated/torch.nn.Conv1d"
)
@pytest.mark.changed(
    "1.9",
    'padding takes "same", and raises if it is given with a stride',
    kind="exception",
    cause="pytorch#45667",
    when=":call and :caught and padding@4=same and stride@3!=1",
)
def test_conv1d_padding_same_refuses_a_stride(snapshot):
    """``padding="same"`` with a stride raises in the constructor."""
    assert snapshot == observe(lambda: over_four(padding="same", stride=2))


@pytest.mark.api(
    "torch.nn.Conv1d", "torch.nn.Conv2d", "torch.nn.Conv3d", page="generated/torch.nn.Conv1d"
)
@pytest.mark.changed(
    "1.9",
    'padding takes "same" and "valid"',
    kind="appeared",
    cause="pytorch#45667",
    when="padding@4=same|valid and padding@4!=<unknown>",
)
def test_conv1d_padding_valid_is_none(snapshot):
    """``padding="valid"`` adds no padding, like ``padding=0``."""
    assert snapshot == observe(lambda: over_four(padding="valid"))
