"""A file that is cut off or foreign raises when it is loaded; a changed bit is not noticed.

``torch.load`` raises on truncated and empty files, on web pages and on plain pickles. Since 1.5 it
does not check the checksums of the archive, so a damaged value loads without an error. A
``torch.save`` that fails has already destroyed the earlier file of that name. Since 1.9 equal state
dicts give equal bytes in the zip format. Since 1.13 these bytes depend on the file's name.
"""

import contextlib
import io
import pickle
import re
from pathlib import Path

import pytest
import torch

from fixtures.checkpoint import load_trusted
from torch_history.observing import observe

FORMATS = pytest.mark.parametrize("as_zip", [True, False], ids=["zip", "legacy"])


def saved_bytes(value, as_zip=True):
    """The bytes that ``torch.save`` writes in the zip format or in the legacy format.

    Torch 1.4 also writes the zip format if it is given this argument of ``torch.save``.
    """
    buffer = io.BytesIO()
    torch.save(value, buffer, _use_new_zipfile_serialization=as_zip)
    return buffer.getvalue()


def put(name, content):
    Path(name).write_bytes(content)


def weight():
    return {"weight": torch.tensor([1.0, 2.0, 3.0, 4.0])}


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "2.11",
    "the message adds that the file is probably damaged, and lists possible reasons",
    kind="wording",
    cause="pytorch#170244",
    when=":caught",
    rarely="a file that ends too early",
)
@pytest.mark.parametrize(
    "as_zip, kept",
    [(True, 0.5), (True, 0.99), (False, 0.2), (False, 0.99)],
    ids=["zip, half", "zip, its last bytes", "legacy, in the header", "legacy, in the values"],
)
def test_load_of_a_truncated_file_raises(here, snapshot, as_zip, kept):
    """``torch.load`` raises on a file that ends too early, wherever it was cut.

    A zip archive has its directory at its end, so the loss of its last bytes is enough.
    """
    content = saved_bytes(weight(), as_zip)
    put("truncated.pt", content[: int(len(content) * kept)])
    assert snapshot == observe(lambda: load_trusted("truncated.pt"))


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "1.5",
    "raises pickle's EOFError instead of a TypeError about ord()",
    kind="exception",
    cause="pytorch#32244",
    probable=True,
    advice="catch EOFError",
    when=":unseen",
)
@pytest.mark.changed(
    "2.4",
    "warns that the default of weights_only will change",
    kind="warning",
    cause="pytorch#129239",
    advice="pass weights_only=True; or weights_only=False for a file that you trust and "
    "that holds more than weights",
    unless=("weights_only", "pickle_module", 2),
    rarely="an empty file",
)
@pytest.mark.changed(
    "2.6",
    "the message is empty: the weights-only unpickler reads the file, not pickle",
    kind="wording",
    cause="pytorch#137602",
    when=":caught and -weights_only and -pickle_module@2",
    rarely="an empty file",
)
@pytest.mark.changed(
    "2.6",
    "no longer warns: weights_only=True is the default",
    kind="warning",
    cause="pytorch#137602",
    unless=("weights_only", "pickle_module", 2),
    rarely="an empty file",
)
def test_load_of_an_empty_file_raises_end_of_file(here, snapshot):
    """Since 1.5, ``torch.load`` of an empty file raises Python's ``EOFError``."""
    put("empty.pt", b"")
    assert snapshot == observe(lambda: torch.load("empty.pt"))


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "2.4",
    "warns that the default of weights_only will change",
    kind="warning",
    cause="pytorch#129239",
    advice="pass weights_only=True; or weights_only=False for a file that you trust and "
    "that holds more than weights",
    unless=("weights_only", "pickle_module", 2),
    rarely="a file that is no checkpoint",
)
@pytest.mark.changed(
    "2.6",
    "the message names weights_only, whose default is now True, and operand 60, which is <",
    kind="wording",
    cause="pytorch#137602",
    when=":caught and -weights_only and -pickle_module@2",
    rarely="a file that is no checkpoint",
)
@pytest.mark.changed(
    "2.6",
    "no longer warns: weights_only=True is the default",
    kind="warning",
    cause="pytorch#137602",
    unless=("weights_only", "pickle_module", 2),
    rarely="a file that is no checkpoint",
)
@pytest.mark.changed(
    "2.9",
    "the message has a line break before its last cause",
    kind="wording",
    cause="pytorch#159935",
    when=(":caught and -weights_only and -pickle_module@2", ":caught and weights_only=True"),
    rarely="a file that is no checkpoint",
)
def test_load_of_garbage_raises(here, snapshot):
    """``torch.load`` raises on a web page that was saved under the file's name.

    The page is read as a pickle, and "<" is not a pickle opcode. Since 2.6 the message begins with
    "Weights only load failed", but ``weights_only=False`` does not help.
    """
    put("garbage.pt", b"<!DOCTYPE html>")
    assert snapshot == observe(lambda: torch.load("garbage.pt"))


@pytest.mark.api("torch.load", page="generated/torch.load")
def test_load_of_a_plain_pickle_raises(here, snapshot):
    """``torch.load`` raises on a file that ``pickle.dump`` wrote: it lacks torch's magic number."""
    put("plain.pt", pickle.dumps({"weight": [1.0, 2.0]}, protocol=2))
    assert snapshot == observe(lambda: load_trusted("plain.pt"))


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.parametrize("path", ["missing.pt", "folder"], ids=["missing", "directory"])
def test_load_of_a_path_that_is_no_file_raises_as_open_does(here, snapshot, path):
    """``torch.load`` raises ``FileNotFoundError`` or ``IsADirectoryError``, as ``open`` does.

    The first is for a missing path, the second for a directory.
    """
    (here / "folder").mkdir()
    assert snapshot == observe(lambda: load_trusted(path))


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "1.5",
    "a zip archive with a damaged value loads: its checksums are no longer checked",
    kind="error-gone",
    cause="pytorch#32244",
    advice="store a checksum of the file next to it",
    when=":caught",
    rarely="a damaged file",
)
@FORMATS
def test_load_does_not_notice_a_changed_bit_in_the_values(here, snapshot, as_zip):
    """``torch.load`` returns a value that was damaged on disk without an error.

    The checksums in a zip archive are not checked. Before 1.5 they were.
    """
    sound = torch.tensor([1.0, 2.0, 3.0, 4.0]).numpy().tobytes()
    content = saved_bytes(weight(), as_zip)
    assert content.count(sound) == 1
    put("damaged.pt", content.replace(sound, sound[:-1] + b"\xc0"))  # the sign of the 4.0

    def act():
        try:
            return load_trusted("damaged.pt")
        except RuntimeError as error:  # torch 1.4 names the storage by its address
            raise type(error)(re.sub(r"tensors/\d+", "tensors/...", str(error))) from None

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "1.5",
    "a zip archive raises EOFError too, instead of RuntimeError",
    kind="exception",
    cause="pytorch#32244",
    probable=True,
    advice="catch EOFError, or seek(0) before load",
    when=":unseen",
)
@FORMATS
def test_load_from_a_buffer_at_its_end_raises(snapshot, as_zip):
    """``torch.load`` raises on a buffer whose position is at its end, as ``torch.save`` leaves it.

    Call ``buffer.seek(0)`` first.
    """
    buffer = io.BytesIO()
    torch.save(weight(), buffer, _use_new_zipfile_serialization=as_zip)
    assert snapshot == observe(lambda: torch.load(buffer, pickle_module=pickle))


@pytest.mark.api("torch.save", page="generated/torch.save")
@pytest.mark.changed(
    "1.6",
    "the remaining file is a zip archive without content: load raises RuntimeError instead of "
    "EOFError",
    kind="exception",
    cause="pytorch#39460",
    advice="catch RuntimeError; or save under another name, then call os.replace",
    when=":unseen",
)
@pytest.mark.changed(
    "1.9",
    "the message names the reader, and leaves out the archive's folder",
    kind="wording",
    cause="pytorch#55725",
    probable=True,
    when=":caught",
    rarely="a file of which an earlier save failed",
)
@pytest.mark.changed(
    "2.11",
    "the message adds that the file is probably damaged, and lists possible reasons",
    kind="wording",
    cause="pytorch#170244",
    when=":caught",
    rarely="a file of which an earlier save failed",
)
def test_save_that_fails_has_destroyed_the_file_before(here, snapshot):
    """A ``torch.save`` that raises has already destroyed the old file of that name.

    An object that cannot be pickled raises only after the old file was overwritten. Save under
    another name, then call ``os.replace``.
    """
    torch.save(weight(), "weights.pt")
    with contextlib.suppress(Exception):
        torch.save({**weight(), "schedule": lambda step: step}, "weights.pt")
    assert snapshot == observe(lambda: load_trusted("weights.pt"))


@pytest.mark.api("torch.save", page="generated/torch.save")
@pytest.mark.changed(
    "1.9",
    "equal values give equal bytes: storages are numbered in a zip archive, not named by address",
    kind="representation",
    cause="pytorch#57536",
    when=":unseen",
)
def test_equal_tensors_save_to_equal_bytes(snapshot):
    """Since 1.9, two equal state dicts give the same bytes in a zip file.

    A checksum can therefore compare them. A legacy file names storages by address, so its bytes
    differ.
    """
    first, second = weight(), weight()
    assert snapshot == observe(
        lambda: {
            "zip": saved_bytes(first) == saved_bytes(second),
            "legacy": saved_bytes(first, False) == saved_bytes(second, False),
        }
    )


@pytest.mark.api("torch.save", page="generated/torch.save")
@pytest.mark.changed(
    "1.13",
    "the archive's folder is named after the file instead of archive: a checksum depends on the "
    "name",
    kind="representation",
    cause="pytorch#80404",
    probable=True,
    advice="to compare checksums, save into a buffer, where the folder is always named archive",
    when=":unseen",
)
def test_bytes_of_a_file_depend_on_its_name(here, snapshot):
    """Since 1.13, equal checkpoints under two file names differ in their bytes.

    The folder inside the archive has the file's name.
    """
    value = weight()  # one object: an old release's file names its storage by address
    torch.save(value, "best.pt")
    torch.save(value, "last.pt")

    def act():
        return {"equal": (here / "best.pt").read_bytes() == (here / "last.pt").read_bytes()}

    assert snapshot == observe(act)
