"""The JSON of an answer of ``torch-history run`` follows its schema, and is read as it was."""

import json

import jsonschema
import pytest

from tests.publish.run_results import FULL, SMALLEST, VERDICTS, hostile, replaced
from torch_history.comparing.result import Curve
from torch_history.errors import HistoryError
from torch_history.publish import run_schema

RESULTS = [*VERDICTS.values(), hostile()]


@pytest.fixture(scope="module")
def valid():
    schema = run_schema.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("result", RESULTS, ids=[*(one.value for one in VERDICTS), "hostile"])
def test_answer_follows_the_schema_and_is_read_as_it_was(valid, result):
    text = run_schema.encode(result)
    valid.validate(json.loads(text))
    assert run_schema.decode(text.encode(), "answer.json") == result


def test_smallest_answer_names_its_format():
    data = json.loads(run_schema.encode(SMALLEST))
    assert (data["format"], data["what"], data["verdict"]) == (1, "run", "same")
    assert "curves" not in data


@pytest.mark.parametrize("change", [{"verdict": "fine"}, {"format": 2}, {"differences": [{}]}])
def test_schema_refuses_what_is_no_answer(valid, change):
    data = {**json.loads(run_schema.encode(FULL)), **change}
    assert not valid.is_valid(data)
    with pytest.raises(HistoryError, match=r"^odd\.json: not an answer .*: write it again"):
        run_schema.decode(json.dumps(data).encode(), "odd.json")


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"\xff"])
def test_file_that_is_no_answer_is_one_line(text):
    with pytest.raises(HistoryError, match=r"^odd\.json: not an answer .*$"):
        run_schema.decode(text, "odd.json")


def test_numbers_that_are_not_finite_are_null():
    curve = Curve("before", (float("nan"), float("inf"), 1.0))
    data = json.loads(run_schema.encode(replaced(SMALLEST, curves=(curve,))))
    assert data["curves"][0]["losses"] == [None, None, 1.0]


def test_undecodable_bytes_of_a_file_name_are_question_marks():
    data = json.loads(run_schema.encode(replaced(SMALLEST, command=("python", "\udcff.py"))))
    assert data["command"] == ["python", "?.py"]
