"""Words from outside are shown in the site as they are, and none of them is markup."""

import re

from tests.publish.hostile import HOSTILE, OUTSIDE, TAGS
from tests.publish.sites import flat
from torch_history.catalogue.behaviour import PAGES

SCRIPTS = ("apis.js", "behaviour.js", "chapter.js", "landing.js", "moved.js", "site.js", "table.js")
RUNNING = ("javascript:", "data:text", "vbscript:")
EMBEDDING = ("iframe", "object", "embed", "base", "form", "svg", "math")


def test_nothing_that_would_run_runs(hostile):
    assert [
        (name, tag, given)
        for name, page in hostile.pages.items()
        for tag, given in page.tags
        if (tag == "script" and given.get("src", "").replace("../", "") not in SCRIPTS)
        or (tag == "img" and given["src"].replace("../", "") != "releases-cpu.svg")
        or (tag in EMBEDDING and given.get("class") not in ("ask", "filters"))
        or any(attribute.startswith("on") for attribute in given)
        or any(target.startswith(RUNNING) for target in links_of(given))
    ] == []
    assert [tag for page in hostile.pages.values() for tag in page.unquoted] == []


def links_of(given):
    return [given[name].strip().lower() for name in ("href", "src", "content") if name in given]


def test_every_tag_is_one_of_the_templates_or_of_markdown(hostile):
    own = (
        "a article b br button caption code dd details div dl dt em footer form h1 h2 h3 header "
        "html i img input label li link main meta nav noscript ol optgroup option p pre script "
        "section select small span strong style summary table tbody td th thead title tr ul"
    )
    used = {tag for page in hostile.pages.values() for tag, _ in page.tags}
    assert used <= set(own.split())


def test_hostile_words_are_shown_as_they_are(hostile):
    text = hostile.page_of("hostile.everything_is_hostile").text
    shown = flat(HOSTILE)
    for words in (
        f"Everything is hostile The claim says {TAGS}.",
        f"1.4 to 2.6 on {HOSTILE} {HOSTILE!r}",
        f"raises {HOSTILE} : {HOSTILE}",
        f"warns {HOSTILE} : {HOSTILE}",
        f"{HOSTILE} {HOSTILE!r} dict {HOSTILE!r} 0.5 float32[]",
        f"silent value change since 2.0 {HOSTILE} ({HOSTILE.strip()} (probably)) {HOSTILE}",
        f"float32[2,1,1]{HOSTILE} {HOSTILE}",
        f"article {HOSTILE}",
    ):
        assert flat(words) in text, words
    assert f"# {TAGS}" in hostile.page_of("hostile.page_of_two_words").text
    for name in ("hostile.html", "manual.html"):
        assert f"The chapter says {TAGS} and {TAGS}." in hostile.pages[name].text
    assert f"The file says {TAGS}." in hostile.pages["hostile.html"].text
    assert f"All says {TAGS}." in hostile.pages["manual.html"].text
    claims = hostile.pages["claims.html"].text
    assert claims.count(shown) > 4 and f"holds if {shown}" in claims
    assert f"Article A: {shown}" in claims


def test_hostile_words_of_records_and_manifests_are_shown_where_they_are_unknown(hostile):
    shown = flat(HOSTILE)
    verified = hostile.pages["verified.html"].text
    assert f"torch 1.13.1: rates.constant_stays: {shown}" in verified
    assert f"{shown} {shown} {shown} {shown} {shown}" in verified  # the fields of a manifest
    assert f"Not verified on 1.13: {shown}" in hostile.page_of("rates.constant_stays").text
    assert f"raises {shown}" in hostile.pages["interchange.html"].text


def test_hostile_words_of_guides_and_terms_are_shown(hostile):
    for name in ("guides/hostile.html", "guides/<img src=x onerror=alert(1)>.html"):
        text = hostile.pages[name].text
        assert f"A guide {TAGS} The first words {TAGS}." in text
        assert f'<div onclick="alert(1)">{TAGS}</div>' in text
        assert "[script](javascript:alert(1))" in text and "up guide" in text
    assert f"A term that says {TAGS}." in hostile.pages["guides/glossary.html"].text
    contents = hostile.pages["guides/index.html"]
    assert f"A guide {TAGS}" in contents.text
    assert "<img src=x onerror=alert(1)>.html" in contents.links()
    benchmarks = hostile.pages["benchmarks.html"].text
    assert f'Benchmarks {TAGS} <div onclick="alert(1)">{TAGS}</div>' in benchmarks
    assert "<b onclick=alert(1)>b</b>" in benchmarks


def test_term_that_is_the_name_of_a_tag_is_linked_as_a_word(hostile):
    html = hostile.pages["hostile.html"].html
    link = '<a class="term" href="guides/glossary.html#script">script</a>'
    assert f"The chapter says &lt;{link}&gt;alert(1)" in html


def test_hostile_words_in_the_data_stay_strings(hostile):
    answers, search, chapter = map(hostile.data, ("answers", "search", "hostile"))
    assert HOSTILE in answers["texts"]
    assert any(TAGS in says for _, _, says, *_ in search["behaviours"])
    assert HOSTILE in [name for name, *_ in search["apis"]]
    assert {"term", "guide", "article"} <= {
        what for what, title, _, text in search["places"] if TAGS in title + text
    }
    assert any("alert(1)" in text for text in chapter["texts"])
    [told] = [one for one in hostile.told["behaviours"] if one["id"].endswith("is_hostile")]
    assert told["api"] == [HOSTILE] and told["changes"][0]["text"] == flat(HOSTILE)
    # A script in a page would end at `</script`, but the data are files of their own.
    assert "data/" not in "".join(page.html for page in hostile.pages.values())


def test_addresses_of_the_search_lie_inside_the_site(hostile):
    search = hostile.data("search")
    files = [one[-1] for one in search["apis"]]
    assert all(re.fullmatch(r"[\w.-]+", file) for file in files)
    assert all((hostile.folder / "apis" / f"{file}.html").is_file() for file in files)


def test_no_word_names_a_file_outside_the_site(hostile):
    around = [path.name for path in hostile.folder.parent.iterdir()]
    assert sorted(around) == ["project", "site"]
    written = {path.name for path in (hostile.folder / "behaviours").iterdir()}
    known = {f"{name}.html" for name in hostile.behaviours}
    assert written == {*known, "hostile.old.html"}
    assert set(OUTSIDE) < set(hostile.behaviours["hostile.everything_is_hostile"].former)


def test_llms_txt_has_no_link_that_would_run(hostile):
    text = (hostile.folder / "llms.txt").read_text(encoding="utf-8")
    assert "](javascript" not in text and "](guides/hostile.html)" in text


def test_page_of_a_marker_is_one_address(hostile):
    for page, address in (
        ("behaviours/hostile.page_of_two_words.html", "x onclick=alert(1)"),
        (hostile_api(hostile), HOSTILE),
    ):
        assert f"{PAGES}{address}.html" in hostile.pages[page].links()


def hostile_api(hostile):
    """The page of the API whose name is hostile."""
    [file] = [file for name, file in hostile.data("search")["apis"][:1] if name == HOSTILE]
    return f"apis/{file}.html"
