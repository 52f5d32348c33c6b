"""Where the links of the site lead: in its pages, in its data and in ``llms.txt``."""

import posixpath
import re
from urllib.parse import parse_qsl, unquote

import pytest

from torch_history.catalogue.kinds import GROUPS, SLUGS

OUTSIDE = ("https://", "http://")
SEEN = "seen"  # landing.js: all kinds that somebody whose program runs on may see


def resolved(here, target):
    """The file that an address in a page names, from the root of the site, and its fragment."""
    address, _, fragment = target.partition("#")
    file = unquote(address.partition("?")[0])
    return (posixpath.normpath(posixpath.join(posixpath.dirname(here), file)) if file else here), (
        unquote(fragment)
    )


def is_question(site, fragment):
    """Whether landing.js understands a fragment: ``2.5...2.15&kind=breaks,silent&api=Adam``."""
    pair, *rest = fragment.split("&")
    releases = pair.split("...")
    values = dict(parse_qsl("&".join(rest), strict_parsing=True)) if rest else {}
    kinds = values.pop("kind", "all").split(",")
    return (
        len(releases) == 2
        and set(releases) <= set(site.releases)
        and (kinds == ["all"] or set(kinds) <= {*SLUGS, *GROUPS, SEEN})
        and (set(values) <= {"api"} and values.get("api") != "")
    )


def leads_somewhere(site, here, target):
    """Whether an address leads to a file of the site, and its fragment to a place in it."""
    file, fragment = resolved(here, target)
    if file.startswith("..") or not (site.folder / file).is_file():
        return False
    if not fragment or fragment in site.pages[file].ids:
        return True
    return file == "index.html" and is_question(site, fragment)


def inside(site):
    """Each page with an address in it that is one of the site."""
    return {
        (here, target)
        for here, page in site.pages.items()
        for _, _, target in page.references
        if not target.startswith((*OUTSIDE, "data:"))
    }


def test_every_link_inside_the_site_leads_somewhere(site):
    links = inside(site)
    assert len(links) > 200
    assert [link for link in sorted(links) if not leads_somewhere(site, *link)] == []


@pytest.mark.parametrize(
    "here, target",
    [
        ("index.html", "nowhere.html"),
        ("guides/use.html", "glossary.html#nothing"),
        ("guides/use.html", "manual.html"),  # it lies above
        ("index.html", "../site.css"),
        ("index.html", "#1.13...2.99"),
        ("index.html", "#1.13...2.0&kind=unheard"),
        ("index.html", "#1.13...2.0&chapter=rates"),
        ("table.html", "#1.13...2.0"),
    ],
)
def test_link_that_leads_nowhere_is_told(odd, here, target):
    assert not leads_somewhere(odd, here, target)


def test_landing_page_leads_to_each_release_and_kind(site):
    questions = [
        link[1:]
        for link in site.pages["index.html"].links()
        if link.startswith("#") and is_question(site, link[1:])
    ]
    pairs = list(zip(site.releases, site.releases[1:]))
    told = [f"{before}...{after}&kind=all" for before, after in reversed(pairs)]
    assert [one for one in questions if one.endswith("&kind=all")] == told
    assert len(questions) > len(pairs)


def test_links_to_follow_lead_to_known_hosts(real):
    hosts = {
        re.match(r"https?://([^/]+)", target)[1]
        for page in real.pages.values()
        for target in page.links()
        if target.startswith(OUTSIDE)
    }
    assert hosts <= {"docs.pytorch.org", "github.com", "docs.astral.sh", "pre-commit.com"}


def test_what_the_search_finds_is_there(site):
    data = site.data("search")
    addresses = [page for _, _, page, _ in data["places"]]
    addresses += [f"apis/{one[-1]}.html" for one in data["apis"]]
    addresses += [f"behaviours/{one[0]}.html" for one in data["behaviours"]]
    assert [one for one in addresses if not leads_somewhere(site, "index.html", one)] == []


def test_llms_txt_leads_to_pages_of_the_site(real):
    text = (real.folder / "llms.txt").read_text(encoding="utf-8")
    source = (real.root / "llms.txt").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)]+)\)", text)
    assert len(targets) > 8
    assert [one for one in targets if not leads_somewhere(real, "index.html", one)] == []
    # What the site does not have is a word, and nothing else of the text changes.
    assert "- Contributing: add" in text and "- [Contributing](CONTRIBUTING.md): add" in source
    words = [re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", one) for one in (text, source)]
    assert words[0] == words[1]


def test_former_ids_lead_on(site):
    former = {name: one.id for one in site.behaviours.values() for name in one.former}
    assert former
    for name, present in former.items():
        page = site.page_of(name)
        assert f"behaviours/{present}.html" in [
            resolved(f"behaviours/{name}.html", target)[0] for target in page.links()
        ]
        [meta] = [given for tag, given in page.tags if given.get("http-equiv") == "refresh"]
        assert meta["content"] == f"0; url={present}.html"
        chapter = site.pages.get(f"{name.partition('.')[0]}.html")
        assert chapter is None or name in chapter.ids


def test_former_id_of_a_chapter_that_is_gone_leads_on_too(odd):
    assert "gone.html" not in odd.pages
    assert odd.page_of("gone.words").links()[-1] == "odd.odd_words.html"


def test_old_address_of_an_upgrade_leads_to_the_landing_page(site):
    page = site.pages["upgrade.html"]
    [moved] = [given for tag, given in page.tags if tag == "script" and given["src"] == "moved.js"]
    assert moved["data-to"] == "index.html"
    assert '<a href="index.html">the first page</a>' in page.html
    code = (site.folder / "moved.js").read_text(encoding="utf-8")
    assert "dataset.to + location.hash" in code  # the two releases stand behind the #
