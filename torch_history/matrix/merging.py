"""Merging: run files of several machines enter the records together, in a fixed order.

The result depends on the runs and on the records that were there, not on names, folders or the
order of the arguments. All files are read and checked before anything is written. They are entered
as ``walk`` would enter them: the cpu first and the oldest release first. Of a run only the
behaviours count whose source is this checkout's. Where two files hold a behaviour of one release,
or the records hold it from the same source, they must agree; what differs is reported.
"""

from __future__ import annotations

import functools
import json
import re
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from rich.console import Console

from torch_history import versions
from torch_history.catalogue import releases, source
from torch_history.errors import HistoryError
from torch_history.escaping import one_line
from torch_history.matrix import recording, surveys, walk
from torch_history.observing import compare, encode
from torch_history.observing.environment import FORMAT
from torch_history.observing.words import outcome, short
from torch_history.records import locking, runs, store
from torch_history.records.runs import Run
from torch_history.records.sources import Sources
from torch_history.records.store import Json, Record

_TEXTS = (
    "library",
    "release",
    "build",
    "device",
    "device_name",
    "python",
    "platform",
    "cpu_capability",
    "numpy",
    "syrupy",
    "pytest",
    "cpu_vendor",
)
# The device becomes part of a file name, so a run file must not name a path here.
_DEVICE = re.compile(r"[a-z]\w*(:\d+)?")


class Given(NamedTuple):
    """One run file, without the behaviours whose source is another one here."""

    path: Path
    release: releases.Release
    run: Run
    left_out: List[str]  # behaviours whose source is another one, or that do not exist
    text: str  # the run's canonical text, to choose by

    @property
    def name(self) -> str:
        """``torch 2.5.1 on cpu``."""
        return _name(self.release, self.run)

    @property
    def order(self) -> Tuple[Any, ...]:
        """The cpu before the devices that rely on it, and old releases before new ones.

        Of one release, the run that saw most comes first, and of those the smallest text.
        """
        device, seen = self.run["device"], len(self.run["observations"])
        return device != "cpu", device, versions.key(self.release.key), -seen, self.text


class Entering(NamedTuple):
    """What of the runs of one release enters the records."""

    release: releases.Release
    run: Run
    paths: List[Path]
    already: int  # behaviours that are recorded from the same source, and the same

    @property
    def name(self) -> str:
        """``torch 2.5.1 on cpu``."""
        return _name(self.release, self.run)

    @property
    def empty(self) -> bool:
        """Whether all of it was recorded before."""
        return not self.run["sources"]


def _name(release: releases.Release, run: Run) -> str:
    return f"torch {release.patch} on {run['device']}"


class Plan(NamedTuple):
    """What to do with the runs."""

    entering: List[Entering]
    conflicts: List[str]


def merge(root: Path, paths: List[Path], any_build: bool = False, dry_run: bool = False) -> int:
    """The merge command.

    Returns 1 if something is in conflict, failed or does not read back. Raises HistoryError for
    bad input.
    """
    console = Console(highlight=False)

    def tell(line: str, style: str = "") -> None:
        console.print(one_line(line), style=style, markup=False, soft_wrap=True)

    files = _files(paths)
    surveyed = surveys.given(root, [one for one, _ in files if one.name.endswith(surveys.SUFFIX)])
    runs_given = [pair for pair in files if not pair[0].name.endswith(surveys.SUFFIX)]
    given, passed_over = _read_all(root, runs_given, any_build) if runs_given else ([], [])
    if not given and not surveyed:
        raise HistoryError(
            f"{paths[0]}: holds no run file: give what `torch-history record` left in .history/"
        )
    for skipped in passed_over:
        tell(f"{skipped}: skipped, it holds no run")
    for one in given:
        if one.left_out:
            others = f" and {len(one.left_out) - 1} more" if len(one.left_out) > 1 else ""
            tell(f"{one.path}: skipped, recorded from another source: {one.left_out[0]}{others}")
    # Nothing is written, so no lock is needed and the folder may be read-only.
    if dry_run:
        plan = _plan(root, given)
        _tell_plan(plan, tell)
        for entering in plan.entering:
            if not entering.empty:
                count, held = len(entering.run["sources"]), ", ".join(map(str, entering.paths))
                tell(f"{entering.name}: {count} behaviours would be entered from {held}")
        for survey in surveyed:
            tell(f"torch {survey.survey.release}: the survey {survey.path} would be entered")
        return 1 if plan.conflicts else 0
    walk.must_be_writable(root)
    with locking.writing(root):  # from reading the records to the last entry
        plan = _plan(root, given)
        _tell_plan(plan, tell)
        for survey in surveyed:
            entered = surveys.enter(root, survey.survey, survey.line)
            words = f"{entered.names} names surveyed, {entered.changed} timelines changed"
            tell(f"torch {survey.survey.release}: {words}")
        lost = list(surveys.read_back(root, [(one.line, one.survey) for one in surveyed]))
        for line in lost:
            tell(f"reading back failed: {line}", "red")
        return _enter(root, plan, console, tell) or int(bool(lost))


def _tell_plan(plan: Plan, tell: Any) -> None:
    for conflict in plan.conflicts:
        tell(f"in conflict, not entered: {conflict}", "red")
    for one in plan.entering:
        if one.already:
            tell(f"{one.name}: {one.already} recorded from these sources already, and the same")


def _enter(root: Path, plan: Plan, console: Console, tell: Any) -> int:
    """Enter the runs of a plan, read them back, and say what changed."""
    outcomes = []
    known = source.behaviours(root)
    entering = [one for one in plan.entering if not one.empty]
    for one in entering:
        began = time.monotonic()
        whole = set(one.run["sources"]) == set(known)
        merged = runs.merge(root, one.run, one.release.key, whole)
        outcomes.append(recording.Outcome(one.release, merged, None, time.monotonic() - began))
        console.print(recording.told(outcomes[-1]), soft_wrap=True)
    wrong = [
        f"{one.name}: {behaviour}"
        for one in entering
        for behaviour in runs.read_back(root, one.run, one.release.key)
    ]
    for line in wrong:
        tell(f"reading back failed: {line}", "red")
    failed = [one for one in outcomes if recording.failures(one)]
    changes = sum(len(one.merged.added) for one in outcomes if one.merged)
    # What is wholly in conflict was neither entered nor recorded.
    already = sum(one.empty and one.already > 0 for one in plan.entering)
    tell(
        f"{len(entering)} entered, {already} recorded already, "
        f"{len(plan.conflicts)} in conflict, {len(failed)} with failures, "
        f"{changes} entries changed; "
        "see `torch-history check` for changes without annotation"
    )
    return 1 if plan.conflicts or failed or wrong else 0


def _plan(root: Path, given: List[Given]) -> Plan:
    """What to do with the runs, given the present records."""
    plan = Plan([], [])
    machines: Dict[str, List[Given]] = {}
    for one in sorted(given, key=lambda one: one.order):
        machines.setdefault(one.name, []).append(one)
    # Each record is asked for each release, and none is written before the plan is made.
    recorded = functools.lru_cache(maxsize=None)(
        lambda behaviour: store.read(store.path_of(root / "spec", behaviour))
    )
    for several in machines.values():
        entering, conflicts = _joined(several, recorded)
        plan.entering.append(entering)
        plan.conflicts.extend(conflicts)
    return plan


def _joined(several: List[Given], record_of: Callable[[str], Record]) -> Tuple[Entering, List[str]]:
    """The runs of one release and device as one, behaviour by behaviour; and the conflicts.

    A behaviour that two machines saw differently is not entered: neither is known to be right.
    """
    first = several[0]
    run: Run = {**first.run, "sources": {}, "unknown": {}, "observations": {}}
    conflicts: List[str] = []
    already = 0
    for behaviour in sorted({name for one in several for name in one.run["sources"]}):
        holders = [one for one in several if behaviour in one.run["sources"]]
        observers = [one for one in holders if behaviour in one.run["observations"]]
        chosen = (observers or holders)[0]
        ours = chosen.run["observations"].get(behaviour)
        theirs: List[Tuple[object, Dict[str, Json]]] = [
            (other.path, other.run["observations"][behaviour]) for other in observers[1:]
        ]
        recorded = _recorded(record_of(behaviour), chosen, behaviour)
        if recorded is not None:
            theirs.insert(0, ("recorded", recorded))
        found = [
            f"{chosen.name}: {line}"
            for where, there in theirs
            for line in _differing(behaviour, chosen, ours, where, there)
        ]
        conflicts.extend(found)
        if found:
            continue
        # What agrees within tolerance keeps the text that was entered first.
        if recorded is not None and set(recorded) == set(ours or {}):
            already += 1
            continue
        run["sources"][behaviour] = chosen.run["sources"][behaviour]
        if ours is None:
            run["unknown"][behaviour] = chosen.run["unknown"][behaviour]
        else:
            run["observations"][behaviour] = ours
    paths = [one.path for one in several]
    return Entering(first.release, run, paths, already), conflicts


def _differing(
    behaviour: str,
    chosen: Given,
    ours: Optional[Dict[str, Json]],
    where: object,
    there: Dict[str, Json],
) -> Iterator[str]:
    """Each case observed there that this run lacks or contradicts, a line each."""
    for case, theirs in sorted(there.items()):
        named = store.named(behaviour, case)
        mine = (ours or {}).get(case)
        if mine is None:
            why = short(chosen.run["unknown"].get(behaviour, "not observed"), 80)
            said = f"{where}: {short(outcome(theirs), 80)}; {chosen.path}: unknown, {why}"
            yield f"{named}: {said}"
        elif mine != theirs:
            places = compare.mismatches(encode.load(theirs), encode.load(mine))
            more = f" ({len(places)} places)" if len(places) > 1 else ""
            # None where the two agree within tolerance.
            for first in places[:1]:
                expected, observed = short(first.expected, 80), short(first.observed, 80)
                said = f"{first.path}: {where}: {expected}; {chosen.path}: {observed}{more}"
                yield f"{named}: {said}"


def _recorded(record: Record, one: Given, behaviour: str) -> Optional[Dict[str, Json]]:
    """What a record says that this release did; None where it was made from another source."""
    device, patch = one.run["device"], one.release.patch
    same = record.source == one.run["sources"][behaviour]
    if not same or patch not in record.seen.get(device, ()):
        return None
    found = {
        case: runs.holding(devices, device, one.release.key)
        for case, devices in record.timelines.items()
    }
    return {case: entry for case, entry in found.items() if entry is not None}


def _files(paths: List[Path]) -> List[Tuple[Path, bool]]:
    """Every file below the given paths, and whether it was named itself."""
    files: List[Tuple[Path, bool]] = []
    for path in paths:
        if not path.exists():
            raise HistoryError(
                f"{path}: no such file or folder: "
                "give what `torch-history record` left in .history/"
            )
        if path.is_dir():
            files.extend((file, False) for file in sorted(path.rglob("*.json")))
        else:
            files.append((path, True))
    return files


def _read_all(
    root: Path, files: List[Tuple[Path, bool]], any_build: bool
) -> Tuple[List[Given], List[Path]]:
    """Every run among the files, checked; and the files of folders that are not runs.

    Raises HistoryError for a file that is damaged, or that has nothing of this checkout's sources,
    and for a named file that is not a run.
    """
    found, passed_over = [], []
    digests = Sources(root)
    present = {
        name: digests.digest(one.file, one.function)
        for name, one in source.behaviours(root).items()
    }
    for path, named in files:
        data = store.read_json(path)
        if "observations" not in data and not named:
            passed_over.append(path)
        else:
            found.append(_checked(root, path, data, present, any_build))
    return found, passed_over


def _checked(root: Path, path: Path, run: Run, present: Dict[str, str], any_build: bool) -> Given:
    """A run that is whole, without what was made from other sources than this checkout's."""
    if not _is_run(run):
        raise HistoryError(f"{path}: not a run file of format {FORMAT}: record the release again")
    release = _release(root, path, run)
    refused = runs.why_not(run, any_build)
    if refused:
        raise HistoryError(f"{path}: {refused}")
    for behaviour, cases in run["observations"].items():
        for case, observation in cases.items():
            try:
                encode.verified(observation)
            except HistoryError as error:
                raise HistoryError(
                    f"{path}: {behaviour} ({case}): {error}: record the release again"
                ) from None
    told = run["sources"]
    kept = {name for name, digest in told.items() if present.get(name) == digest}
    if told and not kept:
        raise HistoryError(
            f"{path}: all of it was recorded from other sources than this checkout's: "
            f"check out what it was recorded from, or record {run['release']} again"
        )
    parts = {
        part: {name: one for name, one in run[part].items() if name in kept}
        for part in ("sources", "unknown", "observations")
    }
    kept_run = {**run, **parts}
    try:
        text = json.dumps(kept_run, sort_keys=True, allow_nan=False)
    except ValueError as error:
        raise HistoryError(f"{path}: {error}: record the release again") from None
    return Given(path, release, kept_run, sorted(set(told) - kept), text)


def _release(root: Path, path: Path, run: Run) -> releases.Release:
    """The release of a run."""
    try:
        (release,) = releases.choose(root, [run["release"]])
    except HistoryError as error:
        raise HistoryError(f"{path}: {error}") from None
    if release.patch != run["release"]:
        raise HistoryError(
            f"{path}: {run['release']} is a line, not a release: record the release again"
        )
    return release


def _is_run(run: Run) -> bool:
    """Whether the content of a file has the form of a run."""
    tables = [run.get(name) for name in ("sources", "observations", "unknown")]
    if not all(isinstance(table, dict) for table in tables):
        return False
    told, observations, unknown = (table or {} for table in tables)
    return (
        run.get("format") == FORMAT
        and all(isinstance(run.get(name), str) for name in _TEXTS)
        and _DEVICE.fullmatch(run["device"]) is not None
        and all(isinstance(text, str) for text in (*told.values(), *unknown.values()))
        and all(isinstance(cases, dict) and cases for cases in observations.values())
        and set(observations) | set(unknown) == set(told)
        and not set(observations) & set(unknown)
    )
