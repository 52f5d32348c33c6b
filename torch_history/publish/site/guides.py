"""Guides: the Markdown of ``docs/`` as pages of the site, and the glossary's terms."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Dict, List, NamedTuple, Optional

from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it.token import Token

FOLDER = "docs"
BENCHMARKS, GLOSSARY = "benchmarks", "glossary"
# These are pages of their own, made from the records.
GENERATED = ("README", "claims", BENCHMARKS)
_RELEASE = re.compile(r"releases/([\d.]+)\.md")

Linked = Callable[[str], Optional[str]]  # a name in code -> the page about it, from the root


class Guide(NamedTuple):
    """A page made from a file of ``docs/``."""

    name: str
    title: str
    first: str  # its first paragraph, as text
    html: Markup
    words: str  # all of it, as text


class Term(NamedTuple):
    """A term of the glossary."""

    name: str
    anchor: str
    text: str


class Guides:
    """The Markdown files of a folder, rendered with links that lead somewhere in the site."""

    def __init__(self, root: Path, releases: List[str], linked: Linked):
        self.folder, self.releases, self.linked = root / FOLDER, releases, linked
        self.names = sorted(
            path.stem for path in self.folder.glob("*.md") if path.stem not in GENERATED
        )

    def all(self) -> List[Guide]:
        """Every hand-written guide, by name."""
        return [self.guide(name) for name in self.names]

    def guide(self, name: str, up: str = "../") -> Guide:
        """A file as a page that lies ``up`` below the root of the site."""
        text = (self.folder / f"{name}.md").read_text(encoding="utf-8")
        return self.rendered(name, text, up)

    def rendered(self, name: str, text: str, up: str) -> Guide:
        """Markdown as a page. HTML in it is shown as text."""
        from markdown_it import MarkdownIt

        reader = MarkdownIt("commonmark", {"html": False}).enable("table")
        tokens = reader.parse(text)
        title = first = ""
        words: List[str] = []
        ids: Counter[str] = Counter()  # of headings with the same words
        for place, token in enumerate(tokens):
            if token.type == "heading_open":
                heading = _plain(tokens[place + 1])
                anchor = slug(heading)
                token.attrSet("id", f"{anchor}-{ids[anchor]}" if ids[anchor] else anchor)
                ids[anchor] += 1
                title = title or heading
            elif token.type == "inline":
                told = _plain(token)
                words.append(told)
                if not first and tokens[place - 1].type == "paragraph_open":
                    first = told
                token.children = self._linking(token.children or [], up)
            elif token.type == "table_open":
                # A phone scrolls a wide table sideways; so can the keyboard, once it has focus.
                token.attrSet("tabindex", "0")
        html = reader.renderer.render(tokens, reader.options, {})
        return Guide(name, title or name, first, Markup(html), " ".join(words))  # HTML is off

    def terms(self) -> List[Term]:
        """The glossary's terms; none where there is no glossary."""
        if GLOSSARY not in self.names:
            return []
        text = (self.folder / f"{GLOSSARY}.md").read_text(encoding="utf-8")
        parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
        return [
            Term(name.strip(), slug(name), " ".join(told.partition("\nSee:")[0].split()))
            for name, told in zip(parts[::2], parts[1::2])
        ]

    def _linking(self, tokens: List[Token], up: str) -> List[Token]:
        """Inline tokens whose links and names lead to pages of the site, or are no links."""
        from markdown_it.token import Token

        found: List[Token] = []
        dropped = inside = 0
        for token in tokens:
            if token.type == "link_open":
                inside += 1
                target = self.target(str(token.attrGet("href")), up)
                if target is None:
                    dropped += 1
                    continue
                token.attrSet("href", target)
            elif token.type == "link_close":
                inside -= 1
                if dropped:
                    dropped -= 1
                    continue
            elif token.type == "image":
                token.attrSet("src", up + str(token.attrGet("src")).rpartition("/")[2])
            elif token.type == "code_inline" and not inside:
                page = self.linked(token.content)
                if page:
                    opened = Token("link_open", "a", 1, attrs={"href": f"{up}{page}"})
                    found += [opened, token, Token("link_close", "a", -1)]
                    continue
            found.append(token)
        return found

    def target(self, target: str, up: str) -> Optional[str]:
        """Where a link of docs/ leads in the site; None for what the site does not have."""
        if target.startswith(("https://", "http://", "#")):
            return target
        file, _, fragment = target.partition("#")
        at = f"#{fragment}" if fragment else ""
        release = _RELEASE.fullmatch(file)
        if release and release[1] in self.releases[1:]:
            before = self.releases[self.releases.index(release[1]) - 1]
            return f"{up}index.html#{before}...{release[1]}"
        name = file[: -len(".md")] if file.endswith(".md") else ""
        if name in self.names:
            return f"{up}guides/{name}.html{at}"
        if name in ("claims", BENCHMARKS):
            return f"{up}{name}.html{at}"
        return f"{up}guides/index.html" if name == "README" else None


def _plain(token: Token) -> str:
    """The words of an inline token."""
    return "".join(
        one.content if one.type in ("text", "code_inline") else " " * (one.type == "softbreak")
        for one in token.children or []
    )


def slug(heading: str) -> str:
    """The id of a heading, as code hosts make it: ``Read a failure`` -> ``read-a-failure``."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def pages(names: Dict[str, str]) -> Linked:
    """How code is linked: the page of a name, also where it is called or has brackets."""

    def linked(code: str) -> Optional[str]:
        return names.get(code) or names.get(re.sub(r"\(.*\)$", "", code))

    return linked
