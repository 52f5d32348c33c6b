import re

from torch_history.records import store


def lines(result, start):
    """The lines of an output that begin with a text, stripped."""
    return [line.strip() for line in result.stdout.splitlines() if line.strip().startswith(start)]


def summary(result):
    """What a summary says of each behaviour, release by release."""
    found, release = {}, None
    for line in result.stdout.splitlines():
        told = re.fullmatch(r"as fakelib (\S+) did:", line)
        verdict = re.fullmatch(r"  (passed|FAILED)  (\S+)", line)
        if told:
            release = told.group(1)
        elif verdict:
            found.setdefault(release, {})[verdict.group(2)] = verdict.group(1)
    return found


def test_recorded_release_passes_without_a_summary(recorded):
    result = recorded.pytest(version="2.0.1")
    assert result.returncode == 0 and "13 passed" in result.stdout
    assert (
        "torch-history: fakelib 2.0.1 on cpu; recorded" in result.stdout
        and "Each behaviour was compared" not in result.stdout
    )


def test_passing_run_writes_nothing(project):
    before = project.bytes()
    assert project.pytest(version="2.13.0").returncode == 0
    assert project.bytes() == before


def test_failure_names_the_behaviour_the_running_release_and_the_expectations(project):
    project.write(
        "fakelib.py", (project.root / "fakelib.py").read_text().replace("else 0.5", "else 0.125")
    )
    result = project.pytest("-k", "scale", version="2.6.0")
    assert result.returncode == 1
    assert (
        "rates.scale_halves: 1 place differs from the record "
        "(running 2.6.0, expectation recorded under 2.0)"
    ) in result.stdout
    assert "value: expected 0.5, observed 0.125" in result.stdout


def test_unrecorded_release_is_compared_with_the_latest_record_up_to_it(recorded):
    result = recorded.pytest(version="2.13.0")
    assert result.returncode == 0
    assert "Each behaviour was compared with the latest recorded release" in result.stdout
    assert (
        "fakelib 2.13.0 is not recorded (nearest recorded: 2.6.0 below, none above)"
        in result.stdout
    )
    found = summary(result)
    assert list(found) == ["1.4", "2.0", "2.6"]
    assert found["2.6"] == {
        "rates.complaint_tells_the_remedy": "passed",
        "rates.flip_comes_back": "passed",
        "rates.removed_is_gone": "passed",
    }
    assert (
        "tensors.start_of_an_optimizer" in found["1.4"]
        and "tensors.start_of_an_optimizer" in found["2.0"]
    )  # its two cases


def test_unrecorded_release_between_two_is_not_compared_with_the_newer(recorded):
    result = recorded.pytest(version="1.14.0")
    assert (
        result.returncode == 0 and "(nearest recorded: 1.13.1 below, 2.0.1 above)" in result.stdout
    )
    assert list(summary(result)) == ["1.4", "1.13"]


def test_summary_tells_what_an_unrecorded_release_does_otherwise(project):
    project.write(
        "fakelib.py", (project.root / "fakelib.py").read_text().replace("else 0.5", "else 0.125")
    )
    result = project.pytest(version="2.13.0.dev20261101")
    assert result.returncode == 1 and summary(result)["2.0"]["rates.scale_halves"] == "FAILED"
    assert summary(result)["2.0"]["rates.noisy_warns"] == "passed"


def test_two_processes_give_the_same_summary(recorded):
    one = recorded.pytest("-p", "xdist.plugin", version="2.13.0", FAKELIB_WITHOUT_PART="1")
    two = recorded.pytest(
        "-p", "xdist.plugin", "-n", "2", version="2.13.0", FAKELIB_WITHOUT_PART="1"
    )
    assert one.returncode == two.returncode == 0 and "2 workers" in two.stdout
    assert summary(one) == summary(two) and len(summary(two)["1.4"]) == 4
    assert lines(one, "tensors.optional_part") == lines(two, "tensors.optional_part") != []


def test_release_older_than_every_record_is_told_to_record(recorded):
    result = recorded.pytest("-k", "scale", version="1.3.1")
    assert (
        result.returncode == 1
        and "no record holds for 1.3.1: run `torch-history record 1.3`" in result.stdout
    )


def test_behaviour_without_a_record_is_told_to_record(project):
    project.path("rates.scale_halves").unlink()
    result = project.pytest("-k", "scale", version="2.6.0")
    assert (
        result.returncode == 1
        and "no record holds for 2.6.0: run `torch-history record 2.6`" in result.stdout
    )
    assert not project.path("rates.scale_halves").exists()


def test_library_without_a_version_is_refused(unrecorded):
    unrecorded.write("fakelib.py", "__version__ = 'unknown'")
    result = unrecorded.pytest()
    assert result.returncode == 4 and "fakelib: 'unknown' is not a version" in result.stdout


def test_skip_is_told_as_unknown(recorded):
    result = recorded.pytest(version="2.6.0", FAKELIB_WITHOUT_PART="1")
    assert result.returncode == 0 and "unknown: 1 behaviours were not observed" in result.stdout
    assert lines(result, "tensors.optional_part") == [
        "tensors.optional_part: skipped: no part for this fakelib"
    ]


def test_damaged_manifest_ends_the_run_with_one_line(project):
    (project.root / "manifests" / "2.0.1-cpu.json").write_text("{")
    result = project.pytest("-k", "scale")
    assert (
        result.returncode == 4
        and "INTERNALERROR" not in result.stdout
        and "Traceback" not in result.stdout
    )
    assert len(lines(result, "ERROR:")) == 1 and "2.0.1-cpu.json:1: truncated" in result.stdout


def test_observed_prints_what_passing_and_failing_behaviours_did(project):
    project.write(
        "fakelib.py", (project.root / "fakelib.py").read_text().replace("else 0.5", "else 0.125")
    )
    result = project.pytest("--observed", "-k", "scale or strict", version="2.6.0")
    assert "rates.strict_mode_is_refused under 2.6.0" in result.stdout  # passed
    assert '"message": "strict mode is refused"' in result.stdout
    assert "rates.scale_halves under 2.6.0" in result.stdout and '"value": 0.125' in result.stdout


def test_run_has_one_thread_on_any_machine(project):
    project.change("fakelib.py", "import os\n", """import os
threads = [os.environ.get(f"{name}_NUM_THREADS") for name in ("OMP", "MKL", "OPENBLAS")]

def set_num_threads(number):
    threads.append(number)
""")  # fmt: skip
    project.change("spec/rates/test_rates.py", "observe(fakelib.flips)",
                   "observe(lambda: fakelib.threads)")  # fmt: skip
    run = project.observe("2.6.0", "-k", "flip", OMP_NUM_THREADS="8", MKL_NUM_THREADS="8")
    [observed] = run["observations"]["rates.flip_comes_back"].values()
    assert observed["value"] == ["1", "1", "1", 1]


def test_reason_of_a_failure_names_the_line_of_the_test(project):
    project.change("spec/rates/test_rates.py", "    assert snapshot == observe(fakelib.flips)",
                   "    assert 1 == 2")  # fmt: skip
    text = (project.root / "spec/rates/test_rates.py").read_text()
    line = 1 + text[: text.index("    assert 1 == 2")].count("\n")
    run = project.observe("2.6.0", "-k", "flip")
    assert run["unknown"] == {
        "rates.flip_comes_back": f"failed: spec/rates/test_rates.py:{line}: assert 1 == 2"
    }


def test_only_the_behaviours_of_a_file_run(recorded, tmp_path):
    asked = tmp_path / "asked"
    asked.write_text("rates.scale_halves\ntensors.start_of_an_optimizer\n")
    result = recorded.pytest(f"--behaviours={asked}", version="2.6.0")
    assert result.returncode == 0 and "3 passed, 10 deselected" in result.stdout


def test_second_comparison_fails_in_its_own_test(project):
    project.change("spec/rates/test_rates.py", "    assert snapshot == observe(fakelib.flips)\n",
                   "    assert snapshot == observe(fakelib.flips)\n" * 2)  # fmt: skip
    run = project.observe("2.6.0", "-k", "flip or scale")
    assert list(run["observations"]) == ["rates.scale_halves"]
    assert "rates.flip_comes_back" in run["unknown"]
    result = project.pytest("-k", "flip", version="2.6.0")
    assert "a behaviour ends in one comparison: make the other a test of its own" in result.stdout


def test_failed_law_names_the_line_of_the_test_and_not_numpys(project):
    project.write(
        "spec/rates/test_laws.py",
        "import numpy as np\nimport pytest\n\n\n"
        "def test_equal():\n    np.testing.assert_allclose(np.ones(2), np.zeros(2))\n\n\n"
        "def test_raises():\n    with pytest.raises(ValueError):\n        pass\n",
    )
    project.pytest("--verify-to", "told.json", "spec/rates/test_laws.py", version="2.6.0")
    laws = store.read_json(project.root / "told.json")["laws"]
    assert {test.rpartition(":")[2]: why for test, why in laws.items()} == {
        "test_equal": "spec/rates/test_laws.py:6: AssertionError: Not equal to tolerance "
        "rtol=1e-07, atol=0",
        "test_raises": "spec/rates/test_laws.py:10: Failed: DID NOT RAISE ValueError",
    }
