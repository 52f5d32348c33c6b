import pytest

from torch_history.errors import HistoryError
from torch_history.records import manifests, store
from torch_history.records.store import Record

GOOD = """{
 "format": 2,
 "source": "0123456789abcdef",
 "seen": {
  "cpu": "1.4.0 2.0.1"
 },
 "timelines": {
  "observed": {
   "cpu": {
    "1.4": {
     "value": 1
    },
    "2.0": {
     "value": 2
    }
   }
  }
 },
 "digest": "17d3d6aa53a77be3"
}
"""
TIMELINES = {"observed": {"cpu": {"1.4": {"value": 1}, "2.0": {"value": 2}}}}
RECORD = Record("0123456789abcdef", seen={"cpu": ["1.4.0", "2.0.1"]}, timelines=TIMELINES)


def sealed(**parts):
    """A record of any form, with a digest that fits."""
    data = {"source": "0123456789abcdef", **parts}
    return store.dumps({"format": 2, **data, "digest": store._seal(data)})


def entries(chain):
    return sealed(timelines={"observed": {"cpu": chain}})


@pytest.fixture
def record(tmp_path):
    """Write a record's bytes; its path."""
    path = tmp_path / "spec" / "chapter" / "__snapshots__" / "claim.json"
    path.parent.mkdir(parents=True)

    def write(content):
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def names_in(folder):
    return [path.name for path in folder.iterdir()]


def error_of(function, *arguments):
    with pytest.raises(HistoryError) as caught:
        function(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_whole_record_is_read_and_is_canonical(record):
    path = record(GOOD)
    found = store.read(path)
    assert found == RECORD and store.text_of(found) == GOOD
    store.check_canonical(path, found)


def test_missing_record_is_empty(tmp_path):
    assert store.read(tmp_path / "claim.json") == Record()


CONFLICT = GOOD.replace(
    '     "value": 2\n',
    '<<<<<<< HEAD\n     "value": 2\n=======\n     "value": 3\n>>>>>>> branch\n',
)


@pytest.mark.parametrize(
    "content, line, what",
    [
        (GOOD[:60], "5", "truncated"),
        (GOOD[:-3], "19", "truncated"),
        ("", "1", "truncated"),
        (CONFLICT, "14", "a merge conflict is not resolved"),
        (GOOD.replace('"value": 1', '"value": 1,,'), "11", "damaged"),
        (GOOD.encode().replace(b'"value": 2', b'"value": "\xff"'), "14", "not UTF-8 text"),
        ("[1, 2]\n", "1", "not a JSON object"),
        (GOOD.replace(": 1", ": NaN"), "?", "damaged (NaN is not JSON)"),
        (GOOD.replace(": 1", ": -Infinity"), "?", "damaged (-Infinity is not JSON)"),
        (GOOD.replace(": 1", r': "\ud83d"'), "?", "damaged (half of a surrogate pair)"),
        (GOOD.replace(": 1", ": " + "[" * 100_000), "?", "damaged (nested too deeply)"),
        (GOOD.replace('"format": 2', '"format": 1'), "1", "not a record of format 2"),
        ('{"observed": {"cpu": {}}}\n', "1", "not a record of format 2"),
        (GOOD.replace('"value": 1', '"value": 3'), "?", "edited by hand"),
        (GOOD.replace("1.4.0 2.0.1", "1.4.0"), "?", "edited by hand"),
        (GOOD.replace("0123456789abcdef", "f" * 16), "?", "edited by hand"),
        (GOOD.replace(',\n "digest": "17d3d6aa53a77be3"', ""), "?", "edited by hand"),
        (sealed(former=1), "?", "damaged (Expected `array`, got `int` - at `$.former`)"),
        (sealed(seen=["cpu"]), "?", "damaged ("),
        (sealed(seen={"cpu": ["1.4.0"]}), "?", "damaged ("),
        (sealed(verified={}), "?", "damaged (Object contains unknown field `verified`)"),
        (sealed(timelines={"observed": [1]}), "?", "damaged (Expected `object`, got `array`"),
        (entries(1), "?", "damaged (Expected `object`, got `int`"),
        (entries({"1.4": [1]}), "?", "damaged (Expected `object`, got `array`"),
        (entries({}), "?", "do not ascend"),
        (entries({"two": {"value": 1}}), "?", "'two' is not a version"),
        (entries({"2.0": {}, "1.4": {}}), "?", "do not ascend: ['2.0', '1.4']"),
        (entries({"1.10": {}, "1.9": {}}), "?", "do not ascend: ['1.10', '1.9']"),
    ],
    ids=[
        "cut_inside",
        "cut_at_the_end",
        "empty",
        "conflict",
        "comma",
        "not_utf8",
        "list",
        "nan",
        "infinity",
        "surrogate",
        "deep",
        "other_format",
        "format_before_this",
        "edited_entry",
        "edited_releases",
        "edited_source",
        "digest_gone",
        "former_ids",
        "releases_without_device",
        "releases_as_list",
        "unknown_field",
        "no_devices",
        "no_chain",
        "no_entry",
        "empty_chain",
        "no_version",
        "descending",
        "sorted_as_text",
    ],
)
def test_damage_names_the_file_the_line_and_the_remedy(record, content, line, what):
    path = record(content)
    message = error_of(store.read, path)
    assert message.startswith(f"{path}:{line}: ") and what in message
    assert message.endswith("restore it with `git checkout -- FILE`, or record the release again")


@pytest.mark.parametrize(
    "content, line",
    [
        (GOOD.replace('"value": 1', '"value":  1'), 11),
        (GOOD.replace("  }\n },", "  }},"), 17),
        (GOOD.replace('     "value": 1\n', '     "value": 1\n\n'), 12),
        (GOOD + "\n", 21),
        (GOOD[:-1], 20),
        (GOOD.replace(' "source":', ' "source": "",\n "source":'), 3),
        (sealed(timelines={"b": {"cpu": {"1.4": {}}}, "a": {"cpu": {"1.4": {}}}}), 5),
        (sealed(former=[]), 4),
    ],
    ids=[
        "space",
        "joined",
        "blank_line",
        "line_at_the_end",
        "no_newline_at_the_end",
        "name_twice",
        "cases_unsorted",
        "empty_field",
    ],
)
def test_hand_edit_names_its_line(record, content, line):
    path = record(content)
    message = error_of(store.check_canonical, path, store.read(path))
    assert message.startswith(f"{path}:{line}: edited by hand")


def test_folder_in_a_records_place_is_named(record):
    path = record(GOOD)
    path.unlink()
    path.mkdir()
    assert (
        error_of(store.read, path)
        == f"{path}: a folder stands where a file should be: move it away"
    )


def test_file_in_the_records_folders_place_is_named(record, tmp_path):
    path = record(GOOD)
    path.unlink()
    path.parent.rmdir()
    path.parent.write_text("")
    assert str(path.parent) in error_of(store.read, path)
    assert str(path.parent) in error_of(store.all_paths, tmp_path / "spec")
    assert str(path) in error_of(store.write, path, {})


def test_file_in_the_manifests_folders_place_is_named(tmp_path):
    (tmp_path / "manifests").write_text("")
    assert error_of(manifests.read, tmp_path) == (
        f"{tmp_path / 'manifests'}: a file stands where the manifests' folder should be: "
        "move it away"
    )


def test_stray_file_among_the_manifests_is_named(tmp_path):
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "notes.json").write_text(
        '{"format": 2, "verified": {}, "unknown": {}}'
    )
    assert "notes.json" in error_of(manifests.read, tmp_path, None)


def test_write_is_canonical_and_leaves_no_other_file(tmp_path):
    store.write_record(tmp_path / "new" / "claim.json", RECORD)
    assert (tmp_path / "new" / "claim.json").read_text() == GOOD
    assert names_in(tmp_path / "new") == ["claim.json"]


def test_record_that_has_this_text_is_not_written(record, monkeypatch):
    path = record(GOOD)
    monkeypatch.setattr(store, "write_text", lambda *given: pytest.fail("it was written"))
    store.write_record(path, RECORD)


@pytest.mark.parametrize("content", [b"\xff", b"{"], ids=["not_utf8", "truncated"])
def test_damaged_record_is_replaced(record, content):
    path = record(content)
    store.write_record(path, RECORD)
    assert path.read_text() == GOOD


@pytest.mark.parametrize("failing", ["mkdir", "replace", "write_text"])
def test_failed_write_leaves_the_old_bytes_and_no_other_file(record, monkeypatch, failing):
    def fail(*arguments, **keywords):
        raise OSError(28, "No space left on device")

    path = record(GOOD)
    monkeypatch.setattr(store.Path, failing, fail)
    message = error_of(store.write_record, path, Record())
    monkeypatch.undo()
    assert message.startswith(f"{path}: cannot be written (No space left on device)")
    assert path.read_text() == GOOD and names_in(path.parent) == ["claim.json"]


def test_interrupted_write_leaves_the_old_bytes_and_no_other_file(record, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    path = record(GOOD)
    monkeypatch.setattr(store.Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        store.write_record(path, Record())
    monkeypatch.undo()
    assert path.read_text() == GOOD and names_in(path.parent) == ["claim.json"]


def test_value_that_json_has_not_leaves_the_old_bytes(record):
    path = record(GOOD)
    with pytest.raises(ValueError, match="Out of range float"):
        store.write(path, {"observed": float("nan")})
    assert path.read_text() == GOOD and names_in(path.parent) == ["claim.json"]
