"""Forking: tasks in processes of their own, so that none can affect the next."""

from __future__ import annotations

import os
import pickle
import signal
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Mapping, NoReturn, Tuple, TypeVar

Name = TypeVar("Name")
Task = Callable[[], Any]


def forked(tasks: Mapping[Name, Task], jobs: int, limit: float) -> Iterator[Tuple[Name, Any]]:
    """Each task's name and result, as they end; None where the process gave none in time.

    ``limit`` is in seconds, for one task.
    """
    with tempfile.TemporaryDirectory() as folder:
        waiting = list(enumerate(tasks))
        running: Dict[int, Tuple[Name, Path, float]] = {}
        while waiting or running:
            while waiting and len(running) < jobs:
                number, name = waiting.pop(0)
                file = Path(folder, str(number))
                process = os.fork()
                if process == 0:
                    _run(tasks[name], file)
                running[process] = (name, file, time.monotonic())
            for process, (name, file, began) in list(running.items()):
                if time.monotonic() - began > limit:
                    os.kill(process, signal.SIGKILL)
                if os.waitpid(process, os.WNOHANG)[0]:
                    del running[process]
                    yield name, pickle.loads(file.read_bytes()) if file.exists() else None
            time.sleep(0.02)


def _run(task: Task, file: Path) -> NoReturn:
    """Write the result into the file, and end. This is the forked process."""
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        whole = file.with_suffix(".part")
        whole.write_bytes(pickle.dumps(task()))
        whole.rename(file)
    finally:
        # Whatever happens, this process must not leave the blocks that it was forked in: it would
        # remove the folder of all the others.
        os._exit(0)
