"""Design: two releases timed side by side, with a second copy of the older one as the control.

A launch starts four workers: ``before``, ``control`` (the same release again), ``after``, and
``twin`` (the newer release again). A round times one block in each of them, in random order. Bursts
of rounds follow each other in a random order of benchmarks until the launch's share of the budget
is spent. Some properties of a process, such as its addresses and its hash seed, stay the same for a
whole launch. That is why a run has several launches.

The times of the twin are not used. It is there because the processes of one release share the
memory of its code, and so the processor's caches. Without a twin the newer release has its code to
itself, and a copy of a release looked 4.5 % slower than that release: every forward, backward and
whole step of three networks, by 3 to 7 %. With a twin the mean was 0.1 %.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fnmatch
import os
import platform
import random
import shlex
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import msgspec
from msgspec.structs import replace

from torch_history.bench import raw
from torch_history.bench.packages import needed
from torch_history.bench.rounds import (
    ROLES,
    Comparison,
    FirstCall,
    Launch,
    Machine,
    Manifest,
    benchmark,
)
from torch_history.bench.timing import FIGURES, kind
from torch_history.errors import HistoryError
from torch_history.matrix.environments import Environment
from torch_history.progress import Tell
from torch_history.records import sources

WORKERS = (*ROLES, "twin")
BURST = 3  # consecutive rounds of one benchmark; an untimed call comes before them
# glibc keeps freed memory. Otherwise it maps each large tensor anew and its pages fault in again,
# at a cost that varies by 10 %.
_ALLOCATOR = (
    "MALLOC_MMAP_THRESHOLD_=33554432",
    "MALLOC_TRIM_THRESHOLD_=4000000000",
    "MALLOC_TOP_PAD_=67108864",
)
# The environment of a release has torch and not this package, which comes from the checkout.
_BEGIN = (
    "import sys; sys.path.insert(0, channel.receive()); "
    "from torch_history.bench.worker import serve; serve(channel)"
)


class Plan(NamedTuple):
    """What to compare, and how long it may take."""

    before: Environment
    after: Environment
    seconds: float
    only: Tuple[str, ...] = ()  # patterns of benchmarks, as mlp-5.*; all without
    launches: int = 6
    device: str = "cpu"
    force: bool = False  # compare environments that differ in more than torch
    core: Optional[int] = None  # where the workers run; None: each launch draws one
    alter: Optional[str] = None  # for the workers of ``after``: see Worker


class WorkerError(HistoryError):
    """A worker failed in a way that no property of the release explains."""


class Remote:
    """The near end of one worker. ``ask`` does not wait for ``answer``: workers run in parallel."""

    def __init__(
        self,
        group: Any,
        environment: Environment,
        root: Path,
        device: str,
        alter: Optional[str],
        cache: str,
    ):
        settings = {
            "OMP_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "TORCHINDUCTOR_CACHE_DIR": cache,
        }
        self.release = environment.release
        # glibc reads its settings when a process starts. execnet would set them in the running one,
        # which is early enough for those that torch reads.
        python = " ".join(["env", *_ALLOCATOR, shlex.quote(str(environment.python))])
        variables = [f"env:{name}={value}" for name, value in settings.items()]
        # What a compiler leaves in the working folder is deleted with the cache.
        gateway = group.makegateway(
            "//".join(["popen", f"python={python}", f"chdir={cache}", *variables])
        )
        self.channel = gateway.remote_exec(_BEGIN)
        self.channel.send(str(root))
        self.channel.send((str(root), device, alter))

    def ask(self, name: str, *arguments: Any) -> None:
        """Send a request to the worker; ``answer`` waits for what comes back."""
        self.channel.send((name, arguments))

    def answer(self) -> Tuple[str, Any]:
        """``("ok", value)`` or ``("missing", why)``. Raises WorkerError for anything else."""
        import execnet

        try:
            answered, value = self.channel.receive()
        except (EOFError, execnet.RemoteError) as error:
            why = str(error).strip() or "no reason given"
            raise WorkerError(
                f"torch {self.release}: its process ended: {why}: "
                "run again, with --only for a few benchmarks to find out which one ends it"
            ) from None
        if answered == "error":
            raise WorkerError(f"torch {self.release}: {value.strip().splitlines()[-1]}\n{value}")
        return answered, value

    def get(self, name: str, *arguments: Any) -> Any:
        """The answer to a request that every release can fulfil."""
        self.ask(name, *arguments)
        answered, value = self.answer()
        if answered == "missing":
            raise HistoryError(f"torch {self.release}: {value}")
        return value

    def describe(self, root: Path) -> Manifest:
        """What the worker's release runs in."""
        described = {
            **self.get("describe"),
            "sources": sources.of_folder(root / "spec" / "benchmarks"),
        }
        return msgspec.convert(described, Manifest)


@contextlib.contextmanager
def workers(
    root: Path, members: Dict[str, Tuple[Environment, Optional[str]]], device: str, cache: Path
) -> Iterator[Dict[str, Remote]]:
    """Role -> worker, each in its environment and with its own folder in ``cache``.

    The processes end when the block does.
    """
    with needed("execnet", "timing"):
        import execnet

    group = execnet.Group()
    try:
        # Each has its own cache: the control must compile as the others do, not find their results.
        # All are started before the first answer, so that they import torch in parallel.
        remotes = {}
        for role, (environment, alter) in members.items():
            (cache / role).mkdir(exist_ok=True)
            remotes[role] = Remote(group, environment, root, device, alter, str(cache / role))
        for remote in remotes.values():
            answered, why = remote.answer()
            if answered == "missing":
                raise HistoryError(why)
        yield remotes
    finally:
        # A worker in the middle of a call does not notice that it should end, and is killed.
        group.terminate(timeout=2)


def compare(root: Path, plan: Plan, file: Path, tell: Tell) -> Comparison:
    """Run a plan, and write the raw record to ``file`` after each launch.

    After an interruption (KeyboardInterrupt) it returns what it has, with ``interrupted`` true. If
    the releases are not known yet, there is nothing to return and the interruption is passed on.
    """
    run = _Run(root, plan, tell)
    # what a release compiles in its first launch is still there in the later ones
    cache = Path(tempfile.mkdtemp())
    try:
        for launch in range(plan.launches):
            run.launch(launch, cache)
            # After each launch: a worker that dies in a later one does not cost the earlier ones.
            raw.write(file, run.record())
        return run.record()
    except KeyboardInterrupt:
        if run.after is None:
            raise
        record = run.record(interrupted=True)
        raw.write(file, record)
        return record
    finally:
        shutil.rmtree(cache, ignore_errors=True)  # a compiler's child may still be writing


class _Timed:
    """The rounds of one benchmark in the launch that is running."""

    def __init__(self, calls: int):
        self.calls = calls
        # one append adds a whole round, so that an interruption cannot leave a part of one
        self.rounds: List[Tuple[int, ...]] = []

    def launch(self) -> Launch:
        before, control, after = zip(*self.rounds) if self.rounds else ((), (), ())
        return Launch(calls=self.calls, before=before, control=control, after=after)


class _Run:
    """A comparison while it is measured. ``record`` is what it has so far."""

    def __init__(self, root: Path, plan: Plan, tell: Tell):
        self.root, self.plan, self.tell = root, plan, tell
        # The load of the machine is read here, before the workers add to it.
        self.start, self.began = started(), time.monotonic()
        self.random = random.Random(self.start.seed)
        self.before: Optional[Manifest] = None
        self.after: Optional[Manifest] = None
        self.notes: List[str] = []
        self.missing: Dict[str, str] = {}
        self.first_calls: Dict[str, List[Tuple[int, ...]]] = {}
        self.timed: Dict[str, List[_Timed]] = {}
        self.remotes: Dict[str, Remote] = {}

    def record(self, interrupted: bool = False) -> Comparison:
        assert self.before is not None and self.after is not None, "no launch has described them"
        return Comparison(
            device=self.plan.device,
            altered=self.plan.alter,
            notes=tuple(self.notes),
            date=self.start.date,
            machine=self.start.machine,
            seed=self.start.seed,
            interrupted=interrupted,
            before=self.before,
            after=self.after,
            missing=self.missing,
            first_call={
                name: FirstCall(**dict(zip(ROLES, zip(*calls))))
                for name, calls in self.first_calls.items()
            },
            rounds={
                name: tuple(timed.launch() for timed in launches)
                for name, launches in self.timed.items()
            },
        )

    def launch(self, number: int, cache: Path) -> None:
        """Four fresh processes, and rounds until the deadline; at least one burst of each."""
        plan = self.plan
        # From the start of the run: a launch that overran shortens the next one.
        deadline = self.began + plan.seconds * (number + 1) / plan.launches
        prefix = f"launch {number + 1} of {plan.launches}: "
        self._tell(f"{prefix}importing torch")
        members = {
            "before": (plan.before, None),
            "control": (plan.before, None),
            "after": (plan.after, plan.alter),
            "twin": (plan.after, plan.alter),
        }
        with workers(self.root, members, plan.device, cache) as self.remotes:
            if number == 0:
                self._describe()
            ready = self._prepare(prefix)
            # Not earlier: the four build in parallel, and would share the core. From here on they
            # take turns, on one core, since cores may differ in speed.
            core = self.random.choice(cores()) if plan.core is None else plan.core
            for remote in self.remotes.values():
                remote.get("pin", core)
            self._sweep(ready, deadline, prefix)

    def _tell(self, what: str) -> None:
        self.tell(min(1.0, (time.monotonic() - self.began) / self.plan.seconds), what)

    def _describe(self) -> None:
        before, after = (
            replace(self.remotes[role].describe(self.root), processes=2)
            for role in ("before", "after")
        )
        self.notes = unlike(before, after)
        if self.notes and not self.plan.force:
            raise HistoryError(
                f"{'; '.join(self.notes)}: the ratios would not show torch alone: "
                "use one Python for both with --python, or compare them anyway with --force"
            )
        self.before, self.after = before, after

    def _prepare(self, prefix: str) -> Dict[Tuple[str, str], _Timed]:
        """Build every benchmark that both releases have; (case, figure) -> its rounds."""
        ready: Dict[Tuple[str, str], _Timed] = {}
        first = self.remotes["before"]
        for case in matching(first.get("cases"), self.plan.only):
            for figure in FIGURES[kind(self.plan.device)]:
                name = benchmark(case, figure)
                self._tell(f"{prefix}building {name}")
                if self._prepared(case, figure):
                    # One number of calls for all, so that blocks have equal overhead.
                    timed = _Timed(first.get("calibrate", case, figure))
                    ready[case, figure] = timed
                    self.timed.setdefault(name, []).append(timed)
        return ready

    def _prepared(self, case: str, figure: str) -> bool:
        """Build a case in all workers in parallel; if one lacks it, the record says so."""
        for remote in self.remotes.values():
            remote.ask("prepare", case, figure)
        # All answers are taken at once: one left over would answer the next request.
        answers = {role: remote.answer() for role, remote in self.remotes.items()}
        name = benchmark(case, figure)
        # The control lacks what `before` lacks, and the twin what `after` lacks.
        for role in ("before", "after"):
            answered, value = answers[role]
            if answered == "missing":
                self.missing[name] = value
                return False
        if case.endswith(".compiled"):  # in the first launch the cache is empty: it compiles
            calls = tuple(answers[role][1] for role in ROLES)
            self.first_calls.setdefault(name, []).append(calls)
        return True

    def _sweep(self, ready: Dict[Tuple[str, str], _Timed], deadline: float, prefix: str) -> None:
        """Bursts of all benchmarks in random order, again and again until the deadline."""
        sweep = 0
        while ready and (sweep == 0 or time.monotonic() < deadline):
            sweep += 1
            for case, figure in self.random.sample(list(ready), len(ready)):
                if sweep > 1 and time.monotonic() >= deadline:
                    break
                self._tell(f"{prefix}timing, sweep {sweep}: {benchmark(case, figure)}")
                self._burst(ready[case, figure], case, figure)

    def _burst(self, timed: _Timed, case: str, figure: str) -> None:
        for number in range(BURST):
            taken = {
                role: self.remotes[role].get("time", case, figure, timed.calls, int(number == 0))
                for role in self.random.sample(WORKERS, len(WORKERS))
            }
            timed.rounds.append(tuple(taken[role] for role in ROLES))


def cores() -> List[int]:
    """The cores of the processor that this process may use."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]


def unlike(before: Manifest, after: Manifest) -> List[str]:
    """How two environments differ besides torch: the minor version of Python, the kind of wheel."""
    found = []
    if before.python.split(".")[:2] != after.python.split(".")[:2]:
        found.append(
            f"torch {before.release} runs on Python {before.python}, "
            f"torch {after.release} on Python {after.python}"
        )
    if before.build[:2] != after.build[:2]:  # cu117 and cu124 are one kind of wheel, cpu is another
        found.append(
            f"torch {before.release} is a {before.build} wheel, "
            f"torch {after.release} a {after.build} one"
        )
    return found


def matching(cases: Sequence[str], patterns: Sequence[str]) -> List[str]:
    """The cases that match at least one pattern. Raises HistoryError if a pattern matches none."""
    for pattern in patterns:
        if not any(fits(case, pattern) for case in cases):
            raise HistoryError(
                f"--only {pattern!r} fits no benchmark: choose from {', '.join(cases)}"
            )
    return [
        case for case in cases if not patterns or any(fits(case, pattern) for pattern in patterns)
    ]


def fits(name: str, pattern: str) -> bool:
    """Whether a pattern is a part of the name, or matches all of it as a shell pattern does."""
    return pattern in name or fnmatch.fnmatchcase(name, pattern)


class Start(NamedTuple):
    """When and where a run began, and the seed of its random order."""

    date: dt.date
    machine: Machine
    seed: int


def started() -> Start:
    """The start of a run that begins now."""
    today = dt.date.today()  # noqa: DTZ011  the local date is what a reader expects
    return Start(today, machine(), random.randrange(2**32))


def machine() -> Machine:
    """The processor, the number of cores, and how busy they have been."""
    name = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    load = tuple(round(value, 2) for value in os.getloadavg())
    return Machine(processor=name, cores=os.cpu_count(), load=load)
