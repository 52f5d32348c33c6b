"""Run schema: the JSON of an answer of ``torch-history run``, written, read and described.

JSON has no numbers that are not finite, and no undecodable bytes of a file name: they are written
as null, and as question marks.
"""

from __future__ import annotations

import math
from typing import Any, Dict

import msgspec

from torch_history.comparing.result import FORMAT, Result
from torch_history.errors import HistoryError
from torch_history.escaping import in_json, one_line

_HEAD = {"format": FORMAT, "what": "run"}


def schema() -> Dict[str, Any]:
    """The JSON schema of the file, made from the classes of ``comparing.result``."""
    made = msgspec.json.schema(Result)
    # A reader of the file has to know its format, so it is always written.
    made["$defs"]["Result"]["required"] += list(_HEAD)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An answer of torch-history run",
        **made,
    }


def encode(result: Result) -> str:
    """The answer as JSON text that ends with a newline."""
    data = _encodable({**_HEAD, **msgspec.to_builtins(result)})
    return in_json(msgspec.json.format(msgspec.json.encode(data), indent=1).decode()) + "\n"


def decode(text: bytes, name: str) -> Result:
    """The answer that a file holds; ``name`` is the file's, for the error.

    Raises HistoryError for what is not such an answer.
    """
    try:
        return msgspec.json.decode(text, type=Result)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise HistoryError(
            f"{one_line(name)}: not an answer of `torch-history run` that this version reads "
            f"({one_line(error)}): write it again with --format json"
        ) from None


def _encodable(data: Any) -> Any:
    if isinstance(data, str):
        return data.encode("utf-8", "replace").decode("utf-8")
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, dict):
        return {_encodable(key): _encodable(value) for key, value in data.items()}
    return [_encodable(one) for one in data] if isinstance(data, (list, tuple)) else data
