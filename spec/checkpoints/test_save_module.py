"""A module saved whole is a pickle of its attributes, and only names its class.

Loading imports the class under its name and does not call ``__init__``. The loaded module runs the
code of the class as it is now, without a warning unless the file is in the legacy format. It lacks
attributes that the class gained since it was saved, and does not load at all after the class was
renamed. Unlike a state dict, it keeps the training mode, ``requires_grad`` and plain attributes.
"""

import importlib
import linecache
import sys

import pytest
import torch

from fixtures.checkpoint import Doubling, load_trusted
from torch_history.observing import observe

SAVED = """\
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(2.0))

    def forward(self, x):
        return self.scale * x
"""
ADDS = SAVED.replace("self.scale * x", "self.scale + x")
SHIFTS = ADDS.replace("scale + x", "shift + x").replace(
    "(2.0))", "(2.0))\n        self.shift = torch.tensor(1.0)"
)


@pytest.fixture
def define(here, monkeypatch):
    """A function that writes a source to ``architecture.py`` and imports its class Net."""
    monkeypatch.syspath_prepend(str(here))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write_and_import(source):
        (here / "architecture.py").write_text(source)
        sys.modules.pop("architecture", None)
        importlib.invalidate_caches()
        linecache.checkcache()
        return importlib.import_module("architecture").Net

    yield write_and_import
    sys.modules.pop("architecture", None)


@pytest.mark.api("torch.save", page="notes/serialization", article="B")
@pytest.mark.parametrize("as_zip", [True, False], ids=["zip", "legacy"])
def test_saved_module_names_its_class(define, here, snapshot, as_zip):
    """A module saved whole names its class; only a legacy file also holds the class's source."""
    torch.save(define(SAVED)(), "net.pt", _use_new_zipfile_serialization=as_zip)
    content = (here / "net.pt").read_bytes()
    assert snapshot == observe(
        lambda: {
            "name": b"architecture" in content and b"Net" in content,
            "source": b"def forward" in content,
        }
    )


@pytest.mark.api("torch.load", page="notes/serialization", article="B")
@pytest.mark.parametrize("as_zip", [True, False], ids=["zip", "legacy"])
def test_saved_module_runs_the_class_as_it_is_now(define, here, snapshot, as_zip):
    """A module saved whole runs the current code of its class, not the code from when it was saved.

    The class multiplied when the module was saved, and adds when it is loaded: 2 + 3 = 5. Only a
    legacy file gives a warning.
    """
    torch.save(define(SAVED)(), "net.pt", _use_new_zipfile_serialization=as_zip)
    define(ADDS)
    assert snapshot == observe(lambda: load_trusted("net.pt")(torch.tensor(3.0)).detach())


@pytest.mark.api("torch.load", page="notes/serialization", article="B")
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
    probable=True,
    when=":caught",
    rarely="a module saved whole, whose class has changed since",
)
@pytest.mark.changed(
    "1.6",
    "no longer warns about a changed class: save writes a zip archive, without the class's source",
    kind="warning",
    cause="pytorch#39460",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "raises plain AttributeError again",
    kind="wording",
    cause="pytorch#50298",
    advice="catch AttributeError",
    when=":caught",
    rarely="a module saved whole, whose class has changed since",
)
def test_saved_module_lacks_what_its_class_sets_since(define, here, snapshot):
    """A module saved whole lacks an attribute that its class gained after the module was saved.

    Loading does not call ``__init__``, so forward raises when it reads the attribute.
    """
    torch.save(define(SAVED)(), "net.pt")
    define(SHIFTS)
    assert snapshot == observe(lambda: load_trusted("net.pt")(torch.tensor(3.0)))


@pytest.mark.api("torch.load", page="notes/serialization", article="B")
def test_saved_module_is_lost_with_its_class(define, here, snapshot):
    """A module saved whole does not load once its class is renamed.

    Its weights are lost too. A state dict would load.
    """
    torch.save(define(SAVED)(), "net.pt")
    (here / "architecture.py").write_text(SAVED.replace("Net", "Network"))
    sys.modules.pop("architecture")

    def act():
        try:
            return load_trusted("net.pt")
        except AttributeError as error:  # the rest of the message is a path of this machine
            raise type(error)(str(error).partition(" on <module")[0]) from None

    assert snapshot == observe(act)


@pytest.mark.api("torch.save", "torch.load", page="notes/serialization")
def test_saved_module_keeps_mode_freezing_and_attributes(here, snapshot):
    """A module saved whole keeps ``training``, ``requires_grad`` and plain attributes.

    A state dict leaves them out.
    """
    model = Doubling().eval()
    model.linear.weight.requires_grad_(False)
    model.note = "kept"
    torch.save(model, "module.pt")

    def act():
        loaded = load_trusted("module.pt")
        return {"training": loaded.training, "weight": loaded.linear.weight, "note": loaded.note}

    assert snapshot == observe(act)
