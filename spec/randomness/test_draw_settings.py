"""Settings of draws: the generator, and the rate, place and width of a distribution.

With ``generator=`` a draw gives the numbers that the global stream would give under the same seed,
and leaves this stream alone. Methods in place return the tensor itself. Under one seed
``exponential_`` and ``cauchy_`` draw the same numbers and then scale and shift them, so the
examples compare what they draw with what they draw by default. Trap: ``eps`` of
``torch.nn.functional.gumbel_softmax`` has no effect, and warns.
"""

import pytest
import torch
from torch.nn import functional as F

from torch_history.observing import observe, observe_each

HALVES = torch.full((4, 6), 0.5)
SEED = 5

IN_PLACE = {
    "bernoulli_": (0.5,),
    "exponential_": (),
    "cauchy_": (),
    "geometric_": (0.25,),
    "normal_": (),
    "uniform_": (),
    "random_": (100,),
    "log_normal_": (),
}
FUNCTIONS = {
    "multinomial": (torch.ones(20), 12),
    "normal": (HALVES, HALVES),
    "poisson": (torch.full((4, 6), 3.0),),
    "bernoulli": (HALVES,),
    "rand": (4, 6),
    "randn": (4, 6),
    "randint": (100, (4, 6)),
    "randperm": (20,),
}


def both(draw):
    """Whether a generator and the global stream give the same numbers under the same seed."""
    torch.manual_seed(SEED)
    expected = draw()
    torch.manual_seed(SEED + 1)
    before = torch.get_rng_state()
    drawn = draw(generator=torch.Generator().manual_seed(SEED))
    moved = not torch.equal(torch.get_rng_state(), before)
    return {"same": torch.equal(drawn, expected), "global stream moved": moved}


@pytest.mark.api(
    "torch.Tensor.bernoulli_",
    "torch.Tensor.exponential_",
    "torch.Tensor.cauchy_",
    "torch.Tensor.geometric_",
    "torch.Tensor.normal_",
    "torch.Tensor.uniform_",
    "torch.Tensor.random_",
    "torch.Tensor.log_normal_",
    page="torch",
)
@pytest.mark.parametrize("name", IN_PLACE)
def test_draw_in_place_uses_the_generator_and_returns_the_tensor_itself(name, snapshot):
    """``x.normal_(generator=g)`` draws from ``g`` and returns x; the global stream stays."""

    def draw(**settings):
        return getattr(torch.zeros(4, 6), name)(*IN_PLACE[name], **settings)

    def itself():
        x = torch.zeros(2)
        return getattr(x, name)(*IN_PLACE[name]) is x

    assert snapshot == observe_each({"generator": lambda: both(draw), "itself": itself})


@pytest.mark.api(
    "torch.multinomial",
    "torch.normal",
    "torch.poisson",
    "torch.bernoulli",
    "torch.rand",
    "torch.randn",
    "torch.randint",
    "torch.randperm",
    page="torch",
)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_draw_uses_the_generator_that_it_is_given(name, snapshot):
    """``torch.rand(2, generator=g)`` draws from ``g``, and leaves the global stream alone."""

    def draw(**settings):
        return getattr(torch, name)(*FUNCTIONS[name], **settings)

    assert snapshot == observe(lambda: both(draw))


@pytest.mark.api("torch.normal", "torch.multinomial", page="torch")
@pytest.mark.parametrize("name", ["normal", "multinomial"])
def test_draw_writes_into_out(name, snapshot):
    """``out=`` of ``normal`` and ``multinomial`` is filled with the draws and returned."""

    def act():
        torch.manual_seed(SEED)
        expected = getattr(torch, name)(*FUNCTIONS[name])
        out = torch.zeros_like(expected)
        torch.manual_seed(SEED)
        result = getattr(torch, name)(*FUNCTIONS[name], out=out)
        return {"result is out": result is out, "same numbers": torch.equal(out, expected)}

    assert snapshot == observe(act)


def seeded(name, *arguments, size=4096, **settings):
    """What a method draws under the seed, in float64."""
    torch.manual_seed(SEED)
    return getattr(torch.zeros(size, dtype=torch.float64), name)(*arguments, **settings)


@pytest.mark.api("torch.Tensor.exponential_", page="generated/torch.Tensor.exponential_")
def test_exponential_divides_by_lambd(snapshot):
    """``exponential_(lambd=0.5)`` draws twice what ``exponential_()`` draws: the mean is 2."""
    assert snapshot == observe_each(
        {
            "twice": lambda: torch.allclose(
                seeded("exponential_", lambd=0.5), seeded("exponential_") * 2, atol=1e-6
            ),
            "mean": lambda: round(seeded("exponential_", lambd=0.5).mean().item()),
        }
    )


@pytest.mark.api("torch.Tensor.cauchy_", page="generated/torch.Tensor.cauchy_")
def test_cauchy_multiplies_by_sigma_and_adds_the_median(snapshot):
    """``cauchy_(median=20, sigma=4)`` draws 20 + 4 * x where ``cauchy_()`` draws x.

    Half of the numbers are within sigma of the median.
    """

    def halves():
        drawn = seeded("cauchy_", median=20.0, sigma=4.0)
        return [round(drawn.median().item()), round((drawn - 20).abs().median().item())]

    assert snapshot == observe_each(
        {
            "scaled": lambda: torch.allclose(
                seeded("cauchy_", median=20.0, sigma=4.0), 20 + 4 * seeded("cauchy_")
            ),
            "median and half width": halves,
        }
    )


@pytest.mark.api("torch.normal", "torch.Tensor.random_", page="torch")
def test_normal_and_random_take_their_bounds(snapshot):
    """``normal(20, 4, size)`` has the mean 20 and the deviation 4; ``random_(1, 4)`` is below 4."""

    def normal():
        torch.manual_seed(SEED)
        drawn = torch.normal(20.0, 4.0, (2, 2048))
        return {
            "mean": round(drawn.mean().item()),
            "deviation": round(drawn.std().item()),
            "shape": drawn.shape,
        }

    assert snapshot == observe_each(
        {
            "normal": normal,
            "random_": lambda: sorted(set(seeded("random_", 1, 4).tolist())),
            "random_ below": lambda: sorted(set(seeded("random_", 3).tolist())),
        }
    )


@pytest.mark.api(
    "torch.Tensor.normal_",
    "torch.Tensor.log_normal_",
    "torch.Tensor.uniform_",
    page="torch",
)
def test_normal_and_uniform_in_place_take_their_place_and_width(snapshot):
    """``normal_(10, 2)`` draws 10 + 2 * x, ``uniform_(-3, 3)`` draws 6 * x - 3.

    x is what they draw by default. ``log_normal_(2, 0.5)`` draws the exponential of
    ``normal_(2, 0.5)``, here for 8 elements. Trap: from 16 elements on, ``normal_`` draws others.
    """
    assert snapshot == observe_each(
        {
            "normal_": lambda: torch.allclose(
                seeded("normal_", mean=10.0, std=2.0), 10 + 2 * seeded("normal_")
            ),
            "uniform_": lambda: torch.allclose(
                seeded("uniform_", -3.0, 3.0), 6 * seeded("uniform_") - 3
            ),
            "log_normal_": lambda: torch.allclose(
                seeded("log_normal_", mean=2.0, std=0.5, size=8),
                seeded("normal_", 2.0, 0.5, size=8).exp(),
            ),
        }
    )


@pytest.mark.api("torch.Tensor.geometric_", "torch.Tensor.bernoulli_", page="torch")
@pytest.mark.changed(
    "1.6",
    "geometric_(p) draws 1 with the probability p instead of 1 - p: 90 % instead of 10 % for 0.9",
    kind="silent",
    cause="pytorch#37418",
    probable=True,
    advice="pass 1 - p to draw as before 1.6",
    of=("torch.Tensor.geometric_",),
    when=("p@0!=0.5", "p@0=<unknown>"),
)
def test_geometric_and_bernoulli_draw_ones_with_the_probability_p(snapshot):
    """Nine tenths of what ``geometric_(0.9)`` and ``bernoulli_(0.9)`` draw are 1.

    ``geometric_`` counts the trials up to the first success, so its other draws are 2 or more.
    """

    def ones(name):
        drawn = seeded(name, 0.9)
        return {"ones": round((drawn == 1).double().mean().item(), 1), "least": drawn.min().item()}

    assert snapshot == observe_each(
        {"geometric_": lambda: ones("geometric_"), "bernoulli_": lambda: ones("bernoulli_")}
    )


@pytest.mark.api(
    "torch.nn.functional.gumbel_softmax", page="generated/torch.nn.functional.gumbel_softmax"
)
def test_gumbel_softmax_divides_by_tau_along_dim(snapshot):
    """``gumbel_softmax(tau=2)`` halves the logarithms of the odds; ``dim`` sums to 1.

    ``hard=True`` gives a one-hot tensor. Its gradient is that of the soft one.
    """

    def drawn(**settings):
        torch.manual_seed(SEED)
        logits = torch.tensor([[0.0, 1.0, 2.0], [2.0, 0.0, 1.0]], requires_grad=True)
        return logits, F.gumbel_softmax(logits, **settings)

    def odds(**settings):
        logs = drawn(**settings)[1].detach().log()
        return logs[:, 1:] - logs[:, :1]

    def hard():
        logits, result = drawn(hard=True)
        (result * torch.arange(3.0)).sum().backward()
        soft, expected = drawn()
        (expected * torch.arange(3.0)).sum().backward()
        return {
            "ones": sorted(result.flatten().tolist()),
            "sums": result.sum(1).tolist(),
            "gradient of the soft one": torch.allclose(logits.grad, soft.grad),
        }

    assert snapshot == observe_each(
        {
            "tau": lambda: torch.allclose(odds(tau=2.0) * 2, odds(), atol=1e-5),
            "hard": hard,
            "dim": lambda: drawn(dim=0)[1].sum(0).detach(),
            "eps": lambda: torch.equal(drawn(eps=0.5)[1], drawn()[1]),
        }
    )
