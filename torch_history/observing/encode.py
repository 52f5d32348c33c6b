"""Encode: an observation as exact, readable JSON, and back.

The JSON of an observation is ``{"value": ...}`` or ``{"raised": {"type", "message"}}``,
``"warned"`` where there were warnings, and a ``"digest"`` of all that. If the digests match, the
text is not parsed; and a digest shows an edit by hand. Inside a value, None, bool, int, finite
float, str, list and dict with string keys stand for themselves. All else is an object with one
``$`` key:

=============================================  ====================================================
``{"$tensor": "float32[2,3] requires_grad",``  a tensor: a text for each row of its last dimension,
``"rows": ["0.5 -0.0 nan", "1.0 2.0 inf"]}``   shortest decimals that give back the same bits;
                                               complex numbers as ``re,im``
``{"$tuple": [..]}``                           a tuple
``{"$size": [2, 3]}``                          a torch.Size
``{"$dict": [[key, value], ..]}``              a dict with keys other than strings
``{"$float": "nan"}``                          a float that is not finite
``{"$dtype": "float32"}``                      a torch.dtype
=============================================  ====================================================

In memory the same tree has ``Tensor`` leaves, whose arrays are NumPy's. They are parsed on demand.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import sys
from typing import Any, Dict, List, Optional

import numpy as np

from torch_history.errors import HistoryError
from torch_history.observing.observation import Observation, Raised, Warned

# torch dtype -> the NumPy dtype that holds its values exactly
STORAGE = {
    name: np.dtype(name)
    for name in (
        "bool",
        "uint8",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint16",
        "uint32",
        "uint64",
        "float16",
        "float32",
        "float64",
        "complex64",
        "complex128",
    )
}
STORAGE["bfloat16"] = np.dtype("float32")
Json = Dict[str, Any]
_HEADER = re.compile(r"(\w+)\[([\d,]*)\]( requires_grad)?")


class Tensor:
    """A tensor of an observation: its header, and its values as an array or as a record's rows."""

    __slots__ = ("_array", "_rows", "header")

    def __init__(
        self, header: str, array: Optional[np.ndarray] = None, rows: Optional[List[str]] = None
    ):
        self.header, self._array, self._rows = header, array, rows

    @property
    def dtype(self) -> str:
        """The name of torch's dtype."""
        return self.header.partition("[")[0]

    @property
    def array(self) -> np.ndarray:
        """The values, in the tensor's shape, in the NumPy dtype that holds them exactly."""
        if self._array is None:
            self._array = _parse(self.header, self._rows or [])
        return self._array

    @property
    def rows(self) -> List[str]:
        """One text a row of the last dimension; no rows where a dimension is 0."""
        if self._rows is None:
            array = self.array
            self._rows = _format(array)
            if not np.array_equal(_bits(_parse(self.header, self._rows)), _bits(array)):
                raise HistoryError(
                    f"the text of a tensor {self.header} does not give back its bits"
                )
        return self._rows

    def __repr__(self) -> str:
        return f"{self.header} {' | '.join(self.rows)}"


def _bits(array: np.ndarray) -> np.ndarray:
    """The bytes of an array, every NaN made the same."""
    if array.dtype.kind in "fc":
        array = np.where(np.isnan(array), np.array(np.nan, array.dtype), array)
    return np.frombuffer(np.ascontiguousarray(array).tobytes(), np.uint8)


def _format(array: np.ndarray) -> List[str]:
    if array.size == 0:
        return []
    table = array.reshape(-1, array.shape[-1]) if array.ndim else array.reshape(1, 1)
    if array.dtype.kind == "c":
        return [" ".join(f"{number.real!s},{number.imag!s}" for number in row) for row in table]
    return [" ".join(map(str, row)) for row in table]


def _parse(header: str, rows: List[str]) -> np.ndarray:
    match = _HEADER.fullmatch(str(header))
    if match is None or match.group(1) not in STORAGE:
        raise HistoryError(f"unknown tensor header {header!r}")
    dtype = STORAGE[match.group(1)]
    shape = [int(size) for size in match.group(2).split(",") if size]
    try:
        text = " ".join(rows)
        if dtype.kind == "f":
            array = np.array(list(map(float, text.split())), dtype)
        elif dtype.kind == "c":
            array = np.array(
                [complex(*map(float, pair.split(","))) for pair in text.split()], dtype
            )
        elif dtype.kind == "b":
            array = np.array([{"True": True, "False": False}[word] for word in text.split()], dtype)
        else:
            numbers = list(map(int, text.split()))
            array = np.array(numbers, dtype)
            if array.tolist() != numbers:  # NumPy 1 wraps what does not fit
                raise ValueError
        return array.reshape(shape)
    except (ValueError, KeyError, TypeError, OverflowError):
        raise HistoryError(
            f"the rows of a tensor {header} do not hold its values: {str(rows)[:60]}"
        ) from None


def encode(value: Any, path: str = "value") -> Any:
    """A value of an observation as a tree with ``Tensor`` leaves.

    Raises TypeError for what is neither tensor nor fact.
    """
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"$float": str(value)}
    if kind is list:
        return [encode(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if kind is tuple:
        return {"$tuple": [encode(item, f"{path}[{index}]") for index, item in enumerate(value)]}
    if isinstance(value, dict):
        if all(type(name) is str and not name.startswith("$") for name in value):
            return {name: encode(item, f"{path}[{name!r}]") for name, item in value.items()}
        return {
            "$dict": [
                [encode(name, path), encode(item, f"{path}[{name!r}]")]
                for name, item in value.items()
            ]
        }
    if isinstance(value, np.ndarray):
        return _tensor(value.dtype.name, value, False)
    if hasattr(value, "requires_grad") and hasattr(
        value, "detach"
    ):  # a torch.Tensor, without importing torch
        name = str(value.dtype).replace("torch.", "")
        plain = value.detach().cpu()
        return _tensor(
            name,
            (plain.float() if name == "bfloat16" else plain).numpy().copy(),
            value.requires_grad,
        )
    if kind.__name__ == "Size":
        return {"$size": list(value)}
    if kind.__name__ == "dtype":
        return {"$dtype": str(value).replace("torch.", "")}
    raise TypeError(
        f"{path} is a {kind.__module__}.{kind.__qualname__}: observe tensors and facts "
        "(None, bool, int, float, str, list, tuple, dict, Size, dtype)"
    )


def _tensor(name: str, array: np.ndarray, requires_grad: bool) -> Tensor:
    if name not in STORAGE:
        raise TypeError(f"a tensor of dtype {name} cannot be recorded: observe facts about it")
    return Tensor(
        f"{name}[{','.join(map(str, array.shape))}]{' requires_grad' if requires_grad else ''}",
        array,
    )


def _dump_value(tree: Any) -> Any:
    if isinstance(tree, Tensor):
        return {"$tensor": tree.header, "rows": tree.rows}
    if isinstance(tree, dict):
        return {name: _dump_value(item) for name, item in tree.items()}
    if isinstance(tree, list):
        return [_dump_value(item) for item in tree]
    return tree


def _load_value(data: Any) -> Any:
    if isinstance(data, dict):
        if "$tensor" in data:
            return Tensor(data["$tensor"], rows=data["rows"])
        return {name: _load_value(item) for name, item in data.items()}
    if isinstance(data, list):
        return [_load_value(item) for item in data]
    return data


def digest(observation: Observation) -> str:
    """16 hexadecimal digits: of the facts as JSON, and of the tensors' bytes, little-endian."""
    tensors: List[Tensor] = []

    def header(tensor: Tensor) -> str:
        tensors.append(tensor)
        return tensor.header

    facts = json.dumps(observation, default=header)
    found = hashlib.blake2b(facts.encode(), digest_size=8)
    for tensor in tensors:
        found.update(
            tensor.array.tobytes()
            if sys.byteorder == "little"
            else tensor.array.byteswap().tobytes()
        )
    return found.hexdigest()


def dump(observation: Observation) -> Json:
    """The JSON of an encoded observation."""
    data: Json = {}
    if observation.raised is None:
        data["value"] = _dump_value(observation.value)
    else:
        data["raised"] = observation.raised._asdict()
    if observation.warned:
        data["warned"] = [warning._asdict() for warning in observation.warned]
    return seal(data)


def seal(data: Json) -> Json:
    """The JSON of an observation with the digest of what its text gives back."""
    return {**data, "digest": digest(load(data))}


def load(data: Any) -> Observation:
    """The encoded observation of a JSON, unparsed. Raises HistoryError where it is none."""
    try:
        if (
            not isinstance(data, dict)
            or set(data) - {"value", "raised", "warned", "digest"}
            or ("value" in data) == ("raised" in data)
        ):
            raise KeyError
        raised = Raised(**data["raised"]) if "raised" in data else None
        warned = [Warned(**warning) for warning in data.get("warned", [])]
        return Observation(_load_value(data.get("value")), raised, warned)
    except (KeyError, TypeError):
        raise HistoryError(f"this is no observation: {str(data)[:80]}") from None


def verified(data: Json) -> Observation:
    """The encoded observation of a JSON, every tensor parsed.

    Raises HistoryError where it is not what its digest was made of.
    """
    observation = load(data)
    if digest(observation) != data.get("digest"):
        raise HistoryError("edited by hand: it is not what its digest was made of")
    return observation
