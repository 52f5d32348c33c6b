import pytest

from tests.literals import on_cpu, plant, value
from torch_history import versions
from torch_history.catalogue import index
from torch_history.catalogue.behaviour import Change
from torch_history.catalogue.kinds import Kind
from torch_history.errors import HistoryError
from torch_history.questions import query
from torch_history.records import runs, store


def diff(project, before, after, *device, **filters):
    return query.diff(index.of(project.root), before, after, *device, **filters)


def kinds(answer):
    return [(difference.behaviour.id, difference.kind) for difference in answer.differences]


def test_differences_come_in_the_order_of_harm(recorded):
    answer = diff(recorded, "1.13", "2.6")
    assert kinds(answer) == [
        ("rates.strict_mode_is_refused", Kind.ERROR),
        ("rates.removed_is_gone", Kind.GONE),
        ("rates.scale_halves", Kind.SILENT),
        ("rates.flip_comes_back", Kind.SILENT),
        ("tensors.start_of_an_optimizer", Kind.SILENT),
        ("rates.noisy_warns", Kind.WARNING),
        ("rates.added_is_there", Kind.APPEARED),
        ("rates.complaint_tells_the_remedy", Kind.WORDING),
    ]
    assert answer.compared == 12 and answer.unknown == [] and answer.returned == []


def test_difference_holds_both_entries_and_the_changes_between(recorded):
    [first] = diff(recorded, "1.13", "2.6", apis=["fakelib.optim.scale"]).differences
    [case] = first.cases
    assert (case.name, case.before.since, case.after.since) == ("observed", "1.4", "2.0")
    assert (case.before.observation["value"], case.after.observation["value"]) == (1.0, 0.5)
    assert first.changes == [
        Change(
            "2.0",
            "the scale is halved",
            Kind.SILENT,
            cause="fakelib#92731",
            advice="double the rate",
        )
    ]
    assert first.doubt is None


def test_only_the_case_that_differs_is_named(recorded):
    found = diff(recorded, "1.13", "2.0", apis=["fakelib.Tensor"])
    assert [case.name for case in found.differences[0].cases] == ["adam"]


def test_version_does_not_differ_from_itself(recorded):
    assert diff(recorded, "2.0", "2.0.1").differences == []


def test_backwards_the_kinds_are_mirrored(recorded):
    found = dict(kinds(diff(recorded, "2.6", "1.13")))
    assert found["rates.strict_mode_is_refused"] is Kind.ERROR_GONE
    assert found["rates.added_is_there"] is Kind.GONE
    assert found["rates.removed_is_gone"] is Kind.APPEARED
    assert found["rates.scale_halves"] is Kind.SILENT


def test_changed_and_changed_back_is_no_difference_but_named(recorded):
    answer = diff(recorded, "1.4", "2.6")
    assert answer.returned == ["rates.flip_comes_back"] and "rates.flip_comes_back" not in dict(
        kinds(answer)
    )


def test_unverified_version_is_named_with_its_neighbours(recorded):
    answer = diff(recorded, "2.3", "2.6")
    assert answer.before == query.Side("2.3", "2.0.1", False, ["2.0.1", "2.6.0"])
    assert answer.after == query.Side("2.6", "2.6.0", True, [])


def test_difference_is_in_doubt_where_the_neighbours_of_an_unverified_version_differ(recorded):
    answer = diff(recorded, "2.3", "2.6")
    assert {difference.doubt for difference in answer.differences} == {
        "2.3 was not run, and 2.0 and 2.6 differ"
    }
    certain = diff(recorded, "1.14", "2.6", apis=["fakelib.nn.complaint"])
    assert [difference.doubt for difference in certain.differences] == [None]


def test_no_difference_to_an_unverified_version_is_unknown_where_its_neighbours_differ(recorded):
    answer = diff(recorded, "2.0", "2.3")
    assert answer.differences == []
    assert sorted(answer.unknown) == [
        (behaviour, "2.3", "2.3 was not run, and 2.0 and 2.6 differ")
        for behaviour in (
            "rates.complaint_tells_the_remedy",
            "rates.flip_comes_back",
            "rates.removed_is_gone",
        )
    ]


def test_pre_release_of_a_recorded_release_was_not_run(recorded):
    assert not diff(recorded, "2.0", "2.6.0rc1").after.verified


def test_unknown_behaviour_is_no_difference(project):
    run = project.runs["2.6.0"]
    skipped = {
        name: cases for name, cases in run["observations"].items() if name != "rates.scale_halves"
    }
    runs.merge(
        project.root,
        {**run, "observations": skipped, "unknown": {"rates.scale_halves": "skipped: no GPU"}},
        "2.6",
    )
    answer = diff(project, "1.13", "2.6")
    assert "rates.scale_halves" not in dict(kinds(answer))
    assert answer.unknown == [("rates.scale_halves", "2.6", "skipped: no GPU")]


def test_behaviour_that_a_release_has_not_seen_is_unknown(project):
    record = project.kept("rates.scale_halves")
    record.seen["cpu"].remove("2.6.0")
    store.write_record(project.path("rates.scale_halves"), record)
    answer = diff(project, "1.13", "2.6")
    assert answer.unknown == [("rates.scale_halves", "2.6", "not recorded on 2.6.0")]


def test_behaviour_whose_record_is_stale_is_unknown_on_both_sides(project):
    file = "spec/rates/test_rates.py"
    project.change(file, "observe(fakelib.scale)", "observe(lambda: 2 * fakelib.scale())")
    why = "its test changed after the recording: run `torch-history record`"
    answer = diff(project, "1.13", "2.6")
    assert answer.unknown == [("rates.scale_halves", one, why) for one in ("1.13", "2.6")]
    assert "rates.scale_halves" not in dict(kinds(answer)) and answer.compared == 12


def test_patch_of_its_own_answers_for_itself(project, run_of):
    run = run_of("2.6.1", {"rates.constant_stays": value(9)}, sources=project.sources())
    runs.merge(project.root, run, "2.6.1")
    assert kinds(diff(project, "2.6.0", "2.6.1", apis=["fakelib.nn.constant"])) == [
        ("rates.constant_stays", Kind.SILENT)
    ]
    assert diff(project, "2.0", "2.6.0", apis=["fakelib.nn.constant"]).differences == []


def test_other_device_is_answered_from_its_own_entries(project):
    for version in ("1.13.1", "2.6.0"):
        project.record(version, "--device", "other")
    assert ("tensors.device_answer", Kind.SILENT) in kinds(
        diff(project, "1.13", "2.6", device="other")
    )
    assert "tensors.device_answer" not in dict(kinds(diff(project, "1.13", "2.6")))


def tensor(row, *warned):
    return value({"$tensor": "float32[2]", "rows": [row]}, *warned)


def record_constant(project, run_of, *steps):
    """Record what `rates.constant_stays` did, from (release, device, row, warnings) on."""
    project.path("rates.constant_stays").unlink()
    for release, device, row, *warned in steps:
        key = versions.line(release) if release != "2.6.1" else release
        told = {"rates.constant_stays": tensor(row, *warned)}
        runs.merge(
            project.root,
            run_of(release, told, device=device, sources=project.sources()),
            key,
        )


def constant_differs(project, before, after, device="cpu"):
    return [
        kind
        for _, kind in kinds(diff(project, before, after, device, apis=["fakelib.nn.constant"]))
    ]


def test_drift_within_tolerance_beside_a_new_warning_is_only_the_warning(project, run_of):
    record_constant(
        project,
        run_of,
        ("1.4.0", "cpu", "1.0 2.0"),
        ("2.0.1", "cpu", "1.0000001 2.0", "UserWarning"),
    )
    assert constant_differs(project, "1.4", "2.0") == [Kind.WARNING]


def test_answer_that_comes_back_within_tolerance_is_no_difference(project, run_of):
    record_constant(
        project,
        run_of,
        ("1.4.0", "cpu", "1.0 2.0"),
        ("2.0.1", "cpu", "5.0 2.0"),
        ("2.6.0", "cpu", "1.0000001 2.0"),
    )
    assert constant_differs(project, "1.4", "2.6") == [] and constant_differs(
        project, "2.0", "2.6"
    ) == [Kind.SILENT]


def test_patch_that_agrees_with_an_older_line_within_tolerance_does_not_differ_from_it(
    project, run_of
):
    record_constant(
        project,
        run_of,
        ("1.4.0", "cpu", "1.0 2.0"),
        ("2.6.0", "cpu", "5.0 2.0"),
        ("2.6.1", "cpu", "1.0000001 2.0"),
    )
    assert constant_differs(project, "1.4", "2.6.1") == [] and constant_differs(
        project, "2.6.0", "2.6.1"
    ) == [Kind.SILENT]


def test_device_that_comes_back_to_the_cpus_answer_within_tolerance_does_not_differ(
    project, run_of
):
    record_constant(
        project,
        run_of,
        ("1.4.0", "cpu", "1.0 2.0"),
        ("1.4.0", "other", "1.0 2.0"),
        ("2.0.1", "other", "5.0 2.0"),
        ("2.6.0", "other", "1.0000001 2.0"),
    )
    assert constant_differs(project, "1.4", "2.6", "other") == []
    assert constant_differs(project, "1.4", "2.0", "other") == [Kind.SILENT]


@pytest.mark.parametrize(
    "filters, expected",
    [
        (
            {"kinds": [Kind.GONE, Kind.WORDING]},
            ["rates.removed_is_gone", "rates.complaint_tells_the_remedy"],
        ),
        ({"chapters": ["tensors"]}, ["tensors.start_of_an_optimizer"]),
        ({"apis": ["fakelib.nn.noisy"]}, ["rates.noisy_warns"]),
        ({"apis": ["noisy"]}, ["rates.noisy_warns"]),
        (
            {"apis": ["fakelib.optim"], "kinds": [Kind.SILENT, Kind.ERROR]},
            ["rates.strict_mode_is_refused", "rates.scale_halves"],
        ),
        ({"apis": ["fakelib.optim"], "chapters": ["tensors"]}, []),
        (
            {"apis": ["fakelib.Tensor", "fakelib.nn.noisy"]},
            ["tensors.start_of_an_optimizer", "rates.noisy_warns"],
        ),
    ],
    ids=[
        "kinds",
        "chapter",
        "api",
        "end_of_an_api",
        "parent_api_and_kinds",
        "nothing_left",
        "two_apis",
    ],
)
def test_filters_narrow_the_answer(recorded, filters, expected):
    assert [name for name, _ in kinds(diff(recorded, "1.13", "2.6", **filters))] == expected


@pytest.mark.parametrize(
    "filters, message",
    [
        (
            {"apis": ["fakelib.optim.scael"]},
            (
                "--api 'fakelib.optim.scael': not covered: no behaviour is about "
                "fakelib.optim.scael: did you mean fakelib.optim.scale?"
            ),
        ),
        (
            {"apis": ["fakelib.opt"]},
            (
                "--api 'fakelib.opt': not covered: no behaviour is about fakelib.opt: "
                "see `torch-history list`"
            ),
        ),
        ({"chapters": ["tensor"]}, "--chapter 'tensor': no such chapter: did you mean tensors?"),
        ({"chapters": ["zzz"]}, "--chapter 'zzz': no such chapter: choose from rates, tensors"),
    ],
    ids=["api", "part_of_a_name", "chapter", "no_chapter"],
)
def test_misspelt_filter_gets_a_suggestion(recorded, filters, message):
    with pytest.raises(HistoryError) as caught:
        diff(recorded, "1.13", "2.6", **filters)
    assert str(caught.value) == message


def test_behaviour_is_found_by_its_former_ids(project):
    record = project.kept("rates.scale_halves")
    record.former = ["rates.old", "rates.older"]
    store.write_record(project.path("rates.scale_halves"), record)
    known = index.of(project.root).known()
    found = {query.find(known, name).id for name in (*record.former, "rates.scale_halves")}
    assert found == {"rates.scale_halves"}


def test_misspelt_behaviour_gets_a_suggestion(recorded):
    with pytest.raises(HistoryError, match=r"did you mean rates\.scale_halves\?"):
        query.find(index.of(recorded.root).known(), "rates.scale_halved")


@pytest.mark.parametrize("version", ["1.3", "2.7", "3.0.0"])
def test_version_outside_the_records_is_refused(recorded, version):
    with pytest.raises(HistoryError) as caught:
        diff(recorded, "2.0", version)
    assert str(caught.value).startswith(
        f"version {version!r} is not in the records, which run from 1.4 to 2.6"
    )


def test_newer_patch_of_the_newest_line_is_compared_with_that_line(recorded):
    assert diff(recorded, "2.0", "2.6.3").after == query.Side(
        "2.6.3", "2.6.0", False, ["2.6.0", None]
    )


@pytest.mark.parametrize("kinds_in_order", [["appeared", "gone"], ["gone", "appeared"]])
def test_of_several_markers_the_most_harmful_admitted_kind_counts(project, kinds_in_order):
    chain = {"1.4": value(["a", "b=1"]), "2.0": value(["a", "c=1"])}
    plant(project, "rates.constant_stays", on_cpu(**chain))
    markers = [
        f'@pytest.mark.changed("2.0", "it", kind="{kind}")\n'
        for kind in (*kinds_in_order, "error", "wording")  # the last two are not admitted
    ]
    project.change(
        "spec/rates/test_rates.py",
        '@pytest.mark.api("fakelib.nn.constant", page="constant")\n',
        "@pytest.mark.api('fakelib.nn.constant', page='constant', signature=True)\n"
        + "".join(markers),
    )
    narrow = {"apis": ["fakelib.nn.constant"]}
    assert [kind for _, kind in kinds(diff(project, "1.13", "2.6", **narrow))] == [Kind.GONE]
    assert [kind for _, kind in kinds(diff(project, "2.6", "1.13", **narrow))] == [Kind.GONE]


def test_annotated_kind_wins_where_the_observations_admit_it(project):
    source = project.root / "spec" / "rates" / "test_rates.py"
    source.write_text(
        source.read_text().replace(
            '"the scale is halved", kind="silent"', '"the scale is halved", kind="random"'
        )
    )
    found = dict(kinds(diff(project, "1.13", "2.6")))
    assert found["rates.scale_halves"] is Kind.RANDOM
