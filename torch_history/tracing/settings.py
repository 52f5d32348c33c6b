"""Settings: what one traced run is to do, as the starter writes it and the program reads it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Dict, NamedTuple, Optional, Tuple

VARIABLE = "TORCH_HISTORY_TRACE"  # of the environment: the path of the settings


class Settings(NamedTuple):
    """What one traced run is to do. A window is two marks: after the first, up to the second."""

    out: str  # the folder that the trace is written to
    root: str  # the folder that the program runs in: its files are the reader's own
    seed: Optional[int] = 0  # None: set nothing
    steps: int = 0  # stop after so many optimizer steps; 0: never
    seconds: float = 0  # stop at the first optimizer step after so many seconds; 0: never
    window: Optional[Tuple[int, Optional[int]]] = None  # None at the end: up to the program's end
    keep: bool = False  # keep the outputs of the window's operations, and the states
    against: Optional[str] = None  # a folder of a run with `keep`: compare with it and follow it
    tape: str = ""  # "record", "play", or empty
    tape_of: Optional[str] = None  # the folder of the run whose tape is played
    jitter: bool = False  # move every result of the forward by a unit in the last place
    functions: bool = False  # log calls of torch's functions, not operations: for torch below 1.13
    uses: bool = True  # note the calls of torch from the reader's own files
    most_bytes: int = 2_000_000_000  # of kept outputs, and again of kept states

    def write(self, path: Path) -> None:
        """Write them for the program."""
        path.write_text(json.dumps(self._asdict()), encoding="utf-8")


def given() -> Settings:
    """The settings that the starter wrote for this process."""
    data: Dict[str, Any] = json.loads(Path(os.environ[VARIABLE]).read_text(encoding="utf-8"))
    if data.get("window") is not None:
        data["window"] = tuple(data["window"])
    return Settings(**data)
