"""The page of a behaviour: its claim, its history, the values of every entry, and its test."""

import ast
import json
import re

import pytest

from tests.fake import RELEASES
from tests.publish.odd import ODD_SPEC
from tests.publish.sites import Page, Site, flat
from torch_history import versions
from torch_history.catalogue.behaviour import PAGES
from torch_history.catalogue.kinds import Kind
from torch_history.observing import words
from torch_history.records import store


def plain(text):
    """Words of a docstring or a marker as a page shows them, but for backticks."""
    return flat(text.replace("`", ""))


def test_every_behaviour_has_its_page_with_claim_docstring_and_apis(site):
    apis = {one[0]: one[-1] for one in site.data("search")["apis"]}
    for name, behaviour in site.behaviours.items():
        page = site.page_of(name)
        text = plain(page.text)
        assert f"{behaviour.claim[:1].upper()}{behaviour.claim[1:]}" in text
        assert plain(behaviour.docstring) in text, name
        for api in behaviour.api:
            assert f"../apis/{apis[api]}.html" in page.links() and api in text, name
        assert behaviour.file in text


def test_page_says_every_change_with_its_cause_and_advice(site):
    count = 0
    for name, behaviour in site.behaviours.items():
        text, links = plain(site.page_of(name).text), site.page_of(name).links()
        for change in behaviour.changes:
            cause = change.cause_in_words or "cause not known"
            told = f"{change.kind.label} since {change.version} {change.text} ({cause})"
            assert plain(told) in text, name
            assert plain(change.advice or "") in text, name
            assert not change.restored_by or f"{change.restored_by}.html" in links, name
            count += 1
        marks = re.findall(r'<b class="mark ([\w-]+)">', site.page_of(name).html)
        assert sorted(marks) == sorted(change.kind.slug for change in behaviour.changes)
    assert count > 5


def test_page_has_the_test_without_markers_and_docstring(site):
    modules = {}
    for name, behaviour in site.behaviours.items():
        path = site.root / behaviour.file
        if path not in modules:
            text = path.read_text(encoding="utf-8")
            modules[path] = (
                text.splitlines(),
                {
                    node.name: node
                    for node in ast.parse(text).body
                    if isinstance(node, ast.FunctionDef)
                },
            )
        lines, functions = modules[path]
        function = functions[behaviour.function]
        first = function.body[1 if ast.get_docstring(function) else 0]
        body = "\n".join(lines[first.lineno - 1 : function.end_lineno])
        shown = site.page_of(name).html.partition("<pre>")[2].partition("</pre>")[0]
        text = Page(shown).text
        assert text.endswith(flat(body)) and f"def {behaviour.function}(" in text, name
        assert "pytest.mark.api" not in shown and "pytest.mark.changed" not in shown, name


def test_documentation_and_article_are_linked(odd):
    links = odd.page_of("rates.scale_halves").links()
    assert f"{PAGES}scale.html" in links and not any("claims.html#" in one for one in links)
    assert "../claims.html#A" in odd.page_of("odd.odd_words").links()


def test_documentation_of_a_behaviour_is_on_its_page_or_on_that_of_an_api(real):
    apis = {one[0]: one[-1] for one in real.data("search")["apis"]}
    for name, behaviour in real.behaviours.items():
        if behaviour.page:
            pages = [real.page_of(name)]
            pages += [real.pages[f"apis/{apis[api]}.html"] for api in behaviour.api]
            assert any(behaviour.page in page.links() for page in pages), name


# ---- its history


def strip(site, name):
    """The state on each release that the strip of a page shows, and the letters of its changes."""
    found = re.search(r'<ol class="strip">(.*?)</ol>', site.page_of(name).html)
    states, letters = [], {}
    for state, size, words_ in re.findall(
        r'<li class="(\w+)" style="--n:(\d+)">(.*?)(?=<li|$)', found[1] if found else ""
    ):
        letter = re.match(r'<b class="letter">(\w)</b>', words_)
        if letter:
            letters[site.releases[len(states)]] = letter[1]
        first, last = site.releases[len(states)], site.releases[len(states) + int(size) - 1]
        assert (first if first == last else f"{first} to {last}") in words_
        states += [state] * int(size)
    return (states if found else ["works"] * len(site.releases)), letters


def letters_of(behaviour, releases):
    """Release -> the letter of the most harmful change at it."""
    by_harm = sorted(behaviour.changes, key=lambda change: -change.kind.rank)
    told = {change.version: change.kind.letter for change in by_harm}
    return {release: told[release] for release in releases if release in told}


def test_strip_shows_the_state_on_each_release_and_the_changes(site):
    shown = 0
    for name, behaviour in site.behaviours.items():
        states, letters = strip(site, name)
        assert states == site.states[name], name
        assert letters == letters_of(behaviour, site.releases), name
        shown += len(letters)
    assert shown > 5


def test_page_says_on_what_the_claim_stands(site):
    first, last = site.releases[0], site.releases[-1]
    for name, behaviour in site.behaviours.items():
        if name.endswith("_without_a_marker") or "unknown" in site.states[name]:
            continue
        # of several changes at one release the most harmful one counts
        letters = letters_of(behaviour, site.releases)
        telling = [one for one, letter in letters.items() if letter != Kind.WORDING.letter]
        since = f"and the same since {telling[-1]}" if telling else ""
        since = since or f"and the same on every release since {first}"
        since += ", but for the words of a message" * ([*letters][-1:] != telling[-1:])
        since = "where it changed" if telling[-1:] == [last] else since
        text = site.page_of(name).text
        assert f"Observed on torch {last}, {since}." in text, name


def test_unknown_behaviour_is_marked_and_said_not_to_be_verified(odd):
    name, why = "odd.part_of_two_releases", "skipped: no <u>part</u> in this fakelib"
    assert odd.states[name] == ["works", "works", "unknown", "works"]
    page = odd.page_of(name)
    assert f"Not verified on 2.0: {why}" in page.text and "2.0: unknown" in page.text
    assert "on torch 2.6, and the same wherever it was observed since 1.4." in page.text
    assert f"torch 2.0.1: {name}: {why}" in odd.pages["verified.html"].text


# ---- the values of every entry


def leaves(value):
    """The parts of an encoded value that a page must show, each as its text."""
    if isinstance(value, dict) and "$tensor" in value:
        return [value["$tensor"], *value["rows"]]
    if isinstance(value, dict) and "$dict" in value:
        return [part for pair in value["$dict"] for one in pair for part in leaves(one)]
    if isinstance(value, dict) and "$tuple" in value:
        return [part for one in value["$tuple"] for part in leaves(one)]
    if isinstance(value, dict) and not any(name.startswith("$") for name in value):
        return [*value, *(part for one in value.values() for part in leaves(one))]
    if isinstance(value, list):
        return [part for one in value for part in leaves(one)]
    return [words.text(value)]


def told(observation):
    """All texts of an observation that a page must show."""
    if words.ended(observation):
        yield "ends the process"
    elif "raised" in observation:
        raised = observation["raised"]
        yield flat(f"raises {raised['type']} {raised['message'] and ': '}{raised['message']}")
    else:
        yield from (flat(part) for part in leaves(observation["value"]))
    for warning in observation.get("warned", ()):
        yield f"warns {warning['category']} : {flat(warning['message'])}"


def held(site, devices):
    """Each entry of a case that holds for a release: its label, and the observation."""
    for device, chain in devices.items():
        by_line = {}
        for release in site.releases:
            since = versions.holding(chain, release)
            if since and versions.is_line(since):
                by_line.setdefault(since, []).append(release)
        for since, own in by_line.items():
            label = own[0] if len(own) == 1 else f"{own[0]} to {own[-1]}"
            label += f" on {device}" if device != "cpu" else ""
            whole = len(own) == len(site.releases) and device == "cpu"
            yield ("" if whole else label), json.loads(bytes(chain[since]))


def cases(site, name):
    """The names of cases -> their entries; cases with the same entries are shown once."""
    together = {}
    for case, devices in site.index.record(name).items():
        entries = list(held(site, devices))
        together.setdefault(repr(entries), ([], entries))[0].append(case)
    return {
        "" if names == ["observed"] else ", ".join(names): entries
        for names, entries in together.values()
    }


def shown(site, name):
    """The names of cases -> the label and the words of each entry, as the page shows them."""
    html = site.page_of(name).html.partition("<h2>What torch does</h2>")[2]
    html = html.partition("<h2>The test</h2>")[0]
    found = {}
    for part in html.split('<div class="c">')[1:]:
        title = re.match(r"<h3>(.*?)</h3>", part, re.DOTALL)
        entries = re.findall(r"<div>(?:<b>(.*?)</b>)?(.*?)</div>", part, re.DOTALL)
        found[Page(title[1]).text if title else ""] = [
            (label, Page(value).text) for label, value in entries
        ]
    return found


def test_page_has_the_values_of_every_entry(site):
    count = 0
    for name in site.behaviours:
        expected, found = cases(site, name), shown(site, name)
        assert [flat(one) for one in expected] == list(found), name
        for entries, seen in zip(expected.values(), found.values()):
            assert [label for label, _ in entries] == [label for label, _ in seen], name
            for (_, observation), (_, text) in zip(entries, seen):
                missing = [part for part in told(observation) if part not in text]
                assert missing == [], name
                count += 1
    assert count > len(site.behaviours)


def test_entries_are_in_the_order_of_releases(odd):
    assert shown(odd, "rates.flip_comes_back") == {
        "": [("1.4", "1"), ("1.13 to 2.0", "2"), ("2.6", "1")]
    }


def test_entries_of_another_device_are_labelled(odd):
    assert shown(odd, "tensors.device_answer") == {
        "": [("", "'same'"), ("2.0 to 2.6 on other", "'other'")]
    }


def test_words_of_records_and_markers_are_text_not_markup(odd):
    assert [name for name, page in odd.pages.items() for tag, _ in page.tags if tag == "u"] == []
    text = odd.page_of("odd.odd_words").text
    for part in (
        'It says <u>this</u> & "that" of a <u> b, and of c`d.',
        "A second <u>paragraph</u>.",
        'raises ValueError : <u>no</u> & "never" of `x`',
        '<u>text</u> & "quotes" of code (<u>cause</u> & pytorch#7 (probably))',
        "<u>advice</u> & more",
        "# a <u>comment</u>",
        "fakelib.<u>",
    ):
        assert part in text
    assert 'raises ValueError: <u>no</u> & "never" of `x`' in odd.data("odd")["texts"]
    assert '<u>text</u> & "quotes" of `code`' in odd.data("answers")["texts"]


def test_behaviour_without_a_docstring_has_its_page_too(project):
    source = project.root / "spec" / "rates" / "test_rates.py"
    source.write_text(
        source.read_text().replace('    """The scale is halved, and nobody is told."""\n', "")
    )
    project.write("spec/odd/test_odd.py", ODD_SPEC)
    for patch in RELEASES.values():
        project.record(patch)
    site = Site(project.root, project.root / "site")
    assert site.article("rates.scale_halves").startswith("Scale halves")
    assert "Scale halves Observed on torch 2.6" in site.page_of("rates.scale_halves").text


@pytest.mark.parametrize("former", ["../outside", "rates.a/../../b", "", "rates.scale_halves"])
def test_former_id_that_is_no_name_has_no_page(project, former):
    record = project.kept("rates.constant_stays")
    record.former = [former]
    store.write_record(project.path("rates.constant_stays"), record)
    before = {path for path in project.root.rglob("*") if "site" not in path.parts}
    site = Site(project.root, project.root / "site")
    assert "behaviours/rates.constant_stays.html" in site.pages
    assert "Scale halves" in site.page_of("rates.scale_halves").text
    outside = {path for path in project.root.rglob("*") if "site" not in path.parts} - before
    assert {path.name for path in outside} <= {".history", "index.json", "index.stamp"}
