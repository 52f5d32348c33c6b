import pytest

from torch_history.cli import main


@pytest.fixture
def run(recorded, capsys):
    """Run a command in this process on the recorded project: its status, output and errors."""

    def command(*arguments):
        status = main(["--root", str(recorded.root), *arguments])
        return (status, *capsys.readouterr())

    return command
