"""Packing: data as scripts, since a page on disk cannot read other files.

The JSON is compressed, and written as text: that is a third of its size. Browsers unpack it. A part
of a page that is large is packed too, as a tree, because no script of the site reads HTML.
"""

from __future__ import annotations

import base64
import json
import zlib
from html.parser import HTMLParser
from typing import Dict, List, Optional, Tuple

_PROPERTIES = {"class": "className", "href": "href", "id": "id", "title": "title"}
# tag -> the open tags that end where it begins, because HTML can do without their end
_ENDS: Dict[str, Tuple[str, ...]] = {
    **dict.fromkeys(("div", "dl", "ol", "p", "pre", "table", "ul"), ("p",)),
    **dict.fromkeys(("dd", "dt"), ("dd", "dt", "p")),
    "li": ("li", "p"),
    "td": ("td",),
    "tr": ("td", "tr"),
}


def script(name: str, data: object) -> bytes:
    """A script that sets ``PACKED["name"]``; ``load`` in ``site.js`` unpacks it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    packed = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
    return f'(globalThis.PACKED ??= {{}})[{json.dumps(name)}] = "{packed}";\n'.encode()


def tree(html: str) -> List[object]:
    """HTML as ``built`` in ``site.js`` makes it: each element is its tag, properties and children.

    ``<p>one <b class="x">two</b>`` is ``[["p", {}, "one ", ["b", {"className": "x"}, "two"]]]``.
    """
    parser = _Tree()
    parser.feed(html)
    parser.close()
    return parser.whole


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.whole: List[object] = []
        self._open: List[Tuple[str, List[object]]] = [("", self.whole)]

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        while self._open[-1][0] in _ENDS.get(tag, ()):
            self._open.pop()
        made: List[object] = [tag, {_PROPERTIES[name]: value for name, value in attrs}]
        self._open[-1][1].append(made)
        self._open.append((tag, made))

    def handle_endtag(self, tag: str) -> None:
        while self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        self._open[-1][1].append(data)
