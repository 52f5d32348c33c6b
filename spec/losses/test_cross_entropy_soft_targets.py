"""``CrossEntropyLoss`` with probabilities as targets, and with ``label_smoothing``.

Since 1.10 a float target of the logits' shape is read as probabilities, which need not sum to 1.
Its mean divides by the number of samples, even with ``weight``, so it differs from that of class
numbers there. Such a target gets a gradient: detach it if another network makes it.
``label_smoothing`` spreads a share of the target over all classes, and since 1.11 leaves ignored
targets out. Trap: a class masked by a logit of -inf gives nan with probabilities, and inf with
smoothing.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch.nn import functional as F

from fixtures.losses import logits
from torch_history.observing import observe, observe_each


def soft_cross_entropy(z, p, weight, smoothing):
    """-sum(w q log_softmax(z)) over the classes, with q = (1 - s) p + s / c.

    One loss a sample, [n]. z and p [n, c], w [c].
    """
    shifted = z - z.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    smooth = (1 - smoothing) * p + smoothing / z.shape[1]
    return -(weight * smooth * log_p).sum(axis=1)


@st.composite
def classifications(draw):
    """Logits [n, c], classes [n], weights [c] and probabilities [n, c].

    The probabilities need not add up to 1.
    """
    n, c = draw(st.integers(1, 3)), draw(st.integers(2, 3))
    z = draw(arrays(np.float64, (n, c), elements=st.floats(-50, 50)))
    classes = draw(arrays(np.int64, n, elements=st.integers(0, c - 1)))
    weight = draw(arrays(np.float64, c, elements=st.floats(0.1, 10)))
    return z, classes, weight, draw(arrays(np.float64, (n, c), elements=st.floats(0, 1)))


def probabilities():
    return torch.tensor([[0.0, 0.5, 0.5], [1.0, 0.0, 0.0]])


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.10", "cross_entropy takes label_smoothing", kind="appeared", cause="pytorch#63122"
)
def test_label_smoothing_with_classes_is_the_formula(snapshot):
    """``label_smoothing`` with class targets equals the NumPy formula of smoothed one-hot targets.

    The mean divides by the weights of the targets.
    """

    @settings(max_examples=20)
    @given(classifications(), st.floats(0, 1))
    def law(classification, smoothing):
        z, classes, weight, _ = classification
        total, mean = (
            F.cross_entropy(
                torch.tensor(z),
                torch.tensor(classes),
                weight=torch.tensor(weight),
                reduction=reduction,
                label_smoothing=smoothing,
            ).numpy()
            for reduction in ("sum", "mean")
        )
        expected = soft_cross_entropy(z, np.eye(len(weight))[classes], weight, smoothing).sum()
        # float64 has an eps of 2e-16
        np.testing.assert_allclose(total, expected, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(mean, expected / weight[classes].sum(), rtol=1e-12, atol=1e-12)

    observed = observe(lambda: F.cross_entropy(logits(), torch.tensor([2, 0]), label_smoothing=0.3))
    if observed.raised is None:  # a release without label_smoothing raises
        law()
    assert snapshot == observed


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.10",
    "cross_entropy takes probabilities and label_smoothing",
    kind="appeared",
    cause="pytorch#63122",
)
def test_probability_targets_are_the_formula(snapshot):
    """``cross_entropy`` of probabilities, smoothed and weighted, equals the NumPy formula.

    The mean divides by the number of samples, not by weights.
    """

    @settings(max_examples=20)
    @given(classifications(), st.floats(0, 1))
    def law(classification, smoothing):
        z, _, weight, p = classification
        none, mean = (
            F.cross_entropy(
                torch.tensor(z),
                torch.tensor(p),
                weight=torch.tensor(weight),
                label_smoothing=smoothing,
                reduction=reduction,
            ).numpy()
            for reduction in ("none", "mean")
        )
        expected = soft_cross_entropy(z, p, weight, smoothing)
        # float64 has an eps of 2e-16
        np.testing.assert_allclose(none, expected, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(mean, expected.mean(), rtol=1e-12, atol=1e-12)

    observed = observe(lambda: F.cross_entropy(logits(), probabilities(), label_smoothing=0.3))
    if observed.raised is None:  # a release without probabilities or label_smoothing raises
        law()
    assert snapshot == observed


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.10",
    "a float target of the logits' shape is read as probabilities",
    kind="error-gone",
    cause="pytorch#61044",
)
def test_cross_entropy_takes_probabilities(snapshot):
    """Since 1.10, ``cross_entropy`` reads a float target of the logits' shape as probabilities.

    Here the losses are -(log(2/6) + log(3/6)) / 2 and -log(6/8).
    """
    assert snapshot == observe(lambda: F.cross_entropy(logits(), probabilities(), reduction="none"))


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.10",
    "a float target of the logits' shape is read as probabilities",
    kind="error-gone",
    cause="pytorch#61044",
)
def test_one_hot_probabilities_equal_class_targets(snapshot):
    """``cross_entropy`` of a one-hot float target equals that of its class number."""
    one_hot = torch.tensor([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    observed = observe(lambda: F.cross_entropy(logits(), one_hot))
    if observed.raised is None:
        assert torch.allclose(observed.value, F.cross_entropy(logits(), torch.tensor([2, 0])))
    assert snapshot == observed


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.10",
    "a float target of the logits' shape is read as probabilities",
    kind="error-gone",
    cause="pytorch#61044",
    advice="divide the sum by the weights of the targets to get the mean of class targets",
)
def test_one_hot_probabilities_do_not_equal_class_targets_under_weights(snapshot):
    """With ``weight``, a one-hot float target gives another mean than its class number.

    For probabilities the mean divides by the number of samples, here 2. For classes it divides by
    the weights of the targets, here 3 + 1.
    """
    weight, one_hot = (
        torch.tensor([1.0, 2.0, 3.0]),
        torch.tensor([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]),
    )
    assert snapshot == observe_each(
        {
            "classes": lambda: F.cross_entropy(logits(), torch.tensor([2, 0]), weight=weight),
            "probabilities": lambda: F.cross_entropy(logits(), one_hot, weight=weight),
        }
    )


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.10",
    "a float target of the logits' shape is read as probabilities, unchecked",
    kind="error-gone",
    cause="pytorch#61044",
)
def test_probabilities_need_not_add_up_to_one(snapshot):
    """``cross_entropy`` does not check that probabilities sum to 1.

    The target [0, 0, 2] costs twice what [0, 0, 1] costs.
    """
    target = torch.tensor([[0.0, 0.0, 1.0], [0.0, 0.0, 2.0]])
    assert snapshot == observe(
        lambda: F.cross_entropy(logits()[:1].repeat(2, 1), target, reduction="none")
    )


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.10",
    "a float target of the logits' shape is read as probabilities, and 0 * inf is nan",
    kind="error-gone",
    cause="pytorch#61044",
    advice="mask with a large negative number instead of -inf",
)
def test_probability_zero_of_a_class_masked_by_minus_infinity_makes_nan(snapshot):
    """A probability of 0 for a class with a logit of -inf makes ``cross_entropy`` nan: 0 * inf.

    A class number as target would cost 0 here.
    """
    masked = torch.tensor([[float("-inf"), 0.0]])
    assert snapshot == observe(lambda: F.cross_entropy(masked, torch.tensor([[0.0, 1.0]])))


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.10",
    "the message rejects ignore_index: probabilities without it are now accepted",
    kind="wording",
    cause="pytorch#61044",
)
def test_ignore_index_with_probabilities_raises(snapshot):
    """An ``ignore_index`` of 0 or more raises with probabilities as targets.

    Only class targets can be ignored.
    """
    assert snapshot == observe(lambda: F.cross_entropy(logits(), probabilities(), ignore_index=1))


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.10",
    "a float target of the logits' shape is read as probabilities, and gets a gradient",
    kind="error-gone",
    cause="pytorch#61044",
    advice="detach targets that another network makes",
)
def test_gradient_flows_into_probability_targets(snapshot):
    """Probability targets of ``cross_entropy`` get the gradient -log_softmax(logits) / n.

    A network that makes the target is trained too, unless the target is detached.
    """
    target = probabilities().requires_grad_()

    def act():
        F.cross_entropy(logits(), target).backward()
        return target.grad

    observed = observe(act)
    if observed.raised is None:
        assert torch.allclose(observed.value, -F.log_softmax(logits(), dim=1) / 2)
    assert snapshot == observed


@pytest.mark.api(
    "torch.nn.CrossEntropyLoss",
    "torch.nn.functional.cross_entropy",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.10", "CrossEntropyLoss takes label_smoothing", kind="appeared", cause="pytorch#63122"
)
def test_label_smoothing_spreads_a_share_of_the_target_over_all_classes(snapshot):
    """``label_smoothing`` spreads a share of the target over all classes.

    0.3 over three classes gives the loss of the probabilities 0.8 for the target and 0.1 for the
    others.
    """
    smoothed = torch.tensor([[0.1, 0.1, 0.8], [0.8, 0.1, 0.1]])
    observed = observe(
        lambda: torch.nn.CrossEntropyLoss(label_smoothing=0.3)(logits(), torch.tensor([2, 0]))
    )
    if observed.raised is None:
        assert torch.allclose(observed.value, F.cross_entropy(logits(), smoothed))
    assert snapshot == observed


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.10",
    "cross_entropy takes label_smoothing, and smooths ignored targets too",
    kind="appeared",
    cause="pytorch#63122",
)
@pytest.mark.changed(
    "1.11",
    "ignored targets cost nothing and do not count in the mean",
    kind="silent",
    cause="pytorch#69511",
    advice="on 1.10, index logits and target with target != -100 before the loss",
    when="label_smoothing@7!=0|0.0",
    depends="the targets",
)
def test_label_smoothing_leaves_ignored_targets_out(snapshot):
    """Since 1.11, ``label_smoothing`` does not smooth an ignored target.

    It costs 0, and the mean divides by the number of the others.
    """
    assert snapshot == observe(
        lambda: {
            reduction: F.cross_entropy(
                logits(), torch.tensor([2, -100]), label_smoothing=0.3, reduction=reduction
            )
            for reduction in ("none", "mean")
        }
    )


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.10", "cross_entropy takes label_smoothing", kind="appeared", cause="pytorch#63122"
)
def test_label_smoothing_makes_a_masked_class_cost_infinity(snapshot):
    """With ``label_smoothing``, a class masked by -inf costs inf even if it is not the target."""
    masked = torch.tensor([[float("-inf"), 0.0]])
    assert snapshot == observe(
        lambda: F.cross_entropy(masked, torch.tensor([1]), label_smoothing=0.1)
    )


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.10",
    "cross_entropy takes label_smoothing, and rejects more than 1",
    kind="appeared",
    cause="pytorch#63122",
)
def test_label_smoothing_above_one_raises(snapshot):
    """``label_smoothing`` above 1 raises."""
    assert snapshot == observe(
        lambda: F.cross_entropy(logits(), torch.tensor([2, 0]), label_smoothing=1.5)
    )


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.10",
    "cross_entropy takes label_smoothing, and treats a negative value as none",
    kind="appeared",
    cause="pytorch#63122",
)
def test_negative_label_smoothing_is_taken_as_none_with_classes(snapshot):
    """A negative ``label_smoothing`` with class targets means no smoothing, without a warning."""
    classes = torch.tensor([2, 0])
    observed = observe(lambda: F.cross_entropy(logits(), classes, label_smoothing=-0.5))
    if observed.raised is None:
        assert torch.allclose(observed.value, F.cross_entropy(logits(), classes))
    assert snapshot == observed
