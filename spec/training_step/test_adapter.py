"""Article A's frozen base with a trainable adapter, and the tables that the article prints.

Every printed table follows from the printed parameters. The network is
``sigmoid(head(base(x) + adapter(x)))``, and the loss is the mean squared error over ten samples.
The base is frozen: backward gives gradients only to the adapter and the head. One step of Adam
moves the adapter and the head, and not the base.
"""

import pytest
import torch

from fixtures.adapter import TARGET, frozen_base_with_adapter
from fixtures.figures import unlike_print
from fixtures.models import gradients_of, parameters_of
from torch_history.observing import observe


def loss_of(model):
    return torch.nn.functional.mse_loss(model().squeeze(), torch.tensor(TARGET))


def gradients_after_backward(model):
    loss_of(model).backward()
    return gradients_of(model.network)


def parameters_after_adam(model):
    optimizer = torch.optim.Adam(model.network.parameters(), lr=1e-3)
    loss_of(model).backward()
    optimizer.step()
    return parameters_of(model.network)


@pytest.mark.api("torch.nn.Module", "torch.sigmoid", page="generated/torch.nn.Module", article="A")
def test_adapter_network_gives_the_printed_outputs(snapshot):
    """``sigmoid(head(base(x) + adapter(x)))`` gives the ten outputs that article A prints."""
    printed = [
        [0.6159],
        [0.5352],
        [0.5104],
        [0.3628],
        [0.6889],
        [0.6323],
        [0.3086],
        [0.5092],
        [0.1160],
        [0.4349],
    ]
    assert not unlike_print(
        lambda model: {"output": model().detach()}, frozen_base_with_adapter, {"output": printed}
    )
    assert snapshot == observe(lambda: frozen_base_with_adapter()())


@pytest.mark.api("torch.nn.functional.mse_loss", page="generated/torch.nn.MSELoss", article="A")
def test_adapter_loss_is_the_sum_of_squares_over_ten(snapshot):
    """The loss of article A, 0.3197, is the mean squared difference over its ten samples."""
    model = frozen_base_with_adapter()
    by_hand = ((model().squeeze() - torch.tensor(TARGET)) ** 2).sum() / 10
    assert torch.allclose(loss_of(model), by_hand)
    printed = {"loss": 0.3196709156036377}
    assert not unlike_print(
        lambda model: {"loss": loss_of(model).detach()}, frozen_base_with_adapter, printed
    )
    assert snapshot == observe(lambda: loss_of(model))


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward", article="A")
def test_adapter_and_head_get_the_printed_gradients(snapshot):
    """Backward gives the adapter and the head the gradients that article A prints.

    The frozen base keeps None. The first table is printed with five digits, such as 2.0354e-02. It
    is multiplied by a hundred here, so that each number has at least four decimals.
    """
    printed = {
        "100 adapter.fc1.weight": [
            [2.0354, -0.79889, -0.21384, 0.93599, -0.77675],
            [0.071102, 0.0038607, 0.055156, -0.096660, -0.13542],
        ],
        "adapter.fc1.bias": [-0.0043, -0.0006],
        "adapter.fc2.weight": [
            [0.0065, -0.0079],
            [0.0049, -0.0060],
            [0.0074, -0.0090],
            [0.0069, -0.0085],
            [-0.0105, 0.0128],
        ],
        "adapter.fc2.bias": [-0.0130, -0.0098, -0.0147, -0.0139, 0.0210],
        "head.weight": [[-0.0263, -0.0578, -0.0509, -0.0682, 0.0748]],
        "head.bias": [0.0564],
    }

    def replay(model):
        gradients = gradients_after_backward(model)
        gradients["100 adapter.fc1.weight"] = 100 * gradients["adapter.fc1.weight"]
        return gradients

    assert not unlike_print(replay, frozen_base_with_adapter, printed)
    assert snapshot == observe(lambda: gradients_after_backward(frozen_base_with_adapter()))


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam", article="A")
def test_adapter_and_head_have_the_printed_values_after_adam(snapshot):
    """One step of Adam moves the adapter and the head to the values that article A prints.

    The learning rate is 1e-3. The base does not move.
    """
    printed = {
        "adapter.fc1.weight": [
            [0.2942, -0.0893, 0.3805, 0.2223, -0.3789],
            [0.3108, -0.3898, 0.0483, 0.2264, 0.2541],
        ],
        "adapter.fc1.bias": [0.2696, 0.2890],
        "adapter.fc2.weight": [
            [-0.6235, 0.0214],
            [0.2981, 0.3428],
            [0.3008, -0.1139],
            [0.5915, -0.2599],
            [-0.5744, -0.1216],
        ],
        "adapter.fc2.bias": [0.4109, 0.1899, -0.2459, -0.1459, -0.3653],
        "head.weight": [[-0.2288, -0.1730, -0.2606, -0.2461, 0.3713]],
        "head.bias": [-0.1825],
    }
    start, after = (
        parameters_of(frozen_base_with_adapter().network),
        parameters_after_adam(frozen_base_with_adapter()),
    )
    for name in start:
        assert name.startswith("base") == torch.equal(start[name], after[name])
    assert not unlike_print(parameters_after_adam, frozen_base_with_adapter, printed)
    assert snapshot == observe(lambda: {name: after[name] for name in printed})
