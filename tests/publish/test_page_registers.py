"""The table, the articles, what was verified, checkpoints, drift, benchmarks and guides."""

import re

from tests.fake import RELEASES
from tests.publish.odd import MISSING
from tests.publish.sites import Page, Site
from torch_history.catalogue.kinds import Kind
from torch_history.questions import changes as questions
from torch_history.questions.interchange import kinds
from torch_history.records import store

# ---- the table of behaviours


def rows(site):
    """Behaviour -> the cells of its row in the table."""
    page = site.pages["table.html"]
    names = re.findall(r'<th(?: scope="row")?><a href="behaviours/([^"]+)\.html">', page.html)
    found = [row[1:] for row in page.rows[1:] if len(row) > 1]
    assert len(names) == len(found) == len(set(names))
    return dict(zip(names, found))


def test_every_recorded_release_has_its_column_and_every_behaviour_its_row(site):
    known = {one.line for one in site.index.on("cpu").values()}
    recorded = [line for line in site.index.releases if line in known]
    head = [cell.text for cell in site.pages["table.html"].rows[0]]
    assert site.releases == recorded and head == ["Behaviour", *recorded]
    assert sorted(rows(site)) == sorted(site.behaviours)


def test_row_has_the_state_on_each_release_and_a_mark_at_each_change(site):
    count = 0
    for name, cells in rows(site).items():
        states, marks = [], {}
        for cell in cells:
            if cell.text not in ("", "?"):
                marks[site.releases[len(states)]] = cell.text
            states += [cell.given["class"]] * int(cell.given.get("colspan", 1))
        assert states == site.states[name], name
        by_harm = sorted(site.behaviours[name].changes, key=lambda change: -change.kind.rank)
        expected = {change.version: change.kind.letter for change in by_harm}
        assert marks == {one: expected[one] for one in site.releases[1:] if one in expected}, name
        count += len(marks)
    assert count > 5


def test_unknown_cell_has_a_question_mark_and_no_other_has(site):
    for name, cells in rows(site).items():
        asked = [cell.text == "?" for cell in cells]
        assert asked == [cell.given["class"] == "unknown" for cell in cells], name


def test_mark_is_a_button_and_the_legend_explains_it(site):
    page = site.pages["table.html"]
    letters = re.findall(r"<button>(\w)</button>", page.html)
    assert letters and set(letters) <= {kind.letter for kind in Kind}
    for kind in Kind:
        assert f"{kind.letter} {kind.title}" in page.text
    for state, meaning in site.told["states"].items():
        assert meaning in page.text and f'<i class="{state}"></i>' in page.html


def test_rows_are_in_the_order_of_the_manual(site):
    assert list(rows(site)) == [one["id"] for one in site.told["behaviours"]]


# ---- what was verified, and what was not


def test_everything_that_is_not_verified_is_listed(site):
    page = site.pages["verified.html"]
    for line in questions.unverified(site.index):
        assert " ".join(line.replace("`", "").split()) in page.text, line


def test_release_without_a_manifest_has_no_column_and_is_said_not_to_be_verified(odd):
    assert odd.releases == list(RELEASES)
    assert f"torch {MISSING}: not recorded" in odd.pages["verified.html"].text


def test_verified_releases_are_listed_with_their_environment(site):
    page = site.pages["verified.html"]
    listed = {row[0].text: [cell.text for cell in row[1:]] for row in page.rows[1:]}
    for release, run in site.index.on("cpu").items():
        if site.index.releases.get(run.line) == release:
            observed = len(site.behaviours) - len(run.unknown)
            assert listed[release][:2] == [f"{observed:,}", str(len(run.unknown))]
            assert run.python in listed[release] and run.platform in listed[release]


# ---- articles, checkpoints, drift, benchmarks, guides


def test_every_claim_has_its_row(site):
    register = site.index.claims
    page = site.pages["claims.html"]
    listed = [given["class"] for tag, given in page.tags if tag == "li" and "class" in given]
    assert len(listed) == len(register) > 1
    held = [claim.verdict == "holds" for claim in register]
    assert [one == "holds" for one in listed] == held
    links = page.links()
    for claim in register:
        assert " ".join(claim.section.split()) in page.text
        verdict = f"{claim.verdict} : {claim.note}" if claim.note else claim.verdict
        assert verdict.replace("`", "") in page.text.replace("`", "")
        assert all(f"behaviours/{test}.html" in links for test in claim.tests)


def test_article_is_named_by_its_title(real):
    for article, title in real.index.articles.items():
        assert f"Article {article}: {title}" in real.pages["claims.html"].text


def test_every_kind_of_file_has_its_table_of_readers(site):
    page = site.pages["interchange.html"]
    found = kinds(site.index, "cpu")
    assert found
    for kind in found:
        assert kind.behaviour.id in page.ids
        part = page.html.partition(f'<h2 id="{kind.behaviour.id}">')[2].partition("</section>")[0]
        head, *others = Page(part).rows
        assert len(head) == 1 + len(kind.readers)
        assert {len(row) for row in others} == {len(head)}


def test_drift_tells_the_distance_on_each_release(site):
    page = site.pages["drift.html"]
    drift = questions.drift([one for one in site.index.on("cpu").values() if one.line])
    listed = re.findall(r'<th(?: scope="row")?><a href="behaviours/([^"]+)\.html">', page.html)
    assert listed == list(drift)
    for row, steps in zip(page.rows[1:], drift.values()):
        shown = [cell.text for cell in row[1:] for _ in range(int(cell.given.get("colspan", 1)))]
        assert shown == ["?" if step is None else str(step or "") for step in steps]


def test_drift_of_a_release_that_was_not_observed_is_no_zero(project):
    name = "tensors.tensor_drifts_within_tolerance"
    record = project.kept(name)
    record.seen["cpu"].remove("1.13.1")
    record.unknown = {"cpu": {"1.13.1": "skipped: no tensor"}}
    store.write_record(project.path(name), record)
    [row] = Site(project.root, project.root / "site").pages["drift.html"].rows[1:]
    assert [cell.text for cell in row[1:]] == ["", "?", "", "3"]


def test_benchmarks_are_shown_with_their_pictures(real):
    page = real.pages["benchmarks.html"]
    pictures = [given["src"] for tag, given in page.tags if tag == "img"]
    assert len(pictures) > 3 and all((real.folder / name).is_file() for name in pictures)
    assert all(given.get("alt") for tag, given in page.tags if tag == "img")


def test_every_guide_has_its_page_and_is_listed_with_its_first_words(site):
    generated = {"README", "claims", "benchmarks"}
    names = {path.stem for path in (site.root / "docs").glob("*.md")} - generated
    pages = {name for name in site.pages if name.startswith("guides/")} - {"guides/index.html"}
    assert pages == {f"guides/{name}.html" for name in names} and "glossary" in names
    contents = site.pages["guides/index.html"]
    for name in names:
        title = Page(re.search(r"<h1.*?</h1>", site.pages[f"guides/{name}.html"].html)[0]).text
        assert f"{name}.html" in contents.links() and title in contents.text


def test_every_word_of_a_guide_is_on_its_page(real):
    for path in (real.root / "docs").glob("*.md"):
        page = real.pages.get(f"guides/{path.stem}.html")
        if page:
            text = re.sub(r"\]\([^)]*\)|<[^>]*>|```\w*", "", path.read_text(encoding="utf-8"))
            words = set(re.findall(r"[A-Za-z]{4,}", text))
            assert [word for word in words if word not in page.text] == [], path.name
