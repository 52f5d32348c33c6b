"""The life of a name: which releases have it, what changed, and what is about it."""

import pytest

from tests.questions import surface as small
from torch_history.questions.names import Lives, Span, deprecations, life
from torch_history.surface import index
from torch_history.surface.events import Surfaces


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("names")


@pytest.fixture(scope="module")
def surface(root):
    return small.written(root)


@pytest.fixture(scope="module")
def lives(surface):
    return Lives(small.catalogue(), surface)


def told(lives, name):
    return {change.since: change.words for change in lives.of(name).changes}


@pytest.mark.parametrize(
    "name, spans",
    [
        ("torch.optim.Optimizer", [Span("1.4", True, None)]),
        ("torch.optim.NAdam", [Span("1.9", False, None)]),
        ("torch.qr", [Span("1.4", True, "2.0")]),
        ("torch._six", [Span("1.4", True, "1.9")]),
        ("torch.cuda.brief", [Span("1.4", True, "1.4"), Span("2.6", False, None)]),
        ("torch.onnx.export", [Span("1.4", True, None)]),
    ],
)
def test_releases_in_a_row_that_have_a_name_are_one_span(lives, name, spans):
    found = lives.of(name)
    assert list(found.spans) == spans and found.gone is bool(spans[-1].until)


def test_each_release_that_changed_a_name_is_told_once(lives):
    assert told(lives, "torch.qr") == {
        "1.9": ("warns: FutureWarning: use linalg.qr",),
        "2.0": ("only raises: use linalg.qr",),
        "2.6": ("is gone; it only raised before",),
    }
    assert told(lives, "torch.optim.NAdam") == {"2.0": ("takes foreach by keyword only",)}
    assert told(lives, "torch.cuda.brief") == {"1.9": ("is gone",), "2.6": ("exists",)}
    assert told(lives, "torch.optim.Optimizer.step") == {}


def test_name_is_what_it_was_in_the_newest_release_that_has_it(lives):
    found = lives.of("torch.qr")
    assert (found.release, found.entry.removed) == ("2.0", "use linalg.qr")
    found = lives.of("torch.optim.NAdam")
    assert (found.release, found.entry.takes) == ("2.6", "(params, lr=0.002, *, foreach=None)")


def test_note_stands_with_its_change(lives):
    notes = {change.since: change.note for change in lives.of("torch.qr").changes}
    assert notes["2.0"].advice == "call torch.linalg.qr" and notes["1.9"] is None


def test_method_that_a_class_inherits_has_the_life_of_its_base(lives):
    found = lives.of("torch.optim.NAdam.zero_grad")
    assert found.path == "torch.optim.Optimizer.zero_grad"
    assert told(lives, found.name) == {"2.0": ("set_to_none is True by default, was False",)}
    assert found.spans == (Span("1.9", False, None),)  # as long as there is the class


def test_alias_has_the_life_of_its_object_and_public_paths_come_first(lives):
    public, alias = lives.of("torch.optim.NAdam"), lives.of("torch.optim.nadam.NAdam")
    assert (alias.path, alias.changes[0].words) == (public.name, public.changes[0].words)
    assert public.aliases == ("torch.optim.nadam.NAdam", "torch.optim._multi.NAdam")
    assert alias.aliases == ("torch.optim._multi.NAdam",)


def test_path_that_became_an_alias_says_of_what(lives):
    found = lives.of("torch.cuda.Scaler")
    assert found.paths == ("torch.amp.Scaler", "torch.cuda.Scaler") and not found.gone
    assert told(lives, found.name) == {"2.0": ("is an alias of torch.amp.Scaler",)}
    member = told(lives, "torch.cuda.Scaler.scale")
    assert member == {"2.0": ("is an alias of torch.amp.Scaler.scale",)}


def test_alias_that_went_says_where_its_object_is(lives):
    assert told(lives, "torch.cuda.NAdam")["2.6"] == ("is now torch.optim.NAdam",)
    assert told(lives, "torch.functional.qr")["2.6"] == ("is gone; it only raised before",)


def test_release_that_could_not_import_the_module_is_unknown(lives):
    found = lives.of("torch.onnx.export")
    assert found.unknown == {"1.9": "ImportError: no onnx"}
    assert told(lives, found.name) == {"2.6": ("takes a new required argument f",)}


@pytest.mark.parametrize(
    "name, ids",
    [
        ("torch.optim.NAdam", ["nadam_looks_ahead"]),
        ("torch.optim._multi.NAdam", ["nadam_looks_ahead"]),
        ("torch.optim.NAdam.zero_grad", ["zero_grad_leaves_none"]),
        ("torch.optim", ["nadam_looks_ahead", "zero_grad_leaves_none"]),
        ("torch.qr", ["qr_is_reduced"]),  # which is about another path of it
        ("torch.amp.Scaler", []),
    ],
)
def test_behaviours_are_about_the_object_or_what_it_contains(lives, name, ids):
    found = lives.of(name).behaviours
    assert [one.id.partition(".")[2] for one in found] == ids


def test_name_of_no_release_has_no_life(lives, surface):
    assert lives.of("torch.nothing") is None and not lives.covers("torch.nothing")
    assert life(small.catalogue(), surface, "torch.nothing") is None


def test_one_life_is_as_those_of_many(lives, surface):
    for name in (*small.NAMES, *small.ALIASES, *small.MODULES):
        assert life(small.catalogue(), surface, name) == lives.of(name)


def test_changes_are_those_of_a_diff_of_both_releases(lives, surface):
    pairs = list(zip(small.LINES, small.LINES[1:]))
    for name in (*small.NAMES, *small.ALIASES, *small.MODULES):
        found = {one.since: [event.change for event in one.events] for one in lives.changes(name)}
        for before, after in pairs:
            known = Surfaces(surface, before, after).events(name)
            if not name.startswith("torch.onnx"):
                assert found.get(after, []) == [event.change for event in known], (name, after)


def test_annotations_are_kept_apart_and_told_by_release(lives, root):
    found = lives.annotations(lives.of("torch.optim.NAdam"), index.types(root))
    assert found == [
        ("1.9", "lr: float; params: list"),
        ("2.0", "foreach: bool | None; lr: float | Tensor; params: list"),
    ]
    assert lives.annotations(lives.of("torch.qr"), index.types(root)) == []


def test_deprecation_in_force_is_told_without_a_change(lives):
    entry = lives.libraries["1.9"].find("torch.qr").entry
    assert deprecations(entry) == ["warns: FutureWarning: use linalg.qr"]
    assert deprecations(lives.of("torch.linalg.qr").entry) == []


def test_surface_of_nothing_has_no_lives(tmp_path):
    empty = Lives(small.catalogue(), index.of(tmp_path))
    assert empty.of("torch.qr") is None and not empty.covers("torch")
