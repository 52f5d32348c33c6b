"""The site as a folder: what it weighs, and that it needs nothing else.

``test_page_links`` follows its links, ``test_page_behaviours`` and ``test_page_values`` read the
pages of behaviours, ``test_page_apis`` those of APIs, ``test_page_registers`` the other pages,
``test_manual`` the chapters, ``test_site_upgrades`` and ``test_site_data`` the data,
``test_page_command`` has the command, and ``browser`` what the scripts do.
"""

import re

from tests.publish.sites import Page
from torch_history.publish.site.rendering import PAGES

LIMIT = 12_000_000  # bytes of the site
FIRST_VIEW = 150_000  # bytes of the landing page with what it loads at once
FOLDERS = {"apis", "behaviours", "data", "guides", "surface"}
SCRIPTS = {
    *("apis.js", "behaviour.js", "chapter.js", "landing.js", "moved.js", "site.js"),
    *("surface.js", "table.js"),
}
# what could run a text, or ask for something that is not part of the site
FORBIDDEN = (
    "fetch XMLHttpRequest import eval Function WebSocket EventSource sendBeacon Worker "
    "innerHTML outerHTML setHTMLUnsafe insertAdjacentHTML parseFromString "
    "createContextualFragment document.write srcdoc"
)


def test_site_is_one_folder_under_the_limit(real):
    files = [path for path in real.folder.rglob("*") if path.is_file()]
    assert real.size == sum(path.stat().st_size for path in files) < LIMIT
    assert {path.name for path in real.folder.iterdir() if path.is_dir()} == FOLDERS
    assert all(real.folder in (path.parent, path.parent.parent) for path in files)
    assert not any(path.is_symlink() for path in files)


def test_first_view_weighs_little(real):
    loaded = {
        given.get("href") or given.get("src")
        for tag, given in real.pages["index.html"].tags
        if given.get("rel") == "stylesheet" or tag in ("script", "img")
    }
    assert loaded == {"site.css", "site.js", "landing.js"}
    sizes = {name: (real.folder / name).stat().st_size for name in ("index.html", *loaded)}
    assert sum(sizes.values()) <= FIRST_VIEW, sizes


def test_no_id_stands_twice_in_a_page(site):
    assert {
        name: twice
        for name, page in site.pages.items()
        for twice in [{one for one in page.ids if page.ids.count(one) > 1}]
        if twice
    } == {}


def test_nothing_but_a_link_to_follow_points_outside(site):
    outside = {
        (tag, name)
        for page in site.pages.values()
        for tag, name, target in page.references
        if "//" in target
    }
    assert outside == {("a", "href")}
    styled = [page for page in site.pages.values() if "style" in {tag for tag, _ in page.tags}]
    assert styled and not any("url(" in page.html for page in styled)
    style = (site.folder / "site.css").read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|//", re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL))
    for picture in site.folder.glob("*.svg"):
        text = picture.read_text(encoding="utf-8")
        references = re.findall(r'(?:href|src)="([^"]*)"|url\(([^)]*)\)', text)
        assert {("".join(one)[:1]) for one in references} <= {"#"}, picture.name
        assert not re.search(r"<script|<foreignObject|\son\w+=", text), picture.name


def test_only_scripts_are_the_sites_own(site):
    assert {path.name for path in site.folder.glob("*.js")} == SCRIPTS
    for name, page in site.pages.items():
        up = "../" * name.count("/")
        scripts = [given for tag, given in page.tags if tag == "script"]
        assert f"{up}site.js" in [one["src"] for one in scripts], name
        assert {one["src"] for one in scripts} <= {f"{up}{one}" for one in SCRIPTS}, name
        handlers = [one for _, given in page.tags for one in given if one.startswith("on")]
        assert handlers == [], name


def test_scripts_run_no_text_and_ask_for_nothing_outside(real):
    for name in SCRIPTS:
        code = (real.folder / name).read_text(encoding="utf-8")
        used = [word for word in FORBIDDEN.split() if re.search(rf"\b{re.escape(word)}\b", code)]
        assert used == [], name
        # The addresses of issues are those of links; the rest of the site lies below ROOT.
        assert set(re.findall(r"https?://[\w.]+", code)) <= {"https://github.com"}, name


def test_data_are_scripts_that_set_one_name(site):
    chapters = {behaviour.chapter for behaviour in site.index.behaviours}
    names = {path.stem for path in (site.folder / "data").iterdir()}
    parts = {
        name
        for page in site.folder.glob("*/*.html")
        for name in re.findall(r' data-from="([^"#]+)#', page.read_text(encoding="utf-8"))
    }
    assert names == {"answers", "search", *chapters, *parts}
    assert all(site.data(name) for name in names)


def test_every_value_of_an_attribute_is_quoted(site):
    assert [tag for page in site.pages.values() for tag in page.unquoted] == []
    assert Page("<p class=x onclick=alert(1)>").unquoted != []


def test_every_page_says_what_it_is_and_of_which_edition(site):
    for name, page in site.pages.items():
        title = re.search(r"<title>(.+?)</title>", page.html)
        assert title and page.html.count("<h1") == 1, name
        assert re.search(r"<footer[^>]*>torch-training-spec \d+\.\d+", page.html), name


def test_pages_below_the_first_get_the_same_links_from_the_script(real):
    code = (real.folder / "site.js").read_text(encoding="utf-8")
    listed = re.search(r"^const PAGES = \[(.+)\];$", code, re.MULTILINE)[1]
    assert re.findall(r'\["([^"]+)", "([^"]+)"\]', listed) == PAGES
    nav = re.search(r"<nav aria-label=.*?</nav>", real.pages["index.html"].html, re.DOTALL)[0]
    assert Page(nav).links()[1:] == [file for file, _ in PAGES]
