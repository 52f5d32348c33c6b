"""The forward pass: it composes the layers and builds a graph.

Calling a model gives the same bits as calling its layers one after another by hand. The loss is a
tensor without dimensions, and its ``grad_fn`` leads into the graph. A forward pass changes neither
the values of the parameters nor their ``.grad``.
"""

import pytest
import torch

from fixtures.adapter import residual_bottleneck
from fixtures.figures import unlike_print
from fixtures.models import linear
from torch_history.observing import observe


@pytest.mark.api("torch.nn.Module.__call__", page="notes/autograd", article="A")
def test_forward_builds_a_graph_and_a_scalar_loss(snapshot):
    """A forward pass builds a graph and gives a loss without dimensions.

    The parameters keep their values and have no gradient.
    """
    model = linear([[1.0, 2.0]], [0.5])
    loss = torch.nn.functional.mse_loss(model(torch.tensor([[1.0, 3.0]])), torch.tensor([[5.0]]))
    assert loss.grad_fn is not None
    assert snapshot == observe(
        lambda: {
            "loss": loss,
            "shape": loss.shape,
            "is_leaf": loss.is_leaf,
            "weight": model.weight,
            "bias": model.bias,
            "weight.grad": model.weight.grad,
            "bias.grad": model.bias.grad,
        }
    )


@pytest.mark.api("torch.nn.Module.__call__", page="generated/torch.nn.Module", article="A")
def test_calling_a_model_equals_its_layers_composed_by_hand(snapshot):
    """``model(x)`` equals ``x + fc2(relu(fc1(x)))`` to the bit.

    Each table of article A follows from the one before it. The article prints fc2's output with
    five digits, such as 9.2656e-01. It is multiplied by ten here, so that each number has at least
    four decimals.
    """
    printed = {
        "fc1": [
            [1.2801, -0.1998],
            [0.2011, 0.8952],
            [0.7247, 0.0215],
            [0.4057, -0.0852],
            [0.4344, 0.6810],
        ],
        "relu": [
            [1.2801, 0.0],
            [0.2011, 0.8952],
            [0.7247, 0.0215],
            [0.4057, 0.0],
            [0.4344, 0.6810],
        ],
        "10 fc2": [
            [-3.1179, 9.2656, 6.6133, 7.6778, 1.6566],
            [-2.3086, -0.36633, -0.024526, -0.0020451, 7.2680],
            [-2.0840, 6.7831, 5.9427, 4.4476, 2.5295],
            [-1.4424, 5.5479, 5.7692, 2.6476, 2.8756],
            [-2.4546, 1.8325, 1.5396, 1.6924, 5.9601],
        ],
        "by hand": [
            [-1.5320, 1.1768, 0.3724, 0.5691, -2.6881],
            [0.1978, -1.6415, 0.5737, 1.1027, -0.9035],
            [0.2654, 1.7584, -0.0215, 0.4250, -0.4211],
            [-0.7080, 1.4549, 1.0265, -0.2810, 0.4125],
            [1.7524, -1.0097, 1.6874, -0.7032, 0.5512],
        ],
    }

    def tables(model):
        network, x = model.network, model.input
        fc1 = network.fc1(x).detach()
        hidden = torch.relu(fc1)
        fc2 = network.fc2(hidden).detach()
        return {"fc1": fc1, "relu": hidden, "10 fc2": 10 * fc2, "by hand": x + fc2}

    model = residual_bottleneck()
    by_hand = tables(model)["by hand"]
    assert torch.equal(model(), by_hand)
    assert not unlike_print(tables, residual_bottleneck, printed)
    assert snapshot == observe(lambda: {"model(x)": model(), "by hand": by_hand})
