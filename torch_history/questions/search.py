"""Search: the behaviours that words, a pasted message, an API or a part of an id lead to."""

from __future__ import annotations

import re
from typing import (
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
)

from torch_history.catalogue.behaviour import Behaviour
from torch_history.catalogue.index import Index
from torch_history.catalogue.kinds import Kind
from torch_history.errors import HistoryError
from torch_history.questions import messages, naming, terms
from torch_history.questions.terms import Text

_LONG = 8  # words from which on a text is taken for a pasted message first
_MOST = 50_000  # characters of a pasted text that are read, from its end


class Field(NamedTuple):
    """A text of a behaviour, and how much a match in it tells: 0 the most."""

    name: str
    text: str
    level: int


class Match(NamedTuple):
    """A behaviour, and the texts of it that have what was sought."""

    behaviour: Behaviour
    fields: List[Field]


class Found(NamedTuple):
    """What a search found, the best first."""

    matches: List[Match]
    stems: Set[str]  # of the words that were sought


def find(index: Index, words: str) -> Found:
    """The behaviours that have all the words, or that show nearly the message that was pasted.

    Raises HistoryError for a text without words.
    """
    words = words[-_MOST:]
    sought = terms.terms(words)
    if not sought:
        raise HistoryError(f"WORDS {words!r}: nothing to search for: give words or a message")
    told, message = messages.told(index), messages.pasted(words)

    def by_words() -> Found:
        return Found(_by_words(index.behaviours, told, words, sought), terms.stems(words))

    def by_message() -> Found:
        text = message or words
        return Found(_by_message(index, told, text), terms.stems(text))

    is_long = message is not None or len(words.split()) >= _LONG
    first, second = (by_message, by_words) if is_long else (by_words, by_message)
    found = first()
    return found if found.matches else second()


def of_id(index: Index, asked: str) -> List[Behaviour]:
    """The behaviour of an id or a former id. Raises HistoryError where nothing is asked for."""
    if not asked.strip():
        raise HistoryError(f"ID {asked!r}: give an id, an API or a word")
    own = [one for one in index.behaviours if asked == one.id]
    return own or [one for one in index.behaviours if asked in one.former][:1]


def about(index: Index, asked: str) -> List[Behaviour]:
    """The behaviours about an API, or about what it contains."""
    apis = set(naming.named(naming.apis(index.behaviours), asked))
    return [one for one in index.behaviours if apis & set(one.api)]


def lookup(
    index: Index, asked: str, nearly: Optional[Callable[[str], Optional[str]]] = None
) -> List[Behaviour]:
    """The behaviours that one word means, as ``found`` has them.

    Raises HistoryError if it is nothing that is recorded; ``nearly`` may know what was misspelt.
    """
    behaviours = found(index, asked)
    if not behaviours:
        names = naming.apis(index.behaviours)
        verb = "is about" if _is_of_library(names, asked) else "mentions"
        what = f"no behaviour {verb} {asked}"
        raise naming.not_covered("ID", asked, what, [*index.known(), *names], nearly)
    return behaviours


def found(index: Index, asked: str) -> List[Behaviour]:
    """The behaviours that one word means, by the first of these ways that leads to any.

    It is an id or a former one, an API, a part of ids, or a word that behaviours mention.
    """
    behaviours = of_id(index, asked) or about(index, asked)
    # from the beginning of a word on, so that rates is not in generates
    part = re.compile(rf"(?:^|[._]){re.escape(asked.strip())}", re.IGNORECASE)
    behaviours = behaviours or [one for one in index.behaviours if part.search(one.id)]
    # What a message says of another API is no answer to a name of the library.
    names = naming.apis(index.behaviours)
    if not behaviours and not _is_of_library(names, asked) and terms.terms(asked):
        return [match.behaviour for match in find(index, asked).matches]
    return behaviours


def _is_of_library(names: List[str], asked: str) -> bool:
    return asked.partition(".")[0] in {name.partition(".")[0] for name in names}


def _by_words(
    behaviours: Iterable[Behaviour], told: List[messages.Told], words: str, sought: List[Text]
) -> List[Match]:
    """The behaviours that have all terms: the nearest to the claim first, then the most harmful."""
    shown: Dict[str, List[str]] = {}
    for one in told:
        for name in one.behaviours:
            shown.setdefault(name, []).append(one.text)
    whole = terms.text(words)
    roots = {root for term in sought for root in term.apart.split()}
    ranked: List[Tuple[Tuple[int, ...], Match]] = []
    for behaviour in behaviours:
        fields = list(_fields(behaviour, shown.get(behaviour.id, ())))
        everything = " ".join(field.text for field in fields).lower()
        # A stem is a prefix of its word: most behaviours are passed over without being split.
        if all(root in everything for root in roots):
            ranked += _ranked(behaviour, fields, sought, whole)
    ranked.sort(key=lambda one: one[0])
    return [match for _, match in ranked]


def _ranked(
    behaviour: Behaviour, fields: List[Field], sought: List[Text], whole: Text
) -> Iterator[Tuple[Tuple[int, ...], Match]]:
    """The match of a behaviour with its rank; none if a term is nowhere in its fields."""
    left, scattered = set(sought), []
    texts = [(field, terms.text(field.text)) for field in fields]
    for field, text in texts:
        has = {term for term in left if text.has(term)}
        if has:
            left -= has
            scattered.append(field)
    if left:
        return
    level = scattered[-1].level
    near = [(field, text) for field, text in texts if field.level <= level]
    together = [field for field, text in near if text.has(whole)]
    alone = [field for field, text in near if all(text.has(term) for term in sought)]
    nearness = 0 if together else 1 if alone else 2
    rank = (level, nearness, _harm(behaviour), -len({field.name for field in together or alone}))
    yield (*rank, len(behaviour.api)), Match(behaviour, together[:1] or alone[:1] or scattered)


def _by_message(index: Index, told: List[messages.Told], message: str) -> List[Match]:
    """The behaviours that show nearly a message: of equal ones, those that are about it first."""
    known = index.known()
    found: Dict[str, Match] = {}
    for likeness in messages.alike(told, message):
        one = likeness.told
        field, own = Field("message", one.text, 2), terms.stems(one.text)
        behaviours = [known[name] for name in one.behaviours if name in known]
        for behaviour in sorted(behaviours, key=lambda each: nearness(each, own)):
            found.setdefault(behaviour.id, Match(behaviour, [field]))
    return list(found.values())


def nearness(behaviour: Behaviour, message: Set[str]) -> Tuple[float, int]:
    """How near a behaviour is to the stems of a message that it shows, the nearest first."""
    about = terms.stems(f"{behaviour.id} {behaviour.docstring}")
    return -len(about & message) / len(about), _harm(behaviour)


def _fields(behaviour: Behaviour, shown: Sequence[str]) -> Iterator[Field]:
    """The texts of a behaviour, those that tell the most first."""
    yield from (Field("api", api, 0) for api in behaviour.api)
    yield from (Field("id", name, 0) for name in (behaviour.id, *behaviour.former))
    yield Field("claim", behaviour.claim, 0)
    yield Field("docstring", behaviour.docstring, 1)
    for change in behaviour.changes:
        yield Field("change", f"{change.version}: {change.text}", 2)
        yield Field("advice", change.advice or "", 2)
        yield Field("cause", change.cause or "", 2)
    yield from (Field("message", text, 2) for text in shown)


def _harm(behaviour: Behaviour) -> int:
    """The rank of the most harmful change; a behaviour without any comes last."""
    return min((change.kind.rank for change in behaviour.changes), default=len(Kind))
