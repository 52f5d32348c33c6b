"""``torch-history new behaviour``."""

from __future__ import annotations

import re
from collections import Counter
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Dict, List, Optional, Tuple

import rich_click as click

from torch_history.cli.shared import COMMANDS, HELP, Here, here
from torch_history.errors import HistoryError

if TYPE_CHECKING:  # else `--help` would load msgspec and all of the catalogue
    from torch_history.catalogue import skeleton
    from torch_history.catalogue.behaviour import Behaviour

_CONTEXT = {"help_option_names": ["-h", "--help"], "rich_help_config": HELP}


@click.command("behaviour", short_help="The test of a behaviour", context_settings=_CONTEXT)
@click.argument("chapter")
@click.argument("name")
@click.option(
    "--subject",
    metavar="STEM",
    help="The module: test_STEM.py of the chapter, new or not. By default the one whose words "
    "NAME shares most.",
)
@click.option(
    "--api", "apis", multiple=True, metavar="NAME", help="An API it is about (repeatable)."
)
@here
def behaviour(
    here: Here, chapter: str, name: str, subject: Optional[str], apis: Tuple[str, ...]
) -> int:
    """Write the skeleton of a behaviour's test, and say which commands come next.

    CHAPTER is a folder of spec/. NAME is the claim, as sgd_skips_a_gradient_of_none. The test fails
    until you write its act.
    """
    # Before the import: outside a checkout, a package to install would be the wrong advice.
    root = here.checkout
    from torch_history.catalogue import skeleton
    from torch_history.questions import subjects

    known = here.index.known()
    _check_chapter(root, known, chapter)
    _check_name(root, known, chapter, name)
    for api in apis:
        _check_api(known, api)
    if subject is None:
        subject = subjects.nearest(name, subjects.subjects(root, chapter, known.values()))
    elif not skeleton.NAME.fullmatch(subject):
        raise HistoryError(f"--subject {subject!r}: write lower-case words joined by _")
    new = skeleton.Skeleton(chapter, name, subject, apis, _page(known, apis))
    written = skeleton.write(root, new)
    for line in _told(root, new, written):
        click.echo(line)
    return 0


command = click.RichGroup(
    name="new",
    commands=[behaviour],
    help="Start something new in a checkout.",
    short_help=COMMANDS["Maintain"]["new"],
    context_settings=_CONTEXT,
)


def _check_chapter(root: Path, known: Dict[str, Behaviour], chapter: str) -> None:
    from torch_history.questions import naming

    introduced = [path.parent.name for path in sorted(root.glob("spec/*/__init__.py"))]
    there = list(dict.fromkeys([*(one.chapter for one in known.values()), *introduced]))
    if chapter not in there:
        meant = naming.misspelt(chapter, there)
        hint = f"did you mean {meant}?" if meant else f"choose from {', '.join(there)}"
        raise HistoryError(f"CHAPTER {chapter!r}: no such chapter: {hint}")


def _check_name(root: Path, known: Dict[str, Behaviour], chapter: str, name: str) -> None:
    """Raises HistoryError for a name that is no claim, or whose id is taken."""
    from torch_history.catalogue import skeleton
    from torch_history.records import store

    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    plain = re.sub(r"^(test_)+", "", plain)
    if name != plain or not skeleton.NAME.fullmatch(name) or "_" not in name:
        example = plain if "_" in plain else "sgd_adds_weight_decay"
        raise HistoryError(
            f"NAME {name!r}: write the claim in lower-case words joined by _, as {example}"
        )
    if len(name) > skeleton.LONGEST_CLAIM:
        raise HistoryError(
            f"NAME {name!r}: has {len(name)} characters: use at most {skeleton.LONGEST_CLAIM}"
        )
    asked = f"{chapter}.{name}"
    if asked in known:
        one = known[asked]
        raise HistoryError(f"NAME {name!r}: {one.file}:{one.line} has this id: choose another")
    for one in known.values():
        if asked in one.former:
            raise HistoryError(f"NAME {name!r}: is a former id of {one.id}: choose another")
    record = store.path_of(root / "spec", asked)
    if record.exists():
        raise HistoryError(f"NAME {name!r}: {record} has no test: remove it, or choose another")


def _check_api(known: Dict[str, Behaviour], api: str) -> None:
    from torch_history.catalogue import skeleton
    from torch_history.questions import naming

    if not skeleton.API.fullmatch(api):
        meant = [*naming.named(naming.apis(known.values()), api), "torch.optim.SGD"][0]
        raise HistoryError(f"--api {api!r}: write the whole name, as {meant}")


def _page(known: Dict[str, Behaviour], apis: Tuple[str, ...]) -> Optional[str]:
    """The documentation page of the first API: the one that its other behaviours name most."""
    from torch_history.catalogue.behaviour import PAGES

    if not apis:
        return None
    pages = Counter(one.page for one in known.values() if one.page and one.api[:1] == [apis[0]])
    if not pages:
        return f"generated/{apis[0]}"
    address = pages.most_common(1)[0][0]
    return address[len(PAGES) : -len(".html")]


def _told(root: Path, new: skeleton.Skeleton, written: skeleton.Written) -> List[str]:
    first, *others = written.files
    api = "" if new.api else "name the APIs in its marker, "
    return [
        f"{first}:{written.line}: {new.id} written",
        *(f"{file}: written" for file in others),
        f"Now {api}write the docstring and the act, and delete the line with pytest.fail. Then:",
        f"  python -m pytest --observed {new.node}",
        f"  torch-history record {_release(root)} {new.id}",
        "  torch-history check",
    ]


def _release(root: Path) -> str:
    """Where it can be recorded: in this Python if its torch is a recorded one, else the newest."""
    from torch_history.catalogue import releases

    matrix, installed = releases.releases(root), torch_here()
    line = [one.key for one in matrix.values() if one.patch == installed]
    return f"--here {line[0]}" if line else f"--release {list(matrix)[-1]}"


def torch_here() -> str:
    """The version of this Python's torch; empty without one."""
    try:
        # The metadata is enough: importing torch takes seconds.
        return metadata.version("torch")
    except metadata.PackageNotFoundError:
        return ""
