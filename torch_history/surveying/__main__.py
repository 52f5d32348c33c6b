"""``python -m torch_history.surveying OUT.json DIGEST NAMES``: survey the torch of this Python.

DIGEST is that of the code that surveys: see ``torch_history.surface.digest``. NAMES is a file with
the names that other releases have, one in a line.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from pathlib import Path


def main(out: str, source: str = "", names: str = "") -> None:
    """Write the survey."""
    from torch_history.surveying.survey import survey

    began = time.monotonic()
    known = Path(names).read_text(encoding="utf-8").split() if names else ()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = survey(source, frozenset(known))
    Path(out).write_text(json.dumps(found, separators=(",", ":"), sort_keys=True), encoding="utf-8")
    count, seconds = len(found["names"]), time.monotonic() - began
    sys.stdout.write(f"torch {found['release']}: {count} names in {seconds:.0f} s\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
    # What a module of torch leaves behind may end Python with a fatal error.
    os._exit(0)
