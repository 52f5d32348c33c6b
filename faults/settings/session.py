"""Session: a run of pytest that collects the behaviours once, and runs them under each fault.

Each run is forked from the process that has collected them, so that no fault reaches the next.
"""

from __future__ import annotations

import functools
import json
import sys
import time
from pathlib import Path
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
)

import pytest
from _pytest.runner import runtestprotocol

from faults._forking import Task, forked
from faults.settings.meeting import Meeting, Meetings
from faults.settings.rules import Made, faults
from faults.settings.targets import Target, all_targets

ROOT = Path(__file__).resolve().parent.parent.parent
TIMEOUT = 120  # seconds for one fault
Install = Callable[[Any], None]


class Found(NamedTuple):
    """What became of the faults."""

    made: Dict[str, Made]
    noticed: Dict[str, str]  # fault -> the test that noticed it
    alone: List[str]  # met by no behaviour in a way that could tell
    unreachable: Dict[str, str]  # API -> why
    unmet: List[str]  # APIs that a behaviour names, and none calls
    excluded: List[str]  # tests that fail where torch's functions are only watched


class Session:
    """The plugin."""

    def __init__(self, chosen: Sequence[str], jobs: int, kept: Path, tell: Callable[..., Any]):
        self._chosen, self._jobs, self._kept, self._tell = chosen, jobs, kept, tell
        self._items: Dict[str, Any] = {}
        self._installed: Optional[Install] = None
        self._watch: Optional[Meeting] = None
        self.found: Optional[Found] = None

    @pytest.hookimpl(hookwrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: Any) -> Iterator[None]:
        """Install the fault for the body of each test."""
        with pytest.MonkeyPatch.context() as patch:
            if self._installed is not None:
                self._installed(patch)
            if self._watch is not None:
                self._watch.test = pyfuncitem.nodeid
            yield
        if self._watch is not None:
            self._watch.ended()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run everything here, in place of pytest's own loop."""
        self._items = {item.nodeid: item for item in session.items}
        self.found = self._all()
        return True

    def _all(self) -> Found:
        named = _named(self._items.values())
        targets, unreachable = all_targets(ROOT, named)
        meetings, excluded, seconds = self._meet(targets)
        for api in named:
            if api in targets:
                meetings.setdefault(api, {})
        made = {
            one.name: one
            for api, seen in meetings.items()
            for one in faults(targets[api], seen)
            if not self._chosen or any(api.startswith(asked) for asked in self._chosen)
        }
        noticed = self._try(made, meetings, set(excluded), seconds)
        alone = [name for name, one in made.items() if one.met not in meetings[one.api]]
        unmet = [api for api, seen in meetings.items() if not seen]
        named_alone = {api: why for api, why in unreachable.items() if api in named}
        return Found(made, noticed, alone, named_alone, unmet, excluded)

    # ---- what the behaviours meet

    def _meet(self, targets: Dict[str, Target]) -> Tuple[Meetings, List[str], Dict[str, float]]:
        """What each behaviour does with the targets, in two processes."""
        names = list(self._items)
        parts = {str(at): names[at :: self._jobs] for at in range(self._jobs)}
        meetings: Meetings = {}
        excluded: List[str] = []
        seconds: Dict[str, float] = {}
        tasks: Dict[str, Task] = {
            at: functools.partial(self._watched, targets, part) for at, part in parts.items()
        }
        for _, answer in forked(tasks, self._jobs, 3600):
            if answer is None:
                raise pytest.UsageError("a process ended while the behaviours were watched")
            met, failed, took = answer
            excluded += failed
            seconds.update(took)
            for api, seen in met.items():
                for what, tests in seen.items():
                    meetings.setdefault(api, {}).setdefault(what, []).extend(tests)
        return meetings, excluded, seconds

    def _watched(
        self, targets: Dict[str, Target], names: Sequence[str]
    ) -> Tuple[Meetings, List[str], Dict[str, float]]:
        self._watch = Meeting(targets)
        self._installed = self._watch.install
        failed, took = [], {}
        began = time.monotonic()
        for name, passed in self._outcomes(names):
            failed += [] if passed else [name]
            took[name], began = time.monotonic() - began, time.monotonic()
        return self._watch.as_json(), failed, took

    def _outcomes(self, names: Sequence[str]) -> Iterator[Tuple[str, bool]]:
        """Run these tests one after the other: each with whether it passed."""
        items = [self._items[name] for name in names]
        for name, item, following in zip(names, items, [*items[1:], None]):
            reports = runtestprotocol(item, nextitem=following, log=False)
            yield name, not any(report.failed for report in reports)

    # ---- what they notice

    def _try(
        self,
        made: Dict[str, Made],
        meetings: Meetings,
        excluded: Set[str],
        seconds: Dict[str, float],
    ) -> Dict[str, str]:
        """The first test that notices each fault; the fastest are asked first."""
        known: Dict[str, str] = json.loads(self._kept.read_text()) if self._kept.exists() else {}
        noticed: Dict[str, str] = {}
        tasks: Dict[str, Task] = {}
        for name, one in made.items():
            tests = [test for test in meetings[one.api].get(one.met, ()) if test not in excluded]
            tests.sort(key=lambda test: (test != known.get(name), seconds[test]))
            if tests:
                tasks[name] = functools.partial(self._first, one, tests)
        done = self._tell(forked(tasks, self._jobs, TIMEOUT), total=len(tasks))
        for at, (name, test) in enumerate(done):
            if test is None:
                noticed[name] = "(the process ended, or took too long)"
            elif test:
                noticed[name] = known[name] = test
            if at % 50 == 0 or at == len(tasks) - 1:
                self._kept.parent.mkdir(exist_ok=True)
                self._kept.write_text(json.dumps(known, indent=0, sort_keys=True))
        return noticed

    def _first(self, one: Made, tests: Sequence[str]) -> str:
        self._installed = one.install
        return next((name for name, passed in self._outcomes(tests) if not passed), "")


def _named(items: Any) -> List[str]:
    """The APIs that the behaviours name, in order."""
    found: Dict[str, None] = {}
    for item in items:
        for mark in item.iter_markers("api"):
            found.update(dict.fromkeys(mark.args))
    return list(found)


def run(spec: Sequence[str], session: Session) -> Optional[Found]:
    """Collect the behaviours and try every fault. None where they cannot be collected."""
    options = ["-q", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist"]
    pytest.main([*options, "--rootdir", str(ROOT), *spec], plugins=[session])
    sys.stdout.flush()
    return session.found
