"""Clipping of sparse, half, complex and mixed gradients, and clipping with unusual bounds.

Whether these gradients are clipped depends on the release. 1.13 returns the norm of a sparse
gradient and scales nothing, 2.0 to 2.13 raise by default, and all others scale it. A float16
gradient raises on the CPU from 1.10 to 2.0. On 1.7 to 1.9 and since 2.1 it becomes zero if its norm
overflows to inf. A negative bound raises nothing: ``clip_grad_norm_`` then reverses every gradient,
and since 1.8 ``clip_grad_value_`` sets each element to the bound.
"""

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


def table_weight(sparse):
    """The weight of an embedding, whose gradient is 3 in row 0 and 4 in row 2: its norm is 5."""
    table = nn.Embedding(3, 1, sparse=sparse)
    table.weight.data.fill_(1.0)
    (table(torch.tensor([0, 2])) * torch.tensor([[3.0], [4.0]])).sum().backward()
    return table.weight


def in_one_sentence(act):
    """What ``act`` does; of an error that lists every backend of the build, the first sentence."""
    try:
        return act()
    except RuntimeError as error:
        raise type(error)(str(error).partition(". ")[0]) from None


def clipped(parameters, max_norm=1.0, **settings):
    norm = float(
        utils.clip_grad_norm_(parameters, max_norm, **settings)
    )  # a float on every release
    return {"norm": norm, "gradients": gradients_in(parameters)}


@pytest.mark.api(
    "torch.nn.utils.clip_grad_norm_",
    "torch.nn.Embedding",
    "torch.nn.EmbeddingBag",
    page="generated/torch.nn.utils.clip_grad_norm_",
)
@pytest.mark.changed(
    "1.13",
    "returns the norm and scales nothing: a sparse gradient goes unclipped",
    kind="silent",
    cause="pytorch#81556",
    probable=True,
    advice="pass sparse=False to the embedding",
    restored_by="training_step.clip_grad_norm_scales_the_gradient_of_a_dense_embedding",
    of=("torch.nn.Embedding", "torch.nn.EmbeddingBag"),
    when=":call and sparse@6=True",
    depends="the clipping of its gradients",
)
@pytest.mark.changed(
    "2.0",
    "raises by default",
    kind="error",
    cause="pytorch#91846",
    advice="pass sparse=False to the embedding",
    of=("torch.nn.Embedding", "torch.nn.EmbeddingBag"),
    when=":call and sparse@6=True",
    depends="the clipping of its gradients",
)
@pytest.mark.changed(
    "2.0",
    "clip_grad_norm_ takes foreach, and with foreach=False scales nothing",
    kind="appeared",
    cause="pytorch#91846",
    advice="pass sparse=False to the embedding",
    of=("torch.nn.utils.clip_grad_norm_",),
    when="foreach@4=False",
    rarely="sparse gradients",
)
@pytest.mark.changed(
    "2.1",
    "raises with foreach=False, as by default: it computes a vector norm",
    kind="error",
    cause="pytorch#102429",
    probable=True,
    advice="pass sparse=False to the embedding",
    of=("torch.nn.utils.clip_grad_norm_",),
    when="foreach@4=False",
    rarely="sparse gradients",
)
@pytest.mark.changed(
    "2.4",
    "by default the message names linalg_vector_norm, as with foreach=False",
    kind="wording",
    cause="pytorch#127412",
    probable=True,
)
@pytest.mark.changed(
    "2.14",
    "scales a sparse gradient again",
    kind="error-gone",
    cause="pytorch#185309",
    of=("torch.nn.Embedding", "torch.nn.EmbeddingBag"),
    when=":call and sparse@6=True",
    depends="the clipping of its gradients",
)
@pytest.mark.parametrize("settings", [{}, {"foreach": False}], ids=["default", "foreach=False"])
def test_clip_grad_norm_scales_a_sparse_gradient(settings, snapshot):
    """``clip_grad_norm_`` scales the sparse gradient of an ``Embedding`` from norm 5 to norm 1.

    Trap: from 1.13 to 2.13 it does not. 1.13 returns 5 and scales nothing, and from 2.0 on the
    default raises. Of the message, which lists every backend, only the first sentence is recorded.
    """

    def act():
        weight = table_weight(sparse=True)
        norm = float(utils.clip_grad_norm_([weight], 1.0, **settings))
        return {"norm": norm, "gradient": weight.grad.to_dense()}

    assert snapshot == observe(lambda: in_one_sentence(act))


@pytest.mark.api(
    "torch.nn.utils.clip_grad_norm_",
    "torch.nn.Embedding",
    page="generated/torch.nn.utils.clip_grad_norm_",
)
def test_clip_grad_norm_scales_the_gradient_of_a_dense_embedding(snapshot):
    """``clip_grad_norm_`` scales the gradient of an ``Embedding`` with ``sparse=False``.

    It does so on every release, from norm 5 to norm 1.
    """

    def act():
        weight = table_weight(sparse=False)
        return {"norm": float(utils.clip_grad_norm_([weight], 1.0)), "gradient": weight.grad}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.utils.clip_grad_value_",
    "torch.nn.Embedding",
    page="generated/torch.nn.utils.clip_grad_value_",
)
@pytest.mark.changed(
    "1.6",
    "the message says that clamp only supports strided tensors",
    kind="wording",
)
@pytest.mark.changed(
    "1.7",
    "the message names clamp.out",
    kind="wording",
)
@pytest.mark.changed(
    "1.9",
    "raises NotImplementedError, a kind of RuntimeError",
    kind="wording",
    cause="pytorch#53377",
)
@pytest.mark.changed(
    "1.10",
    "raises a plain RuntimeError about an unsupported tensor layout",
    kind="exception",
    cause="pytorch#61361",
    probable=True,
    advice="catch RuntimeError, which covers NotImplementedError",
    of=("torch.nn.utils.clip_grad_value_",),
    when=":caught",
    rarely="sparse gradients",
)
@pytest.mark.changed(
    "1.13",
    "raises NotImplementedError again, with a message about clamp_",
    kind="wording",
)
@pytest.mark.changed(
    "2.0",
    "the message names _foreach_clamp_min_",
    kind="wording",
    cause="pytorch#91846",
)
@pytest.mark.changed(
    "2.4",
    "the message names clamp_min_",
    kind="wording",
    cause="pytorch#127412",
    probable=True,
)
def test_clip_grad_value_refuses_a_sparse_gradient(snapshot):
    """``clip_grad_value_`` raises on a sparse gradient: clip by norm, or make the embedding dense.

    The message lists every backend; only its first sentence is recorded.
    """
    weight = table_weight(sparse=True)
    observed = observe(lambda: in_one_sentence(lambda: utils.clip_grad_value_([weight], 1.0)))
    assert weight.grad.to_dense().tolist() == [[3.0], [0.0], [4.0]]
    assert snapshot == observed


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.6",
    "float16: the norm works, but a comparison is missing",
    kind="wording",
    cause="pytorch#37121",
    probable=True,
)
@pytest.mark.changed(
    "1.7",
    "float16 works",
    kind="error-gone",
)
@pytest.mark.changed(
    "1.8",
    "bfloat16 works",
    kind="error-gone",
    cause="pytorch#47143",
)
@pytest.mark.changed(
    "1.10",
    "float16 raises: the factor is clamped, and clamp has no float16 on the CPU",
    kind="error",
    cause="pytorch#61042",
    advice="clip a float32 copy of the gradients, and copy the result back",
    restored_by="training_step.clip_grad_norm_of_a_float32_copy_clips_half_gradients",
    rarely="gradients of float16 on the CPU",
)
@pytest.mark.changed(
    "2.1",
    "float16 works again",
    kind="error-gone",
    cause="pytorch#100010",
    probable=True,
)
@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_clip_grad_norm_of_half_gradients_is_half(name, snapshot):
    """``clip_grad_norm_`` keeps the dtype of float16 and bfloat16 gradients; the norm has it too.

    The results, 0.6 and 0.8, are exact to two or three digits.
    """

    def act():
        parameter = of_dtype([3.0, 4.0], getattr(torch, name))
        return {"norm": utils.clip_grad_norm_([parameter], 1.0), "gradient": parameter.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
def test_clip_grad_norm_of_a_float32_copy_clips_half_gradients(snapshot):
    """Half gradients can be clipped as a float32 copy, whose result is converted back to float16.

    It works on every release; on 1.10 to 2.0 ``clip_grad_norm_`` itself refuses float16 on the CPU.
    """

    def act():
        copy = of_dtype([3.0, 4.0], torch.float32)
        norm = utils.clip_grad_norm_([copy], 1.0)
        return {
            "norm": torch.tensor(float(norm), dtype=torch.float16),
            "gradient": copy.grad.to(torch.float16),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.6",
    "the norm works, but a comparison is missing",
    kind="wording",
    cause="pytorch#37121",
    probable=True,
)
@pytest.mark.changed(
    "1.7",
    "works, and makes every gradient zero",
    kind="error-gone",
    advice="clip a float32 copy of the gradients, and copy the result back",
)
@pytest.mark.changed(
    "1.9",
    "warns that a non-finite norm will become an error",
    kind="warning",
    cause="pytorch#55169",
    when=("-error_if_nonfinite@3", "error_if_nonfinite@3=False"),
    rarely="a norm that overflows in float16",
)
@pytest.mark.changed(
    "1.10",
    "raises: the factor is clamped, and clamp has no float16 on the CPU",
    kind="error",
    cause="pytorch#61042",
    advice="clip a float32 copy of the gradients, and copy the result back",
    rarely="gradients of float16 on the CPU",
)
@pytest.mark.changed(
    "2.1",
    "works again, and makes every gradient zero, without a warning",
    kind="error-gone",
    cause="pytorch#100010",
    probable=True,
    advice="clip a float32 copy of the gradients, or pass error_if_nonfinite=True",
)
def test_clip_grad_norm_loses_half_gradients_whose_norm_overflows(snapshot):
    """Since 2.1 ``clip_grad_norm_`` makes float16 gradients zero if their norm overflows.

    Trap: the norm of 60000 and 60000 is inf in float16. The step is lost, and nothing says so. From
    1.10 to 2.0 the call raised.
    """
    assert snapshot == observe(lambda: clipped([of_dtype([60000.0, 60000.0], torch.float16)]))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "raises: norms of two dtypes cannot be stacked",
    kind="error",
    cause="pytorch#32020",
    advice="convert the gradients to one dtype before the call, and back after it",
    rarely="gradients of two dtypes",
)
@pytest.mark.changed(
    "1.6",
    "works again, and the norm is a tensor of float64, not a float",
    kind="error-gone",
    cause="pytorch#35030",
)
def test_clip_grad_norm_of_gradients_of_two_dtypes_has_the_wider(snapshot):
    """Since 1.6 ``clip_grad_norm_`` returns the wider dtype for gradients of two dtypes.

    A float32 gradient of 3 and a float64 one of 4 have the norm 5 in float64. Each gradient keeps
    its dtype. 1.4 returned a Python float, and 1.5 raised.
    """

    def act():
        parameters = [of_dtype([3.0], torch.float32), of_dtype([4.0], torch.float64)]
        return {
            "norm": utils.clip_grad_norm_(parameters, 1.0),
            "gradients": gradients_in(parameters),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the message says that complex dtypes are not supported",
    kind="wording",
    cause="pytorch#35579",
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be made, but clipping raises: a comparison is missing",
    kind="wording",
    cause="pytorch#35579",
    probable=True,
)
@pytest.mark.changed(
    "1.7",
    "the message says that norm does not support complex tensors",
    kind="wording",
)
@pytest.mark.changed(
    "1.8",
    "works",
    kind="error-gone",
)
def test_clip_grad_norm_of_a_complex_gradient_takes_its_magnitude(snapshot):
    """``clip_grad_norm_`` uses the magnitude of a complex gradient: 3 + 4i has the norm 5.

    Both parts are scaled.
    """

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
    when=("norm_type@2=0|0.0 and norm_type@2!=<unknown>",),
)
def test_clip_grad_norm_with_norm_type_0_counts_gradients(snapshot):
    """``clip_grad_norm_`` with ``norm_type=0`` counts the gradients that are not all zero.

    For [3, 0] and [4] this "norm" is 2, and the gradients are scaled by it. 1.4 raised.
    """
    assert snapshot == observe(lambda: clipped(with_gradients([3.0, 0.0], [4.0]), norm_type=0))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is the smallest magnitude, 3, instead of 1, and the gradient is clipped",
    kind="silent",
    cause="pytorch#32020",
    when="norm_type@2=<unknown>|<str>",
    rarely="norm_type=-inf",
)
def test_clip_grad_norm_with_minus_infinity_takes_the_smallest(snapshot):
    """``clip_grad_norm_`` with ``norm_type=-inf`` uses the smallest magnitude of all, here 3.

    1.4 computed it as a power and a root, and returned 1.
    """
    assert snapshot == observe(lambda: clipped(with_gradients([3.0, 4.0]), norm_type=-float("inf")))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
def test_clip_grad_norm_with_a_negative_bound_turns_every_gradient_round(snapshot):
    """``clip_grad_norm_`` with a negative bound reverses the sign of every gradient.

    Trap: -1, which means "do not clip" in other libraries, scales by -1 / 5, and every step climbs.
    """
    assert snapshot == observe(lambda: clipped(with_gradients([3.0, 4.0]), -1.0))


@pytest.mark.api(
    "torch.nn.utils.clip_grad_value_", page="generated/torch.nn.utils.clip_grad_value_"
)
@pytest.mark.changed(
    "1.8",
    "all gradients become -1, where those below 1 became 1 before",
    kind="silent",
    cause="pytorch#43288",
    advice="pass a positive bound",
    when="clip_value@1=<unknown>|-1|-1.0",
    rarely="a negative bound",
)
def test_clip_grad_value_with_a_negative_bound_makes_every_gradient_that_bound(snapshot):
    """Since 1.8 ``clip_grad_value_`` with a bound of -1 sets every gradient to -1.

    Trap: no number lies between 1 and -1, and the upper end wins, whatever the gradients were.
    """

    def act():
        parameters = with_gradients([3.0, -4.0, 0.0])
        utils.clip_grad_value_(parameters, -1.0)
        return gradients_in(parameters)

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.utils.clip_grad_value_", page="generated/torch.nn.utils.clip_grad_value_"
)
@pytest.mark.changed(
    "2.0", "clip_grad_value_ takes foreach", kind="appeared", cause="pytorch#91846"
)
@pytest.mark.parametrize("foreach", [True, False], ids=["foreach=True", "foreach=False"])
def test_clip_grad_value_gives_the_same_with_and_without_foreach(foreach, snapshot):
    """``clip_grad_value_`` gives the same gradients with ``foreach=True`` and ``foreach=False``."""

    def act():
        parameters = with_gradients([3.0, -4.0], None, [0.5])
        utils.clip_grad_value_(parameters, 1.0, foreach=foreach)
        return gradients_in(parameters)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.utils.get_total_norm", page="generated/torch.nn.utils.get_total_norm")
@pytest.mark.changed("2.6", "get_total_norm appears", kind="appeared", cause="pytorch#139662")
def test_total_norm_of_nothing_is_zero(snapshot):
    """``get_total_norm`` of an empty list is 0, and of a single tensor it is its norm."""
    tensor = torch.tensor([3.0, 4.0])
    assert snapshot == observe(
        lambda: {"nothing": utils.get_total_norm([]), "tensor": utils.get_total_norm(tensor)}
    )


@pytest.mark.api("torch.nn.utils.get_total_norm", page="generated/torch.nn.utils.get_total_norm")
@pytest.mark.changed(
    "2.6", "get_total_norm appears, and raises on None", kind="appeared", cause="pytorch#139662"
)
def test_total_norm_refuses_the_gradient_none(snapshot):
    """``get_total_norm`` raises on None.

    It takes gradients, not parameters: leave out those that are None, as ``clip_grad_norm_`` does.
    """
    assert snapshot == observe(lambda: utils.get_total_norm([torch.tensor([3.0]), None]))


@pytest.mark.api(
    "torch.nn.utils.parameters_to_vector",
    "torch.nn.utils.vector_to_parameters",
    page="generated/torch.nn.utils.vector_to_parameters",
)
def test_parameters_filled_from_a_vector_share_its_memory(snapshot):
    """Parameters filled by ``vector_to_parameters`` share the memory of the vector.

    Trap: a later write to the vector changes the parameters. Pass a clone of the vector.
    """

    def act():
        parameter, vector = nn.Parameter(torch.zeros(2)), torch.tensor([1.0, 2.0])
        utils.vector_to_parameters(vector, [parameter])
        vector[0] = 9.0
        return parameter

    assert snapshot == observe(act)
