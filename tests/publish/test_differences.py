import json

import pytest

from torch_history.catalogue import index
from torch_history.cli import main
from torch_history.publish import differences, markdown
from torch_history.records import store


def page_of(project):
    return differences.page(index.of(project.root))


@pytest.fixture(scope="module")
def page(recorded):
    return page_of(recorded)


def section(page, heading):
    """The lines under a heading, up to the next one."""
    lines = page.splitlines()
    start = lines.index(heading) + 1
    end = next(
        (number for number in range(start, len(lines)) if lines[number].startswith("#")), len(lines)
    )
    return [line for line in lines[start:end] if line]


def test_release_tells_each_change_with_its_values_and_the_most_harmful_first(page):
    headings = [line for line in page.splitlines() if line.startswith("#### 2.0:")]
    assert [heading.partition(": ")[2] for heading in headings] == [
        "error where there was none",
        "silent value change",
        "warning appeared or gone",
        "API or argument appeared",
    ]
    row = section(page, headings[1])[2]
    assert row.startswith("| `rates.scale_halves` |")
    assert row.endswith(
        "| `1.0` → `0.5` | the scale is halved. *double the rate* | fakelib#92731 |"
    )


def test_subject_shows_only_what_hurts(page):
    rows = section(page, "### rates")
    assert any("the scale is halved" in row for row in rows)
    assert not any("wording only" in row or "argument appeared" in row for row in rows)


def test_changes_of_one_cause_are_one_line_of_a_subject(project):
    path = project.spec / "rates" / "test_rates.py"
    path.write_text(
        path.read_text().replace(
            'kind="error", cause="fakelib#2"', 'kind="silent", cause="fakelib#92731"'
        )
    )
    rows = [row for row in section(page_of(project), "### rates") if row.startswith("| [2.0]")]
    assert len(rows) == 1 and " and 1 more |" in rows[0]


def test_release_without_a_change_says_so(project):
    run = json.loads((project.root / "manifests" / "2.6.0-cpu.json").read_text())
    project.write("manifests/2.7.0-cpu.json", json.dumps({**run, "release": "2.7.0"}))
    assert section(page_of(project), "### torch 2.7") == ["No behaviour changed."]


def test_second_patch_of_a_line_adds_no_section(project):
    for line, patch in (("1.4.0", "1.4.1"), ("2.0.1", "2.0.2")):
        run = json.loads((project.root / "manifests" / f"{line}-cpu.json").read_text())
        project.write(f"manifests/{patch}-cpu.json", json.dumps({**run, "release": patch}))
    page = page_of(project)
    headings = [line for line in page.splitlines() if line.startswith("### torch ")]
    assert headings == ["### torch 1.13", "### torch 2.0", "### torch 2.6"]
    assert "on 4 releases of torch" in page


def test_move_within_tolerance_is_told_by_release(project):
    record = project.kept("rates.constant_stays")
    record.distances = {"cpu": {"2.6.0": 3}}
    store.write_record(project.path("rates.constant_stays"), record)
    assert "| `rates.constant_stays` | 2.6: 0 → 3 |" in section(
        page_of(project), "## Where arithmetic moved within tolerance"
    )


def test_page_names_what_lacks_a_cause_one_a_line(page):
    [told, *lines] = section(page, "## Causes")
    assert told == "The cause of these changes is not known:"
    releases = [line.partition(": ")[0] for line in lines]
    assert releases == ["- 1.13", *["- 2.0"] * 3, *["- 2.6"] * 3]
    assert "- 2.6: `rates.removed_is_gone`" in lines and "rates.scale_halves" not in "".join(lines)


def test_table_of_counts_names_no_exact_count_but_whether_there_is_one(page):
    rows = [line.split("|")[1:-1] for line in section(page, "## At a glance")[1:] if "|" in line]
    cells = {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows[2:]}
    assert cells == {
        "[1.13](#torch-113)": ["", "", "1+", "", "", "", "1+"],
        "[2.0](#torch-20)": ["1+", "", "1+", "1+", "1+", "", "5+"],
        "[2.6](#torch-26)": ["", "1+", "1+", "", "", "1+", "1+"],
    }


def test_line_added_above_a_test_leaves_the_page_as_it_is(project):
    before = page_of(project)
    project.change("spec/rates/test_rates.py", "import os\n", "import os\n\n\n# a comment\n")
    assert page_of(project) == before


def test_page_ends_with_what_was_not_verified(project):
    (project.root / "manifests" / "2.0.1-cpu.json").unlink()
    page = page_of(project)
    lines = section(page, "## What was not verified")
    assert "- torch 2.0: not recorded" in lines
    assert "- any device but the CPU: CUDA is unknown on every release" in lines
    assert page.splitlines()[-1] == ""  # no numbers of torch's here, and so no links


def test_cause_is_a_link(project):
    path = project.spec / "rates" / "test_rates.py"
    path.write_text(
        path.read_text().replace('cause="fakelib#92731"', 'cause="pytorch#92731", probable=True')
    )
    page = page_of(project)
    assert "| [pytorch#92731] (probably) |" in page
    assert (
        page.splitlines()[-1] == "[pytorch#92731]: https://github.com/pytorch/pytorch/issues/92731"
    )


def test_check_tells_when_the_page_is_old(project, capsys):
    root = str(project.root)
    assert main(["--root", root, "differences", "--write"]) == 0
    main(["--root", root, "check"])
    assert "DIFFERENCES.md" not in capsys.readouterr().out
    path = project.spec / "rates" / "test_rates.py"
    path.write_text(path.read_text().replace('the scale is halved"', 'the scale is cut in half"'))
    assert main(["--root", root, "check"]) == 1
    assert (
        "DIFFERENCES.md: not as the records and tests are now: "
        "run `torch-history differences --write`"
    ) in capsys.readouterr().out


@pytest.mark.parametrize(
    "words, cell",
    [
        ("proj_size, and no more", "`proj_size`, and no more"),
        ("pass set_to_none=False", "pass `set_to_none=False`"),
        ("call detach_() on `a_b`", "call `detach_()` on `a_b`"),
        ("a | b", "a \\| b"),
        ("None instead of zeros", "None instead of zeros"),
    ],
)
def test_names_in_a_marker_become_code(words, cell):
    assert markdown.cell(words) == cell
