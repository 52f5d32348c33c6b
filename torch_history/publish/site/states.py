"""States: what a behaviour does on a release, as the colour of a cell says it."""

from __future__ import annotations

from enum import Enum
from typing import Dict, List, Optional, Sequence

from torch_history import versions
from torch_history.catalogue.index import Chain, Record
from torch_history.catalogue.kinds import missing
from torch_history.observing.words import Observed
from torch_history.questions.query import Entry
from torch_history.records import store


class State(Enum):
    """What torch did. The members are in the order in which they hide each other in a cell."""

    ABSENT = ("absent", "the API or argument does not exist")
    RAISES = ("raises", "it raises")
    WARNS = ("warns", "it works, with a warning")
    OTHER = ("other", "it works, and gives another value than today")
    WORKS = ("works", "it works")
    UNKNOWN = ("unknown", "not observed")

    meaning: str

    def __new__(cls, slug: str, meaning: str) -> State:
        """A member whose value is its slug: the class in HTML, and the word in JSON."""
        member = object.__new__(cls)
        member._value_, member.meaning = slug, meaning
        return member

    @property
    def slug(self) -> str:
        """The class of its cell in HTML, and its word in JSON."""
        return str(self.value)


_ORDER = list(State)


def states(record: Record, device: str, releases: Sequence[str]) -> List[State]:
    """The state on each release, as the entries say: unknown only where there is none.

    Of several cases, those that changed decide; of these, the state that comes first in ``State``.
    """
    chains = [store.chain_for(devices, device, releases[-1]) for devices in record.values()]
    timelines = [_timeline(chain, releases) for chain in chains]
    deciding = [one for one in timelines if len(set(one)) > 1] or timelines
    if not deciding:
        return [State.UNKNOWN] * len(releases)
    return [min(at, key=_ORDER.index) for at in zip(*deciding)]


def _timeline(chain: Chain, releases: Sequence[str]) -> List[State]:
    """The state of one case on each release."""
    entries = {since: Entry(since, raw).observation for since, raw in chain.items()}
    returned = [one for one in entries.values() if "value" in one]
    newest = returned[-1] if returned else None
    by_entry = {since: _state(one, newest) for since, one in entries.items()}
    found = []
    for release in releases:
        since = versions.holding(chain, release)
        found.append(by_entry[since] if since else State.UNKNOWN)
    return found


def _state(observation: Observed, newest: Optional[Observed]) -> State:
    if "raised" in observation:
        return State.ABSENT if missing(observation) else State.RAISES
    if observation.get("warned"):
        return State.WARNS
    same = newest is not None and repr(observation["value"]) == repr(newest["value"])
    return State.WORKS if same else State.OTHER


def meanings() -> Dict[str, str]:
    """Slug -> meaning, in the order of a legend: what works first."""
    shown = [State.WORKS, State.OTHER, State.WARNS, State.RAISES, State.ABSENT, State.UNKNOWN]
    return {one.slug: one.meaning for one in shown}
