"""Page: docs/benchmarks.md, written from the raw files, and the tables of one run."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple
from urllib.parse import quote

from torch_history import versions
from torch_history.bench import estimate, growth, raw, steps
from torch_history.bench import markdown as md
from torch_history.bench.chain import Chain, Judged, chained, not_clean
from torch_history.bench.estimate import Estimate, Verdict
from torch_history.bench.packages import needed
from torch_history.bench.rounds import Comparison, Growth, Manifest, Record, ToolFigures
from torch_history.escaping import html, one_line

with needed("numpy", "a benchmark"):
    import numpy as np

NAME, FOLDER = "docs/benchmarks.md", "benchmarks"
CHAIN = "chain"  # in FOLDER: each release against its neighbour
STEPS, NEIGHBOURS = "steps-cpu.svg", "neighbours-cpu.svg"  # the pictures of the chain
_COLOURS: Dict[Verdict, str] = {
    "slower": "red",
    "faster": "green",
    "inconclusive": "dim",
    "void": "yellow",
    "unknown": "dim",
}
Escape = Callable[[object], str]

INTRODUCTION = """# Benchmarks

Does an upgrade make the training step slower? This page compares releases phase by phase. Each
comparison is one run that timed both releases side by side. `torch-history benchmarks --write`
generates the page from the raw rounds in `benchmarks/`; no figure is entered by hand. The results
on your own machine matter most: `torch-history bench 2.6 2.15` compares two releases there.

## How to read a verdict

| verdict | means |
|---|---|
{verdicts}

The *ratio* is the time after divided by the time before: 1.10 is 10 % slower. The *intervals* are
meant to hold for all benchmarks of a run together (95 %, Bonferroni). The *control* is a second
copy of the older release, timed in the same rounds: its distance from 1 is measurement error.
Times are CPU time of one thread.

A network is named by its width: `mlp-5` is the adapter network of article A (batch 10),
`mlp-1024` the same at width 1,024 (batch 64), `rnn-20` and `rnn-256` the character RNN of article
E (batch 64), and `conv-16` two convolutions with BatchNorm (batch 8). Dispatch dominates at the
small sizes, arithmetic at the large ones. Each benchmark has a test in `spec/benchmarks/` that
shows what it does.

**What the method resolves.** A block of calls lasts about 2 ms. Blocks of both releases and of
the control alternate in random order, so a slow moment of the machine affects all three. Several
launches of fresh processes average out the properties of a single process, such as where its
memory lies. Each release runs in two processes, since processes of one release share its code in
the processor's caches: a newer release that ran in one would look about 5 % slower. The C library
is told to keep freed memory: otherwise the page faults of large tensors make one process 10 %
slower than the next. A run reports a mean, so a cost that falls on few calls counts too. Changes of
more than about 5 % are reported; smaller ones are not, however long the run.

**What it cannot show.** It times one machine, one thread, these sizes, and warm code. Some phases
have an untimed part before each call (forward, backward, zero_grad). Each of their calls includes
the cost of two clock readings, which pulls the ratio of a call of a few microseconds towards 1.
Times of two runs are never divided by each other. A chain of neighbours multiplies the ratios of
its runs, and its error grows with its length. *Inconclusive* never means *no change*.
"""
GROWTH = """## How a step's cost grows

The whole step has a fixed cost and one that grows with the batch or with the number of parameters.
Find your own size on the curve. Below the size where both parts are equal, a larger batch costs
little.
"""


def files(root: Path) -> Dict[Path, Record]:
    """The raw files of the repository, oldest release first, without those of the chain.

    Raises HistoryError for a bad file.
    """
    # Sorted by name first: records with equal keys keep this order on every file system.
    found = {path: raw.read_any(path) for path in sorted((root / FOLDER).glob("*.json"))}
    return dict(sorted(found.items(), key=lambda item: _order(item[1])))


def _order(record: Record) -> Tuple[str, str, List[Tuple[int, ...]]]:
    if isinstance(record, Comparison):
        releases = [versions.key(one.release) for one in (record.before, record.after)]
        return record.what, record.device, releases
    if isinstance(record, Growth):
        return record.what, record.device, [versions.key(record.release.release)]
    return record.what, "", []


def chain(root: Path) -> Optional[Chain]:
    """The chain of the repository, if there is one.

    Raises HistoryError for a bad file, or a release that is missing within the chain.
    """
    folder = root / FOLDER / CHAIN
    paths = [*folder.glob("*.json"), *folder.glob("*.json.gz")]
    records = [raw.read(path, Comparison) for path in paths]
    return chained(map(_judged, records)) if records else None


def comparisons(records: Mapping[Path, Record]) -> Dict[Path, Judged]:
    """The comparisons of two different releases, with their estimates."""
    # A release against itself measures the method's error.
    return {
        path: _judged(record)
        for path, record in records.items()
        if isinstance(record, Comparison) and not _against_itself(record)
    }


def directs(judged: Iterable[Judged], chain: Chain) -> List[Chain]:
    """Those comparisons whose two releases are in the chain, on its device."""
    found = [chained([one]) for one in judged]
    known = set(chain.releases)
    return [one for one in found if one.device == chain.device and set(one.releases) <= known]


def _judged(record: Comparison) -> Judged:
    return record, estimate.estimates(record)


def page(root: Path) -> str:
    """docs/benchmarks.md. Raises HistoryError for a raw file that is not valid."""
    records = files(root)
    judged = comparisons(records)
    verdicts = "\n".join(f"| *{name}* | {means} |" for name, means in estimate.VERDICTS.items())
    parts = [INTRODUCTION.format(verdicts=verdicts), "## Measured error\n"]
    parts.extend(_errors(records))
    parts.extend(_steps(root, judged.values()))
    parts.extend(_comparisons(judged))
    parts.extend(_grown(records))
    parts.append("## Not measured\n\n" + "".join(f"- {line}\n" for line in _not_measured(records)))
    return "\n".join(parts)


def _errors(records: Mapping[Path, Record]) -> Iterator[str]:
    """A release against itself, then what the scripts in ``tools/`` measured about the method."""
    for record in records.values():
        if isinstance(record, Comparison) and _against_itself(record):
            yield _error(record)
    for record in records.values():
        if isinstance(record, ToolFigures):
            title, command = md.text(record.title), md.code(record.command)
            yield f"**{title}** ({command}, {record.date}):\n"
            yield "\n".join(map(html, record.lines)) + "\n"


def _against_itself(record: Comparison) -> bool:
    return record.before.release == record.after.release


def _error(record: Comparison) -> str:
    """How far the ratios of a release against itself are from 1."""
    found = estimate.estimates(record)
    timed = [one for one in found if one.verdict != "unknown"]
    where = _where(record, record.before, md.text)
    title = (
        f"**A release against itself**, torch {md.text(record.before.release)} on "
        f"{md.text(record.device)}"
    )
    if not timed:
        return f"{title}: nothing was timed. {where}\n"
    off = np.abs(np.log([one.ratio for one in timed]))
    worst = md.text(timed[int(off.argmax())].name)
    return (
        f"{title}, {len(timed)} benchmarks, {timed[0].launches} launches, "
        f"{sum(one.rounds for one in timed)} rounds: {_counts(timed)}. "
        f"The ratios are off by {np.expm1(np.median(off)):.1%} (median) and "
        f"{np.expm1(off.max()):.1%} (worst: {worst}). {where}\n"
    )


def _steps(root: Path, judged: Iterable[Judged]) -> Iterator[str]:
    """What the step costs, release by release."""
    found = chain(root)
    if found is None:
        return
    folder = root / FOLDER
    yield f"## The step's cost over {len(found.releases)} releases\n"
    yield from _picture(folder / STEPS, "the cost of each phase of a step, release by release")
    yield steps.reading(found)
    checks = list(steps.checks(found, directs(judged, found)))
    if checks:
        yield steps.checked(checks)
    yield (
        "Each release against the one before it. The ratios are in **bold** where the verdict is "
        "slower or faster:\n"
    )
    yield steps.table(found)
    yield from _picture(folder / NEIGHBOURS, "a heat map: releases by benchmarks")


def _comparisons(judged: Mapping[Path, Judged]) -> Iterator[str]:
    for path, (record, found) in judged.items():
        title = md.text(heading(record))
        yield f"## {title}\n"
        yield from _picture(path, f"ratio and interval of each benchmark, {title}")
        yield markdown(record, found)


def _grown(records: Mapping[Path, Record]) -> Iterator[str]:
    grown = {path: record for path, record in records.items() if isinstance(record, Growth)}
    if grown:
        yield GROWTH
    for path, record in grown.items():
        release = md.text(record.release.release)
        where = _where(record, record.release, md.text)
        yield f"### torch {release} on {md.text(record.device)}\n\n{where}\n"
        yield from _picture(path, f"step time against batch and width, torch {release}")
        yield growth.text(growth.curves(record))


def heading(record: Comparison) -> str:
    """The title of a comparison, not escaped."""
    return f"torch {record.before.release} → {record.after.release} on {record.device}"


def _where(record: Record, manifest: Manifest, escape: Escape) -> str:
    assert not isinstance(record, ToolFigures)
    machine = record.machine
    return (
        f"{record.date}, {escape(machine.processor)} with {machine.cores} cores "
        f"({escape(manifest.cpu_capability)}), one thread; "
        f"Python {escape(manifest.python)}, build {escape(manifest.build)}."
    )


def _counts(found: Sequence[Estimate]) -> str:
    return ", ".join(f"{count} {name}" for name, count in estimate.by_verdict(found).items())


def summary(record: Comparison, found: Sequence[Estimate], escape: Escape = one_line) -> str:
    """How many benchmarks have each verdict, on what machine, and what the run does not control.

    ``escape`` is for the text that comes from the file: ``one_line`` for a terminal.
    """
    before, after = record.before, record.after
    parts = [f"{_counts(found) or 'nothing was timed'}. {_where(record, before, escape)}"]
    if after.python != before.python or after.build != before.build:
        parts.append(f"After: Python {escape(after.python)}, build {escape(after.build)}.")
    parts.extend(f"**Not clean:** {escape(note)}." for note in not_clean(record))
    if record.altered:
        parts.append(f"**The newer side was altered by `{escape(record.altered)}`.**")
    if record.interrupted:
        parts.append("Interrupted: these are the results until then.")
    return " ".join(parts)


def markdown(record: Comparison, found: Sequence[Estimate]) -> str:
    """One comparison as Markdown."""
    lines = [
        summary(record, found, md.text),
        "",
        "| benchmark | verdict | ratio | interval | control | before | after | launches, rounds |",
        "|---|---|---|---|---|---|---|---|",
        *map(_row, found),
    ]
    return "\n".join([*lines, *_compile_times(record, md.text), ""])


def _row(one: Estimate) -> str:
    if one.verdict == "unknown":
        return f"| {md.cell(one.name)} | unknown: {md.cell(one.reason)} | | | | | | |"
    return md.row(
        md.cell(one.name),
        f"**{one.verdict}**" if one.verdict in ("slower", "faster") else one.verdict,
        f"{one.ratio:.3f}",
        interval(one.interval),
        interval(one.control_interval),
        duration(one.before_ns),
        duration(one.after_ns),
        f"{one.launches}, {one.rounds}",
    )


def _compile_times(record: Comparison, escape: Escape) -> Iterator[str]:
    for name, first in record.first_call.items():
        # Only the first launch compiles: the later ones find its results in the cache.
        before, control, after = (
            duration(times[0]) for times in (first.before, first.control, first.after)
        )
        yield ""
        yield (
            f"{escape(name)}: the first call, which compiles, took {before} (the control "
            f"{control}) before and {after} after: wall time with an empty cache, all in "
            "parallel."
        )


def table(record: Comparison, found: Sequence[Estimate]) -> None:
    """Print one comparison on the terminal."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    # Text from the files is printed without markup, in which rich would interpret brackets.
    # soft_wrap keeps each line whole, for a pipe and for copying.
    console = Console(highlight=False)
    console.print(f"{heading(record)}: {summary(record, found)}", markup=False, soft_wrap=True)
    rows = Table(box=None, padding=(0, 1, 0, 0))
    for title in ("benchmark", "verdict"):
        rows.add_column(title, no_wrap=True)
    for title in ("ratio", "interval", "control", "before"):
        rows.add_column(title, justify="right", no_wrap=True)
    for one in found:
        if one.verdict != "unknown":
            rows.add_row(
                escape(one_line(one.name)),
                f"[{_COLOURS[one.verdict]}]{one.verdict}[/]",
                f"{one.ratio:.3f}",
                interval(one.interval),
                interval(one.control_interval),
                duration(one.before_ns),
            )
    console.print(rows)
    reasons = [
        f"{one_line(one.name)}: unknown: {one_line(one.reason)}"
        for one in found
        if one.verdict == "unknown"
    ]
    for line in [*reasons, *filter(None, _compile_times(record, one_line))]:
        console.print(line, markup=False, soft_wrap=True)


def interval(ends: Tuple[float, float]) -> str:
    """Both ends with three decimals, and an en dash between them."""
    return f"{ends[0]:.3f}\N{EN DASH}{ends[1]:.3f}"


def duration(nanoseconds: float) -> str:
    """Three digits and a unit: ``41.2 µs``."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= 0.9995 * size:  # what would be rounded to 1,000 of the smaller unit
            # `#` keeps 41.0 from losing its zero, and leaves 412 a point, which is removed.
            return f"{nanoseconds / size:#.3g} {unit}".replace(". ", " ")
    return f"{nanoseconds:.0f} ns"


def _picture(path: Path, words: str) -> List[str]:
    picture = path.with_suffix(".svg")
    return [f"![{words}](../{FOLDER}/{quote(picture.name)})\n"] if picture.exists() else []


def _not_measured(records: Mapping[Path, Record]) -> Iterator[str]:
    measured = [one for one in records.values() if not isinstance(one, ToolFigures)]
    # Deduced from the records, so the page cannot claim it after a GPU has been measured.
    if not any(record.device.startswith("cuda") for record in measured):
        yield (
            "CUDA: no GPU was available. The three figures (time to enqueue, steady step, captured "
            "graph) are implemented but have not run on one."
        )
    yield (
        "More than one thread, other processors, other sizes: "
        "run `torch-history bench` on the machine that matters to you."
    )
