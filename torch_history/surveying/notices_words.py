"""Words: which texts speak of deprecation or removal, and how a text is shown."""

from __future__ import annotations

import re
from typing import Iterator, Tuple

MOST = 300  # characters of a text
# These categories exist for nothing else. A text in any other must speak of it.
CATEGORIES = ("FutureWarning", "DeprecationWarning", "PendingDeprecationWarning")
_HOLE = re.compile("\x00([^\x01]*)\x01")
_REMOVED = re.compile(
    r"deprecat|no longer|any ?more\b|(is|are|was|were|been|being|now) removed", re.IGNORECASE
)
_SPEAKS = re.compile(
    r"deprecat|no longer (?!be directly)|(will|to|be) removed\b|(is|was|are|were|been) removed\b"
    r"|in (a |the |an )?(near |next |upcoming )*(future|upcoming|major|next) (\w+ )?"
    r"(release|version)"
    r"|in (the )?future,|will be (changed|updated|disabled|an error)|will (change|raise) in"
    r"|will soon be|will raise an exception|renamed to|past version \S+ of pytorch"
    r"|^\W*please use \S+ instead of|please use `[\w.()]+`\.$",
    re.IGNORECASE,
)
# What is new says that it may change, and what is not there yet that it will come.
_EXPERIMENTAL = re.compile(r"prototype|experimental|\bbeta\b", re.IGNORECASE)
# Literals are found ten times as fast as a pattern.
_WORTH = (
    *("eprecat", "EPRECAT", "FutureWarning", "no longer", "removed", "in the future"),
    *("a future", "near future", "future release", "future version", "will change", "Please use"),
)
_ACTS = ("warn(", "warn_", "_warn", "eprecat", "warning(")
_NEAR = 400  # characters after a raise


def is_worth_reading(text: str) -> bool:
    """Whether the source of a module can hold a notice."""
    if not _has(_WORTH, text):
        return False
    near = (text[one : one + _NEAR] for one in _raises(text))
    return _has(_ACTS, text) or any(_REMOVED.search(one) for one in near)


def may_speak(text: str) -> bool:
    """Whether the source of a function may warn, or make a text for a warning."""
    return _has(_ACTS, text) or (_has(_WORTH, text) and speaks(text))


def _has(words: Tuple[str, ...], text: str) -> bool:
    return any(one in text for one in words)


def _raises(text: str) -> Iterator[int]:
    at = text.find("raise ")
    while at >= 0:
        yield at
        at = text.find("raise ", at + 1)


def is_of_deprecation(category: str, text: str) -> bool:
    """Whether a warning tells that something is deprecated, will be removed, or will change."""
    if category in CATEGORIES:
        return True
    return bool(_SPEAKS.search(text)) and not _EXPERIMENTAL.search(text)


def is_of_removal(text: str) -> bool:
    """Whether an exception says that what was called is no longer there."""
    return bool(_REMOVED.search(text))


def speaks(text: str) -> bool:
    """Whether a piece of a text may belong to a notice."""
    return bool(_SPEAKS.search(text) or _REMOVED.search(text))


def hole(source: str) -> str:
    """The mark of a part that only a call would know."""
    return f"\x00{source}\x01"


def has_hole(text: str) -> bool:
    """Whether a part of a text is unknown."""
    return "\x00" in text


def shown(text: str) -> str:
    """A text as a reader sees it: ``{name}`` stands for what only a call knows."""
    named = _HOLE.sub(lambda found: f"{{{found[1]}}}" if found[1] else "…", text)
    collapsed = re.sub("…+", "…", " ".join(named.split()))
    return collapsed if len(collapsed) <= MOST else f"{collapsed[: MOST - 1]}…"
