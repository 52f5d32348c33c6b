"""``torch-history fix``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Iterable, Iterator, List, Optional, Sequence, Tuple

import rich_click as click

from torch_history import versions
from torch_history.cli import asking, shared
from torch_history.cli.shared import Here, here
from torch_history.errors import HistoryError
from torch_history.escaping import one_line, printable

if TYPE_CHECKING:
    from torch_history.catalogue.kinds import Kind
    from torch_history.code.fixing import Fixed
    from torch_history.code.planning import Asked, Left, Plan, Step
    from torch_history.code.rewriting import Done
    from torch_history.questions.query import Answer

# what a keyword did beside, of which nothing is left once it is removed
LOST = {"verbose": "nothing prints the learning rate any more: get_last_lr() tells it"}


@shared.command(
    "fix",
    epilog="Exit status: with --diff 1 where something is to be rewritten, else 0; with --write 0; "
    "2 for bad input. `torch-history fix ... | git apply` applies the diff. Places that a comment "
    "`# torch-history: ok[reason]` accepts are left alone.",
)
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    metavar="PATH...",
    type=click.Path(path_type=Path, exists=True),
)
@click.option(
    "--from",
    "old",
    required=True,
    metavar="VERSION|FILE",
    help="The torch that the source was written for: a version, or a file that pins it.",
)
@click.option(
    "--to",
    "new",
    metavar="VERSION|FILE",
    help="The newer torch, likewise; by default the newest recorded release.",
)
@click.option("--python", metavar="3.X", help="Of several pins in a file, only those for this one.")
@click.option(
    "--kind",
    "kinds",
    type=asking.KindList(),
    default=[],
    metavar="KIND[,KIND]",
    help="Only changes of these kinds: see `torch-history diff --help`.",
)
@click.option(
    "--level",
    type=click.Choice(["certain", "likely"]),
    default="certain",
    show_default=True,
    help="likely: rewrite also calls that are only likely this API's, and those whose data decide.",
)
@click.option(
    "--trusted",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="A source file or folder that loads only files you trust (repeatable). Only there "
    "torch.load gets weights_only=False, which lets a file run code.",
)
@click.option("--diff/--write", "diff", default=True, help="Print a diff (default), or write.")
@here
def command(
    here: Here,
    /,
    paths: Tuple[Path, ...],
    old: str,
    new: Optional[str],
    python: Optional[str],
    kinds: List[Kind],
    level: str,
    trusted: Tuple[Path, ...],
    diff: bool,
) -> int:
    """Rewrite source so that it does the same under the newer torch.

    Only what the records prove is rewritten: keywords are added to calls or removed from them, and
    each rewrite names the behaviour that shows the old behaviour under the newer torch. Other calls
    that change are left alone, with the reason.
    """
    shared.check_reads_source("fix")
    from torch_history.code import fixing
    from torch_history.code.hits import Level
    from torch_history.code.planning import Asked

    asked = Asked(Level(level), tuple(path.resolve() for path in trusted))
    answers = _answers(here, old, new, python, kinds)
    plan, faults, accepted = _plan(here, answers, paths, asked)
    files, left = fixing.fixed(plan)
    for fault in faults:
        click.echo(fault, err=True)
    for file in files:
        if diff:
            _print(file)
        else:
            fixing.write(file)
        for step, done in file.made:
            _say(_words(step, done), diff)
    _say((f"{one.place}: left alone: {one.what}: {one.why}" for one in left), diff)
    _say([_total(files, left, accepted, answers)], diff)
    return int(diff and bool(files))


def _say(lines: Iterable[str], err: bool) -> None:
    for line in lines:
        indent = len(line) - len(line.lstrip(" "))
        click.echo(" " * indent + one_line(line), err=err)


# ---- the answers


def _answers(
    here: Here, old: str, new: Optional[str], python: Optional[str], kinds: List[Kind]
) -> List[Answer]:
    """What differs, for each pair of versions. Raises HistoryError where the first is newer."""
    from torch_history.code.pins import pairs
    from torch_history.questions import query

    before, first = _side(old)
    after, second = _side(new)
    found = pairs.pair(before, after, first, second, python, here.index)
    for words in dict.fromkeys(words for one in found for words in one.words):
        click.echo(words, err=True)
    answers = [query.diff(here.index, one.before, one.after, kinds=kinds) for one in found]
    for answer in answers:
        if answer.backwards:
            raise HistoryError(
                f"--from {one_line(old)}: {answer.before.asked} is newer than "
                f"{answer.after.asked}: give the older torch with --from, the newer with --to"
            )
        for side in (answer.before, answer.after):
            if not side.verified:
                line = f"{side.asked} was not recorded: {side.release} stands in for it."
                click.echo(one_line(line), err=True)
    return answers


def _side(text: Optional[str]) -> Tuple[Optional[str], Optional[str]]:
    """A version, or else a file."""
    if text is None:
        return None, None
    try:
        versions.parse(text)
    except HistoryError:
        return None, text
    return text, None


def _plan(
    here: Here, answers: List[Answer], paths: Tuple[Path, ...], asked: Asked
) -> Tuple[Plan, List[str], int]:
    """What is to be done, the lines on files that could not be read, and what is accepted."""
    from torch_history.code import planning, proofs, scan
    from torch_history.code.hits import Level
    from torch_history.code.targets import Target, targets

    between = {
        id(target): (target, answer)
        for answer in answers
        for target in planning.rewritable(list(targets(answer)))
    }
    found = scan.scan(paths, [target for target, _ in between.values()], (), Level.LIKELY)

    def unproved(target: Target) -> Optional[str]:
        _, answer = between[id(target)]
        if target.change is None:
            return "no marker tells of it"
        pair = answer.before.asked, answer.after.asked
        return proofs.fault(here.index, target.difference.behaviour, target.change, *pair)

    return planning.plan(list(found.hits), asked, unproved), found.faults, found.accepted


# ---- what is said


def _words(step: Step, done: Done) -> Iterator[str]:
    """``train.py:31: zero_grad(set_to_none=False): as ... shows``, and what is lost."""
    change, edit = step.change, done.edit
    what = f"{done.name}({edit.keyword})"
    if edit.value is None:
        what = f"{done.name}() without {edit.name}={done.was}"
    yield (
        f"{step.hit.place}: {what}: as {change.restored_by} shows "
        f"(restores {step.target.difference.behaviour.id}, {change.version})"
    )
    if done.told:
        lost = LOST.get(edit.name, f"what {edit.name} did is gone: {change.advice}")
        yield f"    {lost}"


def _print(file: Fixed) -> None:
    from torch_history.publish import patch

    found = patch.unified(_name(file.path), file.before, file.after)
    if sys.stdout.isatty():
        for line in patch.shown(found):
            click.echo(printable(line))
    else:
        # Bytes: git needs the encoding and the line ends of the file.
        click.echo(found, nl=False)


def _name(path: Path) -> bytes:
    """A path relative to the top of the git repository, or else to the current folder."""
    here, path = Path.cwd(), path.resolve()
    tops = (one for one in (here, *here.parents) if (one / ".git").exists())
    top = next(tops, here)
    return os.fsencode(path.relative_to(top if top in path.parents else path.anchor).as_posix())


def _total(
    files: Sequence[Fixed], left: Sequence[Left], accepted: int, answers: Sequence[Answer]
) -> str:
    """``2 rewrites in 1 file, 3 places left alone, from torch 2.5 to 2.15.``."""
    made = sum(len(file.made) for file in files)
    parts = [f"{_counted(made, 'rewrite')} in {_counted(len(files), 'file')}"]
    parts.append(f"{_counted(len(left), 'place')} left alone")
    if accepted:
        parts.append(f"{accepted} accepted by a comment")
    pairs = dict.fromkeys(f"{one.before.asked} to {one.after.asked}" for one in answers)
    return f"{', '.join(parts)}, from torch {' and '.join(pairs)}."


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
