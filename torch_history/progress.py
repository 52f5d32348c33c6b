"""Progress: what long work shows on stderr."""

from __future__ import annotations

import contextlib
import sys
from typing import Callable, Iterator, Set

from torch_history.escaping import one_line

Tell = Callable[[float, str], None]  # of the share done, from 0 to 1, and of what is going on


@contextlib.contextmanager
def bar(before: str = "", lines: bool = False) -> Iterator[Tell]:
    """A bar on a terminal. Elsewhere nothing or, with ``lines``, a line for each new stage."""
    if not sys.stderr.isatty():
        yield _lines() if lines else lambda share, what: None
        return
    # rich.progress is slow to import, and only a terminal needs it.
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
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=1.0)

        def tell(share: float, what: str) -> None:
            progress.update(task, completed=share, description=one_line(before + what))

        yield tell


def _lines() -> Tell:
    told: Set[str] = set()

    def tell(share: float, what: str) -> None:
        if what not in told:
            told.add(what)
            print(one_line(f"{share:4.0%} {what}"), file=sys.stderr, flush=True)

    return tell


@contextlib.contextmanager
def working() -> Iterator[Callable[[str], None]]:
    """A line on a terminal that says what is going on; elsewhere a line for each new stage."""
    if not sys.stderr.isatty():
        told: Set[str] = set()

        def say(what: str) -> None:
            stage = what.partition(": step")[0]
            if stage not in told:
                told.add(stage)
                print(one_line(what), file=sys.stderr, flush=True)

        yield say
        return
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("") as status:
        yield lambda what: status.update(one_line(what))
