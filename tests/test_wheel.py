"""What a wheel carries beside the engine. A stand-in takes the place of hatchling."""

import importlib.util
import sys
import types
from pathlib import Path

import pytest

from tests.fake import REPOSITORY
from tests.surface.making import entered, surveyed
from torch_history.catalogue import index
from torch_history.surface import files
from torch_history.surface import index as surface


class Interface:
    """What hatchling gives a hook."""

    def __init__(self, root, directory, target_name):
        self.root, self.directory, self.target_name = str(root), str(directory), target_name

    def __class_getitem__(cls, item):
        return cls


@pytest.fixture
def hook(project, tmp_path, monkeypatch):
    """Run the hook on the project with a surface; the files that it adds, by their place."""
    told = surveyed("2.0.1", {"torch.a": "value"}, annotations={"torch.a": "int"})
    files.write(project.root, entered({"2.0": told}))
    parts = ["hatchling", "builders", "hooks", "plugin", "interface"]
    for length in range(1, len(parts) + 1):
        name = ".".join(parts[:length])
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    sys.modules[".".join(parts)].BuildHookInterface = Interface
    monkeypatch.setattr(sys, "path", list(sys.path))
    spec = importlib.util.spec_from_file_location("hatch_build", REPOSITORY / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def make(target="wheel"):
        return module.Hook(project.root, tmp_path / "dist", target)

    return make


def added(hook, version="standard"):
    data = {"force_include": {}}
    hook.initialize(version, data)
    return data


def test_wheel_has_both_indexes_of_the_surface_beside_that_of_the_behaviours(hook, project):
    build = hook()
    data = added(build)
    places = {place: Path(path) for path, place in data["force_include"].items()}
    packaged = "torch_history/_packaged"
    texts = {
        name: places[f"{packaged}/{name}"].read_text(encoding="utf-8")
        for name in ("index.json", "surface.json", "annotations.json")
    }
    assert texts == {"index.json": index.build(project.root), **surface.built(project.root)}
    assert f"{packaged}/spec/rates/test_rates.py" in places
    assert not any("surface/" in place for place in places)
    build.finalize("standard", data, "")
    assert list((project.root.parent / "dist").iterdir()) == []
    assert (project.root / "spec/rates/test_rates.py").exists()


def test_answers_from_a_wheel_are_those_of_the_checkout(hook, project):
    places = {place: path for path, place in added(hook())["force_include"].items()}
    folder = Path(places["torch_history/_packaged/surface.json"]).parent
    assert surface.of(folder) == surface.of(project.root)
    assert surface.types(folder) == {"torch.a": {"2.0": "int"}}


@pytest.mark.parametrize("target, version", [("sdist", "standard"), ("wheel", "editable")])
def test_sdist_and_editable_install_need_no_index(hook, target, version):
    assert added(hook(target), version) == {"force_include": {}}
