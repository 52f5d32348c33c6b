"""``find``, and what ``show``, ``list`` and ``--api`` say of names."""

import io
import json
import sys

import pytest

WARNING = "/home/me/train.py:9: FutureWarning: noisy is deprecated\n  noisy()\n"


@pytest.fixture
def paste(monkeypatch):
    """Put a text on the input."""

    def put(text):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))

    return put


def test_found_behaviour_is_two_lines_and_the_total_is_last(run):
    status, out, err = run("find", "92731", "nobody")
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "rates.scale_halves   (changed in 2.0)",
        "    docstring, cause: The scale is halved, and nobody is told.",
        "1 behaviour",
    ]


@pytest.mark.parametrize(
    "words, line",
    [
        ("optim.scale", "api: fakelib.optim.scale: The scale is halved, and nobody is told."),
        ("nobody", "docstring: The scale is halved, and nobody is told."),
        ("double the rate", "advice: double the rate"),
        ("92731", "cause: fakelib#92731"),
        ("strict mode raises", "change: 2.0: strict mode raises"),
        ("noisy is deprecated", "message: FutureWarning: noisy is deprecated"),
    ],
)
def test_second_line_names_the_text_that_matches(run, words, line):
    assert run("find", words)[1].splitlines()[1] == f"    {line}"


def test_limit_shortens_and_says_by_how_many(run):
    lines = run("find", "a function", "--limit", "1")[1].splitlines()
    assert len(lines) == 3 and lines[-1] == "2 behaviours, 1 of them left out: --limit 0 shows all"
    assert run("find", "a function", "--limit", "0")[1].splitlines()[-1] == "2 behaviours"


def test_json_has_the_same_behaviours(run):
    status, out, _ = run("find", "a function", "--limit", "1", "--format", "json")
    told = json.loads(out)
    assert (status, told["count"], told["left_out"]) == (0, 2, 1)
    assert (told["format"], told["sought"]) == (1, "a function")
    [one] = told["behaviours"]
    assert (one["id"], one["changed"]) == ("rates.added_is_there", ["2.0"])
    assert one["matched"] == [{"field": "docstring", "text": "There is a function called added."}]


def test_nothing_found_is_said_on_the_output_with_status_one(run):
    assert run("find", "fakelib.amp") == (
        1,
        "not covered: no behaviour mentions fakelib.amp\n",
        "",
    )
    status, out, _ = run("find", "amp", "--format", "json")
    assert status == 1 and json.loads(out)["behaviours"] == []


def test_dash_reads_what_is_pasted(run, paste):
    paste(WARNING.encode())
    status, out, _ = run("find", "-")
    assert status == 0 and out.startswith(
        "rates.noisy_warns   (changed in 2.0)\n    message: Future"
    )


@pytest.mark.parametrize("text", [b"", b"\n", b"\xff\xfe\x00"], ids=["empty", "blank", "binary"])
def test_input_without_words_is_refused(run, paste, text):
    paste(text)
    status, out, err = run("find", "-")
    assert (status, out) == (2, "") and "nothing to search for" in err and err.count("\n") == 1


def test_show_of_one_match_shows_it_whole(run):
    whole = run("show", "rates.scale_halves")
    assert whole[0] == 0 and "verified on: 1.4.0" in whole[1]
    for asked in ("rates.scale", "scale", "optim.scale", "nobody", "92731"):
        assert run("show", asked) == whole


def test_show_of_several_lists_them(run):
    status, out, err = run("show", "fakelib.nn")
    assert (status, err) == (0, "4 behaviours: `torch-history show ID` shows one whole\n")
    assert out.splitlines() == [
        "rates.constant_stays",
        "rates.noisy_warns   (changed in 2.0)",
        "rates.complaint_tells_the_remedy   (changed in 2.6)",
        "rates.flip_comes_back   (changed in 1.13, 2.6)",
    ]


@pytest.mark.parametrize(
    "command", [["list"], ["diff", "1.13", "2.6", "--fail-on", "none", "--format", "json"]]
)
def test_api_may_begin_at_any_dot(run, command):
    one, other = (run(*command, "--api", name) for name in ("scale", "fakelib.optim.scale"))
    assert one == other and one[0] == 0 and "rates.scale_halves" in one[1]


def test_api_that_is_not_recorded_is_not_covered(run):
    status, out, err = run("list", "--api", "fakelib.amp")
    assert (status, out) == (2, "")
    assert err == (
        "torch-history: --api 'fakelib.amp': not covered: no behaviour is about fakelib.amp: "
        "see `torch-history list`\n"
    )
