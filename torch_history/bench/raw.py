"""Raw: the files of raw rounds: JSON, one file a run, always replaced whole; a list is one line.

A file that gzip has packed is read too, whatever its name.
"""

from __future__ import annotations

import json
import re
import zlib
from pathlib import Path
from typing import Any, Dict, List, Tuple, Type, TypeVar

import msgspec

from torch_history import reading
from torch_history.bench.rounds import FORMAT, Comparison, Growth, Record, ToolFigures, shown
from torch_history.errors import HistoryError
from torch_history.escaping import one_line
from torch_history.records import store

LARGEST_FILE = 200_000_000  # bytes
PACKED = b"\x1f\x8b"  # how a gzip file begins
KINDS: Dict[str, Type[Record]] = {"comparison": Comparison, "growth": Growth, "tool": ToolFigures}
REMEDY = "name a file that `torch-history bench` or `growth` wrote, or measure again"

Kind = TypeVar("Kind", Comparison, Growth, ToolFigures)


def write(path: Path, record: Record) -> None:
    """Write a record, or replace the whole file."""
    store.write_text(path, "".join(_lines(msgspec.to_builtins(record), "")) + "\n")


def _lines(value: Any, indent: str) -> List[str]:
    """JSON in which every value that holds no object is on one line."""
    # json's own indent would put each of the thousands of times on a line of its own.
    inner = indent + " "
    if isinstance(value, dict) and value:
        parts = [
            f"{inner}{json.dumps(name)}: {''.join(_lines(one, inner))}"
            for name, one in value.items()
        ]
        return ["{\n", ",\n".join(parts), "\n", indent, "}"]
    if isinstance(value, (list, tuple)) and any(isinstance(one, dict) for one in value):
        parts = [inner + "".join(_lines(one, inner)) for one in value]
        return ["[\n", ",\n".join(parts), "\n", indent, "]"]
    return [json.dumps(value, ensure_ascii=False, allow_nan=False)]


def read(path: Path, kind: Type[Kind]) -> Kind:
    """The record of this kind in a file. Raises HistoryError if the file holds anything else."""
    record = read_any(path)
    if not isinstance(record, kind):
        wanted = next(name for name, one in KINDS.items() if one is kind)
        raise _error(
            path, "$.what", f"not a {wanted} of format {FORMAT}, found {shown(record.what)}"
        )
    return record


def read_any(path: Path) -> Record:
    """The record in a file, whatever its kind. Raises HistoryError if the file is not valid."""
    what, data = _document(path)
    try:
        record: Record = msgspec.convert(data, KINDS[what])
    except msgspec.ValidationError as error:
        raise _invalid(path, data, KINDS[what], str(error)) from None
    return record


def _document(path: Path) -> Tuple[str, Dict[str, Any]]:
    """The JSON object in a file and its kind; only ``format`` and ``what`` are validated."""
    content = _content(path)
    try:
        # Without a type, since the error for a bad value quotes it. The format comes before the
        # fields: of a newer file, the first unknown field would say less.
        data: Any = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _error(path, _line(content, error), f"damaged ({error})") from None
    except RecursionError:
        raise _error(path, "$", "damaged (nested too deeply)") from None
    if not isinstance(data, dict):
        raise _error(path, "$", f"not a JSON object, found {shown(data)}")
    number, what = data.get("format"), data.get("what")
    if not isinstance(what, str) or what not in KINDS:
        raise _error(path, "$.what", f"not one of {', '.join(KINDS)}, found {shown(what)}")
    # True == 1 in Python.
    if isinstance(number, bool) or number != FORMAT:
        raise _error(path, "$.format", f"not a {what} of format {FORMAT}, found {shown(number)}")
    return what, data


def _content(path: Path) -> bytes:
    """The bytes of a regular file; opening anything else, such as a FIFO, could block forever."""
    try:
        content = reading.content(path, LARGEST_FILE)
    except reading.UnreadableError as error:
        raise HistoryError(f"{one_line(path)}: cannot be read ({error}): {REMEDY}") from None
    return _unpacked(path, content) if content.startswith(PACKED) else content


def _unpacked(path: Path, content: bytes) -> bytes:
    """What gzip has packed; a small file may hold terabytes of it, so the size is limited."""
    unpacking = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)  # 16: with the header of gzip
    try:
        data, reason = unpacking.decompress(content, LARGEST_FILE + 1), ""
    except zlib.error as error:
        data, reason = b"", one_line(error)
    if len(data) > LARGEST_FILE:
        reason = f"larger than {LARGEST_FILE // 1_000_000} MB unpacked"
    elif not reason and (not unpacking.eof or unpacking.unused_data):
        reason = "not one whole gzip file"
    if reason:
        raise HistoryError(f"{one_line(path)}: cannot be read ({reason}): {REMEDY}")
    return data


def _line(content: bytes, error: Exception) -> str:
    """Where the text of a file is damaged, as ``line 7``; the last line if it ends too early."""
    byte = re.search(r"\(byte ([0-9]+)\)", str(error))
    position = int(byte[1]) if byte else len(content)
    if isinstance(error, UnicodeDecodeError):
        try:
            content.decode()
        except UnicodeDecodeError as again:  # counts from the start of the file
            position = again.start
    return f"line {1 + content[:position].count(10)}"


def _invalid(path: Path, data: Dict[str, Any], kind: Type[Any], text: str) -> HistoryError:
    """The error for a value that does not validate, with its JSON path and the value."""
    # msgspec gives the path only as a part of its message.
    found = re.fullmatch(r"(.*?)(?: - at `(\$[^`]*)`)?", text, re.DOTALL)
    message, place = (found[1], found[2] or "$") if found else (text, "$")
    value: Any = data
    spelled = "$"
    for step in re.findall(r"\.\w+|\[[0-9]+\]|\[\.\.\.\]", place):
        if step == "[...]":  # msgspec does not say which key of an object it is
            key: Any = _failing_key(data, place[2:].partition("[")[0], kind, text)
            spelled += f"[{shown(key)}]"
        else:
            key = step[1:] if step[0] == "." else int(step[1:-1])
            spelled += step
        value = value[key]
    if not isinstance(value, dict):  # a class of ours that refuses its values names them itself
        message = f"{message}, found {shown(value)}"
    return _error(path, spelled, message)


def _failing_key(data: Dict[str, Any], field: str, kind: Type[Any], text: str) -> str:
    """The first key of an object whose value gives this error, found by halving the keys."""
    # Only fields at the top are dictionaries, so `field` names the one at fault. Halving converts a
    # thousand keys in ten steps.
    keys = list(data[field])
    while len(keys) > 1:
        half = keys[: len(keys) // 2]
        try:
            msgspec.convert({**data, field: {key: data[field][key] for key in half}}, kind)
            failed = False
        except msgspec.ValidationError as error:
            failed = str(error) == text
        keys = half if failed else keys[len(half) :]
    return str(keys[0])


def _error(path: Path, place: str, what: str) -> HistoryError:
    return HistoryError(f"{one_line(path)}: {place}: {one_line(what)}: {REMEDY}")
