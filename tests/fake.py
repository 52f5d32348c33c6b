"""A fake library whose answers change at known versions, and a repository about that library."""

import os
import subprocess
import sys
from pathlib import Path

from torch_history import versions
from torch_history.catalogue import source
from torch_history.records import runs, store
from torch_history.records.sources import Sources

REPOSITORY = Path(__file__).resolve().parents[1]

# what tox.ini of the fake project names, and what its session-wide recording records
RELEASES = {"1.4": "1.4.0", "1.13": "1.13.1", "2.0": "2.0.1", "2.6": "2.6.0"}

LIBRARY = '''
import os
import warnings

LINE = tuple(int(part) for part in os.environ.get("FAKELIB_VERSION", "2.6.0").split(".")[:2])


class Version(str):
    """A version without a hash, as torch 1.10's is."""

    __hash__ = None


__version__ = Version(os.environ.get("FAKELIB_VERSION", "2.6.0"))


def scale():
    return 1.0 if LINE < (2, 0) else 0.5

def constant():
    return {"shape": (2, 3), "mean": 0.25}

def strict():
    if LINE >= (2, 0):
        raise ValueError("strict mode is refused")
    return "strict"

if LINE >= (2, 0):
    def added():
        return "added"

if LINE < (2, 6):
    def removed():
        return "removed"

def noisy():
    if LINE >= (2, 0):
        warnings.warn("noisy is deprecated", FutureWarning)
    return 3

def complaint():
    raise RuntimeError("bad size" if LINE < (2, 6) else "bad size: give a positive one")

def flips():
    return 2 if (1, 13) <= LINE < (2, 6) else 1
'''

SPEC = '''
import os

import fakelib
import numpy as np
import pytest
from torch_history.observing import observe


@pytest.mark.api("fakelib.optim.scale", page="scale")
@pytest.mark.changed("2.0", "the scale is halved", kind="silent", cause="fakelib#92731", \
advice="double the rate")
def test_scale_halves(snapshot):
    """The scale is halved, and nobody is told."""
    assert snapshot == observe(fakelib.scale)


@pytest.mark.api("fakelib.nn.constant", page="constant")
def test_constant_stays(snapshot):
    """The constant never changes."""
    assert snapshot == observe(fakelib.constant)


@pytest.mark.api("fakelib.optim.strict", article="B")
@pytest.mark.changed("2.0", "strict mode raises", kind="error", cause="fakelib#2")
def test_strict_mode_is_refused(snapshot):
    """Strict mode is refused."""
    assert snapshot == observe(lambda: fakelib.strict())


@pytest.mark.api("fakelib.optim.added", article="B")
@pytest.mark.changed("2.0", "a new function", kind="appeared")
def test_added_is_there(snapshot):
    """There is a function called added."""
    assert snapshot == observe(lambda: fakelib.added())


@pytest.mark.api("fakelib.optim.removed", article="B")
@pytest.mark.changed("2.6", "the function is gone", kind="gone")
def test_removed_is_gone(snapshot):
    """There is no function called removed."""
    assert snapshot == observe(lambda: fakelib.removed())


@pytest.mark.api("fakelib.nn.noisy", article="B")
@pytest.mark.changed("2.0", "a deprecation", kind="warning")
def test_noisy_warns(snapshot):
    """It warns."""
    assert snapshot == observe(fakelib.noisy)


@pytest.mark.api("fakelib.nn.complaint", article="B")
@pytest.mark.changed("2.6", "the message tells the remedy", kind="wording")
def test_complaint_tells_the_remedy(snapshot):
    """The complaint tells the remedy."""
    assert snapshot == observe(lambda: fakelib.complaint())


@pytest.mark.api("fakelib.nn.flips", article="B")
@pytest.mark.changed("1.13", "one became two", kind="silent")
@pytest.mark.changed("2.6", "two became one", kind="silent")
def test_flip_comes_back(snapshot):
    """One, two, and one again."""
    assert snapshot == observe(fakelib.flips)
'''

SECOND_SPEC = '''
import os

import fakelib
import numpy as np
import pytest
from torch_history.observing import observe


@pytest.mark.api("fakelib.Tensor", page="tensor")
@pytest.mark.changed("2.0", "adam starts at two", kind="silent")
@pytest.mark.parametrize("name", ["sgd", "adam"], ids=["sgd", "adam"])
def test_start_of_an_optimizer(snapshot, name):
    """Where an optimizer starts."""
    assert snapshot == observe(lambda: 2 if name == "adam" and fakelib.LINE >= (2, 0) else 1)


@pytest.mark.api("fakelib.Tensor", page="tensor")
def test_tensor_drifts_within_tolerance(snapshot):
    """Three ULP are no change."""
    tensor = np.array([[1.0, 2.0]], "float32")
    if fakelib.LINE >= (2, 6):
        tensor[0, 0] += np.float32(3 * 2.0**-23)
    assert snapshot == observe(lambda: tensor)


@pytest.mark.api("fakelib.Tensor", page="tensor")
def test_optional_part(snapshot):
    """Needs what is not everywhere."""
    if "FAKELIB_WITHOUT_PART" in os.environ:
        pytest.skip("no part for this fakelib")
    assert snapshot == observe(lambda: "part")


@pytest.mark.api("fakelib.Tensor", page="tensor")
def test_device_answer(snapshot, request):
    """The other device answers differently from 2.0 on."""
    other = request.config.option.device == "other"
    assert snapshot == observe(lambda: "other" if other and fakelib.LINE >= (2, 0) else "same")
'''

TOX_INI = """
[tox]
env_list = torch1.4, torch1.13, torch2.0, torch2.6

[testenv]
deps =
    torch2.0: torch==2.0.1
    torch2.6: torch==2.6.0
    torch1.4: torch==1.4.0
    torch1.13: torch==1.13.1
    torch2.0: numpy<2
commands = python -m pytest {posargs}
"""

INI = """
[pytest]
testpaths = spec
pythonpath = .
history_library = fakelib
addopts =
    --strict-markers
    --import-mode=importlib
    --snapshot-default-extension=torch_history.running.extension.HistoryExtension
    -p torch_history.running.plugin
    -p no:cacheprovider
markers =
    api(*names, page=None, article=None, signature=False): what a behaviour is about
    changed(version, text, kind, **more): what changed, its cause and advice
    interchange(legacy=None): each case is a file that a release wrote
    no_fault(why): why no fault can make it fail
"""

# tox run --notest --root ROOT --workdir WORK -e ENVIRONMENT: makes WORK/ENVIRONMENT/bin/python.
# A file in control/ says what goes wrong.
TOX = """#!/bin/sh
root=$4 bin=$6/$8/bin environment=$8
cd "$root" || exit 1
echo "tox $environment" >> calls
if [ -e control/no-build-$environment ]; then
    echo "collecting"; echo "ERROR: no solution found"; echo "exit 1"; exit 1
fi
mkdir -p "$bin"
{
    echo "#!/bin/sh"
    echo "root='$root' environment=$environment patch=${TORCH#torch==}"
    cat prepared/python
} > "$bin/python"
chmod +x "$bin/python"
"""

# What the python of such an environment does. It answers the questions for torch's version and
# for a CPU wheel, `-m torch_history.surveying FILE DIGEST`, and
# `-m pytest --record-to FILE --device DEVICE --behaviours FILE ...`.
PYTHON = f"""
cd "$root" || exit 1
if [ "$1" = -c ]; then
    case "$2" in
    *version.py*) if [ -e control/cpu-$environment ]; then echo True; else echo False; fi ;;
    *) if [ -e control/holds-$environment ]; then cat control/holds-$environment; \
else echo $patch; fi ;;
    esac
    exit
fi
if [ "$2" = torch_history.surveying ]; then
    echo survey $environment >> calls
    if [ -e control/no-survey-$environment ]; then echo "ImportError: no torch"; exit 1; fi
    sed "s/DIGEST/$4/" prepared/$environment-surface.json > "$3"
    exit
fi
echo run $environment $(cat "$8") >> calls
if [ -e control/hang-$environment ]; then echo $$ >> control/hanging; sleep 30; fi
if [ -e control/with-$environment ]; then
    # another one must run at the same time: it is awaited 1500 times, or as often as is told
    touch control/runs-$environment
    read -r other most < control/with-$environment
    tries=0
    until [ -e control/runs-$other ]; do
        tries=$((tries + 1)); if [ $tries = ${{most:-1500}} ]; then echo "Error: alone"; exit 1; fi
        sleep 0.02
    done
fi
if [ -e control/crash-$environment ]; then
    echo "Fatal Python error: Segmentation fault"; exit 139
fi
if [ -e control/silent-$environment ]; then exit 0; fi
echo "spec/rates/test_rates.py ..  [ 50%]"
'{sys.executable}' prepared/run.py prepared/$environment.json "$4" "$8" || exit 1
if [ -e control/fails-$environment ]; then exit 1; fi
"""

# Of a prepared run what was asked for, with the digests of the sources as they are now.
HAND_OUT = f"""
import json
import sys
from pathlib import Path

sys.path.insert(0, {str(REPOSITORY)!r})
from torch_history.catalogue import source
from torch_history.records.sources import Sources

prepared, target, asked = sys.argv[1:]
run, new = (json.loads(Path(name).read_text()) for name in (prepared, "prepared/new"))
names = Path(asked).read_text().split()
known, digests = source.behaviours(Path.cwd()), Sources(Path.cwd())
run["sources"] = {{name: digests.digest(known[name].file, known[name].function) for name in names}}
run["unknown"] = {{name: why for name, why in run["unknown"].items() if name in names}}
run["observations"] = {{
    name: run["observations"].get(name, new) for name in names if name not in run["unknown"]
}}
Path(target).write_text(json.dumps(run))
"""


def ended(arguments, folder, variables, timeout):
    """Python in a folder, with these variables alone: what it printed, and its exit status."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=str(folder),
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )


class Project:
    """A folder laid out as this repository, about the fake library."""

    def __init__(self, root):
        self.root, self.spec = root, root / "spec"

    def write(self, path, text):
        """Write a file below the root, its folders made."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def lay_out(self):
        self.write("fakelib.py", LIBRARY)
        self.write("pytest.ini", INI)
        self.write("tox.ini", TOX_INI)
        self.write("spec/rates/test_rates.py", SPEC)
        self.write("spec/tensors/test_tensors.py", SECOND_SPEC)
        (self.root / "manifests").mkdir()

    def python(self, *arguments, version="2.6.0", **environment):
        """Run Python in the root, with no plugins of pytest but those that the engine needs."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in ("CI", "BUILD_NUMBER") and not name.startswith(("PYTEST_", "COV_"))
        }
        variables = {
            **kept,
            "PYTHONPATH": str(REPOSITORY),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "COLUMNS": "200",
            "FAKELIB_VERSION": version,
            **environment,
        }
        return ended(arguments, self.root, variables, timeout=60)

    def pytest(self, *arguments, version="2.6.0", **environment):
        return self.python(
            "-m", "pytest", "-p", "syrupy", *arguments, version=version, **environment
        )

    def history(self, *arguments):
        # without --root an installed package would answer from its own folder
        return self.python("-m", "torch_history", "--root", ".", *arguments)

    def observe(self, version, *arguments, **environment):
        """One pytest run that records: the run file's content."""
        result = self.pytest("--record-to", "run.json", *arguments, version=version, **environment)
        assert (self.root / "run.json").exists(), result.stdout
        run = store.read_json(self.root / "run.json")
        (self.root / "run.json").unlink()
        return run

    def sources(self):
        """Behaviour -> the digest of its source."""
        digests = Sources(self.root)
        return {
            name: digests.digest(one.file, one.function)
            for name, one in source.behaviours(self.root).items()
        }

    def record(self, version, *arguments, **environment):
        """Observe and merge a release, as `torch-history record` does."""
        run = self.observe(version, *arguments, **environment)
        runs.merge(self.root, run, versions.line(version))
        return run

    def chain(self, behaviour, case="observed", device="cpu"):
        """The entries of a chain, without their digests."""
        chain = self.kept(behaviour).timelines[case][device]
        return {
            version: {part: entry[part] for part in entry if part != "digest"}
            for version, entry in chain.items()
        }

    def path(self, behaviour):
        return store.path_of(self.spec, behaviour)

    def kept(self, behaviour):
        """What is recorded of a behaviour."""
        return store.read(self.path(behaviour))

    def change(self, file, old, new):
        """Replace a text that a file has."""
        text = (self.root / file).read_text(encoding="utf-8")
        assert old in text
        self.write(file, text.replace(old, new))

    def bytes(self):
        """Every record and manifest, as it lies on the disk."""
        paths = [*self.spec.glob("*/__snapshots__/*"), *(self.root / "manifests").glob("*")]
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in paths}
