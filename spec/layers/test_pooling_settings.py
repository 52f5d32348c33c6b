"""Pools and unpools in one, two and three dimensions, one setting at a time.

``stride`` is the kernel by default. A last incomplete window is dropped unless ``ceil_mode=True``.
Average pools count their padding as zeros unless ``count_include_pad=False``;
``divisor_override`` replaces the divisor. With ``return_indices=True`` a max pool also returns the
places of its maxima, as indices into the flattened channel. The windows of adaptive pools overlap
where the output size does not divide the length.
"""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fixtures.layer_settings import counted
from fixtures.settings import each
from torch_history.observing import observe, observe_each

SHAPES = {1: (1, 7), 2: (1, 7, 4), 3: (1, 5, 4, 3)}  # a channel, and a length for each dimension


def first(number, others, dimensions):
    """This number for the first dimension, and ``others`` for the rest."""
    return (number,) + (others,) * (dimensions - 1)


@pytest.mark.parametrize("dimensions", SHAPES)
@pytest.mark.api(
    "torch.nn.MaxPool1d",
    "torch.nn.MaxPool2d",
    "torch.nn.MaxPool3d",
    "torch.nn.functional.max_pool1d",
    "torch.nn.functional.max_pool2d",
    "torch.nn.functional.max_pool3d",
    page="generated/torch.nn.MaxPool2d",
)
@pytest.mark.changed(
    "1.11",
    "a max pool with ceil_mode or return_indices warns about the order of arguments of a "
    "function that torch itself calls",
    kind="warning",
    cause="pytorch#62544",
    advice="ignore the warning: the order did not change",
    when=(
        "ceil_mode@5=True and ceil_mode@5!=<unknown> and -return_indices",
        "return_indices=True and return_indices!=<unknown> and -ceil_mode@5",
    ),
)
@pytest.mark.changed(
    "1.12",
    "no longer warns",
    kind="warning",
    cause="pytorch#71258",
    when=(
        "ceil_mode@5=True and ceil_mode@5!=<unknown> and -return_indices",
        "return_indices=True and return_indices!=<unknown> and -ceil_mode@5",
    ),
)
def test_max_pool_output_follows_each_setting(dimensions, snapshot):
    """Stride, padding, dilation, ``ceil_mode`` and ``return_indices`` change what a pool returns.

    The kernel is 2 in the first dimension and 3 in the others. All inputs are negative, so padding
    with zeros would change the maxima; max pools pad with minus infinity.
    """
    n = dimensions
    x = counted(1, *SHAPES[n]) - 20

    def act(**settings):
        return getattr(nn, f"MaxPool{n}d")(first(2, 3, n), **settings)(x)

    assert snapshot == observe_each(
        each(
            act,
            {
                "default": {},
                "stride": {"stride": first(1, 2, n)},
                "padding": {"padding": first(1, 0, n)},
                "dilation": {"stride": 1, "dilation": first(2, 1, n)},
                "ceil_mode": {"ceil_mode": True},
                "return_indices": {"return_indices": True},
            },
        )
    )


@pytest.mark.parametrize("dimensions", SHAPES)
@pytest.mark.api(
    "torch.nn.AvgPool1d",
    "torch.nn.AvgPool2d",
    "torch.nn.AvgPool3d",
    "torch.nn.functional.avg_pool1d",
    "torch.nn.functional.avg_pool2d",
    "torch.nn.functional.avg_pool3d",
    page="generated/torch.nn.AvgPool2d",
)
def test_avg_pool_output_follows_each_setting(dimensions, snapshot):
    """Stride, padding, ``ceil_mode``, ``count_include_pad`` and the divisor change the averages.

    The kernel is 2 in the first dimension and 3 in the others. ``AvgPool1d`` has no
    ``divisor_override``, and raises.
    """
    n = dimensions
    x = counted(1, *SHAPES[n]) + 1

    def act(**settings):
        return getattr(nn, f"AvgPool{n}d")(first(2, 3, n), **settings)(x)

    assert snapshot == observe_each(
        each(
            act,
            {
                "default": {},
                "stride": {"stride": first(1, 2, n)},
                "padding": {"padding": first(1, 0, n)},
                "count_include_pad": {"padding": first(1, 0, n), "count_include_pad": False},
                "ceil_mode": {"ceil_mode": True},
                "divisor_override": {"divisor_override": 4},
            },
        )
    )


@pytest.mark.parametrize("dimensions", SHAPES)
@pytest.mark.api(
    "torch.nn.LPPool1d",
    "torch.nn.LPPool2d",
    "torch.nn.LPPool3d",
    "torch.nn.functional.lp_pool1d",
    "torch.nn.functional.lp_pool2d",
    "torch.nn.functional.lp_pool3d",
    page="generated/torch.nn.LPPool2d",
)
@pytest.mark.changed(
    "2.3",
    "LPPool3d was added",
    kind="appeared",
    cause="pytorch#114199",
    of=("torch.nn.LPPool3d", "torch.nn.functional.lp_pool3d"),
)
def test_lp_pool_output_follows_each_setting(dimensions, snapshot):
    """An Lp pool takes the p-th root of a window's sum of p-th powers.

    Norm 1 gives sums. Kernel, stride and ``ceil_mode`` work as in other pools. The sum of an
    incomplete window is scaled up to the size of a whole window.
    """
    n = dimensions
    x = counted(1, *SHAPES[n]) + 1
    kernel = 2 if n == 1 else first(2, 3, n)

    def act(norm_type=1.0, **settings):
        return getattr(nn, f"LPPool{n}d")(norm_type, kernel, **settings)(x)

    assert snapshot == observe_each(
        each(
            act,
            {
                "norm 1": {},
                "norm 2": {"norm_type": 2.0},
                "stride": {"stride": 1 if n == 1 else first(1, 2, n)},
                "ceil_mode": {"ceil_mode": True},
            },
        )
    )


@pytest.mark.parametrize("dimensions", SHAPES)
@pytest.mark.api(
    "torch.nn.AdaptiveMaxPool1d",
    "torch.nn.AdaptiveMaxPool2d",
    "torch.nn.AdaptiveMaxPool3d",
    "torch.nn.AdaptiveAvgPool1d",
    "torch.nn.AdaptiveAvgPool2d",
    "torch.nn.AdaptiveAvgPool3d",
    page="generated/torch.nn.AdaptiveMaxPool2d",
)
def test_adaptive_pool_has_the_output_size_that_it_is_given(dimensions, snapshot):
    """Adaptive pools return the size that they are given, from windows that may overlap.

    Element i of n pools the inputs from floor(i * length / n) up to ceil((i + 1) * length / n), the
    end excluded. ``None`` keeps the length of a dimension.
    """
    n = dimensions
    x = counted(1, *SHAPES[n])

    def act(kind, size, **settings):
        return getattr(nn, f"Adaptive{kind}Pool{n}d")(size, **settings)(x)

    three, kept = (3, 3) if n == 1 else (first(3, 2, n), first(2, None, n))
    assert snapshot == observe_each(
        each(
            act,
            {
                "maximum": {"kind": "Max", "size": three},
                "maximum, one number": {"kind": "Max", "size": 2},
                "maximum, dimensions kept": {"kind": "Max", "size": kept},
                "maximum with indices": {"kind": "Max", "size": three, "return_indices": True},
                "mean": {"kind": "Avg", "size": three},
                "mean, one number": {"kind": "Avg", "size": 2},
                "mean, dimensions kept": {"kind": "Avg", "size": kept},
            },
        )
    )


def rising(dimensions):
    """An input of 2 or 3 dimensions that counts 0, 1, 2, so that a maximum tells its place."""
    shape = {2: (1, 1, 7, 5), 3: (1, 1, 7, 5, 4)}[dimensions]
    return torch.arange(float(torch.Size(shape).numel())).reshape(shape)


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.api(
    "torch.nn.FractionalMaxPool2d",
    "torch.nn.FractionalMaxPool3d",
    "torch.nn.functional.fractional_max_pool2d",
    "torch.nn.functional.fractional_max_pool3d",
    page="generated/torch.nn.FractionalMaxPool2d",
)
def test_fractional_max_pool_places_its_windows_by_the_samples(dimensions, snapshot):
    """A fractional pool places its windows by the samples in [0, 1) that it is given.

    ``output_ratio`` is the output size divided by the input size. Either the ratio or the size is
    needed; both together, or neither, raise.
    """
    n = dimensions
    x = rising(n)

    def act(sample=0.5, **settings):
        samples = torch.full((1, 1, n), sample)
        return getattr(nn, f"FractionalMaxPool{n}d")(2, _random_samples=samples, **settings)(x)

    assert snapshot == observe_each(
        each(
            act,
            {
                "output_size": {"output_size": first(4, 2, n)},
                "other samples": {"output_size": first(4, 2, n), "sample": 0.25},
                "output_ratio": {"output_ratio": first(0.75, 0.5, n)},
                "return_indices": {"output_size": 2, "return_indices": True},
                "neither": {},
                "both": {"output_size": 2, "output_ratio": 0.5},
            },
        )
    )


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.api(
    "torch.nn.FractionalMaxPool2d",
    "torch.nn.FractionalMaxPool3d",
    page="generated/torch.nn.FractionalMaxPool2d",
)
def test_fractional_max_pool_saves_and_loads_its_samples(dimensions, snapshot):
    """The samples that a fractional pool is given are a buffer, which is saved, loaded and used."""
    n = dimensions
    x = rising(n)

    def made(sample):
        samples = torch.full((1, 1, n), sample)
        size = first(4, 2, n)
        return getattr(nn, f"FractionalMaxPool{n}d")(2, size, _random_samples=samples)

    def act():
        resumed = made(0.25)
        resumed.load_state_dict(made(0.5).state_dict())
        return {"output": resumed(x), "samples": resumed._random_samples}

    assert snapshot == observe(act)


@pytest.mark.parametrize("dimensions", [1, 2, 3])
@pytest.mark.api(
    "torch.nn.MaxUnpool1d",
    "torch.nn.MaxUnpool2d",
    "torch.nn.MaxUnpool3d",
    "torch.nn.functional.max_unpool1d",
    "torch.nn.functional.max_unpool2d",
    "torch.nn.functional.max_unpool3d",
    page="generated/torch.nn.MaxUnpool2d",
)
def test_max_unpool_size_follows_each_setting(dimensions, snapshot):
    """Kernel, stride, padding and ``output_size`` decide how large a max-unpool's output is.

    The size is (length - 1) * stride - 2 * padding + kernel. The indices count the elements of the
    flattened output, so with another width the values go to other rows and columns.
    """
    n = dimensions
    x = counted(1, 1, *[2] * n) + 1
    indices = torch.arange(2**n).reshape(x.shape) + 1

    def act(kernel=2, size=None, **settings):
        layer = getattr(nn, f"MaxUnpool{n}d")(kernel, **settings)
        return layer(x, indices, **({} if size is None else {"output_size": [size] * n}))

    assert snapshot == observe_each(
        each(
            act,
            {
                "default": {},
                "kernel": {"kernel": first(3, 2, n), "stride": 2},
                "stride": {"stride": first(3, 2, n)},
                "padding": {"kernel": 3, "stride": 3, "padding": first(1, 0, n)},
                "output_size": {"size": 5},
                "output_size too large": {"size": 7},
            },
        )
    )


@pytest.mark.api(
    "torch.nn.functional.adaptive_max_pool1d",
    "torch.nn.functional.max_pool1d",
    "torch.nn.functional.max_pool2d",
    "torch.nn.functional.max_pool3d",
    page="generated/torch.nn.functional.max_pool2d",
)
@pytest.mark.changed(
    "1.11",
    "max_pool1d, max_pool2d and max_pool3d with return_indices warn about the order of their "
    "arguments",
    kind="warning",
    cause="pytorch#62544",
    advice="ignore the warning: the order did not change",
    when=(
        "ceil_mode@5=True and ceil_mode@5!=<unknown> and -return_indices",
        "return_indices=True and return_indices!=<unknown> and -ceil_mode@5",
    ),
    of=(
        "torch.nn.functional.max_pool1d",
        "torch.nn.functional.max_pool2d",
        "torch.nn.functional.max_pool3d",
    ),
)
@pytest.mark.changed(
    "1.12",
    "no longer warns",
    kind="warning",
    cause="pytorch#71258",
    when=(
        "ceil_mode@5=True and ceil_mode@5!=<unknown> and -return_indices",
        "return_indices=True and return_indices!=<unknown> and -ceil_mode@5",
    ),
    of=(
        "torch.nn.functional.max_pool1d",
        "torch.nn.functional.max_pool2d",
        "torch.nn.functional.max_pool3d",
    ),
)
def test_functional_pool_returns_indices_when_asked(snapshot):
    """With ``return_indices=True`` the functions return the maxima and their indices.

    The indices count the elements of the flattened channel.
    """
    acts = {"adaptive": lambda: F.adaptive_max_pool1d(counted(1, 1, 5), 2, return_indices=True)}
    for n in (1, 2, 3):
        acts[f"{n} dimensions"] = lambda n=n: getattr(F, f"max_pool{n}d")(
            counted(1, 1, *[3] * n), kernel_size=2, stride=1, return_indices=True
        )
    assert snapshot == observe_each(acts)


@pytest.mark.api("torch.nn.functional.avg_pool2d", page="generated/torch.nn.functional.avg_pool2d")
def test_functional_avg_pool2d_takes_all_settings_by_name(snapshot):
    """``avg_pool2d`` takes all of its settings together, by name."""
    assert snapshot == observe(
        lambda: F.avg_pool2d(
            counted(1, 1, 5, 4),
            kernel_size=(3, 2),
            stride=(2, 3),
            padding=(1, 0),
            ceil_mode=True,
            count_include_pad=False,
            divisor_override=2,
        )
    )
