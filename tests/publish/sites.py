"""A built site, and what tests ask of its pages."""

import json
import re
from html.parser import HTMLParser

from torch_history.catalogue import index
from torch_history.catalogue.kinds import kind_of
from torch_history.publish.site import build

# between whose texts a reader sees space
TEXTS = {"b", "div", "h1", "h2", "h3", "h4", "p", "pre", "section", "small"}
LISTS = {"caption", "dd", "dt", "li", "ol", "table", "td", "th", "tr", "ul"}
BLOCKS = TEXTS | LISTS


class Page(HTMLParser):
    """What the tests ask of a page; end tags that HTML can do without may lack."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.ids, self.references, self.words = [], [], [], []
        self.parts = {}  # id of an article -> (tags, words) within it
        self.unquoted = []  # tags with an attribute whose value is not in quotes
        self._article = None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        tag_as_written = self.get_starttag_text()
        if re.search(r'=(?!")', re.sub(r'"[^"]*"', '""', tag_as_written)):
            self.unquoted.append(tag_as_written)
        if tag in BLOCKS:
            self.handle_data(" ")
        if tag == "article" and "id" in given:
            self._article = self.parts.setdefault(given["id"], ([], []))
        for tags in [self.tags, *(self._article or ())[:1]]:
            tags.append((tag, given))
        self.ids += [given["id"]] if "id" in given else []
        self.references += [
            (tag, name, given[name])
            for name in ("href", "src", "action", "data", "poster", "srcset")
            if name in given
        ]

    def handle_endtag(self, tag):
        if tag in BLOCKS:
            self.handle_data(" ")
        if tag == "article":
            self._article = None

    def handle_data(self, data):
        for words in [self.words, *(self._article or ())[1:]]:
            words.append(data)

    @property
    def text(self):
        return " ".join("".join(self.words).split())

    def within(self, article):
        return " ".join("".join(self.parts[article][1]).split())

    def rows(self):
        """Each row of tables, its cells' (tag, attributes)."""
        found = []
        for tag, given in self.tags:
            if tag == "tr":
                found.append([])
            elif tag in ("td", "th"):
                found[-1].append((tag, given))
        return found


class Site:
    """A built site."""

    def __init__(self, root, folder):
        self.root, self.folder = root, folder
        self.index = index.of(root)
        self.size = build.build(root, self.index, folder)
        self.behaviours = self.index.known()
        self.pages = {
            path.name: Page(path.read_text(encoding="utf-8"))
            for path in sorted(folder.glob("*.html"))
        }
        text = (folder / "upgrade.js").read_text(encoding="utf-8")
        self.upgrades = json.loads(text[len("const UPGRADE = ") :].rstrip().rstrip(";"))

    @property
    def releases(self):
        return self.upgrades["releases"]

    def article(self, behaviour):
        """The words of a behaviour's article."""
        return self.pages[f"{behaviour.partition('.')[0]}.html"].within(behaviour)

    def differences(self, before, after):
        """What site.js finds in upgrade.js, by the same steps.

        The id, kind and lines of each difference; and the unknown behaviours.
        """
        a, b = map(self.releases.index, (before, after))
        found, unknown = [], set()
        for one in self.upgrades["behaviours"]:
            missing = [
                (one["id"], self.releases[place], one["unknown"][str(place)])
                for place in {a, b}
                if str(place) in one["unknown"]
            ]
            unknown.update(missing)
            low, high = (
                max(state for state, begins in enumerate(one["from"]) if begins <= place)
                for place in sorted((a, b))
            )
            pair = one["pairs"].get(f"{low}-{high}")
            if pair and not missing:
                lines = [
                    tuple(self.upgrades["texts"][text] for text in (line if a < b else line[::-1]))
                    for line in pair[2]
                ]
                kind = self.upgrades["kinds"][pair[0 if a < b else 1]][0]
                found.append((one["id"], kind_of(kind), lines))
        return sorted(found, key=lambda one: one[1].rank), unknown
