"""Text from a measured file is harmless wherever it is shown."""

import re
from xml.etree import ElementTree as ET

import pytest

from tests.bench.making import DATE, grown, judged, manifest, record, rounds
from torch_history.bench import command, growth, markdown, page, raw
from torch_history.bench.command import BenchRequest, GrowthRequest
from torch_history.bench.pictures import forest
from torch_history.bench.pictures import growth as curves
from torch_history.bench.rounds import FirstCall, Machine, Sizes, ToolFigures

HOSTILE = "x`|<script>alert(1)</script>\x1b[2J\u202e\n# a heading\n|y\\|"
RELEASE = {"python": HOSTILE, "build": HOSTILE}
MACHINE_OF_A_STRANGER = Machine(processor=HOSTILE, cores=2, load=(0.0,))
COMPARED = record(
    machine=MACHINE_OF_A_STRANGER,
    before=manifest(**RELEASE),
    after=manifest("2.15.0", HOSTILE + "!", HOSTILE),
    altered=HOSTILE,
    notes=(HOSTILE,),
    rounds={f"mlp-5.{HOSTILE}": rounds(1e5, 1e5, 1.2e5, launches=3, count=3)},
    missing={HOSTILE: HOSTILE},
    first_call={HOSTILE: FirstCall(before=(1,), control=(1,), after=(1,))},
)
GROWN = grown(
    {1: [1000], 2: [2000], 3: [3000]},
    machine=MACHINE_OF_A_STRANGER,
    release=manifest(**RELEASE),
    curves={HOSTILE: Sizes("batch", "mlp", 5, (1, 2, 3))},
)
TOOL = ToolFigures(title=HOSTILE, command=HOSTILE, date=DATE, lines=(HOSTILE,), figures=None)


@pytest.fixture
def written(tmp_path):
    """BENCHMARKS.md of files whose every text is hostile."""
    itself = record(
        machine=MACHINE_OF_A_STRANGER,
        before=manifest(**RELEASE),
        after=manifest(**RELEASE),
        rounds=COMPARED.rounds,
    )
    for number, kept in enumerate([COMPARED, GROWN, TOOL, itself]):
        raw.write(tmp_path / "benchmarks" / f"{number}.json", kept)
    return page.page(tmp_path)


def test_no_html_of_a_file_runs_in_the_page(written):
    markdown_it = pytest.importorskip("markdown_it", reason="markdown-it-py is not installed")
    rendered = markdown_it.MarkdownIt("commonmark").enable("table").render(written)
    assert "&lt;script&gt;" in rendered
    assert "<script" not in written + rendered
    assert not re.search("[\x1b\u202e]", written)


def test_a_heading_or_a_bar_in_a_text_changes_no_table(written):
    markdown_it = pytest.importorskip("markdown_it", reason="markdown-it-py is not installed")
    text = page.markdown(*judged(COMPARED)) + "\n" + growth.text(growth.curves(GROWN))
    rendered = markdown_it.MarkdownIt("commonmark").enable("table").render(text)
    assert "<h1>" not in rendered
    rows = re.findall("<tr>.*?</tr>", rendered, re.DOTALL)
    cells = [len(re.findall("<t[hd]", row)) for row in rows]
    assert cells == [8, 8, 8, 6, 6]
    assert "alert(1)&lt;/script&gt;\\x1b[2J\\u202e # a heading |y\\|" in rendered


@pytest.mark.parametrize(
    "text, escaped",
    [("a|b", r"a\|b"), ("a\\|b", r"a\\\|b"), ("a\\b", r"a\b"), ("a\n<b> &", "a &lt;b&gt; &amp;")],
)
def test_cell_escapes_the_bar_and_the_backslash_before_it(text, escaped):
    assert markdown.cell(text) == escaped


def test_code_ends_where_it_should():
    assert markdown.code("a `b` <c>") == "`a 'b' &lt;c&gt;`"


def test_terminal_gets_no_control_characters(tmp_path, capsys):
    raw.write(tmp_path / "a.json", COMPARED)
    raw.write(tmp_path / "b.json", GROWN)
    command.bench(BenchRequest(root=tmp_path, read=(tmp_path / "a.json",)))
    command.growth(GrowthRequest(root=tmp_path, read=tmp_path / "b.json"))
    out = capsys.readouterr().out
    assert "<script>" in out and "&lt;script&gt;" in out  # the growth is Markdown
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out)


@pytest.mark.parametrize("kept", [COMPARED, GROWN], ids=["forest", "growth"])
@pytest.mark.filterwarnings("ignore:Glyph")
def test_pictures_are_well_formed(tmp_path, kept):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    path = tmp_path / "picture.svg"
    if kept is COMPARED:
        forest.draw(HOSTILE + "\ufffe", judged(kept)[1], path)
    else:
        curves.draw(HOSTILE + "\ufffe", growth.curves(kept), path)
    tags = {element.tag.rpartition("}")[2] for element in ET.parse(path).iter()}
    assert "script" not in tags and "text" in tags
