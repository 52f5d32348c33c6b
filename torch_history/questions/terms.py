"""Terms: what a word of a search is, and whether a text has it.

Identifiers count as their parts: ``zero_grad``, ``zeroGrad`` and ``zero grad`` are one term.
"""

from __future__ import annotations

import functools
import re
from typing import Collection, List, NamedTuple, Set

from torch_history.observing.words import short

# a version; a number with a letter, as in Conv2d and 1D; letters
_PARTS = re.compile(r"\d+(?:\.\d+)+|\d+[^\W\d_]?(?![^\W\d_])|\d+|[^\W\d_]+")
_CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|.+")
_COMPOUND = re.compile(r"[\w.#-]+")
# fmt: off
_EMPTY = {
    "a", "an", "and", "are", "by", "for", "in", "is", "it", "of", "on", "or", "that", "the", "to",
    "with",
}
# fmt: on


class Text(NamedTuple):
    """A text as what terms are looked for in: its words, blanks around each."""

    apart: str  # identifiers in their parts: LRScheduler is " lr scheduler "
    whole: str  # only split at _ and dots: " lrscheduler "

    def has(self, other: Text) -> bool:
        """Whether the words of another text stand side by side in this one."""
        return other.apart in self.apart or other.whole in self.whole or other.whole in self.apart


def text(words: str) -> Text:
    """A text, ready to be searched."""
    parts = _PARTS.findall(words)
    apart = [stem(piece.lower()) for part in parts for piece in _CAMEL.findall(part)]
    return Text(f" {' '.join(apart)} ", f" {' '.join(stem(part.lower()) for part in parts)} ")


def terms(words: str) -> List[Text]:
    """The terms of a search, all of which a behaviour must have.

    Words such as *the* count only where there are no others.
    """
    found = [part for part in _COMPOUND.findall(words) if _PARTS.search(part)]
    telling = [part for part in found if part.lower() not in _EMPTY]
    return list(dict.fromkeys(text(part) for part in telling or found))


@functools.lru_cache(maxsize=None)
def stem(word: str) -> str:
    """A word without the ending of a plural, of -ed, of -ing and of -e; always a prefix of it."""
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        word = word[:-1]
    for ending, kept in (("ing", 4), ("ed", 4), ("e", 4)):
        if word.endswith(ending) and len(word) - len(ending) >= kept:
            return word[: -len(ending)]
    return word


def stems(words: str) -> Set[str]:
    """All words of a text, in their stems."""
    found = text(words)
    return {*found.apart.split(), *found.whole.split()}


def excerpt(words: str, sought: Collection[str], width: int) -> str:
    """The part of a text that has the most of the stems, on one line, cut to a width."""
    words = " ".join(words.split())
    if len(words) <= width:
        return words
    found = [(word.start(), stems(word[0]) & set(sought)) for word in re.finditer(r"\S+", words)]

    def told(start: int) -> int:
        return len(set().union(*(has for at, has in found if start <= at < start + width - 10)))

    # The earliest of the best places; the beginning, if it is as good.
    start = max([0, *(at for at, has in found if has)], key=told)
    head = "… " if start else ""
    return head + short(words[start:], width - len(head))
