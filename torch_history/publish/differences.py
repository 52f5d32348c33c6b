"""Differences: ``DIFFERENCES.md``, the page that a person reads before an upgrade, written from the records and the markers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from torch_history import versions
from torch_history.catalogue.source import Behaviour, Change
from torch_history.matrix import releases as matrix
from torch_history.publish import report
from torch_history.questions.kinds import KINDS
from torch_history.records import manifests, store

NAME = "DIFFERENCES.md"
HURTS = (
    "silent",
    "error",
    "api-gone",
    "exception",
    "random",
)  # what breaks or bends a program that ran before
NUMBER = re.compile(r"pytorch#(\d+)")
CODE = re.compile(r"(?<![`\w])[\w.]*[_*<>][\w.*<>]*(=[\w.\"]+)?(\([^)\s]*\))?(?![`\w])")
_LENGTH = 60  # characters of a value
_PLACES = 2  # places of a change that are shown


class Event(NamedTuple):
    """One behaviour's change at one release."""

    behaviour: Behaviour
    change: Change
    lines: List[Tuple[str, str]]  # before, after: each place that changed


def events(root: Path, known: Dict[str, Behaviour]) -> List[Event]:
    """Every annotated change that the records hold for the cpu, by release, the most harmful kinds first."""
    records = {name: store.read(store.path_of(root / "spec", name)) for name in known}
    return [
        Event(behaviour, change, list(_lines(records[behaviour.id], change.version)))
        for behaviour, change in changes(known.values())
    ]


def changes(behaviours: Iterable[Behaviour]) -> List[Tuple[Behaviour, Change]]:
    """Every annotated change with its behaviour, by release, the most harmful kinds first."""
    order = list(KINDS)
    return sorted(
        ((behaviour, change) for behaviour in behaviours for change in behaviour.changes),
        key=lambda pair: (versions.key(pair[1].version), order.index(pair[1].kind)),
    )


class Causes(NamedTuple):
    """How many causes are known and probable, and release -> the behaviours that changed there for a cause that is not known."""

    known: int
    probable: int
    unknown: Dict[str, List[Behaviour]]


def causes(all_changes: Sequence[Tuple[Behaviour, Change]]) -> Causes:
    """The causes of changes, in their order."""
    unknown: Dict[str, List[Behaviour]] = {}
    for behaviour, change in all_changes:
        if not change.cause:
            unknown.setdefault(change.version, []).append(behaviour)
    told = [change.cause for _, change in all_changes if change.cause]
    probable = sum("probably" in cause for cause in told)
    return Causes(len(told) - probable, probable, unknown)


def _lines(record: store.Record, version: str) -> Iterator[Tuple[str, str]]:
    """Before and after at each place of each snapshot that changed at a version."""
    for name, devices in record.items():
        lines = [line for line in devices.get("cpu", {}) if versions.is_line(line)]
        if version in lines[1:]:
            before, after = (
                devices["cpu"][line] for line in (lines[lines.index(version) - 1], version)
            )
            yield from report.lines_of_change(
                {"cases": [{"case": name, "before": before, "after": after}]}, _LENGTH
            )


def page(root: Path, known: Dict[str, Behaviour]) -> str:
    """The page, in Markdown."""
    runs, all_events = manifests.read(root), events(root, known)
    recorded = [versions.line(release) for release in runs]
    parts = [
        *_opening(len(known), all_events, recorded),
        *_glance(all_events, recorded),
        *_subjects(all_events),
        *_releases(all_events, recorded),
        *_drift(runs),
        *_causes(all_events),
        "## What was not verified",
        "",
        *(f"- {line}" for line in unverified(root, runs)),
        *_links(all_events),
    ]
    return "\n".join(parts) + "\n"


def _opening(behaviours: int, all_events: List[Event], recorded: List[str]) -> Iterator[str]:
    changed = len({event.behaviour.id for event in all_events})
    first, last = recorded[0], recorded[-1]
    yield f"# What changed in torch {first} to {last}"
    yield ""
    yield f"{behaviours} behaviours of training were observed on {len(recorded)} releases of torch, from {first} to {last}, on the CPU. {changed} of them changed,"
    yield f"{len(all_events)} times in all. This page has every change. It is written by `torch-history differences --write`; do not edit it."
    yield ""
    yield "**Before an upgrade from A to B**, what counts is every release after A, up to and including B:"
    yield ""
    yield "1. [At a glance](#at-a-glance) shows how much changed, and how badly, at which release."
    yield "2. [By subject](#by-subject) has what breaks a program or bends its numbers in silence, a line for each cause. Find the subjects that your program"
    yield "   touches, and read the lines of your releases."
    yield "3. [Release by release](#release-by-release) has everything, with the values before and after: silent changes first, then errors."
    yield "4. For your two versions alone: `torch-history diff A B --format markdown`; for one behaviour's life: `torch-history show ID`."
    yield "5. [What was not verified](#what-was-not-verified) says where this page knows nothing."
    yield ""


def _glance(all_events: List[Event], recorded: List[str]) -> Iterator[str]:
    counts: Dict[Tuple[str, str], int] = {}
    for event in all_events:
        key = (event.change.version, event.change.kind)
        counts[key] = counts.get(key, 0) + 1
    used = [kind for kind in KINDS if any(kind == key[1] for key in counts)]
    yield "## At a glance"
    yield ""
    yield "Changes by release and kind; the left ones hurt most."
    yield ""
    yield from _table(
        ["release", *(KINDS[kind].partition(" (")[0] for kind in used), "all"],
        [
            [
                _to_release(line),
                *(str(counts.get((line, kind), "")) for kind in used),
                str(sum(counts.get((line, kind), 0) for kind in used)),
            ]
            for line in recorded[1:]
        ]
        + [
            [
                "all",
                *(
                    str(sum(number for key, number in counts.items() if key[1] == kind))
                    for kind in used
                ),
                str(len(all_events)),
            ]
        ],
    )


def _subjects(all_events: List[Event]) -> Iterator[str]:
    yield "## By subject"
    yield ""
    yield "Only what breaks a program or changes its numbers. A line is one cause at one release; behaviours that share it are counted."
    yield ""
    for chapter in sorted({event.behaviour.chapter for event in all_events}):
        own = [
            event
            for event in all_events
            if event.behaviour.chapter == chapter and event.change.kind in HURTS
        ]
        if not own:
            continue
        together: Dict[tuple, List[Event]] = {}
        for event in own:
            cause = event.change.cause or event.change.text
            together.setdefault((event.change.version, event.change.kind, cause), []).append(event)
        yield f"### {chapter.replace('_', ' ')}"
        yield ""
        rows = []
        for (version, kind, _), group in together.items():
            first = group[0].change
            advice = next((event.change.advice for event in group if event.change.advice), None)
            seen = f"[{group[0].behaviour.claim}]({group[0].behaviour.file}#L{group[0].behaviour.line})"
            more = f" and {len(group) - 1} more" if len(group) > 1 else ""
            rows.append(
                [
                    _to_release(version),
                    KINDS[kind],
                    seen + more,
                    _prose(first.text) + (f". *{_prose(advice)}*" if advice else ""),
                    _cause(first),
                ]
            )
        yield from _table(
            ["release", "kind", "behaviour", "what changed, and *what to do*", "cause"], rows
        )


def _releases(all_events: List[Event], recorded: List[str]) -> Iterator[str]:
    yield "## Release by release"
    yield ""
    for version in recorded[1:]:
        own = [event for event in all_events if event.change.version == version]
        yield f"### torch {version}"
        yield ""
        if not own:
            yield "No behaviour changed."
            yield ""
        for kind in dict.fromkeys(event.change.kind for event in own):
            group = [event for event in own if event.change.kind == kind]
            yield f"#### {version}: {KINDS[kind]} ({len(group)})"
            yield ""
            yield from _table(
                ["behaviour", "before → after", "what changed, and *what to do*", "cause"],
                [
                    [
                        f"`{event.behaviour.id}`",
                        _arrows(event.lines),
                        _prose(event.change.text)
                        + (f". *{_prose(event.change.advice)}*" if event.change.advice else ""),
                        _cause(event.change),
                    ]
                    for event in group
                ],
            )


def _drift(known: Dict[str, dict]) -> Iterator[str]:
    moved: Dict[str, List[str]] = {}
    releases = list(known)
    for behaviour in sorted({name for manifest in known.values() for name in manifest["verified"]}):
        steps = [known[release]["verified"].get(behaviour) for release in releases]
        for number, release in enumerate(releases[1:], start=1):
            before, after = steps[number - 1], steps[number]
            if before is not None and after is not None and before != after:
                moved.setdefault(behaviour, []).append(
                    f"{versions.line(release)}: {before} → {after}"
                )
    yield "## Where arithmetic moved within tolerance"
    yield ""
    yield f"In {len(moved)} behaviours the last bits moved, by less than the tolerance of `torch.testing.assert_close`: no change of behaviour, but a test of yours that asks for"
    yield "equal bits trips over it. The numbers are the largest distance from the recorded entry, in units in the last place (ULP), before and from that release."
    yield ""
    yield from _table(
        ["behaviour", "release: ULP before → after"],
        [[f"`{name}`", ", ".join(steps)] for name, steps in moved.items()],
    )


def _causes(all_events: List[Event]) -> Iterator[str]:
    found = causes([(event.behaviour, event.change) for event in all_events])
    without = sum(map(len, found.unknown.values()))
    yield "## Causes"
    yield ""
    yield f"Of {len(all_events)} changes, the cause is known for {found.known}, probable for {found.probable} and unknown for {without}:"
    yield ""
    for version, behaviours in found.unknown.items():
        yield f"- {version}: {', '.join(f'`{behaviour.id}`' for behaviour in behaviours)}"
    yield ""


def unverified(root: Path, known: Dict[str, dict]) -> List[str]:
    """Where the records know nothing."""
    missing = [
        f"torch {release}: not recorded"
        for release in matrix.releases(root)
        if release not in map(versions.line, known)
    ]
    for release, manifest in known.items():
        for behaviour, why in manifest["unknown"].items():
            missing.append(f"torch {release}: `{behaviour}`: {report.short(why, 200)}")
    devices = {manifest["device"] for manifest in manifests.read(root, None).values()}
    if not devices - {"cpu"}:
        missing.append("any device but the CPU: CUDA is unknown on every release")
    platforms = sorted({manifest["platform"] for manifest in known.values()})
    pythons = sorted(
        {manifest["python"] for manifest in known.values()},
        key=lambda text: [int(part) for part in text.split(".")],
    )
    capabilities = sorted({manifest["cpu_capability"] for manifest in known.values()})
    missing.append(
        f"any platform but {', '.join(platforms)}; any Python but {', '.join(pythons)}; any CPU capability but {', '.join(capabilities)}"
    )
    missing.append("patch releases but those recorded: " + ", ".join(known))
    missing.append(
        "what no behaviour asks about: the specification covers the subjects of its chapters, not all of torch"
    )
    return missing


def _table(heading: List[str], rows: List[List[str]]) -> Iterator[str]:
    yield "| " + " | ".join(heading) + " |"
    yield "|" + "---|" * len(heading)
    yield from ("| " + " | ".join(row) + " |" for row in rows)
    yield ""


def _arrows(lines: List[Tuple[str, str]]) -> str:
    shown = [f"{report.code(before)} → {report.code(after)}" for before, after in lines[:_PLACES]]
    if len(lines) > _PLACES:
        shown.append(f"and {len(lines) - _PLACES} more")
    return "<br>".join(shown)


def _prose(words: Optional[str]) -> str:
    """Words of a marker in a cell: names with underscores, stars or angles are code, or Markdown would eat them."""
    return CODE.sub(
        lambda word: f"`{word[0]}`", " ".join((words or "").replace("|", "\\|").split())
    )


def _cause(change: Change) -> str:
    """The cause, its numbers in brackets: ``_links`` makes them links."""
    return NUMBER.sub(r"[\g<0>]", change.cause or "unknown")


def _links(all_events: List[Event]) -> Iterator[str]:
    """Where the numbers of the causes lead to."""
    yield ""
    numbers = {
        number for event in all_events for number in NUMBER.findall(event.change.cause or "")
    }
    yield from (
        f"[pytorch#{number}]: https://github.com/pytorch/pytorch/issues/{number}"
        for number in sorted(numbers, key=int)
    )


def _to_release(line: str) -> str:
    return f"[{line}](#torch-{line.replace('.', '')})"
