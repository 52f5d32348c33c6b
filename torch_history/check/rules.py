"""Check: one small rule a function; each yields a line that names the file and the remedy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, Iterator, List

from torch_history import versions
from torch_history.catalogue import source as catalogue
from torch_history.catalogue.source import Behaviour
from torch_history.errors import HistoryError
from torch_history.observing import encode
from torch_history.publish import differences
from torch_history.questions import claims
from torch_history.questions.kinds import KINDS, admitted
from torch_history.records import manifests, store

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_API = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


def check(root: Path) -> List[str]:
    """Every fault of the tests' metadata, the records and the manifests; an empty list where all is well."""
    known = catalogue.behaviours(root)
    faults = []
    for behaviour in known.values():
        faults.extend(metadata(behaviour))
    for path in store.all_paths(root / "spec"):
        name = store.behaviour_of(path)
        try:
            record = store.read(path)
            store.check_canonical(path, record)
            unreadable = list(decodable(path, record))
            faults.extend(unreadable)
            if name not in known:
                faults.append(
                    f"{path}: belongs to no test: give the test its name back, or `git rm` the file"
                )
            elif not unreadable:
                faults.extend(annotated(known[name], record))
        except HistoryError as error:
            faults.append(str(error))
    for name, manifest in manifests.read(root, None).items():
        faults.extend(complete(known, name, manifest))
    faults.extend(claims.faults(root, known))
    if not faults:  # a page of damaged records is none
        faults.extend(fresh(root, known))
    return [fault.replace(f"{root}/", "") for fault in faults]


def fresh(root: Path, known: Dict[str, Behaviour]) -> Iterator[str]:
    """The pages for readers say what the records, tests and claims say now."""
    from torch_history.bench import page

    for module, command in ((claims, "claims"), (differences, "differences"), (page, "benchmarks")):
        path = root / module.NAME
        if path.exists() and path.read_text(encoding="utf-8") != module.page(root, known):
            yield f"{path}: not as the records and tests are now: run `torch-history {command} --write`"


def metadata(behaviour: Behaviour) -> Iterator[str]:
    """A behaviour has a claim for a name, one sentence, at least one API, and a source: documentation page or article."""
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
    if not behaviour.page and not behaviour.article:
        yield f"{here}: no source: give @pytest.mark.api a page= or an article="


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
    """Every change in the record has a marker of a kind that the observations admit, and every marker a change."""
    here = f"{behaviour.file}:{behaviour.line}: {behaviour.id}"
    changed: Dict[str, set] = {}
    for devices in record.values():
        for chain in devices.values():
            recorded = [version for version in chain if versions.is_line(version)]
            for before, after in zip(recorded, recorded[1:]):
                changed.setdefault(after, set()).update(admitted(chain[before], chain[after]))
    for version in changed:
        if version not in [change.version for change in behaviour.changes]:
            yield f"{here}: what changed at {version} is not annotated: add @pytest.mark.changed({version!r}, ...)"
    for change in behaviour.changes:
        if change.kind not in KINDS:
            yield f"{here}: {change.kind!r} is not a kind: choose one of {', '.join(KINDS)}"
        elif change.version not in changed:
            yield f"{here}: nothing changed at {change.version} in the record: remove the marker, or record that release"
        elif change.kind not in changed[change.version]:
            yield (
                f"{here}: the change at {change.version} is annotated {change.kind}, but the record admits "
                f"{' or '.join(sorted(changed[change.version]))}"
            )


def complete(known: Dict[str, Behaviour], name: str, manifest: dict) -> Iterator[str]:
    """A manifest speaks of every behaviour that there is, and of no other."""
    told = {**manifest["verified"], **manifest["unknown"]}
    release = name.partition("-")[0]
    missing = [behaviour for behaviour in known if behaviour not in told]
    if missing:
        yield (
            f"manifests/{name}.json: {len(missing)} behaviours are not recorded, first {missing[0]}: "
            f"run `torch-history record {release}`"
        )
    gone = [behaviour for behaviour in told if behaviour not in known]
    if gone:
        yield (
            f"manifests/{name}.json: {gone[0]} is no behaviour (any more): run `torch-history record {release} --again`"
        )
