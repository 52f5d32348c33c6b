"""A record that is gone, cut or edited is named by `check`, and unknown in every answer."""

import json

import pytest

from tests.check.making import RATES, faults_of
from tests.literals import plant, raised, value
from torch_history.check.rules import record_form, record_missing
from torch_history.check.tree import Tree
from torch_history.cli import main

NAME = "rates.scale_halves"
FILE = "spec/rates/__snapshots__/scale_halves.json"
# a record in which every part is used
WHOLE = {
    "former": ["rates.old", "rates.older"],
    "seen": {"cpu": ["1.4.0", "2.0.1", "2.6.0"], "cuda": ["2.6.0"]},
    "unknown": {"cpu": {"1.13.1": "skipped: no part"}},
    "distances": {"cpu": {"1.4.0": 2, "2.6.0": 3}},
    "timelines": {
        "mean": {"cpu": {"1.4": value(1.0, "UserWarning"), "2.0": value(0.5)}},
        "sum": {
            "cpu": {"1.4": value({"a": [1, None], "b": True}), "2.0": raised("ValueError", "no")},
            "cuda": {"2.6": value({"$tensor": "float32[2]", "rows": ["1.0 2.0"]})},
        },
    },
}


@pytest.fixture
def whole(project):
    """The project with that record; its text is what `edits` are made from."""
    path = plant(project, NAME, **WHOLE)
    project.text = path.read_text(encoding="utf-8")
    assert faults_of(record_form, project) == [] and project.kept(NAME).source
    return project


def told(project, text):
    """Whether `check` names the record with this text, and whether readers take it for unknown."""
    project.path(NAME).write_bytes(text if isinstance(text, bytes) else text.encode())
    named = [fault for fault in faults_of(record_form, project) if fault.startswith(f"{FILE}:")]
    return len(named) == 1, bool(Tree(project.root).states[NAME].fault)


def test_record_cut_anywhere_is_named_and_unknown(whole):
    cuts = [*range(0, len(whole.text) - 1, 40), len(whole.text) - 2]
    assert {told(whole, whole.text[:cut]) for cut in cuts} == {(True, True)}


def test_record_without_its_last_newline_says_the_same_and_is_named(whole):
    assert told(whole, whole.text[:-1]) == (True, False)


def test_record_without_any_of_its_lines_is_named_and_unknown(whole):
    lines = whole.text.splitlines(keepends=True)
    kept = {"".join(lines[:number] + lines[number + 1 :]) for number in range(len(lines))}
    assert {told(whole, text) for text in kept} == {(True, True)}


def test_any_byte_that_is_not_utf8_is_named_and_unknown(whole):
    content = whole.text.encode()
    for place in range(0, len(content), 97):
        assert told(whole, content[:place] + b"\xff" + content[place + 1 :]) == (True, True)


def parts(node, path=()):
    """The path of every part inside a JSON value."""
    inner = node.items() if isinstance(node, dict) else enumerate(node)
    for name, part in inner:
        yield (*path, name)
        if isinstance(part, (dict, list)):
            yield from parts(part, (*path, name))


def other(part):
    """Values that differ from a part, some of them of another type."""
    yield from (None, [], {})
    if isinstance(part, str):
        yield from (part + " ", part[:-1], part.upper() + "x", 1)
    elif isinstance(part, bool):
        yield from (not part, int(part))
    elif isinstance(part, (int, float)):
        yield from (part + 1, -part, str(part))
    elif isinstance(part, list):
        yield from (part[:-1], [*part, "x"], dict.fromkeys(map(str, part)))
    elif isinstance(part, dict):
        yield from ({**part, "x": "1"}, list(part), "1")
    if isinstance(part, dict) and len(part) > 1:
        yield dict(reversed(list(part.items())))


def within(data, path):
    """The dict or list that holds a part, in a copy of the data; with the copy."""
    copy = json.loads(json.dumps(data))
    holder = copy
    for name in path[:-1]:
        holder = holder[name]
    return copy, holder


@pytest.mark.parametrize("first", ["format", "source", "former", "seen", "unknown", "distances"])
def test_any_edited_part_is_named_and_unknown(whole, first):
    assert_edits_are_told(whole, first)


@pytest.mark.parametrize("case", WHOLE["timelines"])
def test_any_edited_part_of_a_timeline_is_named_and_unknown(whole, case):
    assert_edits_are_told(whole, "timelines", case)


def test_edited_digest_is_named_and_unknown(whole):
    assert_edits_are_told(whole, "digest")


def assert_edits_are_told(project, *begins):
    data = json.loads(project.text)
    for path in parts(data):
        if path[: len(begins)] != begins:
            continue
        copy, holder = within(data, path)
        part = holder.pop(path[-1])
        assert told(project, dumps(copy)) == (True, True), f"without {path}"
        for instead in other(part):
            copy, holder = within(data, path)
            if instead is not part:
                holder[path[-1]] = instead
                assert told(project, dumps(copy)) == (True, True), f"{path} is {instead!r}"


def dumps(data):
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


# ---- the commands


DAMAGES = {
    "deleted": lambda path: path.unlink(),
    "empty": lambda path: path.write_text(""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:200]),
    "edited": lambda path: path.write_text(path.read_text().replace("0.5", "0.7")),
    "edited_releases": lambda path: path.write_text(path.read_text().replace("1.13.1 ", "")),
    "no_json": lambda path: path.write_bytes(b"\xff\x00"),
    "conflict": lambda path: path.write_text(f"<<<<<<< HEAD\n{path.read_text()}"),
    "list": lambda path: path.write_text("[]\n"),
    "folder": lambda path: (path.unlink(), path.mkdir()),
    "former_form": lambda path: path.write_text('{"observed": {"cpu": {"1.4": {"value": 1}}}}\n'),
}
MISSING = "it has no record: run `torch-history record`"
DAMAGED = "its record is damaged: run `torch-history check`"


@pytest.fixture(params=DAMAGES)
def damaged(request, project):
    """The project with a record damaged in each way; why readers say it is unknown."""
    project.why = MISSING if request.param == "deleted" else DAMAGED
    DAMAGES[request.param](project.path(NAME))
    return project


@pytest.fixture
def run(capsys):
    def command(project, *arguments):
        status = main(["--root", str(project.root), *arguments])
        out, err = capsys.readouterr()
        assert err == ""
        return status, out

    return command


def test_check_names_the_damaged_record_and_ends_with_one(damaged, run):
    status, out = run(damaged, "check")
    begins = f"{RATES}:12: {NAME}: " if damaged.why == MISSING else FILE
    assert status == 1 and out.startswith(begins)
    assert out.splitlines()[1:] == ["12 behaviours, 4 manifests: 1 fault"]


def test_diff_calls_the_damaged_behaviour_unknown_and_tells_the_rest(damaged, run):
    status, out = run(damaged, "diff", "1.13", "2.6", "--format", "json")
    answer = json.loads(out)
    assert status == 1 and len(answer["differences"]) == 7
    assert answer["unknown"] == [
        {"behaviour": NAME, "version": version, "reason": damaged.why}
        for version in ("1.13", "2.6")
    ]


def test_diff_of_nothing_but_the_damaged_behaviour_ends_with_zero_and_says_so(damaged, run):
    status, out = run(damaged, "diff", "1.13", "2.6", "--api", "fakelib.optim.scale")
    assert status == 0 and f"unknown under 2.6: {NAME}: {damaged.why}" in " ".join(out.split())


def test_show_of_the_damaged_behaviour_says_that_it_is_unknown(damaged, run):
    status, out = run(damaged, "show", NAME)
    assert status == 0 and f"unknown on every release: {damaged.why}" in out
    assert "from 2.0:" not in out and "verified on" not in out


@pytest.mark.parametrize(
    "arguments", [["list"], ["versions"], ["export"], ["claims"], ["docs"]], ids=" ".join
)
def test_other_answers_go_on(damaged, run, arguments):
    assert run(damaged, *arguments)[0] == 0


def test_page_calls_the_damaged_behaviour_unknown(damaged, run, tmp_path):
    pytest.importorskip("jinja2")
    assert run(damaged, "page", "--to", str(tmp_path / "site"))[0] == 0
    page = (tmp_path / "site" / "behaviours" / f"{NAME}.html").read_text(encoding="utf-8")
    assert f"Not verified on 1.4 to 2.6: {damaged.why.partition(': ')[0]}" in page
    assert "Not observed on any release." in page and "1.4 to 2.6: unknown" in page
    assert 'class="c"' not in page


def test_every_record_may_be_gone(project, run):
    for path in project.spec.glob("*/__snapshots__/*"):
        path.unlink()
    assert len(faults_of(record_missing, project)) == 12
    assert run(project, "check")[0] == 1
    status, out = run(project, "diff", "1.13", "2.6", "--format", "json")
    assert status == 0 and len(json.loads(out)["unknown"]) == 24


# ---- an edited test


def test_edited_test_is_named_and_unknown_though_its_record_is_whole(project, run):
    project.change(RATES, "observe(fakelib.scale)", "observe(lambda: 2 * fakelib.scale())")
    why = "its test changed after the recording: run `torch-history record`"
    status, out = run(project, "check")
    assert status == 1 and out.startswith(f"{RATES}:12: {NAME}: its test, or what that reaches, ")
    status, out = run(project, "diff", "1.13", "2.6", "--format", "json")
    assert [one["reason"] for one in json.loads(out)["unknown"]] == [why, why]
    told = json.loads(out)
    shown = [one for finding in told["findings"] for one in finding["behaviours"]]
    assert len(shown) == 7 and NAME not in [*shown, *told["differences"]]
    status, out = run(project, "show", NAME)
    assert status == 0 and f"unknown on every release: {why}" in out
