"""Clipping gradients that are sparse, half, complex, or on several dtypes, and bounds that make no sense."""

import pytest
import torch
from torch import nn
from torch.nn import utils

from fixtures.gradients import gradients_in, with_gradients
from torch_history.observing import observe


def of_dtype(values, dtype):
    """A parameter of this dtype, with this gradient."""
    parameter = nn.Parameter(torch.tensor(values).to(dtype))
    parameter.grad = torch.tensor(values).to(dtype)
    return parameter


def sparse_table():
    """An embedding whose sparse gradient is 3 in row 0 and 4 in row 2: its norm is 5."""
    table = nn.Embedding(3, 1, sparse=True)
    table.weight.data.fill_(1.0)
    (table(torch.tensor([0, 2])) * torch.tensor([[3.0], [4.0]])).sum().backward()
    return table.weight


def clipped(parameters, max_norm=1.0, **settings):
    norm = float(
        utils.clip_grad_norm_(parameters, max_norm, **settings)
    )  # a float on every release
    return {"norm": norm, "gradients": gradients_in(parameters)}


@pytest.mark.api(
    "torch.nn.utils.clip_grad_norm_",
    "torch.nn.Embedding",
    page="generated/torch.nn.utils.clip_grad_norm_",
)
@pytest.mark.changed(
    "1.13",
    "returns the norm and scales nothing: a sparse gradient goes unclipped",
    kind="silent",
    cause="pytorch#81556",
    probable=True,
    advice="scale the gradient's values yourself, or make the embedding dense",
)
@pytest.mark.changed(
    "2.0",
    "raises; takes foreach, and with False still scales nothing",
    kind="silent",
    cause="pytorch#91846",
    advice="scale the gradient's values yourself, or make the embedding dense",
)
@pytest.mark.changed(
    "2.1",
    "with foreach=False it raises, as by default: a vector norm is asked for",
    kind="silent",
    cause="pytorch#102429",
    probable=True,
    advice="scale the gradient's values yourself, or make the embedding dense",
)
@pytest.mark.changed(
    "2.4", "by default the message names linalg_vector_norm, as with foreach=False", kind="silent"
)
@pytest.mark.changed(
    "2.14", "scales a sparse gradient again", kind="silent", cause="pytorch#185309"
)
@pytest.mark.parametrize("settings", [{}, {"foreach": False}], ids=["default", "foreach=False"])
def test_clip_grad_norm_scales_a_sparse_gradient(settings, snapshot):
    """The gradient of ``Embedding(sparse=True)`` of norm 5 is scaled to norm 1. Trap: some releases return 5 and scale nothing.

    Others raise; of their message, which lists every backend, the first sentence is shown.
    """

    def act():
        weight = sparse_table()
        try:
            norm = float(utils.clip_grad_norm_([weight], 1.0, **settings))
        except RuntimeError as error:
            return {"raised": type(error).__name__, "message": str(error).partition(". ")[0]}
        return {"norm": norm, "gradient": weight.grad.to_dense()}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.utils.clip_grad_value_",
    "torch.nn.Embedding",
    page="generated/torch.nn.utils.clip_grad_value_",
)
@pytest.mark.changed("1.6", "says that clamp only supports strided tensors", kind="silent")
@pytest.mark.changed("1.7", "the message names clamp.out", kind="silent")
@pytest.mark.changed(
    "1.9",
    "raises NotImplementedError, a kind of RuntimeError",
    kind="silent",
    cause="pytorch#53377",
)
@pytest.mark.changed(
    "1.10", "raises a plain RuntimeError, unsupported tensor layout", kind="silent"
)
@pytest.mark.changed(
    "1.13", "raises NotImplementedError again, and the message names clamp_", kind="silent"
)
@pytest.mark.changed(
    "2.0", "the message names _foreach_clamp_min_", kind="silent", cause="pytorch#91846"
)
@pytest.mark.changed("2.4", "the message names clamp_min_", kind="silent")
def test_clip_grad_value_refuses_a_sparse_gradient(snapshot):
    """By value it cannot be done: clip by norm, or make the embedding dense. (The whole message lists every backend there is.)"""

    def act():
        weight = sparse_table()
        try:
            utils.clip_grad_value_([weight], 1.0)
        except RuntimeError as error:
            return {
                "raised": type(error).__name__,
                "message": str(error).partition(". ")[0],
                "gradient": weight.grad.to_dense(),
            }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.6", "float16: the norm is computed, a comparison is missing instead", kind="wording"
)
@pytest.mark.changed("1.7", "float16 works", kind="error-gone")
@pytest.mark.changed("1.8", "bfloat16 works", kind="error-gone")
@pytest.mark.changed(
    "1.10",
    "float16 raises: the factor is clamped, and clamp has no float16 on the CPU",
    kind="error",
    cause="pytorch#61042",
    advice="clip in float32",
)
@pytest.mark.changed(
    "2.1", "float16 works again", kind="error-gone", cause="pytorch#100010", probable=True
)
@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_clip_grad_norm_of_half_gradients_is_half(name, snapshot):
    """Norm and gradients keep the dtype: 0.6 and 0.8 to three digits or two."""

    def act():
        parameter = of_dtype([3.0, 4.0], getattr(torch, name))
        return {"norm": utils.clip_grad_norm_([parameter], 1.0), "gradient": parameter.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed("1.6", "the norm is computed, a comparison is missing instead", kind="wording")
@pytest.mark.changed(
    "1.7",
    "works, and makes every gradient zero",
    kind="error-gone",
    advice="clip in float32, or pass error_if_nonfinite=True where there is one",
)
@pytest.mark.changed(
    "1.9",
    "warns that a norm that is not finite will become an error",
    kind="warning",
    cause="pytorch#55169",
)
@pytest.mark.changed(
    "1.10",
    "raises: the factor is clamped, and clamp has no float16 on the CPU",
    kind="error",
    cause="pytorch#61042",
    advice="clip in float32",
)
@pytest.mark.changed(
    "2.1",
    "works again, and makes every gradient zero, without a warning",
    kind="error-gone",
    cause="pytorch#100010",
    probable=True,
    advice="clip in float32, or pass error_if_nonfinite=True",
)
def test_clip_grad_norm_loses_half_gradients_whose_norm_overflows(snapshot):
    """Trap: 60000 twice has a norm beyond float16. It is inf, and every gradient becomes zero: the step is lost in silence."""
    assert snapshot == observe(lambda: clipped([of_dtype([60000.0, 60000.0], torch.float16)]))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5", "raises: norms of two dtypes are not stacked", kind="error", cause="pytorch#32020"
)
@pytest.mark.changed(
    "1.6",
    "works again, and the norm is a tensor of float64, not a float",
    kind="error-gone",
    cause="pytorch#35030",
)
def test_clip_grad_norm_of_gradients_of_two_dtypes_has_the_wider(snapshot):
    """A float32 gradient of 3 and a float64 one of 4: the norm 5 is float64, and each gradient keeps its dtype."""

    def act():
        parameters = [of_dtype([3.0], torch.float32), of_dtype([4.0], torch.float64)]
        return {
            "norm": utils.clip_grad_norm_(parameters, 1.0),
            "gradients": gradients_in(parameters),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5", "raises in other words: complex dtypes are not supported", kind="wording"
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be made, and the clipping raises: a comparison is missing",
    kind="wording",
)
@pytest.mark.changed("1.7", "raises in other words: no norm of complex tensors", kind="wording")
@pytest.mark.changed("1.8", "works", kind="error-gone")
def test_clip_grad_norm_of_a_complex_gradient_takes_its_magnitude(snapshot):
    """3 + 4i has the norm 5, and both parts are scaled."""

    def act():
        parameter = of_dtype([0.0], torch.complex64)
        parameter.grad = torch.tensor([3.0 + 4.0j])
        return {
            "norm": float(utils.clip_grad_norm_([parameter], 1.0)),
            "gradient": torch.view_as_real(parameter.grad),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "works, and counts gradients that are not all zero",
    kind="error-gone",
    cause="pytorch#32020",
)
def test_clip_grad_norm_with_norm_type_0_counts_gradients(snapshot):
    """Of [3, 0] and [4], two gradients are not all zero: the "norm" is 2. It scales by a count; it once raised."""
    assert snapshot == observe(lambda: clipped(with_gradients([3.0, 0.0], [4.0]), norm_type=0))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is the smallest magnitude, 3, where it was 1; it clips",
    kind="silent",
    cause="pytorch#32020",
)
def test_clip_grad_norm_with_minus_infinity_takes_the_smallest(snapshot):
    """``norm_type=-inf`` is the smallest magnitude of all, 3. When it was computed as a power and a root, it was 1."""
    assert snapshot == observe(lambda: clipped(with_gradients([3.0, 4.0]), norm_type=-float("inf")))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
def test_clip_grad_norm_with_a_negative_bound_turns_every_gradient_round(snapshot):
    """Trap: -1, which elsewhere says "do not clip", scales by -1 / 5: every step climbs."""
    assert snapshot == observe(lambda: clipped(with_gradients([3.0, 4.0]), -1.0))


@pytest.mark.api(
    "torch.nn.utils.clip_grad_value_", page="generated/torch.nn.utils.clip_grad_value_"
)
@pytest.mark.changed(
    "1.8",
    "the upper end wins everywhere; before, what lay below the lower end became that",
    kind="silent",
    cause="pytorch#43288",
    advice="pass a bound that is positive",
)
def test_clip_grad_value_with_a_negative_bound_makes_every_gradient_that_bound(snapshot):
    """Trap: no gradient lies between 1 and -1, and the upper end wins: all become -1, whatever they were."""

    def act():
        parameters = with_gradients([3.0, -4.0, 0.0])
        utils.clip_grad_value_(parameters, -1.0)
        return gradients_in(parameters)

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.utils.clip_grad_value_", page="generated/torch.nn.utils.clip_grad_value_"
)
@pytest.mark.changed(
    "2.0", "clip_grad_value_ takes foreach", kind="api-appeared", cause="pytorch#91846"
)
@pytest.mark.parametrize("foreach", [True, False], ids=["foreach=True", "foreach=False"])
def test_clip_grad_value_gives_the_same_with_and_without_foreach(foreach, snapshot):
    """The way it is computed is a choice; the bound is not."""

    def act():
        parameters = with_gradients([3.0, -4.0], None, [0.5])
        utils.clip_grad_value_(parameters, 1.0, foreach=foreach)
        return gradients_in(parameters)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.utils.get_total_norm", page="generated/torch.nn.utils.get_total_norm")
@pytest.mark.changed("2.6", "get_total_norm appears", kind="api-appeared", cause="pytorch#139662")
def test_total_norm_of_nothing_is_zero(snapshot):
    """And of a single tensor it is that tensor's."""
    tensor = torch.tensor([3.0, 4.0])
    assert snapshot == observe(
        lambda: {"nothing": utils.get_total_norm([]), "tensor": utils.get_total_norm(tensor)}
    )


@pytest.mark.api("torch.nn.utils.get_total_norm", page="generated/torch.nn.utils.get_total_norm")
@pytest.mark.changed(
    "2.6", "get_total_norm appears, and refuses None", kind="exception", cause="pytorch#139662"
)
def test_total_norm_refuses_the_gradient_none(snapshot):
    """It takes gradients, not parameters: leave out those that are None, as ``clip_grad_norm_`` does for you."""
    assert snapshot == observe(lambda: utils.get_total_norm([torch.tensor([3.0]), None]))


@pytest.mark.api(
    "torch.nn.utils.parameters_to_vector",
    "torch.nn.utils.vector_to_parameters",
    page="generated/torch.nn.utils.vector_to_parameters",
)
def test_parameters_filled_from_a_vector_share_its_memory(snapshot):
    """Trap: a later write to the vector moves the parameters. Give it a clone."""

    def act():
        parameter, vector = nn.Parameter(torch.zeros(2)), torch.tensor([1.0, 2.0])
        utils.vector_to_parameters(vector, [parameter])
        vector[0] = 9.0
        return parameter

    assert snapshot == observe(act)
