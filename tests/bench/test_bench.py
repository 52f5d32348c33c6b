"""The comparison of two releases: its workers, its verdicts, its files."""

from __future__ import annotations

import contextlib
import math
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.bench.making import DATE, NOTHING, judged, manifest, record, rounds
from torch_history.bench import command, design, estimate, page, raw
from torch_history.bench.rounds import ROLES, Comparison, FirstCall, ToolFigures
from torch_history.bench.timing import block
from torch_history.errors import HistoryError
from torch_history.matrix.environments import Environment, environment

ROOT = Path(__file__).resolve().parent.parent.parent
LEVEL = 0.05 / 40


@given(st.floats(0.5, 2.0), st.floats(1e3, 1e8))
def test_ratio_is_that_of_the_times_whatever_their_scale(ratio, nanoseconds):
    found = estimate.estimate(
        "x",
        rounds(nanoseconds, nanoseconds, ratio * nanoseconds, launches=2, count=3, noise=0.0),
        LEVEL,
    )
    assert found.ratio == pytest.approx(ratio, rel=1e-3)
    assert found.control == pytest.approx(1.0)
    assert found.before_ns == pytest.approx(nanoseconds, rel=1e-3)


@pytest.mark.parametrize(
    "before, control, after, verdict",
    [
        (1e5, 1e5, 1.1e5, "slower"),
        (1e5, 1e5, 0.9e5, "faster"),
        (1e5, 1e5, 1e5, "inconclusive"),
        (1e5, 1e5, 1.03e5, "inconclusive"),
        (1e5, 1.08e5, 1.3e5, "void"),
    ],
    ids=["10 % slower", "10 % faster", "the same", "below the threshold", "control off"],
)
def test_verdict_follows_ratio_and_control(before, control, after, verdict):
    assert estimate.estimate("x", rounds(before, control, after), LEVEL).verdict == verdict


def test_launches_that_disagree_leave_a_change_inconclusive():
    """Two launches of six are 33 % slower: the mean is above 1.05, and the interval includes 1."""
    launches = rounds(1e5, 1e5, 1e5, launches=4) + rounds(1e5, 1e5, 1.33e5, launches=2)
    found = estimate.estimate("x", launches, LEVEL)
    assert found.ratio > 1.05
    assert found.verdict == "inconclusive"


def test_two_launches_call_nothing():
    assert (
        estimate.estimate("x", rounds(1e5, 1e5, 1.5e5, launches=2), LEVEL).verdict == "inconclusive"
    )
    assert estimate.estimate("x", rounds(1e5, 1e5, 1.5e5, launches=3), LEVEL).verdict == "slower"


def test_a_control_that_varies_widens_what_is_not_called():
    launches = [
        launch
        for control in (0.88e5, 1.12e5)
        for launch in rounds(1e5, control, 1.08e5, launches=3)
    ]
    assert estimate.estimate("x", launches, LEVEL).verdict == "inconclusive"


def test_a_slow_moment_of_the_machine_does_not_count():
    """It affects all three sides of its rounds."""
    launches = rounds(1e5, 1e5, 1e5)

    def slow(times):
        return tuple(3 * taken for taken in times[:20]) + times[20:]

    launches = [
        replace(launch, **{role: slow(getattr(launch, role)) for role in ROLES})
        for launch in launches
    ]
    assert estimate.estimate("x", launches, LEVEL).verdict == "inconclusive"


def test_a_cost_that_falls_on_one_round_in_ten_counts():
    launches = rounds(1e5, 1e5, 1e5)
    launches = [
        replace(
            launch,
            after=tuple(
                taken * (1 + (number % 10 == 0)) for number, taken in enumerate(launch.after)
            ),
        )
        for launch in launches
    ]
    assert estimate.estimate("x", launches, LEVEL).verdict == "slower"


def test_more_benchmarks_make_wider_intervals():
    few, many = (
        estimate.estimate("x", rounds(1e5, 1e5, 1e5), 0.05 / count).interval for count in (1, 100)
    )
    assert many[0] < few[0] and few[1] < many[1]


def test_the_same_rounds_give_the_same_interval():
    assert estimate.estimate("x", rounds(1e5, 1e5, 1.1e5), LEVEL) == estimate.estimate(
        "x", rounds(1e5, 1e5, 1.1e5), LEVEL
    )


def test_rounds_drawn_in_parts_give_the_same_interval(monkeypatch):
    """A launch of very many rounds is resampled in parts, to bound the memory."""
    launches = rounds(1e5, 1e5, 1.1e5, launches=3)
    at_once = estimate.estimate("x", launches, LEVEL)
    monkeypatch.setattr(estimate, "AT_ONCE", 60 * 7)
    assert estimate.estimate("x", launches, LEVEL) == at_once


def test_what_a_release_lacks_or_nobody_timed_is_unknown_with_its_reason():
    launches = rounds(1e5, 1e5, 1e5)
    kept = record(
        rounds={"timed": (*launches, NOTHING), "late": (NOTHING,)},
        missing={"lacking": "torch 1.4.0 has none"},
    )
    found = {one.name: one for one in estimate.estimates(kept)}
    assert found["timed"].launches == 6
    assert (found["lacking"].verdict, found["lacking"].reason) == (
        "unknown",
        "torch 1.4.0 has none",
    )
    assert (found["late"].verdict, found["late"].reason) == (
        "unknown",
        "interrupted before its first round",
    )


def test_unlike_pythons_and_wheels_are_named():
    assert (
        design.unlike(
            manifest("2.5.1", build="cu124"), manifest("2.15.0", python="3.11.9", build="cu132")
        )
        == []
    )
    assert design.unlike(manifest("1.13.1", "3.8.18"), manifest("2.0.1")) == [
        "torch 1.13.1 runs on Python 3.8.18, torch 2.0.1 on Python 3.11.7"
    ]
    assert design.unlike(manifest(), manifest("2.15.0", build="cpu")) == [
        "torch 2.6.0 is a cu124 wheel, torch 2.15.0 a cpu one"
    ]


def test_benchmarks_are_chosen_by_part_or_pattern():
    cases = ["mlp-5.forward", "mlp-5.backward", "rnn-20.forward"]
    assert design.matching(cases, ()) == cases
    assert design.matching(cases, ("forward",)) == ["mlp-5.forward", "rnn-20.forward"]
    assert design.matching(cases, ("mlp-5.*",)) == ["mlp-5.forward", "mlp-5.backward"]
    with pytest.raises(
        HistoryError, match=r"--only 'forwards' fits no benchmark: choose from mlp-5\.forward"
    ):
        design.matching(cases, ("forwards",))


def test_what_is_arranged_before_a_call_is_not_timed():
    class Case:
        clock = 0

        def act(self):
            Case.clock += 1

        def arrange(self):
            Case.clock += 1000

    assert block(Case(), 5, lambda: Case.clock) == 5


def test_a_run_never_replaces_the_file_of_another(tmp_path):
    for name in ("run.json", "run-2.json", "run-3.json"):
        assert command.unused(tmp_path / "run.json") == tmp_path / name
        (tmp_path / name).touch()


def test_markdown_says_each_verdict_and_what_is_not_clean():
    text = page.markdown(
        *judged(
            record(
                rounds={"mlp-5.forward": rounds(1e5, 1e5, 1.25e5, noise=0.001)},
                missing={"mlp-5.compiled": "torch 1.13.1 has no torch.compile"},
                first_call={
                    "mlp-5.compiled": FirstCall(
                        before=(35_000_000_000, 1),
                        control=(34_700_000_000, 1),
                        after=(26_300_000, 1),
                    )
                },
                notes=("torch 1.13.1 runs on Python 3.8.18, torch 2.0.1 on Python 3.11.7",),
                interrupted=True,
            )
        )
    )
    assert "| mlp-5.forward | **slower** | 1.25" in text
    assert "| mlp-5.compiled | unknown: torch 1.13.1 has no torch.compile |" in text
    assert "took 35.0 s (the control 34.7 s) before and 26.3 ms after" in text
    assert "**Not clean:** torch 1.13.1 runs on Python 3.8.18" in text
    assert "Interrupted" in text


@pytest.mark.parametrize(
    "nanoseconds, text",
    [
        (999, "999 ns"),
        (41_200, "41.2 µs"),
        (412_000, "412 µs"),
        (999_600, "1.00 ms"),
        (999_400, "999 µs"),
        (7_000_000, "7.00 ms"),
        (2.5e9, "2.50 s"),
    ],
)
def test_durations_have_three_digits_and_a_unit(nanoseconds, text):
    assert page.duration(nanoseconds) == text


@pytest.fixture(scope="module")
def against_itself(tmp_path_factory):
    """This Python's torch against itself: two launches of two cheap benchmarks.

    One of them has an untimed part before each call.
    """
    pytest.importorskip("execnet", reason="execnet is not installed")
    folder = tmp_path_factory.mktemp("bench")
    here, stages = Environment("here", Path(sys.executable)), []
    plan = design.Plan(here, here, 2.0, ("mlp-5.optimizer_step", "mlp-5.zero_gra[d]"), launches=2)
    kept = design.compare(
        ROOT, plan, folder / "run.json", lambda share, what: stages.append((share, what))
    )
    return kept, folder / "run.json", stages


def test_each_launch_times_whole_rounds_of_each_benchmark(against_itself):
    kept, file, stages = against_itself
    assert list(kept.rounds) == ["mlp-5.optimizer_step", "mlp-5.zero_grad"]
    for launches in kept.rounds.values():
        assert len(launches) == 2
        for launch in launches:
            times = [launch.before, launch.control, launch.after]
            counts = {len(each) for each in times}
            assert len(counts) == 1 and counts.pop() >= design.BURST
            assert all(taken > 0 for each in times for taken in each)
    assert raw.read(file, Comparison) == kept
    assert stages[0][1].startswith("launch 1 of 2") and stages[-1][1].startswith("launch 2 of 2")
    assert all(0 <= share <= 1 for share, _ in stages)


def test_a_run_keeps_what_ran_it(against_itself):
    import torch

    kept = against_itself[0]
    assert kept.before.release == str(torch.__version__).partition("+")[0]
    assert kept.before.library == "torch" and kept.before.sources
    assert kept.before == kept.after
    assert kept.notes == () and not kept.interrupted


class FakeWorker:
    """A worker without a process: it notes its role whenever it is asked for the time."""

    def __init__(self, role, release, asked):
        self.role, self.release, self.asked = role, release, asked

    def describe(self, root):
        return manifest(self.release)

    def ask(self, *request):
        pass

    def answer(self):
        return "ok", 1

    def get(self, what, *arguments):
        if what == "time":
            self.asked.append(self.role)
        return {"cases": ["mlp-5.forward"], "calibrate": 10, "time": 2_000_000}.get(what)


def test_each_release_runs_in_two_processes_though_three_times_are_kept(tmp_path, monkeypatch):
    """A release that ran in one would have no share of the processor's caches in common."""
    asked, releases = [], {}

    @contextlib.contextmanager
    def workers(root, members, device, cache):
        releases.update({role: one.release for role, (one, _) in members.items()})
        yield {role: FakeWorker(role, one.release, asked) for role, (one, _) in members.items()}

    monkeypatch.setattr(design, "workers", workers)
    old, new = (Environment(release, Path("python")) for release in ("2.5.1", "2.6.0"))
    kept = design.compare(
        tmp_path, design.Plan(old, new, 1e-9, launches=1), tmp_path / "run.json", lambda *_: None
    )
    assert releases == {"before": "2.5.1", "control": "2.5.1", "after": "2.6.0", "twin": "2.6.0"}
    assert [sorted(asked[start : start + 4]) for start in (0, 4, 8)] == [sorted(releases)] * 3
    (launch,) = kept.rounds["mlp-5.forward"]
    assert len(launch.before) == len(launch.after) == design.BURST
    assert kept.before.processes == kept.after.processes == 2


def test_page_says_which_runs_had_one_process_of_the_newer_release(tmp_path):
    says = "**Not clean:** the newer release ran in one process and the older in two"
    newer, older = manifest("2.15.0", processes=None), manifest("2.6.0", processes=None)
    assert says in committed(tmp_path, old=record(after=newer))
    assert says not in committed(tmp_path, old=record())
    assert says not in committed(tmp_path, old=record(before=older, after=older))


def test_interrupted_it_returns_what_it_has(tmp_path):
    pytest.importorskip("execnet", reason="execnet is not installed")
    here = Environment("here", Path(sys.executable))

    def tell(share, what):
        if "sweep 2" in what:
            raise KeyboardInterrupt

    kept = design.compare(
        ROOT,
        design.Plan(here, here, 600.0, ("mlp-5.optimizer_step",), launches=2),
        tmp_path / "run.json",
        tell,
    )
    assert kept.interrupted
    assert raw.read(tmp_path / "run.json", Comparison) == kept
    found = estimate.estimates(kept)[0]
    assert found.rounds == design.BURST and math.isfinite(found.ratio)


def test_a_worker_that_dies_is_an_error_that_names_its_release(tmp_path):
    pytest.importorskip("execnet", reason="execnet is not installed")
    here = Environment("9.9.9", Path(sys.executable))
    plan = design.Plan(here, here, 1.0, alter="os:no_such_function", launches=2)
    with pytest.raises(HistoryError, match=r"torch 9\.9\.9"):
        design.compare(ROOT, plan, tmp_path / "run.json", lambda share, what: None)


def test_a_request_that_a_worker_cannot_fulfil_names_its_release():
    pytest.importorskip("execnet", reason="execnet is not installed")
    remote = object.__new__(design.Remote)
    remote.release = "2.6.0"
    remote.channel = SimpleNamespace(send=print, receive=lambda: ("missing", "no such core"))
    with pytest.raises(HistoryError, match=r"^torch 2\.6\.0: no such core$"):
        remote.get("pin", 99)


@pytest.fixture
def tox(project, monkeypatch, tmp_path):
    """Puts a ``tox`` on PATH that does what the shell line says, and no other."""
    monkeypatch.delenv("TOX_WORK_DIR", raising=False)

    def put(line):
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "tox").write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        (tmp_path / "bin" / "tox").chmod(0o755)

    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return put


def interpreter(folder, release):
    """A stand-in for the Python of an environment: it answers everything with its torch."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").write_text(f"#!/bin/sh\necho {release}\n", encoding="utf-8")
    (folder / "bin" / "python").chmod(0o755)


def test_environment_that_is_there_is_used_as_it_is(project, tox):
    interpreter(project.root / ".tox" / "torch2.6", "2.6.0")
    assert environment(project.root, "2.6", None, print) == (
        "2.6.0",
        project.root / ".tox" / "torch2.6" / "bin" / "python",
    )
    assert (
        environment(project.root, "2.6", "3.11", print).python
        == project.root / ".tox" / "torch2.6" / "bin" / "python"
    )


def test_environment_of_another_torch_or_python_stands_beside_the_matrix(project, tox):
    beside = project.root / ".tox" / "torch2.6.0-python3.8" / "other"
    interpreter(project.root / ".tox" / "torch2.6", "2.6.0")
    interpreter(beside, "2.6.0")
    assert environment(project.root, "2.6", "3.8", print).python == beside / "bin" / "python"


@pytest.mark.parametrize(
    "line, says",
    [
        (None, "tox is not installed to build it: python -m pip install 'torch-history[record]'"),
        (
            "echo begin; echo 'ERROR: no python3.8'; exit 1",
            "its environment cannot be built: ERROR: no python3.8",
        ),
        ("exit 1", "its environment cannot be built: tox said nothing"),
    ],
    ids=["no tox", "tox fails", "tox is silent"],
)
def test_environment_that_cannot_be_built_says_why(project, tox, monkeypatch, line, says):
    # beside this interpreter there is a tox
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    if line:
        tox(line)
    with pytest.raises(HistoryError, match=r"^torch 2\.6\.0") as caught:
        environment(project.root, "2.6", None, lambda what: None)
    assert says in str(caught.value)


def committed(root, **records):
    for name, kept in records.items():
        raw.write(root / "benchmarks" / f"{name}.json", kept)
    return page.page(root)


def test_page_tells_how_far_a_release_is_off_from_itself(tmp_path):
    text = committed(
        tmp_path,
        itself=record(
            after=manifest(), rounds={"mlp-5.forward": rounds(1e5, 1e5, 1.02e5, noise=0.001)}
        ),
    )
    assert "The ratios are off by 2.0% (median) and 2.0% (worst: mlp-5.forward)" in text
    assert "## torch 2.6.0 → 2.6.0" not in text


def test_page_has_comparisons_in_the_order_of_releases_and_what_scripts_measured(tmp_path):
    later, earlier = (
        record(),
        record(before=manifest("1.13.1", "3.8.18"), after=manifest("2.0.1", "3.8.18")),
    )
    tool = ToolFigures(
        title="Costs", command="python tools/x.py", date=DATE, lines=("| a |",), figures={}
    )
    text = committed(tmp_path, a=later, b=earlier, c=tool)
    assert (
        -1
        < text.index("**Costs**")
        < text.index("## torch 1.13.1 → 2.0.1")
        < text.index("## torch 2.6.0 → 2.15.0")
    )
    assert "CUDA: no GPU was available" in text


def test_heat_map_refuses_releases_that_are_no_neighbours(tmp_path):
    with pytest.raises(
        HistoryError,
        match=r"no comparison continues from torch 2\.15\.0 \(the next is from 2\.6\.0\)",
    ):
        command.draw([judged(record()), judged(record())], tmp_path / "map.svg")
