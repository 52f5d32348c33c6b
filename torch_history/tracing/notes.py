"""Notes: warnings, exceptions, seeds and worker processes, each with the reader's own line."""

from __future__ import annotations

import functools
import os
import random
import sys
import traceback
import warnings
from typing import Any, Dict, List, Set

OURS = ("does not have a deterministic implementation", "deterministic algorithms")


def watch(session: Any) -> None:
    """Note what the program is warned of, what ends it, and what it seeds."""
    _warnings(session)
    _exceptions(session)
    _seeds(session)
    _workers(session)


def _warnings(session: Any) -> None:
    known: Set[Any] = set()

    def note(message: Any, category: Any) -> None:
        text = str(message)
        if any(words in text for words in OURS):
            return
        place, _ = session.places.here()
        name = getattr(category, "__name__", str(category))
        key = (name, text, place)
        if key not in known and len(known) < 1000:
            known.add(key)
            session.recorder.emit(
                "warning", category=name, text=text[:2000], at=place, mark=session.marks.number
            )

    warn, shown = warnings.warn, warnings._showwarnmsg  # type: ignore[attr-defined]

    @functools.wraps(warn)
    def noted(message: Any, category: Any = None, stacklevel: int = 1, *rest: Any, **more: Any):  # type: ignore[no-untyped-def]
        kind = type(message) if isinstance(message, Warning) else category or UserWarning
        note(message, kind)
        # one more frame stands between the caller and the warning, and maybe wrapped functions
        level = stacklevel + 1 + _between(session, stacklevel)
        return warn(message, category, level, *rest, **more)

    def showed(message: Any) -> Any:
        note(message.message, message.category)  # what C++ warned of does not pass `warn`
        return shown(message)

    session.patches.put(warnings, "warn", noted)
    session.patches.put(warnings, "_showwarnmsg", showed)


def _between(session: Any, stacklevel: int) -> int:
    """How many frames of the tracer stand between a warning and the caller that it is meant for."""
    frame: Any = sys._getframe(2)
    found = 0
    while frame is not None and stacklevel > 0:
        if session.places.is_engine(frame.f_code.co_filename):
            found += 1
        else:
            stacklevel -= 1
        frame = frame.f_back
    return found


def _exceptions(session: Any) -> None:
    before = sys.excepthook

    def hook(kind: Any, error: Any, trace: Any) -> None:
        session.recorder.emit("raised", **describe(session, error, trace))
        session.recorder.flush()
        before(kind, error, trace)

    session.patches.put(sys, "excepthook", hook)


def describe(session: Any, error: BaseException, trace: Any) -> Dict[str, Any]:
    """An exception: its class, its message, the reader's line and torch's."""
    frames = traceback.extract_tb(trace)
    own = [one for one in frames if session.places.own(one.filename)]
    at = own[-1] if own else (frames[-1] if frames else None)
    return {
        "kind": type(error).__name__,
        "module": type(error).__module__,
        "bases": [one.__name__ for one in type(error).__mro__],
        "text": str(error)[:4000],
        "at": (at.filename, at.lineno, at.name) if at else None,
        "mark": session.marks.number,
        "step": session.marks.steps,
    }


def _seeds(session: Any) -> None:
    """Note which sources of random numbers the program seeds itself."""
    noted: List[str] = []

    def watched(name: str, function: Any) -> Any:
        @functools.wraps(function)
        def seed(*arguments: Any, **named: Any) -> Any:
            place, _ = session.places.here()
            if name not in noted and place is not None and session.places.own(place.file):
                noted.append(name)
                session.recorder.emit("seeded", what=name, at=place)
            return function(*arguments, **named)

        return seed

    sources = {"torch": session.torch, "random": random, "numpy": sys.modules.get("numpy.random")}
    for name, source in sources.items():
        if source is not None:
            function = "manual_seed" if name == "torch" else "seed"
            session.patches.put(source, function, watched(name, getattr(source, function)))


def _workers(session: Any) -> None:
    """Note processes that the program starts: forked workers are not traced."""
    fork = getattr(os, "fork", None)
    if fork is None:
        return

    def forked() -> int:
        place, _ = session.places.here()
        session.recorder.emit("worker", at=place)
        return int(fork())

    session.patches.put(os, "fork", forked)
