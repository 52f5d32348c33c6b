"""Files that are no checkpoint, or no longer: the error that each gets from ``torch.load``."""

import contextlib
import io
import pickle

import pytest
import torch

from fixtures.checkpoint import load_trusted
from torch_history.observing import observe

FORMATS = pytest.mark.parametrize("as_zip", [True, False], ids=["zip", "legacy"])


def saved_bytes(value, as_zip=True):
    """What ``torch.save`` writes, in the zip format (torch 1.4 knows it too, by this argument) or in the legacy one."""
    buffer = io.BytesIO()
    torch.save(value, buffer, _use_new_zipfile_serialization=as_zip)
    return buffer.getvalue()


def put(name, content):
    with open(name, "wb") as file:
        file.write(content)


def weight():
    return {"weight": torch.tensor([1.0, 2.0, 3.0, 4.0])}


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "2.11",
    "the message adds that the file is probably damaged, and how that may come about",
    kind="wording",
    cause="pytorch#170244",
)
@pytest.mark.parametrize(
    "as_zip, kept",
    [(True, 0.5), (True, 0.99), (False, 0.2), (False, 0.99)],
    ids=["zip, half", "zip, its last bytes", "legacy, in the header", "legacy, in the values"],
)
def test_load_of_a_truncated_file_raises(here, snapshot, as_zip, kept):
    """Wherever the file ends too early, it raises: a zip archive has its directory at its end."""
    content = saved_bytes(weight(), as_zip)
    put("truncated.pt", content[: int(len(content) * kept)])
    assert snapshot == observe(lambda: load_trusted("truncated.pt"))


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "1.5",
    "raises pickle's EOFError instead of a TypeError about ord()",
    kind="exception",
    advice="catch EOFError",
)
@pytest.mark.changed(
    "2.4",
    "warns that the default of weights_only will change",
    kind="warning",
    cause="pytorch#129239",
    advice="pass weights_only",
)
@pytest.mark.changed(
    "2.6",
    "the message is empty, and the warning gone: the reader of weights reads the file, not pickle",
    kind="wording",
    cause="pytorch#137602",
)
def test_load_of_an_empty_file_raises_end_of_file(here, snapshot):
    """A file of no bytes is pickle's ``EOFError``, not torch's own kind of error."""
    put("empty.pt", b"")
    assert snapshot == observe(lambda: torch.load("empty.pt"))


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "2.4",
    "warns that the default of weights_only will change",
    kind="warning",
    cause="pytorch#129239",
    advice="pass weights_only",
)
@pytest.mark.changed(
    "2.6",
    "the message speaks of weights_only, whose default is now True, and of operand 60, which is <",
    kind="wording",
    cause="pytorch#137602",
)
@pytest.mark.changed("2.9", "the message has a line break before its last cause", kind="wording")
def test_load_of_garbage_raises(here, snapshot):
    """A web page that was saved under the file's name is read as a pickle, and "<" is no instruction of one.

    The message begins with "Weights only load failed", which is not to blame: ``weights_only=False`` does not help.
    """
    put("garbage.pt", b"<!DOCTYPE html>")
    assert snapshot == observe(lambda: torch.load("garbage.pt"))


@pytest.mark.api("torch.load", page="generated/torch.load")
def test_load_of_a_plain_pickle_raises(here, snapshot):
    """What ``pickle.dump`` wrote is no file of ``torch.save``: it has not the magic number."""
    put("plain.pt", pickle.dumps({"weight": [1.0, 2.0]}, protocol=2))
    assert snapshot == observe(lambda: load_trusted("plain.pt"))


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.parametrize("path", ["missing.pt", "folder"], ids=["missing", "directory"])
def test_load_of_a_path_that_is_no_file_raises_as_open_does(here, snapshot, path):
    """A missing file is ``FileNotFoundError``, a folder ``IsADirectoryError``."""
    (here / "folder").mkdir()
    assert snapshot == observe(lambda: load_trusted(path))


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "1.5",
    "a zip archive with a damaged value loads: its checksums are not looked at any more",
    kind="silent",
    advice="keep a checksum of the file beside it",
)
@FORMATS
def test_load_does_not_notice_a_changed_bit_in_the_values(here, snapshot, as_zip):
    """A value that was damaged on the disk loads as it is now: the archive's checksums are not looked at (in 1.4 they were)."""
    sound = torch.tensor([1.0, 2.0, 3.0, 4.0]).numpy().tobytes()
    content = saved_bytes(weight(), as_zip)
    assert content.count(sound) == 1
    put("damaged.pt", content.replace(sound, sound[:-1] + b"\xc0"))  # the sign of the 4.0

    def act():
        try:
            return load_trusted("damaged.pt")
        except RuntimeError as error:  # torch 1.4 names the storage by its address
            return {"raised": type(error).__name__, "about the checksum": "CRC-32" in str(error)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "1.5",
    "a zip archive raises EOFError too, instead of RuntimeError",
    kind="exception",
    advice="catch EOFError, or seek(0) before load",
)
@FORMATS
def test_load_from_a_buffer_at_its_end_raises(snapshot, as_zip):
    """After ``torch.save(..., buffer)`` the position is at the end: without ``buffer.seek(0)`` there is nothing to read."""
    buffer = io.BytesIO()
    torch.save(weight(), buffer, _use_new_zipfile_serialization=as_zip)
    assert snapshot == observe(lambda: torch.load(buffer, pickle_module=pickle))


@pytest.mark.api("torch.save", page="generated/torch.save")
@pytest.mark.changed(
    "1.6",
    "what is left is a zip archive without its content: load raises RuntimeError instead of EOFError",
    kind="exception",
    cause="pytorch#39460",
    advice="catch RuntimeError; or save beside the file, then os.replace",
)
@pytest.mark.changed(
    "1.9", "the message says who reads, and leaves out the archive's folder", kind="wording"
)
@pytest.mark.changed(
    "2.11",
    "the message adds that the file is probably damaged, and how that may come about",
    kind="wording",
    cause="pytorch#170244",
)
def test_save_that_fails_has_destroyed_the_file_before(here, snapshot):
    """What cannot be pickled raises when the old file is already overwritten. Save beside it, then ``os.replace``."""
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
)
def test_equal_tensors_save_to_equal_bytes(snapshot):
    """Two equal state dicts give the same bytes, so that a checksum can tell them. A legacy file names storages by address."""
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
    "the archive's folder is called after the file, no longer archive: a checksum depends on the name",
    kind="representation",
    cause="pytorch#80404",
    probable=True,
    advice="save into a buffer, where the folder is always archive, to compare checksums",
)
def test_bytes_of_a_file_depend_on_its_name(here, snapshot):
    """The archive's folder is called after the file: equal checkpoints under two names differ in their bytes."""
    value = weight()  # one object: an old release's file names its storage by address
    torch.save(value, "best.pt")
    torch.save(value, "last.pt")

    def act():
        return {"equal": (here / "best.pt").read_bytes() == (here / "last.pt").read_bytes()}

    assert snapshot == observe(act)
