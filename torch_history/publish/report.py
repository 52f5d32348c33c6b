"""Report: an answer as JSON (its schema is ``difference.schema.json``), Markdown, or a table on a terminal."""

from __future__ import annotations

import functools
import os
from typing import Any, Dict, Iterator, List, Optional, Tuple

from torch_history import versions
from torch_history.catalogue.source import Behaviour
from torch_history.questions.kinds import KINDS
from torch_history.questions.query import Answer, Difference, Entry, Side

FORMAT = 1
LEVELS = ("certain", "likely", "possible")  # of a hit in the reader's source
POSSIBLE = "Only possible: the object is unknown, or more than the call decides"


# ---- JSON


def as_json(answer: Answer) -> dict:
    """The answer as plain data."""
    counts = {
        kind: sum(difference.kind == kind for difference in answer.differences) for kind in KINDS
    }
    return {
        "format": FORMAT,
        "from": _side(answer.before),
        "to": _side(answer.after),
        "device": answer.device,
        "compared": answer.compared,
        "counts": {kind: count for kind, count in counts.items() if count},
        "differences": [_difference(difference, answer) for difference in answer.differences],
        "unknown": [unknown._asdict() for unknown in answer.unknown],
        "changed_and_changed_back": answer.returned,
    }


def _side(side: Side) -> dict:
    return {
        "version": side.asked,
        "release": side.release,
        "run": side.verified,
        "neighbours": side.neighbours,
    }


def _entry(held: Entry) -> dict:
    return {
        "since": held.since,
        **{part: value for part, value in held.observation.items() if part != "digest"},
    }


def _difference(difference: Difference, answer: Answer) -> dict:
    behaviour = difference.behaviour
    return {
        "id": behaviour.id,
        "chapter": behaviour.chapter,
        "kind": difference.kind,
        "claim": behaviour.claim,
        "description": behaviour.docstring,
        "api": behaviour.api,
        "page": behaviour.page,
        "article": behaviour.article,
        "test": behaviour.node,
        "cases": cases(difference),
        "changes": [
            {name: value for name, value in change._asdict().items() if name != "unless"}
            for change in difference.changes
        ],
        "doubt": difference.doubt,
        "reproduction": reproduction(behaviour, answer.before.asked, answer.after.asked),
    }


def cases(difference: Difference) -> List[dict]:
    """The snapshots that differ, with the entries of both sides."""
    return [
        {"case": case.name, "before": _entry(case.before), "after": _entry(case.after)}
        for case in difference.cases
    ]


def reproduction(behaviour: Behaviour, *asked: str) -> str:
    """A line to paste into a shell: it prints what each of the versions does."""
    environments = ",".join(f"torch{versions.line(version)}" for version in asked)
    return f"tox run -e {environments} -- {behaviour.node} --observed"


def touched(data: dict, hits: Dict[str, list], files: int, level: str) -> dict:
    """The answer with the differences that the reader's source can meet alone, each with its hits (``history/code/scan.py``).

    Those that it possibly meets come last; ``level`` is the least sure that was asked for.
    """
    order = list(KINDS)
    differences = [
        {**one, "hits": [hit._asdict() for hit in hits[one["id"]]]}
        for one in data["differences"]
        if one["id"] in hits
    ]
    differences.sort(
        key=lambda one: (
            only_possible(one),
            order.index(one["kind"]),
            LEVELS.index(one["hits"][0]["level"]),
        )
    )
    counts = {kind: sum(one["kind"] == kind for one in differences) for kind in KINDS}
    return {
        **data,
        "differences": differences,
        "counts": {kind: count for kind, count in counts.items() if count},
        "code": {
            "files": files,
            "level": level,
            "untouched": len(data["differences"]) - len(differences),
        },
    }


def only_possible(data: dict) -> bool:
    """Whether a difference has hits, and none that is certain or likely."""
    return "hits" in data and data["hits"][0]["level"] == LEVELS[-1]


def lines_of_hits(data: dict, most: int) -> List[str]:
    """``certain: train.py:12: opt is torch.optim.Adam since line 3; zero_grad() without set_to_none``; one possible hit at most."""
    hits = data.get("hits", [])
    shown = [hit for hit in hits if hit["level"] != LEVELS[-1]][:most] or hits[:1]
    lines = [
        f"{hit['level']}: {hit['file']}:{'cell ' + str(hit['cell']) + ':' if hit['cell'] else ''}{hit['line']}: {hit['why']}"
        for hit in shown
    ]
    left = [hit["level"] for hit in hits[len(shown) :]]
    counts = [f"{left.count(level)} more {level}" for level in LEVELS if level in left]
    return lines + [f"and {', '.join(counts)}" for _ in counts[:1]]


def _place(data: dict) -> str:
    """Where a difference is only possible: ``train.py:12: opt is not known; ...; and 2 more possible``."""
    return "; ".join(lines_of_hits(data, 1)).partition(": ")[2]


# ---- what changed, as text


def changed(before: dict, after: dict) -> List[Tuple[str, str, str]]:
    """The places where two recorded observations differ: where, before, after."""
    found = []
    if "raised" in before or "raised" in after:
        if before.get("raised") != after.get("raised"):
            found.append(("", outcome(before), outcome(after)))
    else:
        found.extend(_leaves("", before["value"], after["value"]))
    if before.get("warned") != after.get("warned"):
        found.append(("warns", warnings(before), warnings(after)))
    return found


def _leaves(path: str, before: Any, after: Any) -> Iterator[Tuple[str, str, str]]:
    if before == after and repr(before) == repr(after):  # the order of keys is a fact too
        return
    both_dicts = isinstance(before, dict) and isinstance(after, dict)
    if (
        both_dicts
        and not any(name.startswith("$") for name in (*before, *after))
        and set(before) & set(after)
    ):
        if set(before) == set(after) and list(before) != list(after):
            yield f"{path} in the order".strip(), ", ".join(before), ", ".join(after)
        for name in {**before, **after}:
            yield from _leaves(
                f"{path}.{name}" if path else name, before.get(name, ...), after.get(name, ...)
            )
    else:
        told = text(before), text(after)
        yield (
            path,
            *(told if told[0] != told[1] else (text(before, exact=True), text(after, exact=True))),
        )


def outcome(observation: dict) -> str:
    """What an observation returned or raised, on one line."""
    if "raised" in observation:
        return f"raises {observation['raised']['type']}: {observation['raised']['message']}"
    return text(observation["value"])


def warnings(observation: dict) -> str:
    return (
        "; ".join(
            f"{warning['category']}: {warning['message']}"
            for warning in observation.get("warned", ())
        )
        or "nothing"
    )


def text(value: Any, exact: bool = False) -> str:
    """An encoded value as a person writes it: ``[[1.0, 2.0]]``, ``{'lr': 0.1}``, ``(1, 2)``; exact: tensors with dtype and shape."""
    told = functools.partial(text, exact=exact)
    if value is ...:
        return "absent"
    if isinstance(value, list):
        return f"[{', '.join(map(told, value))}]"
    if isinstance(value, dict):
        if "$tensor" in value:
            if exact:
                return f"{value['$tensor']} {' '.join(value['rows'])}"
            rows = ["[" + row.replace(" ", ", ") + "]" for row in value["rows"]]
            shape = value["$tensor"].partition("[")[2].partition("]")[0]
            if not shape:
                return rows[0][1:-1]
            return rows[0] if len(rows) == 1 and "," not in shape else f"[{', '.join(rows)}]"
        if "$tuple" in value:
            return f"({', '.join(map(told, value['$tuple']))}{',' * (len(value['$tuple']) == 1)})"
        if "$size" in value:
            return f"Size({value['$size']})"
        if "$dict" in value:
            return (
                "{"
                + ", ".join(f"{told(name)}: {told(item)}" for name, item in value["$dict"])
                + "}"
            )
        if "$float" in value or "$dtype" in value:
            return next(iter(value.values()))
        return "{" + ", ".join(f"{name!r}: {told(item)}" for name, item in value.items()) + "}"
    return repr(value)


def short(words: str, length: int) -> str:
    words = " ".join(words.split())
    return words if len(words) <= length else words[: length - 1] + "…"


def lines_of_change(data: dict, length: int = 160) -> List[Tuple[str, str]]:
    """One difference of the JSON as lines (before, after), each with its case and place."""
    lines = []
    for case in data["cases"]:
        for where, before, after in changed(case["before"], case["after"]):
            label = " ".join(
                part for part in (case["case"] if case["case"] != "observed" else "", where) if part
            )
            label = f"{label}: " if label else ""
            lines.append(
                tuple(
                    label + short(side, length)
                    for side in _from_the_first_difference(before, after, length)
                )
            )
    return lines


def _from_the_first_difference(before: str, after: str, length: int) -> Tuple[str, str]:
    """Two texts; where one is too long to show and they begin alike, what they share is cut to its first and last words."""
    common = len(os.path.commonprefix([before, after]))
    if max(len(before), len(after)) <= length or common < length // 2:
        return before, after
    head = " ".join(before[: length // 3].split()) + " … "
    cut = common - length // 6
    return head + before[cut:], head + after[cut:]


# ---- headings that Markdown and the table share


def headline(data: dict) -> str:
    """``torch 1.13 -> 2.0 on cpu: 5 differences (4 silent value change, 1 API appeared)``."""
    counts = ", ".join(f"{count} {KINDS[kind]}" for kind, count in data["counts"].items())
    total, vague = len(data["differences"]), sum(map(only_possible, data["differences"]))
    return (
        f"torch {data['from']['version']} → {data['to']['version']} on {data['device']}: "
        f"{total or 'no'} difference{'s' * (total != 1)} in {data['compared']} behaviours"
        + (f" ({counts})" if counts else "")
        + (f", {vague} of them only possible" if vague else "")
    )


def caveats(data: dict) -> List[str]:
    """What the answer does not know, a line each."""
    lines = []
    for side in (data["from"], data["to"]):
        if not side["run"]:
            below, above = side["neighbours"]
            lines.append(
                f"{side['version']} was not run: unknown. Its recorded neighbours are {below} and {above or 'none'}; "
                f"{below} stands in for it."
            )
    reasons: Dict[Tuple[str, str], List[str]] = {}
    for unknown in data["unknown"]:
        reasons.setdefault((unknown["version"], unknown["reason"]), []).append(unknown["behaviour"])
    for (version, reason), names in reasons.items():
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        lines.append(f"unknown under {version}: {', '.join(names[:3])}{more}: {reason}")
    for behaviour in data["changed_and_changed_back"]:
        lines.append(f"changed in between, and changed back: {behaviour}")
    if "code" in data:
        count, files = data["code"]["untouched"], data["code"]["files"]
        lacking = {
            "certain": "without a certain hit",
            "likely": "without a certain or likely hit",
        }.get(data["code"]["level"], "without any hit")
        read = f"{files} file{'s' * (files != 1)}"
        lines.append(
            f"{count} other difference{'s' * (count != 1)} {lacking} in {read}"
            if count
            else f"{read} read"
        )
    return lines


def cause(change: dict) -> str:
    return f"{change['version']}: {change['text']} ({change['cause'] or 'cause unknown'})"


# ---- Markdown


def markdown(data: dict) -> str:
    """The answer as a Markdown document."""
    parts = [f"# {headline(data)}", *(f"> {line}" for line in caveats(data))]
    kind = None
    for difference in data["differences"]:
        if only_possible(difference):
            break
        if difference["kind"] != kind:
            kind = difference["kind"]
            parts.append(f"## {KINDS[kind][0].upper()}{KINDS[kind][1:]}")
        about = ", ".join(f"`{api}`" for api in difference["api"])
        page = f" · [documentation]({difference['page']})" if difference["page"] else ""
        rows = "\n".join(
            f"| {code(before)} | {code(after)} |" for before, after in lines_of_change(difference)
        )
        notes = []
        for change in difference["changes"]:
            notes.append(
                f"- {cause(change)}"
                + (f"\n- What to do: {change['advice']}" if change["advice"] else "")
            )
        if difference["doubt"]:
            notes.append(f"- Not certain: {difference['doubt']}.")
        parts.append(
            "\n\n".join(
                part
                for part in (
                    f"### `{difference['id']}`",
                    f"{difference['description'].splitlines()[0] if difference['description'] else difference['claim']}",
                    f"{about}{page}",
                    "\n".join(f"- {line}" for line in lines_of_hits(difference, 20)),
                    f"| {data['from']['version']} | {data['to']['version']} |\n|---|---|\n{rows}",
                    "\n".join(notes),
                    f"```sh\n{difference['reproduction']}\n```",
                )
                if part
            )
        )
    vague = [
        f"- `{one['id']}` ({KINDS[one['kind']]}): {_place(one)}"
        for one in data["differences"]
        if only_possible(one)
    ]
    if vague:
        parts += [f"## {POSSIBLE}", "\n".join(vague)]
    return "\n\n".join(parts) + "\n"


def code(words: str) -> str:
    """Words as code in a cell of a Markdown table."""
    return "`" + words.replace("|", "\\|").replace("`", "'") + "`"


# ---- terminal

PLACES = 3  # of a difference that the table shows
HARMFUL = ("silent", "error", "api-gone")


def table(data: dict, width: Optional[int] = None, limit: int = 0) -> None:
    """Print the answer for a person at a terminal: the first ``limit`` differences, or all (0)."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(width=width, highlight=False)
    console.print(f"[bold]{escape(headline(data))}[/bold]")
    for line in caveats(data):
        console.print(f"[yellow]{escape(line)}[/yellow]")
    if not data["differences"]:
        return
    shown = data["differences"][:limit] if limit > 0 else data["differences"]
    vague = [difference for difference in shown if only_possible(difference)]
    told = shown[: len(shown) - len(vague)]
    for kind in dict.fromkeys(difference["kind"] for difference in told):
        grid = Table(
            title=KINDS[kind],
            title_style="bold red" if kind in HARMFUL else "bold",
            title_justify="left",
            show_lines=True,
            expand=True,
        )
        for heading, ratio in (
            ("behaviour", 4),
            (data["from"]["version"], 3),
            (data["to"]["version"], 3),
        ):
            grid.add_column(heading, ratio=ratio, overflow="fold")
        for difference in told:
            if difference["kind"] == kind:
                lines = lines_of_change(difference, 100)
                more = [f"and {len(lines) - PLACES} more: see torch-history show"] * (
                    len(lines) > PLACES
                )
                grid.add_row(
                    "\n".join(_about(difference)),
                    "\n".join([*(escape(before) for before, _ in lines[:PLACES]), *more]),
                    "\n".join(escape(after) for _, after in lines[:PLACES]),
                )
        console.print(grid)
    if vague:
        grid = Table(
            title=POSSIBLE,
            title_style="bold",
            title_justify="left",
            expand=True,
            box=None,
            padding=(0, 1),
        )
        for heading, ratio in (("behaviour", 4), ("where", 6)):
            grid.add_column(heading, ratio=ratio, overflow="fold")
        for difference in vague:
            grid.add_row(escape(difference["id"]), escape(_place(difference)))
        console.print(grid)
    if len(shown) < len(data["differences"]):
        console.print(
            f"[yellow]{len(data['differences']) - len(shown)} more differences, which hurt less: --limit 0 shows all, "
            "--kind, --chapter and --api narrow them[/yellow]"
        )
    console.print("See it yourself, for example:", style="dim")
    console.print(data["differences"][0]["reproduction"], style="dim", markup=False, soft_wrap=True)


def _about(difference: dict) -> Iterator[str]:
    """What the first column of the table says of a difference: its id, why it changed, what to do."""
    from rich.markup import escape

    yield f"[bold]{escape(difference['id'])}[/bold]"
    for change in difference["changes"]:
        yield f"[dim]{escape(cause(change))}[/dim]"
        if change["advice"]:
            yield f"[green]{escape(change['advice'])}[/green]"
    for line in lines_of_hits(difference, PLACES):
        yield escape(line)
    if difference["doubt"]:
        yield f"[yellow]not certain: {escape(difference['doubt'])}[/yellow]"
