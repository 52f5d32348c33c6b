"""Command: ``torch-history run``, from the request to the exit status."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional, Tuple

import msgspec
import rich_click as click

from torch_history.comparing import environments
from torch_history.comparing.comparison import Comparison, Limits, compare
from torch_history.comparing.result import Result
from torch_history.comparing.telling import Records
from torch_history.errors import HistoryError
from torch_history.progress import working

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
    folder = Path.cwd()
    work = _work(request.keep)
    try:
        with working() as tell:
            pair = environments.prepare(
                folder,
                request.before,
                request.after,
                python_a=request.python_a,
                python_b=request.python_b,
                requirements=request.requirements,
                tell=tell,
                also=_also(request.program),
                matrix=_matrix(here),
            )
            limits = Limits(request.steps, request.minutes, request.threads, request.seed)
            it = Comparison(
                request.program, folder, work, (pair.before, pair.after), limits, request.share, tell
            )
            records = Records(here.index, pair.before.release, pair.after.release)
            result = compare(it, records, pair.notes, dt.datetime.now(dt.timezone.utc).date())
        _answer(request, result, work)
    finally:
        if request.keep is None:
            shutil.rmtree(work, ignore_errors=True)
    return int(result.verdict.parted)


def _answer(request: Request, result: Result, work: Path) -> None:
    encoded = msgspec.json.encode(result)
    if request.keep is not None:
        (work / "result.json").write_bytes(msgspec.json.format(encoded, indent=1))
    if request.page is not None:
        from torch_history.publish import run_page

        request.page.write_text(run_page.page(result), encoding="utf-8")
    if request.form == "json":
        click.echo(msgspec.json.format(encoded, indent=1).decode())
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


def _matrix(here: Here) -> Dict[str, str]:
    return {one.line: one.release for one in here.index.on("cpu").values()}
