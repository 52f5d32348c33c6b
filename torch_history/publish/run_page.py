"""Run page: the answer of ``torch-history run`` as one HTML file, which needs nothing beside it.

It has no script and loads nothing, and forbids both: what a program printed is shown, never run.
"""

from __future__ import annotations

import itertools
import shlex
from pathlib import Path
from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

import jinja2
from markupsafe import Markup

from torch_history.catalogue.kinds import SLUGS
from torch_history.comparing.result import Difference, Result, Verdict
from torch_history.escaping import printable
from torch_history.publish import run_plots as plots
from torch_history.publish import run_words as words

HERE = Path(__file__).parent
TEMPLATES = HERE / "run"
# the site's style, then what this page has beside it
STYLES = (HERE / "site" / "static" / "site.css", TEMPLATES / "page.css")
MOST_LOSSES = 200  # rows of the table of losses; the JSON has all of them
# the classes of the site's style that give a mark its colour
_COLOURS = {
    Verdict.FAILS: "error",
    Verdict.OPERATION: "silent",
    Verdict.STREAM: "random",
    Verdict.DATA: "warning",
    Verdict.UNKNOWN: "warning",
    Verdict.UNSTABLE: "warning",
    Verdict.ROUNDING: "plain-mark",
    Verdict.TOLERANCE: "appeared",
    Verdict.SAME: "appeared",
}
_MARKS = {
    "value": ("operation", "silent"),
    "structure": ("operations", "silent"),
    "draw": ("random draw", "random"),
    "rounding": ("rounding", "plain-mark"),
}


class Package(NamedTuple):
    """A package, with its version on each side; empty where it is not installed."""

    name: str
    before: str
    after: str


def page(result: Result) -> str:
    """The answer as a page: light and dark, for a screen and a phone, without scripts."""
    return _environment().get_template("page.html.j2").render(**_shown(result))


def _shown(result: Result) -> Any:
    found = words.findings(result.differences)
    packages = list(_packages(result))
    return {
        "result": result,
        "releases": words.releases(result),
        "backwards": words.backwards(result),
        "style": Markup("\n".join(path.read_text(encoding="utf-8") for path in STYLES)),  # our own
        "label": words.LABELS[result.verdict],
        "colour": _COLOURS[result.verdict],
        "command": shlex.join(result.command),
        "facts": list(_facts(result)),
        "first": _first(result),
        "findings": found,
        "draft": any(words.unrecorded(one.first) for one in found) and not result.drafts,
        "loss_plots": [one for one in (plots.losses(result), plots.loss_distances(result)) if one],
        "losses": list(itertools.islice(_losses(result), MOST_LOSSES)),
        "backwards_made": max((len(one.losses) for one in result.curves), default=0),
        "distances": plots.parameter_distances(result),
        "heats": plots.heats(result),
        "levels": plots.levels(),
        "runs": _runs(result),
        "unequal": [one for one in packages if one.before != one.after],
        "equal": [one for one in packages if one.before == one.after],
        "made": _made(result),
        "notes": list(words.notes(result)),
        "marks": _MARKS,
        "kinds": SLUGS,
        "w": words,
    }


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        # Before the escaping: control characters and those that turn text around are shown.
        finalize=lambda value: value if isinstance(value, Markup) else printable(value),
    )


def _facts(result: Result) -> Iterator[Tuple[str, str]]:
    """The verdict's figures: what, and how much."""
    parted, differing = words.parted(result), words.differing(result)
    jittered = words.farthest(result, "jitter")
    if parted:
        yield "first other bit", parted
    if differing:
        yield "losses", differing
    if jittered is not None:
        yield "rounding alone", f"leads to {words.percent(jittered)} (an ulp of jitter)"
    if result.forced:
        yield "one step alone", words.forced(result)
    steps = min(result.before.steps, result.after.steps)
    yield "compared", words.counted(steps, "optimizer step")


def _first(result: Result) -> Optional[Difference]:
    """The first place where the runs part: by more than rounding, else by rounding."""
    found = result.differences or result.rounding
    return min(found, key=lambda one: (one.mark, words.HARM.index(one.kind)), default=None)


def _losses(result: Result) -> Iterator[Tuple[int, List[str]]]:
    """Each backward with the loss of each run."""
    columns = [one.losses for one in result.curves]
    for number, row in enumerate(itertools.zip_longest(*columns), 1):
        yield number, ["" if value is None else f"{value:.9g}" for value in row]


def _runs(result: Result) -> List[Tuple[str, str, str]]:
    """What is known of both runs, a row for each fact."""
    sides = (result.before, result.after)
    rows = [(name, *(of(one) for one in sides)) for name, of in _ABOUT.items()]
    return [row for row in rows if any(row[1:])]


_ABOUT: Any = {
    "torch": lambda run: run.torch,
    "Python": lambda run: run.python,
    "time": lambda run: words.seconds(run.seconds),
    "of it, tracing": lambda run: words.seconds(run.tracing),
    "optimizer steps": lambda run: f"{run.steps:,}",
    "stopped by": lambda run: f"--{run.stopped}" if run.stopped else "",
    "exit status": lambda run: str(run.status),
    "seeds itself": lambda run: ", ".join(run.seeded),
    "worker processes, not traced": lambda run: str(run.workers or ""),
}


def _packages(result: Result) -> Iterator[Package]:
    before, after = (run.packages or {} for run in (result.before, result.after))
    for name in sorted({*before, *after} - {"torch"}, key=str.lower):
        yield Package(name, before.get(name, ""), after.get(name, ""))


def _made(result: Result) -> List[Tuple[str, str]]:
    """The runs that the answer is made from, with their times."""
    before, after = words.releases(result)
    told = {
        **dict(plots.labels(result)),
        "followed": f"followed: {after}, each operation given what {before} gave it",
        "forced jitter": f"forced jitter: {before} with an ulp of jitter, step by step",
        "control 2": f"control 2: {before} once more, for a later step",
        "followed 2": "followed 2: like followed, for a later step",
    }
    return [(told.get(one.what, one.what), words.seconds(one.seconds)) for one in result.made]
