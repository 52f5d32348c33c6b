"""A real Chromium, which opens the pages of the site from the disk.

Playwright drives the system's Chromium. Where something is missing, each test is skipped as
unknown, and says what is missing. A test fails if the browser's console complains, if a dialog
opens, or if anything but a file of the site is asked for.
"""

import shutil

import pytest

from tests.publish.browser.views import DESK, HEIGHT, PHONE, needed

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


@pytest.fixture
def site(browser, real):
    """The site of this repository."""
    return real


@pytest.fixture(params=[DESK, PHONE])
def width(request):
    return request.param


@pytest.fixture
def visit(browser, request):
    """Open an address of a site in a context of its own. Complaints fail the test."""
    contexts, complaints = [], []

    def on_message(message):
        if message.type in ("error", "warning"):
            complaints.append(f"{message.type}: {message.text}")

    def on_dialog(dialog):
        complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def open_page(address, width=DESK, site="site", scripts=True, **more):
        root = request.getfixturevalue(site).folder.as_uri() + "/"

        def on_request(asked):
            if not asked.url.startswith((root, "data:")):
                complaints.append(f"asked for {asked.url}")

        context = browser.new_context(
            viewport={"width": width, "height": HEIGHT}, java_script_enabled=scripts, **more
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", on_message)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", on_dialog)
        page.on("request", on_request)
        page.goto(root + address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
