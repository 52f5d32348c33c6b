"""Listing: the names of a module as a list in HTML.

There are 24,000 names: each is a line, nothing is told twice, and what HTML can do without is left
out. ``surface.js`` finds the place of a name without an id.
"""

from __future__ import annotations

import re
from typing import Callable, Dict, Iterator, List, Mapping, Set

from markupsafe import Markup

from torch_history.escaping import html
from torch_history.observing.words import short
from torch_history.publish.site.modules import Module, Modules
from torch_history.publish.site.timelines import Name, Spans, Told, releases
from torch_history.surface.entry import Entry
from torch_history.surface.what import What

LONGEST = 80  # characters of a message
AGAIN, ENOUGH = 50, 100  # of a longer one that the page has already, so many are shown
_FEW = 150  # characters of members that are not worth a reference
_CALLED = ("function", "method", "classmethod", "staticmethod", "operator")
_NOW = re.compile(r"(?:is now|is called|is an alias of|is only a subclass of) (torch\.[\w.]+)$")
_OVER = "no longer warns"

Prose = Callable[[str], Markup]  # words of a note as HTML


class Listing:
    """The lists of one page."""

    def __init__(self, modules: Modules, pages: Mapping[str, str], prose: Prose):
        self._modules, self._prose = modules, prose
        self._pages = pages  # name -> the address of its own page
        self._said: Set[str] = set()
        self._members: Dict[str, str] = {}  # the list of what stands in a class -> the first class

    def of(self, module: Module) -> Markup:
        """The names of a module; what stands in a class is in its line."""
        tree = _Tree(module)
        lines = (self._line(path, module.spans, tree) for path in tree.below[module.name])
        return Markup("\n".join(lines))  # escaped below

    def _line(self, path: str, spans: Spans, tree: _Tree) -> str:
        name = tree.names.get(path)
        last = path.rpartition(".")[2]
        line = f"<li>{self._head(name, last, spans)}" if name else f"<li>{html(last)}"
        inside = tree.below.get(path)
        if inside:
            own = name.spans if name else spans
            line += self._inside("".join(self._line(one, own, tree) for one in inside), last)
        return line

    def _head(self, name: Name, last: str, spans: Spans) -> str:
        """A name with what it takes, its releases, and what happened."""
        when, page = html(releases(name.spans, spans)), self._pages.get(name.path)
        told = html(last)
        if page:
            told = f'<a href="../{page}">{told}</a>'
        elif when and name.gone:
            told = f"<s>{told}</s>"
        kind = "class " if name.entry.kind == "class" else ""
        takes = "" if name.gone else html(taken(name.entry))
        since = f" <i>{when}</i>" if when else ""
        return f"{kind}{told}{takes}{since}{self._told(name, bool(page))}"

    def _told(self, name: Name, apart: bool) -> str:
        """What happened to a name; if it has a page of its own, that page tells it."""
        if not apart:
            return "".join(self._change(one) for one in name.told if _matters(one))
        lines = html(", ".join(one.since for one in name.told if one.since))
        return f" <small>changed in {lines}</small>" if lines else ""

    def _change(self, told: Told) -> str:
        since = f"<b>{html(told.since)}</b> " if told.since else ""
        words = "; ".join(map(self._words, told.words))
        return f"<p>{since}{words}{''.join(self._noted(told))}"

    def _words(self, words: str) -> str:
        if words.startswith(_OVER):  # the words of the warning are nobody's concern any more
            words = ": ".join(words.split(": ")[:2])
        again = words in self._said and len(words) > ENOUGH
        self._said.add(words)
        moved = _NOW.search(words)
        part = self._modules.part_of(moved[1]) if moved else None
        if moved is None or part is None:
            return html(short(words, AGAIN if again else LONGEST))
        # surface.js adds the place in that page, which is the name.
        return f'{html(words[: moved.start(1)])}<a href="{part.file}">{html(moved[1])}</a>'

    def _noted(self, told: Told) -> Iterator[str]:
        """The cause of a change, and what to do."""
        note = told.note
        if note and note.cause:
            yield f" ({self._prose(note.cause)}{' (probably)' * note.probable})"
        if note and note.advice:
            yield f'<p class="advice">{self._prose(note.advice)}'

    def _inside(self, lines: str, last: str) -> str:
        """What stands in a class; if it is as that of another class of the page, only that."""
        if len(lines) > _FEW and lines in self._members:
            return f"<p>contains the same as {html(self._members[lines])}"
        self._members[lines] = last
        return f"<ul>{lines}</ul>"


class _Tree:
    """The names of a module, and what stands directly in what."""

    def __init__(self, module: Module):
        self.names = {name.path: name for name in module.names}
        self.below: Dict[str, List[str]] = {module.name: []}
        for path in self.names:
            self._enter(path)

    def _enter(self, path: str) -> None:
        home = path.rpartition(".")[0]
        known = home in self.below or home in self.names
        self.below.setdefault(home, []).append(path)
        if not known:  # an operator has no entry of its own, only its overloads have
            self._enter(home)


def taken(entry: Entry) -> str:
    """What a name takes: ``(input, dim=None)``; of a named tuple its fields."""
    if entry.fields:
        return f": {', '.join(entry.fields)}"
    return " | ".join(entry.overloads) or "(…)" * (entry.kind in _CALLED)


def _matters(told: Told) -> bool:
    """Whether more than the words of a message changed."""
    return not told.kinds or told.note is not None or set(told.kinds) != {What.WORDING}
