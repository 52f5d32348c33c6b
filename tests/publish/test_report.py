import json

import jsonschema
import pytest

from tests.fake import REPOSITORY
from torch_history.publish import report
from torch_history.questions import query

SCHEMA = REPOSITORY / "torch_history" / "publish" / "difference.schema.json"


@pytest.fixture(scope="module")
def data(recorded):
    return report.as_json(query.diff(recorded.root, "1.13", "2.6"))


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
    answer = json.loads(json.dumps(report.as_json(query.diff(recorded.root, before, after))))
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
    assert data["differences"][0] == {
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
        "reproduction": "tox run -e torch1.13,torch2.6 -- spec/rates/test_rates.py::test_scale_halves --observed",
    }


def test_counts_are_by_kind_and_not_netted(data):
    assert data["counts"] == {
        "silent": 3,
        "error": 1,
        "api-gone": 1,
        "warning": 1,
        "api-appeared": 1,
        "wording": 1,
    }
    assert data["compared"] == 12


def test_markdown_holds_both_sides_the_cause_the_advice_and_the_reproduction(data):
    text = report.markdown(data)
    assert text.startswith(
        "# torch 1.13 → 2.6 on cpu: 8 differences in 12 behaviours (3 silent value change, "
    )
    assert (
        "### `rates.scale_halves`" in text
        and "| 1.13 | 2.6 |\n|---|---|\n| `1.0` | `0.5` |" in text
    )
    assert "- 2.0: the scale is halved (fakelib#92731)\n- What to do: double the rate" in text
    assert "- 2.6: two became one (cause unknown)" in text
    assert (
        "```sh\ntox run -e torch1.13,torch2.6 -- spec/rates/test_rates.py::test_scale_halves --observed\n```"
        in text
    )
    assert "| `'strict'` | `raises ValueError: strict mode is refused` |" in text
    assert "| `warns: nothing` | `warns: FutureWarning: noisy is deprecated` |" in text
    assert "| `adam: 1` | `adam: 2` |" in text
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings[:3] == [
        "## Silent value change",
        "## Error where there was none",
        "## API gone",
    ]


def test_markdown_tells_what_is_not_known(recorded):
    text = report.markdown(report.as_json(query.diff(recorded.root, "2.3", "2.6")))
    assert (
        "> 2.3 was not run: unknown. Its recorded neighbours are 2.0.1 and 2.6.0; 2.0.1 stands in for it."
        in text
    )
    assert "- Not certain: 2.3 was not run, and 2.0 and 2.6 differ." in text
    assert "> changed in between, and changed back: rates.flip_comes_back" in report.markdown(
        report.as_json(query.diff(recorded.root, "1.4", "2.6"))
    )


def test_markdown_cell_keeps_its_table_whole():
    case = {"case": "observed", "before": {"value": "a|b\nc`d"}, "after": {"value": 1}}
    (row,) = report.lines_of_change({"cases": [case]})
    assert report.code(row[0]) == "`'a\\|b\\nc'd'`"


def test_table_holds_both_sides_and_the_headline(data, capsys):
    report.table(data, width=200)
    out = capsys.readouterr().out
    assert "8 differences in 12 behaviours" in out and "rates.scale_halves" in out
    assert (
        "double the rate" in out
        and "raises ValueError: strict mode is refused" in out
        and "--observed" in out
    )


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
    assert report.text(value) == text


def test_only_the_keys_that_differ_are_shown():
    before, after = (
        {"value": {"lr": 0.1, "b": {"c": 1, "d": 2}}},
        {"value": {"lr": 0.1, "b": {"c": 1, "d": 3}, "new": 4}},
    )
    assert report.changed(before, after) == [("b.d", "2", "3"), ("new", "absent", "4")]


def test_long_text_is_cut_with_a_mark():
    assert report.short("word " * 50, 12) == "word word w…" and report.short("a\n  b", 12) == "a b"


def test_unknown_behaviours_of_one_reason_share_a_line():
    side = {"run": True, "neighbours": []}
    unknown = [
        {"behaviour": f"c.{name}", "version": "2.6", "reason": "skipped: no GPU"}
        for name in "abcde"
    ]
    unknown.append({"behaviour": "c.f", "version": "2.0", "reason": "skipped: no disk"})
    data = {"from": side, "to": side, "unknown": unknown, "changed_and_changed_back": []}
    assert report.caveats(data) == [
        "unknown under 2.6: c.a, c.b, c.c and 2 more: skipped: no GPU",
        "unknown under 2.0: c.f: skipped: no disk",
    ]


def test_order_of_keys_is_shown_where_it_differs():
    before, after = {"value": {"n": {"a": 1, "b": 2}}}, {"value": {"n": {"b": 2, "a": 1}}}
    assert report.changed(before, after) == [("n in the order", "a, b", "b, a")]


def test_values_that_read_alike_are_told_exactly():
    tensor = {"$tensor": "float32[]", "rows": ["5.0"]}
    assert report.changed({"value": {"norm": 5.0}}, {"value": {"norm": tensor}}) == [
        ("norm", "5.0", "float32[] 5.0")
    ]


def test_long_values_are_cut_to_where_they_differ():
    before, after = (str(list(range(40)) + [last]) for last in (1, 2))
    [(left, right)] = report.lines_of_change(
        {"cases": [{"case": "observed", "before": {"value": before}, "after": {"value": after}}]},
        60,
    )
    assert left != right and max(len(left), len(right)) <= 60


def test_table_shows_what_hurts_most_and_counts_the_rest(data, capsys):
    report.table(data, width=150, limit=2)
    out = capsys.readouterr().out
    assert "rates.scale_halves" in out and "complaint_tells" not in out
    assert (
        f"{len(data['differences']) - 2} more differences, which hurt less: --limit 0 shows all"
        in out
    )
    report.table(data, width=150)
    assert "complaint_tells" in capsys.readouterr().out


def test_table_shows_three_places_of_a_difference_and_counts_the_rest(data, capsys):
    difference = {
        **data["differences"][0],
        "cases": [
            {
                "case": f"case{number}",
                "before": {"since": "1.4", "value": 1},
                "after": {"since": "2.0", "value": 2},
            }
            for number in range(5)
        ],
    }
    report.table({**data, "differences": [difference]}, width=150)
    out = capsys.readouterr().out
    assert "case2: 1" in out and "case3" not in out and "and 2 more: see torch-history show" in out
