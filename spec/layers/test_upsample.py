"""Upsampling by a factor that is not an integer: which positions it reads.

Since 1.6 ``torch.nn.functional.interpolate`` computes the positions from the factor that it is
given. Up to 1.5 it computed them from the two sizes, which ``recompute_scale_factor=True``
restores. Trap: a network trained up to 1.5 sees other values, and since 1.11 nothing warns. Corners
are not aligned unless ``align_corners=True``.
"""

import pytest
import torch
from torch.nn import functional as F

from torch_history.observing import observe, observe_each


def upsampled(**settings):
    """0, 1, 2, 3 upsampled by 1.6: six numbers, because 6.4 is rounded down."""
    return F.interpolate(
        torch.arange(4.0).reshape(1, 1, 4),
        scale_factor=1.6,
        mode="linear",
        align_corners=False,
        **settings,
    ).flatten()


@pytest.mark.api(
    "torch.nn.functional.interpolate",
    "torch.nn.Upsample",
    "torch.nn.functional.upsample",
    page="generated/torch.nn.functional.interpolate",
)
@pytest.mark.changed(
    "1.5",
    "warns that it will read other positions in 1.6",
    kind="warning",
    cause="pytorch#28324",
    probable=True,
    advice="pass recompute_scale_factor=True to keep the positions",
    unless=("recompute_scale_factor", 5),
    when=(
        "scale_factor@2=<float> and scale_factor@2!=1.0|2.0|3.0|4.0|5.0|8.0|16.0",
        "@1=<float> and @1!=1.0|2.0|3.0|4.0|5.0|8.0|16.0|<unknown>",
    ),
    rewrite="+recompute_scale_factor=True",
    restored_by="layers.interpolate_reads_places_by_the_sizes_when_asked",
)
@pytest.mark.changed(
    "1.6",
    "computes the positions from the given factor instead of from the sizes, and warns of it",
    kind="warning",
    cause="pytorch#41117",
    advice="pass recompute_scale_factor=True",
    restored_by="layers.interpolate_reads_places_by_the_sizes_when_asked",
    unless=("recompute_scale_factor", 5),
    when=(
        "scale_factor@2=<float> and scale_factor@2!=1.0|2.0|3.0|4.0|5.0|8.0|16.0",
        "@1=<float> and @1!=1.0|2.0|3.0|4.0|5.0|8.0|16.0|<unknown>",
    ),
    rewrite="+recompute_scale_factor=True",
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
    "no longer warns",
    kind="warning",
    cause="pytorch#72093",
    unless=("recompute_scale_factor", 5),
    when=(
        "scale_factor@2=<float> and scale_factor@2!=1.0|2.0|3.0|4.0|5.0|8.0|16.0|<unknown>",
        "@1=<float> and @1!=1.0|2.0|3.0|4.0|5.0|8.0|16.0|<unknown>",
    ),
)
def test_interpolate_reads_places_by_the_given_factor(snapshot):
    """``interpolate`` computes the positions that it reads from the given factor, since 1.6.

    Four elements times 1.6 make six. Element i comes from (i + 0.5) / 1.6 - 0.5, and not from (i +
    0.5) * 4 / 6 - 0.5. A network trained up to 1.5 sees other images.
    """
    assert snapshot == observe(lambda: upsampled())


@pytest.mark.api(
    "torch.nn.functional.interpolate", page="generated/torch.nn.functional.interpolate"
)
@pytest.mark.changed(
    "1.5", "recompute_scale_factor was added", kind="appeared", cause="pytorch#28324", probable=True
)
def test_interpolate_reads_places_by_the_sizes_when_asked(snapshot):
    """``recompute_scale_factor=True`` computes the positions from the sizes, as up to 1.5.

    Four elements become six, so the factor is 6 / 4 instead of 1.6.
    """
    assert snapshot == observe(lambda: upsampled(recompute_scale_factor=True))


@pytest.mark.api(
    "torch.nn.functional.interpolate",
    "torch.nn.Upsample",
    "torch.nn.functional.upsample",
    page="generated/torch.nn.functional.interpolate",
)
@pytest.mark.changed(
    "1.11",
    "no longer warns",
    kind="warning",
    cause="pytorch#72093",
    when=(
        "mode@3=linear|bilinear|bicubic|trilinear and mode@3!=<unknown> and -align_corners@4",
        "mode@2=linear|bilinear|bicubic|trilinear and mode@2!=<unknown> and -align_corners@3",
    ),
)
def test_interpolate_does_not_align_corners_by_default(snapshot):
    """``interpolate`` does not align corners by default.

    From two to four elements it gives 0, 0.25, 0.75, 1. With ``align_corners=True`` it gives 0,
    1/3, 2/3, 1.
    """
    x = torch.tensor([[[0.0, 1.0]]])
    assert snapshot == observe_each(
        {
            "default": lambda: F.interpolate(x, size=4, mode="linear").flatten(),
            "aligned": lambda: F.interpolate(
                x, size=4, mode="linear", align_corners=True
            ).flatten(),
        }
    )
