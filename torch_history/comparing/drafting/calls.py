"""Calls: a call of torch that is made again, with tensors told by where they come from.

The contents stay in the worker: here a tensor is the key of a traced one, and what is done to it.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

Path = Tuple[Any, ...]  # of a leaf among the arguments: ("args", 1, 0), ("named", "weight")
Edit = Tuple[Any, ...]  # ("slice", dim, start, stop), ("clamp", most), ("fill", x), ("round", n)
NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


class Tensor(NamedTuple):
    """A traced tensor, and what is done to it before it is passed."""

    key: str  # its digest; empty where a call overwrites it without a look at it
    dtype: str  # as torch.float32
    traced: Tuple[int, ...]  # its shape in the trace
    shape: Tuple[int, ...]  # after the edits
    grad: bool = False
    edits: Tuple[Edit, ...] = ()

    @property
    def floating(self) -> bool:
        """Whether it holds floating-point numbers."""
        return "float" in self.dtype

    @property
    def integer(self) -> bool:
        """Whether it holds integers, which may be indices."""
        return "int" in self.dtype

    @property
    def elements(self) -> int:
        """How many elements it has."""
        found = 1
        for size in self.shape:
            found *= size
        return found

    @property
    def constant(self) -> Optional[float]:
        """The number that it holds everywhere; None where that is not known."""
        if not self.key:
            return 0
        last = self.edits[-1] if self.edits else ("",)
        return float(last[1]) if last[0] == "fill" else None

    def sliced(self, dim: int, start: int, size: int) -> Tensor:
        """With so many elements of one dimension."""
        shape = (*self.shape[:dim], size, *self.shape[dim + 1 :])
        return self._edited(("slice", dim, start, start + size))._replace(shape=shape)

    def clamped(self, most: int) -> Tensor:
        """With no element above a number."""
        return self._edited(("clamp", most))

    def filled(self, value: float) -> Tensor:
        """With one number everywhere."""
        return self._edited(("fill", value))

    def rounded(self, digits: int) -> Tensor:
        """With integers (0), or with so many significant digits."""
        return self._edited(("round", digits))

    def _edited(self, edit: Edit) -> Tensor:
        return self._replace(edits=(*self.edits, edit))


class Call(NamedTuple):
    """A call of a function, or of an operation, of torch."""

    function: str  # torch.nn.functional.gelu, torch.Tensor.add_, torch.ops.aten.addmm
    args: List[Any]  # JSON, with tensors as leaves
    named: Dict[str, Any]
    draws: bool = False  # seed 0 first
    probe: bool = False  # and afterwards one number of the stream
    autocast: str = ""  # its dtype
    backward: bool = False  # the gradients of the sum of the first output, and no outputs
    gradient: Optional[Tensor] = None  # that arrives, instead of the sum's
    # of an optimizer, which is the function: `args` are its parameters and their gradients
    steps: int = 0

    @property
    def last(self) -> str:
        """The function's own name."""
        return self.function.rpartition(".")[2]

    def leaves(self) -> Iterator[Tuple[Path, Any]]:
        """All that is no list and no dictionary, with its path."""
        for name, one in self._given():
            yield from _leaves(one, (name,))

    def _given(self) -> Iterator[Tuple[str, Any]]:
        yield "args", self.args
        yield "named", self.named

    def tensors(self) -> List[Tuple[Path, Tensor]]:
        """The tensors among the leaves."""
        return [(path, leaf) for path, leaf in self.leaves() if isinstance(leaf, Tensor)]

    def numbers(self) -> List[Tuple[Path, Any]]:
        """The numbers among the leaves."""
        return [(path, leaf) for path, leaf in self.leaves() if type(leaf) in (int, float)]

    def edited(self, change: Callable[[Path, Any], Any]) -> Call:
        """With each leaf as a function makes it."""
        args, named = (_edited(one, (name,), change) for name, one in self._given())
        return self._replace(args=args, named=named)

    def with_leaf(self, at: Path, value: Any) -> Call:
        """With one leaf exchanged."""
        return self.edited(lambda path, leaf: value if path == at else leaf)

    def with_grad(self, wanted: bool) -> Call:
        """With all floating tensors asking for gradients, or none."""
        return self.edited(
            lambda _, leaf: (
                leaf._replace(grad=wanted and leaf.floating) if isinstance(leaf, Tensor) else leaf
            )
        )

    def json(self) -> Dict[str, Any]:
        """The call for a worker."""
        plain = self.edited(lambda _, leaf: as_json(leaf) if isinstance(leaf, Tensor) else leaf)
        gradient = None if self.gradient is None else as_json(self.gradient)
        return {**plain._asdict(), "gradient": gradient}


def as_json(tensor: Tensor) -> Dict[str, Any]:
    """A tensor for a worker."""
    return {"tensor": tensor._asdict()}


def is_special(value: Any) -> bool:
    """Whether a value is no list, but a dictionary that stands for something: ``{"torch": …}``."""
    return isinstance(value, dict) and bool(value.keys() & {"torch", "device", "slice", "ellipsis"})


def _leaves(tree: Any, path: Path) -> Iterator[Tuple[Path, Any]]:
    if isinstance(tree, Tensor) or is_special(tree):
        yield path, tree
    elif isinstance(tree, list):
        for place, one in enumerate(tree):
            yield from _leaves(one, (*path, place))
    elif isinstance(tree, dict):
        for name, one in tree.items():
            yield from _leaves(one, (*path, name))
    else:
        yield path, tree


def _edited(tree: Any, path: Path, change: Callable[[Path, Any], Any]) -> Any:
    if isinstance(tree, Tensor) or is_special(tree):
        return change(path, tree)
    if isinstance(tree, list):
        return [_edited(one, (*path, place), change) for place, one in enumerate(tree)]
    if isinstance(tree, dict):
        return {name: _edited(one, (*path, name), change) for name, one in tree.items()}
    return change(path, tree)
