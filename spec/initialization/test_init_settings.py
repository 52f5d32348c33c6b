"""The settings of ``torch.nn.init``: gain, slope, mode, deviation, bounds, groups and generator.

Under one seed an initialiser draws the same numbers whatever its settings, and only scales them.
So the examples divide what it draws by what ``normal_`` or ``uniform_`` draws under that seed: the
ratio is the deviation or the bound. Traps: the slope ``a`` counts only with
``nonlinearity="leaky_relu"``, the default, and a gain of ``orthogonal_`` is the length of each row.
"""

import pytest
import torch
from torch.nn import init

from fixtures.settings import each
from torch_history.observing import observe, observe_each

SEED = 3


def scale(name, base, **settings):
    """What ``init.name`` draws for a weight [4, 8, 2], as a multiple of what ``base`` draws."""
    torch.manual_seed(SEED)
    unit = base(torch.empty(4, 8, 2))
    torch.manual_seed(SEED)
    drawn = getattr(init, name)(torch.empty(4, 8, 2), **settings)
    ratio = drawn / unit
    return {
        "smallest": round(ratio.min().item(), 3),
        "largest": round(ratio.max().item(), 3),
    }


def deviation(name, **settings):
    """The deviation of an initialiser that draws from a normal distribution."""
    return scale(name, lambda weight: weight.normal_(), **settings)


def bound(name, **settings):
    """The bound of an initialiser that draws from a uniform distribution around 0."""
    return scale(name, lambda weight: weight.uniform_(-1.0, 1.0), **settings)


FANS = {
    "default": {},
    "slope": {"a": 2.0},
    "fan_out": {"mode": "fan_out"},
    "relu": {"nonlinearity": "relu"},
    "tanh": {"nonlinearity": "tanh", "a": 2.0},
    "all": {"a": 0.5, "mode": "fan_out", "nonlinearity": "leaky_relu"},
}


@pytest.mark.api("torch.nn.init.kaiming_normal_", page="nn.init")
def test_kaiming_normal_scales_by_slope_mode_and_nonlinearity(snapshot):
    """``kaiming_normal_`` has the deviation gain / sqrt(fan), here with the fans 16 and 8.

    By default the gain is sqrt(2), and the deviation sqrt(2 / 16). A slope of 2 has the gain
    sqrt(2 / 5), and ``tanh`` has 5 / 3, whatever the slope.
    """
    assert snapshot == observe_each(
        each(lambda **settings: deviation("kaiming_normal_", **settings), FANS)
    )


@pytest.mark.api("torch.nn.init.kaiming_uniform_", page="nn.init")
def test_kaiming_uniform_scales_by_slope_mode_and_nonlinearity(snapshot):
    """``kaiming_uniform_`` has the bound gain * sqrt(3 / fan), here with the fans 16 and 8.

    By default the gain is sqrt(2), and the bound sqrt(6 / 16). A slope of 2 has the gain
    sqrt(2 / 5), and ``tanh`` has 5 / 3, whatever the slope.
    """
    assert snapshot == observe_each(
        each(lambda **settings: bound("kaiming_uniform_", **settings), FANS)
    )


@pytest.mark.api(
    "torch.nn.init.xavier_normal_", "torch.nn.init.xavier_uniform_", page="nn.init", article="D"
)
def test_xavier_gain_multiplies_the_numbers(snapshot):
    """``xavier_normal_`` has the deviation gain * sqrt(2 / 24) for the fans 16 and 8.

    ``xavier_uniform_`` has the bound gain * sqrt(6 / 24).
    """
    assert snapshot == observe_each(
        {
            "normal, default": lambda: deviation("xavier_normal_"),
            "normal, 2": lambda: deviation("xavier_normal_", gain=2.0),
            "uniform, default": lambda: bound("xavier_uniform_"),
            "uniform, 2": lambda: bound("xavier_uniform_", gain=2.0),
        }
    )


@pytest.mark.api("torch.nn.init.normal_", "torch.nn.init.uniform_", page="nn.init")
def test_normal_and_uniform_take_their_deviation_and_bounds(snapshot):
    """``normal_(std=0.5)`` halves the numbers, and ``uniform_(a=-3, b=3)`` triples them.

    ``mean=20`` with a small deviation gives numbers near 20.
    """
    assert snapshot == observe_each(
        {
            "normal": lambda: deviation("normal_", std=0.5),
            "normal, mean": lambda: round(
                init.normal_(torch.empty(64), mean=20.0, std=0.001).mean().item(), 1
            ),
            "uniform": lambda: bound("uniform_", a=-3.0, b=3.0),
        }
    )


@pytest.mark.api("torch.nn.init.trunc_normal_", page="nn.init")
@pytest.mark.changed("1.6", "trunc_normal_ appears", kind="appeared", cause="pytorch#32397")
def test_trunc_normal_takes_mean_deviation_and_bounds(snapshot):
    """``trunc_normal_`` draws between the values ``a`` and ``b``, with ``mean`` and ``std``.

    With ``a=-0.25``, ``b=0.5`` and a deviation of 1 the numbers reach both bounds. With the bounds
    -9 and 9 their mean is near 3, and their deviation near 0.5.
    """

    def drawn(**settings):
        torch.manual_seed(SEED)
        values = init.trunc_normal_(torch.empty(4096), **settings)
        return {
            name: round(getattr(values, name)().item(), 1 if name in ("mean", "std") else 2)
            for name in ("min", "max", "mean", "std")
        }

    assert snapshot == observe_each(
        {
            "bounds": lambda: {
                name: value
                for name, value in drawn(a=-0.25, b=0.5).items()
                if name in ("min", "max")
            },
            "mean and deviation": lambda: {
                name: value
                for name, value in drawn(mean=3.0, std=0.5, a=-9.0, b=9.0).items()
                if name in ("mean", "std")
            },
        }
    )


@pytest.mark.api("torch.nn.init.orthogonal_", page="nn.init")
def test_orthogonal_gain_is_the_length_of_each_row(snapshot):
    """``orthogonal_(gain=2)`` gives each row of a wide weight the length 2, and not 1."""

    def lengths(**settings):
        torch.manual_seed(SEED)
        rows = init.orthogonal_(torch.empty(2, 3), **settings)
        return [round(length, 3) for length in rows.pow(2).sum(1).sqrt().tolist()]

    assert snapshot == observe_each({"default": lengths, "gain": lambda: lengths(gain=2.0)})


@pytest.mark.api("torch.nn.init.sparse_", page="nn.init")
def test_sparse_rounds_the_number_of_zeros_up_and_scales_the_rest(snapshot):
    """``sparse_(sparsity=0.3)`` writes 3 zeros into each column of 8, which is 0.3 * 8 rounded up.

    The other numbers have the deviation ``std``, which is 0.01 by default.
    """

    def act(**settings):
        torch.manual_seed(SEED)
        unit = torch.empty(8, 3).normal_()
        torch.manual_seed(SEED)
        drawn = init.sparse_(torch.empty(8, 3), 0.3, **settings)
        ratio = (drawn / unit)[drawn != 0]
        return {
            "zeros": (drawn == 0).sum(0).tolist(),
            "scale": [round(ratio.min().item(), 3), round(ratio.max().item(), 3)],
        }

    assert snapshot == observe_each({"default": act, "std": lambda: act(std=0.5)})


@pytest.mark.api("torch.nn.init.dirac_", page="nn.init")
@pytest.mark.changed("1.5", "dirac_ takes groups", kind="appeared", cause="pytorch#32825")
def test_dirac_repeats_the_identity_for_each_group(snapshot):
    """``dirac_(groups=2)`` writes an identity for each half of the output channels.

    A weight [4, 2, 3] has ones in the middle of the kernel: the channels 0 and 1 of each group.
    """
    assert snapshot == observe_each(
        {
            "one group": lambda: init.dirac_(torch.ones(4, 2, 3))[:, :, 1],
            "two groups": lambda: init.dirac_(torch.ones(4, 2, 3), groups=2)[:, :, 1],
            "beside the middle": lambda: init.dirac_(torch.ones(4, 2, 3), groups=2)[:, :, 0],
        }
    )


@pytest.mark.api(
    "torch.nn.init.trunc_normal_",
    "torch.nn.init.xavier_normal_",
    "torch.nn.init.kaiming_uniform_",
    "torch.nn.init.orthogonal_",
    "torch.nn.init.sparse_",
    page="nn.init",
)
@pytest.mark.changed(
    "1.6",
    "trunc_normal_ appears, and raises on generator",
    kind="appeared",
    cause="pytorch#32397",
    of="torch.nn.init.trunc_normal_",
)
@pytest.mark.changed(
    "2.1",
    "trunc_normal_ takes generator",
    kind="appeared",
    cause="pytorch#100810",
    of="torch.nn.init.trunc_normal_",
)
@pytest.mark.changed(
    "2.2",
    "the other initialisers that draw take generator",
    kind="appeared",
    cause="pytorch#110413",
)
@pytest.mark.parametrize(
    "name", ["trunc_normal_", "xavier_normal_", "kaiming_uniform_", "orthogonal_", "sparse_"]
)
def test_generator_gives_an_initialiser_the_numbers_of_its_seed(name, snapshot):
    """``generator=`` gives the numbers that the global stream would give under the same seed.

    The global stream does not move. Trap: ``sparse_`` draws which rows are zero from the global
    stream, so its generator does not repeat them. Initialisers take ``generator`` since 2.2.
    """
    arguments = [0.25] if name == "sparse_" else []

    def act():
        torch.manual_seed(SEED)
        expected = getattr(init, name)(torch.empty(4, 6), *arguments)
        torch.manual_seed(SEED + 1)
        before = torch.get_rng_state()
        generator = torch.Generator().manual_seed(SEED)
        drawn = getattr(init, name)(torch.empty(4, 6), *arguments, generator=generator)
        used = (drawn != 0) & (expected != 0)
        return {
            "same": torch.equal(drawn, expected),
            "same beside zeros": torch.equal(drawn[used], expected[used]),
            "global stream moved": not torch.equal(torch.get_rng_state(), before),
        }

    assert snapshot == observe(act)


# a deprecated name -> settings, and whether it draws from a normal distribution
DEPRECATED = {
    "uniform": ({"a": -3.0, "b": 3.0}, False),
    "normal": ({"std": 0.5}, True),
    "xavier_uniform": ({"gain": 2.0}, False),
    "xavier_normal": ({"gain": 2.0}, True),
    "kaiming_uniform": ({"a": 2.0, "mode": "fan_out"}, False),
    "kaiming_normal": ({"a": 2.0, "mode": "fan_out"}, True),
}


@pytest.mark.api(
    "torch.nn.init.uniform",
    "torch.nn.init.normal",
    "torch.nn.init.xavier_uniform",
    "torch.nn.init.xavier_normal",
    "torch.nn.init.kaiming_uniform",
    "torch.nn.init.kaiming_normal",
    page="nn.init",
)
@pytest.mark.changed(
    "2.4",
    "warns with FutureWarning instead of UserWarning",
    kind="warning",
    cause="pytorch#127689",
    probable=True,
    advice="use the name with an underscore",
    unless=(),
)
@pytest.mark.parametrize("name", DEPRECATED)
def test_deprecated_initialiser_passes_its_settings_on(name, snapshot):
    """An initialiser without the underscore warns, and passes its settings on to the other.

    ``uniform(a=-3, b=3)`` has the bound 3, as ``uniform_`` has.
    """
    settings, is_normal = DEPRECATED[name]
    assert snapshot == observe(lambda: (deviation if is_normal else bound)(name, **settings))
