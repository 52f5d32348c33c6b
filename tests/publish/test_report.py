import json

import jsonschema
import msgspec
import pytest

from tests.fake import REPOSITORY
from torch_history.catalogue import index
from torch_history.catalogue.kinds import Kind
from torch_history.observing import words
from torch_history.publish import answer_json, markdown, report, terminal
from torch_history.questions import query
from torch_history.questions.query import Answer, Case, Entry, Side, Unknown

SCHEMA = REPOSITORY / "torch_history" / "publish" / "difference.schema.json"
NOTE = "tox run -e torch1.13,torch2.6 -- spec/rates/test_rates.py::test_scale_halves --observed"


def told(project, before, after):
    """The report of what differs between two versions."""
    return report.whole(query.diff(index.of(project.root), before, after))


def case(name, before, after):
    """A snapshot that differs, of the values of both sides."""
    sides = [entry(since, one) for since, one in (("1.4", before), ("2.0", after))]
    return Case(name, *sides, [Kind.SILENT])


def entry(since, value):
    return Entry(since, json.dumps({"value": value}).encode())


@pytest.fixture(scope="module")
def whole(recorded):
    return told(recorded, "1.13", "2.6")


@pytest.fixture(scope="module")
def data(whole):
    return answer_json.as_json(whole)


@pytest.fixture(scope="module")
def schema():
    content = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.validators.validator_for(content).check_schema(content)
    return content


@pytest.mark.parametrize(
    "before, after",
    [
        ("1.13", "2.6"),
        ("1.4", "2.6"),
        ("2.3", "2.6"),
        ("2.0", "2.3"),
        ("2.6", "1.4"),
        ("2.0", "2.0"),
        ("2.0", "2.6.3"),
    ],
)
def test_json_follows_the_published_schema(recorded, schema, before, after):
    answer = json.loads(json.dumps(answer_json.as_json(told(recorded, before, after))))
    jsonschema.validate(answer, schema)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.pop("differences"),
        lambda data: data.update(more=1),
        lambda data: data["differences"][0].update(kind="louder"),
        lambda data: data["differences"][0]["cases"][0].pop("before"),
        lambda data: data["from"].pop("run"),
    ],
    ids=["no_differences", "unknown_key", "kind", "no_before", "no_run"],
)
def test_schema_refuses_another_form(data, schema, spoil):
    spoilt = json.loads(json.dumps(data))
    spoil(spoilt)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(spoilt, schema)


def test_json_tells_a_difference_whole(data):
    [told] = [one for one in data["differences"] if one["id"] == "rates.scale_halves"]
    assert told == {
        "id": "rates.scale_halves",
        "chapter": "rates",
        "kind": "silent",
        "claim": "scale halves",
        "description": "The scale is halved, and nobody is told.",
        "api": ["fakelib.optim.scale"],
        "page": "https://docs.pytorch.org/docs/stable/scale.html",
        "article": None,
        "test": "spec/rates/test_rates.py::test_scale_halves",
        "cases": [
            {
                "case": "observed",
                "kinds": ["silent"],
                "before": {"since": "1.4", "value": 1.0},
                "after": {"since": "2.0", "value": 0.5},
            }
        ],
        "changes": [
            {
                "version": "2.0",
                "text": "the scale is halved",
                "kind": "silent",
                "cause": "fakelib#92731",
                "advice": "double the rate",
            }
        ],
        "doubt": None,
        "reproduction": NOTE,
    }


def test_counts_are_by_kind_and_not_netted(data):
    assert data["counts"] == {
        "error": 1,
        "gone": 1,
        "silent": 3,
        "warning": 1,
        "appeared": 1,
        "wording": 1,
    }
    assert data["compared"] == 12


def test_markdown_holds_both_sides_the_cause_the_advice_and_the_reproduction(whole):
    text = markdown.markdown(whole)
    assert text.startswith(
        "# torch 1.13 → 2.6 on cpu: 8 differences in 12 behaviours "
        "(1 error where there was none, 1 API or argument gone, 3 silent value change, "
    )
    assert "### `rates.scale_halves`" in text
    assert "| 1.13 | 2.6 |\n|---|---|\n| `1.0` | `0.5` |" in text
    assert "- 2.0: the scale is halved (fakelib#92731)\n- What to do: double the rate" in text
    assert "- 2.6: two became one (cause unknown)" in text
    assert f"```sh\n{NOTE}\n```" in text
    assert "| `'strict'` | `raises ValueError: strict mode is refused` |" in text
    assert "| `warns: nothing` | `warns: FutureWarning: noisy is deprecated` |" in text
    assert "| `adam: 1` | `adam: 2` |" in text
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings[:3] == [
        "## Error where there was none",
        "## API or argument gone",
        "## Silent value change",
    ]


def test_markdown_tells_what_is_not_known(recorded):
    text = markdown.markdown(told(recorded, "2.3", "2.6"))
    assert (
        "> 2.3 was not recorded: 2.0.1 stands in for it. "
        "The nearest recorded releases are 2.0.1 and 2.6.0."
    ) in text
    assert "- Not certain: 2.3 was not run, and 2.0 and 2.6 differ." in text
    back = "> changed in between, and changed back: rates.flip_comes_back"
    assert back in markdown.markdown(told(recorded, "1.4", "2.6"))


@pytest.mark.parametrize(
    "asked, caveat",
    [
        ("2.6.3", "2.6.0 stands in for it. The nearest recorded release is 2.6.0."),
        ("2.6.0rc1", "2.6.0 stands in for it. The nearest recorded releases are 2.0.1 and 2.6.0."),
        ("1.4.0rc1", "1.4.0 stands in for it. The nearest recorded release is 1.4.0."),
    ],
    ids=["newer patch", "pre-release", "pre-release of the first release"],
)
def test_version_that_was_not_recorded_has_a_stand_in(recorded, asked, caveat):
    caveats = report.caveats(told(recorded, asked, "2.6"))
    assert caveats[0] == f"{asked} was not recorded: {caveat}"


def test_markdown_cell_keeps_its_table_whole():
    (row,) = report.lines_of_change([case("observed", "a|b\nc`d", 1)])
    assert markdown.code(row[0]) == "`'a\\|b\\nc'd'`"


def test_table_holds_both_sides_and_the_headline(whole, capsys):
    terminal.table(whole, width=200)
    out = capsys.readouterr().out
    assert "8 differences in 12 behaviours" in out and "rates.scale_halves" in out
    assert "double the rate" in out and "--observed" in out
    assert "raises ValueError: strict mode is refused" in out


@pytest.mark.parametrize(
    "value, text",
    [
        (None, "None"),
        (0.5, "0.5"),
        ("a", "'a'"),
        ([1, [2]], "[1, [2]]"),
        ({"a": True}, "{'a': True}"),
        ({"$tuple": [1, 2]}, "(1, 2)"),
        ({"$tuple": [1]}, "(1,)"),
        ({"$size": [2, 3]}, "Size([2, 3])"),
        ({"$float": "nan"}, "nan"),
        ({"$dtype": "float32"}, "float32"),
        ({"$dict": [[0, "a"], [1, "b"]]}, "{0: 'a', 1: 'b'}"),
        ({"$tensor": "float32[]", "rows": ["0.5"]}, "0.5"),
        ({"$tensor": "float32[2]", "rows": ["0.5 nan"]}, "[0.5, nan]"),
        ({"$tensor": "int64[2,1]", "rows": ["1", "2"]}, "[[1], [2]]"),
        ({"$tensor": "int64[1,2]", "rows": ["1 2"]}, "[[1, 2]]"),
        ({"$tensor": "float32[0]", "rows": []}, "[]"),
    ],
    ids=[
        "none",
        "float",
        "text",
        "list",
        "dict",
        "tuple",
        "tuple_of_one",
        "size",
        "nan",
        "dtype",
        "other_keys",
        "scalar",
        "vector",
        "column",
        "row",
        "empty",
    ],
)
def test_value_is_written_as_a_person_writes_it(value, text):
    assert words.text(value) == text


def test_only_the_keys_that_differ_are_shown():
    before, after = (
        {"value": {"lr": 0.1, "b": {"c": 1, "d": 2}}},
        {"value": {"lr": 0.1, "b": {"c": 1, "d": 3}, "new": 4}},
    )
    assert words.changed(before, after) == [("b.d", "2", "3"), ("new", "absent", "4")]


def test_long_text_is_cut_with_a_mark():
    assert words.short("word " * 50, 12) == "word word w…" and words.short("a\n  b", 12) == "a b"


def test_unknown_behaviours_of_one_reason_share_a_line():
    side = Side("2.6", "2.6.0", True, [])
    unknown = [Unknown(f"c.{name}", "2.6", "skipped: no GPU") for name in "abcde"]
    unknown.append(Unknown("c.f", "2.0", "skipped: no disk"))
    assert report.caveats(report.whole(Answer(side, side, "cpu", [], unknown, [], 6))) == [
        "unknown under 2.6: c.a, c.b, c.c and 2 more: skipped: no GPU",
        "unknown under 2.0: c.f: skipped: no disk",
    ]


def test_order_of_keys_is_shown_where_it_differs():
    before, after = {"value": {"n": {"a": 1, "b": 2}}}, {"value": {"n": {"b": 2, "a": 1}}}
    assert words.changed(before, after) == [("n in the order", "a, b", "b, a")]


def test_values_that_read_alike_are_told_exactly():
    tensor = {"$tensor": "float32[]", "rows": ["5.0"]}
    assert words.changed({"value": {"norm": 5.0}}, {"value": {"norm": tensor}}) == [
        ("norm", "5.0", "float32[] 5.0")
    ]


def test_long_values_are_cut_to_where_they_differ():
    before, after = (str(list(range(40)) + [last]) for last in (1, 2))
    [(left, right)] = report.lines_of_change([case("observed", before, after)], 60)
    assert left != right and max(len(left), len(right)) <= 60


def test_table_shows_the_most_harmful_differences_and_counts_the_rest(whole, capsys):
    terminal.table(whole, width=150, limit=2)
    out = capsys.readouterr().out
    assert "rates.strict_mode" in out and "complaint_tells" not in out
    left = len(whole.found) - 2
    assert f"{left} less harmful differences are not shown: --limit 0 shows all" in out
    terminal.table(whole, width=150)
    assert "complaint_tells" in capsys.readouterr().out


def test_table_shows_three_places_of_a_difference_and_counts_the_rest(whole, capsys):
    cases = [case(f"case{number}", 1, 2) for number in range(5)]
    found = whole.found[0]._replace(difference=whole.found[0].difference._replace(cases=cases))
    terminal.table(whole._replace(found=[found]), width=150)
    out = capsys.readouterr().out
    assert "case2: 1" in out and "case3" not in out and "and 2 more: see torch-history show" in out


def test_table_shows_markup_and_commands_of_a_terminal_as_words(whole, capsys):
    odd = "[red]x[/red]\x1b[2J\u202e"
    first = whole.found[0]
    change = msgspec.structs.replace(first.difference.changes[0], text=odd, advice=odd)
    difference = first.difference._replace(cases=[case(odd, "a", "b")], changes=[change], doubt=odd)
    terminal.table(whole._replace(found=[first._replace(difference=difference)]), width=400)
    out = capsys.readouterr().out
    assert out.count("[red]x[/red]\\x1b[2J\\u202e") == 5
    assert "\x1b" not in out and "\u202e" not in out
