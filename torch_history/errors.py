"""The one exception that ends a command."""


class HistoryError(Exception):
    """Something the user can fix: one line that names the file, the value and the remedy."""
