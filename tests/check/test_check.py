import pytest

from torch_history.catalogue import source as catalogue
from torch_history.check import rules
from torch_history.errors import HistoryError
from torch_history.records import store

RATES = "spec/rates/test_rates.py"
LINE = f"{RATES}:12: rates.scale_halves: "
SCALE = '@pytest.mark.api("fakelib.optim.scale", page="scale")'
CHANGED = (
    '@pytest.mark.changed("2.0", "the scale is halved", kind="silent", cause="fakelib#92731", '
    'advice="double the rate")'
)
MARKED = "import pytest\n\n\n@pytest.mark.{}\ndef test_x(snapshot):\n    pass\n"
FORM = "write @pytest.mark.changed(VERSION, WORDS, kind=..., cause=..., advice=...)"


def check(root):
    return rules.check(root).faults


def rewrite(project, path, old, new):
    """Replace a text that is there."""
    file = project.root / path
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_good_project_has_no_fault(recorded):
    assert rules.check(recorded.root) == rules.Checked([], 12, 4)


@pytest.mark.parametrize(
    "old, new, fault",
    [
        (
            '    """The scale is halved, and nobody is told."""\n',
            "",
            LINE + "no docstring: say the claim in one sentence",
        ),
        (
            SCALE,
            '@pytest.mark.api("scale", page="scale")',
            LINE + "'scale' is not a fully qualified API: write it as torch.optim.SGD",
        ),
        (
            SCALE,
            '@pytest.mark.api("fakelib.optim.scale")',
            LINE + "no source: give @pytest.mark.api a page= or an article=",
        ),
        (
            SCALE,
            '@pytest.mark.api(page="scale")',
            LINE + "no @pytest.mark.api(...): name the APIs it is about",
        ),
        (
            SCALE,
            '@pytest.mark.api("fakelib.optim.scale", page="the scale")',
            LINE + "'https://docs.pytorch.org/docs/stable/the scale.html' is not the address of a "
            'page: write it as page="generated/torch.optim.SGD"',
        ),
        (
            CHANGED + "\n",
            "",
            LINE.replace(":12:", ":11:")
            + "what changed at 2.0 is not annotated: add @pytest.mark.changed('2.0', ...)",
        ),
        (
            CHANGED,
            CHANGED.replace('"silent"', '"error"'),
            LINE + "the change at 2.0 is annotated error, "
            "but the record admits silent or random or representation",
        ),
        (
            CHANGED,
            CHANGED + '\n@pytest.mark.changed("2.6", "nothing", kind="silent")',
            LINE.replace(":12:", ":13:")
            + "nothing changed at 2.6 in the record: remove the marker, or record that release",
        ),
    ],
    ids=[
        "docstring",
        "api_name",
        "source",
        "api",
        "page",
        "no_marker",
        "kind_not_admitted",
        "no_change",
    ],
)
def test_metadata_fault_is_named_with_its_line_and_remedy(project, old, new, fault):
    rewrite(project, RATES, old, new)
    found = check(project.root)
    assert len(found) == 1 and found[0].startswith(fault)


def test_name_that_is_no_claim_is_named(project):
    rewrite(project, RATES, "test_scale_halves", "test_Scale")
    assert f"{RATES}:12: rates.Scale: the name is not lower-case words: rename it" in check(
        project.root
    )


def test_change_of_a_case_counts_for_its_behaviour(project):
    rewrite(
        project,
        "spec/tensors/test_tensors.py",
        '@pytest.mark.changed("2.0", "adam starts at two", kind="silent")\n',
        "",
    )
    (fault,) = check(project.root)
    assert "tensors.start_of_an_optimizer: what changed at 2.0 is not annotated" in fault


def test_record_and_manifests_of_a_renamed_test_are_named(project):
    rewrite(project, RATES, "test_scale_halves", "test_scale_is_halved")
    found = check(project.root)
    assert (
        "spec/rates/__snapshots__/scale_halves.json: belongs to no test: "
        "give the test its name back, or `git rm` the file"
    ) in found
    for release in ("1.4.0", "1.13.1", "2.0.1", "2.6.0"):
        assert (
            f"manifests/{release}-cpu.json: rates.scale_is_halved is not recorded: "
            f"run `torch-history record {release}`"
        ) in found
        assert (
            f"manifests/{release}-cpu.json: rates.scale_halves is not a behaviour (any more): "
            f"run `torch-history record {release} --again`"
        ) in found


@pytest.mark.parametrize(
    "old, new, fault",
    [
        ('"value": 0.5', '"value":  0.5', "scale_halves.json:9: edited by hand"),
        ('"value": 0.5', '"value": 0.5,', "scale_halves.json:9: damaged"),
        (
            '"value": 0.5',
            '"valeu": 0.5',
            "scale_halves.json: observed, 2.0: this is no observation",
        ),
    ],
    ids=["not_canonical", "damaged", "no_observation"],
)
def test_record_fault_names_the_file_and_the_place(project, old, new, fault):
    rewrite(project, "spec/rates/__snapshots__/scale_halves.json", old, new)
    found = [line for line in check(project.root) if fault in line]
    assert (
        len(found) == 1
        and found[0].startswith("spec/rates/__snapshots__/")
        and "git checkout" in found[0]
    )


@pytest.mark.parametrize(
    "old, new",
    [("1.0 2.0", "1.0"), ("1.0 2.0", "1.0 two"), ("float32", "float33"), ('"1.0 2.0"', "1")],
    ids=["too_few", "word", "dtype", "no_text"],
)
def test_tensor_that_cannot_be_read_is_named(project, old, new):
    rewrite(project, "spec/tensors/__snapshots__/tensor_drifts_within_tolerance.json", old, new)
    (fault,) = [line for line in check(project.root) if "edited by hand" not in line]
    assert fault.startswith(
        "spec/tensors/__snapshots__/tensor_drifts_within_tolerance.json: observed, 1.4: "
    )


def test_one_fault_does_not_hide_another(project):
    rewrite(project, "spec/rates/__snapshots__/scale_halves.json", '"value": 0.5', '"value": 0.5,')
    rewrite(project, "spec/rates/__snapshots__/noisy_warns.json", '"value": 3', '"value":  3')
    store.path_of(project.spec, "rates.no_test_of_this_name").write_text("{}\n")
    assert len(check(project.root)) == 3


@pytest.mark.parametrize(
    "text, message",
    [
        (
            "def test_x(snapshot):\n    pass\n\n\ndef test_x(snapshot):\n    pass\n",
            (
                "spec/rates/test_more.py:5: the id rates.x is taken by spec/rates/test_more.py:1: "
                "rename one of them"
            ),
        ),
        (
            "def test_scale_halves(snapshot):\n    pass\n",
            (
                "spec/rates/test_rates.py:12: the id rates.scale_halves is taken by "
                "spec/rates/test_more.py:1: rename one of them"
            ),
        ),
        ("def test_x(snapshot:\n", "spec/rates/test_more.py:1: not Python: "),
        ("x = 1\0\n", "spec/rates/test_more.py: not Python: "),
        (
            MARKED.format("api(NAME)"),
            "spec/rates/test_more.py:4: the arguments of a marker are literals",
        ),
        (
            MARKED.format("changed"),
            f"spec/rates/test_more.py:4: {FORM}",
        ),
        (
            MARKED.format("changed('2.0')"),
            f"spec/rates/test_more.py:4: {FORM}",
        ),
        (
            MARKED.format("changed(2.0, 'words', kind='silent')"),
            f"spec/rates/test_more.py:4: {FORM}",
        ),
        (
            MARKED.format("changed(['2.0'], 'words', kind='silent')"),
            f"spec/rates/test_more.py:4: {FORM}",
        ),
        (
            MARKED.format("changed('2.0', 'words', kind='silent', unless=1)"),
            f"spec/rates/test_more.py:4: {FORM}",
        ),
        (
            MARKED.format("changed('2.0', 'words', kind='silent', advise='none')"),
            f"spec/rates/test_more.py:4: {FORM}",
        ),
        (
            MARKED.format("changed('2.0', 'words', kind='loud')"),
            "spec/rates/test_more.py:4: 'loud' is not a kind: choose one of silent, error, ",
        ),
        (
            MARKED.format("changed('two', 'words', kind='silent')"),
            "spec/rates/test_more.py:4: 'two' is not a version: give a minor line such as 2.5 ",
        ),
        (
            MARKED.format("changed('2.0', 'words', kind='silent', cause=92731)"),
            "spec/rates/test_more.py:5: a marker has an argument of another type: ",
        ),
        (
            MARKED.format("api(7)"),
            "spec/rates/test_more.py:5: a marker has an argument of another type: ",
        ),
    ],
    ids=[
        "twice_in_a_file",
        "twice_in_a_chapter",
        "syntax",
        "zero_byte",
        "no_literal",
        "no_call",
        "missing_arguments",
        "version_no_text",
        "version_in_a_list",
        "unless_no_list",
        "misspelt_argument",
        "kind",
        "version",
        "cause_no_text",
        "api_no_text",
    ],
)
def test_source_that_cannot_be_read_is_one_error(project, text, message):
    project.write("spec/rates/test_more.py", text)
    with pytest.raises(HistoryError) as caught:
        catalogue.behaviours(project.root)
    assert str(caught.value).startswith(message)


def test_catalogue_takes_only_tests_that_compare_with_a_snapshot(project):
    project.write(
        "spec/rates/test_more.py",
        "def test_law():\n    pass\n\n\ndef helper(snapshot):\n    pass\n",
    )
    assert len(catalogue.behaviours(project.root)) == 12


def test_catalogue_reads_claim_docstring_and_markers(recorded):
    found = catalogue.behaviours(recorded.root)["rates.flip_comes_back"]
    assert (
        found.claim == "flip comes back"
        and found.docstring == "One, two, and one again."
        and found.chapter == "rates"
    )
    assert found.api == ["fakelib.nn.flips"] and found.article == "B" and found.page is None
    assert found.node == "spec/rates/test_rates.py::test_flip_comes_back"
    assert [change.version for change in found.changes] == ["1.13", "2.6"]
