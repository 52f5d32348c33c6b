"""How a value is shown: a small tensor as a table, a nested value as a list, others as text."""

import re

import pytest

from tests.publish.sites import Page


@pytest.fixture
def shown(odd):
    """Name of a case -> the tags and words of its value."""
    html = odd.page_of("odd.values_of_every_form").html
    parts = re.split(r"<h3>([^<]*)</h3>", html[: html.index("<h2>The test</h2>")])
    found = {name: Page(text) for name, text in zip(parts[1::2], parts[2::2])}
    return {name: ([tag for tag, _ in page.tags], page.text) for name, page in found.items()}


@pytest.mark.parametrize(
    "name, rows, cells, words",
    [
        ("scalar", 0, 0, "0.5 float32[]"),
        ("vector", 1, 3, "int64[3] 123"),
        ("matrix", 2, 4, "float32[2,2] 1.0nan3.0-inf"),
    ],
    ids=["scalar", "vector", "matrix"],
)
def test_small_tensor_is_a_table(shown, name, rows, cells, words):
    tags, text = shown[name]
    assert (tags.count("tr"), tags.count("td"), tags.count("table")) == (rows, cells, bool(rows))
    assert text.replace(" ", "") == words.replace(" ", "")


@pytest.mark.parametrize(
    "name, lines, header",
    [
        ("three dimensions", 4, "int64[2,2,2]"),
        ("empty", 0, "float32[0,3]"),
        ("wide", 1, "int64[13]"),
        ("long", 25, "int64[25,1]"),
    ],
)
def test_other_tensors_are_lines(shown, name, lines, header):
    tags, text = shown[name]
    assert "table" not in tags and tags.count("code") == lines and text.startswith(header)


def test_nested_value_is_a_list_whose_tensors_are_tables(shown):
    tags, text = shown["nested"]
    assert (tags.count("dl"), tags.count("ol"), tags.count("table")) == (2, 2, 3)
    places = [text.index(word) for word in ("first <u>", "second", "pair", "list", "'<u>'")]
    assert places == sorted(places)
    tags, text = shown["keys"]
    assert (tags.count("dt"), tags.count("table")) == (2, 1) and "'<u>'" in text


def test_value_without_tensors_and_names_is_a_line(shown):
    tags, text = shown["plain"]
    assert "dl" in tags and re.sub(r"\s", "", text) == "noneNonenannanpair(1,'two')"
    assert shown["nothing"][1] == "[]"
