"""Check: one small rule a function. Each yields a line that names the file and the remedy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Set

from torch_history import versions
from torch_history.catalogue import claims as registers
from torch_history.catalogue import index, releases, source
from torch_history.catalogue.behaviour import Behaviour
from torch_history.catalogue.kinds import Kind, admitted
from torch_history.errors import HistoryError
from torch_history.observing import encode
from torch_history.publish import claims as claims_page
from torch_history.publish import differences
from torch_history.questions import claims
from torch_history.records import manifests, store

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_API = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
_PAGE = re.compile(r"https://[\w./#-]+\.html")


class Checked(NamedTuple):
    """What a check came to."""

    faults: List[str]
    behaviours: int
    manifests: int


def check(root: Path) -> Checked:
    """Every fault of the tests' metadata, the records and the manifests."""
    known = source.behaviours(root)
    faults: List[str] = []
    for behaviour in known.values():
        faults.extend(metadata(behaviour))
    for path in store.all_paths(root / "spec"):
        faults.extend(recorded(path, known))
    recordings = manifests.read(root, None)
    for name, manifest in recordings.items():
        faults.extend(complete(known, name, manifest))
    faults.extend(claims.faults(registers.read(root), known, list(releases.releases(root))))
    if not faults:  # a page of damaged records says nothing
        faults.extend(fresh(root))
    told = [fault.replace(f"{root}/", "") for fault in faults]
    return Checked(told, len(known), len(recordings))


def fresh(root: Path) -> Iterator[str]:
    """The pages for readers say what the records, tests and claims say now."""
    from torch_history.bench import page as benchmarks

    content = index.of(root)
    pages: Dict[str, Callable[[], str]] = {
        claims_page.NAME: lambda: claims_page.page(content),
        differences.NAME: lambda: differences.page(content),
        benchmarks.NAME: lambda: benchmarks.page(root),
    }
    for name, page in pages.items():
        path = root / name
        if path.exists() and path.read_text(encoding="utf-8") != page():
            command = f"torch-history {path.stem.lower()} --write"
            yield f"{path}: not as the records and tests are now: run `{command}`"


def metadata(behaviour: Behaviour) -> Iterator[str]:
    """A behaviour has a claim for a name, a docstring, at least one API, and a source."""
    here = f"{behaviour.file}:{behaviour.line}: {behaviour.id}"
    if not _NAME.fullmatch(behaviour.id.partition(".")[2]):
        yield f"{here}: the name is not lower-case words: rename it"
    if not behaviour.docstring:
        yield f"{here}: no docstring: say the claim in one sentence"
    if not behaviour.api:
        yield f"{here}: no @pytest.mark.api(...): name the APIs it is about"
    for api in behaviour.api:
        if not _API.fullmatch(api):
            yield f"{here}: {api!r} is not a fully qualified API: write it as torch.optim.SGD"
    if behaviour.page and not _PAGE.fullmatch(behaviour.page):
        yield f"{here}: {behaviour.page!r} is not the address of a page: write page= as optim"
    if not behaviour.page and not behaviour.article:
        yield f"{here}: no source: give @pytest.mark.api a page= or an article="


def recorded(path: Path, known: Dict[str, Behaviour]) -> Iterator[str]:
    """A record belongs to a test, reads, is as written, and its changes are annotated."""
    name = store.behaviour_of(path)
    try:
        record = store.read(path)
        store.check_canonical(path, record)
        unreadable = list(decodable(path, record))
        yield from unreadable
        if name not in known:
            yield f"{path}: belongs to no test: give the test its name back, or `git rm` the file"
        elif not unreadable:
            yield from annotated(known[name], record)
    except HistoryError as error:
        yield str(error)


def decodable(path: Path, record: store.Record) -> Iterator[str]:
    """Every entry of a record is an observation, and the one its digest was made of."""
    for name, devices in record.items():
        for chain in devices.values():
            for version, observation in chain.items():
                try:
                    encode.verified(observation)
                except HistoryError as error:
                    yield f"{path}: {name}, {version}: {error}: {store.RESTORE}"


def annotated(behaviour: Behaviour, record: store.Record) -> Iterator[str]:
    """Every change in the record has a marker that it admits, and every marker a change."""
    here = f"{behaviour.file}:{behaviour.line}: {behaviour.id}"
    changed: Dict[str, Set[Kind]] = {}
    for devices in record.values():
        for chain in devices.values():
            lines = [version for version in chain if versions.is_line(version)]
            for before, after in zip(lines, lines[1:]):
                changed.setdefault(after, set()).update(admitted(chain[before], chain[after]))
    marked = [change.version for change in behaviour.changes]
    for version in changed:
        if version not in marked:
            marker = f"@pytest.mark.changed({version!r}, ...)"
            yield f"{here}: what changed at {version} is not annotated: add {marker}"
    for change in behaviour.changes:
        if change.version not in changed:
            yield (
                f"{here}: nothing changed at {change.version} in the record: "
                "remove the marker, or record that release"
            )
        elif change.kind not in changed[change.version]:
            admits = " or ".join(sorted(kind.slug for kind in changed[change.version]))
            yield (
                f"{here}: the change at {change.version} is annotated {change.kind}, "
                f"but the record admits {admits}"
            )


def complete(known: Dict[str, Behaviour], name: str, manifest: Dict[str, Any]) -> Iterator[str]:
    """A manifest speaks of every behaviour that there is, and of no other."""
    told = {**manifest["verified"], **manifest["unknown"]}
    command = f"torch-history record {name.partition('-')[0]}"
    missing = [behaviour for behaviour in known if behaviour not in told]
    if missing:
        yield (
            f"manifests/{name}.json: {len(missing)} behaviours are not recorded, "
            f"first {missing[0]}: run `{command}`"
        )
    gone = [behaviour for behaviour in told if behaviour not in known]
    if gone:
        yield (
            f"manifests/{name}.json: {gone[0]} is no behaviour (any more): run `{command} --again`"
        )
