"""Paths: under which names torch's objects are found, and which name is the public one.

Most objects have several: torch.nn.Linear is torch.nn.modules.Linear and
torch.nn.modules.linear.Linear too. The shortest public one is its path, the others are aliases.
"""

from __future__ import annotations

import importlib
import re
import types
import typing
from pathlib import Path
from typing import Collection, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from torch_history.surveying.modules import DYNAMIC, Modules, is_private, silent
from torch_history.surveying.signatures import is_torchs

PRIVATE = Path(__file__).with_name("private.txt")
_FROM = re.compile(r"^\s*from\s+([.\w]+)\s+import\s+(\([^)]*\)|[^\n]*)", re.MULTILINE)
_NAMED = re.compile(r"(\w+)(?:\s+as\s+(\w+))?\s*(?:,|$)")
_NAMED_TYPES = (type, types.FunctionType, types.BuiltinFunctionType)
_IMPORTED = (types.ModuleType, typing.TypeVar)


class Found(NamedTuple):
    """A value under one of its paths."""

    path: str
    value: object
    declared: bool  # whether its module says that it is its own
    shown: bool = False  # whether a package hands it on, or it is written in C


class Paths(NamedTuple):
    """The objects of torch by their public path, and the other paths."""

    values: Dict[str, object]
    aliases: Dict[str, str]  # another path -> the public one
    by_object: Dict[int, str]  # id of a class or function -> its public path

    def path_of(self, value: object) -> str:
        """The public path of a class or function; empty for any other object."""
        return self.by_object.get(id(value), "")


def paths(modules: Modules, known: Collection[str] = ()) -> Paths:
    """Every object that has a public path, a private one that programs use, or a known one.

    ``known`` are the names that other releases have: what can still be read is not gone.
    """
    together: Dict[object, List[Found]] = {}
    lasts = {one.rpartition(".")[2] for one in listed()}
    imported: Dict[str, str] = {}
    constants: Dict[str, object] = {}
    for name, module in modules.public.items():
        for found, source in _in_module(name, module, lasts):
            key: object = id(found.value) if _has_identity(found.value) else found.path
            if not _has_identity(found.value) and source:
                imported[found.path] = source
                constants[found.path] = found.value
            else:
                together.setdefault(key, []).append(found)
    for found in (*_used_privately(modules), *_still(known, modules)):
        key = id(found.value) if _has_identity(found.value) else found.path
        held = [one.path for one in together.get(key, ())]
        if found.path not in held and found.path not in imported:
            together.setdefault(key, []).append(found)
    values: Dict[str, object] = {}
    aliases: Dict[str, str] = {}
    by_object: Dict[int, str] = {}
    for key, of in together.items():
        ordered = _kept(sorted(of, key=_order), known)
        if not ordered:
            continue
        best, *others = ordered
        values[best.path] = best.value
        aliases.update((one.path, best.path) for one in others)
        if isinstance(key, int):
            by_object[key] = best.path
    for path in imported:
        source = _source(path, imported)
        public = aliases.get(source, source)
        if public in values:
            aliases[path] = public
        # torch.USE_GLOBAL_DEPS comes from a module of torch's own
        elif is_private(source) or path in known:
            values[path] = constants[path]
    return Paths(values, aliases, by_object)


def _kept(ordered: List[Found], known: Collection[str]) -> List[Found]:
    """The paths of an object: of a helper of torch's own not those where it is only imported."""
    best = ordered[0]
    if best.declared or best.shown or not is_private(_home_of(best.value)):
        return ordered
    return [one for one in ordered if one.declared or one.shown or one.path in known]


def _source(path: str, imported: Dict[str, str]) -> str:
    """Where a value comes from that one module after the other imported."""
    seen: List[str] = []
    while path in imported and path not in seen:
        seen.append(path)
        path = imported[path]
    return path


def _order(found: Found) -> Tuple[object, ...]:
    """The shortest public path first, under the object's own name and in its own package."""
    # Only of what is known: other objects of torch may do anything when an attribute is asked for.
    own = found.value.__name__ if isinstance(found.value, _NAMED_TYPES) else ""
    last = found.path.rpartition(".")[2]
    private = is_private(found.path)
    said = (not found.declared, not found.shown, own not in ("", last))
    return (private, *said, found.path.count("."), found.path)


def _has_identity(value: object) -> bool:
    """Whether an object is one thing wherever it is found: a class or a function of torch."""
    if isinstance(value, (types.FunctionType, types.BuiltinFunctionType)):
        return True
    if isinstance(value, type):
        return is_torchs(value)
    return callable(value) and is_torchs(type(value))


def _in_module(name: str, module: types.ModuleType, lasts: Set[str]) -> Iterator[Tuple[Found, str]]:
    """What a module has, each with where it imported it from, if it did."""
    told = getattr(module, "__all__", None)
    listed = (
        {one for one in told if isinstance(one, str)} if isinstance(told, (list, tuple)) else set()
    )
    sources = _imports(module)
    for attribute, value in _held(module, listed).items():
        # A private name that programs use may be found in another module in another release.
        used = attribute in lasts and _home_of(value) == name
        if attribute.startswith("_") and attribute not in listed and not used:
            continue
        if isinstance(value, _IMPORTED) or attribute.startswith("__"):
            continue
        source = sources.get(attribute, "")
        if attribute not in listed and not _is_own(attribute, value, source):
            continue
        home = _home_of(value)
        declared = attribute in listed or f"{home}.".startswith(f"{name}.")
        shown = hasattr(module, "__path__") or f"{home}.".startswith("torch._C.")
        yield (
            Found(f"{name}.{attribute}", value, declared, shown),
            source if attribute not in listed else "",
        )


def _held(module: types.ModuleType, listed: Set[str]) -> Dict[str, object]:
    """What can be read of a module: torch.backends.cudnn is an object around one."""
    found = dict(vars(module))
    inner = found.get("m")
    if type(module) is not types.ModuleType and isinstance(inner, types.ModuleType):
        offered = (one for one in vars(type(module)) if not one.startswith("_"))
        found = {**vars(inner), **{one: getattr(module, one, None) for one in offered}}
    for name in listed - set(found):  # its __getattr__ makes it
        value = _read(module, name)
        if value:
            found[name] = value[0]
    return found


def _read(value: object, name: str) -> Tuple[object, ...]:
    """An attribute; nothing where there is none."""
    try:
        return (getattr(value, name),)
    except Exception:  # noqa: BLE001  # a module's own __getattr__ may raise anything
        return ()


def _home_of(value: object) -> str:
    """The module that says it defined an object, or its class; empty for a builtin."""
    named = isinstance(value, _NAMED_TYPES)
    return (value if named else type(value)).__module__ or ""


def _is_own(name: str, value: object, source: str) -> bool:
    """Whether a value is torch's, and not something that a module imported from elsewhere."""
    if isinstance(value, types.BuiltinFunctionType):
        owner = value.__self__
        return not isinstance(owner, types.ModuleType) or owner.__name__.startswith("torch")
    if isinstance(value, (type, types.FunctionType)):
        return is_torchs(value)
    if source and not source.startswith("torch."):
        return False
    return getattr(typing, name, typing) is not value


def _imports(module: types.ModuleType) -> Dict[str, str]:
    """What the source of a module imports by ``from``: name -> full name of what it is there."""
    file = getattr(module, "__file__", None) or ""
    if not file.endswith(".py"):
        return {}
    package = (
        module.__name__ if file.endswith("__init__.py") else module.__name__.rpartition(".")[0]
    )
    found = {}
    text = Path(file).read_text(encoding="utf-8", errors="replace")
    for source, names in _FROM.findall(text):
        dots = len(source) - len(source.lstrip("."))
        home = source
        if dots:
            base = package.split(".")[: len(package.split(".")) - dots + 1]
            home = ".".join([*base, *([source[dots:]] if source[dots:] else [])])
        for line in names.strip("()").splitlines():
            for name, alias in _NAMED.findall(line.partition("#")[0].strip()):
                found[alias or name] = f"{home}.{name}"
    return found


def _used_privately(modules: Modules) -> Iterator[Found]:
    """The private names that programs import all the same, those that this release has."""
    for name in listed():
        value = reached(name, modules)
        if value is not None and not isinstance(value[0], types.ModuleType) and not value[1]:
            yield Found(name, value[0], True)


def _still(known: Collection[str], modules: Modules) -> Iterator[Found]:
    """The names of other releases that this one has too, whatever module is their home."""
    for name in known:
        value = reached(name, modules)
        if value is not None and not isinstance(value[0], types.ModuleType) and not value[1]:
            yield Found(name, value[0], False)


def listed() -> List[str]:
    """The private names that public programs use."""
    if not PRIVATE.exists():
        return []
    lines = PRIVATE.read_text(encoding="utf-8").splitlines()
    names = [line.partition("\t")[0] for line in lines if not line.startswith("#")]
    return [name for name in names if name and not name.startswith(DYNAMIC)]


def reached(name: str, modules: Modules) -> Optional[Tuple[object, bool]]:
    """What stands under a dotted name, and whether it is a member of a class. None: nothing."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        home = ".".join(parts[:length])
        module: object = modules.public.get(home)
        if module is None and home in modules.private:
            try:
                with silent():
                    module = importlib.import_module(home)
            except KeyboardInterrupt:
                raise
            # see modules.modules
            except BaseException as error:  # noqa: BLE001
                modules.failed[home] = f"{type(error).__name__}: {error}"[:200]
                return None
        if module is None:
            continue
        member = False
        for part in parts[length:]:
            member = member or isinstance(module, type)
            value = _read(module, part)
            if not value:
                return None
            module = value[0]
        return module, member
    return None
