"""The files of raw rounds: what is written is read back, and nothing else is read."""

import gzip
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.bench.making import DATE, NOTHING, grown, manifest, record, rounds
from torch_history.bench import estimate, growth, page, raw
from torch_history.bench.rounds import Comparison, FirstCall, Growth, ToolFigures
from torch_history.errors import HistoryError

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = sorted((ROOT / "benchmarks").glob("*.json"))
COMPARED = record(
    before=manifest(device="cpu", numpy="1.26.4"),
    rounds={"mlp-5.forward": (*rounds(1e5, 1e5, 1e5, launches=2, count=3), NOTHING)},
    missing={"x": 'a reason with "quotes"'},
    first_call={"x.compiled": FirstCall(before=(1, 2), control=(3, 4), after=(5, 6))},
)
GROWN = grown({1: [1000, 2000], 2: [3000], 3: [4000]}, missing={"mlp-5@4.whole_step": "too large"})
TOOL = ToolFigures(
    title="Costs", command="python x.py", date=DATE, lines=("| a |",), figures=[{"a": [1.5, None]}]
)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "run.json"


def document(kept, folder):
    """The JSON of a record, as `bench` writes it."""
    raw.write(folder / "valid.json", kept)
    return json.loads((folder / "valid.json").read_text(encoding="utf-8"))


def refusal(path):
    """The one line that says why a file is not read."""
    with pytest.raises(HistoryError) as caught:
        raw.read_any(path)
    message = str(caught.value)
    assert message.splitlines() == [message] and message.startswith(f"{path}: ")
    assert message.endswith(raw.REMEDY)
    return message[len(f"{path}: ") : -len(f": {raw.REMEDY}")]


def changed(value, path, new):
    """A JSON value in which the place that the path leads to is another; ``...`` removes it."""
    if not path:
        return new
    key, *rest = path
    copy = value.copy()
    if new is ... and not rest:
        del copy[key]
    else:
        copy[key] = changed(copy[key], rest, new) if rest else new
    return copy


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_committed_files_are_written_as_they_are(file, path):
    raw.write(file, raw.read_any(path))
    assert file.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("kept", [COMPARED, GROWN, TOOL], ids=lambda kept: kept.what)
def test_a_record_is_read_as_it_was_written(file, kept):
    raw.write(file, kept)
    assert raw.read(file, type(kept)) == kept


def test_a_file_of_another_kind_is_refused(file):
    raw.write(file, COMPARED)
    with pytest.raises(HistoryError, match=r"\$\.what: not a growth of format 1, found 'compar"):
        raw.read(file, Growth)


def test_fields_that_a_newer_manifest_adds_are_ignored(file, tmp_path):
    newer = changed(document(COMPARED, tmp_path), ["before", "cpu_vendor"], "AuthenticAMD")
    file.write_text(json.dumps(newer), encoding="utf-8")
    assert raw.read(file, Comparison) == COMPARED


FORWARD = ["rounds", "mlp-5.forward"]
PLACE = "$.rounds['mlp-5.forward'][1]"


@pytest.mark.parametrize(
    "path, new, says",
    [
        (["what"], "comparision", "$.what: not one of comparison, growth, tool, found 'compari"),
        (["what"], ["tool"], "$.what: not one of comparison, growth, tool, found ['tool']"),
        (["format"], 2, "$.format: not a comparison of format 1, found 2"),
        (["format"], True, "$.format: not a comparison of format 1, found True"),
        (["device"], "mps", "$: `device` is 'mps', not cpu, cuda or cuda:N"),
        (["date"], "yesterday", "$.date: Invalid RFC3339 encoded date, found 'yesterday'"),
        (["seed"], -1, "$: `seed` is -1, not between 0 and 4294967295"),
        (["interrupted"], 0, "$.interrupted: Expected `bool`, got `int`, found 0"),
        (["notes"], "none", "$.notes: Expected `array`, got `str`, found 'none'"),
        (["rounds"], ..., "$: Object missing required field `rounds`"),
        (["round"], {}, "$: Object contains unknown field `round`"),
        (["machine", "load", 1], "high", "$.machine.load[1]: Expected `float`, got `str`"),
        (["machine", "cores"], -2, "$.machine: `cores` is -2, not between 1 and"),
        (["before"], {}, "$.before: Object missing required field `release`"),
        (["before", "release"], "<b>", "$.before: `release` is '<b>', not a version"),
        (["missing", "x"], None, "$.missing['x']: Expected `str`, got `null`, found None"),
        (FORWARD, [], "$: `rounds` of 'mlp-5.forward' has 0 launches, not between 1 and"),
        ([*FORWARD, 1, "calls"], 0, f"{PLACE}: `calls` is 0, not between 1 and"),
        ([*FORWARD, 1, "calls"], 1.5, f"{PLACE}.calls: Expected `int`, got `float`, found 1.5"),
        ([*FORWARD, 1, "control"], ..., f"{PLACE}: Object missing required field `control`"),
        ([*FORWARD, 1, "after"], [1], f"{PLACE}: `before`, `control` and `after` have 3, 3 and 1"),
        ([*FORWARD, 1, "after", 2], -5, f"{PLACE}: `after[2]` is -5, not between 0 and"),
        ([*FORWARD, 1, "after", 2], 10**30, f"{PLACE}: `after[2]` is 1000000000"),
        ([*FORWARD, 1, "after", 2], None, f"{PLACE}.after[2]: Expected `int`, got `null`"),
        (["rounds", ""], [], "$: the name '' must have 1 to 200 characters"),
        (["first_call", "x.compiled", "after"], [], "$.first_call['x.compiled']: `before`, `con"),
        (
            ["first_call", "x.compiled"],
            {"before": [], "control": [], "after": []},
            "$.first_call['x.compiled']: `before` is empty",
        ),
    ],
    ids=str,
)
def test_a_damaged_comparison_is_refused(file, tmp_path, path, new, says):
    damaged = changed(document(COMPARED, tmp_path), path, new)
    file.write_text(json.dumps(damaged), encoding="utf-8")
    assert refusal(file).startswith(says)


CASE, CURVE = ["rounds", "mlp-5@2.whole_step"], ["curves", "mlp-5 by batch"]


@pytest.mark.parametrize(
    "path, new, says",
    [
        ([*CASE, "ns", 0], -1, "$.rounds['mlp-5@2.whole_step']: `ns[0]` is -1, not between 0"),
        ([*CASE, "calls"], 0, "$.rounds['mlp-5@2.whole_step']: `calls` is 0, not between 1"),
        ([*CURVE, "axis"], "depth", "$.curves['mlp-5 by batch'].axis: Invalid enum value 'depth'"),
        ([*CURVE, "sizes"], [3, 2], "$.curves['mlp-5 by batch']: `sizes` is [3, 2]: the sizes do"),
        ([*CURVE, "sizes"], [0], "$.curves['mlp-5 by batch']: `sizes` is 0, not between 1"),
        ([*CURVE, "held"], 10**9, "$.curves['mlp-5 by batch']: `held` is 1000000000, not between"),
        (["figure"], "gpu", "$.figure: Invalid enum value 'gpu'"),
    ],
    ids=str,
)
def test_a_damaged_growth_is_refused(file, tmp_path, path, new, says):
    damaged = changed(document(GROWN, tmp_path), path, new)
    file.write_text(json.dumps(damaged), encoding="utf-8")
    assert refusal(file).startswith(says)


def test_a_curve_by_width_is_of_a_family_whose_parameters_are_counted(file, tmp_path):
    conv = {"axis": "width", "family": "conv", "held": 8, "sizes": [1, 2, 3]}
    damaged = changed(document(GROWN, tmp_path), CURVE, conv)
    file.write_text(json.dumps(damaged), encoding="utf-8")
    assert "`family` is 'conv'" in refusal(file)


def test_the_first_of_many_damaged_benchmarks_is_named(file, tmp_path):
    good = document(COMPARED, tmp_path)["rounds"]["mlp-5.forward"]
    bad = [{**good[0], "calls": "many"}]
    many = {f"b{number}": bad if number in (37, 61) else good for number in range(100)}
    damaged = changed(document(COMPARED, tmp_path), ["rounds"], many)
    file.write_text(json.dumps(damaged), encoding="utf-8")
    assert refusal(file).startswith("$.rounds['b37'][0].calls: Expected `int`, got `str`")


@pytest.mark.parametrize(
    "content, says",
    [
        (b"", "line 1: damaged (Input data was truncated)"),
        (b'{"format": 1,\n"what": "tool"', "line 2: damaged (Input data was truncated)"),
        (b'{\n"format": 1,\n<<<<<<< HEAD\n', "line 3: damaged (JSON is malformed"),
        (b'{\n"format": NaN}', "line 2: damaged (JSON is malformed"),
        (b'{\n\n"what": "\xff"}', "line 3: damaged ("),
        (b'{"format": ' + b"1" * 5000 + b"}", "line 1: damaged ("),
        (b"[" * 100_000, "$: damaged (nested too deeply)"),
        (b"[1]", "$: not a JSON object, found [1]"),
        (b"{}", "$.what: not one of comparison, growth, tool, found None"),
    ],
    ids=["empty", "cut", "conflict", "nan", "not UTF-8", "huge", "deep", "list", "no kind"],
)
def test_damaged_text_is_refused(file, content, says):
    file.write_bytes(content)
    assert refusal(file).startswith(says)


def test_a_fifo_is_refused_without_waiting_for_a_writer(file):
    os.mkfifo(file)
    assert refusal(file) == "cannot be read (a FIFO, not a regular file)"


@pytest.mark.parametrize("path, kind", [("/dev/zero", "a device"), (".", "a folder")])
def test_devices_and_folders_are_refused(tmp_path, path, kind):
    assert refusal(tmp_path / path) == f"cannot be read ({kind}, not a regular file)"


@pytest.mark.parametrize("name", ["none.json", "a\0b", "valid.json/x"])
def test_a_path_that_cannot_be_read_is_refused(tmp_path, name):
    raw.write(tmp_path / "valid.json", TOOL)
    with pytest.raises(HistoryError, match=r"cannot be read \([^)\n]+\): name a file"):
        raw.read_any(tmp_path / name)


def test_a_file_above_the_limit_is_refused(file, monkeypatch):
    monkeypatch.setattr(raw, "LARGEST_FILE", 100)
    raw.write(file, TOOL)
    assert refusal(file) == "cannot be read (larger than 0 MB)"


def test_a_packed_file_is_read(file):
    raw.write(file, COMPARED)
    packed = file.with_suffix(".json.gz")
    packed.write_bytes(gzip.compress(file.read_bytes()))
    assert raw.read(packed, Comparison) == COMPARED


@pytest.mark.parametrize(
    "content, says",
    [
        (gzip.compress(b"{}" * 100)[:-9], "not one whole gzip file"),
        (gzip.compress(b"{}") + b"more", "not one whole gzip file"),
        (b"\x1f\x8b" + b"\0" * 20, "Error -3 while decompressing data: "),
        (gzip.compress(b" " * 1_000_001), "larger than 1 MB unpacked"),
    ],
    ids=["cut", "more", "damaged", "bomb"],
)
def test_a_damaged_packed_file_is_refused(file, monkeypatch, content, says):
    monkeypatch.setattr(raw, "LARGEST_FILE", 1_000_000)
    file.write_bytes(content)
    assert refusal(file).startswith(f"cannot be read ({says}")


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["comparison", "growth", "tool", "cpu", "2026-01-01", 10**400, 1e999, -1]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


def paths(value, before=()):
    """Every place in a JSON value."""
    yield before
    if isinstance(value, (list, dict)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from paths(value[key], (*before, key))


def read_or_refused(path):
    """Reads, and whatever is read can be shown; or raises HistoryError of one line."""
    try:
        kept = raw.read_any(path)
    except HistoryError as error:
        message = str(error)
    else:
        message = shown_and_written(path, kept)
    assert message.splitlines() == [message] and message.startswith(str(path))


def shown_and_written(path, kept):
    """Show what was read, and write and read it again."""
    if isinstance(kept, Comparison):
        assert page.markdown(kept, estimate.estimates(kept))
    elif isinstance(kept, Growth):
        assert growth.text(growth.curves(kept))
    raw.write(path, kept)
    assert raw.read_any(path) == kept
    return str(path)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    """A path to write to, and the documents of three valid records."""
    folder = tmp_path_factory.mktemp("fuzzed")
    short = replace(COMPARED, rounds={"x": rounds(1e5, 1e5, 1e5, launches=3, count=2)})
    return folder / "run.json", [document(kept, folder) for kept in (short, GROWN, TOOL)]


@given(st.data())
def test_changed_records_are_read_or_refused(fuzzed, data):
    path, documents = fuzzed
    value = data.draw(st.sampled_from(documents))
    for _ in range(data.draw(st.integers(1, 2))):
        place = data.draw(st.sampled_from(list(paths(value))))
        value = changed(
            value, place, data.draw(json_values | (st.just(...) if place else st.none()))
        )
        if not isinstance(value, dict):
            break
    path.write_text(json.dumps(value), encoding="utf-8")
    read_or_refused(path)


@given(st.data())
def test_changed_text_is_read_or_refused(fuzzed, data):
    path, documents = fuzzed
    text = json.dumps(data.draw(st.sampled_from(documents))).encode()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 8)))
    path.write_bytes(text[:start] + data.draw(st.binary(max_size=4)) + text[end:])
    read_or_refused(path)


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_and_any_json_are_read_or_refused(fuzzed, content):
    path, _ = fuzzed
    path.write_bytes(content)
    read_or_refused(path)
