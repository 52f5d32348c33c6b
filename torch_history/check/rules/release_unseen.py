"""Every behaviour was tried on every release that has a manifest, and every release was tried."""

from __future__ import annotations

from typing import Iterator

from torch_history.check.tree import Tree, several


def faults(tree: Tree) -> Iterator[str]:
    """Releases with a manifest on which some behaviours were not tried."""
    for manifest in tree.manifests.values():
        device, release = manifest["device"], manifest["release"]
        untried = [
            behaviour.id
            for behaviour, state in tree.recorded()
            if not state.stale
            and release not in state.record.seen.get(device, ())
            and release not in state.record.unknown.get(device, {})
        ]
        # A device may be recorded in part; it falls back on the cpu.
        if untried and device == "cpu":
            yield (
                f"manifests/{release}-{device}.json: {several(untried)} not recorded on it: "
                f"run `torch-history record {release}`"
            )
    known = {(one["device"], one["release"]) for one in tree.manifests.values()}
    for behaviour, state in tree.recorded():
        for device, releases in state.record.seen.items():
            for release in releases:
                if (device, release) not in known:
                    yield (
                        f"{behaviour.id} was seen on {release} on {device}, which has no manifest: "
                        f"restore manifests/{release}-{device}.json, or record {release} again"
                    )
                    known.add((device, release))  # told once
