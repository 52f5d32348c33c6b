"""Subjects: which subject of a chapter a new claim belongs to, by the words that they share."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Iterable, List, NamedTuple, Set, Tuple

from torch_history.catalogue.behaviour import Behaviour
from torch_history.catalogue.source import Source
from torch_history.errors import HistoryError
from torch_history.questions import terms


class Subject(NamedTuple):
    """A module of a chapter, and the words of its name, of its first line and of its claims."""

    stem: str
    words: Set[str]
    claims: List[Set[str]]


def subjects(root: Path, chapter: str, behaviours: Iterable[Behaviour]) -> Dict[str, Subject]:
    """Stem -> subject of a chapter, in the order of the files."""
    found: Dict[str, Subject] = {}
    for behaviour in behaviours:
        if behaviour.chapter == chapter:
            path = root / behaviour.file
            stem = path.stem[len("test_") :]
            if stem not in found:
                first = Source(path).docstring.partition("\n")[0]
                found[stem] = Subject(stem, _words(f"{stem} {first}"), [])
            found[stem].claims.append(_words(behaviour.claim))
    return found


def nearest(claim: str, of: Dict[str, Subject]) -> str:
    """The stem of the subject that shares most words with a claim.

    A word of the subject's name or first line counts more than the words of its claims. Raises
    HistoryError where no subject shares a word.
    """
    words = _words(claim)

    def shared(subject: Subject) -> Tuple[int, float]:
        theirs = sum(len(words & one) for one in subject.claims)
        return len(words & subject.words), theirs / max(1, len(subject.claims))

    best = max(of.values(), key=shared, default=None)
    if best is None or not any(shared(best)):
        there = ", ".join(of) or "none yet"
        raise HistoryError(
            f"NAME {claim!r}: no subject of the chapter shares a word with it: "
            f"name one with --subject, or a new one (there are: {there})"
        )
    return best.stem


def _words(text: str) -> Set[str]:
    # with blanks, so that `of` and `the` inside a claim are known to be empty words
    found = terms.terms(text.replace("_", " "))
    return {stem for term in found for stem in (*term.apart.split(), *term.whole.split())}
