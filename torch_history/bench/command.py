"""Command: ``torch-history bench`` and ``growth``, from a request to files, tables and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, Literal, Optional, Sequence, Tuple, Union

from msgspec import Struct

from torch_history import progress
from torch_history.bench import design, estimate, page, raw
from torch_history.bench import growth as growing
from torch_history.bench.chain import Judged, chained
from torch_history.bench.pictures import forest, heat, steps
from torch_history.bench.pictures import growth as curves_of_growth
from torch_history.bench.rounds import Comparison, Growth, is_device
from torch_history.catalogue import releases as matrix
from torch_history.errors import HistoryError
from torch_history.escaping import one_line
from torch_history.matrix.environments import Environment, environment
from torch_history.progress import Tell

MOST_MINUTES = 24 * 60
FEWEST_LAUNCHES, MOST_LAUNCHES = estimate.FEWEST_LAUNCHES, 100


class BenchRequest(Struct, frozen=True, kw_only=True):
    """What ``torch-history bench`` is asked for: releases to compare, or files to read."""

    root: Path
    releases: Tuple[str, ...] = ()  # two or more; each is compared with its neighbour
    read: Tuple[Path, ...] = ()  # files of raw rounds, instead of releases
    only: Tuple[str, ...] = ()  # patterns of benchmarks
    budget: float = 10.0  # minutes for each comparison, without installing
    launches: int = 6  # number of fresh processes per release
    core: Optional[int] = None  # None: each launch draws one
    device: str = "cpu"
    python: Optional[str] = None  # one Python for all releases, as 3.11
    to: Optional[Path] = None  # folder of the raw rounds
    plot: Optional[Path] = None
    format: Literal["table", "markdown"] = "table"
    force: bool = False  # compare environments that differ in more than torch


class GrowthRequest(Struct, frozen=True, kw_only=True):
    """What ``torch-history growth`` is asked for: a release to time, or a file to read."""

    root: Path
    release: Optional[str] = None
    read: Optional[Path] = None  # a file of raw rounds, instead of a release
    only: Tuple[str, ...] = ()  # patterns of curves
    budget: float = 4.0  # minutes, without installing
    device: str = "cpu"
    python: Optional[str] = None
    to: Optional[Path] = None
    plot: Optional[Path] = None


def bench(request: BenchRequest) -> int:
    """Compare releases with their neighbours, or read earlier comparisons; returns the exit status.

    1 if a benchmark is slower, 130 after an interruption, else 0.
    """
    if bool(request.read) == bool(request.releases) or len(request.releases) == 1:
        raise HistoryError(
            "bench: name two or more releases to compare, as `bench 2.6 2.15`, "
            "or --read files of raw rounds"
        )
    if request.read:
        records = [raw.read(path, Comparison) for path in request.read]
    else:
        records = list(_compared(request))
    judged = [(record, estimate.estimates(record)) for record in records]
    for record, found in judged:
        if request.format == "markdown":
            print(f"## {page.heading(record)}\n\n{page.markdown(record, found)}")
        else:
            page.table(record, found)
    if request.plot:
        draw(judged, request.plot)
        print(f"written: {one_line(request.plot)}")
    # Before the verdicts: what an interrupted run has not timed is not known to be no slower.
    if any(record.interrupted for record in records):
        return 130
    return int(any(one.verdict == "slower" for _, found in judged for one in found))


def _compared(request: BenchRequest) -> Iterator[Comparison]:
    """Time each release and its neighbour; an interruption ends the last comparison early."""
    root = request.root.resolve()
    _check(request)
    matrix.choose(root, list(request.releases))  # an unknown one fails before any is installed
    with progress.bar() as tell:
        # All are installed before the first is timed, since an installation loads the machine.
        there = [_environment(root, release, request.python, tell) for release in request.releases]
    for before, after in zip(there, there[1:]):
        plan = design.Plan(
            before=before,
            after=after,
            seconds=request.budget * 60,
            only=request.only,
            launches=request.launches,
            device=request.device,
            force=request.force,
            core=request.core,
        )
        file = _file(request, root, f"{before.release}-{after.release}-{request.device}")
        with progress.bar(f"torch {before.release} → {after.release}: ") as tell:
            record = design.compare(root, plan, file, tell)
        print(f"raw rounds: {one_line(file)}")
        yield record
        if record.interrupted:
            return


def growth(request: GrowthRequest) -> int:
    """Time how a step grows, or read an earlier run; returns the exit status."""
    if (request.read is None) == (request.release is None):
        raise HistoryError(
            "growth: name one release, as `growth 2.15`, or --read one file of raw rounds"
        )
    record = raw.read(request.read, Growth) if request.read else _grown(request)
    curves = growing.curves(record)
    print(growing.text(curves))
    if request.plot:
        curves_of_growth.draw(_title(record), curves, request.plot)
        print(f"written: {one_line(request.plot)}")
    return 130 if record.interrupted else 0


def _grown(request: GrowthRequest) -> Growth:
    assert request.release is not None
    root = request.root.resolve()
    _check(request)
    with progress.bar() as tell:
        there = _environment(root, request.release, request.python, tell)
        file = _file(request, root, f"growth-{there.release}-{request.device}")
        record = growing.measure(
            root, there, request.device, request.budget * 60, file, tell, request.only
        )
    print(f"raw rounds: {one_line(file)}")
    return record


def _check(request: Union[BenchRequest, GrowthRequest]) -> None:
    """Raise HistoryError for a value that no run can use, before anything is installed."""
    # Not `budget <= 0 or ...`, which would let NaN pass.
    if not 0 < request.budget < MOST_MINUTES:
        raise HistoryError(
            f"--budget {request.budget:g}: give minutes between 0 and {MOST_MINUTES}, as 10 or 0.5"
        )
    if not is_device(request.device):
        raise HistoryError(f"--device {one_line(request.device)}: choose cpu, cuda or cuda:N")
    if isinstance(request, GrowthRequest):
        return
    if not FEWEST_LAUNCHES <= request.launches <= MOST_LAUNCHES:
        raise HistoryError(
            f"--launches {request.launches}: choose {FEWEST_LAUNCHES} to {MOST_LAUNCHES}, "
            "since the interval comes from the differences between launches"
        )
    if request.core is not None and request.core not in design.cores():
        raise HistoryError(
            f"--core {request.core}: choose from {', '.join(map(str, design.cores()))}"
        )


def _environment(root: Path, release: str, python: Optional[str], tell: Tell) -> Environment:
    return environment(root, release, python, lambda what: tell(0.0, what))


def _file(request: Union[BenchRequest, GrowthRequest], root: Path, name: str) -> Path:
    """Where a run writes its raw rounds."""
    return unused((request.to or root / ".history" / "bench") / f"{name}.json")


def _title(record: Growth) -> str:
    return f"torch {record.release.release} on {record.device}"


def draw(judged: Sequence[Judged], path: Path) -> None:
    """A forest plot of one comparison, or a heat map of several that are neighbours.

    Raises HistoryError if they are not neighbours or not from one device.
    """
    if len(judged) == 1:
        record, found = judged[0]
        forest.draw(page.heading(record), found, path)
        return
    chain = chained(judged)  # --read takes files in any order
    heat.draw(f"the training step on {chain.device}", chain, path)


def draw_all(root: Path) -> None:
    """Draw the committed runs, each beside its raw file, and the chain."""
    records = page.files(root)
    judged = page.comparisons(records)
    for path, record in records.items():
        if isinstance(record, Growth):
            picture = path.with_suffix(".svg")
            curves_of_growth.draw(_title(record), growing.curves(record), picture)
    for path, one in judged.items():
        draw([one], path.with_suffix(".svg"))
    _draw_chain(root, list(judged.values()))


def _draw_chain(root: Path, judged: Sequence[Judged]) -> None:
    chain, folder = page.chain(root), root / page.FOLDER
    if chain:
        first = chain.releases[0]
        checks = page.directs(judged, chain)
        title = f"the cost of a training step on {chain.device}, {first} = 1"
        steps.draw(title, chain, checks, folder / page.STEPS)
        title = f"the training step on {chain.device}, each release against the one before it"
        heat.draw(title, chain, folder / page.NEIGHBOURS)


def unused(path: Path) -> Path:
    """The path, or the first of path-2, path-3, ... that is free: no earlier run is replaced."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free
