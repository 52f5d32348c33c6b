"""Messages: the behaviours that raise or warn what somebody pasted.

A pasted message has other numbers, paths and names than the recorded one, so the two are compared
by the words that they share: rare words and pairs of words count most.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections import Counter
from typing import Dict, FrozenSet, List, NamedTuple, Optional

from torch_history.catalogue.index import Index
from torch_history.observing.observation import normalise

_CLOSE = 0.48  # how alike a pasted and a recorded message must be; 1 is the same
# what a word weighs that only the pasted one has, and one that only the recorded one has
_FOREIGN, _ABSENT = 0.6, 0.3
_ENOUGH = 1.5  # rarest words that the two must share
_NEAR_BEST = 0.85  # of the best one's likeness: what is less alike is left out
_LONGEST = 10_000  # characters of a pasted message that are compared

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# what stands before a line in a log: pytest's E, a rank, a logger, the place of a warning
_BEFORE = r"(?:E\s+)?(?:\[\w+\]:?\s*)?(?:[A-Z]+:[\w.]+:\s*)?(?:\S.*?:\d+: )?"
_HEAD = re.compile(
    rf"{_BEFORE}(?:[a-z_]\w*\.)*(?P<type>[A-Z]\w*(?:Error|Exception|Warning|Interrupt|Exit)"
    r"|Exception|Warning|BadZipFile|Unsupported|StopIteration)(?:: ?(?P<words>.*))?$"
)
_WORD = re.compile(r"\w+")
_PATH = re.compile(r"(?<![\w.~-])(?:[\w.~-]*[/\\]){2,}[\w.~-]*|(?<!\S)[/\\][\w.~-]+")


class Told(NamedTuple):
    """A recorded message, with its type before it, and the behaviours that show it."""

    text: str
    behaviours: List[str]


class Likeness(NamedTuple):
    """A recorded message, and how alike a pasted one is: 1 is the same."""

    told: Told
    score: float


def told(index: Index) -> List[Told]:
    """Every message of an exception or a warning in the records, each once."""
    found: Dict[str, Dict[str, None]] = {}
    for behaviour, record in index.records.items():
        chains = (chain for devices in record.values() for chain in devices.values())
        for raw in (raw for chain in chains for raw in chain.values()):
            observation = json.loads(bytes(raw))
            for one in (observation.get("raised"), *observation.get("warned", ())):
                if one:
                    text = f"{one.get('type') or one['category']}: {one['message']}"
                    found.setdefault(text, {})[behaviour] = None
    return [Told(text, list(behaviours)) for text, behaviours in found.items()]


def pasted(text: str) -> Optional[str]:
    """The message in a pasted traceback, warning or log: the last one. None if there is none."""
    lines = _COLOURS.sub("", text).strip().splitlines()
    for number in reversed(range(len(lines))):
        head = _HEAD.match(lines[number].strip())
        if head and (head["words"] or len(lines) > 1):  # the name of a class alone is a word
            rest = lines[number + 1 :]
            if head["type"].endswith("Warning"):
                # Below a warning Python shows the line of source that warned, indented.
                rest = rest[: next((at for at, line in enumerate(rest) if line[:1] == " "), None)]
            return "\n".join([f"{head['type']}: {head['words'] or ''}", *rest])
        if lines[number].startswith("Traceback "):  # of an exception with a name of its own
            below = range(number + 1, len(lines))
            last = next((at for at in below if lines[at][:1].strip()), number)
            return "\n".join(lines[last:])
    return None


def alike(recorded: List[Told], message: str) -> List[Likeness]:
    """The recorded messages that are nearly a pasted one, the most alike first."""
    features = [_features(one.text) for one in recorded]
    counts = Counter(feature for found in features for feature in found)
    rarest = math.log(1 + len(recorded))
    weights = {feature: math.log(1 + len(recorded) / count) for feature, count in counts.items()}
    sought = _features(normalise(message[:_LONGEST]))
    asked = sum(weights.get(feature, rarest) for feature in sought)
    found = []
    for one, own in zip(recorded, features):
        shared = sum(weights[feature] for feature in own & sought)
        missing = sum(weights[feature] for feature in own) - shared
        # A part of a message is enough, so what is missing of it weighs less than what is foreign.
        score = shared / (shared + _FOREIGN * (asked - shared) + _ABSENT * missing or 1)
        if own == sought or (score >= _CLOSE and shared >= _ENOUGH * rarest):
            # Sets have no order, so the last digits of a sum may differ from run to run.
            found.append(Likeness(one, round(score, 6)))
    found.sort(key=lambda likeness: -likeness.score)
    return [one for one in found if one.score >= _NEAR_BEST * found[0].score]


@functools.lru_cache(maxsize=None)
def _features(message: str) -> FrozenSet[str]:
    """The words of a message and its pairs of neighbours, without numbers and paths."""
    words = [
        word for word in _WORD.findall(_PATH.sub(" ", message).lower()) if not word.isdecimal()
    ]
    return frozenset([*words, *(f"{one} {other}" for one, other in zip(words, words[1:]))])
