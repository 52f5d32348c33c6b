"""Jitter: moves the results of the forward by one unit in the last place, as rounding would.

What a program makes of this is what it makes of any other rounding: the measure of how far two
releases may part through rounding alone.
"""

from __future__ import annotations

from typing import Any, Dict, List

# Their results are exact: a copy, a choice, a sign.
EXACT = {
    "relu", "threshold", "max_pool2d_with_indices", "max_pool3d_with_indices", "cat", "stack",
    "index", "index_select", "gather", "where", "neg", "abs", "clamp", "clamp_min", "clamp_max",
    "embedding", "clone", "_to_copy", "copy", "ones_like", "zeros_like", "full_like", "full",
    "ones", "zeros", "new_ones", "new_zeros", "new_full", "arange", "sort", "topk", "max", "min",
    "amax", "amin", "masked_fill", "tril", "triu", "flip", "roll", "repeat", "constant_pad_nd",
    "scalar_tensor", "lift_fresh_copy", "_pack_padded_sequence", "eye", "linspace", "sign",
    "round", "floor", "ceil", "trunc", "one_hot", "bernoulli", "rand", "randn", "rand_like",
    "randn_like", "randperm", "randint", "normal", "multinomial",
}  # fmt: skip
LENGTH = 65_521  # a prime, so that the signs do not fall into step with a shape


class Jitter:
    """Moves results by a unit in the last place, up or down, the same way in every run."""

    def __init__(self, torch: Any) -> None:
        self._torch = torch
        generator = torch.Generator()
        generator.manual_seed(15)
        signs = torch.randint(0, 2, (LENGTH,), generator=generator) * 2 - 1
        self._signs: Dict[Any, Any] = {}
        self._base = signs

    def move(self, name: str, outputs: List[Any]) -> None:
        """Move fresh results of an operation in place."""
        if name in EXACT:
            return
        for out in outputs:
            if out.layout is not self._torch.strided or not out.is_floating_point():
                continue
            if not out.numel() or not out.is_contiguous():
                continue
            flat = out.view(-1)
            flat.mul_(self._factors(out.dtype, flat.numel()))

    def _factors(self, dtype: Any, count: int) -> Any:
        known = self._signs.get(dtype)
        if known is None or known.numel() < count:
            times = -(-max(count, LENGTH) // LENGTH)
            one = 1 + self._base.to(dtype) * (self._torch.finfo(dtype).eps / 2)
            # Below one, half a unit is a whole one; above, it would round away.
            one = self._torch.where(
                one == 1, 1 + self._base.to(dtype) * self._torch.finfo(dtype).eps, one
            )
            known = self._signs[dtype] = one.repeat(times)
        return known[:count]
