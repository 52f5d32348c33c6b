"""Noting: notes the calls that the reader's code makes, one event for each place and arguments."""

from __future__ import annotations

import ast
import json
import os
import time
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

from torch_history.tracing import given
from torch_history.tracing.given import Given
from torch_history.tracing.names import Api, Names, first_of
from torch_history.tracing.sites import UNSEEN, Site, Sites, read
from torch_history.tracing.values import Values

LOOKED = 64  # calls of one place that are looked at
MOST = 8  # of them with other arguments, that are noted
GENERATOR = 0x20  # a flag of code


class Known(NamedTuple):
    """A place that calls torch."""

    api: Api
    site: Site
    roles: List[str]
    seen: Set[str]  # what was noted of it
    looked: List[int]  # one number: how often it was looked at


class Calls:
    """The calls of torch from the reader's own files."""

    def __init__(self, session: Any) -> None:
        self._session, self._torch = session, session.torch
        self._names, self._sites = Names(), Sites()
        self._values = Values(session.torch, self._names.first)
        # Folders; not resolved, because code has the path that it was found by.
        self.torchs = tuple(
            f"{Path(file).absolute().parent}{os.sep}" for file in (session.torch.__file__, __file__)
        )
        self._known: Dict[Tuple[int, int, object], Optional[Known]] = {}
        self._kept: List[Any] = []  # code whose id is a key above

    def called(self, back: Any, frame: Any) -> None:
        """The reader's code calls a Python function."""
        code = frame.f_code
        # Outside torch, only a wrapper can stand for a function of torch: typing's ``deprecated``.
        if not (code.co_filename.startswith(self.torchs) or code.co_freevars):
            return
        key = (id(back.f_code), back.f_lasti, id(code))
        known = self._known.get(key, UNSEEN)
        if known is UNSEEN:
            self._kept += back.f_code, code
            known = self._known[key] = self._found(back, frame)
        if known is None or not _is_looked_at(known):
            return
        if code.co_flags & GENERATOR and frame.f_lineno != code.co_firstlineno:
            return  # a generator goes on
        began = time.perf_counter()
        api = known.api
        names = api.names
        if api.bound:
            first = first_of(frame)
            kind = first if issubclass(type(first), type) else type(first)
            dot = f".{api.attribute}" if api.attribute else ""
            names = [f"{one}{dot}" for one in self._names.of_class(kind)] or names
        arguments = given.in_python(frame, back, api, known.site)
        on = first_of(frame) if api.kind == "method" and api.bound else None
        self._note(back, known, names, arguments, on, "frame")
        self._session.recorder.cost += time.perf_counter() - began

    def called_in_c(self, frame: Any, function: Any) -> None:
        """The reader's code calls a built-in function or method."""
        key = (id(frame.f_code), frame.f_lasti, getattr(function, "__name__", ""))
        known = self._known.get(key, UNSEEN)
        if known is UNSEEN:
            self._kept.append(frame.f_code)
            api = self._names.in_c(function)
            known = self._known[key] = self._placed(api, frame) if api else None
        if known is None or not _is_looked_at(known):
            return
        began = time.perf_counter()
        on = function.__self__ if known.api.kind == "method" else None
        arguments = given.in_c(frame, known.api, known.site)
        self._note(frame, known, known.api.names, arguments, on, "source")
        self._session.recorder.cost += time.perf_counter() - began

    def in_mode(self, frame: Any, func: Any, args: Any, kwargs: Any) -> None:
        """A function mode sees a call of a built-in function: here all arguments are known."""
        key = (id(frame.f_code), frame.f_lasti, f"mode {func.__name__}")
        known = self._known.get(key, UNSEEN)
        if known is UNSEEN:
            self._kept.append(frame.f_code)
            site = self._sites.of(frame, func.__name__)
            operator = site.node is None and not site.whole
            api = self._names.in_mode(func, operator)
            known = self._known[key] = self._placed(api, frame) if api else None
        if known is None or not _is_looked_at(known):
            return
        bound = int(known.api.bound)
        values = {str(place): one for place, one in enumerate(args[bound:])}
        arguments = Given({**values, **kwargs}, len(values), True)
        self._note(frame, known, known.api.names, arguments, args[0] if bound else None, "mode")

    # -- noting

    def _found(self, back: Any, frame: Any) -> Optional[Known]:
        """A place that calls a Python function of torch."""
        site = self._sites.of(back, frame.f_code.co_name)
        function = site.node.func if site.node is not None else None
        base = read(function.value, back) if isinstance(function, ast.Attribute) else UNSEEN
        api = self._names.in_python(frame, site.name, None if base is UNSEEN else base)
        return self._placed(api, back) if api else None

    def _placed(self, api: Api, frame: Any) -> Known:
        last = api.names[0].rpartition(".")[2]
        site = self._sites.of(frame, last, *["__init__"] * (api.kind == "class"))
        roles = list(site.roles)
        if site.node is not None:
            for manager in self._sites.managers(frame, site.node):
                roles += [f"within={name}" for name in self._names.of(manager)]
        return Known(api, site, roles, set(), [0])

    def _note(
        self, frame: Any, known: Known, names: List[str], call: Given, on: Any, seen: str
    ) -> None:
        """Write down a call, unless the same one was noted at this place."""
        site, values = known.site, self._values
        described = {
            name: {"unseen": True} if value is UNSEEN else values.of(value)
            for name, value in call.values.items()
        }
        facts = {
            "api": names[0],
            "also": names[1:],
            "kind": known.api.kind,
            "at": [frame.f_code.co_filename, site.line, frame.f_code.co_name],
            "column": site.column,
            "given": described,
            "positional": call.positional,
            "by": list(described)[call.positional :],
            "whole": call.whole,
            "roles": known.roles,
            "seen": seen,
        }
        if on is not None and issubclass(type(on), self._torch.Tensor):
            facts["on"] = values.of(on)
        key = json.dumps(facts, default=str)
        if key not in known.seen and len(known.seen) < MOST:
            known.seen.add(key)
            self._session.recorder.emit("use", **facts)


def _is_looked_at(known: Known) -> bool:
    known.looked[0] += 1
    return known.looked[0] <= LOOKED
