"""Environments: conda's environment.yml, with what its ``pip`` list installs.

The file is composed into nodes alone, so that no object is made from a tag, an alias stays one
node, and each line keeps its number. PyYAML's C parser is not used: deep nesting would end Python.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Iterator, List, Optional

from torch_history.code.pins import pin, ranges
from torch_history.code.pins.files import MOST_SLOW_BYTES, Source, quoted, refused
from torch_history.code.pins.pin import Pin
from torch_history.code.pins.requirements import Requirements
from torch_history.escaping import one_line

if TYPE_CHECKING:
    import yaml

PYTORCH = re.compile(r"(?:\S*::)?(?:pytorch|pytorch-gpu|pytorch-cpu)\s*(?:[\[=<>!~\s]|$)")


def pins(source: Source) -> Iterator[Pin]:
    """Each torch in an environment.yml, as conda's package or as pip's."""
    import yaml

    text = source.text(source.where, source.place, MOST_SLOW_BYTES)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except RecursionError:
        raise refused(source.where, "not YAML: nested too deeply") from None
    except (yaml.YAMLError, ValueError) as error:
        raise refused(source.where, f"not YAML: {one_line(error)[:200]}") from None
    reader = Requirements(source)
    for node in _list(root, "dependencies"):
        line = node.start_mark.line + 1
        if isinstance(node, yaml.ScalarNode) and PYTORCH.match(node.value):
            yield _conda(source, node.value, line)
        for inner in _list(node, "pip"):
            if isinstance(inner, yaml.ScalarNode):
                number = inner.start_mark.line + 1
                yield from reader.pins_of(source.where, source.place, number, inner.value)


def _list(node: Optional[yaml.Node], key: str) -> List[yaml.Node]:
    """The items of a list that stands in a mapping under a key. Empty where there is none."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key and isinstance(value, yaml.SequenceNode):
                return list(value.value)
    return []


def _conda(source: Source, text: str, line: int) -> Pin:
    source.mention(source.where, text)
    try:
        _, allows = ranges.conda(text)
    except ValueError:
        raise refused(source.where, f"{quoted(text)} is not a requirement of conda") from None
    exact = pin.exact(allows[0]) if len(allows) == 1 else None
    return Pin(text, allows, exact, where=f"{source.place}:{line}")
