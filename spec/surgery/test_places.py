"""Moving, swapping and overwriting the children, buffers and parameters of a model.

A child that is removed and added again comes last. ``model._modules`` is a plain dict since 2.5, so
``move_to_end`` raises. A module that is assigned to the name of a buffer replaces the buffer;
``torch.nn.Module.set_submodule`` raises there since 2.7. ``torch.utils.swap_tensors``, since 2.3,
exchanges the values of two parameters and keeps the objects, so an optimizer still holds them.
"""

import pytest
import torch
from torch import nn

from fixtures.checkpoint import batchnorm
from fixtures.models import linear
from fixtures.modules import layout
from torch_history.observing import observe


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "2.5",
    "_modules is a plain dict, without move_to_end",
    kind="gone",
    cause="pytorch#129164",
    advice="write model._modules[name] = model._modules.pop(name)",
    restored_by="surgery.child_popped_from_modules_and_put_back_comes_last",
    of="torch.nn.Module._modules",
    rarely="calls of move_to_end",
)
def test_children_cannot_be_moved_to_the_end(snapshot):
    """``model._modules.move_to_end(name)`` raises since 2.5: children are in a plain dict.

    Remove the child and add it again.
    """
    model = nn.Sequential(nn.ReLU(), nn.Tanh())

    def act():
        model._modules.move_to_end("0")
        return layout(model)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_child_popped_from_modules_and_put_back_comes_last(snapshot):
    """``model._modules[name] = model._modules.pop(name)`` moves a child to the end.

    ``_modules.move_to_end(name)`` did the same before 2.5.
    """
    model = nn.Sequential(nn.ReLU(), nn.Tanh())

    def act():
        model._modules["0"] = model._modules.pop("0")
        return layout(model)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.ModuleDict", page="generated/torch.nn.ModuleDict")
def test_popped_child_added_again_comes_last(snapshot):
    """A child of a ``ModuleDict`` that is popped and added again comes last.

    This works on every release; ``_modules.move_to_end`` does not.
    """
    model = nn.ModuleDict({"a": nn.ReLU(), "b": nn.Tanh()})

    def act():
        model["a"] = model.pop("a")
        return layout(model)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.set_submodule", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "the missing method raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8",
    "the missing method raises a plain AttributeError again: ModuleAttributeError is gone",
    kind="wording",
    cause="pytorch#50298",
    advice="catch AttributeError",
)
@pytest.mark.changed(
    "2.5",
    "set_submodule appears, and puts the module in the buffer's place",
    kind="appeared",
    cause="pytorch#127714",
)
@pytest.mark.changed(
    "2.7",
    "raises AttributeError: what is replaced must be a module",
    kind="error",
    cause="pytorch#143455",
    advice="assign it to the buffer's name: model[0].running_mean = nn.ReLU()",
    restored_by="surgery.module_assigned_to_the_name_of_a_buffer_replaces_it",
    rarely="the name of a buffer",
)
def test_set_submodule_over_a_buffer_raises(snapshot):
    """``set_submodule`` raises if the name is that of a buffer.

    In 2.5 and 2.6 the module replaced the buffer, which was then missing from the state dict.
    """
    model = nn.Sequential(batchnorm())

    def act():
        model.set_submodule("0.running_mean", nn.ReLU())
        return list(model.state_dict())

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_module_assigned_to_the_name_of_a_buffer_replaces_it(snapshot):
    """A module assigned to the name of a buffer replaces it.

    The buffer is then missing from the state dict. A forward that reads it finds the module.
    """
    model = nn.Sequential(batchnorm())

    def act():
        model[0].running_mean = nn.ReLU()
        return list(model.state_dict())

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.set_submodule", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "the missing method raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8",
    "the missing method raises a plain AttributeError again: ModuleAttributeError is gone",
    kind="wording",
    cause="pytorch#50298",
    advice="catch AttributeError",
)
@pytest.mark.changed(
    "2.5",
    "set_submodule appears, and raises TypeError over a parameter",
    kind="exception",
    cause="pytorch#127714",
    when=":caught",
    rarely="the name of a parameter",
)
@pytest.mark.changed(
    "2.7",
    "raises AttributeError instead of TypeError, and says that it is not a module",
    kind="exception",
    cause="pytorch#143455",
    when=":caught",
    rarely="the name of a parameter",
)
def test_set_submodule_over_a_parameter_raises(snapshot):
    """``set_submodule`` raises if the name is that of a parameter.

    2.5 and 2.6 raise TypeError, later releases AttributeError.
    """
    model = nn.Sequential(batchnorm())

    def act():
        model.set_submodule("0.weight", nn.ReLU())
        return list(model.state_dict())

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.set_submodule", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "the missing method raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8",
    "the missing method raises a plain AttributeError again: ModuleAttributeError is gone",
    kind="wording",
    cause="pytorch#50298",
    advice="catch AttributeError",
)
@pytest.mark.changed(
    "2.5",
    "set_submodule appears, and raises ValueError for an empty name",
    kind="exception",
    cause="pytorch#127714",
    when=":caught",
    rarely="an empty name",
)
def test_set_submodule_of_an_empty_name_raises(snapshot):
    """``set_submodule`` with an empty name raises: it cannot replace the whole model."""
    assert snapshot == observe(lambda: nn.Sequential(nn.ReLU()).set_submodule("", nn.Tanh()))


@pytest.mark.api("torch.utils.swap_tensors", page="generated/torch.utils.swap_tensors")
@pytest.mark.changed(
    "2.3", "torch.utils.swap_tensors appears", kind="appeared", cause="pytorch#111747"
)
def test_swap_tensors_exchanges_what_two_parameters_are(snapshot):
    """``swap_tensors`` exchanges the values and shapes of two parameters.

    The objects stay the same. An optimizer that holds one of them sees the other's values.
    """
    held, other = nn.Parameter(torch.tensor([1.0])), nn.Parameter(torch.tensor([2.0, 3.0]))
    optimizer = torch.optim.SGD([held], lr=1.0)

    def act():
        torch.utils.swap_tensors(held, other)
        return {
            "held": held,
            "other": other,
            "in the optimizer": optimizer.param_groups[0]["params"][0],
        }

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.__future__.set_swap_module_params_on_conversion", "torch.nn.Module.to", page="future_mod"
)
@pytest.mark.changed(
    "2.3",
    "the switch set_swap_module_params_on_conversion appears",
    kind="appeared",
    cause="pytorch#117167",
)
def test_conversion_that_swaps_parameters_keeps_the_objects(snapshot):
    """``set_swap_module_params_on_conversion(True)`` makes ``double()`` keep the Parameters.

    ``double()`` swaps new values into the same objects, so an optimizer built before still trains
    them.
    """
    model = linear([[1.0]])
    before = model.weight

    def act():
        torch.__future__.set_swap_module_params_on_conversion(True)
        try:
            model.double()
        finally:
            torch.__future__.set_swap_module_params_on_conversion(False)
        return {"weight": model.weight, "same parameter": model.weight is before}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.__future__.set_swap_module_params_on_conversion",
    "torch.nn.Module.load_state_dict",
    page="future_mod",
)
@pytest.mark.changed(
    "2.3",
    "the switch set_swap_module_params_on_conversion appears",
    kind="appeared",
    cause="pytorch#117913",
)
def test_load_that_swaps_parameters_takes_no_other_dtype(snapshot):
    """With ``set_swap_module_params_on_conversion(True)`` loading keeps the model's dtype.

    Loading swaps the values too, but converts float64 values to float32.
    """
    model, saved = linear([[1.0]]), {"weight": torch.tensor([[5.0]], dtype=torch.float64)}
    before = model.weight

    def act():
        torch.__future__.set_swap_module_params_on_conversion(True)
        try:
            model.load_state_dict(saved)
        finally:
            torch.__future__.set_swap_module_params_on_conversion(False)
        return {"weight": model.weight, "same parameter": model.weight is before}

    assert snapshot == observe(act)
