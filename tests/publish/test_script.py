"""A behaviour as a plain script: what it prints, and that it needs nothing but the library."""

import ast
import subprocess
import sys

import pytest
from msgspec import Raw

from tests.fake import REPOSITORY
from torch_history.catalogue import index, source
from torch_history.cli import main
from torch_history.errors import HistoryError
from torch_history.publish.script import Scripts

LIBRARIES = {"torch", "numpy", "torchvision"}
HELPERS = '''
"""Helpers."""

import math

HALF = 0.5


def halved(number):
    """Return the half."""
    return number * HALF


def not_reached():
    return math.pi
'''
TESTS = '''
"""A file of tests."""

import warnings
from pathlib import Path

import pytest

from fixtures.helpers import halved
from torch_history.observing import observe, observe_each

WORDS = [pytest.param("a", 1, id="first"), pytest.param("b", 2, id="second")]
FORMS = pytest.mark.parametrize("form", [int, float], ids=["whole", "broken"])


@pytest.fixture
def prepared():
    """A prepared list."""
    numbers = [1, 2]
    yield numbers
    numbers.clear()


@pytest.mark.api("x.y")
def test_half(snapshot):
    """The half of ``3`` is 1.5.

    More words.
    """
    # a comment
    number = 3  # noqa: F841
    assert snapshot == observe(lambda: halved(number))


@pytest.mark.api("x.y")
def test_refused(snapshot):
    """It raises."""
    def act():
        raise ValueError("not so")
    assert snapshot == observe(act)


@pytest.mark.api("x.y")
def test_warned(snapshot):
    """It warns."""
    assert snapshot == observe(lambda: warnings.warn("old", FutureWarning))


@pytest.mark.api("x.y")
def test_each(snapshot):
    """Each by itself."""
    case = 2
    assert snapshot == observe_each({"one": lambda: halved(case), "none": lambda: 1 / 0})


@pytest.mark.api("x.y")
@pytest.mark.parametrize("word, times", WORDS)
@FORMS
def test_cases(word, times, form, snapshot):
    """Each pair."""
    assert snapshot == observe(lambda: word * times + str(form(1)))


@pytest.mark.api("x.y")
@pytest.mark.parametrize("number", [1, -2.5])
def test_numbers(number, snapshot):
    """Each number."""
    assert snapshot == observe(
        lambda: halved(
            number,
        ),
    )


@pytest.mark.api("x.y")
def test_prepared(prepared, here, snapshot):
    """It has a list and a folder."""
    text = """two
    lines"""
    Path("note").write_text(text)
    observe(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        1 / 0
    observed = observe(lambda: (prepared, [len(one) for one in Path("note").read_text().split()]))
    assert observed.raised is None
    assert snapshot == observed


@pytest.mark.api("x.y")
def test_own_name(snapshot):
    """Its own name is that of a constant which a helper reads."""
    HALF = 3
    assert snapshot == observe(lambda: halved(HALF))


@pytest.mark.api("x.y")
def test_asks_for_more(snapshot, capsys):
    """It needs pytest."""
    assert snapshot == observe(capsys.readouterr)


@pytest.mark.api("x.y")
def test_uses_pytest(snapshot):
    """It needs pytest."""
    assert snapshot == observe(lambda: pytest.approx(1))
'''


def record(*entries, cases=("observed",)):
    chain = {f"1.{number}": Raw(entry.encode()) for number, entry in enumerate(entries, start=4)}
    return {case: {"cpu": chain} for case in cases}


VALUE = '{"value": 1, "digest": ""}'
RAISED = '{"raised": {"type": "E", "message": "m"}, "digest": ""}'
WARNED = '{"value": 1, "warned": [{"category": "W", "message": "m"}], "digest": ""}'


@pytest.fixture
def script(tmp_path):
    (tmp_path / "spec" / "x").mkdir(parents=True)
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "spec" / "x" / "test_y.py").write_text(TESTS)
    (tmp_path / "fixtures" / "helpers.py").write_text(HELPERS)
    known, scripts = source.behaviours(tmp_path), Scripts(tmp_path)
    return lambda name, told: scripts.of(known[f"x.{name}"], told)


def printed(text):
    """What a script prints, with no project to import from."""
    done = subprocess.run(
        [sys.executable, "-I", "-"], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_script_holds_what_the_test_reaches_and_no_more(script):
    assert (
        script("half", record(VALUE))
        == """\
# x.half
# The half of `3` is 1.5.

HALF = 0.5

def halved(number):
    return number * HALF

# a comment
number = 3
print(halved(number))
"""
    )


@pytest.mark.parametrize(
    "name, told, expected",
    [
        ("half", record(VALUE), "1.5\n"),
        ("refused", record(VALUE, RAISED), "raises ValueError: not so\n"),
        ("warned", record(WARNED), "warns FutureWarning: old\nNone\n"),
        (
            "each",
            record(RAISED, cases=["one", "none"]),
            "one: 1.0\nnone: raises ZeroDivisionError: division by zero\n",
        ),
        (
            "cases",
            record(VALUE, cases=["whole-first"]),
            "whole-first: a1\nbroken-first: a1.0\nwhole-second: bb1\nbroken-second: bb1.0\n",
        ),
        ("numbers", record(VALUE), "1: 0.5\n-2.5: -1.25\n"),
        ("prepared", record(VALUE), "([1, 2], [3, 5])\n"),
        ("own_name", record(VALUE), "1.5\n"),
    ],
)
def test_script_prints_what_the_test_observes(script, name, told, expected):
    assert printed(script(name, told)) == expected


def test_without_a_record_a_script_is_ready_for_everything(script):
    text = script("half", {})
    assert "except Exception" in text and "showwarning" in text


def test_difference_behind_the_fourth_decimal_is_printed(script):
    def one(number):
        return f'{{"value": {{"$tensor": "float32[1]", "rows": ["{number}"]}}, "digest": ""}}'

    text = script("half", record(one("0.81"), one("0.81000006")))
    assert "torch.set_printoptions(precision=9)" in text
    assert "precision" not in script("half", record(one("0.81"), one("0.82")))


@pytest.mark.parametrize(
    "name, why", [("asks_for_more", "asks for the fixture capsys"), ("uses_pytest", "uses pytest")]
)
def test_test_that_needs_pytest_is_refused(script, name, why):
    with pytest.raises(HistoryError, match=rf"spec/x/test_y.py:\d+: no script .*: it {why}"):
        script(name, record(VALUE))


def imported_by(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.partition(".")[0]


# needs a process of its own for each case, which the harness starts
WITHOUT = "training_step.first_call_in_a_process_warns_and_the_second_says_nothing"


def test_every_behaviour_has_a_script_that_compiles_and_needs_the_library_alone():
    found, scripts = index.of(REPOSITORY), Scripts(REPOSITORY)
    with pytest.raises(HistoryError, match="no script can be made of it: it uses observe"):
        scripts.of(found.known()[WITHOUT], found.record(WITHOUT))
    for behaviour in found.behaviours:
        if behaviour.id == WITHOUT:
            continue
        text = scripts.of(behaviour, found.record(behaviour.id))
        compile(text, behaviour.id, "exec")
        head = f"# {behaviour.id}\n# "
        assert text.startswith(head) and text.endswith("\n")
        others = set(imported_by(text)) - LIBRARIES
        assert not others & {"pytest", "fixtures", "spec", "torch_history", "hypothesis"}
        assert all(len(line) <= 120 for line in text.splitlines())


# A real script of each kind, with words that it prints on every release.
REAL = {
    "freezing.filter_object_is_consumed_once": "raises ValueError: optimizer got an empty",
    "checkpoints.saved_module_lacks_what_its_class_sets_since": "no attribute 'shift'",
    "layers.batchnorm_updates_running_statistics_without_gradients": "{'mean': tensor(",
    "checkpoints.load_of_an_empty_file_raises_end_of_file": "raises EOFError: ",
}


@pytest.mark.parametrize("name", list(REAL))
def test_script_of_a_real_behaviour_runs(name):
    pytest.importorskip("torch")
    found = index.of(REPOSITORY)
    behaviour = found.known()[name]
    text = Scripts(REPOSITORY).of(behaviour, found.record(name))
    assert REAL[name] in printed(text)


def test_page_carries_the_scripts_of_show(real):
    known, scripts = real.index.known(), Scripts(REPOSITORY)
    shown = 0
    for chapter in {one.chapter for one in known.values()}:
        found = real.data(chapter)
        for name, told in found["behaviours"].items():
            shown += 1
            if name == WITHOUT:
                assert "script" not in told
                continue
            # the page writes the head, the first part, itself
            whole = scripts.parts(known[name], real.index.record(name))
            assert [found["texts"][part] for part in told["script"]] == whole[1:], name
    assert shown == len(known)


def test_show_prints_the_script_and_asks_for_one_behaviour(capsys):
    name = "layers.batchnorm_updates_running_statistics_without_gradients"
    assert main(["--root", str(REPOSITORY), "show", name, "--script"]) == 0
    found = index.of(REPOSITORY)
    assert capsys.readouterr().out == Scripts(REPOSITORY).of(
        found.known()[name], found.record(name)
    )
    assert main(["--root", str(REPOSITORY), "show", "zero_grad", "--script"]) == 2
    assert "--script: zero_grad means" in capsys.readouterr().err
