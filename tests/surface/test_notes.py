"""Notes say what to do about a change, and why it came."""

import pytest

from torch_history.catalogue.behaviour import Change
from torch_history.catalogue.kinds import Kind
from torch_history.errors import HistoryError
from torch_history.surface import notes
from torch_history.surface.notes import Note

TEXT = """{
"torch.symeig": {
 "1.9": {"advice": "call torch.linalg.eigh", "cause": "pytorch#57732"},
 "2.0": {"cause": "pytorch#70988", "probable": true}
}
}
"""


@pytest.fixture
def path(tmp_path):
    (tmp_path / "surface").mkdir()
    return tmp_path / "surface" / "_notes.json"


def test_notes_are_by_name_and_line(path):
    path.write_text(TEXT, encoding="utf-8")
    assert notes.read(path.parent.parent) == {
        "torch.symeig": {
            "1.9": Note("call torch.linalg.eigh", "pytorch#57732"),
            "2.0": Note(cause="pytorch#70988", probable=True),
        }
    }


def test_folder_without_notes_has_none(tmp_path):
    assert notes.read(tmp_path) == {}


def test_note_is_the_advice_and_cause_of_a_change(path):
    path.write_text(TEXT, encoding="utf-8")
    told = notes.read(path.parent.parent)
    advised = Change("1.9", "", Kind.GONE, "pytorch#57732", False, "call torch.linalg.eigh")
    assert notes.change(told, "torch.symeig", "1.9") == advised
    assert notes.change(told, "torch.symeig", "2.0") == Change(
        "2.0", "", Kind.GONE, "pytorch#70988", True, None
    )
    assert notes.change(told, "torch.symeig", "2.1") is None
    assert notes.change(told, "torch.qr", "1.9") is None


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"\xff", b'{"torch.qr": {"1.8": {"advise": "x"}}}', b'{"torch.qr": {"1.8": "x"}}'],
    ids=["empty", "list", "not_utf8", "key", "text"],
)
def test_damaged_notes_are_named_with_a_remedy(path, content):
    path.write_bytes(content)
    with pytest.raises(HistoryError) as caught:
        notes.read(path.parent.parent)
    told = str(caught.value)
    assert told.startswith(f"{path}: damaged (") and told.endswith("mend the file")
    assert "\n" not in told


def test_folder_in_the_place_of_the_notes_is_named(path):
    path.mkdir()
    with pytest.raises(HistoryError, match="a folder"):
        notes.read(path.parent.parent)
