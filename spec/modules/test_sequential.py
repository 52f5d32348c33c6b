"""``nn.Sequential`` as a list: index, slice, append, insert, extend, delete, and layer names.

An index of a ``torch.nn.Sequential`` counts from either end, whatever the names of the layers are.
A slice holds the same layer objects under their old names. ``torch.nn.Sequential.insert`` renames
the layers after the new one. Since 1.13 ``del net[0]`` numbers the remaining layers from 0, and
custom names are lost; ``del net.enter`` keeps them. Trap: the names are the keys of the state dict,
so a state dict that was saved before such a change does not fit. Layers are passed one by one or in
an ``OrderedDict``: a list and a plain dict raise.
"""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from fixtures.modules import layout, nested_blocks
from torch_history.observing import observe


def three():
    return nn.Sequential(nn.ReLU(), nn.Sigmoid(), nn.Tanh())


def named():
    return nn.Sequential(
        OrderedDict([("enter", nn.ReLU()), ("middle", nn.Sigmoid()), ("leave", nn.Tanh())])
    )


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential", article="D")
def test_sequential_index_counts_from_either_end(snapshot):
    """An index of a Sequential counts from the start, a negative one from the end.

    The names of the layers do not matter.
    """
    net = named()
    assert snapshot == observe(lambda: [type(net[index]).__name__ for index in (0, 2, -1, -3)])


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential")
def test_sequential_index_out_of_range_raises(snapshot):
    """An index out of range of a Sequential raises."""
    assert snapshot == observe(lambda: three()[3])


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential", article="D")
def test_nested_index_reaches_an_inner_layer(snapshot):
    """``net[0][1][0].bias.data`` reaches an inner layer by nested indices, as in article D.

    It is the first layer of the second block of the first part.
    """
    net = nested_blocks()
    getattr(net[0], "block 1")[0].bias.data.fill_(7.0)
    assert snapshot == observe(lambda: net[0][1][0].bias.data)


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential")
def test_sequential_slice_holds_the_same_layers(snapshot):
    """A slice of a Sequential is a new Sequential of the same layer objects.

    Training one trains the other.
    """
    net = three()

    def act():
        part = net[1:]
        return {"type": type(part).__name__, "length": len(part), "same layer": part[0] is net[1]}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential")
def test_sequential_slice_keeps_the_names(snapshot):
    """The slice ``net[1:]`` of a Sequential keeps the names 1 and 2.

    Its state dict does not fit a new Sequential of the same layers, which are numbered from 0.
    """
    assert snapshot == observe(lambda: layout(three()[1:]))


@pytest.mark.api("torch.nn.Sequential.append", page="generated/torch.nn.Sequential")
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8", "raises plain AttributeError again", kind="wording", cause="pytorch#50298"
)
@pytest.mark.changed("1.11", "Sequential.append", kind="appeared", cause="pytorch#71326")
def test_sequential_append_names_by_length_and_returns_self(snapshot):
    """``Sequential.append`` names the new layer by the current length and returns the Sequential.

    It does so even if the other layers have custom names.
    """
    plain, with_names = three(), named()

    def act():
        returned = plain.append(nn.Identity())
        return {
            "returns self": returned is plain,
            "plain": layout(plain),
            "named": layout(with_names.append(nn.Identity())),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Sequential.insert", page="generated/torch.nn.Sequential")
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8", "raises plain AttributeError again", kind="wording", cause="pytorch#50298"
)
@pytest.mark.changed("1.13", "Sequential.insert", kind="appeared", cause="pytorch#81402")
def test_sequential_insert_moves_the_later_names_on(snapshot):
    """``Sequential.insert(1, layer)`` renames the layers after it: 1 becomes 2.

    A state dict that was saved before no longer fits.
    """
    net = three()

    def act():
        net.insert(1, nn.Identity())
        return layout(net)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Sequential.insert", page="generated/torch.nn.Sequential")
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8", "raises plain AttributeError again", kind="wording", cause="pytorch#50298"
)
@pytest.mark.changed("1.13", "Sequential.insert", kind="appeared", cause="pytorch#81402")
def test_sequential_insert_at_a_negative_index_counts_from_the_end(snapshot):
    """``Sequential.insert(-1, layer)`` inserts before the last layer, as ``list.insert`` does."""
    net = three()

    def act():
        net.insert(-1, nn.Identity())
        return layout(net)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Sequential.insert", page="generated/torch.nn.Sequential")
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8", "raises plain AttributeError again", kind="wording", cause="pytorch#50298"
)
@pytest.mark.changed(
    "1.13",
    "Sequential.insert, which raises IndexError out of range",
    kind="appeared",
    cause="pytorch#81402",
)
def test_sequential_insert_out_of_range_raises(snapshot):
    """``Sequential.insert`` raises for an index out of range.

    ``list.insert`` appends instead.
    """
    assert snapshot == observe(lambda: layout(three().insert(4, nn.Identity())))


@pytest.mark.api("torch.nn.Sequential.extend", page="generated/torch.nn.Sequential")
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8", "raises plain AttributeError again", kind="wording", cause="pytorch#50298"
)
@pytest.mark.changed(
    "1.13", "Sequential.extend", kind="appeared", cause="pytorch#81179", probable=True
)
def test_sequential_extend_appends_each_layer(snapshot):
    """``Sequential.extend`` appends the layers of another Sequential.

    The layers are shared, not copied.
    """
    net, more = three(), nn.Sequential(nn.Identity(), nn.ReLU())

    def act():
        net.extend(more)
        return {"layers": layout(net), "shared": net[3] is more[0]}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential")
@pytest.mark.changed(
    "1.13",
    "the remaining layers and their state dict keys are renumbered",
    kind="representation",
    cause="pytorch#77067 (the issue)",
    probable=True,
    advice="rename the keys of older state dicts",
    when=":unseen",
)
def test_sequential_deletion_closes_the_gap(snapshot):
    """Since 1.13 ``del net[0]`` renumbers the remaining layers of a Sequential from 0."""
    net = three()

    def act():
        del net[0]
        return layout(net)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential")
@pytest.mark.changed(
    "1.13",
    "the remaining layers are numbered instead of keeping their names",
    kind="representation",
    cause="pytorch#77067 (the issue)",
    probable=True,
    advice="delete by attribute (del net.enter), which keeps the names",
    when=":unseen",
)
def test_sequential_deletion_loses_given_names(snapshot):
    """Since 1.13 ``del net[0]`` renames the remaining layers of a Sequential to 0 and 1.

    Custom names of the layers are lost.
    """
    net = named()

    def act():
        del net[0]
        return layout(net)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential")
def test_sequential_deletion_by_attribute_keeps_the_gap(snapshot):
    """``del net.enter`` removes one layer of a Sequential and keeps the other names."""
    net = named()

    def act():
        del net.enter
        return layout(net)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential")
def test_sequential_deletion_takes_a_slice(snapshot):
    """``del net[1:]`` deletes every layer of the slice."""
    net = three()

    def act():
        del net[1:]
        return layout(net)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Sequential.pop", page="generated/torch.nn.Sequential")
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8", "raises plain AttributeError again", kind="wording", cause="pytorch#50298"
)
@pytest.mark.changed("1.13", "Sequential.pop", kind="appeared", cause="pytorch#81601")
def test_sequential_pop_deletes_and_returns(snapshot):
    """``Sequential.pop(0)`` removes the layer, returns it and renumbers the rest."""
    net = three()
    assert snapshot == observe(
        lambda: {"popped": type(net.pop(0)).__name__, "remaining": layout(net)}
    )


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential")
def test_sequential_item_assignment_keeps_the_name(snapshot):
    """``net[1] = layer`` replaces the layer at that index and keeps its name."""
    net = named()

    def act():
        net[1] = nn.Identity()
        return layout(net)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential")
@pytest.mark.changed(
    "1.13",
    "Sequentials can be added with +",
    kind="error-gone",
    cause="pytorch#81170",
    when=":unseen",
)
def test_sum_of_sequentials_is_a_new_sequential(snapshot):
    """``net + more`` is a new Sequential with all layers renumbered.

    Both operands stay as they were.
    """
    net, more = named(), nn.Sequential(nn.Identity())

    def act():
        return {"sum": layout(net + more), "net": layout(net)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential")
def test_sequential_refuses_a_list(snapshot):
    """``Sequential([a, b])`` raises for a list of layers. Write ``Sequential(*layers)``."""
    assert snapshot == observe(lambda: nn.Sequential([nn.ReLU(), nn.Sigmoid()]))


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential")
def test_sequential_refuses_a_plain_dict(snapshot):
    """``Sequential`` raises for a plain dict: it takes names only from an ``OrderedDict``."""
    assert snapshot == observe(lambda: nn.Sequential({"enter": nn.ReLU()}))


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential")
def test_empty_sequential_returns_its_input(snapshot):
    """An empty Sequential returns its input, the same object."""
    x = torch.tensor([2.0])
    assert snapshot == observe(lambda: nn.Sequential()(x) is x)
