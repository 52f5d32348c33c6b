"""SARIF: reports as a SARIF 2.1.0 log, which code hosts show beside the source.

There is a run for each report, a rule for each cause, and a result for each finding. The level of a
result: *error* where the code certainly meets what harms a program that ran before; *warning* where
it likely does, or where its data decide; *note* for what is only possible, or harmless. Each name
of torch that no behaviour is about is a note too, at its first place.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable, Dict, Iterator, List, NamedTuple, Sequence
from urllib.parse import quote

from torch_history.catalogue.behaviour import Behaviour
from torch_history.code.hits import Level, Place
from torch_history.code.targets import Target
from torch_history.escaping import one_line
from torch_history.publish import markdown, places, report, streamed
from torch_history.publish.report import Finding, Report
from torch_history.records.store import Json

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
NOT_COVERED = "not-covered"
VALUES = 3  # of a difference that a rule shows
BEHAVIOURS = 20  # of a rule whose values it shows
RANKS = ("error", "warning", "note")
_PRECISION = dict(zip(Level, ("very-high", "medium", "low")))


class Rule(NamedTuple):
    """A cause, with all that its findings tell of it."""

    number: int  # its place among the rules
    finding: Finding  # the first one, which harms most
    behaviours: Dict[str, Target]  # by id
    advice: Dict[str, None]  # in order


def write(reports: Sequence[Report], faults: Sequence[str], echo: Callable[[str], object]) -> None:
    """Write the log of reports that were narrowed to code.

    ``faults`` are the lines about files that could not be read.
    """
    places.forget()
    base = places.repository(Path.cwd())
    runs = (_run(told, faults, base, _id(told, n)) for n, told in enumerate(reports, start=1))
    streamed.write({"$schema": SCHEMA, "version": "2.1.0", "runs": runs}, echo)


def _id(told: Report, number: int) -> str:
    # GitHub takes what stands before the last slash for the category. It refuses two runs of one
    # category in a log, and closes a result only when a later run of its category lacks it.
    category = "torch-training-spec" + (f"/{number}" if number > 1 else "")
    return f"{category}/{told.answer.before.asked}-{told.answer.after.asked}"


def _run(told: Report, faults: Sequence[str], base: Path, name: str) -> Json:
    rules = _rules(told.findings)
    # A file that cannot be parsed is a warning: the other files were read.
    lines = [("warning", line) for line in (*report.caveats(told), *faults)]
    lines += [("note", line) for line in (report.total(told), *report.rest(told))]
    return {
        "tool": {
            "driver": {
                "name": "torch-training-spec",
                "shortDescription": {
                    "text": "Where the source depends on what differs between two torch releases."
                },
                "rules": _rules_as_json(told, rules),
            }
        },
        "automationDetails": {"id": name},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {"level": level, "message": {"text": one_line(line)}} for level, line in lines
                ],
            }
        ],
        "originalUriBaseIds": {
            # Without a uri: the path on this machine means nothing to the host that shows the log.
            "%SRCROOT%": {"description": {"text": "the root of the repository"}}
        },
        "columnKind": "unicodeCodePoints",
        "results": _results(told, rules, base),
    }


# ---- rules


def _rules(findings: Sequence[Finding]) -> Dict[str, Rule]:
    """The rules by their ids, in the order of the findings."""
    rules: Dict[str, Rule] = {}
    seen = set()
    for finding in findings:
        # Most findings share their targets.
        if id(finding.targets) in seen:
            continue
        seen.add(id(finding.targets))
        name = report.cause_id(finding)
        rule = rules.setdefault(name, Rule(len(rules), finding, {}, {}))
        for target in finding.targets:
            rule.behaviours.setdefault(target.difference.behaviour.id, target)
            if target.change and target.change.advice:
                rule.advice[one_line(target.change.advice)] = None
    return rules


def _rules_as_json(told: Report, rules: Dict[str, Rule]) -> Iterator[Json]:
    for name, rule in rules.items():
        yield _rule(name, rule, told)
    if told.code and told.code.names.uncovered:
        yield _rule_not_covered()


def _rule(name: str, rule: Rule, told: Report) -> Json:
    finding, behaviour = rule.finding, rule.finding.behaviours[0]
    words = " ".join((behaviour.docstring or behaviour.claim).replace("``", "`").split())
    told_in_short = one_line(report.sentence(finding, told.answer.backwards))
    data: Json = {
        "id": name,
        "shortDescription": {"text": f"{_api(finding)}: {told_in_short}"},
        "fullDescription": {"text": words},
        "help": {
            "text": "\n".join([words, *_help(rule, told)]),
            "markdown": _help_in_markdown(words, rule, told),
        },
        "defaultConfiguration": {"level": _rank(finding)},
        "properties": {
            "tags": ["torch", behaviour.chapter, finding.kind.slug],
            "precision": _PRECISION[finding.level],
        },
    }
    if behaviour.page:
        data["helpUri"] = behaviour.page
    return data


def _api(finding: Finding) -> str:
    return report.subject(finding._replace(hit=None))


def _help(rule: Rule, told: Report) -> List[str]:
    """What changed and why, what to do, and the behaviours, with the first of their values."""
    change = rule.finding.change
    lines = [one_line(change.sentence)] if change else []
    lines += [f"What to do: {advice}" for advice in rule.advice]
    before, after = told.answer.before.asked, told.answer.after.asked
    for name, target in rule.behaviours.items():
        lines.append(f"{name}: {target.kind.words}")
        if len(lines) > BEHAVIOURS:
            continue
        pairs = report.lines_of_change(target.difference.cases, 120)[:VALUES]
        lines += [f"  torch {before}: {one}; torch {after}: {other}" for one, other in pairs]
        doubt = target.difference.doubt
        lines += [f"  Not certain: {doubt}"] if doubt else []
    return lines


def _help_in_markdown(words: str, rule: Rule, told: Report) -> str:
    answer = told.answer
    behaviour: Behaviour = rule.finding.behaviours[0]
    command = report.reproduction(behaviour, answer.before.asked, answer.after.asked)
    parts = [
        markdown.text(words),
        "\n".join(_item(line) for line in _help(rule, told)),
        f"To see it yourself:\n\n```sh\n{one_line(command)}\n```",
    ]
    return "\n\n".join(parts)


def _item(line: str) -> str:
    indent = "  " * line.startswith("  ")
    return f"{indent}- {markdown.linked(markdown.text(line))}"


def _rule_not_covered() -> Json:
    words = (
        "No behaviour of the specification is about this name of torch. At most its name and its "
        "arguments were compared. What else changed is not known here: read the release notes."
    )
    return {
        "id": NOT_COVERED,
        "shortDescription": {"text": "No behaviour is about this name of torch"},
        "fullDescription": {"text": words},
        "help": {"text": words, "markdown": words},
        "defaultConfiguration": {"level": "note"},
        "properties": {"tags": ["torch", "coverage"], "precision": "very-high"},
    }


# ---- results


def _results(told: Report, rules: Dict[str, Rule], base: Path) -> Iterator[Json]:
    seen: Dict[str, int] = {}
    for finding in told.findings:
        yield _result(finding, rules, told, seen, base)
    if told.code:
        for name, at in report.uncovered(told.code):
            yield _result_not_covered(name, at, len(rules), base)


def _result(
    finding: Finding, rules: Dict[str, Rule], told: Report, seen: Dict[str, int], base: Path
) -> Json:
    name, hit = report.cause_id(finding), finding.hit
    assert hit is not None, "a log needs code"
    # The words of the line and not its number, so that a host knows the result again when lines
    # move. The same line twice in a file is two results, so like lines are counted.
    words = places.words(hit.place)
    like = places.digest(name, hit.place.file, words)
    seen[like] = seen.get(like, -1) + 1
    # What the data decide is not called certain, however sure the call is.
    label = f"Depends on {finding.depends}" if finding.depends else finding.level.value.capitalize()
    about = report.sentence(finding, told.answer.backwards)
    notes = " · ".join(report.notes(finding))
    text = f"{label}{_cell(hit.place)}: {hit.why}: {about}. {notes}. {report.others(finding)}."
    return {
        "ruleId": name,
        "ruleIndex": rules[name].number,
        "level": _rank(finding),
        "message": {"text": one_line(text)},
        "locations": [_location(hit.place, base)],
        "partialFingerprints": {"causeAndLine/v1": places.digest(name, words, str(seen[like]))},
        "properties": {
            "certainty": finding.level.value,
            "kind": finding.kind.slug,
            **({"depends": finding.depends} if finding.depends else {}),
        },
    }


def _result_not_covered(name: str, at: List[Place], number: int, base: Path) -> Json:
    more = f"{len(at)} times" if len(at) > 1 else "once"
    text = f"Not covered{_cell(at[0])}: no behaviour is about {name}, which the source uses {more}."
    return {
        "ruleId": NOT_COVERED,
        "ruleIndex": number,
        "level": "note",
        "message": {"text": one_line(text)},
        "locations": [_location(at[0], base)],
        # Without the place: where a first use goes, the next one is the same result.
        "partialFingerprints": {"causeAndLine/v1": places.digest(NOT_COVERED, name)},
        "properties": {"uses": len(at)},
    }


def _rank(finding: Finding) -> str:
    # However sure the hit, what cannot harm a program must not fail a check that counts errors.
    if not finding.kind.hurts or finding.level is Level.POSSIBLE:
        return "note"
    return "warning" if finding.depends else RANKS[finding.level.rank]


def _cell(place: Place) -> str:
    return f", cell {place.cell}, line {place.line}" if place.cell else ""


def _location(place: Place, base: Path) -> Json:
    return {
        "physicalLocation": {
            "artifactLocation": _artifact(place.file, base),
            "region": {"startLine": places.line_of_file(place)},
        }
    }


def _artifact(file: str, base: Path) -> Json:
    path = places.resolved(file)
    try:
        relative = path.relative_to(base).as_posix()
    except ValueError:  # outside the repository
        return {"uri": path.as_uri()}
    # As bytes: `quote` raises for a name that is not UTF-8, which Python holds as surrogates.
    return {"uri": quote(os.fsencode(relative)), "uriBaseId": "%SRCROOT%"}
