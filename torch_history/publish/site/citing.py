"""Citing: the release of the records, the commit and date that a citation names."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple, Optional

from torch_history import __version__


class Edition(NamedTuple):
    """Which state of the specification a site shows."""

    version: str  # of the package
    commit: str  # the first twelve digits; empty where git does not know it
    date: str  # of the commit, as 2026-11-27
    address: str  # of the site, with a slash at its end; empty where it is not known

    @property
    def name(self) -> str:
        """``torch-training-spec 0.8.0, commit 1234abcd, 2026-11-27``."""
        parts = [f"torch-training-spec {self.version}"]
        parts += [f"commit {self.commit}"] if self.commit else []
        return ", ".join([*parts, *([self.date] if self.date else [])])


def edition(root: Path, address: str = "") -> Edition:
    """The edition that a folder holds. A commit with changes on top is marked ``+``."""
    # A wheel's data may lie in another project's repository, whose commit would be wrong.
    own = (root / ".git").exists()
    told = own and _git(root, "log", "-1", "--format=%h %cs", "--abbrev=12", "--", ".")
    commit, _, date = str(told or "").partition(" ")
    if commit and _git(root, "status", "--porcelain", "--untracked-files=no"):
        commit += "+"
    address = address if not address or address.endswith("/") else f"{address}/"
    return Edition(__version__, commit, date, address)


def _git(root: Path, *arguments: str) -> Optional[str]:
    """What git prints; None where there is no git, or no repository."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=False,
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
