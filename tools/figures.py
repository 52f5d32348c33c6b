"""Measures the engine's performance targets: ``python tools/figures.py``.

1. ``torch-history diff`` as a process, over the present records and over 400 synthetic behaviours
   on 26 releases. The target is 0.5 s. It is timed with the cached index of a checkout and, as
   "first", without it: a checkout makes ``.history/index.json`` once and reads it from then on.
2. One comparison of six float32 tensors with its record. The target is a tenth of what
   pytest-regressions' ``ndarrays_regression`` takes. syrupy's Amber is timed too.
3. The wall time of the suite, beside a bare ``import torch``.

It needs ``python -m pip install -e '.[dev]' pytest-regressions``. Every time is a median and
includes the machine's noise. ``ROUNDS``, an environment variable, is the number of comparisons in
each test process (300).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, Dict, List, Optional

from _bench import ROOT

from torch_history import versions
from torch_history.catalogue import releases
from torch_history.observing import encode
from torch_history.records import runs, store
from torch_history.records.store import Json

HISTORY = [sys.executable, "-m", "torch_history"]
BEHAVIOURS, CHAPTERS = 400, 13
LINES = [f"1.{minor}" for minor in range(4, 14)] + [f"2.{minor}" for minor in range(16)]

SYNTHETIC_MODULE = '''"""Synthetic behaviours."""

import pytest
import torch

from torch_history.observing import observe
'''

SYNTHETIC_TEST = '''

@pytest.mark.api(
    "torch.nn.Linear", "torch.optim.SGD", page="generated/torch.nn.Linear", article="B"
)
@pytest.mark.changed(
    "2.0", "the values move", kind="silent", cause="pytorch#1", advice="look at them"
)
def test_behaviour_{number}(snapshot):
    """A synthetic behaviour, as long as a real one, which changes at every release."""
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.ones(1, 3)).sum().backward()
        optimizer.step()
    assert model.weight.grad is not None
    assert snapshot == observe(
        lambda: {{"weight": model.weight, "bias": model.bias, "gradient": model.weight.grad}}
    )
'''

COMPARISON = '''"""One passing comparison, by four means."""

import os
import statistics
import time

import torch

from torch_history.observing import observe

SIZES = (5, 8, 12, 16, 24, 32)
ROUNDS = int(os.environ.get("ROUNDS", "300"))
TENSORS = {
    f"tensor{size}": torch.sin(torch.arange(size * size, dtype=torch.float32)).reshape(size, size)
    for size in SIZES
}


def median(compare):
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        compare()
        times.append(time.perf_counter() - began)
    print(f"FIGURE {statistics.median(times) * 1e3:.3f}")


def test_ours(snapshot):
    def compare():
        snapshot._executions = 0  # the same record each time
        assert snapshot == observe(lambda: TENSORS)

    median(compare)


def test_nudged(snapshot):
    nudged = {name: tensor * (1 + 2e-7) for name, tensor in TENSORS.items()}

    def compare():
        snapshot._executions = 0
        assert snapshot == observe(lambda: nudged)

    median(compare)


def test_regressions(ndarrays_regression):
    arrays = {name: tensor.numpy() for name, tensor in TENSORS.items()}
    median(lambda: ndarrays_regression.check(arrays))


def test_amber(snapshot):
    from syrupy.extensions.amber import AmberSnapshotExtension

    amber = snapshot.use_extension(AmberSnapshotExtension)
    texts = {name: tensor.tolist() for name, tensor in TENSORS.items()}

    def compare():
        amber._executions = 0
        assert amber == texts

    median(compare)
'''


def main() -> int:
    if importlib.util.find_spec("pytest_regressions") is None:
        print(
            "pytest-regressions is missing: python -m pip install pytest-regressions",
            file=sys.stderr,
        )
        return 2
    tell("bare Python", process([sys.executable, "-c", ""]), "s")
    for title, make in (
        ("diff 1.4 2.15, present records", copied),
        ("diff 1.4 2.15, 400 behaviours x 26 releases", synthetic),
    ):
        with tempfile.TemporaryDirectory() as name:
            make(Path(name))
            for output in ("text", "json"):
                diff(title, Path(name), output)
    with tempfile.TemporaryDirectory() as name:
        cost = comparison(Path(name))
    times = cost["regressions"] / cost["ours"]
    tell("one comparison of six float32 tensors, equal bits", cost["ours"], "ms")
    tell("  equal within tolerance, other bits", cost["nudged"], "ms")
    tell(
        "  pytest-regressions, ndarrays_regression",
        cost["regressions"],
        "ms",
        f"{times:.1f} times ours (target: 10)",
    )
    tell("  syrupy's Amber, the tensors as lists", cost["amber"], "ms")
    tell("import torch", process([sys.executable, "-c", "import torch"], 3), "s")
    tell("python -m pytest spec", process([sys.executable, "-m", "pytest", "-q", "spec"], 3), "s")
    return 0


def tell(title: str, figure: float, unit: str, more: str = "") -> None:
    """Print one figure."""
    print(f"{title + ':':<60} {figure:6.2f} {unit:<2}  {more}".rstrip(), flush=True)


def process(
    command: List[str], times: int = 7, before: Optional[Callable[[], None]] = None
) -> float:
    """The median wall time of a process, in seconds; ``before`` runs before each one, untimed.

    Exits if the process fails. A status of 1 is no failure: ``diff`` found differences, or the
    suite found some.
    """
    taken = []
    for _ in range(times):
        if before is not None:
            before()
        began = time.perf_counter()
        done = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
        )
        taken.append(time.perf_counter() - began)
        if done.returncode not in (0, 1):
            sys.exit(f"{' '.join(command)}: exit status {done.returncode}: {done.stderr.decode()}")
    return statistics.median(taken)


def diff(title: str, folder: Path, output: str) -> None:
    """Time ``diff`` from a folder without its cached index, and with it."""
    command = [*HISTORY, "--root", str(folder), "diff", "1.4", "2.15", "--format", output]

    def forget() -> None:
        shutil.rmtree(folder / ".history", ignore_errors=True)

    first = process(command, before=forget)  # the last one leaves an index
    if not (folder / ".history" / "index.json").is_file():
        sys.exit(f"{' '.join(command)}: no index was cached")
    cached = process(command)
    tell(f"{title}, {output}", cached, "s", f"first {first:.2f} s (target: 0.5)")


def copied(folder: Path) -> None:
    """Copy what the present answers are made from, so that the checkout's cache is left alone."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("spec", "manifests", "claims"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    shutil.copy(ROOT / "tox.ini", folder)


def synthetic(folder: Path) -> None:
    """Write 400 behaviours in 13 chapters, each with an entry for each of 26 releases."""
    matrix = releases.releases(ROOT)
    chain = {line: entry(number) for number, line in enumerate(LINES)}
    record = {"observed": {"cpu": chain}}
    ids = []
    for number in range(BEHAVIOURS):
        chapter = folder / "spec" / f"chapter{number % CHAPTERS}"
        chapter.mkdir(parents=True, exist_ok=True)
        module = chapter / f"test_subject{number // (4 * CHAPTERS)}.py"  # four tests in a file
        with module.open("a", encoding="utf-8") as file:
            if not file.tell():
                file.write(SYNTHETIC_MODULE)
            file.write(SYNTHETIC_TEST.format(number=number))
        ids.append(f"{chapter.name}.behaviour_{number}")
        store.write(store.path_of(folder / "spec", ids[-1]), record)
    shutil.copy(ROOT / "tox.ini", folder)
    for line in LINES:
        name = f"manifests/{matrix[line].patch}-cpu.json"
        recorded = store.read_json(ROOT / name)
        verified = dict.fromkeys(sorted(ids), 0)
        store.write(folder / name, {**recorded, "verified": verified, "unknown": {}})


def entry(number: int) -> Json:
    """An observation of three tensors that differs for each number."""
    rows = [f"{number}.5 1.25 -0.75", "0.125 3.0 -0.0"]
    value = {
        name: {"$tensor": "float32[2,3]", "rows": rows} for name in ("weight", "bias", "gradient")
    }
    return encode.seal({"value": value})


def comparison(folder: Path) -> Dict[str, float]:
    """Milliseconds for one passing comparison, by test of COMPARISON."""
    for name in ("conftest.py", "pytest.ini", "tox.ini"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(
        ROOT / "torch_history",
        folder / "torch_history",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    (folder / "manifests").mkdir()
    chapter = folder / "spec" / "comparison"
    chapter.mkdir(parents=True)
    (chapter / "test_comparison.py").write_text(COMPARISON, encoding="utf-8")
    record_comparison(folder, chapter / "__snapshots__")
    times: Dict[str, List[float]] = {"ours": [], "nudged": [], "regressions": [], "amber": []}
    for _ in range(3):  # side by side, so that a noisy moment affects all of them
        for name, taken in times.items():
            done = pytest(folder, "-k", name)
            if "1 passed" not in done.stdout:
                sys.exit(done.stdout + done.stderr)
            taken.append(float(done.stdout.partition("FIGURE ")[2].split()[0]))
    return {name: statistics.median(taken) for name, taken in times.items()}


def record_comparison(folder: Path, records: Path) -> None:
    """Write what each test of COMPARISON compares with."""
    run, amber = folder / "run.json", records / "test_comparison.ambr"
    recorded = pytest(folder, "-k", "ours", "--record-to", str(run), rounds="1")
    if recorded.returncode:
        sys.exit(recorded.stdout + recorded.stderr)
    observed = store.read_json(run)
    runs.merge(folder, observed, versions.line(observed["release"]))
    shutil.copy(records / "ours.json", records / "nudged.json")
    # these two fail, since the first has nothing to compare with and the second is no observation
    pytest(folder, "-k", "regressions", "--force-regen", rounds="1")
    told = pytest(folder, "-k", "amber", "--record-to", str(run), rounds="1")
    if not amber.exists():
        sys.exit(told.stdout + told.stderr)


def pytest(
    folder: Path, *arguments: str, rounds: Optional[str] = None
) -> subprocess.CompletedProcess[str]:
    """Run the tests of a folder with the engine in it."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:randomly", "spec", *arguments],
        cwd=folder,
        env={**os.environ, **({"ROUNDS": rounds} if rounds else {})},
        capture_output=True,
        text=True,
        check=False,
    )


if __name__ == "__main__":
    sys.exit(main())
