"""Build: write the site's folder, in place of an older one."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Callable

from torch_history.catalogue.index import Index
from torch_history.errors import HistoryError
from torch_history.publish.site.pages import pages

# A line at the top of base.html: a folder whose index.html lacks it is not deleted.
MARK = '<meta name="generator" content="torch-training-spec">'


def build(
    root: Path,
    index: Index,
    folder: Path,
    tell: Callable[[str], None] = lambda page: None,
    address: str = "",
) -> int:
    """Write the site into a folder, in place of an older site. Returns its size in bytes.

    ``tell(page)`` is called before pages are made; ``address`` is where the site will be public.
    Raises HistoryError if the folder cannot be written or holds anything but an older site.
    """
    # A link stays and its target is replaced, and `.` gets a parent.
    folder = folder.resolve()
    if folder.exists() and not _may_be_replaced(folder):
        raise HistoryError(
            f"{folder}: neither an empty folder nor an older site: name another folder with --to"
        )
    try:
        # Beside the folder, because a rename must stay on one file system. The older site is
        # removed only when the new one is whole.
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise _unwritable(folder, error) from None
    size = 0
    try:
        for name, content in pages(root, index, tell, address):
            path = work / name
            if path.exists():
                raise HistoryError(
                    f"{name}: two pages of the site have this name: rename the chapter or document"
                )
            path.parent.mkdir(exist_ok=True)
            size += path.write_bytes(content)
        # mkdtemp makes a folder that only its owner reads, and a web server may be another user.
        work.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        work.rename(folder)
    except OSError as error:
        raise _unwritable(folder, error) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return size


def _unwritable(folder: Path, error: OSError) -> HistoryError:
    return HistoryError(
        f"{folder}: cannot be written ({error.strerror}): name another folder with --to"
    )


def _may_be_replaced(folder: Path) -> bool:
    """Whether a folder is empty, or holds an older site."""
    if not folder.is_dir():
        return False
    index = folder / "index.html"
    ours = index.is_file() and MARK in index.read_text(encoding="utf-8", errors="replace")[:1000]
    return ours or not any(folder.iterdir())
