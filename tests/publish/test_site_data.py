"""``behaviours.json``, which other programs read, and what the search looks through."""

import json

import pytest

from tests.publish.sites import Site
from torch_history import __version__
from torch_history.catalogue.kinds import GROUPS, Kind
from torch_history.publish.site.states import State
from torch_history.questions import messages


def test_data_are_valid_against_the_schema_beside_them(site):
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    schema = json.loads((site.folder / "behaviours.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(site.told, schema, jsonschema.Draft202012Validator)


def test_schema_refuses_what_the_data_never_hold(odd):
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    schema = json.loads((odd.folder / "behaviours.schema.json").read_text(encoding="utf-8"))
    for broken in ({"format": 2}, {"states": {"works": 1}}, {"more": 1}, {"behaviours": [{}]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**odd.told, **broken}, schema)


def test_data_agree_with_the_index(site):
    known = {one["id"]: one for one in site.told["behaviours"]}
    assert set(known) == set(site.behaviours)
    for name, behaviour in site.behaviours.items():
        told = known[name]
        assert (told["api"], told["chapter"]) == (behaviour.api, behaviour.chapter)
        assert behaviour.file == f"spec/{told['chapter']}/test_{told['subject']}.py"
        assert told["says"] == " ".join(behaviour.docstring.split("\n\n")[0].split())
        assert told.get("former", []) == behaviour.former
        changes = [
            (
                one["version"],
                one["kind"],
                one["text"],
                one.get("cause"),
                one.get("advice"),
                one.get("restored_by"),
                one.get("probable", False),
            )
            for one in told["changes"]
        ]
        expected = [
            (
                change.version,
                change.kind.slug,
                " ".join(change.text.split()),
                change.cause,
                change.advice,
                change.restored_by,
                change.probable,
            )
            for change in behaviour.changes
        ]
        assert sorted(changes, key=repr) == sorted(expected, key=repr), name
        places = [site.releases.index(one["version"]) for one in told["changes"]]
        assert places == sorted(places), name


def test_unknown_is_told_with_its_reason_and_its_release(site):
    expected = {
        (name, run.line): why
        for run in site.index.on("cpu").values()
        for name, why in run.unknown.items()
    }
    told = {
        (one["id"], release): why
        for one in site.told["behaviours"]
        for release, why in one.get("unknown", {}).items()
    }
    assert told == expected
    assert all(site.states[name][site.releases.index(line)] == "unknown" for name, line in told)


def test_data_name_releases_kinds_states_and_edition(odd):
    told = odd.told
    assert told["format"] == 1 and told["version"] == __version__
    assert told["address"] == "https://example.org/odd/"  # with the slash that was not given
    assert told["library"] == "fakelib" and told["commit"] == told["date"] == ""
    assert told["releases"] == {"1.4": "1.4.0", "1.13": "1.13.1", "2.0": "2.0.1", "2.6": "2.6.0"}
    groups = {kind.slug: name for name, kinds in GROUPS.items() for kind in kinds}
    assert [(one["kind"], one["words"], one["group"]) for one in told["kinds"]] == [
        (kind.slug, kind.words, groups.get(kind.slug, "")) for kind in Kind
    ]
    assert told["states"] == {one.slug: one.meaning for one in State}


def test_edition_of_the_data_is_that_of_the_pages(real):
    told = real.told
    footer = real.pages["index.html"].text.rpartition("torch-training-spec ")[2]
    assert footer.startswith(f"{told['version']}, commit {told['commit']}, {told['date']}") or (
        not told["commit"] and footer.startswith(told["version"])
    )
    assert told["address"] == ""


def test_address_of_the_site_is_on_its_pages_for_citations(odd, real):
    def told(site):
        return {
            given.get("data-address")
            for page in site.pages.values()
            for tag, given in page.tags
            if tag == "footer"
        }

    assert (told(odd), told(real)) == ({"https://example.org/odd/"}, {None})


def test_state_is_told_only_where_it_changes(site):
    for one in site.told["behaviours"]:
        states = list(one["states"].values())
        assert next(iter(one["states"])) == site.releases[0]
        assert all(before != after for before, after in zip(states, states[1:])), one["id"]


def test_example_of_the_documents_is_what_the_data_say(real):
    text = (real.root / "docs" / "data.md").read_text(encoding="utf-8")
    example = json.loads(text.partition("```json\n")[2].partition("```")[0])
    [told] = [one for one in real.told["behaviours"] if one["id"] == example["id"]]
    assert told == example


def test_documents_name_every_field(real):
    text = (real.root / "docs" / "data.md").read_text(encoding="utf-8")
    schema = json.loads((real.folder / "behaviours.schema.json").read_text(encoding="utf-8"))
    fields = [*schema["properties"]]
    for part in schema["$defs"].values():
        fields += part["properties"]
    assert [name for name in fields if f"`{name}`" not in text] == []


# ---- the search


def test_search_looks_through_everything_that_is_recorded(site):
    data = site.data("search")
    assert sorted(one[0] for one in data["behaviours"]) == sorted(site.behaviours)
    for name, apis, says, rest, changes, rank, *former in data["behaviours"]:
        behaviour = site.behaviours[name]
        assert [data["apis"][place][0] for place in apis] == behaviour.api
        words = " ".join(f"{says} {rest}".replace("`", "").split())
        assert words == " ".join(behaviour.docstring.replace("`", "").split()), name
        assert len(changes) == len(behaviour.changes)
        harm = [change.kind.rank for change in behaviour.changes]
        assert rank == min(harm, default=len(Kind))
        assert former in ([], [behaviour.former])


def test_search_looks_through_every_message(site):
    data = site.data("search")
    told = {
        text: [data["behaviours"][place][0] for place in places]
        for text, places in data["messages"]
    }
    expected = {one.text: list(one.behaviours) for one in messages.told(site.index)}
    assert set(told) == set(expected)
    assert all(set(told[text]) == set(expected[text]) for text in told)


def test_search_looks_through_chapters_subjects_terms_guides_and_articles(site):
    places = site.data("search")["places"]
    found = {}
    for what, title, page, text in places:
        found.setdefault(what, {})[title] = (page, text)
    chapters = {one.chapter for one in site.index.behaviours}
    assert {page for page, _ in found["chapter"].values()} == {f"{one}.html" for one in chapters}
    assert len(found["subject"]) == len({one.file for one in site.index.behaviours})
    assert len(found["article"]) == len({one.claim for one in site.index.claims})
    glossary = (site.root / "docs" / "glossary.md").read_text(encoding="utf-8")
    terms = [line[3:].strip() for line in glossary.splitlines() if line.startswith("## ")]
    assert list(found["term"]) == terms
    guides = {name[len("guides/") : -len(".html")] for name in site.pages if "guides/" in name}
    assert {page[len("guides/") : -len(".html")] for page, _ in found["guide"].values()} == (
        guides - {"index"}
    )


def test_index_without_a_library_has_data_too(project):
    for path in (project.root / "manifests").glob("*.json"):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        manifest.pop("library")
        path.write_text(json.dumps(manifest), encoding="utf-8")
    assert Site(project.root, project.root / "site").told["library"] == ""
