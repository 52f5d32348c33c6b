"""Pads and upsampling in one, two and three dimensions, one setting at a time.

A padding is given for the last dimension first: (left, right, top, bottom, front, back). One number
holds for each side, and a negative one cuts elements off. Upsampling takes ``size`` or
``scale_factor``. ``align_corners=True`` puts the first and the last element of input and output at
the same places, and works in the linear, bilinear, bicubic and trilinear modes only.
"""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fixtures.layer_settings import counted
from fixtures.settings import each
from torch_history.observing import observe, observe_each

SHAPES = {1: (4,), 2: (3, 4), 3: (2, 3, 2)}
UNEVEN = {1: (2, 1), 2: (2, 1, 0, 1), 3: (1, 0, 0, 2, 1, 0)}
LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


@pytest.mark.parametrize("dimensions", SHAPES)
@pytest.mark.parametrize("kind", ["Constant", "Zero", "Reflection", "Replication", "Circular"])
@pytest.mark.api(
    "torch.nn.ConstantPad1d",
    "torch.nn.ConstantPad2d",
    "torch.nn.ConstantPad3d",
    "torch.nn.ZeroPad1d",
    "torch.nn.ZeroPad2d",
    "torch.nn.ZeroPad3d",
    "torch.nn.ReflectionPad1d",
    "torch.nn.ReflectionPad2d",
    "torch.nn.ReflectionPad3d",
    "torch.nn.ReplicationPad1d",
    "torch.nn.ReplicationPad2d",
    "torch.nn.ReplicationPad3d",
    "torch.nn.CircularPad1d",
    "torch.nn.CircularPad2d",
    "torch.nn.CircularPad3d",
    page="generated/torch.nn.ConstantPad2d",
)
@pytest.mark.changed(
    "1.10",
    "ReflectionPad3d was added",
    kind="appeared",
    cause="pytorch#59791",
    of="torch.nn.ReflectionPad3d",
    unless=(),
)
@pytest.mark.changed(
    "2.1",
    "CircularPad1d, CircularPad2d and CircularPad3d were added",
    kind="appeared",
    cause="pytorch#106148",
    of=("torch.nn.CircularPad1d", "torch.nn.CircularPad2d", "torch.nn.CircularPad3d"),
    unless=(),
)
@pytest.mark.changed(
    "2.1",
    "ZeroPad1d and ZeroPad3d were added",
    kind="appeared",
    cause="pytorch#96295",
    of=("torch.nn.ZeroPad1d", "torch.nn.ZeroPad3d"),
    unless=(),
)
def test_pad_layer_pads_the_last_dimension_first(kind, dimensions, snapshot):
    """A pad layer pads each side by its number, starting with the last dimension.

    Constant pads use their value, reflection pads mirror at the border element, replication pads
    repeat it, and circular pads continue at the other end. A negative number cuts elements off.
    """
    x = counted(1, 1, *SHAPES[dimensions]) + 1
    value = {"value": 0.5} if kind == "Constant" else {}

    def act(padding):
        return getattr(nn, f"{kind}Pad{dimensions}d")(padding, **value)(x)

    paddings = {
        "one number": 1,
        "a number for each side": UNEVEN[dimensions],
        "negative": (-1,) + (0,) * (2 * dimensions - 1),
    }
    assert snapshot == observe_each(
        each(act, {name: {"padding": p} for name, p in paddings.items()})
    )


@pytest.mark.parametrize("dimensions", SHAPES)
@pytest.mark.api("torch.nn.functional.pad", page="generated/torch.nn.functional.pad")
@pytest.mark.changed(
    "1.7",
    "mode circular pads the start of a dimension also where the padding of its end is 0",
    kind="silent",
    cause="pytorch#39273",
    advice="pass 0 for the start of a dimension to compute what 1.6 did",
    restored_by="layers.circular_pad_without_the_starts_gives_the_numbers_of_1_6",
    when="mode@2=circular",
    depends="the padding: where it is 0 at the end of a dimension",
)
@pytest.mark.changed(
    "1.10",
    "mode reflect pads three dimensions",
    kind="error-gone",
    cause="pytorch#59791",
    when="mode@2=reflect",
    depends="the dimensions of the input",
)
@pytest.mark.changed(
    "1.12",
    "the message of the NotImplementedError names an unknown mode, where it was empty",
    kind="wording",
    cause="pytorch#73431",
    probable=True,
    when=":caught and mode@2",
)
def test_functional_pad_follows_mode_and_value(dimensions, snapshot):
    """``pad`` pads with zeros unless ``mode`` or ``value`` says otherwise.

    In mode "constant" the padding may name the last dimensions only. The other modes need a number
    for each side of every dimension but batch and channel.
    """
    x = counted(1, 1, *SHAPES[dimensions]) + 1

    def act(pad=UNEVEN[dimensions], **settings):
        return F.pad(x, pad=pad, **settings)

    assert snapshot == observe_each(
        each(
            act,
            {
                "default": {},
                "last dimension": {"pad": (1, 0)},
                "value": {"value": 0.5},
                "reflect": {"mode": "reflect"},
                "replicate": {"mode": "replicate"},
                "circular": {"mode": "circular"},
                "mode unknown": {"mode": "mirror"},
            },
        )
    )


@pytest.mark.api("torch.nn.functional.pad", page="generated/torch.nn.functional.pad")
def test_circular_pad_without_the_starts_gives_the_numbers_of_1_6(snapshot):
    """Circular padding at the end of a dimension repeats its first elements; the start stays.

    Two rows are added below. Up to 1.6, torch computed this for ``pad=(1, 0, 0, 2, 1, 0)`` too: it
    left out the padding of a start where that of the end was 0.
    """
    x = counted(1, 1, *SHAPES[3]) + 1
    assert snapshot == observe(lambda: F.pad(x, pad=(0, 0, 0, 2, 0, 0), mode="circular"))


@pytest.mark.parametrize("dimensions", SHAPES)
@pytest.mark.api(
    "torch.nn.Upsample", "torch.nn.functional.interpolate", page="generated/torch.nn.Upsample"
)
@pytest.mark.changed(
    "1.5",
    "a float factor warns that other positions will be read in 1.6",
    kind="warning",
    cause="pytorch#28324",
    probable=True,
    advice="call torch.nn.functional.interpolate with recompute_scale_factor=True to keep the "
    "positions",
    restored_by="layers.interpolate_with_a_recomputed_factor_samples_as_upsample_did_up_to_1_5",
    unless=("recompute_scale_factor", 5),
    when=(
        "scale_factor@2=<float> and scale_factor@2!=1.0|2.0|3.0|4.0|5.0|8.0|16.0",
        "@1=<float> and @1!=1.0|2.0|3.0|4.0|5.0|8.0|16.0|<unknown>",
    ),
)
@pytest.mark.changed(
    "1.6",
    "a float factor gives the positions itself, where the sizes gave them before, and warns "
    "of it: the factor 1.6 makes the second element 2.19 instead of 2.5",
    kind="warning",
    cause="pytorch#41117",
    advice="call torch.nn.functional.interpolate with recompute_scale_factor=True",
    restored_by="layers.interpolate_with_a_recomputed_factor_samples_as_upsample_did_up_to_1_5",
    unless=("recompute_scale_factor", 5),
    when=(
        "scale_factor@2=<float> and scale_factor@2!=1.0|2.0|3.0|4.0|5.0|8.0|16.0",
        "@1=<float> and @1!=1.0|2.0|3.0|4.0|5.0|8.0|16.0|<unknown>",
    ),
)
@pytest.mark.changed(
    "1.6",
    "the warning says that the positions changed, not that they will change",
    kind="wording",
    cause="pytorch#41117",
    probable=True,
    unless=("recompute_scale_factor", 5),
    when=(
        "scale_factor@2=<float> and scale_factor@2!=1.0|2.0|3.0|4.0|5.0|8.0|16.0|<unknown>",
        "@1=<float> and @1!=1.0|2.0|3.0|4.0|5.0|8.0|16.0|<unknown>",
    ),
)
@pytest.mark.changed(
    "1.7",
    "the warning says now uses instead of uses",
    kind="wording",
    unless=("recompute_scale_factor", 5),
    when=(
        "scale_factor@2=<float> and scale_factor@2!=1.0|2.0|3.0|4.0|5.0|8.0|16.0|<unknown>",
        "@1=<float> and @1!=1.0|2.0|3.0|4.0|5.0|8.0|16.0|<unknown>",
    ),
    cause="pytorch#37177",
    probable=True,
)
@pytest.mark.changed(
    "1.11",
    "a float factor no longer warns",
    kind="warning",
    cause="pytorch#72093",
    unless=("recompute_scale_factor", 5),
    when=(
        "scale_factor@2=<float> and scale_factor@2!=1.0|2.0|3.0|4.0|5.0|8.0|16.0|<unknown>",
        "@1=<float> and @1!=1.0|2.0|3.0|4.0|5.0|8.0|16.0|<unknown>",
    ),
)
@pytest.mark.changed(
    "1.11",
    "Upsample takes recompute_scale_factor",
    kind="appeared",
    cause="pytorch#66419",
    of="torch.nn.Upsample",
    when="recompute_scale_factor",
)
@pytest.mark.changed(
    "1.11",
    "mode nearest-exact was added",
    kind="error-gone",
    cause="pytorch#64501",
    when=("mode@2='nearest-exact'", "@3='nearest-exact'"),
)
def test_upsample_output_follows_each_setting(dimensions, snapshot):
    """Size, factor, mode, ``align_corners`` and ``recompute_scale_factor`` change what is sampled.

    Mode "nearest" is the default. The factor 1.6 makes a length of 4 into 6. The positions are
    those of the factor 1.6, or of 6 / 4 = 1.5 with ``recompute_scale_factor=True``.
    """
    x = counted(1, 1, *SHAPES[dimensions])
    linear = LINEAR[dimensions]

    def act(**settings):
        return nn.Upsample(**settings)(x)

    size = {"size": tuple(2 * length - 1 for length in SHAPES[dimensions])}
    assert snapshot == observe_each(
        each(
            act,
            {
                "size": size,
                "size, one number": {"size": 3},
                "scale_factor": {"scale_factor": 1.5},
                "a factor for each dimension": {"scale_factor": (2.0, 1.0, 1.0)[:dimensions]},
                "linear": {**size, "mode": linear, "align_corners": False},
                "align_corners": {**size, "mode": linear, "align_corners": True},
                "nearest-exact": {"size": 3, "mode": "nearest-exact"},
                "factor as given": {"scale_factor": 1.6, "mode": linear, "align_corners": False},
                "factor recomputed": {
                    "scale_factor": 1.6,
                    "mode": linear,
                    "align_corners": False,
                    "recompute_scale_factor": True,
                },
            },
        )
    )


@pytest.mark.parametrize("dimensions", SHAPES)
@pytest.mark.api(
    "torch.nn.functional.interpolate", page="generated/torch.nn.functional.interpolate"
)
@pytest.mark.changed(
    "1.5", "recompute_scale_factor was added", kind="appeared", cause="pytorch#28324", probable=True
)
def test_interpolate_with_a_recomputed_factor_samples_as_upsample_did_up_to_1_5(
    dimensions, snapshot
):
    """``recompute_scale_factor=True`` reads the positions that ``Upsample`` read up to 1.5.

    The factor 1.6 makes a length of 4 into 6, and the positions are those of 6 / 4 = 1.5.
    """
    x = counted(1, 1, *SHAPES[dimensions])

    def act(**settings):
        return F.interpolate(x, recompute_scale_factor=True, **settings)

    linear = {"mode": LINEAR[dimensions], "align_corners": False}
    cases = {
        "scale_factor": {"scale_factor": 1.5},
        "factor as given": {"scale_factor": 1.6, **linear},
    }
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.api(
    "torch.nn.functional.interpolate", page="generated/torch.nn.functional.interpolate"
)
@pytest.mark.changed(
    "1.11", "interpolate takes antialias", kind="appeared", cause="pytorch#65142", when="antialias"
)
@pytest.mark.changed(
    "1.11",
    "antialias works in mode bicubic too",
    kind="appeared",
    cause="pytorch#68819",
    when="antialias=True and mode@3=bicubic",
)
def test_interpolate_makes_smaller_with_antialias_or_by_areas(snapshot):
    """``antialias=True`` averages over all elements that an output element covers, when shrinking.

    Without it, "bilinear" reads two elements in each dimension and "bicubic" four, and the others
    are skipped. Mode "area" takes the mean of adaptive windows. ``align_corners`` raises in mode
    "nearest".
    """
    x = counted(1, 1, 2, 8)

    def act(mode="bilinear", **settings):
        return F.interpolate(x, size=(2, 3), mode=mode, **settings)

    assert snapshot == observe_each(
        each(
            act,
            {
                "bilinear": {"align_corners": False},
                "bilinear, antialias": {"align_corners": False, "antialias": True},
                "bicubic": {"mode": "bicubic", "align_corners": False},
                "bicubic, align_corners": {"mode": "bicubic", "align_corners": True},
                "bicubic, antialias": {
                    "mode": "bicubic",
                    "align_corners": False,
                    "antialias": True,
                },
                "area": {"mode": "area"},
                "nearest, align_corners": {"mode": "nearest", "align_corners": True},
            },
        )
    )


@pytest.mark.parametrize("kind", ["UpsamplingNearest2d", "UpsamplingBilinear2d"])
@pytest.mark.api(
    "torch.nn.UpsamplingNearest2d",
    "torch.nn.UpsamplingBilinear2d",
    page="generated/torch.nn.UpsamplingBilinear2d",
)
def test_upsampling_2d_layer_takes_a_size_or_a_factor(kind, snapshot):
    """The two older layers upsample to a size or by a factor; both together, or neither, raise.

    ``UpsamplingBilinear2d`` aligns the corners, which ``Upsample(mode="bilinear")`` does not.
    """

    def act(**settings):
        return getattr(nn, kind)(**settings)(counted(1, 1, 2, 3))

    assert snapshot == observe_each(
        each(
            act,
            {
                "size": {"size": (2, 5)},
                "scale_factor": {"scale_factor": 2},
                "both": {"size": (2, 5), "scale_factor": 2},
                "neither": {},
            },
        )
    )


@pytest.mark.parametrize("kind", ["upsample", "upsample_nearest", "upsample_bilinear"])
@pytest.mark.api(
    "torch.nn.functional.upsample",
    "torch.nn.functional.upsample_nearest",
    "torch.nn.functional.upsample_bilinear",
    page="generated/torch.nn.functional.upsample",
)
@pytest.mark.changed(
    "2.4",
    "the warning writes the names of the functions in backticks",
    kind="wording",
    cause="pytorch#127689",
    probable=True,
    unless=(),
)
def test_functional_upsample_takes_a_size_or_a_factor(kind, snapshot):
    """The deprecated functions upsample to a size or by a factor; a warning names ``interpolate``.

    ``upsample`` takes the nearest element by default, and ``upsample_bilinear`` aligns the corners.
    """

    def act(**settings):
        return getattr(F, kind)(counted(1, 1, 2, 3), **settings)

    cases = {"size": {"size": (2, 5)}, "scale_factor": {"scale_factor": 2}}
    if kind == "upsample":
        cases["bilinear"] = {"size": (2, 5), "mode": "bilinear", "align_corners": True}
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.api(
    "torch.nn.PixelShuffle",
    "torch.nn.PixelUnshuffle",
    "torch.nn.ChannelShuffle",
    "torch.nn.Fold",
    "torch.nn.Unfold",
    "torch.nn.Flatten",
    "torch.nn.Unflatten",
    "torch.nn.functional.fold",
    "torch.nn.functional.unfold",
    page="generated/torch.nn.Unfold",
)
@pytest.mark.changed(
    "1.7",
    "Unflatten was added",
    kind="appeared",
    cause="pytorch#41564",
    of="torch.nn.Unflatten",
    unless=(),
)
@pytest.mark.changed(
    "1.8",
    "ChannelShuffle was added, with a warning about named tensors that has no meaning here",
    kind="appeared",
    cause="pytorch#46000",
    of="torch.nn.ChannelShuffle",
    unless=(),
)
@pytest.mark.changed(
    "1.8",
    "PixelUnshuffle was added",
    kind="appeared",
    cause="pytorch#49334",
    of="torch.nn.PixelUnshuffle",
    unless=(),
)
@pytest.mark.changed(
    "1.9",
    "ChannelShuffle no longer warns about named tensors",
    kind="warning",
    cause="pytorch#55911",
    unless=(),
    of="torch.nn.ChannelShuffle",
)
def test_layer_that_moves_pixels_follows_each_setting(snapshot):
    """These layers move elements; their settings say where to.

    ``Unfold`` makes a column of each window, and ``Fold`` adds the columns where windows overlap.
    ``Flatten`` joins dimensions, and ``Unflatten`` splits one.
    """
    windows = {"kernel_size": (2, 1), "stride": (2, 1), "padding": (1, 0), "dilation": (2, 1)}
    assert snapshot == observe_each(
        {
            "PixelShuffle": lambda: nn.PixelShuffle(2)(counted(1, 4, 1, 2)),
            "PixelUnshuffle": lambda: nn.PixelUnshuffle(2)(counted(1, 1, 2, 4)),
            "ChannelShuffle": lambda: nn.ChannelShuffle(2)(counted(1, 4, 1, 1)),
            "Unfold": lambda: nn.Unfold(2)(counted(1, 1, 3, 2)),
            "Unfold, all settings": lambda: nn.Unfold(**windows)(counted(1, 1, 4, 2)),
            "Fold": lambda: nn.Fold((3, 2), 2)(counted(1, 4, 2)),
            "Fold, all settings": lambda: nn.Fold((4, 2), **windows)(counted(1, 2, 4)),
            "Flatten": lambda: nn.Flatten(0, 1)(torch.ones(1, 2, 1, 3)).shape,
            "Unflatten": lambda: nn.Unflatten(2, (1, 3))(torch.ones(1, 2, 3)).shape,
        }
    )
