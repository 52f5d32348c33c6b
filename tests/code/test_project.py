"""What a file imports from the reader's other files is known there, as in its own file."""

import json
import sys

import pytest

pytest.importorskip("pyflakes", reason="pyflakes is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)

from tests.code.making import target
from torch_history.code import scan

MODULE, OPTIMIZER = (
    target(f"{owner}.zero_grad", cause=owner, unless=())
    for owner in ("torch.nn.Module", "torch.optim.Optimizer")
)
MODELS = """import torch
model = torch.nn.Linear(1, 1)
opt = torch.optim.SGD(model.parameters(), 0.1)

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.opt = torch.optim.SGD([], 0.1)

class Careful(Net):
    def zero_grad(self): pass

def build():
    return Net(), torch.optim.SGD([], 0.1)

def make() -> "torch.optim.SGD":
    return something()
"""


@pytest.fixture
def met(folder):
    """What the last file of a project meets: ``2 certain Module``, by line."""

    def of(files, roots=(".",)):
        for name, source in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source, encoding="utf-8")
        found = scan.scan([folder / root for root in roots], [MODULE, OPTIMIZER], set())
        assert not found.faults
        return sorted(
            f"{hit.place.line} {hit.level} {one.targets[0].cause[1].rpartition('.')[2]}"
            for one in found.found
            for hit in [one.hit]
            if hit.place.file == (folder / name).as_posix()
        )

    return of


PACKAGE = {"net/__init__.py": "", "net/models.py": MODELS}


@pytest.mark.parametrize(
    "file, imports",
    [
        ("net/train.py", "from .models import model"),
        ("net/train.py", "from net.models import model"),
        ("net/train.py", "from net.models import model as other\nmodel = other"),
        ("net/train.py", "from . import models\nmodel = models.model"),
        ("net/train.py", "import net.models\nmodel = net.models.model"),
        ("net/train.py", "import net.models as m\nmodel = m.model"),
        ("net/train.py", "from net.models import *"),
        ("net/train.py", "try:\n    from net.models import model\nexcept ImportError:\n    raise"),
        ("net/deep/train.py", "from ..models import model"),
        ("net/deep/train.py", "from .. import models\nmodel = models.model"),
        ("train.py", "from net.models import model"),
        ("scripts/train.py", "from net.models import model"),
    ],
    ids=lambda value: value.replace("\n", "; "),
)
def test_name_is_followed_into_the_file_that_an_import_leads_to(met, file, imports):
    line = imports.count("\n") + 2
    assert met({**PACKAGE, file: f"{imports}\nmodel.zero_grad()"}) == [f"{line} certain Module"]


@pytest.mark.parametrize(
    "init",
    [
        "from .models import model, Net",
        "from net.models import model, Net",
        "from .models import *",
        "from . import models\nmodel = models.model\nNet = models.Net",
    ],
    ids=["names", "absolute", "star", "assigned"],
)
@pytest.mark.parametrize(
    "imports", ["from net import model, Net", "import net\nmodel, Net = net.model, net.Net"]
)
def test_package_exports_what_its_init_imports(met, init, imports):
    line = imports.count("\n") + 2
    use = f"{imports}\nmodel.zero_grad()\nNet().zero_grad()"
    files = {"net/__init__.py": init, "net/models.py": MODELS, "train.py": use}
    assert met(files) == [f"{line} certain Module", f"{line + 1} certain Module"]


def test_star_imports_lead_from_file_to_file(met):
    files = {
        "net/__init__.py": "from .all import *",
        "net/all.py": "from .models import *",
        "net/models.py": MODELS,
        "train.py": "from net import *\nmodel.zero_grad()",
    }
    assert met(files) == ["2 certain Module"]


@pytest.mark.parametrize("test", ["tests/test_net.py", "tests/unit/deep/test_net.py"])
def test_package_below_src_is_found(met, test):
    files = {"src/net/__init__.py": "", "src/net/models.py": MODELS}
    use = "from net.models import model\nmodel.zero_grad()"
    assert met({**files, test: use}) == ["2 certain Module"]


@pytest.mark.parametrize("inits", [True, False], ids=["a package", "a plain folder"])
def test_folder_of_tests_may_have_the_name_of_the_package(met, inits):
    files = {"tests/net/__init__.py": ""} if inits else {}
    use = "from net.models import model\nmodel.zero_grad()"
    assert met({**PACKAGE, **files, "tests/net/test_models.py": use}) == ["2 certain Module"]


def test_files_that_import_each_other_are_read(met):
    first = "import torch\nfrom second import opt\nmodel = torch.nn.Linear(1, 1)\nopt.zero_grad()\n"
    second = "import torch\nfrom first import model\nopt = torch.optim.SGD([], 1)\n"
    assert met({"second.py": second, "first.py": first}) == ["4 certain Optimizer"]
    files = {"first.py": first, "second.py": second + "model.zero_grad()"}
    assert met(files) == ["4 certain Module"]


def test_classes_that_are_each_other_s_base_end_no_scan(met):
    files = {
        "first.py": "from second import B\nclass A(B): pass",
        "second.py": "from first import A\nclass B(A): pass\nB().zero_grad()",
    }
    assert met(files) == ["3 possible Module", "3 possible Optimizer"]


def test_class_of_another_file_has_its_base_in_torch_and_the_attributes_that_it_sets(met):
    source = """from net.models import Net
class Deep(Net):
    def clear(self):
        self.zero_grad()
        self.opt.zero_grad()
Deep().zero_grad()
Deep().opt.zero_grad()
"""
    assert met({**PACKAGE, "train.py": source}) == [
        "4 certain Module",
        "5 likely Optimizer",
        "6 certain Module",
        "7 likely Optimizer",
    ]


def test_class_of_another_file_that_overrides_the_method_is_not_met(met):
    source = "from net.models import Careful\nCareful().zero_grad()\nclass A(Careful): pass\n"
    assert met({**PACKAGE, "train.py": source + "A().zero_grad()"}) == []


BUILD = """import torch
def build():
    return torch.nn.Linear(1, 1), torch.optim.SGD([], 1)
model, opt = build()
model.zero_grad()
opt.zero_grad()
"""
ONE_OR_TWO = """import torch
def build(x):
    if x: return torch.nn.Linear(1, 1), 1
    return torch.nn.Linear(1, 1)
model, one = build()
model.zero_grad()
"""
ATTRIBUTES = """from net.models import build
class Trainer:
    def __init__(self):
        self.model, self.opt = build()
    def clear(self):
        self.model.zero_grad()
        self.opt.zero_grad()
        build()[1].zero_grad()
"""
IMPORTED = """from net.models import build, make
model, opt = build()
model.zero_grad()
opt.zero_grad()
make().zero_grad()
"""


@pytest.mark.parametrize(
    "source, expected",
    [
        (BUILD, ["5 likely Module", "6 likely Optimizer"]),
        (ONE_OR_TWO, ["6 likely Module"]),
        (ATTRIBUTES, ["6 likely Module", "7 likely Optimizer", "8 likely Optimizer"]),
        (IMPORTED, ["3 likely Module", "4 likely Optimizer", "5 likely Optimizer"]),
    ],
    ids=["in its file", "in two forms", "kept in attributes", "in another file"],
)
def test_function_of_the_reader_returns_what_it_says_or_builds(met, source, expected):
    assert met({**PACKAGE, "train.py": source}) == expected


@pytest.mark.parametrize(
    "annotation, owner",
    [
        ("'torch.nn.Linear'", "Module"),
        ("'Optional[torch.nn.Module]'", "Module"),
        ("Optional['torch.optim.SGD']", "Optimizer"),
        ("Optional['Net']", "Module"),
        ("'torch.optim.SGD | None'", "Optimizer"),
        ("Union['torch.optim.SGD', None]", "Optimizer"),
        ("'Net'", "Module"),
        ("'Late'", "Module"),
    ],
)
def test_annotation_in_a_string_counts_as_any_other(met, annotation, owner):
    source = f"""from typing import TYPE_CHECKING, Optional, Union
import torch
if TYPE_CHECKING:
    from net.models import Net
def clear(one: {annotation}):
    one.zero_grad()
class Late(torch.nn.Module): pass
"""
    assert met({**PACKAGE, "train.py": source}) == [f"6 likely {owner}"]


@pytest.mark.parametrize("annotation", ["'not a type'", "'('", "'x' * 9", "'List[int'"])
def test_annotation_that_names_nothing_ends_no_scan(met, annotation):
    source = f"import torch\ndef clear(one: {annotation}):\n    torch.nn.Linear(1, 1).zero_grad()"
    assert met({"train.py": source}) == ["3 certain Module"]


def test_cells_of_a_notebook_import_from_the_files_beside_it(met):
    cells = [{"cell_type": "code", "source": "from models import model\nmodel.zero_grad()"}]
    files = {"models.py": MODELS, "train.ipynb": json.dumps({"cells": cells})}
    assert met(files) == ["2 certain Module"]


def test_file_that_is_scanned_alone_knows_the_files_beside_it(met):
    files = {"models.py": MODELS, "train.py": "from models import model\nmodel.zero_grad()"}
    assert met(files, roots=["train.py"]) == ["2 certain Module"]


def test_module_of_the_reader_with_a_name_of_torch_is_the_reader_s(met):
    own = "class A:\n    def zero_grad(self): pass\nopt = A()"
    use = "from .torch import opt\nopt.zero_grad()"
    assert met({"net/__init__.py": "", "net/torch.py": own, "net/train.py": use}) == []


def test_file_that_does_not_parse_exports_nothing_and_is_named_once(folder):
    (folder / "models.py").write_text("model = (", encoding="utf-8")
    (folder / "train.py").write_text("from models import model\nmodel.zero_grad()", "utf-8")
    found = scan.scan([folder], [MODULE, OPTIMIZER], set())
    assert (
        len(found.faults) == 1 and [str(one.hit.level) for one in found.found] == ["possible"] * 2
    )
