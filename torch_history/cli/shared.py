"""What the commands share: where they answer from, the list of commands, common options."""

from __future__ import annotations

import functools
import importlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, TypeVar

import rich_click as click

from torch_history.errors import HistoryError
from torch_history.escaping import in_json

if TYPE_CHECKING:  # else every command would load msgspec and all of the catalogue
    from torch_history.catalogue.index import Index
    from torch_history.surface.files import Texts
    from torch_history.surface.index import Index as Surface

NAME = "torch-history"
Function = TypeVar("Function", bound=Callable[..., Any])

# groups of commands in --help, each command with its line; a command stands in the file of its name
COMMANDS: Dict[str, Dict[str, str]] = {
    "Ask": {
        "diff": "What differs between two versions, the most harmful first",
        "upgrade": "What the newest recorded torch changes for a repository",
        "fix": "Rewrite source so that it does the same under the newer torch",
        "find": "The behaviours that words or a pasted message lead to",
        "coverage": "Which names of torch are specified, and which of those that code uses are not",
        "show": "One behaviour or one name of torch: its history and every change",
        "list": "The behaviours",
        "versions": "The releases, and what is verified of each",
        "interchange": "Which release reads the checkpoints that which release wrote",
        "export": "Everything recorded, as one JSON file for other programs",
    },
    "Test": {
        "run": "Whether a program gives the same under another release, and where it parts",
        "verify": "Run the specification on the torch of this environment",
    },
    "Time": {
        "bench": "Whether the training step is slower in one release than in another",
        "growth": "How a training step's time grows with the batch and the width",
    },
    "Publish": {
        "page": "The records as a static site",
        "docs": "The documents in docs/ that are written from the records",
        "claims": "What the articles say, with the verdict of the records",
        "benchmarks": "What the committed benchmark runs say",
    },
    "Maintain": {
        "check": "Lint the tests' metadata, the records and the manifests",
        "new": "The skeleton of a behaviour's test",
        "record": "Record what is new or edited, on every release",
        "rename": "Let a record follow its renamed test",
        "merge": "Enter run files of other machines into the records",
        "completion": "A completion script for your shell",
    },
}
HELP = click.RichHelpConfiguration(
    theme="default-nu",
    commands_before_options=True,
    command_groups={
        NAME: [{"name": name, "commands": list(commands)} for name, commands in COMMANDS.items()]
    },
)


class Here:
    """Where a command answers from."""

    def __init__(self, asked: Optional[Path]):
        self.asked = asked

    @functools.cached_property
    def root(self) -> Path:
        """The folder: the one asked for, else this checkout, else the package's data."""
        from torch_history.catalogue import index

        return index.home(self.asked).resolve()

    @functools.cached_property
    def index(self) -> Index:
        """The index of the folder."""
        from torch_history.catalogue import index

        return index.of(self.root)

    @functools.cached_property
    def surface(self) -> Surface:
        """The surface of the folder."""
        from torch_history.surface import index

        return index.of(self.root)

    @functools.cached_property
    def annotations(self) -> Dict[str, Texts]:
        """The timelines of the annotations of the surface."""
        from torch_history.surface import index

        return index.types(self.root)

    @property
    def checkout(self) -> Path:
        """The folder, for a command that works on a checkout.

        Raises HistoryError where it is none.
        """
        if not (self.root / "spec").is_dir():
            raise HistoryError(
                f"{self.root}: no such folder as {self.root / 'spec'}: run this in a checkout of "
                "torch-training-spec, or name it with --root"
            )
        # The data of a wheel has spec/ too, but no tox.ini.
        if not (self.root / "tox.ini").exists():
            raise HistoryError(
                "this command works on a checkout of torch-training-spec: run it there, "
                "or name it with --root"
            )
        return self.root


here = click.make_pass_decorator(Here)


class ClosedPipeError(Exception):
    """Whoever read the output has gone, as in ``| head``."""


class Commands(click.RichGroup):
    """A group that imports a command's file when the command is asked for."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Where a pipe is closed, click itself would exit with 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ClosedPipeError from None

    def list_commands(self, ctx: click.Context) -> List[str]:
        """Every command, in the order of --help."""
        return [name for group in COMMANDS.values() for name in group]

    def get_command(self, ctx: click.Context, cmd_name: str) -> Optional[click.Command]:
        """The command of a name."""
        # Before the import: `shared` and `timing` are modules of this folder, and no commands.
        if cmd_name not in self.list_commands(ctx):
            return None
        # One command's file alone, so that a command waits only for the packages that it needs.
        module = importlib.import_module(f"torch_history.cli.{cmd_name}")
        command: click.Command = module.command
        return command


def command(name: str, **settings: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """A command of a name; its first line in --help is the one of COMMANDS."""
    line = next(group[name] for group in COMMANDS.values() if name in group)
    context = {"help_option_names": ["-h", "--help"], "rich_help_config": HELP}
    return click.command(name, short_help=line, context_settings=context, **settings)


def filters(function: Function) -> Function:
    """The options that narrow an answer to chapters and APIs."""
    for option in (
        click.option(
            "--chapter",
            "chapters",
            multiple=True,
            metavar="NAME",
            help="Only this chapter (repeatable).",
        ),
        click.option(
            "--api",
            "apis",
            multiple=True,
            metavar="NAME",
            help="Only this API or what it contains, as torch.optim (repeatable).",
        ),
    ):
        function = option(function)
    return function


device = click.option(
    "--device", default="cpu", show_default=True, metavar="DEVICE", help="The device."
)


# What answers that have no other form than these take.
text_or_json = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: for other programs.",
)


def check_reads_source(what: str) -> None:
    """Raise HistoryError where this Python is too old to read source."""
    # The scan uses ast.unparse, which is new in Python 3.9. The rest of the package runs on 3.8.
    if sys.version_info < (3, 9):
        raise HistoryError(f"{what}: reading source needs Python 3.9 or newer")


def print_json(data: object) -> None:
    """Print JSON on the output."""
    click.echo(in_json(json.dumps(data, indent=1, ensure_ascii=False)))


def write_or_print(root: Path, name: str, page: str, write: bool) -> int:
    """Write a page into the checkout, or print it."""
    if write:
        from torch_history.records import store

        store.write_text(root / name, page)
    else:
        # Without one more newline, so that `> FILE` gives the same bytes as --write.
        click.echo(page, nl=False)
    return 0
