"""Estimate: from raw rounds to a ratio, its interval, and a verdict.

A round gives log(after) - (log(before) + log(control)) / 2 for the ratio and log(control) - log(before) for the control, which
must read 1.0. A launch's figure is the mean of its rounds, a run's the mean of its launches'. It is the mean because a median does
not see a cost that falls on few calls; what slows the whole machine down falls on all three sides of a round. The interval
resamples launches, and within each its rounds; its level is 1 - 0.05 / (number of benchmarks), so that a run in twenty has a false
interval.
"""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from torch_history.bench.design import ROLES

LEVEL = 0.05  # of a false interval in a whole run
THRESHOLD = np.log(1.05)  # what is smaller is never called, whatever its interval
FEWEST = 3  # launches: with fewer, the interval cannot know how much a process matters
RESAMPLES, MEANS = 20_000, 1_000
VERDICTS = {
    "slower": "the ratio is beyond 1.05 and beyond the control's interval, and its own interval is above 1",
    "faster": "the same below 1",
    "inconclusive": "neither, or fewer than three launches; that is no proof of no change",
    "void": "the control, one release against itself, read beyond 5 %: nothing can be told",
    "unknown": "a release lacks the variant, or nothing was timed",
}


class Estimate(NamedTuple):
    """One benchmark of a run. Ratios are after / before (1.1: a tenth dearer); intervals are (low, high)."""

    name: str
    verdict: str
    reason: Optional[str] = None  # why unknown
    ratio: float = float("nan")
    interval: Tuple[float, float] = (float("nan"), float("nan"))
    control: float = float("nan")
    control_interval: Tuple[float, float] = (float("nan"), float("nan"))
    before_ns: float = float("nan")  # a call, median
    after_ns: float = float("nan")
    launches: int = 0
    rounds: int = 0


def estimates(record: dict) -> List[Estimate]:
    """Every benchmark of a comparison, in the order of the record; unknown ones last."""
    timed = {
        name: launches
        for name, launches in record["rounds"].items()
        if any(launch["after"] for launch in launches)
    }
    level = LEVEL / max(1, len(timed))
    found = [estimate(name, launches, level) for name, launches in timed.items()]
    empty = {
        name: "interrupted before its first round" for name in record["rounds"] if name not in timed
    }
    return found + [
        Estimate(name, "unknown", why) for name, why in {**record["missing"], **empty}.items()
    ]


def estimate(name: str, launches: List[dict], level: float) -> Estimate:
    """One benchmark from the rounds of its launches."""
    launches = [launch for launch in launches if launch["after"]]
    logs = [
        {
            role: np.log(np.maximum(1, np.array(launch[role], dtype=float)) / launch["calls"])
            for role in ROLES
        }
        for launch in launches
    ]
    ratio, interval = _bootstrapped(
        [one["after"] - (one["before"] + one["control"]) / 2 for one in logs], level
    )
    control, around = _bootstrapped([one["control"] - one["before"] for one in logs], level)
    return Estimate(
        name=name,
        verdict=_verdict(ratio, interval, control, around)
        if len(launches) >= FEWEST
        else "inconclusive",
        ratio=float(np.exp(ratio)),
        interval=(float(np.exp(interval[0])), float(np.exp(interval[1]))),
        control=float(np.exp(control)),
        control_interval=(float(np.exp(around[0])), float(np.exp(around[1]))),
        before_ns=float(np.exp(np.median(np.concatenate([one["before"] for one in logs])))),
        after_ns=float(np.exp(np.median(np.concatenate([one["after"] for one in logs])))),
        launches=len(launches),
        rounds=sum(len(one["after"]) for one in logs),
    )


def _verdict(
    ratio: float, interval: Tuple[float, float], control: float, around: Tuple[float, float]
) -> str:
    if abs(control) > THRESHOLD:
        return "void"
    beyond = max(THRESHOLD, abs(around[0]), abs(around[1]))
    if ratio > beyond and interval[0] > 0:
        return "slower"
    if ratio < -beyond and interval[1] < 0:
        return "faster"
    return "inconclusive"


def _bootstrapped(launches: List[np.ndarray], level: float) -> Tuple[float, Tuple[float, float]]:
    """The mean of the launches' means, and its interval: launches are drawn with replacement, then rounds within each.

    RandomState, because NumPy promises its stream for good: the same rounds give the same interval everywhere.
    """
    drawn = np.random.RandomState(0)
    means = np.array(
        [
            rounds[drawn.randint(len(rounds), size=(MEANS, len(rounds)))].mean(axis=1)
            for rounds in launches
        ]
    )
    count = len(launches)
    picked = means[
        drawn.randint(count, size=(RESAMPLES, count)), drawn.randint(MEANS, size=(RESAMPLES, count))
    ].mean(axis=1)
    low, high = np.percentile(picked, [50 * level, 100 - 50 * level])
    return float(np.mean([rounds.mean() for rounds in launches])), (float(low), float(high))


def by_verdict(found: List[Estimate]) -> Dict[str, int]:
    """Verdict -> how many, in the order of VERDICTS, without those that none has."""
    counts = {verdict: sum(one.verdict == verdict for one in found) for verdict in VERDICTS}
    return {verdict: count for verdict, count in counts.items() if count}
