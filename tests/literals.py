"""Observations, records and surveys from literals, without a run of pytest."""

import msgspec

from tests.fake import RELEASES
from torch_history.observing import encode
from torch_history.records import store
from torch_history.records.store import Record
from torch_history.surface import entry
from torch_history.surface.digest import digest


def value(what, *warned):
    """An observation of a value, with warnings of these categories."""
    told = {"warned": [{"category": name, "message": "w"} for name in warned]} if warned else {}
    return encode.seal({"value": what, **told})


def raised(name, message="m"):
    """An observation of an exception."""
    return encode.seal({"raised": {"type": name, "message": message}})


def on_cpu(**chain):
    """The timelines of one case: ``on_cpu(**{"1.4": value(1)})``."""
    return {"observed": {"cpu": chain}}


def plant(project, behaviour, timelines, **more):
    """Record a behaviour, as observed on all four releases from its present source.

    Returns its file.
    """
    told = {"seen": {"cpu": list(RELEASES.values())}, **more}
    record = Record(project.sources()[behaviour], timelines=timelines, **told)
    store.write_record(project.path(behaviour), record)
    return project.path(behaviour)


def survey(release, names=(), *, modules=("torch",), **more):
    """What `torch_history.surveying` writes: names -> entries as the files have them."""
    return {
        "format": 1,
        "release": release,
        "python": "3.11.7",
        "source": digest(),
        "modules": list(modules),
        "names": {
            path: msgspec.to_builtins(entry.read(kept)) for path, kept in dict(names).items()
        },
        "aliases": {},
        "annotations": {},
        "failed": {},
        **more,
    }
