"""``module.apply(function)`` calls the function on every module, children first.

``torch.nn.Module.apply`` visits children in the order in which they were registered, and the module
itself last. It visits containers and custom classes too, so the function has to check the type of
what it gets. What the function returns is ignored. Trap: a layer that two modules share is visited
twice, although ``torch.nn.Module.modules`` lists it once.
"""

import pytest
from torch import nn

from fixtures.modules import nested_blocks
from torch_history.observing import observe


class Custom(nn.Module):
    """A module that is not a container and has a child."""

    def __init__(self):
        super().__init__()
        self.net = nn.Linear(1, 1)


def visited(module):
    """The classes that ``apply`` visits, in order."""
    names = []
    module.apply(lambda each: names.append(type(each).__name__))
    return names


@pytest.mark.api("torch.nn.Module.apply", page="generated/torch.nn.Module", article="D")
def test_apply_visits_children_first_and_the_module_last(snapshot):
    """``apply`` visits children before their parent, and the module itself last.

    Children are visited in the order in which they were registered.
    """
    assert snapshot == observe(lambda: visited(nested_blocks(1)))


@pytest.mark.api("torch.nn.Module.apply", page="generated/torch.nn.Module", article="D")
def test_apply_sees_a_custom_class_and_what_it_holds(snapshot):
    """``apply`` visits containers and custom module classes, and not only leaf layers.

    The function has to check the type of each module that it gets.
    """
    assert snapshot == observe(lambda: visited(nn.Sequential(Custom(), nn.ReLU())))


@pytest.mark.api("torch.nn.Module.apply", page="generated/torch.nn.Module")
def test_apply_returns_the_module(snapshot):
    """``apply`` returns the module and ignores what the function returns."""
    net = nested_blocks(1)
    assert snapshot == observe(lambda: net.apply(lambda module: nn.ReLU()) is net)


@pytest.mark.api("torch.nn.Module.apply", page="generated/torch.nn.Module")
def test_apply_visits_a_layer_used_twice_in_one_module_once(snapshot):
    """``apply`` visits a layer once if it is used twice among the children of one module."""
    shared = nn.Linear(1, 1)
    assert snapshot == observe(lambda: visited(nn.Sequential(shared, nn.ReLU(), shared)))


@pytest.mark.api("torch.nn.Module.apply", page="generated/torch.nn.Module")
def test_apply_visits_a_layer_shared_by_two_modules_twice(snapshot):
    """``apply`` visits a layer twice if two parent modules share it.

    ``modules()`` lists the same layer once. An initialiser that is applied draws for it twice.
    """
    shared = nn.Linear(1, 1)
    net = nn.Sequential(nn.Sequential(shared), nn.Sequential(shared))
    assert [type(module).__name__ for module in net.modules()].count("Linear") == 1
    assert snapshot == observe(lambda: visited(net))
