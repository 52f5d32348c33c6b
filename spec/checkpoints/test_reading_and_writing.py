"""How a file is written and read: its folder, its members, ``mmap``, ``map_location``, and saving without the values."""

import io
import pickle
import zipfile

import pytest
import torch

from fixtures.checkpoint import load_trusted
from history.observe import observe


def write(name="weights.pt", **settings):
    torch.save({"weight": torch.tensor([1.0, 2.0])}, name, **settings)


@pytest.mark.api("torch.save", page="generated/torch.save")
def test_save_into_a_missing_folder_raises(here, snapshot):
    """No folder is made. The error is a RuntimeError and no OSError: ``except OSError`` does not catch it."""
    assert snapshot == observe(lambda: write("runs/weights.pt"))


@pytest.mark.api("torch.save", page="notes/serialization")
def test_archive_of_one_tensor_has_these_members(here, snapshot):
    """A file of one tensor is an archive of these: the pickle, one member for each storage, and what the reader needs to know."""
    write()

    def act():
        with zipfile.ZipFile("weights.pt") as archive:
            return sorted(name.partition("/")[2] if "/data/" not in name else "data/..." for name in archive.namelist())

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", page="generated/torch.load")
def test_load_with_mmap_gives_the_values(here, snapshot):
    """``mmap=True`` maps the file, and reads a tensor when it is used."""
    write()
    assert snapshot == observe(lambda: torch.load("weights.pt", weights_only=True, mmap=True)["weight"].clone())


@pytest.mark.api("torch.load", page="generated/torch.load")
def test_write_to_a_mapped_tensor_does_not_reach_the_file(here, snapshot):
    """The mapping is private: training on the loaded tensors leaves the checkpoint as it was."""
    write()

    def act():
        loaded = torch.load("weights.pt", weights_only=True, mmap=True)["weight"]
        loaded.add_(10.0)
        return {"loaded": loaded.clone(), "in the file": load_trusted("weights.pt")["weight"]}

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", page="generated/torch.load")
def test_load_with_mmap_refuses_a_buffer(snapshot):
    """There is no file to map."""
    buffer = io.BytesIO()
    torch.save({"weight": torch.tensor([1.0])}, buffer)
    buffer.seek(0)
    assert snapshot == observe(lambda: torch.load(buffer, weights_only=True, mmap=True))


@pytest.mark.api("torch.load", page="generated/torch.load")
def test_load_with_mmap_refuses_the_legacy_format(here, snapshot):
    """A file of before 1.6 must be saved anew first."""
    write(_use_new_zipfile_serialization=False)
    assert snapshot == observe(lambda: torch.load("weights.pt", weights_only=True, mmap=True))


@pytest.mark.api("torch.load", page="generated/torch.load")
def test_load_onto_meta_gives_shapes_without_values(here, snapshot):
    """``map_location="meta"`` reads what a file holds, and none of its values: a look at a large checkpoint costs nothing."""
    write()

    def act():
        loaded = torch.load("weights.pt", map_location="meta", pickle_module=pickle)["weight"]
        return {"device": loaded.device.type, "shape": list(loaded.shape), "dtype": loaded.dtype}

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", page="generated/torch.load")
def test_function_as_map_location_is_given_untyped_storages(here, snapshot):
    """A function gets each storage and where it was. The storage has bytes and no dtype any more."""
    write()
    seen = []

    def keep(storage, location):
        seen.append({"storage": type(storage).__name__, "length": len(storage), "location": location})
        return storage

    def act():
        torch.load("weights.pt", map_location=keep, pickle_module=pickle)
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.serialization.skip_data", page="notes/serialization")
def test_save_without_data_leaves_zeros_in_the_file(here, snapshot):
    """Under ``skip_data`` only the places of the values are written: whoever loads such a file trains from zeros."""

    def act():
        with torch.serialization.skip_data():
            write()
        return load_trusted("weights.pt")["weight"]

    assert snapshot == observe(act)


@pytest.mark.api("torch.serialization.set_crc32_options", page="notes/serialization")
def test_file_without_checksums_loads(here, snapshot):
    """``set_crc32_options(False)`` writes the archive without its checksums, which load does not look at."""

    def act():
        torch.serialization.set_crc32_options(False)
        try:
            write()
        finally:
            torch.serialization.set_crc32_options(True)
        return load_trusted("weights.pt")["weight"]

    assert snapshot == observe(act)
