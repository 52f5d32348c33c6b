"""Which of the names that went are among those that came; none rather than a wrong one."""

import pytest

from torch_history.surface.entry import Entry
from torch_history.surface.renames import How, Rename, renames, without_members

CLASS, VALUE, MODULE = Entry("class"), Entry("value"), Entry("module")


def function(takes):
    return Entry("function", takes)


def matched(gone, appeared, before=(), after=(), stayed=()):
    found = renames(gone, appeared, dict(before), dict(after), dict(stayed))
    return {name: (one.name, one.how) for name, one in found.items()}


def test_path_that_still_works_is_kept():
    # torch.ao.quantization.QConfig is an alias of torch.quantization.QConfig now
    old, new = "torch.ao.quantization.QConfig", "torch.quantization.QConfig"
    assert matched({old: CLASS}, {new: CLASS}, {new: old}, {old: new}) == {old: (new, How.KEPT)}


def test_other_path_of_the_object_remains():
    old, new = "torch.backends.ContextProp", "torch.backends.nnpack.ContextProp"
    assert matched({old: CLASS}, {new: CLASS}, {new: old}) == {old: (new, How.MOVED)}


def test_alias_that_went_leads_to_the_public_path():
    alias, public = "torch.optim.adam.Tensor", "torch.Tensor"
    assert matched({alias: CLASS}, {}, {alias: public}) == {alias: (public, How.MOVED)}


@pytest.mark.parametrize(
    "old, new",
    [
        ("torch.tensor_foo", "torch.foo.tensor_foo"),
        ("torch.cuda.amp.custom_fwd", "torch.amp.custom_fwd"),
        ("torch.quantization.fuse", "torch.ao.quantization.fuse"),
        ("torch.fx.shapes.sym_node", "torch.fx.nodes.sym_node"),
    ],
)
def test_function_moves_to_a_related_module(old, new):
    was, now = function("(a, b, c)"), function("(a, b)")
    assert matched({old: was}, {new: now}) == {old: (new, How.MOVED)}


@pytest.mark.parametrize(
    "old, new, was, now",
    [
        ("torch.linalg.qr", "torch.sparse.qr", "(a)", "(a)"),
        ("torch.fft", "torch.fft.fft", "(input, signal_ndim)", "(input, n=None, dim=-1)"),
        ("torch.optim.SGD.step", "torch.optim.Optimizer.step", "(closure)", "(closure)"),
    ],
    ids=["unrelated", "other_parameters", "member"],
)
def test_same_last_name_is_not_enough(old, new, was, now):
    assert matched({old: function(was)}, {new: function(now)}) == {}


def test_module_moves_with_its_members():
    old, new = "torch.quantization.utils", "torch.ao.quantization.utils"
    other = "torch.quantization.fx.utils"
    gone = {old: MODULE, f"{old}.get_dict": function("(a)")}
    came = {new: MODULE, other: MODULE, f"{new}.get_dict": function("(a)")}
    assert matched(gone, came) == {
        old: (new, How.MOVED),
        f"{old}.get_dict": (f"{new}.get_dict", How.MOVED),
    }


@pytest.mark.parametrize(
    "old, new, entry",
    [
        ("torch.optim.optimizer.params_t", "torch.optim.optimizer.ParamsT", VALUE),
        ("torch.optim._LRScheduler", "torch.optim.LRScheduler", CLASS),
        ("torch._aminmax", "torch.aminmax", function("(input)")),
    ],
)
def test_name_is_spelled_otherwise_in_its_module(old, new, entry):
    assert matched({old: entry}, {new: entry}) == {old: (new, How.RENAMED)}


def test_equal_entry_with_a_similar_name_is_renamed():
    entry = function("(g, input, output_size)")
    old, new = "torch.onnx.upsample_nearest", "torch.onnx.upsample_nearest_nd"
    assert matched({old: entry}, {new: entry}) == {old: (new, How.RENAMED)}


@pytest.mark.parametrize(
    "old, new, was, now",
    [
        ("torch.mean", "torch.median", function("(input)"), function("(input)")),
        ("torch.nn.conv1d", "torch.nn.conv2d", function("(input)"), function("(input)")),
        ("torch.Tensor.add", "torch.Tensor.add_", function("(other)"), function("(other)")),
        ("torch.is_foo", "torch.is_foos", VALUE, VALUE),
        ("torch.is_foo", "torch.is_foos", function("(a)"), function("(b)")),
        ("torch._Foo", "torch.foo", CLASS, function("()")),
    ],
    ids=["other_name", "dimension", "in_place", "says_too_little", "other_entry", "other_kind"],
)
def test_what_may_be_another_object_is_not_matched(old, new, was, now):
    assert matched({old: was}, {new: now}) == {}


def test_two_candidates_are_no_match():
    entry = function("(a, b)")
    old, one, other = "torch.foo.run", "torch.a.foo.run", "torch.b.foo.run"
    assert matched({old: entry}, {one: entry, other: entry}) == {}
    assert matched({one: entry, other: entry}, {old: entry}) == {}
    assert matched({old: entry}, {one: function("(a)"), other: entry}) == {old: (other, How.MOVED)}


def test_class_carries_its_members():
    gone = {"torch.params_t": CLASS, "torch.params_t.step": Entry("method", "(closure)")}
    came = {"torch.ParamsT": CLASS, "torch.ParamsT.Step": Entry("method", "(closure)")}
    assert matched(gone, came) == {"torch.params_t": ("torch.ParamsT", How.RENAMED)}
    assert without_members(gone) == {"torch.params_t": CLASS}


def test_class_that_is_left_as_a_subclass_of_its_new_name_is_renamed():
    old, new = "torch.optim.lr_scheduler._LRScheduler", "torch.optim.lr_scheduler.LRScheduler"
    derived = Entry("class", bases=(new,))
    stayed = {old: derived, "torch.optim.lr_scheduler.StepLR": derived}
    assert renames({}, {new: CLASS}, {}, {}, stayed) == {old: Rename(new, How.SUBCLASS)}
