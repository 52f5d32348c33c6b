"""``torch-history upgrade``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

import rich_click as click

from torch_history.cli import asking, shared
from torch_history.cli.shared import Here, here


@shared.command("upgrade", epilog=asking.EPILOG)
@click.argument("path", default=".", metavar="[PATH]", type=click.Path(path_type=Path, exists=True))
@click.option("--to", metavar="VERSION", help="Instead of the newest recorded release.")
@click.option(
    "--python",
    metavar="3.X",
    help="Of several pins, only those for this CPython on Linux.",
)
@asking.options
@here
def command(
    here: Here, /, path: Path, to: Optional[str], python: Optional[str], **options: Any
) -> int:
    """What the newest recorded torch changes for a repository.

    PATH is the folder of a project (by default this one). What its lock file pins is taken, or else
    what pyproject.toml, requirements*.txt, environment.yml, setup.cfg or setup.py ask for. Several
    pins are answered one by one, and a range from its oldest recorded release.
    """
    from torch_history.code.pins import project

    pairs = project.pairs(path, to, python, here.index, options["device"])
    # On the error output, because the answer may be JSON.
    for words in dict.fromkeys(words for pair in pairs for words in pair.words):
        click.echo(words, err=True)
    versions = [(pair.before, pair.after) for pair in pairs]
    return asking.ask(here, versions, (path,), asking.Options(**options))
