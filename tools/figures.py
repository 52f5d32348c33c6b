"""The figures that the project promises, measured in one run: ``python tools/figures.py`` in an environment with torch.

1. ``torch-history diff`` over the present records, and over 400 synthetic behaviours on 26 releases, as a process (asked: 0.5 s);
2. one comparison of six float32 tensors with its record, beside pytest-regressions' ``ndarrays_regression`` (asked: a tenth)
   and syrupy's Amber;
3. the suite's wall time beside a bare ``import torch``.

Needs ``pip install pytest-regressions`` beside requirements.txt. Times are medians; the machine's noise is in them.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS, RELEASES = (
    13,
    [f"1.{minor}" for minor in range(4, 14)] + [f"2.{minor}" for minor in range(16)],
)

SYNTHETIC_TEST = '''

@pytest.mark.api("torch.nn.Linear", "torch.optim.SGD", page="generated/torch.nn.Linear", article="B")
@pytest.mark.changed("2.0", "the values move", kind="silent", cause="pytorch#1", advice="look at them")
def test_behaviour_{number}(snapshot):
    """A synthetic behaviour, as long as a real one, which changes at every release."""
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.ones(1, 3)).sum().backward()
        optimizer.step()
    assert model.weight.grad is not None
    assert snapshot == observe(lambda: {{"weight": model.weight, "bias": model.bias, "gradient": model.weight.grad}})
'''

COMPARISON = """
import os, statistics, time
import pytest
import torch
from torch_history.observing.observation import observe

SIZES = (5, 8, 12, 16, 24, 32)
ROUNDS = int(os.environ.get("ROUNDS", "300"))
TENSORS = {f"tensor{size}": torch.sin(torch.arange(size * size, dtype=torch.float32)).reshape(size, size) for size in SIZES}

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
"""


def process(command: list, cwd: Path, times: int = 7) -> float:
    """The median wall time of a process, in seconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        subprocess.run(command, cwd=cwd, stdout=subprocess.DEVNULL, check=False)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def synthetic(folder: Path) -> None:
    """400 behaviours in 13 chapters, each with an entry for each of 26 releases."""
    shutil.copy(ROOT / "tox.ini", folder)
    ids = []
    for number in range(400):
        chapter = f"chapter{number % CHAPTERS}"
        records = folder / "spec" / chapter / "__snapshots__"
        records.mkdir(parents=True, exist_ok=True)
        with open(
            folder / "spec" / chapter / f"test_subject{number // 52}.py", "a", encoding="utf-8"
        ) as file:
            file.write(SYNTHETIC_TEST.format(number=number))
        chain = {
            release: {
                "value": {
                    name: {
                        "$tensor": "float32[2,3]",
                        "rows": [f"{index}.5 1.25 -0.75", "0.125 3.0 -0.0"],
                    }
                    for name in ("weight", "bias", "gradient")
                }
            }
            for index, release in enumerate(RELEASES)
        }
        (records / f"behaviour_{number}.json").write_text(
            json.dumps({"observed": {"cpu": chain}}, indent=1)
        )
        ids.append(f"{chapter}.behaviour_{number}")
    (folder / "manifests").mkdir()
    for release in RELEASES:
        manifest = {
            "format": 1,
            "library": "torch",
            "release": f"{release}.0",
            "verified": {name: 0 for name in ids},
            "unknown": {},
        }
        (folder / "manifests" / f"{release}.0-cpu.json").write_text(json.dumps(manifest, indent=1))


def comparison(folder: Path) -> dict:
    """Milliseconds for one passing comparison: ours (to the bit, and within tolerance), pytest-regressions', Amber's."""
    for name in ("conftest.py", "pytest.ini", "tox.ini"):
        shutil.copy(ROOT / name, folder)
    (folder / "manifests").mkdir()
    chapter = folder / "spec" / "comparison"
    chapter.mkdir(parents=True)
    (chapter / "test_comparison.py").write_text(COMPARISON)
    shutil.copytree(ROOT / "history", folder / "history")
    pytest = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:randomly", "spec"]
    run = folder / "run.json"
    once = {**os.environ, "ROUNDS": "1"}
    subprocess.run(
        [*pytest, "-k", "ours", "--record-to", str(run)],
        cwd=folder,
        env=once,
        capture_output=True,
        check=True,
    )
    sys.path.insert(0, str(ROOT))
    from torch_history import versions
    from torch_history.records import runs, store

    data = store.read_json(run)
    runs.merge(folder, data, versions.line(data["release"]))
    records = chapter / "__snapshots__"
    shutil.copy(records / "ours.json", records / "nudged.json")
    subprocess.run(
        [*pytest, "-k", "regressions", "--force-regen"],
        cwd=folder,
        env=once,
        capture_output=True,
        check=False,
    )
    amber = chapter / "__snapshots__" / "test_comparison.ambr"
    subprocess.run(
        [*pytest, "-k", "amber", "--record-to", str(run)],
        cwd=folder,
        env=once,
        capture_output=True,
        check=False,
    )
    assert amber.exists()
    names = ("ours", "nudged", "regressions", "amber")
    times = {name: [] for name in names}
    for _ in range(3):  # side by side, so that a noisy moment meets them all
        for name in names:
            done = subprocess.run(
                [*pytest, "-k", name], cwd=folder, capture_output=True, text=True, check=False
            )
            if "1 passed" not in done.stdout:
                sys.exit(done.stdout)
            times[name].append(float(done.stdout.partition("FIGURE ")[2].split()[0]))
    figures = {name: statistics.median(taken) for name, taken in times.items()}
    return figures


def main() -> None:
    history = [sys.executable, "-m", "torch_history"]
    print(
        f"bare Python:                                {process([sys.executable, '-c', ''], ROOT):.2f} s"
    )
    print(
        f"history diff 1.4 2.15, present records:     {process([*history, 'diff', '1.4', '2.15'], ROOT):.2f} s   (asked: 0.5)"
    )
    with tempfile.TemporaryDirectory() as name:
        synthetic(Path(name))
        for output in ("table", "json"):
            command = [*history, "--root", name, "diff", "1.4", "2.15", "--format", output]
            print(
                f"  400 behaviours x 26 releases, {output + ':':<13} {process(command, ROOT):.2f} s   (asked: 0.5)"
            )
    with tempfile.TemporaryDirectory() as name:
        cost = comparison(Path(name))
    print(f"one comparison of six float32 tensors:      {cost['ours']:.2f} ms")
    print(f"  equal within tolerance, not to the bit:   {cost['nudged']:.2f} ms")
    print(
        f"  pytest-regressions ndarrays_regression:   {cost['regressions']:.2f} ms   "
        f"(ours is 1/{cost['regressions'] / cost['ours']:.1f}; asked: 1/10)"
    )
    print(f"  syrupy Amber, the tensors as lists:       {cost['amber']:.2f} ms")
    bare = process([sys.executable, "-c", "import torch"], ROOT, 3)
    suite = process([sys.executable, "-m", "pytest", "-q", "spec"], ROOT, 3)
    print(f"import torch:                               {bare:.2f} s")
    print(f"python -m pytest spec:                      {suite:.2f} s")


if __name__ == "__main__":
    main()
