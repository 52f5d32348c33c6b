"""Naming: what a name that somebody typed means among those that the records know."""

from __future__ import annotations

import re
from os.path import commonprefix
from typing import Callable, Iterable, Iterator, List, Optional

from torch_history.catalogue.behaviour import Behaviour
from torch_history.errors import HistoryError


def apis(behaviours: Iterable[Behaviour]) -> List[str]:
    """Every API that a behaviour is about, each once."""
    return list(dict.fromkeys(api for behaviour in behaviours for api in behaviour.api))


def named(names: Iterable[str], asked: str) -> List[str]:
    """The names that are the one asked for, or below it; it may begin at any dot.

    ``torch.optim`` has ``torch.optim.SGD``; ``zero_grad`` is ``torch.optim.Optimizer.zero_grad``.
    ``Adam`` is not ``AdamW``.
    """
    name = plain(asked)
    within = [one for one in names if f".{name}." in f".{one}."]
    # A name from its beginning means nothing else: torch.optim is not other.torch.optim.
    return [one for one in within if f"{one}.".startswith(f"{name}.")] or within


def plain(asked: str) -> str:
    """A name as it was typed -> a dotted path: ``F.relu()`` -> ``functional.relu``."""
    return re.sub(r"^F\.", "functional.", asked.strip().replace("()", ""))


def not_covered(
    option: str,
    asked: str,
    what: str,
    names: Iterable[str],
    nearly: Optional[Callable[[str], Optional[str]]] = None,
) -> HistoryError:
    """The error for a name that the records do not know, with the name that was misspelt.

    ``nearly`` looks for it elsewhere, if it is none of ``names``.
    """
    meant = misspelt(asked, names) or (nearly(asked) if nearly else None)
    hint = f"did you mean {meant}?" if meant else "see `torch-history list`"
    return HistoryError(f"{option} {asked!r}: not covered: {what}: {hint}")


def misspelt(asked: str, names: Iterable[str]) -> Optional[str]:
    """The name of which the one asked for is a plain misspelling in its last part, if any is.

    One slip alone, since most names that differ more are other names of the library:
    ``torch.laod`` is ``torch.load``, but ``torch.amp`` is not ``torch.clamp``.
    """
    parent, _, last = asked.rpartition(".")
    found = [part for part in _below(parent, names) if _is_slip(_plain(last), _plain(part))]
    # without underscores or capitals two names may be one: the nearest is meant
    found.sort(key=lambda part: (part.lower() != last.lower(), part))
    return f"{parent}.{found[0]}".lstrip(".") if found else None


def _below(parent: str, names: Iterable[str]) -> Iterator[str]:
    """The parts that follow a parent in any of the names; all parts without a parent."""
    for name in names:
        parts = name.split(".")
        for number, part in enumerate(parts):
            if f".{'.'.join(parts[:number])}".endswith(f".{parent}" if parent else ""):
                yield part


def _is_slip(one: str, other: str) -> bool:
    """Whether one letter is wrong, missing or too many, or two stand in each other's place."""
    if one[:1] != other[:1] or re.findall(r"\d", one) != re.findall(r"\d", other):
        return False
    brief, long = sorted((one, other), key=len)
    same = len(commonprefix((brief, long)))  # noqa: RUF071  # of characters
    rest, tail = brief[same:], long[same:]
    if len(rest) == len(tail) and rest[:2] == tail[1::-1] and rest[2:] == tail[2:]:
        return len(brief) >= 4
    return len(brief) >= 5 and tail[1:] in (rest, rest[1:])


def _plain(part: str) -> str:
    """A part without what is left out most: the case of letters, and underscores."""
    return part if part.startswith("__") else part.lower().replace("_", "")
