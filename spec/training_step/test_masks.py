"""Masks, bounds and joins: functions that select, clamp or join elements of tensors.

A mask should have dtype bool. ``torch.Tensor.masked_fill`` and ``torch.masked_select`` raise on a
uint8 mask since 2.1; ``torch.where`` accepts one, and warns since 1.9. Tensors of two dtypes are
promoted to the wider one, by ``torch.cat`` and ``torch.stack`` since 1.6 and by ``torch.where``
since 1.12. ``torch.cat`` of an empty list raises. Since 2.14 ``torch.clamp`` gives an element at a
bound the gradient 0, where it gave 1.
"""

import pytest
import torch

from torch_history.observing import observe


def mask(dtype):
    return torch.tensor([1, 0]).to(dtype)


@pytest.mark.api(
    "torch.Tensor.masked_fill",
    "torch.Tensor.masked_fill_",
    page="generated/torch.Tensor.masked_fill",
)
@pytest.mark.changed(
    "2.1",
    "a mask of bytes raises, where it warned before",
    kind="error",
    cause="pytorch#96594",
    advice="write mask.bool()",
    restored_by="training_step.masked_fill_takes_a_mask_of_bytes_made_bool",
    rarely="a mask of bytes (uint8)",
)
@pytest.mark.parametrize("name", ["bool", "uint8"])
def test_masked_fill_takes_a_mask_of_bools_alone(name, snapshot):
    """``masked_fill`` accepts only a mask of dtype bool; a uint8 mask raises since 2.1.

    Old attention masks are often uint8, from the time before torch had bools.
    """
    assert snapshot == observe(
        lambda: torch.ones(2).masked_fill(mask(getattr(torch, name)), -float("inf"))
    )


@pytest.mark.api("torch.Tensor.masked_fill", page="generated/torch.Tensor.masked_fill")
def test_masked_fill_takes_a_mask_of_bytes_made_bool(snapshot):
    """``masked_fill`` accepts a uint8 mask that ``mask.bool()`` has converted."""
    assert snapshot == observe(
        lambda: torch.ones(2).masked_fill(mask(torch.uint8).bool(), -float("inf"))
    )


@pytest.mark.api("torch.masked_select", page="generated/torch.masked_select")
@pytest.mark.changed(
    "2.1",
    "a mask of bytes raises, where it warned before",
    kind="error",
    cause="pytorch#96594",
    advice="write mask.bool()",
    restored_by="training_step.masked_select_takes_a_mask_of_bytes_made_bool",
    rarely="a mask of bytes (uint8)",
)
@pytest.mark.parametrize("name", ["bool", "uint8"])
def test_masked_select_takes_a_mask_of_bools_alone(name, snapshot):
    """``masked_select`` accepts only a mask of dtype bool; a uint8 mask raises since 2.1."""
    assert snapshot == observe(
        lambda: torch.tensor([5.0, 6.0]).masked_select(mask(getattr(torch, name)))
    )


@pytest.mark.api("torch.masked_select", page="generated/torch.masked_select")
def test_masked_select_takes_a_mask_of_bytes_made_bool(snapshot):
    """``masked_select`` accepts a uint8 mask that ``mask.bool()`` has converted."""
    assert snapshot == observe(
        lambda: torch.tensor([5.0, 6.0]).masked_select(mask(torch.uint8).bool())
    )


@pytest.mark.api("torch.where", page="generated/torch.where")
@pytest.mark.changed(
    "1.9",
    "a condition of bytes warns",
    kind="warning",
    cause="pytorch#50358",
    advice="write condition.bool()",
    when="@1",
    rarely="a condition of bytes (uint8)",
)
def test_where_takes_a_condition_of_bytes_with_a_warning(snapshot):
    """``torch.where`` accepts a condition of dtype uint8, and warns since 1.9."""
    assert snapshot == observe(
        lambda: torch.where(mask(torch.uint8), torch.ones(2), torch.zeros(2))
    )


@pytest.mark.api("torch.where", page="generated/torch.where")
@pytest.mark.changed(
    "1.7",
    "two numbers work",
    kind="error-gone",
    cause="pytorch#40336",
    when=("@1=<int>|<float> and @1!=<unknown> and @2=<int>|<float> and @2!=<unknown>",),
)
@pytest.mark.changed(
    "1.7",
    "a number with a float32 tensor raises RuntimeError instead of TypeError: it counts as float64",
    kind="exception",
    cause="pytorch#40336",
    advice="write torch.full_like(x, 0.5) instead of 0.5",
    when=(":caught and @1=<int>|<float>", ":caught and @2=<int>|<float>"),
    rarely="a tensor of float32",
)
@pytest.mark.changed(
    "1.12",
    "dtype promotion includes both values: a number with a tensor"
    " works, and two dtypes give the wider",
    kind="error-gone",
    cause="pytorch#62084",
)
@pytest.mark.parametrize("case", ["number", "numbers", "dtypes"])
def test_where_mixes_numbers_and_dtypes(case, snapshot):
    """``torch.where`` accepts numbers, and promotes two dtypes to the wider, since 1.12.

    A number needs no tensor around it. float32 with float64 gives float64, as in a sum.
    """

    def act():
        condition = torch.tensor([True, False])
        other = {
            "number": (torch.ones(2), 0.5),
            "numbers": (1.0, 0.5),
            "dtypes": (torch.ones(2), torch.zeros(2, dtype=torch.float64)),
        }[case]
        return torch.where(condition, *other)

    assert snapshot == observe(act)


@pytest.mark.api("torch.cat", "torch.stack", page="generated/torch.cat")
@pytest.mark.changed(
    "1.5",
    "the message names the C++ types",
    kind="wording",
)
@pytest.mark.changed(
    "1.6",
    "cat and stack take two dtypes, and give the wider",
    kind="error-gone",
    cause="pytorch#35030",
)
@pytest.mark.parametrize("name", ["cat", "stack"])
def test_joining_tensors_of_two_dtypes_takes_the_wider(name, snapshot):
    """``torch.cat`` and ``torch.stack`` promote to the wider dtype: integers become floats."""
    assert snapshot == observe(
        lambda: getattr(torch, name)([torch.ones(1), torch.ones(1, dtype=torch.int64)])
    )


@pytest.mark.api("torch.cat", page="generated/torch.cat")
@pytest.mark.changed(
    "1.9",
    "raises NotImplementedError, a kind of RuntimeError",
    kind="wording",
    cause="pytorch#53377",
)
@pytest.mark.changed(
    "1.12",
    "raises a plain RuntimeError, which says that it expects a non-empty list",
    kind="exception",
    cause="pytorch#68640",
    probable=True,
    advice="catch RuntimeError, which covers NotImplementedError",
    when=":caught",
    rarely="an empty list",
)
@pytest.mark.changed(
    "2.9",
    "raises ValueError instead of RuntimeError",
    kind="exception",
    cause="pytorch#155383",
    probable=True,
    advice="catch ValueError and RuntimeError",
    when=":caught",
    rarely="an empty list",
)
def test_cat_of_an_empty_list_raises(snapshot):
    """``torch.cat`` raises on an empty list, for example after an epoch without batches.

    Only the first sentence of the message is recorded: the message once listed every backend.
    """

    def act():
        try:
            return torch.cat([])
        except (RuntimeError, ValueError) as error:
            raise type(error)(str(error).partition(". ")[0]) from None

    assert snapshot == observe(act)


@pytest.mark.api("torch.clamp", page="generated/torch.clamp")
@pytest.mark.changed(
    "1.9",
    "clamp takes tensors as bounds",
    kind="error-gone",
    cause="pytorch#52695",
)
def test_clamp_takes_bounds_of_each_element(snapshot):
    """``clamp`` accepts tensors as bounds, one bound for each element."""
    assert snapshot == observe(lambda: torch.tensor([1.0, 5.0]).clamp(min=torch.tensor([2.0, 3.0])))


def gradient_between(bounded):
    """The gradient of -2, -1, 0, 1 and 2 through a function that keeps them within -1 and 1."""
    x = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0], requires_grad=True)
    bounded(x).sum().backward()
    return x.grad


@pytest.mark.api(
    "torch.clamp",
    "torch.Tensor.clamp",
    "torch.Tensor.clamp_",
    "torch.clip",
    "torch.Tensor.clip",
    page="generated/torch.clamp",
)
@pytest.mark.changed(
    "2.14",
    "the gradient at a bound is 0 instead of 1",
    kind="silent",
    cause="pytorch#191142",
    advice="write torch.where((x < low) | (x > high), x.detach().clamp(low, high), x)",
    restored_by="training_step.clamp_written_with_where_passes_the_gradient_at_its_bounds",
    rarely="an element equal to a bound",
)
def test_clamp_passes_no_gradient_at_its_bounds(snapshot):
    """``clamp(-1, 1)`` passes the gradient on between -1 and 1; at -1 and 1 the gradient is 0.

    Old releases passed it on at -1 and 1 too. A parameter that starts at a bound no longer moves.
    """
    assert snapshot == observe(lambda: gradient_between(lambda x: x.clamp(-1.0, 1.0)))


@pytest.mark.api("torch.where", page="generated/torch.where")
def test_clamp_written_with_where_passes_the_gradient_at_its_bounds(snapshot):
    """``torch.where`` with ``x.detach().clamp(...)`` outside the bounds has the gradient 1 at them.

    The values are those of ``clamp``, and the gradient outside is 0.
    """

    def bounded(x):
        return torch.where((x < -1) | (x > 1), x.detach().clamp(-1.0, 1.0), x)

    assert snapshot == observe(lambda: gradient_between(bounded))


@pytest.mark.api("torch.gather", page="generated/torch.gather")
@pytest.mark.changed(
    "1.5",
    "the message says that the dtype of the index should be int64",
    kind="wording",
    cause="pytorch#39773",
    probable=True,
)
@pytest.mark.changed(
    "1.6",
    "the message names gather_out_cpu",
    kind="wording",
    cause="pytorch#38646",
    probable=True,
)
@pytest.mark.changed(
    "1.10",
    "the message names gather",
    kind="wording",
    cause="pytorch#63312",
)
@pytest.mark.changed(
    "2.8",
    "takes int32",
    kind="error-gone",
    cause="pytorch#151822",
)
def test_gather_takes_indices_of_32_bits(snapshot):
    """``gather`` accepts int32 indices since 2.8, for example to get the scores of true classes."""
    assert snapshot == observe(
        lambda: torch.tensor([[5.0, 6.0]]).gather(1, torch.tensor([[1]], dtype=torch.int32))
    )
