"""``torch.randn`` under seed 0: one recipe below 16 elements, another from there on."""

import pytest
import torch

from torch_history.observing import observe


def seeded(draw):
    torch.manual_seed(0)
    return draw()


@pytest.mark.api("torch.randn", page="generated/torch.randn")
def test_randn_of_fewer_than_sixteen_draws_these_numbers_under_seed_zero(snapshot):
    """Up to 15 elements are drawn one by one."""
    assert snapshot == observe(lambda: seeded(lambda: torch.randn(5)))


@pytest.mark.api("torch.randn", page="generated/torch.randn")
def test_randn_of_sixteen_draws_these_numbers_under_seed_zero(snapshot):
    """From 16 elements on they are made in blocks, by another recipe: other numbers."""
    assert snapshot == observe(lambda: seeded(lambda: torch.randn(16)))


@pytest.mark.api("torch.randn", page="generated/torch.randn")
def test_randn_of_sixteen_does_not_begin_with_randn_of_fifteen(snapshot):
    """Trap: a layer one unit larger may start from entirely other values. Below 16 the shorter is a prefix of the longer."""

    def act():
        fourteen, fifteen, sixteen = (seeded(lambda: torch.randn(n)) for n in (14, 15, 16))
        return {
            "15 begins with 14": torch.equal(fifteen[:14], fourteen),
            "16 has any of 15": bool(set(sixteen.tolist()) & set(fifteen.tolist())),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.randn", page="generated/torch.randn")
def test_randn_of_seventeen_redraws_its_last_sixteen(snapshot):
    """17 is no multiple of 16: the last 16 are drawn again, and of randn(16) the first alone is left."""

    def act():
        sixteen, seventeen = (seeded(lambda: torch.randn(n)) for n in (16, 17))
        return {"same": (sixteen == seventeen[:16]).tolist().count(True), "last": seventeen[16:]}

    assert snapshot == observe(act)


@pytest.mark.api("torch.randn", page="generated/torch.randn")
def test_randn_keeps_the_second_of_a_pair(snapshot):
    """Normals come in pairs: the second waits for the next small randn, past any rand between them, until a seed clears it."""

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
    """Below 16 elements the numbers are float32's, with more digits."""
    assert snapshot == observe(lambda: seeded(lambda: torch.randn(5, dtype=torch.float64)))


@pytest.mark.api("torch.randn", page="generated/torch.randn")
@pytest.mark.changed(
    "1.5", "the message comes from another function, which knows no bfloat16 either", kind="wording"
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
@pytest.mark.changed("2.12", "draws float32's numbers and rounds them", kind="random")
def test_randn_of_bfloat16_draws_these_numbers_under_seed_zero(snapshot):
    """The numbers of float32, rounded, for 16 elements too."""
    assert snapshot == observe(lambda: seeded(lambda: torch.randn(16, dtype=torch.bfloat16)))


@pytest.mark.api("torch.normal", page="generated/torch.normal")
def test_normal_of_tensors_draws_these_numbers_under_seed_zero(snapshot):
    """Mean and deviation element by element, over the numbers of randn."""
    mean, deviation = torch.tensor([0.0, 10.0]), torch.tensor([1.0, 2.0])
    drawn = seeded(lambda: torch.normal(mean, deviation))
    assert torch.allclose(drawn, mean + deviation * seeded(lambda: torch.randn(2)))
    assert snapshot == observe(lambda: drawn)
