"""`torch-history new behaviour`: a test that fails until its act is written."""

import pytest

from torch_history.catalogue import chapters, source
from torch_history.cli import main
from torch_history.records import store

RATES = "spec/rates/test_rates.py"
ID = "rates.scale_is_a_number"
SKELETON = '''

@pytest.mark.api("fakelib.optim.scale", page="scale")
def test_scale_is_a_number(snapshot):
    """Scale is a number."""
    pytest.fail("write the act, and delete this line")
    x = torch.tensor([1.0, 2.0])
    assert snapshot == observe(lambda: x * 2)
'''
TORCH = """
import numpy


def tensor(values):
    return numpy.array(values, "float32")
"""
INTRODUCTION = '"""Rates."""\n\nSUBJECTS = [\n    "rates",\n]\n'


@pytest.fixture
def new(project, capsys, monkeypatch):
    """Run `new behaviour` on a project of its own, with a torch that is not recorded."""
    monkeypatch.setattr("torch_history.cli.new.torch_here", lambda: "2.6.0+cpu")

    def command(*arguments):
        status = main(["--root", str(project.root), "new", "behaviour", *arguments])
        return (status, *capsys.readouterr())

    return command


def read(project, file):
    return (project.root / file).read_text(encoding="utf-8")


def test_test_is_added_at_the_end_with_the_import_that_was_missing(project, new):
    before = read(project, RATES)
    status, out, err = new("rates", "scale_is_a_number", "--api", "fakelib.optim.scale")
    added = before.replace("import pytest\n", "import pytest\nimport torch\n")
    assert read(project, RATES) == added + SKELETON
    assert (status, err) == (0, "")
    line = source.behaviours(project.root)[ID].line
    first, todo, *commands = out.splitlines()
    assert first == f"{RATES}:{line}: {ID} written"
    assert (
        todo == "Now write the docstring and the act, and delete the line with pytest.fail. Then:"
    )
    assert commands == [
        f"  python -m pytest --observed {RATES}::test_scale_is_a_number",
        f"  torch-history record --release 2.6 {ID}",
        "  torch-history check",
    ]


@pytest.mark.parametrize(
    "installed, told",
    [("1.13.1", "--here 1.13"), ("2.6.0+cpu", "--release 2.6"), ("3.0.0", "--release 2.6")],
    ids=["recorded", "another build", "newer"],
)
def test_torch_of_this_python_records_it_where_it_is_a_recorded_one(
    new, monkeypatch, installed, told
):
    monkeypatch.setattr("torch_history.cli.new.torch_here", lambda: installed)
    assert f"  torch-history record {told} {ID}\n" in new("rates", "scale_is_a_number")[1]


def test_skeleton_cannot_be_recorded_before_its_line_is_deleted(project, new):
    project.write("torch.py", TORCH)
    new("rates", "scale_is_a_number")
    run = project.observe("2.6.0", RATES)
    assert run["unknown"][ID].endswith("Failed: write the act, and delete this line")
    assert ID not in run["observations"]
    project.change(RATES, '    pytest.fail("write the act, and delete this line")\n', "")
    run = project.observe("2.6.0", RATES)
    assert run["observations"][ID]["observed"]["value"]["rows"] == ["2.0 4.0"]


def test_no_other_behaviour_has_to_be_recorded_again(project, new):
    new("rates", "scale_is_a_number")
    out = project.history("check").stdout
    assert f"{ID}: has no record: run `torch-history record {ID}`" in out
    assert "rates.scale_halves" not in out


def test_new_module_has_its_docstring_and_imports(project, new):
    file = "spec/rates/test_decay_of_rates.py"
    _, out, _ = new("rates", "scale_is_a_number", "--subject", "decay_of_rates")
    assert out.startswith(f"{file}:10: {ID} written\nNow name the APIs in its marker, write ")
    unnamed = SKELETON.replace('"fakelib.optim.scale", page="scale"', "")
    assert read(project, file) == (
        '"""Decay of rates."""\n\nimport pytest\nimport torch\n\n'
        f"from torch_history.observing import observe\n{unnamed}"
    )


def test_new_module_is_the_last_subject_of_its_chapter(project, new):
    project.write("spec/rates/__init__.py", INTRODUCTION)
    _, out, _ = new("rates", "scale_is_a_number", "--subject", "decay")
    assert "\nspec/rates/__init__.py: written\n" in out
    assert chapters.chapter(project.root, "rates").order == ["rates", "decay"]
    assert read(project, "spec/rates/__init__.py") == INTRODUCTION.replace(
        "\n]", '\n    "decay",\n]'
    )
    new("rates", "scale_is_no_word")
    assert chapters.chapter(project.root, "rates").order == ["rates", "decay"]


def test_chapter_that_has_only_its_introduction_takes_a_behaviour(project, new):
    project.write("spec/decay/__init__.py", '"""Decay."""\n\nSUBJECTS = []\n')
    assert new("decay", "scale_is_a_number")[0] == 2
    assert new("decay", "scale_is_a_number", "--subject", "weights")[0] == 0
    assert chapters.chapter(project.root, "decay").order == ["weights"]
    assert "decay.scale_is_a_number" in source.behaviours(project.root)


def test_many_apis_are_laid_out_as_the_formatter_does(project, new):
    apis = [f"fakelib.optim.a_long_name_{number}" for number in range(4)]
    new("rates", "scale_is_a_number", *(part for api in apis for part in ("--api", api)))
    lines = "".join(f'    "{api}",\n' for api in apis)
    assert (
        f"@pytest.mark.api(\n{lines}"
        '    page="generated/fakelib.optim.a_long_name_0",\n)\ndef test_scale_is_a_number'
    ) in read(project, RATES)


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["tensor", "scale_is_x"], "CHAPTER 'tensor': no such chapter: did you mean tensors?"),
        (["views", "scale_is_x"], "CHAPTER 'views': no such chapter: choose from rates, tensors"),
        (["rates", "Scale-is x"], "NAME 'Scale-is x': write the claim in lower-case words joined "),
        (["rates", "test_scale_x"], "words joined by _, as scale_x"),
        (["rates", "scale"], "words joined by _, as sgd_adds_weight_decay"),
        (["rates", "scale_é"], "words joined by _, as sgd_adds_weight_decay"),
        (["rates", f"scale_{'x' * 75}"], "has 81 characters: use at most 80"),
        (["rates", "scale_halves"], f"{RATES}:12 has this id: choose another"),
        (["rates", "scale_was"], "is a former id of rates.flip_comes_back: choose another"),
        (["rates", "scale_lost"], "scale_lost.json has no test: remove it, or choose another"),
        (["rates", "scale_law"], f"{RATES}:66 has a test of this name: choose another"),
        (["rates", "zebra_gallops"], "with --subject, or a new one (there are: rates)"),
        (["rates", "scale_x", "--subject", "../x"], "--subject '../x': write lower-case words "),
        (["rates", "scale_x", "--api", "noisy"], "write the whole name, as fakelib.nn.noisy"),
        (["rates", "scale_x", "--api", "a b"], "--api 'a b': write the whole name, as torch.opt"),
        (["rates"], "Missing argument 'NAME': see `torch-history new behaviour --help`"),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_writes_nothing(project, new, arguments, says):
    record = project.kept("rates.flip_comes_back")
    record.former = ["rates.scale_was"]
    store.write_record(project.path("rates.flip_comes_back"), record)
    store.write_record(project.path("rates.scale_lost"), record)
    project.write(RATES, read(project, RATES) + "\n\ndef test_scale_law():\n    pass\n")
    before = {path: path.read_bytes() for path in project.spec.rglob("*") if path.is_file()}
    status, out, err = new(*arguments)
    assert (status, out, err.count("\n")) == (2, "", 1) and says in err
    assert before == {path: path.read_bytes() for path in project.spec.rglob("*") if path.is_file()}


def test_subjects_in_another_form_are_left_alone(project, new):
    text = '"""Rates."""\n\nSUBJECTS = ["rates"]\n'
    project.write("spec/rates/__init__.py", text)
    status, _, err = new("rates", "scale_is_a_number", "--subject", "decay")
    assert status == 2 and "SUBJECTS is no list with one stem a line" in err
    assert read(project, "spec/rates/__init__.py") == text
    assert not (project.spec / "rates" / "test_decay.py").exists()


def test_packaged_data_is_no_place_for_a_test(tmp_path, capsys):
    (tmp_path / "spec").mkdir()
    assert main(["--root", str(tmp_path), "new", "behaviour", "rates", "scale_is_x"]) == 2
    assert "this command works on a checkout" in capsys.readouterr().err
