"""The survey of the torch that the development install has, as the reader reads it."""

import importlib.metadata
import os
import sys

import pytest

from tests.fake import REPOSITORY, ended
from torch_history.surface import entering, files
from torch_history.surface.entry import Entry, read, stored
from torch_history.surface.files import Surface
from torch_history.surface.parameters import parse

RELEASE = "2.13.0"
# what the interpreter needs to find its packages, and what keeps torch to one thread
KEPT = ("PATH", "HOME", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
SETTINGS = {name: os.environ[name] for name in KEPT if name in os.environ}


def installed():
    try:
        return importlib.metadata.version("torch").partition("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return None


# names of other releases
KNOWN = ["torch._foreach_abs", "torch.cuda.amp.GradScaler._unscale_grads_", "torch.symeig.gone"]

pytestmark = pytest.mark.skipif(installed() != RELEASE, reason=f"torch {RELEASE} is not installed")


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    """One survey for all tests here; it takes ten seconds."""
    out = tmp_path_factory.mktemp("survey") / "out.json"
    names = out.with_name("names.txt")
    names.write_text("\n".join(KNOWN))
    command = ["-m", "torch_history.surveying", str(out), "0123456789abcdef", str(names)]
    settings = {**SETTINGS, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    result = ended(command, out.parent, settings, timeout=300)
    assert result.returncode == 0, result.stdout
    assert result.stdout.startswith(f"torch {RELEASE}: ")
    return entering.survey_of(out.read_bytes())


def test_survey_says_what_was_surveyed_and_by_what(survey):
    assert (survey.format, survey.release) == (entering.FORMAT, RELEASE)
    assert survey.source == "0123456789abcdef"
    assert survey.python == ".".join(map(str, sys.version_info[:3]))


@pytest.mark.parametrize(
    "name, entry",
    [
        ("torch.float32", Entry("value")),
        ("torch.nn.Linear.in_features", None),
        ("torch.nn.Linear.forward", Entry("method", "(input)")),
        ("torch.nn.Module.dump_patches", Entry("attribute")),
        ("torch.is_tensor", Entry("function", "(obj, /)")),
        ("torch.backends.cudnn.benchmark", Entry("value")),
        ("torch._foreach_abs", Entry("function", "(self)")),
        (
            "torch.cuda.amp.GradScaler._unscale_grads_",
            Entry("method", "(optimizer, inv_scale, found_inf, allow_fp16)"),
        ),
        ("torch.symeig.gone", None),
        (
            "torch.nn.Linear",
            Entry(
                "class",
                "(in_features, out_features, bias=True, device=None, dtype=None)",
                ("torch.nn.Module",),
            ),
        ),
        ("torch.optim.NAdam.step", Entry("method", "(closure=None)")),
        ("torch.linalg.qr", Entry("function", "(A, mode='reduced', *, out=None)")),
        ("torch.ops.aten.add.Tensor", Entry("operator", "(self, other, *, alpha=1)")),
        ("torch._six", None),
        ("torch.nn.modules.linear.Linear", None),
    ],
)
def test_name_has_its_entry(survey, name, entry):
    assert survey.names.get(name) == entry


def test_deprecated_function_warns_and_removed_one_only_raises(survey):
    assert survey.names["torch.symeig"].removed.startswith("This function was deprecated since")
    (warned,) = survey.names["torch.qr"].warns
    assert warned.category == "UserWarning" and warned.always
    assert warned.text.startswith("torch.qr is deprecated in favor of torch.linalg.qr")
    (warned,) = survey.names["torch.cuda.amp.autocast"].warns
    assert warned.category == "FutureWarning" and "torch.amp.autocast('cuda'" in warned.text


def test_builtin_has_each_of_its_overloads(survey):
    assert "(input, other, *, alpha=1, out=None)" in survey.names["torch.add"].overloads
    assert survey.names["torch.return_types.max"].fields == ("values", "indices")


def test_what_comes_from_c_or_a_private_module_is_public_where_torch_shows_it(survey):
    names = {"torch.nn.functional.linear", "torch.distributed.TCPStore", "torch.jit.is_scripting"}
    assert names <= set(survey.names)


def test_other_paths_are_aliases_of_the_public_one(survey):
    assert survey.aliases["torch.nn.modules.linear.Linear"] == "torch.nn.Linear"
    assert survey.aliases["torch.optim.nadam.NAdam"] == "torch.optim.NAdam"
    assert set(survey.aliases.values()) <= set(survey.names)
    assert not set(survey.aliases) & set(survey.names)


def test_annotations_are_of_names_that_are_there(survey):
    assert survey.annotations["torch.nn.Linear"].startswith("in_features: int; out_features: int")
    assert set(survey.annotations) <= set(survey.names)


def test_private_modules_are_listed_by_name(survey):
    assert {"torch", "torch._C", "torch.utils._pytree", "torch.optim"} <= set(survey.modules)
    assert "torch._six" not in survey.modules


def test_every_entry_is_stored_and_read_and_its_parameters_parsed(survey):
    for entry in survey.names.values():
        assert read(stored(entry)) == entry
        for takes in entry.overloads:
            parse(takes)


def test_survey_enters_the_files_and_reads_back(survey, tmp_path):
    surface = Surface()
    entering.enter(surface, survey, "2.13")
    files.write(tmp_path, surface)
    assert files.read(tmp_path) == surface
    assert list(entering.unlike(surface, survey, "2.13")) == []
