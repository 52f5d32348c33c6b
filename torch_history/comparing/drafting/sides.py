"""Sides: two processes, one for each environment, that make the same call."""

from __future__ import annotations

import functools
import json
import math
import os
import subprocess
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Type

from torch_history.comparing.drafting.calls import Call, Tensor, as_json
from torch_history.errors import HistoryError
from torch_history.escaping import one_line

WORKER = Path(__file__).with_name("worker.py")
START_SECONDS = 120
CALL_SECONDS = 20
# The traced program went on under both releases: a call that raises is not the one that it made.
ALIKE = ("same", "rounding", "raises")
DIFFERENT = ("value", "nan", "dtype", "shape")
_LOST = {"lost": True}
_LEFT_OUT = ("TORCH_HISTORY_TRACE", "PYTHONPATH", "PYTHONSTARTUP")


class Answer(NamedTuple):
    """What one call gave under one release."""

    outs: Tuple[Tuple[str, Tuple[int, ...]], ...]  # dtype and shape of each tensor
    raised: Optional[Tuple[str, str]]  # the class and the first line
    warned: Tuple[Tuple[str, str], ...]
    many: bool = False  # whether it returned several
    lost: bool = False  # the call ended the process, or took too long: nothing is known of it


class Outcome(NamedTuple):
    """What one call gave under both releases."""

    kind: str  # of ALIKE or DIFFERENT
    before: Answer
    after: Answer
    place: int = 0  # of the output that differs
    facts: Dict[str, Any] = {}  # noqa: RUF012  as measure.difference gives them; never changed

    @property
    def differs(self) -> bool:
        """Whether the two releases differ, beyond rounding."""
        return self.kind in DIFFERENT

    @property
    def size(self) -> float:
        """The largest difference, relative to the largest value."""
        largest = self.facts.get("largest")
        return float(largest) / (self.facts.get("scale") or 1.0) if largest is not None else 0.0


class Side:
    """A process that makes calls in one environment. It is started again where a call ends it."""

    def __init__(self, python: Path, kept: Path, scratch: Path) -> None:
        self._command = [str(python), str(WORKER), str(kept), str(scratch)]
        self._process: Optional[subprocess.Popen[str]] = None
        self._greeted = False
        self._start()

    @functools.cached_property
    def release(self) -> str:
        """The release of torch, without the build."""
        return str(self._greeting()["torch"]).partition("+")[0]

    def ask(self, **request: Any) -> Dict[str, Any]:
        """The answer to a request. It is lost where a call ends the process, or takes too long."""
        if self._process is None:
            self._start()
        if not self._greeted:
            self._greeting()
        process = self._process
        assert process is not None and process.stdin is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            answer = self._line(CALL_SECONDS)
        except OSError:
            answer = None
        if answer is None:
            self.close()
            return dict(_LOST)
        return answer

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _start(self) -> None:
        kept = {name: os.environ[name] for name in os.environ if name not in _LEFT_OUT}
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                env={**kept, "OMP_NUM_THREADS": "1"},
            )
        except OSError as error:
            raise HistoryError(
                one_line(f"{self._command[0]}: {error.strerror}: give a Python that has torch")
            ) from None
        self._greeted = False

    def _greeting(self) -> Dict[str, Any]:
        """The first line, which comes when torch is imported."""
        first = self._line(START_SECONDS)
        if first is None:
            self.close()
            raise HistoryError(
                one_line(f"{self._command[0]}: cannot import torch: give a Python that has it")
            )
        self._greeted = True
        return first

    def _line(self, seconds: float) -> Optional[Dict[str, Any]]:
        """The next line of the process; None where it has ended, or takes too long."""
        process = self._process
        assert process is not None and process.stdout is not None
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        try:
            line = process.stdout.readline()
            found = json.loads(line) if line else None
        except ValueError:
            return None
        finally:
            timer.cancel()
        return found if isinstance(found, dict) else None


class Sides:
    """Both environments."""

    def __init__(self, kept: Path, before: Path, after: Path) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="torch-history-draft-")
        scratch = Path(self._scratch.name)
        self.before, self.after = Side(before, kept, scratch), Side(after, kept, scratch)
        self.made = 0

    def __enter__(self) -> Sides:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.before.close()
        self.after.close()
        self._scratch.cleanup()

    def outcome(self, call: Call) -> Outcome:
        """Make a call under both releases."""
        self.made += 1
        asked = call.json()
        first = self.before.ask(do="call", call=asked, write=True)
        second = self.after.ask(do="call", call=asked, against=first.get("outs"))
        return judged(answered(first), answered(second), second.get("facts"))

    def existing(self, names: List[str]) -> List[str]:
        """The names that both releases have."""
        found = self.before.ask(do="exists", names=names).get("names", [])
        return list(self.after.ask(do="exists", names=found).get("names", []))

    def kept(self, keys: List[str]) -> List[str]:
        """The contents that the trace kept."""
        return list(self.before.ask(do="has", keys=keys).get("keys", []))

    def parameters(self, function: str) -> List[str]:
        """The names of a function's parameters, where they can be told."""
        return list(self.after.ask(do="parameters", function=function).get("names", []))

    def values(self, tensor: Tensor) -> Any:
        """A tensor's numbers as nested lists."""
        return self.after.ask(do="values", tensor=as_json(tensor)).get("values")

    def save(self, tensors: Dict[str, Tensor], path: Path) -> None:
        """Write tensors into a file."""
        told = {name: as_json(tensors[name]) for name in tensors}
        self.before.ask(do="save", tensors=told, path=str(path))


def answered(told: Dict[str, Any]) -> Answer:
    """What a worker told of a call."""
    raised = told.get("raised")
    return Answer(
        tuple((dtype, tuple(shape)) for dtype, shape in told.get("outs", ())),
        (raised[0], raised[1]) if raised else None,
        tuple((kind, text) for kind, text in told.get("warned", ())),
        bool(told.get("many")),
        bool(told.get("lost")),
    )


def judged(before: Answer, after: Answer, facts: Optional[List[Any]]) -> Outcome:
    """What two answers have in common, and the facts of their comparison."""
    if before.lost or after.lost:
        return Outcome("same", before, after)
    if before.raised or after.raised:
        return Outcome("raises", before, after)
    if len(before.outs) != len(after.outs):
        return Outcome("shape", before, after)
    for kind, part in (("shape", 1), ("dtype", 0)):
        for place, (mine, other) in enumerate(zip(before.outs, after.outs)):
            if mine[part] != other[part]:
                return Outcome(kind, before, after, place)
    differing = [(place, one) for place, one in enumerate(facts or ()) if one is not None]
    # The worst output decides: one beyond rounding comes before those within it.
    for place, one in sorted(differing, key=lambda pair: bool(pair[1]["rounding"])):
        kind = "rounding" if one["rounding"] else "nan" if _has_nan(one) else "value"
        return Outcome(kind, before, after, place, one)
    return Outcome("same", before, after)


def _has_nan(facts: Dict[str, Any]) -> bool:
    """Whether what differs most is a number on one side alone."""
    before, after = facts["pair"]
    return math.isnan(before) != math.isnan(after)
