"""The reader's page, read as text: what it holds, where its links lead, and how the command behaves. ``test_page_browser`` has the rest."""

import functools
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from tests.fake import RELEASES, REPOSITORY, Project
from torch_history.catalogue import releases as matrix
from torch_history.catalogue import source as catalogue
from torch_history.catalogue.kinds import KINDS
from torch_history.cli import main
from torch_history.publish import report
from torch_history.publish.site import build
from torch_history.questions import claims, query
from torch_history.records import manifests, store

LIMIT = 5_000_000  # bytes of the site

# What the fake project lacks: files of releases, words that HTML has other uses for, every form of a value.
ODD_SPEC = r'''
"""Odd <u>words</u> & `code <u>` of a file."""

import fakelib
import numpy as np
import pytest
from torch_history.observing.observation import observe


@pytest.mark.api("fakelib.load", page="load")
@pytest.mark.parametrize("writer", ["1.4.0", "2.6.0"], ids=["written by 1.4.0", "written by 2.6.0"])
def test_file_of_every_release_loads(snapshot, writer):
    """A file of every release loads."""
    assert snapshot == observe(lambda: 1)


@pytest.mark.api("fakelib.load", "fakelib.<u>", article="A")
@pytest.mark.changed("2.0", "<u>text</u> & \"quotes\" of `code`", kind="exception", cause="<u>cause</u> & pytorch#7", advice="<u>advice</u> & more")
def test_odd_words(snapshot):
    """It says <u>this</u> & "that" of `a <u> b`, and of ``c`d``.

    A second <u>paragraph</u>.
    """
    def act():
        raise (ValueError if fakelib.LINE < (2, 0) else TypeError)("<u>no</u> & \"never\" of `x`")  # a <u>comment</u>

    assert snapshot == observe(act)


VALUES = {
    "scalar": lambda: np.array(0.5, "float32"),
    "vector": lambda: np.array([1, 2, 3], "int64"),
    "matrix": lambda: np.array([[1, float("nan")], [3, float("-inf")]], "float32"),
    "three dimensions": lambda: np.arange(8).reshape(2, 2, 2),
    "empty": lambda: np.zeros((0, 3), "float32"),
    "wide": lambda: np.arange(13),
    "long": lambda: np.arange(25).reshape(25, 1),
    "nested": lambda: {"first <u>": {"second": np.array([7], "int64")}, "pair": (1, np.array([8], "int64")), "list": ["<u>", np.array([9], "int64")]},
    "keys": lambda: {0: np.array([6], "int64"), 1: "<u>"},
    "plain": lambda: {"none": None, "nan": float("nan"), "pair": (1, "two")},
    "nothing": lambda: [],
}


@pytest.mark.api("fakelib.Tensor")
@pytest.mark.parametrize("name", VALUES, ids=list(VALUES))
def test_values_of_every_form(snapshot, name):
    """Every form of a value."""
    assert snapshot == observe(VALUES[name])


@pytest.mark.api("fakelib.Tensor")
def test_part_of_two_releases(snapshot):
    """Not everywhere."""
    if fakelib.LINE == (2, 0):
        pytest.skip("no <u>part</u> in this fakelib")
    assert snapshot == observe(lambda: "part")
'''
ODD_CLAIMS = """
[{"section": "One <u>", "claim": "a file loads & <u>is read</u>", "tests": ["odd.file_of_every_release_loads"], "verdict": "holds"},
 {"section": "Two", "claim": "odd words are said", "tests": ["odd.odd_words", "rates.scale_halves"], "verdict": "holds until 1.13", "note": "then <u>not</u>"}]
"""
MISSING = "2.3"  # a release of the matrix that nobody recorded


def odd_project(root):
    """A recorded project with a page for everything, as the real one has; one release of the matrix is not recorded."""
    project = Project(root)
    project.lay_out()
    project.write("spec/odd/test_odd.py", ODD_SPEC)
    project.write("claims/A.py", ODD_CLAIMS)
    project.write("claims/B.py", ODD_CLAIMS)
    project.write(
        "tox.ini",
        (root / "tox.ini")
        .read_text()
        .replace("    torch2.6:", f"    torch{MISSING}: torch=={MISSING}.1\n    torch2.6:"),
    )
    for patch in RELEASES.values():
        project.record(patch)
    project.record("2.0.1", "--device", "other")
    project.record("2.6.0", "--device", "other")
    return project


class Page(HTMLParser):
    """What the tests ask of a page; end tags that HTML can do without may lack."""

    BLOCKS = {
        "p",
        "div",
        "b",
        "h1",
        "h2",
        "h3",
        "h4",
        "li",
        "ol",
        "ul",
        "dt",
        "dd",
        "td",
        "th",
        "tr",
        "caption",
        "pre",
        "table",
        "section",
        "small",
    }

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.ids, self.references, self.words = [], [], [], []
        self.parts = {}  # id of an article -> (tags, words) within it
        self._article = None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag in self.BLOCKS:
            self.handle_data(" ")
        if tag == "article" and "id" in given:
            self._article = self.parts.setdefault(given["id"], ([], []))
        for tags in [self.tags, *(self._article or ())[:1]]:
            tags.append((tag, given))
        self.ids += [given["id"]] if "id" in given else []
        self.references += [
            (tag, name, given[name])
            for name in ("href", "src", "action", "data", "poster", "srcset")
            if name in given
        ]

    def handle_endtag(self, tag):
        if tag in self.BLOCKS:
            self.handle_data(" ")
        if tag == "article":
            self._article = None

    def handle_data(self, data):
        for words in [self.words, *(self._article or ())[1:]]:
            words.append(data)

    @property
    def text(self):
        return " ".join("".join(self.words).split())

    def within(self, article):
        return " ".join("".join(self.parts[article][1]).split())

    def rows(self):
        """Each row of tables, its cells' (tag, attributes)."""
        found = []
        for tag, given in self.tags:
            if tag == "tr":
                found.append([])
            elif tag in ("td", "th"):
                found[-1].append((tag, given))
        return found


class Site:
    """A built site."""

    def __init__(self, root, folder):
        self.root, self.folder = root, folder
        self.size = build.build(root, folder)
        self.behaviours = catalogue.behaviours(root)
        self.pages = {
            path.name: Page(path.read_text(encoding="utf-8"))
            for path in sorted(folder.glob("*.html"))
        }
        text = (folder / "upgrade.js").read_text(encoding="utf-8")
        self.upgrades = json.loads(text[len("const UPGRADE = ") :].rstrip().rstrip(";"))

    @property
    def releases(self):
        return self.upgrades["releases"]

    def article(self, behaviour):
        """The words of a behaviour's article."""
        return self.pages[f"{behaviour.partition('.')[0]}.html"].within(behaviour)

    def differences(self, before, after):
        """What site.js finds in upgrade.js, by the same steps: (id, kind, lines) of each difference, and the unknown."""
        a, b = map(self.releases.index, (before, after))
        found, unknown = [], set()
        for one in self.upgrades["behaviours"]:
            missing = [
                (one["id"], self.releases[place], one["unknown"][str(place)])
                for place in {a, b}
                if str(place) in one["unknown"]
            ]
            unknown.update(missing)
            low, high = (
                max(state for state, begins in enumerate(one["from"]) if begins <= place)
                for place in sorted((a, b))
            )
            pair = one["pairs"].get(f"{low}-{high}")
            if pair and not missing:
                lines = [
                    tuple(self.upgrades["texts"][text] for text in (line if a < b else line[::-1]))
                    for line in pair[2]
                ]
                found.append((one["id"], self.upgrades["kinds"][pair[0 if a < b else 1]][0], lines))
        return sorted(found, key=lambda one: list(KINDS).index(one[1])), unknown


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The site of this repository."""
    return Site(REPOSITORY, tmp_path_factory.mktemp("real") / "site")


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """The site of the fake project; for reading only."""
    return Site(
        odd_project(tmp_path_factory.mktemp("odd")).root, tmp_path_factory.mktemp("page") / "site"
    )


@pytest.fixture(params=["real", "odd"])
def site(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def read_once(monkeypatch):
    """Records, manifests and the tests' source are read once, however often `query.diff` asks."""
    for module, name in ((store, "read"), (manifests, "read"), (catalogue, "behaviours")):
        monkeypatch.setattr(module, name, functools.lru_cache(maxsize=None)(getattr(module, name)))


# ---- differences between any two releases


def spans(releases):
    """Every neighbours and a dozen longer ones, upwards and downwards; of few releases, all pairs."""
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


def test_differences_between_two_releases_are_those_of_the_query(site, read_once):
    count = 0
    for before, after in spans(site.releases):
        answer = query.diff(site.root, before, after)
        found, unknown = site.differences(before, after)
        assert [one[:2] for one in found] == [
            (one.behaviour.id, one.kind) for one in answer.differences
        ], f"{before} to {after}"
        assert unknown == set(answer.unknown), f"{before} to {after}"
        count += len(found)
    assert count > len(site.releases) and site.upgrades["compared"] == answer.compared


def test_differences_show_the_lines_of_the_report(site, read_once):
    most = 0
    for before, after in [
        (site.releases[0], site.releases[-1]),
        (site.releases[-1], site.releases[0]),
    ]:
        found, _ = site.differences(before, after)
        for (behaviour, _, lines), difference in zip(
            found, query.diff(site.root, before, after).differences
        ):
            expected = report.lines_of_change({"cases": report.cases(difference)})
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
            left = len(expected) - len(shown)
            assert left == 0 or ("", f"and {left} more places") in (lines[-1], lines[-1][::-1]), (
                behaviour
            )
    assert most > 0


def test_differences_name_every_change_between_with_its_cause_and_advice(site):
    texts, places = site.upgrades["texts"], list(KINDS)
    for one in site.upgrades["behaviours"]:
        told = sorted(
            (site.releases[at], places[kind], *(texts[text] for text in words))
            for at, kind, words in one["changes"]
        )
        assert told == sorted(
            (change.version, change.kind, change.text, change.cause or "", change.advice or "")
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
    """Whether an address in a page leads to a file of the folder and, with a fragment, to an id or to what site.js understands."""
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
        assert "style" not in {tag for tag, given in page.tags} or "url(" not in (
            site.folder / name
        ).read_text(encoding="utf-8")
    assert not re.search(
        r"url\(|@import|//",
        re.sub(
            r"/\*.*?\*/",
            "",
            (site.folder / "site.css").read_text(encoding="utf-8"),
            flags=re.DOTALL,
        ),
    )
    for picture in site.folder.glob("*.svg"):
        references = re.findall(
            r'(?:href|src)="([^"]*)"|url\(([^)]*)\)', picture.read_text(encoding="utf-8")
        )
        assert {("".join(one)[:1]) for one in references} <= {"#"}, picture.name


def test_only_script_is_the_sites_own(site):
    scripts = {
        given.get("src")
        for page in site.pages.values()
        for tag, given in page.tags
        if tag == "script"
    }
    assert scripts == {"site.js", "upgrade.js"}
    assert [
        (name, given)
        for page in site.pages.values()
        for _, given in page.tags
        for name in given
        if name.startswith("on")
    ] == []
    code = (site.folder / "site.js").read_text(encoding="utf-8")
    assert not re.search(
        r"\b(fetch|XMLHttpRequest|import|eval|WebSocket|innerHTML|insertAdjacentHTML|document\.write|sendBeacon)\b",
        code,
    )


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
    assert f"{catalogue.PAGES}scale.html" in links
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
    register = claims.read(site.root)
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
    recorded = [
        line
        for line in matrix.releases(site.root)
        if manifests.manifest_for(manifests.read(site.root), line)
    ]
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
        assert marks == sorted(
            (
                (change.version, change.kind)
                for change in site.behaviours[name].changes
                if change.version in site.releases[1:]
            ),
            key=lambda mark: site.releases.index(mark[0]),
        ), name


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
    assert re.search(r"class=unknown>\?<", html)
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
        '<u>text</u> & "quotes" of code (<u>cause</u> & pytorch#7) What to do: <u>advice</u> & more',
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
    article = html[html.index("<article id=odd.values_of_every_form>") :]
    parts = re.split(r"<h4>([^<]*)</h4>", article[: article.index("</article>")])
    found = {
        name: Page(text[: text.find("<p class=facts>") if "<p class=facts>" in text else None])
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


# ---- the command


@pytest.fixture
def page(project, capsys):
    """Run `torch-history page` on a copy of the fake project that has all that the site shows: status, output, error output."""
    project.write("spec/odd/test_odd.py", ODD_SPEC)
    record = {f"written by {patch}": {"cpu": {"1.4": {"value": 1}}} for patch in RELEASES.values()}
    store.write(project.path("odd.file_of_every_release_loads"), record)

    def command(*arguments):
        status = main(["--root", str(project.root), "page", *map(str, arguments)])
        return (status, *capsys.readouterr())

    command.root, command.folder = project.root, project.root / "site"
    return command


def content(folder):
    return {
        path.relative_to(str(folder)).as_posix(): path.read_bytes()
        for path in Path(str(folder)).rglob("*")
        if path.is_file()
    }


def refused(result, *words):
    status, out, err = result
    lines = [line for line in err.splitlines() if line.strip()]
    assert (status, out, len(lines)) == (2, "", 1), result
    assert lines[0].startswith("torch-history: ")
    for word in words:
        assert str(word) in lines[0]


def test_command_says_what_it_wrote(page):
    status, out, err = page()
    assert status == 0
    match = re.fullmatch(r"(.+): written, (\d+\.\d) MB in \d+\.\d s\n", out)
    assert match and Path(match[1]) == page.folder / "index.html"
    assert abs(float(match[2]) - sum(map(len, content(page.folder).values())) / 1e6) <= 0.05


def test_command_writes_where_it_is_told_and_makes_the_folders_above(page, tmp_path):
    assert page("--to", tmp_path / "one" / "two")[0] == 0
    assert (tmp_path / "one" / "two" / "index.html").is_file() and not page.folder.exists()
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["two"]


def test_built_twice_the_site_has_the_same_bytes(page, tmp_path):
    page()
    page("--to", tmp_path / "again")
    assert content(page.folder) == content(tmp_path / "again")


def test_folder_with_other_things_in_it_is_refused_and_kept(page, tmp_path):
    for name, text in {"notes.txt": "mine", "index.html": "<html>my own page</html>"}.items():
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        (folder / name).write_text(text)
        refused(page("--to", folder), folder, "something else", "--to")
        assert content(folder) == {name: text.encode()}
    refused(page("--to", tmp_path / "notes" / "notes.txt"), "notes.txt", "something else")
    assert (tmp_path / "notes" / "notes.txt").read_text() == "mine"


def test_older_site_is_replaced_whole(page):
    page()
    first = content(page.folder)
    (page.folder / "stale.html").write_text("an old chapter")
    (page.folder / "index.html").write_text(
        (page.folder / "index.html").read_text(encoding="utf-8").replace("Behaviour", "Old"),
        encoding="utf-8",
    )
    assert page()[0] == 0 and content(page.folder) == first


def test_older_site_behind_a_link_is_replaced(page, tmp_path):
    page("--to", tmp_path / "there")
    (tmp_path / "there" / "stale.html").write_text("an old chapter")
    (tmp_path / "link").symlink_to(tmp_path / "there", target_is_directory=True)
    assert page("--to", tmp_path / "link")[0] == 0
    assert (
        (tmp_path / "link").is_symlink()
        and not (tmp_path / "there" / "stale.html").exists()
        and (tmp_path / "there" / "index.html").exists()
    )


def test_empty_working_folder_becomes_the_site(page, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert page("--to", ".")[0] == 0
    assert (tmp_path / "empty" / "index.html").is_file()


def test_place_that_cannot_be_written_is_refused_in_one_line(page, tmp_path):
    (tmp_path / "file").write_text("mine")
    refused(
        page("--to", tmp_path / "file" / "site"),
        tmp_path / "file" / "site",
        "cannot be written",
        "--to",
    )
    assert (tmp_path / "file").read_text() == "mine"


def test_full_disk_is_told_in_one_line_and_the_older_site_stays(page, monkeypatch):
    page()
    before = content(page.folder)

    def full(path, data):
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        result = page()
    refused(result, page.folder, "No space left on device")
    assert (
        content(page.folder) == before and [path.name for path in page.root.glob(".site.*")] == []
    )


@pytest.mark.parametrize(
    "path",
    [
        "spec/rates/__snapshots__/scale_halves.json",
        "manifests/2.0.1-cpu.json",
        "spec/rates/test_rates.py",
    ],
)
def test_damaged_records_are_told_in_one_line_and_the_older_site_stays(page, path):
    page()
    before = content(page.folder)
    text = (page.root / path).read_text()
    (page.root / path).write_text(text[: len(text) // 2] + "\n<<<<<<<")
    refused(page(), Path(path).name)
    assert content(page.folder) == before and list(page.root.glob(".site.*")) == []


def test_damage_that_shows_late_leaves_the_older_site_too(page):
    page()
    before = content(page.folder)
    (page.root / "claims").mkdir()
    (page.root / "claims" / "A.py").write_text("[{")
    refused(page(), "A.py", "not a list of claims")
    assert content(page.folder) == before and list(page.root.glob(".site.*")) == []


def test_project_without_files_of_other_releases_says_so(project):
    assert main(["--root", str(project.root), "page"]) == 0
    assert "None are recorded." in (project.root / "site" / "interchange.html").read_text(
        encoding="utf-8"
    )


def test_project_without_records_says_to_record(unrecorded, capsys):
    result = main(["--root", str(unrecorded.root), "page"]), *capsys.readouterr()
    refused(result, "nothing is recorded yet on this device: run `torch-history record`")
    assert not (unrecorded.root / "site").exists()


def test_help_tells_how_to_open_it(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["page", "--help"])
    out = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0
    for words in (
        "--to FOLDER",
        "an older site is replaced",
        "Open index.html in the folder; no server and no network are needed.",
    ):
        assert words in out
