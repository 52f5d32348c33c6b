"""``torch-history export``."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here


@shared.command("export")
@click.option(
    "--to",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write it into this file instead of printing it.",
)
@click.option("--schema", is_flag=True, help="Give the JSON schema of the file instead.")
@here
def command(here: Here, file: Optional[Path], schema: bool) -> int:
    """Every behaviour, record, marker, environment and claim, as one JSON document.

    Its form is described by a JSON schema: torch-history export --schema.
    """
    from torch_history.catalogue import index
    from torch_history.records import store

    # The text as it is stored: `here.index` would decode it only to encode it again.
    content = index.SCHEMA.read_text(encoding="utf-8") if schema else index.text_of(here.root)
    if file is None:
        click.echo(content, nl=False)
    else:
        store.write_text(file, content)
    return 0
