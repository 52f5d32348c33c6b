"""Writing: the text of a draft, as the specification's modules are written."""

from __future__ import annotations

import builtins
import json
import keyword
import textwrap
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from torch_history.comparing.drafting.calls import Call, Path, Tensor, is_special
from torch_history.comparing.drafting.layout import Node, call, flat, lines, listed
from torch_history.comparing.drafting.telling import Subject, Told

MOST = 64  # numbers that are written into the test
_RESERVED = (
    "torch", "pytest", "snapshot", "observe", "output", "gradient", "act", "self", "traced", "drawn"
)  # fmt: skip
_LETTERS = "xyzuvwabcdefgh"
_DEFAULTS = ("torch.float32", "torch.int64", "torch.bool")  # that torch.tensor finds by itself


class Text(NamedTuple):
    """What a draft is written from."""

    subject: Subject
    told: Told
    version: str  # the line of the newer release
    note: str  # the module's docstring, below its first line
    call: Optional[Call]  # None where it could not be made again
    names: Dict[Path, str] = {}  # noqa: RUF012  of the tensors; never changed
    values: Dict[Path, Any] = {}  # noqa: RUF012  of those that are written as lists
    many: bool = False  # whether the call returns several


def is_brief(tensor: Tensor) -> bool:
    """Whether a tensor can be written into the test."""
    return tensor.constant is not None or tensor.elements <= MOST


def names(made: Call, parameters: List[str]) -> Dict[Path, str]:
    """A name for each tensor: that of its parameter, else a letter."""
    found: Dict[Path, str] = {}
    letters = iter(_LETTERS)
    for path, _ in made.tensors():
        name = ""
        if made.steps:
            number = "" if len(made.args[0]) == 1 else f"_{path[2]}"
            found[path] = f"{('weight', 'gradient')[path[1]]}{number}"
            continue
        if path[0] == "named":
            name = str(path[1])
        elif path[1] < len(parameters):
            name = parameters[path[1]]
        if len(path) > 2 and name:
            name = f"{name}_{'_'.join(str(one) for one in path[2:])}"
        while not _is_free(name, found):
            name = next(letters, f"t{len(found)}")
        found[path] = name
    if made.gradient is not None:
        found[("gradient",)] = "gradient"
    return found


def _is_free(name: str, taken: Dict[Path, str]) -> bool:
    plain = name.isidentifier() and not keyword.iskeyword(name) and not hasattr(builtins, name)
    return plain and name not in _RESERVED and name not in taken.values()


def written(text: Text) -> str:
    """The module."""
    head = [
        *_docstring("A draft of a behaviour, from a traced difference.", text.note, 0),
        "",
        *(["from pathlib import Path", ""] if _loads(text) else []),
        "import pytest",
        "import torch",
        "",
        "from torch_history.observing import observe",
        "",
        "",
    ]
    return "\n".join([*head, *_markers(text), *_test(text)]) + "\n"


def _markers(text: Text) -> Iterator[str]:
    quoted = [_quoted(api) for api in text.subject.apis]
    yield from lines("@", call("pytest.mark.api", *quoted, page=_quoted(text.subject.page)))
    told = text.told
    if told.kind:
        yield from lines(
            "@",
            call(
                "pytest.mark.changed",
                _quoted(text.version),
                _quoted(told.change),
                kind=_quoted(told.kind),
            ),
        )


def _test(text: Text) -> Iterator[str]:
    yield f"def test_{text.told.claim}(snapshot):"
    yield from _docstring(text.told.sentence, text.told.seen, 4)
    if text.call is None:
        yield '    pytest.fail("write the act, and delete this line")'
        yield "    x = torch.tensor([1.0, 2.0])"
        yield "    assert snapshot == observe(lambda: x * 2)"
        return
    yield from _inputs(text, text.call)
    yield from _act(text, text.call)


def _docstring(sentence: str, more: str, indent: int) -> Iterator[str]:
    blank, width = " " * indent, 100 - indent
    first, *rest = textwrap.wrap(sentence, width - 6, break_on_hyphens=False)
    if rest:  # a claim that is too long for a line
        first, more = textwrap.shorten(first, width - 8, placeholder=" …"), f"{sentence}\n\n{more}"
    if not more:
        yield f'{blank}"""{first}"""'
        return
    yield f'{blank}"""{first}'
    for paragraph in more.split("\n\n"):
        yield ""
        for line in textwrap.wrap(paragraph, width, break_on_hyphens=False):
            yield f"{blank}{line}"
    yield f'{blank}"""'


# -- the inputs


def _inputs(text: Text, made: Call) -> Iterator[str]:
    if _loads(text):
        yield '    traced = torch.load(Path(__file__).with_suffix(".pt"))'
    for path, tensor in _tensors(made):
        name, leaf = text.names[path], bool(made.steps and path[:2] == ("args", 0))
        if is_brief(tensor):
            made_of = literal(tensor, text.values.get(path), leaf)
            yield from lines(f"{name} = ", made_of, indent=4)
        else:
            grad = ".requires_grad_()" if tensor.grad or leaf else ""
            yield f"    {name} = traced[{_quoted(name)}]{grad}"


def _tensors(made: Call) -> List[Tuple[Path, Tensor]]:
    gradient = [(("gradient",), made.gradient)] if made.gradient is not None else []
    return [*made.tensors(), *gradient]


def _loads(text: Text) -> bool:
    """Whether some tensors stand in a file beside the test."""
    return text.call is not None and any(not is_brief(one) for _, one in _tensors(text.call))


def literal(tensor: Tensor, values: Any, leaf: bool = False) -> Node:
    """A tensor's source. ``values`` are not needed where all are the same."""
    named: Dict[str, Node] = {}
    if tensor.constant is None:
        head, items = "torch.tensor", [_nested(values)]
        default = tensor.dtype in _DEFAULTS
    elif tensor.shape in ((), (1,)):
        number = _plain(tensor.constant if tensor.floating else int(tensor.constant))
        head, items = "torch.tensor", [listed([number]) if tensor.shape else number]
        default = tensor.dtype in ("torch.float32", "torch.int64")
    else:
        head = "torch.ones" if tensor.constant else "torch.zeros"
        items = [str(size) for size in tensor.shape]
        default = tensor.dtype == "torch.float32"
    if not default:
        named["dtype"] = tensor.dtype
    if tensor.grad or leaf:
        named["requires_grad"] = "True"
    return call(head, *items, **named)


def _nested(values: Any) -> Node:
    if isinstance(values, list):
        return listed([_nested(one) for one in values])
    return _plain(values)


# -- the act


def _act(text: Text, made: Call) -> Iterator[str]:
    if made.steps:
        yield from _steps(text, made)
        return
    expression = _expression(text, made)
    if not (made.draws or made.autocast or made.backward):
        whole = f"    assert snapshot == observe(lambda: {flat(expression)})"
        if len(whole) <= 100:
            yield whole
            return
    yield ""
    yield "    def act():"
    if made.draws:
        yield "        torch.manual_seed(0)"
    indent, end = 8, ""
    start = "output = " if made.backward else "return "
    if made.probe:
        start, end = "drawn = ", ""
    if made.autocast:
        yield f'        with torch.autocast("cpu", dtype={made.autocast}):'
        indent = 12
    yield from lines(start, expression, end, indent)
    if made.backward:
        yield from _backward(text, made)
    if made.probe:
        yield "        return drawn, torch.rand(1)"
    yield ""
    yield "    assert snapshot == observe(act)"


def _steps(text: Text, made: Call) -> Iterator[str]:
    weights = [text.names["args", 0, place] for place in range(len(made.args[0]))]
    named = {name: _value(text, ("named", name), made.named[name]) for name in made.named}
    yield ""
    yield "    def act():"
    for place, weight in enumerate(weights):
        yield f"        {weight}.grad = {text.names['args', 1, place]}"
    held: Node = listed(list(weights))
    yield from lines("optimizer = ", call(made.function, held, **named), indent=8)
    if made.steps > 1:
        yield f"        for _ in range({made.steps}):"
        yield "            optimizer.step()"
    else:
        yield "        optimizer.step()"
    returned: Node = weights[0] if len(weights) == 1 else held
    yield from lines("return ", returned, indent=8)
    yield ""
    yield "    assert snapshot == observe(act)"


def _backward(text: Text, made: Call) -> Iterator[str]:
    first = "output[0]" if text.many else "output"
    if made.gradient is None:
        yield f"        {first}.sum().backward()"
    else:
        yield f"        {first}.backward(gradient)"
    leaves = [text.names[path] for path, tensor in made.tensors() if tensor.grad]
    if len(leaves) == 1:
        yield f"        return {leaves[0]}.grad"
    else:
        pairs = [f'"{name}": {name}.grad' for name in leaves]
        whole = f"        return {{{', '.join(pairs)}}}"
        if len(whole) <= 100:
            yield whole
        else:
            yield "        return {"
            yield from (f"            {pair}," for pair in pairs)
            yield "        }"


def _expression(text: Text, made: Call) -> Node:
    items: List[Node] = [_value(text, ("args", place), one) for place, one in enumerate(made.args)]
    named = {name: _value(text, ("named", name), made.named[name]) for name in made.named}
    if made.function.startswith("torch.Tensor.") and items and isinstance(items[0], str):
        return call(f"{items[0]}.{made.last}", *items[1:], **named)
    return call(made.function, *items, **named)


def _value(text: Text, path: Path, value: Any) -> Node:
    if isinstance(value, Tensor):
        return text.names[path]
    if isinstance(value, list):
        return listed([_value(text, (*path, place), one) for place, one in enumerate(value)])
    if is_special(value):
        return _special(value)
    if isinstance(value, dict):
        told = {name: flat(_value(text, (*path, name), value[name])) for name in value}
        return "{" + ", ".join(f"{_quoted(name)}: {told[name]}" for name in told) + "}"
    return _plain(value)


def _special(value: Dict[str, Any]) -> str:
    if "torch" in value:
        return str(value["torch"])
    if "device" in value:
        return 'torch.device("cpu")'
    if "slice" in value:
        return f"slice({', '.join(str(one) for one in value['slice'])})"
    return "..."


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return f'float("{value}")'
    return repr(value)


def _quoted(text: str) -> str:
    return json.dumps(text)
