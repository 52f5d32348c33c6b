"""Scan: the differences that the reader's own source can meet, each with file, line, level and reason.

How sure a hit is:

*certain*  The use resolves by imports and construction in the same file to the API that the behaviour is about first, and the code alone
           decides that it meets the difference: a change is marked ``unless=...`` ("every such call meets it, unless it is given
           this argument"), or the record itself says so, where one side lacks the attribute or refuses the keyword that is used.
*likely*   So too, but it resolves over an attribute (``self.opt``), an annotation or one of several bindings, it is an API that the
           behaviour names further back, or what is passed cannot be seen (``**options``, a function handed on).
*possible* The object is unknown and the method's name is torch's (``zero_grad``); or the API is used, but whether the
           difference is met depends on more than the call, such as the values. Where the call already failed before the upgrade,
           that takes code that catches the error.

Files are read one by one, and nothing of them is kept but their hits. Every file is parsed, and named where that fails; only those that
mention torch and a word of a difference are looked into.
"""

from __future__ import annotations

import ast
import bisect
import gc
import json
import os
import re
import sys
import warnings
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from torch_history.code.names import MODULE, OPTIMIZER, TENSOR, ancestors, canonical, words_of
from torch_history.code.uses import Source, Use
from torch_history.errors import HistoryError
from torch_history.publish.report import LEVELS
from torch_history.questions.query import Difference

LACKS = re.compile(r"(?:module '(?P<module>[\w.]+)'|object) has no attribute '(?P<attribute>\w+)'")
REFUSES = re.compile(r"unexpected keyword argument '(\w+)'|'(\w+)' is an invalid keyword argument")
MAGIC = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)
PYTHON_CELL = re.compile(r"%%(time|timeit|capture|prun)\b")
WORD = re.compile(rb"[A-Za-z_]\w*")
LEFT_OUT = {"__pycache__", "node_modules", "site-packages"}


class Hit(NamedTuple):
    """One place of the reader's source that can meet a difference."""

    file: str
    line: int  # in its cell, for a notebook
    cell: Optional[int]  # of a notebook, counted from 1 over all its cells
    level: str
    why: str


class Scan(NamedTuple):
    """What reading the source gave."""

    hits: Dict[str, List[Hit]]  # by behaviour, certain first, then by place
    files: int
    faults: List[str]  # a line for each file that could not be read or parsed


class Target(NamedTuple):
    """What of a difference decides whether a use meets it."""

    id: str
    names: Dict[str, bool]  # the API -> whether it is what the behaviour is about first
    needs: frozenset  # keywords of which the record says that one side refuses them
    lacking: bool  # the record says that one side lacks the API
    unless: List[
        tuple
    ]  # for each change that every call meets: the arguments that keep it away, by name or position
    guarded: bool  # every call raised before, so that only code that catches the error meets it


def scan(paths: Sequence[Path], differences: Sequence[Difference], level: str = LEVELS[-1]) -> Scan:
    """Read files and folders for uses that meet a difference, at least as surely as ``level`` says.

    Raises HistoryError for a path that there is not.
    """
    wanted: Dict[str, List[Target]] = {}
    for target in map(target_of, differences):
        for name in target.names:
            wanted.setdefault(name, []).append(target)
    words = words_of(wanted)
    reader = Reader(wanted, words, {word.encode() for word in words}, LEVELS.index(level), {}, [])
    count = 0
    gc.disable()  # it would find nothing: what is read of a file holds no circles
    try:
        for path in _shown(files(paths)):
            reader.read(path)
            count += 1
    finally:
        gc.enable()
    for hits in reader.found.values():
        hits.sort(key=lambda hit: (LEVELS.index(hit.level), hit.file, hit.cell or 0, hit.line))
    return Scan(reader.found, count, reader.faults)


def _shown(paths: Iterator[Path]) -> Iterator[Path]:
    """The same paths; on a terminal, their number so far is shown meanwhile."""
    if not sys.stderr.isatty():
        return paths
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    def counted() -> Iterator[Path]:
        with Progress(
            SpinnerColumn(),
            TextColumn("{task.completed:.0f} files read"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        ) as progress:
            yield from progress.track(paths, total=None)

    return counted()


def files(paths: Sequence[Path]) -> Iterator[Path]:
    """The Python files and notebooks, folders in order of their names, without hidden folders and virtual environments.

    What is named twice, or lies in a folder that is named too, comes once.
    """
    whole: Dict[Path, Path] = {}
    for path in paths:
        if not path.exists():
            raise HistoryError(f"--code {path}: no such file or folder")
        whole.setdefault(path.resolve(), path)
    for place, path in whole.items():
        if not whole.keys().isdisjoint(place.parents):
            continue
        if path.is_file():
            yield path
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(
                name
                for name in folders
                if name not in LEFT_OUT
                and not name.startswith(".")
                and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))
            )
            yield from (
                Path(folder, name) for name in sorted(names) if name.endswith((".py", ".ipynb"))
            )


class Reader(NamedTuple):
    """What a scan looks for, and what it has found so far."""

    wanted: Dict[str, List[Target]]  # by API
    words: Set[str]
    encoded: Set[bytes]  # the same words
    most: int  # the last level that is kept, as its place in LEVELS
    found: Dict[str, List[Hit]]
    faults: List[str]

    def read(self, path: Path) -> None:
        """Read one file."""
        try:
            content = path.read_bytes()
            tree, cells = (
                self._notebook(path, content)
                if path.suffix == ".ipynb"
                else (self._parse(content, str(path)), [])
            )
            if (
                tree
                and b"torch" in content
                and (cells or not self.encoded.isdisjoint(WORD.findall(content)))
            ):
                self._hits(path.as_posix(), Source(tree), cells)
        except OSError as error:
            self.faults.append(f"{path}: cannot be read: {error.strerror}")
        except RecursionError:
            self.faults.append(f"{path}: nested too deeply to be read")

    def _hits(self, file: str, source: Source, cells: List[Tuple[int, int]]) -> None:
        best: Dict[Tuple[str, int], Tuple[int, str]] = {}  # one hit for each behaviour and line
        for use in source.uses(self.wanted, self.words):
            arguments = _arguments(use)
            for name, relation in use.names:
                for target in self.wanted[name]:
                    judged = judge(target, use, name, relation, *arguments)
                    key = (target.id, use.line)
                    if (
                        judged
                        and judged[0] <= self.most
                        and judged[0] < best.get(key, (len(LEVELS),))[0]
                    ):
                        best[key] = judged
        same: Dict[
            Hit, Hit
        ] = {}  # a line meets many behaviours in the same words, which are kept once
        for (behaviour, line), (level, why) in best.items():
            cell, line = _in_cell(cells, line)
            hit = Hit(file, line, cell, LEVELS[level], why)
            self.found.setdefault(behaviour, []).append(same.setdefault(hit, hit))

    def _parse(self, source: object, where: str, flags: int = 0) -> Optional[ast.Module]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of escapes in the reader's strings
                return compile(source, where, "exec", ast.PyCF_ONLY_AST | flags, dont_inherit=True)
        except SyntaxError as error:
            self.faults.append(f"{where}:{error.lineno or 1}: not Python: {error.msg}")
        except (
            ValueError,
            MemoryError,
        ) as error:  # null bytes; Python's parser says MemoryError of too deep a nesting
            self.faults.append(f"{where}:1: not Python: {error or 'nested too deeply'}")
        return None

    def _notebook(
        self, path: Path, content: bytes
    ) -> Tuple[Optional[ast.Module], List[Tuple[int, int]]]:
        """A notebook's code cells as one module, and for each its first line there and its number."""
        try:
            cells = [
                (number, "".join(cell["source"]))
                for number, cell in enumerate(json.loads(content)["cells"], start=1)
                if cell["cell_type"] == "code"
            ]
        except (ValueError, KeyError, TypeError) as error:
            self.faults.append(f"{path}:{getattr(error, 'lineno', 1)}: not a notebook: {error}")
            return None, []
        lines, starts = 0, []
        whole = ast.Module(body=[], type_ignores=[])
        for number, text in cells:
            if text.startswith("%%") and not PYTHON_CELL.match(text):
                continue
            text = MAGIC.sub(r"\1pass", text)
            tree = self._parse(text, f"{path}: cell {number}", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            if tree:
                starts.append((lines + 1, number))
                for node in tree.body:
                    ast.increment_lineno(node, lines)
                whole.body.extend(tree.body)
                lines += text.count("\n") + 1
        return whole, starts


def _in_cell(cells: List[Tuple[int, int]], line: int) -> Tuple[Optional[int], int]:
    """A line of the whole as its cell and the line there; a file without cells is one."""
    if not cells:
        return None, line
    start, number = cells[bisect.bisect(cells, (line, sys.maxsize)) - 1]
    return number, line - start + 1


# ---- whether a use meets a difference


def target_of(difference: Difference) -> Target:
    """What decides, from the markers and from the record."""
    behaviour = difference.behaviour
    words = {_plain(word) for case in difference.cases for word in re.findall(r"\w+", case.name)}
    named = [
        api for api in behaviour.api if _plain(api.rpartition(".")[2]) in words
    ]  # the cases are called after their APIs
    names = {api: bool(named) or api == behaviour.api[0] for api in named or behaviour.api}
    lacking, refused = {}, set()
    for case in difference.cases:
        before, after = (
            side.observation.get("raised", {}).get("message", "")
            for side in (case.before, case.after)
        )
        lacks, refuses = LACKS.search(before or after), REFUSES.search(before or after)
        if lacks:
            lacking.update(dict.fromkeys(_lacking(lacks, behaviour.api), True))
        elif refuses:
            refused.add(refuses[1] or refuses[2])
        else:
            lacking, refused = {}, set()
            break
    if (
        refused and not lacking and difference.kind == "api-gone"
    ):  # the relatives of a class lose the keyword too, as far as is known
        names.update({base: False for base in ancestors(behaviour.api[0]) if base not in names})
    unless = [
        (change.unless,) if isinstance(change.unless, str) else tuple(change.unless)
        for change in difference.changes
        if change.unless is not None
    ]
    if not lacking and not refused:
        if not unless or any(unless):  # the marker's arguments are those of the first API
            names = {name: True for name, first in names.items() if first}
        if (
            not unless
        ):  # to use a base class tells nothing, and a signature is not met by who calls by keyword
            signature = behaviour.id.endswith("_these_arguments")
            names = {
                name: True
                for name in names
                if not signature and name not in (MODULE, OPTIMIZER, TENSOR)
            }
    failed = all("raised" in case.before.observation for case in difference.cases)
    return Target(
        behaviour.id,
        lacking or names,
        frozenset(refused if not lacking else ()),
        bool(lacking),
        unless,
        failed and not (lacking or refused or unless),
    )


def _plain(name: str) -> str:
    """``BatchNorm1d`` and ``batch_norm`` -> ``batchnorm``."""
    return re.sub(r"\dd$", "", name.lower().replace("_", ""))


def _lacking(lacks: re.Match, apis: List[str]) -> List[str]:
    """The APIs that one side lacks: ``module 'torch' has no attribute 'func'`` -> what of the behaviour's stands in torch.func."""
    if lacks["module"]:
        name = canonical(f"{lacks['module']}.{lacks['attribute']}")
        return [api for api in apis if f"{api}.".startswith(f"{name}.")] or [name]
    return [api for api in apis if api.endswith(f".{lacks['attribute']}")] or [
        f"{list(ancestors(api))[-1]}.{lacks['attribute']}"
        for api in apis[:1]
        if api.rpartition(".")[2][:1].isupper()
    ]


def judge(
    target: Target, use: Use, name: str, relation: str, given: set, hidden: bool
) -> Optional[Tuple[int, str]]:
    """The level (its place in LEVELS) and the reason, or None where the use does not meet the difference."""
    why, doubtful = use.why, False
    if target.needs:
        met = sorted(given & target.needs)
        if not met:
            return None
        why += f" with {' or '.join(f'{one}=' for one in met)}"
    elif target.lacking:
        if relation == "base":
            return None
    elif target.unless:
        unless = next((one for one in target.unless if not given & set(one)), None)
        if unless is None:
            return None
        words = [one for one in unless if isinstance(one, str)]
        why += f" without {' or '.join(words)}" if words else ""
        doubtful = use.passed or (bool(words) and (hidden or use.call is None))
    elif relation != "itself" or (target.guarded and not use.guarded):
        return None
    else:
        return 2, f"{why}; more than the call decides"
    if relation == "unknown":
        return 2, why
    return (
        0
        if use.sure and target.names[name] and relation in ("itself", "base") and not doubtful
        else 1
    ), why


def _arguments(use: Use) -> Tuple[set, bool]:
    """The arguments of a call, by name and by position, and whether there are some that cannot be seen."""
    if use.call is None:
        return set(), False
    positional = [not isinstance(one, ast.Starred) for one in use.call.args]
    given = {place - use.first for place in range(len(positional)) if all(positional[: place + 1])}
    given |= {keyword.arg for keyword in use.call.keywords if keyword.arg}
    return given, not all(positional) or any(keyword.arg is None for keyword in use.call.keywords)
