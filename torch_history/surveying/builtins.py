"""Builtins: what callables of torch without a Python signature take.

Three sources propose signatures: the schemas of the operators, the stubs in the wheel, and the
docstring. The binding decides between them, by what it says when it is asked. No source is right
alone: schemas have an ``out`` that bindings lack, and lack parameters that only bindings have;
stubs have parameters under other names, and lack modules.
"""

from __future__ import annotations

import inspect
import types
import warnings
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple, Union

from torch_history.surveying import bindings, forms, schemas, stubs
from torch_history.surveying.choosing import chosen
from torch_history.surveying.completing import Completer
from torch_history.surveying.parameters import (
    KEYWORD,
    POSITIONAL,
    Parameter,
    Signature,
    distinct,
    widened,
)
from torch_history.surveying.proposals import Proposals, one_by_one, only, ordered

_FILES = {
    "": ("_C/_VariableFunctions.pyi", "_C/__init__.pyi", "__init__.pyi"),
    "torch._C._nn": ("_C/_nn.pyi",),
}
_TENSORS = ("TensorBase", "_TensorBase", "Tensor")  # by release
_HEAP = 1 << 9  # the flag of a class that Python made
_SIZE = Signature((Parameter("iterable", POSITIONAL, "()"),))  # a tuple's


class Builtins:
    """The builtins of the running torch."""

    def __init__(self) -> None:
        import torch

        self._functions = torch._C._VariableFunctions
        self._schemas = schemas.overloads_by_name()
        self.unread: Dict[str, str] = {}  # the stubs that this Python cannot parse, and why
        home = Path(torch.__file__).parent
        self._stubs = {module: self._read_stubs(home, files) for module, files in _FILES.items()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._objects = list(_objects())
        # Messages of old releases do not tell what is given by name alone, nor what has a default.
        told = bindings.asked(torch.Tensor.add_, torch.zeros(1)).overloads
        self._tells_kinds = any(one.kind == KEYWORD for of in told for one in of.parameters)
        self._tells_defaults = any(one.default is not None for of in told for one in of.parameters)
        self._found: Dict[str, Tuple[object, List[Signature]]] = {}

    def takes(self, path: str, function: object) -> Union[str, List[str], None]:
        """The parameters of what stands under a path; one text for each of several overloads.

        None where they are not known.
        """
        texts = [one.takes for one in self._of(path, function)]
        return (texts if len(texts) > 1 else texts[0]) if texts else None

    def types(self, path: str, function: object) -> str:
        """The types of those parameters, with a semicolon between overloads."""
        return "; ".join(dict.fromkeys(one.types for one in self._of(path, function) if one.types))

    def _read_stubs(self, home: Path, files: Sequence[str]) -> Dict[str, List[Signature]]:
        """The stubs of several files; a name that several have is that of the first."""
        found: Dict[str, List[Signature]] = {}
        for file in files:
            try:
                read = stubs.stub((home / file).read_text(encoding="utf-8"))
            except FileNotFoundError:
                continue  # it has another place in another release
            except (OSError, ValueError) as error:
                self.unread[file] = str(error)
                continue
            for name, overloads in read.items():
                found.setdefault(name, overloads)
        return found

    def _of(self, path: str, function: object) -> List[Signature]:
        of, found = self._found.get(path, (None, []))
        if of is not function:
            try:
                found = distinct(self._read(function))
            # No builtin of any release may end the survey.
            except Exception:  # noqa: BLE001
                found = []
            self._found[path] = (function, found)
        return found

    def _read(self, function: Any) -> List[Signature]:
        if isinstance(function, type):
            return self._of_class(function)
        if bindings.is_foreign(function):
            return []
        if isinstance(function, types.BuiltinFunctionType) and not bindings.is_pybinds(function):
            return _python_signature(function) or self._decided(
                function, self._of_function(function)
            )
        if isinstance(function, types.MethodDescriptorType):
            return _python_signature(function) or self._of_method(function)
        if isinstance(function, types.ClassMethodDescriptorType):
            return self._of_member(function, function.__objclass__).stubs
        if type(function).__name__ in ("instancemethod", "builtin_function_or_method"):
            return _of_pybind(function)
        return []

    def _of_class(self, cls: Any) -> List[Signature]:
        """What a constructor takes."""
        if type(cls).__name__ == "pybind11_type":
            return _of_pybind(cls.__init__)
        if issubclass(cls, tuple):
            return [_SIZE] if cls.__name__ == "Size" else []
        if not _is_made_in_c(cls):
            return []
        stubbed = [
            self._stubs[""].get(f"{cls.__name__}.{of}", []) for of in ("__init__", "__new__")
        ]
        return self._decided(cls, Proposals([], [one for of in stubbed for one in of], []))

    def _of_method(self, method: Any) -> List[Signature]:
        proposals = self._of_member(method, method.__objclass__)
        for one in self._objects:
            if isinstance(one, method.__objclass__):
                return self._decided(method, proposals, one)
        return proposals.stubs

    def _of_member(self, member: Any, owner: type) -> Proposals:
        """What is proposed for a method of a class."""
        is_tensors = owner.__name__ in _TENSORS
        stubbed = [
            self._stubs[""].get(f"{name}.{member.__name__}", [])
            for name in (_TENSORS if is_tensors else (owner.__name__,))
        ]
        overloads = self._schemas.get(member.__name__, []) if is_tensors else []
        documented = bindings.documented(member.__doc__ or "")
        found = next((one for one in stubbed if one), [])
        return Proposals(forms.method_forms(overloads), found, documented)

    def _of_function(self, function: Any) -> Proposals:
        """What is proposed for a function."""
        name, owner = function.__name__, function.__self__
        if isinstance(owner, type):
            return self._of_member(function, owner)
        if owner is None and getattr(self._functions, name, None) != function:  # of some class
            return Proposals([], [], bindings.documented(function.__doc__ or ""))
        module = getattr(owner, "__name__", "")
        own = {} if module.startswith("torch._C.") else self._stubs[""]
        stubbed = [one.each(_as_input) for one in self._stubs.get(module, own).get(name, [])]
        proposed = forms.function_forms(self._schemas.get(name, []))
        return Proposals(proposed, stubbed, bindings.documented(function.__doc__ or ""))

    def _decided(self, function: Any, proposals: Proposals, *bound: object) -> List[Signature]:
        """The proposals as the binding has them. ``bound`` is the object of a method."""
        told = bindings.asked(function, *bound)
        if not told.overloads:
            found = chosen(function, bound, told, proposals)
            return [each for one in found for each in one_by_one(ordered(one))]
        name = function.__name__
        completer = Completer(name, proposals, self._tells_kinds, self._tells_defaults)
        found = [completer.completed(one, told.overloads) for one in told.overloads]
        found += self._deprecated(name, found, bool(bound))
        found = [widened(ordered(one), found) for one in found]
        return [each for one in found for each in one_by_one(one)]

    def _deprecated(
        self, name: str, found: Sequence[Signature], is_method: bool
    ) -> Iterator[Signature]:
        """Overloads that messages leave out, being deprecated: ``add(input, alpha, other)``.

        Stubs have them for the functions. The methods take them too, in every release.
        """
        by_name = {one.name for of in found for one in of.parameters if one.kind == KEYWORD}
        for stub in self._stubs[""].get(name.rstrip("_"), []):
            one = stub.each(_as_input)
            if {each.name for each in one.positional} & by_name & {"alpha", "beta", "value"}:
                has_out = not is_method and not name.endswith("_")
                one = only(one, *(() if has_out else ("out",)), *(("input",) if is_method else ()))
                yield one.each(_with_out)


def _as_input(one: Parameter) -> Parameter:
    """Stubs of old releases call the first parameter ``self``."""
    return one._replace(name="input") if one.name == "self" else one


def _with_out(one: Parameter) -> Parameter:
    """Stubs have an overload with ``out`` beside that without it."""
    return one._replace(default="None") if one.name == "out" else one


def _of_pybind(function: Any) -> List[Signature]:
    return [only(one, "self") for one in bindings.documented(function.__doc__ or "")]


def _is_made_in_c(cls: type) -> bool:
    """Whether a class of torch's C++ makes the objects of a class: that of a tensor's does."""
    for one in cls.__mro__:
        if "__init__" in vars(one) or "__new__" in vars(one):
            return not one.__flags__ & _HEAP and one.__module__.startswith("torch")
    return False


def _python_signature(function: Any) -> List[Signature]:
    """The signature that some builtins have nevertheless: those that a class has from Python's."""
    try:
        found: List[inspect.Parameter] = list(inspect.signature(function).parameters.values())
    except (ValueError, TypeError):
        return []
    if any(one.kind != inspect.Parameter.POSITIONAL_ONLY for one in found):
        return []
    read = [
        Parameter(one.name, POSITIONAL, None if one.default is one.empty else repr(one.default))
        for one in found
    ]
    return [only(Signature(tuple(read)), "self")]


def _objects() -> Iterator[object]:
    """An object of each builtin class, to ask its methods."""
    import torch

    yield from (torch.zeros(1), torch.Generator(), torch.Size([1]), torch.float32)
    yield from (torch.device("cpu"), torch.finfo(torch.float32), torch.iinfo(torch.int32))
    for dtype in (torch.float32, torch.float64, torch.int64, torch.int32, torch.int16, torch.int8):
        storage = _storage(dtype)
        yield from (storage, getattr(storage, "_untyped_storage", None))
    for dtype in (torch.uint8, torch.bool, torch.float16, torch.bfloat16):
        yield _storage(dtype)


def _storage(dtype: Any) -> Optional[object]:
    import torch

    try:
        storage: object = torch.tensor([1], dtype=dtype).storage()  # type: ignore[no-untyped-call]
    except (RuntimeError, TypeError):
        return None
    return storage
