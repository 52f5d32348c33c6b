"""The index of APIs, and the page of each: its behaviours now, and what changed."""

import re

from tests.publish.sites import Page
from torch_history.questions import coverage
from torch_history.questions.naming import apis as names_of

STATES = r'<i(?: class="\w+")?>(\w+)</i> <a href="\.\./behaviours/([^"]+)\.html">'


def pages(site):
    """API -> its page, as the data of the search name them."""
    named = {one[0]: one[-1] for one in site.data("search")["apis"]}
    return {name: site.pages[f"apis/{file}.html"] for name, file in named.items()}


def about(site, api):
    """The behaviours about an API, by id."""
    return {name: one for name, one in site.behaviours.items() if api in one.api}


def test_every_api_has_a_page_of_its_own(site):
    expected = set(names_of(site.behaviours.values()))
    assert set(pages(site)) == expected
    files = [name for name in site.pages if name.startswith("apis/")]
    # Some file systems do not tell apart what differs in capitals alone.
    assert len({name.lower() for name in files}) == len(files) == len(expected)
    for api, page in pages(site).items():
        assert re.search(r"<h1><code>(.*?)</code></h1>", page.html)
        assert page.text.partition(" behaviour")[0].rpartition(" ")[0].endswith(api)


def test_page_lists_every_behaviour_with_its_state_today(site):
    for api, page in pages(site).items():
        known = about(site, api)
        listed = {name: state for state, name in re.findall(STATES, page.html)}
        assert listed == {name: site.states[name][-1] for name in known}, api
        plural = "s are" if len(known) != 1 else " is"
        assert f"{len(known)} behaviour{plural} recorded on torch {site.releases[0]}" in page.text


def test_signatures_are_listed_apart(real):
    for api, page in pages(real).items():
        known = about(real, api)
        part = page.html.partition('<h2 id="signature">')[2].partition("<h2")[0]
        signed = [name for name, one in known.items() if one.signature]
        assert sorted(name for _, name in re.findall(STATES, part)) == sorted(signed), api


def test_page_tells_what_changed_the_newest_first(site):
    told = 0
    for api, page in pages(site).items():
        part = page.html.partition('<ul class="changes">')[2].partition("</ul>")[0]
        shown = re.findall(r'<b class="mark ([\w-]+)">[^<]*</b> since ([\d.]+) ', part)
        changes = {
            (change.version, change.kind, change.cause or change.text)
            for one in about(site, api).values()
            for change in one.changes
            if not change.of or api in change.of
        }
        harmful = [(kind.slug, version) for version, kind, _ in changes if kind.matters]
        assert sorted(shown) == sorted(harmful), api
        places = [site.releases.index(version) for _, version in shown]
        assert places == sorted(places, reverse=True), api
        harmless = len(changes) - len(harmful)
        assert ("None of them changed." in page.text) == (not changes), api
        assert (f"{harmless} more change" in page.text) == bool(harmless), api
        told += len(shown)
    assert told > 5


def test_index_lists_every_api_by_its_home(site):
    page = site.pages["apis.html"]
    found = pages(site)
    listed = re.findall(
        r'<li><a href="([^"]+)"><code>(.*?)</code></a> <small>(\d+)(?:, changed in ([\d.]+))?<',
        page.html,
    )
    words = [Page(name).text for _, name, _, _ in listed]
    assert sorted(words) == sorted(found)
    for (target, _, count, changed), name in zip(listed, words):
        assert site.pages[target] is found[name] and int(count) == len(about(site, name))
        assert (changed in ("", None)) == ("None of them changed." in found[name].text)
    homes = [Page(home).text for home in re.findall(r"<h2>(.*?)</h2>", page.html)]
    assert sorted(homes) == sorted({name.rpartition(".")[0] for name in found})
    small = [home.lower() for home in homes]
    assert small == sorted(small)
    assert f"{len(found)} names of torch have behaviours." in page.text


def test_what_is_not_covered_is_named(real):
    uncovered = coverage.uncovered_modules(real.index)
    assert "torch.distributed" in uncovered and "torch.optim" not in uncovered
    for name in ("apis.html", "index.html"):
        told = real.pages[name].text.partition("Without any behaviour: ")[2].partition(". ")[0]
        assert told.rstrip(".").split(", ") == uncovered


def test_page_of_a_class_lists_what_it_contains(real):
    page = real.pages["apis/torch.nn.Module.html"]
    part = page.html.partition('<h2 id="below">')[2]
    named = re.findall(r"<code>([\w.]+)</code></a> <small>(\d+)", part)
    assert len(named) > 20 and ("torch.nn.Module.zero_grad") in dict(named)
    assert all(name.startswith("torch.nn.Module.") for name, _ in named)
