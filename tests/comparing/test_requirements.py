"""What a project asks for beside torch, from every file that says it."""

import pytest

from torch_history.comparing import conda, pip, requirements
from torch_history.comparing.requirements import Pin
from torch_history.errors import HistoryError


@pytest.fixture
def project(tmp_path):
    """Writes files, and returns what the project asks for."""

    def write(files, asked=None, folder="."):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return requirements.find(
            tmp_path / folder, tmp_path / asked if asked else None, lambda place: EXPORTED
        )

    return write


EXPORTED = """\
-e ./packages/helper
numpy==1.26.4
nvidia-cublas-cu12==12.4.5.8 ; sys_platform == 'linux'
torch==2.5.1
torchvision==0.20.1
triton==3.1.0 ; sys_platform == 'linux'
"""


def test_torch_and_its_libraries_are_left_out_and_exact_versions_become_pins(project):
    found = project(
        {
            "requirements.txt": "torch==2.0.1+cu118\nTorchVision==0.15.2  # the zoo\n"
            "numpy==1.24.0 ; python_version < '3.9'\nnumpy==1.26.4 ; python_version >= '3.9'\n"
            "transformers[torch]==4.30.0\nscipy>=1.10,<2\ntriton==2.0.0\n"
            "nvidia-cudnn-cu11==8.5.0.96\nnvidia-ml-py==12.0.0\n"
            "einops==0.6.0 \\\n    --hash=sha256:00\n"
            "https://some.where/torch-2.0.1%2Bcu118-cp310-cp310-linux_x86_64.whl\n"
        }
    )
    assert found.label == "requirements.txt"
    assert found.lines == (
        "torchvision",
        'numpy; python_version < "3.9"',
        'numpy; python_version >= "3.9"',
        "transformers[torch]",
        "scipy>=1.10,<2",
        "nvidia-ml-py",
        "einops",
    )
    assert found.companions == {"torchvision"}
    assert found.pinned("3.8.18")["numpy"] == "1.24.0"
    assert found.pinned("3.10.13") == {
        "numpy": "1.26.4",
        "transformers": "4.30.0",
        "nvidia-ml-py": "12.0.0",
        "einops": "0.6.0",
    }


def test_included_files_and_options_are_followed(project, tmp_path):
    found = project(
        {
            "requirements.txt": "--extra-index-url https://some.where/whl\n--pre\n-f wheels\n"
            "--use-feature=fast-deps\n-r more/base.txt\n-c limits.txt\n",
            "more/base.txt": "-r ../requirements.txt\n./local\ntqdm\n",
            "limits.txt": "torch<2\nscipy<1.12\nsympy==1.12\n",
        }
    )
    assert found.lines == (f"{tmp_path}/more/local", "tqdm")
    assert found.constraints == ("scipy<1.12",)
    assert found.pins == (Pin("sympy", "1.12"),)
    assert found.options == (
        *("--extra-index-url", "https://some.where/whl", "--prerelease", "allow"),
        *("--find-links", f"{tmp_path}/wheels", "--index-strategy", "unsafe-best-match"),
    )


def test_project_itself_is_replaced_by_what_it_needs(project, tmp_path):
    found = project(
        {
            "requirements.txt": "-e .[train,logs]\n-e ./other\ngit+https://some.where/one.git\n",
            "pyproject.toml": '[project]\nname = "p"\ndependencies = ["torchaudio"]\n',
            "other/setup.py": "",
        }
    )
    assert found.lines == (f"-e {tmp_path}/other", "git+https://some.where/one.git")
    assert found.sources == (tmp_path / "pyproject.toml",)
    assert found.extras == ("train", "logs") and found.companions == {"torchaudio"}


POETRY = """\
[[package]]
name = "numpy"
version = "1.26.4"

[[package]]
name = "torchvision"
version = "0.20.1"

[[package]]
name = "pywin32"
version = "306"
markers = "sys_platform == 'win32'"
"""
PYLOCK = """\
lock-version = "1.0"
[[packages]]
name = "numpy"
version = "1.26.4"
marker = "python_version < '4'"
[[packages]]
name = "torchvision"
version = "0.20.1"
"""
CONDA = """\
dependencies:
- python=3.8
- pytorch::pytorch=1.13
- cudatoolkit=11.6
- numpy=1.21
- scipy=1.9.3=py38h0
- ffmpeg
- pip:
  - tqdm==4.66.0
  - torch
"""
PIPFILE = '{"default": {"numpy": {"version": "==1.26.4"}, "tqdm": {"version": "*"}}, "develop": {}}'


def test_uv_lock_is_what_uv_exports(project, tmp_path):
    found = project({"uv.lock": "", "requirements.txt": "scipy"})
    assert found.label == "uv.lock"
    assert found.lines == (f"-e {tmp_path}/packages/helper", "numpy", "torchvision")
    assert found.pins == (Pin("numpy", "1.26.4"),)


def test_lock_of_poetry_pins_what_pyproject_asks_for(project, tmp_path):
    declared = '[tool.poetry.dependencies]\npython = "^3.9"\nnumpy = "*"\n'
    found = project({"poetry.lock": POETRY, "pyproject.toml": declared})
    assert found.sources == (tmp_path / "pyproject.toml",) and found.lines == ()
    assert found.pins == (
        Pin("numpy", "1.26.4"),
        Pin("pywin32", "306", ("sys_platform == 'win32'",)),
    )
    assert found.companions == {"torchvision"} and found.pythons == "<4,>=3.9"


@pytest.mark.parametrize(
    "name, text, lines, pins",
    [
        (
            "pylock.toml",
            PYLOCK,
            ("numpy ; python_version < '4'", "torchvision"),
            (Pin("numpy", "1.26.4", ("python_version < '4'",)),),
        ),
        ("Pipfile.lock", PIPFILE, ("numpy", "tqdm"), (Pin("numpy", "1.26.4"),)),
        ("requirements.lock", "numpy==1.26.4\n", ("numpy",), (Pin("numpy", "1.26.4"),)),
        (
            "environment.yml",
            CONDA,
            ("tqdm", "numpy==1.21.*", "scipy"),
            (Pin("tqdm", "4.66.0"), Pin("scipy", "1.9.3")),
        ),
    ],
)
def test_other_files_are_read(project, name, text, lines, pins):
    found = project({name: text})
    assert (set(found.lines), set(found.pins)) == (set(lines), set(pins))


def test_conda_package_that_an_index_may_lack_is_named(project):
    found = project({"environment.yaml": "dependencies:\n- python=3.8\n- ffmpeg\n- mkl\n"})
    assert found.python == "3.8"
    assert found.notes == ("conda's packages that are left out: ffmpeg",)


@pytest.mark.parametrize(
    "names, taken",
    [
        (["requirements.txt", "uv.lock", "poetry.lock"], "uv.lock"),
        (["requirements-dev.txt", "requirements-gpu.txt"], "requirements-gpu.txt"),
        (["requirements-dev.txt", "setup.py"], "requirements-dev.txt"),
        (["pyproject.toml", "setup.py"], "setup.py"),  # the settings of tools alone
        (["environment.yml", "setup.cfg"], "environment.yml"),
    ],
)
def test_file_that_says_most_is_taken(tmp_path, names, taken):
    for name in names:
        tmp_path.joinpath(name).write_text("[tool.black]\n" if name == "pyproject.toml" else "")
    assert requirements.best(tmp_path) == tmp_path / taken


def test_folders_above_are_searched_up_to_the_top_of_the_repository(project, tmp_path):
    tmp_path.joinpath("requirements.txt").write_text("scipy")
    files = {"repo/.git/HEAD": "", "repo/examples/train.py": "", "repo/.python-version": "3.9.1"}
    assert project(files, folder="repo/examples").label == ""
    found = project({"repo/requirements.txt": "tqdm"}, folder="repo/examples")
    assert found.lines == ("tqdm",) and found.python == "3.9"


def test_file_that_is_asked_for_comes_before_others(project, tmp_path):
    found = project({"uv.lock": "", "old.txt": "tqdm==4.66.0\n"}, asked="old.txt")
    assert found.label == "old.txt" and found.pins == (Pin("tqdm", "4.66.0"),)
    with pytest.raises(HistoryError, match=r"--requirements .*none\.txt: no such file"):
        project({}, asked="none.txt")


@pytest.mark.parametrize(
    "said, specifier",
    [
        ("=1.21", "==1.21.*"),
        ("1.21.2=py38h0", "==1.21.2"),
        (">=1.2,<2", ">=1.2,<2"),
        ("==1.21.2", "==1.21.2"),
        ("", ""),
    ],
)
def test_version_of_conda_in_the_form_of_pip(said, specifier):
    assert conda.specifier(said) == specifier


@pytest.mark.parametrize(
    "line, name",
    [
        ("PyTorch_Lightning>=1 ; python_version > '3'", "pytorch-lightning"),
        ("https://some.where/torch-2.0.1%2Bcu118-cp310-cp310-linux_x86_64.whl", "torch"),
        ("git+https://some.where/a.git@main#egg=torchaudio", "torchaudio"),
        ("/a/folder", ""),
    ],
)
def test_name_of_a_requirement(line, name):
    assert pip.name(line) == name
