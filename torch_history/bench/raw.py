"""Raw: the files of raw rounds. One JSON a run, written whole each time; a list of rounds is one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, List

from torch_history.errors import HistoryError
from torch_history.records import store

FORMAT = 1


def benchmark(case: str, figure: str) -> str:
    """The name of what is timed: the case, and on an accelerator the figure."""
    return case if figure == "cpu" else f"{case} {figure}"


def write(path: Path, record: dict) -> None:
    """Write a record, or replace it whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    store.write_text(path, "".join(_lines(record, "")) + "\n")


def _lines(value: Any, indent: str) -> List[str]:
    """JSON in which whatever holds no object is one line."""
    if isinstance(value, dict) and value:
        inner = indent + " "
        parts = [
            f"{inner}{json.dumps(name)}: {''.join(_lines(one, inner))}"
            for name, one in value.items()
        ]
        return ["{\n", ",\n".join(parts), "\n", indent, "}"]
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        inner = indent + " "
        return [
            "[\n",
            ",\n".join(inner + "".join(_lines(one, inner)) for one in value),
            "\n",
            indent,
            "]",
        ]
    return [json.dumps(value, ensure_ascii=False)]


def read(path: Path, what: str = "comparison") -> dict:
    """A record of this kind. Raises HistoryError for a file that is none."""
    record = store.read_json(path)
    if record.get("format") != FORMAT or record.get("what") != what:
        raise HistoryError(
            f"{path}: not a {what} of format {FORMAT}: name a file that `torch-history bench` or `growth` wrote"
        )
    return record
