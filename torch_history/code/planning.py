"""Planning: which hits of a scan are rewritten, and why the others are left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from torch_history.catalogue import rewrites
from torch_history.catalogue.behaviour import Change
from torch_history.catalogue.rewrites import Edit
from torch_history.code.hits import Hit, Level, Place
from torch_history.code.targets import Target

Proof = Callable[[Target], Optional[str]]  # why a rewrite is not proved; None where it is
MORE = "--level likely rewrites it too"


class Step(NamedTuple):
    """One edit at one place, and the change that asks for it."""

    hit: Hit
    edit: Edit
    target: Target

    @property
    def change(self) -> Change:
        """The change whose old behaviour the edit keeps."""
        assert self.target.change is not None
        return self.target.change


class Left(NamedTuple):
    """A place that is left alone, and why."""

    place: Place
    what: str
    why: str


class Plan(NamedTuple):
    """What is to be done."""

    files: Dict[str, List[Step]]
    left: List[Left]


class Asked(NamedTuple):
    """What the user allows."""

    level: Level = Level.CERTAIN
    trusted: Tuple[Path, ...] = ()  # source whose checkpoints are trusted; resolved

    def trusts(self, file: str) -> bool:
        """Whether the user trusts what a source file loads."""
        path = Path(file).resolve()
        return any(one in (path, *path.parents) for one in self.trusted)


def rewritable(targets: Sequence[Target]) -> List[Target]:
    """Those whose marker says which calls meet the change, and how to rewrite these."""
    return [
        target
        for target in targets
        if target.change is not None
        and target.change.rewrite
        and target.change.conditioned
        and not (target.parameters or target.lacking)
    ]


def plan(hits: Sequence[Tuple[Target, Hit]], asked: Asked, unproved: Proof) -> Plan:
    """The steps for each file, in the order of its lines, and what is left alone."""
    together: Dict[object, List[Step]] = {}
    for target, hit in hits:
        if target.change is not None and target.change.rewrite:
            step = Step(hit, rewrites.edit_of(target.change.rewrite), target)
            together.setdefault((hit.place.file, hit.name, step.edit), []).append(step)
    files: Dict[str, List[Step]] = {}
    left: List[Left] = []
    for steps in together.values():
        steps.sort(key=lambda step: (step.hit.level.rank, bool(step.hit.depends), _harm(step)))
        reasons = [_reason(step, asked, unproved) for step in steps]
        if None in reasons:
            step = steps[reasons.index(None)]
            files.setdefault(step.hit.place.file, []).append(step)
        else:
            left.append(Left(steps[0].hit.place, steps[0].hit.why, reasons[0] or ""))
    for file, steps in files.items():
        steps.sort(key=_in_order)
        clashing = _clashing(steps)
        left += [Left(one.hit.place, one.hit.why, "two changes ask for more") for one in clashing]
        files[file] = [step for step in steps if step not in clashing]
    return Plan({file: steps for file, steps in sorted(files.items()) if steps}, left)


def _harm(step: Step) -> int:
    return step.target.kind.rank


def in_file(left: Left) -> Tuple[str, int, int]:
    """The order of what is left alone: by file, then by line."""
    return left.place.file, left.place.cell or 0, left.place.line


def _in_order(step: Step) -> Tuple[object, ...]:
    return step.hit.place.line, step.hit.name, _harm(step), step.edit.name


def _clashing(steps: Sequence[Step]) -> List[Step]:
    """Those that ask for different values of one keyword of one call."""
    values: Dict[object, Set[Optional[str]]] = {}
    for step in steps:
        values.setdefault((step.hit.name, step.edit.name), set()).add(step.edit.value)
    return [step for step in steps if len(values[step.hit.name, step.edit.name]) > 1]


def _reason(step: Step, asked: Asked, unproved: Proof) -> Optional[str]:
    """Why a step is not taken; None where it is."""
    return next(_reasons(step, asked, unproved), None)


def _reasons(step: Step, asked: Asked, unproved: Proof) -> Iterator[str]:
    hit, edit = step.hit, step.edit
    if hit.place.cell is not None:
        yield "a notebook is not rewritten"
    if edit.runs_code and not asked.trusts(hit.place.file):
        yield (
            f"depends on {hit.depends or 'the file'}, and {edit.keyword} lets a file run code: "
            "--trusted PATH for source that loads only files you trust"
        )
    if hit.level.rank > asked.level.rank:
        yield f"{hit.level}, not certain: {MORE}"
    if hit.depends and not edit.runs_code and asked.level is Level.CERTAIN:
        yield f"depends on {hit.depends}: {MORE}"
    if step.target.difference.doubt:
        yield f"not certain: {step.target.difference.doubt}"
    why = unproved(step.target)
    if why:
        yield why
