"""Report: an answer as findings, ready to be rendered, and the words that all renderers use.

A finding is one cause and, with ``--code``, one place of the reader's source. The renderers are
``answer_json``, ``markdown``, ``terminal`` and ``sarif``.
"""

from __future__ import annotations

import re
from typing import (
    TYPE_CHECKING,
    Collection,
    Dict,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Protocol,
    Sequence,
    Tuple,
)

from torch_history import versions
from torch_history.catalogue.behaviour import Behaviour, Change
from torch_history.catalogue.kinds import Kind
from torch_history.code.hits import Hit, Level, Place
from torch_history.code.targets import Target, targets, with_surface
from torch_history.observing import words
from torch_history.questions import naming
from torch_history.questions.query import Answer, Case, Side
from torch_history.records.store import OBSERVED

if TYPE_CHECKING:  # the scan needs pyflakes, an answer without source does not
    from torch_history.code.scan import Names, Scan


SURFACE = "surface"  # what the ids of its findings begin with


class Finding(NamedTuple):
    """One cause, with the behaviours that show it and, with ``--code``, the place that meets it."""

    targets: Tuple[Target, ...]  # the first one says what the finding is
    hit: Optional[Hit] = None

    @property
    def kind(self) -> Kind:
        """What kind of difference it is."""
        return self.targets[0].kind

    @property
    def change(self) -> Optional[Change]:
        """The change that it tells of; None where no marker does."""
        return self.targets[0].change

    @property
    def behaviours(self) -> List[Behaviour]:
        """The behaviours that show it, the one that tells most first."""
        return list(
            {one.difference.behaviour.id: one.difference.behaviour for one in self.targets}.values()
        )

    @property
    def depends(self) -> str:
        """What decides beside the call, as "the file"; empty where nothing does."""
        if self.hit is None and self.targets[0].surface:
            return (self.change.depends if self.change else None) or ""
        return self.hit.depends if self.hit else ""

    @property
    def level(self) -> Level:
        """How sure it is that the code meets it; certain without ``--code``."""
        return self.hit.level if self.hit else Level.CERTAIN

    @property
    def order(self) -> Tuple[int, ...]:
        """What certainly harms comes first, what is only possible last."""
        possible = self.level is Level.POSSIBLE
        kind = self.kind
        return possible, not kind.hurts, bool(self.depends), kind.rank, self.level.rank


class Code(NamedTuple):
    """What was read of the reader's source, and what of it is not among the findings."""

    files: int
    level: Level  # the least sure level that was asked for
    hidden: int  # findings that are less sure
    accepted: int  # places that a comment or the baseline accepts
    names: Names


class Report(NamedTuple):
    """An answer as findings."""

    answer: Answer
    findings: List[Finding]
    code: Optional[Code] = None
    surface: bool = False  # whether the surface was compared

    @property
    def counts(self) -> Dict[str, int]:
        """In words, how many findings are of which kind, or depend on what."""
        counts: Dict[str, int] = {}
        for one in self.findings:
            label = label_of(one)
            counts[label] = counts.get(label, 0) + 1
        return counts

    @property
    def returned(self) -> List[str]:
        """Behaviours that changed and changed back, whose APIs the code uses."""
        if self.code is None:
            return []
        used = self.code.names.covered
        known = self.answer.returned_apis
        return [name for name in self.answer.returned if any(api in used for api in known[name])]

    def fails(
        self, kinds: Collection[Kind], depends: bool = False, uncovered: bool = False
    ) -> bool:
        """Whether a finding is of these kinds; one that is only possible does not count.

        ``depends`` counts those too that the data decide, ``uncovered`` any name that no behaviour
        is about.
        """
        # A possible hit may have nothing to do with torch: it must not break a CI job.
        return (uncovered and bool(self.code and self.code.names.uncovered)) or any(
            one.kind in kinds and one.level is not Level.POSSIBLE and (depends or not one.depends)
            for one in self.findings
        )


def label_of(finding: Finding) -> str:
    """``breaks``, ``random stream``, or ``depends on the file``."""
    if finding.level is Level.POSSIBLE:
        return "possible"
    return f"depends on {finding.depends}" if finding.depends else finding.kind.label


def whole(answer: Answer, surface: Optional[Sequence[Target]] = None) -> Report:
    """The findings of an answer: one a cause; with what the surface shows, if it was asked for."""
    report = grouped(answer, targets(answer), surface or ())
    return report if surface is None else report._replace(surface=True)


def grouped(answer: Answer, told: Iterable[Target], surface: Sequence[Target] = ()) -> Report:
    """The findings of an answer whose targets are known: one a cause."""
    together: Dict[object, List[Target]] = {}
    for target in told:
        of = target.change.of if target.change else ()
        if of and answer.apis and not _asked(of, answer.apis):
            continue  # the behaviour names the API, but it is not what changed
        together.setdefault(target.cause, []).append(target)
    with_surface(together, surface)
    found = [Finding(tuple(sorted(of, key=lambda one: one.kind.rank))) for of in together.values()]
    return Report(answer, sorted(found, key=lambda one: one.order))


class Accepted(Protocol):
    """What a project accepts, as ``baseline.Baseline`` does."""

    def split(self, findings: List[Finding]) -> Tuple[List[Finding], int]:
        """The findings that are not accepted, and the number of the others."""
        ...


def narrowed(
    answer: Answer,
    scan: Scan,
    level: Level,
    accepted: Optional[Accepted] = None,
    harmless: bool = False,
) -> Report:
    """The findings in the reader's source: one a cause and place.

    What works now and did not before, and other words of an error, are among them only where they
    are asked for (``harmless``), or with the level *possible*.
    """
    harmless = harmless or level is Level.POSSIBLE
    found = sorted(of_scan(scan), key=_by_place)
    left, count = accepted.split(found) if accepted else (found, 0)
    shown = [one for one in left if one.level.rank <= level.rank and (harmless or one.kind.matters)]
    hidden = len(left) - len(shown)
    return Report(answer, shown, Code(scan.files, level, hidden, scan.accepted + count, scan.names))


def of_scan(scan: Scan) -> Iterator[Finding]:
    """The findings of a scan, in no order."""
    return (Finding(found.targets, found.hit) for found in scan.found)


def _by_place(finding: Finding) -> Tuple[object, ...]:
    return (*finding.order, *(_in_file(finding.hit.place) if finding.hit else ()))


# ---- words


def sentence(finding: Finding, backwards: bool) -> str:
    """``since 2.7 schedulers no longer take verbose``."""
    change = finding.change
    if change is None:
        return finding.targets[0].difference.behaviour.claim
    first, text = finding.targets[0], " ".join(change.text.split())
    if backwards and first.surface:
        return _of_the_older(text, change.version, bool(first.together))
    text = "are gone" if first.together else text
    return (
        f"until {change.version}, where {text}" if backwards else f"since {change.version} {text}"
    )


def _of_the_older(text: str, version: str, several: bool) -> str:
    """What the surface of the older release is: ``before 2.6 no longer takes device_type``."""
    if text == "is gone":
        return f"{'do' if several else 'does'} not exist before {version}"
    return f"before {version} {text}"


def _asked(apis: Sequence[str], asked: Sequence[str]) -> List[str]:
    """Those of the APIs that an answer was narrowed to."""
    return [one for name in asked for one in naming.named(apis, name)]


def subject(finding: Finding, asked: Sequence[str] = ()) -> str:
    """What meets it: ``torch.load() without weights_only``, or the API, one asked for if any."""
    if finding.hit:
        return finding.hit.why
    first = finding.targets[0]
    if first.together:
        return _several(finding)
    change = first.change
    of = change.of if change and change.of else first.difference.behaviour.api
    said = re.findall(r"\w+", change.text) if change else []
    # The first one, unless the words name another: `bias ... (LayerNorm)` is not of BatchNorm1d.
    named = [] if _last(of[0]) in said else [api for api in of if _last(api) in said]
    return (_asked(of, asked) or named or of)[0]


def _several(finding: Finding) -> str:
    """``torch.onnx: symbolic_a, symbolic_b, 7 more``: the names that went together."""
    names = sorted(_last(name) for one in finding.targets for name in one.names)
    more = f", {len(names) - 2} more" if len(names) > 2 else ""
    return f"{finding.targets[0].together[0]}: {', '.join(names[:2])}{more}"


def _last(api: str) -> str:
    return api.rpartition(".")[2]


def notes(finding: Finding) -> List[str]:
    """The kind and how sure it is, what to do, and the cause."""
    change, parts = finding.change, []
    if finding.depends:
        parts.append(f"depends on {finding.depends}")
        parts.append(f"{finding.kind.label} then")
    elif finding.hit:  # a line without a place begins with it
        parts.append(finding.kind.label)
    if finding.level is not Level.CERTAIN:
        parts.append(str(finding.level))
    if change and change.advice:
        parts.append(change.advice)
    if change and change.cause:
        parts.append(change.cause_in_words or "")
    doubt = finding.targets[0].difference.doubt
    return parts + ([f"not certain: {doubt}"] if doubt else [])


def cause_id(finding: Finding) -> str:
    """``2.6/pytorch#137602``, or the id of the behaviour where no cause is known."""
    change = finding.change
    if change and change.cause:
        return f"{change.version}/{re.sub(r'[^A-Za-z0-9._#-]+', '-', change.cause).strip('-')}"
    return finding.targets[0].difference.behaviour.id


def others(finding: Finding) -> str:
    """``checkpoints.load_refuses_..., 7 more``: the behaviours."""
    first, *rest = finding.behaviours
    return first.id + (f", {len(rest)} more" if rest else "")


def reproduction(behaviour: Behaviour, *asked: str) -> str:
    """A command that prints what each of the versions does; of a name, what this torch has."""
    if behaviour.chapter == SURFACE:
        return f"python -m pydoc {behaviour.api[0]}"
    environments = ",".join(f"torch{versions.line(version)}" for version in asked)
    return f"tox run -e {environments} -- {behaviour.node} --observed"


def lines_of_change(cases: List[Case], length: int = 160) -> List[Tuple[str, str]]:
    """What differs, as pairs of lines (before, after) that begin with their case and place."""
    return [pair for case in cases for pair in _lines_of_case(case, length)]


def _lines_of_case(case: Case, length: int) -> Iterator[Tuple[str, str]]:
    name = case.name if case.name != OBSERVED else ""
    pair = case.before.observation, case.after.observation
    for where, before, after in words.changed(*pair):
        label = " ".join(part for part in (name, where) if part)
        label = f"{label}: " if label else ""
        # The common beginning is cut first: long values cut only at the end would look the same.
        left, right = words.from_the_first_difference(before, after, length)
        yield label + words.short(left, length), label + words.short(right, length)


def total(report: Report) -> str:
    """``torch 2.5 to 2.15: 3 findings: 1 breaks, 1 random stream, 1 depends on the file.``."""
    answer = report.answer
    count = len(report.findings)
    pair = f"torch {answer.before.asked} to {answer.after.asked}"
    if answer.device != "cpu":
        pair += f" on {answer.device}"
    if not count:
        where = f"{answer.compared} behaviours"
        if report.code:
            partly = report.code.names.uncovered
            where = "the names that are covered" if partly else "what the code uses"
        return f"{pair}: no recorded difference in {where}."
    counts = ", ".join(f"{number} {label}" for label, number in report.counts.items())
    what = "finding" if report.code else "cause"
    return f"{pair}: {count} {what}{'s' * (count != 1)}: {counts}."


def rest(report: Report) -> Iterator[str]:
    """What is beside the findings, one line each: what is hidden, accepted and not covered."""
    code = report.code
    if code is None:
        looked = f"Looked at: {report.answer.compared} behaviours"
        if not report.surface:
            yield f"{looked}. Nothing is said of other APIs."
        elif report.answer.apis:
            yield f"{looked}, and the names and arguments of {', '.join(report.answer.apis)}."
        else:
            yield f"{looked}, and the names and arguments of all of torch."
        return
    if code.hidden:
        yield f"{code.hidden} more {_are(code.hidden)} less sure, or harmless: --level possible."
    if code.accepted:
        yield f"{code.accepted} accepted, by a comment or the baseline."
    yield covered_words(code)


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def covered_words(code: Code) -> str:
    """How many of the names of torch that the code uses no behaviour is about."""
    left, read = len(code.names.uncovered), f"{code.files} file{'s' * (code.files != 1)}"
    names = len(code.names.covered) + left
    if not names:
        return f"No name of torch is used in {read}."
    if not left:
        return f"Everything that {read} {'use' if code.files != 1 else 'uses'} of torch is covered."
    surface = len(code.names.surface)
    which = "all of these" if surface == left else f"{surface} of these"
    only = f", and of {which} only names and arguments were compared" if surface else ""
    return (
        f"Not covered: no behaviour is about {left} of the {names} names of torch used in "
        f"{read}{only}."
    )


def uncovered(code: Code) -> List[Tuple[str, List[Place]]]:
    """The names that no behaviour is about, each with its places, the most used first."""
    named = sorted(code.names.uncovered.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return [(name, sorted(places, key=_in_file)) for name, places in named]


def _in_file(place: Place) -> Tuple[str, int, int]:
    # A Python file has no cell, and None does not compare with a number.
    return place.file, place.cell or 0, place.line


def uncovered_names(code: Code, most: int = 0) -> Iterator[str]:
    """``torch.jit.script (jit.py:8, 2 more)``, the most used first; at most ``most``, or all."""
    named = uncovered(code)
    for name, places in named[: most or None]:
        more = f", {len(places) - 1} more" if len(places) > 1 else ""
        how = "; not in the surface" if is_outside(code, name) else ""
        yield f"{name} ({places[0]}{more}{how})"
    if most and len(named) > most:
        yield f"and {len(named) - most} more: torch-history coverage --code PATH"


def is_outside(code: Code, name: str) -> bool:
    """Whether nothing at all was compared of a name that no behaviour is about."""
    # Where no name is in the surface, none is recorded of these releases.
    return bool(code.names.surface) and name not in code.names.surface


def caveats(report: Report) -> List[str]:
    """What the answer does not know, one line for each gap."""
    answer = report.answer
    lines = [_stand_in(side) for side in (answer.before, answer.after) if not side.verified]
    # One reason can make hundreds of behaviours unknown, so each reason is one line.
    reasons: Dict[Tuple[str, str], List[str]] = {}
    for unknown in answer.unknown:
        reasons.setdefault((unknown.version, unknown.reason), []).append(unknown.behaviour)
    for (version, reason), names in reasons.items():
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        lines.append(f"unknown under {version}: {', '.join(names[:3])}{more}: {reason}")
    return lines + [f"changed in between, and changed back: {name}" for name in report.returned]


def _stand_in(side: Side) -> str:
    """What speaks for a version that was not recorded."""
    # At least one is left: `query.side` refuses a version without a recorded release to stand in.
    near = [release for release in side.neighbours if release]
    nearest = f"releases are {' and '.join(near)}" if near[1:] else f"release is {near[0]}"
    return (
        f"{side.asked} was not recorded: {side.release} stands in for it. "
        f"The nearest recorded {nearest}."
    )
