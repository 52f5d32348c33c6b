"""``torch.nn.Dropout``: what holds for every random mask.

In training each element becomes 0 or is divided by 1 - p, and its gradient does the same, so the
mean is preserved. In eval mode Dropout returns its input itself. Only the mode counts: under
``torch.no_grad`` a layer in training mode still drops. Trap: ``torch.nn.functional.dropout`` does
not know the mode, and drops unless it is given ``training=False``. Every call draws a new mask.
Which elements a seed drops is in the chapter on randomness.
"""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from torch_history.observing import observe

MANY = 1000  # elements, so that some are dropped and some are kept under any stream


def values_of(tensor):
    """The different numbers that a tensor holds, ascending."""
    return torch.unique(tensor.detach())


@given(shape=st.lists(st.integers(1, 4), max_size=3), p=st.floats(0, 0.95))
def test_dropout_gives_zero_or_the_scaled_element(shape, p):
    """Dropout gives 0 or x / (1 - p) for every element, for any shape and p.

    The gradient is 0 or 1 / (1 - p) in the same places.
    """
    x = torch.arange(1.0, 1 + int(np.prod(shape, dtype=int))).view(shape).requires_grad_()
    output = nn.Dropout(p)(x)
    output.backward(torch.ones(shape))
    assert output.shape == x.shape
    kept = output.detach().numpy() != 0
    scale = np.where(kept, 1 / (1 - p), 0)
    # The scale and the product are rounded to float32: 2 x 2^-24, doubled as a margin.
    np.testing.assert_allclose(output.detach().numpy(), x.detach().numpy() * scale, rtol=2.4e-7)
    np.testing.assert_allclose(x.grad.numpy(), scale, rtol=2.4e-7)


def test_dropout_preserves_the_mean():
    """Dropout preserves the mean.

    Over 10,000 ones at p = 0.6 the mean stays within 0.1 of 1, which is eight standard errors of
    0.012.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        mean = nn.Dropout(0.6)(torch.ones(10_000)).mean()
    assert abs(mean - 1) < 0.1


def test_dropout_drops_a_share_of_p():
    """Dropout drops a share of p of the elements.

    Of 10,000 elements at p = 0.6 it drops between 5,600 and 6,400, which is eight standard errors
    of 49.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        dropped = int((nn.Dropout(0.6)(torch.ones(10_000)) == 0).sum())
    assert 5_600 < dropped < 6_400


@pytest.mark.api("torch.nn.Dropout", page="generated/torch.nn.Dropout", article="E")
def test_dropout_scales_what_it_keeps(snapshot):
    """Dropout divides the elements that it keeps by 1 - p.

    At article E's p = 0.6 each of 1 to 6 becomes either 0 or 2.5 times itself.
    """
    x = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    output = nn.Dropout(p=0.6)(x)
    assert torch.allclose(output[output != 0], 2.5 * x[output != 0])
    assert snapshot == observe(
        lambda: values_of(torch.cat([nn.Dropout(p=0.6)(x) / x for _ in range(MANY)]))
    )


@pytest.mark.api("torch.nn.Dropout", page="generated/torch.nn.Dropout")
def test_dropout_drops_half_by_default(snapshot):
    """``nn.Dropout()`` has p = 0.5, so it doubles the elements that it keeps."""
    layer = nn.Dropout()
    assert snapshot == observe(lambda: {"p": layer.p, "values": values_of(layer(torch.ones(MANY)))})


@pytest.mark.api("torch.nn.Dropout", page="generated/torch.nn.Dropout", article="E")
def test_dropout_gradient_is_the_mask_over_one_minus_p(snapshot):
    """The gradient of Dropout is 1 / (1 - p) for kept elements and 0 for dropped ones.

    For an input of ones the gradient equals the output.
    """
    x = torch.ones(MANY, requires_grad=True)
    output = nn.Dropout(0.75)(x)
    output.sum().backward()
    assert torch.equal(x.grad, output)
    assert snapshot == observe(lambda: values_of(x.grad))


@pytest.mark.api("torch.nn.Dropout", page="generated/torch.nn.Dropout", article="E")
def test_dropout_in_eval_mode_returns_its_input(snapshot):
    """In eval mode Dropout returns its input itself, not a copy.

    It drops and scales nothing.
    """
    layer, x = nn.Dropout(p=0.6).eval(), torch.tensor([1.0, 2.0, 3.0])
    output = layer(x)
    assert torch.equal(output, x)
    assert snapshot == observe(lambda: {"output": output, "same tensor": output is x})


@pytest.mark.api("torch.nn.Dropout", page="generated/torch.nn.Dropout")
def test_dropout_of_p_zero_keeps_everything(snapshot):
    """``Dropout(0.0)`` in training mode keeps every element as it is."""
    assert snapshot == observe(lambda: nn.Dropout(0.0)(torch.tensor([1.0, 2.0, 3.0])))


@pytest.mark.api("torch.nn.Dropout", page="generated/torch.nn.Dropout")
def test_dropout_of_p_one_gives_zeros(snapshot):
    """``Dropout(1.0)`` gives zeros with zero gradients, although x / (1 - p) is infinite."""
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    output = nn.Dropout(1.0)(x)
    output.sum().backward()
    assert snapshot == observe(lambda: {"output": output, "gradient": x.grad})


@pytest.mark.api("torch.nn.Dropout", page="generated/torch.nn.Dropout")
def test_dropout_does_not_drop_nan_or_infinity(snapshot):
    """``Dropout(1.0)`` turns NaN and infinity into NaN, not into 0.

    A dropped element is multiplied by zero.
    """
    assert snapshot == observe(
        lambda: nn.Dropout(1.0)(torch.tensor([1.0, float("nan"), float("inf")]))
    )


@pytest.mark.parametrize("p", [-0.1, 1.1])
@pytest.mark.api(
    "torch.nn.Dropout", "torch.nn.functional.dropout", page="generated/torch.nn.Dropout"
)
def test_dropout_refuses_p_out_of_range(p, snapshot):
    """Dropout raises in the constructor when p is below 0 or above 1."""
    assert snapshot == observe(lambda: nn.Dropout(p).p)


@pytest.mark.parametrize("p", [-0.1, 1.1])
@pytest.mark.api("torch.nn.functional.dropout", page="generated/torch.nn.functional.dropout")
def test_dropout_function_refuses_p_out_of_range_in_eval_mode_too(p, snapshot):
    """``F.dropout`` raises on p out of range even with ``training=False``."""
    assert snapshot == observe(lambda: F.dropout(torch.ones(2), p, training=False))


@pytest.mark.api("torch.nn.Dropout", page="generated/torch.nn.Dropout")
def test_dropout_of_p_nan_is_refused_only_when_called(snapshot):
    """Dropout with p = NaN raises in the call, not in the constructor.

    NaN is neither below 0 nor above 1. The call raises in eval mode too.
    """
    layer = nn.Dropout(float("nan")).eval()
    assert snapshot == observe(lambda: layer(torch.ones(2)))


@pytest.mark.api("torch.nn.Dropout", page="generated/torch.nn.Dropout")
@pytest.mark.changed(
    "1.6", "the message mentions integer division", kind="wording", cause="pytorch#38620"
)
@pytest.mark.changed(
    "1.7", "the message mentions the result's type again", kind="wording", cause="pytorch#42907"
)
def test_dropout_refuses_integers_in_training(snapshot):
    """Dropout raises on an int64 input in training; in eval mode it accepts one.

    The scale is a float.
    """
    x = torch.tensor([1, 2])
    assert torch.equal(nn.Dropout().eval()(x), x)
    assert snapshot == observe(lambda: nn.Dropout()(x))


@pytest.mark.api("torch.nn.Dropout", page="generated/torch.nn.Dropout")
def test_dropout_in_place_writes_into_its_input(snapshot):
    """``Dropout(inplace=True)`` overwrites its input and returns it."""
    x = torch.ones(MANY)
    output = nn.Dropout(0.5, inplace=True)(x)
    assert snapshot == observe(
        lambda: {"same tensor": output is x, "input afterwards": values_of(x)}
    )


@pytest.mark.api("torch.nn.Dropout", page="generated/torch.nn.Dropout")
@pytest.mark.changed(
    "1.5",
    'the message says that the leaf "is being used" instead of "has been used"',
    kind="wording",
    cause="pytorch#31990",
)
def test_dropout_in_place_on_a_leaf_that_requires_grad_raises(snapshot):
    """``Dropout(inplace=True)`` raises in training on a leaf that requires grad.

    In eval mode it writes nothing, so it does not raise.
    """
    x = torch.ones(2, requires_grad=True)
    assert torch.equal(nn.Dropout(inplace=True).eval()(x), torch.ones(2))
    assert snapshot == observe(lambda: nn.Dropout(inplace=True)(x))


@pytest.mark.api("torch.nn.Dropout", page="generated/torch.nn.Dropout")
@pytest.mark.changed(
    "1.10",
    "the message calls the node SigmoidBackward0",
    kind="wording",
    cause="pytorch#64261",
    probable=True,
)
@pytest.mark.changed("2.11", "the hint in the message passes check_nan=False", kind="wording")
@pytest.mark.changed(
    "2.13", "the message calls the node Sigmoid", kind="wording", cause="pytorch#180383"
)
def test_dropout_in_place_after_sigmoid_makes_backward_raise(snapshot):
    """In-place dropout after sigmoid makes backward raise.

    Sigmoid saved its output for backward, and dropout overwrote it. Without ``inplace`` backward
    works.
    """
    output = nn.Dropout(inplace=True)(torch.sigmoid(torch.ones(2, requires_grad=True)))
    assert snapshot == observe(lambda: output.sum().backward())


@pytest.mark.api("torch.nn.functional.dropout", page="generated/torch.nn.functional.dropout")
def test_dropout_function_drops_unless_told_that_it_is_not_training(snapshot):
    """``F.dropout(x)`` drops in eval mode too: its default is ``training=True``.

    In a ``forward`` method, pass ``training=self.training``.
    """

    class Forgets(nn.Module):
        def forward(self, x):
            return F.dropout(x)

    class Tells(nn.Module):
        def forward(self, x):
            return F.dropout(x, training=self.training)

    assert snapshot == observe(
        lambda: {
            "forgets": values_of(Forgets().eval()(torch.ones(MANY))),
            "tells": values_of(Tells().eval()(torch.ones(MANY))),
        }
    )


@pytest.mark.api("torch.nn.Dropout", "torch.no_grad", page="generated/torch.nn.Dropout")
def test_dropout_drops_under_no_grad(snapshot):
    """Dropout still drops under ``no_grad``; to evaluate, call ``eval()`` as well."""
    with torch.no_grad():
        output = nn.Dropout()(torch.ones(MANY))
    assert snapshot == observe(lambda: values_of(output))


@pytest.mark.api("torch.nn.Dropout", page="generated/torch.nn.Dropout")
def test_dropout_draws_a_new_mask_for_each_call(snapshot):
    """Dropout draws a new mask for each call.

    A layer that is called twice in one forward pass uses two masks.
    """
    layer, x = nn.Dropout(), torch.ones(MANY)
    assert snapshot == observe(lambda: torch.equal(layer(x), layer(x)))
