"""``BCELoss`` takes probabilities and checks both sides; ``BCEWithLogitsLoss`` takes any values.

``torch.nn.BCELoss`` raises on an output outside 0 to 1, and since 2.1 on such a target. Its target
must have the dtype of the output. An output of exactly 0 or 1 that is wrong costs 100 since 1.5.
``torch.nn.BCEWithLogitsLoss`` applies the sigmoid itself, and does not check its target: a target
of 2 or -1 gives a loss. Since 1.10 the target of ``BCELoss`` gets a gradient.
"""

import pytest
import torch
from torch.nn import functional as F

from torch_history.observing import observe


@pytest.mark.api(
    "torch.nn.functional.binary_cross_entropy",
    "torch.nn.BCELoss",
    page="generated/torch.nn.BCELoss",
)
@pytest.mark.changed(
    "1.5",
    "costs 100 instead of 27.6: the logarithm is clamped at -100, where 1e-12 was added inside it "
    "before",
    kind="silent",
    cause="pytorch#31365",
    advice=(
        "write the loss out as -(t * (p + 1e-12).log() + (1 - t) * (1 - p + 1e-12).log()).mean()"
    ),
    restored_by="losses.bce_written_out_with_1e_12_in_the_logarithm_costs_27",
    rarely="outputs of almost exactly 0 or 1",
)
@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_bce_of_a_certain_and_wrong_output_costs_100(probability, snapshot):
    """Since 1.5 ``BCELoss`` of an output of exactly 0 or 1 that is wrong costs 100.

    log(0) counts as -100, so the loss stays finite. Before 1.5 the loss was 27.6. Trap: the
    gradient is larger than 1e11.
    """
    output = torch.tensor([probability], requires_grad=True)

    def act():
        loss = F.binary_cross_entropy(output, torch.tensor([1.0 - probability]))
        loss.backward()
        return {"loss": loss, "gradient is beyond 1e11": output.grad.abs().item() > 1e11}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.functional.binary_cross_entropy", page="generated/torch.nn.BCELoss")
@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_bce_written_out_with_1e_12_in_the_logarithm_costs_27(probability, snapshot):
    """Binary cross-entropy written out with ``p + 1e-12`` in the logarithm costs at most 27.6.

    ``BCELoss`` computed this before 1.5. The output is exactly 0 or 1, and wrong.
    """
    output, target = torch.tensor([probability], requires_grad=True), 1.0 - probability

    def act():
        right, wrong = (output + 1e-12).log(), (1.0 - output + 1e-12).log()
        loss = -(target * right + (1.0 - target) * wrong).mean()
        loss.backward()
        return {"loss": loss, "gradient is beyond 1e11": output.grad.abs().item() > 1e11}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.functional.binary_cross_entropy",
    "torch.nn.BCELoss",
    page="generated/torch.nn.BCELoss",
)
@pytest.mark.changed(
    "2.1",
    "raises instead of giving a loss",
    kind="error",
    cause="pytorch#97814",
    probable=True,
    advice=(
        "scale the target to 0 to 1, or pass (p / (1 - p)).log() to "
        "binary_cross_entropy_with_logits"
    ),
    restored_by="losses.bce_with_logits_gives_the_loss_of_a_target_that_is_no_probability",
    rarely="targets outside 0 to 1",
)
@pytest.mark.parametrize("target", [2.0, -1.0, float("nan")], ids=["two", "minus one", "nan"])
def test_bce_of_a_target_that_is_no_probability_raises(target, snapshot):
    """Since 2.1, ``BCELoss`` raises on a target that is not a probability.

    Such targets are the -1 and 1 of a hinge loss, or a label that was not scaled. Before 2.1 they
    gave a loss without a warning.
    """
    assert snapshot == observe(
        lambda: F.binary_cross_entropy(torch.tensor([0.5]), torch.tensor([target]))
    )


@pytest.mark.api(
    "torch.nn.functional.binary_cross_entropy_with_logits",
    page="generated/torch.nn.BCEWithLogitsLoss",
)
@pytest.mark.parametrize("target", [2.0, -1.0, float("nan")], ids=["two", "minus one", "nan"])
def test_bce_with_logits_gives_the_loss_of_a_target_that_is_no_probability(target, snapshot):
    """``binary_cross_entropy_with_logits`` of the logit log(p / (1 - p)) does not check its target.

    It gives the loss that ``BCELoss`` of p gave for such a target before 2.1.
    """
    output = torch.tensor([0.5])
    assert snapshot == observe(
        lambda: F.binary_cross_entropy_with_logits(
            (output / (1 - output)).log(), torch.tensor([target])
        )
    )


@pytest.mark.api(
    "torch.nn.functional.binary_cross_entropy_with_logits",
    page="generated/torch.nn.BCEWithLogitsLoss",
)
def test_bce_with_logits_takes_a_target_that_is_no_probability(snapshot):
    """``BCEWithLogitsLoss`` accepts a target outside 0 to 1, such as 2, without a warning.

    The loss can be negative then: a logit of 8 and a target of 2 give about -8. Only ``BCELoss``
    checks its target.
    """
    assert snapshot == observe(
        lambda: F.binary_cross_entropy_with_logits(torch.tensor([8.0]), torch.tensor([2.0]))
    )


@pytest.mark.api(
    "torch.nn.functional.binary_cross_entropy",
    "torch.nn.BCELoss",
    page="generated/torch.nn.BCELoss",
)
@pytest.mark.changed(
    "1.5",
    "the message names all elements, and no longer gives the value",
    kind="wording",
    cause="pytorch#31365",
)
@pytest.mark.parametrize("output", [1.5, -0.5, float("nan")], ids=["above", "below", "nan"])
def test_bce_of_an_output_that_is_no_probability_raises(output, snapshot):
    """``BCELoss`` raises on an output that is not a probability.

    A sigmoid is missing, or the model gives nan.
    """
    assert snapshot == observe(
        lambda: F.binary_cross_entropy(torch.tensor([output]), torch.tensor([1.0]))
    )


@pytest.mark.api(
    "torch.nn.functional.binary_cross_entropy",
    "torch.nn.BCELoss",
    page="generated/torch.nn.BCELoss",
)
@pytest.mark.changed(
    "1.5", "the message names only two dtypes", kind="wording", cause="pytorch#31365"
)
@pytest.mark.changed("1.6", 'the message says "Found dtype ... but expected"', kind="wording")
@pytest.mark.parametrize(
    "dtype", [torch.float64, torch.int64, torch.bool], ids=["float64", "int64", "bool"]
)
def test_bce_of_a_target_of_another_dtype_raises(dtype, snapshot):
    """``BCELoss`` raises if the target and the output differ in dtype.

    Use ``target.to(output.dtype)``. ``MSELoss`` accepts any dtype of the target.
    """
    assert snapshot == observe(
        lambda: F.binary_cross_entropy(torch.tensor([0.5, 0.25]), torch.tensor([1, 0]).to(dtype))
    )


@pytest.mark.api(
    "torch.nn.functional.binary_cross_entropy",
    "torch.nn.BCELoss",
    page="generated/torch.nn.BCELoss",
)
@pytest.mark.changed(
    "1.10",
    "the target gets a gradient instead of raising",
    kind="error-gone",
    cause="pytorch#59447",
    advice="detach the target if the gradient is not wanted",
)
def test_gradient_flows_into_the_target_of_bce(snapshot):
    """Since 1.10, ``BCELoss`` gives its target the gradient log(1 - p) - log(p).

    Detach a target that another network makes, or that network is trained too. Before 1.10 it
    raised.
    """
    target = torch.tensor([0.5], requires_grad=True)

    def act():
        F.binary_cross_entropy(torch.tensor([0.25]), target).backward()
        return target.grad

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.functional.binary_cross_entropy_with_logits",
    "torch.nn.functional.l1_loss",
    "torch.nn.BCEWithLogitsLoss",
    "torch.nn.L1Loss",
    page="generated/torch.nn.BCEWithLogitsLoss",
)
@pytest.mark.changed(
    "2.14",
    "raises NotImplementedError, a subclass of RuntimeError, instead of RuntimeError",
    kind="wording",
    cause="pytorch#192348",
)
@pytest.mark.parametrize("name", ["binary_cross_entropy_with_logits", "l1_loss"])
def test_boolean_target_raises(name, snapshot):
    """A boolean target such as ``labels == 1`` raises in ``BCEWithLogitsLoss`` and ``L1Loss``.

    Use ``.float()``. Since 2.14 the error is a NotImplementedError, which is a RuntimeError too.
    """
    target = torch.tensor([True, False])
    assert snapshot == observe(lambda: getattr(F, name)(torch.tensor([0.5, 0.25]), target))
