"""A command loads what it needs, and no more, before it answers."""

import pytest

HEAVY = (
    *("fakelib", "torch", "numpy", "pytest", "_pytest", "syrupy", "hypothesis", "matplotlib"),
    *("jinja2", "libcst", "markdown_it", "packaging", "pyflakes", "yaml", "execnet", "filelock"),
    *("tomli", "tomllib", "asyncio", "multiprocessing", "unittest", "http", "xml"),
)
RICH = ("rich", "pygments", "rich_click.rich_help_rendering")


def loaded(project, *arguments):
    """The status of a command, and what it loaded of all that is heavy."""
    code = (
        "import sys; from torch_history.cli import main; "
        f"status = main(['--root', '.', *{list(arguments)!r}]); "
        f"print(status, sorted(set({HEAVY + RICH!r}) & set(sys.modules)))"
    )
    return project.python("-c", code).stdout.splitlines()[-1]


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_diff_loads_neither_torch_nor_numpy_nor_pytest_nor_rich(recorded, form):
    assert loaded(recorded, "diff", "1.13", "2.6", "--format", form) == "1 []"


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["find", "scale"],
        ["show", "rates.scale_halves"],
        ["versions"],
        ["export"],
        ["export", "--schema"],
        ["--version"],
        ["claims"],
        ["coverage"],
    ],
    ids=" ".join,
)
def test_answers_in_text_need_nothing_else(recorded, arguments):
    assert loaded(recorded, *arguments) == "0 []"


def test_bad_input_is_told_without_loading_anything(recorded):
    assert loaded(recorded, "diff", "1.13", "9.9") == "2 []"
    assert loaded(recorded, "diff", "--frob") == "2 []"
