"""Every behaviour was tried on every release that has a manifest, and every release was tried."""

from __future__ import annotations

from typing import Dict, Iterator, List, Tuple

from torch_history.check.tree import Tree, several


def faults(tree: Tree) -> Iterator[str]:
    """Releases with a manifest on which some behaviours were not tried."""
    lacking: Dict[Tuple[str, ...], List[str]] = {}
    for manifest in tree.manifests.values():
        device, release = manifest["device"], manifest["release"]
        untried = tuple(
            behaviour.id
            for behaviour, state in tree.recorded()
            if not state.stale
            and release not in state.record.seen.get(device, ())
            and release not in state.record.unknown.get(device, {})
        )
        # A device may be recorded in part; it falls back on the cpu.
        if untried and device == "cpu":
            lacking.setdefault(untried, []).append(release)
    for names, releases in lacking.items():
        yield _untried(list(names), releases)
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


def _untried(names: List[str], releases: List[str]) -> str:
    """One line for the behaviours that lack the same releases: a new one lacks nearly all."""
    told = several(names)
    if len(releases) == 1:
        return (
            f"manifests/{releases[0]}-cpu.json: {told} not recorded on it: "
            f"run `torch-history record {releases[0]}`"
        )
    ids = "".join(f" {name}" for name in names) if len(names) < 4 else ""
    return (
        f"{told} not recorded on {len(releases)} releases, {releases[0]} to {releases[-1]}: "
        f"run `torch-history record{ids}`, or the workflow record"
    )
