"""With ``strict=False`` a state dict loads where its names match; with ``strict=True`` it raises.

``strict=False`` loads every name that the state dict and the model have in common, and returns the
missing and the unexpected names. A tensor of another shape raises in both modes, except that one
saved element loads into a scalar parameter. A dict that you filter by name and shape loads without
that error. Trap: ``torch.nn.Module.load_state_dict`` raises only after it has loaded everything
that fits, so a model is half loaded after the error.
"""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fixtures.figures import unlike_print
from fixtures.models import OnlySecondLayer, TwoLayers, linear, parameters_of
from torch_history.observing import observe, observe_each


class Wider(torch.nn.Module):
    """A second layer of another shape under the same names."""

    def __init__(self):
        super().__init__()
        self.linear2 = linear([[0.0, 0.0, 0.0]], [0.0])


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module", article="B")
def test_strict_false_loads_matching_names(snapshot):
    """``strict=False`` loads the remaining layer into a network with one layer removed.

    The output is -0.3576, as article B prints.
    """

    def loaded(saved):
        model = OnlySecondLayer()
        model.load_state_dict(saved.state_dict(), strict=False)
        return {"output": model(torch.tensor([[2.0, 1.0]])).detach()}

    assert not unlike_print(loaded, TwoLayers, {"output": [[-0.3576]]})
    assert snapshot == observe(lambda: loaded(TwoLayers()))


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module", article="B")
def test_strict_false_returns_missing_and_unexpected_names(snapshot):
    """``strict=False`` returns the names that did not match, as missing and unexpected keys."""
    narrow, wide = OnlySecondLayer(), TwoLayers()

    def act():
        into_narrow = narrow.load_state_dict(wide.state_dict(), strict=False)
        into_wide = wide.load_state_dict(narrow.state_dict(), strict=False)
        return {"into the smaller": into_narrow._asdict(), "into the larger": into_wide._asdict()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module", article="B")
def test_partially_loaded_model_trains_on(snapshot):
    """A step moves the weights of a partially loaded model.

    Article B prints the loss 1.8431 and the weight [-0.3572, -0.0466].
    """

    def trained(saved):
        model = OnlySecondLayer()
        model.load_state_dict(saved.state_dict(), strict=False)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
        loss = torch.nn.functional.mse_loss(
            model(torch.tensor([[2.0, 1.0]])), torch.tensor([[1.0]])
        )
        loss.backward()
        optimizer.step()
        return {"loss": loss.detach(), **parameters_of(model)}

    assert not unlike_print(
        trained, TwoLayers, {"loss": 1.8431, "linear2.weight": [[-0.3572, -0.0466]]}
    )
    assert snapshot == observe(lambda: trained(TwoLayers()))


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module", article="B")
def test_strict_true_raises_and_names_every_key(snapshot):
    """``strict=True``, the default, raises one error that names all missing and unexpected keys."""
    assert snapshot == observe(
        lambda: TwoLayers().load_state_dict(
            {"linear2.weight": torch.zeros(1, 2), "head.bias": torch.zeros(1)}
        )
    )


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
def test_strict_true_has_loaded_the_matching_keys_when_it_raises(snapshot):
    """``strict=True`` raises after loading: the matching parameters already have new values."""
    model = OnlySecondLayer()
    assert snapshot == observe_each(
        {
            "load_state_dict": lambda: model.load_state_dict(TwoLayers().state_dict()),
            "the parameters after it": lambda: parameters_of(model),
        }
    )


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
def test_strict_false_raises_on_another_shape(snapshot):
    """``strict=False`` still raises if a name has another shape. Filter the dict by shape."""
    assert snapshot == observe(
        lambda: Wider().load_state_dict(TwoLayers().state_dict(), strict=False)
    )


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module", article="B")
def test_filtered_dict_loads_the_same_as_strict_false(snapshot):
    """A dict filtered to the model's names loads the same values as ``strict=False``.

    Article B keeps the known keys, and updates the model's own state dict with them.
    """
    filtered, loose = OnlySecondLayer(), OnlySecondLayer()
    saved, own = TwoLayers().state_dict(), filtered.state_dict()
    own.update({name: value for name, value in saved.items() if name in own})
    filtered.load_state_dict(own)
    loose.load_state_dict(saved, strict=False)
    for name, value in parameters_of(filtered).items():
        assert torch.equal(value, loose.state_dict()[name])
    assert snapshot == observe(lambda: parameters_of(filtered))


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
def test_other_shapes_raise_after_the_rest_is_loaded(snapshot):
    """``load_state_dict`` raises on another shape only after it has loaded the values that fit.

    The error names the weight's shapes. The bias, which fits, already has its new value.
    """
    model = Wider()
    saved = {"linear2.weight": torch.ones(1, 2), "linear2.bias": torch.ones(1)}
    assert snapshot == observe_each(
        {
            "load_state_dict": lambda: model.load_state_dict(saved),
            "the parameters after it": lambda: parameters_of(model),
        }
    )


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module", article="B")
def test_dict_filtered_by_shape_loads_what_strict_false_cannot(snapshot):
    """A dict filtered by name and shape loads, where ``strict=False`` raises on a wrong shape.

    The filter of article B compares only names. With a second condition, the shape, the bias loads
    and the weight of another shape is left out.
    """
    model, saved = Wider(), TwoLayers().state_dict()
    own = model.state_dict()
    own.update(
        {
            name: value
            for name, value in saved.items()
            if name in own and value.shape == own[name].shape
        }
    )

    def act():
        model.load_state_dict(own)
        return parameters_of(model)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "2.10",
    "two elements raise, where all but the first were silently dropped before",
    kind="error",
    cause="pytorch#166335",
    advice="load the first element, saved['scale'][0], or save the scalar as a tensor of shape []",
    restored_by="checkpoints.scalar_parameter_takes_the_first_element_of_a_vector",
    when=":unseen",
)
@pytest.mark.parametrize("values", [[5.0], [5.0, 6.0]], ids=["one element", "two elements"])
def test_scalar_parameter_takes_a_vector_of_one_element(values, snapshot):
    """A saved tensor of shape [1] loads into a parameter of shape [], as torch 0.3 saved scalars.

    All other values need the shape of their parameter. Shape [2] raises since 2.10; before, its
    second element was silently dropped.
    """
    model = torch.nn.Module()
    model.scale = torch.nn.Parameter(torch.tensor(1.0))

    def act():
        model.load_state_dict({"scale": torch.tensor(values)})
        return model.scale

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
def test_scalar_parameter_takes_the_first_element_of_a_vector(snapshot):
    """The first element of a saved vector loads into a parameter of shape [].

    Index the vector before loading: a whole vector of two elements may raise.
    """
    model = torch.nn.Module()
    model.scale = torch.nn.Parameter(torch.tensor(1.0))

    def act():
        model.load_state_dict({"scale": torch.tensor([5.0, 6.0])[0]})
        return model.scale

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
def test_vector_of_one_element_takes_no_scalar(snapshot):
    """A saved tensor of shape [] does not load into a parameter of shape [1]: it raises."""
    saved = {"weight": torch.ones(1, 1), "bias": torch.tensor(5.0)}
    assert snapshot == observe(lambda: linear([[1.0]], [2.0]).load_state_dict(saved))


def of_names(names, value):
    """A module with a parameter of this value under each dotted name."""
    model = torch.nn.Module()
    for name in sorted(names):
        child, _, parameter = name.partition(".")
        if child not in dict(model.named_children()):
            model.add_module(child, torch.nn.Module())
        getattr(model, child).register_parameter(
            parameter, torch.nn.Parameter(torch.tensor([value]))
        )
    return model


some_names = st.sets(
    st.sampled_from(["a.weight", "a.bias", "ab.weight", "ab.bias", "b.weight", "b.bias"])
)


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module", article="B")
@given(some_names, some_names)
def test_partial_loading_loads_exactly_the_common_keys(own, saved):
    """Partial loading loads exactly the common keys, and returns the others of both sides.

    Parameters without a saved value keep their own.
    """
    model = of_names(own, 0.0)
    returned = model.load_state_dict(of_names(saved, 1.0).state_dict(), strict=False)
    assert {
        name for name, parameter in model.named_parameters() if parameter.item() == 1.0
    } == own & saved
    assert set(returned.missing_keys) == own - saved
    assert set(returned.unexpected_keys) == saved - own


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "2.1", "load_state_dict takes assign", kind="appeared", cause="pytorch#102212", when="assign@2"
)
def test_load_assign_puts_the_saved_tensors_in_place(snapshot):
    """``assign=True`` makes the saved tensors the parameters instead of copying their values."""
    model, saved = linear([[1.0, 2.0]]), {"weight": torch.tensor([[5.0, 6.0]], dtype=torch.float64)}
    before = model.weight

    def act():
        model.load_state_dict(saved, assign=True)
        return {
            "weight": model.weight,
            "same parameter": model.weight is before,
            "same storage as saved": model.weight.data_ptr() == saved["weight"].data_ptr(),
        }

    assert snapshot == observe(act)
