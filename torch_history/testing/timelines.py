"""Timelines: records of a project's own observations, one entry where a release changed them.

``tests/__snapshots__/test_models.test_loss.json`` is the record of ``test_loss`` in
``tests/test_models.py``, in the form of this repository's own records. A test is compared with the
entry of the latest recorded release up to the torch that runs. ``pytest --snapshot-update`` adds
what the running torch does.
"""

from __future__ import annotations

import contextlib
import importlib
import warnings
from pathlib import Path
from typing import Any, ClassVar, Dict, Iterator, List, Tuple

import pytest

from torch_history import versions
from torch_history.errors import HistoryError
from torch_history.records import runs, sources, store
from torch_history.records.kept import Files
from torch_history.running.extension import (
    Expected,
    HistoryExtension,
    Session,
    case_of,
    name_of,
)

told: List[str] = []  # for the end of the run: what was written


class ProjectExtension(HistoryExtension):
    """Compares with the records of a project, and writes them."""

    root: Path
    functions: ClassVar[Dict[str, Tuple[str, str]]] = {}  # a record -> file, function or class

    @classmethod
    def get_location(cls, *, test_location: Any, index: Any) -> str:
        """Where the record of a test belongs: beside its module, whose name is part of its own."""
        item, path = test_location.item, Path(test_location.filepath)
        group = getattr(item, "cls", None)
        parts = [path.stem, *([group.__name__] if group else []), test_location.methodname]
        found = str(path.parent / "__snapshots__" / f"{'.'.join(parts)}.json")
        file = path.relative_to(cls.root).as_posix() if cls.root in path.parents else path.name
        cls.functions[found] = file, group.__name__ if group else test_location.methodname
        return found

    @classmethod
    def get_snapshot_name(cls, *, test_location: Any, index: Any = 0) -> str:
        """The test with its parameters, without its class."""
        suffix = f"[{index}]" if isinstance(index, str) else f".{index}" if index else ""
        return f"{test_location.item.name}{suffix}"

    def diff_lines(self, serialized_data: Any, snapshot_data: Any) -> Iterator[str]:
        """What a failure says."""
        if isinstance(snapshot_data, Expected):
            yield from super().diff_lines(serialized_data, snapshot_data)
            if not self._is_as_recorded(snapshot_data.path):
                yield "The test was edited since it was recorded: record it again, see below."
        else:
            yield f"no record holds for torch {self.session.running}"
        yield f"to record what torch {self.session.running} does: pytest --snapshot-update"

    def _is_as_recorded(self, path: Path) -> bool:
        return store.read(path).source in ("", source_of(self.root, *self.functions[str(path)]))

    @classmethod
    def write_snapshot(cls, **kwargs: Any) -> None:
        """Write without syrupy's warning that a record is not named as its own files are."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"\s*Can not relate snapshot")
            super().write_snapshot(**kwargs)

    @classmethod
    def write_snapshot_collection(cls, *, snapshot_collection: Any, **kwargs: Any) -> None:
        """Enter what the running release did into the record of a test."""
        path, session = Path(snapshot_collection.location), cls.session
        cases: Dict[str, Any] = {}
        for snapshot in snapshot_collection:
            case = case_of(snapshot.name)
            cases.update({name_of(case, act): one for act, one in snapshot.data.items()})
        source = source_of(cls.root, *cls.functions[str(path)])
        before = store.read(path)
        release = session.running.partition("+")[0]
        seen = session.device, release
        changed = runs.enter(path, source, cases, seen, versions.line(session.running))
        told.extend(_told(path, before, source, release, changed))

    # syrupy < 5
    _write_snapshot_collection = write_snapshot_collection


def _told(
    path: Path, before: store.Record, source: str, release: str, changed: List[str]
) -> Iterator[str]:
    name = store.behaviour_of(path)
    if before.timelines and before.source != source:
        known = " and ".join(dict.fromkeys(one for seen in before.seen.values() for one in seen))
        yield f"{name}: the test was edited: what it did under {known} is no longer in the record"
    if changed:
        yield f"{name}: new entry for torch {release}"
    else:
        yield f"{name}: torch {release} does what is recorded"


def source_of(root: Path, file: str, function: str) -> str:
    """The digest of a test and of all that it reaches in the project; empty if it has none."""
    try:
        return sources.Sources(root).digest(file, function)
    except HistoryError:
        return ""


@contextlib.contextmanager
def watching(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The snapshot of one test, on one thread, with every warning of torch shown each time."""
    config = request.config
    if not config.pluginmanager.hasplugin("syrupy"):
        pytest.fail("torch_snapshot needs syrupy: pip install 'torch-history[test]'", pytrace=False)
    torch = importlib.import_module("torch")
    updating = bool(config.option.update_snapshots)
    running = str(torch.__version__)
    if updating:
        _must_record(config, running)
    ProjectExtension.root = config.rootpath
    ProjectExtension.session = Session(running, "cpu", updating, Files(config.rootpath))
    snapshot = request.getfixturevalue("snapshot").use_extension(ProjectExtension)
    with contextlib.ExitStack() as stack:
        _set(stack, torch.set_num_threads, torch.get_num_threads, 1)
        for module, setter, getter in (
            (torch, "set_warn_always", "is_warn_always_enabled"),
            (torch.storage, "_set_always_warn_typed_storage_removal",
             "_get_always_warn_typed_storage_removal"),
        ):  # fmt: skip
            if hasattr(module, getter):
                _set(stack, getattr(module, setter), getattr(module, getter), True)
        yield snapshot


def _set(stack: contextlib.ExitStack, setter: Any, getter: Any, value: Any) -> None:
    stack.callback(setter, getter())
    setter(value)


def _must_record(config: pytest.Config, running: str) -> None:
    if hasattr(config, "workerinput"):
        pytest.fail("--snapshot-update: records are written by one process: leave -n out", False)
    if not versions.parse(running)[1]:
        pytest.fail(f"--snapshot-update: torch {running} is no release: record a release", False)
