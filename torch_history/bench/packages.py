"""Packages: what the extra ``bench`` installs, and the error for what is not installed."""

from __future__ import annotations

import contextlib
from typing import Iterator

from torch_history.errors import HistoryError


@contextlib.contextmanager
def needed(package: str, by: str) -> Iterator[None]:
    """Import a package of the extra inside this block. Raises HistoryError if it is not installed.

    ``by`` is what needs the package: ``with needed("matplotlib", "the plot"): ...``.
    """
    try:
        yield
    except ImportError as error:
        if (error.name or package).partition(".")[0] != package:
            raise  # the package is there, and something else is broken
        raise HistoryError(
            f"{by} needs {package}: python -m pip install 'torch-history[bench]'"
        ) from None
