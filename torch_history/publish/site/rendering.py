"""Rendering: the environment of the templates, with filters that turn values into HTML.

Everything is escaped, except what these filters return as Markup.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, List

import jinja2
from markupsafe import Markup

from torch_history import versions
from torch_history.catalogue.behaviour import Behaviour, Change
from torch_history.catalogue.kinds import Kind
from torch_history.escaping import html
from torch_history.observing import words
from torch_history.publish.markdown import NUMBER, marked
from torch_history.publish.site import model as site
from torch_history.publish.site.model import DEVICE, UNKNOWN, Model

TEMPLATES = Path(__file__).parent / "templates"
PAGES = [
    ("index.html", "Table"),
    ("upgrade.html", "Upgrade"),
    ("claims.html", "Articles"),
    ("interchange.html", "Checkpoints"),
    ("benchmarks.html", "Benchmarks"),
    ("drift.html", "Drift"),
    ("verified.html", "Verified"),
]
_CODE = re.compile(r"``(.+?)``|`(.+?)`", re.DOTALL)
_WIDEST, _LONGEST = 12, 24  # columns and rows of a tensor that is shown as a table
_ISSUES = "https://github.com/pytorch/pytorch/issues"


def environment_of(model: Model) -> jinja2.Environment:
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
        chapters=list(model.chapters),
        kinds=list(Kind),
        unknown=UNKNOWN,
        device=DEVICE,
        pages=PAGES,
        apis=sorted({api for life in model.lives for api in life.behaviour.api}),
    )
    environment.filters.update(
        words=lambda name: name.replace("_", " "),
        capitalize_first=lambda text: text[:1].upper() + text[1:],
        thousands=lambda number: f"{number:,}",
        line=versions.line,
        prose=prose,
        prose_line=coded,
        marked=lambda text: coded(marked(text)),
        text=words.text,
        plain_text=plain_text,
        shape=shape,
        cases=lambda life: site.cases(life, model.releases),
        changes=_changes,
        page_apart=_page_apart,
        environments=lambda life: ",".join(f"torch{line}" for line in _ends(life, model.releases)),
    )
    environment.tests["plain"] = is_plain
    return environment


def _changes(behaviour: Behaviour) -> List[Change]:
    return sorted(behaviour.changes, key=lambda change: versions.key(change.version))


def _page_apart(behaviour: Behaviour) -> bool:
    """Whether the documentation page is that of none of the APIs."""
    page = behaviour.page
    return bool(page) and not any(str(page).endswith(f"{api}.html") for api in behaviour.api)


def _ends(life: site.Life, releases: List[str]) -> List[str]:
    """The releases before and after a behaviour's first change, or the newest if it has none."""
    # A change at the first release has no release before it to run.
    changed = (one.version for one in life.behaviour.changes if one.version in releases[1:])
    version = next(changed, None)
    return [releases[releases.index(version) - 1], version] if version else [releases[-1]]


def coded(text: str) -> Markup:
    """A line in which backticks become code, and ``pytorch#1234`` becomes a link."""
    # Escaped first, or the tags of this function would be escaped with the text.
    escaped = _CODE.sub(lambda match: f"<code>{match[1] or match[2]}</code>", html(text))
    linked = NUMBER.sub(rf'<a href="{_ISSUES}/\1">\g<0></a>', escaped)
    return Markup(linked)  # escaped above


def plain_text(text: str) -> Markup:
    """Text between tags, where quotes need no escaping."""
    # Jinja would escape each quote too, which makes the tests' source 5 % larger.
    return Markup(html(text))  # escaped


def prose(text: str) -> Markup:
    """A docstring: its paragraphs."""
    parts = (part for part in text.split("\n\n") if part.strip())
    return Markup("\n").join(Markup("<p>{}</p>").format(coded(part)) for part in parts)


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
