"""The first page: what differs between two releases, cause by cause."""

import pytest

from tests.publish.browser import views
from tests.publish.browser.views import CLIPBOARD, DESK, RESTS, address, becomes, causes, texts
from torch_history import versions
from torch_history.catalogue.kinds import GROUPS, Kind
from torch_history.publish import report
from torch_history.questions import query

HARM = [*GROUPS["breaks"], *GROUPS["numbers"]]
ASKED = ("before", "after", "kind", "api")  # the fields
PAIR = ("2.5", "2.6")


def told(site, before, after, kinds=HARM, words=""):
    """What ``torch-history diff`` tells of two releases, as the page shows it; with its rank."""
    answer = query.diff(site.index, before, after)
    found = {}
    for one in report.whole(answer).findings:
        line = views.marked(f"{report.subject(one)} {report.sentence(one, answer.backwards)}")
        shown = (one.kind.label, line, tuple(behaviour.id for behaviour in one.behaviours))
        if one.kind in kinds and (not words or words in _searched(one)):
            found[shown] = (*one.order, [-part for part in versions.key(one.change.version)])
    return found


def _searched(finding):
    ids = [behaviour.id for behaviour in finding.behaviours]
    apis = [api for behaviour in finding.behaviours for api in behaviour.api]
    readable = [name.replace("_", " ") for name in ids]
    return " ".join([report.subject(finding), finding.change.text, *ids, *readable, *apis]).lower()


def shows(page, site, before, after, **narrowed):
    """How many causes there are; the page shows what the command tells, the worst first."""
    expected = told(site, before, after, **narrowed)
    becomes(page, lambda page: sorted(causes(page)), sorted(expected))
    ranks = [expected[one] for one in causes(page)]
    assert ranks == sorted(ranks)
    return len(expected)


def chosen(page):
    return tuple(page.input_value(f"[name={name}]") for name in ASKED)


# ---- the first view


def test_first_view_answers_before_any_data_is_loaded(site, visit, width):
    page = visit("index.html", width)
    before, after, kind, words = chosen(page)
    assert after == list(site.index.releases)[-1] and (kind, words) == ("breaks,numbers", "")
    count = shows(page, site, before, after)
    more = len(told(site, before, after, kinds=list(Kind))) - count
    assert page.inner_text(".count") == (
        f"torch {before} to {after}: {count} causes break or move numbers. "
        f"{more} more are of other kinds."
    )
    assert page.inner_text("#command") == f"torch-history diff {before} {after} --code ."
    assert views.data(page) == [] and address(page) == "index.html"


# ---- what the reader chooses


@pytest.mark.parametrize(
    "before, after", [PAIR, ("1.13", "2.0"), ("2.13", "2.12"), ("1.4", "2.15")]
)
def test_any_two_releases_are_answered_as_the_command_does(site, visit, before, after):
    page = visit("index.html")
    page.select_option("[name=before]", before)
    page.select_option("[name=after]", after)
    count = shows(page, site, before, after)
    assert address(page) == f"index.html#{before}...{after}"
    plural = "s" if count != 1 else ""
    assert page.inner_text(".count").startswith(
        f"torch {before} to {after}: {count} cause{plural}."
    )
    assert page.inner_text("#command") == f"torch-history diff {before} {after} --code ."
    assert page.title().startswith(f"torch {before} to {after}")


def test_kinds_are_chosen_by_group_and_one_by_one(site, visit, width):
    page = visit("index.html#1.13...2.0", width)
    choices = {
        "breaks,numbers": HARM,
        "seen": [kind for kind in Kind if kind.matters],
        "all": list(Kind),
        **{kind.slug: [kind] for kind in Kind},
    }
    options = page.locator("[name=kind] option").evaluate_all("all => all.map((one) => one.value)")
    assert options == list(choices)
    for choice, kinds in choices.items():
        page.select_option("[name=kind]", choice)
        shows(page, site, "1.13", "2.0", kinds=kinds)


def test_what_the_kinds_leave_out_is_counted_and_one_step_away(site, visit):
    page = visit("index.html#2.5...2.6&kind=silent")
    every = len(told(site, *PAIR, kinds=list(Kind)))
    nothing = "torch 2.5 to 2.6: no recorded cause of what you chose."
    becomes(
        page,
        lambda page: page.inner_text(".count"),
        f"{nothing} {every} more of other kinds: show everything",
    )
    page.click("text=show everything")
    assert shows(page, site, *PAIR, kinds=list(Kind)) == every
    assert page.inner_text(".count") == f"torch 2.5 to 2.6: {every} causes."


@pytest.mark.parametrize("words", ["zero_grad", "weights_only", "torch.optim.sgd", "no such thing"])
def test_causes_narrow_while_words_are_typed(site, visit, words):
    page = visit("index.html#1.13...2.0&kind=all")
    page.focus("[name=api]")
    page.keyboard.type(words)
    count = shows(page, site, "1.13", "2.0", kinds=list(Kind), words=words)
    assert bool(count) == (words != "no such thing")
    again = visit(address(page))
    shows(again, site, "1.13", "2.0", kinds=list(Kind), words=words)


def test_swap_turns_the_two_releases_around(site, visit):
    page = visit("index.html#2.5...2.6&kind=all")
    page.click("text=Swap")
    assert shows(page, site, "2.6", "2.5", kinds=list(Kind)) > 0
    assert address(page) == "index.html#2.6...2.5&kind=all"


def test_release_does_not_differ_from_itself(site, visit):
    page = visit("index.html#2.6...2.6&kind=all")
    count = "torch 2.6 to 2.6: no recorded cause of what you chose."
    becomes(page, lambda page: page.inner_text(".count"), count)
    assert causes(page) == []


# ---- the address


@pytest.mark.parametrize(
    "before, after, kind, words",
    [
        ("2.5", "2.6", "breaks,numbers", ""),
        ("2.6", "1.4", "silent", ""),
        ("1.13", "2.0", "seen", "zero_grad"),
        ("1.13", "2.0", "all", "100% & more=less"),
    ],
)
def test_address_keeps_what_is_chosen(site, visit, before, after, kind, words):
    page = visit("index.html")
    page.select_option("[name=before]", before)
    page.select_option("[name=after]", after)
    page.select_option("[name=kind]", kind)
    page.fill("[name=api]", words)
    again = visit(address(page))
    assert chosen(again) == chosen(page) == (before, after, kind, words)
    becomes(again, causes, causes(page))
    assert address(again) == address(page)


def test_back_from_a_behaviour_finds_the_causes_as_they_were(site, visit, width):
    page = visit("index.html", width)
    page.select_option("[name=before]", "1.13")
    page.select_option("[name=after]", "2.0")
    page.select_option("[name=kind]", "silent")
    count = shows(page, site, "1.13", "2.0", kinds=[Kind.SILENT])
    page.click("#causes details >> nth=0")
    with page.expect_navigation():
        page.click("#causes li a >> nth=0")
    assert "behaviours/" in page.url
    page.go_back()
    assert shows(page, site, "1.13", "2.0", kinds=[Kind.SILENT]) == count
    assert chosen(page) == ("1.13", "2.0", "silent", "")


def test_another_address_on_the_page_replaces_what_is_chosen(site, visit):
    page = visit("index.html#2.5...2.6&kind=all&api=load")
    shows(page, site, *PAIR, kinds=list(Kind), words="load")
    for fragment, pair, kinds in (
        ("#1.13...2.0", ("1.13", "2.0"), HARM),
        ("#2.6...2.5&kind=gone", ("2.6", "2.5"), [Kind.GONE]),
    ):
        page.evaluate("fragment => { location.hash = fragment; }", fragment)
        shows(page, site, *pair, kinds=kinds)
    page.go_back()
    shows(page, site, "1.13", "2.0")


@pytest.mark.parametrize(
    "fragment, note",
    [
        ("#2.5.1...2.6.0", ""),
        ("#0.4...2.6", "0.4...2.6 does not name two recorded releases. "),
        ("#2.5...", "2.5... does not name two recorded releases. "),
        ("#...", "... does not name two recorded releases. "),
        ("#2.5...2.6...2.7", "2.5...2.6...2.7 does not name two recorded releases. "),
        ("#2.5...2.6&kind=nonsense", ""),
        ("#2.5...2.6&api=%E0%A4%A", ""),
        ("#&&", ""),
        ("#releases", ""),
        ("#%00", ""),
        ("#<img src=x>...2.6", "%3Cimg%20src=x%3E...2.6 does not name two recorded releases. "),
    ],
    ids=str,
)
def test_damaged_address_breaks_nothing(site, visit, fragment, note):
    page = visit(f"index.html{fragment}")
    releases = list(site.index.releases)
    told_note = note and f"{note}They run from {releases[0]} to {releases[-1]}."
    becomes(page, lambda page: page.inner_text("#unknown"), told_note)
    assert all(release in releases for release in chosen(page)[:2])
    page.select_option("[name=kind]", "all")
    before, after = chosen(page)[:2]
    page.fill("[name=api]", "")
    shows(page, site, before, after, kinds=list(Kind))
    assert page.inner_text("#unknown") == ""


@pytest.mark.parametrize(
    "old, new",
    [
        ("upgrade.html#2.5...2.15", "index.html#2.5...2.15"),
        ("upgrade.html#1.13...2.0&kind=silent", "index.html#1.13...2.0&kind=silent"),
        (f"freezing.html#{RESTS}@2.0", f"{RESTS}.html"),
    ],
)
def test_address_of_the_former_site_leads_on(site, visit, old, new):
    page = visit(old)
    page.wait_for_url(lambda url: url.endswith(f"/{new}"))


# ---- a cause that is opened


@pytest.mark.parametrize("by", ["click", "touch", "Enter"])
def test_cause_opens_to_advice_cause_values_and_behaviours(site, visit, width, by):
    page = visit("index.html#1.13...2.0&kind=silent", width, has_touch=by == "touch")
    [difference] = [
        one
        for one in query.diff(site.index, "1.13", "2.0").differences
        if one.behaviour.id == RESTS
    ]
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
    [difference] = [
        one
        for one in query.diff(site.index, "2.0", "1.13").differences
        if one.behaviour.id == RESTS
    ]
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


# ---- the table of releases


def test_each_number_of_the_table_of_releases_leads_to_as_many_causes(site, visit):
    page = visit("index.html")
    found = page.evaluate(
        """async () => {
            const answers = [], counted = document.querySelector('.count');
            for (const link of document.querySelectorAll('.glance td a')) {
                counted.textContent = '';
                location.hash = link.hash;
                while (!counted.textContent) await new Promise((go) => setTimeout(go, 1));
                const shown = document.querySelectorAll('#causes > details').length;
                answers.push([link.hash, Number(link.textContent), shown]);
            }
            return answers;
        }"""
    )
    assert len(found) > 60
    assert [one for one in found if one[1] != one[2]] == []
    assert {hash_.partition("&")[0] for hash_, *_ in found} >= {"#1.13...2.0", "#2.14...2.15"}


def test_release_of_the_table_leads_to_all_that_it_changed(site, visit, width):
    page = visit("index.html", width)
    page.click(".glance th a:text-is('2.6')")
    shows(page, site, *PAIR, kinds=list(Kind))
    assert page.evaluate("scrollY") == 0


# ---- what is not known, and hostile words


def test_unknown_behaviour_is_said_not_to_be_verified(odd, visit, width):
    page = visit("index.html#1.13...2.0&kind=all", width, site="odd")
    note = "Not verified on 2.0: odd.part_of_two_releases: skipped: no <u>part</u> in this fakelib"
    becomes(page, lambda page: page.inner_text("#unknown"), note)
    assert page.locator("main u").count() == 0
    page.select_option("[name=after]", "2.6")
    becomes(page, lambda page: page.inner_text("#unknown"), "")


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
