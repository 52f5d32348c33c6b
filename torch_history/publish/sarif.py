"""SARIF: what ``diff --code`` found as a SARIF 2.1.0 log, which code hosts show on the lines of a change.

A rule for each behaviour that has a result, and a result for each hit; those of one line and one cause are one result, which names the
others. How a result ranks follows from how sure the hit is and whether the difference can harm a program that ran before: *error*
(certain), *warning* (likely), *note* (possible, or harmless).
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Dict, List, Tuple
from urllib.parse import quote

from torch_history.publish import report
from torch_history.publish.differences import HURTS
from torch_history.questions.kinds import KINDS

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
RANKS = {"certain": "error", "likely": "warning", "possible": "note"}
PRECISION = {"certain": "very-high", "likely": "medium", "possible": "low"}
PLACES = 3  # of a difference that are told


def log(data: dict, faults: List[str]) -> dict:
    """The log of an answer with hits (``report.touched``); ``faults`` are the lines on files that could not be read."""
    base = _repository(Path.cwd())
    _lines.cache_clear()
    _artifact.cache_clear()
    results = _joined(
        [
            result
            for difference in data["differences"]
            for result in _results(difference, data, base)
        ]
    )
    told = [
        difference
        for difference in data["differences"]
        if difference["id"] in {result["ruleId"] for result in results}
    ]
    places = {difference["id"]: index for index, difference in enumerate(told)}
    pair = f"{data['from']['version']}-{data['to']['version']}"
    run = {
        "tool": {
            "driver": {
                "name": "torch-training-spec",
                "shortDescription": {
                    "text": "What torch does differently in two releases, where the source can meet it."
                },
                "rules": [_rule(difference, data) for difference in told],
            }
        },
        "automationDetails": {"id": f"torch-training-spec/{pair}"},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {"level": "warning", "message": {"text": line}}
                    for line in [*report.caveats(data), *faults]
                ],
            }
        ],
        "originalUriBaseIds": {
            "%SRCROOT%": {"description": {"text": "the root of the repository"}}
        },
        "columnKind": "unicodeCodePoints",
        "results": [{"ruleIndex": places[result["ruleId"]], **result} for result in results],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(difference: dict, data: dict) -> dict:
    level = difference["hits"][0]["level"]
    words = " ".join((difference["description"] or difference["claim"]).replace("``", "`").split())
    rule = {
        "id": difference["id"],
        "shortDescription": {"text": difference["claim"]},
        "fullDescription": {"text": words},
        "help": {
            "text": "\n".join([words, *_told(difference, data), *_notes(difference)]),
            "markdown": "\n\n".join(
                [
                    words,
                    *(f"- {line}" for line in (*_told(difference, data), *_notes(difference))),
                    f"See it yourself:\n\n```sh\n{difference['reproduction']}\n```",
                ]
            ),
        },
        "defaultConfiguration": {"level": _rank(difference, level)},
        "properties": {
            "tags": ["torch", difference["chapter"], difference["kind"]],
            "precision": PRECISION[level],
        },
    }
    if difference["page"]:
        rule["helpUri"] = difference["page"]
    return rule


def _results(difference: dict, data: dict, base: Path) -> List[Tuple[tuple, dict]]:
    """Each hit's result, with what it shares with those of one line and one cause."""
    causes = [
        f"{change['version']}: {change['cause']}"
        for change in difference["changes"]
        if change["cause"]
    ]
    told = " ".join(
        f"{line}."
        for line in (
            f"{difference['claim'].capitalize()}: {_told(difference, data)[0]}",
            *_told(difference, data)[1:2],
            *_notes(difference),
        )
    )
    seen: Dict[str, int] = {}
    results = []
    for hit in difference["hits"]:
        line, words = _place(hit["file"], hit["cell"], hit["line"])
        same = f"{difference['id']} {hit['file']} {words}"  # the same line twice in a file is two results
        seen[same] = seen.get(same, -1) + 1
        cell = f", cell {hit['cell']}, line {hit['line']}" if hit["cell"] else ""
        results.append(
            (
                (hit["file"], hit["cell"], hit["line"], *(causes or [difference["id"]])),
                {
                    "ruleId": difference["id"],
                    "level": _rank(difference, hit["level"]),
                    "message": {"text": f"{hit['level'].capitalize()}{cell}: {hit['why']}. {told}"},
                    "locations": [
                        {
                            "physicalLocation": {
                                "artifactLocation": _artifact(hit["file"], base),
                                "region": {"startLine": line},
                            }
                        }
                    ],
                    "partialFingerprints": {
                        "behaviourAndLine/v1": _digest(difference["id"], words, str(seen[same]))
                    },
                    "properties": {"certainty": hit["level"], "kind": difference["kind"]},
                },
            )
        )
    return results


def _joined(results: List[Tuple[tuple, dict]]) -> List[dict]:
    """The results, of which those on one line of the same known causes are one: the first that ranks highest."""
    together: Dict[tuple, List[dict]] = {}
    for shared, result in sorted(
        results, key=lambda one: list(RANKS.values()).index(one[1]["level"])
    ):
        together.setdefault(shared, []).append(result)
    for first, *others in together.values():
        names = list(dict.fromkeys(other["ruleId"] for other in others))
        if names:
            first["message"]["text"] += f" Of the same cause: {', '.join(names)}."
    return [first for first, *_ in together.values()]


def _rank(difference: dict, level: str) -> str:
    return RANKS[level] if difference["kind"] in HURTS else "note"


def _told(difference: dict, data: dict) -> List[str]:
    """``torch 2.5: 1, torch 2.6: 2``: the first places of a difference, a line each."""
    lines = report.lines_of_change(difference, 120)
    return [
        KINDS[difference["kind"]],
        *(
            f"torch {data['from']['version']}: {before}; torch {data['to']['version']}: {after}"
            for before, after in lines[:PLACES]
        ),
    ]


def _notes(difference: dict) -> List[str]:
    """Why it changed, and what to do."""
    notes = []
    for change in difference["changes"]:
        notes += [report.cause(change)] + (
            [f"What to do: {change['advice']}"] if change["advice"] else []
        )
    return notes + ([f"Not certain: {difference['doubt']}"] if difference["doubt"] else [])


def _repository(folder: Path) -> Path:
    """The root of the git repository that a folder stands in, or else the folder."""
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)


@functools.lru_cache(maxsize=256)
def _artifact(file: str, base: Path) -> Dict[str, str]:
    path = Path(file).resolve()
    try:
        return {"uri": quote(path.relative_to(base.resolve()).as_posix()), "uriBaseId": "%SRCROOT%"}
    except ValueError:  # outside the repository
        return {"uri": path.as_uri()}


@functools.lru_cache(maxsize=64)
def _lines(file: str) -> Tuple[str, ...]:
    return tuple(Path(file).read_text(encoding="utf-8", errors="replace").splitlines())


def _place(file: str, cell: object, line: int) -> Tuple[int, str]:
    """The line of a hit in its file, and that line's words.

    A notebook as Jupyter writes it has a line of its own for each line of its cells; where it is written otherwise, a hit is on line 1.
    """
    lines = _lines(file)
    if cell:
        starts = [
            number
            for number, text in enumerate(lines, start=1)
            if text.strip() in ('"source": [', '"source": []', '"source": [],')
        ]
        count = sum(text.lstrip().startswith('"cell_type": ') for text in lines)
        line = starts[cell - 1] + line if 0 < len(starts) == count else 1
    return line, lines[line - 1].strip() if line <= len(lines) else ""


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
