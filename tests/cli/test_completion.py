"""Completion scripts, and what they complete."""

import pytest

from torch_history.cli import main


@pytest.mark.parametrize(
    "shell, says",
    [
        ("bash", "complete -o nosort -F _torch_history_completion torch-history"),
        ("zsh", "#compdef torch-history"),
        ("fish", "complete --no-files --command torch-history"),
    ],
)
def test_script_is_printed(capsys, shell, says):
    assert main(["completion", shell]) == 0
    out, err = capsys.readouterr()
    assert says in out and f"_TORCH_HISTORY_COMPLETE={shell}_complete" in out and err == ""


@pytest.mark.parametrize(
    "words, expected",
    [
        ("torch-history do", ["docs"]),
        ("torch-history diff --fo", ["--format"]),
        ("torch-history diff --format ma", ["markdown"]),
        ("torch-history completion ", ["bash", "zsh", "fish"]),
    ],
)
def test_script_completes_commands_options_and_choices(recorded, words, expected):
    count = len(words.split()) - (not words.endswith(" "))
    result = recorded.python(
        "-m",
        "torch_history",
        _TORCH_HISTORY_COMPLETE="bash_complete",
        COMP_WORDS=words,
        COMP_CWORD=str(count),
    )
    assert result.returncode == 0
    assert [line.partition(",")[2] for line in result.stdout.splitlines()] == expected
