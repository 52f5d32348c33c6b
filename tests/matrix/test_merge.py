"""`torch-history merge`: run files enter the records in any order, from any name and folder."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fake import TOX_INI, Project
from torch_history import versions
from torch_history.catalogue import releases as matrix
from torch_history.cli import main
from torch_history.observing import encode
from torch_history.records import manifests, runs, store

SMALL = settings(max_examples=40, derandomize=True, deadline=None, database=None)
SPEC = (
    "def test_a(snapshot):\n    assert snapshot == 1\n\n\n"
    "def test_b(snapshot):\n    assert snapshot == 2\n"
)
# the last two stand beside the matrix
RELEASES = ("1.4.0", "1.13.1", "2.0.1", "2.6.0", "2.0.0", "2.6.1")
# 1.0 agrees with 1.000008, and that with 1.000016, but 1.0 does not agree with 1.000016
VALUES = [
    1,
    2,
    *({"$tensor": "float32[1]", "rows": [row]} for row in ("1.0", "1.000008", "1.000016")),
]


def lay_out(root):
    """A folder laid out as this repository, with two behaviours and no records."""
    project = Project(root)
    project.write("tox.ini", TOX_INI)
    project.write("spec/c/test_c.py", SPEC)
    project.digests = project.sources()
    return project


@pytest.fixture
def bare(tmp_path):
    return lay_out(tmp_path / "bare")


@pytest.fixture(scope="session")
def a_run(run_of):
    """Make the run of a release from the values of its two behaviours; None: skipped."""

    def make(project, release, a, b=1, device="cpu", **more):
        observed = {
            f"c.{name}": encode.seal({"value": value})
            for name, value in (("a", a), ("b", b))
            if value is not None
        }
        unknown = {
            f"c.{name}": "skipped: no GPU" for name, value in (("a", a), ("b", b)) if value is None
        }
        return run_of(
            release, observed, device, **{"sources": project.digests, "unknown": unknown, **more}
        )

    return make


def put(project, name, run):
    """Write a run file below the project; its path."""
    store.write(project.root / name, run)
    return project.root / name


def merge(project, *arguments):
    return main(["--root", str(project.root), "merge", *map(str, arguments)])


def by_hand(project, given_runs):
    """What a walk would write: the runs one after the other, the cpu's first, oldest first."""
    keyed = [(matrix.choose(project.root, [run["release"]])[0].key, run) for run in given_runs]
    for key, run in sorted(
        keyed, key=lambda pair: (pair[1]["device"] != "cpu", versions.key(pair[0]))
    ):
        runs.merge(project.root, run, key)
    return project.bytes()


@SMALL
@given(
    observed=st.dictionaries(
        st.tuples(st.sampled_from(["cpu", "other"]), st.sampled_from(RELEASES)),
        st.tuples(st.sampled_from(VALUES), st.sampled_from(VALUES)),
        min_size=1,
    ),
    draw=st.randoms(use_true_random=False),
)
def test_any_order_names_and_folders_give_the_bytes_of_a_walk(
    tmp_path_factory, a_run, observed, draw
):
    root = tmp_path_factory.mktemp("orders")
    merged, walked = lay_out(root / "merged"), lay_out(root / "walked")
    all_runs = [
        a_run(merged, release, a, b, device) for (device, release), (a, b) in observed.items()
    ]
    draw.shuffle(all_runs)
    folders = sorted(
        {
            put(merged, f"runs/{draw.randrange(3)}/{number}.json", run).parent
            for number, run in enumerate(all_runs)
        }
    )
    draw.shuffle(folders)
    assert merge(merged, *folders) == 0
    once = merged.bytes()
    assert once == by_hand(walked, all_runs)
    assert merge(merged, *reversed(folders)) == 0
    assert merged.bytes() == once


@SMALL
@given(
    values=st.lists(st.sampled_from(VALUES), min_size=2, max_size=4),
    draw=st.randoms(use_true_random=False),
)
def test_machines_that_recorded_one_release_agree_or_are_reported_in_any_order(
    tmp_path_factory, a_run, values, draw
):
    results = []
    for order in (range(len(values)), draw.sample(range(len(values)), len(values))):
        project = lay_out(tmp_path_factory.mktemp("machines"))
        files = [
            put(
                project,
                f"runs/{number}.json",
                a_run(project, "2.0.1", values[machine], numpy=str(machine)),
            )
            for number, machine in enumerate(order)
        ]
        results.append(
            (
                merge(project, put(project, "1.json", a_run(project, "1.4.0", 7)), *files),
                project.bytes(),
            )
        )
    assert results[0] == results[1]
    status, written = results[0]
    assert {"manifests/2.0.1-cpu.json", "manifests/1.4.0-cpu.json"} <= set(written)
    # of one behaviour they may differ, of the other they all saw the same
    seen = {
        name: store.read(project.path(f"c.{name}")).seen["cpu"] for name in ("a", "b")
    }  # of the second order
    assert seen == {"a": ["1.4.0", *(["2.0.1"] * (status == 0))], "b": ["1.4.0", "2.0.1"]}
    if len({repr(value) for value in values}) == 1:
        assert status == 0
    if {type(value) for value in values} == {int, dict} or {1, 2} <= {
        value for value in values if value in (1, 2)
    }:
        assert status == 1


@SMALL
@given(recorded=st.sampled_from(VALUES), observed=st.sampled_from(VALUES))
def test_run_that_disagrees_with_what_is_recorded_from_its_sources_changes_no_byte(
    tmp_path_factory, a_run, recorded, observed
):
    project = lay_out(tmp_path_factory.mktemp("recorded"))
    assert (
        merge(project, put(project, "one.json", a_run(project, "2.0.1", recorded, numpy="1"))) == 0
    )
    before = project.bytes()
    chain = project.kept("c.a").timelines["observed"]["cpu"]
    status = merge(project, put(project, "two.json", a_run(project, "2.0.1", observed, numpy="2")))
    assert project.bytes() == before
    assert status == (0 if runs._agrees(chain, "2.0", encode.seal({"value": observed})) else 1)


def test_two_machines_that_saw_otherwise_are_named_with_what_each_saw(bare, a_run, capsys):
    one, two = (
        put(bare, "one.json", a_run(bare, "2.0.1", 1)),
        put(bare, "two.json", a_run(bare, "2.0.1", 2, 3)),
    )
    assert merge(bare, one, two) == 1
    lines = capsys.readouterr().out.splitlines()
    assert (
        lines[0] == f"in conflict, not entered: torch 2.0.1 on cpu: c.a: value: {one}: 1; {two}: 2"
    )
    assert (
        lines[1] == f"in conflict, not entered: torch 2.0.1 on cpu: c.b: value: {one}: 1; {two}: 3"
    )
    assert (
        lines[2].startswith("0 entered, 0 recorded already, 2 in conflict") and bare.bytes() == {}
    )


def test_run_and_record_that_differ_are_named_with_what_each_holds(bare, a_run, capsys):
    assert merge(bare, put(bare, "one.json", a_run(bare, "2.0.1", 1))) == 0
    two = put(bare, "two.json", a_run(bare, "2.0.1", 2))
    capsys.readouterr()
    assert merge(bare, two) == 1
    assert capsys.readouterr().out.startswith(
        f"in conflict, not entered: torch 2.0.1 on cpu: c.a: value: recorded: 1; {two}: 2\n"
    )


def test_behaviour_in_conflict_keeps_no_other_out(bare, a_run, capsys):
    one, two = (put(bare, f"{value}.json", a_run(bare, "2.0.1", value, 7)) for value in (1, 2))
    assert merge(bare, one, two) == 1
    assert "1 entered, 0 recorded already, 1 in conflict" in capsys.readouterr().out
    assert not bare.path("c.a").exists() and bare.chain("c.b") == {"2.0": {"value": 7}}


def test_release_in_conflict_keeps_no_other_release_out(bare, a_run):
    paths = [
        put(bare, f"{name}.json", a_run(bare, release, value))
        for name, release, value in (
            ("old", "1.4.0", 1),
            ("one", "2.0.1", 1),
            ("two", "2.0.1", 2),
            ("new", "2.6.0", 3),
        )
    ]
    assert merge(bare, *paths) == 1
    assert bare.kept("c.a").seen == {"cpu": ["1.4.0", "2.6.0"]}
    assert bare.kept("c.b").seen == {"cpu": ["1.4.0", "2.0.1", "2.6.0"]}


def test_what_was_verified_is_not_lost_to_a_run_that_skipped_it(bare, a_run, capsys):
    assert merge(bare, put(bare, "one.json", a_run(bare, "2.0.1", 5))) == 0
    before = bare.bytes()
    two = put(bare, "two.json", a_run(bare, "2.0.1", None))
    capsys.readouterr()
    assert merge(bare, two) == 1 and bare.bytes() == before
    assert f"c.a: recorded: 5; {two}: unknown, skipped: no GPU" in capsys.readouterr().out


def test_run_that_verified_more_enters_over_one_that_skipped(bare, a_run):
    older = put(bare, "older.json", a_run(bare, "1.4.0", 5))
    less, more = (
        put(bare, "less.json", a_run(bare, "2.0.1", None)),
        put(bare, "more.json", a_run(bare, "2.0.1", 5)),
    )
    assert merge(bare, older, less) == 0
    assert bare.kept("c.a").unknown == {"cpu": {"2.0.1": "skipped: no GPU"}}
    assert merge(bare, more) == 0
    assert bare.kept("c.a").unknown == {}
    assert bare.kept("c.a").seen == bare.kept("c.b").seen == {"cpu": ["1.4.0", "2.0.1"]}
    after = bare.bytes()
    assert merge(bare, less, more) == 0 and bare.bytes() == after


@pytest.mark.parametrize("first", ["0", "9"])
def test_of_two_runs_that_agree_the_one_that_verified_more_enters(bare, a_run, first):
    less, more = (
        a_run(bare, "2.0.1", None, build=f"cu{first}"),
        a_run(bare, "2.0.1", 5, build="cu5"),
    )
    assert merge(bare, put(bare, "less.json", less), put(bare, "more.json", more)) == 0
    assert bare.kept("c.a").seen == {"cpu": ["2.0.1"]} and bare.kept("c.a").unknown == {}
    assert manifests.read(bare.root)["2.0.1"]["build"] == "cu5"


def test_what_does_not_read_back_is_told(bare, a_run, capsys, monkeypatch):
    monkeypatch.setattr("torch_history.records.runs.read_back", lambda root, run, version: ["c.a"])
    assert merge(bare, put(bare, "one.json", a_run(bare, "2.0.1", 1))) == 1
    assert "reading back failed: torch 2.0.1 on cpu: c.a\n" in capsys.readouterr().out


def test_record_from_an_older_source_is_replaced_and_the_others_are_kept(bare, a_run):
    older = {**bare.digests, "c.a": "0" * 16}
    for release in ("1.4.0", "2.0.1"):
        runs.merge(bare.root, a_run(bare, release, 1, sources=older), release[:3])
    assert merge(bare, put(bare, "new.json", a_run(bare, "2.0.1", 2))) == 0
    assert bare.kept("c.a").source == bare.digests["c.a"]
    assert bare.kept("c.a").seen == {"cpu": ["2.0.1"]}
    assert bare.chain("c.a") == {"2.0": {"value": 2}}
    assert bare.kept("c.b").seen == {"cpu": ["1.4.0", "2.0.1"]}


def test_of_a_run_only_the_behaviours_of_this_checkouts_sources_enter(bare, a_run, capsys):
    other = {**bare.digests, "c.a": "0" * 16}
    path = put(bare, "run.json", a_run(bare, "2.0.1", 1, 2, sources=other))
    assert merge(bare, path) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{path}: skipped, recorded from another source: c.a\n")
    assert not bare.path("c.a").exists() and bare.chain("c.b") == {"2.0": {"value": 2}}


def test_two_runs_of_different_sources_enter_each_with_what_is_this_checkouts(bare, a_run, capsys):
    """As two branches recorded them, each of which edited another test, once both are merged."""
    one, two = ({**bare.digests, name: "0" * 16} for name in ("c.a", "c.b"))
    paths = [
        put(bare, "one.json", a_run(bare, "2.0.1", 1, 2, sources=one)),
        put(bare, "two.json", a_run(bare, "2.0.1", 3, 4, sources=two)),
    ]
    assert merge(bare, *paths) == 0
    assert capsys.readouterr().out.count(": skipped, recorded from another source: c.") == 2
    assert bare.chain("c.a") == {"2.0": {"value": 3}} and bare.chain("c.b") == {"2.0": {"value": 2}}
    before = bare.bytes()
    assert merge(bare, *reversed(paths)) == 0 and bare.bytes() == before


def test_behaviour_that_is_gone_is_skipped_aloud(bare, a_run, capsys):
    run = a_run(bare, "2.0.1", 1)
    run["observations"]["c.gone"] = run["observations"]["c.a"]
    run["observations"]["c.lost"] = run["observations"]["c.a"]
    run["sources"].update({"c.gone": "0" * 16, "c.lost": "0" * 16})
    assert merge(bare, put(bare, "one.json", run)) == 0
    assert "skipped, recorded from another source: c.gone and 1 more" in capsys.readouterr().out
    assert not bare.path("c.gone").exists()


def test_two_parts_of_one_release_enter_together(bare, a_run, capsys):
    parts = []
    for name in ("c.a", "c.b"):
        run = a_run(bare, "2.0.1", 1, 2)
        for part in ("sources", "observations"):
            run[part] = {name: run[part][name]}
        parts.append(put(bare, f"{name}.json", run))
    assert merge(bare, *parts) == 0
    assert "torch 2.0.1: 2 verified, 0 unknown, 2 entries changed" in capsys.readouterr().out
    assert bare.kept("c.a").seen == bare.kept("c.b").seen == {"cpu": ["2.0.1"]}


def test_part_of_the_behaviours_leaves_the_manifest(bare, a_run, capsys):
    assert merge(bare, put(bare, "one.json", a_run(bare, "2.0.1", 1))) == 0
    bare.change("spec/c/test_c.py", "snapshot == 1", "snapshot == 3")
    run = a_run(bare, "2.0.1", 1, None, sources=bare.sources(), numpy="9")
    for part in ("sources", "unknown"):
        del run[part]["c.b"]
    assert merge(bare, put(bare, "two.json", run)) == 0
    assert "the environment is not the one of its manifest (numpy 1, now 9)" in " ".join(
        capsys.readouterr().out.split()
    )
    assert manifests.read(bare.root)["2.0.1"]["numpy"] == "1"
    assert bare.kept("c.a").source == run["sources"]["c.a"]


def test_edited_test_that_failed_leaves_its_record(bare, a_run, capsys):
    assert merge(bare, put(bare, "one.json", a_run(bare, "2.0.1", 1))) == 0
    before = bare.bytes()
    bare.change("spec/c/test_c.py", "snapshot == 1", "snapshot == 3")
    run = a_run(bare, "2.0.1", None, sources=bare.sources())
    run["unknown"] = {"c.a": "failed: assert 1 == 3"}
    assert merge(bare, put(bare, "two.json", run)) == 1
    assert "c.a: failed: assert 1 == 3" in capsys.readouterr().out and bare.bytes() == before


def test_damaged_record_is_one_line_and_nothing_is_entered(bare, a_run, capsys):
    path = put(bare, "one.json", a_run(bare, "2.0.1", 1))
    assert merge(bare, path) == 0
    bare.path("c.a").write_text("{")
    before = bare.bytes()
    capsys.readouterr()
    assert merge(bare, path) == 2
    err = capsys.readouterr().err
    assert f"{bare.path('c.a')}:1: truncated" in err and err.count("\n") == 1
    assert bare.bytes() == before


def test_record_that_was_lost_is_entered_again(bare, a_run):
    path = put(bare, "one.json", a_run(bare, "2.0.1", 1))
    assert merge(bare, path) == 0
    before = bare.bytes()
    bare.path("c.a").unlink()
    assert merge(bare, path) == 0 and bare.bytes() == before


def test_behaviour_that_failed_is_told_and_the_rest_is_entered(bare, a_run, capsys):
    run = a_run(bare, "2.0.1", None)
    run["unknown"] = {"c.a": "failed: index [red] out of range"}
    assert merge(bare, put(bare, "one.json", run)) == 1
    out = capsys.readouterr().out
    assert "c.a: failed: index [red] out of range" in out and "1 with failures" in out
    assert bare.kept("c.a").unknown == {"cpu": {"2.0.1": "failed: index [red] out of range"}}
    assert bare.kept("c.b").seen == {"cpu": ["2.0.1"]}


def damage(change):
    """A run file changed by ``change(run)``, which gives text or the new content."""

    def spoil(run):
        changed = change(run)
        return changed if isinstance(changed, str) else json.dumps(changed)

    return spoil


@pytest.mark.parametrize(
    "change, says",
    [
        (damage(lambda run: json.dumps(run)[:-1]), "bad.json:1: truncated"),
        (damage(lambda run: "[]"), "bad.json:1: not a JSON object"),
        (damage(lambda run: {**run, "format": 1}), "bad.json: not a run file of format 2"),
        (damage(lambda run: {**run, "observations": [1]}), "bad.json: not a run file of format 2"),
        (damage(lambda run: {**run, "observations": {"c.a": {}}}), "bad.json: not a run file"),
        (damage(lambda run: {**run, "sources": "0123"}), "bad.json: not a run file of format 2"),
        (damage(lambda run: {**run, "sources": {"c.a": 1}}), "bad.json: not a run file"),
        (
            damage(lambda run: {**run, "device": "../../cpu"}),
            "bad.json: not a run file of format 2",
        ),
        (
            damage(lambda run: {name: run[name] for name in run if name != "python"}),
            "bad.json: not a run file of format 2",
        ),
        (
            damage(lambda run: {**run, "sources": {name: "0123" for name in run["sources"]}}),
            "bad.json: all of it was recorded from other sources than this checkout's",
        ),
        (
            damage(lambda run: {**run, "release": "2.7.0"}),
            "bad.json: release '2.7.0' is not in the matrix",
        ),
        (
            damage(lambda run: {**run, "release": "2.6.0.dev1"}),
            "bad.json: release '2.6.0.dev1' is not in the matrix",
        ),
        (damage(lambda run: {**run, "release": "2.6"}), "bad.json: 2.6 is a line, not a release"),
        (damage(lambda run: {**run, "release": "../2"}), "bad.json: '../2' is not a version"),
        (
            damage(lambda run: {**run, "unknown": {"../c": "skipped"}}),
            "bad.json: not a run file of format 2",
        ),
        (damage(lambda run: {**run, "unknown": {"c.a": "skipped"}}), "bad.json: not a run file"),
        (damage(lambda run: {**run, "observations": {}}), "bad.json: not a run file of format 2"),
        (
            damage(lambda run: {**run, "build": "cpu"}),
            "bad.json: the environment holds a CPU wheel",
        ),
        (
            damage(lambda run: json.dumps(run).replace('"value": 1', '"value": 2')),
            "bad.json: c.a (observed): edited by hand",
        ),
        (
            damage(lambda run: json.dumps(run).replace('"value": 1', '"worth": 1')),
            "bad.json: c.a (observed): this is no observation",
        ),
    ],
    ids=[
        "truncated",
        "list",
        "format",
        "observations",
        "no_case",
        "sources_as_text",
        "source_as_number",
        "device",
        "field",
        "sources",
        "matrix",
        "nightly",
        "line",
        "version",
        "unknown_without_source",
        "both_unknown_and_observed",
        "neither_unknown_nor_observed",
        "cpu_wheel",
        "edited",
        "no_observation",
    ],
)
def test_bad_run_file_is_one_line_and_nothing_is_entered(bare, a_run, capsys, change, says):
    put(bare, "runs/1.json", a_run(bare, "1.4.0", 1))
    bare.write("runs/bad.json", change(a_run(bare, "2.6.0", 1)))
    assert merge(bare, bare.root / "runs") == 2
    out, err = capsys.readouterr()
    assert (
        err.startswith("torch-history: ")
        and says in err
        and err.count("\n") == 1
        and out == ""
        and bare.bytes() == {}
    )


@pytest.mark.parametrize(
    "content, says",
    [(None, "no such file or folder"), ("{}", "holds no run file")],
    ids=["missing", "empty"],
)
def test_path_without_a_run_is_one_line(bare, capsys, content, says):
    if content:
        bare.write("runs/other.json", content)
    assert merge(bare, bare.root / "runs") == 2
    err = capsys.readouterr().err
    assert f"runs: {says}" in err and err.count("\n") == 1


def test_other_json_in_a_folder_is_skipped_aloud_and_refused_by_name(bare, a_run, capsys):
    put(bare, "runs/bench/rounds.json", {"rounds": []})
    put(bare, "runs/1.json", a_run(bare, "1.4.0", 1))
    assert merge(bare, bare.root / "runs") == 0
    assert capsys.readouterr().out.startswith(
        f"{bare.root / 'runs/bench/rounds.json'}: skipped, it holds no run\n"
    )
    assert merge(bare, bare.root / "runs", bare.root / "runs/bench/rounds.json") == 2


def test_cpu_wheel_enters_where_any_build_may(bare, a_run):
    path = put(bare, "one.json", a_run(bare, "2.0.1", 1, build="cpu"))
    assert merge(bare, "--any-build", path) == 0 and list(manifests.read(bare.root)) == ["2.0.1"]


def test_file_given_twice_counts_once(bare, a_run, capsys):
    path = put(bare, "runs/one.json", a_run(bare, "2.0.1", 1))
    assert merge(bare, path, bare.root / "runs", path) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(
        "1 entered, 0 recorded already, 0 in conflict, 0 with failures, 2 entries changed"
    )


def test_dry_run_says_what_would_enter_and_writes_nothing(bare, a_run, capsys):
    one, two = (
        put(bare, "one.json", a_run(bare, "2.0.1", 1)),
        put(bare, "two.json", a_run(bare, "1.4.0", 1)),
    )
    assert merge(bare, "--dry-run", one, two) == 0
    assert capsys.readouterr().out == (
        f"torch 1.4.0 on cpu: 2 behaviours would be entered from {two}\n"
        f"torch 2.0.1 on cpu: 2 behaviours would be entered from {one}\n"
    )
    assert bare.bytes() == {} and not (bare.root / ".history").exists()


def test_merging_what_the_walk_left_gives_its_bytes(walked, capsys):
    assert walked.record() == 0
    before = walked.bytes()
    for path in [*walked.spec.glob("*/__snapshots__/*"), *(walked.root / "manifests").glob("*")]:
        path.unlink()
    assert merge(walked, walked.root / ".history") == 0
    assert walked.bytes() == before and len(manifests.read(walked.root)) == 4


def test_record_takes_what_was_merged_for_up_to_date(walked, capsys):
    assert merge(walked, walked.root / "prepared/torch2.0.json") == 0
    assert walked.record("2.0") == 0 and walked.calls() == []


def test_versions_as_json_name_what_the_pipeline_records(project, capsys):
    (project.root / "manifests" / "2.0.1-cpu.json").unlink()
    assert main(["--root", str(project.root), "versions", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["release"], row["verified"], row["reason"]) for row in rows] == [
        ("1.4.0", 12, None),
        ("1.13.1", 12, None),
        ("2.0.1", 0, "not recorded"),
        ("2.6.0", 12, None),
    ]
