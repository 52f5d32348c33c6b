"""``torch.save`` writes a zip archive since 1.6; options of ``torch.load`` decide how it is read.

The archive has the pickle, one member for each storage, and since 2.1 also the byte order.
``mmap=True`` maps the file, and writes to the loaded tensors do not reach it; it needs a path and
the zip format. ``map_location="meta"`` gives shapes and dtypes without values. ``torch.save`` does
not create missing folders: since 1.13 it raises a ``RuntimeError`` there, not an ``OSError``. Trap:
a file that was saved under ``torch.serialization.skip_data`` loads as zeros.
"""

import io
import pickle
import zipfile

import pytest
import torch

from fixtures.checkpoint import load_trusted
from torch_history.observing import observe


def write(name="weights.pt", **settings):
    torch.save({"weight": torch.tensor([1.0, 2.0])}, name, **settings)


@pytest.mark.api("torch.save", page="generated/torch.save")
@pytest.mark.changed(
    "1.13",
    "raises RuntimeError instead of FileNotFoundError",
    kind="exception",
    cause="pytorch#80404",
    probable=True,
    advice="create the folder first, or catch RuntimeError too",
    when=":unseen",
)
def test_save_into_a_missing_folder_raises(here, snapshot):
    """``torch.save`` into a missing folder raises, and does not create the folder.

    Since 1.13 the error is a ``RuntimeError``, which ``except OSError`` does not catch.
    """
    assert snapshot == observe(lambda: write("runs/weights.pt"))


@pytest.mark.api("torch.save", page="notes/serialization")
@pytest.mark.changed(
    "1.6", "the file is a zip archive", kind="error-gone", cause="pytorch#39460", when=":unseen"
)
@pytest.mark.changed(
    "2.1",
    "the archive also has byteorder",
    kind="representation",
    cause="pytorch#94503",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "the archive also has .data/serialization_id",
    kind="representation",
    cause="pytorch#100994",
    when=":unseen",
)
@pytest.mark.changed(
    "2.7",
    "the archive also has .storage_alignment",
    kind="representation",
    cause="pytorch#147788",
    when=":unseen",
)
@pytest.mark.changed(
    "2.7",
    "the archive also has .format_version",
    kind="representation",
    cause="pytorch#143880",
    probable=True,
    when=":unseen",
)
def test_archive_of_one_tensor_has_these_members(here, snapshot):
    """A file of one tensor is a zip archive with these members.

    They are the pickle, one member for each storage, and the version of the format. Since 2.1 the
    byte order is stored too, and since 2.7 the alignment of the storages.
    """
    write()

    def act():
        with zipfile.ZipFile("weights.pt") as archive:
            return sorted(
                name.partition("/")[2] if "/data/" not in name else "data/..."
                for name in archive.namelist()
            )

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "1.6",
    "another part of pickle rejects the unknown argument, because the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
    when=":caught and mmap",
)
@pytest.mark.changed(
    "1.13",
    "load takes weights_only, and rejects mmap",
    kind="wording",
    cause="pytorch#86812",
    when=":caught and mmap",
)
@pytest.mark.changed(
    "2.1",
    "load takes mmap, with a warning that TypedStorage is deprecated, which load itself uses",
    kind="appeared",
    cause="pytorch#102549",
    when="mmap",
)
@pytest.mark.changed(
    "2.2",
    "no longer warns about TypedStorage",
    kind="warning",
    cause="pytorch#113614",
    when="weights_only=True and mmap",
)
def test_load_with_mmap_gives_the_values(here, snapshot):
    """``torch.load`` with ``mmap=True`` maps the file into memory, and gives the same values."""
    write()
    assert snapshot == observe(
        lambda: torch.load("weights.pt", weights_only=True, mmap=True)["weight"].clone()
    )


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "1.6",
    "another part of pickle rejects the unknown argument, because the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
    when=":caught and mmap",
)
@pytest.mark.changed(
    "1.13",
    "load takes weights_only, and rejects mmap",
    kind="wording",
    cause="pytorch#86812",
    when=":caught and mmap",
)
@pytest.mark.changed(
    "2.1",
    "load takes mmap, with a warning that TypedStorage is deprecated, which load itself uses",
    kind="appeared",
    cause="pytorch#102549",
    when="mmap",
)
@pytest.mark.changed(
    "2.2",
    "no longer warns about TypedStorage",
    kind="warning",
    cause="pytorch#113614",
    when="weights_only=True and mmap",
)
def test_write_to_a_mapped_tensor_does_not_reach_the_file(here, snapshot):
    """A write to a tensor that was loaded with ``mmap=True`` does not change the file.

    The mapping is private, so training leaves the checkpoint as it was.
    """
    write()

    def act():
        loaded = torch.load("weights.pt", weights_only=True, mmap=True)["weight"]
        loaded.add_(10.0)
        return {"loaded": loaded.clone(), "in the file": load_trusted("weights.pt")["weight"]}

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "1.6",
    "another part of pickle rejects the unknown argument, because the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
    when=":caught and mmap",
)
@pytest.mark.changed(
    "1.13",
    "load takes weights_only, and rejects mmap",
    kind="wording",
    cause="pytorch#86812",
    when=":caught and mmap",
)
@pytest.mark.changed(
    "2.1",
    "load takes mmap, and rejects the buffer with a ValueError",
    kind="appeared",
    cause="pytorch#102549",
    when="mmap",
    rarely="a buffer",
)
@pytest.mark.changed(
    "2.3",
    "the message asks for a path, which may now be a pathlib.Path, instead of a string",
    kind="wording",
    cause="pytorch#116104",
    when=":caught and mmap=True",
    rarely="a buffer",
)
def test_load_with_mmap_refuses_a_buffer(snapshot):
    """``torch.load`` with ``mmap=True`` rejects a buffer, because there is no file to map."""
    buffer = io.BytesIO()
    torch.save({"weight": torch.tensor([1.0])}, buffer)
    buffer.seek(0)
    assert snapshot == observe(lambda: torch.load(buffer, weights_only=True, mmap=True))


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "1.13",
    "load takes weights_only, and rejects mmap",
    kind="wording",
    cause="pytorch#86812",
    when=":caught and mmap",
)
@pytest.mark.changed(
    "2.1",
    "load takes mmap, and rejects the file with a RuntimeError",
    kind="appeared",
    cause="pytorch#102549",
    when="mmap",
    rarely="a file in the legacy format",
)
@pytest.mark.changed(
    "2.2",
    "the message is one text, not a tuple of two",
    kind="wording",
    when=":caught and mmap=True",
    rarely="a file in the legacy format",
)
@pytest.mark.changed(
    "2.3",
    "the message names the file",
    kind="wording",
    when=":caught and mmap=True",
    rarely="a file in the legacy format",
)
def test_load_with_mmap_refuses_the_legacy_format(here, snapshot):
    """``torch.load`` with ``mmap=True`` rejects the legacy format. Save the file again first."""
    write(_use_new_zipfile_serialization=False)
    assert snapshot == observe(lambda: torch.load("weights.pt", weights_only=True, mmap=True))


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "1.11",
    "the message names an _UntypedStorage",
    kind="wording",
    cause="pytorch#66970",
    when=":caught and map_location@1!=<unknown> and map_location@1=meta",
)
@pytest.mark.changed(
    "1.12",
    "the message names the storage's module",
    kind="wording",
    cause="pytorch#75459",
    probable=True,
    when=":caught and map_location@1!=<unknown> and map_location@1=meta",
)
@pytest.mark.changed(
    "1.13",
    "map_location may be meta",
    kind="error-gone",
    cause="pytorch#82603",
    when="map_location@1!=<unknown> and map_location@1=meta",
)
def test_load_onto_meta_gives_shapes_without_values(here, snapshot):
    """Since 1.13, ``map_location="meta"`` loads shapes and dtypes, but no values.

    You can inspect a large checkpoint this way without memory for its values.
    """
    write()

    def act():
        loaded = torch.load("weights.pt", map_location="meta", pickle_module=pickle)["weight"]
        return {"device": loaded.device.type, "shape": list(loaded.shape), "dtype": loaded.dtype}

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "1.11",
    "the function gets an _UntypedStorage of bytes instead of a FloatStorage of numbers",
    kind="representation",
    cause="pytorch#66970",
    advice="do not read the storage's dtype, and treat its length as bytes",
    when=":unseen",
)
@pytest.mark.changed(
    "1.13",
    "the class is named UntypedStorage",
    kind="representation",
    cause="pytorch#82438",
    when=":unseen",
)
def test_function_as_map_location_is_given_untyped_storages(here, snapshot):
    """A function as ``map_location`` gets each storage and its location.

    Since 1.11 the storage consists of bytes and has no dtype.
    """
    write()
    seen = []

    def keep(storage, location):
        seen.append(
            {"storage": type(storage).__name__, "length": len(storage), "location": location}
        )
        return storage

    def act():
        torch.load("weights.pt", map_location=keep, pickle_module=pickle)
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.serialization.skip_data", page="notes/serialization")
@pytest.mark.changed("2.5", "skip_data appears", kind="appeared", cause="pytorch#134504")
def test_save_without_data_leaves_zeros_in_the_file(here, snapshot):
    """A file saved under ``skip_data`` loads as zeros.

    Only the space for the values is written. A model that loads such a file trains from zeros.
    """

    def act():
        with torch.serialization.skip_data():
            write()
        return load_trusted("weights.pt")["weight"]

    assert snapshot == observe(act)


@pytest.mark.api("torch.serialization.set_crc32_options", page="notes/serialization")
@pytest.mark.changed("2.6", "set_crc32_options appears", kind="appeared", cause="pytorch#137735")
def test_file_without_checksums_loads(here, snapshot):
    """``set_crc32_options(False)`` writes an archive without checksums, which still loads.

    ``torch.load`` does not check them.
    """

    def act():
        torch.serialization.set_crc32_options(False)
        try:
            write()
        finally:
            torch.serialization.set_crc32_options(True)
        return load_trusted("weights.pt")["weight"]

    assert snapshot == observe(act)
