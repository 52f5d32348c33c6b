"""What the files of a project ask for: ranges, every format, conditions, and pairs of versions."""

import json
import sys
import time

import pytest

from tests.code import REPOSITORY
from torch_history.catalogue import index
from torch_history.errors import HistoryError
from torch_history.escaping import one_line

pytest.importorskip("packaging", reason="packaging is not installed")
if sys.version_info < (3, 11):
    pytest.importorskip("tomli", reason="reading a lock file needs Python 3.11, or tomli")

from torch_history.code.pins import asking, pairs

KNOWN = ["1.4.0", "1.5.1", "1.13.1", "2.0.1", "2.1.2", "2.2.2", "2.4.1", "2.5.1", "2.6.0"]
KNOWN += ["2.14.1", "2.15.0"]
LINUX, DARWIN = "sys_platform == 'linux'", "sys_platform == 'darwin'"
FORK = "[[package]]\nname = 'torch'\nversion = '{}'\nresolution-markers = [\"{}\"]\n"


def told(folder, name, content, newer=False, python=None):
    """What a file asks for: each version with its condition."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(content, encoding="utf-8")
    found = asking.asked("--from", name, python, KNOWN, newer)
    return {one.version: one.condition for one in found}


def refusal(*arguments, **named):
    """What is said of a file that is refused, which must come at once and in one line."""
    started = time.perf_counter()
    with pytest.raises(HistoryError) as refused:
        told(*arguments, **named)
    assert str(refused.value) == one_line(refused.value) and len(str(refused.value)) < 1000
    assert time.perf_counter() - started < 5
    return str(refused.value)


# ---- ranges


@pytest.mark.parametrize(
    "line, older, newer",
    [
        ("torch>=2.1", "2.1", "2.15"),
        ("torch>=2.1.0", "2.1", "2.15"),
        ("torch>=2.0.1", "2.0.1", "2.15"),
        ("torch~=2.1", "2.1", "2.15"),
        ("torch~=2.1.0", "2.1", "2.1"),
        ("torch>=2.1,<3", "2.1", "2.15"),
        ("torch>=2.1,<2.5", "2.1", "2.4"),
        ("torch>=2.1,!=2.1.*", "2.2", "2.15"),
        ("torch>2.0", "2.0.1", "2.15"),
        ("torch==2.1.*", "2.1", "2.1"),
        ("torch>=2,<2.6", "2.0", "2.5"),
        ("torch>1.0", "1.4", "2.15"),
        ("torch>=2.3", "2.4", "2.15"),
        ("torch>=2.3,<2.4", "2.3", "2.3"),
        ("torch>=2.1\n-c less.txt", "2.1", "2.5"),
        ("torch>=2.15.1", "2.15.1", "2.15.1"),
        ("torch==2.1.0", "2.1.0", "2.1.0"),
    ],
)
def test_range_is_asked_from_its_oldest_release_and_leads_to_its_newest(folder, line, older, newer):
    (folder / "less.txt").write_text("torch<2.6", encoding="utf-8")
    assert told(folder, "requirements.txt", line) == {older: ""}
    assert told(folder, "requirements.txt", line, newer=True) == {newer: ""}


@pytest.mark.parametrize(
    "line, says, newer",
    [
        ("torch", "'torch' does not say which torch is used: name a file with torch==V", "2.15"),
        (
            "torch<2.5",
            "'torch<2.5' has no lower end; the newest recorded release in it is 2.4",
            "2.4",
        ),
        ("torch!=2.5.0", "'torch!=2.5.0' does not say which torch is used", "2.15"),
    ],
)
def test_range_without_a_lower_end_is_refused_as_the_older_side_alone(folder, line, says, newer):
    assert says in refusal(folder, "requirements.txt", line)
    assert told(folder, "requirements.txt", line, newer=True) == {newer: ""}


def test_words_say_where_a_version_comes_from(folder):
    (folder / "r.txt").write_text(
        f"numpy\ntorch==1.13.1; {DARWIN}\ntorch \\\n >= 2.1; {LINUX}", encoding="utf-8"
    )
    assert [one.words for one in asking.asked("--from", "r.txt", None, KNOWN)] == [
        'r.txt:2: torch 1.13.1 (sys_platform == "darwin")',
        (
            "r.txt:3: torch 2.1, the oldest recorded release of 'torch >= 2.1' "
            '(sys_platform == "linux")'
        ),
    ]


# ---- formats

PROJECT = """[project]
name = "x"
dependencies = ["numpy", "torch>=2.1 ; python_version >= '3.9'"]
[project.optional-dependencies]
cpu = ["torch==2.5.1"]
[dependency-groups]
Old_Base = ["torch<2.6"]
dev = [{include-group = "old-base"}, "torch>=2.2"]
loop = [{include-group = "loop"}]
"""
POETRY = """[tool.poetry.dependencies]
python = "^3.8"
torch = [
  {version = "^2.1", python = ">=3.9"},
  {version = "1.13.1", python = "<3.9", platform = "linux"},
]
[tool.poetry.group.new.dependencies]
Torch = {version = "~2.14 || ^2.15", source = "pytorch"}
[tool.poetry.group.wheel.dependencies]
torch = {url = "https://example.org/torch-2.5.1%2Bcpu-cp311-cp311-linux_x86_64.whl"}
"""
UV = """[project]
dependencies = ["torch"]
[tool.uv]
constraint-dependencies = ["torch<2.6", "torch>=2.1"]
"""
CONDA = """name: x
channels: [pytorch]
dependencies:
  - python=3.10
  - pytorch-cuda=12.1
  - {}
  - pip
  - pip: [numpy, -r more.txt]
"""
CFG = """[options]
install_requires =
    numpy
    torch>=2.1  # any
[options.extras_require]
cpu =
    torch==2.5.1; python_version>'3'
"""
SCRIPT = """from setuptools import setup
NEEDED = ["numpy", "torch>=2.1"]
print(1 / 0)
setup(install_requires=NEEDED, extras_require={"cpu": ["torch==2.5.1", *more]})
"""
PIPFILE = {
    "_meta": {"torch": 1},
    "default": {"torch": {"version": "==2.5.1+cpu", "markers": "python_version >= '3.9'"}},
    "develop": {"torch": {"version": "==2.6.0"}, "numpy": {}},
    "docs": {"torch": {"git": "https://example.org"}},
}


@pytest.mark.parametrize(
    "name, content, expected",
    [
        (
            "pyproject.toml",
            PROJECT,
            {
                "2.1": 'python_version >= "3.9"',
                "2.5.1": "extra cpu",
                "2.2": "group dev",
            },
        ),
        (
            "pyproject.toml",
            POETRY,
            {
                "2.1": 'python_full_version >= "3.9"',
                "1.13.1": 'python_full_version < "3.9" and sys_platform == "linux"',
                "2.14": "group new",
                "2.5.1": "group wheel",
            },
        ),
        ("pyproject.toml", UV, {"2.1": ""}),
        ("pyproject.toml", f'{UV}override-dependencies = ["torch==2.2.2"]', {"2.2.2": ""}),
        (
            "pyproject.toml",
            "[tool.setuptools.dynamic]\ndependencies = {file = ['more.txt']}",
            {"2.4.1": ""},
        ),
        ("sub/pyproject.toml", "[tool.poetry.dependencies]\ntorch = '2.5.*'", {"2.5": ""}),
        ("pyproject.toml", "[tool.pdm.dev-dependencies]\na = ['torch==2.1']", {"2.1": "group a"}),
        ("pdm.lock", "[[package]]\nname = 'torch'\nversion = '2.5.1'\n", {"2.5.1": ""}),
        (
            "Pipfile.lock",
            json.dumps(PIPFILE),
            {"2.5.1": 'python_version >= "3.9"', "2.6.0": "group develop"},
        ),
        ("requirements-dev.lock", "torch==2.5.1\n    # via x", {"2.5.1": ""}),
        ("setup.cfg", CFG, {"2.1": "", "2.5.1": 'extra cpu, python_version > "3"'}),
        ("setup.cfg", "[options]\ninstall_requires = file: more.txt", {"2.4.1": ""}),
        ("setup.py", SCRIPT, {"2.1": "", "2.5.1": "extra cpu"}),
        ("requirements.txt", "\ufefftorch==2.5.1", {"2.5.1": ""}),
    ],
)
def test_every_format_tells_each_torch_with_its_condition(folder, name, content, expected):
    (folder / "more.txt").write_text("torch==2.4.1", encoding="utf-8")
    assert told(folder, name, content) == expected


@pytest.mark.parametrize(
    "line, older, newer",
    [
        ("pytorch=2.1", "2.1", "2.1"),
        ("pytorch=2.1*", "2.1", "2.1"),
        ("pytorch 2.1.*", "2.1", "2.1"),
        ("pytorch==2.1.0", "2.1.0", "2.1.0"),
        ("pytorch::pytorch==2.1.0=py3.10_cuda12.1_cudnn8.9.2_0", "2.1.0", "2.1.0"),
        ("conda-forge::pytorch-gpu=2.1.0=cuda*", "2.1.0", "2.1.0"),
        ("pytorch 2.1.0 py3.10_cpu_0", "2.1.0", "2.1.0"),
        ("pytorch>=2.1,<2.5", "2.1", "2.4"),
        ("pytorch >= 2.1, <2.5", "2.1", "2.4"),
        ("\"pytorch[version='>=2.1,<2.5',build=cuda*]\"", "2.1", "2.4"),
        ("pytorch 2.1.2|2.2.2", "2.1.2", "2.2.2"),
        ("numpy", "2.0.1", "2.0.1"),
    ],
)
def test_environment_of_conda_tells_its_torch(folder, line, older, newer):
    pytest.importorskip("yaml", reason="PyYAML is not installed")
    pip = "torch==2.0.1" if line == "numpy" else "numpy"
    (folder / "more.txt").write_text(pip, encoding="utf-8")
    assert told(folder, "environment.yml", CONDA.format(line)) == {older: ""}
    assert told(folder, "environment.yml", CONDA.format(line), newer=True) == {newer: ""}


@pytest.mark.parametrize(
    "name, content, says",
    [
        ("pyproject.toml", "[project]\ndependencies = 1", "not a pyproject.toml: Expected `array`"),
        ("pyproject.toml", "[project]\ndependencies = ['torch>>2']", "'torch>>2' is not a requ"),
        ("pyproject.toml", "[tool.poetry.dependencies]\ntorch = 1", "not a pyproject.toml: Exp"),
        ("pyproject.toml", "[tool.poetry.dependencies]\ntorch = 'x'", "not a constraint of Po"),
        ("pyproject.toml", f"[tool.poetry.dependencies]\ntorch = '^{'9' * 9000}'", "is not a"),
        ("pyproject.toml", f"[project]\ndependencies = {['torch>=2'] * 1001}", "more than 1000 l"),
        (
            "pyproject.toml",
            f"[project]\ndependencies = {['torch>=2' + ',>=2' * 2000] * 100}",
            "more than 200000 characters are about torch",
        ),
        (
            "pyproject.toml",
            "[dependency-groups]\n"
            + "".join(f"g{at} = [{{include-group = 'g{at + 1}'}}]\n" for at in range(2000)),
            "its dependency groups include too many others",
        ),
        ("pyproject.toml", "[tool.setuptools.dynamic.dependencies]\nfile = 'x'", ": x: no such"),
        ("environment.yml", "a: [" * 20_000, "not YAML: nested too deeply"),
        ("environment.yml", "a: \x00", "not YAML: unacceptable character"),
        ("environment.yml", "{" + "a," * 50_000 + "}", "larger than 100 kB"),
        ("environment.yml", "{" + "a," * 49_000 + "}", "there is no torch in it"),
        ("environment.yml", "a: !!python/object:os.abort x", "there is no torch in it"),
        ("environment.yml", "dependencies: [pytorch>>1]", "not a requirement of conda"),
        ("environment.yml", f"dependencies: [pytorch{' ' * 9000}=]", "not a requirement of conda"),
        ("setup.cfg", "a = 1", "not a setup.cfg: File contains no section headers"),
        ("setup.py", "setup(", "line 1: "),
        ("setup.py", "-" * 50_000 + "1", "line 1: nested too deeply"),
        ("requirements.txt", "".join(f"torch==2.{at}\n" for at in range(40)), " and 35 more: give"),
    ],
    ids=lambda value: value[:40].encode("unicode_escape").decode(),
)
def test_file_that_is_broken_or_hostile_is_refused_in_one_line(folder, name, content, says):
    if name.endswith(".yml"):
        pytest.importorskip("yaml", reason="PyYAML is not installed")
    assert says in refusal(folder, name, content)


# ---- conditions

SEVERAL = f"""torch==1.13.1; python_version < '3.9'
torch==2.0.1; python_version >= '3.9' and {LINUX}
torch>=2.2; {DARWIN}
"""


@pytest.mark.parametrize(
    "python, expected",
    [("3.8", {"1.13.1": ""}), ("3.10", {"2.0.1": ""}), ("3.10.4", {"2.0.1": ""})],
)
def test_python_chooses_the_pin_whose_marker_holds(folder, python, expected):
    assert told(folder, "requirements.txt", SEVERAL, python=python) == expected


def test_python_for_which_nothing_is_pinned_is_refused(folder):
    message = refusal(folder, "r.txt", "torch==2.5; python_version < '3.9'", python="3.12")
    assert message.endswith('pins no torch for Python 3.12 on Linux: python_version < "3.9"')


@pytest.mark.parametrize("python", ["", "x", "3", "3.x", "3.9999", "3.10 "])
def test_python_that_is_no_version_is_refused(folder, python):
    assert refusal(folder, "r.txt", "torch==2.5", python=python).startswith("--python ")


# ---- pairs


@pytest.fixture
def paired(folder):
    """Pair versions and files of the real records: each pair, with its condition."""
    known = index.of(REPOSITORY)

    def run(before=None, after=None, old=None, new=None, python=None):
        found = pairs.pair(before, after, old, new, python, known)
        return [one[:3] for one in found]

    (folder / "old.txt").write_text("torch>=2.1", encoding="utf-8")
    (folder / "new.txt").write_text("torch<2.6", encoding="utf-8")
    (folder / "bad.txt").write_text("torch==0.4.1", encoding="utf-8")
    (folder / "one.txt").write_text("torch==1", encoding="utf-8")
    old, new = ("2.5.1", "2.6.0"), ("2.6.0", "2.7.1")
    for name, forks in {"old.lock": old, "new.lock": new}.items():
        text = FORK.format(forks[0], DARWIN) + FORK.format(forks[1], LINUX)
        (folder / name).write_text(text, encoding="utf-8")
    return run


def test_two_versions_are_one_pair(paired):
    assert paired("2.5", "2.6") == [("2.5", "2.6", "")]


def test_side_that_is_left_out_is_the_newest_recorded_release(paired):
    assert paired("2.5") == [("2.5", "2.15", "")]
    assert paired(old="old.txt") == [("2.1", "2.15", "")]


def test_one_side_is_a_file_and_the_other_a_version(paired):
    assert paired("2.3", new="new.txt") == [("2.3", "2.5", "")]
    # The first argument of `diff --from old.txt 2.4` is the newer side.
    assert paired("2.4", old="old.txt") == paired(None, "2.4", "old.txt") == [("2.1", "2.4", "")]


def test_forks_are_paired_where_both_are_installed(paired):
    assert paired(old="old.lock", new="new.lock") == [
        ("2.5.1", "2.6.0", DARWIN),
        ("2.6.0", "2.7.1", LINUX),
    ]
    assert paired(old="old.lock", new="new.txt") == [
        ("2.5.1", "2.5", DARWIN),
        ("2.6.0", "2.5", LINUX),
    ]
    assert paired(old="old.lock", new="new.lock", python="3.10") == [("2.6.0", "2.7.1", "")]


@pytest.mark.parametrize(
    "given, says",
    [
        ({}, "give two versions, A and B, or --from FILE and --to FILE"),
        ({"after": "2.6"}, "give two versions"),
        ({"new": "new.txt"}, "give two versions"),
        ({"before": "2.5", "after": "2.6", "old": "old.txt"}, "give two versions"),
        ({"before": "2.5", "after": "2.6", "new": "new.txt"}, "give two versions"),
        ({"before": "2.5", "python": "3.10"}, "--python 3.10: needs --from FILE or --to FILE"),
        ({"old": "bad.txt"}, "--from bad.txt: version '0.4.1' is not in the records"),
        ({"before": "2.5", "new": "bad.txt"}, "--to bad.txt: version '0.4.1' is not in the rec"),
        ({"old": "one.txt"}, "--from one.txt: '1' is not a version"),
        ({"old": "new.txt"}, "--from new.txt: 'torch<2.6' has no lower end"),
    ],
)
def test_sides_that_cannot_be_compared_are_refused(paired, given, says):
    with pytest.raises(HistoryError) as refused:
        paired(**given)
    assert str(refused.value).startswith(says)
