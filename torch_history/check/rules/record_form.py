"""A record can be read, and is as the record command wrote it, down to each observation."""

from __future__ import annotations

from typing import Iterator

from torch_history.check.tree import Tree
from torch_history.errors import HistoryError
from torch_history.observing import encode
from torch_history.records import store


def faults(tree: Tree) -> Iterator[str]:
    """Records that are damaged or edited."""
    for path in store.all_paths(tree.root / "spec"):
        try:
            record = store.read(path)
            store.check_canonical(path, record)
        except HistoryError as error:
            yield str(error)
            continue
        for name, devices in record.timelines.items():
            for chain in devices.values():
                for version, observation in chain.items():
                    try:
                        # A run does not parse the text where the digest matches: here both count.
                        encode.verified(observation)
                    except HistoryError as error:
                        yield f"{path}: {name}, {version}: {error}: {store.RESTORE}"
