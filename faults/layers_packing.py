"""Faults of padding, of packing and of weight norm."""

import torch
from torch.nn.utils import rnn

from faults import fault
from faults._tools import wrap


@fault
def pad_sequence_knows_one_side(patch):
    """pad_sequence always pads on the right."""
    wrap(
        patch,
        rnn,
        "pad_sequence",
        lambda honest: (
            lambda sequences, padding_side="right", **settings: honest(sequences, **settings)
        ),
    )


@fault
def pad_sequence_puts_the_batch_first(patch):
    """pad_sequence has batch_first=True by default."""
    wrap(
        patch,
        rnn,
        "pad_sequence",
        lambda honest: (
            lambda sequences, batch_first=True, **settings: honest(
                sequences, batch_first, **settings
            )
        ),
    )


@fault
def pad_sequence_wants_a_list_of_one_dtype(patch):
    """pad_sequence accepts only a list, returns floats, and accepts an empty list."""

    def change(honest):
        def pad_sequence(sequences, **settings):
            if not isinstance(sequences, list):
                raise TypeError("sequences must be a list")
            return (
                honest([each.float() for each in sequences], **settings)
                if sequences
                else torch.zeros(0)
            )

        return pad_sequence

    wrap(patch, rnn, "pad_sequence", change)


@fault
def unpad_sequence_cuts_nothing(patch):
    """unpad_sequence keeps the padding, and unpack_sequence reverses the order."""
    patch.setattr(rnn, "unpad_sequence", lambda padded, lengths: list(padded.unbind(1)))
    wrap(patch, rnn, "unpack_sequence", lambda honest: lambda packed: honest(packed)[::-1])


@fault
def pack_rounds_lengths_up(patch):
    """pack_padded_sequence rounds lengths up."""
    wrap(
        patch,
        rnn,
        "pack_padded_sequence",
        lambda honest: (
            lambda padded, lengths, *rest, **settings: honest(
                padded, torch.as_tensor(lengths).double().ceil().long(), *rest, **settings
            )
        ),
    )
