"""The index is what the sources say, and is made anew when they, or it, changed."""

import json
import shutil
import subprocess
import sys

import jsonschema
import numpy as np
import pytest

from tests.fake import REPOSITORY
from torch_history.catalogue import claims, index, releases, source
from torch_history.catalogue.behaviour import Behaviour, Change, Claim, Interchange
from torch_history.catalogue.kinds import SLUGS
from torch_history.errors import HistoryError
from torch_history.observing import encode
from torch_history.observing.observation import Observation, Raised, Warned
from torch_history.records import manifests, store

SCHEMA = json.loads(index.SCHEMA.read_text(encoding="utf-8"))
RATES = "spec/rates/test_rates.py"
CLAIM = """[
    {"section": "Rates", "claim": "the scale is one", "tests": ["rates.scale_halves"],
     "verdict": "holds until 1.13"},
]
"""


def kept(project):
    return project.root / ".history" / "index.json"


def stamp(project):
    return project.root / ".history" / "index.stamp"


def data_of(project):
    return json.loads(index.text_of(project.root))


# ---- what it holds


def test_index_is_what_the_sources_say(project):
    project.write("claims/A.py", CLAIM)
    project.write("claims/titles.json", '{"A": "Rates"}')
    found = index.of(project.root)
    assert (found.format, found.library) == (2, "fakelib")
    assert found.known() == source.behaviours(project.root)
    assert list(found.known()) == list(source.behaviours(project.root))
    assert found.claims == claims.read(project.root) and len(found.claims) == 1
    assert found.articles == claims.titles(project.root) == {"A": "Rates"}
    matrix = releases.releases(project.root)
    assert found.releases == {line: one.patch for line, one in matrix.items()}
    assert list(found.releases) == ["1.4", "1.13", "2.0", "2.6"]
    for name in found.known():
        record = {
            case: {
                device: {version: json.loads(bytes(raw)) for version, raw in chain.items()}
                for device, chain in devices.items()
            }
            for case, devices in found.record(name).items()
        }
        assert record == project.kept(name).timelines != {}


def test_environment_is_what_its_manifest_and_the_records_say(project):
    project.record("2.7.0", FAKELIB_WITHOUT_PART="1")
    recorded = manifests.read(project.root)
    found = index.of(project.root).on("cpu")
    assert list(found) == list(recorded) == ["1.4.0", "1.13.1", "2.0.1", "2.6.0", "2.7.0"]
    fields = set(index.Environment.__struct_fields__) - {"unknown", "distances"}
    for release, environment in found.items():
        assert all(getattr(environment, field) == recorded[release][field] for field in fields)
    drifted = {"tensors.tensor_drifts_within_tolerance": 3}
    assert [one.distances for one in found.values()] == [{}, {}, {}, drifted, drifted]
    skipped = {"tensors.optional_part": "skipped: no part for this fakelib"}
    assert [one.unknown for one in found.values()] == [{}, {}, {}, {}, skipped]
    assert [one.line for one in found.values()] == ["1.4", "1.13", "2.0", "2.6", "2.7"]


def test_devices_are_kept_apart(project):
    project.record("2.6.0", "--device", "other")
    found = index.of(project.root)
    assert list(found.on("other")) == ["2.6.0"] and len(found.on("cpu")) == 4
    assert found.on("mps") == {}


def new_test(project):
    project.write("spec/rates/test_new.py", "def test_is_new(snapshot):\n    pass\n")
    return "rates.is_new"


def edited_test(project):
    project.change(RATES, "observe(fakelib.scale)", "observe(lambda: 2 * fakelib.scale())")
    return "rates.scale_halves"


def damaged_record(project):
    project.path("rates.scale_halves").write_text("{")
    return "rates.scale_halves"


@pytest.mark.parametrize(
    "change, why",
    [
        (new_test, "it has no record: run `torch-history record`"),
        (edited_test, "its test changed after the recording: run `torch-history record`"),
        (damaged_record, "its record is damaged: run `torch-history check`"),
    ],
    ids=["new", "edited", "damaged"],
)
def test_behaviour_whose_record_does_not_speak_of_it_is_unknown_everywhere(project, change, why):
    name = change(project)
    found = index.of(project.root)
    assert found.known()[name].fault == why
    assert found.record(name) == {} == found.record("rates.no_such_behaviour")
    assert [one.unknown for one in found.environments] == [{name: why}] * 4
    assert [one.fault for one in found.behaviours if one.id != name and one.fault] == []


def test_behaviour_is_unknown_on_a_release_that_its_record_has_not_seen(project):
    manifest = manifests.read(project.root)["2.6.0"]
    store.write(project.root / "manifests" / "2.6.1-cpu.json", {**manifest, "release": "2.6.1"})
    unknown = index.of(project.root).on("cpu")["2.6.1"].unknown
    assert len(unknown) == 12 and set(unknown.values()) == {"not recorded on 2.6.1"}


def test_former_ids_are_told(project):
    record = project.kept("rates.scale_halves")
    record.former = ["rates.old"]
    store.write_record(project.path("rates.scale_halves"), record)
    assert index.of(project.root).known()["rates.scale_halves"].former == ["rates.old"]


def test_behaviour_that_is_gone_is_in_no_environment(project):
    project.change("spec/tensors/test_tensors.py", "def test_tensor_drifts", "def tensor_drifts")
    environments = index.of(project.root).environments
    assert all(one.distances == one.unknown == {} for one in environments)


def test_text_ends_with_one_newline_and_has_no_other(recorded):
    text = index.text_of(recorded.root)
    assert text.endswith("}\n") and text.count("\n") == 1
    assert kept(recorded).read_text(encoding="utf-8") == text


# ---- when it is made anew


def test_second_reading_makes_nothing(project, monkeypatch):
    first = index.of(project.root)
    monkeypatch.setattr(index, "build", lambda root: pytest.fail("made anew"))
    assert index.of(project.root) == first


def add_a_manifest(project):
    manifest = manifests.read(project.root)["2.6.0"]
    path = project.root / "manifests" / "2.6.1-cpu.json"
    store.write(path, {**manifest, "release": "2.6.1"})


CHANGES = {
    "test": lambda one: one.change(RATES, "observe(fakelib.scale)", "observe(fakelib.flips)"),
    "conftest": lambda one: one.write("conftest.py", "print('imported')\n"),
    "docstring": lambda one: one.change(RATES, "nobody is told", "nobody is ever told"),
    "marker": lambda one: one.change(RATES, 'kind="silent", cause', 'kind="random", cause'),
    "test_renamed": lambda one: one.change(RATES, "test_noisy_warns", "test_noise_warns"),
    "test_added": lambda one: one.write(
        "spec/rates/test_new.py", "def test_is_new(snapshot):\n    pass\n"
    ),
    "chapter_added": lambda one: one.write(
        "spec/news/test_new.py", "def test_is_new(snapshot):\n    pass\n"
    ),
    "tests_removed": lambda one: (one.root / "spec/tensors/test_tensors.py").unlink(),
    "record": lambda one: one.change(
        "spec/rates/__snapshots__/scale_halves.json", '"value": 0.5', '"value": 0.7'
    ),
    "record_removed": lambda one: one.path("rates.scale_halves").unlink(),
    "records_removed": lambda one: shutil.rmtree(str(one.root / "spec/rates/__snapshots__")),
    "manifest": lambda one: one.change("manifests/2.0.1-cpu.json", '"numpy": "', '"numpy": "0.'),
    "manifest_added": add_a_manifest,
    "manifest_removed": lambda one: (one.root / "manifests/2.0.1-cpu.json").unlink(),
    "claim": lambda one: one.change("claims/A.py", "until 1.13", "until 2.13"),
    "claims_added": lambda one: one.write("claims/B.py", CLAIM),
    "title_added": lambda one: one.write("claims/titles.json", '{"A": "Rates"}'),
    "claims_removed": lambda one: (one.root / "claims/A.py").unlink(),
    "matrix": lambda one: one.change("tox.ini", "torch2.6: torch==2.6.0", "torch2.6: torch==2.6.1"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_source_is_noticed(project, change):
    project.write("claims/A.py", CLAIM)
    before = data_of(project)
    CHANGES[change](project)
    after = data_of(project)
    assert after != before and after == json.loads(index.build(project.root))
    assert json.loads(kept(project).read_text(encoding="utf-8")) == after


@pytest.mark.parametrize("file", ["fixtures/scales.py", "fixtures/deep/scales.py"])
def test_edited_fixture_of_a_test_is_noticed(project, file):
    module = file[:-3].replace("/", ".")
    project.write(file, "FACTOR = 1\n")
    project.change(RATES, "import os\n", f"import os\nfrom {module} import FACTOR\n")
    project.change(RATES, "observe(fakelib.scale)", "observe(lambda: FACTOR * fakelib.scale())")
    record = project.kept("rates.scale_halves")
    record.source = project.sources()["rates.scale_halves"]
    store.write_record(project.path("rates.scale_halves"), record)
    assert index.of(project.root).known()["rates.scale_halves"].fault == ""
    project.write(file, "FACTOR = 10\n")
    assert index.of(project.root).known()["rates.scale_halves"].fault != ""


def test_file_that_is_no_source_is_not_noticed(project, monkeypatch):
    before = data_of(project)
    for path in ("README.md", "spec/README.md", "spec/rates/notes.txt", "manifests/notes.txt"):
        project.write(path, "words\n")
    monkeypatch.setattr(index, "build", lambda root: pytest.fail("made anew"))
    assert data_of(project) == before


DAMAGES = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "no_newline": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "empty": lambda path: path.write_bytes(b""),
    "edited": lambda path: path.write_bytes(path.read_bytes().replace(b'"fakelib"', b'"fakelob"')),
    "no_json": lambda path: path.write_bytes(b"x" * path.stat().st_size),
    "not_utf8": lambda path: path.write_bytes(b"\xff" + path.read_bytes()[1:]),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_index_is_made_anew(project, damage):
    text = index.text_of(project.root)
    DAMAGES[damage](kept(project))
    assert index.text_of(project.root) == text == kept(project).read_text(encoding="utf-8")


@pytest.mark.parametrize("damage", ["cut", "empty", "not_utf8", "gone"])
def test_damaged_stamp_makes_the_index_anew(project, damage):
    text = index.text_of(project.root)
    good = stamp(project).read_text()
    kept(project).write_text("{}")  # not to be believed
    path = stamp(project)
    path.write_bytes(good.encode() * 9)
    DAMAGES[damage](path)
    assert index.text_of(project.root) == text and path.read_text() == good


def test_index_and_stamp_of_another_state_are_not_believed(project):
    index.of(project.root)
    shutil.copytree(str(project.root / ".history"), str(project.root / "older"))
    project.change(RATES, "nobody is told", "nobody is ever told")
    newer = index.text_of(project.root)
    for name in ("index.json", "index.stamp"):
        shutil.copy2(str(project.root / "older" / name), str(project.root / ".history" / name))
        assert index.text_of(project.root) == newer
    shutil.rmtree(str(project.root / ".history"))
    (project.root / "older").rename(project.root / ".history")
    assert index.text_of(project.root) == newer


def test_index_of_another_folder_is_not_believed(project, recorded):
    index.of(recorded.root)
    (project.root / ".history").mkdir()
    for path in (recorded.root / ".history").glob("index.*"):
        shutil.copy2(str(path), str(project.root / ".history"))
    project.change(RATES, "nobody is told", "nobody is ever told")
    told = index.of(project.root).known()["rates.scale_halves"].docstring
    assert told == "The scale is halved, and nobody is ever told."


# ---- where it cannot be kept


def test_file_in_the_place_of_its_folder_costs_only_time(project):
    project.write(".history", "")
    assert index.text_of(project.root) == index.build(project.root)
    assert (project.root / ".history").read_text() == ""


def test_folder_in_its_place_costs_only_time(project):
    kept(project).mkdir(parents=True)
    assert index.text_of(project.root) == index.build(project.root)
    assert [path.name for path in (project.root / ".history").iterdir()] == ["index.json"]


@pytest.mark.parametrize("refused", ["mkdir", "write_text", "replace"])
def test_read_only_folder_answers(project, monkeypatch, refused):
    def refuse(*arguments, **settings):
        raise PermissionError(13, "Permission denied")

    expected = index.build(project.root)
    monkeypatch.setattr(f"pathlib.Path.{refused}", refuse)
    assert index.text_of(project.root) == expected
    monkeypatch.undo()
    assert not (project.root / ".history").exists() or not any(
        (project.root / ".history").iterdir()
    )


def test_several_processes_at_once_give_one_answer(project):
    code = "import sys; from torch_history.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "--root", str(project.root), "export"]
    running = [
        subprocess.Popen(command, cwd=str(REPOSITORY), stdout=subprocess.PIPE) for _ in range(3)
    ]
    told = {process.communicate(timeout=60)[0] for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    assert told == {index.build(project.root).encode()}
    assert kept(project).read_bytes() in told


# ---- what it refuses


@pytest.mark.parametrize(
    "old, new, says",
    [
        ('"release": "2.0.1"', '"release": "2.0.0"', "it describes 2.0.0 on cpu, not 2.0.1 on cpu"),
        ('"device": "cpu"', '"device": "cuda"', "it describes 2.0.1 on cuda, not 2.0.1 on cpu"),
        ('"numpy": "', '"numpy": ["", "', "2.0.1-cpu.json:"),
        ('"numpy": ', '"numpy": 1, "other": ', "damaged (Expected `str`, got `int`"),
        ('"format": 2', '"format": 1', "not a manifest of format 2"),
    ],
    ids=["release", "device", "no_json", "text", "format"],
)
def test_damaged_manifest_is_named(project, old, new, says):
    project.change("manifests/2.0.1-cpu.json", old, new)
    with pytest.raises(HistoryError) as caught:
        index.of(project.root)
    message = str(caught.value)
    assert message.startswith(f"{project.root / 'manifests' / '2.0.1-cpu.json'}:")
    assert says in message and "\n" not in message


@pytest.mark.parametrize(
    "content, says",
    [
        (b"", "not an index of format 2"),
        (b"[]", "not an index of format 2"),
        (b"{}", "not an index of format 2"),
        (b"\xff", "not an index of format 2"),
    ],
    ids=["empty", "list", "fields", "not_utf8"],
)
def test_what_is_no_index_is_refused(tmp_path, content, says):
    with pytest.raises(HistoryError) as caught:
        index.decode(content, tmp_path / "index.json")
    assert str(caught.value).startswith(f"{tmp_path / 'index.json'}: {says}")


def test_index_of_another_format_is_refused(recorded, tmp_path):
    text = index.text_of(recorded.root).replace('"format":2', '"format":3', 1)
    with pytest.raises(HistoryError) as caught:
        index.decode(text.encode(), tmp_path / "index.json")
    assert str(caught.value) == f"{tmp_path / 'index.json'}: an index of format 3, not 2"


# ---- where a command answers from


def test_index_in_a_folder_is_answered_from_as_it_is(recorded, tmp_path):
    (tmp_path / "index.json").write_text(index.text_of(recorded.root), encoding="utf-8")
    assert index.of(tmp_path) == index.of(recorded.root)
    assert [path.name for path in tmp_path.iterdir()] == ["index.json"]


def test_home_is_the_folder_asked_for_else_the_checkout_here(recorded, tmp_path, monkeypatch):
    monkeypatch.chdir(recorded.root)
    assert index.home() == recorded.root and index.home(tmp_path) == tmp_path
    monkeypatch.chdir(tmp_path)
    assert index.home() == REPOSITORY


def test_home_is_the_packages_data_where_there_is_no_checkout(recorded, tmp_path, monkeypatch):
    packaged = tmp_path / "site-packages" / "torch_history" / "_packaged"
    packaged.mkdir(parents=True)
    monkeypatch.setattr(index, "PACKAGED", packaged)
    monkeypatch.chdir(tmp_path)
    assert index.home() == packaged
    monkeypatch.chdir(recorded.root)
    assert index.home() == recorded.root


@pytest.mark.parametrize("ini", [None, "[pytest]\n", b"\xff"], ids=["none", "other", "not_utf8"])
def test_another_project_is_no_checkout(recorded, tmp_path, ini):
    (tmp_path / "spec").mkdir()
    if ini is not None:
        (tmp_path / "pytest.ini").write_bytes(ini if isinstance(ini, bytes) else ini.encode())
    assert index.is_checkout(recorded.root) and not index.is_checkout(tmp_path)


def test_index_that_an_earlier_version_wrote_has_no_titles(project):
    data = data_of(project)
    del data["articles"]
    assert index.decode(json.dumps(data), project.root / index.NAME).articles == {}


# ---- the schema


def validate(data):
    jsonschema.Draft202012Validator(SCHEMA).validate(data)


def test_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_index_is_as_the_schema_says(project):
    project.write("claims/A.py", CLAIM)
    project.write("claims/titles.json", '{"A": "Rates"}')
    validate(data_of(project))


def test_index_of_this_repository_is_as_the_schema_says():
    validate(json.loads(index.build(REPOSITORY)))


VALUES = {
    "null": None,
    "bool": True,
    "integer": -(2**70),
    "float": 0.1,
    "text": "$text",
    "list": [1, [2, [None]]],
    "object": {"a": {"b": 1}, "": 2},
    "tuple": (1, (2, ())),
    "keys": {1: "a", "$b": 2, (3,): []},
    "not_finite": [float("nan"), float("inf"), -float("inf")],
    "tensor": np.array([[1.5, float("nan")], [-0.0, 2.0]], "float32"),
    "scalar": np.array(True),
    "empty": np.zeros((0, 3), "complex64"),
}


def index_with(project, observation):
    """The index of a project whose record holds this observation."""
    record = project.kept("rates.scale_halves")
    record.timelines = {"observed": {"cpu": {"1.4": observation}}}
    store.write_record(project.path("rates.scale_halves"), record)
    return data_of(project)


@pytest.mark.parametrize("name", VALUES)
def test_observation_of_any_value_is_as_the_schema_says(project, name):
    value = encode.encode(VALUES[name])
    told = encode.dump(Observation(value, None, [Warned("UserWarning", "w")]))
    validate(index_with(project, told))


def test_tensors_and_facts_of_torch_are_as_the_schema_says(project):
    told = {"$tensor": "bfloat16[2] requires_grad", "rows": ["1.0 2.0"]}
    value = [told, {"$size": [2, 0]}, {"$dtype": "float32"}]
    validate(index_with(project, encode.seal({"value": value})))


def test_exception_is_as_the_schema_says(project):
    told = encode.dump(Observation(None, Raised("ValueError", "no"), []))
    validate(index_with(project, told))


@pytest.mark.parametrize(
    "observation",
    [
        {"digest": "0" * 16},
        {"value": 1},
        {"value": 1, "digest": "0"},
        {"value": 1, "raised": {"type": "E", "message": ""}, "digest": "0" * 16},
        {"raised": {"type": "E"}, "digest": "0" * 16},
        {"value": 1, "warned": [], "digest": "0" * 16},
        {"value": 1, "worth": 2, "digest": "0" * 16},
        {"value": {"$other": 1}, "digest": "0" * 16},
        {"value": {"$tuple": [1], "a": 1}, "digest": "0" * 16},
        {"value": {"$tensor": "float33[]", "rows": []}, "digest": "0" * 16},
        {"value": {"$tensor": "float32[]"}, "digest": "0" * 16},
        {"value": {"$dict": [[1]]}, "digest": "0" * 16},
        {"value": {"$float": "1.0"}, "digest": "0" * 16},
    ],
    ids=[
        "nothing",
        "no_digest",
        "digest",
        "both",
        "no_message",
        "no_warning",
        "field",
        "dollar",
        "two_forms",
        "dtype",
        "no_rows",
        "pair",
        "finite",
    ],
)
def test_schema_refuses_what_is_no_observation(project, observation):
    with pytest.raises(jsonschema.ValidationError):
        validate(index_with(project, observation))


def schemas(node, path="$"):
    """Every schema inside a schema, with its place."""
    if isinstance(node, dict):
        yield path, node
        for name, inner in node.items():
            yield from schemas(inner, f"{path}.{name}")
    elif isinstance(node, list):
        for number, inner in enumerate(node):
            yield from schemas(inner, f"{path}[{number}]")


def test_every_field_is_described_and_no_other_is_allowed():
    objects = [(path, node) for path, node in schemas(SCHEMA) if "$ref" in node or "type" in node]
    for path, node in objects:
        if "properties" not in node or not isinstance(node["properties"], dict):
            continue
        assert node.get("additionalProperties") is False, path
        optional = {"value", "raised", "warned"} if path == "$.$defs.observation" else set()
        assert set(node["required"]) == set(node["properties"]) - optional, path
        for name, field in node["properties"].items():
            assert "description" in field or "$ref" in field, f"{path}: {name}"
    assert all("description" in node for node in SCHEMA["$defs"].values())


@pytest.mark.parametrize(
    "name, struct",
    [
        ("environment", index.Environment),
        ("behaviour", Behaviour),
        ("change", Change),
        ("claim", Claim),
    ],
)
def test_schema_has_the_fields_of_the_types(name, struct):
    assert tuple(SCHEMA["$defs"][name]["properties"]) == struct.__struct_fields__


def test_schema_has_the_other_fields_and_the_kinds():
    assert tuple(SCHEMA["properties"]) == index.Index.__struct_fields__
    about = SCHEMA["$defs"]["behaviour"]["properties"]["interchange"]["anyOf"][1]
    assert tuple(about["properties"]) == Interchange.__struct_fields__
    assert SCHEMA["$defs"]["kind"]["enum"] == SLUGS
    assert SCHEMA["properties"]["format"]["const"] == index.FORMAT
