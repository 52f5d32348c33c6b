"""Markdown as pages of the site: its links lead to pages, and what has none becomes words."""

import re

import pytest

from torch_history.publish.site.guides import Guides, pages, slug

LINKED = pages({"torch.load": "apis/torch.load.html", "views.a": "behaviours/views.a.html"})


@pytest.fixture
def guides(tmp_path):
    """Guides of a folder with two documents and a glossary."""
    folder = tmp_path / "docs"
    folder.mkdir()
    for name in ("README", "claims", "benchmarks", "use", "data"):
        (folder / f"{name}.md").write_text(f"# {name}\n", encoding="utf-8")
    (folder / "glossary.md").write_text(
        "# Glossary\n\n## Leaf\nA tensor\nthat is one.\n\nSee: `views.a`\n\n## two words\nMore.\n",
        encoding="utf-8",
    )
    return Guides(tmp_path, ["1.4", "2.0", "2.6"], LINKED)


def body(guides, text, up="../"):
    """The paragraph that a line of Markdown becomes."""
    html = str(guides.rendered("any", text, up).html)
    return re.fullmatch(r"<p>(.*)</p>\n", html, re.DOTALL)[1]


@pytest.mark.parametrize(
    "target, leads",
    [
        ("use.md", "../guides/use.html"),
        ("use.md#part-two", "../guides/use.html#part-two"),
        ("README.md", "../guides/index.html"),
        ("claims.md#a", "../claims.html#a"),
        ("benchmarks.md", "../benchmarks.html"),
        ("releases/2.0.md", "../index.html#1.4...2.0"),
        ("releases/2.6.md", "../index.html#2.0...2.6"),
        ("https://pytorch.org/docs", "https://pytorch.org/docs"),
        ("#here", "#here"),
    ],
)
def test_link_leads_to_a_page(guides, target, leads):
    assert guides.target(target, "../") == leads
    assert body(guides, f"a [word]({target}) more") == f'a <a href="{leads}">word</a> more'


@pytest.mark.parametrize(
    "target",
    [
        "releases/1.4.md",  # the first release changed nothing
        "releases/3.0.md",
        "nothing.md",
        "../CONTRIBUTING.md",
        "../torch_history/publish/difference.schema.json",
        "../docs/use.md",
        "//example.org/use.md",
        "ftp://example.org",
        "mailto:a@example.org",
        "",
    ],
)
def test_link_to_what_the_site_does_not_have_is_words(guides, target):
    assert guides.target(target, "../") is None
    assert body(guides, f"a [*new* `word`]({target}) more") == (
        "a <em>new</em> <code>word</code> more"
    )


def test_link_that_would_run_is_no_link(guides):
    for target in ("javascript:alert(1)", "data:text/html,x", "vbscript:x", "JAVASCRIPT:alert(1)"):
        assert "<a" not in body(guides, f"a [word]({target}) <{target}>")


def test_several_links_in_a_line_are_judged_one_by_one(guides):
    assert body(guides, "[a](x.md) [b](use.md) [c](y.md) [d](data.md)", "") == (
        'a <a href="guides/use.html">b</a> c <a href="guides/data.html">d</a>'
    )


def test_name_in_code_leads_to_its_page_but_not_inside_a_link(guides):
    assert body(guides, "`torch.load(file)` and `torch.save`") == (
        '<a href="../apis/torch.load.html"><code>torch.load(file)</code></a> and '
        "<code>torch.save</code>"
    )
    assert body(guides, "[`torch.load`](use.md)") == (
        '<a href="../guides/use.html"><code>torch.load</code></a>'
    )
    assert body(guides, "[`torch.load`](nothing.md)") == "<code>torch.load</code>"


def test_picture_lies_at_the_root_of_the_site(guides):
    for source in ("../benchmarks/steps.svg", "https://example.org/steps.svg"):
        assert 'src="../steps.svg"' in body(guides, f"![words]({source})")
        assert 'src="steps.svg"' in body(guides, f"![words]({source})", "")


def test_html_in_a_guide_is_text(guides):
    html = str(guides.rendered("any", "<script>x</script>\n\n<b>y</b> & `<i>`\n", "").html)
    assert html.count("&lt;script&gt;") == 1 and "<b>" not in html and "<i>" not in html


def test_heading_has_the_id_that_code_hosts_give_it(guides):
    assert slug("Read a failure, `--each`!") == "read-a-failure---each"
    html = str(guides.rendered("any", "# One\n\n## Two words\n", "").html)
    assert '<h1 id="one">' in html and '<h2 id="two-words">' in html


def test_two_headings_of_the_same_words_have_two_ids(guides):
    html = str(guides.rendered("any", "# One\n\n## Use\n\n## Use\n\n## Use\n", "").html)
    assert re.findall(r'id="([^"]+)"', html) == ["one", "use", "use-1", "use-2"]


def test_guide_has_title_first_paragraph_and_words(guides):
    told = guides.rendered("any", "# The `title`\n\nFirst *words*\nof it.\n\n- more\n", "")
    assert (told.title, told.first) == ("The title", "First words of it.")
    assert told.words == "The title First words of it. more"
    assert guides.rendered("any", "no heading\n", "").title == "any"


def test_generated_documents_are_no_guides(guides):
    assert [guide.name for guide in guides.all()] == ["data", "glossary", "use"]


def test_terms_are_those_of_the_glossary_without_their_proofs(guides, tmp_path):
    assert [tuple(term) for term in guides.terms()] == [
        ("Leaf", "leaf", "A tensor that is one."),
        ("two words", "two-words", "More."),
    ]
    assert Guides(tmp_path / "empty", [], LINKED).terms() == []


def test_code_is_linked_by_its_name_also_with_brackets():
    assert LINKED("torch.load") == LINKED("torch.load(f, map_location=None)")
    assert LINKED("torch.load()") == "apis/torch.load.html"
    assert LINKED("torch.loads") is LINKED("load") is LINKED("torch.load x") is None
