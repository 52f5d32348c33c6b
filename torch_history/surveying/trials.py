"""Trials: call the builtins of torch with small inputs, and report which warnings come from C++.

``python -m torch_history.surveying.trials`` reads what to try as JSON from its standard input, and
writes a report a line. The calls run in forked processes, because some end the process or hang.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import itertools
import json
import operator
import os
import re
import signal
import sys
import types
import warnings
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

Seen = List[Tuple[str, str]]  # category, text
Report = Dict[str, Any]
# Of a call: its number, the options it gave by name, its warnings.
Accepted = Tuple[int, List[str], Seen]
Call = Callable[[Callable[..., Any], Any], Optional[Seen]]
SECONDS = 5  # for one callable
BATCH = 250  # callables in one process
# They need a device, a file or another process.
LEFT_OUT = re.compile(
    r"(cuda|cudnn|miopen|mps|xpu|ipu|hpu|mtia|vulkan|hip)(_|$)|is_pinned$|pin_memory|share_memory_$"
    r"|from_file$|import_ir|save|load$|compile|fork$|wait$|backward$|.*dlpack"
)
ALONE = re.compile(r"set_|.*seed|.*nesting|.*(enabled|dtype|cache)$")  # they change settings


class Asked:
    """What to try."""

    def __init__(self, told: Dict[str, Any], once: bool) -> None:
        self.names: List[str] = told["names"]
        self.thorough = set(told["thorough"])  # those that get all inputs
        self.signatures: Dict[str, List[str]] = told["signatures"]  # deprecated overloads
        self.once = once  # a process gives most warnings once only

    def batch(self, at: int) -> List[str]:
        """The next callables for one process."""
        batch = self.names[at : at + BATCH]
        alone = [number for number, one in enumerate(batch) if self._is_alone(one)]
        return batch[: max(alone[0], 1)] if alone else batch

    def _is_alone(self, path: str) -> bool:
        """Whether a callable has a process of its own."""
        setting = ALONE.match(path.rpartition(".")[2])
        return bool(setting) or (self.once and path in self.thorough)


def is_left_out(name: str) -> bool:
    """Whether a callable of this name is not tried."""
    private = name.startswith("_") and not is_operator(name)
    return private or bool(LEFT_OUT.match(name))


def is_operator(name: str) -> bool:
    """Whether Python calls a method of this name for an operator: ``__add__``, ``__radd__``."""
    return name.startswith("__") and (
        hasattr(operator, name) or hasattr(operator, name.replace("__r", "__", 1))
    )


def main() -> None:
    """Report on each path that is asked for."""
    told = json.load(sys.stdin)
    out = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    # Warnings of Python's own code are read from its source. Those from C++ do not pass here.
    warnings.warn = warnings.warn_explicit = _nothing
    import torch

    torch.set_num_threads(1)
    always = getattr(torch, "set_warn_always", None)
    if always is not None:
        always(True)
    for report in _reports(Asked(told, once=always is None)):
        out.write(f"{json.dumps(report)}\n")
    out.close()


def _nothing(*_: object, **__: object) -> None:
    """Take the place of ``warnings.warn``."""


def _reports(asked: Asked) -> Iterator[Report]:
    at = 0
    while at < len(asked.names):
        batch = asked.batch(at)
        try_one = functools.partial(_try, asked, _call)
        found = _forked(functools.partial(map, try_one, batch))
        ended = batch[len(found) : len(found) + 1]  # the process ended there
        for report in [*found, *({"name": name} for name in ended)]:
            yield _completed(asked, report)
        at += len(found) + len(ended)


def _completed(asked: Asked, report: Report) -> Report:
    """The report, with each call in a process of its own where one process did not tell all."""
    accepted = report.get("accepted")
    if accepted is not None and not (asked.once and any(seen for _, _, seen in accepted)):
        return report

    def call(function: Callable[..., Any], trial: Any) -> Optional[Seen]:
        found = _forked(lambda: iter([_call(function, trial)]))
        return found[0] if found else None

    known = {number: bool(seen) for number, _, seen in accepted} if accepted else None
    return _try(asked, call, report["name"], known)


def _forked(work: Callable[[], Iterator[Any]]) -> List[Any]:
    """What the work yields in a forked process, as far as it gets."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            with os.fdopen(write, "w") as out:
                for one in _limited(work()):
                    out.write(f"{json.dumps(one)}\n")
                    out.flush()
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as lines:
        found = [json.loads(line) for line in lines if line.endswith("\n")]
    os.waitpid(child, 0)
    return found


def _limited(work: Iterator[Any]) -> Iterator[Any]:
    """End the process where one step takes too long."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(SECONDS)
    for one in work:
        yield one
        signal.alarm(SECONDS)
    signal.alarm(0)


def _try(asked: Asked, call: Call, path: str, known: Optional[Dict[int, bool]] = None) -> Report:
    """What came of each accepted call: its number, the options it gave, and its warnings.

    ``known`` has the calls that were accepted before, and whether they warned. Of those of one
    overload that give no option, one that does not warn is enough.
    """
    from torch_history.surveying import inputs

    owner, function = _reached(path)
    schemas = [*asked.signatures.get(path, ()), *inputs.schemas(path)]
    if not callable(function):  # an attribute of a tensor
        function, schemas = function.__get__, ["(Tensor self)"]
    accepted: List[Accepted] = []
    numbers = itertools.count()

    def attempt(trials: Iterator[Any]) -> List[str]:
        sorts, quiet = [], False
        for number, trial in zip(numbers, trials):
            if known is not None:
                warned = known.get(number)
                if warned is None or (quiet and not warned and not trial.named):
                    continue
            seen = call(function, trial)
            quiet = quiet or (seen == [])
            if seen is not None:
                accepted.append((number, sorted(trial.named), seen))
                sorts.append(trial.sort)
        return sorts

    few = path not in asked.thorough
    is_method = isinstance(owner, type)
    for schema in schemas:
        taken = inputs.parameters(schema, is_method)
        sorts = attempt(inputs.of_schema(taken, few))
        if not few:
            attempt(inputs.with_options(taken, sorts[0] if sorts else inputs.FIRST))
    name = path.rpartition(".")[2]
    if not schemas or is_operator(name) or isinstance(function, types.FunctionType):
        attempt(inputs.of_table(name, is_method, few))
    return {"name": path, "accepted": accepted}


def _reached(path: str) -> Tuple[Any, Any]:
    """What stands under a path, after what it belongs to."""
    import torch

    home, _, last = path.rpartition(".")
    with contextlib.suppress(ImportError):
        # Imported, since torch.fft of 1.7 is a function until its module is imported.
        owner: Any = importlib.import_module(home)
        return owner, getattr(owner, last)
    owner, value = None, torch
    for part in path.split(".")[1:]:
        owner, value = value, getattr(value, part)
    return owner, value


def _call(function: Callable[..., Any], trial: Any) -> Optional[Seen]:
    """The warnings of a call. None if it was refused without any."""
    try:
        positional = [make() for make in trial.positional]
        named = {name: make() for name, make in trial.named.items()}
    except Exception:  # noqa: BLE001  # this release has no such tensor
        return None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            function(*positional, **named)
            fits = True
        except Exception:  # noqa: BLE001  # whatever it raises, the input does not fit
            fits = False
    seen = [(one.category.__name__, str(one.message)) for one in caught]
    return seen if fits or seen else None


if __name__ == "__main__":
    main()
