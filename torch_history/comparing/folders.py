"""Folders: a fresh copy of the working folder for each run, and what the run left in it.

A run must not see what another one left. Links to the original would be written through, and an
overlay needs user namespaces, which containers and some distributions forbid. So files are copied;
where the file system can share blocks (Btrfs, XFS), a copy takes neither time nor space. Large data
are named with ``--share``, and are linked instead.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple

from torch_history.errors import HistoryError
from torch_history.escaping import one_line

LIMIT = 2_000_000_000  # bytes
LEFT_OUT = frozenset(
    (
        *("__pycache__", ".git", ".hg", ".svn", ".venv", "node_modules", ".tox", ".nox"),
        *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints"),
    )
)
_PROJECTS = ("pyproject.toml", "setup.cfg", "setup.py")
_CLONE = 0x40049409  # FICLONE of Linux: the new file shares the blocks of the old one
Stamp = Tuple[int, int, int]  # size, time of the last change, inode


class Copied(NamedTuple):
    """A copy of a project."""

    root: Path  # the copy of the project
    folder: Path  # the copy of the working folder, where the program runs
    original_root: Path
    shared: Tuple[Path, ...]  # linked, not copied: paths from the root
    left_out: Tuple[Path, ...]  # could not be copied: unreadable, or no regular file
    outside: Tuple[Path, ...]  # links that lead out of the project: all runs write to one place

    @property
    def imports(self) -> List[Path]:
        """The folders that an installation of the project would make importable."""
        if not any((self.root / name).is_file() for name in _PROJECTS):
            return []
        return [place for place in (self.root / "src", self.root) if place.is_dir()]

    def original(self, path: Path) -> Path:
        """The user's own file, for a path that the program knows; others stay as they are."""
        return _moved(path, self.root, self.original_root)

    def place(self, path: Path) -> Path:
        """The copy of a user's file; paths outside the project stay as they are."""
        return _moved(path, self.original_root, self.root)


class _Found(NamedTuple):
    """What a project has, as paths from its root."""

    folders: List[Path]
    files: Dict[Path, int]  # with the size
    links: List[Path]
    others: List[Path]


def top(folder: Path) -> Path:
    """The top of the repository that a folder is in, or the folder itself.

    A home that is a repository is none: it would be copied as a whole.
    """
    folder = folder.resolve()
    for place in [folder, *folder.parents]:
        if (place / ".git").exists() and place != _home():
            return place
    return folder


def copy(folder: Path, to: Path, *, limit_bytes: int = LIMIT, share: Sequence[Path] = ()) -> Copied:
    """Copy the repository that a working folder is in, since programs use ``..`` too.

    ``share`` are files and folders that are linked. Raises HistoryError where more than the limit
    is left to copy, and where a path cannot be shared or written.
    """
    folder, to = folder.resolve(), to.resolve()
    root = top(folder)
    if _is_inside(to, root):
        raise HistoryError(one_line(f"{to}: is in the folder that is copied: choose another place"))
    shared = tuple(_shared(path, folder, root) for path in share)
    found = _scan(root, shared)
    total = sum(found.files.values())
    try:
        to.mkdir(parents=True)
        if total > limit_bytes and not _clones(root, to, found.files):
            raise _too_large(root, folder, found.files, limit_bytes)
        left_out = [*found.others, *_fill(root, to, found, shared)]
    except OSError as error:
        raise HistoryError(one_line(f"{to}: cannot be written: {error}")) from None
    outside = (path for path in found.links if not _is_inside((root / path).resolve(), root))
    place = to / folder.relative_to(root)
    return Copied(to, place, root, shared, tuple(left_out), tuple(outside))


def snapshot(copied: Copied) -> Dict[str, Stamp]:
    """Path -> what tells whether a file was changed, of a copy and of what it shares."""
    places = [Path(), *copied.shared]
    return {str(path): stamp for place in places for path, stamp in _stamps(copied.root, place)}


def changed(before: Dict[str, Stamp], after: Dict[str, Stamp]) -> List[str]:
    """The files that a run made, changed or removed, as paths from the root."""
    written = [path for path, stamp in after.items() if before.get(path) != stamp]
    removed = [f"{path} (removed)" for path in before if path not in after]
    return sorted([*written, *removed])


def _scan(root: Path, shared: Sequence[Path]) -> _Found:
    """Everything that is copied, folders before what is in them."""
    found = _Found([], {}, [], [])
    waiting = [Path()]
    while waiting:
        here = waiting.pop()
        for entry in _entries(root / here):
            path = here / entry.name
            if path in shared or _is_left_out(entry):
                continue
            if entry.is_symlink():
                found.links.append(path)
            elif entry.is_dir(follow_symlinks=False):
                found.folders.append(path)
                waiting.append(path)
            elif entry.is_file(follow_symlinks=False):
                found.files[path] = entry.stat(follow_symlinks=False).st_size
            else:
                found.others.append(path)
    return found


def _fill(root: Path, to: Path, found: _Found, shared: Sequence[Path]) -> Iterator[Path]:
    """Make the copy; yields the files that cannot be read."""
    for path in found.folders:
        (to / path).mkdir()
    for path in found.links:
        (to / path).symlink_to(_target(root, to, path))
    for path in shared:
        (to / path).parent.mkdir(parents=True, exist_ok=True)
        (to / path).symlink_to(root / path)
    # Programs ask git for their version.
    if (root / ".git").exists():
        (to / ".git").symlink_to(root / ".git")
    for path in found.files:
        if not os.access(root / path, os.R_OK):
            yield path
        else:
            _clone(root / path, to / path)
    for path in reversed(found.folders):
        shutil.copystat(root / path, to / path)


def _clone(source: Path, to: Path) -> bool:
    """Copy a file with its time and mode; returns whether both share their blocks."""
    if not _share_blocks(source, to):
        shutil.copyfile(source, to)
        shared = False
    else:
        shared = True
    shutil.copystat(source, to)
    return shared


def _share_blocks(source: Path, to: Path) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        return False
    with source.open("rb") as before, to.open("wb") as after:
        try:
            fcntl.ioctl(after.fileno(), _CLONE, before.fileno())
        except OSError:
            return False
    return True


def _clones(root: Path, to: Path, files: Dict[Path, int]) -> bool:
    """Whether copies take no space here, tried with the largest file."""
    trial = to / ".trial"
    try:
        return _clone(root / max(files, key=lambda path: files[path]), trial)
    except OSError:
        return False
    finally:
        if trial.exists():
            trial.unlink()


def _too_large(root: Path, folder: Path, files: Dict[Path, int], limit: int) -> HistoryError:
    sizes: Dict[Path, int] = {}
    for path, size in files.items():
        part = _beside(root / path, folder)
        sizes[part] = sizes.get(part, 0) + size
    largest = max(sizes, key=lambda part: sizes[part])
    return HistoryError(
        one_line(
            f"{root}: {_size(sum(sizes.values()))} to copy for each run, more than {_size(limit)}: "
            "link what the program only reads, as "
            f"--share {os.path.relpath(largest, folder)} ({_size(sizes[largest])})"
        )
    )


def _beside(path: Path, folder: Path) -> Path:
    """The largest part of a path that does not hold the working folder: what can be shared."""
    above = (one for one in reversed([path, *path.parents]) if not _is_inside(folder, one))
    return next(above)


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"


def _shared(path: Path, folder: Path, root: Path) -> Path:
    """A path that is shared, from the root."""
    whole = Path(os.path.normpath(folder / path))
    if not whole.exists():
        raise HistoryError(one_line(f"--share {path}: no such file or folder: give one to link"))
    if not _is_inside(whole, root) or _is_inside(folder, whole):
        raise HistoryError(
            one_line(f"--share {path}: give a file or folder inside {root}, beside the program")
        )
    return whole.relative_to(root)


def _target(root: Path, to: Path, path: Path) -> str:
    """Where a link of the copy leads: into the copy, if the original leads into the project."""
    said = os.readlink(root / path)
    whole = Path(os.path.normpath((root / path).parent / said))
    if Path(said).is_absolute():
        return str(_moved(whole, root, to))
    return said if _is_inside(whole, root) else str(whole)


def _stamps(root: Path, place: Path) -> Iterator[Tuple[Path, Stamp]]:
    """The stamps of a folder, or of a file; links are not followed but for the place itself."""
    if (root / place).is_file():
        yield place, _stamp((root / place).stat())
        return
    waiting = [place]
    while waiting:
        here = waiting.pop()
        for entry in _entries(root / here):
            if _is_left_out(entry):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(here / entry.name)
            else:
                yield here / entry.name, _stamp(entry.stat(follow_symlinks=False))


def _stamp(status: os.stat_result) -> Stamp:
    # The inode, since a file may be replaced by one that keeps size and time.
    return status.st_size, status.st_mtime_ns, status.st_ino


def _entries(folder: Path) -> List[os.DirEntry[str]]:
    """The entries of a folder, in order; none of one that cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except PermissionError:
        return []


def _is_left_out(entry: os.DirEntry[str]) -> bool:
    if entry.name in LEFT_OUT:
        return True
    # A virtual environment has any name.
    return entry.is_dir(follow_symlinks=False) and Path(entry.path, "pyvenv.cfg").exists()


def _moved(path: Path, before: Path, after: Path) -> Path:
    """A path below one folder as the one below another."""
    for one in (path, path.resolve()):  # /tmp is a link on macOS
        if _is_inside(one, before):
            return after / one.relative_to(before)
    return path


def _is_inside(path: Path, folder: Path) -> bool:
    """Whether a path is a folder, or in it."""
    return path == folder or folder in path.parents


def _home() -> Path:
    return Path(os.path.expanduser("~")).resolve()  # noqa: PTH111
