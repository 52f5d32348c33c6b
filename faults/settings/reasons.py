"""Reasons: why no value can depend on a setting. Each is looked for from the first to the last."""

from __future__ import annotations

import re
from typing import Optional, Tuple

from faults.settings.rules import Made

# a pattern of "torch.nn.Conv2d(device): ignored" -> why no behaviour can notice it
REASONS: Tuple[Tuple[str, str], ...] = (
    (r"\(device\): ignored$", "the records are of one device, which is the default"),
    (r"\((pin_memory|pin_memory_device)\)", "it needs an accelerator"),
    (r"\(non_blocking\)", "a copy between tensors of the CPU is never asynchronous"),
    (r"\((foreach|fused|capturable)\)", "another implementation of the same result"),
    (r"\(_stacklevel\)", "only where a warning points to"),
    (r"\(keeps _(get_lr_called_within_step|is_initial)\)", "it is set and asked within one step"),
    (r"ConvTranspose\dd\(padding_mode\)", "only zeros is accepted; any other mode raises"),
    (r"AlphaDropout\(inplace\)", "the layer accepts it and ignores it, which is observed"),
    (
        r"InstanceNorm\dd\(buffer num_batches_tracked\): not (updated|read)",
        "an instance norm never counts batches",
    ),
    (r"LazyInstanceNorm\dd\(buffer num_batches_tracked\): not loaded", "it is always 0"),
    (r"FractionalMaxPool\dd\(buffer _random_samples\): not updated", "a pool never changes them"),
    (r"Loss\w*\(buffer (weight|pos_weight)\): not updated$", "a loss never changes its weights"),
    (
        r"torch\.(rand|randn|randint|randperm|normal|empty|ones|full)(_like)?\(layout\)",
        "no other layout works",
    ),
    (
        r"LinearCrossEntropyOptions\((batch_chunk_size|chunking_method|acc_policy)\)",
        "the size of the parts of one sum",
    ),
)


def reason(one: Made) -> Optional[str]:
    """Why a fault cannot be noticed; None where it can."""
    return next((why for pattern, why in REASONS if re.search(pattern, one.name)), None)
