"""Project: what the files of a folder pin, for an upgrade to the newest recorded release."""

from __future__ import annotations

import re
from pathlib import Path
from typing import List, Optional

from torch_history.catalogue.index import Index
from torch_history.code.pins.asked import Asked
from torch_history.code.pins.files import NoPinError
from torch_history.code.pins.pairs import Pair, check, filed, newest, paired
from torch_history.errors import HistoryError

# In this order; the first kind that says which torch is used is taken, with all files of the kind.
KINDS = (
    r"uv\.lock",
    r"poetry\.lock",
    r"pylock(\.[^.]+)?\.toml",
    r"pdm\.lock",
    r"Pipfile\.lock",
    r"requirements.*\.lock",
    r"pyproject\.toml",
    r"requirements.*\.txt",
    r"environment.*\.ya?ml",
    r"setup\.cfg",
    r"setup\.py",
)


def pairs(
    path: Path, to: Optional[str], python: Optional[str], index: Index, device: str = "cpu"
) -> List[Pair]:
    """The pairs from what the project in a folder pins to a version, or to the newest recorded.

    Lock files come before what they are made from. Raises HistoryError where a file cannot be
    read, and where none says which torch is used.
    """
    folder = path if path.is_dir() else path.parent
    if to is not None:
        check(f"--to {to}", to, index, device)
    target = [Asked(to or newest(index, device))]
    reasons: List[str] = []
    for kind in KINDS:
        taken: List[Asked] = []
        for file in _files(folder, kind):
            try:
                taken += filed("", str(file), python, index, device)
            except NoPinError as error:
                if error.mentioned:
                    reasons.append(f"{file}: {error.reason}")
        if taken:
            return paired(taken, target)
    said = reasons[0] if reasons else f"{folder}: no file here pins torch"
    raise HistoryError(f"{said}: give the versions, as `torch-history diff A B --code {path}`")


def _files(folder: Path, kind: str) -> List[Path]:
    try:
        names = sorted(one.name for one in folder.iterdir() if re.fullmatch(kind, one.name))
    except OSError as error:
        raise HistoryError(f"{folder}: cannot be read: {error.strerror or error}") from None
    return [folder / name for name in names]
