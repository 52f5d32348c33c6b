"""A project in which every word from outside would run, were it markup."""

import json
import shutil

from tests.fake import RELEASES, Project
from tests.literals import plant
from torch_history.records import store

# what would run in a page if it were markup, between tags or in an attribute
TAGS = "<script>alert(1)</script><img src=x onerror=alert(1)>"
HOSTILE = f"""'"> {TAGS} x onclick=alert(1) '"""
HOSTILE_SPEC = f'''
"""The file says {TAGS}."""

import pytest
from torch_history.observing import observe


@pytest.mark.api("fakelib.page", page="x onclick=alert(1)")
def test_page_of_two_words(snapshot):
    """The claim says {TAGS}."""
    assert snapshot == observe(lambda: 1)  # {TAGS}


@pytest.mark.api({HOSTILE!r}, page={HOSTILE!r}, article={HOSTILE!r})
@pytest.mark.changed(
    "2.0", {HOSTILE!r}, kind="silent", cause={HOSTILE!r}, probable=True, advice={HOSTILE!r}
)
def test_everything_is_hostile(snapshot):
    """The claim says {TAGS}."""
    assert snapshot == observe(lambda: 1)


@pytest.mark.api("fakelib.load")
@pytest.mark.changed("2.0", "it raises", kind="error", advice={HOSTILE!r})
@pytest.mark.interchange()
def test_file_of_every_release_loads(snapshot):
    """A file of every release loads."""


SHARED = {TAGS!r}
'''
HOSTILE_CHAPTERS = f'''"""All says {TAGS}."""

CHAPTERS = ["hostile", {HOSTILE!r}]
'''
HOSTILE_SUBJECTS = f'''"""The chapter says {TAGS} and ``{TAGS}``.

And {HOSTILE.strip()} is a term, and so is a script.
"""

SUBJECTS = ["hostile", {HOSTILE!r}]
'''
SCALAR = {"$tensor": "float32[]", "rows": ["0.5"]}
RAISED = {
    "raised": {"type": HOSTILE, "message": HOSTILE},
    "warned": [{"category": HOSTILE, "message": HOSTILE}],
}
HOSTILE_RECORD = {
    HOSTILE: {
        "cpu": {"1.4": {"value": {HOSTILE: HOSTILE, "dict": {"$dict": [[HOSTILE, SCALAR]]}}}},
        HOSTILE: {"1.4": {"value": HOSTILE}},
    },
    "tensors": {
        "cpu": {
            "1.4": {
                "value": [
                    {"$tensor": f"float32[1]{HOSTILE}", "rows": [HOSTILE]},
                    {"$tensor": f"float32[2,1,1]{HOSTILE}", "rows": [HOSTILE]},
                    {"$tensor": f"float32[]{HOSTILE}", "rows": [HOSTILE]},
                    {"$dtype": HOSTILE},
                ]
            },
            "2.0": RAISED,
        }
    },
}
HOSTILE_FILES = {
    f"written by {patch}": {"cpu": {"1.4": {"value": 1}, "2.0": RAISED}}
    for patch in RELEASES.values()
}
PICTURE = "../benchmarks/releases-cpu.svg"
HOSTILE_BENCHMARKS = f"""# Benchmarks {TAGS}

<div onclick="alert(1)">{TAGS}</div>

| a {TAGS} | `{TAGS}` |
|---|---|
| <b onclick=alert(1)>b</b> | ![" onerror="alert(1) {TAGS}]({PICTURE} "{TAGS}") |

[script](javascript:alert(1)) [more](data:text/html,{TAGS}) <javascript:alert(1)>

![script](javascript:alert(1)) [quote](<x" onclick="alert(1)> "{TAGS}")
"""
HOSTILE_GUIDE = f"""# A guide {TAGS}

The first words {TAGS}.

{HOSTILE_BENCHMARKS}

[out](//example.org/{TAGS}) [up](../../../etc/passwd) [guide](nothing.md "{TAGS}") `{HOSTILE}`
"""
HOSTILE_GLOSSARY = f"""# Glossary {TAGS}

## {HOSTILE.strip()}
A term that says {TAGS}.

## script
A term that is a tag.
"""
HOSTILE_LLMS = f"""# {TAGS}

- [script](javascript:alert(1)): {TAGS}
- [guide](docs/hostile.md): {TAGS}
"""
# of these, none may become a file outside the folder of the site
OUTSIDE = ["hostile./../../../outside", "../outside", f"hostile.{HOSTILE}"]


def hostile_project(recorded, root):
    """A copy of the recorded project in which all words from outside would be markup."""
    shutil.copytree(str(recorded.root), str(root))
    project = Project(root)
    project.write("spec/hostile/test_hostile.py", HOSTILE_SPEC)
    project.write("spec/__init__.py", HOSTILE_CHAPTERS)
    project.write("spec/hostile/__init__.py", HOSTILE_SUBJECTS)
    project.write("docs/benchmarks.md", HOSTILE_BENCHMARKS)
    project.write("docs/hostile.md", HOSTILE_GUIDE)
    project.write("docs/glossary.md", HOSTILE_GLOSSARY)
    project.write("docs/<img src=x onerror=alert(1)>.md", HOSTILE_GUIDE)
    project.write("llms.txt", HOSTILE_LLMS)
    project.write("claims/titles.json", json.dumps({"A": HOSTILE}))
    picture = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
    project.write("benchmarks/releases-cpu.svg", picture)
    claim = {"section": HOSTILE, "claim": HOSTILE, "tests": [HOSTILE], "note": HOSTILE}
    project.write("claims/A.py", repr([{**claim, "verdict": f"holds if {HOSTILE}"}]))
    former = {"former": [*OUTSIDE, "hostile.old"]}
    plant(project, "hostile.everything_is_hostile", HOSTILE_RECORD, **former)
    plant(project, "hostile.file_of_every_release_loads", HOSTILE_FILES)
    plant(project, "hostile.page_of_two_words", {})
    record = project.kept("rates.constant_stays")
    record.seen["cpu"].remove("1.13.1")
    record.unknown = {"cpu": {"1.13.1": HOSTILE}}
    store.write_record(project.path("rates.constant_stays"), record)
    for path in (root / "manifests").glob("*.json"):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        for field in ("build", "python", "platform", "numpy", "cpu_vendor", "cpu_capability"):
            manifest[field] = HOSTILE
        path.write_text(json.dumps(manifest), encoding="utf-8")
    return project
