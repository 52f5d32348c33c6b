"""The site, read as text: what it holds, where its links lead.

``test_page_command`` has the command, and ``test_page_browser`` what the scripts do.
"""

import itertools
import re
from urllib.parse import parse_qsl

import pytest

from tests.fake import RELEASES
from tests.publish.odd import MISSING, ODD_SPEC
from tests.publish.sites import Page, Site
from torch_history.catalogue.behaviour import PAGES
from torch_history.catalogue.kinds import SLUGS, Kind
from torch_history.publish import report
from torch_history.questions import query

LIMIT = 6_000_000  # bytes of the site


@pytest.fixture(params=["real", "odd"])
def site(request):
    return request.getfixturevalue(request.param)


# ---- differences between any two releases


def spans(releases):
    """All neighbours and a dozen longer spans, in both directions; of few releases, all pairs."""
    if len(releases) < 6:
        return list(itertools.product(releases, repeat=2))
    last = len(releases) - 1
    places = [
        *zip(range(last), range(1, last + 1)),
        *((start, end) for start in (0, 4, 9, 13) for end in (14, 20, last)),
        (last, last),
    ]
    return [
        (releases[one], releases[other]) for pair in places for one, other in (pair, pair[::-1])
    ]


def test_differences_between_two_releases_are_those_of_the_query(site):
    count = 0
    for before, after in spans(site.releases):
        answer = query.diff(site.index, before, after)
        found, unknown = site.differences(before, after)
        assert [one[:2] for one in found] == [
            (one.behaviour.id, one.kind) for one in answer.differences
        ], f"{before} to {after}"
        assert unknown == set(answer.unknown), f"{before} to {after}"
        count += len(found)
    assert count > len(site.releases) and site.upgrades["compared"] == answer.compared


def test_differences_show_the_lines_of_the_report(site):
    most = 0
    ends = site.releases[0], site.releases[-1]
    for before, after in (ends, ends[::-1]):
        found, _ = site.differences(before, after)
        differences = query.diff(site.index, before, after).differences
        assert len(found) == len(differences)
        for (behaviour, _, lines), difference in zip(found, differences):
            expected = report.lines_of_change(difference.cases)
            most = max(most, len(expected))
            shown = [
                line
                for line in lines
                if not any(re.fullmatch(r"and \d+ more places", side) for side in line)
            ]
            if before == site.releases[0]:
                assert shown == expected[:4], behaviour
            else:  # backwards, the names of either side come in the other order
                assert set(shown) <= set(expected), behaviour
            left = ("", f"and {len(expected) - len(shown)} more places")
            assert left[1] == "and 0 more places" or left in (lines[-1], lines[-1][::-1])
    assert most > 0


def test_differences_name_every_change_between_with_its_cause_and_advice(site):
    texts = site.upgrades["texts"]
    assert [one[:2] for one in site.upgrades["kinds"]] == [[one.slug, one.words] for one in Kind]
    for one in site.upgrades["behaviours"]:
        told = sorted(
            (site.releases[at], SLUGS[kind], *(texts[text] for text in words))
            for at, kind, words in one["changes"]
        )
        assert told == sorted(
            (
                change.version,
                change.kind.slug,
                change.text,
                change.cause_in_words or "",
                change.advice or "",
            )
            for change in site.behaviours[one["id"]].changes
        )


def test_unknown_behaviour_is_not_verified_rather_than_no_difference(odd):
    found, unknown = odd.differences("1.13", "2.0")
    assert unknown == {
        ("odd.part_of_two_releases", "2.0", "skipped: no <u>part</u> in this fakelib")
    }
    assert "odd.part_of_two_releases" not in [one[0] for one in found]
    assert odd.differences("1.13", "2.6")[1] == set()


# ---- one folder that needs nothing else


def test_site_is_one_folder_under_the_limit(real):
    paths = list(real.folder.rglob("*"))
    assert all(path.is_file() and path.parent == real.folder for path in paths)
    assert real.size == sum(path.stat().st_size for path in paths) < LIMIT


def leads_somewhere(site, here, target):
    """Whether an address in a page leads to a file of the folder.

    A fragment leads to an id of that file, or is one that site.js understands.
    """
    file, _, fragment = target.partition("#")
    file = file or here
    if not (site.folder / file).is_file() or "/" in file:
        return False
    if not fragment:
        return True
    place, _, release = fragment.partition("@")
    if place in site.pages[file].ids and (not release or release in site.releases):
        return True
    releases = fragment.partition("&")[0].split("...")
    if file == "upgrade.html" and len(releases) == 2:
        return set(releases) <= set(site.releases)
    return file in ("index.html", "upgrade.html") and all(
        name in ("changed", "chapter", "api", "kind")
        for name, _ in parse_qsl(fragment, strict_parsing=True)
    )


def test_every_link_inside_the_site_leads_somewhere(site):
    inside = [
        (here, target)
        for here, page in site.pages.items()
        for tag, _, target in page.references
        if not target.startswith(("https://", "http://", "data:")) and target != "#"
    ]
    assert len(inside) > 100
    assert [link for link in set(inside) if not leads_somewhere(site, *link)] == []


def test_no_id_stands_twice_in_a_page(site):
    assert {
        name: twice
        for name, page in site.pages.items()
        for twice in [{one for one in page.ids if page.ids.count(one) > 1}]
        if twice
    } == {}


def test_nothing_but_a_link_to_follow_points_outside(site):
    outside = {
        tag
        for page in site.pages.values()
        for tag, name, target in page.references
        if "//" in target and (tag, name) != ("a", "href")
    }
    assert outside == set()
    for name, page in site.pages.items():
        if "style" in {tag for tag, given in page.tags}:
            assert "url(" not in (site.folder / name).read_text(encoding="utf-8")
    style = (site.folder / "site.css").read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|//", re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL))
    for picture in site.folder.glob("*.svg"):
        text = picture.read_text(encoding="utf-8")
        references = re.findall(r'(?:href|src)="([^"]*)"|url\(([^)]*)\)', text)
        assert {("".join(one)[:1]) for one in references} <= {"#"}, picture.name
        assert not re.search(r"<script|<foreignObject|\son\w+=", text), picture.name


def test_only_script_is_the_sites_own(site):
    scripts = {
        given.get("src")
        for page in site.pages.values()
        for tag, given in page.tags
        if tag == "script"
    }
    data = {f"scripts-{chapter}.js" for chapter in {one.chapter for one in site.index.behaviours}}
    assert scripts == {"site.js", "upgrade.js", *data}
    assert [
        (name, given)
        for page in site.pages.values()
        for _, given in page.tags
        for name in given
        if name.startswith("on")
    ] == []
    code = (site.folder / "site.js").read_text(encoding="utf-8")
    forbidden = (
        "fetch XMLHttpRequest import eval Function WebSocket sendBeacon "
        "innerHTML outerHTML insertAdjacentHTML document.write srcdoc"
    )
    assert [word for word in forbidden.split() if re.search(rf"\b{re.escape(word)}\b", code)] == []


def test_every_value_of_an_attribute_is_quoted(site):
    assert [tag for page in site.pages.values() for tag in page.unquoted] == []
    assert Page("<p class=x onclick=alert(1)>").unquoted != []


# ---- everything is there


def test_every_behaviour_has_its_article(site):
    for chapter in {behaviour.chapter for behaviour in site.behaviours.values()}:
        expected = [
            name for name, behaviour in site.behaviours.items() if behaviour.chapter == chapter
        ]
        assert sorted(site.pages[f"{chapter}.html"].parts) == sorted(expected)
    for name, behaviour in site.behaviours.items():
        article = site.article(name)
        for word in [
            *behaviour.api,
            *(change.version for change in behaviour.changes),
            behaviour.claim[1:],
        ]:
            assert word in article, name


def test_article_has_the_documentation_the_source_and_the_letter(odd):
    page = odd.pages["rates.html"]
    links = [given["href"] for tag, given in page.parts["rates.scale_halves"][0] if tag == "a"]
    assert f"{PAGES}scale.html" in links
    assert "claims.html#B" in [
        given["href"] for tag, given in page.parts["rates.strict_mode_is_refused"][0] if tag == "a"
    ]
    words = odd.article("rates.scale_halves")
    assert "def test_scale_halves(snapshot): assert snapshot == observe(fakelib.scale)" in words
    assert (
        "2.0: silent value change: the scale is halved (fakelib#92731) What to do: double the rate"
        in words
    )


def test_article_has_its_whole_history(odd):
    words = odd.article("rates.flip_comes_back")
    assert [words.find(one) for one in ("1.4 1", "1.13 to 2.0 2", "2.6 1")] == sorted(
        words.find(one) for one in ("1.4 1", "1.13 to 2.0 2", "2.6 1")
    )
    assert "1.4 1" in words and "1.13 to 2.0 2" in words and "2.6 1" in words
    places = [
        given["data-at"]
        for tag, given in odd.pages["rates.html"].parts["rates.flip_comes_back"][0]
        if "data-at" in given
    ]
    assert places == ["0-0", "1-2", "3-3"]


def test_every_claim_has_its_row(site):
    register = site.index.claims
    page = site.pages["claims.html"]
    assert (
        sum(given.get("class") in ("holds", "not") for tag, given in page.tags if tag == "li")
        == len(register)
        > 1
    )
    for claim in register:
        assert " ".join(claim.section.split()) in page.text and claim.verdict in page.text
        for test in claim.tests:
            assert ("a", "href", f"{test.partition('.')[0]}.html#{test}") in page.references


def table(site):
    """Behaviour -> the cells of its row, and the cells of the head."""
    rows = site.pages["index.html"].rows()
    links = [
        target.partition("#")[2]
        for tag, _, target in site.pages["index.html"].references
        if target.partition("#")[2] in site.behaviours
    ]
    cells = [[given for tag, given in row if tag == "td"] for row in rows]
    return dict(zip(links, [row for row in cells if row])), rows[0]


def test_every_recorded_release_has_its_column_and_every_behaviour_its_row(site):
    rows, head = table(site)
    known = {one.line for one in site.index.on("cpu").values()}
    recorded = [line for line in site.index.releases if line in known]
    assert site.releases == recorded and len(head) == 1 + len(recorded)
    assert sorted(rows) == sorted(site.behaviours)
    for name, cells in rows.items():
        assert sum(int(cell.get("colspan", 1)) for cell in cells) == len(recorded), name


def test_marks_of_a_row_stand_at_its_changes(site):
    rows, _ = table(site)
    for name, cells in rows.items():
        marks, place = [], 0
        for cell in cells:
            if cell.get("class", "unknown") != "unknown":
                marks.append((site.releases[place], cell["class"]))
            place += int(cell.get("colspan", 1))
        changes = sorted(site.behaviours[name].changes, key=lambda change: -change.kind.rank)
        # of several at one release the most harmful one
        expected = {change.version: change.kind.slug for change in changes}
        assert marks == [
            (release, expected[release]) for release in site.releases[1:] if release in expected
        ], name


def test_release_without_a_manifest_has_no_column_and_is_said_not_to_be_verified(odd):
    assert odd.releases == list(RELEASES)
    assert f"torch {MISSING}: not recorded" in odd.pages["verified.html"].text


def test_unknown_behaviour_is_marked_in_the_table_and_told_in_its_article(odd):
    rows, _ = table(odd)
    assert [cell.get("class") for cell in rows["odd.part_of_two_releases"]] == [
        None,
        "unknown",
        None,
    ]
    html = (odd.folder / "index.html").read_text(encoding="utf-8")
    assert re.search(r'class="unknown">\?<', html)
    assert "Not verified on 2.0: skipped: no <u>part</u> in this fakelib" in odd.article(
        "odd.part_of_two_releases"
    )
    assert "odd.part_of_two_releases" in odd.pages["verified.html"].text


def test_entries_of_another_device_are_labelled(odd):
    words = odd.article("tensors.device_answer")
    assert "on other 'other'" in words and "'same'" in words
    assert "on other" not in odd.article("rates.scale_halves")


def test_words_of_the_records_and_markers_are_text_not_markup(odd):
    assert [name for name, page in odd.pages.items() for tag, _ in page.tags if tag == "u"] == []
    article = odd.article("odd.odd_words")
    for words in (
        'It says <u>this</u> & "that" of a <u> b, and of c`d.',
        "A second <u>paragraph</u>.",
        'raises ValueError : <u>no</u> & "never" of `x`',
        '<u>text</u> & "quotes" of code (<u>cause</u> & pytorch#7 (probably)) ',
        "(probably)) What to do: <u>advice</u> & more",
        "# a <u>comment</u>",
        "fakelib.<u>",
    ):
        assert words in article
    assert "Odd <u>words</u> & code <u> of a file." in odd.pages["odd.html"].text
    assert "a file loads & <u>is read</u> holds" in odd.pages["claims.html"].text
    texts = odd.upgrades["texts"]
    assert (
        'raises ValueError: <u>no</u> & "never" of `x`' in texts
        and '<u>text</u> & "quotes" of `code`' in texts
    )


def test_behaviour_without_a_docstring_has_its_page_too(project):
    source = project.root / "spec" / "rates" / "test_rates.py"
    source.write_text(
        source.read_text().replace('    """The scale is halved, and nobody is told."""\n', "")
    )
    project.write("spec/odd/test_odd.py", ODD_SPEC)
    for patch in RELEASES.values():
        project.record(patch)
    assert (
        Site(project.root, project.root / "site")
        .article("rates.scale_halves")
        .startswith("Scale halves")
    )


# ---- values


@pytest.fixture
def shown(odd):
    """Name of a case -> the tags and words of its value."""
    html = (odd.folder / "odd.html").read_text(encoding="utf-8")
    article = html[html.index('<article id="odd.values_of_every_form">') :]
    parts = re.split(r"<h4>([^<]*)</h4>", article[: article.index("</article>")])
    found = {
        name: Page(text.partition('<p class="facts">')[0])
        for name, text in zip(parts[1::2], parts[2::2])
    }
    return {name: ([tag for tag, given in page.tags], page.text) for name, page in found.items()}


@pytest.mark.parametrize(
    "name, rows, cells, words",
    [
        ("scalar", 0, 0, "0.5 float32[]"),
        ("vector", 1, 3, "int64[3] 123"),
        ("matrix", 2, 4, "float32[2,2] 1.0nan3.0-inf"),
    ],
    ids=["scalar", "vector", "matrix"],
)
def test_small_tensor_is_a_table(shown, name, rows, cells, words):
    tags, text = shown[name]
    assert (tags.count("tr"), tags.count("td"), tags.count("table")) == (rows, cells, bool(rows))
    assert text.replace(" ", "") == words.replace(" ", "")


@pytest.mark.parametrize(
    "name, lines, header",
    [
        ("three dimensions", 4, "int64[2,2,2]"),
        ("empty", 0, "float32[0,3]"),
        ("wide", 1, "int64[13]"),
        ("long", 25, "int64[25,1]"),
    ],
)
def test_other_tensors_are_lines(shown, name, lines, header):
    tags, text = shown[name]
    assert "table" not in tags and tags.count("code") == lines and text.startswith(header)


def test_nested_value_is_a_list_whose_tensors_are_tables(shown):
    tags, text = shown["nested"]
    assert (tags.count("dl"), tags.count("ol"), tags.count("table")) == (2, 2, 3)
    assert [
        text.index(word) for word in ("first <u>", "second", "pair", "list", "'<u>'")
    ] == sorted(text.index(word) for word in ("first <u>", "second", "pair", "list", "'<u>'"))
    tags, text = shown["keys"]
    assert (tags.count("dt"), tags.count("table")) == (2, 1) and "'<u>'" in text


def test_value_without_tensors_and_names_is_a_line(shown):
    assert (
        "dl" in shown["plain"][0]
        and re.sub(r"\s", "", shown["plain"][1]) == "noneNonenannanpair(1,'two')"
    )
    assert shown["nothing"][1] == "[]"
