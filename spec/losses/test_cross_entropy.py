"""``torch.nn.CrossEntropyLoss`` with class numbers as targets: its formula, and accepted shapes.

The loss takes logits: it applies log-softmax and negates the entry of the target's class. The
gradient of the mean is softmax minus one-hot, divided by the number of samples. Large logits do not
overflow. Trap: probabilities in place of logits go through softmax a second time, and nothing
warns. Classes are the second dimension: logits [sample, class, token] for targets [sample, token].
Trap: a forgotten transpose is not noticed if there are as many tokens as classes.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch.nn import functional as F

from fixtures.losses import logits
from torch_history.observing import observe


def log_probabilities(z):
    """z - log(sum(exp(z))) along the classes, for logits z [n, c].

    The logits are shifted first so that exp does not overflow.
    """
    shifted = z - z.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def negative_log_likelihood(log_p, classes, weight, ignore_index, reduction):
    """-w[y] log_p[y] for each sample, and 0 where y is ignore_index.

    log_p [n, c], classes y [n], weight w [c]. The mean divides by the sum of the w[y] that count.
    """
    counts = classes != ignore_index
    rows = np.arange(len(classes))[counts]
    losses, weights = np.zeros(len(classes)), weight[classes[counts]]
    losses[counts] = -weights * log_p[rows, classes[counts]]
    return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / weights.sum()}[reduction]


@st.composite
def classifications(draw):
    """Logits [n, c], classes [n] and weights [c]; at least one class is not the ignored -100."""
    n, c = draw(st.integers(1, 4)), draw(st.integers(2, 4))
    z = draw(arrays(np.float64, (n, c), elements=st.floats(-50, 50)))
    classes = draw(arrays(np.int64, n, elements=st.sampled_from([*range(c), -100])))
    classes[0] = max(classes[0], 0)
    return z, classes, draw(arrays(np.float64, c, elements=st.floats(0.1, 10)))


reductions = st.sampled_from(["none", "sum", "mean"])


@settings(max_examples=20)
@given(classifications(), reductions)
def test_nll_loss_is_the_formula_with_weight_ignore_index_and_reduction(classification, reduction):
    """``nll_loss`` equals the NumPy formula on drawn values, in float64.

    It treats its input as log-probabilities.
    """
    log_p, classes, weight = classification
    got = F.nll_loss(
        torch.tensor(log_p), torch.tensor(classes), weight=torch.tensor(weight), reduction=reduction
    ).numpy()
    expected = negative_log_likelihood(log_p, classes, weight, -100, reduction)
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)  # float64 has an eps of 2e-16


@settings(max_examples=20)
@given(classifications(), reductions, st.sampled_from([-100, 0]))
def test_cross_entropy_is_the_formula_with_weight_ignore_index_and_reduction(
    classification, reduction, ignore_index
):
    """``cross_entropy`` equals the NumPy formula on drawn logits, in float64.

    The formula is the negative log-likelihood of the log-softmax.
    """
    z, classes, weight = classification
    classes = np.where(classes == -100, ignore_index, classes)
    if (classes == ignore_index).all():
        classes[0] = 1  # the mean over ignored targets alone is nan
    got = F.cross_entropy(
        torch.tensor(z),
        torch.tensor(classes),
        weight=torch.tensor(weight),
        ignore_index=ignore_index,
        reduction=reduction,
    ).numpy()
    expected = negative_log_likelihood(
        log_probabilities(z), classes, weight, ignore_index, reduction
    )
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)  # float64 has an eps of 2e-16


@settings(max_examples=20)
@given(classifications())
def test_cross_entropy_gradient_is_softmax_minus_one_hot(classification):
    """The gradient of ``cross_entropy`` for the logits z is (softmax(z) - one_hot(y)) / n.

    It is compared on drawn logits in float64, without weights and ignored samples.
    """
    z, classes, weight = classification
    classes = np.maximum(classes, 0)
    leaf = torch.tensor(z, requires_grad=True)
    F.cross_entropy(leaf, torch.tensor(classes)).backward()
    expected = (np.exp(log_probabilities(z)) - np.eye(len(weight))[classes]) / len(classes)
    # float64 has an eps of 2e-16
    np.testing.assert_allclose(leaf.grad.numpy(), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.api(
    "torch.nn.CrossEntropyLoss", page="generated/torch.nn.CrossEntropyLoss", article="E"
)
def test_cross_entropy_is_nll_of_log_softmax(snapshot):
    """``CrossEntropyLoss`` takes logits: it equals ``nll_loss(log_softmax(logits))``.

    Here it is the mean of -log(3/6) and -log(6/8).
    """
    classes = torch.tensor([2, 0])
    assert torch.allclose(
        F.cross_entropy(logits(), classes), F.nll_loss(F.log_softmax(logits(), dim=1), classes)
    )
    assert snapshot == observe(lambda: torch.nn.CrossEntropyLoss()(logits(), classes))


@pytest.mark.api(
    "torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss", article="E"
)
@pytest.mark.parametrize("reduction", ["none", "sum"])
def test_cross_entropy_takes_other_reductions(reduction, snapshot):
    """``cross_entropy`` with ``reduction="none"`` gives a loss per sample; ``"sum"`` adds them."""
    assert snapshot == observe(
        lambda: F.cross_entropy(logits(), torch.tensor([2, 0]), reduction=reduction)
    )


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_cross_entropy_of_probabilities_is_not_their_log_likelihood(snapshot):
    """``cross_entropy`` of probabilities applies softmax a second time, without a warning.

    A certain and right answer [0, 0, 1] costs 0.5514 instead of 0.
    """
    assert snapshot == observe(
        lambda: F.cross_entropy(torch.tensor([[0.0, 0.0, 1.0]]), torch.tensor([2]))
    )


@pytest.mark.api("torch.nn.functional.nll_loss", page="generated/torch.nn.NLLLoss")
def test_nll_loss_of_probabilities_is_negative(snapshot):
    """``nll_loss`` of probabilities is negative, because it takes no logarithm.

    It is the negated mean of the target's probabilities.
    """
    assert snapshot == observe(lambda: F.nll_loss(torch.tensor([[0.25, 0.75]]), torch.tensor([1])))


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_cross_entropy_does_not_overflow(snapshot):
    """``cross_entropy`` does not overflow: logits of 1000 and -1000 give 2000 and 0.

    The logarithm of a softmax would be inf and nan.
    """
    sure = torch.tensor([[1000.0, -1000.0], [1000.0, -1000.0]])
    assert snapshot == observe(
        lambda: F.cross_entropy(sure, torch.tensor([1, 0]), reduction="none")
    )


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_class_of_minus_infinity_costs_infinity_only_where_it_is_the_target(snapshot):
    """A class masked by a logit of -inf costs inf only if it is the target.

    Its probability is 0, so the loss of other targets does not change.
    """
    masked = torch.tensor([[float("-inf"), 0.0]] * 2)
    assert snapshot == observe(
        lambda: F.cross_entropy(masked, torch.tensor([1, 0]), reduction="none")
    )


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_classes_are_the_second_dimension_of_the_logits(snapshot):
    """``cross_entropy`` expects logits [1, classes, tokens] for targets [1, tokens].

    Transpose the [1, tokens, classes] of a sequence model.
    """
    by_token = logits().unsqueeze(0)  # one sequence of two tokens, three classes
    classes = torch.tensor([[2, 0]])
    assert torch.allclose(
        F.cross_entropy(by_token.transpose(1, 2), classes), F.cross_entropy(logits(), classes[0])
    )
    assert snapshot == observe(
        lambda: {
            "transposed": F.cross_entropy(by_token.transpose(1, 2), classes, reduction="none"),
            "flattened": F.cross_entropy(
                by_token.flatten(0, 1), classes.flatten(), reduction="none"
            ),
        }
    )


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_square_logits_with_classes_last_are_taken_in_silence(snapshot):
    """``cross_entropy`` accepts logits with classes last if there are as many tokens as classes.

    If the transpose is forgotten, the softmax runs over the tokens, without a warning.
    """
    scores = torch.tensor([[[1.0, 3.0], [1.0, 7.0]]]).log()  # [1, tokens, classes]
    classes = torch.tensor([[1, 0]])
    assert snapshot == observe(
        lambda: {
            "classes last": F.cross_entropy(scores, classes, reduction="none"),
            "transposed": F.cross_entropy(scores.transpose(1, 2), classes, reduction="none"),
        }
    )


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.11",
    "logits without a batch dimension are accepted",
    kind="error-gone",
    cause="pytorch#71055",
)
def test_cross_entropy_takes_one_sample_without_a_batch(snapshot):
    """Since 1.11, ``cross_entropy`` takes one sample: logits [classes] and a target of shape [].

    Here the loss is -log(3/6).
    """
    assert snapshot == observe(lambda: F.cross_entropy(logits()[0], torch.tensor(2)))


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed("1.10", "class numbers may be uint8", kind="error-gone", cause="pytorch#60308")
def test_cross_entropy_takes_uint8_classes(snapshot):
    """Since 1.10, ``cross_entropy`` takes uint8 classes, as in image masks, without conversion."""
    assert snapshot == observe(
        lambda: F.cross_entropy(logits(), torch.tensor([2, 0], dtype=torch.uint8))
    )
