"""Reasons: why no value can depend on a setting. Each is looked for from the first to the last."""

from __future__ import annotations

import re
from typing import Optional, Tuple

from faults.settings.rules import Made

# a pattern of "torch.nn.Conv2d(device): ignored" -> why no behaviour can notice it
REASONS: Tuple[Tuple[str, str], ...] = (
    (r"\(device\): ignored$", "the records are of one device, which is the default"),
    (r"\(pin_memory\)", "it needs an accelerator"),
    (r"\((foreach|fused|capturable)\)", "another implementation of the same result"),
)


def reason(one: Made) -> Optional[str]:
    """Why a fault cannot be noticed; None where it can."""
    return next((why for pattern, why in REASONS if re.search(pattern, one.name)), None)
