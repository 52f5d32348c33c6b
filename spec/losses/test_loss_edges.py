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
@pytest.mark.parametrize("dtype", HALVES, ids=["float16", "bfloat16"])
def test_each_class_of_losses_trains_in_half_precision_on_the_cpu(dtype, snapshot):
    """Loss and gradient are in float16 or bfloat16, as output and target are."""
    assert snapshot == observe_each(acts(trained(dtype)))


@pytest.mark.api("torch.nn.L1Loss", "torch.nn.MSELoss", "torch.nn.SmoothL1Loss")
@pytest.mark.api("torch.nn.HuberLoss", "torch.nn.PoissonNLLLoss", "torch.nn.GaussianNLLLoss")
@pytest.mark.api("torch.nn.KLDivLoss", "torch.nn.BCELoss", "torch.nn.BCEWithLogitsLoss")
@pytest.mark.api("torch.nn.SoftMarginLoss", "torch.nn.HingeEmbeddingLoss")
@pytest.mark.api("torch.nn.MultiLabelSoftMarginLoss", "torch.nn.MultiLabelMarginLoss")
@pytest.mark.api("torch.nn.MultiMarginLoss", "torch.nn.CrossEntropyLoss", "torch.nn.NLLLoss")
@pytest.mark.api("torch.nn.MarginRankingLoss", "torch.nn.CosineEmbeddingLoss")
@pytest.mark.api("torch.nn.TripletMarginLoss", "torch.nn.TripletMarginWithDistanceLoss")
@pytest.mark.api("torch.nn.CTCLoss", page="nn")
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
@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")], ids=str)
def test_nan_and_infinity_stay_in_the_loss_of_their_sample(number, snapshot):
    """NaN or infinity in the first sample makes its own loss NaN or infinite, and no other."""

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
def test_loss_by_elements_gives_a_gradient_to_its_target(snapshot):
    """A loss by elements gives a gradient to a target that requires it; others raise.

    Detach a target that a model has computed.
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
