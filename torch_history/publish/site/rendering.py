"""Rendering: the environment of the templates, with filters that turn values into HTML.

Everything is escaped, except what these filters return as Markup.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, List, Optional

import jinja2
from markupsafe import Markup

from torch_history import versions
from torch_history.catalogue.behaviour import Behaviour
from torch_history.catalogue.kinds import Kind
from torch_history.escaping import html
from torch_history.observing import words
from torch_history.publish.markdown import NUMBER, marked
from torch_history.publish.site import model as site
from torch_history.publish.site.guides import Linked, Term
from torch_history.publish.site.model import DEVICE, Model
from torch_history.publish.site.signatures import in_words
from torch_history.publish.site.states import meanings
from torch_history.publish.site.upgrades import ordered

TEMPLATES = Path(__file__).parent / "templates"
PAGES = [
    ("index.html", "Upgrade"),
    ("manual.html", "Manual"),
    ("apis.html", "APIs"),
    ("table.html", "Table"),
    ("claims.html", "Articles"),
    ("benchmarks.html", "Benchmarks"),
    ("guides/index.html", "Guides"),
]
_CODE = re.compile(r"``(.+?)``|`(.+?)`", re.DOTALL)
_WIDEST, _LONGEST = 12, 24  # columns and rows of a tensor that is shown as a table
_ISSUES = "https://github.com/pytorch/pytorch/issues"


class Links:
    """Where words lead in the site: names in code, and terms of the glossary."""

    def __init__(self, linked: Linked, claims: Dict[str, str], terms: List[Term]):
        self.linked = linked
        self.claims = claims  # id of a behaviour -> its claim
        self.terms = {term.name.lower(): term for term in terms}
        # The longest first, so that *parameter group* is not taken for *parameter*.
        names = sorted(self.terms, key=len, reverse=True)
        known = "|".join(map(re.escape, names)) or r"(?!)"  # no term: nothing matches
        self._linking = re.compile(rf"{NUMBER.pattern}|\b({known})(?:s|es)?\b", re.IGNORECASE)

    def coded(self, text: str, up: str, seen: Optional[Dict[str, bool]] = None) -> Markup:
        """A text in which backticks become code, and what has a page becomes a link.

        Where ``seen`` is given, terms of the glossary are linked, each once, and the id of a
        behaviour becomes the word *example*, because ids are long.
        """
        parts: List[str] = []
        end = 0
        for match in _CODE.finditer(text):
            parts += [self._words(text[end : match.start()], up, seen)]
            parts += [self._code(match[1] or match[2], up, seen is not None)]
            end = match.end()
        return Markup("".join([*parts, self._words(text[end:], up, seen)]))  # escaped below

    def _code(self, code: str, up: str, short: bool) -> str:
        page = self.linked(code)
        claim = self.claims.get(code)
        if page and claim and short:
            return f'<a href="{up}{page}" title="{html(claim)}">example</a>'
        told = f"<code>{html(code)}</code>"
        return f'<a href="{up}{page}">{told}</a>' if page else told

    def _words(self, text: str, up: str, seen: Optional[Dict[str, bool]]) -> str:
        # Escaped part by part: a term such as `amp` must not be found in `&amp;`.
        parts: List[str] = []
        end = 0
        for match in self._linking.finditer(text):
            parts += [html(text[end : match.start()]), self._link(match, up, seen)]
            end = match.end()
        return "".join([*parts, html(text[end:])])

    def _link(self, match: re.Match[str], up: str, seen: Optional[Dict[str, bool]]) -> str:
        told = html(match[0])
        if match[1]:
            return f'<a href="{_ISSUES}/{match[1]}">{told}</a>'
        term = self.terms[match[2].lower()]
        if seen is None or seen.setdefault(term.name, False):
            return told
        seen[term.name] = True
        return f'<a class="term" href="{up}guides/glossary.html#{term.anchor}">{told}</a>'

    def prose(self, text: str, up: str, terms: bool = False) -> Markup:
        """A docstring: its paragraphs."""
        seen: Optional[Dict[str, bool]] = {} if terms else None
        parts = (part for part in text.split("\n\n") if part.strip())
        return Markup("\n").join(
            # The end of a paragraph may be left out before a block, and at the end of its parent.
            Markup("<p>{}").format(self.coded(part, up, seen))
            for part in parts
        )


def environment_of(model: Model, links: Links) -> jinja2.Environment:
    """The environment of the templates."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        # A name that is misspelt in a template fails the build instead of leaving a gap.
        undefined=jinja2.StrictUndefined,
    )
    environment.globals.update(
        model=model,
        releases=model.releases,
        kinds=list(Kind),
        states=meanings(),
        device=DEVICE,
        pages=PAGES,
    )
    environment.filters.update(
        words=lambda name: name.replace("_", " "),
        capitalize_first=lambda text: text[:1].upper() + text[1:],
        thousands=lambda number: f"{number:,}",
        line=versions.line,
        prose=links.prose,
        coded=links.coded,
        marked=lambda text, up: links.coded(marked(text), up),
        text=words.text,
        plain_text=plain_text,
        shape=shape,
        cases=lambda life: site.cases(life, model.releases),
        ordered=ordered,
        span=lambda span: _range(model.releases[span.first], model.releases[span.last]),
        when=in_words,
        standing=lambda life: standing(life, model.releases),
        page_apart=_page_apart,
    )
    environment.tests.update(plain=is_plain, ended=words.ended)
    return environment


def _range(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"


def standing(life: site.Life, releases: List[str]) -> str:
    """What the records say of the claim today: ``Observed on torch 2.15, the same since 2.0.``."""
    seen = [span for span in life.spans if span.observed]
    if not seen:
        return "Not observed on any release."
    last = seen[-1]
    line = releases[last.last]
    changed = [span for span in seen if span.text]
    # Other words of a message do not make the claim another one.
    telling = [span for span in changed if span.kind is not Kind.WORDING]
    first = telling[-1] if telling else seen[0]
    since = releases[first.first]
    if telling and since == line:
        return f"Observed on torch {line}, where it changed."
    words = ", but for the words of a message" if changed and first != changed[-1] else ""
    between = life.spans[life.spans.index(first) : life.spans.index(last)]
    if not all(span.observed for span in between):
        where = "wherever it was observed since"
    else:
        where = "since" if telling else "on every release since"
    return f"Observed on torch {line}, and the same {where} {since}{words}."


def _page_apart(behaviour: Behaviour) -> bool:
    """Whether the documentation page is that of none of the APIs."""
    page = behaviour.page
    return bool(page) and not any(str(page).endswith(f"{api}.html") for api in behaviour.api)


def plain_text(text: str) -> Markup:
    """Text between tags, where quotes need no escaping."""
    # Jinja would escape each quote too, which makes the tests' source 5 % larger.
    return Markup(html(text))  # escaped


def shape(header: str) -> str:
    """How a tensor is shown: ``scalar``, ``table`` (up to two dimensions, small) or ``lines``."""
    sizes = [int(size) for size in header.partition("[")[2].partition("]")[0].split(",") if size]
    if not sizes:
        return "scalar"
    # A tensor without elements has no rows for a table.
    small = len(sizes) <= 2 and 0 < sizes[-1] <= _WIDEST and 0 < sizes[0] <= _LONGEST
    return "table" if small else "lines"


def is_plain(data: Any) -> bool:
    """Whether a value is shown on one line: it holds no tensors and no names."""
    if isinstance(data, dict):
        return (
            "$tensor" not in data
            and all(name.startswith("$") for name in data)
            and all(map(is_plain, data.values()))
        )
    return all(map(is_plain, data)) if isinstance(data, list) else True
