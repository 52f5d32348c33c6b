"""Chain: releases that were each compared with the next, and the product of these ratios.

- **Height.** The logarithm of the product of the ratios so far, 0 at the first release.
- **Error.** The error of a step is its interval, or the control's if that is larger. The errors of
  several steps are combined as independent ones: the root of the sum of their squares.
- **Gap.** A step that is void or unknown. No product crosses it.

A gap ends a run of points. The next run begins at the height that a void ratio gives, with the
error that the control shows; after an unknown step it begins where the last one ended.
"""

from __future__ import annotations

import math
from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from torch_history import versions
from torch_history.bench.estimate import Estimate, Verdict
from torch_history.bench.rounds import Comparison
from torch_history.errors import HistoryError

PHASES = ("forward", "backward", "optimizer_step", "zero_grad", "whole_step")
ALONE = (
    "the newer release ran in one process and the older in two, which makes the newer one look "
    "about 5 % slower"
)
Judged = Tuple[Comparison, List[Estimate]]


class Error(NamedTuple):
    """How far the truth may be below and above a logarithm."""

    below: float = 0.0
    above: float = 0.0

    def __or__(self, other: Error) -> Error:
        """Both errors together, as independent ones."""
        return Error(math.hypot(self.below, other.below), math.hypot(self.above, other.above))


class Point(NamedTuple):
    """One benchmark at one release of a chain."""

    at: int  # the place of the release in the chain
    height: float
    error: Error  # of the height
    verdict: Optional[Verdict] = None  # of the step that led here


class Span(NamedTuple):
    """Releases in a row whose steps were timed on one Python."""

    first: int  # places in the chain
    last: int
    python: str  # 3.11


class Ratio(NamedTuple):
    """A ratio of two releases with its interval."""

    ratio: float
    interval: Tuple[float, float]


class Chain(NamedTuple):
    """Comparisons of neighbours on one device, oldest first."""

    releases: Tuple[str, ...]
    steps: Tuple[Mapping[str, Estimate], ...]  # steps[i] compares releases[i] with the next
    device: str
    pythons: Tuple[str, ...]  # on which each step was timed
    runs: Tuple[str, ...] = ()  # the days and machines, each once
    notes: Tuple[str, ...] = ()  # what the runs do not control

    def names(self) -> List[str]:
        """The benchmarks of any step, those of one network side by side."""
        names = list(dict.fromkeys(name for step in self.steps for name in step))
        networks = list(dict.fromkeys(map(network, names)))
        # A variant that only later releases have would be last, away from its network.
        return sorted(names, key=lambda name: networks.index(network(name)))

    def row(self, name: str) -> List[Estimate]:
        """One benchmark, step by step; unknown where a step does not have it."""
        return [step.get(name, Estimate(name, "unknown")) for step in self.steps]


def network(name: str) -> str:
    """``mlp-5`` of ``mlp-5.forward``."""
    return name.partition(".")[0]


def known(one: Estimate) -> bool:
    """Whether a ratio may be multiplied with others."""
    return one.verdict not in ("unknown", "void")


def chained(judged: Iterable[Judged]) -> Chain:
    """The chain of these comparisons, in any order.

    Raises HistoryError if they are not neighbours, or not on one device.
    """
    judged = sorted(judged, key=lambda one: versions.key(one[0].before.release))
    records = [record for record, _ in judged]
    first = records[0]
    releases = (first.before.release, *(record.after.release for record in records))
    for record, release in zip(records, releases):
        if record.before.release != release:
            raise HistoryError(
                f"no comparison continues from torch {release} (the next is from "
                f"{record.before.release}): a row of releases needs neighbours"
            )
        if record.device != first.device:
            raise HistoryError(
                f"comparisons on {first.device} and on {record.device}: "
                "a row of releases needs one device"
            )
    steps = tuple({one.name: one for one in found} for _, found in judged)
    pythons = tuple(record.after.python for record in records)
    where = tuple(dict.fromkeys(map(_where, records)))
    notes = tuple(dict.fromkeys(note for record in records for note in _notes(record)))
    return Chain(releases, steps, first.device, pythons, where, notes)


def _where(record: Comparison) -> str:
    machine = record.machine
    return f"{record.date} on {machine.processor} with {machine.cores} cores"


def not_clean(record: Comparison) -> List[str]:
    """What a run does not control."""
    notes = list(record.notes)
    if record.after.processes is None and record.before.release != record.after.release:
        notes.append(ALONE)
    return notes


def _notes(record: Comparison) -> List[str]:
    notes = not_clean(record)
    if record.altered:
        notes.append(f"torch {record.after.release} was altered by {record.altered}")
    if record.interrupted:
        notes.append(f"torch {record.after.release}: the run was interrupted")
    return notes


def runs(row: Sequence[Estimate]) -> List[List[Point]]:
    """One benchmark as runs of points without a gap."""
    found = [[Point(0, 0.0, Error())]]
    for at, one in enumerate(row, start=1):
        last = found[-1][-1]
        if one.verdict == "unknown":
            point = Point(at, last.height, Error(), one.verdict)
        else:
            height = last.height + math.log(one.ratio)
            point = Point(at, height, last.error | error(one), one.verdict)
        if known(one):
            found[-1].append(point)
        else:
            found.append([point])
    return found


def error(one: Estimate) -> Error:
    """The error of one ratio: its interval, or the control's if that is larger."""
    control = max(abs(math.log(end)) for end in one.control_interval)
    middle, (low, high) = math.log(one.ratio), map(math.log, one.interval)
    return Error(max(middle - low, control), max(high - middle, control))


def product(chain: Chain, name: str, before: str, after: str) -> Optional[Ratio]:
    """The product of the ratios between two releases; None across a gap or off the chain."""
    if not {before, after} <= set(chain.releases):
        return None
    row = chain.row(name)[chain.releases.index(before) : chain.releases.index(after)]
    if not row or not all(map(known, row)):
        return None
    last = runs(row)[-1][-1]
    return _ratio(last.height, last.error)


def direct(one: Estimate) -> Ratio:
    """The ratio of one comparison, with its interval as the error of a step counts it."""
    return _ratio(math.log(one.ratio), error(one))


def agree(one: Ratio, other: Ratio) -> bool:
    """Whether two ratios of the same releases differ by no more than both errors together."""
    low, high = sorted([one, other])
    up = math.log(low.interval[1] / low.ratio)
    down = math.log(high.ratio / high.interval[0])
    return math.log(high.ratio / low.ratio) <= math.hypot(up, down)


def _ratio(height: float, error: Error) -> Ratio:
    ends = math.exp(height - error.below), math.exp(height + error.above)
    return Ratio(math.exp(height), ends)


def spans(chain: Chain) -> List[Span]:
    """The Pythons of a chain, oldest release first."""
    found: List[Span] = []
    for at, python in enumerate(chain.pythons):
        line = python.rpartition(".")[0] or python
        if found and found[-1].python == line:
            found[-1] = found[-1]._replace(last=at + 1)
        else:
            found.append(Span(at, at + 1, line))
    return found


def phases(chain: Chain) -> Dict[str, List[str]]:
    """Network -> its benchmarks that are phases of the step, in the order of ``PHASES``."""
    names = chain.names()
    found = {
        one: [f"{one}.{phase}" for phase in PHASES if f"{one}.{phase}" in names]
        for one in dict.fromkeys(map(network, names))
    }
    return {one: phases for one, phases in found.items() if phases}
