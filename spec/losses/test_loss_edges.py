"""Each class of losses at its edges: no samples, other shapes and dtypes, NaN, infinity.

The same output is tried on every class: 0.5 for 2 samples and 4 features, and 3 steps for CTCLoss.
The mean over no samples is NaN, and the sum is 0. NaN and infinity stay in the loss of their
sample. A target of another shape raises or broadcasts. Some losses give a gradient to the target.
"""

import pytest
import torch
from torch import nn

from torch_history.observing import apart, observe_each


def target_alike(x):
    """A target of ones, in the shape and dtype of the output."""
    return [torch.ones_like(x)]


def classes(x):
    """Class number 0 for each sample."""
    return [torch.zeros(x.shape[:-1], dtype=torch.int64)]


def two_alike(x):
    """Two further inputs of ones, in the shape and dtype of the output."""
    return [torch.ones_like(x), torch.ones_like(x)]


def sequences(x):
    """Two labels of class 1 for each sample of all steps."""
    samples = x.shape[1:-1]
    return [
        torch.ones([*samples, 2], dtype=torch.int64),
        torch.zeros(samples, dtype=torch.int64) + 3,
        torch.zeros(samples, dtype=torch.int64) + 2,
    ]


# loss -> its inputs after the output
LOSSES = {
    "L1Loss": target_alike,
    "MSELoss": target_alike,
    "SmoothL1Loss": target_alike,
    "HuberLoss": target_alike,
    "PoissonNLLLoss": target_alike,
    "GaussianNLLLoss": two_alike,
    "KLDivLoss": target_alike,
    "BCELoss": target_alike,
    "BCEWithLogitsLoss": target_alike,
    "SoftMarginLoss": target_alike,
    "HingeEmbeddingLoss": target_alike,
    "MultiLabelSoftMarginLoss": target_alike,
    "MultiLabelMarginLoss": lambda x: [torch.zeros(x.shape, dtype=torch.int64)],
    "MultiMarginLoss": classes,
    "CrossEntropyLoss": classes,
    "NLLLoss": classes,
    "MarginRankingLoss": two_alike,
    "CosineEmbeddingLoss": lambda x: [torch.ones_like(x), torch.ones(x.shape[:-1]).to(x.dtype)],
    "TripletMarginLoss": two_alike,
    "TripletMarginWithDistanceLoss": two_alike,
    "CTCLoss": sequences,
}


def outputs(name, batch=(2,), width=4):
    """0.5 for so many samples and features; for CTCLoss in three steps."""
    steps = [3] if name == "CTCLoss" else []
    return torch.full([*steps, *batch, width], 0.5)


def loss(name, x, others, reduction="none"):
    """The loss of this class, by default one for each element or sample."""
    return getattr(nn, name)(reduction=reduction)(x, *others)


def acts(act, names=LOSSES):
    """An act for each loss: name -> ``act(name, its further inputs as a function)``."""
    return {name: (lambda name=name: act(name, LOSSES[name])) for name in names}


@pytest.mark.api("torch.nn.L1Loss", "torch.nn.MSELoss", "torch.nn.SmoothL1Loss")
@pytest.mark.api("torch.nn.HuberLoss", "torch.nn.PoissonNLLLoss", "torch.nn.GaussianNLLLoss")
@pytest.mark.api("torch.nn.KLDivLoss", "torch.nn.BCELoss", "torch.nn.BCEWithLogitsLoss")
@pytest.mark.api("torch.nn.SoftMarginLoss", "torch.nn.HingeEmbeddingLoss")
@pytest.mark.api("torch.nn.MultiLabelSoftMarginLoss", "torch.nn.MultiLabelMarginLoss")
@pytest.mark.api("torch.nn.MultiMarginLoss", "torch.nn.CrossEntropyLoss", "torch.nn.NLLLoss")
@pytest.mark.api("torch.nn.MarginRankingLoss", "torch.nn.CosineEmbeddingLoss")
@pytest.mark.api("torch.nn.TripletMarginLoss", "torch.nn.TripletMarginWithDistanceLoss")
@pytest.mark.api("torch.nn.CTCLoss", page="nn")
@pytest.mark.changed(
    "1.7",
    "TripletMarginWithDistanceLoss was added",
    kind="appeared",
    cause="pytorch#43680",
    of="torch.nn.TripletMarginWithDistanceLoss",
)
@pytest.mark.changed(
    "1.8",
    "GaussianNLLLoss was added",
    kind="appeared",
    cause="pytorch#49807",
    of="torch.nn.GaussianNLLLoss",
)
@pytest.mark.changed(
    "1.8",
    "MultiLabelMarginLoss and MultiMarginLoss accept a batch of no samples",
    kind="error-gone",
    cause="pytorch#46975",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.9",
    "GaussianNLLLoss accepts a batch of no samples",
    kind="error-gone",
    cause="pytorch#56469",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.9", "HuberLoss was added", kind="appeared", cause="pytorch#50553", of="torch.nn.HuberLoss"
)
@pytest.mark.changed(
    "2.8",
    "CTCLoss raises instead of giving an empty loss, 0 or NaN",
    kind="error",
    cause="pytorch#150981",
    advice="skip the loss where log_probs.numel() is 0",
    of="torch.nn.CTCLoss",
    rarely="a batch of no samples",
)
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_loss_of_no_samples_is_zero_as_sum_and_nan_as_mean(reduction, snapshot):
    """The losses of a batch of no samples are empty, their sum is 0, and their mean is NaN.

    Sum and mean of MultiMarginLoss and MultiLabelMarginLoss are not tested: they are whatever the
    memory held. KLDivLoss warns of its mean, which is not tested either.
    """

    def act(name, others):
        x = outputs(name, batch=(0,)).requires_grad_()
        result = loss(name, x, others(x), reduction)
        result.backward(torch.ones_like(result))
        return {"loss": result.detach(), "gradient": x.grad.shape}

    left_out = {"none": [], "sum": ["MultiLabelMarginLoss", "MultiMarginLoss"]}
    left_out["mean"] = [*left_out["sum"], "KLDivLoss"]
    names = [name for name in LOSSES if name not in left_out[reduction]]
    assert snapshot == observe_each(acts(act, names))


@pytest.mark.api("torch.nn.L1Loss", "torch.nn.MSELoss", "torch.nn.SmoothL1Loss")
@pytest.mark.api("torch.nn.HuberLoss", "torch.nn.PoissonNLLLoss", "torch.nn.GaussianNLLLoss")
@pytest.mark.api("torch.nn.KLDivLoss", "torch.nn.BCELoss", "torch.nn.BCEWithLogitsLoss")
@pytest.mark.api("torch.nn.SoftMarginLoss", "torch.nn.HingeEmbeddingLoss")
@pytest.mark.api("torch.nn.MultiLabelSoftMarginLoss", "torch.nn.MultiLabelMarginLoss")
@pytest.mark.api("torch.nn.MultiMarginLoss", "torch.nn.CrossEntropyLoss", "torch.nn.NLLLoss")
@pytest.mark.api("torch.nn.MarginRankingLoss", "torch.nn.CosineEmbeddingLoss")
@pytest.mark.api("torch.nn.TripletMarginLoss", "torch.nn.TripletMarginWithDistanceLoss")
@pytest.mark.api("torch.nn.CTCLoss", page="nn")
@pytest.mark.changed(
    "1.5",
    "MultiLabelMarginLoss of one sample has no dimension, where it had one of length 1",
    kind="silent",
    cause="pytorch#30768",
    advice="read the shape of the loss, or use reduction='sum'",
    of="torch.nn.MultiLabelMarginLoss",
    rarely="an output without a batch dimension",
)
@pytest.mark.changed(
    "1.7",
    "TripletMarginWithDistanceLoss was added",
    kind="appeared",
    cause="pytorch#43680",
    of="torch.nn.TripletMarginWithDistanceLoss",
)
@pytest.mark.changed(
    "1.8",
    "GaussianNLLLoss was added",
    kind="appeared",
    cause="pytorch#49807",
    of="torch.nn.GaussianNLLLoss",
)
@pytest.mark.changed(
    "1.9",
    "CosineEmbeddingLoss raises RuntimeError, which asks for one target a sample, instead "
    "of IndexError",
    kind="exception",
    cause="pytorch#53110",
    of="torch.nn.CosineEmbeddingLoss",
    rarely="an output without a batch dimension",
    when=":caught",
)
@pytest.mark.changed(
    "1.9", "HuberLoss was added", kind="appeared", cause="pytorch#50553", of="torch.nn.HuberLoss"
)
@pytest.mark.changed(
    "1.10",
    "CosineEmbeddingLoss accepts one sample without a batch",
    kind="error-gone",
    cause="pytorch#64590",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "NLLLoss accepts one sample without a batch",
    kind="error-gone",
    cause="pytorch#62651",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "TripletMarginLoss and TripletMarginWithDistanceLoss accept one sample without a batch",
    kind="error-gone",
    cause="pytorch#64882",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.11",
    "CTCLoss accepts one sample without a batch",
    kind="error-gone",
    cause="pytorch#70092",
    when=":unseen",
)
@pytest.mark.changed(
    "1.11",
    "CrossEntropyLoss accepts one sample without a batch",
    kind="error-gone",
    cause="pytorch#71055",
    when=":unseen",
)
@pytest.mark.changed(
    "1.11",
    "MultiLabelSoftMarginLoss accepts one sample without a batch",
    kind="error-gone",
    cause="pytorch#65690",
    probable=True,
    when=":unseen",
)
def test_loss_takes_one_sample_without_a_batch_dimension(snapshot):
    """A loss takes one sample of 4 features without the dimension of the batch."""

    def act(name, others):
        x = outputs(name, batch=())
        return loss(name, x, others(x)).shape

    assert snapshot == observe_each(acts(act))


@pytest.mark.api("torch.nn.L1Loss", "torch.nn.MSELoss", "torch.nn.SmoothL1Loss")
@pytest.mark.api("torch.nn.HuberLoss", "torch.nn.PoissonNLLLoss", "torch.nn.GaussianNLLLoss")
@pytest.mark.api("torch.nn.KLDivLoss", "torch.nn.BCELoss", "torch.nn.BCEWithLogitsLoss")
@pytest.mark.api("torch.nn.SoftMarginLoss", "torch.nn.HingeEmbeddingLoss")
@pytest.mark.api("torch.nn.MultiLabelSoftMarginLoss", "torch.nn.MultiLabelMarginLoss")
@pytest.mark.api("torch.nn.MultiMarginLoss", "torch.nn.CrossEntropyLoss", "torch.nn.NLLLoss")
@pytest.mark.api("torch.nn.MarginRankingLoss", "torch.nn.CosineEmbeddingLoss")
@pytest.mark.api("torch.nn.TripletMarginLoss", "torch.nn.TripletMarginWithDistanceLoss")
@pytest.mark.api("torch.nn.CTCLoss", page="nn")
@pytest.mark.changed(
    "1.7",
    "TripletMarginWithDistanceLoss was added",
    kind="appeared",
    cause="pytorch#43680",
    of="torch.nn.TripletMarginWithDistanceLoss",
)
@pytest.mark.changed(
    "1.8",
    "GaussianNLLLoss was added",
    kind="appeared",
    cause="pytorch#49807",
    of="torch.nn.GaussianNLLLoss",
)
@pytest.mark.changed(
    "1.9",
    "CosineEmbeddingLoss raises RuntimeError, which asks for one target a sample, instead "
    "of IndexError",
    kind="exception",
    cause="pytorch#53110",
    of="torch.nn.CosineEmbeddingLoss",
    rarely="an output without dimensions",
    when=":caught",
)
@pytest.mark.changed(
    "1.9",
    "GaussianNLLLoss accepts an output without dimensions",
    kind="error-gone",
    cause="pytorch#56469",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.9", "HuberLoss was added", kind="appeared", cause="pytorch#50553", of="torch.nn.HuberLoss"
)
@pytest.mark.changed(
    "1.10",
    "the message of CosineEmbeddingLoss names the shapes of output and target",
    kind="wording",
    cause="pytorch#64590",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "CrossEntropyLoss reads the target as probabilities, and raises RuntimeError instead "
    "of IndexError",
    kind="exception",
    cause="pytorch#61044",
    of="torch.nn.CrossEntropyLoss",
    rarely="an output without dimensions",
    when=":caught",
)
@pytest.mark.changed(
    "1.10",
    "the message of NLLLoss asks for 1 dimension instead of 2",
    kind="wording",
    cause="pytorch#62651",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "TripletMarginLoss and TripletMarginWithDistanceLoss accept an output without dimensions",
    kind="error-gone",
    cause="pytorch#64882",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.11",
    "MarginRankingLoss accepts an output without dimensions",
    kind="error-gone",
    cause="pytorch#64975",
    when=":unseen",
)
@pytest.mark.changed(
    "1.11",
    'the message of MultiLabelSoftMarginLoss says "dimension specified as -1 but tensor '
    'has no dimensions"',
    kind="wording",
    cause="pytorch#65690",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.13",
    'the message of MultiLabelSoftMarginLoss says "Dimension specified as -1 but tensor '
    'has no dimensions"',
    kind="wording",
    when=":unseen",
)
def test_loss_by_elements_takes_an_output_without_dimensions(snapshot):
    """A loss that compares element by element takes an output without dimensions."""

    def act(name, others):
        x = torch.tensor(0.5)
        return loss(name, x, others(x)).shape

    assert snapshot == observe_each(acts(act, [name for name in LOSSES if name != "CTCLoss"]))


@pytest.mark.api("torch.nn.L1Loss", "torch.nn.MSELoss", "torch.nn.SmoothL1Loss")
@pytest.mark.api("torch.nn.HuberLoss", "torch.nn.PoissonNLLLoss", "torch.nn.GaussianNLLLoss")
@pytest.mark.api("torch.nn.KLDivLoss", "torch.nn.BCELoss", "torch.nn.BCEWithLogitsLoss")
@pytest.mark.api("torch.nn.SoftMarginLoss", "torch.nn.HingeEmbeddingLoss")
@pytest.mark.api("torch.nn.MultiLabelSoftMarginLoss", "torch.nn.MultiLabelMarginLoss")
@pytest.mark.api("torch.nn.MultiMarginLoss", "torch.nn.CrossEntropyLoss", "torch.nn.NLLLoss")
@pytest.mark.api("torch.nn.MarginRankingLoss", "torch.nn.CosineEmbeddingLoss")
@pytest.mark.api("torch.nn.TripletMarginLoss", "torch.nn.TripletMarginWithDistanceLoss")
@pytest.mark.api("torch.nn.CTCLoss", page="nn")
@pytest.mark.changed(
    "1.5",
    'the message of SoftMarginLoss says "The size of tensor a (2) must match the size of '
    'tensor b (3) at ..."',
    kind="wording",
    cause="pytorch#27673",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.7",
    "BCELoss raises ValueError in the place of its warning",
    kind="wording",
    cause="pytorch#41426",
    when=":unseen",
)
@pytest.mark.changed(
    "1.7",
    "TripletMarginWithDistanceLoss was added",
    kind="appeared",
    cause="pytorch#43680",
    of="torch.nn.TripletMarginWithDistanceLoss",
)
@pytest.mark.changed(
    "1.8",
    "GaussianNLLLoss was added",
    kind="appeared",
    cause="pytorch#49807",
    of="torch.nn.GaussianNLLLoss",
)
@pytest.mark.changed(
    "1.9",
    "the message of GaussianNLLLoss is about the variance",
    kind="wording",
    cause="pytorch#56469",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.9", "HuberLoss was added", kind="appeared", cause="pytorch#50553", of="torch.nn.HuberLoss"
)
@pytest.mark.changed(
    "2.1",
    'the message of MultiLabelMarginLoss says "inconsistent target size: [3, 4] for input '
    'of size: [2, 4]"',
    kind="wording",
    cause="pytorch#105645",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    'the message of MultiMarginLoss says "inconsistent target size, expected 2 but got [3]"',
    kind="wording",
    cause="pytorch#104851",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.12",
    'the message of MultiMarginLoss says "multi_margin_loss: target tensor should be 1-D '
    'with size equal to ..."',
    kind="wording",
    cause="pytorch#174072",
    when=":unseen",
)
@pytest.mark.parametrize("batch, width", [(2, 5), (3, 4)], ids=["5 features", "3 samples"])
def test_loss_refuses_a_target_of_another_shape(batch, width, snapshot):
    """A loss of 2 samples and 4 features raises on a target of 3 samples or of 5 features."""

    def act(name, others):
        return loss(name, outputs(name), others(outputs(name, (batch,), width))).shape

    by_class = ["MultiMarginLoss", "CrossEntropyLoss", "NLLLoss", "CTCLoss"]
    names = [name for name in LOSSES if width == 4 or name not in by_class]
    assert snapshot == observe_each({name: apart(one) for name, one in acts(act, names).items()})


@pytest.mark.api("torch.nn.L1Loss", "torch.nn.MSELoss", "torch.nn.SmoothL1Loss")
@pytest.mark.api("torch.nn.HuberLoss", "torch.nn.PoissonNLLLoss", "torch.nn.GaussianNLLLoss")
@pytest.mark.api("torch.nn.KLDivLoss", "torch.nn.BCELoss", "torch.nn.BCEWithLogitsLoss")
@pytest.mark.api("torch.nn.SoftMarginLoss", "torch.nn.HingeEmbeddingLoss")
@pytest.mark.api("torch.nn.MultiLabelSoftMarginLoss", "torch.nn.MultiLabelMarginLoss")
@pytest.mark.api("torch.nn.MultiMarginLoss", "torch.nn.CrossEntropyLoss", "torch.nn.NLLLoss")
@pytest.mark.api("torch.nn.MarginRankingLoss", "torch.nn.CosineEmbeddingLoss")
@pytest.mark.api("torch.nn.TripletMarginLoss", "torch.nn.TripletMarginWithDistanceLoss")
@pytest.mark.api("torch.nn.CTCLoss", page="nn")
@pytest.mark.changed(
    "1.5",
    'the message of BCELoss says "expected dtype Double but got dtype Float"',
    kind="wording",
    cause="pytorch#31365",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.5",
    "SoftMarginLoss takes a target of another dtype",
    kind="error-gone",
    cause="pytorch#27673",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    'the message of BCELoss, MSELoss and SmoothL1Loss says "Found dtype Double but expected Float"',
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.7",
    "TripletMarginWithDistanceLoss was added",
    kind="appeared",
    cause="pytorch#43680",
    of="torch.nn.TripletMarginWithDistanceLoss",
)
@pytest.mark.changed(
    "1.8",
    "GaussianNLLLoss was added",
    kind="appeared",
    cause="pytorch#49807",
    of="torch.nn.GaussianNLLLoss",
)
@pytest.mark.changed(
    "1.8",
    'the message of KLDivLoss says "Found dtype Float but expected Double"',
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "L1Loss stays in float32, the dtype of the output",
    kind="silent",
    cause="pytorch#49912",
    probable=True,
    advice="pass output.double()",
    of="torch.nn.L1Loss",
    rarely="a target of another dtype",
)
@pytest.mark.changed(
    "1.9", "HuberLoss was added", kind="appeared", cause="pytorch#50553", of="torch.nn.HuberLoss"
)
@pytest.mark.changed(
    "1.10",
    "SmoothL1Loss takes a target of another dtype",
    kind="error-gone",
    cause="pytorch#61112",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.12",
    "GaussianNLLLoss raises for integers, because the variance is one of them",
    kind="error",
    cause="pytorch#77035",
    probable=True,
    advice="pass floats as output, target and variance",
    of="torch.nn.GaussianNLLLoss",
    rarely="a target of another dtype",
)
@pytest.mark.changed(
    "1.13",
    "KLDivLoss takes a target of another dtype",
    kind="error-gone",
    cause="pytorch#80334",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.13",
    "L1Loss becomes float64 again, the wider dtype",
    kind="silent",
    cause="pytorch#78257",
    advice="pass target.float()",
    of="torch.nn.L1Loss",
    rarely="a target of another dtype",
)
@pytest.mark.changed(
    "1.13",
    "the message of KLDivLoss says that integral inputs are not supported",
    kind="wording",
    cause="pytorch#82714",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.12",
    'the message of CrossEntropyLoss and NLLLoss says "expected target dtype to be Long '
    'or Byte, but got Double"',
    kind="wording",
    cause="pytorch#175151",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.12",
    "MSELoss takes a target of another dtype",
    kind="error-gone",
    cause="pytorch#175743",
    when=":unseen",
)
@pytest.mark.parametrize("dtype", [torch.float64, torch.int64], ids=["float64", "int64"])
def test_loss_of_a_target_of_another_dtype_has_the_wider_dtype(dtype, snapshot):
    """The loss of a float32 output has the dtype of a wider target, where it takes one.

    The gradient has the dtype of the output. Losses with one kernel for all raise in backward.
    """

    def act(name, others):
        x = outputs(name).requires_grad_()
        result = loss(name, x, [one.to(dtype) for one in others(x.detach())])
        result.backward(torch.ones_like(result))
        return {"loss": result.dtype, "gradient": x.grad.dtype}

    assert snapshot == observe_each(acts(act, [name for name in LOSSES if name != "CTCLoss"]))


def trained(dtype):
    """An act: the dtypes of loss and gradient, where output and target have ``dtype``."""

    def act(name, others):
        x = outputs(name).to(dtype).requires_grad_()
        result = loss(name, x, others(x.detach()))
        result.backward(torch.ones_like(result))
        return {"loss": result.dtype, "gradient": x.grad.dtype}

    return act


HALVES = [torch.float16, torch.bfloat16]


@pytest.mark.api("torch.nn.L1Loss", "torch.nn.MSELoss", "torch.nn.SmoothL1Loss")
@pytest.mark.api("torch.nn.HuberLoss", "torch.nn.PoissonNLLLoss", "torch.nn.GaussianNLLLoss")
@pytest.mark.api("torch.nn.KLDivLoss", "torch.nn.BCELoss", "torch.nn.BCEWithLogitsLoss")
@pytest.mark.api("torch.nn.SoftMarginLoss", "torch.nn.HingeEmbeddingLoss")
@pytest.mark.api("torch.nn.MultiLabelSoftMarginLoss", "torch.nn.MultiLabelMarginLoss")
@pytest.mark.api("torch.nn.MultiMarginLoss", "torch.nn.CrossEntropyLoss", "torch.nn.NLLLoss")
@pytest.mark.api("torch.nn.MarginRankingLoss", "torch.nn.CosineEmbeddingLoss")
@pytest.mark.api("torch.nn.TripletMarginLoss", "torch.nn.TripletMarginWithDistanceLoss")
@pytest.mark.api("torch.nn.CTCLoss", page="nn")
@pytest.mark.changed(
    "1.5",
    "the message of BCELoss, MultiLabelSoftMarginLoss and SoftMarginLoss names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "BCEWithLogitsLoss, MarginRankingLoss and SoftMarginLoss train in bfloat16",
    kind="error-gone",
    cause="pytorch#35092",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "PoissonNLLLoss trains in bfloat16",
    kind="error-gone",
    cause="pytorch#35172",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "the message of BCEWithLogitsLoss, CosineEmbeddingLoss, HingeEmbeddingLoss, KLDivLoss, "
    "MarginRankingLoss, PoissonNLLLoss, SmoothL1Loss, SoftMarginLoss and TripletMarginLoss "
    "names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "L1Loss trains in half precision",
    kind="error-gone",
    cause="pytorch#37121",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.7",
    "TripletMarginWithDistanceLoss was added",
    kind="appeared",
    cause="pytorch#43680",
    of="torch.nn.TripletMarginWithDistanceLoss",
)
@pytest.mark.changed(
    "1.8",
    "TripletMarginLoss and TripletMarginWithDistanceLoss train in bfloat16",
    kind="error-gone",
    cause="pytorch#47143",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "CosineEmbeddingLoss and HingeEmbeddingLoss train in bfloat16",
    kind="error-gone",
    cause="pytorch#49004",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "GaussianNLLLoss was added",
    kind="appeared",
    cause="pytorch#49807",
    of="torch.nn.GaussianNLLLoss",
)
@pytest.mark.changed(
    "1.8",
    "the message of CosineEmbeddingLoss, KLDivLoss, PoissonNLLLoss and SoftMarginLoss "
    "names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.9",
    "GaussianNLLLoss trains in half precision",
    kind="error-gone",
    cause="pytorch#56469",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.9", "HuberLoss was added", kind="appeared", cause="pytorch#50553", of="torch.nn.HuberLoss"
)
@pytest.mark.changed(
    "1.12",
    "MultiLabelSoftMarginLoss trains in half precision",
    kind="error-gone",
    cause="pytorch#63134",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.12",
    "SmoothL1Loss trains in half precision",
    kind="error-gone",
    cause="pytorch#62558",
    when=":unseen",
)
@pytest.mark.changed(
    "1.13",
    "KLDivLoss trains in half precision",
    kind="error-gone",
    cause="pytorch#80334",
    when=":unseen",
)
@pytest.mark.changed(
    "1.13",
    "the message of CosineEmbeddingLoss, PoissonNLLLoss and SoftMarginLoss names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "2.0",
    "the message of BCEWithLogitsLoss, GaussianNLLLoss, HingeEmbeddingLoss, "
    "MarginRankingLoss, TripletMarginLoss and TripletMarginWithDistanceLoss names another "
    "kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "BCEWithLogitsLoss, CosineEmbeddingLoss, GaussianNLLLoss, HingeEmbeddingLoss, "
    "MarginRankingLoss, PoissonNLLLoss, SoftMarginLoss, TripletMarginLoss and "
    "TripletMarginWithDistanceLoss train in float16",
    kind="error-gone",
    cause="pytorch#98493",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "MultiLabelSoftMarginLoss trains in half precision",
    kind="error-gone",
    cause="pytorch#98745",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.2",
    "the message of CrossEntropyLoss for float16 names nll_loss, because log_softmax takes float16",
    kind="wording",
    cause="pytorch#103315",
    when=":unseen",
)
@pytest.mark.changed(
    "2.4",
    "BCELoss, CrossEntropyLoss and NLLLoss train in half precision",
    kind="error-gone",
    cause="pytorch#123256",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.8",
    "CTCLoss, MultiLabelMarginLoss, MultiMarginLoss and SmoothL1Loss raise "
    "NotImplementedError, a subclass of RuntimeError, instead of RuntimeError",
    kind="wording",
    cause="pytorch#155470",
    when=":unseen",
)
@pytest.mark.changed(
    "2.10", "SmoothL1Loss trains in half precision", kind="error-gone", when=":unseen"
)
@pytest.mark.parametrize("dtype", HALVES, ids=["float16", "bfloat16"])
def test_most_classes_of_losses_train_in_half_precision_on_the_cpu(dtype, snapshot):
    """Loss and gradient are in float16 or bfloat16, as output and target are.

    MultiMarginLoss, MultiLabelMarginLoss and CTCLoss raise. MSELoss is left out here, because up to
    2.5 it warns once in a process.
    """
    names = [name for name in LOSSES if name != "MSELoss"]
    assert snapshot == observe_each(acts(trained(dtype), names))


@pytest.mark.api("torch.nn.L1Loss", "torch.nn.MSELoss", "torch.nn.SmoothL1Loss")
@pytest.mark.api("torch.nn.HuberLoss", "torch.nn.PoissonNLLLoss", "torch.nn.GaussianNLLLoss")
@pytest.mark.api("torch.nn.KLDivLoss", "torch.nn.BCELoss", "torch.nn.BCEWithLogitsLoss")
@pytest.mark.api("torch.nn.SoftMarginLoss", "torch.nn.HingeEmbeddingLoss")
@pytest.mark.api("torch.nn.MultiLabelSoftMarginLoss", "torch.nn.MultiLabelMarginLoss")
@pytest.mark.api("torch.nn.MultiMarginLoss", "torch.nn.CrossEntropyLoss", "torch.nn.NLLLoss")
@pytest.mark.api("torch.nn.MarginRankingLoss", "torch.nn.CosineEmbeddingLoss")
@pytest.mark.api("torch.nn.TripletMarginLoss", "torch.nn.TripletMarginWithDistanceLoss")
@pytest.mark.api("torch.nn.CTCLoss", page="nn")
@pytest.mark.changed(
    "1.5",
    "the message says that the complex dtype is not supported",
    kind="wording",
    cause="pytorch#35579",
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be made, and the messages name the kernels that are missing",
    kind="wording",
    cause="pytorch#33361",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be made, and AttributeError names the class that is missing",
    kind="exception",
    cause="pytorch#33361",
    probable=True,
    of=("torch.nn.GaussianNLLLoss", "torch.nn.HuberLoss", "torch.nn.TripletMarginWithDistanceLoss"),
    rarely="complex numbers",
    when=":caught",
)
@pytest.mark.changed(
    "1.6",
    "PoissonNLLLoss and SoftMarginLoss train on complex numbers",
    kind="error-gone",
    cause="pytorch#36932",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.7",
    'the message of L1Loss says "In-place abs is not supported for complex tensors."',
    kind="wording",
    cause="pytorch#45069",
    when=":unseen",
)
@pytest.mark.changed(
    "1.7",
    "PoissonNLLLoss and SoftMarginLoss of complex numbers that require a gradient raise",
    kind="error",
    cause="pytorch#45461",
    advice="compute with the real and the imaginary part",
    of=("torch.nn.PoissonNLLLoss", "torch.nn.SoftMarginLoss"),
    rarely="complex numbers",
)
@pytest.mark.changed(
    "1.7",
    'the message of TripletMarginLoss says "norm with p=2 not supported for complex tensors"',
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.7",
    "TripletMarginWithDistanceLoss was added",
    kind="appeared",
    cause="pytorch#43680",
    of="torch.nn.TripletMarginWithDistanceLoss",
)
@pytest.mark.changed(
    "1.8",
    "the message of BCEWithLogitsLoss, CosineEmbeddingLoss, HingeEmbeddingLoss and "
    "MarginRankingLoss says '\"clamp_min_cpu\" not implemented for \\'ComplexFloat\\''",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "GaussianNLLLoss was added",
    kind="appeared",
    cause="pytorch#49807",
    of="torch.nn.GaussianNLLLoss",
)
@pytest.mark.changed(
    "1.8",
    "L1Loss trains on complex numbers",
    kind="error-gone",
    cause="pytorch#49912",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "TripletMarginLoss and TripletMarginWithDistanceLoss train on complex numbers",
    kind="error-gone",
    cause="pytorch#48284",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "PoissonNLLLoss trains on complex numbers",
    kind="error-gone",
    cause="pytorch#47194",
    when=":unseen",
)
@pytest.mark.changed(
    "1.9", "HuberLoss was added", kind="appeared", cause="pytorch#50553", of="torch.nn.HuberLoss"
)
@pytest.mark.changed(
    "1.12",
    "the message of BCEWithLogitsLoss, CosineEmbeddingLoss, HingeEmbeddingLoss and "
    'MarginRankingLoss says "clamp is not supported for complex types"',
    kind="wording",
    cause="pytorch#77035",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.13",
    "the message of KLDivLoss says that complex inputs are not supported",
    kind="wording",
    cause="pytorch#80334",
    when=":unseen",
)
@pytest.mark.changed(
    "2.3",
    'the message of BCEWithLogitsLoss says \'"log_sigmoid_cpu" not implemented for '
    "\\'ComplexFloat\\''",
    kind="wording",
    cause="pytorch#115539",
    when=":unseen",
)
@pytest.mark.changed(
    "2.8",
    "BCELoss, BCEWithLogitsLoss, CTCLoss, CosineEmbeddingLoss, CrossEntropyLoss, "
    "GaussianNLLLoss, HingeEmbeddingLoss, HuberLoss, MSELoss, MarginRankingLoss, "
    "MultiLabelMarginLoss, MultiLabelSoftMarginLoss, MultiMarginLoss, NLLLoss and "
    "SmoothL1Loss raise NotImplementedError, a subclass of RuntimeError, instead of "
    "RuntimeError",
    kind="wording",
    cause="pytorch#155470",
    when=":unseen",
)
@pytest.mark.changed(
    "2.15",
    "SoftMarginLoss raises NotImplementedError, a subclass of RuntimeError, instead of "
    "RuntimeError",
    kind="wording",
    cause="pytorch#192351",
    probable=True,
    when=":unseen",
)
def test_loss_that_compares_numbers_refuses_complex_ones(snapshot):
    """Most losses raise on complex numbers; a few take them, and L1Loss gives real numbers."""
    assert snapshot == observe_each(acts(trained(torch.complex64)))


@pytest.mark.api("torch.nn.L1Loss", "torch.nn.MSELoss", "torch.nn.SmoothL1Loss")
@pytest.mark.api("torch.nn.HuberLoss", "torch.nn.PoissonNLLLoss", "torch.nn.GaussianNLLLoss")
@pytest.mark.api("torch.nn.KLDivLoss", "torch.nn.BCELoss", "torch.nn.BCEWithLogitsLoss")
@pytest.mark.api("torch.nn.SoftMarginLoss", "torch.nn.HingeEmbeddingLoss")
@pytest.mark.api("torch.nn.MultiLabelSoftMarginLoss", "torch.nn.MultiLabelMarginLoss")
@pytest.mark.api("torch.nn.MultiMarginLoss", "torch.nn.CrossEntropyLoss", "torch.nn.NLLLoss")
@pytest.mark.api("torch.nn.MarginRankingLoss", "torch.nn.CosineEmbeddingLoss")
@pytest.mark.api("torch.nn.TripletMarginLoss", "torch.nn.TripletMarginWithDistanceLoss")
@pytest.mark.api("torch.nn.CTCLoss", page="nn")
@pytest.mark.changed(
    "1.5",
    "the message of BCELoss, MultiLabelSoftMarginLoss and SoftMarginLoss names another kernel",
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.5",
    "SmoothL1Loss of integers raises",
    kind="error",
    cause="pytorch#27962",
    probable=True,
    advice="pass output.float()",
    of="torch.nn.SmoothL1Loss",
    rarely="integers as output",
)
@pytest.mark.changed(
    "1.7",
    "TripletMarginWithDistanceLoss was added",
    kind="appeared",
    cause="pytorch#43680",
    of="torch.nn.TripletMarginWithDistanceLoss",
)
@pytest.mark.changed(
    "1.8",
    "the message of BCEWithLogitsLoss and SoftMarginLoss says \"result type Float can't be "
    'cast to the desired output type Long"',
    kind="wording",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "GaussianNLLLoss was added",
    kind="appeared",
    cause="pytorch#49807",
    of="torch.nn.GaussianNLLLoss",
)
@pytest.mark.changed(
    "1.8",
    "KLDivLoss and PoissonNLLLoss accept integers",
    kind="error-gone",
    cause="pytorch#46810",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.9", "HuberLoss was added", kind="appeared", cause="pytorch#50553", of="torch.nn.HuberLoss"
)
@pytest.mark.changed(
    "1.12",
    "GaussianNLLLoss raises for integers, because the variance is one of them",
    kind="error",
    cause="pytorch#77035",
    probable=True,
    advice="pass floats as output, target and variance",
    of="torch.nn.GaussianNLLLoss",
    rarely="integers as output",
)
@pytest.mark.changed(
    "1.13",
    "KLDivLoss raises: Integral inputs not supported",
    kind="error",
    cause="pytorch#82714",
    probable=True,
    advice="pass floats",
    of="torch.nn.KLDivLoss",
    rarely="integers as output",
)
@pytest.mark.changed(
    "2.3",
    "the message of BCEWithLogitsLoss says '\"log_sigmoid_cpu\" not implemented for \\'Long\\''",
    kind="wording",
    cause="pytorch#115539",
    when=":unseen",
)
@pytest.mark.changed(
    "2.8",
    "BCELoss, BCEWithLogitsLoss, CTCLoss, CrossEntropyLoss, HuberLoss, MSELoss, "
    "MultiLabelMarginLoss, MultiLabelSoftMarginLoss, MultiMarginLoss, NLLLoss and "
    "SmoothL1Loss raise NotImplementedError, a subclass of RuntimeError, instead of "
    "RuntimeError",
    kind="wording",
    cause="pytorch#155470",
    when=":unseen",
)
def test_most_losses_refuse_integers(snapshot):
    """Most losses of an output and a target of integers raise; some give integers or floats."""

    def act(name, others):
        x = outputs(name).to(torch.int64)
        return loss(name, x, others(x)).dtype

    assert snapshot == observe_each(acts(act))


@pytest.mark.api("torch.nn.L1Loss", "torch.nn.MSELoss", "torch.nn.SmoothL1Loss")
@pytest.mark.api("torch.nn.HuberLoss", "torch.nn.PoissonNLLLoss", "torch.nn.GaussianNLLLoss")
@pytest.mark.api("torch.nn.KLDivLoss", "torch.nn.BCELoss", "torch.nn.BCEWithLogitsLoss")
@pytest.mark.api("torch.nn.SoftMarginLoss", "torch.nn.HingeEmbeddingLoss")
@pytest.mark.api("torch.nn.MultiLabelSoftMarginLoss", "torch.nn.MultiLabelMarginLoss")
@pytest.mark.api("torch.nn.MultiMarginLoss", "torch.nn.CrossEntropyLoss", "torch.nn.NLLLoss")
@pytest.mark.api("torch.nn.MarginRankingLoss", "torch.nn.CosineEmbeddingLoss")
@pytest.mark.api("torch.nn.TripletMarginLoss", "torch.nn.TripletMarginWithDistanceLoss")
@pytest.mark.api("torch.nn.CTCLoss", page="nn")
@pytest.mark.changed(
    "1.5",
    "the message of BCELoss no longer names the number",
    kind="wording",
    cause="pytorch#31365",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.7",
    "TripletMarginWithDistanceLoss was added",
    kind="appeared",
    cause="pytorch#43680",
    of="torch.nn.TripletMarginWithDistanceLoss",
)
@pytest.mark.changed(
    "1.8",
    "GaussianNLLLoss was added",
    kind="appeared",
    cause="pytorch#49807",
    of="torch.nn.GaussianNLLLoss",
)
@pytest.mark.changed(
    "1.9",
    "GaussianNLLLoss without a reduction has a loss for each element, where it had one for "
    "each sample",
    kind="silent",
    cause="pytorch#56469",
    advice="call sum(dim=1) on the loss",
    of="torch.nn.GaussianNLLLoss",
    rarely="NaN or infinity in the output",
)
@pytest.mark.changed(
    "1.9", "HuberLoss was added", kind="appeared", cause="pytorch#50553", of="torch.nn.HuberLoss"
)
@pytest.mark.changed(
    "1.11",
    "MultiLabelSoftMarginLoss of minus infinity is infinite instead of NaN",
    kind="silent",
    cause="pytorch#66441",
    advice="use the loss of finite outputs",
    of="torch.nn.MultiLabelSoftMarginLoss",
    rarely="NaN or infinity in the output",
)
@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")], ids=str)
def test_nan_and_infinity_stay_in_the_loss_of_their_sample(number, snapshot):
    """NaN or infinity in the first sample makes its own loss NaN or infinite, and no other.

    Trap: MultiMarginLoss and MultiLabelMarginLoss of NaN are 0. BCELoss raises.
    """

    def act(name, others):
        x = outputs(name)
        x.view(-1)[0] = number
        return loss(name, x, others(outputs(name)))

    assert snapshot == observe_each(acts(act))


@pytest.mark.api("torch.nn.L1Loss", "torch.nn.MSELoss", "torch.nn.SmoothL1Loss")
@pytest.mark.api("torch.nn.HuberLoss", "torch.nn.PoissonNLLLoss", "torch.nn.GaussianNLLLoss")
@pytest.mark.api("torch.nn.KLDivLoss", "torch.nn.BCELoss", "torch.nn.BCEWithLogitsLoss")
@pytest.mark.api("torch.nn.SoftMarginLoss", "torch.nn.HingeEmbeddingLoss")
@pytest.mark.api("torch.nn.MultiLabelSoftMarginLoss", "torch.nn.MultiLabelMarginLoss")
@pytest.mark.api("torch.nn.MultiMarginLoss", "torch.nn.CrossEntropyLoss", "torch.nn.NLLLoss")
@pytest.mark.api("torch.nn.MarginRankingLoss", "torch.nn.CosineEmbeddingLoss")
@pytest.mark.api("torch.nn.TripletMarginLoss", "torch.nn.TripletMarginWithDistanceLoss")
@pytest.mark.api("torch.nn.CTCLoss", page="nn")
@pytest.mark.changed(
    "1.7",
    "TripletMarginWithDistanceLoss was added",
    kind="appeared",
    cause="pytorch#43680",
    of="torch.nn.TripletMarginWithDistanceLoss",
)
@pytest.mark.changed(
    "1.8",
    "GaussianNLLLoss was added",
    kind="appeared",
    cause="pytorch#49807",
    of="torch.nn.GaussianNLLLoss",
)
@pytest.mark.changed(
    "1.9", "HuberLoss was added", kind="appeared", cause="pytorch#50553", of="torch.nn.HuberLoss"
)
def test_loss_is_the_same_for_inputs_that_are_not_contiguous(snapshot):
    """Loss and gradient are those of contiguous copies of output and target."""

    def act(name, others):
        x = (torch.arange(float(outputs(name).numel())) + 1).reshape(outputs(name).shape) / 32
        found = []
        for turn in (
            lambda one: one,
            lambda one: one.transpose(0, -1).contiguous().transpose(0, -1),
        ):
            given = turn(x).clone() if turn(x) is x else turn(x)
            result = loss(name, given.requires_grad_(), [turn(one) for one in others(x)])
            result.backward(torch.ones_like(result))
            found.append((result, given.grad))
        (result, gradient), (other, other_gradient) = found
        return {
            "equal loss": bool(torch.allclose(result, other)),
            "equal gradient": bool(torch.allclose(gradient, other_gradient)),
        }

    assert snapshot == observe_each(acts(act))


@pytest.mark.api("torch.nn.L1Loss", "torch.nn.MSELoss", "torch.nn.SmoothL1Loss")
@pytest.mark.api("torch.nn.HuberLoss", "torch.nn.PoissonNLLLoss", "torch.nn.GaussianNLLLoss")
@pytest.mark.api("torch.nn.KLDivLoss", "torch.nn.BCELoss", "torch.nn.BCEWithLogitsLoss")
@pytest.mark.api("torch.nn.SoftMarginLoss", "torch.nn.HingeEmbeddingLoss")
@pytest.mark.api("torch.nn.MultiLabelSoftMarginLoss", "torch.nn.MultiLabelMarginLoss")
@pytest.mark.api("torch.nn.MultiMarginLoss", "torch.nn.CrossEntropyLoss", "torch.nn.NLLLoss")
@pytest.mark.api("torch.nn.MarginRankingLoss", "torch.nn.CosineEmbeddingLoss")
@pytest.mark.api("torch.nn.TripletMarginLoss", "torch.nn.TripletMarginWithDistanceLoss")
@pytest.mark.api("torch.nn.CTCLoss", page="nn")
@pytest.mark.changed(
    "1.7",
    "TripletMarginWithDistanceLoss was added",
    kind="appeared",
    cause="pytorch#43680",
    of="torch.nn.TripletMarginWithDistanceLoss",
)
@pytest.mark.changed(
    "1.8",
    "GaussianNLLLoss was added",
    kind="appeared",
    cause="pytorch#49807",
    of="torch.nn.GaussianNLLLoss",
)
@pytest.mark.changed(
    "1.9", "HuberLoss was added", kind="appeared", cause="pytorch#50553", of="torch.nn.HuberLoss"
)
@pytest.mark.changed(
    "1.10",
    "BCELoss gives a gradient to its target",
    kind="error-gone",
    cause="pytorch#59447",
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "the message of SoftMarginLoss says that it is not differentiable with respect to the target",
    kind="wording",
    when=":unseen",
)
def test_loss_by_elements_gives_a_gradient_to_its_target(snapshot):
    """A loss by elements gives a gradient to a target that requires it.

    SoftMarginLoss, HingeEmbeddingLoss and CosineEmbeddingLoss raise. Detach a target that a model
    has computed.
    """

    def act(name, others):
        x = outputs(name)
        target = others(x)[-1].requires_grad_()
        result = loss(name, x, [*others(x)[:-1], target])
        result.backward(torch.ones_like(result))
        return None if target.grad is None else target.grad

    by_class = ["MultiLabelMarginLoss", "MultiMarginLoss", "CrossEntropyLoss", "NLLLoss", "CTCLoss"]
    assert snapshot == observe_each(acts(act, [name for name in LOSSES if name not in by_class]))


@pytest.mark.api("torch.nn.L1Loss", "torch.nn.MSELoss", "torch.nn.SmoothL1Loss")
@pytest.mark.api("torch.nn.HuberLoss", "torch.nn.PoissonNLLLoss", "torch.nn.GaussianNLLLoss")
@pytest.mark.api("torch.nn.KLDivLoss", "torch.nn.BCELoss", "torch.nn.BCEWithLogitsLoss")
@pytest.mark.api("torch.nn.SoftMarginLoss", "torch.nn.HingeEmbeddingLoss")
@pytest.mark.api("torch.nn.MultiLabelSoftMarginLoss", "torch.nn.MultiLabelMarginLoss")
@pytest.mark.api("torch.nn.MultiMarginLoss", "torch.nn.CrossEntropyLoss", "torch.nn.NLLLoss")
@pytest.mark.api("torch.nn.MarginRankingLoss", "torch.nn.CosineEmbeddingLoss")
@pytest.mark.api("torch.nn.TripletMarginLoss", "torch.nn.TripletMarginWithDistanceLoss")
@pytest.mark.api("torch.nn.CTCLoss", page="nn")
@pytest.mark.changed(
    "1.7",
    "TripletMarginWithDistanceLoss was added",
    kind="appeared",
    cause="pytorch#43680",
    of="torch.nn.TripletMarginWithDistanceLoss",
)
@pytest.mark.changed(
    "1.8",
    "GaussianNLLLoss was added",
    kind="appeared",
    cause="pytorch#49807",
    of="torch.nn.GaussianNLLLoss",
)
@pytest.mark.changed(
    "1.9", "HuberLoss was added", kind="appeared", cause="pytorch#50553", of="torch.nn.HuberLoss"
)
def test_loss_requires_grad_only_if_its_output_does(snapshot):
    """A loss requires grad if its output does, and otherwise not."""

    def act(name, others):
        x = outputs(name)
        alone = loss(name, x, others(x)).requires_grad
        return {
            "output without grad": alone,
            "output with grad": loss(name, x.requires_grad_(), others(x.detach())).requires_grad,
        }

    assert snapshot == observe_each(acts(act))
