"""``torch-history docs``."""

from __future__ import annotations

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here
from torch_history.escaping import one_line


@shared.command("docs")
@click.option("--write", is_flag=True, help="Write them, and remove pages that are left over.")
@here
def command(here: Here, write: bool) -> int:
    """The documents in docs/ that are written from the records, and whether they are fresh.

    They are docs/README.md, docs/claims.md, docs/benchmarks.md and a page for each release.
    """
    # Before the import: outside a checkout, a package to install would be the wrong advice.
    root = here.checkout
    from torch_history.check import pages
    from torch_history.check.pages import State

    texts = pages.written(root, here.index)
    found = list(pages.states(root, texts))
    shown = [(name, state) for name, state in found if not write or state is not State.FRESH]
    if write:
        pages.write(root, texts, found)
    for name, state in shown:
        click.echo(f"{state.done if write else state.value:9} {one_line(name)}")
    fresh = sum(state is State.FRESH for _, state in found)
    click.echo(f"{len(found)} documents, {fresh} of them {'were ' * write}fresh.")
    return 0
