"""``torch.randn`` draws one by one below 16 elements, and in blocks from 16 elements on.

Below 16 elements a shorter result is a prefix of a longer one. From 16 elements on the numbers are
different ones, and a length that is not a multiple of 16 draws its last 16 elements again. A layer
that is one unit larger may therefore start from other values under the same seed. Small draws come
in pairs, and the second number is kept for the next call until a new seed. In 2.12 ``torch.randn``
of bfloat16 began to round the float32 numbers.
"""

import pytest
import torch

from torch_history.observing import observe


def seeded(draw):
    torch.manual_seed(0)
    return draw()


@pytest.mark.api("torch.randn", page="generated/torch.randn")
def test_randn_of_fewer_than_sixteen_draws_these_numbers_under_seed_zero(snapshot):
    """``randn`` of up to 15 elements draws them one by one: these five under seed 0."""
    assert snapshot == observe(lambda: seeded(lambda: torch.randn(5)))


@pytest.mark.api("torch.randn", page="generated/torch.randn")
def test_randn_of_sixteen_draws_these_numbers_under_seed_zero(snapshot):
    """``randn`` of 16 elements draws these numbers under seed 0.

    From 16 elements on it draws in blocks, by another method than below 16.
    """
    assert snapshot == observe(lambda: seeded(lambda: torch.randn(16)))


@pytest.mark.api("torch.randn", page="generated/torch.randn")
def test_randn_of_sixteen_does_not_begin_with_randn_of_fifteen(snapshot):
    """``randn(16)`` shares no number with ``randn(15)`` under the same seed.

    Below 16 the shorter result is a prefix of the longer. Trap: a layer one unit larger may start
    from entirely other values.
    """

    def act():
        fourteen, fifteen, sixteen = (seeded(lambda: torch.randn(n)) for n in (14, 15, 16))
        return {
            "15 begins with 14": torch.equal(fifteen[:14], fourteen),
            "16 has any of 15": bool(set(sixteen.tolist()) & set(fifteen.tolist())),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.randn", page="generated/torch.randn")
def test_randn_of_seventeen_redraws_its_last_sixteen(snapshot):
    """``randn(17)`` draws its last 16 elements again: only the first is that of ``randn(16)``.

    17 is not a multiple of 16.
    """

    def act():
        sixteen, seventeen = (seeded(lambda: torch.randn(n)) for n in (16, 17))
        return {"same": (sixteen == seventeen[:16]).tolist().count(True), "last": seventeen[16:]}

    assert snapshot == observe(act)


@pytest.mark.api("torch.randn", page="generated/torch.randn")
def test_randn_keeps_the_second_of_a_pair(snapshot):
    """``randn`` draws numbers in pairs and keeps the second for the next small ``randn``.

    A ``rand`` in between does not change this. A new seed clears the kept number.
    """

    def act():
        pair = seeded(lambda: torch.randn(2))
        one_by_one = seeded(lambda: (torch.randn(1), torch.rand(3), torch.randn(1)))
        torch.randn(1)
        return {
            "first": torch.equal(one_by_one[0], pair[:1]),
            "second, after rand": torch.equal(one_by_one[2], pair[1:]),
            "after a seed": torch.equal(seeded(lambda: torch.randn(1)), pair[:1]),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.randn", page="generated/torch.randn")
def test_randn_of_float64_draws_these_numbers_under_seed_zero(snapshot):
    """``randn`` of float64 draws these numbers under seed 0.

    Below 16 elements they are the float32 numbers with more digits.
    """
    assert snapshot == observe(lambda: seeded(lambda: torch.randn(5, dtype=torch.float64)))


@pytest.mark.api("torch.randn", "torch.randn_like", "torch.normal", page="generated/torch.randn")
@pytest.mark.changed(
    "1.5",
    "the message comes from another function, which does not support bfloat16 either",
    kind="wording",
    cause="pytorch#32031",
    probable=True,
)
@pytest.mark.changed(
    "1.6",
    "the message names normal_kernel_cpu",
    kind="wording",
    cause="pytorch#35167",
    probable=True,
)
@pytest.mark.changed(
    "1.8", "randn draws bfloat16 on the CPU", kind="error-gone", cause="pytorch#47143"
)
@pytest.mark.changed(
    "2.12",
    "draws float32's numbers and rounds them",
    kind="random",
    cause="pytorch#179834",
    probable=True,
    when="dtype=torch.bfloat16 and dtype!=<unknown>",
)
def test_randn_of_bfloat16_draws_these_numbers_under_seed_zero(snapshot):
    """``randn`` of bfloat16 draws these numbers under seed 0.

    Since 2.12 they are the float32 numbers, rounded, for 16 elements too.
    """
    assert snapshot == observe(lambda: seeded(lambda: torch.randn(16, dtype=torch.bfloat16)))


@pytest.mark.api("torch.normal", page="generated/torch.normal")
def test_normal_of_tensors_draws_these_numbers_under_seed_zero(snapshot):
    """``torch.normal`` of tensors applies mean and deviation to the numbers of ``randn``.

    It works element by element.
    """
    mean, deviation = torch.tensor([0.0, 10.0]), torch.tensor([1.0, 2.0])
    drawn = seeded(lambda: torch.normal(mean, deviation))
    assert torch.allclose(drawn, mean + deviation * seeded(lambda: torch.randn(2)))
    assert snapshot == observe(lambda: drawn)
