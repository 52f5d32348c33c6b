"""Page: BENCHMARKS.md, written from the raw files in ``benchmarks/``; and the tables of one comparison, for the terminal and for Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

from torch_history import versions
from torch_history.bench import estimate, growth
from torch_history.bench.estimate import Estimate
from torch_history.records import store

NAME, FOLDER, HEAT_MAP = "BENCHMARKS.md", "benchmarks", "releases-cpu.svg"
_COLOURS = {
    "slower": "red",
    "faster": "green",
    "inconclusive": "dim",
    "void": "yellow",
    "unknown": "dim",
}

INTRODUCTION = """# Benchmarks

Will the training step be slower after an upgrade? Below, releases are compared phase by phase, each comparison from one run that timed both
releases side by side. `torch-history benchmarks --write` writes this page from the raw rounds in `benchmarks/`; nothing here is typed in. To
compare two releases on your own machine, which is the one that matters: `torch-history bench 2.6 2.15`.

## How to read a verdict

| verdict | means |
|---|---|
{verdicts}

A *ratio* is the time after over the time before: 1.10 is a tenth dearer. Its *interval* is meant to hold for all benchmarks of a run at once (95 %, Bonferroni);
the *control* is a second copy of the older release, timed in the same rounds: what it differs from 1 is error. The time is the processor's, of one thread.

A network is named by its width: `mlp-5` is article A's adapter network (batch 10), `mlp-1024` the same at width 1,024 (batch 64), `rnn-20` and `rnn-256`
article E's character RNN (batch 64), `conv-16` two convolutions with BatchNorm (batch 8). At the small sizes the step's cost is that of dispatch, at the large ones that of arithmetic.
What each benchmark does is a test in `spec/benchmarks/`.

**What the method resolves.** A block of calls lasts about 2 ms; blocks of both releases and of the control alternate in random order, so that a slow moment of the machine meets all three;
several launches of fresh processes average what a process happens to be (where its memory lies). The C library is told to keep freed memory, since the page faults of large tensors cost
one process a tenth more than the next. A run's figure is a mean, so that a cost that falls on few calls counts too. Changes beyond some 5 % are called; smaller ones are not, however long the run.

**What it cannot.** It times one machine, one thread, these sizes, and warm code. A phase with an untimed part before each call (forward, backward, zero_grad) carries the cost of two
clock readings in each call, which draws ratios of calls of a few microseconds towards 1. Two runs are never divided by each other: a chain of neighbours multiplies the ratios of its
runs, and its error grows with its length. *Inconclusive* is never *no change*.
"""


def files(root: Path) -> Dict[Path, dict]:
    """The raw files of the repository, oldest release first."""
    found = {path: store.read_json(path) for path in sorted((root / FOLDER).glob("*.json"))}
    return dict(sorted(found.items(), key=lambda item: _order(item[1])))


def _order(record: dict) -> Tuple[Any, ...]:
    releases = [record[role]["release"] for role in ("before", "after") if role in record]
    return (
        record["what"],
        record.get("device", ""),
        [versions.key(release) for release in releases],
    )


def page(root: Path, known: Any = None) -> str:
    """BENCHMARKS.md. ``known`` is there for the sake of the other pages, which need the behaviours."""
    verdicts = "\n".join(
        f"| *{verdict}* | {meaning} |" for verdict, meaning in estimate.VERDICTS.items()
    )
    parts = [INTRODUCTION.format(verdicts=verdicts)]
    records = files(root)
    compared = {path: record for path, record in records.items() if record["what"] == "comparison"}
    against_itself = {
        path: record
        for path, record in compared.items()
        if record["before"]["release"] == record["after"]["release"]
    }
    parts.append("## Measured error\n")
    for record in against_itself.values():
        parts.extend(_error(record))
    for record in records.values():
        parts.extend(_tool(record))
    if (root / FOLDER / HEAT_MAP).exists():
        parts.append(
            "## Releases in a row\n\nEach against its neighbour, and the product of these ratios: the comparisons below in one picture.\n"
        )
        parts.extend(
            _picture(
                root / FOLDER / HEAT_MAP,
                "a heat map: benchmarks by releases, the ratio in each cell",
            )
        )
    for path, record in compared.items():
        if path not in against_itself:
            parts.append(f"## {heading(record)}\n")
            parts.extend(_picture(path, f"ratio and interval of each benchmark, {heading(record)}"))
            parts.append(markdown(record, estimate.estimates(record)))
    grown = {path: record for path, record in records.items() if record["what"] == "growth"}
    if grown:
        parts.append(
            "## How a step's cost grows\n\nThe whole step: a fixed part, and one that grows with the batch or with the parameters. "
            "Find your own size on the curve; below the size where both parts are equal, a larger batch is nearly free.\n"
        )
    for path, record in grown.items():
        parts.append(
            f"### torch {record['release']['release']} on {record['device']}\n\n{_where(record, record['release'])}\n"
        )
        parts.extend(
            _picture(
                path, f"step time against batch and width, torch {record['release']['release']}"
            )
        )
        parts.append(growth.text(growth.curves(record)))
    parts.append("## Not measured\n\n" + "".join(f"- {line}\n" for line in _not_measured(records)))
    return "\n".join(parts)


def heading(record: dict) -> str:
    return (
        f"torch {record['before']['release']} → {record['after']['release']} on {record['device']}"
    )


def _where(record: dict, manifest: dict) -> str:
    machine = record["machine"]
    return (
        f"{record['date']}, {machine['processor']} with {machine['cores']} cores ({manifest['cpu_capability']}), one thread; "
        f"Python {manifest['python']}, build {manifest['build']}."
    )


def summary(record: dict, found: List[Estimate]) -> str:
    """How many verdicts of each kind, on what, and what makes the comparison less than clean."""
    counts = (
        ", ".join(f"{count} {verdict}" for verdict, count in estimate.by_verdict(found).items())
        or "nothing was timed"
    )
    before, after = record["before"], record["after"]
    text = f"{counts}. {_where(record, before)}"
    if after["python"] != before["python"] or after["build"] != before["build"]:
        text += f" After: Python {after['python']}, build {after['build']}."
    for note in record["notes"]:
        text += f" **Not clean:** {note}."
    if record["altered"]:
        text += f" **The newer side was altered by `{record['altered']}`.**"
    if record["interrupted"]:
        text += " Interrupted: what had been timed until then."
    return text


def markdown(record: dict, found: List[Estimate]) -> str:
    """One comparison as Markdown."""
    lines = [
        summary(record, found),
        "",
        "| benchmark | verdict | ratio | interval | control | before | after | launches, rounds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in found:
        if one.verdict == "unknown":
            lines.append(f"| {one.name} | unknown: {one.reason} | | | | | | |")
        else:
            cells = [
                one.name,
                f"**{one.verdict}**" if one.verdict in ("slower", "faster") else one.verdict,
                f"{one.ratio:.3f}",
                interval(one.interval),
                interval(one.control_interval),
                duration(one.before_ns),
                duration(one.after_ns),
                f"{one.launches}, {one.rounds}",
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, *_compile_times(record), ""])


def _compile_times(record: dict) -> Iterator[str]:
    for name, roles in record["first_call"].items():
        cold = {role: duration(times[0]) for role, times in roles.items() if times}
        yield ""
        yield (
            f"{name}: the first call, which compiles, took {cold['before']} (the control {cold['control']}) before and {cold['after']} after, "
            "wall time with an empty cache, the three at once."
        )


def table(record: dict, found: List[Estimate]) -> None:
    """One comparison on the terminal."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    console.print(f"{heading(record)}: {summary(record, found)}", markup=False, soft_wrap=True)
    rows = Table(box=None, padding=(0, 1, 0, 0))
    for title, side in (
        ("benchmark", "left"),
        ("verdict", "left"),
        ("ratio", "right"),
        ("interval", "right"),
        ("control", "right"),
        ("before", "right"),
    ):
        rows.add_column(title, justify=side, no_wrap=True)
    for one in found:
        if one.verdict != "unknown":
            rows.add_row(
                escape(one.name),
                f"[{_COLOURS[one.verdict]}]{one.verdict}[/]",
                f"{one.ratio:.3f}",
                interval(one.interval),
                interval(one.control_interval),
                duration(one.before_ns),
            )
    console.print(rows)
    for one in found:
        if one.verdict == "unknown":
            console.print(f"{one.name}: unknown: {one.reason}", markup=False, soft_wrap=True)
    for line in _compile_times(record):
        if line:
            console.print(line, markup=False, soft_wrap=True)


def interval(ends: Tuple[float, float]) -> str:
    return f"{ends[0]:.3f}–{ends[1]:.3f}"


def duration(nanoseconds: float) -> str:
    """Three digits and a unit: ``41.2 µs``."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:#.3g} {unit}".replace(". ", " ")
    return f"{nanoseconds:.0f} ns"


def _picture(path: Path, words: str) -> List[str]:
    picture = path.with_suffix(".svg")
    return [f"![{words}]({FOLDER}/{picture.name})\n"] if picture.exists() else []


def _error(record: dict) -> Iterator[str]:
    """A release against itself: how far its ratios are from 1."""
    import numpy as np

    found = [one for one in estimate.estimates(record) if one.verdict != "unknown"]
    off = np.abs(np.log([one.ratio for one in found]))
    counts = ", ".join(
        f"{count} {verdict}" for verdict, count in estimate.by_verdict(found).items()
    )
    yield (
        f"**A release against itself**, torch {record['before']['release']} on {record['device']}, {len(found)} benchmarks, {found[0].launches} launches, "
        f"{sum(one.rounds for one in found)} rounds: {counts}. The ratios are off by {np.expm1(np.median(off)):.1%} (median) and "
        f"{np.expm1(off.max()):.1%} (worst: {found[int(off.argmax())].name}). {_where(record, record['before'])}\n"
    )


def _tool(record: dict) -> Iterator[str]:
    """What a script in ``tools/`` measured about the method, and wrote as Markdown lines beside its raw figures."""
    if record["what"] == "tool":
        yield f"**{record['title']}** (`{record['command']}`, {record['date']}):\n"
        yield "\n".join(record["lines"]) + "\n"


def _not_measured(records: Dict[Path, dict]) -> Iterator[str]:
    if not any(record.get("device", "").startswith("cuda") for record in records.values()):
        yield "CUDA: no GPU was at hand. The three figures (time to enqueue, steady step, captured graph) are programmed and have not run on one."
    yield "More than one thread, other processors, other sizes: run `torch-history bench` where it matters to you."
