"""The page of an answer of ``torch-history run`` in a browser: for everybody, on every screen."""

from types import SimpleNamespace

import pytest

from tests.publish.browser.test_access import OPEN
from tests.publish.browser.test_axe import faults
from tests.publish.run_results import FAILS, FULL, filled, replaced
from torch_history.publish import run_page

WORD = "a_name_of_sixty_letters_that_no_line_of_a_phone_can_hold.weight"


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """A folder with pages of answers."""
    folder = tmp_path_factory.mktemp("answers")
    full = replaced(FULL, after=FAILS.after)
    for name, result in {"full": full, "long": filled(WORD)}.items():
        (folder / f"{name}.html").write_text(run_page.page(result), encoding="utf-8")
    return SimpleNamespace(folder=folder)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault_in_an_answer_with_everything_open(answers, visit, width, scheme):
    page = visit("full.html", width, site="answers", color_scheme=scheme)
    page.evaluate(OPEN)
    assert faults(page) == []


@pytest.mark.parametrize("name", ["full", "long"])
def test_no_answer_is_wider_than_the_screen(answers, visit, width, name):
    page = visit(f"{name}.html", width, site="answers")
    page.evaluate(OPEN)
    assert page.evaluate("document.documentElement.scrollWidth") == width
