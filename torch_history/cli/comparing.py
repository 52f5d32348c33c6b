"""Comparing: what ``run`` does, from the request to the exit status."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Dict, List, NamedTuple, Optional, Tuple

import msgspec
import rich_click as click

from torch_history import versions
from torch_history.cli import asking
from torch_history.comparing import bisecting, environments
from torch_history.comparing.answering import compare
from torch_history.comparing.comparison import Comparison, Limits
from torch_history.comparing.result import Result, Verdict
from torch_history.comparing.telling import Records
from torch_history.errors import HistoryError
from torch_history.progress import working
from torch_history.publish import run_schema

if TYPE_CHECKING:
    from torch_history.cli.shared import Here


class Request(NamedTuple):
    """What is asked for."""

    before: str
    after: str
    program: Tuple[str, ...]
    steps: int
    minutes: float
    python_a: Optional[Path]
    python_b: Optional[Path]
    requirements: Optional[Path]
    share: Tuple[Path, ...]
    seed: Optional[int]
    threads: int
    page: Optional[Path]
    keep: Optional[Path]
    draft: Optional[Path]
    bisect: bool
    form: str


def run(here: Here, request: Request) -> int:
    """Compare, answer, and return the exit status."""
    work = _work(request.keep)
    try:
        with working() as tell:
            result = _Asked(here, request, tell).result(work)
        _answer(request, result, work)
    finally:
        if request.keep is None:
            shutil.rmtree(work, ignore_errors=True)
    return int(result.verdict.parted)


class _Asked:
    """What is asked for, and the runs that answer it."""

    def __init__(self, here: Here, request: Request, tell: Callable[[str], None]) -> None:
        self._here, self._request, self._tell = here, request, tell
        self._folder = Path.cwd()

    def result(self, work: Path) -> Result:
        """The answer, with what --draft and --bisect add."""
        request = self._request
        it, result = self._compare(request.after, request.python_b, work)
        if request.keep is not None:
            _write_uses(it, work)
        if request.draft is not None:
            lines = _drafts(self._here, it, result, request.draft, self._tell)
            result = msgspec.structs.replace(result, drafts=tuple(lines))
        if request.bisect and result.verdict is not Verdict.SAME:
            result = self._bisect(result, work)
        return result

    def _compare(self, after: str, python: Optional[Path], work: Path) -> Tuple[Comparison, Result]:
        request = self._request
        pair = environments.prepare(
            self._folder,
            request.before,
            after,
            python_a=request.python_a,
            python_b=python,
            requirements=request.requirements,
            tell=self._tell,
            also=_also(request.program),
            matrix=self._here.index.releases,
        )
        limits = Limits(request.steps, request.minutes, request.threads, request.seed)
        sides = (pair.before, pair.after)
        it = Comparison(
            request.program, self._folder, work, sides, limits, request.share, self._tell
        )
        releases = (pair.before.release, pair.after.release)
        records = Records(self._here.index, *releases, asking.surfaces(self._here, *releases))
        today = dt.datetime.now(dt.timezone.utc).date()
        return it, compare(it, records, pair.notes, today)

    def _bisect(self, whole: Result, work: Path) -> Result:
        """Walk to the release at which the parting begins."""
        low, high = versions.key(whole.before.torch), versions.key(whole.after.torch)
        lines = [
            one.line
            for one in self._here.index.on("cpu").values()
            if low < versions.key(one.release) < high
        ]

        def compare_with(release: str) -> Result:
            self._tell(f"bisecting: torch {release}")
            return self._compare(release, None, work / f"bisect-{release}")[1]

        found = bisecting.begins([*lines, whole.after.torch], whole, compare_with)
        return msgspec.structs.replace(whole, begins=found.release, tried=tuple(found.tried))


def _write_uses(it: Comparison, work: Path) -> None:
    """What the program used of torch, for ``diff --trace``."""
    from torch_history.comparing import uses

    trace = it.trace("before")
    if trace is not None:
        uses.write_uses(trace.folder, work / "uses.json", it.original)


def _drafts(
    here: Here, it: Comparison, result: Result, folder: Path, tell: Callable[[str], None]
) -> List[str]:
    """The drafts of the differences that no record tells of, and what to do with each."""
    from torch_history.comparing import draft

    trace = it.trace("control")
    wanted = [one for one in result.differences if not one.behaviours and one.measured]
    if trace is None or not wanted:
        return []
    tell(f"drafting {len(wanted)} behaviours")
    pythons = it.sides[0].python, it.sides[1].python
    known = here.index.known().values()
    made = draft.drafts(wanted, trace.folder, pythons, folder, known)
    return [line for one in made for line in one.lines]


def _answer(request: Request, result: Result, work: Path) -> None:
    if request.keep is not None:
        (work / "result.json").write_text(run_schema.encode(result), encoding="utf-8")
    if request.page is not None:
        from torch_history.publish import run_page

        request.page.write_text(run_page.page(result), encoding="utf-8")
    if request.form == "json":
        click.echo(run_schema.encode(result))
        return
    from torch_history.publish import run_text

    for line in run_text.lines(result):
        click.echo(line)


def _work(keep: Optional[Path]) -> Path:
    if keep is None:
        return Path(tempfile.mkdtemp(prefix="torch-history-run-"))
    if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise HistoryError(f"--keep {keep}: is there already: name a new folder")
    keep.mkdir(parents=True, exist_ok=True)
    return keep.resolve()


def _also(program: Tuple[str, ...]) -> List[str]:
    """What the command itself needs beside the project's requirements."""
    words = {Path(one).name for one in program[:3]}
    needed: Dict[str, str] = {"pytest": "pytest", "jupyter": "nbconvert", "papermill": "papermill"}
    return [package for word, package in needed.items() if word in words]
