"""A built site, and what tests ask of its pages and its data."""

import base64
import html
import json
import re
import zlib
from functools import cached_property
from html.parser import HTMLParser
from typing import NamedTuple

from torch_history.catalogue import index
from torch_history.publish.site import build

# between whose texts a reader sees space
TEXTS = {"b", "div", "h1", "h2", "h3", "h4", "p", "pre", "section", "small"}
LISTS = {"caption", "dd", "dt", "li", "ol", "table", "td", "th", "tr", "ul"}
BLOCKS = TEXTS | LISTS
POINTING = ("href", "src", "action", "data", "poster", "srcset")
STEPS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Cell(NamedTuple):
    """A cell of a table: ``td`` or ``th``, its attributes and its words."""

    tag: str
    given: dict
    words: list

    @property
    def text(self):
        return flat("".join(self.words))


class Page(HTMLParser):
    """What the tests ask of a page; end tags that HTML can do without may lack."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.html = text
        self.tags, self.ids, self.references, self.words, self.rows = [], [], [], [], []
        self.parts = {}  # id of an article -> (tags, words) within it
        self.unquoted = []  # tags with an attribute whose value is not in quotes
        self._article = self._cell = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        tag_as_written = self.get_starttag_text()
        if re.search(r'=(?!")', re.sub(r'"[^"]*"', '""', tag_as_written)):
            self.unquoted.append(tag_as_written)
        if tag in BLOCKS:
            self.handle_data(" ")
        if tag == "article" and "id" in given:
            self._article = self.parts.setdefault(given["id"], ([], []))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._cell = Cell(tag, given, [])
            self.rows[-1].append(self._cell)
        for tags in [self.tags, *(self._article or ())[:1]]:
            tags.append((tag, given))
        self.ids += [given["id"]] if "id" in given else []
        self.references += [(tag, name, given[name]) for name in POINTING if name in given]

    def handle_endtag(self, tag):
        if tag in BLOCKS:
            self.handle_data(" ")
        if tag == "article":
            self._article = None
        if tag in ("td", "th", "tr", "table"):
            self._cell = None

    def handle_data(self, data):
        for words in [self.words, *(self._article or ())[1:], *(self._cell or ())[2:]]:
            words.append(data)

    @property
    def text(self):
        return flat("".join(self.words))

    def within(self, article):
        return flat("".join(self.parts[article][1]))

    def links(self):
        """Where the links of the page lead."""
        return [target for tag, name, target in self.references if (tag, name) == ("a", "href")]


def written(part):
    """A packed part of a page as HTML."""
    if isinstance(part, str):
        return html.escape(part, quote=False)
    tag, properties, *children = part
    names = {"className": "class"}
    given = "".join(f' {names.get(k, k)}="{html.escape(v)}"' for k, v in properties.items())
    return f"<{tag}{given}>{''.join(map(written, children))}</{tag}>"


def flat(words):
    """Words with one blank between them."""
    return " ".join(words.split())


class Cause(NamedTuple):
    """A cause as ``data/answers.js`` tells it; ``version`` is None where no marker tells of it."""

    kind: str
    version: str
    api: str
    text: str
    advice: str
    cause: str
    behaviours: list


class Site:
    """A built site. ``pages`` are by their address from its root."""

    def __init__(self, root, folder, address=""):
        self.root, self.folder = root, folder
        self.index = index.of(root)
        self.size = build.build(root, self.index, folder, address=address)
        self.behaviours = self.index.known()
        self._data = {}

    @cached_property
    def pages(self):
        return {
            path.relative_to(self.folder).as_posix(): Page(self._whole(path))
            for path in sorted(self.folder.rglob("*.html"))
        }

    def _whole(self, path):
        """The text of a page, with what ``built`` in ``site.js`` puts into it."""

        def part(match):
            name, _, one = html.unescape(match[2]).partition("#")
            return f"{match[1]}{''.join(map(written, self.data(name)[one]))}</div>"

        return re.sub(
            r'(<div class="\w+" data-from="([^"]*)">)<p>[^<]*</div>',
            part,
            path.read_text(encoding="utf-8"),
        )

    def page_of(self, behaviour):
        """The page of a behaviour."""
        return self.pages[f"behaviours/{behaviour}.html"]

    def article(self, behaviour):
        """The words about a behaviour in its chapter."""
        return self.pages[f"{behaviour.partition('.')[0]}.html"].within(behaviour)

    @property
    def releases(self):
        return self.data("answers")["releases"]

    @cached_property
    def told(self):
        """What ``behaviours.json`` says."""
        return json.loads((self.folder / "behaviours.json").read_text(encoding="utf-8"))

    @cached_property
    def states(self):
        """Behaviour -> its state on each release, as ``behaviours.json`` tells them."""
        found = {}
        for one in self.told["behaviours"]:
            states = []
            for release in self.told["releases"]:
                states.append(one["states"].get(release, states[-1] if states else None))
            found[one["id"]] = states
        return found

    def data(self, name):
        """What a script of ``data/`` sets."""
        if name not in self._data:
            text = (self.folder / "data" / f"{name}.js").read_text(encoding="utf-8")
            begins = f'(globalThis.PACKED ??= {{}})[{json.dumps(name)}] = "'
            assert text.startswith(begins) and text.endswith('";\n')
            packed = base64.b64decode(text[len(begins) : -3], validate=True)
            self._data[name] = json.loads(zlib.decompress(packed))
        return self._data[name]

    def causes(self, before, after):
        """The causes between two releases, decoded as ``landing.js`` does it."""
        data, found, at = self.data("answers"), [], 0
        texts = data["texts"]
        pair = data["pairs"].get(f"{self.releases.index(before)}-{self.releases.index(after)}", "")
        for more, last in re.findall(r"(~*)([^~])", pair):
            at += len(more) * len(STEPS) + STEPS.index(last)
            rank, place, api, text, advice, cause, own = data["causes"][at]
            found.append(
                Cause(
                    data["kinds"][rank][0],
                    None if place < 0 else self.releases[place],
                    *(texts[number] for number in (api, text, advice, cause)),
                    [data["behaviours"][number] for number in own],
                )
            )
        return found

    def values(self, behaviour, before, after):
        """The values of a behaviour that ``landing.js`` shows: pairs of lines."""
        chapter = self.data(behaviour.partition(".")[0])
        detail, texts = chapter["behaviours"][behaviour], chapter["texts"]
        low, high = (
            max(state for state, begins in enumerate(detail["from"]) if begins <= place)
            for place in sorted(map(self.releases.index, (before, after)))
        )
        rows = [tuple(texts[text] for text in row) for row in detail["pairs"][f"{low}-{high}"]]
        backwards = self.releases.index(before) > self.releases.index(after)
        return [row[::-1] for row in rows] if backwards else rows
