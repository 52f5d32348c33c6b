"""The gradient of a tied parameter: the sum over the places that use it."""

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
    """Article D's input 1, its target 3, and its loss, the plain difference."""
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
    """For y = w (w x + b) + b: dy/dw = (w x + b) + w x and dy/db = 1 + w, the sums over the two uses of w and of b."""
    shared, first, second = (linear([[float(weight)]], [float(bias)]) for _ in range(3))
    torch.nn.Sequential(shared, shared)(torch.tensor([float(x)])).backward()
    torch.nn.Sequential(first, second)(torch.tensor([float(x)])).backward()
    by_hand = {"weight": 2 * weight * x + bias, "bias": 1 + weight}
    for name, expected in by_hand.items():
        tied, one, other = (getattr(layer, name).grad.item() for layer in (shared, first, second))
        assert tied == one + other == expected  # small integers: float32 holds them exactly


@given(w=st.lists(fractions, min_size=4, max_size=4), x=st.lists(fractions, min_size=2, max_size=2))
def test_tied_matrix_gradient_equals_numpy(w, x):
    """For the loss sum(W W x), W [2, 2] and x [2]: the gradient is 1 (W x)' from the outer use plus W'1 x' from the inner one."""
    layer = linear([w[:2], w[2:]])
    torch.nn.Sequential(layer, layer)(torch.tensor(x)).sum().backward()
    matrix, vector, ones = np.array(w, "float64").reshape(2, 2), np.array(x, "float64"), np.ones(2)
    expected = np.outer(ones, matrix @ vector) + np.outer(matrix.T @ ones, vector)
    # each element is a sum of at most eight products up to 2 * 2: some ulps of 16 in float32
    np.testing.assert_allclose(layer.weight.grad.numpy(), expected, rtol=0, atol=16 * 8 * 2.0**-23)


@pytest.mark.api("torch.nn.Sequential", "torch.optim.SGD", page="notes/autograd", article="D")
def test_untied_copies_move_apart(snapshot):
    """Two layers that start equal get gradients of their own, and a step sets them apart: article D's 1.8 and 1.7."""
    assert not unlike_print(step, untied, {"0.weight": [[1.8]], "1.weight": [[1.7]]})
    assert snapshot == observe(
        lambda: {"gradients": gradients_of(backward(untied())), "after a step": step(untied())}
    )


@pytest.mark.api("torch.nn.Sequential", "torch.optim.SGD", page="notes/autograd", article="D")
def test_tied_layer_takes_the_summed_step(snapshot):
    """One layer in both places gets both gradients added up, 5 and 3, and moves once: article D's 1.5 and 0.7."""
    assert not unlike_print(step, shared_layer, {"0.weight": [[1.5]], "0.bias": [0.7]})
    assert snapshot == observe(
        lambda: {
            "gradients": gradients_of(backward(shared_layer())),
            "after a step": step(shared_layer()),
        }
    )


@pytest.mark.api("torch.nn.Sequential", page="notes/autograd", article="D")
def test_parameters_tied_by_assignment_train_as_a_tied_layer(snapshot):
    """Whether the layer is shared or only its parameters makes no difference to the step."""
    by_layer, by_parameter = step(shared_layer()), step(shared_parameters())
    assert all(torch.equal(by_layer[name], by_parameter[name]) for name in by_layer)
    assert snapshot == observe(lambda: by_parameter)


@pytest.mark.api("torch.Tensor.register_hook", page="generated/torch.Tensor.register_hook")
def test_hook_on_a_tied_parameter_sees_the_sum_once(snapshot):
    """The gradients of both uses are added before a tensor's hook runs: one call, with 5 and not with 3 and 2."""
    model, seen = shared_layer(), []
    model[0].weight.register_hook(lambda gradient: seen.append(gradient.clone()))
    backward(model)
    assert snapshot == observe(lambda: seen)


@pytest.mark.api("torch.Tensor.requires_grad_", page="notes/autograd")
def test_freezing_one_place_freezes_the_other(snapshot):
    """There is one parameter, and so one ``requires_grad``: one use cannot be frozen alone. Detach the weight there instead."""
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
    """A detached weight in the second use counts there as a constant: the gradient is the first use's alone, 2 and not 5."""
    layer = linear([[2.0]], [1.0])
    torch.nn.functional.linear(
        layer(torch.tensor([1.0])), layer.weight.detach(), layer.bias.detach()
    ).backward()
    assert snapshot == observe(lambda: gradients_of(layer))


@pytest.mark.api(
    "torch.Tensor.t", "torch.nn.functional.linear", page="generated/torch.nn.functional.linear"
)
def test_transposed_use_adds_its_gradient(snapshot):
    """An autoencoder that decodes with its encoder's transposed weight: both uses add up in the one weight."""
    encoder = linear([[1.0, 2.0]])
    code = encoder(torch.tensor([[3.0, 1.0]]))
    torch.nn.functional.linear(code, encoder.weight.t()).sum().backward()
    by_hand = torch.tensor(
        [[5.0 + 3.0 * 3.0, 5.0 + 3.0 * 1.0]]
    )  # the code, once a column, and the columns' sum times the input
    assert torch.equal(encoder.weight.grad, by_hand)
    assert snapshot == observe(lambda: encoder.weight.grad)


@pytest.mark.api("torch.nn.Embedding", "torch.nn.Linear", page="generated/torch.nn.Embedding")
def test_output_layer_tied_to_an_embedding_gives_the_padding_row_a_gradient(snapshot):
    """``padding_idx`` keeps the lookup's gradient from its row, but an output layer that shares the weight adds its own to it."""
    embedding = torch.nn.Embedding(3, 2, padding_idx=0)
    output = linear([[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]])
    embedding.weight = output.weight
    output(embedding(torch.tensor([0, 1]))).sum().backward()
    assert snapshot == observe(lambda: output.weight.grad)


@pytest.mark.api("torch.nn.Embedding", "torch.nn.Linear", page="generated/torch.nn.Embedding")
def test_output_layer_tied_to_a_sparse_embedding_gets_a_dense_gradient(snapshot):
    """The lookup's sparse gradient and the product's dense one add up to a dense one: ``sparse=True`` saves nothing here."""
    embedding = torch.nn.Embedding(3, 2, sparse=True)
    output = linear([[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]])
    embedding.weight = output.weight

    def act():
        output(embedding(torch.tensor([1]))).sum().backward()
        return {"is sparse": output.weight.grad.is_sparse, "gradient": output.weight.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
def test_clip_grad_norm_counts_a_tied_gradient_once(snapshot):
    """``parameters()`` lists it once, so the norm is sqrt(5² + 3²); over both layers' lists it is sqrt(2) times that."""
    model = backward(shared_parameters())
    by_layer = [parameter for layer in model for parameter in layer.parameters()]
    assert len(by_layer) == 4

    def act():
        return {
            "of the model": float(torch.nn.utils.clip_grad_norm_(model.parameters(), 1e6)),
            "of both lists": float(torch.nn.utils.clip_grad_norm_(by_layer, 1e6)),
        }

    assert snapshot == observe(act)
