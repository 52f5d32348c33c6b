"""Draft: a behaviour's test made from a traced difference, for a contributor to finish."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Iterable, List, NamedTuple, Optional, Set, Tuple

import rich_click as click

from torch_history import versions
from torch_history.catalogue.behaviour import Behaviour
from torch_history.comparing.drafting import telling, traced, writing
from torch_history.comparing.drafting.calls import Call
from torch_history.comparing.drafting.shrinking import Shrinker
from torch_history.comparing.drafting.sides import Outcome, Sides
from torch_history.comparing.result import Difference
from torch_history.comparing.traces import Trace
from torch_history.escaping import printable


class Drafted(NamedTuple):
    """A draft, and what became of the difference."""

    path: Path
    id: str
    file: str  # the module that it belongs into, as far as it is known
    confirmed: bool  # whether the two releases differ in the call by itself
    elements: int  # of all its tensors
    calls: int  # that were made under both releases
    seconds: float

    @property
    def lines(self) -> List[str]:
        """What to say of it, and which commands come next."""
        module = self.path.name
        where = self.file or f"a module of spec/{self.id.partition('.')[0]}"
        begins = f"{self.path}:1: {self.id} drafted"
        if not self.confirmed:
            return [
                f"{begins}, not shown: the call alone gives the same under both releases",
                f"It needs its surroundings, which {module} does not have. Add them to the test.",
            ]
        size, calls = _numbered(self.elements, "number"), _numbered(self.calls, "call")
        return [
            f"{begins}: {size}, found in {calls} and {self.seconds:.1f} s",
            f"Now write its claim and its docstring, and move the test into {where}. Then:",
            f"  torch-history record {self.id}",
            "  torch-history check",
        ]


def draft(
    difference: Difference,
    trace_before: Path,
    python_before: Path,
    python_after: Path,
    folder: Path,
    known: Iterable[Behaviour] = (),
) -> Path:
    """Write the draft of a difference into a folder, and say what comes next.

    ``trace_before`` is the folder of the older run's process, traced with ``keep``.
    """
    pythons = python_before, python_after
    (made,) = drafts([difference], trace_before, pythons, folder, known)
    for line in made.lines:
        click.echo(printable(line), err=True)
    return made.path


def drafts(
    differences: Iterable[Difference],
    trace_before: Path,
    pythons: Tuple[Path, Path],
    folder: Path,
    known: Iterable[Behaviour] = (),
) -> List[Drafted]:
    """Write the drafts of several differences. torch is imported once in each environment.

    Several operations of one call may differ. They shrink to one call, which has one draft.
    """
    with Sides(trace_before / "kept", *pythons) as sides:
        maker = _Maker(sides, Trace(trace_before), folder, list(known))
        made = [maker.made(difference) for difference in differences]
    return [one for one in made if one is not None]


class _Maker:
    """Makes drafts from one trace."""

    def __init__(self, sides: Sides, trace: Trace, folder: Path, known: List[Behaviour]) -> None:
        self._sides, self._trace, self._folder, self._known = sides, trace, folder, known
        self._releases = [sides.before.release, sides.after.release]
        self._drafted: Set[str] = set()  # the calls in which the releases differ

    def made(self, difference: Difference) -> Optional[Drafted]:
        """Write the draft of a difference, unless its call has one."""
        began, calls = time.perf_counter(), self._sides.made
        call, outcome = self._found(difference)
        if outcome is not None and outcome.differs:
            if repr(call) in self._drafted:
                return None
            self._drafted.add(repr(call))
        subject = telling.subject(difference, call, self._known)
        told = self._told(difference, call, outcome)
        told = told._replace(claim=_unused(f"{subject.chapter}.{told.claim}", self._known))
        self._folder.mkdir(parents=True, exist_ok=True)
        path = _free(self._folder, f"test_{subject.chapter}_{told.claim}_draft")
        confirmed = outcome is not None and outcome.differs
        text = writing.Text(
            subject,
            told,
            versions.line(self._releases[1]),
            _note(difference, self._releases, confirmed),
            call,
            many=outcome is not None and (outcome.before.many or outcome.after.many),
        )
        path.write_text(writing.written(self._with_inputs(text, path)), encoding="utf-8")
        return Drafted(
            path,
            f"{subject.chapter}.{told.claim}",
            subject.file,
            confirmed,
            sum(tensor.elements for _, tensor in call.tensors()) if call else 0,
            self._sides.made - calls,
            time.perf_counter() - began,
        )

    def _found(self, difference: Difference) -> Tuple[Optional[Call], Optional[Outcome]]:
        """The call in which the releases differ, shrunk; else the first that was tried."""
        first: Tuple[Optional[Call], Optional[Outcome]] = None, None
        for call in traced.candidates(difference, self._trace, self._sides.existing):
            keys = [tensor.key for _, tensor in call.tensors() if tensor.key]
            if len(self._sides.kept(keys)) < len(keys):
                continue
            outcome = self._sides.outcome(call)
            if outcome.differs and self._sides.outcome(call).kind == outcome.kind:
                shrinker = Shrinker(self._sides.outcome, call, outcome, time.perf_counter)
                return shrinker.shrunk()
            if first[0] is None:
                first = call, outcome._replace(kind="same")
        return first

    def _told(
        self, difference: Difference, call: Optional[Call], outcome: Optional[Outcome]
    ) -> telling.Told:
        if call is not None and outcome is not None and outcome.differs:
            return telling.told(call, outcome, self._releases)
        return telling.unconfirmed(difference)

    def _with_inputs(self, text: writing.Text, path: Path) -> writing.Text:
        """The names of the tensors, and their numbers; long ones are written into a file."""
        call = text.call
        if call is None:
            return text
        tensors = dict(call.tensors())
        if call.gradient is not None:
            tensors["gradient",] = call.gradient
        named = writing.names(call, self._sides.parameters(call.function))
        brief = {at: one for at, one in tensors.items() if writing.is_brief(one)}
        long = {named[at]: one for at, one in tensors.items() if at not in brief}
        if long:
            self._sides.save(long, path.with_suffix(".pt"))
        values = {at: self._sides.values(one) for at, one in brief.items() if one.constant is None}
        return text._replace(names=named, values=values)


def _note(difference: Difference, releases: List[str], confirmed: bool) -> str:
    before, after = releases
    where = f"in the {difference.phase} of step {difference.step}"
    found = f"A run of a program under torch {before} and {after} parted here, {where}."
    if confirmed:
        advice = (
            "Write the claim and the docstring, and move the test into its module. Record it: the "
            "record shows which release changed it. Then correct the version of the marker, and "
            "add its cause and advice."
        )
    else:
        advice = (
            "The call alone gives the same under both releases, with the inputs that were traced. "
            "So it needs its surroundings: calls before it, settings, the layout of its inputs in "
            "memory. Add them to the test, until the releases differ."
        )
    return f"{found}\n\n{advice}"


def _unused(asked: str, known: Iterable[Behaviour]) -> str:
    """The claim of an id, with another end where a behaviour has this id."""
    chapter, _, claim = asked.partition(".")
    taken = {name for one in known for name in (one.id, *one.former)}
    return f"{claim}_in_a_draft" if f"{chapter}.{claim}" in taken else claim


def _free(folder: Path, stem: str) -> Path:
    """A file that is not there yet."""
    path, number = folder / f"{stem}.py", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}_{number}.py"
    return path


def _numbered(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
