"""What a dotted name stands for in one release."""

import pytest

from tests.surface.making import index_of, surveyed
from torch_history.surface.entry import Entry
from torch_history.surface.library import MODULE, Chains, Found, Library

CLASS = {
    "torch.nn.Module": "class ()",
    "torch.nn.Module.to": "method (dtype=None)",
    "torch.nn.Linear": "class (n) < torch.nn.Module",
    "torch.nn.Linear.forward": "method (input)",
    "torch.nn.Lazy": "class () < Mixin, torch.nn.Linear",
    "torch.Size": "class () < tuple",
    "torch.relu": "def (input)",
    "torch.nn.functional.gone": "def ()",
}
ALIASES = {
    "torch.nn.modules.Linear": "torch.nn.Linear",
    "torch.nn.modules.linear.Linear": "torch.nn.Linear",
    "torch.nn.functional.relu": "torch.relu",
    "torch.nn.Linear.extra": "torch.relu",
    "torch.round_a": "torch.round_b",
    "torch.round_b": "torch.round_a",
}
MODULES = ["torch", "torch.nn", "torch.nn.functional", "torch.nn.modules", "torch._utils"]
LATER = {name: kept for name, kept in CLASS.items() if not name.endswith("gone")}
TOLD = {
    "1.4": surveyed("1.4.0", CLASS, modules=MODULES, aliases=ALIASES),
    "2.0": surveyed(
        "2.0.1",
        LATER,
        modules=MODULES[:3],
        aliases={"torch.nn.functional.relu": "torch.relu"},
        failed={"torch.onnx": "ImportError: no"},
    ),
}


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return index_of(tmp_path_factory.mktemp("library"), TOLD)


@pytest.fixture(scope="module")
def old(index):
    return Library(Chains(index), "1.4.0")


@pytest.fixture(scope="module")
def new(index):
    return Library(Chains(index), "2.0")


@pytest.mark.parametrize(
    "name, path",
    [
        ("torch.relu", "torch.relu"),
        ("torch.nn.functional.relu", "torch.relu"),
        ("torch.nn.modules.linear.Linear", "torch.nn.Linear"),
        ("torch.nn.modules.Linear.forward", "torch.nn.Linear.forward"),
        ("torch.nn.Linear.to", "torch.nn.Module.to"),
        ("torch.nn.modules.Linear.to", "torch.nn.Module.to"),
        ("torch.nn.Lazy.forward", "torch.nn.Linear.forward"),
        ("torch.nn.Lazy.to", "torch.nn.Module.to"),
        ("torch.nn.Lazy.extra", "torch.relu"),
    ],
)
def test_name_is_found_by_its_path_an_alias_or_a_base(old, name, path):
    found = old.find(name)
    assert found.path == path and found.entry == old.find(path).entry


@pytest.mark.parametrize(
    "name",
    [
        *("torch.nope", "torch.nn.Linear.nope", "torch.relu.nope", "torch.nn.Size", "nope", ""),
        *("torch.Size.count", "torch.round_a", "torch.round_a.nope", "torch.nn.functional.nope"),
    ],
)
def test_name_that_is_not_there_is_not_found(old, name):
    assert old.find(name) is None and old.public(name) == name


def test_name_is_not_found_before_it_came_and_after_it_went(old, new):
    gone = "torch.nn.functional.gone"
    assert old.find(gone) == Found(gone, Entry("function", "()")) and new.find(gone) is None
    assert old.find("torch.nn.modules.Linear") and new.find("torch.nn.modules.Linear") is None


def test_module_is_found_private_ones_too(old, new):
    assert old.find("torch.nn.modules") == Found("torch.nn.modules", MODULE)
    assert old.has_module("torch._utils") and not new.has_module("torch._utils")
    assert old.has_module("torch") and not old.has_module("nn") and not old.has_module("")


def test_lineage_has_the_bases_of_bases_and_those_of_python(old):
    assert list(old.lineage("torch.nn.modules.Linear")) == ["torch.nn.Linear", "torch.nn.Module"]
    assert list(old.lineage("torch.nn.Lazy")) == [
        *("torch.nn.Lazy", "Mixin", "torch.nn.Linear", "torch.nn.Module"),
    ]
    assert list(old.lineage("torch.Size")) == ["torch.Size", "tuple", "object"]
    assert list(old.lineage("int")) == ["int", "object"]


def test_class_of_torch_may_be_gone_and_any_other_is_there(new):
    assert new.knows("torch.nn.Linear") and not new.knows("torch.nn.Gone")
    assert new.knows("tuple") and new.knows("abc.ABC")


def test_all_aliases_are_whole_names(new, old):
    assert new.all_aliases() == {"torch.nn.functional.relu": "torch.relu"}
    assert old.all_aliases() == ALIASES


@pytest.mark.parametrize(
    "name, known",
    [("torch.onnx", False), ("torch.onnx.export", False), ("torch.onnxs", True), ("torch", True)],
)
def test_name_in_a_module_that_could_not_be_imported_is_unknown(new, name, known):
    assert new.is_known(name) is known
