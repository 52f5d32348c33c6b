"""The command line: ``torch-history COMMAND``. A file holds a command.

Exit status: 0, or what the command says; 1 where something was found; 2 for bad input; 3 for a
fault of ours; 130 after Ctrl-C. A crash is never 1.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import io
import os
import sys
import traceback
from pathlib import Path
from typing import List, Optional

import rich_click as click

from torch_history import __version__
from torch_history.cli.shared import HELP, NAME, ClosedPipeError, Commands, Here
from torch_history.errors import HistoryError
from torch_history.escaping import one_line

# New objects before Python looks for garbage: what an answer is made of lives as long as it does.
OBJECTS = 200_000
# a package -> the extra that brings it
EXTRAS = {
    "execnet": "bench",
    "filelock": "record",
    "hypothesis": "test",
    "jinja2": "page",
    "libcst": "fix",
    "markdown_it": "page",
    "markupsafe": "page",
    "matplotlib": "bench",
    "numpy": "test",
    "packaging": "code",
    "pyflakes": "code",
    "pytest": "test",
    "syrupy": "test",
    "tomli": "code",
    "yaml": "code",
}


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "rich_help_config": HELP}
)
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="FOLDER",
    help="A checkout of torch-training-spec to answer from. By default the current folder if it "
    "is one, else the data that came with the package.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
@click.version_option(
    __version__, "-V", "--version", prog_name=NAME, message="%(prog)s %(version)s"
)
@click.pass_context
def cli(context: click.Context, root: Optional[Path], debug: bool) -> None:
    """What PyTorch does when you train, load, freeze, detach and step, release by release."""
    # `debug` is looked for in the arguments themselves: an error may come before they are parsed
    context.obj = Here(root)


def main(arguments: Optional[List[str]] = None) -> int:
    """Run a command and return its exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    gc.set_threshold(OBJECTS)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal's encoding may lack a character, and an arrow must not end a command.
            stream.reconfigure(errors="replace")
    try:
        # In standalone mode click exits with 1 after Ctrl-C. Here 1 says that something was found.
        status = cli.main(args=given, prog_name=NAME, standalone_mode=False)
        # A full disk or a closed pipe may show only now. Python's own flush comes after `main`, and
        # a failure there exits with 120. The output is None where the caller has closed it.
        if sys.stdout is not None:
            sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except SystemExit as ended:  # click's own, after completing or after help without a command
        return ended.code if isinstance(ended.code, int) else 0
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # each has its status
        return _failed(error, given)


def _failed(error: BaseException, given: List[str]) -> int:
    """Say in one line why a command ended, and return its exit status."""
    if isinstance(error, HistoryError):
        return _told(str(error))
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        _told("interrupted; nothing recorded is lost")
        return 130
    if isinstance(error, click.ClickException):
        return _told(_usage(error))
    # Any other package that is missing is a dependency or a fault of ours, and no extra brings it.
    if isinstance(error, ImportError) and (error.name or "") in EXTRAS:
        return _told(_missing(error))
    if isinstance(error, (BrokenPipeError, ClosedPipeError)):  # `| head`
        _drop_output()
        return 0
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        _drop_output()
        return _told(f"cannot write: {error.strerror}: free some space")
    return _fault(error, given)


def _drop_output() -> None:
    """Send what is left of the output nowhere, or Python would complain as it ends."""
    # Under a test runner or with a closed output there may be no file descriptor to replace.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _told(line: str) -> int:
    """One line for bad input."""
    print(f"{NAME}: {one_line(line)}", file=sys.stderr)
    return 2


def _usage(error: click.ClickException) -> str:
    message = error.format_message().rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{message}: see `{context.command_path if context else NAME} --help`"


def _missing(error: ImportError) -> str:
    package = error.name or ""
    return (
        f"this command needs {package}: python -m pip install '{NAME}[{EXTRAS[package]}]', "
        f"or '.[{EXTRAS[package]}]' in a checkout"
    )


def _fault(error: BaseException, given: List[str]) -> int:
    """One line for a fault of ours; the traceback where it is asked for."""
    # From the arguments, because the context is gone, or the error came before it was made.
    if "--debug" in given:
        traceback.print_exception(type(error), error, error.__traceback__)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    line = one_line(f"{type(error).__name__}: {error}")
    print(
        f"{NAME}: internal error: {line}{place}: please report it; "
        f"`{NAME} --debug ...` shows the traceback",
        file=sys.stderr,
    )
    return 3
