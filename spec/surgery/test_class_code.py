"""A pickled module names its class: after loading it runs the current code of that class.

The file holds the parameters and the name of the class, and not its code. Loading does not run
``__init__``: attributes that a rewritten ``__init__`` would set are missing. If the class was
renamed, or its Python file is missing, loading raises. The state dict loads into an instance of the
rewritten class, which has run the new ``__init__``.
"""

import importlib
import pickle
import sys
from pathlib import Path

import pytest
import torch

from torch_history.observing import observe

NAME = "module_of_the_pickled_class"
BEFORE = """\
import torch
class Scale(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = torch.nn.Parameter(torch.tensor([2.0]))
    def forward(self, x):
        return self.factor * x
"""
WITH_OFFSET = BEFORE.replace("factor * x", "factor * x + self.offset").replace(
    "    def forward", "        self.offset = 1.0\n    def forward"
)


def rewrite(source):
    """Write the module's source anew and import it."""
    sys.modules.pop(NAME, None)
    Path(NAME + ".py").write_text(source)
    importlib.invalidate_caches()
    return importlib.import_module(NAME)


@pytest.fixture
def importable(here, monkeypatch):
    """Make modules in ``here`` importable, and forget them afterwards."""
    monkeypatch.setattr(
        sys, "dont_write_bytecode", True
    )  # a cached file of the same second would be mistaken for the new source
    monkeypatch.syspath_prepend(str(here))
    yield
    sys.modules.pop(NAME, None)


def save():
    """Save a whole ``Scale`` with the factor 4, of the class as it was before."""
    model = rewrite(BEFORE).Scale()
    model.factor.data.fill_(4.0)
    torch.save(model, "scale.pt")


def load():
    """``torch.load`` with an explicit ``pickle_module`` unpickles classes on every release."""
    return torch.load("scale.pt", pickle_module=pickle)


@pytest.mark.api("torch.load", "torch.save", page="notes/serialization", article="B")
@pytest.mark.changed(
    "1.6",
    "no longer gives a SourceChangeWarning: the zip format holds no source",
    kind="warning",
    cause="pytorch#39460",
    advice="keep the class's code with the file, or save state dicts",
    when=":unseen",
)
def test_pickled_module_runs_the_forward_of_the_class_as_it_is_now(importable, snapshot):
    """A pickled module runs the current forward of its class, not the forward it was saved with.

    The class was rewritten after saving. The loaded object keeps its parameter, 4, and runs the new
    forward: 4 * 3 + 100.
    """
    save()
    rewrite(BEFORE.replace("factor * x", "factor * x + 100.0"))
    assert snapshot == observe(lambda: load()(torch.tensor([3.0])).detach())


@pytest.mark.api("torch.load", "torch.save", page="notes/serialization", article="B")
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
    when=":caught",
    rarely="a module saved whole, whose class has changed since",
    of="torch.load",
)
@pytest.mark.changed(
    "1.6",
    "no longer gives a SourceChangeWarning: the zip format holds no source",
    kind="warning",
    cause="pytorch#39460",
    advice="keep the class's code with the file, or save state dicts",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "raises a plain AttributeError again: ModuleAttributeError is gone",
    kind="wording",
    cause="pytorch#50298",
    advice="catch AttributeError",
    when=":caught",
    rarely="a module saved whole, whose class has changed since",
    of="torch.load",
)
def test_pickled_module_lacks_what_the_new_init_would_set(importable, snapshot):
    """A pickled module does not have the attributes that a rewritten ``__init__`` would set.

    Loading does not run ``__init__``, so a forward that reads such an attribute raises.
    """
    save()
    rewrite(WITH_OFFSET)
    assert snapshot == observe(lambda: load()(torch.tensor([3.0])))


@pytest.mark.api("torch.load", "torch.save", page="notes/serialization", article="B")
def test_pickled_module_does_not_load_once_its_class_is_gone(importable, snapshot):
    """A pickled module does not load after its class was renamed.

    The file holds the name of the class, not its code.
    """
    save()
    rewrite(BEFORE.replace("class Scale", "class Rescale"))

    def act():
        try:
            load()
        except AttributeError as error:  # what follows "on" is a path
            raise type(error)(str(error).partition(" on ")[0]) from None

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", "torch.save", page="notes/serialization", article="B")
def test_pickled_module_does_not_load_where_its_file_is_missing(importable, snapshot):
    """A pickled module does not load without the Python file that defines its class.

    The file may be missing on another machine, for example.
    """
    save()
    sys.modules.pop(NAME)
    Path(NAME + ".py").unlink()
    importlib.invalidate_caches()
    assert snapshot == observe(load)


@pytest.mark.api("torch.nn.Module.load_state_dict", page="notes/serialization", article="B")
def test_state_dict_loads_into_the_class_as_it_is_now(importable, snapshot):
    """The state dict of a pickled module loads into an instance of the rewritten class.

    The instance has run the new ``__init__``, so its forward works.
    """
    save()
    values = load().state_dict()
    model = rewrite(WITH_OFFSET).Scale()

    def act():
        model.load_state_dict(values)
        return model(torch.tensor([3.0])).detach()

    assert snapshot == observe(act)
