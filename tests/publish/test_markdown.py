"""Words from outside stay words in Markdown, whatever backticks, pipes and tags they hold."""

import hypothesis
import pytest
from hypothesis import strategies
from markdown_it import MarkdownIt

from torch_history.publish import claims, differences, interchange, markdown, report
from torch_history.questions import query
from torch_history.questions.interchange import kinds

READER = MarkdownIt("commonmark", {"html": True}).enable("table")
DOCUMENTS = {
    "answer": lambda index: markdown.markdown(report.whole(query.diff(index, "1.13", "2.0"))),
    "claims": claims.page,
    "differences": differences.page,
    "interchange": lambda index: interchange.markdown(kinds(index)),
}
# words made of what Markdown has uses for
ODD = strategies.text("`<>\\|=\"'/&_*[]()!a1 \n", max_size=30)


def tags(text):
    """What a reader of Markdown takes for HTML in a text."""
    return [
        token.content
        for block in READER.parse(text)
        for token in [block, *(block.children or [])]
        if token.type in ("html_inline", "html_block")
    ]


def test_words_that_hold_tags_would_be_html_as_they_are():
    assert tags("a <b>tag</b>") == ["<b>", "</b>"]


@pytest.mark.parametrize(
    "words, text",
    [
        ("plain words", "plain words"),
        ("x is <u>not</u> HTML", "x is &lt;u>not&lt;/u> HTML"),
        ("`<u>` is code", "`<u>` is code"),
        ("``<u>`` is code too", "`<u>` is code too"),
        ("``a`b`` holds a backtick", "`a'b` holds a backtick"),
        ("`<u>`` is open", "'&lt;u>'' is open"),
        ("an ` alone", "an ' alone"),
        ("\\`<u>` is escaped", "\\\\`<u>` is escaped"),
        ("two\nlines and \x1b[31m", "two lines and \\\\x1b[31m"),
    ],
)
def test_text_keeps_code_and_makes_tags_harmless(words, text):
    assert markdown.text(words) == text
    assert tags(text) == []


@hypothesis.given(words=ODD)
def test_text_is_never_html(words):
    assert tags(f"- {markdown.text(words)}") == []


@hypothesis.given(words=ODD)
@pytest.mark.parametrize("form", [markdown.cell, markdown.code])
def test_cell_is_never_html_and_never_two_cells(form, words):
    lines = list(markdown.table(["one", "two"], [[form(words), "`next`"]]))
    assert tags("\n".join(lines)) == []
    cells = [token for token in READER.parse("\n".join(lines)) if token.type == "td_open"]
    assert len(cells) == 2
    rendered = READER.render("\n".join(lines))
    assert rendered.count("<code>next</code></td>\n</tr>") == 1


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_of_hostile_words_hold_no_tags_of_theirs(hostile, name):
    document = DOCUMENTS[name](hostile.index)
    assert document.count("alert(1)") > 3
    assert set(tags(document)) <= {"<br>"}  # between the lines of a cell
