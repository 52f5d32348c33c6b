"""Result: what a comparison of two runs found, as its JSON file holds it.

The schema of the file is made from these classes. Every class is an idea; fields that a newer
version adds are optional, so that an older file can still be read.
"""

from __future__ import annotations

import enum
from typing import Dict, Literal, Optional, Tuple, Union

from msgspec import Struct

FORMAT: Literal[1] = 1
Number = Union[int, float, None]


class Verdict(enum.Enum):
    """What became of a program under the other release. The members are in the order of harm."""

    FAILS = "fails"
    OPERATION = "operation"  # an operation gives another result, or another one is called
    STREAM = "stream"  # other random numbers under the same seed
    DATA = "data"  # the program was fed with other data, such as NumPy's
    UNKNOWN = "unknown"  # it parts, and where could not be found
    ROUNDING = "rounding"  # parts through rounding alone
    TOLERANCE = "tolerance"  # not the same bits, and within tolerance to the end
    SAME = "same"  # the same bits
    UNSTABLE = "unstable"  # the same release twice gives other numbers: nothing can be said

    @property
    def parted(self) -> bool:
        """Whether the exit status is 1."""
        return self not in (Verdict.SAME, Verdict.TOLERANCE)


class Where(Struct, frozen=True, omit_defaults=True):
    """A line of the reader's own file."""

    file: str  # relative to the working folder
    line: int
    function: str = ""
    text: str = ""  # the line itself, without its indent


class Seen(Struct, frozen=True, omit_defaults=True):
    """A behaviour of the records that tells of a difference."""

    id: str
    words: str  # what changed
    version: str
    kind: str
    advice: str = ""
    cause: str = ""


class Tensor(Struct, frozen=True):
    """What a tensor is."""

    dtype: str  # as float32
    shape: Tuple[int, ...]


class Difference(Struct, frozen=True, omit_defaults=True):
    """One place where the two runs part, given the same inputs."""

    kind: Literal["value", "structure", "draw", "rounding"]
    name: str  # of the operation, such as addmm; of the call where no operation is to blame
    phase: str  # forward, backward, step
    mark: int
    step: int  # the optimizer step in which it happens, counted from 1
    api: str = ""  # the function of torch that was called, as torch.nn.functional.gelu
    module: str = ""  # path below the outermost module
    module_class: str = ""  # as torch.nn.LSTM
    at: Optional[Where] = None
    made_at: Optional[Where] = (
        None  # of a backward: the line of the forward; of a step: where the optimizer is made
    )
    inputs: Tuple[Tensor, ...] = ()
    arguments: str = ""  # that are no tensors
    before: Optional[Tensor] = None
    after: Optional[Tensor] = None
    largest: Optional[float] = None  # absolute difference
    scale: Optional[float] = None  # the largest absolute value before
    elements: int = 0  # that differ
    of: int = 0
    was: Tuple[Number, ...] = ()  # the first elements that differ
    now: Tuple[Number, ...] = ()
    only_before: Tuple[str, ...] = ()  # operations that only the older run makes here
    only_after: Tuple[str, ...] = ()
    words: str = ""  # what happened, in one sentence
    behaviours: Tuple[Seen, ...] = ()
    key: str = ""  # of the operation in the trace

    @property
    def measured(self) -> bool:
        """Whether it is a call that can be made again, and not data or a number of a group."""
        return bool(self.key) or self.kind == "draw"


class Warned(Struct, frozen=True, omit_defaults=True):
    """A warning of a run."""

    category: str
    text: str
    at: Optional[Where] = None
    behaviours: Tuple[Seen, ...] = ()


class Raised(Struct, frozen=True, omit_defaults=True):
    """The exception that ended a run, or its exit status where it ended without one."""

    kind: str
    text: str
    at: Optional[Where] = None
    step: int = 0  # optimizer steps before it
    status: int = 0
    behaviours: Tuple[Seen, ...] = ()


class Run(Struct, frozen=True, omit_defaults=True):
    """One run of the program under one release."""

    torch: str
    python: str
    seconds: float
    tracing: float  # seconds of these that tracing took
    steps: int
    status: int
    output: str = ""  # what the program printed, its last 20,000 characters
    errors: str = ""  # likewise, on stderr
    warnings: Tuple[Warned, ...] = ()
    raised: Optional[Raised] = None
    seeded: Tuple[str, ...] = ()  # what the program itself seeds: torch, random, numpy
    workers: int = 0  # forked processes, which are not traced
    processes: int = 1  # that import torch
    stopped: str = ""  # "steps" or "minutes" where a limit ended it
    packages: Optional[Dict[str, str]] = None


class Curve(Struct, frozen=True):
    """Losses of one run: the value at each backward, None for what is no single number."""

    run: str  # before, after, control, jitter, tape
    losses: Tuple[Optional[float], ...]


class Distances(Struct, frozen=True):
    """How far the parameters lie apart after each optimizer step, relative to their size."""

    run: str  # after, jitter, tape; each against `before`
    names: Tuple[str, ...]
    steps: Tuple[int, ...]
    values: Tuple[Tuple[Optional[float], ...], ...]  # a row for each name


class Step(Struct, frozen=True, omit_defaults=True):
    """How far one step leads apart from the same state: what rounding does in a single step."""

    step: int
    parameters: float  # the largest difference of a parameter, relative to its size
    loss: float = 0.0


class Tried(Struct, frozen=True):
    """A release that --bisect tried."""

    release: str
    verdict: Verdict
    alike: bool  # whether it parts from the older release as the newer one does


class Made(Struct, frozen=True):
    """One of the runs that the answer is made from."""

    what: str  # before, after, control, jitter, tape, followed
    seconds: float


class Result(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a comparison of two runs found."""

    format: Literal[1] = FORMAT
    what: Literal["run"] = "run"
    date: str
    command: Tuple[str, ...]
    verdict: Verdict
    words: str  # the verdict in a sentence
    also: Tuple[Verdict, ...] = ()  # what else is true of it
    before: Run
    after: Run
    notes: Tuple[str, ...] = ()  # what else differs between the environments, what was set
    parted_at: Optional[int] = None  # optimizer step of the first other bit; 0: before any step
    differences: Tuple[Difference, ...] = ()
    rounding: Tuple[Difference, ...] = ()  # operations that round otherwise
    new_warnings: Tuple[Warned, ...] = ()
    gone_warnings: Tuple[Warned, ...] = ()
    taped: Optional[Verdict] = None  # with the older run's random numbers
    forced: Tuple[Step, ...] = ()  # the newer release, each step from the older one's state
    curves: Tuple[Curve, ...] = ()
    distances: Tuple[Distances, ...] = ()
    farthest: Optional[float] = None  # the largest relative distance of a loss
    first_beyond: Optional[int] = None  # the backward, from 1, whose loss is beyond tolerance
    made: Tuple[Made, ...] = ()
    begins: str = ""  # the release at which the parting begins, by --bisect
    tried: Tuple[Tried, ...] = ()
    drafts: Tuple[str, ...] = ()  # what --draft wrote, and what to do next, line by line
    seconds: float = 0.0
