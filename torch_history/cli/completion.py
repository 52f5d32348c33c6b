"""``torch-history completion``."""

from __future__ import annotations

import rich_click as click
from click.shell_completion import get_completion_class

from torch_history.cli import shared
from torch_history.cli.shared import NAME


@shared.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> int:
    """A completion script for your shell.

    For bash, add to ~/.bashrc: eval "$(torch-history completion bash)"
    """
    found = get_completion_class(shell)
    root = context.find_root().command
    # Never None for a shell of the choice above, but click's type allows it.
    if found is not None:
        # The variable must be the one that click derives from NAME, or the script calls in vain.
        click.echo(found(root, {}, NAME, "_TORCH_HISTORY_COMPLETE").source())
    return 0
