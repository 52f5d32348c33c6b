"""The one exception that ends a command."""


class HistoryError(Exception):
    """Something the user can mend: one line that names the file, the value and the remedy."""
