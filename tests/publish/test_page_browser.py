"""The site in a real Chromium: filters, pickers, permanent links, keyboard, phone width, axe-core.

Playwright drives the system's Chromium, and the pages come from the disk. Where something is
missing, each test is skipped as unknown, and says what is missing. A test fails if the browser's
console complains, if a dialog opens, or if anything but a file of the site is asked for.
"""

import importlib
import shutil

import pytest

from tests.publish.hostile import TAGS
from torch_history.catalogue.kinds import SLUGS, Kind
from torch_history.publish.script import Scripts
from torch_history.questions import query

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK, PHONE = 1400, 390  # pixels
HALTED = "freezing.weight_frozen_after_a_step_rests_under_momentum"  # silent at 2.0
SMALL = "example"  # a chapter of few behaviours


def needed(module):
    """A module, or a skip that says that it is missing."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        pytest.skip(f"unknown: no {error.name}: python -m pip install '.[dev]'")


@pytest.fixture(scope="module")
def browser():
    """The system's Chromium, without a window."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"unknown: no Chromium: none of {', '.join(BROWSERS)} is on PATH")
    with needed("playwright.sync_api").sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def site(browser, real):
    """The site of this repository."""
    return real


@pytest.fixture(params=[DESK, PHONE])
def width(request):
    return request.param


@pytest.fixture
def visit(browser, request):
    """Open an address of a site in a context of its own. Complaints fail the test."""
    contexts, complaints = [], []

    def on_message(message):
        if message.type in ("error", "warning"):
            complaints.append(f"{message.type}: {message.text}")

    def on_dialog(dialog):
        complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def open_page(address, width=DESK, scheme="light", site="site", scripts=True, permissions=()):
        root = request.getfixturevalue(site).folder.as_uri() + "/"

        def on_request(asked):
            if not asked.url.startswith((root, "data:")):
                complaints.append(f"asked for {asked.url}")

        context = browser.new_context(
            viewport={"width": width, "height": 844},
            color_scheme=scheme,
            java_script_enabled=scripts,
            permissions=list(permissions),
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", on_message)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", on_dialog)
        page.on("request", on_request)
        page.goto(root + address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


VISIBLE = "one => one.getClientRects().length"
SCRIPTS = {
    "texts": f"""selector => [...document.querySelectorAll(selector)]
        .filter({VISIBLE}).map((one) => one.innerText.trim())""",
    "rows": f"""() => [...document.querySelectorAll('tbody tr[data-api]')]
        .filter({VISIBLE}).map((row) => row.querySelector('a').hash.slice(1))""",
    "articles": f"""() => [...document.querySelectorAll('article')]
        .filter({VISIBLE}).map((one) => one.id)""",
    "differences": """() => [...document.querySelectorAll('#differences article')].map((one) => {
        let heading = one.previousElementSibling;
        while (heading.tagName !== 'H2') heading = heading.previousElementSibling;
        return [one.querySelector('h3 a').hash.slice(1).split('@')[0], heading.id];
    })""",
    "places": f"""() => [...document.querySelectorAll('[data-at]')]
        .filter({VISIBLE}).map((one) => one.dataset.at.split('-').map(Number))""",
    "headings": "() => [...document.querySelectorAll('#differences h2')].map((one) => one.id)",
    "cells": "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))",
    "below the picker": """selector => {
        const box = document.querySelector(selector).getBoundingClientRect();
        const picker = document.querySelector('.pick').getBoundingClientRect();
        return picker.bottom <= box.top && box.bottom <= innerHeight;
    }""",
    "in view": """id => {
        const box = document.getElementById(id).getBoundingClientRect();
        return box.bottom > 0 && box.top < innerHeight;
    }""",
    "focus": """() => {
        const one = document.activeElement, style = getComputedStyle(one);
        const box = one.getBoundingClientRect();
        const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
        return [`${one.tagName.toLowerCase()} ${one.name || one.innerText.trim()}`,
                outlined && box.left >= 0 && box.right <= innerWidth && box.top >= 0];
    }""",
    "in main": """() => {
        const main = document.querySelector('main'), focused = document.activeElement;
        return main.contains(focused) && focused.id !== 'main';
    }""",
}


def address(page):
    """File and fragment of what is open."""
    return page.evaluate("location.href").rpartition("/")[2]


def texts(page, selector):
    """The texts of the elements that can be seen."""
    return page.evaluate(SCRIPTS["texts"], selector)


# ---- the table


def rows(page):
    """The ids of the rows that can be seen."""
    return page.evaluate(SCRIPTS["rows"])


def fitting(site, chapter="", api="", kinds=(), changed=False):
    """The ids that the filters leave, in the order of the table."""
    return [
        behaviour.id
        for behaviour in site.behaviours.values()
        if (not chapter or behaviour.chapter == chapter)
        and (behaviour.changes or not changed)
        and (not kinds or {change.kind.slug for change in behaviour.changes} & set(kinds))
        and api.strip().lower()
        in f"{' '.join(behaviour.api)} {behaviour.claim} #{behaviour.id}".lower()
    ]


def shows(page, site, **filters):
    """How many rows there are; the table shows and counts what the filters leave."""
    expected = fitting(site, **filters)
    assert rows(page) == expected
    assert page.inner_text(".count") == f"{len(expected):,} of {len(site.behaviours):,} behaviours"
    assert texts(page, "tr.chapter a") == list(
        dict.fromkeys(one.partition(".")[0].replace("_", " ") for one in expected)
    )
    return len(expected)


def test_table_shows_what_changed_and_then_all(site, visit, width):
    page = visit("index.html", width)
    some = shows(page, site, changed=True)
    page.uncheck("[name=changed]")
    assert some < shows(page, site) == len(site.behaviours)
    page.check("[name=changed]")
    assert shows(page, site, changed=True) == some


def test_table_narrows_while_a_name_is_typed(site, visit, width):
    page = visit("index.html#chapter=optimizers", width)
    page.focus("[name=api]")
    counts = []
    for length, character in enumerate("RMSprop", start=1):
        page.keyboard.type(character)
        counts.append(shows(page, site, chapter="optimizers", api="RMSprop"[:length]))
    assert counts == sorted(counts, reverse=True) and counts[-1] > 0
    for _ in "RMSprop":
        page.keyboard.press("Backspace")
    assert shows(page, site, chapter="optimizers") >= counts[0] > counts[-1]


def test_table_narrows_by_chapter_kind_and_all_together(site, visit, width):
    page = visit("index.html", width)
    page.select_option("[name=chapter]", "optimizers")
    chapter = shows(page, site, chapter="optimizers", changed=True)
    page.check("[value=silent]")
    silent = shows(page, site, chapter="optimizers", kinds=["silent"], changed=True)
    page.check("[value=random]")
    both = shows(page, site, chapter="optimizers", kinds=["silent", "random"], changed=True)
    page.fill("[name=api]", " ADAM ")
    adam = shows(
        page, site, chapter="optimizers", kinds=["silent", "random"], api="adam", changed=True
    )
    assert chapter > both >= silent > adam > 0
    page.fill("[name=api]", "no such thing")
    assert shows(page, site, api="no such thing") == 0


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"changed": True},
        {"chapter": "freezing"},
        {"api": "set_to_none=", "changed": True},
        {"api": "100% & more"},
        {
            "chapter": "optimizers",
            "api": "torch.optim.Adam",
            "kinds": ["silent", "error"],
            "changed": True,
        },
    ],
    ids=str,
)
def test_address_keeps_the_filters(site, visit, chosen):
    page = visit("index.html")
    page.set_checked("[name=changed]", not chosen.get("changed", False))
    page.set_checked("[name=changed]", chosen.get("changed", False))
    page.select_option("[name=chapter]", chosen.get("chapter", ""))
    page.fill("[name=api]", chosen.get("api", ""))
    for kind in chosen.get("kinds", ()):
        page.check(f"[value={kind}]")
    shows(page, site, **chosen)
    again = visit(address(page))
    shows(again, site, **chosen)
    assert again.input_value("[name=api]") == chosen.get("api", "") and again.input_value(
        "[name=chapter]"
    ) == chosen.get("chapter", "")
    assert again.is_checked("[name=changed]") == chosen.get("changed", False)
    assert address(again) == address(page)


def test_filters_are_cleared(site, visit, width):
    page = visit("index.html#changed=on&chapter=freezing&api=step&kind=silent", width)
    assert shows(page, site, chapter="freezing", api="step", kinds=["silent"], changed=True) > 0
    page.click("text=Clear the filters")
    page.wait_for_function("!document.querySelector('[name=changed]').checked")
    assert shows(page, site) == len(site.behaviours)
    assert page.input_value("[name=api]") == page.input_value("[name=chapter]") == ""
    assert shows(visit(address(page), width), site) == len(site.behaviours)


def test_back_from_a_behaviour_finds_the_table_as_it_was(site, visit, width):
    page = visit("index.html", width)
    page.select_option("[name=chapter]", "freezing")
    page.check("[value=silent]")
    with page.expect_navigation():
        page.click(f"a[href='freezing.html#{HALTED}']")
    assert address(page) == f"freezing.html#{HALTED}"
    page.go_back()
    assert shows(page, site, chapter="freezing", kinds=["silent"], changed=True) > 0


def test_another_address_in_the_same_table_replaces_all_filters(site, visit):
    page = visit("index.html#api=adam&kind=silent")
    shows(page, site, api="adam", kinds=["silent"])
    for fragment, chosen in {
        "#chapter=tying": {"chapter": "tying"},
        "": {"changed": True},
        "#chapter=nowhere": {},
    }.items():
        page.evaluate("fragment => { location.hash = fragment; }", fragment)
        page.wait_for_function(
            "count => document.querySelector('.count').textContent.startsWith(`${count} of`)",
            arg=f"{len(fitting(site, **chosen)):,}",
        )
        shows(page, site, **chosen)
    page.go_back()
    page.wait_for_function("document.querySelector('[name=changed]').checked")
    shows(page, site, changed=True)


@pytest.mark.parametrize(
    "fragment, api",
    [
        ("#api=100%", "100%"),
        ("#api=%E0%A4%A", None),
        ("#&&", None),
        ("#api=a=b", "a=b"),
        ("#no.such_place", None),
    ],
    ids=str,
)
def test_damaged_address_breaks_nothing(site, visit, fragment, api):
    page = visit(f"index.html{fragment}")
    assert page.inner_text(".count").endswith(f"of {len(site.behaviours):,} behaviours")
    assert api is None or page.input_value("[name=api]") == api
    assert "differences in" in visit(f"upgrade.html{fragment}").inner_text(".count")
    assert "behaviours" in visit(f"{SMALL}.html{fragment}").inner_text(".count")


def test_enter_in_a_field_leaves_the_page_as_it_is(site, visit):
    for file in ("index.html", "upgrade.html"):
        page = visit(file)
        page.fill("[name=api]", "adam")
        before = address(page), page.inner_text(".count")
        page.press("[name=api]", "Enter")
        page.wait_for_timeout(100)
        assert (address(page), page.inner_text(".count")) == before


def test_behaviour_that_is_only_unknown_did_not_change(odd, visit):
    page = visit("index.html", site="odd")
    shows(page, odd, changed=True)
    page.uncheck("[name=changed]")
    assert "odd.part_of_two_releases" in rows(page)
    cells = page.locator(
        "tr", has=page.locator("a[href='odd.html#odd.part_of_two_releases']")
    ).locator("td")
    assert cells.all_inner_texts() == ["", "?", ""]


def test_mark_tells_what_changed_where_the_pointer_rests(odd, visit):
    page = visit("index.html", site="odd")

    def titles(behaviour):
        cells = page.locator("tr", has=page.locator(f"a[href='odd.html#{behaviour}']")).locator(
            "td"
        )
        return [cell.get_attribute("title") for cell in cells.all()]

    assert titles("odd.odd_words") == [None, '2.0: <u>text</u> & "quotes" of `code`']
    assert titles("odd.part_of_two_releases") == [
        None,
        "2.0: skipped: no <u>part</u> in this fakelib",
        None,
    ]


# ---- upgrade from A to B


def articles(page):
    """(id, slug of the kind) of each difference that is shown, in order."""
    return [tuple(one) for one in page.evaluate(SCRIPTS["differences"])]


def differs(page, site, before, after, **filters):
    """Whether the page shows what the command tells of two releases."""
    answer = query.diff(site.index, before, after, **filters)
    expected = [(one.behaviour.id, one.kind.slug) for one in answer.differences]
    assert articles(page) == expected
    count, shown = page.inner_text(".count"), f"{len(expected):,}" if expected else "no"
    if not filters:
        assert count == (
            f"torch {before} → {after}: {shown} difference{'s' * (len(expected) != 1)} "
            f"in {len(site.behaviours):,} behaviours"
        )
    else:
        assert f", {len(expected):,} shown" in count
    return expected


def test_upgrade_begins_with_two_releases_and_the_most_harmful_changes_first(site, visit, width):
    page = visit("upgrade.html", width)
    before, after = page.input_value("[name=before]"), page.input_value("[name=after]")
    assert before != after and after == site.releases[-1]
    differs(page, site, before, after)
    headings = page.evaluate(SCRIPTS["headings"])
    assert "silent" in headings and headings == [kind for kind in SLUGS if kind in headings]
    shown = [kind for _, kind in articles(page)]
    for heading in headings:
        assert f"({shown.count(heading):,})" in page.inner_text(f"#{heading}")
    counts = {kind: page.inner_text(f"[data-kind='{kind}']") for kind in SLUGS}
    assert counts == {kind: str(shown.count(kind) or "") for kind in SLUGS}


def test_pickers_choose_any_two_releases(site, visit, width):
    page = visit("upgrade.html", width)
    for before, after in (("1.13", "2.0"), ("2.5", "2.6"), ("2.6", "1.4")):
        page.select_option("[name=before]", before)
        page.select_option("[name=after]", after)
        assert differs(page, site, before, after)
        assert address(page).startswith(f"upgrade.html#{before}...{after}")
        assert page.inner_text("#terminal code") == f"torch-history diff {before} {after} --code ."
        assert before in page.title() and after in page.title()


def test_address_of_a_pair_opens_it(site, visit, width):
    page = visit("upgrade.html#2.5...2.6", width)
    assert (page.input_value("[name=before]"), page.input_value("[name=after]")) == ("2.5", "2.6")
    differs(page, site, "2.5", "2.6")
    page.evaluate("() => { location.hash = '#1.13...2.0'; }")
    page.wait_for_function("document.querySelector('[name=before]').value === '1.13'")
    differs(page, site, "1.13", "2.0")


def test_address_takes_patches_and_says_what_it_cannot_show(site, visit):
    page = visit("upgrade.html#2.5.1...2.6.0")
    differs(page, site, "2.5", "2.6")
    assert page.inner_text("#unknown") == ""
    page = visit("upgrade.html#0.4...2.6")
    assert page.inner_text("#unknown") == (
        "0.4...2.6 does not name two recorded releases. "
        f"They run from {site.releases[0]} to {site.releases[-1]}."
    )


def test_swap_turns_the_two_releases_around(site, visit):
    page = visit("upgrade.html#2.5...2.6")
    page.click("text=Swap")
    assert differs(page, site, "2.6", "2.5") and address(page) == "upgrade.html#2.6...2.5"


def test_differences_narrow_by_kind_chapter_and_api(site, visit, width):
    page = visit("upgrade.html#1.13...2.0", width)
    page.check("[value=silent]")
    narrowed = {"kinds": [Kind.SILENT]}
    silent = differs(page, site, "1.13", "2.0", **narrowed)
    page.select_option("[name=chapter]", "optimizers")
    narrowed["chapters"] = ["optimizers"]
    chapter = differs(page, site, "1.13", "2.0", **narrowed)
    page.fill("[name=api]", "torch.optim.SGD")
    api = differs(page, site, "1.13", "2.0", **narrowed, apis=["torch.optim.SGD"])
    assert len(silent) > len(chapter) > len(api) > 0
    again = visit(address(page), width)
    assert articles(again) == api and again.is_checked("[value=silent]")


def test_difference_tells_both_sides_the_cause_the_advice_and_the_reproduction(site, visit, width):
    page = visit("upgrade.html#1.13...2.0&api=weight_frozen_after_a_step_rests", width)
    article = page.locator(
        "article.difference", has=page.locator(f"a[href='freezing.html#{HALTED}@2.0']")
    )
    differences = query.diff(site.index, "1.13", "2.0").differences
    [difference] = [one for one in differences if one.behaviour.id == HALTED]
    [found] = [one for one in site.differences("1.13", "2.0")[0] if one[0] == HALTED]
    sides = article.locator("tbody tr").evaluate_all(SCRIPTS["cells"])
    assert [tuple(line) for line in sides] == found[2] and sides[0][0] != sides[0][1]
    words = article.inner_text()
    [change] = difference.changes
    assert f"2.0: {change.text} ({change.cause_in_words})" in words
    assert f"What to do: {change.advice}" in words
    assert all(api in words for api in difference.behaviour.api)
    assert difference.behaviour.docstring.splitlines()[0].replace("`", "") in words
    assert f"tox run -e torch1.13,torch2.0 -- {difference.behaviour.node} --observed" in words
    if width == DESK:
        assert article.locator("thead th").all_inner_texts() == ["torch 1.13", "torch 2.0"]
    else:
        labels = article.locator("td").evaluate_all(
            "cells => cells.map((cell) => getComputedStyle(cell, '::before').content)"
        )
        assert '"1.13' in labels[0] and '"2.0' in labels[1]


def test_reproduction_is_copied(site, visit):
    page = visit(
        f"upgrade.html#1.13...2.0&api={HALTED}", permissions=["clipboard-read", "clipboard-write"]
    )
    page.click(".copy button")
    page.wait_for_function("document.querySelector('.copy button').textContent === 'Copied'")
    expected = f"tox run -e torch1.13,torch2.0 -- {site.behaviours[HALTED].node} --observed"
    assert page.evaluate("navigator.clipboard.readText()") == expected


def test_reproduction_is_selected_where_the_clipboard_is_closed(site, visit):
    page = visit(f"freezing.html#{HALTED}")
    page.evaluate("() => { Object.defineProperty(navigator, 'clipboard', { value: undefined }); }")
    page.click(f"article[id='{HALTED}'] .copy button")
    button = "document.querySelector('article:not([hidden]) .copy button')"
    page.wait_for_function(f"{button}.textContent === 'Selected: copy it'")
    assert page.evaluate("String(getSelection())") == (
        f"tox run -e torch1.13,torch2.0 -- {site.behaviours[HALTED].node} --observed"
    )


def test_script_of_a_behaviour_is_shown_and_copied(site, visit):
    page = visit(f"freezing.html#{HALTED}", permissions=["clipboard-read", "clipboard-write"])
    page.click(f"article[id='{HALTED}'] .script summary")
    page.click(f"article[id='{HALTED}'] .script .copy button")
    button = "document.querySelector('article:not([hidden]) .script .copy button')"
    page.wait_for_function(f"{button}.textContent === 'Copied'")
    text = page.evaluate("navigator.clipboard.readText()")
    assert text.startswith(f"# {HALTED}\n# ") and "print(" in text
    parts = Scripts(site.root).parts(site.behaviours[HALTED], site.index.record(HALTED))
    assert text.endswith("\n\n".join(["", *parts[1:]]) + "\n")


def test_release_does_not_differ_from_itself(site, visit):
    page = visit("upgrade.html#2.6...2.6")
    count = f"torch 2.6 → 2.6: no differences in {len(site.behaviours):,} behaviours"
    assert page.inner_text(".count") == count and articles(page) == []


def test_difference_leads_to_its_behaviour(site, visit):
    page = visit(f"upgrade.html#1.13...2.0&api={HALTED}")
    with page.expect_navigation():
        page.click("article.difference h3 a")
    assert address(page) == f"freezing.html#{HALTED}@2.0"
    assert page.evaluate(SCRIPTS["articles"]) == [HALTED]


def test_unknown_behaviour_is_said_not_to_be_verified(odd, visit, width):
    page = visit("upgrade.html#1.13...2.0", width, site="odd")
    assert page.inner_text("#unknown") == (
        "Not verified on 2.0: odd.part_of_two_releases: skipped: no <u>part</u> in this fakelib"
    )
    assert page.locator("u").count() == 0
    assert "raises TypeError: <u>no</u>" in page.inner_text("#differences")
    page.select_option("[name=after]", "2.6")
    assert page.inner_text("#unknown") == ""


def test_hostile_words_are_words_in_every_page(hostile, visit):
    page = visit("upgrade.html#1.13...2.0", site="hostile")
    page.wait_for_selector("#differences article")
    assert page.locator("#differences script, main img").count() == 0
    assert page.inner_text("#differences").count(TAGS) > 3
    assert TAGS in page.inner_text("#unknown")
    page.fill("[name=api]", TAGS)
    assert page.input_value("[name=api]") == TAGS
    page = visit("index.html", site="hostile")
    titles = page.locator("td[title]").evaluate_all("cells => cells.map((cell) => cell.title)")
    assert any(TAGS in title for title in titles)
    own = {"site.js", "upgrade.js", *(path.name for path in hostile.folder.glob("scripts-*.js"))}
    for name in hostile.pages:
        page.goto(f"{hostile.folder.as_uri()}/{name}")
        page.wait_for_load_state("load")
        scripts = page.locator("script").evaluate_all("all => all.map((one) => one.src)")
        assert {one.rpartition("/")[2] for one in scripts} <= own


# ---- chapters and behaviours


def test_chapter_shows_no_value_for_a_release_that_was_not_observed(odd, visit):
    page = visit("odd.html", site="odd")
    page.add_style_tag(content=WHOLE)
    article = page.locator("article[id='odd.part_of_two_releases']")
    assert "'part'" in article.locator(".c").inner_text()
    page.select_option("[name=release]", "2.0")
    assert (
        "'part'" not in article.locator(".c").inner_text()
        and article.locator(".c.none").count() == 1
    )
    page.select_option("[name=release]", "2.6")
    assert (
        "'part'" in article.locator(".c").inner_text() and article.locator(".c.none").count() == 0
    )


def below_the_picker(page, selector):
    """Whether an element is in view, and not beneath the picker that stays in view."""
    return page.evaluate(SCRIPTS["below the picker"], selector)


def test_permanent_link_shows_one_behaviour_with_its_whole_history(site, visit, width):
    plain = visit(f"freezing.html#{HALTED}", width)
    plain.wait_for_timeout(200)  # the browser scrolls to an address after the scripts
    assert below_the_picker(plain, f"article[id='{HALTED}'] h3")
    page = visit(f"freezing.html#{HALTED}@1.13", width)
    assert page.evaluate(SCRIPTS["articles"]) == [HALTED]
    article = page.locator(f"article[id='{HALTED}']")
    periods = article.locator("[data-at]")
    assert periods.count() > 1 and all(period.is_visible() for period in periods.all())
    marked = article.locator(".now > b").all_inner_texts()
    assert marked and all(one.endswith("1.13") for one in marked)
    test = article.locator("details:not(.script) pre")
    assert test.is_visible() and "def test_" in test.inner_text()
    assert not article.locator("details.script pre").is_visible()  # only where it is asked for
    assert (
        article.locator("details:not(.script) .copy code")
        .inner_text()
        .startswith("tox run -e torch1.13,torch2.0 -- spec/freezing/")
    )
    assert "rests under momentum" in page.title()
    page.select_option("[name=release]", "2.0")
    assert all(one.startswith("2.0") for one in article.locator(".now > b").all_inner_texts())


def test_whole_chapter_is_one_step_away(site, visit, width):
    page = visit(f"freezing.html#{HALTED}", width)
    with page.expect_navigation():
        page.click("text=All of freezing")
    whole = sum(behaviour.chapter == "freezing" for behaviour in site.behaviours.values())
    assert address(page) == "freezing.html" and page.locator("article:visible").count() == whole > 1
    assert page.inner_text(".count") == f"{whole} behaviours" and not page.is_visible(
        "text=All of freezing"
    )


def test_heading_is_the_behaviours_link_and_back_finds_the_place(site, visit):
    page = visit("freezing.html")
    title = page.title()
    page.click(f"article[id='{HALTED}'] h3 a")
    page.wait_for_selector("body.single")
    assert address(page) == f"freezing.html#{HALTED}" and page.title() != title
    page.go_back()
    page.wait_for_selector("body:not(.single)")
    assert page.title() == title and page.locator("article:visible").count() > 1
    assert page.evaluate(SCRIPTS["in view"], HALTED)


def test_subject_is_shown_in_the_whole_chapter(site, visit, width):
    page = visit(f"freezing.html#{HALTED}", width)
    subject = page.locator(".contents a").last.get_attribute("href")
    page.evaluate("subject => { location.hash = subject; }", subject)
    page.wait_for_selector("body:not(.single)")
    assert below_the_picker(page, f"h2[id='{subject[1:]}']")


def test_link_to_a_former_id_leads_to_the_behaviour(site, visit, width):
    renamed = next(one for one in site.behaviours.values() if one.former)
    page = visit(f"{renamed.chapter}.html#{renamed.former[0]}", width)
    page.wait_for_timeout(200)  # the browser scrolls to an address after the scripts
    assert page.evaluate(SCRIPTS["articles"]) == [renamed.id]
    assert below_the_picker(page, f"article[id='{renamed.id}'] h3")
    assert renamed.claim[1:] in page.title() and "whole history" in page.inner_text(".count")


def test_link_to_a_behaviour_that_there_is_not_says_so(site, visit):
    assert (
        visit("freezing.html#freezing.gone")
        .inner_text(".count")
        .endswith("behaviours, and none is called freezing.gone")
    )


def test_chapter_reads_as_the_chosen_release_and_the_choice_stays(site, visit, width):
    page = visit("freezing.html", width)
    page.add_style_tag(content=WHOLE)
    article = page.locator(f"article[id='{HALTED}']")

    def observed():
        return article.locator(".c").all_inner_texts()

    newest = observed()
    page.select_option("[name=release]", "1.13")
    oldest = observed()
    assert oldest != newest and all(
        "1.13" in one for one in texts(page, f"article[id='{HALTED}'] [data-at] > b")
    )
    places = page.evaluate(SCRIPTS["places"])
    place = site.releases.index("1.13")
    assert places and all(first <= place <= last for first, last in places)
    if width == PHONE:
        page.click("summary:text('Chapters')")
        with page.expect_navigation():
            page.click(".menu a:text('tying')")
    else:
        page.goto(page.url.replace("freezing.html", "tying.html"))
    assert page.input_value("[name=release]") == "1.13"
    page.go_back()
    page.add_style_tag(content=WHOLE)
    page.select_option("[name=release]", site.releases[-1])
    assert observed() == newest


def test_other_devices_entry_is_labelled(odd, visit):
    page = visit("tensors.html", site="odd")
    assert "2.0 to 2.6 on other" in page.inner_text("[id='tensors.device_answer']")


# ---- by keyboard


def focused(page):
    """What has the focus: its tag, and name or text; and whether a reader sees that it has it."""
    return page.evaluate(SCRIPTS["focus"])


def test_tab_reaches_everything_in_order_and_the_focus_is_seen(site, visit, width):
    page = visit("index.html", width)
    reached = []
    while len(reached) < 40 and (not reached or "Clear" not in reached[-1][0]):
        page.keyboard.press("Tab")
        reached.append(focused(page))
    names = [name for name, _ in reached]
    assert names[:3] == ["a Skip to the content", "a torch-training-spec", "a Table"]
    wanted = [
        "a Benchmarks",
        "summary Chapters",
        "a pick your two releases",
        "input changed",
        "select chapter",
        "input api",
        "input kind",
        "button Clear the filters",
    ]
    assert [names.index(one) for one in wanted] == sorted(names.index(one) for one in wanted)
    assert names.count("input kind") == len(Kind)
    assert [name for name, seen in reached if not seen] == []


def test_skip_link_leads_to_the_content_and_keeps_the_address(site, visit):
    for there in (f"freezing.html#{HALTED}", "index.html#chapter=tying", "upgrade.html#2.5...2.6"):
        page = visit(there)
        page.focus(".skip")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main" and address(page) == there
        page.keyboard.press("Tab")
        assert page.evaluate(SCRIPTS["in main"])


def test_menu_of_chapters_opens_by_enter(site, visit, width):
    page = visit("claims.html", width)
    page.focus(".menu summary")
    page.keyboard.press("Enter")
    assert page.is_visible(".menu a:text('tying')")
    box = page.locator(".menu ul").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert address(page) == f"{next(iter(site.behaviours)).partition('.')[0]}.html"


def test_pickers_and_filters_change_by_keys(site, visit):
    page = visit("upgrade.html#2.5...2.6")
    page.focus("[name=after]")
    page.keyboard.press("ArrowDown")
    differs(page, site, "2.5", "2.7")
    page.focus("[value=silent]")
    page.keyboard.press("Space")
    assert {kind for _, kind in articles(page)} == {"silent"}
    page.focus("[name=swap]")
    page.keyboard.press("Enter")
    assert address(page).startswith("upgrade.html#2.7...2.5")


# ---- at phone width, in light and dark, for everybody

WHOLE = (
    "article { content-visibility: visible !important; }"  # what is off the screen is laid out too
)


def test_no_page_is_wider_than_a_phone(site, visit):
    page = visit("index.html#changed=", PHONE)
    wide = {}
    for name in sorted([*site.pages, "upgrade.html#1.4...2.15", f"freezing.html#{HALTED}"]):
        page.goto(site.folder.as_uri() + "/" + name)
        page.add_style_tag(content=WHOLE)
        page.locator("main details").evaluate_all("all => all.forEach((one) => (one.open = true))")
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            wide[name] = over
    assert wide == {}


VIEWS = [
    "index.html#chapter=tying&changed=on",
    "upgrade.html#2.5...2.6",
    f"{SMALL}.html",
    f"freezing.html#{HALTED}@2.0",
    "claims.html",
    "interchange.html",
    "drift.html",
    "benchmarks.html",
    "verified.html",
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.partition("#")[0])
def test_axe_finds_no_fault(visit, view, width, scheme):
    axe = needed("axe_playwright_python.sync_playwright").Axe()
    page = visit(view, width, scheme)
    page.add_style_tag(content=WHOLE)
    # preload would fetch style sheets, which a page on the disk may not
    results = axe.run(page, options={"preload": False, "resultTypes": ["violations"]})
    assert len(results.response["passes"]) > 10
    assert [
        f"{one['id']} ({len(one['nodes'])}): {node['html'][:150]} {node['failureSummary'][:300]}"
        for one in results.response["violations"]
        for node in one["nodes"][:1]
    ] == []


def test_colours_follow_the_readers_scheme(site, visit):
    light, dark = (
        visit("index.html#chapter=tying", scheme=scheme).evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        for scheme in ("light", "dark")
    )
    assert light == "rgb(255, 255, 255)" and sum(map(int, dark[4:-1].split(","))) < 150


# ---- without scripts


def test_without_scripts_pages_are_whole(site, visit):
    page = visit("freezing.html", scripts=False)
    whole = [
        behaviour.id for behaviour in site.behaviours.values() if behaviour.chapter == "freezing"
    ]
    assert page.locator("article:visible").count() == len(whole)
    assert page.locator("[data-at]:visible").count() == page.locator("[data-at]").count() > 10
    page = visit("index.html", scripts=False)
    assert page.locator("tbody tr[data-api]:visible").count() == len(site.behaviours)
    assert (
        page.locator("noscript p").is_visible()
        and "the filters do nothing" in page.locator("noscript p").inner_text()
    )


def test_without_scripts_upgrade_says_what_else_there_is(site, visit):
    page = visit("upgrade.html", scripts=False)
    assert page.locator("noscript p").is_visible() and page.is_visible("main a[href='index.html']")
    assert not page.is_visible("form") and not page.is_visible("#terminal")
    assert (
        "This page needs scripts. Without them: the table, or torch-history diff A B."
        in page.locator("noscript p").inner_text()
    )
