"""The reader's page in a real Chromium: filters, pickers, permanent links, keyboard, phone width, light and dark, axe-core.

A Chromium of the system is driven by Playwright's core, from the disk; what is missing makes each test *unknown*, with the name of what is missing.
No test passes with a complaint in the browser's console or with a request for anything but a file of the site.
"""

import importlib
import shutil

import pytest

from tests.fake import REPOSITORY
from tests.publish.test_page import Site, odd_project
from torch_history.catalogue.kinds import KINDS
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
        pytest.skip(f"unknown: no {error.name}: python -m pip install -r requirements-page.txt")


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


@pytest.fixture(scope="module")
def site(tmp_path_factory, browser):
    """The site of this repository."""
    return Site(REPOSITORY, tmp_path_factory.mktemp("real") / "site")


@pytest.fixture(scope="module")
def odd(tmp_path_factory, browser):
    """The site of the fake project, where something is unknown and words are odd."""
    return Site(
        odd_project(tmp_path_factory.mktemp("odd")).root, tmp_path_factory.mktemp("page") / "site"
    )


@pytest.fixture(params=[DESK, PHONE])
def width(request):
    return request.param


@pytest.fixture
def visit(browser, request):
    """Open an address of the site in a browser of its own. What the console complains of or is asked of others fails the test."""
    contexts, complaints = [], []

    def open_page(address, width=DESK, scheme="light", site="site", scripts=True, permissions=()):
        root = request.getfixturevalue(site).folder.as_uri() + "/"
        context = browser.new_context(
            viewport={"width": width, "height": 844},
            color_scheme=scheme,
            java_script_enabled=scripts,
            permissions=list(permissions),
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on(
            "console",
            lambda message: (
                complaints.append(f"{message.type}: {message.text}")
                if message.type in ("error", "warning")
                else None
            ),
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda asked: (
                None
                if asked.url.startswith((root, "data:"))
                else complaints.append(f"asked for {asked.url}")
            ),
        )
        page.goto(root + address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def address(page):
    """File and fragment of what is open."""
    return page.evaluate("location.href").rpartition("/")[2]


def texts(page, selector):
    """The texts of the elements that can be seen."""
    return page.evaluate(
        "selector => [...document.querySelectorAll(selector)].filter((one) => one.getClientRects().length).map((one) => one.innerText.trim())",
        selector,
    )


# ---- the table


def rows(page):
    """The ids of the rows that can be seen."""
    return page.evaluate(
        "[...document.querySelectorAll('tbody tr[data-api]')].filter((row) => row.getClientRects().length).map((row) => row.querySelector('a').hash.slice(1))"
    )


def fitting(site, chapter="", api="", kinds=(), changed=False):
    """The ids that the filters leave, in the order of the table."""
    return [
        behaviour.id
        for behaviour in site.behaviours.values()
        if (not chapter or behaviour.chapter == chapter)
        and (behaviour.changes or not changed)
        and (not kinds or {change.kind for change in behaviour.changes} & set(kinds))
        and api.strip().lower()
        in f"{' '.join(behaviour.api)} {behaviour.claim} #{behaviour.id}".lower()
    ]


def shows(page, site, **filters):
    """Whether the table shows what the filters leave, under the headings of their chapters alone, and says how many it is."""
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
    """(id, kind) of each difference that is shown, in order."""
    return [
        tuple(one)
        for one in page.evaluate("""[...document.querySelectorAll('#differences article')].map((one) => {
        let heading = one.previousElementSibling;
        while (heading.tagName !== 'H2') heading = heading.previousElementSibling;
        return [one.querySelector('h3 a').hash.slice(1).split('@')[0], heading.id];
    })""")
    ]


def differs(page, site, before, after, **filters):
    """Whether the page shows what the command tells of two releases."""
    answer = query.diff(site.root, before, after, **filters)
    expected = [(one.behaviour.id, one.kind) for one in answer.differences]
    assert articles(page) == expected
    count = page.inner_text(".count")
    if not filters:
        assert (
            count
            == f"torch {before} → {after}: {len(expected) or 'no':{',' if expected else ''}} difference{'s' * (len(expected) != 1)} in {len(site.behaviours):,} behaviours"
        )
    else:
        assert f", {len(expected):,} shown" in count
    return expected


def test_upgrade_begins_with_two_releases_and_silent_changes_first(site, visit, width):
    page = visit("upgrade.html", width)
    before, after = page.input_value("[name=before]"), page.input_value("[name=after]")
    assert before != after and after == site.releases[-1]
    differs(page, site, before, after)
    headings = page.evaluate(
        "[...document.querySelectorAll('#differences h2')].map((one) => one.id)"
    )
    assert headings[0] == "silent" and headings == [kind for kind in KINDS if kind in headings]
    for heading in headings:
        assert f"({sum(kind == heading for _, kind in articles(page)):,})" in page.inner_text(
            f"#{heading}"
        )
    counts = {kind: page.inner_text(f"[data-kind='{kind}']") for kind in KINDS}
    assert counts == {
        kind: str(sum(one == kind for _, one in articles(page)) or "") for kind in KINDS
    }


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
    assert (
        page.inner_text("#unknown")
        == f"0.4...2.6 are not two recorded releases, which run from {site.releases[0]} to {site.releases[-1]}."
    )


def test_swap_turns_the_two_releases_around(site, visit):
    page = visit("upgrade.html#2.5...2.6")
    page.click("text=Swap")
    assert differs(page, site, "2.6", "2.5") and address(page) == "upgrade.html#2.6...2.5"


def test_differences_narrow_by_kind_chapter_and_api(site, visit, width):
    page = visit("upgrade.html#1.13...2.0", width)
    page.check("[value=silent]")
    silent = differs(page, site, "1.13", "2.0", kinds=["silent"])
    page.select_option("[name=chapter]", "optimizers")
    chapter = differs(page, site, "1.13", "2.0", kinds=["silent"], chapters=["optimizers"])
    page.fill("[name=api]", "torch.optim.SGD")
    api = differs(
        page,
        site,
        "1.13",
        "2.0",
        kinds=["silent"],
        chapters=["optimizers"],
        apis=["torch.optim.SGD"],
    )
    assert len(silent) > len(chapter) > len(api) > 0
    again = visit(address(page), width)
    assert articles(again) == api and again.is_checked("[value=silent]")


def test_difference_tells_both_sides_the_cause_the_advice_and_the_reproduction(site, visit, width):
    page = visit("upgrade.html#1.13...2.0&api=weight_frozen_after_a_step_rests", width)
    article = page.locator(
        "article.difference", has=page.locator(f"a[href='freezing.html#{HALTED}@2.0']")
    )
    [difference] = [
        one
        for one in query.diff(site.root, "1.13", "2.0").differences
        if one.behaviour.id == HALTED
    ]
    [found] = [one for one in site.differences("1.13", "2.0")[0] if one[0] == HALTED]
    sides = article.locator("tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    assert [tuple(line) for line in sides] == found[2] and sides[0][0] != sides[0][1]
    words = article.inner_text()
    [change] = difference.changes
    assert (
        f"2.0: {change.text} ({change.cause})" in words and f"What to do: {change.advice}" in words
    )
    assert (
        all(api in words for api in difference.behaviour.api)
        and difference.behaviour.docstring.splitlines()[0].replace("`", "") in words
    )
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
    page.wait_for_function(
        "document.querySelector('article:not([hidden]) .copy button').textContent === 'Selected: copy it'"
    )
    assert (
        page.evaluate("String(getSelection())")
        == f"tox run -e torch1.13,torch2.0 -- {site.behaviours[HALTED].node} --observed"
    )


def test_release_does_not_differ_from_itself(site, visit):
    page = visit("upgrade.html#2.6...2.6")
    assert (
        page.inner_text(".count")
        == f"torch 2.6 → 2.6: no differences in {len(site.behaviours):,} behaviours"
        and articles(page) == []
    )


def test_difference_leads_to_its_behaviour(site, visit):
    page = visit(f"upgrade.html#1.13...2.0&api={HALTED}")
    with page.expect_navigation():
        page.click("article.difference h3 a")
    assert address(page) == f"freezing.html#{HALTED}@2.0"
    assert page.evaluate(
        "[...document.querySelectorAll('article')].filter((one) => one.getClientRects().length).map((one) => one.id)"
    ) == [HALTED]


def test_unknown_behaviour_is_said_not_to_be_verified(odd, visit, width):
    page = visit("upgrade.html#1.13...2.0", width, site="odd")
    assert (
        page.inner_text("#unknown")
        == "Not verified on 2.0: odd.part_of_two_releases: skipped: no <u>part</u> in this fakelib"
    )
    assert page.locator("u").count() == 0 and "raises TypeError: <u>no</u>" in page.inner_text(
        "#differences"
    )
    page.select_option("[name=after]", "2.6")
    assert page.inner_text("#unknown") == ""


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
    return page.evaluate(
        """selector => { const box = document.querySelector(selector).getBoundingClientRect();
        return document.querySelector('.pick').getBoundingClientRect().bottom <= box.top && box.bottom <= innerHeight; }""",
        selector,
    )


def test_permanent_link_shows_one_behaviour_with_its_whole_history(site, visit, width):
    plain = visit(f"freezing.html#{HALTED}", width)
    plain.wait_for_timeout(200)  # the browser scrolls to an address after the scripts
    assert below_the_picker(plain, f"article[id='{HALTED}'] h3")
    page = visit(f"freezing.html#{HALTED}@1.13", width)
    assert page.evaluate(
        "[...document.querySelectorAll('article')].filter((one) => one.getClientRects().length).map((one) => one.id)"
    ) == [HALTED]
    article = page.locator(f"article[id='{HALTED}']")
    periods = article.locator("[data-at]")
    assert periods.count() > 1 and all(period.is_visible() for period in periods.all())
    marked = article.locator(".now > b").all_inner_texts()
    assert marked and all(one.endswith("1.13") for one in marked)
    assert (
        article.locator("details pre").is_visible()
        and "def test_" in article.locator("details pre").inner_text()
    )
    assert (
        article.locator(".copy code")
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
    assert page.evaluate(
        "id => { const box = document.getElementById(id).getBoundingClientRect(); return box.bottom > 0 && box.top < innerHeight; }",
        HALTED,
    )


def test_subject_is_shown_in_the_whole_chapter(site, visit, width):
    page = visit(f"freezing.html#{HALTED}", width)
    subject = page.locator(".contents a").last.get_attribute("href")
    page.evaluate("subject => { location.hash = subject; }", subject)
    page.wait_for_selector("body:not(.single)")
    assert below_the_picker(page, f"h2[id='{subject[1:]}']")


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
    places = page.evaluate(
        "[...document.querySelectorAll('[data-at]')].filter((one) => one.getClientRects().length).map((one) => one.dataset.at.split('-').map(Number))"
    )
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
    """What has the focus: its tag and name or text; and whether it is seen to have it."""
    return page.evaluate("""() => { const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
        return [`${one.tagName.toLowerCase()} ${one.name || one.innerText.trim()}`,
                style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && box.left >= 0 && box.right <= innerWidth && box.top >= 0]; }""")


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
    assert names.count("input kind") == len(KINDS)
    assert [name for name, seen in reached if not seen] == []


def test_skip_link_leads_to_the_content_and_keeps_the_address(site, visit):
    for there in (f"freezing.html#{HALTED}", "index.html#chapter=tying", "upgrade.html#2.5...2.6"):
        page = visit(there)
        page.focus(".skip")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main" and address(page) == there
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.querySelector('main').contains(document.activeElement) && document.activeElement.id !== 'main'"
        )


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
        page.evaluate(
            "() => { for (const one of document.querySelectorAll('main details')) one.open = true; }"
        )
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
    results = axe.run(
        page, options={"preload": False, "resultTypes": ["violations"]}
    )  # it would fetch style sheets, which a page on the disk may not
    assert len(results.response["passes"]) > 10
    assert [
        f"{one['id']} ({len(one['nodes'])}): {one['nodes'][0]['html'][:150]} {one['nodes'][0]['failureSummary'][:300]}"
        for one in results.response["violations"]
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
