"""Check: a function for each rule. Each yields lines that name the file and the remedy."""

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
    """The result of a check."""

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
    if not faults:  # a page made from damaged records means nothing
        faults.extend(fresh(root))
    told = [fault.replace(f"{root}/", "") for fault in faults]
    return Checked(told, len(known), len(recordings))


def fresh(root: Path) -> Iterator[str]:
    """The generated pages are up to date."""
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
    """The name of a behaviour is a claim; it has a docstring, at least one API, and a source."""
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
        yield (
            f"{here}: {behaviour.page!r} is not the address of a page: "
            'write it as page="generated/torch.optim.SGD"'
        )
    if not behaviour.page and not behaviour.article:
        yield f"{here}: no source: give @pytest.mark.api a page= or an article="


def recorded(path: Path, known: Dict[str, Behaviour]) -> Iterator[str]:
    """A record belongs to a test, can be read, was not edited, and its changes are annotated."""
    name = store.behaviour_of(path)
    try:
        record = store.read(path)
        store.check_canonical(path, record)
        # `annotated` reads the observations, so it has to wait until all of them are whole.
        unreadable = list(decodable(path, record))
        yield from unreadable
        if name not in known:
            yield f"{path}: belongs to no test: give the test its name back, or `git rm` the file"
        elif not unreadable:
            yield from annotated(known[name], record)
    except HistoryError as error:
        yield str(error)


def decodable(path: Path, record: store.Record) -> Iterator[str]:
    """Every entry of a record is an observation that matches its digest."""
    for name, devices in record.items():
        for chain in devices.values():
            for version, observation in chain.items():
                try:
                    # A run does not parse the text where the digest matches: only here both count.
                    encode.verified(observation)
                except HistoryError as error:
                    yield f"{path}: {name}, {version}: {error}: {store.RESTORE}"


def annotated(behaviour: Behaviour, record: store.Record) -> Iterator[str]:
    """Every change in the record has a marker that fits, and every marker has a change."""
    here = f"{behaviour.file}:{behaviour.line}: {behaviour.id}"
    changed: Dict[str, Set[Kind]] = {}
    for devices in record.values():
        for chain in devices.values():
            lines = [version for version in chain if versions.is_line(version)]
            # Patches need no marker: they differ from their line, not from the release before.
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
            admits = " or ".join(kind.slug for kind in Kind if kind in changed[change.version])
            yield (
                f"{here}: the change at {change.version} is annotated {change.kind}, "
                f"but the record admits {admits}"
            )


def complete(known: Dict[str, Behaviour], name: str, manifest: Dict[str, Any]) -> Iterator[str]:
    """A manifest lists every behaviour, and no other."""
    told = {**manifest["verified"], **manifest["unknown"]}
    command = f"torch-history record {name.partition('-')[0]}"
    missing = [behaviour for behaviour in known if behaviour not in told]
    if missing:
        others = f", nor are {len(missing) - 1} others" if len(missing) > 1 else ""
        yield f"manifests/{name}.json: {missing[0]} is not recorded{others}: run `{command}`"
    gone = [behaviour for behaviour in told if behaviour not in known]
    if gone:
        yield (
            f"manifests/{name}.json: {gone[0]} is not a behaviour (any more): "
            f"run `{command} --again`"
        )
