"""Worker: makes calls of torch in one environment, for a draft. It is run by its path.

Requests and answers are lines of JSON on stdin and stdout. Python 3.8 and torch 1.4 are enough.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import re
import sys
import warnings
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

_SIGNATURE = re.compile(r"\s*\w+\(([\w\s,=.*]*)\)")  # linear(input, weight, bias=None) -> Tensor


class Worker:
    """Makes calls, and compares what they give with what another worker's calls gave."""

    def __init__(self, torch: Any, kept: Path, scratch: Path) -> None:
        from torch_history.tracing.recorder import Reading

        self._torch = torch
        self._reading = Reading(kept)
        self._scratch = scratch
        self._traced: Dict[str, Any] = {}
        self._many = False  # whether the last call returned several

    def answer(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """What a request asks for."""
        act: Callable[..., Dict[str, Any]] = getattr(self, "do_" + request.pop("do"))
        return act(**request)

    def do_exists(self, names: List[str]) -> Dict[str, Any]:
        """Which names there are."""
        return {"names": [name for name in names if resolved(self._torch, name) is not None]}

    def do_has(self, keys: List[str]) -> Dict[str, Any]:
        """Which contents were kept."""
        return {"keys": [key for key in keys if key in self._reading]}

    def do_parameters(self, function: str) -> Dict[str, Any]:
        """The names of a function's parameters, as its signature or its documentation has them."""
        import inspect

        found_function = resolved(self._torch, function)
        try:
            found = list(inspect.signature(found_function or len).parameters.values())
        except (TypeError, ValueError):
            documented = _SIGNATURE.match(str(getattr(found_function, "__doc__", "")))
            first = documented.group(1).partition("*")[0] if documented else ""
            return {"names": [one.partition("=")[0].strip() for one in first.split(",")]}
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        return {"names": [one.name for one in found if one.kind in kinds]}

    def do_values(self, tensor: Dict[str, Any]) -> Dict[str, Any]:
        """A tensor's numbers, each as the shortest decimal that gives back its bits."""
        made = self._tensor(tensor["tensor"]).detach()
        return {"values": self._shortest(made.tolist(), made.dtype)}

    def do_save(self, tensors: Dict[str, Any], path: str) -> Dict[str, Any]:
        """Write tensors into a file that ``torch.load`` reads."""
        made = {name: self._tensor(tensors[name]["tensor"]).detach() for name in tensors}
        self._torch.save(made, path)
        return {}

    def do_call(
        self, call: Dict[str, Any], write: bool = False, against: Any = None
    ) -> Dict[str, Any]:
        """Make a call; keep what it gives for the other worker, or compare with what that kept."""
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            made = self._made(call, None)
        answer: Dict[str, Any] = {
            "warned": [[one.category.__name__, str(one.message)[:300]] for one in warned]
        }
        if isinstance(made, BaseException):
            text = str(made).strip().partition("\n")[0][:300]
            return {**answer, "raised": [type(made).__name__, text]}
        answer["outs"] = [[str(one.dtype), list(one.shape)] for one in made]
        answer["many"] = self._many
        if write:
            self._write(made)
        elif against is not None and against == answer["outs"]:
            answer["facts"] = self._compared(call, made)
        return answer

    # -- the call

    def _made(self, call: Dict[str, Any], double: Any) -> Any:
        """The tensors that a call gives, or what it raised."""
        torch = self._torch
        function = resolved(torch, call["function"])
        try:
            args = self._tree(call["args"], double)
            named = {name: self._tree(call["named"][name], double) for name in call["named"]}
            if call["steps"]:
                return self._stepped(function, args, named, call["steps"])
            if call["draws"]:
                torch.manual_seed(0)
            out = self._called(function, args, named, call["autocast"])
            self._many = isinstance(out, (list, tuple))
            outs = flat(torch, out)
            if call["backward"]:
                given = flat(torch, [args, list(named.values())])
                outs = self._gradients(call, outs, given, double)
            if call["probe"]:
                outs.append(torch.rand(1))
            return [one.detach() for one in outs]
        except Exception as error:  # noqa: BLE001  whatever a call raises is what it does
            return error

    def _stepped(self, optimizer: Any, args: Any, named: Any, count: int) -> List[Any]:
        """The parameters after some steps with the same gradients."""
        parameters, gradients = args
        for parameter, gradient in zip(parameters, gradients):
            parameter.requires_grad_().grad = gradient
        made = optimizer(parameters, **named)
        for _ in range(count):
            made.step()
        self._many = True
        return [one.detach() for one in parameters]

    def _called(self, function: Any, args: Any, named: Any, autocast: str) -> Any:
        if not autocast:
            return function(*args, **named)
        with self._torch.autocast("cpu", dtype=self._constant(autocast)):
            return function(*args, **named)

    def _gradients(self, call: Dict[str, Any], outs: Any, given: Any, double: Any) -> List[Any]:
        torch = self._torch
        leaves = [one for one in given if one.requires_grad]
        root = outs[0]
        if call["gradient"] is None:
            found = torch.autograd.grad(root.sum(), leaves, allow_unused=True)
        else:
            gradient = self._tensor(call["gradient"]["tensor"], double)
            found = torch.autograd.grad(root, leaves, gradient, allow_unused=True)
        return [one for one in found if one is not None]

    def _tree(self, tree: Any, double: Any) -> Any:
        if isinstance(tree, list):
            return [self._tree(one, double) for one in tree]
        if not isinstance(tree, dict):
            return tree
        if "tensor" in tree:
            return self._tensor(tree["tensor"], double)
        if "torch" in tree:
            found = self._constant(tree["torch"])
            floating = getattr(found, "is_floating_point", False)
            return double if double is not None and floating else found
        if "device" in tree:
            return self._torch.device("cpu")
        if "slice" in tree:
            return slice(*tree["slice"])
        if "ellipsis" in tree:
            return Ellipsis
        return {name: self._tree(tree[name], double) for name in tree}

    def _constant(self, name: str) -> Any:
        return getattr(self._torch, name.rpartition(".")[2])

    def _tensor(self, facts: Dict[str, Any], double: Any = None) -> Any:
        torch = self._torch
        dtype = self._constant(facts["dtype"])
        key = facts["key"]
        if not key:
            made = torch.zeros(facts["traced"], dtype=dtype)
        else:
            if key not in self._traced:
                self._traced[key] = self._reading.tensor(torch, key)
            made = self._traced[key]
        for edit in facts["edits"]:
            made = self._edited(made, *edit)
        if double is not None and made.is_floating_point():
            made = made.to(double)
        made = made.clone()
        return made.requires_grad_() if facts["grad"] else made

    def _edited(self, tensor: Any, what: str, *given: Any) -> Any:
        torch = self._torch
        if what == "slice":
            dim, start, stop = given
            return tensor.narrow(dim, start, stop - start)
        if what == "clamp":
            return tensor.clamp(max=given[0])
        if what == "fill":
            return torch.zeros(tensor.shape).add(given[0]).to(tensor.dtype)
        if given[0] == 0:
            return tensor.double().round().to(tensor.dtype)
        texts = [f"{one:.{given[0]}g}" for one in tensor.double().reshape(-1).tolist()]
        numbers = torch.tensor([float(one) for one in texts], dtype=torch.float64)
        return numbers.reshape(tensor.shape).to(tensor.dtype)

    def _shortest(self, values: Any, dtype: Any) -> Any:
        if isinstance(values, list):
            return [self._shortest(one, dtype) for one in values]
        if not isinstance(values, float) or math.isnan(values):
            return str(values) if isinstance(values, complex) else values
        for digits in range(1, 18):
            brief = float(f"{values:.{digits}g}")
            if self._torch.tensor(brief, dtype=dtype).item() == values:
                return brief
        return values

    # -- comparing

    def _write(self, made: List[Any]) -> None:
        from torch_history.tracing import digest

        with (self._scratch / "outs").open("wb") as file:
            for one in made:
                file.write(digest.read(one.contiguous()))

    def _read(self, made: List[Any]) -> List[Any]:
        """What the other worker's call gave, which has the same dtypes and shapes."""
        from ctypes import memmove

        found = []
        with (self._scratch / "outs").open("rb") as file:
            for one in made:
                other = self._torch.empty(one.shape, dtype=one.dtype)
                size = other.numel() * other.element_size()
                if size:
                    memmove(other.data_ptr(), file.read(size), size)
                found.append(other)
        return found

    def _compared(self, call: Dict[str, Any], made: List[Any]) -> List[Any]:
        from torch_history.tracing import measure

        exact: Any = None
        found: List[Any] = []
        for place, (before, after) in enumerate(zip(self._read(made), made)):
            if not before.numel() or bool(self._same(before, after).all()):
                found.append(None)
                continue
            pair = self._real(before), self._real(after)
            facts = measure.difference(self._torch, *pair, None)
            if not facts["rounding"] and before.is_floating_point() and not call["draws"]:
                exact = exact or self._exact(call)
                if place < len(exact) and exact[place].shape == after.shape:
                    facts = measure.difference(self._torch, *pair, exact[place])
            worst = int(self._apart(*pair).argmax())
            facts.update(worst=worst, pair=[one.reshape(-1)[worst].item() for one in pair])
            found.append(facts)
        return found

    def _exact(self, call: Dict[str, Any]) -> List[Any]:
        """The results in double precision; none where there are none."""
        if call["autocast"]:
            return []
        made = self._made(call, self._torch.float64)
        return [] if isinstance(made, BaseException) else made

    def _same(self, before: Any, after: Any) -> Any:
        isnan = self._torch.isnan
        both = before.is_floating_point() and isnan(before) & isnan(after)
        return (before == after) | both

    def _apart(self, before: Any, after: Any) -> Any:
        apart = (after.double() - before.double()).abs().reshape(-1)
        isnan = self._torch.isnan(apart)
        unlike = isnan & ~self._same(before, after).reshape(-1)
        apart[isnan] = 0
        apart[unlike] = float("inf")
        return apart

    def _real(self, tensor: Any) -> Any:
        return self._torch.view_as_real(tensor) if str(tensor.dtype)[6:13] == "complex" else tensor


def resolved(torch: Any, name: str) -> Optional[Any]:
    """The function that a name such as ``torch.nn.functional.gelu`` means. None where none is."""
    found: Any = torch
    first, *rest = name.split(".")
    if first != "torch":
        return None
    for part in rest:
        try:
            found = getattr(found, part)
        except (AttributeError, RuntimeError):
            return None
    return found if callable(found) else None


def flat(torch: Any, value: Any) -> List[Any]:
    """The tensors of a returned value; numbers as tensors."""
    if torch.is_tensor(value):
        return [value]
    if isinstance(value, (bool, int, float)):
        return [torch.tensor(value)]
    if isinstance(value, (list, tuple)):
        return [tensor for one in value for tensor in flat(torch, one)]
    if isinstance(value, dict):
        return [tensor for one in value.values() for tensor in flat(torch, one)]
    return []


def engine() -> None:
    """Make ``torch_history`` importable from where this file is."""
    folder = Path(__file__).resolve().parent.parent.parent
    sys.path[:] = [one for one in sys.path if Path(one or ".").resolve() != Path(__file__).parent]
    spec = importlib.util.spec_from_file_location(
        "torch_history", str(folder / "__init__.py"), submodule_search_locations=[str(folder)]
    )
    assert spec is not None and spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["torch_history"] = package
    spec.loader.exec_module(package)


def main(torch: Any) -> None:
    """Answer requests until stdin ends. What torch prints goes to stderr."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    torch.set_num_threads(1)
    worker = Worker(torch, Path(sys.argv[1]), Path(sys.argv[2]))
    out.write(json.dumps({"torch": str(torch.__version__)}) + "\n")
    out.flush()
    for line in sys.stdin:
        out.write(json.dumps(worker.answer(json.loads(line))) + "\n")
        out.flush()


if __name__ == "__main__":
    engine()
    import torch as _torch

    main(_torch)
