"""Design: two releases timed side by side, the second copy of the base as control.

A launch starts three workers: ``before``, ``control`` (the same release again) and ``after``. A round times one block in each,
in random order; a burst of rounds follows another in a random order of benchmarks, until the launch's share of the budget is
spent. What a process happens to be (its addresses, its hash seed) stays as it is for a launch, which is why there are several.
"""

from __future__ import annotations

import contextlib
import datetime
import fnmatch
import os
import platform
import random
import shlex
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from torch_history.bench import raw
from torch_history.errors import HistoryError
from torch_history.matrix.environments import Environment

ROLES = ("before", "control", "after")
BURST = 3  # rounds of one benchmark in a row; an untimed call comes before them
FIGURES = {"cpu": ("cpu",), "cuda": ("enqueue", "steady", "graph")}


class Plan(NamedTuple):
    """What to compare, and how long that may take."""

    before: Environment
    after: Environment
    seconds: float
    only: Tuple[str, ...] = ()  # patterns of benchmarks, as mlp-5.*; all without
    launches: int = 6
    device: str = "cpu"
    force: bool = False  # compare what differs in more than torch
    core: Optional[int] = None  # where the workers run; None: each launch draws one
    alter: Optional[str] = None  # for the workers of ``after``: see Worker


class WorkerError(HistoryError):
    """A worker failed in a way that no release explains."""


# glibc keeps what was freed: else each large tensor is mapped and its pages are faulted in anew, at a cost that varies by a tenth
_ALLOCATOR = (
    "MALLOC_MMAP_THRESHOLD_=33554432",
    "MALLOC_TRIM_THRESHOLD_=4000000000",
    "MALLOC_TOP_PAD_=67108864",
)
_BEGIN = "import sys; sys.path.insert(0, channel.receive()); from torch_history.bench.worker import serve; serve(channel)"


class Remote:
    """The near end of one worker: ``ask`` and ``answer`` apart, so that several work at the same time."""

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
        started_with = " ".join(["env", *_ALLOCATOR, shlex.quote(str(environment.python))])
        gateway = group.makegateway(
            "//".join(
                [
                    "popen",
                    f"python={started_with}",
                    f"chdir={cache}",
                    *(f"env:{name}={value}" for name, value in settings.items()),
                ]
            )
        )
        self.channel = gateway.remote_exec(_BEGIN)
        self.channel.send(str(root))
        self.channel.send((str(root), device, alter))

    def ask(self, name: str, *arguments: Any) -> None:
        self.channel.send((name, arguments))

    def answer(self) -> Tuple[str, Any]:
        """``("ok", value)`` or ``("missing", why)``. Raises WorkerError for anything else."""
        import execnet

        try:
            kind, value = self.channel.receive()
        except (EOFError, execnet.RemoteError) as error:
            raise WorkerError(
                f"torch {self.release}: its process ended: {str(error).strip() or 'no reason told'}: "
                "run again, with --only for some benchmarks to find which"
            ) from None
        if kind == "error":
            raise WorkerError(f"torch {self.release}: {value.strip().splitlines()[-1]}\n{value}")
        return kind, value

    def get(self, name: str, *arguments: Any) -> Any:
        self.ask(name, *arguments)
        return self.answer()[1]


@contextlib.contextmanager
def workers(
    root: Path, members: Dict[str, Tuple[Environment, Optional[str]]], device: str, cache: Path
) -> Iterator[Dict[str, Remote]]:
    """Role -> worker, each in its environment and with a folder of its own in ``cache``; they are ended on the way out."""
    import execnet

    group = execnet.Group()
    try:
        remotes = {}
        for role, (environment, alter) in members.items():
            (cache / role).mkdir(exist_ok=True)
            remotes[role] = Remote(group, environment, root, device, alter, str(cache / role))
        for remote in remotes.values():
            kind, why = remote.answer()
            if kind == "missing":
                raise HistoryError(why)
        yield remotes
    finally:
        group.terminate(timeout=2)


def compare(root: Path, plan: Plan, file: Path, tell: Callable[[float, str], None]) -> dict:
    """Run a plan; ``tell(share done, what is going on)`` follows it. The raw record is written to ``file`` after each launch.

    Interrupted (KeyboardInterrupt), it returns what it has, with ``interrupted`` true.
    """
    began = time.monotonic()
    record = {
        **begun("comparison", plan.device),
        "altered": plan.alter,
        "notes": [],
        "before": {},
        "after": {},
        "missing": {},
        "first_call": {},
        "rounds": {},
    }
    shuffled = random.Random(record["seed"])
    cache = Path(
        tempfile.mkdtemp()
    )  # what a release compiles in its first launch, it finds in the later ones
    try:
        for launch in range(plan.launches):
            deadline = began + plan.seconds * (launch + 1) / plan.launches
            _launch(root, plan, record, shuffled, launch, began, deadline, tell, cache)
            raw.write(file, record)
    except KeyboardInterrupt:
        record["interrupted"] = True
        raw.write(file, record)
    finally:
        shutil.rmtree(cache, ignore_errors=True)  # a compiler's child may still be writing
    return record


def _launch(
    root: Path,
    plan: Plan,
    record: dict,
    shuffled: random.Random,
    launch: int,
    began: float,
    deadline: float,
    tell: Callable[[float, str], None],
    cache: Path,
) -> None:
    """One launch: three fresh processes, as many rounds as fit before the deadline, and one burst of each benchmark in any case."""

    def told(what: str) -> None:
        tell(
            min(1.0, (time.monotonic() - began) / plan.seconds),
            f"launch {launch + 1} of {plan.launches}: {what}",
        )

    told("importing torch")
    members = {
        "before": (plan.before, None),
        "control": (plan.before, None),
        "after": (plan.after, plan.alter),
    }
    with workers(root, members, plan.device, cache) as remotes:
        if launch == 0:
            for role in ("before", "after"):
                record[role] = remotes[role].get("describe")
            record["notes"] = unlike(record["before"], record["after"])
            if record["notes"] and not plan.force:
                raise HistoryError(
                    f"{'; '.join(record['notes'])}: the ratios would not be torch's alone: "
                    "name one Python for both with --python, or compare all the same with --force"
                )
        cases = matching(remotes["before"].get("cases"), plan.only)
        ready: Dict[Tuple[str, str], dict] = {}
        for case in cases:
            for figure in FIGURES[plan.device.partition(":")[0]]:
                name = raw.benchmark(case, figure)
                told(f"building {name}")
                if _prepared(remotes, record, case, figure):
                    rounds = {
                        "calls": remotes["before"].get("calibrate", case, figure),
                        **{role: [] for role in ROLES},
                    }
                    ready[case, figure] = rounds
                    record["rounds"].setdefault(name, []).append(rounds)
        core = shuffled.choice(cores()) if plan.core is None else plan.core
        for remote in remotes.values():
            remote.get("pin", core)
        sweep = 0
        while ready and (sweep == 0 or time.monotonic() < deadline):
            sweep += 1
            for case, figure in shuffled.sample(list(ready), len(ready)):
                if sweep > 1 and time.monotonic() >= deadline:
                    break
                told(f"timing, sweep {sweep}: {raw.benchmark(case, figure)}")
                _burst(remotes, ready[case, figure], case, figure, shuffled)


def cores() -> List[int]:
    """The processor's cores that this process may use."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]


def unlike(before: dict, after: dict) -> List[str]:
    """In what two environments differ that is not torch's own doing: the minor line of Python, the flavour of the wheel."""
    found = []
    pythons = [manifest["python"] for manifest in (before, after)]
    if pythons[0].split(".")[:2] != pythons[1].split(".")[:2]:
        found.append(
            f"torch {before['release']} runs on Python {pythons[0]}, torch {after['release']} on Python {pythons[1]}"
        )
    builds = [manifest["build"] for manifest in (before, after)]
    if builds[0][:2] != builds[1][:2]:  # cu117 and cu124 are one flavour, cpu is another
        found.append(
            f"torch {before['release']} is a {builds[0]} wheel, torch {after['release']} a {builds[1]} one"
        )
    return found


def matching(cases: List[str], patterns: Tuple[str, ...]) -> List[str]:
    """The cases that one of the patterns fits (``mlp-5.*``, or a part of the name). Raises HistoryError for a pattern that fits none."""
    for pattern in patterns:
        if not any(fits(case, pattern) for case in cases):
            raise HistoryError(
                f"--only {pattern!r} fits no benchmark: choose from {', '.join(cases)}"
            )
    return [
        case for case in cases if not patterns or any(fits(case, pattern) for pattern in patterns)
    ]


def fits(name: str, pattern: str) -> bool:
    """Whether a pattern is a part of the name, or matches all of it as a shell's would."""
    return pattern in name or fnmatch.fnmatchcase(name, pattern)


def _prepared(remotes: Dict[str, Remote], record: dict, case: str, figure: str) -> bool:
    """Build a case in every worker at the same time; where one lacks it, say so in the record."""
    for remote in remotes.values():
        remote.ask("prepare", case, figure)
    answers = {role: remote.answer() for role, remote in remotes.items()}
    name = raw.benchmark(case, figure)
    for role in ("before", "after"):
        kind, value = answers[role]
        if kind == "missing":
            record["missing"][name] = value
            return False
    if case.endswith(".compiled"):
        for role in ROLES:  # of the first launch: with an empty cache
            record["first_call"].setdefault(name, {}).setdefault(role, []).append(answers[role][1])
    return True


def _burst(
    remotes: Dict[str, Remote], rounds: dict, case: str, figure: str, shuffled: random.Random
) -> None:
    for number in range(BURST):
        taken = {
            role: remotes[role].get("time", case, figure, rounds["calls"], int(number == 0))
            for role in shuffled.sample(ROLES, len(ROLES))
        }
        for role in ROLES:  # all three or none: an interruption leaves whole rounds
            rounds[role].append(taken[role])


def begun(what: str, device: str) -> dict:
    """The head of a raw record: what is measured, where and when, and the seed of its random order."""
    return {
        "format": raw.FORMAT,
        "what": what,
        "device": device,
        "threads": 1,
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "seed": random.randrange(2**32),
        "interrupted": False,
    }


def machine() -> dict:
    """The processor, the number of cores, and how busy they were before."""
    name = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    return {
        "processor": name,
        "cores": os.cpu_count(),
        "load": [round(value, 2) for value in os.getloadavg()],
    }
