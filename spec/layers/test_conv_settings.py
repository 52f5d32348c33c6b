"""Convolutions, plain and transposed, in one, two and three dimensions, one setting at a time.

The weights count 1, 2, 3, -1 and again, so every number can be checked by hand. The kernels are not
square, so that dimensions that are mixed up show. A setting given as one number holds for each
dimension; a tuple names the dimensions from the first to the last. ``padding_mode`` has an effect
only where ``padding`` is not 0, and transposed layers accept no mode but zeros. ``output_padding``
makes the output longer: the added elements hold the bias, and what the kernel still reaches.
"""

import pytest
from torch import nn
from torch.nn import functional as F

from fixtures.layer_settings import counted, filled
from fixtures.settings import each
from torch_history.observing import observe_each

# layer -> kernel, shape of the input; every dimension has a kernel and a length of its own
PLAIN = {
    "Conv1d": ((2,), (6,)),
    "Conv2d": ((2, 1), (5, 3)),
    "Conv3d": ((2, 1, 2), (4, 2, 3)),
}
TRANSPOSED = {
    "ConvTranspose1d": ((2,), (3,)),
    "ConvTranspose2d": ((2, 1), (3, 2)),
    "ConvTranspose3d": ((2, 1, 2), (3, 1, 2)),
}


def first(number, others, dimensions):
    """This number for the first dimension, and ``others`` for the rest."""
    return (number,) + (others,) * (dimensions - 1)


@pytest.mark.parametrize("layer", PLAIN)
@pytest.mark.api(
    "torch.nn.Conv1d",
    "torch.nn.Conv2d",
    "torch.nn.Conv3d",
    "torch.nn.functional.conv1d",
    "torch.nn.functional.conv2d",
    "torch.nn.functional.conv3d",
    page="generated/torch.nn.Conv2d",
)
def test_conv_output_follows_each_setting(layer, snapshot):
    """Stride, padding, dilation, groups and bias each change the output of a convolution.

    Two channels become two. Stride and dilation are 2 in the first dimension and 1 in the others;
    the padding is 1 in the first and 0 in the others. With two groups, each output channel reads
    one input channel.
    """
    kernel, shape = PLAIN[layer]
    n = len(shape)

    def act(**settings):
        return filled(getattr(nn, layer)(2, 2, kernel, **settings))(counted(1, 2, *shape))

    assert snapshot == observe_each(
        each(
            act,
            {
                "default": {},
                "stride": {"stride": first(2, 1, n)},
                "padding": {"padding": first(1, 0, n)},
                "dilation": {"dilation": first(2, 1, n)},
                "groups": {"groups": 2},
                "bias": {"bias": False},
            },
        )
    )


@pytest.mark.parametrize("layer", PLAIN)
@pytest.mark.api(
    "torch.nn.Conv1d", "torch.nn.Conv2d", "torch.nn.Conv3d", page="generated/torch.nn.Conv2d"
)
@pytest.mark.changed(
    "1.5",
    "reflect and replicate pad with input values instead of zeros",
    kind="silent",
    cause="pytorch#31784",
    advice='pass padding_mode="zeros" to a model trained up to 1.4',
    restored_by="layers.conv_with_zeros_or_half_of_circular_gives_the_numbers_of_1_4",
    when="padding_mode@8=reflect|replicate and padding@4!=0",
)
@pytest.mark.changed(
    "1.5",
    "circular pads both ends by padding, where it padded by half of it before",
    kind="silent",
    cause="pytorch#31784",
    advice="pass padding // 2 to a model trained up to 1.4",
    restored_by="layers.conv_with_zeros_or_half_of_circular_gives_the_numbers_of_1_4",
    when="padding_mode@8=circular and padding@4!=0",
)
@pytest.mark.changed(
    "1.5",
    "Conv3d with reflect raises NotImplementedError, where it padded with zeros",
    kind="error",
    cause="pytorch#31784",
    advice='pass padding_mode="zeros" to compute what 1.4 did',
    restored_by="layers.conv_with_zeros_or_half_of_circular_gives_the_numbers_of_1_4",
    when="padding_mode@8=reflect",
    of="torch.nn.Conv3d",
)
@pytest.mark.changed(
    "1.10",
    "Conv3d pads with reflect",
    kind="error-gone",
    cause="pytorch#59791",
    of="torch.nn.Conv3d",
    when="padding_mode@8=reflect",
)
def test_conv_pads_with_values_of_the_input_where_padding_mode_says_so(layer, snapshot):
    """``padding_mode`` pads with values of the input instead of zeros.

    "reflect" mirrors at the border element, "replicate" repeats it, and "circular" continues at the
    other end. The padding is 1 in the first dimension, and 0 in the others.
    """
    kernel, shape = PLAIN[layer]
    padding = first(1, 0, len(shape))

    def act(**settings):
        made = getattr(nn, layer)(1, 1, kernel, padding=padding, **settings)
        return filled(made)(counted(1, 1, *shape))

    modes = ("zeros", "reflect", "replicate", "circular")
    assert snapshot == observe_each(each(act, {mode: {"padding_mode": mode} for mode in modes}))


@pytest.mark.parametrize("layer", PLAIN)
@pytest.mark.api(
    "torch.nn.Conv1d", "torch.nn.Conv2d", "torch.nn.Conv3d", page="generated/torch.nn.Conv2d"
)
def test_conv_with_zeros_or_half_of_circular_gives_the_numbers_of_1_4(layer, snapshot):
    """Padding with zeros, or half of the circular padding, gives what torch 1.4 computed.

    Up to 1.4, "reflect" and "replicate" padded with zeros, and "circular" padded by half. Half of 1
    is 0 here.
    """
    kernel, shape = PLAIN[layer]

    def act(size, mode):
        padding = first(size, 0, len(shape))
        made = getattr(nn, layer)(1, 1, kernel, padding=padding, padding_mode=mode)
        return filled(made)(counted(1, 1, *shape))

    cases = {
        "reflect": {"size": 1, "mode": "zeros"},
        "replicate": {"size": 1, "mode": "zeros"},
        "circular": {"size": 0, "mode": "circular"},
    }
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.parametrize("layer", TRANSPOSED)
@pytest.mark.api(
    "torch.nn.ConvTranspose1d",
    "torch.nn.ConvTranspose2d",
    "torch.nn.ConvTranspose3d",
    "torch.nn.functional.conv_transpose1d",
    "torch.nn.functional.conv_transpose2d",
    "torch.nn.functional.conv_transpose3d",
    page="generated/torch.nn.ConvTranspose2d",
)
@pytest.mark.changed(
    "1.5",
    "raises in the constructor instead of in the call, and quotes the mode differently",
    kind="wording",
    cause="pytorch#29769",
    probable=True,
    when=":caught and padding_mode@9!=zeros",
    of=("torch.nn.ConvTranspose1d", "torch.nn.ConvTranspose2d", "torch.nn.ConvTranspose3d"),
)
def test_conv_transpose_output_follows_each_setting(layer, snapshot):
    """Each setting changes the output of a transposed convolution.

    ``padding`` cuts elements off the output. ``output_padding`` makes the output longer at the end
    of each dimension. It must be smaller than the stride or the dilation, or the layer raises. So
    does a ``padding_mode`` other than "zeros".
    """
    kernel, shape = TRANSPOSED[layer]
    n = len(shape)

    def act(**settings):
        return filled(getattr(nn, layer)(2, 2, kernel, **settings))(counted(1, 2, *shape))

    assert snapshot == observe_each(
        each(
            act,
            {
                "default": {},
                "stride": {"stride": first(2, 1, n)},
                "padding": {"padding": first(1, 0, n)},
                "output_padding": {"stride": 2, "output_padding": first(1, 0, n)},
                "output_padding of the stride": {"output_padding": 1},
                "dilation": {"dilation": first(2, 1, n)},
                "groups": {"groups": 2},
                "bias": {"bias": False},
                "padding_mode": {"padding": 1, "padding_mode": "circular"},
            },
        )
    )


@pytest.mark.parametrize("layer", TRANSPOSED)
@pytest.mark.api(
    "torch.nn.ConvTranspose1d",
    "torch.nn.ConvTranspose2d",
    "torch.nn.ConvTranspose3d",
    page="generated/torch.nn.ConvTranspose2d",
)
def test_conv_transpose_pads_its_output_up_to_the_size_it_is_given(layer, snapshot):
    """``output_size`` chooses one of the output sizes that the stride leaves open.

    With stride 2 the output is as long as the windows reach, or one longer. Other sizes raise.
    """
    kernel, shape = TRANSPOSED[layer]

    def act(more):
        made = filled(getattr(nn, layer)(1, 1, kernel, stride=2))
        x = counted(1, 1, *shape)
        size = [length + more for length in made(x).shape[2:]]
        return made(x, output_size=size)

    assert snapshot == observe_each(
        each(act, {f"{more} more": {"more": more} for more in (0, 1, 2)})
    )


@pytest.mark.parametrize("dimensions", [1, 2, 3])
@pytest.mark.api(
    "torch.nn.functional.conv1d",
    "torch.nn.functional.conv2d",
    "torch.nn.functional.conv3d",
    page="generated/torch.nn.functional.conv2d",
)
def test_functional_conv_takes_its_settings_by_name(dimensions, snapshot):
    """The functions take all settings by name; one number holds for all dimensions.

    The input has four channels in two groups. ``weight`` has the shape [2, 2, 2, ...].
    """
    x = counted(1, 4, *[4] * dimensions)
    weight = counted(2, 2, *[2] * dimensions) - 5

    def act(**settings):
        return getattr(F, f"conv{dimensions}d")(x, weight, groups=2, **settings)

    assert snapshot == observe_each(
        each(
            act,
            {
                "groups": {},
                "bias": {"bias": counted(2) + 1},
                "stride": {"stride": 2},
                "padding and stride": {"padding": 1, "stride": 3},
                "dilation": {"dilation": 2},
            },
        )
    )


@pytest.mark.parametrize("dimensions", [1, 2, 3])
@pytest.mark.api(
    "torch.nn.functional.conv_transpose1d",
    "torch.nn.functional.conv_transpose2d",
    "torch.nn.functional.conv_transpose3d",
    page="generated/torch.nn.functional.conv_transpose2d",
)
def test_functional_conv_transpose_takes_its_settings_by_name(dimensions, snapshot):
    """The transposed functions take all settings by name; one number holds for all dimensions.

    The input has two channels in two groups. ``weight`` has the shape [2, 1, 2, ...].
    """
    x = counted(1, 2, *[2] * dimensions)
    weight = counted(2, 1, *[2] * dimensions) - 5

    def act(**settings):
        return getattr(F, f"conv_transpose{dimensions}d")(x, weight, groups=2, **settings)

    assert snapshot == observe_each(
        each(
            act,
            {
                "groups": {},
                "bias": {"bias": counted(2) + 1},
                "stride": {"stride": 2},
                "padding and stride": {"padding": 1, "stride": 2},
                "output_padding": {"padding": 1, "stride": 2, "output_padding": 1},
                "dilation": {"padding": 1, "dilation": 2},
            },
        )
    )
