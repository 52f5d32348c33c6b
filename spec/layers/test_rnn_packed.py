"""Packed sequences: samples of several lengths in one batch, without padding in between.

An RNN reads the padding of a padded batch, so the final state of a short sample is wrong. In a
packed batch each sample ends at its own last step, and the backward direction starts there.
``torch.nn.utils.rnn.pad_packed_sequence`` returns the output padded with zeros, and the lengths.
Rising lengths raise unless ``enforce_sorted=False``, and a length of zero raises. Trap: a length
beyond the end of the batch is not noticed until an RNN reads the sequence.
"""

import pytest
import torch
from torch import nn

from fixtures.recurrent import digits
from torch_history.observing import observe


def padded():
    """[batch 2, time 3, input 1]: the samples 1, 2, 3 and 4.

    The second sample is padded by 9s, so that a test shows if they are read.
    """
    return torch.tensor([[1.0, 2.0, 3.0], [4.0, 9.0, 9.0]]).unsqueeze(2)


def packed(**settings):
    return nn.utils.rnn.pack_padded_sequence(padded(), [3, 1], batch_first=True, **settings)


@pytest.mark.api(
    "torch.nn.utils.rnn.pack_padded_sequence",
    page="generated/torch.nn.utils.rnn.pack_padded_sequence",
)
def test_rnn_pack_lays_the_samples_out_step_by_step(snapshot):
    """``pack_padded_sequence`` lays the samples out step by step.

    The data holds step 1 of every sample, then step 2 of those that have one. batch_sizes counts
    the samples of each step.
    """
    sequence = packed()
    assert snapshot == observe(
        lambda: {"data": sequence.data.squeeze(1), "batch_sizes": sequence.batch_sizes}
    )


@pytest.mark.api(
    "torch.nn.RNN", "torch.nn.utils.rnn.pack_padded_sequence", page="generated/torch.nn.RNN"
)
def test_rnn_on_a_packed_sequence_ends_each_sample_at_its_own_length(snapshot):
    """``h_n`` of a packed batch holds the state of each sample after its last true step.

    With x + 10 h the samples 1, 2, 3 and 4 end in the states 123 and 4.
    """
    _, h_n = digits(batch_first=True)(packed())
    assert snapshot == observe(lambda: h_n.detach().reshape(2))


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN", article="E")
def test_rnn_on_a_padded_batch_reads_the_padding(snapshot):
    """An RNN reads the padding of a padded batch.

    Trap: with x + 10 h the sample 4, padded by two 9s, ends in the state 499. Padding with zeros
    would change it too.
    """
    _, h_n = digits(batch_first=True)(padded())
    assert snapshot == observe(lambda: h_n.detach().reshape(2))


@pytest.mark.api(
    "torch.nn.RNN", "torch.nn.utils.rnn.pack_padded_sequence", page="generated/torch.nn.RNN"
)
def test_rnn_on_a_packed_sequence_starts_backwards_at_the_last_true_step(snapshot):
    """The backward direction of a packed batch starts at the last true step of each sample.

    With x + 10 h the samples 1, 2, 3 and 4 end in the backward states 321 and 4. Padded by two 9s,
    the 4 would end in 994.
    """
    _, h_n = digits(batch_first=True, bidirectional=True)(packed())
    assert snapshot == observe(lambda: h_n.detach()[1].reshape(2))


@pytest.mark.api(
    "torch.nn.utils.rnn.pad_packed_sequence",
    page="generated/torch.nn.utils.rnn.pad_packed_sequence",
)
def test_rnn_packed_output_is_padded_with_zeros(snapshot):
    """``pad_packed_sequence`` returns the output padded with zeros, and the lengths."""
    output, _ = digits(batch_first=True)(packed())
    found, lengths = nn.utils.rnn.pad_packed_sequence(output, batch_first=True)
    assert snapshot == observe(lambda: {"output": found.detach().squeeze(2), "lengths": lengths})


@pytest.mark.api(
    "torch.nn.utils.rnn.pad_packed_sequence",
    page="generated/torch.nn.utils.rnn.pad_packed_sequence",
)
def test_rnn_packed_output_is_as_long_as_the_longest_sample(snapshot):
    """``pad_packed_sequence`` returns an output as long as the longest sample.

    Padding that no sample reaches is gone: three steps in, two out. ``total_length=3`` restores it.
    """
    sequence = nn.utils.rnn.pack_padded_sequence(padded(), [2, 1], batch_first=True)
    short, _ = nn.utils.rnn.pad_packed_sequence(sequence, batch_first=True)
    whole, _ = nn.utils.rnn.pad_packed_sequence(sequence, batch_first=True, total_length=3)
    assert snapshot == observe(
        lambda: {"default": short.squeeze(2), "total_length=3": whole.squeeze(2)}
    )


@pytest.mark.api(
    "torch.nn.utils.rnn.pack_padded_sequence",
    page="generated/torch.nn.utils.rnn.pack_padded_sequence",
)
def test_rnn_pack_refuses_rising_lengths_by_default(snapshot):
    """``pack_padded_sequence`` raises when the lengths rise.

    Put the longest sample first, or pass ``enforce_sorted=False``.
    """
    assert snapshot == observe(
        lambda: nn.utils.rnn.pack_padded_sequence(padded(), [1, 3], batch_first=True).batch_sizes
    )


@pytest.mark.api(
    "torch.nn.RNN", "torch.nn.utils.rnn.pack_padded_sequence", page="generated/torch.nn.RNN"
)
def test_rnn_on_unsorted_packed_samples_keeps_their_order(snapshot):
    """An RNN returns unsorted packed samples in the order of the batch.

    ``enforce_sorted=False`` sorts internally. In output and ``h_n`` the sample 4 comes before the
    sample 1, 2, 3, as in the batch.
    """
    rnn = digits(batch_first=True)
    sequence = nn.utils.rnn.pack_padded_sequence(
        padded().flip(0), [1, 3], batch_first=True, enforce_sorted=False
    )
    output, h_n = rnn(sequence)
    found, _ = nn.utils.rnn.pad_packed_sequence(output, batch_first=True)
    assert snapshot == observe(
        lambda: {"output": found.detach().squeeze(2), "h_n": h_n.detach().reshape(2)}
    )


@pytest.mark.api(
    "torch.nn.utils.rnn.pack_padded_sequence",
    page="generated/torch.nn.utils.rnn.pack_padded_sequence",
)
def test_rnn_pack_refuses_a_length_of_zero(snapshot):
    """``pack_padded_sequence`` raises on a length of zero."""
    assert snapshot == observe(
        lambda: nn.utils.rnn.pack_padded_sequence(padded(), [3, 0], batch_first=True).batch_sizes
    )


@pytest.mark.api(
    "torch.nn.utils.rnn.pack_padded_sequence",
    page="generated/torch.nn.utils.rnn.pack_padded_sequence",
)
def test_rnn_pack_does_not_notice_a_length_beyond_the_end(snapshot):
    """``pack_padded_sequence`` does not notice a length beyond the end of the batch.

    Trap: a length of 4 in a batch of three steps packs 4 rows, while the batch sizes count 5. Only
    the RNN raises.
    """

    def act():
        sequence = nn.utils.rnn.pack_padded_sequence(padded(), [4, 1], batch_first=True)
        return {"data": sequence.data.squeeze(1), "batch_sizes": sequence.batch_sizes}

    assert snapshot == observe(act)
