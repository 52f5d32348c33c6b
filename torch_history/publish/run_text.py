"""Run text: the answer of ``torch-history run`` as lines that can be clicked and piped."""

from __future__ import annotations

from typing import Iterator, Sequence, Tuple

from torch_history.comparing.result import Raised, Result, Seen, Warned
from torch_history.escaping import one_line
from torch_history.publish import run_words as words
from torch_history.publish.run_words import Finding

MOST = 10  # findings, and warnings of a kind, that are told one by one


def lines(result: Result, limit: int = MOST) -> Iterator[str]:
    """The lines of an answer: the most harmful first, then the verdict, a total and the notes.

    At most ``limit`` findings are told, and as many warnings; 0 stands for all.
    """
    for line in _lines(result, limit):
        indent = line[: len(line) - len(line.lstrip(" "))]
        yield indent + one_line(line)


def _lines(result: Result, limit: int) -> Iterator[str]:
    yield from _endings(result)
    found = words.findings(result.differences)
    shown = found[:limit] if limit else found
    for one in shown:
        yield from _finding(one, result)
    if len(shown) < len(found):
        yield f"{len(found) - len(shown)} less harmful ones are not shown."
    yield from _rounding(result)
    yield from _warnings(result, limit)
    parts = (words.also(result), words.taped(result), words.bisected(result))
    yield " ".join(filter(None, (f"Verdict: {_ended(result.words)}", *parts)))
    yield words.total(result)
    yield from result.drafts
    if any(words.unrecorded(one.first) for one in found) and not result.drafts:
        yield (
            "Not in the records: the same command with --draft FOLDER writes the test of a "
            "behaviour for it."
        )
    yield from (f"Note: {note}" for note in words.notes(result))


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


# ---- exceptions


def _endings(result: Result) -> Iterator[str]:
    before, after = words.releases(result)
    if result.after.raised:
        yield from _ending(result.after.raised, after, result)
    if result.before.raised:
        yield from _ending(result.before.raised, before, result)


def _ending(raised: Raised, release: str, result: Result) -> Iterator[str]:
    yield f"{words.begins(raised.at)}torch {release} {words.ending(raised)}"
    if raised.at and raised.at.text:
        yield f"    {raised.at.text}"
    if raised.behaviours:
        yield from _seen(raised.behaviours, result)
    elif words.ends_otherwise(result):
        yield "    not in the records"


# ---- differences


def _finding(found: Finding, result: Result) -> Iterator[str]:
    one = found.first
    where = words.line_of(one)
    yield f"{words.begins(where)}{words.sentence(one)}, {words.context(one)}"
    parts = [*filter(None, (*words.details(one), words.alike(found.more, one)))]
    if parts:
        yield f"    {' · '.join(parts)}"
    if one.behaviours:
        yield from _seen(one.behaviours, result)
    elif words.unrecorded(one):
        yield "    not in the records"


def _rounding(result: Result) -> Iterator[str]:
    """A line for the first operation, and one for what becomes of it."""
    told, grown = words.rounding(result), words.growth(result)
    if told:
        yield told
    if grown:
        yield f"    {grown}" if told else grown[:1].upper() + grown[1:]


def _seen(behaviours: Tuple[Seen, ...], result: Result) -> Iterator[str]:
    """The first behaviour with its change and advice, and the names of the others."""
    first, more = behaviours[0], behaviours[1 : 1 + words.NAMED]
    told = (words.change(first, words.backwards(result)), first.advice, first.cause)
    yield f"    {first.id}: {' · '.join(filter(None, told))}"
    if more:
        left = len(behaviours) - 1 - len(more)
        named = ", ".join(one.id for one in more)
        yield f"    also {named}" + (f" and {left} more" if left else "")


# ---- warnings


def _warnings(result: Result, limit: int) -> Iterator[str]:
    after = words.releases(result)[1]
    yield from _warned(result.new_warnings, f"new under {after}", result, limit)
    yield from _warned(result.gone_warnings, f"gone under {after}", result, limit)


def _warned(warnings: Sequence[Warned], when: str, result: Result, limit: int) -> Iterator[str]:
    shown = warnings[:limit] if limit else warnings
    for one in shown:
        parts = [f"{words.begins(one.at)}{when}: {words.warning(one)}"]
        for seen in one.behaviours[:1]:
            parts += [*filter(None, (seen.advice,)), seen.id]
        yield " · ".join(parts)
    if len(shown) < len(warnings):
        yield f"{len(warnings) - len(shown)} more warnings are {when}."
