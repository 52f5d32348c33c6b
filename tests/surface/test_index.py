"""The index is the whole surface in one file, made anew when a file of the surface changes."""

import json

import pytest

from tests.surface.making import entered, index_of, surveyed
from torch_history.errors import HistoryError
from torch_history.surface import files, index
from torch_history.surface.notes import Note
from torch_history.surface.renames import How, Rename

MODULES = ["torch", "torch.nn", "torch.optim"]
TOLD = {
    "1.4": surveyed(
        "1.4.0",
        {"torch.a": "def (x)", "torch.nn.L": "class ()", "torch.optim._Adam": "class (lr)"},
        modules=MODULES,
        aliases={"torch.nn.modules.L": "torch.nn.L", "torch.nn.modules.a": "torch.a"},
        annotations={"torch.a": "x: Tensor"},
    ),
    "2.0": surveyed(
        "2.0.1",
        {"torch.a": "def (x, y)", "torch.nn.L": "class ()", "torch.optim.Adam": "class (lr)"},
        modules=MODULES,
        aliases={"torch.nn.modules.L": "torch.nn.L"},
    ),
}


@pytest.fixture
def root(tmp_path):
    files.write(tmp_path, entered(TOLD))
    (tmp_path / "surface" / "_notes.json").write_text(
        '{"torch.optim._Adam": {"2.0": {"advice": "call Adam"}}}', encoding="utf-8"
    )
    return tmp_path


def test_index_has_everything_by_whole_names(root):
    found = index.of(root)
    assert list(found.releases) == ["1.4", "2.0"] and found.releases["2.0"].release == "2.0.1"
    assert {path: json.loads(bytes(raw)) for path, raw in found.names.items()} == {
        "torch.a": {"1.4": "def (x)", "2.0": "def (x, y)"},
        "torch.nn.L": {"1.4": "class ()"},
        "torch.optim.Adam": {"2.0": "class (lr)"},
        "torch.optim._Adam": {"1.4": "class (lr)", "2.0": None},
    }
    assert found.aliases == {
        "torch.nn.modules": {"1.4": "+L=torch.nn.L +a=torch.a", "2.0": "-a=torch.a"}
    }
    assert found.modules == {"": {"1.4": "+torch"}, "torch": {"1.4": "+nn +optim"}}
    assert found.notes == {"torch.optim._Adam": {"2.0": Note("call Adam")}}
    assert index.types(root) == {"torch.a": {"1.4": "x: Tensor", "2.0": None}}


def test_index_knows_what_changed_at_a_line_and_what_moved(root):
    found = index.of(root)
    assert {line: sorted(names) for line, names in found.changes.items()} == {
        "1.4": ["torch.a", "torch.nn.L", "torch.optim._Adam"],
        "2.0": ["torch.a", "torch.optim.Adam", "torch.optim._Adam"],
    }
    assert found.moves == {"2.0": {"torch.optim._Adam": Rename("torch.optim.Adam", How.RENAMED)}}


def test_both_texts_are_those_of_the_wheel(root):
    texts = index.built(root)
    assert list(texts) == ["surface.json", "annotations.json"]
    assert all(text.endswith("}\n") for text in texts.values())
    packaged = root / "packaged"
    packaged.mkdir()
    for name, text in texts.items():
        (packaged / name).write_text(text, encoding="utf-8")
    assert index.of(packaged) == index.of(root) and index.types(packaged) == index.types(root)
    assert sorted(path.name for path in packaged.iterdir()) == sorted(texts)


def test_folder_without_a_surface_has_an_empty_index(tmp_path):
    found = index.of(tmp_path)
    assert (found.releases, found.names, found.aliases, found.moves) == ({}, {}, {}, {})
    assert index.types(tmp_path) == {}


def test_index_is_made_once(root, monkeypatch):
    before = index.of(root)
    monkeypatch.setattr(index, "built", lambda root: pytest.fail("made again"))
    assert index.of(root) == before and index.types(root)["torch.a"]["1.4"] == "x: Tensor"


def test_index_is_made_again_when_a_survey_enters(root):
    index.of(root)
    later = surveyed("2.6.0", {"torch.b": "value"}, modules=MODULES)
    assert "torch.b" in index_of(root, {**TOLD, "2.6": later}).names


def test_index_is_made_again_when_a_note_is_written(root):
    index.of(root)
    (root / "surface" / "_notes.json").unlink()
    assert index.of(root).notes == {}


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b'{"names": {}}'])
def test_index_that_cannot_be_read_is_to_be_removed(root, content):
    index.of(root)
    path = root / ".history" / "surface.json"
    path.write_bytes(content)
    with pytest.raises(HistoryError) as caught:
        index.of(root)
    told = str(caught.value)
    assert told.startswith(f"{path}: cannot be read (") and told.endswith("): remove it")
    path.unlink()
    assert "torch.a" in index.of(root).names
