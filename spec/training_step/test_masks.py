"""Masks and mixtures: what chooses among elements, and what joins tensors."""

import pytest
import torch

from torch_history.observing import observe


def mask(dtype):
    return torch.tensor([1, 0]).to(dtype)


@pytest.mark.api("torch.Tensor.masked_fill", page="generated/torch.Tensor.masked_fill")
@pytest.mark.changed(
    "2.1",
    "a mask of bytes raises; before, it warned",
    kind="error",
    cause="pytorch#96594",
    advice="write mask.bool()",
)
@pytest.mark.parametrize("name", ["bool", "uint8"])
def test_masked_fill_takes_a_mask_of_bools_alone(name, snapshot):
    """Attention masks of bytes, as they were written before there were bools, raise."""
    assert snapshot == observe(
        lambda: torch.ones(2).masked_fill(mask(getattr(torch, name)), -float("inf"))
    )


@pytest.mark.api("torch.masked_select", page="generated/torch.masked_select")
@pytest.mark.changed(
    "2.1",
    "a mask of bytes raises; before, it warned",
    kind="error",
    cause="pytorch#96594",
    advice="write mask.bool()",
)
@pytest.mark.parametrize("name", ["bool", "uint8"])
def test_masked_select_takes_a_mask_of_bools_alone(name, snapshot):
    """As ``masked_fill`` does."""
    assert snapshot == observe(
        lambda: torch.tensor([5.0, 6.0]).masked_select(mask(getattr(torch, name)))
    )


@pytest.mark.api("torch.where", page="generated/torch.where")
@pytest.mark.changed(
    "1.9",
    "a condition of bytes warns",
    kind="warning",
    cause="pytorch#50358",
    advice="write condition.bool()",
)
def test_where_takes_a_condition_of_bytes_with_a_warning(snapshot):
    """``where`` still does, and warns."""
    assert snapshot == observe(
        lambda: torch.where(mask(torch.uint8), torch.ones(2), torch.zeros(2))
    )


@pytest.mark.api("torch.where", page="generated/torch.where")
@pytest.mark.changed(
    "1.7",
    "two numbers work; one beside float32 raises RuntimeError: it counts as float64",
    kind="exception",
    cause="pytorch#40336",
)
@pytest.mark.changed(
    "1.12",
    "the values take part in the dtype: a number beside a tensor works, and two dtypes give the wider",
    kind="error-gone",
    cause="pytorch#62084",
)
@pytest.mark.parametrize("case", ["number", "numbers", "dtypes"])
def test_where_mixes_numbers_and_dtypes(case, snapshot):
    """A number needs no tensor around it, and float32 beside float64 gives float64, as in a sum."""

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
@pytest.mark.changed("1.5", "the message is in other words", kind="wording")
@pytest.mark.changed(
    "1.6",
    "cat and stack take two dtypes, and give the wider",
    kind="error-gone",
    cause="pytorch#35030",
)
@pytest.mark.parametrize("name", ["cat", "stack"])
def test_joining_tensors_of_two_dtypes_takes_the_wider(name, snapshot):
    """Integers and floats in one batch become floats."""
    assert snapshot == observe(
        lambda: getattr(torch, name)([torch.ones(1), torch.ones(1, dtype=torch.int64)])
    )


@pytest.mark.api("torch.cat", page="generated/torch.cat")
@pytest.mark.changed(
    "1.9",
    "raises NotImplementedError, a kind of RuntimeError",
    kind="silent",
    cause="pytorch#53377",
)
@pytest.mark.changed(
    "1.12",
    "raises a plain RuntimeError, and says that it wants a list that is not empty",
    kind="silent",
)
@pytest.mark.changed(
    "2.9",
    "raises ValueError instead of RuntimeError",
    kind="silent",
    cause="pytorch#155383",
    probable=True,
    advice="catch both",
)
def test_joining_no_tensor_raises(snapshot):
    """An empty epoch: ``torch.cat([])``. (Before the message was of use, it named every backend: only its begin is shown.)"""

    def act():
        try:
            return torch.cat([])
        except (RuntimeError, ValueError) as error:
            return {"raised": type(error).__name__, "message": str(error)[:55]}

    assert snapshot == observe(act)


@pytest.mark.api("torch.clamp", page="generated/torch.clamp")
@pytest.mark.changed(
    "1.9", "clamp takes tensors as bounds", kind="error-gone", cause="pytorch#52695"
)
def test_clamp_takes_bounds_of_each_element(snapshot):
    """``clamp(min=tensor)``."""
    assert snapshot == observe(lambda: torch.tensor([1.0, 5.0]).clamp(min=torch.tensor([2.0, 3.0])))


@pytest.mark.api("torch.gather", page="generated/torch.gather")
@pytest.mark.changed("1.5", "the message is in other words", kind="wording")
@pytest.mark.changed("1.6", "the message names gather_out_cpu", kind="wording")
@pytest.mark.changed("1.10", "the message names gather", kind="wording")
@pytest.mark.changed("2.8", "takes int32", kind="error-gone", cause="pytorch#151822")
def test_gather_takes_indices_of_32_bits(snapshot):
    """The scores of the true classes: targets may be int32."""
    assert snapshot == observe(
        lambda: torch.tensor([[5.0, 6.0]]).gather(1, torch.tensor([[1]], dtype=torch.int32))
    )
