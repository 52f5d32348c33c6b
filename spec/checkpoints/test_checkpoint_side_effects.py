"""What saving and loading change beside their result: the dict, its metadata, the file, the stream.

``load_state_dict`` leaves the dict that it is given as it is, its order and its values. Trap:
``assign=True`` leaves a mark in the metadata of the dict, and a later load without it assigns too.
Saving and loading leave model, optimizer and random stream. Some copies of a state dict lose
``_metadata``, and with it the versions of the modules.
"""

import collections
import copy
import io
import pickle

import pytest
import torch
from torch import nn

from fixtures.effects import changes, without_warnings
from fixtures.models import linear
from fixtures.settings import each
from torch_history.observing import observe, observe_each


def norm(value=1.0):
    """A BatchNorm whose weight is this value, behind a Sequential."""
    model = nn.Sequential(nn.BatchNorm1d(1))
    nn.init.constant_(model[0].weight, value)
    return model


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "2.1",
    "load_state_dict takes assign, and leaves a mark in the metadata of the dict",
    kind="appeared",
    cause="pytorch#102212",
)
def test_load_state_dict_leaves_the_dict_that_it_is_given(snapshot):
    """``load_state_dict`` leaves keys, values and metadata of the dict as they are.

    Trap: ``assign=True`` adds a mark to the metadata of each module in the dict.
    """

    def act(extra=(), **settings):
        saved = norm().state_dict()
        saved.update({key: torch.zeros(1) for key in extra})
        keys, values = list(saved), [one.clone() for one in saved.values()]
        metadata = copy.deepcopy(saved._metadata)
        norm(5.0).load_state_dict(saved, **settings)
        return {
            "keys": list(saved) == keys,
            "values": all(torch.equal(*pair) for pair in zip(values, saved.values())),
            "metadata": saved._metadata == metadata,
        }

    cases = {"plain": {}, "strict=False": {"strict": False, "extra": ("more",)}}
    cases["assign"] = {"assign": True}
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "2.1",
    "load_state_dict takes assign, which later loads of the same dict follow",
    kind="appeared",
    cause="pytorch#102212",
    advice="load dict(saved) with assign=True",
)
def test_load_after_a_load_with_assign_assigns_too(snapshot):
    """A state dict that was loaded with ``assign=True`` is assigned by later loads without it.

    The second model then shares its parameters with the dict and with the first model. A dict
    without ``_metadata``, such as ``dict(state_dict)``, has no place for the mark.
    """

    def act(make, **settings):
        saved = make(norm(2.0).state_dict())
        first, second = norm(), norm()
        first.load_state_dict(saved, **settings)
        second.load_state_dict(saved)
        with torch.no_grad():
            second[0].weight.fill_(7.0)
        return {"dict": saved["0.weight"].item(), "first model": first[0].weight.item()}

    def marked(saved):
        norm().load_state_dict(saved, assign=True)
        return copy.deepcopy(saved)

    assert snapshot == observe_each(
        {
            "without assign": lambda: act(lambda saved: saved),
            "assign": lambda: act(lambda saved: saved, assign=True),
            "assign of a plain dict": lambda: act(dict, assign=True),
            "a deep copy of an assigned dict": lambda: act(marked),
        }
    )


COPIES = {
    "itself": lambda saved: saved,
    "dict": dict,
    "OrderedDict": collections.OrderedDict,
    "copy method": lambda saved: saved.copy(),
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    "pickle": lambda saved: pickle.loads(pickle.dumps(saved)),
    "comprehension": lambda saved: {key: one.clone() for key, one in saved.items()},
}


@pytest.mark.api("torch.nn.Module.state_dict", page="generated/torch.nn.Module")
def test_copy_of_a_state_dict_keeps_its_metadata_or_loses_it(snapshot):
    """``copy.copy``, ``copy.deepcopy`` and pickle keep ``_metadata``; dicts made anew lose it.

    The method ``copy()`` loses it too. Without metadata the versions of the modules are unknown,
    and BatchNorm accepts a dict without ``num_batches_tracked``.
    """
    saved = norm().state_dict()

    def act(make):
        with without_warnings():
            return hasattr(make(saved), "_metadata")

    assert snapshot == observe_each(
        {name: lambda make=make: act(make) for name, make in COPIES.items()}
    )


@pytest.mark.api(
    "torch.nn.modules.utils.consume_prefix_in_state_dict_if_present",
    page="generated/torch.nn.Module",
)
@pytest.mark.changed(
    "1.9",
    "consume_prefix_in_state_dict_if_present appears",
    kind="appeared",
    cause="pytorch#53224",
)
@pytest.mark.changed(
    "2.3",
    "the keys keep their order, where they were sorted before",
    kind="silent",
    cause="pytorch#117464",
    rarely="the order of the keys",
)
@pytest.mark.changed(
    "2.3",
    "the prefix leaves the metadata too",
    kind="silent",
    cause="pytorch#117464",
    rarely="versions of modules in the metadata",
)
def test_consume_prefix_renames_in_the_dict_that_it_is_given(snapshot):
    """``consume_prefix_in_state_dict_if_present`` renames in the dict itself, and returns None.

    The keys of the metadata are renamed too. Keys without the prefix stay.
    """

    def act():
        saved = nn.ModuleDict({"module": norm()}).state_dict()
        saved["other.weight"] = torch.zeros(1)
        result = nn.modules.utils.consume_prefix_in_state_dict_if_present(saved, "module.")
        return {"returned": result, "keys": list(saved), "metadata": sorted(saved._metadata)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.save", "torch.load", page="generated/torch.load")
def test_saving_and_loading_change_neither_model_nor_stream(snapshot):
    """``torch.save`` leaves model, optimizer and random stream, and ``torch.load`` leaves the file.

    Loading into a model then changes the model alone.
    """
    model = linear([[1.0, 2.0]], [3.0])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.5)
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    file = io.BytesIO()
    watched = {
        "model": lambda: list(model.parameters()),
        "gradients": lambda: [one.grad for one in model.parameters()],
        "state": lambda: [optimizer.state[one]["momentum_buffer"] for one in model.parameters()],
    }

    def save():
        file.seek(0)
        torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)

    def load():
        file.seek(0)
        return torch.load(file)

    def content():
        return [torch.tensor(list(file.getvalue()))]

    assert snapshot == observe_each(
        {
            "save": lambda: changes(save, **watched),
            "load": lambda: changes(load, file=content, **watched),
            "load_state_dict": lambda: changes(
                lambda: optimizer.load_state_dict(load()["optimizer"]), **watched
            ),
        }
    )


@pytest.mark.api("torch.save", page="generated/torch.save")
def test_saved_file_does_not_follow_the_model_and_a_dict_in_memory_does(snapshot):
    """A saved file and a deep copy keep the numbers; a state dict in memory follows the training.

    A shallow copy of the dict follows too.
    """

    def act(keep):
        model = linear([[1.0]])
        kept = keep(model)
        with torch.no_grad():
            model.weight.fill_(7.0)
        with without_warnings():
            return kept()["weight"].item()

    def in_file(model):
        file = io.BytesIO()
        torch.save(model.state_dict(), file)
        file.seek(0)
        return lambda: torch.load(file)

    def in_memory(make):
        def keep(model):
            kept = make(model.state_dict())
            return lambda: kept

        return keep

    assert snapshot == observe_each(
        {
            "file": lambda: act(in_file),
            "dict": lambda: act(in_memory(lambda saved: saved)),
            "dict(...)": lambda: act(in_memory(dict)),
            "copy.copy": lambda: act(in_memory(copy.copy)),
            "copy.deepcopy": lambda: act(in_memory(copy.deepcopy)),
            "clones": lambda: act(
                in_memory(lambda saved: {key: one.clone() for key, one in saved.items()})
            ),
        }
    )
