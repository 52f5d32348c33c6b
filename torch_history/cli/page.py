"""``torch-history page``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Optional

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here
from torch_history.errors import HistoryError
from torch_history.escaping import one_line


@shared.command("page", epilog="Open index.html in the folder; no server or network is needed.")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where it goes. By default `site` in the checkout, or in the current folder. "
    "An older site is replaced.",
)
@click.option(
    "--address",
    default="",
    metavar="URL",
    help="Where the site will be public, for citations, as https://OWNER.example/torch/.",
)
@here
def command(here: Here, folder: Optional[Path], address: str) -> int:
    """The records as a static site: what changes, a manual, a page for each behaviour and API."""
    if address and not address.startswith(("https://", "http://")):
        raise HistoryError(f"--address {address!r}: not an address: begin with https://")
    from rich.console import Console

    from torch_history.catalogue.index import NAME
    from torch_history.publish.site import build

    # Only a wheel keeps the index in its root, and the site must not go into site-packages.
    installed = (here.root / NAME).is_file()
    folder = folder or (Path.cwd() if installed else here.root) / "site"
    began, console = time.monotonic(), Console(stderr=True)
    with console.status("reading the records") as status:
        size = build.build(
            here.root, here.index, folder, lambda page: status.update(f"writing {page}"), address
        )
    took = time.monotonic() - began
    click.echo(one_line(f"{folder / 'index.html'}: written, {size / 1e6:.1f} MB in {took:.1f} s"))
    return 0
