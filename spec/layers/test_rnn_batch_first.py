"""Which dimension of an RNN's tensors is the time: ``batch_first``, both directions, no batch.

An RNN reads and returns [step, sample, feature], or [sample, step, feature] with
``batch_first=True``. The states are [layer, sample, feature] in both cases. Trap: if
``batch_first`` is forgotten, nothing raises, and the samples are read as steps. A bidirectional
output holds both directions side by side. Its last step has read only one input backwards, so take
the final states from ``h_n``. Since 1.11 one sequence without a batch is accepted.

Most tests use a unit that computes h = x + 10 h, so that the inputs 1, 2, 3 give the states 1, 12,
123.
"""

import pytest
import torch
from torch import nn

from fixtures.recurrent import digits, filled
from torch_history.observing import observe

SAMPLES = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]  # two samples of three steps


def samples():
    """[batch 2, time 3, input 1]."""
    return torch.tensor(SAMPLES).unsqueeze(2)


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN", article="E")
def test_rnn_reads_time_first_by_default(snapshot):
    """Without ``batch_first`` an RNN reads and returns [time, batch, size]."""
    output, _ = digits()(samples().transpose(0, 1))
    assert snapshot == observe(lambda: output.detach().squeeze(2))


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN", article="E")
def test_rnn_with_batch_first_reads_and_returns_batch_first(snapshot):
    """With ``batch_first=True`` an RNN reads and returns [batch, time, size].

    The numbers are the same as without it, transposed.
    """
    output, _ = digits(batch_first=True)(samples())
    assert torch.equal(output.transpose(0, 1), digits()(samples().transpose(0, 1))[0])
    assert snapshot == observe(lambda: output.detach().squeeze(2))


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN", article="E")
def test_rnn_forgotten_batch_first_runs_through_the_samples(snapshot):
    """Without ``batch_first=True`` an RNN reads the samples of [batch, time, size] as steps.

    Trap: nothing raises, because the shapes are right. Sample 2 continues from the state of sample
    1.

    The RNN computes x + 10 h, and the samples are 1, 2, 3 and 4, 5, 6. The states run from 1 to 14,
    from 2 to 25 and from 3 to 36. They should be 1, 12, 123 and 4, 45, 456.
    """
    output, _ = digits()(samples())
    assert snapshot == observe(lambda: output.detach().squeeze(2))


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN", article="E")
def test_rnn_h_n_is_not_batch_first(snapshot):
    """``h_n`` is [layers, batch, hidden] even with ``batch_first=True``."""
    _, h_n = filled(nn.RNN(1, 4, num_layers=3, batch_first=True))(samples())
    assert snapshot == observe(lambda: h_n.shape)


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
@pytest.mark.changed("1.7", "the message writes the size that it got in brackets", kind="wording")
def test_rnn_h_0_is_not_batch_first(snapshot):
    """An RNN raises on a first state of [batch, layers, hidden], even with ``batch_first=True``.

    The first state is always [layers, batch, hidden].
    """
    rnn = filled(nn.RNN(1, 4, num_layers=3, batch_first=True))
    assert rnn(samples(), torch.zeros(3, 2, 4))[0].shape == (2, 3, 4)
    assert snapshot == observe(lambda: rnn(samples(), torch.zeros(2, 3, 4)))


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN", article="E")
def test_rnn_last_step_of_output_is_the_last_layer_of_h_n(snapshot):
    """The last step of an RNN's output, ``output[:, -1]``, equals ``h_n[-1]`` to the bit.

    Article E uses it as a summary of the sentence.
    """
    output, h_n = digits(num_layers=2, batch_first=True)(samples())
    assert torch.equal(output[:, -1], h_n[-1])
    assert snapshot == observe(
        lambda: {"output": output.detach().squeeze(2), "h_n": h_n.detach().squeeze(2)}
    )


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
def test_rnn_bidirectional_output_holds_both_directions_side_by_side(snapshot):
    """The output of a bidirectional RNN holds both directions side by side.

    The last dimension doubles. With x + 10 h and the inputs 1, 2, 3 the forward states are 1, 12,
    123, and the backward states 321, 32, 3.
    """
    output, _ = digits(bidirectional=True, batch_first=True)(samples())
    assert snapshot == observe(lambda: output.detach()[0])


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
def test_rnn_bidirectional_last_step_has_read_one_input_backwards(snapshot):
    """``output[:, -1]`` of a bidirectional RNN has read only one input backwards.

    Trap: with x + 10 h and the inputs 1, 2, 3 its backward state is 3. The backward state after all
    inputs, 321, is in ``h_n[1]``.

    ``h_n[-2]`` and ``h_n[-1]`` are the two directions of the last layer: join these.
    """
    output, h_n = digits(bidirectional=True, batch_first=True)(samples())
    assert torch.equal(h_n[1], output[:, 0, 1:])
    assert snapshot == observe(
        lambda: {"output[:, -1]": output.detach()[:, -1], "h_n": h_n.detach().squeeze(2)}
    )


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
@pytest.mark.changed(
    "1.11", "accepts one sequence without a batch", kind="error-gone", cause="pytorch#70977"
)
def test_rnn_takes_one_sequence_without_a_batch(snapshot):
    """An RNN accepts one sequence [time, size] without a batch, since 1.11.

    It returns output [time, hidden] and h_n [layers, hidden].
    """

    def act():
        output, h_n = digits()(torch.tensor([[1.0], [2.0], [3.0]]))
        return {"output": output.detach(), "h_n": h_n.detach()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
@pytest.mark.changed(
    "1.11", "accepts one sequence without a batch", kind="error-gone", cause="pytorch#70977"
)
def test_rnn_without_a_batch_does_not_look_at_batch_first(snapshot):
    """Without a batch an RNN ignores ``batch_first``: the first dimension is the time."""
    assert snapshot == observe(
        lambda: digits(batch_first=True)(torch.tensor([[1.0], [2.0], [3.0]]))[0].detach()
    )


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN")
@pytest.mark.changed(
    "1.11",
    "the message is about the state, not about the input",
    kind="wording",
    cause="pytorch#70977",
)
def test_rnn_without_a_batch_refuses_a_state_with_one(snapshot):
    """An RNN raises when the input has no batch and the first state has one."""
    assert snapshot == observe(
        lambda: digits()(torch.tensor([[1.0], [2.0]]), torch.zeros(1, 1, 1))[0].detach()
    )


@pytest.mark.api("torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU", page="generated/torch.nn.RNN")
@pytest.mark.changed(
    "1.11",
    "the message counts five dimensions: torch adds a batch to the input, as if it had none",
    kind="wording",
    cause="pytorch#70977",
    when=":unseen",
)
@pytest.mark.changed(
    "2.0",
    "raises AssertionError instead of RuntimeError, and counts four dimensions",
    kind="exception",
    cause="pytorch#87442",
    advice="check input.dim() instead of catching the error",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "raises ValueError instead of AssertionError",
    kind="exception",
    cause="pytorch#105127",
    advice="catch ValueError",
    when=":unseen",
)
def test_rnn_refuses_four_dimensions(snapshot):
    """An RNN raises on four dimensions: the input has 3, or 2 without a batch."""
    assert snapshot == observe(lambda: digits()(torch.zeros(1, 3, 2, 1)))
