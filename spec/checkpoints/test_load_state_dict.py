"""Loading a state dict copies its values into the parameters that a model already has.

``torch.nn.Module.load_state_dict`` keeps the parameters, their ``requires_grad`` and their
gradients. It casts values to the dtype of the parameter, and neither rounding nor truncation nor
NaN gives a warning. It raises on values that are not tensors, and on names that do not match unless
``strict=False``. Since 2.1 ``assign=True`` puts the saved tensors in the place of the parameters
instead; since 2.3 these keep the model's ``requires_grad``. An optimizer that was created before
``assign=True`` still holds the old parameters.
"""

import pytest
import torch

from fixtures.checkpoint import batchnorm
from fixtures.models import TwoLayers, linear
from torch_history.observing import observe


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
def test_load_copies_values_into_the_existing_parameters(snapshot):
    """``load_state_dict`` copies the values into the existing parameters.

    The parameters stay the same objects on the same storage. Later changes of the saved tensors do
    not reach them.
    """
    model, saved = linear([[1.0, 2.0]]), {"weight": torch.tensor([[5.0, 6.0]])}
    before = model.weight
    model.load_state_dict(saved)
    saved["weight"].zero_()
    assert snapshot == observe(
        lambda: {"weight": model.weight, "same parameter": model.weight is before}
    )


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
def test_load_keeps_requires_grad_and_gradient(snapshot):
    """``load_state_dict`` keeps ``requires_grad`` and ``.grad`` of the model's parameters.

    A frozen parameter stays frozen, whatever was saved. An earlier gradient is still there.
    """
    model = linear([[1.0, 2.0]], [3.0])
    model(torch.tensor([[1.0, 1.0]])).sum().backward()
    model.weight.requires_grad_(False)
    model.load_state_dict(linear([[5.0, 6.0]], [7.0]).state_dict(keep_vars=True))
    assert snapshot == observe(
        lambda: {"weight": model.weight, "bias": model.bias, "weight.grad": model.weight.grad}
    )


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.5",
    "the message for complex numbers is shorter: 1.5 disables complex tensors",
    kind="wording",
    cause="pytorch#35579",
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be created, and load as their real part without a warning",
    kind="error-gone",
    cause="pytorch#35579",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.7",
    "warns that the imaginary part is dropped",
    kind="warning",
    cause="pytorch#39860",
    probable=True,
    advice="load torch.real(value) if you want the real part",
    when=":unseen",
)
@pytest.mark.parametrize(
    "values",
    [[[1.1, 1e300]], [[1, 2**24 + 1]], [[True, False]], [[1 + 2j, 3j]]],
    ids=["float64", "int64", "bool", "complex64"],
)
def test_load_converts_to_the_parameters_dtype_without_an_error(values, snapshot):
    """``load_state_dict`` casts values of another dtype to the parameter's float32, without error.

    Values are rounded, and become infinite if they are too large. Complex values lose their
    imaginary part, with a warning since 1.7. A complex tensor cannot be created before 1.6.
    """
    model = linear([[0.0, 0.0]])

    def act():
        wide = {float: torch.float64, complex: torch.complex64}.get(type(values[0][0]))
        model.load_state_dict({"weight": torch.tensor(values, dtype=wide)})
        return model.weight

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
def test_load_truncates_floats_for_an_integer_buffer(snapshot):
    """``load_state_dict`` truncates a float for an integer buffer, without a warning.

    ``num_batches_tracked`` stores 1.9 as 1.
    """
    layer = batchnorm()
    layer.load_state_dict({**layer.state_dict(), "num_batches_tracked": torch.tensor(1.9)})
    assert snapshot == observe(lambda: layer.num_batches_tracked)


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
def test_load_takes_nan_without_a_word(snapshot):
    """``load_state_dict`` loads NaN and infinity without a warning. Check for them yourself."""
    model = linear([[1.0, 2.0]])
    assert snapshot == observe(
        lambda: {
            "returned": model.load_state_dict(
                {"weight": torch.tensor([[float("nan"), float("inf")]])}
            )._asdict(),
            "weight": model.weight,
        }
    )


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "a module instead of a dict raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
    probable=True,
    when=":caught",
    rarely="what is no dict",
)
@pytest.mark.changed(
    "1.8",
    "a module instead of a dict raises plain AttributeError again",
    kind="wording",
    cause="pytorch#50298",
    advice="catch AttributeError",
    when=":caught",
    rarely="what is no dict",
)
@pytest.mark.changed(
    "1.12",
    "raises TypeError that names the given type, instead of AttributeError",
    kind="exception",
    cause="pytorch#77197",
    advice="catch TypeError",
    when=":unseen",
)
@pytest.mark.parametrize(
    "saved",
    [None, [("weight", 1.0)], "weights.pt", torch.nn.Identity()],
    ids=["None", "pairs", "a path", "a module"],
)
def test_load_state_dict_refuses_what_is_no_mapping(saved, snapshot):
    """``load_state_dict`` raises unless it is given a dict: since 1.12 a ``TypeError``.

    It rejects None, a list of pairs, the path of a file, and a module instead of its state dict.
    """
    assert snapshot == observe(lambda: linear([[1.0, 2.0]]).load_state_dict(saved))


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.11",
    "raises RuntimeError that names the parameter and the given type, instead of AttributeError",
    kind="exception",
    cause="pytorch#70596",
    advice="catch RuntimeError",
    when=":unseen",
)
@pytest.mark.parametrize("value", [[[5.0, 6.0]], 5.0, None], ids=["list", "number", "None"])
def test_load_refuses_a_value_that_is_no_tensor(value, snapshot):
    """``load_state_dict`` rejects a value that is not a tensor, even a list of the right shape.

    Since 1.11 the error names the parameter and the type of the value.
    """
    assert snapshot == observe(lambda: linear([[1.0, 2.0]]).load_state_dict({"weight": value}))


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
def test_load_of_an_empty_dict_names_everything_as_missing(snapshot):
    """``load_state_dict`` of an empty dict names all parameters as missing.

    Strict loading raises. With ``strict=False`` nothing is loaded and nothing raises: the returned
    names are the only sign.
    """
    with pytest.raises(RuntimeError):
        TwoLayers().load_state_dict({})
    assert snapshot == observe(lambda: TwoLayers().load_state_dict({}, strict=False)._asdict())


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
def test_load_of_names_with_a_prefix_raises(snapshot):
    """A state dict whose names begin with ``module.`` does not load into the bare model: it raises.

    A model wrapped in DataParallel saves ``module.weight``. For the bare model ``weight`` is
    missing and ``module.weight`` is unexpected.
    """
    saved = linear([[5.0, 6.0]]).state_dict(prefix="module.")
    assert snapshot == observe(lambda: linear([[1.0, 2.0]]).load_state_dict(saved))


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
def test_strict_false_loads_nothing_from_names_with_a_prefix(snapshot):
    """``strict=False`` loads nothing from names with a prefix like ``module.``, and does not raise.

    The model keeps its old values, so a "fine-tuning" starts from an untrained model.
    """
    model, saved = linear([[1.0, 2.0]]), linear([[5.0, 6.0]]).state_dict(prefix="module.")
    model.load_state_dict(saved, strict=False)
    assert snapshot == observe(lambda: model.weight)


@pytest.mark.api(
    "torch.nn.modules.utils.consume_prefix_in_state_dict_if_present",
    page="generated/torch.nn.modules.utils.consume_prefix_in_state_dict_if_present",
)
@pytest.mark.changed(
    "1.9",
    "consume_prefix_in_state_dict_if_present appears",
    kind="appeared",
    cause="pytorch#53224",
)
def test_consume_prefix_makes_a_prefixed_state_dict_load(snapshot):
    """``consume_prefix_in_state_dict_if_present`` removes the prefix in place.

    The state dict then loads strictly.
    """
    model, saved = linear([[1.0, 2.0]]), linear([[5.0, 6.0]]).state_dict(prefix="module.")

    def act():
        torch.nn.modules.utils.consume_prefix_in_state_dict_if_present(saved, "module.")
        model.load_state_dict(saved)
        return model.weight

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.BatchNorm1d",
    "torch.nn.Module.load_state_dict",
    "torch.nn.BatchNorm2d",
    "torch.nn.BatchNorm3d",
    "torch.nn.SyncBatchNorm",
    page="generated/torch.nn.BatchNorm1d",
)
@pytest.mark.changed(
    "2.2",
    "the layer keeps its own count, where it was set to 0 before",
    kind="silent",
    cause="pytorch#110850",
    advice="call layer.num_batches_tracked.zero_() after loading if momentum=None must count from "
    "the start",
    restored_by="checkpoints.batchnorm_counter_set_to_zero_after_loading_counts_from_the_start",
    of=(
        "torch.nn.BatchNorm1d",
        "torch.nn.BatchNorm2d",
        "torch.nn.BatchNorm3d",
        "torch.nn.SyncBatchNorm",
    ),
    when="momentum@2!=<unknown> and momentum@2=None",
    rarely="a loaded dict without _metadata and num_batches_tracked",
)
def test_batchnorm_forgives_a_missing_counter_without_versions(snapshot):
    """BatchNorm accepts a dict without ``num_batches_tracked`` if the dict has no ``_metadata``.

    Such a dict is read as one from before ``num_batches_tracked`` existed. Since 2.2 the layer
    keeps its own count. A dict comprehension also drops ``_metadata``.
    """
    layer = batchnorm()
    saved = {
        name: value for name, value in layer.state_dict().items() if name != "num_batches_tracked"
    }

    def act():
        layer.load_state_dict(saved)
        return layer.num_batches_tracked

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.BatchNorm1d",
    "torch.nn.Module.load_state_dict",
    "torch.nn.BatchNorm2d",
    "torch.nn.BatchNorm3d",
    "torch.nn.SyncBatchNorm",
    page="generated/torch.nn.BatchNorm1d",
)
def test_batchnorm_counter_set_to_zero_after_loading_counts_from_the_start(snapshot):
    """``num_batches_tracked.zero_()`` after loading makes BatchNorm count from the start.

    A dict without ``num_batches_tracked`` and ``_metadata`` leaves the count as it was.
    """
    layer = batchnorm()
    saved = {
        name: value for name, value in layer.state_dict().items() if name != "num_batches_tracked"
    }

    def act():
        layer.load_state_dict(saved)
        layer.num_batches_tracked.zero_()
        return layer.num_batches_tracked

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.BatchNorm1d",
    "torch.nn.Module.load_state_dict",
    "torch.nn.BatchNorm2d",
    "torch.nn.BatchNorm3d",
    "torch.nn.SyncBatchNorm",
    page="generated/torch.nn.BatchNorm1d",
)
def test_batchnorm_misses_its_counter_where_the_version_is_known(snapshot):
    """BatchNorm requires ``num_batches_tracked`` in a state dict that has its ``_metadata``.

    If the key is missing, strict loading raises.
    """
    saved = batchnorm().state_dict()
    del saved["num_batches_tracked"]
    assert snapshot == observe(lambda: batchnorm().load_state_dict(saved))


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "2.1",
    "load_state_dict takes assign, which makes every parameter trainable",
    kind="appeared",
    cause="pytorch#102212",
    when="assign@2",
)
@pytest.mark.changed(
    "2.3",
    "assign keeps a frozen parameter frozen, where it made every parameter trainable before",
    kind="silent",
    cause="pytorch#121157",
    advice="call model.requires_grad_(True) after loading if every parameter must be trainable",
    restored_by="checkpoints.requires_grad_after_load_assign_makes_every_parameter_trainable",
    when="assign@2=True",
    depends="the requires_grad of the model's parameters",
)
def test_load_assign_keeps_the_models_requires_grad(snapshot):
    """Since 2.3, ``assign=True`` keeps the ``requires_grad`` of the model's parameters.

    A frozen parameter stays frozen, and a trainable one stays trainable. Everything else comes from
    the saved tensor.
    """
    model = linear([[1.0, 2.0]], [3.0])
    model.weight.requires_grad_(False)
    saved = {"weight": torch.tensor([[5.0, 6.0]], requires_grad=True), "bias": torch.tensor([7.0])}

    def act():
        model.load_state_dict(saved, assign=True)
        return {"weight": model.weight, "bias": model.bias}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "2.1", "load_state_dict takes assign", kind="appeared", cause="pytorch#102212", when="assign@2"
)
def test_requires_grad_after_load_assign_makes_every_parameter_trainable(snapshot):
    """``model.requires_grad_(True)`` after ``load_state_dict(assign=True)`` unfreezes the model.

    ``assign=True`` alone keeps a frozen parameter frozen.
    """
    model = linear([[1.0, 2.0]], [3.0])
    model.weight.requires_grad_(False)
    saved = {"weight": torch.tensor([[5.0, 6.0]], requires_grad=True), "bias": torch.tensor([7.0])}

    def act():
        model.load_state_dict(saved, assign=True)
        model.requires_grad_(True)
        return {"weight": model.weight, "bias": model.bias}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.Module.load_state_dict", "torch.optim.SGD", page="generated/torch.nn.Module"
)
@pytest.mark.changed(
    "2.1",
    "load_state_dict takes assign",
    kind="appeared",
    cause="pytorch#102212",
    when="assign@2",
    of="torch.nn.Module.load_state_dict",
)
def test_load_assign_leaves_the_optimizer_with_the_old_parameters(snapshot):
    """``assign=True`` leaves an existing optimizer with parameters that the model no longer has.

    Create the optimizer after ``load_state_dict(assign=True)``.
    """
    model = linear([[1.0, 2.0]])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)

    def act():
        model.load_state_dict({"weight": torch.tensor([[5.0, 6.0]])}, assign=True)
        model(torch.tensor([[1.0, 1.0]])).sum().backward()
        optimizer.step()
        return model.weight

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.9",
    "modules take device, so a model can be created on meta",
    kind="appeared",
    cause="pytorch#54508",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "warns that copying into a meta parameter does nothing",
    kind="warning",
    cause="pytorch#102212",
    probable=True,
    advice="pass assign=True",
    when=":unseen",
)
def test_load_into_a_meta_model_does_nothing_and_warns(snapshot):
    """``load_state_dict`` into a model on the meta device loads nothing, and warns since 2.1.

    The model has no storage to copy into, so it stays without values.
    """

    def act():
        model = torch.nn.Linear(2, 1, bias=False, device="meta")
        model.load_state_dict({"weight": torch.tensor([[5.0, 6.0]])})
        return {"device": str(model.weight.device)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.9",
    "modules take device, so a model can be created on meta, but load_state_dict does not take "
    "assign yet",
    kind="wording",
    cause="pytorch#54508",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1", "load_state_dict takes assign", kind="appeared", cause="pytorch#102212", when="assign@2"
)
def test_load_assign_gives_a_meta_model_its_values(snapshot):
    """``assign=True`` gives a model on the meta device its values.

    The saved tensors become the parameters, on their own device.
    """

    def act():
        model = torch.nn.Linear(2, 1, bias=False, device="meta")
        model.load_state_dict({"weight": torch.tensor([[5.0, 6.0]])}, assign=True)
        return model.weight

    assert snapshot == observe(act)
