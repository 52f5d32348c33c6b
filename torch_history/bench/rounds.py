"""Rounds: the types of what is measured, one class for each idea, as their files hold them.

Every class checks its own values and raises ValueError with the field, the value and the limits.
``raw`` reads and writes the files.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Dict, Literal, Mapping, Optional, Sequence, Tuple, Union

from msgspec import Struct

from torch_history.bench.timing import Figure

FORMAT: Literal[1] = 1
ROLES = ("before", "control", "after")  # the three workers whose times a round keeps

# Limits that no honest file reaches. They keep the time and memory of every reader bounded.
LONGEST = 86_400 * 10**9  # nanoseconds of one block: a day
MOST_CALLS = 10**9  # calls in one block
MOST_NAMES = 1_000  # benchmarks in one file
MOST_LAUNCHES = 1_000
LONGEST_NAME = 200  # characters
LARGEST = 10**6  # batch or width

_RELEASE = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}(\.[0-9]{1,8})?[0-9A-Za-z.+_-]{0,60}")
_DEVICE = re.compile(r"cpu|cuda(:[0-9]{1,3})?")


class Machine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The processor, its number of cores, and how busy it was before the run."""

    processor: str
    cores: Optional[int]
    load: Tuple[float, ...]

    def __post_init__(self) -> None:
        # os.cpu_count() may answer None.
        _check_range("cores", self.cores or 1, 1, 10**6)


class Manifest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a release ran in. Fields that a newer version adds are ignored."""

    # `environment.describe` serves the records too and may gain fields, so unknown ones are
    # allowed. Only what the page shows is required.
    format: Optional[int] = None
    library: Optional[str] = None
    release: str
    build: str
    device: Optional[str] = None
    device_name: Optional[str] = None
    python: str
    platform: Optional[str] = None
    cpu_capability: str
    numpy: Optional[str] = None
    syrupy: Optional[str] = None
    pytest: Optional[str] = None
    sources: Optional[str] = None  # digest of the specification
    # How many processes of a launch ran it. Older files do not say: two for the older release of
    # a comparison, one for the newer.
    processes: Optional[int] = None

    def __post_init__(self) -> None:
        if not _RELEASE.fullmatch(self.release):
            raise ValueError(f"`release` is {shown(self.release)}, not a version such as 2.5.1")


class Launch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rounds of one benchmark in one launch: nanoseconds of a block for each role.

    The three have equal lengths. They are empty if the run was interrupted before the first round.
    """

    calls: int  # in each block
    before: Tuple[int, ...]
    control: Tuple[int, ...]
    after: Tuple[int, ...]

    def __post_init__(self) -> None:
        _check_range("calls", self.calls, 1, MOST_CALLS)
        _check_roles(self)


class FirstCall(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long the first call of a benchmark took, in nanoseconds, launch by launch."""

    before: Tuple[int, ...]
    control: Tuple[int, ...]
    after: Tuple[int, ...]

    def __post_init__(self) -> None:
        _check_roles(self)
        if not self.before:
            raise ValueError("`before` is empty: a benchmark that was called has a first call")


class Comparison(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One run of ``torch-history bench``: two releases, timed side by side."""

    format: Literal[1] = FORMAT
    what: Literal["comparison"] = "comparison"
    device: str
    threads: int = 1
    altered: Optional[str]  # a planted slowdown of ``after``
    notes: Tuple[str, ...]  # differences between the environments besides torch
    date: dt.date
    machine: Machine
    seed: int
    interrupted: bool
    before: Manifest
    after: Manifest
    missing: Dict[str, str]  # benchmark -> why it was not timed
    first_call: Dict[str, FirstCall]  # benchmarks that compile
    rounds: Dict[str, Tuple[Launch, ...]]

    def __post_init__(self) -> None:
        _check_head(self.device, self.threads, self.seed)
        for field in (self.missing, self.first_call, self.rounds):
            _check_names(field)
        for name, launches in self.rounds.items():
            if not 1 <= len(launches) <= MOST_LAUNCHES:
                raise ValueError(
                    f"`rounds` of {shown(name)} has {len(launches)} launches, "
                    f"not between 1 and {MOST_LAUNCHES}"
                )


class Sizes(Struct, frozen=True, forbid_unknown_fields=True):
    """The sizes at which one curve is measured."""

    axis: Literal["batch", "width"]
    family: Literal["mlp", "rnn", "conv"]  # of spec/benchmarks/cases.py
    held: int  # the width of a curve by batch, the batch of a curve by width
    sizes: Tuple[int, ...]

    def __post_init__(self) -> None:
        _check_range("held", self.held, 1, LARGEST)
        for size in self.sizes:
            _check_range("sizes", size, 1, LARGEST)
        if list(self.sizes) != sorted(set(self.sizes)):
            raise ValueError(f"`sizes` is {shown(list(self.sizes))}: the sizes do not ascend")
        # `growth.parameters` has no formula for conv.
        if self.axis == "width" and self.family == "conv":
            raise ValueError("`family` is 'conv': only mlp and rnn have curves by width")

    def case(self, size: int) -> str:
        """The name of the case of this size, as ``mlp-5@64.whole_step``: width 5, batch 64."""
        width, batch = (self.held, size) if self.axis == "batch" else (size, self.held)
        return f"{self.family}-{width}@{batch}.whole_step"


class Blocks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The blocks of one case: nanoseconds of each, and how many calls a block has."""

    calls: int
    ns: Tuple[int, ...]

    def __post_init__(self) -> None:
        _check_range("calls", self.calls, 1, MOST_CALLS)
        _check_times("ns", self.ns)


class Growth(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One run of ``torch-history growth``: the whole step of one release at many sizes."""

    format: Literal[1] = FORMAT
    what: Literal["growth"] = "growth"
    device: str
    threads: int = 1
    figure: Figure
    date: dt.date
    machine: Machine
    seed: int
    interrupted: bool
    release: Manifest
    curves: Dict[str, Sizes]
    missing: Dict[str, str]  # case -> why it was not timed
    rounds: Dict[str, Blocks]  # by case

    def __post_init__(self) -> None:
        _check_head(self.device, self.threads, self.seed)
        for field in (self.curves, self.missing, self.rounds):
            _check_names(field)


class ToolFigures(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a script in ``tools/`` measured about the method, and the Markdown that reports it."""

    format: Literal[1] = FORMAT
    what: Literal["tool"] = "tool"
    title: str
    command: str
    date: dt.date
    lines: Tuple[str, ...]
    figures: Any  # any JSON: each script has its own, and nothing reads them


Record = Union[Comparison, Growth, ToolFigures]


def benchmark(case: str, figure: str) -> str:
    """The name of what is timed: the case, and on an accelerator the figure too."""
    return case if figure == "cpu" else f"{case} {figure}"


def is_device(text: str) -> bool:
    """Whether benchmarks can run on a device of this name: ``cpu``, ``cuda``, ``cuda:1``."""
    return _DEVICE.fullmatch(text) is not None


def shown(value: object) -> str:
    """A value for an error message: its repr, cut after 60 characters."""
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _check_range(field: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise ValueError(f"`{field}` is {shown(value)}, not between {least} and {most}")


def _check_times(field: str, times: Sequence[int]) -> None:
    # 0 is allowed: the clock of a process may be coarser than a block
    if times and not 0 <= min(times) <= max(times) <= LONGEST:
        place = next(i for i, taken in enumerate(times) if not 0 <= taken <= LONGEST)
        _check_range(f"{field}[{place}]", times[place], 0, LONGEST)


def _check_roles(timed: Union[Launch, FirstCall]) -> None:
    for role, times in zip(ROLES, (timed.before, timed.control, timed.after)):
        _check_times(role, times)
    if not len(timed.before) == len(timed.control) == len(timed.after):
        raise ValueError(
            f"`before`, `control` and `after` have {len(timed.before)}, {len(timed.control)} and "
            f"{len(timed.after)} times: a round has one of each"
        )


def _check_head(device: str, threads: int, seed: int) -> None:
    if not is_device(device):
        raise ValueError(f"`device` is {shown(device)}, not cpu, cuda or cuda:N")
    _check_range("threads", threads, 1, 10**6)
    _check_range("seed", seed, 0, 2**32 - 1)


def _check_names(field: Mapping[str, object]) -> None:
    if len(field) > MOST_NAMES:
        raise ValueError(f"{len(field)} names, not at most {MOST_NAMES}")
    for name in field:
        if not 1 <= len(name) <= LONGEST_NAME:
            raise ValueError(f"the name {shown(name)} must have 1 to {LONGEST_NAME} characters")
