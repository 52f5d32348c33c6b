"""Words from outside are shown in the site as they are, and none of them is markup."""

from tests.publish.hostile import HOSTILE, TAGS
from torch_history.catalogue.behaviour import PAGES

SCRIPTS = ("site.js", "upgrade.js", "scripts-hostile.js", "scripts-rates.js", "scripts-tensors.js")


def test_nothing_that_would_run_runs(hostile):
    assert {
        tag: given
        for page in hostile.pages.values()
        for tag, given in page.tags
        if (tag == "script" and given.get("src") not in SCRIPTS)
        or (tag == "img" and given["src"] != "releases-cpu.svg")
        or any(name.startswith("on") for name in given)
        or any(target.startswith(("javascript:", "data:text")) for target in links_of(given))
    } == {}
    assert [tag for page in hostile.pages.values() for tag in page.unquoted] == []


def links_of(given):
    return [given[name].strip().lower() for name in ("href", "src") if name in given]


def test_hostile_words_are_shown_as_they_are(hostile):
    article = hostile.article("hostile.everything_is_hostile")
    shown = HOSTILE.strip()
    assert article.startswith(f"Everything is hostile The claim says {TAGS}.")
    for words in (
        f"1.4 to 2.6 on {HOSTILE} {HOSTILE!r}",
        f"raises {HOSTILE} : {HOSTILE}",
        f"warns {HOSTILE} : {HOSTILE}",
        f"{HOSTILE} {HOSTILE!r} dict {HOSTILE!r} 0.5 float32[]",
        f"2.0: silent value change: {HOSTILE} ({HOSTILE} (probably)) What to do: {HOSTILE}",
        f"float32[2,1,1]{HOSTILE} {HOSTILE}",
        f"article {HOSTILE}",
    ):
        assert " ".join(words.split()) in article.replace("`", ""), words
    page = hostile.pages["hostile.html"].text
    assert f"The file says {TAGS}." in page and f"SHARED = {TAGS!r}" in page
    assert f"# {TAGS}" in hostile.article("hostile.page_of_two_words")
    claims = hostile.pages["claims.html"].text
    assert claims.count(shown) == 4 and f"holds if {shown}" in claims
    verified = hostile.pages["verified.html"].text
    assert f"torch 1.13.1: rates.constant_stays: {shown}" in verified
    assert f"{shown} {shown} {shown} {shown} {shown}" in verified  # the fields of a manifest
    assert f"Not verified on 1.13: {shown}" in hostile.article("rates.constant_stays")
    assert f"raises {shown}" in hostile.pages["interchange.html"].text
    benchmarks = hostile.pages["benchmarks.html"].text
    assert f'Benchmarks {TAGS} <div onclick="alert(1)">{TAGS}</div>' in benchmarks
    assert "<b onclick=alert(1)>b</b>" in benchmarks


def test_page_of_a_marker_is_one_address(hostile):
    for behaviour, page in (
        ("hostile.page_of_two_words", "x onclick=alert(1)"),
        ("hostile.everything_is_hostile", HOSTILE),
    ):
        tags, _ = hostile.pages["hostile.html"].parts[behaviour]
        assert {"href": f"{PAGES}{page}.html"} in [given for tag, given in tags if tag == "a"]
        assert hostile.upgrades["pages"] == PAGES
