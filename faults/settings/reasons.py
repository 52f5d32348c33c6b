"""Reasons: why no value can depend on a setting. Each is looked for from the first to the last."""

from __future__ import annotations

import re
from typing import Optional, Tuple

from faults.settings.rules import Made

# what a step of a schedule changes
COUNTED = "last_epoch|_last_lr|_step_count|T_cur|T_i|best|num_bad_epochs|cooldown_counter"
# a pattern of "torch.nn.Conv2d(device): ignored" -> why no behaviour can notice it
REASONS: Tuple[Tuple[str, str], ...] = (
    (r"\(device\): ignored$", "the records are of one device, which is the default"),
    (r"\((pin_memory|pin_memory_device)\)", "it needs an accelerator"),
    (r"\(non_blocking\)", "a copy between tensors of the CPU is never asynchronous"),
    (r"\((foreach|fused|capturable)\)", "another implementation of the same result"),
    (r"\(_stacklevel\)", "only where a warning points to"),
    (r"\((_caller|_devices_kw)\)", "only the names that a warning says"),
    (r"\(_disable_byteorder_record\)", "it is private, and leaves out what other machines read"),
    (r"\(_preallocate_and_copy\)", "another implementation of the same result"),
    (
        r"\((vectorize|strategy|outer_jacobian_strategy|chunk_size)\)",
        "the same result in other parts",
    ),
    (
        r"torch\.compile\((mode|options|name|recompile_limit|isolate_recompiles)\)",
        "how it compiles",
    ),
    (r"DataLoader\((num_workers|prefetch_factor|multiprocessing_context)\)", "who loads, and when"),
    (r"repeat_interleave\(output_size\)", "it saves counting the elements"),
    (r"topk\(sorted\)", "without an order any order may come, also the sorted one"),
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
    (
        rf"lr_scheduler\.\w+\(keeps (?!({COUNTED})\b)\w+\): not updated$",
        "no step changes it",
    ),
    (
        r"CosineAnnealingWarmRestarts\(keeps _step_count\)",
        "its own step neither counts nor reads it",
    ),
    (
        r"(LambdaLR|MultiplicativeLR)\(keeps lr_lambdas\): not loaded$",
        "loading fills the callable objects in place; the list is the same",
    ),
    (
        r"SequentialLR\(keeps _schedulers\): not loaded$",
        "loading fills the schedules in place; the list is the same",
    ),
    (r"ReduceLROnPlateau\(keeps mode_worse\): not saved$", "loading computes it from mode"),
    (
        r"StepLR\(keeps lr_lambdas\)",
        "an entry of another kind of schedule, which StepLR never reads",
    ),
    (r"LBFGS\(state al\)", "room for intermediate results, written before it is read"),
    (r"LBFGS\(state prev_loss\): not read$", "each iteration writes it before it is read"),
    (
        r"LBFGS\(state (old_dirs|old_stps|ro)\): not read$",
        "a list, which this fault leaves as it is",
    ),
)


def reason(one: Made) -> Optional[str]:
    """Why a fault cannot be noticed; None where it can."""
    return next((why for pattern, why in REASONS if re.search(pattern, one.name)), None)
