"""Uses: the calls of torch that a program really made, as a file and as an answer of ``diff``.

The tracer notes each call with the arguments that it was given. Here they become the same uses that
the scan of source finds, so that one judge decides for both. What the source leaves open, such as
the value of an argument, is known; and what never ran is not among them.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import (
    Any,
    Callable,
    Collection,
    Container,
    Dict,
    FrozenSet,
    Iterator,
    List,
    Optional,
    Sequence,
    Set,
    Tuple,
)

import msgspec
from msgspec import Struct

from torch_history import reading
from torch_history.code import literals
from torch_history.code.accepted import accepted_lines
from torch_history.code.collecting import Collector
from torch_history.code.hits import Level, Place
from torch_history.code.names import canonical
from torch_history.code.own import Thing
from torch_history.code.scan import MOST_PYTHON, Names, Scan
from torch_history.code.surfacing import Surfacing
from torch_history.code.targets import Target
from torch_history.code.use import Mention, Name, Use, names_of
from torch_history.comparing.traces import Event, events
from torch_history.errors import HistoryError
from torch_history.records import store

FORMAT = 1
FILE = "uses.json"
MOST = 200_000_000  # bytes of a file
NAME = re.compile(r"torch(\.\w+)+")
PARAMETER = re.compile(r"^torch\.nn\.(?:Parameter|Buffer)\.")
INTEGERS = {f"torch.{name}" for name in ("int64", "int32", "int16", "int8", "uint8")}
FLOATS = {f"torch.{name}" for name in ("float64", "float32", "float16", "bfloat16")}
# The names that stand for arguments that are no literal, and what the judge calls them.
UNSEEN, OBJECT = "?", "an object"
KINDS = {"a tensor of integers": "integers", "a tensor of floats": "floats", OBJECT: "object"}


class Used(Struct, frozen=True, forbid_unknown_fields=True):
    """A call of torch that ran, with its arguments as ``tracing.values`` tells them."""

    api: str
    also: Tuple[str, ...]  # other names of the same
    kind: str  # class, method, function
    at: Tuple[str, int, str]  # file, line, function
    column: int  # where the name ends in its line, in bytes
    given: Dict[str, Any]  # those by position come first
    positional: int  # how many of them were given by position
    whole: bool  # whether these are all
    roles: Tuple[str, ...]
    seen: str  # frame, mode, or source: then some values may be unknown
    on: Any = None  # the tensor whose method is called

    @property
    def names(self) -> List[str]:
        """Every documented name of it. A parameter's methods are those of tensors."""
        names = [canonical(name) for name in (self.api, *self.also)]
        if self.kind == "method":
            names = [PARAMETER.sub("torch.Tensor.", name) for name in names]
        return list(dict.fromkeys(names))


class Uses(Struct, frozen=True, forbid_unknown_fields=True):
    """What a program used of torch in one run."""

    format: int
    what: str
    torch: str
    uses: Tuple[Used, ...]


# -- the file


def write_uses(trace: Path, path: Path, original: Callable[[Path], Path]) -> None:
    """Write what the processes of a run used; ``trace`` is the folder of one, or of all of them.

    ``original`` gives the user's own file for one that the program ran. Raises HistoryError where
    the file cannot be written.
    """
    release, found = "", {}
    for folder in _processes(trace):
        for event in events(folder / "events.jsonl"):
            if event["e"] == "begin":
                release = release or event["torch"]
            elif event["e"] == "use":
                use = _use(event, original)
                found[json.dumps(use, sort_keys=True)] = use
    lines = ",\n".join(json.dumps(use) for use in _surest(list(found.values())))
    head = f'"format": {FORMAT}, "what": "uses", "torch": {json.dumps(release)}'
    store.write_text(path, f'{{{head}, "uses": [\n{lines}\n]}}\n')


def _processes(trace: Path) -> List[Path]:
    parent = trace.parent if (trace / "events.jsonl").exists() else trace
    return sorted(one.parent for one in parent.glob("process-*/events.jsonl")) or [trace]


def _use(event: Event, original: Callable[[Path], Path]) -> Event:
    file, line, function = event["at"]
    at = [original(Path(file)).as_posix(), line, function]
    use = {name: event[name] for name in Used.__struct_fields__ if name in event}
    return {**use, "at": at}


def _surest(uses: List[Event]) -> List[Event]:
    """Without those of which another one, at the same place, knows all arguments."""
    known = {_place(one) for one in uses if one["seen"] == "mode"}
    return [one for one in uses if one["seen"] != "source" or _place(one) not in known]


def _place(use: Event) -> Tuple[object, ...]:
    return use["api"], use["at"][0], use["at"][1]


def read(path: Path) -> Uses:
    """Read a file of uses, or that of a folder. Raises HistoryError if it is missing or damaged."""
    folder = path.is_dir()
    remedy = f"torch-history run --keep {path if folder else 'FOLDER'} writes it"
    try:
        data = json.loads(reading.content(path / FILE if folder else path, MOST))
        # json and not msgspec.json: a number may be infinite.
        found = msgspec.convert(data, Uses)
    except reading.UnreadableError as error:
        missing = f"no {FILE} in it" if folder else "no such file"
        reason = missing if error.missing else str(error)
        raise HistoryError(f"--trace {path}: {reason}: {remedy}") from None
    except (ValueError, RecursionError, msgspec.ValidationError):
        raise HistoryError(f"--trace {path}: damaged, or no file of uses: {remedy}") from None
    if found.format != FORMAT or found.what != "uses":
        raise HistoryError(
            f"--trace {path}: has {found.what!r} of format {found.format}, and this program reads "
            f"'uses' of format {FORMAT}: use the torch-history that wrote it"
        )
    if not all(NAME.fullmatch(name) for one in found.uses for name in (one.api, *one.also)):
        raise HistoryError(f"--trace {path}: damaged: a name is none of torch: {remedy}")
    return found


# -- the answer


def scan(
    path: Path,
    targets: Sequence[Target],
    apis: Collection[str],
    level: Level = Level.POSSIBLE,
    surfacing: Optional[Surfacing] = None,
) -> Scan:
    """The uses of a file that meet a target, as ``code.scan.scan`` gives them for source."""
    collector = Collector(targets, apis, level, surfacing)
    files: Dict[str, List[Used]] = {}
    for one in read(path).uses:
        files.setdefault(_short(one.at[0]), []).append(one)
    for file, uses in sorted(files.items()):

        def place_of(line: int, file: str = file) -> Place:
            return Place(file, line)

        collector.add(Ran(uses), place_of, _accepted(Path(file)))
    names = Names(collector.covered, collector.uncovered, collector.surface)
    return Scan(collector.found, names, len(files), collector.accepted, [])


def _short(file: str) -> str:
    """A path relative to the working folder, if it is below it."""
    try:
        return Path(file).relative_to(Path.cwd()).as_posix()
    except ValueError:
        return file


def _accepted(file: Path) -> Set[int]:
    """The lines on which a comment of the source accepts what is found, if it is there."""
    try:
        return accepted_lines(reading.content(file, MOST_PYTHON))
    except reading.UnreadableError:
        return set()


class Ran:
    """The calls that ran in one file."""

    def __init__(self, used: Sequence[Used]) -> None:
        self._used = used

    def uses(self, wanted: Container[str]) -> Iterator[Use]:
        """Every use of a wanted API."""
        for one in self._used:
            names = [name for thing in _things(one) for name in names_of(thing)]
            names = [name for name in dict.fromkeys(names) if name.api in wanted]
            if names:
                yield _as_use(one, names)

    def mentions(self) -> List[Mention]:
        """Every name of torch that was called, once a line."""
        found = {}
        for one in self._used:
            names = [name for thing in _things(one) for name in names_of(thing)]
            name, line = one.names[0], one.at[1]
            if not name.rpartition(".")[2].startswith("__"):  # as for source: not the operators
                found[name, line] = Mention(name, line, names)
        return list(found.values())

    def value(self, node: ast.expr) -> Tuple[bool, object]:
        """The value of an argument: a literal, or the name of torch."""
        literal = literals.value(node)
        if literal is not None:
            return True, literal.value
        return (
            (True, node.id)
            if isinstance(node, ast.Name) and NAME.fullmatch(node.id)
            else (
                False,
                None,
            )
        )

    def kind(self, node: ast.expr) -> str:
        """What an argument that is no literal was seen to be."""
        if isinstance(node, ast.Name):
            return KINDS.get(node.id, "")
        return type(node).__name__.lower()  # list, tuple, dict

    def close(self) -> None:
        """Let go of the calls."""
        self._used = ()


def _things(used: Used) -> Iterator[Thing]:
    for name in used.names:
        home = name.rpartition(".")[0]
        yield Thing(name, of=Thing(home, True) if used.kind == "method" else None)


def _as_use(used: Used, names: List[Name]) -> Use:
    line = used.at[1]
    values = [(key, _node(value, line)) for key, value in used.given.items()]
    args = [node for _, node in values[: used.positional]]
    keywords = [ast.keyword(key, node) for key, node in values[used.positional :]]
    if not used.whole:
        hidden = ast.Name(UNSEEN)
        args.append(ast.Starred(hidden))
        keywords.append(ast.keyword(None, hidden))
    name = used.names[0]
    return Use(
        line=line,
        column=used.column,
        names=names,
        sure=True,
        why=f"{name}() ran",
        call=ast.Call(func=ast.Name(name), args=args, keywords=keywords),
        first=0,
        roles=_roles(used),
    )


def _roles(used: Used) -> FrozenSet[str]:
    roles = {"call", "ran", *used.roles} | ({"hidden"} if not used.whole else set())
    values = list(used.given.values())
    subject = used.on if used.kind == "method" else next(iter(values), None)
    operator = used.api.rpartition(".")[2].startswith("__")
    if _dtype(subject) in INTEGERS and not (operator and any(map(_is_float, values))):
        roles.add("integers")
    if isinstance(subject, dict) and subject.get("transposed"):
        roles.add("transposed")
    return frozenset(roles)


def _dtype(value: Any) -> Optional[str]:
    return value.get("tensor") if isinstance(value, dict) else None


def _is_float(value: Any) -> bool:
    return isinstance(value, float) or _dtype(value) in FLOATS


def _label(value: Dict[str, Any]) -> str:
    """A name of torch, whose value is known, or what stands for any other object."""
    if _dtype(value) in INTEGERS:
        return "a tensor of integers"
    if _dtype(value) in FLOATS:
        return "a tensor of floats"
    name = value.get("name")
    return name if isinstance(name, str) and NAME.fullmatch(name) else OBJECT


def _node(value: Any, line: int) -> ast.expr:
    """A value as the expression that the judge looks at. It stands on the line of its call."""
    node: ast.expr
    if isinstance(value, list):
        node = ast.List([_node(one, line) for one in value], ast.Load())
    elif not isinstance(value, dict):
        node = ast.Constant(value)
    elif isinstance(value.get("tuple"), list):
        node = ast.Tuple([_node(one, line) for one in value["tuple"]], ast.Load())
    elif isinstance(value.get("dict"), dict):
        keys: List[Optional[ast.expr]] = [ast.Constant(key) for key in value["dict"]]
        node = ast.Dict(keys, [_node(one, line) for one in value["dict"].values()])
    elif "unseen" in value:
        node = ast.Name(UNSEEN)
    else:
        node = ast.Name(_label(value))
    node.lineno = line
    return node
