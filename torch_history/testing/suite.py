"""Suite: follows a project's tests, records each of them, and compares it with a recording.

Every test begins with the same seed. A fixture of a wider scope is traced by itself and begins
with a seed of its own, so that neither depends on which tests run. The tests that part run again
after all others, as this may change what tests share.
"""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path
from typing import Any, Dict, Generator, List, Optional, Tuple

import pytest
from _pytest.runner import runtestprotocol

from torch_history.comparing.traces import Trace
from torch_history.errors import HistoryError
from torch_history.publish.run_words import counted
from torch_history.testing import block, generators, storing, summary, units
from torch_history.testing.block import Block
from torch_history.testing.looking import Looking
from torch_history.testing.storing import Stored
from torch_history.testing.units import Unit
from torch_history.tracing.places import Places
from torch_history.tracing.settings import Settings

KIND = "tests"
_INPUT = "torch_history"  # what the workers of xdist are told: the folder of the traces
_MEGABYTE = 1_000_000
# pytest makes fixtures of these functions of a module or class
_SETTING_UP = ("_unittest_set", "_xunit_setup_module", "_xunit_setup_class")
Hook = Generator[None, Any, None]


class Suite:
    """Follows the tests of one pytest run, or of one worker of xdist."""

    def __init__(self, config: pytest.Config) -> None:
        self.config, self.root = config, config.rootpath
        option, folder = config.option, config.invocation_params.dir
        self._target: Optional[Path] = None
        if option.torch_history_record is not None:
            self._target = (folder / option.torch_history_record).absolute()
            storing.check_target(self._target)
        self.stored: Optional[Stored] = None
        if option.torch_history_compare is not None:
            self.stored = Stored((folder / option.torch_history_compare).absolute(), KIND)
        self.torch = importlib.import_module("torch")
        self.torch.set_num_threads(1)  # several add in another order each time
        self._functions, self._steps_only = self._in_functions(), self._in_steps()
        self._looking: Optional[Looking] = None
        if self.stored is not None:
            self._looking = Looking(self.torch, self.stored, self.root, self._steps_only)
        self._places = Places(str(self.root), self.torch)
        self._is_worker = hasattr(config, "workerinput")
        self._staging = self._stage()
        self._open: List[Block] = []
        self._units: Dict[str, Unit] = {}  # of the test that runs, and of fixtures
        self._left: List[Tuple[Unit, pytest.Item]] = []  # tests that part
        self._how = "plain"  # or followed, or again
        self._found: List[Unit] = []
        self._noting = block.note_objects(self.torch)
        if hasattr(option, "randomly_seed"):  # pytest-randomly seeds each test too
            option.randomly_seed = generators.SEED

    def _in_functions(self) -> bool:
        mine = block.only_functions(self.torch)
        if self.stored is None:
            return mine
        theirs = bool(self.stored.manifest.get("functions"))
        if mine and not theirs:
            raise HistoryError(
                f"{self.stored.path}: recorded under torch {self.stored.manifest['torch']}, which "
                f"logs operations; {self.torch.__version__} cannot: record under the older one"
            )
        return theirs

    def _in_steps(self) -> bool:
        recorded = self.stored is not None and bool(self.stored.manifest.get("steps_only"))
        return recorded or bool(self.config.option.torch_history_steps)

    def _stage(self) -> Path:
        if self._is_worker:
            told: Dict[str, str] = self.config.workerinput  # type: ignore[attr-defined]
            mine = Path(told[_INPUT]) / told["workerid"]
            mine.mkdir()
            return mine
        beside = self._target or (self.stored.path if self.stored else Path())
        return storing.staging(beside)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of xdist where the traces belong."""
        node.workerinput[_INPUT] = str(self._staging)

    def pytest_report_header(self) -> str:
        """What is done, and under which torch."""
        told = [f"torch-history: torch {self.torch.__version__}"]
        if self._target is not None:
            told.append(f"recording to {self._target.name}")
        if self.stored is not None:
            theirs = self.stored.manifest["torch"]
            told.append(f"comparing with {self.stored.path.name}, of torch {theirs}")
        return f"{'; '.join(told)}; each test begins with seed {generators.SEED}, on one thread"

    def pytest_unconfigure(self) -> None:
        """Leave torch as it was."""
        block.forget_objects(self._noting)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Hook:
        """A module may draw random numbers where it is imported."""
        if isinstance(collector, pytest.Module):
            generators.seed_by_name(self.torch, collector.nodeid)
        yield

    # -- what is traced

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Hook:
        """The test begins with its fixtures."""
        generators.seed(self.torch)
        self._begin(item.nodeid)
        outcome = yield
        if outcome.excinfo is not None:
            self._end(item.nodeid, outcome.excinfo[1])

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Hook:
        """It ends before its fixtures are torn down."""
        outcome = yield
        self._end(item.nodeid, outcome.excinfo[1] if outcome.excinfo else None)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Hook:
        """A fixture of a wider scope is traced by itself. Generators stay as they were."""
        if fixturedef.scope == "function" or not self._is_own(fixturedef):
            yield
            return
        name = f"{request.node.nodeid}::fixture {fixturedef.argname}"
        if hasattr(request, "param"):
            name += f"[{request.param_index}]"
        kept = generators.state(self.torch)
        generators.seed_by_name(self.torch, name)
        if self._open:
            self._open[-1].suspend()
        traced = self._traces_fixture(name)
        if traced:
            self._begin(name)
        outcome = yield
        if traced:
            self._end(name, outcome.excinfo[1] if outcome.excinfo else None)
            if self._how == "plain":
                self._judge_fixture(name, fixturedef.argname)
        generators.restore(self.torch, kept)
        if self._open:
            self._open[-1].resume()

    def _traces_fixture(self, name: str) -> bool:
        if self._how == "followed":
            return self.stored is not None and name in self.stored.manifest["fixtures"]
        return self._how == "plain" and name not in self._units

    def _is_own(self, fixturedef: Any) -> bool:
        if fixturedef.argname.startswith(_SETTING_UP):
            return True
        code = getattr(fixturedef.func, "__code__", None)
        return code is not None and self._places.own(code.co_filename)

    def _begin(self, name: str) -> None:
        out = self._out(name)
        shutil.rmtree(str(out), ignore_errors=True)  # another plugin may run a test again
        watched = Block(self.torch, self._settings(name, out))
        watched.begin()
        self._open.append(watched)

    def _end(self, name: str, error: Optional[BaseException]) -> None:
        watched = self._open.pop()
        skipped = isinstance(error, (pytest.skip.Exception, pytest.xfail.Exception))
        watched.end(None if skipped else error)
        recorder, window = watched.recorder, watched.window
        if self._how == "plain":
            self._units[name] = Unit(
                id=name,
                fixture="::fixture " in name,
                outcome="skipped" if skipped else "failed" if error else "passed",
                left_out=recorder.kept.left_out + recorder.states.left_out,
                full=bool(window is not None and window.log.full),
            )

    def _out(self, name: str) -> Path:
        return self._staging / units.folder_of(name + ("" if self._how == "plain" else self._how))

    def _settings(self, name: str, out: Path) -> Settings:
        most = int(self.config.option.torch_history_keep * _MEGABYTE)
        given = block.settings(
            self.torch, str(out), str(self.root), most_bytes=most, functions=self._functions
        )
        if self._steps_only:
            return given._replace(window=None, keep=False, tape="")
        if self._how == "followed":
            assert self.stored is not None
            folder = str(self.stored.block(units.folder_of(name)))
            return given._replace(keep=False, against=folder, tape="play", tape_of=folder)
        return given

    # -- comparing

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Hook:
        """Compare a test after it has run."""
        yield
        unit = self._units.pop(item.nodeid, None)
        if unit is None:
            return
        looking = self._looking if unit.outcome != "skipped" else None
        if looking and looking.parts(unit, self._out(unit.id)) and self._can_run_again(item):
            self._left.append((unit, item))
        else:
            self._settle(unit)

    def _judge_fixture(self, name: str, argname: str) -> None:
        unit = self._units[name]
        if self._looking and self._looking.parts(unit, self._out(name)):
            self._looking.fixtures[argname] = unit
        self._settle(unit)

    def _settle(self, unit: Unit) -> None:
        """Keep what is needed of a unit: for a recording its trace."""
        folder = self._staging / unit.folder
        if self._target is None or unit.outcome == "skipped":
            shutil.rmtree(str(folder), ignore_errors=True)
        unit.write(self._staging)
        if self.stored is not None:
            self.stored.forget()

    def _can_run_again(self, item: pytest.Item) -> bool:
        return hasattr(item, "_request") and not getattr(self.config.option, "usepdb", False)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Hook:
        """Look into the tests that part, after all have run: to run one may change the others."""
        outcome = yield
        if outcome.excinfo is None and not (session.shouldfail or session.shouldstop):
            self._tell_left(session)
            for unit, item in self._left:
                self._look_into(unit, item)
        for unit, _ in self._left:
            self._settle(unit)

    def _look_into(self, unit: Unit, item: pytest.Item) -> None:
        assert self._looking is not None

        def again(how: str) -> Trace:
            return self._run_again(item, how)

        names = list(getattr(item, "fixturenames", ()))
        self._looking.into(unit, self._out(unit.id), names, again)

    def _tell_left(self, session: pytest.Session) -> None:
        terminal = session.config.pluginmanager.get_plugin("terminalreporter")
        if self._left and terminal is not None and not self._is_worker:
            many = counted(len(self._left), "test parts", "tests part")
            terminal.write_line("")
            terminal.write_line(f"torch-history: {many}: looking where")

    def _run_again(self, item: pytest.Item, how: str) -> Trace:
        """Run a test with all its fixtures once more, untold, and return its trace."""
        self._how = how
        try:
            runtestprotocol(item, log=False, nextitem=None)
            out = self._out(item.nodeid)
            found = Trace(storing.trace_of(out))
            shutil.rmtree(str(out), ignore_errors=True)
            return found
        finally:
            self._how = "plain"

    # -- the end

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the recording, and let the run fail where a test parts."""
        if self.stored is not None:
            self.stored.close()
        if self._is_worker:
            return
        units.gather(self._staging)
        self._found = units.read(self._staging)
        ran = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        try:
            if self._target is not None and ran:
                storing.place(self._staging, self._target, self._manifest())
        finally:
            shutil.rmtree(str(self._staging), ignore_errors=True)
        failing = summary.failing(self._found, self.config.option.torch_history_fail_on)
        if failing and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _manifest(self) -> Dict[str, Any]:
        kept = [unit for unit in self._found if unit.outcome != "skipped"]
        return {
            "what": KIND,
            **storing.environment(self.torch, self.root),
            "functions": self._functions,
            "steps_only": self._steps_only,
            "seed": generators.SEED,
            "tests": {unit.id: unit.folder for unit in kept if not unit.fixture},
            "fixtures": {unit.id: unit.folder for unit in kept if unit.fixture},
        }

    def pytest_terminal_summary(self, terminalreporter: Any, exitstatus: int) -> None:
        """Say what was recorded, and what parts."""
        told = []
        if self._target is not None:
            ran = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
            told.append(summary.recorded(self._found if ran else [], self._target))
        if self.stored is not None:
            here = storing.environment(self.torch, self.root)
            told.append(summary.compared(self._found, self.stored.manifest, here))
        for title, lines in told:
            terminalreporter.write_sep("=", title)
            for line in lines:
                terminalreporter.write_line(line)
