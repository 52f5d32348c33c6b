"""Store: the record files, one for each behaviour and whole in itself.

``spec/<chapter>/__snapshots__/<behaviour>.json`` holds what `Record` describes. A case is a named
observation: of a parametrised test, of an act of ``observe_each``, or ``observed``. In a timeline
versions ascend and an entry exists only where the observation changed; an entry holds until the
next one. A file is written whole, in one canonical form, with a digest of all of it, and replaced
atomically.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple, TypeVar

import msgspec
from msgspec import Struct

from torch_history import reading, versions
from torch_history.errors import HistoryError

FORMAT = 2
OBSERVED = "observed"  # the case of a test that has one observation
Json = Dict[str, Any]
Chain = Dict[str, Json]  # version -> observation
Timelines = Dict[str, Dict[str, Chain]]  # case -> device -> chain
Entry = TypeVar("Entry")  # an observation, decoded or not


class Record(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What is recorded of a behaviour. Without ``source`` nothing is."""

    source: str = ""  # the digest of what its observations depend on, see `sources`
    former: List[str] = []  # the ids that it had before
    seen: Dict[str, List[str]] = {}  # device -> the releases it was observed on
    unknown: Dict[str, Dict[str, str]] = {}  # device -> release -> why it was not observed
    # device -> release -> the largest distance from its entries in ULP, where that is not 0
    distances: Dict[str, Dict[str, int]] = {}
    timelines: Timelines = {}


LARGEST = 500_000_000  # bytes of a file; a run of all behaviours has 2 million
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
RESTORE = "restore it with `git checkout -- FILE`, or record the release again"


def path_of(spec: Path, behaviour: str) -> Path:
    """Where the record of ``<chapter>.<name>`` lies."""
    chapter, _, name = behaviour.partition(".")
    return spec / chapter / "__snapshots__" / f"{name}.json"


def behaviour_of(path: Path) -> str:
    """The inverse of ``path_of``."""
    return f"{path.parent.parent.name}.{path.stem}"


def all_paths(spec: Path) -> List[Path]:
    """Every record file, sorted. Raises HistoryError where a file stands in a folder's place."""
    for folder in sorted(spec.glob("*/__snapshots__")):
        if not folder.is_dir():
            raise HistoryError(
                f"{folder}: a file stands where the records' folder should be: move it away"
            )
    return sorted(spec.glob("*/__snapshots__/*.json"))


def dumps(data: object) -> str:
    """The canonical text of a JSON file."""
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _damage(path: Path, line: object, what: str) -> HistoryError:
    return HistoryError(f"{path}:{line}: {what}: {RESTORE}")


def _content(path: Path) -> bytes:
    if path.is_dir():
        raise HistoryError(f"{path}: a folder stands where a file should be: move it away")
    if path.parent.is_file():
        raise HistoryError(
            f"{path}: a file stands where the folder {path.parent} should be: move it away"
        )
    try:
        return reading.content(path, LARGEST)
    except reading.UnreadableError as error:
        if error.missing:
            raise FileNotFoundError(str(path)) from None
        raise HistoryError(f"{path}: cannot be read: {error}: move it away") from None


def read_json(path: Path) -> Json:
    """The JSON object in a file. Raises HistoryError that names the line of damage."""
    content = _content(path)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise _damage(
            path, 1 + error.object[: error.start].count(b"\n"), "not UTF-8 text"
        ) from None
    try:
        data = json.loads(text, parse_constant=_not_json)
        # json accepts half of a surrogate pair, which UTF-8 cannot hold. Only an escape can spell
        # one, so texts without such an escape are not encoded again.
        if _SURROGATE.search(text):
            json.dumps(data, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        # A merge conflict is never JSON, so whole files are not searched for its marks.
        conflict = re.search(r"^(<<<<<<<|=======|>>>>>>>)", text, re.MULTILINE)
        if conflict:
            raise _damage(
                path, 1 + text[: conflict.start()].count("\n"), "a merge conflict is not resolved"
            ) from None
        what = "truncated" if error.pos >= len(text.rstrip()) - 1 else "damaged"
        raise _damage(path, error.lineno, f"{what} ({error.msg})") from None
    except RecursionError:
        raise _damage(path, "?", "damaged (nested too deeply)") from None
    except UnicodeEncodeError:
        raise _damage(path, "?", "damaged (half of a surrogate pair)") from None
    # The last clause: JSONDecodeError and UnicodeEncodeError are ValueErrors too.
    except ValueError as error:  # NaN, or a number of too many digits
        raise _damage(path, "?", f"damaged ({error})") from None
    if not isinstance(data, dict):
        raise _damage(path, 1, "not a JSON object")
    return data


def _not_json(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def read(path: Path) -> Record:
    """The record in a file, whole and in form, no observation decoded; empty without a file.

    Raises HistoryError where it is damaged.
    """
    try:
        data = read_json(path)
    except FileNotFoundError:
        return Record()
    if data.pop("format", None) != FORMAT:
        raise _damage(path, 1, f"not a record of format {FORMAT}")
    if data.pop("digest", None) != _seal(data):
        raise _damage(path, "?", "edited by hand: it is not what its digest was made of")
    try:
        # One line for a device: a text with spaces, as the rows of a tensor are.
        seen = {device: text.split() for device, text in data.pop("seen", {}).items()}
        record = msgspec.convert({**data, "seen": seen}, Record)
    except (msgspec.ValidationError, AttributeError) as error:
        raise _damage(path, "?", f"damaged ({error})") from None
    for name, devices in record.timelines.items():
        for chain in devices.values():
            recorded = list(chain)
            try:
                ascending = sorted(recorded, key=versions.key)
            except HistoryError as error:
                raise _damage(path, "?", str(error)) from None
            # `insert`, `query` and `changes` take the order of the file for the order of versions.
            if recorded != ascending or not recorded:
                raise _damage(path, "?", f"the versions under {name!r} do not ascend: {recorded}")
    return record


def _seal(data: Json) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def text_of(record: Record) -> str:
    """The canonical text of a record."""
    timelines = {
        case: _by_device(record.timelines[case], _ascending) for case in sorted(record.timelines)
    }
    data: Json = msgspec.to_builtins(
        Record(
            record.source,
            record.former,
            _by_device(record.seen, lambda seen: sorted(seen, key=versions.key)),
            _by_device(record.unknown, _ascending),
            _by_device(record.distances, _ascending),
            timelines,
        )
    )
    if "seen" in data:
        data["seen"] = {device: " ".join(seen) for device, seen in data["seen"].items()}
    return dumps({"format": FORMAT, **data, "digest": _seal(data)})


def _by_device(table: Dict[str, Any], canonical: Callable[[Any], Any]) -> Dict[str, Any]:
    """What is not empty, the cpu first."""
    devices = sorted(table, key=lambda device: (device != "cpu", device))
    return {device: canonical(table[device]) for device in devices if table[device]}


def write_record(path: Path, record: Record) -> None:
    """Replace a record, or nothing where the file has this text."""
    text = text_of(record)
    try:
        same = path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        same = False
    if not same:
        write_text(path, text)


def check_canonical(path: Path, record: Record) -> None:
    """Raises HistoryError with the first line that the record command writes differently."""
    written, canonical = path.read_text(encoding="utf-8").split("\n"), text_of(record).split("\n")
    for number, (left, right) in enumerate(zip(written, canonical), start=1):
        if left != right:
            raise _damage(
                path,
                number,
                f"edited by hand: {left.strip()!r} is not as the record command writes it",
            )
    if len(written) != len(canonical):
        raise _damage(
            path,
            min(len(written), len(canonical)),
            "edited by hand: lines were added or removed at the end",
        )


def write(path: Path, data: object) -> None:
    """Replace a JSON file atomically. Raises HistoryError where the folder cannot be written."""
    write_text(path, dumps(data))


def write_text(path: Path, text: str) -> None:
    """Replace a file atomically. Raises HistoryError where the folder cannot be written."""
    with replacing(path, path, "make the folder writable; nothing recorded was lost") as temporary:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def replacing(path: Path, told: Path, remedy: str) -> Iterator[Path]:
    """A file to write, which then takes the place of another one, atomically.

    Raises HistoryError, which names ``told``, where it cannot be written.
    """
    # In the same folder, as only a rename inside one file system is atomic; not named *.json, so
    # that no reader takes it for a record.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise HistoryError(f"{told}: cannot be written ({error.strerror}): {remedy}") from None
    finally:
        with contextlib.suppress(OSError):  # where it was renamed, or never made
            temporary.unlink()


def named(behaviour: str, case: str) -> str:
    """A case as readers are told it: ``behaviour (case)``."""
    return behaviour if case == OBSERVED else f"{behaviour} ({case})"


def steps(chain: Mapping[str, Entry]) -> Iterator[Tuple[str, str]]:
    """The minor lines at which a chain changed, each after the line of the entry before.

    The first entry changed nothing. A patch differs from its line, not from the release before.
    """
    lines = [version for version in chain if versions.is_line(version)]
    return zip(lines, lines[1:])


def chain_for(
    devices: Mapping[str, Dict[str, Entry]], device: str, running: str
) -> Dict[str, Entry]:
    """The chain that applies to a device: its own if that reaches ``running``, else the cpu's."""
    own = devices.get(device, {})
    return own if versions.holding(own, running) else devices.get("cpu", {})


def insert(
    chain: Chain, version: str, observation: Json, same: Callable[[Json, Json], bool]
) -> Chain:
    """The chain once ``version`` was observed.

    It is unchanged if the entry that applies agrees, else it has a new entry. Entries that agree
    with their predecessor are dropped.
    """
    if not versions.is_line(version):  # a patch that differs from its line speaks for itself alone
        rest = {known: entry for known, entry in chain.items() if known != version}
        holder = versions.holding(rest, version)
        if holder is None or not same(rest[holder], observation):
            rest[version] = observation
        return _ascending(rest)

    lines = {known: entry for known, entry in chain.items() if versions.is_line(known)}
    patches = {known: entry for known, entry in chain.items() if known not in lines}
    holder = versions.holding(lines, version)
    # Patches play no part here: an entry of a patch says nothing about the releases after it.
    if holder is not None and same(lines[holder], observation):
        return chain
    # what returned within tolerance gets its former text: equal text means equal observations
    equal = (entry for entry in lines.values() if same(entry, observation))
    lines[version] = next(equal, observation)
    return _ascending({**_compact(_ascending(lines), same), **patches})


def _compact(chain: Chain, same: Callable[[Json, Json], bool]) -> Chain:
    kept: Chain = {}
    last: Optional[Json] = None
    for version, observation in chain.items():
        # Compared with the entry that was kept, not with the release before: small steps must not
        # add up unseen.
        if last is None or not same(last, observation):
            kept[version] = last = observation
    return kept


def _ascending(chain: Dict[str, Entry]) -> Dict[str, Entry]:
    return {version: chain[version] for version in sorted(chain, key=versions.key)}
