"""A report: its findings, their words, and its JSON against the published schema."""

import json

import jsonschema
import msgspec
import pytest

from tests.fake import REPOSITORY
from tests.publish.coded import coded, hit
from torch_history.catalogue import index
from torch_history.catalogue.kinds import GROUPS, Kind
from torch_history.code.hits import Level, Place
from torch_history.observing import words
from torch_history.publish import answer_json, markdown, report, terminal
from torch_history.questions import query
from torch_history.questions.query import Answer, Case, Entry, Side, Unknown

SCHEMA = REPOSITORY / "torch_history" / "publish" / "difference.schema.json"
NOTE = "tox run -e torch1.13,torch2.6 -- spec/rates/test_rates.py::test_scale_halves --observed"
SCALE, STRICT, FLIP = (
    f"rates.{name}" for name in ("scale_halves", "strict_mode_is_refused", "flip_comes_back")
)


def told(project, before, after):
    """The report of what differs between two versions."""
    return report.whole(query.diff(index.of(project.root), before, after))


def as_json(*reports):
    """What is written of reports, read again."""
    written = []
    answer_json.write(reports, written.append)
    return json.loads("\n".join(written))


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
    return as_json(whole)


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
    jsonschema.validate(as_json(told(recorded, before, after)), schema)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.pop("differences"),
        lambda data: data.update(more=1),
        lambda data: data["differences"]["rates.scale_halves"].update(kind="louder"),
        lambda data: data["differences"]["rates.scale_halves"]["cases"][0].pop("before"),
        lambda data: data["findings"][0].update(level="sure"),
        lambda data: data["findings"][0].pop("depends"),
        lambda data: data["from"].pop("run"),
        lambda data: data.update(answers=[]),
    ],
    ids=[
        "no_differences",
        "unknown_key",
        "kind",
        "no_before",
        "level",
        "depends",
        "no_run",
        "both",
    ],
)
def test_schema_refuses_another_form(data, schema, spoil):
    spoilt = json.loads(json.dumps(data))
    spoil(spoilt)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(spoilt, schema)


def test_json_tells_a_difference_whole(data):
    assert data["differences"]["rates.scale_halves"] == {
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


def test_json_tells_a_finding_whole(data, recorded):
    [scale] = [one for one in data["findings"] if one["behaviours"] == [SCALE]]
    assert scale == {
        "cause": "fakelib#92731",
        "since": "2.0",
        "kind": "silent",
        "text": "the scale is halved",
        "advice": "double the rate",
        "behaviours": [SCALE],
        "api": ["fakelib.optim.scale"],
        **dict.fromkeys(("depends", "level", "file", "line", "cell", "column", "why")),
    }
    one = hit("n.ipynb:2:9", Level.LIKELY, "the file", "strict()", column=7)
    (strict,) = as_json(coded(recorded, [(STRICT, one)]))["findings"]
    assert strict["cause"] == "fakelib#2" and strict["advice"] is None
    assert {name: strict[name] for name in ("level", "depends", "why", "file", "cell")} == {
        "level": "likely",
        "depends": "the file",
        "why": "strict()",
        "file": "n.ipynb",
        "cell": 2,
    }
    assert (strict["line"], strict["column"]) == (9, 7)


def test_json_of_source_has_the_differences_that_it_meets_and_what_is_not_covered(recorded, schema):
    hits = [(SCALE, hit("a.py:3")), (FLIP, hit("a.py:5", Level.POSSIBLE))]
    data = as_json(coded(recorded, hits, {"torch.jit.script": [Place("a.py", 8)]}))
    jsonschema.validate(data, schema)
    assert list(data["differences"]) == [SCALE]
    assert data["code"] == {
        "files": 1,
        "level": "likely",
        "hidden": 1,
        "accepted": 0,
        "covered": {"fakelib.optim.scale": 2},
        "not_covered": [
            {
                "name": "torch.jit.script",
                "surface": False,
                "places": [{"file": "a.py", "line": 8, "cell": None}],
            }
        ],
    }


def test_json_of_several_pairs_is_a_list_of_answers(recorded, schema):
    data = as_json(told(recorded, "1.13", "2.6"), told(recorded, "2.0", "2.6"))
    jsonschema.validate(data, schema)
    assert list(data) == ["format", "answers"]
    assert [one["from"]["version"] for one in data["answers"]] == ["1.13", "2.0"]


def test_json_is_written_piece_by_piece_with_a_line_for_each_finding(recorded):
    hits = [(SCALE, hit(f"a.py:{line}")) for line in range(1, 2001)]
    written = []
    answer_json.write([coded(recorded, hits)], written.append)
    assert len(written) > 5 and max(map(len, written)) < 100_000
    lines = [line for line in "\n".join(written).splitlines() if '"line": ' in line]
    assert len(lines) == 2000 and all(json.loads(line.rstrip(","))["line"] for line in lines)


def test_json_escapes_what_would_control_a_terminal(recorded):
    written = []
    answer_json.write([coded(recorded, [(SCALE, hit("a\x1b[2J\x9b.py:1"))])], written.append)
    text = "\n".join(written)
    assert "\x1b" not in text and "\x9b" not in text
    assert json.loads(text)["findings"][0]["file"] == "a\x1b[2J\x9b.py"


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


# ---- findings


def test_cause_and_place_make_a_finding_and_the_surest_harm_comes_first(recorded):
    hits = [
        (FLIP, hit("a.py:1", Level.POSSIBLE)),
        (SCALE, hit("a.py:9")),
        (SCALE, hit("a.py:2")),
        (STRICT, hit("a.py:7", Level.LIKELY, "the file")),
        (STRICT, hit("a.py:8")),
        ("rates.noisy_warns", hit("a.py:3")),
    ]
    found = coded(recorded, hits, level=Level.POSSIBLE).findings
    assert [(one.hit.place.line, report.label_of(one)) for one in found] == [
        (8, "breaks"),
        (2, "silent value change"),
        (9, "silent value change"),
        (7, "depends on the file"),
        (3, "warning appeared or gone"),
        (1, "possible"),
    ]


def test_behaviours_of_one_cause_on_one_line_are_one_finding(recorded):
    (target,) = coded(recorded, [(SCALE, hit("a.py:2"))]).findings[0].targets
    behaviour = msgspec.structs.replace(target.difference.behaviour, id="rates.other")
    like = target._replace(difference=target.difference._replace(behaviour=behaviour))
    (same,) = coded(recorded, [((target, like), hit("a.py:2"))]).findings
    assert report.others(same) == "rates.scale_halves, 1 more"
    assert [one.id for one in same.behaviours] == [SCALE, "rates.other"]
    other = coded(recorded, [(SCALE, hit("a.py:2")), (STRICT, hit("a.py:2"))])
    assert [one.kind for one in other.findings] == [Kind.ERROR, Kind.SILENT]


HARMLESS = ["rates.added_is_there", "rates.complaint_tells_the_remedy"]


@pytest.mark.parametrize(
    "level, harmless, shown",
    [
        (Level.LIKELY, False, False),
        (Level.CERTAIN, False, False),
        (Level.LIKELY, True, True),
        (Level.POSSIBLE, False, True),
    ],
    ids=["likely", "certain", "asked for", "possible"],
)
def test_what_harms_nobody_is_shown_only_where_it_is_asked_for(recorded, level, harmless, shown):
    harming = [(SCALE, hit("a.py:1")), ("rates.noisy_warns", hit("a.py:2"))]
    hits = harming + [(name, hit("a.py:3")) for name in HARMLESS]
    told = coded(recorded, hits, level=level, harmless=harmless)
    ids = [one.behaviours[0].id for one in told.findings]
    assert ids == [SCALE, "rates.noisy_warns"] + shown * HARMLESS
    assert told.code.hidden == (0 if shown else 2)
    lines = list(report.rest(told))
    assert ("2 more are less sure, or harmless: --level possible." in lines) is not shown
    # What is hidden does not fail either.
    assert told.fails([Kind.APPEARED]) is shown


@pytest.mark.parametrize(
    "one, fails",
    [
        ((SCALE, hit("a.py:2")), True),
        ((SCALE, hit("a.py:2", Level.LIKELY)), True),
        ((SCALE, hit("a.py:2", Level.POSSIBLE)), False),
        ((SCALE, hit("a.py:2", depends="the file")), False),
        ((STRICT, hit("a.py:2")), False),
    ],
    ids=["certain", "likely", "possible", "depends", "other kind"],
)
def test_what_is_possible_or_depends_does_not_fail(recorded, one, fails):
    told = coded(recorded, [one], level=Level.POSSIBLE)
    assert told.fails(GROUPS["numbers"]) is fails


def test_depends_and_uncovered_fail_where_asked(recorded):
    depends = coded(recorded, [(SCALE, hit("a.py:2", depends="the file"))])
    assert depends.fails(GROUPS["numbers"], depends=True) and not depends.fails([], depends=True)
    uncovered = coded(recorded, [], {"torch.jit.script": [Place("a.py", 8)]})
    assert uncovered.fails([], uncovered=True) and not uncovered.fails(list(Kind))


def test_cause_is_named_by_its_release_and_number_or_by_its_behaviour(recorded):
    ids = {report.cause_id(one) for one in told(recorded, "1.13", "2.6").findings}
    assert {"2.0/fakelib#92731", "2.0/fakelib#2", "rates.flip_comes_back"} <= ids
    (finding,) = coded(recorded, [(SCALE, hit("a.py:2"))]).findings
    odd = msgspec.structs.replace(finding.change, cause="pytorch#1 (the issue) <b>")
    target = finding.targets[0]._replace(change=odd)
    assert report.cause_id(finding._replace(targets=(target,))) == "2.0/pytorch#1-the-issue-b"


# ---- words


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


# ---- on a terminal


def test_lines_of_a_finding_begin_with_its_place(recorded):
    hits = [
        (SCALE, hit("a.py:3")),
        (STRICT, hit("n.ipynb:2:9", Level.LIKELY, "the file", "strict()")),
        (FLIP, hit("a.py:5", Level.POSSIBLE)),
    ]
    told = coded(recorded, hits, {"torch.jit.script": [Place("a.py", 8), Place("a.py", 2)]})
    assert list(terminal.lines(told)) == [
        "a.py:3: scale(): since 2.0 the scale is halved",
        "    silent value change · double the rate · fakelib#92731",
        "    rates.scale_halves",
        "n.ipynb:cell 2:9: strict(): since 2.0 strict mode raises",
        "    depends on the file · breaks then · likely · fakelib#2",
        "    rates.strict_mode_is_refused",
        "torch 1.13 to 2.6: 2 findings: 1 silent value change, 1 depends on the file.",
        "1 more is less sure, or harmless: --level possible.",
        "Not covered: no behaviour is about 1 of the 2 names of torch used in 1 file.",
        "    torch.jit.script (a.py:2, 1 more)",
    ]


def test_no_difference_is_never_said_without_what_is_not_covered(recorded):
    for names in ({}, {"torch.jit.script": [Place("a.py", 8)]}):
        first, second, *_ = terminal.lines(coded(recorded, [], names))
        assert "no recorded difference" in first
        assert "covered" in second.lower()
    assert list(terminal.lines(told(recorded, "2.0", "2.0"))) == [
        "torch 2.0 to 2.0: no recorded difference in 12 behaviours.",
        "Looked at: 12 behaviours. Nothing is said of other APIs.",
    ]


def test_without_source_a_cause_is_a_line(whole):
    lines = list(terminal.lines(whole))
    assert len(lines) == len(whole.findings) + 2
    assert lines[0] == (
        "breaks: fakelib.optim.strict: since 2.0 strict mode raises · rates.strict_mode_is_refused"
    )


def test_limit_shows_the_most_harmful_findings_and_counts_the_rest(whole):
    lines = list(terminal.lines(whole, limit=2))
    assert lines[2] == (
        "6 less harmful ones are not shown: --limit 0 shows all, --kind narrows them."
    )
    assert lines[3].startswith("torch 1.13 to 2.6: 8 causes: ")


def test_each_shows_three_places_of_a_difference_and_counts_the_rest(whole):
    cases = [case(f"case{number}", 1, 2) for number in range(5)]
    finding = whole.findings[0]
    target = finding.targets[0]
    target = target._replace(difference=target.difference._replace(cases=cases))
    odd = whole._replace(findings=[finding._replace(targets=(target,))])
    text = "\n".join(terminal.lines(odd, each=True))
    assert "case2: 1" in text and "case3" not in text
    assert "and 2 more: torch-history show ID" in text


def test_lines_fit_a_terminal_and_no_name_is_broken(recorded):
    told = coded(recorded, [(SCALE, hit("a.py:3", why="scale() " + "with an argument " * 9))])
    lines = list(terminal.lines(told, width=40))
    assert max(map(len, lines)) <= 40 and "    rates.scale_halves" in lines


def test_commands_of_a_terminal_are_shown_as_words(recorded):
    odd = "[red]x[/red]\x1b[2J\u202e"
    told = coded(recorded, [(SCALE, hit("a.py:3", depends=odd, why=odd))], {odd: [Place(odd, 1)]})
    text = "\n".join(terminal.lines(told, each=True))
    assert text.count("[red]x[/red]\\x1b[2J\\u202e") == 5
    assert "\x1b" not in text and "\u202e" not in text
