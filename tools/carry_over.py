"""Carry the records of format 1 over to format 2: ``python tools/carry_over.py OLD``, once.

OLD is a checkout of the last commit with format 1. Its records were made from its sources, so the
digest of each behaviour is taken there.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from torch_history.catalogue import source
from torch_history.records import sources, store
from torch_history.records.store import Record

HERE = Path(__file__).resolve().parents[1]


def main(old: Path) -> None:
    """Write every record and manifest of this checkout."""
    known, digests = source.behaviours(old), sources.Sources(old)
    manifests = {
        path.name: json.loads(path.read_text(encoding="utf-8"))
        for path in (old / "manifests").glob("*.json")
    }
    for name, behaviour in known.items():
        timelines = json.loads(store.path_of(old / "spec", name).read_text(encoding="utf-8"))
        record = Record(
            source=digests.digest(behaviour.file, behaviour.function), timelines=timelines
        )
        for manifest in manifests.values():
            device, release = manifest["device"], manifest["release"]
            if name in manifest["verified"]:
                record.seen.setdefault(device, []).append(release)
                if manifest["verified"][name]:
                    distances = record.distances.setdefault(device, {})
                    distances[release] = manifest["verified"][name]
            elif name in manifest["unknown"]:
                record.unknown.setdefault(device, {})[release] = manifest["unknown"][name]
        store.write_record(store.path_of(HERE / "spec", name), record)
    for name, manifest in manifests.items():
        left_out = ("verified", "unknown", "sources")
        kept = {key: value for key, value in manifest.items() if key not in left_out}
        store.write(HERE / "manifests" / name, {**kept, "format": 2})


main(Path(sys.argv[1]))
