"""Found: what a search found, as lines for a terminal and as JSON."""

from __future__ import annotations

from typing import Iterator, List

from torch_history.escaping import one_line
from torch_history.observing.words import short
from torch_history.publish.history import summary
from torch_history.questions.search import Found, Match
from torch_history.questions.terms import excerpt
from torch_history.records.store import Json

FORMAT = 1
_IN_JSON = 400  # characters of a text


def lines(found: Found, sought: str, limit: int, width: int) -> Iterator[str]:
    """The best behaviours, two lines each, and how many are left out; 0 leaves out none."""
    if not found.matches:
        yield one_line(f"not covered: no behaviour mentions {short(sought, 200)}")
        return
    shown = _shown(found, limit)
    for match in shown:
        yield summary(match.behaviour)
        yield f"    {one_line(short(_why(match, found, width), width - 4))}"
    count = len(found.matches)
    total = f"{count} behaviour{'s' * (count != 1)}"
    left = count - len(shown)
    yield f"{total}, {left} of them left out: --limit 0 shows all" if left else total


def as_json(found: Found, sought: str, limit: int) -> Json:
    """The same as plain data."""
    shown = _shown(found, limit)
    return {
        "format": FORMAT,
        "sought": sought,
        "count": len(found.matches),
        "left_out": len(found.matches) - len(shown),
        "behaviours": [
            {
                "id": match.behaviour.id,
                "chapter": match.behaviour.chapter,
                "claim": match.behaviour.claim,
                "description": match.behaviour.docstring,
                "api": match.behaviour.api,
                "changed": list(dict.fromkeys(one.version for one in match.behaviour.changes)),
                "matched": [
                    {"field": one.name, "text": excerpt(one.text, found.stems, _IN_JSON)}
                    for one in match.fields
                ],
            }
            for match in shown
        ],
    }


def _shown(found: Found, limit: int) -> List[Match]:
    return found.matches[: limit or None]


def _why(match: Match, found: Found, width: int) -> str:
    """The fields that match, and what the first of them says."""
    names = ", ".join(dict.fromkeys(field.name for field in match.fields))
    docstring = " ".join(match.behaviour.docstring.partition("\n\n")[0].split())
    first = match.fields[0]
    text = excerpt(first.text, found.stems, width - 6 - len(names))
    if first.name == "api":
        text = f"{text}: {docstring}"
    elif first.name in ("id", "claim"):  # the id stands above, so what it means
        text = docstring
    return f"{names}: {text}"
