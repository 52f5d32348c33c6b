"""What the tests in a browser ask of an open page."""

import importlib

import pytest

from torch_history.publish.script import Scripts

DESK, PHONE, HEIGHT = 1400, 390, 844  # pixels
CLIPBOARD = ["clipboard-read", "clipboard-write"]
RESTS = "freezing.weight_frozen_after_a_step_rests_under_momentum"  # silent at 2.0
SMALL = "example"  # a chapter of few behaviours

# One page of each kind.
KINDS = [
    "index.html",
    "table.html",
    "manual.html",
    f"{SMALL}.html",
    f"behaviours/{RESTS}.html",
    "apis.html",
    "apis/torch.optim.Adam.html",
    "surface/index.html",
    "surface/torch.optim.html",
    "surface/torch.html",
    "claims.html",
    "interchange.html",
    "drift.html",
    "benchmarks.html",
    "verified.html",
    "search.html?q=zero_grad",
    "guides/index.html",
    "guides/glossary.html",
]


def needed(module):
    """A module, or a skip that says that it is missing."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        pytest.skip(f"unknown: no {error.name}: python -m pip install '.[dev]'")


def address(page):
    """File, query and fragment of what is open."""
    return page.evaluate("location.href").rpartition("/")[2]


def becomes(page, ask, expected):
    """Ask until the answer is the expected one: pages load their data when they need them."""
    from playwright.sync_api import Error  # there, since there is a page

    for _ in range(50):
        try:
            if ask(page) == expected:
                return
        except Error as error:  # a page that leads on may be left while it is asked
            if "context was destroyed" not in str(error):
                raise
        page.wait_for_timeout(100)
    assert ask(page) == expected


def texts(page, selector):
    """The texts of the elements that can be seen."""
    return page.evaluate(
        """selector => [...document.querySelectorAll(selector)]
            .filter((one) => one.checkVisibility()).map((one) => one.innerText.trim())""",
        selector,
    )


def data(page):
    """The names of the data that the page has loaded."""
    return page.evaluate(
        """() => [...document.scripts].map((one) => one.src.match(/data\\/(\\w+)\\.js$/)?.[1])
            .filter(Boolean)"""
    )


def focused(page):
    """What has the focus, and whether it is outlined and in view."""
    return tuple(
        page.evaluate(
            """() => {
            const one = document.activeElement, style = getComputedStyle(one);
            const box = one.getBoundingClientRect();
            const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
            return [`${one.tagName.toLowerCase()} ${one.name || one.textContent.trim()}`,
                    outlined && box.left >= 0 && box.right <= innerWidth + 1
                    && box.bottom > 0 && box.top < innerHeight];
        }"""
        )
    )


def in_view(page, anchor):
    """Whether an element with an id is in view."""
    return page.evaluate(
        """id => {
            const box = document.getElementById(id).getBoundingClientRect();
            return box.bottom > 0 && box.top < innerHeight;
        }""",
        anchor,
    )


def marked(words):
    """The words of a marker as a page shows them."""
    return " ".join((words or "").replace("`", "").split())


# ---- the landing page


def causes(page):
    """Each cause: the label of its kind, its line without it, and its behaviours."""
    found = page.evaluate(
        """() => [...document.querySelectorAll('#causes > details')].map((one) => [
            ...[...one.querySelectorAll('summary > span')].map((part) => part.textContent.trim()),
            [...one.querySelectorAll('li[data-id]')].map((item) => item.dataset.id)])"""
    )
    return [(label, " ".join(line.split()), tuple(ids)) for label, line, ids in found]


def advised(cause):
    """What to do, as it reads: its first words are the style's."""
    return cause.locator(".advice").evaluate(
        """one => getComputedStyle(one, '::before').content.slice(1, -1) + one.textContent"""
    )


def script_of(site, behaviour):
    """The script that shows a behaviour, as pages give it."""
    known = site.behaviours[behaviour]
    parts = Scripts(site.root).parts(known, site.index.record(behaviour))
    says = " ".join(known.docstring.split("\n\n")[0].split()).replace("``", "`")
    return "\n\n".join([f"# {behaviour}\n# {says}", *parts[1:]]) + "\n"
