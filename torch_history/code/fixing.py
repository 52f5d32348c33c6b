"""Fixing: the files of a plan with their new contents, and how they are written."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

from torch_history import reading
from torch_history.catalogue.rewrites import Edit
from torch_history.code import rewriting
from torch_history.code.hits import Level
from torch_history.code.planning import Left, Plan, Step, in_file
from torch_history.code.rewriting import Done, Spot
from torch_history.code.scan import MOST_PYTHON
from torch_history.records import store


class Fixed(NamedTuple):
    """A file with its new content, and each edit that it has."""

    path: Path
    before: bytes
    after: bytes
    made: List[Tuple[Step, Done]]


def fixed(plan: Plan) -> Tuple[List[Fixed], List[Left]]:
    """The files that get another content, and all that is left alone."""
    files: List[Fixed] = []
    left = list(plan.left)
    known: Dict[Path, str] = {}
    for name, steps in plan.files.items():
        path = Path(name)
        if known.setdefault(path.resolve(), name) == name:  # a link to it is the same file
            file, more = _file(path, steps)
            left += more
            if file:
                files.append(file)
    return files, sorted(left, key=in_file)


def _file(path: Path, steps: List[Step]) -> Tuple[Optional[Fixed], List[Left]]:
    """One file with its new content; None where all of it is left alone."""
    asked: Dict[Spot, List[Edit]] = {}
    for step in steps:
        asked.setdefault(step.hit.name, []).append(step.edit)
    # A hit is certain only where `*args` and `**options` cannot hold what it needs.
    known = {step.hit.name for step in steps if step.hit.level is Level.CERTAIN}
    try:
        before = reading.content(path, MOST_PYTHON)
        found = rewriting.rewrite(before, asked, known)
    except (reading.UnreadableError, rewriting.NotRewrittenError) as error:
        return None, [Left(step.hit.place, step.hit.why, str(error)) for step in steps]
    left, made = [], []
    for step in steps:
        key = step.hit.name, step.edit
        if key in found.left:
            left.append(Left(step.hit.place, step.hit.why, found.left[key]))
        else:
            made.append((step, found.done[key]))
    return (Fixed(path, before, found.content, made) if made else None), left


def write(file: Fixed) -> None:
    """Replace a file atomically. Its mode stays, and a link stays a link. Raises HistoryError."""
    path = file.path.resolve()
    remedy = "make its folder writable; the files named before are written"
    with store.replacing(path, file.path, remedy) as temporary:
        temporary.write_bytes(file.after)
        shutil.copymode(path, temporary)
