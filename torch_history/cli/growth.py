"""``torch-history growth``."""

import rich_click as click
from torch_history.cli import shared


@shared.command("growth")
def command() -> int:
    return 0
