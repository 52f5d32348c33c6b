"""Merging: run files of several machines enter the records at once, in one order, whatever the order they are given in.

The result depends on the runs and on the records that were there, not on names, folders or arguments: all files are read and
checked before anything is written, then entered as ``walk`` would, the cpu first and the oldest release first. Where two files
hold one release, or a file holds what is recorded from the same sources already, they must agree; what does not is reported.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Tuple

from torch_history import versions
from torch_history.catalogue import source as catalogue
from torch_history.errors import HistoryError
from torch_history.matrix import releases as matrix
from torch_history.matrix import walk
from torch_history.observing import compare, encode
from torch_history.publish import report
from torch_history.records import manifests, runs, sources, store

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
_DEVICE = re.compile(r"[a-z]\w*(:\d+)?")
Observations = Dict[str, Dict[str, dict]]  # behaviour -> case -> observation


class Given(NamedTuple):
    """One run file."""

    path: Path
    release: matrix.Release
    run: dict
    text: str  # the run's canonical text, to choose by

    @property
    def name(self) -> str:
        return f"torch {self.release.patch} on {self.run['device']}"

    @property
    def order(self) -> tuple:
        """The cpu before the devices that lean on it, old before new; of one release the run that saw most, of those the smallest text."""
        device = self.run["device"]
        return (
            device != "cpu",
            device,
            versions.key(self.release.key),
            len(self.run["unknown"]),
            self.text,
        )


def merge(root: Path, paths: List[Path], any_build: bool = False, dry_run: bool = False) -> int:
    """The merge command. Returns 1 where something is in conflict, failed or does not read back; raises HistoryError for bad input."""
    from rich.console import Console

    console = Console(highlight=False)
    given, passed_over = _read_all(root, paths, any_build)
    for path in passed_over:
        console.print(f"{path}: passed over, it holds no run", markup=False, soft_wrap=True)
    chosen, conflicts = _choose(given)
    recorded, entering, already = manifests.read(root, None), [], []
    for one in chosen:
        manifest = recorded.get(f"{one.release.patch}-{one.run['device']}")
        if manifest is None or manifest["sources"] != one.run["sources"]:
            entering.append(one)
            continue
        found = list(_uncovered(one, "recorded", _recorded(root, one, manifest), one.path))
        conflicts.extend(found)
        if not found:
            same = set(one.run["observations"]) == set(manifest["verified"]) and not runs.read_back(
                root, one.run, one.release.key
            )
            (already if same else entering).append(one)
    for conflict in conflicts:
        console.print(
            f"in conflict, not entered: {conflict}", style="red", markup=False, soft_wrap=True
        )
    for one in already:
        console.print(
            f"{one.name}: recorded from these sources already, and the same", soft_wrap=True
        )
    if dry_run:
        for one in entering:
            console.print(
                f"{one.name}: would be entered from {one.path}", markup=False, soft_wrap=True
            )
        return 1 if conflicts else 0
    if entering:
        walk.Walk(root).must_be_writable()
    outcomes = []
    for one in entering:
        began = time.monotonic()
        outcomes.append(
            walk.Outcome(
                one.release,
                runs.merge(root, one.run, one.release.key),
                None,
                time.monotonic() - began,
            )
        )
        console.print(walk.told(outcomes[-1]), soft_wrap=True)
    wrong = [
        f"{one.name}: {behaviour}"
        for one in entering + already
        for behaviour in runs.read_back(root, one.run, one.release.key)
    ]
    for line in wrong:
        console.print(f"reading back failed: {line}", style="red", markup=False, soft_wrap=True)
    failed = [outcome for outcome in outcomes if walk.failures(outcome)]
    changes = sum(len(outcome.merged.added) for outcome in outcomes)
    console.print(
        f"{len(entering)} entered, {len(already)} recorded already, {len(conflicts)} in conflict, "
        f"{len(failed)} with failures, {changes} entries changed; "
        "see `torch-history check` for changes without annotation",
        soft_wrap=True,
    )
    return 1 if conflicts or failed or wrong else 0


def _read_all(root: Path, paths: List[Path], any_build: bool) -> Tuple[List[Given], List[Path]]:
    """Every run below the given paths, checked; and the files below folders that hold none.

    Raises HistoryError for a file that is damaged, of other sources than the checkout's, or named and no run.
    """
    files: List[Tuple[Path, bool]] = []  # a file, and whether it was named itself
    for path in paths:
        if not path.exists():
            raise HistoryError(
                f"{path}: no such file or folder: give what `torch-history record` left in .history/"
            )
        files.extend(
            [(file, False) for file in sorted(path.rglob("*.json"))]
            if path.is_dir()
            else [(path, True)]
        )
    found, passed_over = [], []
    digest, known = sources.digest(root), set(catalogue.behaviours(root))
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


def _checked(root: Path, path: Path, run: dict, digest: str, known: set, any_build: bool) -> Given:
    """A run, whole and of this checkout."""
    observations, unknown = run.get("observations"), run.get("unknown")
    if (
        run.get("format") != manifests.FORMAT
        or not all(isinstance(run.get(name), str) for name in _TEXTS)
        or not _objects(observations)
        or not isinstance(unknown, dict)
        or not _DEVICE.fullmatch(run["device"])
        or not all(isinstance(why, str) for why in unknown.values())
        or run.get("verified") != sorted(observations)
    ):
        raise HistoryError(
            f"{path}: not a run file of format {manifests.FORMAT}: record the release again"
        )
    if run["sources"] != digest:
        raise HistoryError(
            f"{path}: recorded from other sources ({run['sources']}) than this checkout's ({digest}): "
            f"check out what it was recorded from, or record {run['release']} again"
        )
    try:
        (release,) = matrix.choose(root, [run["release"]])
    except HistoryError as error:
        raise HistoryError(f"{path}: {error}") from None
    if release.patch != run["release"]:
        raise HistoryError(
            f"{path}: {run['release']} is a line, not a release: record the release again"
        )
    for behaviour in known ^ (set(observations) | set(unknown)):
        raise HistoryError(
            f"{path}: it does not tell of {behaviour}, or there is no such behaviour: record the release again, whole"
        )
    refused = runs.why_not(run, any_build)
    if refused:
        raise HistoryError(f"{path}: {refused}")
    for behaviour, cases in observations.items():
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


def _objects(observations: object) -> bool:
    return isinstance(observations, dict) and all(
        isinstance(cases, dict) and cases for cases in observations.values()
    )


def _choose(given: List[Given]) -> Tuple[List[Given], List[str]]:
    """One run for each release and device, in the order of entering; and what others saw otherwise, whose releases do not enter."""
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
        if not found:
            chosen.append(first)
    return chosen, conflicts


def _uncovered(one: Given, where: object, observations: Observations, here: Path) -> Iterator[str]:
    """What was observed there that this run does not hold as well, one line a behaviour and case."""
    for behaviour, cases in sorted(observations.items()):
        for case, there in sorted(cases.items()):
            told = f"{one.name}: {behaviour if case == 'observed' else f'{behaviour} ({case})'}"
            ours = one.run["observations"].get(behaviour, {}).get(case)
            if ours is None:
                why = one.run["unknown"].get(behaviour, "not observed")
                yield f"{told}: {where}: {report.short(report.outcome(there), 80)}; {here}: unknown, {report.short(why, 80)}"
            elif ours != there:
                places = compare.mismatches(encode.load(there), encode.load(ours))
                if places:
                    more = f" ({len(places)} places)" if len(places) > 1 else ""
                    first = places[0]
                    yield (
                        f"{told}: {first.path}: {where}: {report.short(first.expected, 80)}; "
                        f"{here}: {report.short(first.observed, 80)}{more}"
                    )


def _recorded(root: Path, one: Given, manifest: dict) -> Observations:
    """What the records say that this release did, for the behaviours that its manifest verifies and the cases that the run has."""
    found: Observations = {}
    for behaviour in manifest["verified"]:
        path = store.path_of(root / "spec", behaviour)
        record = store.read(path)
        cases = one.run["observations"].get(behaviour, record)
        for case in cases:
            entry = runs.holding(record.get(case, {}), one.run["device"], one.release.key)
            if entry is not None:
                found.setdefault(behaviour, {})[case] = entry
    return found
