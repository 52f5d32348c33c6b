"""A module prints its class, the arguments that define it, and its children.

Children are printed under their attribute name, key or number, nested ones indented. The text of
``torch.nn.Module.extra_repr`` is printed between the parentheses. The repr does not show a module's
own parameters, eval mode, frozen parameters or the dtype. Since 2.0 a ``torch.nn.ModuleList``
prints equal neighbours once, with their count; a ``torch.nn.Sequential`` prints them one by one.
Since 2.12 BatchNorm, InstanceNorm and LayerNorm print ``bias=``.
"""

import pytest
import torch
from torch import nn

from fixtures.modules import BaseWithAdapter, Scale, nested_blocks, perceptron
from torch_history.observing import observe


def lines(module):
    return repr(module).splitlines()


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module", article="A")
def test_module_prints_its_children_by_attribute(snapshot):
    """A module prints the class of each child under its attribute name, nested ones indented.

    The example is article A's model.
    """
    assert snapshot == observe(lambda: lines(BaseWithAdapter()))


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential", article="D")
def test_sequential_prints_its_layers_by_number(snapshot):
    """A Sequential prints its layers by number: (0), (1) and (2) for article D's network."""
    assert snapshot == observe(lambda: lines(perceptron()))


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential", article="D")
def test_sequential_prints_equal_blocks_one_by_one(snapshot):
    """A Sequential prints equal blocks one by one, such as article D's four blocks."""
    assert snapshot == observe(lambda: lines(nested_blocks()))


@pytest.mark.api("torch.nn.ModuleList", page="generated/torch.nn.ModuleList")
@pytest.mark.changed(
    "2.0",
    "equal neighbours print once, with their count",
    kind="representation",
    cause="pytorch#90452",
    when=":unseen",
)
def test_module_list_prints_equal_neighbours_once(snapshot):
    """Since 2.0 a ``ModuleList`` prints neighbours with the same repr once, with their count.

    A different layer in between separates them.
    """
    layers = [nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)]
    assert snapshot == observe(lambda: lines(nn.ModuleList(layers)))


@pytest.mark.api("torch.nn.ModuleList", page="generated/torch.nn.ModuleList", article="D")
@pytest.mark.changed(
    "2.0",
    "equal neighbours print once, with their count",
    kind="representation",
    cause="pytorch#90452",
    when=":unseen",
)
def test_module_list_prints_equal_blocks_once(snapshot):
    """Since 2.0 a ``ModuleList`` prints equal blocks of several lines once, with their count.

    The example has article D's blocks.
    """
    assert snapshot == observe(lambda: lines(nn.ModuleList(nested_blocks()[0].children())))


@pytest.mark.api("torch.nn.ModuleDict", page="generated/torch.nn.ModuleDict")
def test_module_dict_prints_its_keys(snapshot):
    """A ``ModuleDict`` prints each module under its key."""
    assert snapshot == observe(
        lambda: lines(nn.ModuleDict({"enter": nn.ReLU(), "leave": nn.Sigmoid()}))
    )


@pytest.mark.api("torch.nn.ParameterList", page="generated/torch.nn.ParameterList")
@pytest.mark.changed(
    "1.13",
    "prints the dtype, torch.float32, instead of torch.FloatTensor",
    kind="representation",
    cause="pytorch#78529",
    when=":unseen",
)
def test_parameter_list_prints_dtype_and_size(snapshot):
    """A ``ParameterList`` prints the dtype and size of its parameters, not their values."""
    assert snapshot == observe(lambda: lines(nn.ParameterList([nn.Parameter(torch.zeros(2, 3))])))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module", article="C")
def test_own_parameters_are_not_printed(snapshot):
    """The repr of a module does not show the module's own parameters.

    Article C's layer prints its class name only.
    """
    assert snapshot == observe(lambda: repr(Scale()))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_absent_child_prints_as_none(snapshot):
    """A child set to None is still printed, but ``modules()`` does not list it."""
    module = nn.Module()
    module.head = nn.ReLU()
    module.head = None
    assert snapshot == observe(
        lambda: {"repr": lines(module), "modules": len(list(module.modules()))}
    )


class Shifted(nn.Module):
    """A module with an ``extra_repr``."""

    def extra_repr(self):
        return "by=3"


@pytest.mark.api("torch.nn.Module.extra_repr", page="generated/torch.nn.Module")
def test_extra_repr_stands_between_the_parentheses(snapshot):
    """A module prints the text of its ``extra_repr`` between the parentheses.

    If the module has children, the text is on its own line above theirs.
    """
    parent = Shifted()
    parent.child = nn.ReLU()
    assert snapshot == observe(lambda: {"alone": lines(Shifted()), "with a child": lines(parent)})


@pytest.mark.api("torch.nn.Module.eval", page="generated/torch.nn.Module")
def test_repr_does_not_tell_training_or_freezing(snapshot):
    """The repr of a module does not show eval mode, frozen parameters or the dtype."""
    model = perceptron().eval().double()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    assert repr(model) == repr(perceptron())
    assert snapshot == observe(lambda: lines(model))


LAYERS = {
    "linear": lambda: nn.Linear(4, 8),
    "linear without bias": lambda: nn.Linear(4, 8, bias=False),
    "relu": lambda: nn.ReLU(),
    "relu in place": lambda: nn.ReLU(inplace=True),
    "sigmoid": lambda: nn.Sigmoid(),
    "identity": lambda: nn.Identity(),
    "embedding": lambda: nn.Embedding(10, 3),
    "embedding with padding": lambda: nn.Embedding(53, 10, padding_idx=0),
    "rnn": lambda: nn.RNN(10, 20, num_layers=2, batch_first=True),
    "max_pool1d": lambda: nn.MaxPool1d(4),
    "max_pool2d": lambda: nn.MaxPool2d((2, 2)),
    "avg_pool1d": lambda: nn.AvgPool1d(4),
    "avg_pool2d": lambda: nn.AvgPool2d((2, 2)),
    "conv1d": lambda: nn.Conv1d(4, 8, 3, padding=1),
    "batch_norm": lambda: nn.BatchNorm1d(4),
    "layer_norm": lambda: nn.LayerNorm(4),
    "instance_norm": lambda: nn.InstanceNorm1d(4),
    "dropout": lambda: nn.Dropout(0.6),
    "mse_loss": lambda: nn.MSELoss(),
    "cross_entropy": lambda: nn.CrossEntropyLoss(),
}


@pytest.mark.parametrize("make", list(LAYERS.values()), ids=list(LAYERS))
@pytest.mark.api(
    "torch.nn.Linear",
    "torch.nn.ReLU",
    "torch.nn.Sigmoid",
    "torch.nn.Embedding",
    "torch.nn.RNN",
    "torch.nn.MaxPool1d",
    "torch.nn.MaxPool2d",
    "torch.nn.AvgPool1d",
    "torch.nn.AvgPool2d",
    "torch.nn.Conv1d",
    "torch.nn.BatchNorm1d",
    "torch.nn.LayerNorm",
    "torch.nn.InstanceNorm1d",
    "torch.nn.Dropout",
    "torch.nn.BatchNorm2d",
    "torch.nn.BatchNorm3d",
    "torch.nn.SyncBatchNorm",
    "torch.nn.InstanceNorm2d",
    "torch.nn.InstanceNorm3d",
    page="nn",
    article="D",
)
@pytest.mark.changed(
    "2.12",
    "BatchNorm, InstanceNorm and LayerNorm print bias=",
    kind="representation",
    cause="pytorch#176573",
    when=":unseen",
    of=(
        "torch.nn.BatchNorm1d",
        "torch.nn.BatchNorm2d",
        "torch.nn.BatchNorm3d",
        "torch.nn.SyncBatchNorm",
        "torch.nn.InstanceNorm1d",
        "torch.nn.InstanceNorm2d",
        "torch.nn.InstanceNorm3d",
        "torch.nn.LayerNorm",
    ),
)
def test_layer_prints_its_arguments(make, snapshot):
    """A layer prints its class and the arguments that define it.

    An example is ``Dropout(p=0.6, inplace=False)``. Since 2.12 normalization layers print ``bias=``
    too.
    """
    assert snapshot == observe(lambda: repr(make()))
