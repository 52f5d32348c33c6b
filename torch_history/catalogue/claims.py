"""Claims: what the articles say torch does, as ``claims/<article>.py`` lists it.

A file is one list literal, in the order of the article::

    [{"section": "Freezing", "claim": "a frozen weight keeps its value through a step",
      "tests": ["freezing.frozen_parameter_keeps_its_bits_while_the_others_move"],
      "verdict": "holds"}, ...]

``claims/titles.json`` has the title of each article, in English: ``{"A": "..."}``.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Dict, List

import msgspec

from torch_history.catalogue.behaviour import Claim
from torch_history.errors import HistoryError


def read(root: Path) -> List[Claim]:
    """Every claim, by article. Raises HistoryError for a file that is not a list of claims."""
    found: List[Claim] = []
    for path in sorted(root.glob("claims/*.py")):
        try:
            # A literal, not a module: reading a register runs no code.
            listed = ast.literal_eval(path.read_text(encoding="utf-8").strip())
            told = [{"article": path.stem, **claim} for claim in listed]
            found.extend(msgspec.convert(told, List[Claim]))
        except (SyntaxError, ValueError, TypeError, msgspec.ValidationError) as error:
            raise HistoryError(
                f"{path}: not a list of claims: {error}: "
                "see torch_history/catalogue/claims.py for their form"
            ) from None
    return found


def titles(root: Path) -> Dict[str, str]:
    """Article -> its title. Raises HistoryError for a file that is not an object of strings."""
    path = root / "claims" / "titles.json"
    if not path.exists():
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=Dict[str, str])
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise HistoryError(
            f'{path}: not the titles of articles: {error}: write an object such as {{"A": "title"}}'
        ) from None
