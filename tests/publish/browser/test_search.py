"""The search box of every page: what it finds, and how it is reached."""

import pytest

from tests.publish.browser import views
from tests.publish.browser.views import CLIPBOARD, KINDS, RESTS, address, texts
from torch_history.questions import search

BOX, PANEL = "header input[type=search]", ".found"
NON_TUPLE = "views.list_of_lists_as_an_index_warns_where_a_tuple_does_not"
WARNING = """\
train.py:7: UserWarning: Using a non-tuple sequence for multidimensional indexing is deprecated and\
 will be changed in pytorch 2.9; use x[tuple(seq)] instead of x[seq].
  print(x[[[0, 1], [1, 0]]])
"""
UNPICKLING = """\
Traceback (most recent call last):
  File "/home/me/train.py", line 21, in <module>
    model = torch.load("model.pt")
            ^^^^^^^^^^^^^^^^^^^^^^
  File "/home/me/env/lib/python3.11/site-packages/torch/serialization.py", line 1470, in load
    raise pickle.UnpicklingError(_get_wo_message(str(e))) from None
_pickle.UnpicklingError: Weights only load failed. This file can still be loaded, to do so you have\
 two options, do those steps only if you trust the source of the checkpoint.
\t(1) In PyTorch 2.6, we changed the default value of the `weights_only` argument in `torch.load`\
 from `False` to `True`. Re-running `torch.load` with `weights_only` set to `False` will likely\
 succeed, but it can result in arbitrary code execution. Do it only if you got the file from a\
 trusted source.
\t(2) Alternatively, to load with `weights_only=True` please check the recommended steps in the\
 following error message.
\tWeightsUnpickler error: Unsupported global: GLOBAL __main__.Net was not an allowed global by\
 default. Please use `torch.serialization.add_safe_globals([Net])` to allowlist this global.
"""
WORDS = [
    "dropout seed",
    "zero_grad",
    "zero grad",
    "non-tuple sequence",
    "leaf",
    "weights_only",
    "torch.load whole module",
    "adam betas",
    "weight decay frozen",
    "BatchNorm eval",
    "clip_grad_norm_",
    "retain_graph",
    "set_to_none",
    "LRScheduler",
    "cross_entropy label smoothing",
    "deepcopied leaf",
    "the bias of a convolution",
    "DataLoader workers seed",
    "training_step.optimizer_zero_grad_leaves_none",
    "torch.optim.SparseAdam",
    "92731",
]
MESSAGES = [
    WARNING,
    UNPICKLING,
    "RuntimeError: a leaf Variable that requires grad is being used in an in-place operation.",
    "RuntimeError: Trying to backward through the graph a second time.",
    "TypeError: ReduceLROnPlateau.__init__() got an unexpected keyword argument 'verbose'",
    "ValueError: optimizer got an empty parameter list",
]


def groups(page, within=PANEL):
    """Title of a group -> (text, address from the root of the site) of its first links."""
    found = page.evaluate(
        """within => [...document.querySelectorAll(`${within} h2`)].map((one) => [
            one.firstChild.textContent.trim(),
            [...one.nextElementSibling.querySelectorAll('a')].map((link) => [
                link.textContent, link.href.slice(ROOT.length)])])""",
        within,
    )
    return {title: [tuple(link) for link in links] for title, links in found}


def loaded(page):
    """Wait until everything that is searched is there; then a search takes no time."""
    page.wait_for_function("globalThis.DATA?.search")


def sought(page, words):
    """The groups of results that the box shows."""
    page.fill(BOX, words)
    loaded(page)
    return groups(page)


def first(found, title):
    """The address of the first result of a group."""
    return found.get(title, [("", "")])[0][1]


@pytest.mark.parametrize("kind", KINDS)
def test_slash_leads_to_the_search_of_every_page(visit, kind):
    page = visit(kind)
    page.keyboard.press("/")
    page.keyboard.type("leaf")
    assert page.input_value(BOX) == "leaf"
    page.keyboard.type("/")
    assert page.input_value(BOX) == "leaf/"
    page.fill(BOX, "dropout seed")
    page.locator(f"{PANEL} a").first.wait_for()
    [link] = [name for name in texts(page, f"{PANEL} a") if "Dropout drops these" in name]
    with page.expect_navigation():
        page.click(f"{PANEL} a:text-is('{link}')")
    assert address(page) == "randomness.dropout_drops_these_elements_under_seed_zero.html"
    assert page.inner_text("h1") == link


def test_words_lead_to_the_behaviour_that_the_command_finds_first(site, visit):
    page = visit("manual.html")
    found = {words: first(sought(page, words), "Behaviours") for words in WORDS}
    assert found == {words: page_found(site, words) for words in WORDS}


def page_found(site, words):
    """The page of the behaviour that ``torch-history find`` names first."""
    return f"behaviours/{search.find(site.index, words).matches[0].behaviour.id}.html"


def paste(page, text):
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.fill(BOX, "")
    page.focus(BOX)
    page.keyboard.press("Control+V")
    loaded(page)
    return groups(page)


def test_pasted_message_leads_to_the_behaviour_that_the_command_finds_first(site, visit):
    page = visit(f"behaviours/{RESTS}.html", permissions=CLIPBOARD)
    found = {message: first(paste(page, message), "Messages") for message in MESSAGES}
    assert found == {message: page_found(site, message) for message in MESSAGES}
    assert found[WARNING] == f"behaviours/{NON_TUPLE}.html"


def test_of_a_pasted_traceback_the_message_stays_in_the_box(visit):
    page = visit("index.html", permissions=CLIPBOARD)
    paste(page, WARNING)
    assert page.input_value(BOX).startswith("UserWarning: Using a non-tuple sequence")
    paste(page, UNPICKLING)
    assert page.input_value(BOX).startswith("_pickle.UnpicklingError: Weights only load failed.")
    paste(page, "dropout seed")
    assert page.input_value(BOX) == "dropout seed"


def test_name_of_an_api_leads_to_its_page_first(visit):
    page = visit("index.html")
    found = {
        words: first(sought(page, words), "APIs")
        for words in ("zero_grad", "torch.load", "Adam", "BatchNorm1d", "load_state_dict()")
    }
    assert found == {
        "zero_grad": "apis/torch.nn.Module.zero_grad.html",
        "torch.load": "apis/torch.load.html",
        "Adam": "apis/torch.optim.Adam.html",
        "BatchNorm1d": "apis/torch.nn.BatchNorm1d.html",
        "load_state_dict()": "apis/torch.nn.Module.load_state_dict.html",
    }


def test_term_of_the_glossary_leads_to_its_paragraph(visit):
    page = visit(f"behaviours/{RESTS}.html")
    assert first(sought(page, "leaf"), "Glossary") == "guides/glossary.html#leaf"
    with page.expect_navigation():
        page.click(f"{PANEL} a >> nth=0")
    assert address(page) == "glossary.html#leaf"
    assert views.in_view(page, "leaf")


def test_what_is_found_exists(site, visit):
    page = visit("manual.html")
    wrong = [
        link
        for words in ("load", "seed", "gradient", "view", "torch", "momentum")
        for links in sought(page, words).values()
        for _, link in links
        if not (site.folder / link.partition("#")[0].partition("?")[0]).is_file()
    ]
    assert wrong == []


# ---- by keys


def test_arrows_lead_through_the_results_and_enter_opens_one(visit, width):
    page = visit("apis/torch.optim.Adam.html", width)
    page.keyboard.press("/")
    page.keyboard.type("dropout seed")
    page.locator(f"{PANEL} a").first.wait_for()
    names = page.locator(f"{PANEL} a").all_inner_texts()
    reached = []
    for key in ("ArrowDown", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
        reached.append(views.focused(page))
    assert reached == [(f"a {names[0]}", True), (f"a {names[1]}", True), (f"a {names[0]}", True)]
    page.keyboard.press("ArrowUp")
    assert views.focused(page)[0] == "input q"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.inner_text("h1") == names[0]


def test_enter_in_the_box_shows_all_that_is_found(visit):
    page = visit("guides/index.html")
    page.keyboard.press("/")
    page.keyboard.type("zero_grad")
    loaded(page)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert address(page) == "search.html?q=zero_grad"
    assert page.input_value(BOX) == "zero_grad"
    page.locator("#results a").first.wait_for()
    assert page.title().startswith("zero_grad")


def test_escape_closes_the_results_and_the_words_stay(visit):
    page = visit("index.html")
    page.keyboard.press("/")
    page.keyboard.type("zero_grad")
    page.locator(f"{PANEL} a").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    assert not page.is_visible(PANEL) and views.focused(page)[0] == "input q"
    assert page.input_value(BOX) == "zero_grad"
    page.keyboard.type("s")
    assert page.is_visible(PANEL)
    page.mouse.click(20, 700)
    assert not page.is_visible(PANEL)


def test_field_of_a_page_takes_a_slash(visit):
    page = visit("apis.html")
    page.focus("[name=api]")
    page.keyboard.type("a/b")
    assert page.input_value("main [name=api]") == "a/b" and page.input_value(BOX) == ""


# ---- the page of all results


def test_address_of_a_search_shows_all_that_the_box_finds(visit, width):
    page = visit("search.html?q=dropout%20seed", width)
    page.locator("#results a").first.wait_for()
    whole = groups(page, "#results")
    brief = sought(page, "dropout seed")
    assert list(whole) == list(brief)
    assert {title: links[:6] for title, links in whole.items()} == brief
    count = sum(map(len, whole.values()))
    assert page.inner_text(f"{PANEL} > p a") == f"All {count} results"
    page.keyboard.press("Escape")
    counted = page.locator("#results h2 small").all_inner_texts()
    assert list(map(int, counted)) == list(map(len, whole.values()))


@pytest.mark.parametrize("words", ["torch.nothing.here", "xyzzy", "100% & <b>more</b>", "..", "?"])
def test_nothing_found_is_said(visit, words):
    page = visit("index.html")
    page.fill(BOX, words)
    page.locator(f"{PANEL} p").first.wait_for() if len(words) > 1 else page.wait_for_timeout(300)
    assert page.locator(f"{PANEL} h2").count() == page.locator(f"{PANEL} b").count() == 0
    if len(words) > 1:
        assert page.inner_text(PANEL).startswith("Not covered: no behaviour mentions this.")
        assert page.inner_text("header p[role=status]") == "0 results"
        page.press(BOX, "Enter")
        page.locator("#results p").wait_for()
        assert page.inner_text("#results").startswith("Not covered: no behaviour mentions this.")
        assert page.input_value(BOX) == words


def test_misspelt_name_leads_to_the_one_that_is_meant(visit):
    page = visit("index.html")
    meant = {}
    for words in ("torch.laod", "torch.optim.Adma", "zero_gard", "BatchNorm4d"):
        sought(page, words)
        meant[words] = page.locator(f"{PANEL} p a").inner_text()
    assert meant == {
        "torch.laod": "torch.load",
        "torch.optim.Adma": "torch.optim.Adam",
        "zero_gard": "torch.nn.Module.zero_grad",
        "BatchNorm4d": "torch.nn.BatchNorm1d",
    }


@pytest.mark.parametrize("query", ["", "?q=", "?q=%E0%A4%A", "?q=%20", "?other=1", "?q=a#b"])
def test_damaged_address_of_a_search_breaks_nothing(visit, query):
    page = visit(f"search.html{query}")
    page.fill(BOX, "zero_grad")
    page.locator(f"{PANEL} a").first.wait_for()


def test_hostile_words_are_words_in_the_results(hostile, visit):
    page = visit("search.html?q=script", site="hostile")
    page.locator("#results a").first.wait_for()
    assert page.locator("#results script, #results img").count() == 0
    assert "<script>alert(1)</script>" in page.inner_text("#results")
    assert sought(page, "<script>alert(1)</script>")
    assert page.locator(f"{PANEL} script, {PANEL} img").count() == 0
