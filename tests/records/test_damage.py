import pytest

from torch_history.errors import HistoryError
from torch_history.records import manifests, store

GOOD = """{
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
}
"""


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
    assert found == {"observed": {"cpu": {"1.4": {"value": 1}, "2.0": {"value": 2}}}}
    store.check_canonical(path, found)


def test_missing_record_is_empty(tmp_path):
    assert store.read(tmp_path / "claim.json") == {}


CONFLICT = GOOD.replace(
    '    "value": 2\n', '<<<<<<< HEAD\n    "value": 2\n=======\n    "value": 3\n>>>>>>> branch\n'
)


@pytest.mark.parametrize(
    "content, line, what",
    [
        (GOOD[:60], "6", "truncated"),
        (GOOD[:-3], "11", "truncated"),
        ("", "1", "truncated"),
        (CONFLICT, "8", "a merge conflict is not resolved"),
        (GOOD.replace('"value": 1', '"value": 1,,'), "5", "damaged"),
        (GOOD.encode().replace(b'"value": 2', b'"value": "\xff"'), "8", "not UTF-8 text"),
        ("[1, 2]\n", "1", "not a JSON object"),
        (GOOD.replace(": 1", ": NaN"), "?", "damaged (NaN is not JSON)"),
        (GOOD.replace(": 1", ": -Infinity"), "?", "damaged (-Infinity is not JSON)"),
        (GOOD.replace(": 1", r': "\ud83d"'), "?", "damaged (half of a surrogate pair)"),
        (GOOD.replace(": 1", ": " + "[" * 100_000), "?", "damaged (nested too deeply)"),
        ('{"observed": [1]}\n', "?", "'observed' holds no JSON object"),
        ('{"observed": {"cpu": 1}}\n', "?", "'cpu' holds no JSON object"),
        ('{"observed": {"cpu": {}}}\n', "?", "do not ascend"),
        ('{"observed": {"cpu": {"two": {"value": 1}}}}\n', "?", "'two' is not a version"),
        (
            '{"observed": {"cpu": {"2.0": {"value": 1}, "1.4": {"value": 2}}}}\n',
            "?",
            "do not ascend: ['2.0', '1.4']",
        ),
        (
            '{"observed": {"cpu": {"1.10": {"value": 1}, "1.9": {"value": 2}}}}\n',
            "?",
            "do not ascend: ['1.10', '1.9']",
        ),
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
        "no_devices",
        "no_chain",
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
        (GOOD.replace('"value": 1', '"value":  1'), 5),
        (GOOD.replace("  }\n }\n}", "  }}\n}"), 10),
        (GOOD.replace('    "value": 1\n', '    "value": 1\n\n'), 6),
        (GOOD + "\n", 13),
        (GOOD[:-1], 12),
        (
            GOOD.replace(
                '   "1.4": {\n    "value": 1\n   },\n',
                '   "1.4": {\n    "value": 0\n   },\n   "1.4": {\n    "value": 1\n   },\n',
            ),
            5,
        ),
    ],
    ids=[
        "space",
        "joined",
        "blank_line",
        "line_at_the_end",
        "no_newline_at_the_end",
        "version_twice",
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
        '{"format": 1, "verified": {}, "unknown": {}}'
    )
    assert "notes.json" in error_of(manifests.read, tmp_path, None)


def test_write_is_canonical_and_leaves_no_other_file(tmp_path):
    store.write(
        tmp_path / "new" / "claim.json",
        {"observed": {"cpu": {"1.4": {"value": 1}, "2.0": {"value": 2}}}},
    )
    assert (tmp_path / "new" / "claim.json").read_text() == GOOD
    assert names_in(tmp_path / "new") == ["claim.json"]


@pytest.mark.parametrize("failing", ["mkdir", "replace", "write_text"])
def test_failed_write_leaves_the_old_bytes_and_no_other_file(record, monkeypatch, failing):
    def fail(*arguments, **keywords):
        raise OSError(28, "No space left on device")

    path = record(GOOD)
    monkeypatch.setattr(store.Path, failing, fail)
    message = error_of(store.write, path, {"observed": {}})
    monkeypatch.undo()
    assert message.startswith(f"{path}: cannot be written (No space left on device)")
    assert path.read_text() == GOOD and names_in(path.parent) == ["claim.json"]


def test_interrupted_write_leaves_the_old_bytes_and_no_other_file(record, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    path = record(GOOD)
    monkeypatch.setattr(store.Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        store.write(path, {"observed": {}})
    monkeypatch.undo()
    assert path.read_text() == GOOD and names_in(path.parent) == ["claim.json"]


def test_value_that_json_has_not_leaves_the_old_bytes(record):
    path = record(GOOD)
    with pytest.raises(ValueError, match="Out of range float"):
        store.write(path, {"observed": float("nan")})
    assert path.read_text() == GOOD and names_in(path.parent) == ["claim.json"]
