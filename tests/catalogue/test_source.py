"""The behaviours as their tests declare them, read without importing the tests."""

import pytest

from torch_history.catalogue import source
from torch_history.catalogue.behaviour import Change
from torch_history.catalogue.kinds import Kind
from torch_history.errors import HistoryError

MARKED = "import pytest\n\n\n@pytest.mark.{}\ndef test_x(snapshot):\n    pass\n"
FORM = "write @pytest.mark.changed(VERSION, WORDS, kind=..., cause=..., advice=...)"


@pytest.mark.parametrize(
    "text, message",
    [
        (
            "def test_x(snapshot):\n    pass\n\n\ndef test_x(snapshot):\n    pass\n",
            (
                "spec/rates/test_more.py:5: the id rates.x is taken by spec/rates/test_more.py:1: "
                "rename one of them"
            ),
        ),
        (
            "def test_scale_halves(snapshot):\n    pass\n",
            (
                "spec/rates/test_rates.py:12: the id rates.scale_halves is taken by "
                "spec/rates/test_more.py:1: rename one of them"
            ),
        ),
        ("def test_x(snapshot:\n", "spec/rates/test_more.py:1: not Python: "),
        ("x = 1\0\n", "spec/rates/test_more.py: not Python: "),
        (
            MARKED.format("api(NAME)"),
            "spec/rates/test_more.py:4: the arguments of a marker are literals",
        ),
        (
            MARKED.format("changed"),
            f"spec/rates/test_more.py:4: {FORM}",
        ),
        (
            MARKED.format("changed('2.0')"),
            f"spec/rates/test_more.py:4: {FORM}",
        ),
        (
            MARKED.format("changed(2.0, 'words', kind='silent')"),
            f"spec/rates/test_more.py:4: {FORM}",
        ),
        (
            MARKED.format("changed(['2.0'], 'words', kind='silent')"),
            f"spec/rates/test_more.py:4: {FORM}",
        ),
        (
            MARKED.format("changed('2.0', 'words', kind='silent', unless=1)"),
            f"spec/rates/test_more.py:4: {FORM}",
        ),
        (
            MARKED.format("changed('2.0', 'words', kind='silent', advise='none')"),
            f"spec/rates/test_more.py:4: {FORM}",
        ),
        (
            MARKED.format("changed('2.0', 'words', kind='loud')"),
            "spec/rates/test_more.py:4: 'loud' is not a kind: choose one of error, gone, silent, ",
        ),
        (
            MARKED.format("changed('two', 'words', kind='silent')"),
            "spec/rates/test_more.py:4: 'two' is not a version: give a minor line such as 2.5 ",
        ),
        (
            MARKED.format("changed('2.0', 'words', kind='silent', cause=92731)"),
            "spec/rates/test_more.py:5: a marker has an argument of another type: ",
        ),
        (
            MARKED.format("changed('2.0', 'words', kind='silent', when=7)"),
            f"spec/rates/test_more.py:4: {FORM}",
        ),
        (
            MARKED.format("changed('2.0', 'words', kind='silent', when=('flag', 7))"),
            f"spec/rates/test_more.py:4: {FORM}",
        ),
        (
            MARKED.format("changed('2.0', 'words', kind='silent', when='flag=')"),
            "spec/rates/test_more.py:4: when='flag=': not a condition: write NAME, ",
        ),
        (
            MARKED.format("changed('2.0', 'words', kind='silent', depends=True)"),
            "spec/rates/test_more.py:5: a marker has an argument of another type: ",
        ),
        (
            MARKED.format("changed('2.0', 'words', kind='silent', rarely=1)"),
            "spec/rates/test_more.py:5: a marker has an argument of another type: ",
        ),
        (
            MARKED.format("changed('2.0', 'words', kind='silent', of=7)"),
            "spec/rates/test_more.py:5: a marker has an argument of another type: ",
        ),
        (
            MARKED.format("api(7)"),
            "spec/rates/test_more.py:5: a marker has an argument of another type: ",
        ),
    ],
    ids=[
        "twice_in_a_file",
        "twice_in_a_chapter",
        "syntax",
        "zero_byte",
        "no_literal",
        "no_call",
        "missing_arguments",
        "version_no_text",
        "version_in_a_list",
        "unless_no_list",
        "misspelt_argument",
        "kind",
        "version",
        "cause_no_text",
        "when_no_text",
        "when_with_a_number",
        "when_of_another_form",
        "depends_no_text",
        "rarely_no_text",
        "of_no_text",
        "api_no_text",
    ],
)
def test_source_that_cannot_be_read_is_one_error(project, text, message):
    project.write("spec/rates/test_more.py", text)
    with pytest.raises(HistoryError) as caught:
        source.behaviours(project.root)
    assert str(caught.value).startswith(message)


def test_source_takes_only_tests_that_compare_with_a_snapshot(project):
    project.write(
        "spec/rates/test_more.py",
        "def test_law():\n    pass\n\n\ndef helper(snapshot):\n    pass\n",
    )
    assert len(source.behaviours(project.root)) == 12


def test_source_reads_claim_docstring_and_markers(recorded):
    found = source.behaviours(recorded.root)["rates.flip_comes_back"]
    assert (
        found.claim == "flip comes back"
        and found.docstring == "One, two, and one again."
        and found.chapter == "rates"
    )
    assert found.api == ["fakelib.nn.flips"] and found.article == "B" and found.page is None
    assert found.node == "spec/rates/test_rates.py::test_flip_comes_back"
    assert [change.version for change in found.changes] == ["1.13", "2.6"]


def test_marker_says_all_there_is_to_say_of_a_change(project):
    marker = (
        "changed('2.0', 'words', kind='silent', cause='fakelib#1', probable=True, "
        "advice='do', unless='flag', when='-flag', depends='the file', rarely='a set', "
        "of='fakelib.x', rewrite='+flag=1', restored_by='rates.y')"
    )
    assert change_of(project, marker) == Change(
        version="2.0",
        text="words",
        kind=Kind.SILENT,
        cause="fakelib#1",
        probable=True,
        advice="do",
        unless=("flag",),
        when=("-flag",),
        depends="the file",
        rarely="a set",
        of=("fakelib.x",),
        rewrite="+flag=1",
        restored_by="rates.y",
    )


def change_of(project, marker):
    """The change that a marker says."""
    project.write("spec/rates/test_more.py", MARKED.format(marker))
    [change] = source.behaviours(project.root)["rates.x"].changes
    return change


@pytest.mark.parametrize(
    "more, field, value",
    [
        ("unless=('flag', 2)", "unless", ("flag", 2)),
        ("unless=[2]", "unless", (2,)),
        ("unless=()", "unless", ()),
        ("when=('p=0.0', 'dim@1 and -p')", "when", ("p=0.0", "dim@1 and -p")),
        ("of=('fakelib.x', 'fakelib.y')", "of", ("fakelib.x", "fakelib.y")),
    ],
)
def test_marker_may_say_several_arguments_conditions_and_apis(project, more, field, value):
    change = change_of(project, f"changed('2.0', 'words', kind='silent', {more})")
    assert getattr(change, field) == value


@pytest.mark.parametrize(
    "more, conditioned",
    [
        ("", False),
        (", cause='fakelib#1', advice='do', of='fakelib.x'", False),
        (", unless=()", True),
        (", unless='flag'", True),
        (", when='flag'", True),
        (", depends='the file'", True),
        (", rarely='a set'", True),
    ],
)
def test_marker_says_which_calls_meet_the_change_by_any_of_four_settings(
    project, more, conditioned
):
    change = change_of(project, f"changed('2.0', 'words', kind='silent'{more})")
    assert change.conditioned is conditioned


@pytest.mark.parametrize(
    "slug, kind", [("api-gone", Kind.GONE), ("api-appeared", Kind.APPEARED), ("gone", Kind.GONE)]
)
def test_marker_may_use_a_former_slug(project, slug, kind):
    marker = f"changed('2.0', 'words', kind='{slug}')"
    project.write("spec/rates/test_more.py", MARKED.format(marker))
    assert [one.kind for one in source.behaviours(project.root)["rates.x"].changes] == [kind]


def test_changes_of_one_release_are_kept_in_their_order(project):
    markers = [f"changed('2.0', '{words}', kind='silent')" for words in ("one", "two")]
    text = MARKED.format("\n@pytest.mark.".join(markers))
    project.write("spec/rates/test_more.py", text)
    changes = source.behaviours(project.root)["rates.x"].changes
    assert [change.text for change in changes] == ["one", "two"]


def test_group_of_kinds_is_no_kind_of_a_marker(project):
    project.write("spec/rates/test_more.py", MARKED.format("changed('2.0', 'w', kind='breaks')"))
    with pytest.raises(HistoryError, match="'breaks' is not a kind: choose one of error, "):
        source.behaviours(project.root)
