"""`observe_each`: each act of a behaviour is a case, recorded, compared and told by itself."""

import pytest

from tests.fake import Project
from torch_history import versions
from torch_history.records import runs, store

SPEC = '''
import fakelib
import pytest
from torch_history.observing import observe_each


@pytest.mark.api("fakelib.x", page="x")
def test_acts(snapshot):
    """Three acts."""
    acts = {"scale": fakelib.scale, "strict": fakelib.strict, "noisy": fakelib.noisy}
    assert snapshot == observe_each(acts)


@pytest.mark.api("fakelib.x", page="x")
@pytest.mark.parametrize("name", ["sgd", "adam"], ids=["sgd", "adam"])
def test_named(snapshot, name):
    """Two acts for each of two names."""
    assert snapshot == observe_each({"scale": fakelib.scale, "name": lambda: name})
'''
FILE = "spec/rates/test_each.py"
NAMED = ["adam / name", "adam / scale", "sgd / name", "sgd / scale"]
ERROR = {"raised": {"type": "ValueError", "message": "strict mode is refused"}}


@pytest.fixture(scope="module")
def observed(recorded, tmp_path_factory):
    """The runs of two behaviours of several acts, on 1.4 and 2.6."""
    project = Project(tmp_path_factory.mktemp("each"))
    project.lay_out()
    project.write(FILE, SPEC)
    return {version: project.observe(version, FILE) for version in ("1.4.0", "2.6.0")}


@pytest.fixture
def each(project, observed):
    """The project with two behaviours of several acts, recorded on 1.4 and 2.6."""
    project.write(FILE, SPEC)
    for version, run in observed.items():
        runs.merge(project.root, run, versions.line(version), whole=False)
    return project


def add(project, acts):
    """Put acts before the others."""
    project.change(FILE, 'acts = {"scale"', f'acts = {{{acts}, "scale"')


def test_each_act_is_a_case_with_a_timeline_of_its_own(each):
    assert set(each.kept("rates.acts").timelines) == {"scale", "strict", "noisy"}
    assert each.chain("rates.acts", "scale") == {"1.4": {"value": 1.0}, "2.6": {"value": 0.5}}
    assert each.chain("rates.acts", "strict") == {"1.4": {"value": "strict"}, "2.6": ERROR}
    noisy = each.chain("rates.acts", "noisy")
    assert noisy["1.4"] == {"value": 3} and noisy["2.6"]["warned"][0]["category"] == "FutureWarning"
    assert sorted(each.kept("rates.named").timelines) == NAMED
    assert list(each.chain("rates.named", "adam / name")) == ["1.4"]
    assert each.kept("rates.acts").seen == {"cpu": ["1.4.0", "2.6.0"]}


def test_run_names_the_acts_in_their_order(each):
    run = each.observe("2.6.0", "-k", "acts or named")
    assert list(run["observations"]["rates.acts"]) == ["scale", "strict", "noisy"]
    assert sorted(run["observations"]["rates.named"]) == NAMED
    assert runs.read_back(each.root, run, "2.6") == []


@pytest.mark.parametrize("version", ["1.4.0", "2.6.0", "2.7.0"])
def test_recorded_acts_pass(each, version):
    result = each.pytest("-k", "acts or named", version=version)
    assert result.returncode == 0 and "3 passed" in result.stdout


def test_failure_names_the_act_and_where_it_was_recorded(each):
    each.change("fakelib.py", "else 0.5", "else 0.125")
    result = each.pytest("-k", "acts", version="2.6.0")
    assert result.returncode == 1
    assert (
        "rates.acts: 1 place differs from the record "
        "(running 2.6.0, expectation recorded under 2.6)"
    ) in result.stdout
    assert "scale: value: expected 0.5, observed 0.125" in result.stdout
    assert "strict: " not in result.stdout and "noisy: " not in result.stdout


def test_failure_of_several_acts_counts_them(each):
    each.change("fakelib.py", "else 0.5", "else 0.125")
    each.change("fakelib.py", "return 3", "return 4")
    result = each.pytest("-k", "acts", version="2.6.0")
    assert "rates.acts: 2 places differ from the record" in result.stdout
    assert "noisy: value: expected 3, observed 4" in result.stdout


def test_act_that_raises_now_and_returned_before_is_told_as_both(each):
    each.change("fakelib.py", "def noisy():", "def noisy():\n    raise KeyError('x')\n")
    result = each.pytest("-k", "acts", version="1.4.0")
    assert "noisy: raised: expected the value 3, observed KeyError: 'x'" in result.stdout


def test_new_act_has_no_record_that_holds(each):
    add(each, '"new": int')
    result = each.pytest("-k", "acts", version="2.6.0")
    assert result.returncode == 1 and "1 place differs" in result.stdout
    assert "new: no record holds: record the behaviour again" in result.stdout


def test_act_that_is_gone_is_told(each):
    each.change(FILE, '"noisy": fakelib.noisy', "")
    result = each.pytest("-k", "acts", version="2.6.0")
    assert result.returncode == 1
    told = "noisy: recorded, but the test does not observe it: record the behaviour again"
    assert told in result.stdout


def test_renamed_act_is_both(each):
    each.change(FILE, '"noisy":', '"loud":')
    result = each.pytest("-k", "acts", version="2.6.0")
    assert "noisy: recorded, but the test does not observe it" in result.stdout
    assert "loud: no record holds" in result.stdout


def test_case_of_a_parameter_is_compared_with_its_own_acts(each):
    each.change(FILE, "lambda: name}", "lambda: 'sgd'}")
    result = each.pytest("-k", "named", version="2.6.0")
    assert result.returncode == 1 and "1 failed, 1 passed" in result.stdout
    assert "name: value: expected 'adam', observed 'sgd'" in result.stdout


def test_new_parameter_is_told_to_record(each):
    each.change(FILE, '["sgd", "adam"], ids=["sgd", "adam"]', '["lion"], ids=["lion"]')
    result = each.pytest("-k", "named", version="2.6.0")
    assert result.returncode == 1 and "no record holds for 2.6.0" in result.stdout


def test_release_older_than_every_act_is_told_to_record(each):
    result = each.pytest("-k", "acts", version="1.3.0")
    assert result.returncode == 1 and "no record holds for 1.3.0" in result.stdout


def test_verification_names_the_acts_that_differ(each):
    each.change("fakelib.py", "else 0.5", "else 0.125")
    each.pytest("-k", "acts", "--verify-to", "verification.json", version="2.6.0")
    told = store.read_json(each.root / "verification.json")
    assert told["mismatches"] == {"rates.acts": ["scale: value: expected 0.5, observed 0.125"]}
    assert told["origins"] == {"rates.acts": ["2.6"]}


def test_observed_shows_each_act(each):
    result = each.pytest("--observed", "-k", "acts", version="2.6.0")
    assert '"scale": {' in result.stdout and '"message": "strict mode is refused"' in result.stdout


def test_act_that_cannot_be_recorded_leaves_the_behaviour_unknown(each):
    add(each, '"new": object')
    run = each.observe("2.6.0", "-k", "acts")
    assert run["observations"] == {} and "observe tensors and facts" in run["unknown"]["rates.acts"]


def test_edited_act_begins_the_record_anew(each):
    add(each, '"new": int')
    runs.merge(each.root, each.observe("2.6.0", "-k", "acts"), "2.6", whole=False)
    record = each.kept("rates.acts")
    assert record.seen == {"cpu": ["2.6.0"]} and "new" in record.timelines
    assert list(record.timelines["scale"]["cpu"]) == ["2.6"]
