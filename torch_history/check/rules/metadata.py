"""The name of a behaviour is a claim; it has a docstring, at least one API, and a source."""

from __future__ import annotations

import re
from typing import Iterator

from torch_history.check.tree import Tree, place_of

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_API = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
_PAGE = re.compile(r"https://[\w./#-]+\.html")


def faults(tree: Tree) -> Iterator[str]:
    """Where metadata is missing or out of form."""
    for behaviour in tree.behaviours.values():
        here = place_of(behaviour)
        if not _NAME.fullmatch(behaviour.id.partition(".")[2]):
            yield f"{here}: the name is not lower-case words: rename it"
        if not behaviour.docstring:
            yield f"{here}: no docstring: say the claim in one sentence"
        if not behaviour.api:
            yield f"{here}: no @pytest.mark.api(...): name the APIs it is about"
        for api in behaviour.api:
            if not _API.fullmatch(api):
                yield f"{here}: {api!r} is not a fully qualified API: write it as torch.optim.SGD"
        if behaviour.page and not _PAGE.fullmatch(behaviour.page):
            yield (
                f"{here}: {behaviour.page!r} is not the address of a page: "
                'write it as page="generated/torch.optim.SGD"'
            )
        if not behaviour.page and not behaviour.article:
            yield f"{here}: no source: give @pytest.mark.api a page= or an article="
