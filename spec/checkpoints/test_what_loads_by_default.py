"""One object besides weights and plain values makes ``torch.load`` raise since 2.6.

A checkpoint that also holds parsed arguments, a NumPy array, a date, a path or a whole optimizer
loaded by default up to 2.5. Since 2.6 it raises, and the weights in it do not load either.
``weights_only=False`` still loads it. Some objects are accepted, and newer releases accept more:
devices and counters since 2.4, bytes since 2.5, complex numbers since 2.6. The default also rejects
pickle protocols 4 and 5, and the state dict of a lazy layer that saw no batch.
"""

import argparse
import collections
import datetime
import pathlib
import pickle
import re

import numpy as np
import pytest
import torch

from fixtures.checkpoint import load_trusted
from fixtures.tagged import Marked, marked
from torch_history.observing import observe


def outcome(path, **settings):
    """Load the file and return "loads".

    The error of the weights-only unpickler is shortened to the name that it rejects, without what
    differs between versions of Python and NumPy.
    """
    try:
        torch.load(path, **settings)
    except pickle.UnpicklingError as error:
        name = re.search(
            r"(?:Unsupported class|GLOBAL) (?:__builtin__\.|builtins\.)?([\w.]+)", str(error)
        )
        if name is None:
            raise
        raise type(error)(name.group(1).replace("numpy._core", "numpy.core")) from None
    return "loads"


CARRIED = {
    "arguments": lambda: argparse.Namespace(lr=0.1),
    "NumPy array": lambda: np.array([0.5, 0.25]),
    "defaultdict": lambda: collections.defaultdict(list, loss=[0.5]),
    "deque": lambda: collections.deque([0.5]),
    "date": lambda: datetime.datetime(2020, 1, 2),
    "path": lambda: pathlib.PurePosixPath("runs/1"),
    "range": lambda: range(3),
    "class": lambda: int,
    "function of torch": lambda: torch.nn.functional.relu,
    "exception": lambda: ValueError("diverged"),
    "optimizer": lambda: torch.optim.SGD([torch.tensor([1.0], requires_grad=True)], lr=0.1),
}


@pytest.mark.api("torch.load", page="notes/serialization")
@pytest.mark.changed(
    "2.4",
    "warns that the default of weights_only will change",
    kind="warning",
    cause="pytorch#129239",
    advice="pass weights_only=False for files that you trust, or save plain values",
    unless=("weights_only", "pickle_module", 2),
    rewrite="+weights_only=False",
    restored_by="checkpoints.load_without_weights_only_takes_what_a_checkpoint_carries",
)
@pytest.mark.changed(
    "2.6",
    "raises, and names the object: weights_only=True is the default",
    kind="error",
    unless=("weights_only", "pickle_module", 2),
    cause="pytorch#137602",
    advice="pass weights_only=False for files that you trust, or save plain values",
    restored_by="checkpoints.load_without_weights_only_takes_what_a_checkpoint_carries",
    depends="the file",
    when="-:within=torch.serialization.safe_globals",
    rewrite="+weights_only=False",
)
@pytest.mark.changed(
    "2.14",
    "in 2.14 alone, built-in exceptions load: importing torch allows them until clear_safe_globals",
    kind="error-gone",
    cause="pytorch#189353",
    when=":unseen",
)
# cause unknown: 2.15's distributed_c10d.py no longer allows them, and no stored thread says why
@pytest.mark.changed(
    "2.15",
    "an exception is rejected again",
    kind="error",
    advice="pass weights_only=False for files that you trust, or save the exception's text",
    restored_by="checkpoints.load_without_weights_only_takes_what_a_checkpoint_carries",
    when=":unseen",
)
@pytest.mark.parametrize("make", list(CARRIED.values()), ids=list(CARRIED))
def test_load_by_default_refuses_a_checkpoint_that_carries_more_than_weights(here, snapshot, make):
    """Since 2.6, one object besides weights and plain values makes ``torch.load(path)`` raise.

    The weights in the same file do not load either. Save only plain values and state dicts.
    """
    torch.save({"weight": torch.tensor([1.0]), "beside": make()}, "run.pt")
    assert snapshot == observe(lambda: outcome("run.pt"))


@pytest.mark.api("torch.load", page="notes/serialization")
@pytest.mark.changed(
    "1.6",
    "another part of pickle rejects the unknown argument, because the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
    when=":caught and weights_only",
)
@pytest.mark.changed(
    "1.13", "load takes weights_only", kind="appeared", cause="pytorch#86812", when="weights_only"
)
@pytest.mark.parametrize("make", list(CARRIED.values()), ids=list(CARRIED))
def test_load_without_weights_only_takes_what_a_checkpoint_carries(here, snapshot, make):
    """``weights_only=False`` loads a checkpoint with any object that pickle can save.

    The file can run any code, so load only a file that you trust in this way.
    """
    torch.save({"weight": torch.tensor([1.0]), "beside": make()}, "run.pt")
    assert snapshot == observe(lambda: outcome("run.pt", weights_only=False))


ALLOWED = {
    "device": lambda: torch.device("cpu"),
    "Counter": lambda: collections.Counter(["cat", "cat"]),
    "bytes": lambda: b"cat",
    "bytearray": lambda: bytearray(b"cat"),
    "complex": lambda: 1 + 2j,
    "generator's state": lambda: torch.Generator().manual_seed(0).get_state(),
}


@pytest.mark.api("torch.load", page="notes/serialization")
@pytest.mark.changed(
    "1.6",
    "another part of pickle rejects the unknown argument, because the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
    when=":caught and weights_only=True",
)
@pytest.mark.changed(
    "1.13",
    "load takes weights_only, and of these objects loads only a generator's state",
    kind="appeared",
    cause="pytorch#86812",
    when="weights_only=True",
    rarely="a file that holds such objects",
)
@pytest.mark.changed(
    "2.0",
    "warns that TypedStorage is deprecated, which load itself uses",
    kind="warning",
    cause="pytorch#85303",
    when="weights_only=True",
)
@pytest.mark.changed(
    "2.2",
    "no longer warns about TypedStorage",
    kind="warning",
    cause="pytorch#113614",
    when="weights_only=True",
)
@pytest.mark.changed(
    "2.4",
    "a device loads",
    kind="error-gone",
    cause="pytorch#124331",
    probable=True,
    when="weights_only=True",
    rarely="a file that holds a device",
)
@pytest.mark.changed(
    "2.4",
    "a Counter loads",
    kind="error-gone",
    cause="pytorch#123775",
    when="weights_only=True",
    rarely="a file that holds a Counter",
)
@pytest.mark.changed(
    "2.5",
    "bytes and bytearray load",
    kind="error-gone",
    cause="pytorch#133189",
    when="weights_only=True",
    rarely="a file that holds bytes",
)
# the issue: the pull request that closed it is in no stored thread
@pytest.mark.changed(
    "2.6",
    "complex numbers load",
    kind="error-gone",
    cause="pytorch#141537",
    probable=True,
    when="weights_only=True",
    rarely="a file that holds complex numbers",
)
@pytest.mark.parametrize("make", list(ALLOWED.values()), ids=list(ALLOWED))
def test_load_with_weights_only_takes_these_objects_beside_weights(here, snapshot, make):
    """``weights_only=True`` loads some objects besides weights; newer releases load more of them.

    These are a device, a Counter, bytes, a bytearray, a complex number and a generator's state. An
    earlier release may reject a file that loads here.
    """
    torch.save({"weight": torch.tensor([1.0]), "beside": make()}, "run.pt")
    assert snapshot == observe(lambda: outcome("run.pt", weights_only=True))


@pytest.mark.api("torch.load", "torch.save", page="generated/torch.save")
@pytest.mark.changed(
    "2.4",
    "warns that the default of weights_only will change",
    kind="warning",
    cause="pytorch#129239",
    advice="pass weights_only=False for files that you trust",
    unless=("weights_only", "pickle_module", 2),
    of="torch.load",
    rarely="a file of another pickle protocol than 2",
)
@pytest.mark.changed(
    "2.6",
    "protocols 4 and 5 raise: weights_only=True is the default, and its unpickler knows protocol 2",
    kind="error",
    cause="pytorch#137602",
    unless=("weights_only", "pickle_module", 2),
    advice="pass weights_only=False for files that you trust, or save with pickle_protocol=2, the "
    "default",
    restored_by="checkpoints.load_without_weights_only_takes_every_pickle_protocol",
    of="torch.load",
    rarely="a file of pickle protocol 4 or 5",
)
@pytest.mark.changed(
    "2.6",
    "protocol 3 warns that the unpickler knows protocol 2, and protocol 2 no longer warns: "
    "weights_only=True is the default",
    kind="warning",
    cause="pytorch#137602",
    unless=("weights_only", "pickle_module", 2),
    of="torch.load",
    rarely="a file of pickle protocol 3",
)
@pytest.mark.changed(
    "2.9",
    "the message for protocols 4 and 5 has a line break before its last cause",
    kind="wording",
    cause="pytorch#159935",
    when=(":caught and -weights_only and -pickle_module@2", ":caught and weights_only=True"),
    rarely="a file of pickle protocol 4 or 5",
    of="torch.load",
)
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_load_by_default_takes_no_newer_pickle_protocol(here, snapshot, protocol):
    """Since 2.6, ``torch.load(path)`` rejects pickle protocols 4 and 5, and warns about 3.

    The weights-only unpickler knows protocol 2, the default of ``torch.save``.
    """
    torch.save({"weight": torch.tensor([1.0])}, "new.pt", pickle_protocol=protocol)
    assert float(load_trusted("new.pt")["weight"]) == 1.0
    assert snapshot == observe(lambda: torch.load("new.pt")["weight"])


@pytest.mark.api("torch.load", "torch.save", page="generated/torch.save")
@pytest.mark.changed(
    "1.6",
    "another part of pickle rejects the unknown argument, because the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
    when=":caught and weights_only",
    of="torch.load",
)
@pytest.mark.changed(
    "1.13",
    "load takes weights_only",
    kind="appeared",
    cause="pytorch#86812",
    when="weights_only",
    of="torch.load",
)
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_load_without_weights_only_takes_every_pickle_protocol(here, snapshot, protocol):
    """``weights_only=False`` loads a file of every pickle protocol from 2 to 5."""
    torch.save({"weight": torch.tensor([1.0])}, "new.pt", pickle_protocol=protocol)
    assert snapshot == observe(lambda: torch.load("new.pt", weights_only=False)["weight"])


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "2.4",
    "warns that the default of weights_only will change",
    kind="warning",
    cause="pytorch#129239",
    advice="pass weights_only=False for files of Python 2 that you trust",
    when="encoding and -weights_only and -pickle_module@2",
    rarely="a file of Python 2",
)
@pytest.mark.changed(
    "2.6",
    "no longer warns: weights_only=True is the default, and ignores encoding",
    kind="warning",
    cause="pytorch#137602",
    advice="pass weights_only=False for files of Python 2 that you trust",
    when="encoding and -weights_only and -pickle_module@2",
    rarely="a file of Python 2",
)
@pytest.mark.changed(
    "2.11",
    "warns that such arguments work only with weights_only=False",
    kind="warning",
    cause="pytorch#161033",
    advice="pass weights_only=False for files of Python 2 that you trust",
    when=(
        "encoding and -weights_only and -pickle_module@2",
        "encoding and weights_only=True",
        "errors and -weights_only and -pickle_module@2",
        "errors and weights_only=True",
        "fix_imports and -weights_only and -pickle_module@2",
        "fix_imports and weights_only=True",
    ),
)
def test_load_with_an_encoding_warns(here, snapshot):
    """Since 2.6, ``encoding=`` has no effect in ``torch.load`` unless ``weights_only=False``.

    The argument is for pickle, which no longer reads the file by default. ``torch.load`` warns
    since 2.11.
    """
    torch.save({"weight": torch.tensor([1.0])}, "old.pt")
    assert snapshot == observe(lambda: torch.load("old.pt", encoding="latin1")["weight"])


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "1.6",
    "another part of pickle rejects the argument, because the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
    when=":caught",
    rarely="an argument that load does not know",
)
@pytest.mark.changed(
    "2.4",
    "warns that the default of weights_only will change",
    kind="warning",
    cause="pytorch#129239",
    advice="pass weights_only=True; or weights_only=False for a file that you trust and "
    "that holds more than weights",
    unless=("weights_only", "pickle_module", 2),
    rarely="an argument that load does not know",
)
@pytest.mark.changed(
    "2.6",
    "the weights-only unpickler rejects it: weights_only=True is the default",
    kind="wording",
    cause="pytorch#137602",
    when=":caught and -weights_only and -pickle_module@2",
    rarely="an argument that load does not know",
)
@pytest.mark.changed(
    "2.6",
    "no longer warns: weights_only=True is the default",
    kind="warning",
    cause="pytorch#137602",
    unless=("weights_only", "pickle_module", 2),
    rarely="an argument that load does not know",
)
@pytest.mark.changed(
    "2.11",
    "warns that such arguments work only with weights_only=False",
    kind="warning",
    cause="pytorch#161033",
    when=":unseen",
)
def test_load_with_an_unknown_argument_raises(here, snapshot):
    """``torch.load`` passes an unknown argument to the unpickler, which raises.

    The error for a misspelt argument names a class or function that you never called.
    """
    torch.save({"weight": torch.tensor([1.0])}, "old.pt")
    assert snapshot == observe(lambda: torch.load("old.pt", weight_only=True)["weight"])


@pytest.mark.api(
    "torch.nn.LazyLinear",
    "torch.load",
    "torch.nn.LazyConv1d",
    "torch.nn.LazyConv2d",
    "torch.nn.LazyConv3d",
    "torch.nn.LazyConvTranspose1d",
    "torch.nn.LazyConvTranspose2d",
    "torch.nn.LazyConvTranspose3d",
    "torch.nn.LazyBatchNorm1d",
    "torch.nn.LazyBatchNorm2d",
    "torch.nn.LazyBatchNorm3d",
    "torch.nn.LazyInstanceNorm1d",
    "torch.nn.LazyInstanceNorm2d",
    "torch.nn.LazyInstanceNorm3d",
    page="notes/serialization",
)
@pytest.mark.changed(
    "1.8",
    "LazyLinear appears",
    kind="appeared",
    cause="pytorch#44538",
    of="torch.nn.LazyLinear",
    unless=(),
)
@pytest.mark.changed(
    "2.4",
    "warns that the default of weights_only will change",
    kind="warning",
    cause="pytorch#129239",
    advice="pass weights_only=False for files that you trust",
    unless=("weights_only", "pickle_module", 2),
    of="torch.load",
)
@pytest.mark.changed(
    "2.4",
    "no longer warns about lazy modules",
    kind="warning",
    cause="pytorch#123968",
    of=(
        "torch.nn.LazyLinear",
        "torch.nn.LazyConv1d",
        "torch.nn.LazyConv2d",
        "torch.nn.LazyConv3d",
        "torch.nn.LazyConvTranspose1d",
        "torch.nn.LazyConvTranspose2d",
        "torch.nn.LazyConvTranspose3d",
        "torch.nn.LazyBatchNorm1d",
        "torch.nn.LazyBatchNorm2d",
        "torch.nn.LazyBatchNorm3d",
        "torch.nn.LazyInstanceNorm1d",
        "torch.nn.LazyInstanceNorm2d",
        "torch.nn.LazyInstanceNorm3d",
    ),
    unless=(),
)
@pytest.mark.changed(
    "2.6",
    "raises: weights_only=True is the default, and does not allow an UninitializedParameter",
    kind="error",
    cause="pytorch#137602",
    advice="pass weights_only=False for files that you trust, or run one batch before saving",
    restored_by="checkpoints.load_without_weights_only_takes_an_uninitialised_parameter",
    unless=("weights_only", "pickle_module", 2),
    of="torch.load",
    rarely="a file that holds an uninitialized parameter",
)
def test_load_by_default_refuses_an_uninitialised_parameter(here, snapshot):
    """Since 2.6, ``torch.load(path)`` rejects the state dict of a lazy layer that saw no batch.

    It holds uninitialized parameters instead of tensors.
    """

    def act():
        torch.save(torch.nn.LazyLinear(1).state_dict(), "lazy.pt")
        return outcome("lazy.pt")

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.LazyLinear",
    "torch.load",
    "torch.nn.LazyConv1d",
    "torch.nn.LazyConv2d",
    "torch.nn.LazyConv3d",
    "torch.nn.LazyConvTranspose1d",
    "torch.nn.LazyConvTranspose2d",
    "torch.nn.LazyConvTranspose3d",
    "torch.nn.LazyBatchNorm1d",
    "torch.nn.LazyBatchNorm2d",
    "torch.nn.LazyBatchNorm3d",
    "torch.nn.LazyInstanceNorm1d",
    "torch.nn.LazyInstanceNorm2d",
    "torch.nn.LazyInstanceNorm3d",
    page="notes/serialization",
)
@pytest.mark.changed(
    "1.8",
    "LazyLinear appears, but load does not take weights_only yet",
    kind="appeared",
    cause="pytorch#44538",
    of="torch.nn.LazyLinear",
    unless=(),
)
@pytest.mark.changed(
    "1.13",
    "load takes weights_only",
    kind="appeared",
    cause="pytorch#86812",
    of="torch.load",
    when="weights_only",
)
@pytest.mark.changed(
    "2.4",
    "no longer warns about lazy modules",
    kind="warning",
    cause="pytorch#123968",
    of=(
        "torch.nn.LazyLinear",
        "torch.nn.LazyConv1d",
        "torch.nn.LazyConv2d",
        "torch.nn.LazyConv3d",
        "torch.nn.LazyConvTranspose1d",
        "torch.nn.LazyConvTranspose2d",
        "torch.nn.LazyConvTranspose3d",
        "torch.nn.LazyBatchNorm1d",
        "torch.nn.LazyBatchNorm2d",
        "torch.nn.LazyBatchNorm3d",
        "torch.nn.LazyInstanceNorm1d",
        "torch.nn.LazyInstanceNorm2d",
        "torch.nn.LazyInstanceNorm3d",
    ),
    unless=(),
)
def test_load_without_weights_only_takes_an_uninitialised_parameter(here, snapshot):
    """``weights_only=False`` loads the state dict of a lazy layer that saw no batch."""

    def act():
        torch.save(torch.nn.LazyLinear(1).state_dict(), "lazy.pt")
        return outcome("lazy.pt", weights_only=False)

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", "torch.Tensor", page="notes/serialization")
@pytest.mark.changed(
    "1.6",
    "as_subclass appears",
    kind="appeared",
    cause="pytorch#34369",
    of="torch.Tensor.as_subclass",
    unless=(),
)
@pytest.mark.changed(
    "2.4",
    "warns that the default of weights_only will change",
    kind="warning",
    cause="pytorch#129239",
    advice="pass weights_only=False for files that you trust",
    unless=("weights_only", "pickle_module", 2),
    of="torch.load",
)
@pytest.mark.changed(
    "2.6",
    "raises: weights_only=True is the default, and the class is not known to be safe",
    kind="error",
    cause="pytorch#137602",
    advice="pass weights_only=False for files that you trust, or load under "
    "torch.serialization.safe_globals([Marked])",
    restored_by="checkpoints.load_by_default_takes_a_tensor_of_an_allowed_subclass",
    unless=("weights_only", "pickle_module", 2),
    of="torch.load",
    rarely="a file that holds a tensor of a subclass",
)
def test_load_by_default_refuses_a_tensor_of_a_subclass(here, snapshot):
    """Since 2.6, ``torch.load(path)`` rejects a tensor of a subclass until its class is allowed.

    Allow the class with ``add_safe_globals``.
    """

    def act():
        torch.save(marked([1.0]), "own.pt")
        return outcome("own.pt")

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", "torch.serialization.safe_globals", page="notes/serialization")
@pytest.mark.changed(
    "1.6",
    "as_subclass appears, but safe_globals does not yet",
    kind="wording",
    cause="pytorch#34369",
    when=":unseen",
)
@pytest.mark.changed(
    "2.5",
    "safe_globals appears",
    kind="appeared",
    cause="pytorch#127939",
    of="torch.serialization.safe_globals",
    unless=(),
)
@pytest.mark.changed(
    "2.6",
    "no longer warns: weights_only=True is the default",
    kind="warning",
    cause="pytorch#137602",
    unless=("weights_only", "pickle_module", 2),
    of="torch.load",
)
def test_load_by_default_takes_a_tensor_of_an_allowed_subclass(here, snapshot):
    """Under ``safe_globals([Marked])``, ``torch.load(path)`` loads a tensor of that subclass."""

    def act():
        torch.save(marked([1.0]), "own.pt")
        with torch.serialization.safe_globals([Marked]):
            return outcome("own.pt")

    assert snapshot == observe(act)
