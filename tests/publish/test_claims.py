import pytest

from torch_history.catalogue import claims as registers
from torch_history.catalogue import index, releases, source
from torch_history.catalogue.behaviour import Claim
from torch_history.cli import main
from torch_history.errors import HistoryError
from torch_history.publish import claims as claims_page
from torch_history.publish.claims import counted
from torch_history.questions import claims


def register(project, *entries, article="A"):
    project.write(
        f"claims/{article}.py",
        "# an article\n[\n" + "".join(f"    {entry!r},\n" for entry in entries) + "]\n",
    )
    return list(
        claims.faults(
            registers.read(project.root),
            source.behaviours(project.root),
            list(releases.releases(project.root)),
        )
    )


def claim(verdict, *tests, **more):
    return {
        "section": "Rates",
        "claim": "it is so",
        "tests": list(tests),
        "verdict": verdict,
        **more,
    }


@pytest.mark.parametrize(
    "entry",
    [
        claim("holds", "rates.constant_stays"),
        claim("holds since 2.0", "rates.scale_halves"),
        claim("holds until 1.13", "rates.scale_halves"),
        claim("holds until 1.13", "rates.constant_stays", "rates.scale_halves"),
        claim("holds if it rains", "rates.scale_halves", note="else not"),
        claim("never held", "rates.constant_stays", note="it is not"),
    ],
    ids=["holds", "since", "until", "two_tests", "if", "never"],
)
def test_verdict_that_the_changes_admit_is_no_fault(project, entry):
    assert register(project, entry) == []


@pytest.mark.parametrize(
    "entry, fault",
    [
        (claim("holds", "rates.nothing"), "rates.nothing decides it: name behaviours that exist"),
        (claim("holds"), "no test decides it"),
        (claim("mostly", "rates.constant_stays"), "'mostly' is no verdict"),
        (claim("holds if ", "rates.constant_stays"), "is no verdict"),
        (claim("holds", "rates.scale_halves"), "holds, but what decides it changed at 2.0"),
        (
            claim("never held", "rates.scale_halves", note="x"),
            "never held, but what decides it changed at 2.0",
        ),
        (claim("never held", "rates.constant_stays"), "say in a note what torch does"),
        (claim("holds if it rains", "rates.constant_stays"), "say in a note what torch does"),
        (claim("holds since 1.13", "rates.scale_halves"), "changed last at 2.0"),
        (claim("holds since 2.0", "rates.constant_stays"), "changed last at no release"),
        (claim("holds until 2.0", "rates.scale_halves"), "nothing that decides it changed at 2.6"),
    ],
    ids=[
        "missing",
        "none",
        "verdict",
        "condition",
        "holds",
        "never",
        "never_note",
        "if_note",
        "since",
        "since_never",
        "until",
    ],
)
def test_verdict_that_the_changes_contradict_is_a_fault(project, entry, fault):
    found = register(project, entry)
    assert any(fault in line and line.startswith("claims/A.py: 'it is so'") for line in found)


@pytest.mark.parametrize(
    "text",
    ["not python at all", "{'section': 1}", "[{'section': 'x', 'nonsense': 1}]", "print('x')"],
    ids=["syntax", "dict", "key", "call"],
)
def test_file_that_is_no_list_of_claims_is_one_error(project, text):
    project.write("claims/B.py", text)
    with pytest.raises(HistoryError, match=r"B\.py: not a list of claims"):
        registers.read(project.root)


def test_page_is_written_and_check_tells_when_it_is_old(project, capsys):
    register(project, claim("holds", "rates.constant_stays"))
    root = str(project.root)
    assert main(["--root", root, "docs", "--write"]) == 0
    capsys.readouterr()
    page = (project.root / "docs/claims.md").read_text()
    assert "## Article A\n\n1 claim, 1 holds on every release.\n" in page
    assert "| Rates | it is so | **holds** | [rates.constant_stays](../spec/rates/test_" in page
    main(["--root", root, "check"])
    assert "claims.md" not in capsys.readouterr().out
    register(project, claim("holds if it rains", "rates.constant_stays", note="a | b"))
    main(["--root", root, "check"])
    assert "docs/claims.md: not as the records and tests are now" in capsys.readouterr().out
    main(["--root", root, "claims"])
    assert "**holds if it rains**: a \\| b" in capsys.readouterr().out


def test_article_is_named_by_its_title(project):
    register(project, claim("holds", "rates.constant_stays"))
    project.write("claims/titles.json", '{"A": "The rates of `scale` <b>"}')
    page = claims_page.page(index.of(project.root))
    assert "\n## Article A: The rates of `scale` &lt;b>\n" in page


@pytest.mark.parametrize(
    "text", ["", "[]", '{"A": 1}', "\ufeff{}"], ids=["none", "list", "number", "mark"]
)
def test_file_that_is_no_object_of_titles_is_one_error(project, text):
    project.write("claims/titles.json", text)
    with pytest.raises(
        HistoryError, match=r"titles\.json: not the titles of articles: .*: write an"
    ):
        registers.titles(project.root)


@pytest.mark.parametrize(
    "verdicts, words",
    [
        (["holds"], "1 claim, 1 holds on every release"),
        (["holds", "holds", "never held"], "3 claims, 2 hold on every release"),
        (["holds since 2.0"], "1 claim, none holds on every release"),
        (["holds since 2.0", "mostly"], "2 claims, none holds on every release"),
    ],
    ids=["one", "several", "none of one", "none"],
)
def test_claims_are_counted_in_words(verdicts, words):
    claimed = [Claim("A", "Rates", "it is so", [], verdict) for verdict in verdicts]
    assert counted(claimed, {}) == words


@pytest.mark.parametrize(
    "damage, why",
    [
        (lambda path: path.unlink(), "it has no record"),
        (lambda path: path.write_text("{"), "its record is damaged"),
    ],
    ids=["missing", "damaged"],
)
def test_claim_whose_behaviour_has_no_record_is_unknown_and_does_not_hold(project, damage, why):
    register(project, claim("holds", "rates.constant_stays"), claim("holds", "rates.flip"))
    damage(project.path("rates.constant_stays"))
    page = claims_page.page(index.of(project.root)).replace("`", "")
    assert f"| Rates | it is so | **unknown**: rates.constant_stays: {why}: run " in page
    assert "2 claims, 1 holds on every release." in page


def test_claim_whose_test_was_edited_is_unknown(project):
    register(project, claim("holds", "rates.constant_stays", note="and so on"))
    project.change(
        "spec/rates/test_rates.py", "observe(fakelib.constant)", "observe(lambda: fakelib.flips)"
    )
    page = claims_page.page(index.of(project.root)).replace("`", "")
    assert "**unknown**: rates.constant_stays: its test changed after the recording: run " in page
    assert "and so on" not in page and "none holds on every release" in page
