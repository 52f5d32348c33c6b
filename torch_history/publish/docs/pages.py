"""Pages: every page that is written from the records, under its path."""

from __future__ import annotations

from typing import Dict

from torch_history.catalogue.index import Index
from torch_history.publish import claims
from torch_history.publish.docs import front, release_page, releases

RELEASES = "docs/releases"  # the folder of the releases' pages, which has no other file


def pages(index: Index) -> Dict[str, str]:
    """Path in the repository -> the text of the page."""
    found = releases.read(index)
    lines = [one.line for one in found]
    neighbours = zip([None, *lines], [*lines[1:], None])
    return {
        front.NAME: front.page(index, found),
        claims.NAME: claims.page(index),
        **{
            f"{RELEASES}/{one.line}.md": release_page.page(one, earlier, later)
            for one, (earlier, later) in zip(found, neighbours)
        },
    }
