"""Summary: what a recording holds, or where the tests part, at the end of a pytest run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence, Tuple

from torch_history import versions
from torch_history.comparing.result import Raised, Verdict, Warned
from torch_history.errors import HistoryError
from torch_history.escaping import one_line
from torch_history.publish import run_words as words
from torch_history.testing import telling
from torch_history.testing.units import Unit

MOST = 10  # of what is named one by one
_ORDER = list(Verdict)
_QUIET = (Verdict.SAME, Verdict.ROUNDING, Verdict.UNSTABLE)


def parted(found: Sequence[Unit]) -> List[Unit]:
    """The units that part beyond rounding, the most harmful first."""
    beyond = [one for one in found if one.parting and one.parting.verdict not in _QUIET]
    return sorted(beyond, key=lambda one: _ORDER.index(one.parting.verdict))  # type: ignore[union-attr]


def failing(found: Sequence[Unit], level: str) -> bool:
    """Whether a difference fails the run."""
    if level == "none":
        return False
    rounding = any(one.parting and one.parting.verdict is Verdict.ROUNDING for one in found)
    return bool(parted(found)) or (level == "rounding" and rounding)


def recorded(found: Sequence[Unit], target: Path) -> Tuple[str, List[str]]:
    """The title and the lines for a recording."""
    tests = [one for one in found if not one.fixture and one.outcome != "skipped"]
    if not tests:
        return "torch-history: nothing was recorded", []
    size = sum(one.stat().st_size for one in ([target] if target.is_file() else target.rglob("*")))
    title = f"torch-history: {words.counted(len(tests), 'test')} recorded in {target.name}"
    lines = [f"{size / 1e6:,.1f} MB"]
    short = [one for one in tests if one.left_out]
    if short:
        lines.append(
            f"{words.counted(len(short), 'test')} made more contents than --torch-history-keep "
            f"allows, {short[0].id} first: where it parts may not be found"
        )
    full = [one for one in tests if one.full]
    if full:
        lines.append(f"{words.counted(len(full), 'test')} made more operations than are logged")
    return one_line(title), [one_line(line) for line in lines]


def compared(
    found: Sequence[Unit], manifest: Dict[str, Any], here: Dict[str, Any]
) -> Tuple[str, List[str]]:
    """The title and the lines for a comparison."""
    before, after = _releases(manifest["torch"], here["torch"])
    tests = [one for one in found if one.parting and not one.fixture]
    bad = parted(tests)
    part = "parts" if len(bad) == 1 else "part"
    title = (
        f"torch-history: {len(bad)} of {words.counted(len(tests), 'test')} {part} under {after} "
        f"(recorded under {before})"
    )
    lines = [
        *_fixtures(found),
        *_parted(bad),
        *_unstable(tests),
        *_rounding(tests),
        *_warnings(tests, after),
        *_unrecorded(found),
        *_surroundings(manifest, here),
        _total(tests),
    ]
    return one_line(title), ["    " * line.startswith("    ") + one_line(line) for line in lines]


def _parted(bad: Sequence[Unit]) -> Iterator[str]:
    for one in bad:
        assert one.parting is not None
        yield one.id
        if one.through:
            yield f"    it begins from {one.through.lstrip(':')}"
        else:
            yield f"    {telling.first_line(one.parting)}"
        if (
            one.parting.verdict is Verdict.FAILS
            and one.parting.raised
            and telling.first(one.parting)
        ):
            yield f"    {_raised(one.parting.raised)}"
        if one.note:
            yield f"    {one.note}"
        more = len(one.parting.differences) - 1
        if more > 0 and not one.through:
            yield f"    and {words.counted(more, 'more difference')}"


def _raised(raised: Raised) -> str:
    head = (raised.text.strip().splitlines() or [""])[0]
    text = f": {words.shortened(head, 100)}" if head else ""
    return f"{words.begins(raised.at)}raises {raised.kind}{text}"


def _fixtures(found: Sequence[Unit]) -> Iterator[str]:
    for one in parted([unit for unit in found if unit.fixture]):
        assert one.parting is not None
        yield one.id.lstrip(":")
        yield f"    {telling.first_line(one.parting)}"


def _unstable(tests: Sequence[Unit]) -> Iterator[str]:
    unstable = _with(tests, Verdict.UNSTABLE)
    for one in unstable[:MOST]:
        yield f"{one.id}: gives other numbers each time, so nothing can be said"
    yield from _more(unstable)


def _rounding(tests: Sequence[Unit]) -> Iterator[str]:
    rounding = _with(tests, Verdict.ROUNDING)
    if rounding:
        first = rounding[0].parting
        assert first is not None
        many = words.counted(len(rounding), "test parts", "tests part")
        yield f"{many} through rounding alone, {rounding[0].id} first:"
        yield f"    {telling.first_line(first)}"


def _warnings(tests: Sequence[Unit], after: str) -> Iterator[str]:
    found: Dict[Tuple[str, str], Tuple[Warned, int]] = {}
    for unit in tests:
        for one in unit.parting.new_warnings if unit.parting else ():
            key = one.category, one.text[:40]
            first, count = found.get(key, (one, 0))
            found[key] = first, count + 1
    for one, count in list(found.values())[:MOST]:
        yield (
            f"{words.begins(one.at)}new under {after}, in {words.counted(count, 'test')}: "
            f"{words.warning(one)}"
        )
    yield from _more(list(found))


def _unrecorded(found: Sequence[Unit]) -> Iterator[str]:
    missing = [one for one in found if not one.recorded and not one.fixture]
    if missing:
        named = ", ".join(one.id for one in missing[:MOST])
        rest = f" and {len(missing) - MOST} more" if len(missing) > MOST else ""
        yield f"not recorded: {named}{rest}"


def _surroundings(manifest: Dict[str, Any], here: Dict[str, Any]) -> Iterator[str]:
    labels = {"python": "Python", "numpy": "NumPy", "platform": "platform", "cpu": "CPU"}
    told = [
        f"{label} {manifest[name]} → {here[name]}"
        for name, label in labels.items()
        if manifest.get(name) and here[name] and manifest[name] != here[name]
    ]
    if told:
        yield f"Also different: {', '.join(told)}. A difference may come from these."


def _total(tests: Sequence[Unit]) -> str:
    counts = [
        (verdict, sum(one.parting is not None and one.parting.verdict is verdict for one in tests))
        for verdict in Verdict
    ]
    told = [f"{count} {telling.COUNTED[verdict]}" for verdict, count in counts if count]
    return f"{words.counted(len(tests), 'test')} compared: {', '.join(told) or 'none'}."


def _with(tests: Sequence[Unit], verdict: Verdict) -> List[Unit]:
    return [one for one in tests if one.parting and one.parting.verdict is verdict]


def _more(found: Sequence[object]) -> Iterator[str]:
    if len(found) > MOST:
        yield f"    and {len(found) - MOST} more"


def _releases(before: str, after: str) -> Tuple[str, str]:
    try:
        lines = versions.line(before), versions.line(after)
    except HistoryError:  # a build with a version of its own
        return before, after
    return lines if lines[0] != lines[1] else (before, after)
