"""The values that layers start from under seed 0; layers draw in the order of construction.

Most layers draw their weights and biases from the global stream when they are created. An
additional layer, or a bias left out, changes the values that later layers start from. Layers that
start from ones and zeros, such as ``torch.nn.BatchNorm1d``, draw nothing. A padding row is drawn
and then set to 0, so the other rows do not change. All these values are the same in every recorded
release, except those of ``torch.nn.init.trunc_normal_``, which changed in 2.12.
"""

import pytest
import torch

from fixtures.models import parameters_of
from torch_history.observing import observe


def seeded(make):
    torch.manual_seed(0)
    return make()


def parameters_under_seed_zero(make):
    return parameters_of(seeded(make))


@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear")
def test_linear_starts_from_these_values_under_seed_zero(snapshot):
    """``nn.Linear`` starts from these values under seed 0; it draws the weight, then the bias."""
    assert snapshot == observe(lambda: parameters_under_seed_zero(lambda: torch.nn.Linear(3, 2)))


@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear")
def test_linear_without_bias_leaves_the_stream_earlier(snapshot):
    """``nn.Linear`` without bias draws the same weight, but takes fewer numbers of the stream.

    The next draw gets the numbers that the bias would have taken, so later layers start from other
    values.
    """

    def act():
        weight, following = seeded(
            lambda: (torch.nn.Linear(3, 2, bias=False).weight, torch.rand(1))
        )
        with_bias, after = seeded(lambda: (torch.nn.Linear(3, 2).weight, torch.rand(1)))
        return {
            "same weight": torch.equal(weight, with_bias),
            "same draw next": torch.equal(following, after),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Bilinear", page="generated/torch.nn.Bilinear")
def test_bilinear_starts_from_these_values_under_seed_zero(snapshot):
    """``nn.Bilinear`` starts from these values under seed 0; it draws the weight, then the bias."""
    assert snapshot == observe(
        lambda: parameters_under_seed_zero(lambda: torch.nn.Bilinear(2, 2, 1))
    )


@pytest.mark.api("torch.nn.Conv1d", page="generated/torch.nn.Conv1d")
def test_conv1d_starts_from_these_values_under_seed_zero(snapshot):
    """``nn.Conv1d`` starts from these values under seed 0.

    It has two inputs, two outputs and a kernel of 2.
    """
    assert snapshot == observe(lambda: parameters_under_seed_zero(lambda: torch.nn.Conv1d(2, 2, 2)))


@pytest.mark.api("torch.nn.ConvTranspose1d", page="generated/torch.nn.ConvTranspose1d")
def test_transposed_conv1d_starts_from_these_values_under_seed_zero(snapshot):
    """``nn.ConvTranspose1d`` starts from these values under seed 0.

    It has two inputs, one output and a kernel of 2.
    """
    assert snapshot == observe(
        lambda: parameters_under_seed_zero(lambda: torch.nn.ConvTranspose1d(2, 1, 2))
    )


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding", article="C")
def test_embedding_starts_from_these_values_under_seed_zero(snapshot):
    """``nn.Embedding`` starts from the numbers of ``randn`` under seed 0, row by row."""
    assert torch.equal(
        seeded(lambda: torch.nn.Embedding(3, 2)).weight, seeded(lambda: torch.randn(3, 2))
    )
    assert snapshot == observe(lambda: parameters_under_seed_zero(lambda: torch.nn.Embedding(3, 2)))


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding", article="C")
def test_padding_row_is_drawn_before_it_is_cleared(snapshot):
    """``nn.Embedding`` draws its padding row, then sets it to 0.

    The other rows start as they would without ``padding_idx``.
    """
    assert snapshot == observe(
        lambda: parameters_under_seed_zero(lambda: torch.nn.Embedding(3, 2, padding_idx=0))
    )


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN", article="E")
def test_rnn_starts_from_these_values_under_seed_zero(snapshot):
    """``nn.RNN`` starts from these values under seed 0.

    It draws weights and biases in the order of ``named_parameters()``.
    """
    assert snapshot == observe(lambda: parameters_under_seed_zero(lambda: torch.nn.RNN(2, 1)))


@pytest.mark.api("torch.nn.LSTM", page="generated/torch.nn.LSTM")
def test_lstm_starts_from_these_values_under_seed_zero(snapshot):
    """``nn.LSTM`` starts from these values under seed 0, for four gates a unit."""
    assert snapshot == observe(lambda: parameters_under_seed_zero(lambda: torch.nn.LSTM(1, 1)))


@pytest.mark.api("torch.nn.GRU", page="generated/torch.nn.GRU")
def test_gru_starts_from_these_values_under_seed_zero(snapshot):
    """``nn.GRU`` starts from these values under seed 0, for three gates a unit."""
    assert snapshot == observe(lambda: parameters_under_seed_zero(lambda: torch.nn.GRU(1, 1)))


@pytest.mark.api("torch.nn.MultiheadAttention", page="generated/torch.nn.MultiheadAttention")
def test_attention_starts_from_these_values_under_seed_zero(snapshot):
    """``nn.MultiheadAttention`` starts from these values under seed 0.

    It draws the output projection first, although that is named last.
    """
    assert snapshot == observe(
        lambda: parameters_under_seed_zero(lambda: torch.nn.MultiheadAttention(2, 1))
    )


@pytest.mark.api(
    "torch.nn.BatchNorm1d", "torch.nn.LayerNorm", page="generated/torch.nn.BatchNorm1d"
)
@pytest.mark.parametrize("name", ["BatchNorm1d", "LayerNorm"], ids=["BatchNorm1d", "LayerNorm"])
def test_normalisation_layer_draws_nothing(name, snapshot):
    """A normalisation layer draws nothing from the stream: it starts from ones and zeros.

    The layers after it start from the same values with it and without it.
    """
    assert snapshot == observe(
        lambda: torch.equal(
            seeded(lambda: (getattr(torch.nn, name)(4), torch.rand(3))[1]),
            seeded(lambda: torch.rand(3)),
        )
    )


@pytest.mark.api("torch.manual_seed", "torch.nn.Sequential", page="notes/randomness")
def test_layer_in_front_changes_how_the_next_ones_start(snapshot):
    """An additional layer in front changes the values that every later layer starts from.

    Layers draw from the stream in the order of their construction.
    """

    def act():
        alone = seeded(lambda: torch.nn.Linear(3, 2))
        behind = seeded(lambda: [torch.nn.Linear(1, 1), torch.nn.Linear(3, 2)])[1]
        return torch.equal(alone.weight, behind.weight)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.utils.skip_init", page="generated/torch.nn.utils.skip_init")
@pytest.mark.changed("1.10", "skip_init exists", kind="appeared", cause="pytorch#57555")
def test_skip_init_draws_nothing(snapshot):
    """``skip_init`` makes an uninitialised layer and draws nothing from the stream."""

    def act():
        following = seeded(
            lambda: (torch.nn.utils.skip_init(torch.nn.Linear, 3, 2), torch.rand(3))[1]
        )
        return torch.equal(following, seeded(lambda: torch.rand(3)))

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.init.xavier_uniform_", page="nn.init", article="D")
@pytest.mark.parametrize(
    "name",
    ["xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_", "orthogonal_"],
    ids=["xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_", "orthogonal_"],
)
def test_init_function_draws_these_values_under_seed_zero(name, snapshot):
    """These initialisers draw these values for a [2, 2] tensor under seed 0.

    Uniform ones scale ``rand``, and normal ones scale ``randn``. ``orthogonal_`` makes a rotation
    or reflection of ``randn``.
    """
    assert snapshot == observe(
        lambda: seeded(lambda: getattr(torch.nn.init, name)(torch.empty(2, 2)))
    )


@pytest.mark.api("torch.nn.init.trunc_normal_", page="nn.init")
@pytest.mark.changed("1.6", "trunc_normal_ exists", kind="appeared", cause="pytorch#32397")
@pytest.mark.changed(
    "2.12",
    "draws normal numbers and redraws those out of range, instead of inverting the distribution"
    " function",
    kind="random",
    cause="pytorch#174997",
    unless=(),
)
def test_trunc_normal_draws_these_values_under_seed_zero(snapshot):
    """``trunc_normal_`` draws these values under seed 0.

    Since 2.12 they are the numbers of ``randn``; the third lies beyond -2 and is drawn again.
    """
    assert snapshot == observe(
        lambda: seeded(lambda: torch.nn.init.trunc_normal_(torch.empty(2, 2)))
    )


@pytest.mark.api("torch.nn.init.sparse_", page="nn.init")
def test_sparse_draws_these_values_under_seed_zero(snapshot):
    """``sparse_`` draws these values under seed 0, and sets half of each column to 0.

    The rest are normal numbers with a deviation of 0.01.
    """
    assert snapshot == observe(
        lambda: seeded(lambda: torch.nn.init.sparse_(torch.empty(4, 2), sparsity=0.5))
    )
