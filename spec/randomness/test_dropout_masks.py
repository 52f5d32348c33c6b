"""The elements that dropout drops under seed 0, and the ``bernoulli_`` draws behind them.

Dropout keeps an element where ``torch.Tensor.bernoulli_`` draws 1 with the probability ``1 - p``.
``torch.nn.Dropout2d`` draws once for each channel. In eval mode, with p=0 and with p=1 nothing is
drawn, and the stream does not move. The draws changed in 2.0, when AMD CPUs began to use MKL, and
in 2.7, when torch stopped using it. A seeded run then drops other elements, and all later draws
differ too. Releases up to 1.13 are recorded on an AMD CPU; on Intel CPUs they draw other numbers.
"""

from pathlib import Path

import pytest
import torch

from torch_history.observing import observe

CPU = Path("/proc/cpuinfo")


@pytest.fixture
def one_stream_whatever_the_cpu():
    """Skip up to 1.13 on Intel CPUs, which drew other numbers than the recorded ones.

    Intel CPUs drew with MKL. Other CPUs drew with torch's generator, whose numbers are recorded.
    """
    if torch.__version__.startswith("1.") and CPU.exists() and "GenuineIntel" in CPU.read_text():
        pytest.skip(reason="recorded on an AMD CPU; this torch draws other numbers on Intel's")


def seeded(draw):
    torch.manual_seed(0)
    return draw()


@pytest.mark.api(
    "torch.Tensor.bernoulli_", "torch.bernoulli", page="generated/torch.Tensor.bernoulli_"
)
@pytest.mark.changed(
    "2.0",
    "draws with MKL on AMD CPUs too",
    kind="random",
    cause="pytorch#69967",
    probable=True,
    of=("torch.Tensor.bernoulli_",),
    unless=(),
)
@pytest.mark.changed(
    "2.0",
    "torch.bernoulli with p draws with MKL on AMD CPUs too",
    kind="random",
    cause="pytorch#69967",
    probable=True,
    when="p@1",
    of="torch.bernoulli",
)
@pytest.mark.changed(
    "2.7",
    "draws other numbers under the same seed: MKL no longer draws them",
    kind="random",
    cause="pytorch#146174",
    unless=(),
    of=("torch.Tensor.bernoulli_",),
)
@pytest.mark.changed(
    "2.7",
    "torch.bernoulli with p draws without MKL, as on AMD CPUs before 2.0",
    kind="random",
    cause="pytorch#146174",
    when="p@1",
    of="torch.bernoulli",
)
def test_bernoulli_in_place_draws_these_numbers_under_seed_zero(
    one_stream_whatever_the_cpu, snapshot
):
    """``bernoulli_(p)`` draws these numbers under seed 0.

    Without MKL, an element is 1 where the float64 number of ``rand`` is below p.
    ``torch.bernoulli`` of a float32 tensor uses the float32 number.
    """
    assert snapshot == observe(lambda: seeded(lambda: torch.empty(16).bernoulli_(0.5)))


@pytest.mark.api("torch.Tensor.bernoulli_", page="generated/torch.Tensor.bernoulli_")
@pytest.mark.changed(
    "2.0",
    "draws with MKL on AMD CPUs too, which takes one number of the stream: later draws differ",
    kind="random",
    cause="pytorch#69967",
    probable=True,
    unless=(),
)
@pytest.mark.changed(
    "2.7",
    "draws other numbers under the same seed: MKL no longer draws them",
    kind="random",
    cause="pytorch#146174",
    unless=(),
)
def test_bernoulli_in_place_draws_64_bits_an_element(one_stream_whatever_the_cpu, snapshot):
    """``bernoulli_(p)`` draws 64 bits for each element.

    After 16 elements the stream has moved by 32 numbers of ``rand``. With MKL it moved by one
    number, the seed of MKL's own stream.
    """

    def act():
        rand = seeded(lambda: torch.rand(40)).tolist()
        following = seeded(lambda: (torch.empty(16).bernoulli_(0.5), torch.rand(1))[1]).item()
        return rand.index(following)

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.functional.dropout",
    "torch.nn.Dropout",
    "torch.dropout",
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.TransformerDecoderLayer",
    "torch.nn.Transformer",
    "torch.nn.RNN",
    "torch.nn.LSTM",
    "torch.nn.GRU",
    "torch.nn.MultiheadAttention",
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.Dropout",
)
@pytest.mark.changed(
    "2.0",
    "draws with MKL on AMD CPUs too: other elements are dropped under the same seed",
    kind="random",
    cause="pytorch#69967",
    probable=True,
    when=("-p@0", "p@0=<unknown>", "p@0!=0|0.0|1|1.0"),
    of=("torch.nn.functional.dropout", "torch.nn.Dropout", "torch.dropout"),
)
@pytest.mark.changed(
    "2.0",
    "layers of a Transformer with dropout draw with MKL on AMD CPUs too",
    kind="random",
    cause="pytorch#69967",
    probable=True,
    when=("-dropout@3", "dropout@3=<unknown>", "dropout@3!=0|0.0"),
    of=(
        "torch.nn.TransformerEncoderLayer",
        "torch.nn.TransformerDecoderLayer",
        "torch.nn.Transformer",
    ),
)
@pytest.mark.changed(
    "2.0",
    "recurrent layers with dropout draw with MKL on AMD CPUs too",
    kind="random",
    cause="pytorch#69967",
    probable=True,
    when="num_layers@2!=1 and dropout@5!=0|0.0",
    of=("torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU"),
)
@pytest.mark.changed(
    "2.0",
    "attention with dropout draws with MKL on AMD CPUs too",
    kind="random",
    cause="pytorch#69967",
    probable=True,
    when=("dropout!=0|0.0", "dropout@2=<float> and dropout@2!=<unknown>", "dropout_p@4!=0|0.0"),
    of=("torch.nn.MultiheadAttention", "torch.nn.functional.scaled_dot_product_attention"),
)
@pytest.mark.changed(
    "2.7",
    "drops other elements under the same seed: MKL no longer draws them",
    kind="random",
    cause="pytorch#146174",
    unless=(),
    when=("-p@0", "p@0=<unknown>", "p@0!=0|0.0|1|1.0"),
    of=("torch.nn.functional.dropout", "torch.nn.Dropout", "torch.dropout"),
)
@pytest.mark.changed(
    "2.7",
    "layers of a Transformer with dropout draw without MKL, as on AMD CPUs before 2.0",
    kind="random",
    cause="pytorch#146174",
    when=("-dropout@3", "dropout@3=<unknown>", "dropout@3!=0|0.0"),
    of=(
        "torch.nn.TransformerEncoderLayer",
        "torch.nn.TransformerDecoderLayer",
        "torch.nn.Transformer",
    ),
)
@pytest.mark.changed(
    "2.7",
    "recurrent layers with dropout draw without MKL, as on AMD CPUs before 2.0",
    kind="random",
    cause="pytorch#146174",
    when="num_layers@2!=1 and dropout@5!=0|0.0",
    of=("torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU"),
)
@pytest.mark.changed(
    "2.7",
    "attention with dropout draws without MKL, as on AMD CPUs before 2.0",
    kind="random",
    cause="pytorch#146174",
    when=("dropout!=0|0.0", "dropout@2=<float> and dropout@2!=<unknown>", "dropout_p@4!=0|0.0"),
    of=("torch.nn.MultiheadAttention", "torch.nn.functional.scaled_dot_product_attention"),
)
@pytest.mark.parametrize("p", [0.5, 0.25], ids=["0.5", "0.25"])
def test_dropout_drops_these_elements_under_seed_zero(p, one_stream_whatever_the_cpu, snapshot):
    """Dropout drops these of sixteen ones under seed 0; the others become 1 / (1 - p)."""
    assert snapshot == observe(lambda: seeded(lambda: torch.nn.Dropout(p)(torch.ones(16))))


@pytest.mark.api("torch.nn.Dropout", page="generated/torch.nn.Dropout")
def test_dropout_mask_is_bernoulli_of_what_is_kept(snapshot):
    """Dropout keeps an element where ``bernoulli_(1 - p)`` draws 1 on the same stream."""

    def act():
        kept = seeded(lambda: torch.empty(16).bernoulli_(0.75))
        return torch.equal(seeded(lambda: torch.nn.Dropout(0.25)(torch.ones(16))), kept / 0.75)

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.Dropout2d",
    "torch.nn.Dropout1d",
    "torch.nn.Dropout3d",
    "torch.nn.functional.dropout1d",
    "torch.nn.functional.dropout2d",
    "torch.nn.functional.dropout3d",
    page="generated/torch.nn.Dropout2d",
)
@pytest.mark.changed(
    "2.0",
    "draws with MKL on AMD CPUs too",
    kind="random",
    cause="pytorch#69967",
    probable=True,
    when=("-p@0", "p@0=<unknown>", "p@0!=0|0.0|1|1.0"),
)
@pytest.mark.changed(
    "2.7",
    "drops other elements under the same seed: MKL no longer draws them",
    kind="random",
    cause="pytorch#146174",
    unless=(),
    when=("-p@0", "p@0=<unknown>", "p@0!=0|0.0|1|1.0"),
)
def test_dropout2d_drops_these_channels_under_seed_zero(one_stream_whatever_the_cpu, snapshot):
    """Dropout2d drops these channels under seed 0; it draws once for each channel.

    Eight channels of four elements each take the first eight of Dropout's numbers.
    """

    def drawn():
        return seeded(lambda: torch.nn.Dropout2d(0.5)(torch.ones(1, 8, 2, 2)))

    output = drawn()
    assert torch.equal(output, output[:, :, :1, :1].expand(1, 8, 2, 2))
    assert snapshot == observe(lambda: drawn()[0, :, 0, 0])


@pytest.mark.api(
    "torch.nn.AlphaDropout",
    "torch.nn.FeatureAlphaDropout",
    "torch.nn.functional.alpha_dropout",
    "torch.nn.functional.feature_alpha_dropout",
    page="generated/torch.nn.AlphaDropout",
)
@pytest.mark.changed(
    "2.0",
    "draws with MKL on AMD CPUs too",
    kind="random",
    cause="pytorch#69967",
    probable=True,
    when=("-p@0", "p@0=<unknown>", "p@0!=0|0.0|1|1.0"),
)
@pytest.mark.changed(
    "2.7",
    "drops other elements under the same seed: MKL no longer draws them",
    kind="random",
    cause="pytorch#146174",
    unless=(),
    when=("-p@0", "p@0=<unknown>", "p@0!=0|0.0|1|1.0"),
)
def test_alpha_dropout_drops_these_elements_under_seed_zero(one_stream_whatever_the_cpu, snapshot):
    """AlphaDropout with p=0.5 drops the same elements as Dropout under seed 0.

    The dropped elements become a negative number, not 0, and all are rescaled.
    """
    assert snapshot == observe(lambda: seeded(lambda: torch.nn.AlphaDropout(0.5)(torch.ones(8))))


@pytest.mark.api("torch.nn.Dropout", page="generated/torch.nn.Dropout")
@pytest.mark.parametrize("case", ["eval", "p=0", "p=1"], ids=["eval", "p=0", "p=1"])
def test_dropout_without_a_choice_draws_nothing(case, snapshot):
    """Dropout draws nothing in eval mode, with p=0 and with p=1.

    The stream does not move where everything is kept or dropped.
    """
    layer = torch.nn.Dropout({"eval": 0.5, "p=0": 0.0, "p=1": 1.0}[case]).train(case != "eval")
    assert snapshot == observe(
        lambda: torch.equal(
            seeded(lambda: (layer(torch.ones(16)), torch.rand(3))[1]), seeded(lambda: torch.rand(3))
        )
    )
