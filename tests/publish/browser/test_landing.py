"""The first page: what differs between two releases, cause by cause."""

import pytest

from tests.publish.browser import views
from tests.publish.browser.views import RESTS, address, becomes, causes
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
    page = visit("index.html#2.5...2.6&kind=random")
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


def test_enter_in_the_field_leaves_the_page_as_it_is(site, visit):
    page = visit("index.html#2.5...2.6")
    page.fill("[name=api]", "load")
    page.press("[name=api]", "Enter")
    shows(page, site, *PAIR, words="load")
    assert address(page) == "index.html#2.5...2.6&api=load"


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
    page.wait_for_url("**/index.html*")
    assert shows(page, site, "1.13", "2.0", kinds=[Kind.SILENT]) == count
    assert chosen(page) == ("1.13", "2.0", "silent", "")


def test_choosing_adds_no_steps_to_go_back(visit):
    page = visit("manual.html")
    with page.expect_navigation():
        page.click("header a:text-is('Upgrade')")
    page.select_option("[name=before]", "1.13")
    page.fill("[name=api]", "load")
    page.go_back()
    page.wait_for_url("**/manual.html")


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


# ---- what is not known


def test_unknown_behaviour_is_said_not_to_be_verified(odd, visit, width):
    page = visit("index.html#1.13...2.0&kind=all", width, site="odd")
    note = "Not verified on 2.0: odd.part_of_two_releases: skipped: no <u>part</u> in this fakelib"
    becomes(page, lambda page: page.inner_text("#unknown"), note)
    assert page.locator("main u").count() == 0
    page.select_option("[name=after]", "2.6")
    becomes(page, lambda page: page.inner_text("#unknown"), "")
