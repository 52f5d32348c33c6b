"""axe-core finds no fault on any kind of page: in light and dark, at desk and phone width."""

import pytest

from tests.publish.browser.test_table import MARK
from tests.publish.browser.views import KINDS, RESTS, needed

# The whole table has 1,500 rows, all of them alike.
PAGES = [kind.replace("table.html", "table.html#chapter=tying&changed=on") for kind in KINDS]
# What is off the screen is laid out too.
WHOLE = "article { content-visibility: visible !important; }"


def faults(page):
    """The rules that a page breaks, each with its first place."""
    axe = needed("axe_playwright_python.sync_playwright").Axe()
    page.add_style_tag(content=WHOLE)
    # preload would fetch style sheets, which a page on the disk may not
    results = axe.run(page, options={"preload": False, "resultTypes": ["violations"]})
    assert len(results.response["passes"]) > 10
    return [
        f"{one['id']} ({len(one['nodes'])}): {node['html'][:150]} {node['failureSummary'][:300]}"
        for one in results.response["violations"]
        for node in one["nodes"][:1]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", PAGES, ids=lambda kind: kind.partition("#")[0])
def test_axe_finds_no_fault(site, visit, kind, width, scheme):
    page = visit(kind, width, color_scheme=scheme)
    if kind.startswith("search"):
        page.locator("#results a").first.wait_for()
    assert faults(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("what", ["causes", "mark", "search", "examples", "script and citation"])
def test_axe_finds_no_fault_in_what_opens(site, visit, what, width, scheme):
    page = visit(
        {
            "causes": "index.html#1.13...2.0&kind=seen",
            "mark": "table.html#chapter=freezing&changed=on",
            "search": "manual.html",
            "examples": "example.html",
            "script and citation": f"behaviours/{RESTS}.html",
        }[what],
        width,
        color_scheme=scheme,
    )
    if what == "causes":
        for summary in page.locator("#causes .cause > summary").all()[:12]:
            summary.click()
        page.locator("#causes .sides").nth(11).wait_for()
        page.locator("#causes .script summary").first.click()
    elif what == "mark":
        page.click(MARK)
        page.locator("#told:popover-open").wait_for()
    elif what == "search":
        page.fill("header input", "zero_grad")
        page.locator(".found a").first.wait_for()
    elif what == "examples":
        page.click("#examples button")
        page.locator("article pre").first.wait_for()
    else:
        page.click(".script > summary")
        page.click(".cite > summary")
        page.locator(".script pre").wait_for()
    assert faults(page) == []
