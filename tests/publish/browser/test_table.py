"""The table of all behaviours on all releases: its filters, its colours, its marks."""

import pytest

from tests.publish.browser import views
from tests.publish.browser.views import RESTS, address, becomes, texts
from torch_history.catalogue.kinds import Kind, kinds_of
from torch_history.publish.site.states import meanings

MARK = f"tr:has(a[href='behaviours/{RESTS}.html']) td button"
TOLD = "#told"


def rows(page):
    """The ids of the rows that can be seen."""
    return page.evaluate(
        """() => [...document.querySelectorAll('tbody tr:not(.chapter)')]
            .filter((row) => row.checkVisibility())
            .map((row) => row.querySelector('a').pathname.split('/').at(-1).slice(0, -5))"""
    )


def fitting(site, chapter="", api="", kind="", changed=False):
    """The ids that the filters leave."""
    kinds = set(kinds_of(kind)) if kind else set()
    return sorted(
        behaviour.id
        for behaviour in site.behaviours.values()
        if (not chapter or behaviour.chapter == chapter)
        and (behaviour.changes or not changed)
        and (not kind or kinds & {change.kind for change in marks(behaviour)})
        and api.strip().lower()
        in f"{behaviour.claim} {behaviour.id} {' '.join(behaviour.api)}".lower()
    )


def marks(behaviour):
    """The most harmful change of each release, which is the one that the table marks."""
    worst = sorted(behaviour.changes, key=lambda change: change.kind.rank, reverse=True)
    return {change.version: change for change in worst}.values()


def shows(page, site, **filters):
    """How many rows there are; the table shows and counts what the filters leave."""
    expected = fitting(site, **filters)
    becomes(page, lambda page: sorted(rows(page)), expected)
    assert page.inner_text(".count") == f"{len(expected):,} of {len(site.behaviours):,} behaviours"
    chapters = {one.partition(".")[0].replace("_", " ").capitalize() for one in expected}
    assert set(texts(page, "tr.chapter a")) == chapters
    return len(expected)


# ---- the filters


def test_table_shows_what_changed_and_then_all(site, visit, width):
    page = visit("table.html", width)
    some = shows(page, site, changed=True)
    page.uncheck("[name=changed]")
    assert some < shows(page, site) == len(site.behaviours)
    page.check("[name=changed]")
    assert shows(page, site, changed=True) == some


def test_table_narrows_while_a_name_is_typed(site, visit, width):
    page = visit("table.html#chapter=optimizers", width)
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
    page = visit("table.html", width)
    page.select_option("[name=chapter]", "optimizers")
    chapter = shows(page, site, chapter="optimizers", changed=True)
    page.select_option("[name=kind]", "numbers")
    moved = shows(page, site, chapter="optimizers", kind="numbers", changed=True)
    page.select_option("[name=kind]", "silent")
    silent = shows(page, site, chapter="optimizers", kind="silent", changed=True)
    page.fill("[name=api]", " ADAM ")
    adam = shows(page, site, chapter="optimizers", kind="silent", api="adam", changed=True)
    assert chapter > moved >= silent > adam > 0
    page.fill("[name=api]", "no such thing")
    assert shows(page, site, api="no such thing") == 0


def test_each_kind_of_change_can_be_chosen(site, visit):
    page = visit("table.html")
    for kind in ("breaks", "numbers", *(one.slug for one in Kind)):
        page.select_option("[name=kind]", kind)
        assert shows(page, site, kind=kind, changed=True) > 0


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"changed": True},
        {"chapter": "freezing"},
        {"api": "set_to_none", "changed": True},
        {"api": "torch.optim.Adam", "chapter": "optimizers", "kind": "breaks", "changed": True},
        {"api": "100% & more=less"},
    ],
    ids=str,
)
def test_address_keeps_the_filters(site, visit, chosen):
    page = visit("table.html")
    page.set_checked("[name=changed]", not chosen.get("changed", False))
    page.set_checked("[name=changed]", chosen.get("changed", False))
    for name in ("chapter", "kind"):
        page.select_option(f"[name={name}]", chosen.get(name, ""))
    page.fill("[name=api]", chosen.get("api", ""))
    shows(page, site, **chosen)
    again = visit(address(page))
    shows(again, site, **chosen)
    for name in ("chapter", "kind", "api"):
        assert again.input_value(f"main [name={name}]") == chosen.get(name, "")
    assert again.is_checked("[name=changed]") == chosen.get("changed", False)
    assert address(again) == address(page)


def test_back_from_a_behaviour_finds_the_table_as_it_was(site, visit, width):
    page = visit("table.html", width)
    page.select_option("[name=chapter]", "freezing")
    page.select_option("[name=kind]", "silent")
    with page.expect_navigation():
        page.click(f"a[href='behaviours/{RESTS}.html']")
    assert address(page) == f"{RESTS}.html"
    page.go_back()
    page.wait_for_url("**/table.html*")
    assert shows(page, site, chapter="freezing", kind="silent", changed=True) > 0


def test_another_address_in_the_same_table_replaces_all_filters(site, visit):
    page = visit("table.html#api=adam&kind=silent")
    shows(page, site, api="adam", kind="silent")
    for fragment, chosen in (
        ("#chapter=tying", {"chapter": "tying"}),
        ("", {"changed": True}),
        ("#all", {}),
    ):
        page.evaluate("fragment => { location.hash = fragment; }", fragment)
        shows(page, site, **chosen)
    page.go_back()
    shows(page, site, changed=True)


@pytest.mark.parametrize(
    "fragment, chosen",
    [
        ("#api=100%", {"api": "100%"}),
        ("#&&", {}),
        ("#api=a=b", {"api": "a=b"}),
        ("#chapter=nowhere", {}),
        ("#kind=nonsense&changed=on", {"changed": True}),
        ("#api=%E0%A4%A", {"api": "�%A"}),
    ],
    ids=str,
)
def test_damaged_address_breaks_nothing(site, visit, fragment, chosen):
    page = visit(f"table.html{fragment}")
    shows(page, site, **chosen)
    assert page.input_value("[name=api]") == chosen.get("api", "")


def test_enter_in_the_field_leaves_the_page_as_it_is(site, visit):
    page = visit("table.html")
    page.fill("main [name=api]", "adam")
    shows(page, site, api="adam", changed=True)  # once the rows know their APIs
    before = address(page), page.inner_text(".count")
    page.press("main [name=api]", "Enter")
    page.wait_for_timeout(100)
    assert (address(page), page.inner_text(".count")) == before


# ---- colours and marks


def test_legend_tells_every_state_and_mark(visit, width):
    page = visit("table.html", width)
    legend = page.inner_text(".legend")
    assert [meaning for meaning in meanings().values() if meaning not in legend] == []
    assert page.locator(".legend .letter").all_inner_texts() == [kind.letter for kind in Kind]
    backgrounds = {
        state: page.locator(f".legend i.{state}").evaluate(
            "one => getComputedStyle(one).background + getComputedStyle(one).border"
        )
        for state in meanings()
    }
    assert len(set(backgrounds.values())) == len(meanings())
    cells = page.locator("td").evaluate_all(
        "cells => [...new Set(cells.map((cell) => cell.className))]"
    )
    assert set(cells) <= set(meanings())


@pytest.mark.parametrize("by", ["click", "touch", "Enter", "Space"])
def test_mark_opens_what_changed_and_gives_the_focus_back(site, visit, width, by):
    page = visit("table.html#chapter=freezing&changed=on", width, has_touch=by == "touch")
    [change] = site.behaviours[RESTS].changes
    mark = page.locator(MARK)
    if by == "touch":
        mark.tap()
    elif by == "click":
        mark.click()
    else:
        mark.focus()
        page.keyboard.press(by)
    page.wait_for_selector(f"{TOLD}:popover-open")
    words = page.inner_text(TOLD)
    assert f"{change.kind.title} since {change.version}: {views.marked(change.text)}" in words
    assert f"Cause: {change.cause_in_words}" in words
    assert views.marked(change.advice) in words and "What to do: " in views.advised(
        page.locator(TOLD)
    )
    box = page.locator(TOLD).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    assert box["y"] >= 0 and box["y"] + box["height"] <= views.HEIGHT
    page.keyboard.press("Escape")
    assert not page.is_visible(TOLD)
    assert mark.evaluate("one => one === document.activeElement")
    mark.click()
    page.click(f"{TOLD} button")
    assert not page.is_visible(TOLD) and mark.evaluate("one => one === document.activeElement")


def test_every_mark_of_a_chapter_tells_its_release_and_change(site, visit):
    page = visit("table.html#chapter=training_step&changed=on")
    found = page.evaluate(
        """async () => {
            const told = [], panel = document.querySelector('#told');
            for (const mark of document.querySelectorAll('[data-chapter=training_step] button')) {
                mark.click();
                while (!panel.matches(':popover-open')) await new Promise((go) => setTimeout(go));
                const id = mark.closest('tr').querySelector('a').pathname.split('/').at(-1);
                const changes = [...document.querySelectorAll('#told > div > p:first-child')];
                told.push([id.slice(0, -5), changes.map((one) => one.textContent)]);
                panel.hidePopover();
            }
            return told;
        }"""
    )
    expected = [
        (
            behaviour.id,
            sorted(
                f"{one.kind.title} since {version}: {views.marked(one.text)}"
                for one in behaviour.changes
                if one.version == version
            ),
        )
        for behaviour in site.behaviours.values()
        if behaviour.chapter == "training_step"
        for version in {change.version for change in behaviour.changes}
    ]
    assert sorted((id_, sorted(told)) for id_, told in found) == sorted(expected)
    assert len(found) > 50 and max(len(told) for _, told in found) > 1


def test_mark_closes_where_the_reader_goes_on(visit):
    page = visit("table.html#chapter=freezing&changed=on")
    page.click(MARK)
    page.wait_for_selector(f"{TOLD}:popover-open")
    page.click("main [name=api]")
    assert not page.is_visible(TOLD) and views.focused(page)[0] == "input api"
    page.click(MARK)
    page.wait_for_selector(f"{TOLD}:popover-open")
    with page.expect_navigation():
        page.click(f"{TOLD} a >> nth=0")
    assert address(page) == f"{RESTS}.html"


def test_next_mark_opens_by_keys_while_one_is_open(visit):
    page = visit("table.html#chapter=freezing&changed=on")
    page.focus(MARK)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{TOLD}:popover-open")
    first = page.inner_text(TOLD)
    page.evaluate(
        """mark => {
            const marks = [...document.querySelectorAll('[data-chapter=freezing] td button')]
                .filter((one) => one.checkVisibility());
            marks[marks.indexOf(document.querySelector(mark)) + 1].focus();
        }""",
        MARK,
    )
    page.keyboard.press("Enter")
    becomes(page, lambda page: page.inner_text(TOLD) not in ("", first), True)


def test_column_of_a_release_leads_to_what_it_changed(visit):
    page = visit("table.html")
    with page.expect_navigation():
        page.click("thead a b:text-is('2.6')")
    assert address(page) == "index.html#2.5...2.6"


def test_behaviour_that_is_only_unknown_did_not_change(odd, visit):
    page = visit("table.html", site="odd")
    shows(page, odd, changed=True)
    page.uncheck("[name=changed]")
    assert "odd.part_of_two_releases" in rows(page)
    cells = page.locator("tr:has(a[href='behaviours/odd.part_of_two_releases.html']) td")
    assert cells.all_inner_texts() == ["", "?", ""]


def test_mark_tells_odd_words_as_they_are(odd, visit):
    page = visit("table.html", site="odd")
    page.click("tr:has(a[href='behaviours/odd.odd_words.html']) button")
    page.wait_for_selector(f"{TOLD}:popover-open")
    words = page.inner_text(TOLD)
    assert '<u>text</u> & "quotes" of code' in words and "<u>advice</u> & more" in words
    assert page.locator(f"{TOLD} u").count() == 0
