"""Estimate: from raw rounds to a ratio, its interval, and a verdict.

- **Round.** The ratio is log(after) - (log(before) + log(control)) / 2. The control's ratio is
  log(control) - log(before) and should be 0.
- **Launch and run.** The figure of a launch is the mean of its rounds, the figure of a run the
  mean of its launches. A median would not see a cost that falls on few calls. What slows the whole
  machine down affects all three sides of a round.
- **Interval.** It resamples launches, and the rounds within each. Its level is
  1 - 0.05 / (number of benchmarks), so that one run in twenty has an interval that misses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, List, Literal, NamedTuple, Optional, Sequence, Tuple

from torch_history.bench.packages import needed
from torch_history.bench.rounds import Comparison, Launch

with needed("numpy", "a benchmark"):
    import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Verdict = Literal["slower", "faster", "inconclusive", "void", "unknown"]

LEVEL = 0.05  # how often a whole run may have an interval that misses
THRESHOLD = float(np.log(1.05))  # smaller changes are not reported, whatever their interval
FEWEST_LAUNCHES = 3  # fewer do not show how much the process itself matters
RESAMPLES, MEANS = 20_000, 1_000
AT_ONCE = 4_000_000  # numbers drawn at once: bounds the memory for a launch of very many rounds
VERDICTS: Dict[Verdict, str] = {
    "slower": "the ratio is above 1.05 and outside the control's interval, "
    "and its own interval is above 1",
    "faster": "the same in the other direction",
    "inconclusive": "neither of these, or fewer than three launches; "
    "this does not show that nothing changed",
    "void": "the control, which is one release against itself, is off by more than 5 %: "
    "the run shows nothing",
    "unknown": "a release does not have the variant, or nothing was timed",
}


class Estimate(NamedTuple):
    """One benchmark of a run. A ratio is after / before: 1.1 is 10 % slower."""

    name: str
    verdict: Verdict
    reason: Optional[str] = None  # why it is unknown
    ratio: float = float("nan")
    interval: Tuple[float, float] = (float("nan"), float("nan"))  # low, high
    control: float = float("nan")
    control_interval: Tuple[float, float] = (float("nan"), float("nan"))
    before_ns: float = float("nan")  # one call, median
    after_ns: float = float("nan")
    launches: int = 0
    rounds: int = 0


def estimates(record: Comparison) -> List[Estimate]:
    """Every benchmark of a comparison, in the order of the record; unknown ones last."""
    timed = {
        name: launches
        for name, launches in record.rounds.items()
        if any(launch.after for launch in launches)
    }
    level = LEVEL / max(1, len(timed))
    found = [estimate(name, launches, level) for name, launches in timed.items()]
    empty = {
        name: "interrupted before its first round" for name in record.rounds if name not in timed
    }
    unknown = {**record.missing, **empty}
    return found + [Estimate(name, "unknown", why) for name, why in unknown.items()]


def estimate(name: str, launches: Sequence[Launch], level: float) -> Estimate:
    """One benchmark from the rounds of its launches."""
    launches = [launch for launch in launches if launch.after]
    before = [_logs(launch.before, launch.calls) for launch in launches]
    controls = [_logs(launch.control, launch.calls) for launch in launches]
    after = [_logs(launch.after, launch.calls) for launch in launches]
    # (b + c) / 2 is less noisy than one copy, and uncorrelated with c - b, the control's ratio.
    (ratio, interval), (control, around) = _bootstrapped(
        [np.stack([a - (b + c) / 2, c - b]) for b, c, a in zip(before, controls, after)], level
    )
    enough = len(launches) >= FEWEST_LAUNCHES
    return Estimate(
        name=name,
        verdict=_verdict(ratio, interval, control, around) if enough else "inconclusive",
        ratio=float(np.exp(ratio)),
        interval=(float(np.exp(interval[0])), float(np.exp(interval[1]))),
        control=float(np.exp(control)),
        control_interval=(float(np.exp(around[0])), float(np.exp(around[1]))),
        # Medians are for the reader, who wants the usual time. The verdict comes from means.
        before_ns=float(np.exp(np.median(np.concatenate(before)))),
        after_ns=float(np.exp(np.median(np.concatenate(after)))),
        launches=len(launches),
        rounds=sum(map(len, after)),
    )


def _logs(times: Sequence[int], calls: int) -> NDArray[np.float64]:
    """The logarithm of the time of one call, for each block; a time of 0 counts as 1 ns."""
    logs: NDArray[np.float64] = np.log(np.maximum(1, np.array(times, dtype=float)) / calls)
    return logs


def _verdict(
    ratio: float, interval: Tuple[float, float], control: float, around: Tuple[float, float]
) -> Verdict:
    if abs(control) > THRESHOLD:
        return "void"
    # The error that the control shows counts only where it is larger than the threshold.
    beyond = max(THRESHOLD, abs(around[0]), abs(around[1]))
    if ratio > beyond and interval[0] > 0:
        return "slower"
    if ratio < -beyond and interval[1] < 0:
        return "faster"
    return "inconclusive"


def _bootstrapped(
    launches: Sequence[NDArray[np.float64]], level: float
) -> List[Tuple[float, Tuple[float, float]]]:
    """The mean of the launches' means, and its interval, for each figure that a round gives.

    A launch is an array of figures by rounds. Launches are drawn with replacement, then rounds
    within each; the same draws serve each figure, since drawing takes most of the time. NumPy
    promises that RandomState keeps its stream, so the same rounds give the same interval
    everywhere.
    """
    # The rounds of a launch are resampled 1,000 times, and the 20,000 resamples pick from the
    # means: a twentieth of the numbers that new rounds for each resample would take.
    drawn = np.random.RandomState(0)
    means = np.stack([_resampled_means(rounds, drawn) for rounds in launches], axis=1)
    count = len(launches)
    picks = (
        drawn.randint(count, size=(RESAMPLES, count)),
        drawn.randint(MEANS, size=(RESAMPLES, count)),
    )
    found = []
    for number, figure in enumerate(means):
        low, high = np.percentile(figure[picks].mean(axis=1), [50 * level, 100 - 50 * level])
        mean = float(np.mean([rounds[number].mean() for rounds in launches]))
        found.append((mean, (float(low), float(high))))
    return found


def _resampled_means(
    rounds: NDArray[np.float64], drawn: np.random.RandomState
) -> NDArray[np.float64]:
    """``MEANS`` means of each figure; drawn in parts, which gives the same stream as at once."""
    count = rounds.shape[1]
    rows = max(1, AT_ONCE // count)
    parts = []
    for done in range(0, MEANS, rows):
        drawn_rounds = drawn.randint(count, size=(min(rows, MEANS - done), count))
        parts.append([figure.take(drawn_rounds).mean(axis=1) for figure in rounds])
    return np.concatenate(parts, axis=1)


def by_verdict(found: Sequence[Estimate]) -> Dict[Verdict, int]:
    """Verdict -> how many have it, in the order of VERDICTS, without those that none has."""
    counts = {verdict: sum(one.verdict == verdict for one in found) for verdict in VERDICTS}
    return {verdict: count for verdict, count in counts.items() if count}
