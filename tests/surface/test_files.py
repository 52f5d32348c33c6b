"""The files of the surface: one for each module, in one form, with a digest."""

import json

import pytest
from hypothesis import given, settings

from tests.surface.making import SMALL, by_line, entered, surveyed
from torch_history.errors import HistoryError
from torch_history.surface import files
from torch_history.surface.files import Surface

MODULES = ["torch", "torch.optim", "torch.optim.adam"]
TOLD = {
    "1.4": surveyed(
        "1.4.0",
        {"torch.optim.Adam": "class (params)", "torch.optim.Adam.step": "method ()"},
        modules=MODULES,
        aliases={"torch.optim.adam.Adam": "torch.optim.Adam", "torch.optim.A": "torch.optim.Adam"},
        annotations={"torch.optim.Adam.step": "closure: Callable | None"},
        source="0123456789abcdef",
    ),
    "2.0": surveyed(
        "2.0.1",
        {"torch.optim.Adam": "class (params, lr=0.1)", "torch.optim.Adam.step": "method ()"},
        modules=MODULES[:2],
        failed={"torch.x": "ImportError: no"},
        source="0123456789abcdef",
    ),
}
OPTIM = """{
"module":"torch.optim",
"format":1,
"names":{
 "Adam":{
"1.4":"class (params)",
"2.0":"class (params, lr=0.1)"},
 "Adam.step":{"1.4":"method ()"}},
"aliases":{
 "torch.optim":{
"1.4":"+A=Adam",
"2.0":"-A=Adam"},
 "torch.optim.adam":{
"1.4":"+Adam",
"2.0":"-Adam"}},
"digest":"DIGEST"}
"""
ANNOTATED = """{
"module":"torch.optim",
"format":1,
"names":{
 "Adam.step":{
"1.4":"closure: Callable | None",
"2.0":null}},
"digest":"DIGEST"}
"""
RELEASES = """{
"format":1,
"releases":{
 "1.4":{
"release":"1.4.0",
"python":"3.11.7",
"source":"0123456789abcdef",
"failed":{}},
 "2.0":{
"release":"2.0.1",
"python":"3.11.7",
"source":"0123456789abcdef",
"failed":{"torch.x":"ImportError: no"}}},
"digest":"DIGEST"}
"""
PRESENT = """{
"format":1,
"modules":{
 "":{"1.4":"+torch"},
 "torch":{"1.4":"+optim"},
 "torch.optim":{
"1.4":"+adam",
"2.0":"-adam"}},
"digest":"DIGEST"}
"""


@pytest.fixture
def written(tmp_path):
    """A folder with the surface of two releases."""
    files.write(tmp_path, entered(TOLD))
    return tmp_path


@pytest.mark.parametrize(
    "name, text",
    [
        ("torch.optim.json", OPTIM),
        ("annotations/torch.optim.json", ANNOTATED),
        ("_releases.json", RELEASES),
        ("_modules.json", PRESENT),
    ],
)
def test_file_has_a_line_for_each_entry(written, name, text):
    found = (written / "surface" / name).read_text(encoding="utf-8")
    assert found == text.replace("DIGEST", json.loads(found)["digest"])


@settings(SMALL, max_examples=20)
@given(by_line())
def test_surface_that_is_written_is_read_as_it_was(tmp_path_factory, told):
    root, surface = tmp_path_factory.mktemp("surface"), entered(told)
    names = files.write(root, surface)
    assert files.read(root) == surface and files.releases(root) == surface.releases
    assert sorted(names) == names and {*names} == {*files.texts(surface)}
    assert files.write(root, surface) == []


def test_name_stands_in_the_file_of_its_module_though_no_release_has_the_module_any_more():
    texts = files.texts(
        entered(
            {
                "1.4": surveyed("1.4.0", {"torch.six.f": "value"}, modules=["torch", "torch.six"]),
                "2.0": surveyed("2.0.1", {"torch.six.f": "value"}, modules=["torch"]),
            }
        )
    )
    assert "torch.six.json" in texts and "torch.json" not in texts


def test_folder_without_a_surface_has_none(tmp_path):
    assert files.read(tmp_path) == Surface() and files.releases(tmp_path) == {}


def test_only_files_that_changed_are_written_and_those_of_no_module_are_left(written):
    notes = written / "surface" / "_notes.json"
    notes.write_text("{}", encoding="utf-8")
    told = {**TOLD, "2.6": surveyed("2.6.0", {"torch.a": "value"}, modules=MODULES)}
    names = files.write(written, entered({line: told[line] for line in ("2.6",)}))
    assert names == [
        *("_modules.json", "_releases.json", "annotations/torch.optim.json"),
        *("torch.json", "torch.optim.json"),
    ]
    assert not (written / "surface/torch.optim.json").exists() and notes.exists()
    assert files.write(written, files.read(written)) == []


@pytest.mark.parametrize(
    "old, new, told",
    [
        ("lr=0.1", "lr=0.2", "edited by hand: it is not what its digest was made of"),
        ('"1.4":"class (params)",\n', "", "edited by hand: it is not what its digest was made of"),
        ('"digest"', '"digset"', "damaged ("),
        ('"names"', '"name"', "damaged ("),
        ('"format":1', '"format":2', "not of format 1"),
        ("{", "[", "damaged ("),
        ("params", "\udcff", "damaged ("),
        ('"class (params)"', "1", "damaged ("),
    ],
    ids=["value", "line", "no_digest", "key", "format", "json", "not_utf8", "type"],
)
def test_damaged_or_edited_file_is_named_with_a_remedy(written, old, new, told):
    path = written / "surface" / "torch.optim.json"
    text = path.read_text(encoding="utf-8").replace(old, new, 1)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(HistoryError) as caught:
        files.read(written)
    assert str(caught.value).startswith(f"{path}: {told}") and "\n" not in str(caught.value)
    assert str(caught.value).endswith(files.RESTORE)


@pytest.mark.parametrize("name", ["torch.nn.json", "annotations/torch.nn.json"])
def test_file_under_the_name_of_another_module_is_refused(written, name):
    path = written / "surface" / name
    (path.parent / "torch.optim.json").rename(path)
    with pytest.raises(HistoryError, match=r"torch\.nn\.json: it is of another module: restore it"):
        files.read(written)


def test_folder_in_the_place_of_a_file_is_refused(written):
    (written / "surface" / "torch.nn.json").mkdir()
    with pytest.raises(HistoryError, match=r"torch\.nn\.json: cannot be read: a folder"):
        files.read(written)
