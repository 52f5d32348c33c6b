"""Behaviours: claims about the library, each with what changed; and the sentences of articles.

All of it is data: read from the tests' source by ``source``, and kept in the ``index``.
"""

from __future__ import annotations

from typing import List, Optional, Tuple, Union

from msgspec import Struct

from torch_history.catalogue.kinds import Kind

PAGES = "https://docs.pytorch.org/docs/stable/"


class Change(Struct, frozen=True):
    """What a ``changed`` marker says."""

    version: str
    text: str
    kind: Kind
    cause: Optional[str] = None  # as pytorch#92731
    probable: bool = False  # whether the cause is probable and not known
    advice: Optional[str] = None
    # Every call of the API meets the change, unless it passes one of these arguments (names, or
    # positions from 0). None where `when` says it, or where it depends on more than the call.
    unless: Optional[Tuple[Union[int, str], ...]] = None
    # A call of the API meets the change if it looks like one of these (see `conditions`).
    when: Optional[Tuple[str, ...]] = None
    # What decides beside the call, and often decides so: "the file", "the dtype".
    depends: Optional[str] = None
    # What decides beside the call, and seldom decides so: "complex parameters".
    rarely: Optional[str] = None
    # The APIs whose callers meet the change. Empty: all that the behaviour names.
    of: Tuple[str, ...] = ()
    # How to rewrite a call so that it does as before: "+set_to_none=False", "-verbose".
    rewrite: Optional[str] = None
    # The behaviour that takes the advice, and observes again what this one did before.
    restored_by: Optional[str] = None

    @property
    def conditioned(self) -> bool:
        """Whether the marker says which calls meet the change."""
        return not (
            self.unless is None and self.when is None and not self.depends and not self.rarely
        )

    @property
    def cause_in_words(self) -> Optional[str]:
        """The cause as readers see it: ``pytorch#92731 (probably)``."""
        return f"{self.cause} (probably)" if self.cause and self.probable else self.cause

    @property
    def sentence(self) -> str:
        """``2.0: what changed (pytorch#92731)``."""
        return f"{self.version}: {self.text} ({self.cause_in_words or 'cause unknown'})"


class Interchange(Struct, frozen=True):
    """The cases of a behaviour are files that releases wrote."""

    legacy: Optional[str] = None  # the behaviour about the same files in the format before zip


class Behaviour(Struct, frozen=True):
    """One claim about the library, as its test declares it."""

    id: str
    file: str  # relative to the repository
    line: int
    claim: str
    docstring: str
    api: List[str]
    page: Optional[str]
    article: Optional[str]
    changes: List[Change]
    signature: bool = False  # whether it records signatures, which a call by keyword does not meet
    interchange: Optional[Interchange] = None
    former: List[str] = []  # the ids that it had before
    fault: str = ""  # why its record says nothing; empty where it does

    @property
    def chapter(self) -> str:
        """The first part of the id."""
        return self.id.partition(".")[0]

    @property
    def function(self) -> str:
        """The name of the test."""
        return f"test_{self.id.partition('.')[2]}"

    @property
    def node(self) -> str:
        """How pytest calls the test; empty for a fact of the surface, which has none."""
        return f"{self.file}::{self.function}" if self.file else ""


class Claim(Struct, frozen=True, forbid_unknown_fields=True):
    """One sentence of an article that says what torch does, in our words.

    A verdict is ``holds``, ``holds since V``, ``holds until V`` (V is the last line on which it
    held), ``holds if CONDITION`` or ``never held``. The last two, and whatever needs words, have a
    ``note``.
    """

    article: str
    section: str
    claim: str
    tests: List[str]  # the behaviours that decide it
    verdict: str
    note: Optional[str] = None
