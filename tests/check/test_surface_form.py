"""The files of the surface are as the record command writes them."""

import json

import pytest

from tests.check.making import faults_of
from tests.surface.making import entered, surveyed
from torch_history.check.rules import surface_form
from torch_history.surface import files
from torch_history.surface.files import RESTORE

OPTIM = "surface/torch.optim.json"
MODULES = ["torch", "torch.optim"]
WARNS = {"is": "def (x)", "warns": [{"category": "FutureWarning", "text": "Call b."}]}
TOLD = {
    "1.4": surveyed(
        "1.4.0",
        {"torch.a": "def (x)", "torch.optim.Adam": "class (params)"},
        modules=MODULES,
        aliases={"torch.optim.adam.Adam": "torch.optim.Adam"},
        annotations={"torch.a": "x: int"},
    ),
    "2.0": surveyed(
        "2.0.1",
        {"torch.a": WARNS, "torch.optim.Adam": "class (params, lr=0.1)"},
        modules=MODULES,
        annotations={"torch.a": "x: float"},
    ),
}


@pytest.fixture
def project(project):
    """The project with the surface of two releases."""
    project.surface = entered(TOLD)
    files.write(project.root, project.surface)
    return project


def test_surface_that_was_recorded_has_no_fault(project):
    assert faults_of(surface_form, project) == []


def test_project_without_a_surface_has_no_fault(recorded):
    assert faults_of(surface_form, recorded) == []


@pytest.mark.parametrize(
    "old, new, fault",
    [
        ("lr=0.1", "lr=0.2", ": edited by hand: it is not what its digest was made of"),
        (
            '"1.4":"class (params)",\n',
            "",
            ": edited by hand: it is not what its digest was made of",
        ),
        (
            '"2.0":"class',
            '"2.6":"class',
            ": edited by hand: it is not what its digest was made of",
        ),
        ('"1.4":"class', '"1.4": "class', ":6: not as the record command writes it"),
        ('{\n"module"', '"module"', ": damaged ("),
        ('"format":1', '"format":2', ": not of format 1"),
    ],
    ids=["value", "line", "release", "space", "json", "format"],
)
def test_damaged_or_edited_file_is_named_with_the_remedy(project, old, new, fault):
    project.change(OPTIM, old, new)
    found = faults_of(surface_form, project)
    assert len(found) == 1 and found[0].startswith(f"{OPTIM}{fault}") and found[0].endswith(RESTORE)


def test_line_at_the_end_is_named(project):
    path = project.root / OPTIM
    path.write_text(f"{path.read_text(encoding='utf-8')}\n", encoding="utf-8")
    [found] = faults_of(surface_form, project)
    assert found.startswith(f"{OPTIM}:13: not as the record command writes it")


def test_every_damaged_file_is_named(project):
    for name in ("torch.json", "_modules.json", "annotations/torch.json"):
        (project.root / "surface" / name).write_text("{", encoding="utf-8")
    assert [fault.partition(":")[0] for fault in faults_of(surface_form, project)] == [
        *("surface/_modules.json", "surface/torch.json", "surface/annotations/torch.json"),
    ]


@pytest.mark.parametrize("name", ["_releases.json", "_modules.json"])
def test_file_that_is_gone_is_named(project, name):
    (project.root / "surface" / name).unlink()
    assert f"surface/{name}: no such file: {RESTORE}" in faults_of(surface_form, project)


def test_name_in_the_file_of_another_module_is_told(project):
    path = project.root / OPTIM
    data = json.loads(path.read_text(encoding="utf-8"))
    data["module"] = "torch.lost"
    sealed(project.root / "surface" / "torch.lost.json", data)
    path.unlink()
    assert [fault.partition(":")[0] for fault in faults_of(surface_form, project)] == [
        *("surface/torch.json", "surface/torch.lost.json"),
    ]


def sealed(path, data):
    """Write a file with the digest of its content, as nobody does by hand."""
    text = files._laid_out({**data, "digest": files._digest(data)}) + "\n"
    path.write_text(text, encoding="utf-8")


# What only a fault of the engine can write, with a digest that is right.


@pytest.mark.parametrize(
    "part, name, chain, told",
    [
        ("names", "torch.a", {"2.0": "value", "1.4": "class"}, "torch.a: 2.0, 1.4: releases must"),
        ("names", "torch.a", {"1.4": "value", "2.0": "value"}, "torch.a: 1.4, 2.0: releases must"),
        ("names", "torch.a", {"1.4": None, "2.0": "value"}, "torch.a: 1.4, 2.0: releases must"),
        ("names", "torch.a", {"1.4": "value", "2.6": None}, "torch.a: 2.6 was not surveyed"),
        ("types", "torch.a", {"2.0": "a", "1.4": "b"}, "annotations of torch.a: 2.0, 1.4: "),
        ("aliases", "torch.b", {"1.4": "-f=torch.a"}, "aliases in torch.b: 1.4: releases must"),
        ("aliases", "torch.b", {"1.4": "+f=torch.a", "2.0": "+f=torch.a"}, "aliases in torch.b: "),
        ("modules", "torch", {"1.4": "+optim", "2.0": "+optim"}, "modules of torch: 1.4, 2.0: "),
        ("names", "torch.a", {"1.4": "def (x"}, "torch.a: 1.4: 'def (x' is not an entry"),
        ("names", "torch.a", {"1.4": "value  "}, "torch.a: 1.4: 'value  ' is not an entry"),
        ("names", "torch.a", {"1.4": {"is": 1}}, "torch.a: 1.4: {'is': 1} is not an entry: "),
        (
            "names",
            "torch.a",
            {"1.4": "def (a b)"},
            "torch.a: 1.4: '(a b)' is not a list of parameters: 'a b' is not a parameter",
        ),
        (
            "names",
            "torch.a",
            {"1.4": "def () | (a=[)"},
            "torch.a: 1.4: '(a=[)' is not a list of parameters: its brackets do not match",
        ),
        (
            "names",
            "torch.a",
            {"1.4": {"is": "value", "removed": ""}},
            "torch.a: 1.4: {'is': 'value', 'removed': ''} is not as the record command writes it",
        ),
    ],
)
def test_timeline_or_entry_out_of_form_is_named(project, part, name, chain, told):
    getattr(project.surface, part)[name] = chain
    files.write(project.root, project.surface)
    [found] = faults_of(surface_form, project)
    assert found.startswith(f"surface: {told}") and found.endswith(RESTORE)
