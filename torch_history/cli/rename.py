"""``torch-history rename``."""

from __future__ import annotations

import rich_click as click

from torch_history.cli import shared
from torch_history.cli.shared import Here, here
from torch_history.errors import HistoryError


@shared.command("rename")
@click.argument("old", metavar="OLD_ID")
@click.argument("new", metavar="NEW_ID")
@click.option("--merge", is_flag=True, help="NEW_ID has its own record: delete that of OLD_ID.")
@here
def command(here: Here, old: str, new: str, merge: bool) -> int:
    """Let the record of a test follow its new name, after the test was renamed or moved.

    The old id stays as a former one, which every command accepts. Nothing is recorded again.

    With ``--merge``, a test that observed the same as another was deleted: its record goes, and
    its id leads to the other one.
    """
    # Before the import: outside a checkout, a package to install would be the wrong advice.
    root = here.checkout
    from torch_history.catalogue import source
    from torch_history.records import renaming

    known = source.behaviours(root)
    if old in known:
        raise HistoryError(
            f"OLD_ID {old!r}: its test is still there: "
            f"{'delete' if merge else 'rename'} the test first"
        )
    if new not in known:
        raise HistoryError(f"NEW_ID {new!r}: no test has this id: rename the test first")
    for path in (renaming.merge if merge else renaming.rename)(root, old, new):
        click.echo(f"{path.relative_to(root)}: written")
    return 0
