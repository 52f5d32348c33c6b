"""Words from outside stay words in Markdown, whatever backticks, pipes and tags they hold."""

import hypothesis
import pytest
from hypothesis import strategies
from markdown_it import MarkdownIt

from tests.publish.coded import coded, hit
from torch_history.catalogue import index
from torch_history.code.hits import Level, Place
from torch_history.publish import interchange, markdown, report
from torch_history.publish.docs.pages import pages
from torch_history.questions import query
from torch_history.questions.interchange import kinds

READER = MarkdownIt("commonmark", {"html": True}).enable("table")
DOCUMENTS = {
    "answer": lambda index: answered(index, each=False),
    "answer with each behaviour": lambda index: answered(index, each=True),
    "claims": lambda index: pages(index)["docs/claims.md"],
    "release": lambda index: pages(index)["docs/releases/2.0.md"],
    "front": lambda index: pages(index)["docs/README.md"],
    "interchange": lambda index: interchange.markdown(kinds(index)),
}


def answered(known, each):
    return markdown.markdown(report.whole(query.diff(known, "1.13", "2.0")), each)


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


# ---- a report


def test_finding_without_code_is_an_item_with_kind_cause_and_advice(recorded):
    text = answered_from(recorded, "1.13", "2.6")
    assert text.startswith(
        "# torch 1.13 to 2.6: 8 causes: 2 breaks, 3 silent value change, "
        "1 warning appeared or gone, 1 API or argument appeared, 1 wording only.\n"
        "\n"
        "- breaks: fakelib.optim.strict: since 2.0 strict mode raises\n"
        "  - fakelib#2\n"
        "  - `rates.strict_mode_is_refused`\n"
    )
    assert (
        "- silent value change: fakelib.optim.scale: since 2.0 the scale is halved\n"
        "  - double the rate · fakelib#92731\n"
        "  - `rates.scale_halves`\n"
    ) in text
    assert text.endswith("\n\nLooked at: 12 behaviours. Nothing is said of other APIs.\n")


def test_each_adds_a_table_of_the_values_which_readers_of_markdown_see(recorded):
    text = answered_from(recorded, "1.13", "2.6", each=True)
    assert (
        "  - `rates.scale_halves`: silent value change · "
        "[documentation](<https://docs.pytorch.org/docs/stable/scale.html>)\n"
        "\n"
        "    | 1.13 | 2.6 |\n"
        "    |---|---|\n"
        "    | `1.0` | `0.5` |\n"
    ) in text
    assert READER.render(text).count("<table>") == 8


def test_what_is_not_known_is_quoted_beside_the_findings(recorded):
    assert (
        "\n> 2.3 was not recorded: 2.0.1 stands in for it. "
        "The nearest recorded releases are 2.0.1 and 2.6.0.\n"
    ) in answered_from(recorded, "2.3", "2.6")


def answered_from(project, before, after, each=False):
    answer = query.diff(index.of(project.root), before, after)
    return markdown.markdown(report.whole(answer), each)


SCALE, STRICT, FLIP = (
    f"rates.{name}" for name in ("scale_halves", "strict_mode_is_refused", "flip_comes_back")
)


def test_finding_in_source_begins_with_its_place_and_the_names_not_covered_come_last(recorded):
    hits = [
        (SCALE, hit("a.py:3")),
        (STRICT, hit("n.ipynb:2:9", Level.LIKELY, "the file", "strict()")),
        (FLIP, hit("a.py:5", Level.POSSIBLE)),
    ]
    told = coded(recorded, hits, {"torch.jit.script": [Place("a.py", 8), Place("a.py", 2)]})
    assert markdown.markdown(told) == (
        "# torch 1.13 to 2.6: 2 findings: 1 silent value change, 1 depends on the file.\n"
        "\n"
        "- `a.py:3`: scale(): since 2.0 the scale is halved\n"
        "  - silent value change · double the rate · fakelib#92731\n"
        "  - `rates.scale_halves`\n"
        "- `n.ipynb:cell 2:9`: strict(): since 2.0 strict mode raises\n"
        "  - depends on the file · breaks then · likely · fakelib#2\n"
        "  - `rates.strict_mode_is_refused`\n"
        "\n"
        "1 more is less sure, or harmless: --level possible.\n"
        "\n"
        "Not covered: no behaviour is about 1 of the 2 names of torch used in 1 file.\n"
        "\n"
        "- `torch.jit.script`: `a.py:2`, `a.py:8`\n"
    )


def test_no_difference_is_never_said_without_what_is_not_covered(recorded):
    text = markdown.markdown(coded(recorded, [], {"torch.jit.script": [Place("a.py", 8)]}))
    assert text.startswith("# torch 1.13 to 2.6: no recorded difference")
    assert "\nNot covered: no behaviour is about 1 of the 2 names" in text


def test_more_names_and_places_than_a_reader_wants_are_counted(recorded):
    places = [Place("a.py", line) for line in range(1, 13)]
    names = {f"torch.n{number:03}": places for number in range(203)}
    text = markdown.markdown(coded(recorded, [], names))
    assert "- `torch.n199`: `a.py:1`" in text and "torch.n200" not in text
    assert "`a.py:10`, 2 more\n" in text and text.endswith("\n- and 3 more\n")


def test_cause_is_a_link():
    assert markdown.linked("since pytorch#92731") == (
        "since [pytorch#92731](https://github.com/pytorch/pytorch/issues/92731)"
    )


@hypothesis.given(words=ODD)
def test_words_of_a_hit_are_never_html(recorded, words):
    told = coded(recorded, [(SCALE, hit("a.py:3", why=words))])
    odd = told.findings[0].hit._replace(place=Place(f"{words}.py", 1))
    told = told._replace(findings=[told.findings[0]._replace(hit=odd)])
    text = markdown.markdown(told, each=True)
    assert tags(text) == [] and READER.render(text).count("<table>") == 1
