"""The pages of a behaviour, of a chapter and of all APIs: what their scripts add."""

import re
import subprocess
import sys

import pytest

from tests.publish.browser import views
from tests.publish.browser.views import CLIPBOARD, RESTS, SMALL, address, becomes, needed, texts

SHOWN = [
    RESTS,
    "checkpoints.load_refuses_a_whole_module_by_default",
    "views.list_of_lists_as_an_index_warns_where_a_tuple_does_not",
]


def opened(page, selector):
    """The text of the script that opens at a summary."""
    page.click(f"{selector} > summary")
    page.locator(f"{selector} pre").wait_for()
    return page.text_content(f"{selector} pre")


# ---- what is packed

MANY = "losses.loss_class_keeps_adds_or_averages"  # has 66 values


def test_packed_values_are_shown_as_the_data_have_them(site, visit, width):
    page = visit(f"behaviours/{MANY}.html", width)
    page.locator(".values h3").first.wait_for()
    told = site.page_of(MANY).html
    assert page.locator(".values h3").all_inner_texts() == re.findall(r"<h3>(.*?)</h3>", told)
    assert page.locator(".values td").count() == told.count("<td>") > 20
    assert "without scripts" not in page.inner_text("main").lower()


def test_page_without_scripts_says_what_prints_the_values(visit):
    page = visit(f"behaviours/{MANY}.html", scripts=False)
    assert page.inner_text(".values") == (
        f"A script shows what belongs here. Without scripts: torch-history show {MANY}"
    )


@pytest.mark.parametrize("name", ["torch.symeig", "torch.DoubleStorage.cuda"])
def test_address_leads_to_the_line_of_a_name_in_a_large_module(visit, name):
    page = visit(f"surface/torch.html#{name}")
    page.locator(".sought").wait_for()
    last = name.rpartition(".")[2]
    assert re.match(rf"{last}\b", page.inner_text(".sought"))
    assert page.locator(".sought").evaluate("line => line.getBoundingClientRect().top") < 2000


# ---- a behaviour


@pytest.mark.parametrize("behaviour", SHOWN)
def test_script_of_a_behaviour_opens_and_runs_with_torch_alone(site, visit, behaviour, tmp_path):
    needed("torch")
    page = visit(f"behaviours/{behaviour}.html")
    script = opened(page, "details.script")
    assert script == views.script_of(site, behaviour)
    done = subprocess.run(
        [sys.executable, "-I", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_script_of_a_behaviour_is_copied(site, visit, width):
    page = visit(f"behaviours/{RESTS}.html", width, permissions=CLIPBOARD)
    opened(page, "details.script")
    page.click("details.script button")
    becomes(page, lambda page: page.inner_text("details.script button"), "Copied")
    assert page.evaluate("navigator.clipboard.readText()") == views.script_of(site, RESTS)


def test_behaviour_that_no_script_can_show_says_so(odd, visit):
    page = visit("behaviours/tensors.device_answer.html", site="odd")
    page.click("details.script > summary")
    page.locator("details.script p").wait_for()
    assert page.inner_text("details.script p").startswith("No script can show it")


@pytest.mark.parametrize(
    "name, behaviour", [("real", RESTS), ("odd", "odd.odd_words")], ids=["with git", "without git"]
)
def test_citation_names_the_claim_the_release_the_commit_and_the_date(
    visit, request, name, behaviour
):
    page = visit(f"behaviours/{behaviour}.html", site=name)
    where = f"{request.getfixturevalue(name).told['address']}behaviours/{behaviour}.html"
    page.click("details.cite > summary")
    sentence, entry = page.locator("details.cite pre").all_inner_texts()
    claim, standing, edition = (page.inner_text(part) for part in ("h1", ".standing", "footer"))
    assert claim.lower() == behaviour.partition(".")[2].replace("_", " ")
    assert re.fullmatch(r"Observed on torch 2\.\d+, and the same since 2\.0\.", standing)
    assert sentence == f"{claim}. {standing} {edition}. {where}"
    assert entry.startswith(f"@misc{{{behaviour.replace('.', '-')},\n") and entry.endswith("\n}")
    fields = dict(re.findall(r"^  (\w+) += \{(.+)\}", entry, re.MULTILINE))
    made = re.fullmatch(
        r"torch-training-spec [\d.]+(, commit [0-9a-f]{12}\+?, (\d{4})-\d\d-\d\d)?", edition
    )
    assert name == "odd" or made[2]
    assert fields == {
        "title": claim,
        "author": "{The torch-training-spec developers}",
        **({"year": made[2]} if made[2] else {}),
        "note": f"{standing} {edition}",
        "url": where,
    }


def test_citation_is_copied(visit):
    page = visit(f"behaviours/{RESTS}.html", permissions=CLIPBOARD)
    page.click("details.cite > summary")
    page.click("details.cite button >> nth=1")
    becomes(page, lambda page: page.inner_text("details.cite button >> nth=1"), "Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("@misc{")


def test_former_name_of_a_behaviour_leads_to_it(site, visit):
    renamed = next(one for one in site.behaviours.values() if one.former)
    page = visit(f"behaviours/{renamed.former[0]}.html")
    page.wait_for_url(f"**/behaviours/{renamed.id}.html")
    assert page.inner_text("h1").lower() == renamed.claim.lower()


def test_behaviour_leads_to_its_subject(site, visit, width):
    page = visit(f"behaviours/{RESTS}.html", width)
    with page.expect_navigation():
        page.click(".crumbs a")
    anchor = address(page).partition("#")[2]
    assert address(page).startswith("freezing.html#")
    becomes(page, lambda page: views.in_view(page, anchor), True)


# ---- a chapter


def test_example_opens_with_its_script(site, visit, width):
    page = visit("freezing.html", width, permissions=CLIPBOARD)
    example = f"article[id='{RESTS}'] details"
    assert opened(page, example) == views.script_of(site, RESTS)
    page.click(f"{example} button")
    becomes(page, lambda page: page.inner_text(f"{example} button"), "Copied")
    assert page.evaluate("navigator.clipboard.readText()") == views.script_of(site, RESTS)
    page.click(f"{example} > summary")
    page.click(f"{example} > summary")
    assert page.locator(f"{example} pre").count() == 1


def test_all_examples_open_and_close_at_once(site, visit):
    page = visit(f"{SMALL}.html")
    own = [name for name, one in site.data(SMALL)["behaviours"].items() if "script" in one]
    page.click("text=Open all examples")
    becomes(page, lambda page: page.locator("article details[open] pre").count(), len(own))
    shown = dict(
        page.locator("article:has(pre)").evaluate_all(
            "all => all.map((one) => [one.id, one.querySelector('pre').textContent])"
        )
    )
    assert shown == {name: views.script_of(site, name) for name in own}
    assert page.get_attribute("#examples button", "aria-pressed") == "true"
    page.click("text=Close all examples")
    becomes(page, lambda page: page.locator("article details[open]").count(), 0)
    assert page.get_attribute("#examples button", "aria-pressed") == "false"


@pytest.mark.parametrize("place", ["subject", "behaviour", "former id"])
def test_address_of_a_place_in_a_chapter_shows_it(site, visit, width, place):
    renamed = next(
        one
        for one in site.behaviours.values()
        for former in one.former
        if former.startswith(f"{one.chapter}.")
    )
    chapter, anchor = {
        "subject": ("freezing", "frozen-batchnorm"),
        "behaviour": ("freezing", RESTS),
        "former id": (renamed.chapter, renamed.former[0]),
    }[place]
    page = visit(f"{chapter}.html#{anchor}", width)
    becomes(page, lambda page: views.in_view(page, anchor), True)


def test_subject_of_the_contents_is_one_step_away(visit, width):
    page = visit("freezing.html", width)
    link = page.locator(".contents a").last
    anchor = link.get_attribute("href")[1:]
    link.click()
    becomes(page, lambda page: views.in_view(page, anchor), True)
    assert address(page) == f"freezing.html#{anchor}"


# ---- the APIs


def test_names_narrow_while_one_is_typed(site, visit, width):
    page = visit("apis.html", width)
    names = sorted({api for one in site.behaviours.values() for api in one.api})
    assert page.inner_text(".count") == f"{len(names)} of {len(names)} names"
    for words in ("adam", " Torch.Optim.SGD "):
        page.fill("main [name=api]", words)
        expected = [name for name in names if words.strip().lower() in name.lower()]
        assert sorted(texts(page, ".names code")) == expected != []
        assert page.inner_text(".count") == f"{len(expected)} of {len(names)} names"
        homes = {name.rpartition(".")[0] for name in expected}
        assert set(texts(page, ".home h2")) == homes
    page.fill("main [name=api]", "")
    assert len(texts(page, ".names code")) == len(names)


def test_name_without_behaviours_is_said_not_to_be_covered(visit):
    page = visit("apis.html")
    page.fill("main [name=api]", " torch.jit.script ")
    count = "torch.jit.script is not covered: no behaviour is about it."
    assert page.inner_text(".count") == count
    assert texts(page, ".names code") == texts(page, ".home h2") == []
    page.press("main [name=api]", "Enter")
    page.wait_for_timeout(100)
    assert address(page) == "apis.html" and page.inner_text(".count") == count


def test_changes_that_harm_no_program_are_one_step_away(site, visit):
    page = visit("apis/torch.load.html")
    page.locator(".happened h2").first.wait_for()
    assert re.search(r"\d+ more changes? harm", page.inner_text("main"))
    with page.expect_navigation():
        page.click("text=read what remains of them")
    assert address(page).startswith("index.html#") and address(page).endswith("api=torch.load")
    becomes(page, lambda page: page.input_value("[name=api]"), "torch.load")
    # a warning that came and went is in neither release
    becomes(page, lambda page: page.locator("#causes > details").count() > 10, True)


# ---- hostile words


def test_pages_of_hostile_words_run_nothing(hostile, visit):
    own = {path.name for path in hostile.folder.rglob("*.js")}
    page = visit("index.html", site="hostile")
    for name, read in hostile.pages.items():
        begun = f"{hostile.folder.as_uri()}/{name}"
        page.goto(begun)
        if 'http-equiv="refresh"' in read.html or 'src="moved.js"' in read.html:
            page.wait_for_url(lambda url, begun=begun: url != begun)
        page.wait_for_load_state("load")
        scripts = page.locator("script").evaluate_all("all => all.map((one) => one.src)")
        assert {one.rpartition("/")[2] for one in scripts} <= own
    page.goto(f"{hostile.folder.as_uri()}/behaviours/hostile.everything_is_hostile.html")
    for summary in page.locator("main > details > summary").all():
        summary.click()
    page.locator("details.cite pre").first.wait_for()
    assert page.locator("details script, details img").count() == 0
