"""A cause of the first page opens in place: advice, cause, values before and after, a script."""

import pytest

from tests.publish.browser import views
from tests.publish.browser.views import CLIPBOARD, DESK, RESTS, becomes, texts
from torch_history.publish import report
from torch_history.questions import query


def of_the_command(site, before, after):
    """How a behaviour differs, as ``torch-history diff`` has it."""
    differences = query.diff(site.index, before, after).differences
    [found] = [one for one in differences if one.behaviour.id == RESTS]
    return found


def test_cause_of_the_first_view_opens_too(visit):
    page = visit("index.html")
    page.click("#causes summary >> nth=0")
    first = page.locator("#causes details").first
    first.locator(".sides td").first.wait_for()
    before, after = page.input_value("[name=before]"), page.input_value("[name=after]")
    sides = first.locator("thead >> nth=0").locator("th").all_inner_texts()
    assert sides == [f"torch {before}", f"torch {after}"]


@pytest.mark.parametrize("by", ["click", "touch", "Enter"])
def test_cause_opens_to_advice_cause_values_and_behaviours(site, visit, width, by):
    page = visit("index.html#1.13...2.0&kind=silent", width, has_touch=by == "touch")
    difference = of_the_command(site, "1.13", "2.0")
    [change] = difference.changes
    cause = page.locator("#causes details.cause", has=page.locator(f"li[data-id='{RESTS}']"))
    summary = cause.locator("summary").first
    if by == "Enter":
        summary.focus()
        page.keyboard.press("Enter")
    else:
        summary.tap() if by == "touch" else summary.click()
    item = cause.locator(f"li[data-id='{RESTS}']")
    item.locator(".sides").wait_for()
    words = cause.inner_text()
    assert f"What to do: {change.advice}" in views.advised(cause)
    assert f"Cause: {change.cause_in_words}" in words
    assert difference.behaviour.claim.lower() in words.lower()
    assert views.marked(difference.behaviour.docstring.split("\n\n")[0]) in " ".join(words.split())
    rows = item.locator(".sides tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    lines = report.lines_of_change(difference.cases, 120)
    assert [tuple(row) for row in rows[:3]] == lines[:3] and lines[0][0] != lines[0][1]
    if width == DESK:
        assert item.locator("thead th").all_inner_texts() == ["torch 1.13", "torch 2.0"]
    else:
        labels = item.locator("td").evaluate_all(
            "cells => cells.map((cell) => getComputedStyle(cell, '::before').content)"
        )
        assert '"1.13' in labels[0] and '"2.0' in labels[1]
    summary.click()
    assert not item.is_visible()


def test_values_change_sides_with_the_releases(site, visit):
    page = visit("index.html#2.0...1.13&kind=silent")
    page.click(f"#causes details.cause:has(li[data-id='{RESTS}']) > summary")
    item = page.locator(f"#causes li[data-id='{RESTS}']")
    item.locator(".sides").wait_for()
    difference = of_the_command(site, "2.0", "1.13")
    assert item.locator("thead th").all_inner_texts() == ["torch 2.0", "torch 1.13"]
    first = item.locator("tbody tr").first.locator("td").all_inner_texts()
    assert tuple(first) == report.lines_of_change(difference.cases, 120)[0]


def test_script_of_a_cause_is_shown_and_copied(site, visit):
    page = visit("index.html#1.13...2.0&kind=silent", permissions=CLIPBOARD)
    page.click(f"#causes details.cause:has(li[data-id='{RESTS}']) > summary")
    script = page.locator(f"#causes li[data-id='{RESTS}'] details.script")
    script.locator("summary").click()
    script.locator("button").click()
    becomes(page, lambda page: script.locator("button").inner_text(), "Copied")
    assert page.evaluate("navigator.clipboard.readText()") == views.script_of(site, RESTS)


def test_script_is_selected_where_the_clipboard_is_closed(site, visit):
    page = visit("index.html#1.13...2.0&kind=silent")
    page.evaluate("() => { Object.defineProperty(navigator, 'clipboard', { value: undefined }); }")
    page.click(f"#causes details.cause:has(li[data-id='{RESTS}']) > summary")
    script = page.locator(f"#causes li[data-id='{RESTS}'] details.script")
    script.locator("summary").click()
    script.locator("button").click()
    becomes(page, lambda page: script.locator("button").inner_text(), "Press Ctrl+C")
    assert page.evaluate("String(getSelection())").strip() == views.script_of(site, RESTS).strip()


def test_command_is_copied(visit):
    page = visit("index.html#2.5...2.6", permissions=CLIPBOARD)
    becomes(page, lambda page: page.title()[:16], "torch 2.5 to 2.6")
    page.click(".terminal button")
    becomes(page, lambda page: page.inner_text(".terminal button"), "Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "torch-history diff 2.5 2.6 --code ."


def test_values_with_hostile_words_are_words(hostile, visit):
    page = visit("index.html#1.13...2.0&kind=all", site="hostile")
    becomes(page, lambda page: page.title()[:17], "torch 1.13 to 2.0")
    for summary in page.locator("#causes .cause > summary").all():
        summary.click()
    page.locator("#causes .sides").first.wait_for()
    assert page.locator("main script, main img").count() == 0
    assert "<script>alert(1)</script>" in page.inner_text("#causes")
    assert "<script>alert(1)</script>" in page.inner_text("#unknown")
    assert texts(page, "#causes .sides td")
