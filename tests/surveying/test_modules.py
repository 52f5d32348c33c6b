"""Which modules a release has, and which of them can be imported."""

import os
import sys
import types

import pytest

from tests.fake import REPOSITORY, ended
from torch_history.surveying.modules import MOST, is_private, modules


@pytest.mark.parametrize(
    "name, private",
    [("torch.nn", False), ("torch._C", True), ("torch.a._b.c", True), ("torch.a_", False)],
)
def test_part_that_begins_with_an_underscore_makes_a_name_private(name, private):
    assert is_private(name) is private


def test_public_modules_are_imported_and_private_ones_known_by_name(package):
    found = modules(
        package(
            {
                "torch/nn/__init__.py": "",
                "torch/nn/deep/__init__.py": "",
                "torch/nn/deep/one.py": "",
                "torch/_six.py": "raise RuntimeError('imported')",
                "torch/_inner/__init__.py": "",
                "torch/_inner/two.py": "",
                "torch/data/no_package.py": "",
            }
        )
    )
    assert sorted(found.public) == ["torch", "torch.nn", "torch.nn.deep", "torch.nn.deep.one"]
    assert found.public["torch.nn"] is sys.modules["torch.nn"]
    assert found.private == ["torch._inner", "torch._inner.two", "torch._six"]
    assert found.failed == {} and "torch._six" not in sys.modules


@pytest.mark.parametrize(
    "text, why",
    [
        ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("raise ImportError('two\\n   lines')", "ImportError: two lines"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("1 +", "SyntaxError: invalid syntax (bad.py, line 1)"),
        ("class Own(BaseException): pass\nraise Own", "Own: "),
    ],
)
def test_module_that_cannot_be_imported_is_named_with_its_reason(package, text, why):
    found = modules(package({"torch/bad.py": text, "torch/good.py": ""}))
    assert found.failed == {"torch.bad": why}
    assert sorted(found.public) == ["torch", "torch.good"]


def test_long_reason_is_cut(package):
    found = modules(package({"torch/bad.py": "raise ValueError('x' * 1000)"}))
    assert len(found.failed["torch.bad"]) == MOST


def test_package_that_fails_takes_what_is_in_it_along(package):
    files = {"torch/bad/__init__.py": "import nowhere_at_all", "torch/bad/inner.py": ""}
    assert list(modules(package(files)).failed) == ["torch.bad", "torch.bad.inner"]


def test_interrupt_ends_the_survey(package):
    with pytest.raises(KeyboardInterrupt):
        modules(package({"torch/bad.py": "raise KeyboardInterrupt"}))


def test_module_that_torch_makes_itself_is_public_too(package):
    torch = package({})
    made = types.ModuleType("torch.special")
    for name in ("torch.special", "torch._own", "torch.ops.aten", "torch.classes"):
        sys.modules[name] = made
    sys.modules["torch.value"] = torch.value = types.SimpleNamespace()
    found = modules(torch)
    assert found.public == {"torch": torch, "torch.special": made}


def test_module_that_prints_is_silent(tmp_path):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("")
    loud = "import os, sys\nprint('one')\nos.write(2, b'two')\nsys.stderr.write('three')"
    (tmp_path / "torch" / "loud.py").write_text(loud)
    code = (
        "import torch\nfrom torch_history.surveying.modules import modules\n"
        "print(sorted(modules(torch).public))"
    )
    path = os.pathsep.join([str(tmp_path), str(REPOSITORY)])
    told = ended(["-c", code], tmp_path, {"PYTHONPATH": path}, timeout=60).stdout
    assert told == "['torch', 'torch.loud']\n"
