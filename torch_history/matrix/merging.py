"""Merging: run files of several machines enter the records together, in a fixed order.

The result depends on the runs and on the records that were there, not on names, folders or the
order of the arguments. All files are read and checked before anything is written. They are entered
as ``walk`` would enter them: the cpu first and the oldest release first. Where two files hold one
release, or the records hold it from the same sources, they must agree; what differs is reported.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Set, Tuple

from rich.console import Console

from torch_history import versions
from torch_history.catalogue import releases, source
from torch_history.errors import HistoryError
from torch_history.escaping import one_line
from torch_history.matrix import walk
from torch_history.observing import compare, encode
from torch_history.observing.environment import FORMAT
from torch_history.observing.words import outcome, short
from torch_history.records import locking, manifests, runs, sources, store
from torch_history.records.manifests import Manifest
from torch_history.records.runs import Run
from torch_history.records.store import Json

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
    "sources",
)
# The device becomes part of a file name, so a run file must not name a path here.
_DEVICE = re.compile(r"[a-z]\w*(:\d+)?")
Observations = Dict[str, Dict[str, Json]]  # behaviour -> case -> observation


class Given(NamedTuple):
    """One run file."""

    path: Path
    release: releases.Release
    run: Run
    text: str  # the run's canonical text, to choose by

    @property
    def name(self) -> str:
        """``torch 2.5.1 on cpu``."""
        return f"torch {self.release.patch} on {self.run['device']}"

    @property
    def order(self) -> Tuple[Any, ...]:
        """The cpu before the devices that rely on it, and old releases before new ones.

        Of one release, the run that saw most comes first, and of those the smallest text.
        """
        device, unknown = self.run["device"], len(self.run["unknown"])
        return device != "cpu", device, versions.key(self.release.key), unknown, self.text


class Plan(NamedTuple):
    """What to do with the runs."""

    entering: List[Given]
    already: List[Given]  # recorded from the same sources, and the same
    conflicts: List[str]


def merge(root: Path, paths: List[Path], any_build: bool = False, dry_run: bool = False) -> int:
    """The merge command.

    Returns 1 if something is in conflict, failed or does not read back. Raises HistoryError for
    bad input.
    """
    console = Console(highlight=False)

    def tell(line: str, style: str = "") -> None:
        console.print(one_line(line), style=style, markup=False, soft_wrap=True)

    given, passed_over = _read_all(root, paths, any_build)
    for path in passed_over:
        tell(f"{path}: skipped, it holds no run")
    # Nothing is written, so no lock is needed and the folder may be read-only.
    if dry_run:
        plan = _plan(root, given)
        _tell_plan(plan, tell)
        for one in plan.entering:
            tell(f"{one.name}: would be entered from {one.path}")
        return 1 if plan.conflicts else 0
    walk.must_be_writable(root)
    with locking.writing(root):  # from reading the records to the last entry
        plan = _plan(root, given)
        _tell_plan(plan, tell)
        return _enter(root, plan, console, tell)


def _tell_plan(plan: Plan, tell: Any) -> None:
    for conflict in plan.conflicts:
        tell(f"in conflict, not entered: {conflict}", "red")
    for one in plan.already:
        tell(f"{one.name}: recorded from these sources already, and the same")


def _enter(root: Path, plan: Plan, console: Console, tell: Any) -> int:
    """Enter the runs of a plan, read them back, and say what changed."""
    outcomes = []
    for one in plan.entering:
        began = time.monotonic()
        merged = runs.merge(root, one.run, one.release.key)
        outcomes.append(walk.Outcome(one.release, merged, None, time.monotonic() - began))
        console.print(walk.told(outcomes[-1]), soft_wrap=True)
    wrong = [
        f"{one.name}: {behaviour}"
        for one in plan.entering + plan.already
        for behaviour in runs.read_back(root, one.run, one.release.key)
    ]
    for line in wrong:
        tell(f"reading back failed: {line}", "red")
    failed = [one for one in outcomes if walk.failures(one)]
    changes = sum(len(one.merged.added) for one in outcomes if one.merged)
    tell(
        f"{len(plan.entering)} entered, {len(plan.already)} recorded already, "
        f"{len(plan.conflicts)} in conflict, {len(failed)} with failures, "
        f"{changes} entries changed; "
        "see `torch-history check` for changes without annotation"
    )
    return 1 if plan.conflicts or failed or wrong else 0


def _plan(root: Path, given: List[Given]) -> Plan:
    """What to do with the runs, given the present records."""
    chosen, conflicts = _choose(given)
    recorded = manifests.read(root, None)
    plan = Plan([], [], conflicts)
    for one in chosen:
        manifest = recorded.get(f"{one.release.patch}-{one.run['device']}")
        # What was recorded from older tests may differ with good reason: it is replaced.
        if manifest is None or manifest.get("sources") != one.run["sources"]:
            plan.entering.append(one)
            continue
        found = list(_uncovered(one, "recorded", _recorded(root, one, manifest), one.path))
        plan.conflicts.extend(found)
        if not found:
            same = set(one.run["observations"]) == set(manifest["verified"])
            same = same and not runs.read_back(root, one.run, one.release.key)
            (plan.already if same else plan.entering).append(one)
    return plan


def _read_all(root: Path, paths: List[Path], any_build: bool) -> Tuple[List[Given], List[Path]]:
    """Every run below the given paths, checked; and the files in folders that are not runs.

    Raises HistoryError for a file that is damaged, or made from other sources than this checkout's,
    and for a named file that is not a run.
    """
    files: List[Tuple[Path, bool]] = []  # a file, and whether it was named itself
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
    found, passed_over = [], []
    digest, known = sources.digest(root), set(source.behaviours(root))
    for path, named in files:
        data = store.read_json(path)
        if "observations" not in data and not named:
            passed_over.append(path)
        else:
            found.append(_checked(root, path, data, digest, known, any_build))
    if not found:
        raise HistoryError(
            f"{paths[0]}: holds no run file: give what `torch-history record` left in .history/"
        )
    return found, passed_over


def _checked(
    root: Path, path: Path, run: Run, digest: str, known: Set[str], any_build: bool
) -> Given:
    """A run that is whole and was made from this checkout."""
    if not _is_run(run):
        raise HistoryError(f"{path}: not a run file of format {FORMAT}: record the release again")
    if run["sources"] != digest:
        raise HistoryError(
            f"{path}: recorded from other sources ({run['sources']}) than this checkout's "
            f"({digest}): check out what it was recorded from, or record {run['release']} again"
        )
    release = _release(root, path, run)
    # A run of some tests only would leave a manifest that forgets the others.
    for behaviour in known ^ (set(run["observations"]) | set(run["unknown"])):
        raise HistoryError(
            f"{path}: it says nothing about {behaviour}, or there is no such behaviour: "
            "record the release again, whole"
        )
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
    try:
        return Given(path, release, run, json.dumps(run, sort_keys=True, allow_nan=False))
    except ValueError as error:
        raise HistoryError(f"{path}: {error}: record the release again") from None


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
    observations, unknown = run.get("observations"), run.get("unknown")
    return (
        run.get("format") == FORMAT
        and all(isinstance(run.get(name), str) for name in _TEXTS)
        and isinstance(observations, dict)
        and all(isinstance(cases, dict) and cases for cases in observations.values())
        and isinstance(unknown, dict)
        and _DEVICE.fullmatch(run["device"]) is not None
        and all(isinstance(why, str) for why in unknown.values())
        and run.get("verified") == sorted(observations)
    )


def _choose(given: List[Given]) -> Tuple[List[Given], List[str]]:
    """One run for each release and device, in the order of entering; and the conflicts.

    A release that others saw otherwise is not entered.
    """
    machines: Dict[str, List[Given]] = {}
    for one in sorted(given, key=lambda one: one.order):
        machines.setdefault(one.name, []).append(one)
    chosen, conflicts = [], []
    for first, *others in machines.values():
        found = [
            line
            for other in others
            for line in _uncovered(first, other.path, other.run["observations"], first.path)
        ]
        conflicts.extend(found)
        # Where two machines disagree, neither is known to be right.
        if not found:
            chosen.append(first)
    return chosen, conflicts


def _uncovered(one: Given, where: object, observations: Observations, here: Path) -> Iterator[str]:
    """Each case observed there that this run lacks or contradicts, a line each."""
    for behaviour, cases in sorted(observations.items()):
        for case, there in sorted(cases.items()):
            named = behaviour if case == "observed" else f"{behaviour} ({case})"
            ours = one.run["observations"].get(behaviour, {}).get(case)
            if ours is None:
                why = short(one.run["unknown"].get(behaviour, "not observed"), 80)
                said = f"{where}: {short(outcome(there), 80)}; {here}: unknown, {why}"
                yield f"{one.name}: {named}: {said}"
            elif ours != there:
                places = compare.mismatches(encode.load(there), encode.load(ours))
                more = f" ({len(places)} places)" if len(places) > 1 else ""
                # None where the two agree within tolerance.
                for first in places[:1]:
                    expected, observed = short(first.expected, 80), short(first.observed, 80)
                    said = f"{first.path}: {where}: {expected}; {here}: {observed}{more}"
                    yield f"{one.name}: {named}: {said}"


def _recorded(root: Path, one: Given, manifest: Manifest) -> Observations:
    """What the records say that this release did.

    Only for the behaviours that its manifest verifies, and the cases that the run has.
    """
    found: Observations = {}
    for behaviour in manifest["verified"]:
        path = store.path_of(root / "spec", behaviour)
        record = store.read(path)
        for case in one.run["observations"].get(behaviour, record):
            entry = runs.holding(record.get(case, {}), one.run["device"], one.release.key)
            if entry is not None:
                found.setdefault(behaviour, {})[case] = entry
    return found
