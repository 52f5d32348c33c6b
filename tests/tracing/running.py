"""Runs a program under the tracer, with the torch of this environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import torch_history

INJECT = Path(torch_history.__file__).parent / "tracing" / "inject"


def traced(folder, program, before=""):
    """The events of a program. ``before`` is run first, in the same file and on its first line."""
    (folder / "train.py").write_text(before + textwrap.dedent(program), encoding="utf-8")
    settings = folder / "settings.json"
    settings.write_text(json.dumps({"out": str(folder / "trace"), "root": str(folder)}))
    environment = {**os.environ, "TORCH_HISTORY_TRACE": str(settings), "PYTHONPATH": str(INJECT)}
    run = subprocess.run(
        [sys.executable, "train.py"],
        cwd=folder,
        env={**environment, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    lines = (folder / "trace" / "process-000" / "events.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in lines.splitlines()]
