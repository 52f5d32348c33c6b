"""The pages of the releases and the page that links to them, of the fake project."""

import json
import re

import pytest

from torch_history.catalogue import index
from torch_history.observing import encode
from torch_history.publish import markdown
from torch_history.publish.docs import pages
from torch_history.records import store

RATES = "spec/rates/test_rates.py"


def pages_of(project):
    return pages.pages(index.of(project.root))


def page_of(project, line):
    return pages_of(project)[f"docs/releases/{line}.md"]


@pytest.fixture(scope="module")
def written(recorded):
    return pages_of(recorded)


def section(page, heading):
    """The lines under a heading, up to the next one."""
    lines = page.splitlines()
    start = lines.index(heading) + 1
    end = next(
        (number for number in range(start, len(lines)) if lines[number].startswith("#")), len(lines)
    )
    return [line for line in lines[start:end] if line]


def cells(page, heading):
    """The rows of the table under a heading: first cell -> the others."""
    rows = [line.split("|")[1:-1] for line in section(page, heading) if line.startswith("|")]
    return {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows[2:]}


# ---- the page of a release


def test_page_begins_with_the_counts_and_links_to_its_neighbours(written):
    assert written["docs/releases/2.0.md"].startswith(
        "# What changed in torch 2.0\n"
        "\n"
        "5 causes changed 5 behaviours from torch 1.13 to 2.0: "
        "1 breaks calls, 2 move numbers, and 2 are of other kinds.\n"
        "\n"
        "[← torch 1.13](1.13.md) · [all releases](../README.md) · [torch 2.6 →](2.6.md)\n"
    )


def test_first_and_last_page_link_to_the_only_neighbour_that_has_a_page(written):
    links = {name: page.splitlines()[4] for name, page in written.items() if "releases/" in name}
    assert links["docs/releases/1.13.md"] == "[all releases](../README.md) · [torch 2.0 →](2.0.md)"
    assert links["docs/releases/2.6.md"] == "[← torch 2.0](2.0.md) · [all releases](../README.md)"


def test_sections_come_in_the_order_of_harm(written):
    headings = re.findall(r"^## (.*)$", written["docs/releases/2.0.md"], re.MULTILINE)
    assert headings == [
        "Breaks",
        "Moves numbers",
        "Warning appeared or gone",
        "API or argument appeared",
        "Cause not known",
    ]


def test_cause_is_one_line_with_api_change_advice_cause_behaviour_and_values(written):
    page = written["docs/releases/2.0.md"]
    [line] = section(page, "## Breaks")
    assert line == (
        "- error where there was none: **`fakelib.optim.strict`**: strict mode raises"
        f" · fakelib#2 · [`rates.strict_mode_is_refused`](../../{RATES})"
        "<br>`'strict'` → `raises ValueError: strict mode is refused`"
    )
    assert section(page, "## Moves numbers")[0] == (
        "- silent value change: **`fakelib.optim.scale`**: the scale is halved · *double the rate*"
        f" · fakelib#92731 · [`rates.scale_halves`](../../{RATES})<br>`1.0` → `0.5`"
    )


def test_case_that_changed_is_named_before_its_values(written):
    assert section(written["docs/releases/2.0.md"], "## Moves numbers")[1] == (
        "- silent value change: **`fakelib.Tensor`**: adam starts at two · cause unknown · "
        "[`tensors.start_of_an_optimizer`](../../spec/tensors/test_tensors.py)"
        "<br>`adam: 1` → `adam: 2`"
    )


def test_pipe_in_a_value_stays_one_character(project):
    record = project.kept("rates.strict_mode_is_refused")
    chain = record.timelines["observed"]["cpu"]
    chain["2.0"] = encode.seal({"raised": {"type": "ValueError", "message": "int | None"}})
    store.write_record(project.path("rates.strict_mode_is_refused"), record)
    [line] = section(page_of(project, "2.0"), "## Breaks")
    assert line.endswith("<br>`'strict'` → `raises ValueError: int | None`")


def test_other_kinds_have_neither_label_nor_values(written):
    [line] = section(written["docs/releases/2.0.md"], "## Warning appeared or gone")
    assert line == (
        "- **`fakelib.nn.noisy`**: a deprecation · cause unknown · "
        f"[`rates.noisy_warns`](../../{RATES})"
    )


def test_behaviours_of_one_cause_share_a_line_that_names_each_harmful_kind(project):
    project.change(RATES, 'cause="fakelib#2"', 'cause="fakelib#92731"')
    page = page_of(project, "2.0")
    [line] = section(page, "## Breaks")
    assert line.startswith("- error where there was none (also silent value change): **`fakelib.")
    assert f"(../../{RATES}) and 1 more<br>" in line and "the scale is halved" not in page


def test_several_changes_of_one_behaviour_without_a_condition_have_a_line_each(project):
    project.change(
        RATES,
        '@pytest.mark.changed("2.0", "a new function", kind="appeared")',
        '@pytest.mark.changed("2.0", "a new function", kind="appeared")\n'
        '@pytest.mark.changed("2.0", "it has a name", kind="appeared")',
    )
    lines = section(page_of(project, "2.0"), "## API or argument appeared")
    assert [line.split(": ")[1].split(" ·")[0] for line in lines] == [
        "a new function",
        "it has a name",
    ]


def test_value_is_left_out_where_no_case_says_which_of_two_changes_it_shows(project):
    project.change(
        RATES,
        '@pytest.mark.changed("2.0", "the scale is halved"',
        '@pytest.mark.changed("2.0", "it is halved again", kind="silent")\n'
        '@pytest.mark.changed("2.0", "the scale is halved"',
    )
    lines = section(page_of(project, "2.0"), "## Moves numbers")
    assert ["<br>" in line for line in lines if "halved" in line] == [False, False]


def test_release_without_a_change_says_so(project):
    run = json.loads((project.root / "manifests" / "2.6.0-cpu.json").read_text())
    project.write("manifests/2.7.0-cpu.json", json.dumps({**run, "release": "2.7.0"}))
    page = page_of(project, "2.7")
    assert page.splitlines()[2] == "No recorded behaviour changed from torch 2.6 to 2.7."


def test_second_patch_of_a_line_adds_no_page(project, written):
    for line, patch in (("1.4.0", "1.4.1"), ("2.0.1", "2.0.2")):
        run = json.loads((project.root / "manifests" / f"{line}-cpu.json").read_text())
        project.write(f"manifests/{patch}-cpu.json", json.dumps({**run, "release": patch}))
    assert list(pages_of(project)) == list(written)


def test_change_of_a_release_that_is_not_recorded_is_on_the_page_of_the_next(project):
    (project.root / "manifests" / "2.0.1-cpu.json").unlink()
    found = pages_of(project)
    assert "docs/releases/2.0.md" not in found
    page = found["docs/releases/2.6.md"]
    assert "from torch 1.13 to 2.6: 2 break calls," in page.splitlines()[2]
    assert any(": since 2.0 strict mode raises · " in line for line in section(page, "## Breaks"))
    assert "- torch 2.0: not recorded" in section(found["docs/README.md"], "## Not verified")


def test_move_within_tolerance_is_told_on_the_page_of_its_release(project):
    record = project.kept("rates.constant_stays")
    record.distances = {"cpu": {"2.6.0": 3}}
    store.write_record(project.path("rates.constant_stays"), record)
    found = pages_of(project)
    heading = "## Where arithmetic moved within tolerance"
    assert cells(found["docs/releases/2.6.md"], heading)["`rates.constant_stays`"] == ["0", "3"]
    assert heading not in found["docs/releases/2.0.md"]
    link = "[2.6](releases/2.6.md#where-arithmetic-moved-within-tolerance)"
    # the other one is tensors.tensor_drifts_within_tolerance
    assert cells(found["docs/README.md"], "## Where arithmetic moved") == {link: ["2"]}


def test_page_names_what_lacks_a_cause_one_a_line(written):
    assert section(written["docs/releases/2.6.md"], "## Cause not known")[1:] == [
        "- `rates.removed_is_gone`",
        "- `rates.flip_comes_back`",
        "- `rates.complaint_tells_the_remedy`",
    ]


def test_what_was_not_observed_is_on_the_page_of_its_release_and_counted_in_front(project):
    for name in ("rates.constant_stays", "rates.scale_halves"):
        record = project.kept(name)
        record.seen["cpu"].remove("2.0.1")
        record.unknown = {"cpu": {"2.0.1": "skipped: no | part"}}
        store.write_record(project.path(name), record)
    found = pages_of(project)
    page = found["docs/releases/2.0.md"]
    assert section(page, "## Not verified") == [
        "These behaviours were not observed on torch 2.0:",
        "- `rates.scale_halves`, `rates.constant_stays`: skipped: no | part",
    ]
    assert "## Not verified" not in found["docs/releases/2.6.md"]
    front = section(found["docs/README.md"], "## Not verified")
    assert "- torch 2.0: 2 behaviours, see [its page](releases/2.0.md#not-verified)" in front
    # It is annotated, so it is told all the same.
    assert "the scale is halved" in page


def test_what_the_first_release_does_not_know_is_in_front_for_it_has_no_page(project):
    record = project.kept("rates.constant_stays")
    record.seen["cpu"].remove("1.4.0")
    record.unknown = {"cpu": {"1.4.0": "skipped: no part"}}
    store.write_record(project.path("rates.constant_stays"), record)
    front = section(pages_of(project)["docs/README.md"], "## Not verified")
    assert front[0] == "- torch 1.4: `rates.constant_stays`: skipped: no part"


def test_cause_is_a_link(project):
    project.change(RATES, 'cause="fakelib#92731"', 'cause="pytorch#92731", probable=True')
    link = "[pytorch#92731](https://github.com/pytorch/pytorch/issues/92731) (probably)"
    assert f" · {link} · " in page_of(project, "2.0")


def test_line_added_above_a_test_leaves_the_pages_as_they_are(project, written):
    project.change(RATES, "import os\n", "import os\n\n\n# a comment\n")
    assert pages_of(project) == written


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


# ---- the page in front


def test_glance_counts_the_causes_by_release_and_kind_the_newest_release_first(written):
    assert list(cells(written["docs/README.md"], "## Releases at a glance").items()) == [
        ("[2.6](releases/2.6.md)", ["", "1", "1", "", "", "1", "3"]),
        ("[2.0](releases/2.0.md)", ["1", "", "2", "1", "1", "", "5"]),
        ("[1.13](releases/1.13.md)", ["", "", "1", "", "", "", "1"]),
    ]


def test_front_page_ends_with_what_nothing_is_recorded_of(written):
    assert section(written["docs/README.md"], "## Not verified")[0] == (
        "- any device but the CPU: CUDA is unknown on every release"
    )
