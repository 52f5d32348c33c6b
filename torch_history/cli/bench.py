"""``torch-history bench``."""

import rich_click as click
from torch_history.cli import shared


@shared.command("bench")
def command() -> int:
    return 0
