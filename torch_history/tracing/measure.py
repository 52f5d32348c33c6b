"""Measure: how far two results of one operation lie apart, and whether that is rounding."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional

# rtol and atol of torch.testing.assert_close
TOLERANCES = {
    "torch.float16": (1e-3, 1e-5),
    "torch.bfloat16": (1.6e-2, 1e-5),
    "torch.float32": (1.3e-6, 1e-5),
    "torch.float64": (1e-7, 1e-7),
}
SHOWN = 4  # elements that are shown of a difference


def attempt(again: Callable[[], List[Any]]) -> Optional[List[Any]]:
    """The results in double precision; None for an operation that has none."""
    try:
        return again()
    except Exception:  # noqa: BLE001  whatever an operation refuses, there is no exact result
        return None


def difference(
    torch: Any, before: Any, after: Any, exact: Any, shown: int = SHOWN
) -> Dict[str, Any]:
    """The size of a difference, and whether it is rounding.

    It is where all elements are within assert_close's tolerances of their dtype and within some
    units in the last place of the largest one. In doubt the result in double precision decides:
    two roundings of it lie about as far from it.
    """
    if str(before.dtype).startswith("torch.complex"):
        before, after = torch.view_as_real(before), torch.view_as_real(after)
        exact = None
    facts: Dict[str, Any] = {"how": "value"}
    before, after = before.detach(), after.detach()
    if not before.dtype.is_floating_point:
        wrong = before != after
        facts.update(rounding=False, elements=int(wrong.sum()), of=before.numel())
        return _shown(facts, before, after, wrong, shown)
    ours, theirs = after.double(), before.double()
    both_nan = (ours != ours) & (theirs != theirs)
    same = (ours == theirs) | both_nan
    apart = torch.where(same, torch.zeros_like(ours), (ours - theirs).abs())
    rtol, atol = TOLERANCES.get(str(before.dtype), (1.3e-6, 1e-5))
    finite = theirs.abs()[theirs.abs() < float("inf")]
    scale = float(finite.max()) if finite.numel() else 0.0
    sized = apart[apart < float("inf")]  # neither infinite nor not a number
    whole = sized.numel() == apart.numel()
    largest = float(sized.max()) if sized.numel() else 0.0
    eps = torch.finfo(before.dtype).eps
    units = 16 if eps < 1e-5 else 2
    close = bool((apart <= atol + rtol * theirs.abs()).all())
    facts.update(
        largest=largest if whole else None,  # None: a value is not finite on one side alone
        scale=scale,
        elements=int((~same).sum()),
        of=before.numel(),
        close=close,
    )
    facts["rounding"] = whole and close and largest <= units * eps * scale
    if whole and not facts["rounding"]:
        if exact is not None and exact.shape == after.shape:
            mine = float((ours - exact.double()).abs().max())
            other = float((theirs - exact.double()).abs().max())
            facts.update(error_before=other, error_after=mine)
            facts["rounding"] = other <= units / 2 * max(mine, 2 * eps * scale)
        else:
            facts["rounding"] = close and largest <= 4 * units * eps * scale
    return _shown(facts, before, after, ~same, shown)


def _shown(
    facts: Dict[str, Any], before: Any, after: Any, wrong: Any, shown: int
) -> Dict[str, Any]:
    """The first elements that differ, and where they are."""
    if not shown:
        return facts
    places = wrong.reshape(-1).nonzero().reshape(-1)[:shown].tolist()
    facts["at"] = places
    facts["was"] = [before.reshape(-1)[place].item() for place in places]
    facts["is"] = [after.reshape(-1)[place].item() for place in places]
    return facts
