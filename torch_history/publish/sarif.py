"""SARIF: what ``diff --code`` found as a SARIF 2.1.0 log, which code hosts show beside the source.

There is a rule for each behaviour that has a result, and a result for each hit. Several behaviours
with one cause on one line are reported once, in one result that names them all. The level of a
result depends on how sure the hit is and on whether the difference can harm a program that ran
before: *error* (certain), *warning* (likely), *note* (possible, or harmless).
"""

from __future__ import annotations

import functools
import hashlib
import os
from pathlib import Path
from typing import Dict, List, NamedTuple, Tuple
from urllib.parse import quote

from torch_history.code.hits import Hit, Level
from torch_history.escaping import one_line
from torch_history.publish import markdown, report
from torch_history.publish.report import Found, Report
from torch_history.records.store import Json

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
PLACES = 3  # of a difference that a message shows
RANKS = ("error", "warning", "note")
# Level has its members in order, the surest first.
_RANK = dict(zip(Level, RANKS))
_PRECISION = dict(zip(Level, ("very-high", "medium", "low")))


class Result(NamedTuple):
    """A hit, before the hits with one cause on one line are joined."""

    shared: Tuple[object, ...]  # the line and its causes: results that share it are joined
    found: Found
    hit: Hit
    line: int  # in the file, for a notebook too
    fingerprint: str
    others: Tuple[str, ...] = ()  # behaviours of the same line and cause

    @property
    def rank(self) -> str:
        """``error``, ``warning`` or ``note``."""
        return _rank(self.found, self.hit.level)


def log(told: Report, faults: List[str]) -> Json:
    """The log of a report that was narrowed to code.

    ``faults`` are the lines about files that could not be read.
    """
    base = _repository(Path.cwd())
    # A process may make several logs, and files may change between them.
    _lines.cache_clear()
    results = _joined([result for found in told.found for result in _results(found)])
    # A behaviour whose results were all joined into others needs no rule.
    rules = [found for found in told.found if any(one.found is found for one in results)]
    places = {found.behaviour.id: index for index, found in enumerate(rules)}
    answer = told.answer
    run: Json = {
        "tool": {
            "driver": {
                "name": "torch-training-spec",
                "shortDescription": {
                    "text": "Where the source depends on what differs between two torch releases."
                },
                "rules": [_rule(found, told) for found in rules],
            }
        },
        "automationDetails": {
            "id": f"torch-training-spec/{answer.before.asked}-{answer.after.asked}"
        },
        "invocations": [
            {
                # A file that cannot be parsed is a warning: the other files were read.
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {"level": "warning", "message": {"text": one_line(line)}}
                    for line in [*report.caveats(told), *faults]
                ],
            }
        ],
        "originalUriBaseIds": {
            # Without a uri: the path on this machine means nothing to the host that shows the log.
            "%SRCROOT%": {"description": {"text": "the root of the repository"}}
        },
        "columnKind": "unicodeCodePoints",
        "results": [
            {"ruleIndex": places[one.found.behaviour.id], **_as_json(one, told, base)}
            for one in results
        ],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(found: Found, told: Report) -> Json:
    behaviour, level = found.behaviour, found.hits[0].level
    answer = told.answer
    words = " ".join((behaviour.docstring or behaviour.claim).replace("``", "`").split())
    lines = [*_changed(found, told), *_notes(found)]
    command = report.reproduction(behaviour, answer.before.asked, answer.after.asked)
    rule: Json = {
        "id": behaviour.id,
        "shortDescription": {"text": behaviour.claim},
        "fullDescription": {"text": words},
        "help": {
            "text": "\n".join([words, *lines]),
            "markdown": "\n\n".join(
                [
                    markdown.text(words),
                    *(f"- {markdown.text(line)}" for line in lines),
                    f"To see it yourself:\n\n```sh\n{command}\n```",
                ]
            ),
        },
        "defaultConfiguration": {"level": _rank(found, level)},
        "properties": {
            "tags": ["torch", behaviour.chapter, found.kind.slug],
            "precision": _PRECISION[level],
        },
    }
    if behaviour.page:
        rule["helpUri"] = behaviour.page
    return rule


def _results(found: Found) -> List[Result]:
    """A result for each hit."""
    changes = found.difference.changes
    # Once each: the parts of one change have markers of their own.
    causes = dict.fromkeys(f"{one.version}: {one.cause_in_words}" for one in changes if one.cause)
    name = found.behaviour.id
    seen: Dict[str, int] = {}
    results = []
    for hit in found.hits:
        line, words = _place(hit)
        # The words of the line and not its number, so that a host knows the result again when lines
        # move. The same line twice in a file is two results, so like lines are counted.
        same = f"{name} {hit.file} {words}"
        seen[same] = seen.get(same, -1) + 1
        # Without a known cause, nothing says that two behaviours have the same one.
        shared = (hit.file, hit.cell, hit.line, *(causes or [name]))
        fingerprint = _digest(name, words, str(seen[same]))
        results.append(Result(shared, found, hit, line, fingerprint))
    return results


def _joined(results: List[Result]) -> List[Result]:
    """The results, with those of one line and the same causes joined.

    The one with the highest level stays, the first of several, and names the others.
    """
    together: Dict[Tuple[object, ...], List[Result]] = {}
    for result in sorted(results, key=lambda one: RANKS.index(one.rank)):
        together.setdefault(result.shared, []).append(result)
    return [
        first._replace(others=tuple(dict.fromkeys(other.found.behaviour.id for other in others)))
        for first, *others in together.values()
    ]


def _as_json(result: Result, told: Report, base: Path) -> Json:
    found, hit = result.found, result.hit
    changed = _changed(found, told)
    claim = f"{found.behaviour.claim.capitalize()}: {changed[0]}"
    sentences = " ".join(f"{line}." for line in (claim, *changed[1:2], *_notes(found)))
    cell = f", cell {hit.cell}, line {hit.line}" if hit.cell else ""
    text = f"{hit.level.value.capitalize()}{cell}: {hit.why}. {sentences}"
    if result.others:
        text += f" Of the same cause: {', '.join(result.others)}."
    return {
        "ruleId": found.behaviour.id,
        "level": result.rank,
        "message": {"text": text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _artifact(hit.file, base),
                    "region": {"startLine": result.line},
                }
            }
        ],
        "partialFingerprints": {"behaviourAndLine/v1": result.fingerprint},
        "properties": {"certainty": hit.level.value, "kind": found.kind.slug},
    }


def _rank(found: Found, level: Level) -> str:
    # However sure the hit, what cannot harm a program must not fail a check that counts errors.
    return _RANK[level] if found.kind.hurts else "note"


def _changed(found: Found, told: Report) -> List[str]:
    """The kind, and ``torch 2.5: 1; torch 2.6: 2``: the first places of a difference."""
    before, after = told.answer.before.asked, told.answer.after.asked
    lines = report.lines_of_change(found.difference.cases, 120)[:PLACES]
    return [
        found.kind.words,
        *(f"torch {before}: {one}; torch {after}: {other}" for one, other in lines),
    ]


def _notes(found: Found) -> List[str]:
    """Why it changed, and what to do."""
    notes = []
    for change in found.difference.changes:
        notes += [change.sentence, *([f"What to do: {change.advice}"] if change.advice else [])]
    return notes + ([f"Not certain: {found.difference.doubt}"] if found.difference.doubt else [])


def _repository(folder: Path) -> Path:
    """The root of the git repository around a folder, or the folder itself if there is none."""
    # `exists`, because in a worktree or a submodule `.git` is a file.
    parents = (folder, *folder.parents)
    return next((one for one in parents if (one / ".git").exists()), folder).resolve()


def _artifact(file: str, base: Path) -> Json:
    path = Path(file).resolve()
    try:
        relative = path.relative_to(base).as_posix()
    except ValueError:  # outside the repository
        return {"uri": path.as_uri()}
    # As bytes: `quote` raises for a name that is not UTF-8, which Python holds as surrogates.
    return {"uri": quote(os.fsencode(relative)), "uriBaseId": "%SRCROOT%"}


@functools.lru_cache(maxsize=64)
def _lines(file: str) -> Tuple[str, ...]:
    return tuple(Path(file).read_text(encoding="utf-8", errors="replace").split("\n"))


def _place(hit: Hit) -> Tuple[int, str]:
    """The line of a hit in its file, and the words of that line.

    Jupyter writes each line of a cell on a line of its own. In a notebook that is formatted in
    another way, a hit is on line 1.
    """
    lines, line = _lines(hit.file), hit.line
    if hit.cell:
        opened = ('"source": [', '"source": []', '"source": [],')
        starts = [number for number, text in enumerate(lines, start=1) if text.strip() in opened]
        count = sum(text.lstrip().startswith('"cell_type": ') for text in lines)
        # If a cell is laid out otherwise, the lists do not correspond, and a line would be a guess.
        # SARIF counts lines from 1.
        line = starts[hit.cell - 1] + line if 0 < len(starts) == count else 1
    # The file may have become shorter since it was scanned.
    return line, lines[line - 1].strip() if line <= len(lines) else ""


def _digest(*parts: str) -> str:
    content = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()[:32]
