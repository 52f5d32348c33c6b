"""The commands: what they are asked for, what they print, and their exit status."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.bench.making import grown, judged, manifest, record, rounds
from torch_history.bench import command, design, raw
from torch_history.bench import growth as growing
from torch_history.bench.command import BenchRequest, GrowthRequest
from torch_history.bench.rounds import Comparison
from torch_history.errors import HistoryError
from torch_history.matrix.environments import Environment

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "torch_history" / "bench"
SAME = record(rounds={"mlp-5.forward": rounds(1e5, 1e5, 1e5, noise=0.001)})
SLOWER = record(
    rounds={"mlp-5.forward": rounds(1e5, 1e5, 1.25e5, noise=0.001)},
    missing={"mlp-5.compiled": "torch 2.6.0 has no compiler"},
)


@pytest.fixture
def kept(tmp_path):
    """Writes a record and returns its path."""

    def write(measured):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.json"
        raw.write(path, measured)
        return path

    return write


@pytest.mark.parametrize(
    "measured, status",
    [(SAME, 0), (SLOWER, 1), (replace(SLOWER, interrupted=True), 130)],
    ids=["nothing slower", "slower", "interrupted"],
)
def test_status_follows_the_verdicts(kept, tmp_path, measured, status):
    assert command.bench(BenchRequest(root=tmp_path, read=(kept(measured),))) == status


def test_table_has_every_benchmark_and_its_reason(kept, tmp_path, capsys):
    command.bench(BenchRequest(root=tmp_path, read=(kept(SLOWER),)))
    out = capsys.readouterr().out
    assert "torch 2.6.0 → 2.15.0 on cpu: 1 slower, 1 unknown. 2026-01-01, a processor" in out
    assert ["mlp-5.forward", "slower"] in [line.split()[:2] for line in out.splitlines()]
    assert "mlp-5.compiled: unknown: torch 2.6.0 has no compiler" in out


def test_markdown_has_a_section_for_each_comparison(kept, tmp_path, capsys):
    read = (kept(SLOWER), kept(SAME))
    command.bench(BenchRequest(root=tmp_path, read=read, format="markdown"))
    out = capsys.readouterr().out
    assert out.count("## torch 2.6.0 → 2.15.0 on cpu\n") == 2
    assert "| mlp-5.forward | **slower** | 1.25" in out


def test_growth_prints_the_fits_of_a_file(kept, tmp_path, capsys):
    path = kept(grown({1: [1000, 2000, 9000], 2: [3000] * 3, 3: [4000] * 3}))
    assert command.growth(GrowthRequest(root=tmp_path, read=path)) == 0
    assert "| mlp-5 by batch | 0 | 100 per sample | batch 1 |" in capsys.readouterr().out


@pytest.mark.parametrize(
    "fields, says",
    [
        ({}, "bench: name two or more releases to compare"),
        ({"releases": ("2.6",)}, "bench: name two or more releases to compare"),
        ({"releases": ("2.6", "2.15"), "read": (Path("x"),)}, "bench: name two or more releases"),
        ({"releases": ("2.6", "2.15"), "budget": float("nan")}, "--budget nan: give minutes"),
        ({"releases": ("2.6", "2.15"), "budget": 0.0}, "--budget 0: give minutes"),
        ({"releases": ("2.6", "2.15"), "launches": 2}, "--launches 2: choose 3 to 100"),
        ({"releases": ("2.6", "2.15"), "device": "mps"}, "--device mps: choose cpu, cuda or"),
        ({"releases": ("2.6", "2.15"), "core": -1}, "--core -1: choose from"),
    ],
    ids=lambda value: None if isinstance(value, str) else " ".join(value) or "nothing",
)
def test_a_comparison_that_cannot_be_made_says_why(tmp_path, fields, says):
    with pytest.raises(HistoryError) as caught:
        command.bench(BenchRequest(root=tmp_path, **fields))
    assert str(caught.value).startswith(says)


@pytest.mark.parametrize(
    "fields, says",
    [
        ({}, "growth: name one release"),
        ({"release": "2.6", "read": Path("x")}, "growth: name one release"),
        ({"release": "2.6", "budget": 1e9}, "--budget 1e+09: give minutes between 0 and 1440"),
        ({"release": "2.6", "device": "tpu"}, "--device tpu: choose cpu, cuda or cuda:N"),
    ],
    ids=["nothing", "both", "budget", "device"],
)
def test_a_growth_that_cannot_be_measured_says_why(tmp_path, fields, says):
    with pytest.raises(HistoryError) as caught:
        command.growth(GrowthRequest(root=tmp_path, **fields))
    assert str(caught.value).startswith(says)


@pytest.fixture
def simulated(monkeypatch, tmp_path):
    """Environments and runs that cost nothing; returns the plans of the runs."""
    plans = []

    def compare(root, plan, file, tell):
        plans.append((plan, file))
        tell(0.5, "timing")
        measured = replace(
            SAME,
            before=manifest(plan.before.release),
            after=manifest(plan.after.release),
            interrupted=plan.before.release == "2.5.1",
        )
        raw.write(file, measured)
        return measured

    monkeypatch.setattr(command.matrix, "choose", lambda root, asked: list(asked))
    monkeypatch.setattr(
        command,
        "environment",
        lambda root, text, python, tell: Environment(text, Path(f"{python}-{text}")),
    )
    monkeypatch.setattr(design, "compare", compare)
    return plans


def test_every_release_is_compared_with_its_neighbour(simulated, tmp_path, capsys):
    request = BenchRequest(
        root=tmp_path,
        releases=("2.4.1", "2.6.0", "2.7.1"),
        only=("mlp-5.*",),
        budget=0.5,
        launches=4,
        core=design.cores()[0],
        python="3.11",
        to=tmp_path / "kept",
        force=True,
    )
    assert command.bench(request) == 0
    assert [(plan.before.release, plan.after.release) for plan, _ in simulated] == [
        ("2.4.1", "2.6.0"),
        ("2.6.0", "2.7.1"),
    ]
    plan, file = simulated[0]
    assert plan == design.Plan(
        before=Environment("2.4.1", Path("3.11-2.4.1")),
        after=Environment("2.6.0", Path("3.11-2.6.0")),
        seconds=30.0,
        only=("mlp-5.*",),
        launches=4,
        device="cpu",
        force=True,
        core=design.cores()[0],
    )
    assert file == tmp_path / "kept" / "2.4.1-2.6.0-cpu.json"
    assert f"raw rounds: {file}" in capsys.readouterr().out


def test_an_interruption_ends_the_row_of_releases(simulated, tmp_path):
    request = BenchRequest(root=tmp_path, releases=("2.5.1", "2.6.0", "2.7.1"))
    assert command.bench(request) == 130
    assert len(simulated) == 1
    file = tmp_path / ".history" / "bench" / "2.5.1-2.6.0-cpu.json"
    assert raw.read(file, Comparison).interrupted


def test_growth_times_one_release(simulated, monkeypatch, tmp_path):
    asked = []

    def measure(*arguments):
        asked.append(arguments[1:5] + arguments[6:])
        return grown({}, interrupted=True)

    monkeypatch.setattr(growing, "measure", measure)
    request = GrowthRequest(
        root=tmp_path, release="2.6.0", device="cuda:1", only=("rnn",), budget=2.0, to=tmp_path
    )
    assert command.growth(request) == 130
    file = tmp_path / "growth-2.6.0-cuda:1.json"
    assert asked == [
        (Environment("2.6.0", Path("None-2.6.0")), "cuda:1", 120.0, file, ("rnn",)),
    ]


def test_heat_map_refuses_comparisons_on_two_devices(tmp_path):
    after = record(before=manifest("2.15.0"), after=manifest("2.16.0"), device="cuda")
    with pytest.raises(
        HistoryError, match="on cpu and on cuda: a row of releases needs one device"
    ):
        command.draw([judged(SAME), judged(after)], tmp_path / "map.svg")


def test_interrupted_before_the_releases_are_known_there_is_nothing_to_keep(tmp_path):
    pytest.importorskip("execnet", reason="execnet is not installed")
    here = Environment("here", Path(sys.executable))

    def tell(share, what):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        design.compare(ROOT, design.Plan(here, here, 1.0), tmp_path / "run.json", tell)
    assert not list(tmp_path.iterdir())


def test_a_missing_execnet_is_named_with_its_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "execnet", None)
    here = Environment("here", Path(sys.executable))
    with pytest.raises(
        HistoryError,
        match=r"^timing needs execnet: python -m pip install 'torch-history\[bench\]'$",
    ):
        design.compare(ROOT, design.Plan(here, here, 1.0), tmp_path / "x.json", lambda *_: None)


def without(packages, code):
    """What code prints in a Python that does not have these packages."""
    blocked = "".join(f"sys.modules[{package!r}] = None\n" for package in packages)
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{blocked}{code}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_a_missing_numpy_is_named_with_its_remedy():
    code = (
        "from torch_history.errors import HistoryError\n"
        "try:\n    import torch_history.bench.command\n"
        "except HistoryError as error:\n    print(error)"
    )
    assert without(["numpy"], code) == (
        "a benchmark needs numpy: python -m pip install 'torch-history[bench]'\n"
    )


def test_worker_is_imported_where_only_torch_is_installed():
    """It runs in the environment of a release, which has neither msgspec nor click."""
    code = "from torch_history.bench.worker import serve; print(serve.__module__)"
    packages = ["msgspec", "click", "rich_click", "rich", "numpy", "execnet"]
    assert without(packages, code) == "torch_history.bench.worker\n"


def imports(module):
    """The modules of bench/ that one of them imports, anywhere in it, and all others it imports."""
    names = []
    for node in ast.walk(ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "torch_history.bench":
            names.extend(f"torch_history.bench.{one.name}" for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module)
        elif isinstance(node, ast.Import):
            names.extend(one.name for one in node.names)
    inside = {name.split(".")[2] for name in names if name.startswith("torch_history.bench.")}
    return inside, {name for name in names if not name.startswith("torch_history.bench")}


def test_imports_inside_the_package_run_one_way():
    left = {path.stem: imports(path.stem)[0] for path in PACKAGE.glob("*.py")}
    while left:
        lowest = [name for name, inside in left.items() if not inside & left.keys()]
        assert lowest, f"a circle: {left}"
        for name in lowest:
            del left[name]


@pytest.mark.parametrize("module", ["timing", "cuda", "worker"])
def test_what_runs_beside_a_release_imports_nothing_but_torch(module):
    inside, others = imports(module)
    assert inside <= {"timing", "cuda"}
    allowed = {"torch", "torch_history.observing", "__future__"}
    assert others - allowed <= set(sys.stdlib_module_names)


def test_command_knows_no_command_line():
    assert not imports("command")[1] & {"argparse", "click", "rich_click"}
