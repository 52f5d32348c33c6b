"""Describing: what an object of torch is, as the entry of a survey."""

from __future__ import annotations

import enum
import functools
import inspect
import types
from typing import Any, Container, Dict, Iterable, Iterator, List, NamedTuple, Optional, Set, Tuple

from torch_history.surveying import signatures
from torch_history.surveying.builtins import Builtins
from torch_history.surveying.modules import Modules, is_private
from torch_history.surveying.noticing import Noticing
from torch_history.surveying.paths import Paths, reached
from torch_history.surveying.signatures import Takes, is_torchs

Entry = Dict[str, Any]
FUNCTIONS_OF_TORCH = "torch._C._VariableFunctions"  # a class once; what it has is found in torch
FUNCTIONS = (types.FunctionType, functools.partial, staticmethod, classmethod)
TENSOR_BASES = ("_TensorBase", "TensorBase")  # written in C: its methods are those of Tensor
# What every class has, or what only Python calls: of no use in a list of what a class offers.
# fmt: off
USUAL = {
    "__abstractmethods__", "__annotations__", "__class_getitem__", "__constants__",
    "__dataclass_fields__", "__dataclass_params__", "__deepcopy__", "__copy__", "__delattr__",
    "__dict__", "__dir__", "__doc__", "__eq__", "__firstlineno__", "__format__", "__getattr__",
    "__getattribute__", "__getnewargs__", "__getstate__", "__hash__", "__init__",
    "__init_subclass__", "__instancecheck__", "__match_args__", "__members__", "__module__",
    "__ne__", "__new__",
    "__orig_bases__", "__parameters__", "__post_init__", "__pybind11_module_local_v1__",
    "__qualname__", "__reduce__", "__reduce_ex__", "__repr__", "__setattr__", "__setstate__",
    "__signature__", "__sizeof__", "__slots__", "__static_attributes__", "__str__",
    "__subclasshook__", "__weakref__", "__del__", "__type_params__", "__replace__",
    "__subclasscheck__", "n_fields", "n_sequence_fields", "n_unnamed_fields",
}
# fmt: on


class Described(NamedTuple):
    """The entry of an object, and the annotations of its parameters."""

    entry: Entry
    types: str = ""


class Describer:
    """Describes the objects of one release."""

    def __init__(
        self,
        paths: Paths,
        builtins: Builtins,
        noticing: Noticing,
        used: Set[str],
        operators: Iterable[str],
    ) -> None:
        self._paths, self._builtins, self._noticing = paths, builtins, noticing
        self._used = used  # private names that programs use
        self._operators = {name.partition(".")[0] for name in operators}

    def all(self) -> Iterator[Tuple[str, Described]]:
        """Every object with its path, each class followed by its members."""
        for path, value in sorted(self._paths.values.items()):
            yield path, self.one(path, value)
            # torch.FloatTensor and its like have what torch.Tensor has
            kind = type(value).__name__
            if isinstance(value, type) and is_torchs(value) and kind != "tensortype":
                yield from self._members(path, value)

    def inherited(
        self, path: str, modules: Modules, names: Container[str]
    ) -> Iterator[Tuple[str, Entry]]:
        """A member that a class has from a base which nobody looks at, as others have their own."""
        home, _, name = path.rpartition(".")
        found = reached(home, modules)
        cls = found[0] if found else None
        if not isinstance(cls, type) or not is_torchs(cls):
            return
        for owner in (*inspect.getmro(cls), *_metaclasses(cls)):
            if f"{self._paths.path_of(owner)}.{name}" in names:
                return
            if name in vars(owner):
                if owner is not object:
                    yield path, self._member(path, vars(owner)[name]).entry
                return

    def one(self, path: str, value: object) -> Described:
        """What stands under a path."""
        if isinstance(value, type):
            # DimList = list makes no class of Python one of torch.
            return self._class(path, value) if is_torchs(value) else Described({"kind": "value"})
        # An alias such as Union[Tensor, float] can be called, but nobody does.
        alias = type(value).__module__ in ("typing", "types") and not isinstance(value, FUNCTIONS)
        if isinstance(value, FUNCTIONS) or (callable(value) and not alias):
            return self._callable(path, value, "function")
        return Described({"kind": "value"})

    def _class(self, path: str, cls: type) -> Described:
        entry: Entry = {"kind": "class"}
        taken = signatures.of_class(cls, self._paths.path_of) or self._builtin(path, cls)
        if taken:
            entry["takes"] = taken.text
        bases = list(self._bases(cls))
        if bases:
            entry["bases"] = bases
        fields = _fields(cls)
        if fields:
            entry["fields"] = fields
        return self._noticed(entry, cls, taken)

    def _bases(self, cls: type) -> Iterator[str]:
        """The nearest public bases, through those that are private."""
        for base in cls.__bases__:
            path = self._paths.path_of(base)
            if path and not is_private(path):
                yield path
            elif base.__module__ == "builtins":
                if base is not object:
                    yield base.__name__
            elif base.__name__ in TENSOR_BASES:
                yield from ["torch.Tensor"] * (cls.__name__ != "Tensor")
            elif is_torchs(base):
                yield from ([path] if path else self._bases(base))

    def _members(self, path: str, cls: type) -> Iterator[Tuple[str, Described]]:
        """What a class has itself, or from bases that have no path of their own."""
        hidden = path == FUNCTIONS_OF_TORCH
        own: Dict[str, object] = {}
        for one in reversed([cls, *self._pathless(cls), *_metaclasses(cls)]):
            own.update(vars(one))
        is_enum = issubclass(cls, enum.Enum)
        for name, value in sorted(own.items()):
            full = f"{path}.{name}"
            if full not in self._used and (hidden or not _is_offered(name)):
                continue
            plain = is_enum and not isinstance(value, (*FUNCTIONS, property, cls))
            if plain and name not in getattr(cls, "__members__", ()):
                continue
            yield full, self._member(full, value)

    def _pathless(self, cls: type) -> Iterator[type]:
        """The bases of torch whose members nobody finds under another path."""
        for base in cls.__bases__:
            tensors = base.__name__ in TENSOR_BASES
            flattened = cls.__name__ == "Tensor" if tensors else not self._paths.path_of(base)
            if is_torchs(base) and flattened:
                yield base
                yield from self._pathless(base)

    def _member(self, path: str, value: object) -> Described:
        if isinstance(value, staticmethod):
            return self._callable(path, value.__func__, "staticmethod")
        if isinstance(value, classmethod):
            return self._callable(path, value.__func__, "classmethod", bound=True)
        if isinstance(value, (types.FunctionType, functools.partial)):
            return self._callable(path, value, "method", bound=True)
        if isinstance(value, (types.MethodDescriptorType, types.WrapperDescriptorType)):
            return self._callable(path, value, "method", bound=True)
        if isinstance(value, (property, functools.cached_property, types.GetSetDescriptorType)):
            getter = getattr(value, "fget", getattr(value, "func", None))
            return self._noticed({"kind": "property"}, getter, None)
        if type(value).__name__ == "instancemethod":  # of pybind11
            return self._callable(path, value, "method", bound=True)
        if type(value).__name__ == "classmethod_descriptor":
            return self._callable(path, value, "classmethod", bound=True)
        if isinstance(value, type):
            return Described({"kind": "class"})
        return Described({"kind": "attribute"})

    def _callable(self, path: str, value: object, kind: str, bound: bool = False) -> Described:
        taken: Optional[Takes] = None
        if not isinstance(value, (types.BuiltinFunctionType, types.MethodDescriptorType)):
            taken = signatures.of_function(value, self._paths.path_of, bound)
        taken = taken or self._builtin(path, value)
        entry: Entry = {"kind": kind}
        if taken:
            entry["takes"] = taken.text
        return self._noticed(entry, value, taken)

    def _noticed(self, entry: Entry, value: object, taken: Optional[Takes]) -> Described:
        """The entry with what the source says of removal and deprecation."""
        notice = self._noticing.of(value)
        if notice.removed:
            entry["removed"] = notice.removed
        elif notice.warns:
            entry["warns"] = notice.warns
        return Described(entry, taken.types if taken else "")

    def _builtin(self, path: str, value: object) -> Optional[Takes]:
        takes = self._builtins.takes(path, value)
        if takes is None:
            return None
        # The types of an operator stand at torch.ops.aten.
        is_operator = path.rpartition(".")[2] in self._operators
        return Takes(takes, "" if is_operator else self._builtins.types(path, value))


def _metaclasses(cls: type) -> List[type]:
    """The classes of torch of which a class is an instance: torch.distributed.group.WORLD."""
    return [one for one in inspect.getmro(type(cls)) if is_torchs(one)]


def _is_offered(name: str) -> bool:
    if name.startswith("__"):
        return name not in USUAL and name.endswith("__")
    return not name.startswith("_")


def _fields(cls: type) -> List[str]:
    """The fields of a named tuple, or of what a function such as torch.max returns."""
    if not issubclass(cls, tuple):
        return []
    named = getattr(cls, "_fields", None)
    if isinstance(named, tuple):
        return list(named)
    count = getattr(cls, "n_sequence_fields", 0)
    members = [
        name
        for name, value in vars(cls).items()
        if isinstance(value, types.MemberDescriptorType) and not name.startswith("_")
    ]
    return members[:count]
