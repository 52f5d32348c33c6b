"""Command: ``torch-history bench`` and ``torch-history growth``, from their options to files, tables and pictures."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
from typing import Callable, Iterator, List, Tuple

from torch_history import versions
from torch_history.bench import design, estimate, page, pictures, raw
from torch_history.bench import growth as growing
from torch_history.bench.estimate import Estimate
from torch_history.errors import HistoryError
from torch_history.matrix import releases as matrix
from torch_history.matrix.environments import environment


def bench(options: argparse.Namespace) -> int:
    """Compare neighbours, or read what was kept of it; returns 1 where a benchmark is slower, 130 after an interruption."""
    if bool(options.read) == bool(options.release) or len(options.release) == 1:
        raise HistoryError(
            "bench: name two or more releases to compare, as `bench 2.6 2.15`, or --read files of raw rounds"
        )
    judged = [
        (record, estimate.estimates(record))
        for record in [raw.read(path) for path in options.read] or _compared(options)
    ]
    for record, found in judged:
        if options.format == "markdown":
            print(f"## {page.heading(record)}\n\n{page.markdown(record, found)}")
        else:
            page.table(record, found)
    if options.plot:
        draw(judged, options.plot)
        print(f"written: {options.plot}")
    if any(record["interrupted"] for record, _ in judged):
        return 130
    return int(any(one.verdict == "slower" for _, found in judged for one in found))


def _compared(options: argparse.Namespace) -> Iterator[dict]:
    root = options.root.resolve()
    if options.core is not None and options.core not in design.cores():
        raise HistoryError(
            f"--core {options.core}: choose from {', '.join(map(str, design.cores()))}"
        )
    matrix.choose(root, options.release)  # all of them are releases, before any is installed
    with _progress() as tell:
        environments = [
            environment(root, release, options.python, lambda what: tell(0, what))
            for release in options.release
        ]
    folder = options.to or root / ".history" / "bench"
    for before, after in zip(environments, environments[1:]):
        plan = design.Plan(
            before,
            after,
            options.budget * 60,
            tuple(options.only),
            options.launches,
            options.device,
            options.force,
            options.core,
        )
        file = unused(folder / f"{before.release}-{after.release}-{options.device}.json")
        with _progress(f"torch {before.release} → {after.release}: ") as tell:
            record = design.compare(root, plan, file, tell)
        print(f"raw rounds: {file}")
        yield record
        if record["interrupted"]:
            return


def growth(options: argparse.Namespace) -> int:
    """Time a step's growth, or read what was kept of it."""
    if bool(options.read) == bool(options.release) or len(options.read) > 1:
        raise HistoryError(
            "growth: name one release, as `growth 2.15`, or --read one file of raw rounds"
        )
    if options.read:
        record = raw.read(options.read[0], "growth")
    else:
        root = options.root.resolve()
        with _progress() as tell:
            there = environment(root, options.release, options.python, lambda what: tell(0, what))
            file = unused(
                (options.to or root / ".history" / "bench")
                / f"growth-{there.release}-{options.device}.json"
            )
            record = growing.measure(
                root, there, options.device, options.budget * 60, file, tell, tuple(options.only)
            )
        print(f"raw rounds: {file}")
    curves = growing.curves(record)
    print(growing.text(curves))
    if options.plot:
        pictures.growth(
            f"torch {record['release']['release']} on {record['device']}", curves, options.plot
        )
        print(f"written: {options.plot}")
    return 130 if record["interrupted"] else 0


def draw(judged: List[Tuple[dict, List[Estimate]]], path: Path) -> None:
    """A forest plot of one comparison, a heat map of several that are neighbours. Raises HistoryError where they form no chain."""
    judged = sorted(judged, key=lambda one: versions.key(one[0]["before"]["release"]))
    records = [record for record, _ in judged]
    if len(judged) == 1:
        pictures.forest(page.heading(records[0]), judged[0][1], path)
        return
    releases = [
        records[0]["before"]["release"],
        *(record["after"]["release"] for record in records),
    ]
    for record, release in zip(records, releases):
        if record["before"]["release"] != release:
            raise HistoryError(
                f"no comparison goes on from torch {release} (the next is from {record['before']['release']}): "
                "a heat map needs neighbours"
            )
    columns = [{one.name: one for one in found} for _, found in judged]
    pictures.heat_map(f"the training step on {records[0]['device']}", releases, columns, path)


def draw_all(root: Path) -> None:
    """The pictures of the committed runs, each beside its raw file, and the heat map of all that are neighbours."""
    chain = []
    for path, record in page.files(root).items():
        if record["what"] == "growth":
            pictures.growth(
                f"torch {record['release']['release']} on {record['device']}",
                growing.curves(record),
                path.with_suffix(".svg"),
            )
        elif (
            record["what"] == "comparison"
            and record["before"]["release"] != record["after"]["release"]
        ):
            chain.append((record, estimate.estimates(record)))
            draw(chain[-1:], path.with_suffix(".svg"))
    if len(chain) > 1:
        draw(chain, root / page.FOLDER / page.HEAT_MAP)


def unused(path: Path) -> Path:
    """The path, or where a file is there already, the first of path-2, path-3, ... that is free: nothing measured is lost."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free


@contextlib.contextmanager
def _progress(before: str = "") -> Iterator[Callable[[float, str], None]]:
    """A bar on the terminal's error output: ``tell(share done, what is going on)``."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=1.0)
        yield lambda share, what: progress.update(task, completed=share, description=before + what)
