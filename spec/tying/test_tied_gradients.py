"""The gradient of a tied parameter: the sum over the places that use it.

Each use adds its gradient to the one ``.grad``, and an optimizer steps the sum once. Untied copies
get separate gradients and move apart. Freezing a tied parameter in one place freezes it in the
other; detaching it in one use stops only that use. Trap: an output layer tied to an embedding gives
the padding row a gradient, and makes a sparse gradient dense.
"""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fixtures.figures import unlike_print
from fixtures.models import gradients_of, linear, parameters_of
from fixtures.tying import shared_layer, shared_parameters, untied
from torch_history.observing import observe


def backward(model):
    """Backward of article D's loss: the output for input 1, minus the target 3."""
    (model(torch.tensor([1.0])) - torch.tensor([3.0])).backward()
    return model


def step(model):
    """Article D's step: SGD with a learning rate of 0.1."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    backward(model)
    optimizer.step()
    return parameters_of(model)


numbers, fractions = st.integers(-8, 8), st.floats(-2, 2, width=32)


@given(weight=numbers, bias=numbers, x=numbers)
def test_tied_gradient_is_the_sum_of_the_untied_copies_gradients(weight, bias, x):
    """The gradient of a tied parameter is the sum of the gradients of untied copies.

    The example is y = w (w x + b) + b. Its sums are dy/dw = (w x + b) + w x and dy/db = 1 + w.
    """
    shared, first, second = (linear([[float(weight)]], [float(bias)]) for _ in range(3))
    torch.nn.Sequential(shared, shared)(torch.tensor([float(x)])).backward()
    torch.nn.Sequential(first, second)(torch.tensor([float(x)])).backward()
    by_hand = {"weight": 2 * weight * x + bias, "bias": 1 + weight}
    for name, expected in by_hand.items():
        tied, one, other = (getattr(layer, name).grad.item() for layer in (shared, first, second))
        assert tied == one + other == expected  # small integers: float32 holds them exactly


@given(w=st.lists(fractions, min_size=4, max_size=4), x=st.lists(fractions, min_size=2, max_size=2))
def test_tied_matrix_gradient_equals_numpy(w, x):
    """The gradient of a tied matrix equals NumPy's sum over its two uses.

    For the loss sum(W W x), with W [2, 2] and x [2], the outer use gives 1 (W x)'. The inner use
    gives W'1 x'.
    """
    layer = linear([w[:2], w[2:]])
    torch.nn.Sequential(layer, layer)(torch.tensor(x)).sum().backward()
    matrix, vector, ones = np.array(w, "float64").reshape(2, 2), np.array(x, "float64"), np.ones(2)
    expected = np.outer(ones, matrix @ vector) + np.outer(matrix.T @ ones, vector)
    # Each element is a sum of at most eight products up to 2 * 2: the error is a few ulps of 16.
    np.testing.assert_allclose(layer.weight.grad.numpy(), expected, rtol=0, atol=16 * 8 * 2.0**-23)


@pytest.mark.api("torch.nn.Sequential", "torch.optim.SGD", page="notes/autograd", article="D")
def test_untied_copies_move_apart(snapshot):
    """Two untied layers that start equal move apart: one step gives article D's 1.8 and 1.7.

    Each layer gets its own gradient.
    """
    assert not unlike_print(step, untied, {"0.weight": [[1.8]], "1.weight": [[1.7]]})
    assert snapshot == observe(
        lambda: {"gradients": gradients_of(backward(untied())), "after a step": step(untied())}
    )


@pytest.mark.api("torch.nn.Sequential", "torch.optim.SGD", page="notes/autograd", article="D")
def test_tied_layer_takes_the_summed_step(snapshot):
    """A layer in two places gets the sum of both gradients, and is stepped once.

    The sums are 5 for the weight and 3 for the bias. The step gives article D's 1.5 and 0.7.
    """
    assert not unlike_print(step, shared_layer, {"0.weight": [[1.5]], "0.bias": [0.7]})
    assert snapshot == observe(
        lambda: {
            "gradients": gradients_of(backward(shared_layer())),
            "after a step": step(shared_layer()),
        }
    )


@pytest.mark.api("torch.nn.Sequential", page="notes/autograd", article="D")
def test_parameters_tied_by_assignment_train_as_a_tied_layer(snapshot):
    """Parameters tied by assignment take the same step as a shared layer."""
    by_layer, by_parameter = step(shared_layer()), step(shared_parameters())
    assert all(torch.equal(by_layer[name], by_parameter[name]) for name in by_layer)
    assert snapshot == observe(lambda: by_parameter)


@pytest.mark.api("torch.Tensor.register_hook", page="generated/torch.Tensor.register_hook")
def test_hook_on_a_tied_parameter_sees_the_sum_once(snapshot):
    """A tensor hook on a tied parameter runs once, with the sum of both gradients.

    It gets 5 in one call, not 3 and 2 in two.
    """
    model, seen = shared_layer(), []
    model[0].weight.register_hook(lambda gradient: seen.append(gradient.clone()))
    backward(model)
    assert snapshot == observe(lambda: seen)


@pytest.mark.api("torch.Tensor.requires_grad_", page="notes/autograd")
def test_freezing_one_place_freezes_the_other(snapshot):
    """Freezing a tied parameter in one place freezes it in the other place too.

    There is one parameter with one ``requires_grad``. Detach the weight to freeze a single use.
    """
    model = shared_parameters()
    model[1].weight.requires_grad_(False)
    assert snapshot == observe(
        lambda: {
            "first requires grad": model[0].weight.requires_grad,
            "gradients": gradients_of(backward(model)),
        }
    )


@pytest.mark.api(
    "torch.Tensor.detach", "torch.nn.functional.linear", page="generated/torch.Tensor.detach"
)
def test_detaching_one_use_leaves_the_gradient_of_the_other(snapshot):
    """Detaching a tied weight in one use leaves only the gradient of the other use.

    The detached weight counts as a constant: the gradient is 2, not 5.
    """
    layer = linear([[2.0]], [1.0])
    torch.nn.functional.linear(
        layer(torch.tensor([1.0])), layer.weight.detach(), layer.bias.detach()
    ).backward()
    assert snapshot == observe(lambda: gradients_of(layer))


@pytest.mark.api(
    "torch.Tensor.t", "torch.nn.functional.linear", page="generated/torch.nn.functional.linear"
)
def test_transposed_use_adds_its_gradient(snapshot):
    """A transposed use of a weight adds its gradient to that of the plain use.

    An example is an autoencoder that decodes with its encoder's transposed weight.
    """
    encoder = linear([[1.0, 2.0]])
    code = encoder(torch.tensor([[3.0, 1.0]]))
    torch.nn.functional.linear(code, encoder.weight.t()).sum().backward()
    # The code in each column, plus the sum of the columns times the input.
    by_hand = torch.tensor([[5.0 + 3.0 * 3.0, 5.0 + 3.0 * 1.0]])
    assert torch.equal(encoder.weight.grad, by_hand)
    assert snapshot == observe(lambda: encoder.weight.grad)


@pytest.mark.api("torch.nn.Embedding", "torch.nn.Linear", page="generated/torch.nn.Embedding")
def test_output_layer_tied_to_an_embedding_gives_the_padding_row_a_gradient(snapshot):
    """An output layer tied to an embedding gives the padding row a gradient.

    ``padding_idx`` blocks only the gradient of the lookup.
    """
    embedding = torch.nn.Embedding(3, 2, padding_idx=0)
    output = linear([[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]])
    embedding.weight = output.weight
    output(embedding(torch.tensor([0, 1]))).sum().backward()
    assert snapshot == observe(lambda: output.weight.grad)


@pytest.mark.api("torch.nn.Embedding", "torch.nn.Linear", page="generated/torch.nn.Embedding")
def test_output_layer_tied_to_a_sparse_embedding_gets_a_dense_gradient(snapshot):
    """An output layer tied to a sparse embedding gets a dense gradient.

    The sparse gradient of the lookup and the dense one of the product add up to a dense one.
    ``sparse=True`` saves nothing here.
    """
    embedding = torch.nn.Embedding(3, 2, sparse=True)
    output = linear([[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]])
    embedding.weight = output.weight

    def act():
        output(embedding(torch.tensor([1]))).sum().backward()
        return {"is sparse": output.weight.grad.is_sparse, "gradient": output.weight.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
def test_clip_grad_norm_counts_a_tied_gradient_once(snapshot):
    """``clip_grad_norm_`` over ``parameters()`` counts a tied gradient once: sqrt(5² + 3²).

    Over the parameter lists of both layers, the norm is sqrt(2) times that.
    """
    model = backward(shared_parameters())
    by_layer = [parameter for layer in model for parameter in layer.parameters()]
    assert len(by_layer) == 4

    def act():
        return {
            "of the model": float(torch.nn.utils.clip_grad_norm_(model.parameters(), 1e6)),
            "of both lists": float(torch.nn.utils.clip_grad_norm_(by_layer, 1e6)),
        }

    assert snapshot == observe(act)
