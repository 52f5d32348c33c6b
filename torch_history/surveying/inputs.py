"""Inputs: small arguments to try a builtin with, made from its schemas or from a short table."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

import torch

from torch_history.surveying.parameters import KEYWORD, PLAIN, Parameter, split

Make = Callable[[], Any]


class Trial(NamedTuple):
    """One call: what makes its positional arguments, and those that are given by name."""

    positional: Tuple[Make, ...]
    named: Dict[str, Make]
    sort: str = ""  # of its tensors


# Each call makes new ones, since some calls write into their input.
TENSORS: Dict[str, Make] = {
    "matrix": lambda: torch.eye(3),
    "integers": lambda: torch.ones(3, 3, dtype=torch.int64),
    "vector": lambda: torch.ones(3),
    "cube": lambda: torch.ones(3, 3, 3),
    "number": lambda: torch.tensor(1.0),
    "bytes": lambda: torch.ones(3, 3, dtype=torch.uint8),
    "masked": lambda: torch.ones(3, 3),  # with a mask of bytes
    "truths": lambda: torch.ones(3, 3, dtype=torch.bool),
    "complex": lambda: torch.ones(3, 3, dtype=torch.complex64),
    "expanded": lambda: torch.ones(1).expand(3),
    "quantizing": lambda: torch.ones(3, 3),  # to a dtype of quantized tensors
}
FIRST = "matrix"
MASKS = ("mask", "condition")
PLACES = ("index", "indices", "target")
# What a parameter of this name needs, whatever function has it.
NAMED: Dict[Tuple[str, str], Make] = {
    ("Tensor", "pivots"): lambda: torch.tensor([1, 2, 3], dtype=torch.int32),
    ("Tensor", "LU_pivots"): lambda: torch.tensor([1, 2, 3], dtype=torch.int32),
    ("Tensor", "zero_point"): lambda: torch.zeros((), dtype=torch.int32),
    ("Tensor", "zero_points"): lambda: torch.zeros(3, dtype=torch.int32),
    ("Tensor", "scales"): lambda: torch.ones(3),
    ("Tensor", "scale"): lambda: torch.ones(()),
    ("Tensor", "mat"): lambda: torch.eye(3),
    ("Tensor", "vec"): lambda: torch.ones(3),
    ("Tensor", "vec1"): lambda: torch.ones(3),
    ("Tensor", "vec2"): lambda: torch.ones(3),
    ("Tensor", "batch1"): lambda: torch.ones(3, 3, 3),
    ("Tensor", "batch2"): lambda: torch.ones(3, 3, 3),
    ("Tensor", "out"): lambda: torch.empty(0),
    ("Tensor[]", "indices"): lambda: [torch.zeros(3, dtype=torch.int64)],
    ("int", "n_fft"): lambda: 4,
    ("int", "steps"): lambda: 3,
    ("int[]", "size"): lambda: [3, 3],
    ("str", "indexing"): lambda: "ij",
    ("str", "reduce"): lambda: "add",
    ("str", "UPLO"): lambda: "L",
}
TYPED: Dict[str, Make] = {
    "int": lambda: 1,
    "float": lambda: 1.0,
    "number": lambda: 1,
    "bool": lambda: False,
    "str": lambda: "reduced",
    "int[]": lambda: [1],
    "float[]": lambda: [1.0],
    "bool[]": lambda: [True],
    "number[]": lambda: [1],
    "ScalarType": lambda: torch.float32,
    "Device": lambda: torch.device("cpu"),
    "Layout": lambda: torch.strided,
    "MemoryFormat": lambda: torch.contiguous_format,
}
_ZERO = re.compile(r"(dims?|axis|axes|dim\d|diagonal|offset|start|zero_point)$")
_SCHEMA = re.compile(r"[\w:.]*\((.*)\)", re.DOTALL)
_PARAMETER = re.compile(r"(\S+) (\w+)(?:=(.*))?$", re.DOTALL)
_SPACES = {"linalg": "linalg_", "special": "special_", "fft": "fft_"}


def schemas(path: str) -> List[str]:
    """The schemas of the operators behind a function of torch or a method of Tensor."""
    parts = path.split(".")
    space = _SPACES.get(parts[1], "") if len(parts) > 2 else ""
    try:
        found = torch._C._jit_get_schemas_for_operator(f"aten::{space}{parts[-1]}")
    except RuntimeError:
        return []
    return [str(one) for one in found]


def parameters(schema: str, of_method: bool = False) -> List[Parameter]:
    """The parameters of ``aten::add(Tensor self, *, Scalar alpha=1) -> Tensor``.

    Those of a method begin with self, wherever the operator has it.
    """
    inside = _SCHEMA.match(schema.partition(" -> ")[0])
    found, kind = [], PLAIN
    for part in split(inside.group(1)) if inside else ():
        written = _PARAMETER.match(part)
        if written:
            type_, name, default = written.groups()
            found.append(Parameter(name, kind, default, _type(type_)))
        kind = KEYWORD if part == "*" else kind
    return sorted(found, key=lambda one: one.name != "self") if of_method else found


def _type(written: str) -> str:
    """``Tensor(a!)?`` -> ``Tensor``; ``SymInt[2]`` -> ``int[]``."""
    plain = re.sub(r"\([^)]*\)|\?", "", written).replace("SymInt", "int")
    return re.sub(r"\[\d*\]", "[]", re.sub(r"^Scalar\b", "number", plain))


def of_schema(taken: List[Parameter], few: bool) -> Iterator[Trial]:
    """Trials of one overload with each sort of tensor, without optional parameters."""
    needed = [one for one in taken if one.is_required]
    named = [one for one in needed if one.kind == KEYWORD and one.type.startswith("Tensor")]
    if named and (few or [one.name for one in named] != ["out"]):
        return
    has_tensor = any(one.type.startswith("Tensor") for one in needed)
    for sort in TENSORS if has_tensor and not few else [FIRST]:
        yield from _trial(needed, sort)


def with_options(taken: List[Parameter], sort: str) -> Iterator[Trial]:
    """Trials that give one optional parameter by its name."""
    needed = [one for one in taken if one.is_required]
    for one in taken:
        if not one.is_required and one.name != "out":
            given = [*needed, one._replace(kind=KEYWORD)]
            yield from _trial(given, sort)
            if one.type == "bool":
                yield from _trial(given, sort, lambda: True)


def _trial(taken: List[Parameter], sort: str, last: Optional[Make] = None) -> Iterator[Trial]:
    values = [_value(one, sort) for one in taken]
    if last is not None:
        values[-1] = last
    both = [(one, value) for one, value in zip(taken, values) if value is not None]
    if len(both) == len(taken):
        positional = tuple(value for one, value in both if one.kind == PLAIN)
        named = {one.name: value for one, value in both if one.kind == KEYWORD}
        yield Trial(positional, named, sort)


def _value(one: Parameter, sort: str) -> Optional[Make]:
    known = NAMED.get((one.type, one.name))
    if known is not None:
        return known
    if one.type == "Tensor":
        return _tensor(one.name, sort)
    if one.type == "Tensor[]":
        make = TENSORS[sort]
        return lambda: [make(), make()]
    if one.type in ("int", "int[]") and _ZERO.match(one.name):
        return (lambda: 0) if one.type == "int" else (lambda: [0])
    if one.type == "ScalarType" and sort == "quantizing":
        return lambda: torch.qint8
    return TYPED.get(one.type)


def _tensor(name: str, sort: str) -> Make:
    make = TENSORS[sort]
    if name in MASKS:
        kind = torch.uint8 if sort in ("bytes", "masked") else torch.bool
        return lambda: torch.ones(make().shape, dtype=kind)
    if name in PLACES:
        return lambda: torch.zeros(make().shape, dtype=torch.int64)
    return make


def of_table(name: str, is_method: bool, few: bool) -> Iterator[Trial]:
    """Trials of a callable that has no schema, or whose parameters are not those of the schema."""
    matrix = TENSORS[FIRST]
    if not is_method:
        yield Trial((), {})
    if few:
        return
    for make in TENSORS.values():
        yield Trial((make,), {})
        yield Trial((make, make), {})
    yield Trial((TENSORS["masked"], TENSORS["bytes"]), {})
    for other in (lambda: 0, lambda: [0, 1], lambda: [[0], [1]]):
        yield Trial((matrix, other), {})
        if name == "__setitem__":
            yield Trial((matrix, other, lambda: 1), {})
    if not is_method:
        yield Trial((lambda: 0, lambda: 3), {})
        for make in (lambda: False, lambda: torch.float32, lambda: "torch.FloatTensor"):
            yield Trial((make,), {})
