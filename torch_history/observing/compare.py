"""Compare two observations in NumPy, so that every torch is judged by the same arithmetic.

Discrete facts compare exactly. Floats compare as ``torch.testing.assert_close`` compares them:
``|observed - expected| <= atol + rtol * |expected|`` with the tolerances of the dtype; NaN equals
NaN, 0.0 equals -0.0.
"""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, NamedTuple, Tuple

import numpy as np

from torch_history.observing.encode import STORAGE, Tensor
from torch_history.observing.observation import Observation

# dtype -> (rtol, atol), from torch.testing.assert_close
TOLERANCES = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}


class Mismatch(NamedTuple):
    """One place where two observations differ."""

    path: str
    expected: str
    observed: str
    detail: str = ""

    def __str__(self) -> str:
        detail = f"   ({self.detail})" if self.detail else ""
        return f"{self.path}: expected {self.expected}, observed {self.observed}{detail}"


def mismatches(expected: Observation, observed: Observation) -> List[Mismatch]:
    """Every place where two encoded observations differ beyond tolerance."""
    found = []
    # An observation that raised has no value to compare.
    if expected.raised is not None or observed.raised is not None:
        if expected.raised != observed.raised:
            found.append(Mismatch("raised", _outcome(expected), _outcome(observed)))
    else:
        found.extend(_trees("value", expected.value, observed.value))
    if expected.warned != observed.warned:
        found.append(Mismatch("warned", _warnings(expected), _warnings(observed)))
    return found


def same(expected: Observation, observed: Observation) -> bool:
    """Whether two encoded observations agree within tolerance."""
    return not mismatches(expected, observed)


def largest_ulp(expected: Observation, observed: Observation) -> int:
    """The largest distance between two agreeing observations, in ULP of each tensor's dtype."""
    pairs = _tensors(expected.value, observed.value)
    return max(
        (int(ulp_distance(one, other).max()) for one, other in pairs if one.array.size), default=0
    )


def ulp_distance(expected: Tensor, observed: Tensor) -> np.ndarray:
    """How many representable numbers of the dtype lie between the elements.

    It is 0 for equal elements, and for discrete dtypes.
    """
    storage = STORAGE[expected.dtype]
    if storage.kind not in "fc":
        return np.zeros(expected.array.shape, "int64")
    one, other = (_ordinal(tensor.array) for tensor in (expected, observed))
    if expected.dtype == "bfloat16":  # held in float32, whose last 16 bits are zero
        one, other = one >> 16, other >> 16
    high, low = np.maximum(one, other), np.minimum(one, other)
    distance: np.ndarray = high.astype("uint64") - low.astype("uint64")  # int64 would overflow
    # The two parts of a complex number lie on the last axis; the worse part counts.
    return np.asarray(distance.max(axis=-1)) if storage.kind == "c" else distance


def _ordinal(array: np.ndarray) -> np.ndarray:
    """Floats as integers in the same order.

    Neighbours differ by one, -0.0 and 0.0 are equal, every NaN is one value.
    """
    if array.dtype.kind == "c":
        array = np.stack([array.real, array.imag], axis=-1)
    # The sign and payload of a NaN differ between machines and mean nothing.
    array = np.where(np.isnan(array), np.array(np.nan, array.dtype), array)
    bits = np.array(array, order="C").view(f"int{array.dtype.itemsize * 8}").astype("int64")
    lowest = np.int64(np.iinfo(f"int{array.dtype.itemsize * 8}").min)
    # Negative floats ascend as integers while they descend as numbers: they are mirrored.
    return np.where(bits < 0, lowest - bits, bits)


def _tensors(one: Any, other: Any) -> Iterator[Tuple[Tensor, Tensor]]:
    if isinstance(one, Tensor):
        yield one, other
    elif isinstance(one, dict):
        for name in one:
            yield from _tensors(one[name], other[name])
    elif isinstance(one, list):
        for left, right in zip(one, other):
            yield from _tensors(left, right)


def _trees(path: str, expected: Any, observed: Any) -> Iterator[Mismatch]:
    # By class, not with isinstance: a bool that became an int is a change.
    if type(expected) is not type(observed):
        yield Mismatch(path, _text(expected), _text(observed))
    elif isinstance(expected, Tensor):
        yield from _tensor(path, expected, observed)
    elif isinstance(expected, dict):
        yield from _dicts(path, expected, observed)
    elif isinstance(expected, list):
        yield from _lists(path, expected, observed)
    elif isinstance(expected, float):
        # Both are finite: `encode` writes nan and inf as text.
        rtol, atol = TOLERANCES["float64"]
        if abs(observed - expected) > atol + rtol * abs(expected):
            yield Mismatch(path, repr(expected), repr(observed))
    elif expected != observed:
        yield Mismatch(path, _text(expected), _text(observed))


def _dicts(path: str, expected: Dict[str, Any], observed: Dict[str, Any]) -> Iterator[Mismatch]:
    if list(expected) != list(observed):  # their order is a fact too
        yield Mismatch(path, f"the keys {list(expected)}", f"the keys {list(observed)}")
    # The common keys are compared all the same, as their values may have changed too.
    for name, item in expected.items():
        if name in observed:
            # `$tuple` and its like are of the encoding: no reader would write them in a path.
            inner = path if name.startswith("$") else f"{path}[{name!r}]"
            yield from _trees(inner, item, observed[name])


def _lists(path: str, expected: List[Any], observed: List[Any]) -> Iterator[Mismatch]:
    # After an insertion every later item would differ: the length says more.
    if len(expected) != len(observed):
        one, other = (f"{len(items)} items {_text(items)}" for items in (expected, observed))
        yield Mismatch(path, one, other)
        return
    for index, pair in enumerate(zip(expected, observed)):
        yield from _trees(f"{path}[{index}]", *pair)


def _tensor(path: str, expected: Tensor, observed: Tensor) -> Iterator[Mismatch]:
    if expected.header != observed.header:
        yield Mismatch(path, repr(expected), repr(observed))
        return
    one, other = expected.array, observed.array
    # Where one tensor of an observation moved, the others are mostly equal to the bit.
    if one.tobytes() == other.tobytes():
        return
    if expected.dtype not in TOLERANCES:
        wrong = one != other
    else:
        rtol, atol = TOLERANCES[expected.dtype]
        wrong = ~_near(one, other, rtol, atol)
    if not wrong.any():
        return
    count = int(wrong.sum())
    where = np.argwhere(wrong)
    if expected.dtype in TOLERANCES:  # show the worst element
        with np.errstate(all="ignore"):
            # NaN counts as the worst; without posinf, infinity would become a finite number.
            size = np.nan_to_num(np.abs(other - one), nan=np.inf, posinf=np.inf)
        # argwhere and the mask list the elements in one order, so an index of one serves the other.
        position = tuple(int(index) for index in where[np.argmax(size[wrong])])
    else:
        position = tuple(int(index) for index in where[0])
    left, right = one[position], other[position]
    detail = f"{count} of {one.size} elements differ"
    if expected.dtype in TOLERANCES:
        with np.errstate(all="ignore"):
            absolute = np.abs(np.subtract(right, left))
            relative = absolute / np.abs(left)
        distance = ulp_distance(expected, observed)[position]
        detail += f"; here by {absolute:.3g} absolute, {relative:.3g} relative, {distance} ULP"
    element = f"{path}[{', '.join(map(str, position))}]" if position else path
    yield Mismatch(element, str(left), str(right), detail)


def _near(expected: np.ndarray, observed: np.ndarray, rtol: float, atol: float) -> np.ndarray:
    """np.isclose in double precision.

    NumPy 1's takes complex infinities for NaN, and computes in the tensors' own dtype.
    """
    wide = "complex128" if expected.dtype.kind == "c" else "float64"
    one, other = expected.astype(wide), observed.astype(wide)
    with np.errstate(all="ignore"):
        near = np.abs(other - one) <= atol + rtol * np.abs(one)
    near &= np.isfinite(one) & np.isfinite(other)
    return np.asarray(near | (one == other) | (np.isnan(one) & np.isnan(other)))


def _text(tree: Any) -> str:
    if isinstance(tree, str) and len(tree) > 300:
        return repr(tree[:300]) + "..."
    return repr(tree)


def _outcome(observation: Observation) -> str:
    if observation.raised is None:
        return f"the value {_text(observation.value)}"
    return f"{observation.raised.type}: {observation.raised.message}"


def _warnings(observation: Observation) -> str:
    return (
        "; ".join(f"{warning.category}: {warning.message}" for warning in observation.warned)
        or "no warning"
    )
