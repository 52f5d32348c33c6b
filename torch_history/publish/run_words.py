"""Run words: how the answer of ``torch-history run`` is put into words, for all renderers of it."""

from __future__ import annotations

import math
import re
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from torch_history import versions
from torch_history.catalogue.kinds import Kind
from torch_history.comparing.result import (
    Curve,
    Difference,
    Number,
    Raised,
    Result,
    Seen,
    Tensor,
    Verdict,
    Warned,
    Where,
)
from torch_history.errors import HistoryError

LONGEST = 300  # characters of a message
NAMED = 3  # behaviours, modules or inputs that are named one by one
HUGE = 1e29  # from here on a share stands for what is not finite
LABELS = {
    Verdict.FAILS: "fails",
    Verdict.OPERATION: "an operation differs",
    Verdict.STREAM: "other random numbers",
    Verdict.DATA: "other data",
    Verdict.UNKNOWN: "parts, place not found",
    Verdict.ROUNDING: "rounding alone",
    Verdict.TOLERANCE: "same within tolerance",
    Verdict.SAME: "the same bits",
    Verdict.UNSTABLE: "not reproducible",
}
_ALSO = {
    Verdict.FAILS: "it fails",
    Verdict.OPERATION: "an operation differs",
    Verdict.STREAM: "the random stream differs",
    Verdict.DATA: "the data differ",
    Verdict.ROUNDING: "operations round differently",
    Verdict.TOLERANCE: "within tolerance until then",
}
HARM = ("value", "structure", "draw", "rounding")


class Finding(NamedTuple):
    """One cause at one line: the first difference, and those that are alike."""

    first: Difference
    more: Tuple[Difference, ...] = ()


def findings(differences: Sequence[Difference]) -> List[Finding]:
    """The differences, one finding for each line and call; what harms most comes first."""
    together: Dict[object, List[Difference]] = {}
    for one in differences:
        where = line_of(one)
        place = (where.file, where.line) if where else one.module
        operations = "draw" if one.kind == "draw" else "operation"
        together.setdefault((operations, place, called(one)), []).append(one)
    found = [Finding(many[0], tuple(many[1:])) for many in together.values()]
    return sorted(found, key=lambda one: HARM.index(one.first.kind) // 2)


# ---- releases


def releases(result: Result) -> Tuple[str, str]:
    """How the two releases are called: by their minor lines, or in full where these are equal."""
    before, after = (_line(run.torch) for run in (result.before, result.after))
    if before != after:
        return before, after
    before, after = (run.torch.partition("+")[0] for run in (result.before, result.after))
    return (before, after) if before != after else (result.before.torch, result.after.torch)


def _line(torch: str) -> str:
    try:
        final = versions.parse(torch)[1]
        return versions.line(torch) if final else torch
    except HistoryError:  # a build with a version of its own
        return torch


def backwards(result: Result) -> bool:
    """Whether the run that comes first has the newer release."""
    try:
        return versions.key(result.before.torch) > versions.key(result.after.torch)
    except HistoryError:
        return False


# ---- numbers


def small(value: Number) -> str:
    """A size with two digits: ``3.1e-4``, ``0.016``, ``2.9``, ``1,234``."""
    if value is None:
        return "a value that is not finite"
    if abs(value) >= 1e15 or 0 < abs(value) < 1e-3:
        return _plain(f"{value:.1e}")
    return f"{value:,.0f}" if abs(value) >= 100 else _plain(f"{value:.2g}")


def _plain(text: str) -> str:
    """``3.1e-04`` as ``3.1e-4``, and ``2.0e-3`` as ``2e-3``."""
    return re.sub(r"(?:\.0)?e([+-])0*(\d)", r"e\1\2", text).replace("e+", "e")


def percent(share: float) -> str:
    """``0.011 %``, ``12 %``, ``35 times`` for more than tenfold, ``a value that is not finite``."""
    if share >= HUGE:
        return "a value that is not finite"
    if share > 10:
        return f"{share:,.0f} times"
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{small(100 * share)} %"


def seconds(value: float) -> str:
    """``0.4 s``, ``12 s``, ``3 min 5 s``."""
    if value < 9.95:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def pairs(was: Sequence[Number], now: Sequence[Number]) -> List[Tuple[str, str]]:
    """Values before and after, with as many digits as it takes to tell them apart."""
    for digits in range(4, 18):
        shown = [(_digits(one, digits), _digits(other, digits)) for one, other in zip(was, now)]
        if all(one != other for one, other in shown):
            break
    else:
        shown = [(_digits(one, 17), _digits(other, 17)) for one, other in zip(was, now)]
    return shown


def _digits(value: Number, digits: int) -> str:
    if value is None:
        return "not finite"
    return str(value) if isinstance(value, int) else _plain(f"{value:.{digits}g}")


def counted(count: int, word: str, many: str = "") -> str:
    """``1 operation``, ``2 operations``."""
    return f"{count:,} {word if count == 1 else many or word + 's'}"


# ---- places and things


def place(where: Where) -> str:
    """``train.py:21``."""
    return f"{where.file}:{where.line}"


def line_of(one: Difference) -> Optional[Where]:
    """The line to look at: in a backward, the one of the forward that it belongs to."""
    return one.made_at or one.at


def tensor(one: Tensor) -> str:
    """``float32 [64, 128]``."""
    return f"{one.dtype} [{', '.join(map(str, one.shape))}]"


def called(one: Difference) -> str:
    """What was called, as programs spell it: ``F.gelu``, ``nn.LSTM``, or the operation."""
    return brief(one.api or one.name)


def brief(name: str) -> str:
    """``torch.nn.functional.gelu`` as ``F.gelu``, and ``torch.nn.LSTM`` as ``nn.LSTM``."""
    for long, short in (("torch.nn.functional.", "F."), ("torch.nn.", "nn.")):
        if name.startswith(long):
            return short + name[len(long) :]
    return name


def begins(where: Optional[Where]) -> str:
    """The beginning of a line of the answer: ``train.py:21: ``."""
    return f"{place(where)}: " if where else ""


def shortened(text: str, most: int = LONGEST) -> str:
    """A message on one line, cut where it is too long."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"


# ---- differences


def sentence(one: Difference) -> str:
    """``F.gelu returns different values: up to 3.1e-4 of 2.9 (0.011 %)``."""
    if one.kind == "draw":
        words = f" ({one.words})" if one.words else ""
        return f"{called(one)} draws other random numbers{words}"
    if one.words:
        return f"{called(one)}: {one.words}"
    if one.kind == "structure" and not (one.only_before or one.only_after):
        new = f"the operation {one.name}, which was not run before"
        return f"{called(one)} runs {new}" if one.api else f"torch runs {new}"
    return f"{called(one)} {_predicate(one)}"


def _predicate(one: Difference) -> str:
    size = sized(one)
    if one.kind == "rounding":
        return f"rounds differently{size}"
    if one.kind == "structure":
        return f"runs other operations{size}"
    if one.before and one.after and one.before != one.after:
        return f"returns {tensor(one.after)} instead of {tensor(one.before)}{size}"
    if fed(one):
        return "is given other data"
    return f"returns different values{size}"


def fed(one: Difference) -> bool:
    """Whether an operation differs in what it is given, so that its results were not compared."""
    measured = one.before is not None or one.largest is not None or one.was
    return one.kind == "value" and not measured and not one.words


def sized(one: Difference) -> str:
    """``: up to 3.1e-4 of 2.9 (0.011 %)``; empty where it was not measured."""
    if one.largest is None:
        return f": {elements(one)}" if one.elements else ""
    if not one.scale:
        return f": up to {small(one.largest)}"
    return (
        f": up to {small(one.largest)} of {small(one.scale)} ({percent(one.largest / one.scale)})"
    )


def elements(one: Difference) -> str:
    """``812 of 8,192 elements``."""
    return f"{one.elements:,} of {counted(one.of, 'element')}" if one.of else ""


def context(one: Difference) -> str:
    """``in blocks.0.act, forward, step 1``."""
    of = f" ({brief(one.module_class)})" if one.module_class.startswith("torch.") else ""
    parts = [f"in {one.module}{of}"] if one.module else []
    parts.append(one.phase)
    parts.append(f"step {one.step}")
    if one.made_at and one.at and one.at != one.made_at:
        parts.append(f"run from {place(one.at)}")
    return ", ".join(parts)


def details(one: Difference) -> List[str]:
    """What it was given and what became of it, part by part."""
    named = one.name not in re.findall(r"\w+", sentence(one))
    parts = [f"operation {one.name}"] if named else []
    if one.inputs:
        more = len(one.inputs) - NAMED
        given = ", ".join(map(tensor, one.inputs[:NAMED]))
        parts.append(given + (f" and {more} more" if more > 0 else ""))
    elif one.kind == "draw" and one.after:
        parts.append(tensor(one.after))
    if one.arguments:
        parts.append(f"arguments {shortened(one.arguments, 80)}")
    if one.only_before:
        parts.append(f"only before: {', '.join(one.only_before)}")
    if one.only_after:
        parts.append(f"only after: {', '.join(one.only_after)}")
    if one.was:
        was, now = pairs(one.was[:1], one.now[:1])[0]
        parts.append(f"{was} became {now}")
    if one.largest is not None and elements(one):
        parts.append(elements(one))
    return parts


def alike(more: Sequence[Difference], first: Difference) -> str:
    """``and 11 more of it, in blocks.1, blocks.2, blocks.3, …``; empty where there are none."""
    if not more:
        return ""
    modules = [one for one in dict.fromkeys(each.module for each in more) if one]
    modules = [one for one in modules if one != first.module]
    named = ", ".join([*modules[:NAMED], *(["…"] if len(modules) > NAMED else [])])
    return f"{len(more):,} more like it" + (f", in {named}" if named else "")


# ---- the records


def change(seen: Seen, reverse: bool) -> str:
    """``since 2.7 gelu takes another formula``."""
    words = " ".join(seen.words.split())
    return f"until {seen.version}, where {words}" if reverse else f"since {seen.version} {words}"


def kind(seen: Seen) -> str:
    """The kind of a change in words."""
    return next((one.label for one in Kind if one.slug == seen.kind), seen.kind)


def unrecorded(one: Difference) -> bool:
    """Whether torch is to blame, and no behaviour of the records tells of it."""
    return one.kind != "rounding" and not fed(one) and not one.behaviours


# ---- what ended a run, and what it warned of


def ending(raised: Raised) -> str:
    """``raises UnpicklingError after 3 steps: Weights only load failed``."""
    after = f"after {counted(raised.step, 'step')}" if raised.step else "before the first step"
    text = shortened(raised.text)
    ends = f"ends with exit status {raised.status}"  # and without an exception that was seen
    how = ends if raised.kind in ("", "exit status") else f"raises {raised.kind}"
    return f"{how} {after}" + (f": {text}" if text else "")


def ends_otherwise(result: Result) -> bool:
    """Whether an exception ends one of the two runs, and not the other in the same step."""
    before, after = (
        (run.raised.kind, run.raised.step) if run.raised else None
        for run in (result.before, result.after)
    )
    return before != after


def warning(one: Warned) -> str:
    """``FutureWarning: GradScaler is deprecated``."""
    return f"{one.category}: {shortened(one.text)}"


# ---- growth and rounding


def curve(result: Result, run: str) -> Optional[Curve]:
    """The losses of one of the runs; None where it was not made."""
    return next((one for one in result.curves if one.run == run), None)


def apart(before: Curve, other: Curve) -> List[Optional[float]]:
    """How far each loss lies from the one before, relative to it; None where it is no number."""
    return [_relative(one, two) for one, two in zip(before.losses, other.losses)]


def _relative(one: Optional[float], other: Optional[float]) -> Optional[float]:
    if one is None or other is None:
        return None
    if one == other:
        return 0.0
    return abs(other - one) / abs(one) if one else None


def farthest(result: Result, run: str) -> Optional[float]:
    """How far the losses of a run get from those before, relative to them."""
    before, other = curve(result, "before"), curve(result, run)
    known = [one for one in apart(before, other) if one is not None] if before and other else []
    return max(known) if known else None


def differing(result: Result) -> str:
    """How far the losses differ, but for what random numbers do; empty if they do not."""
    if not result.farthest:
        return ""
    finite = math.isfinite(result.farthest)
    told = f"differ by up to {percent(result.farthest)}" if finite else "differ where one was 0"
    if curve(result, "tape"):
        told += f" with the random numbers of {releases(result)[0]}"
    if result.first_beyond:
        told += f", beyond tolerance from backward {result.first_beyond}"
    return told


def growth(result: Result) -> str:
    """How far the losses get apart, beside what rounding alone leads to; empty if unknown."""
    told = differing(result)
    if not told:
        return ""
    told = f"in {_length(result)} the losses {told}"
    jittered, before = farthest(result, "jitter"), releases(result)[0]
    if jittered is not None:
        told += f"; an ulp of jitter under {before} alone leads to {percent(jittered)}"
    return told


def forced(result: Result) -> str:
    """What a single step does from the same state; empty if it was not tried."""
    if not result.forced:
        return ""
    loss = max(one.loss for one in result.forced)
    far = max(result.forced, key=lambda one: one.parameters)
    return (
        f"from the same state, losses differ by up to {percent(loss)}, "
        f"parameters by up to {percent(far.parameters)} (step {far.step})"
    )


def rounding(result: Result) -> str:
    """The first operation that rounds differently, and how many more; empty if none does."""
    if not result.rounding:
        return ""
    first = min(result.rounding, key=lambda one: one.mark)
    more = len(result.rounding) - 1
    does = "rounds" if more == 1 else "round"
    rest = f"; {counted(more, 'more operation')} {does} differently" if more else ""
    return f"{begins(line_of(first))}{sentence(first)}, {context(first)}{rest}"


def taped(result: Result) -> str:
    """What the older run's random numbers change; empty where they were not replayed."""
    if result.taped is None:
        return ""
    words = {
        Verdict.SAME: "the same bits",
        Verdict.TOLERANCE: "the same within tolerance",
        Verdict.ROUNDING: "parts through rounding alone",
        Verdict.OPERATION: "still parts, in an operation",
        Verdict.STREAM: "still parts, in the random stream",
        Verdict.FAILS: "fails as well",
    }.get(result.taped, "still parts")
    return f"With the random numbers of {releases(result)[0]}: {words}."


def also(result: Result) -> str:
    """``Also: the random stream differs.``; empty if there is nothing else."""
    told = [_ALSO.get(one, LABELS[one]) for one in result.also]
    return f"Also: {', '.join(told)}." if told else ""


def parted(result: Result) -> str:
    """When the first other bit appears; empty where all bits are the same or it is unknown."""
    if result.parted_at is None:
        return ""
    return f"in step {result.parted_at}" if result.parted_at else "before any optimizer step"


# ---- the whole


def total(result: Result) -> str:
    """``torch 2.6 to 2.15: 1 operation differs, 2 new warnings; 12 steps; 6 runs in 43 s.``."""
    before, after = releases(result)
    found = findings(result.differences)
    draws = sum(one.first.kind == "draw" for one in found)
    data = sum(fed(one.first) for one in found)
    differ = len(found) - draws - data
    counts = [
        "1 exception" if ends_otherwise(result) else "",
        counted(differ, "operation differs", "operations differ") if differ else "",
        counted(draws, "random draw differs", "random draws differ") if draws else "",
        counted(data, "operation is given", "operations are given") + " other data" if data else "",
        _rounds(result),
        counted(len(result.new_warnings), "new warning") if result.new_warnings else "",
        counted(len(result.gone_warnings), "warning") + " gone" if result.gone_warnings else "",
    ]
    none = "no difference" if result.verdict is Verdict.SAME else "no cause found"
    told = ", ".join(filter(None, counts)) or none
    made = f"; {counted(len(result.made), 'run')} in {seconds(result.seconds)}"
    return f"torch {before} to {after}: {told}; {_length(result)}{made * bool(result.made)}."


def _rounds(result: Result) -> str:
    if not result.rounding:
        return ""
    return counted(
        len(result.rounding), "operation rounds differently", "operations round differently"
    )


def notes(result: Result) -> Iterator[str]:
    """What else the reader has to know: environments, seeds, limits, what was not traced."""
    yield from result.notes
    after = result.after
    if after.stopped != result.before.stopped and after.stopped:
        name = releases(result)[1]
        yield f"torch {name} was stopped after {counted(after.steps, 'step')}: --{after.stopped}"


def bisected(result: Result) -> str:
    """``It begins with torch 2.7.0 (tried: 2.7.0 fails).``; empty without --bisect."""
    if not result.begins:
        return ""
    tried = ", ".join(f"{one.release} {LABELS[one.verdict]}" for one in result.tried)
    return f"It begins with torch {result.begins}" + (f" (tried: {tried})." if tried else ".")


def _length(result: Result) -> str:
    """How far both runs came: ``12 steps``, or ``12 backwards`` where no optimizer steps."""
    steps = min(result.before.steps, result.after.steps)
    losses = min((len(one.losses) for one in result.curves[:2]), default=0)
    return counted(losses, "backward") if losses and not steps else counted(steps, "step")
