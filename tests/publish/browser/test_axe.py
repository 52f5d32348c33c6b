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


# The lowest contrast of letters with the colours that lie beneath them, by class of their cell.
CONTRAST = """selector => {
    const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const paint = (colour) => { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); };
    const light = () => {
        const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((part) => part / 255)
            .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
    };
    const found = {};
    for (const one of document.querySelectorAll(selector)) {
        const above = [];
        for (let at = one; at; at = at.parentElement) above.unshift(getComputedStyle(at));
        for (const { backgroundColor, backgroundImage } of above) {
            paint(backgroundColor);
            const stripe = backgroundImage.match(/(?:rgba?|color|oklab)\\([^)]*\\)/);
            if (stripe) paint(stripe[0]);
        }
        const ground = light();
        paint(above.at(-1).color);
        const [low, high] = [ground, light()].sort((a, b) => a - b);
        const name = (one.closest('td') ?? one).className;
        found[name] = Math.min(found[name] ?? 21, high / low);
    }
    return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "there, letters, classes",
    [
        ("table.html#all", "td button", {"works", "other", "warns", "raises", "absent"}),
        ("interchange.html", ".matrix td", {"loads", "raises"}),
        ("drift.html", "td.ulp", {"ulp"}),
    ],
)
def test_letters_that_are_too_short_for_axe_can_be_read(visit, there, letters, classes, scheme):
    found = visit(there, color_scheme=scheme).evaluate(CONTRAST, letters)
    assert set(found) >= classes
    assert {name: ratio for name, ratio in found.items() if ratio < 4.5} == {}
