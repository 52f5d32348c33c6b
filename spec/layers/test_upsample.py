"""Upsampling by a factor that is no integer: which places it reads."""

import pytest
import torch
from torch.nn import functional as F

from torch_history.observing import observe


def upsampled(**settings):
    """0, 1, 2, 3 by a factor of 1.6: six numbers, for 6.4 rounded down."""
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
    page="generated/torch.nn.functional.interpolate",
)
@pytest.mark.changed(
    "1.5",
    "warns that it will read other places in 1.6",
    kind="warning",
    advice="pass recompute_scale_factor",
)
@pytest.mark.changed(
    "1.6",
    "reads places by the given factor instead of by the sizes",
    kind="silent",
    cause="pytorch#41117",
    advice="pass recompute_scale_factor=True to a network that was trained before",
)
@pytest.mark.changed("1.7", "the warning says it in other words", kind="wording")
@pytest.mark.changed("1.11", "does not warn any more", kind="warning", cause="pytorch#72093")
def test_interpolate_reads_places_by_the_given_factor(snapshot):
    """Element i comes from (i + 0.5) / 1.6 - 0.5, and not from (i + 0.5) * 4 / 6 - 0.5. A network trained up to 1.5 sees other
    images.
    """
    assert snapshot == observe(lambda: upsampled())


@pytest.mark.api(
    "torch.nn.functional.interpolate", page="generated/torch.nn.functional.interpolate"
)
@pytest.mark.changed("1.5", "recompute_scale_factor came", kind="api-appeared")
def test_interpolate_reads_places_by_the_sizes_when_asked(snapshot):
    """``recompute_scale_factor=True`` computes 6 / 4 from the sizes, as was done up to 1.5."""
    assert snapshot == observe(lambda: upsampled(recompute_scale_factor=True))


@pytest.mark.api(
    "torch.nn.functional.interpolate", page="generated/torch.nn.functional.interpolate"
)
@pytest.mark.changed("1.11", "does not warn any more", kind="warning", cause="pytorch#72093")
def test_interpolate_does_not_align_corners_by_default(snapshot):
    """Two to four: 0, 0.25, 0.75, 1; aligned they would be 0, 1/3, 2/3, 1."""
    x = torch.tensor([[[0.0, 1.0]]])
    assert snapshot == observe(
        lambda: {
            "default": F.interpolate(x, size=4, mode="linear").flatten(),
            "aligned": F.interpolate(x, size=4, mode="linear", align_corners=True).flatten(),
        }
    )
