"""Article E's network (linear, sigmoid, MSE): its gradient and its first steps by hand.

Let p be the outputs, y the targets, x the input and n the number of outputs. Through the sigmoid
and the mean squared error, autograd gives 2/n (p - y) p (1 - p) xᵀ for the weight. The article's
formula leaves out 2/n, which is 1 only for two outputs. The first steps of ``torch.optim.SGD`` and
``torch.optim.Adam`` with this gradient are those of their formulas.
"""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fixtures.models import linear
from fixtures.references import adam
from torch_history.observing import observe

WEIGHT, INPUT, TARGET = [[0.5, -0.25], [0.25, 0.5]], [1.0, 2.0], [4.0, 1.0]


def chain_rule(weight, x, y):
    """d/dW of mean((sigmoid(W x) - y)²): 2/n (p - y) p (1 - p) xᵀ.

    W [n, m], x [m], y [n] -> [n, m].
    """
    weight, x, y = (np.array(each, np.float64) for each in (weight, x, y))
    p = 1 / (1 + np.exp(-weight @ x))
    return np.outer(2 / len(y) * (p - y) * p * (1 - p), x)


def article(weight, x, y):
    """The article's formula, without the factor 2/n."""
    return chain_rule(weight, x, y) * len(y) / 2


def backward(model, x, y):
    torch.nn.functional.mse_loss(torch.sigmoid(model(torch.tensor(x))), torch.tensor(y)).backward()


def gradient(weight, x, y):
    """autograd's gradient of the weight."""
    model = linear(weight)
    backward(model, x, y)
    return model.weight.grad


def close(observed, expected):
    """float32 against float64: a dozen roundings of 1.2e-7 each."""
    np.testing.assert_allclose(observed.detach().numpy(), expected, rtol=2e-6, atol=1e-7)


numbers = st.floats(-2, 2, width=32)


@pytest.mark.api(
    "torch.Tensor.backward",
    "torch.sigmoid",
    "torch.nn.functional.mse_loss",
    page="notes/autograd",
    article="E",
)
@given(data=st.data(), n=st.integers(1, 4), m=st.integers(1, 3))
def test_autograd_equals_the_chain_rule_through_sigmoid_and_mse(data, n, m):
    """Through sigmoid and MSE, autograd gives 2/n (p - y) p (1 - p) xᵀ.

    This holds for any weight, input and target.
    """
    row = st.lists(numbers, min_size=m, max_size=m)
    weight = data.draw(st.lists(row, min_size=n, max_size=n))
    x, y = data.draw(row), data.draw(st.lists(numbers, min_size=n, max_size=n))
    # 1 - p and p - y lose digits where they are small: an epsilon of 1 or of y each,
    # times |x|, |p - y| and 2/n, below 24 in all
    np.testing.assert_allclose(
        gradient(weight, x, y).numpy(),
        chain_rule(weight, x, y),
        rtol=2e-6,
        atol=24 * torch.finfo(torch.float32).eps,
    )


@pytest.mark.api(
    "torch.Tensor.backward",
    "torch.sigmoid",
    "torch.nn.functional.mse_loss",
    page="notes/autograd",
    article="E",
)
def test_article_gradient_formula_equals_autograd_for_two_outputs(snapshot):
    """With two outputs, article E's (p - y) p (1 - p) xᵀ is the gradient.

    The 2 of the square and the 2 of the mean cancel.
    """
    close(gradient(WEIGHT, INPUT, TARGET), article(WEIGHT, INPUT, TARGET))
    assert snapshot == observe(lambda: gradient(WEIGHT, INPUT, TARGET))


@pytest.mark.api(
    "torch.Tensor.backward", "torch.nn.functional.mse_loss", page="notes/autograd", article="E"
)
def test_article_gradient_formula_is_too_large_for_three_outputs(snapshot):
    """With three outputs the gradient is two thirds of article E's formula.

    The formula leaves out the factor 2/n, which is 1 only for n = 2.
    """
    weight, y = [*WEIGHT, [0.0, 0.0]], [*TARGET, 0.0]
    observed = gradient(weight, INPUT, y)
    close(observed, article(weight, INPUT, y) * 2 / 3)
    assert snapshot == observe(lambda: observed)


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD", article="E")
def test_sgd_step_of_the_article_network_is_weight_minus_lr_gradient(snapshot):
    """An SGD step of article E's network is W - 0.001 gradient, element by element."""
    model = linear(WEIGHT)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    backward(model, INPUT, TARGET)
    optimizer.step()
    close(model.weight, np.array(WEIGHT) - 1e-3 * chain_rule(WEIGHT, INPUT, TARGET))
    assert snapshot == observe(lambda: model.weight)


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam", article="E")
def test_adam_step_of_the_article_network_equals_its_formula(snapshot):
    """Adam by hand, as in article E, and torch's Adam give the same weight.

    Every element moves by lr against the sign of its gradient.
    """
    model = linear(WEIGHT)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    backward(model, INPUT, TARGET)
    optimizer.step()
    by_hand = adam(np.ravel(WEIGHT), [np.ravel(chain_rule(WEIGHT, INPUT, TARGET))], lr=1e-3)[
        0
    ].reshape(2, 2)
    close(model.weight, by_hand)
    assert snapshot == observe(lambda: model.weight)
