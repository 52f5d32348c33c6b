"""Libraries: the warnings of deprecation that come from C++, and stand in no Python source.

Builtins are called with small inputs, in other processes. What their warnings say is noted; and
what only a string of a library says of a name, because no input here led to it, is noted as such.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import types
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Set

from torch_history.errors import HistoryError
from torch_history.surveying import notices_words as words
from torch_history.surveying import strings, trials

Warned = Dict[str, Any]  # as an entry of a survey has it
MODULES = (
    "torch",
    "torch.linalg",
    "torch.special",
    "torch.fft",
    "torch.nn.functional",
    "torch.sparse",
)
# Their functions are written in Python, and hand on to C++.
THIN = ("torch.functional", "torch.nn.functional")
BUILTIN = {
    "builtin_function_or_method",
    "getset_descriptor",
    "method_descriptor",
    "tensortype",
    "wrapper_descriptor",
}
OVERLOAD = "This overload of "
SECONDS = 180  # for all trials; they take 3 to 20
# out= of another shape that it was resized, and Python that it will not convert a number.
_OTHER = re.compile(
    r"output with one or more elements was resized|version of Python\b|not (yet|implemented)"
)
_TRIGGERED = re.compile(r"\s*\(Triggered internally at .*\)\s*$", re.DOTALL)
_OVERLOAD = re.compile(r"(\w+)\((.*)\)\|deprecated$")
# What a string says is deprecated: a path, a member, a quoted name, or a name as a call.
_SUBJECT = re.compile(
    r"(?:The function )?[`']?(?P<name>[A-Za-z_][\w.]*)[`']?(?:\([^)]*\))?"
    r" (?:is|are|has been|API is being) (?:now )?deprecated"
)


def warned(torch_module: types.ModuleType, callables: Dict[str, object]) -> Dict[str, List[Warned]]:
    """The warnings of deprecation from C++, by the public path that gives them."""
    said = list(strings.of_folder(Path(str(torch_module.__file__)).parent / "lib"))
    named = {name.strip("_") for text in said for name in re.findall(r"\w+", text)}
    names = list(_tried(torch_module, callables, named))
    overloads = _overloads(said, set(names))
    thorough = [name for name in names if _is_pointed_at(name, named)]
    found = {}
    for report in _reports({"names": names, "thorough": thorough, "signatures": overloads}):
        seen = list(_seen(report["accepted"]))
        if seen:
            found[report["name"]] = seen
    known = {**dict.fromkeys(names), **callables}
    for name, text in [*_named(said, known), *_unmet(overloads, found)]:
        _add(found.setdefault(name, []), text)
    return {name: warnings for name, warnings in sorted(found.items()) if warnings}


def _tried(torch: Any, callables: Dict[str, object], named: Set[str]) -> Iterator[str]:
    """The paths of what is called: builtins, and functions that hand on to them."""
    for path, value in sorted(callables.items()):
        home, _, name = path.rpartition(".")
        if home in MODULES and not trials.is_left_out(name):
            thin = isinstance(value, types.FunctionType) and (
                value.__module__ in THIN or (home == "torch" and name in named)
            )
            if thin or type(value).__name__ in BUILTIN:
                yield path
    for name in dir(torch.Tensor):
        value = getattr(torch.Tensor, name, None)
        builtin = type(value).__name__ in BUILTIN or isinstance(value, types.FunctionType)
        if builtin and not trials.is_left_out(name):
            yield f"torch.Tensor.{name}"


def _is_pointed_at(path: str, named: Set[str]) -> bool:
    """Whether a string that speaks of deprecation has the name, or the name is an operator."""
    name = path.rpartition(".")[2]
    return name.strip("_") in named or trials.is_operator(name)


def _overloads(said: List[str], names: Set[str]) -> Dict[str, List[str]]:
    """The deprecated overloads by path, as schemas: ``add(Tensor self, Scalar alpha, ...)``."""
    found: Dict[str, List[str]] = {}
    for text in said:
        overload = _OVERLOAD.match(text)
        if overload:
            name, takes = overload.groups()
            function = takes.startswith("Tensor input") or ", Tensor input" in takes
            path = f"torch.{name}" if function else f"torch.Tensor.{name}"
            if path in names:
                if not function:
                    takes = f"Tensor self, {takes}".rstrip(", ")
                found.setdefault(path, []).append(f"{name}({takes})")
    return found


def _reports(asked: Dict[str, Any]) -> Iterator[Any]:
    """What the trials report."""
    root = str(Path(__file__).resolve().parent.parent.parent)
    paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "torch_history.surveying.trials"]
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                command,
                check=False,
                input=json.dumps(asked),
                capture_output=True,
                timeout=SECONDS,
                cwd=folder,
                env={**environment, "CUDA_VISIBLE_DEVICES": ""},
                encoding="utf-8",
            )
        except subprocess.TimeoutExpired:
            raise HistoryError(
                f"{command[-1]}: not done after {SECONDS} s; record again on a machine less busy"
            ) from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
        raise HistoryError(f"{command[-1]}: {last}; run it by hand in this environment")
    return map(json.loads, done.stdout.splitlines())


def _seen(accepted: List[Any]) -> Iterator[Warned]:
    """The warnings of deprecation that came, with the condition as far as the calls tell it."""
    came: Dict[str, Warned] = {}
    calls: Dict[str, Set[int]] = {}
    for number, (_, _, warnings) in enumerate(accepted):
        for category, message in warnings:
            if _is_of_deprecation(message):
                text = _text(message)
                came.setdefault(text, {"category": category, "text": text})
                calls.setdefault(text, set()).add(number)
    for text, entry in came.items():
        # Of overloads there is always one that is not deprecated.
        if len(calls[text]) < len(accepted) or text.startswith(OVERLOAD):
            entry["when"] = _when(accepted, calls[text])
        yield entry


def _is_of_deprecation(message: str) -> bool:
    # An overload has parameters called beta, which other texts say of what is new.
    speaks = message.startswith(OVERLOAD) or words.is_of_deprecation("", message)
    return speaks and not _OTHER.search(message)


def _when(accepted: List[Any], warned_in: Set[int]) -> List[str]:
    """The parameter that decides: the calls that give it warn, and no others."""
    given = [set(options) for _, options, _ in accepted]
    for name in sorted(set().union(*given)):
        if {number for number, options in enumerate(given) if name in options} == warned_in:
            return [name]
    return []


def _text(message: str) -> str:
    """A message as a reader sees it, without where in C++ it comes from."""
    return words.shown(_TRIGGERED.sub("", message))


def _named(said: List[str], known: Dict[str, object]) -> Iterator[Any]:
    """The names that strings say are deprecated, of those that this release has."""
    for text in said:
        subject = _SUBJECT.match(text.strip())
        if subject and "::" not in text:
            path = _path(subject.group("name"), subject.group(0)[0] in "`'", known)
            if path:
                yield path, text


def _path(name: str, quoted: bool, known: Dict[str, object]) -> Optional[str]:
    """The public path of a name as a string has it; of a member, that of its nearest class."""
    for path in (name, f"torch.{name}", f"torch.Tensor.{name}", f"torch.nn.functional.{name}"):
        if path in known:
            return path
    owner, _, member = name.rpartition(".")
    if not owner and not quoted:
        return None
    classes = [
        path
        for path, value in known.items()
        if isinstance(value, type)
        and (not owner or f".{path}".endswith(f".{owner}"))
        and hasattr(value, member)
    ]
    return f"{min(classes, key=lambda one: (len(one), one))}.{member}" if classes else None


def _unmet(overloads: Dict[str, List[str]], found: Dict[str, List[Warned]]) -> Iterator[Any]:
    """The deprecated overloads, if this release warns of any; 1.4 warns of none."""
    texts = [one["text"] for warnings in found.values() for one in warnings]
    if any(text.startswith(OVERLOAD) for text in texts):
        for path, taken in overloads.items():
            for one in taken:
                yield path, f"{OVERLOAD}{path.rpartition('.')[2]} is deprecated: {one}"


def _add(entries: List[Warned], text: str) -> None:
    """Add what a string says, unless a call has met it."""
    text = _text(text)
    begins = text[:40]
    if not any(begins in one["text"] for one in entries):
        entries.append({"category": "UserWarning", "text": text, "when": [], "by": "library"})
