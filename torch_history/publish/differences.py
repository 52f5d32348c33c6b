"""Differences: ``DIFFERENCES.md``, every recorded change, to read before an upgrade."""

from __future__ import annotations

from typing import Dict, Iterator, List, Tuple

from torch_history.catalogue.behaviour import Change
from torch_history.catalogue.index import Environment, Index
from torch_history.catalogue.kinds import Kind
from torch_history.publish.markdown import NUMBER, cell, code, table, text, to_test
from torch_history.publish.report import lines_of_change
from torch_history.questions.changes import Event, causes, drift, events, unverified

NAME = "DIFFERENCES.md"
_LENGTH = 60  # characters of a value
_PLACES = 2  # places of a change that are shown


def page(index: Index) -> str:
    """The page, in Markdown."""
    everything = events(index)
    # `Index.on` is ascending: of several patches of a line, the newest one is kept.
    newest = {one.line: one for one in index.on("cpu").values()}
    recorded = list(newest)
    parts = [
        *_opening(recorded),
        *_glance(everything, recorded),
        *_subjects(everything),
        *_releases(everything, recorded),
        *_drift(list(newest.values())),
        *_causes(everything),
        "## What was not verified",
        "",
        *(f"- {text(line)}" for line in unverified(index)),
        *_links(everything),
    ]
    return "\n".join(parts) + "\n"


OPENING = """# What changed in torch {first} to {last}

The behaviours of `spec/` were observed on {releases} releases of torch, {first} to {last}, on the
CPU. This page lists every change. `torch-history differences --write` writes it; do not edit it.

**Before an upgrade from A to B**, every release after A counts, up to and including B:

1. [At a glance](#at-a-glance) shows how much changed at each release, and how harmful it is.
2. [By subject](#by-subject) lists what breaks a program or silently changes its numbers, one line
   for each cause. Find the subjects that your program uses, and read the lines of your releases.
3. [Release by release](#release-by-release) lists everything, with the values before and after:
   the most harmful first.
4. For your two versions alone: `torch-history diff A B --format markdown`. For the history of one
   behaviour: `torch-history show ID`.
5. [What was not verified](#what-was-not-verified) lists what this page does not know.
"""


def _opening(recorded: List[str]) -> Iterator[str]:
    yield OPENING.format(first=recorded[0], last=recorded[-1], releases=len(recorded))


def _glance(everything: List[Event], recorded: List[str]) -> Iterator[str]:
    counts: Dict[Tuple[str, Kind], int] = {}
    for event in everything:
        key = (event.change.version, event.change.kind)
        counts[key] = counts.get(key, 0) + 1
    used = [kind for kind in Kind if any(kind is key[1] for key in counts)]
    rows = [
        [
            _to_release(line),
            *(_about(counts.get((line, kind), 0)) for kind in used),
            _about(sum(counts.get((line, kind), 0) for kind in used)),
        ]
        # Nothing is recorded before the first release, so it has no changes.
        for line in recorded[1:]
    ]
    yield "## At a glance"
    yield ""
    yield "Changes by release and kind, the most harmful kinds on the left: 10+ is 10 or more."
    yield ""
    yield from table(["release", *(kind.title for kind in used), "all"], rows)


def _about(count: int) -> str:
    """``20+``. An exact count would change with each behaviour, and two branches would conflict."""
    steps = [step for step in (1, 5, 10, 20, 50, 100) if step <= count]
    return f"{steps[-1]}+" if steps else ""


def _subjects(everything: List[Event]) -> Iterator[str]:
    yield "## By subject"
    yield ""
    yield "Only what breaks a program or changes its numbers. A line is one cause at one release;"
    yield "the behaviours that share it are counted."
    yield ""
    for chapter in sorted({event.behaviour.chapter for event in everything}):
        own = [
            event
            for event in everything
            if event.behaviour.chapter == chapter and event.change.kind.hurts
        ]
        if own:
            yield f"### {text(chapter.replace('_', ' '))}"
            yield ""
            heading = ["release", "kind", "behaviour", "what changed, and *what to do*", "cause"]
            yield from table(heading, list(_causes_of_subject(own)))


def _causes_of_subject(own: List[Event]) -> Iterator[List[str]]:
    """A row for each cause at a release."""
    together: Dict[Tuple[str, Kind, str], List[Event]] = {}
    for event in own:
        change = event.change
        # Two changes whose cause is unknown need not have one cause: their texts tell them apart.
        cause = change.cause_in_words or change.text
        together.setdefault((change.version, change.kind, cause), []).append(event)
    for (version, kind, _), group in together.items():
        first, behaviour = group[0].change, group[0].behaviour
        advice = next((event.change.advice for event in group if event.change.advice), None)
        seen = to_test(behaviour.claim, behaviour)
        more = f" and {len(group) - 1} more" if len(group) > 1 else ""
        words = cell(first.text) + (f". *{cell(advice)}*" if advice else "")
        yield [_to_release(version), kind.words, seen + more, words, _cause(first)]


def _releases(everything: List[Event], recorded: List[str]) -> Iterator[str]:
    yield "## Release by release"
    yield ""
    heading = ["behaviour", "before → after", "what changed, and *what to do*", "cause"]
    for version in recorded[1:]:
        own = [event for event in everything if event.change.version == version]
        yield f"### torch {version}"
        yield ""
        if not own:
            yield "No behaviour changed."
            yield ""
        for kind in dict.fromkeys(event.change.kind for event in own):
            group = [event for event in own if event.change.kind is kind]
            yield f"#### {version}: {kind.words}"
            yield ""
            yield from table(heading, [_row(event) for event in group])


def _row(event: Event) -> List[str]:
    change = event.change
    words = cell(change.text) + (f". *{cell(change.advice)}*" if change.advice else "")
    return [code(event.behaviour.id), _arrows(event), words, _cause(change)]


def _drift(environments: List[Environment]) -> Iterator[str]:
    lines = [one.line for one in environments]
    rows = []
    for name, steps in drift(environments).items():
        moved = [
            f"{line}: {before} → {after}"
            for line, before, after in zip(lines[1:], steps, steps[1:])
            # A release that was not observed gives no distance, so no move is claimed next to it.
            if before is not None and after is not None and before != after
        ]
        rows.append([code(name), ", ".join(moved)])
    yield "## Where arithmetic moved within tolerance"
    yield ""
    yield (
        "In these behaviours the last bits changed by less than the tolerance of "
        "`torch.testing.assert_close`."
    )
    yield "The behaviour is still the same, but a test that compares bits fails."
    yield (
        "The numbers are the largest distance from the recorded entry before that release and "
        "from it on, in units in the last place (ULP)."
    )
    yield ""
    yield from table(["behaviour", "release: ULP before → after"], rows)


def _causes(everything: List[Event]) -> Iterator[str]:
    found = causes([(event.behaviour, event.change) for event in everything])
    yield "## Causes"
    yield ""
    yield "The cause of these changes is not known:"
    yield ""
    # One a line, so that two branches can each add one.
    for version, behaviours in found.unknown.items():
        yield from (f"- {version}: {code(behaviour.id)}" for behaviour in behaviours)
    yield ""


def _arrows(event: Event) -> str:
    lines = lines_of_change(event.cases, _LENGTH)
    shown = [f"{code(before)} → {code(after)}" for before, after in lines[:_PLACES]]
    if len(lines) > _PLACES:
        shown.append(f"and {len(lines) - _PLACES} more")
    return "<br>".join(shown)


def _cause(change: Change) -> str:
    """The cause, with its numbers in brackets: ``_links`` makes them links."""
    # A reference link, because a whole address in each row would make the page much longer.
    return NUMBER.sub(r"[\g<0>]", cell(change.cause_in_words or "unknown"))


def _links(everything: List[Event]) -> Iterator[str]:
    """The targets of the links that ``_cause`` makes."""
    yield ""
    numbers = {
        number for event in everything for number in NUMBER.findall(event.change.cause or "")
    }
    for number in sorted(numbers, key=int):
        yield f"[pytorch#{number}]: https://github.com/pytorch/pytorch/issues/{number}"


def _to_release(line: str) -> str:
    # GitHub drops the dot from the anchor of the heading `torch 2.5`.
    return f"[{line}](#torch-{line.replace('.', '')})"
