"""``diff --code`` on pieces of source, and on the real records: how surely each is met.

Which hits are right was judged by reading each behaviour.
"""

import ast
import gc
import sys
import tracemalloc

import pytest

from tests.code import REPOSITORY
from torch_history.catalogue import index
from torch_history.catalogue.kinds import Kind
from torch_history.code.hits import Level

pytest.importorskip("pyflakes", reason="pyflakes is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)

from tests.code.scanning import scanned
from torch_history.code import uses

ZERO_GRAD = "training_step.optimizer_zero_grad_leaves_none"
LOAD = "checkpoints.load_refuses_a_whole_module_by_default"
FILE = ", depends on the file"
BUILT = "import torch\nopt = torch.optim.SGD([torch.ones(1)], 0.1)\n"


@pytest.fixture
def cleared(level):
    """How surely a piece of source meets that gradients become None."""
    return lambda source: level(source, ZERO_GRAD, "1.13 2.0")


@pytest.fixture
def loaded(level):
    """How surely a piece of source meets that a whole module no longer loads."""
    return lambda source: level(source, LOAD, "2.5 2.6")


@pytest.mark.parametrize(
    "call, expected",
    [
        ("opt.zero_grad()", "certain"),
        ("opt.zero_grad(set_to_none=False)", None),
        ("opt.zero_grad(True)", None),
        ("torch.optim.Optimizer.zero_grad(opt)", "certain"),
        ("torch.optim.Optimizer.zero_grad(opt, False)", None),
        ("opt.zero_grad(**{})", "likely"),
        ("opt.zero_grad(*[])", "likely"),
        ("clear = opt.zero_grad\nclear()", "certain"),
        ("clear = opt.zero_grad", "likely"),
        ("opt = opt\nopt.zero_grad()", "certain"),
        ("opt.step()", None),
        ("opt.zero_grads()", None),
        ("def f(opt):\n    opt.zero_grad()", "likely"),
        ("def f(o: torch.optim.Adam | None):\n    o.zero_grad()", "likely"),
        ("class A:\n    opt = opt\n    def f(self):\n        self.opt.zero_grad()", "likely"),
        ("opt = wrapped(opt)\nopt.zero_grad()", "likely"),
        ("class opt:\n    def zero_grad(): pass\nopt.zero_grad()", "likely"),
        ("[o.zero_grad() for o in [opt]]", "likely"),
        ("(o := torch.optim.Adam([])).zero_grad()", "certain"),
        ("a, b = opt, 1\na.zero_grad()", "certain"),
        ("(opt if x else None).zero_grad()", "certain"),
    ],
    ids=lambda value: str(value).replace("\n", "; "),
)
def test_call_of_zero_grad_is_met_as_surely_as_its_object_and_its_arguments_are_known(
    cleared, call, expected
):
    assert cleared(BUILT + call) == expected


@pytest.mark.parametrize(
    "source, expected",
    [
        ("import torch\ntorch.load(f)", "certain"),
        ("import torch\ntorch.load(f, weights_only=False)", None),
        ("import torch\ntorch.load(f, 'cpu', weights_only=True)", None),
        ("from torch import load\nload(f)", "certain"),
        ("from torch.serialization import load as l\nl(f)", "certain"),
        ("import torch.nn\ntorch.load(f)", "certain"),
        ("from torch import *\nload(f)", "certain"),
        ("from torch import *\nfrom json import *\nload(f)", "likely"),
        ("from .torch import load\nload(f)", None),
        ("import mytorch as torch\ntorch.load(f)", None),
        ("import torch\ntorch.hub.load(f)", None),
        ("import torch\ndef f(torch):\n    torch.load(g)", None),
        ("import torch\nmap(torch.load, names)", "likely"),
        ("import torch\ndef f(x: torch.load): pass", None),
        ("import functools, torch\nfunctools.partial(torch.load, weights_only=True)", None),
        ("from functools import partial as p\nimport torch\np(torch.load, 'f')", "likely"),
        ("import torch\nmap(torch.load, weights_only=True)", "likely"),
        (
            "try: from torch import load\nexcept ImportError: from pickle import load\nload(f)",
            "likely",
        ),
    ],
    ids=lambda value: str(value).replace("\n", "; "),
)
def test_load_is_found_under_whatever_name_it_was_imported(loaded, source, expected):
    assert loaded(source) == (expected and expected + FILE)


@pytest.mark.parametrize(
    "made, expected",
    [
        ("dict(weights_only=True)", None),
        ("{'weights_only': w}", None),
        ("{'mmap': True}", "likely"),
        ("dict(defaults)", "likely"),
        ("dict(weights_only=True) if w else {}", "likely"),
        ("defaults", "likely"),
    ],
)
def test_options_of_a_dictionary_that_the_file_makes_are_seen(loaded, made, expected):
    function = f"def f(path, w, defaults):\n    options = {made}\n    torch.load(path, **options)"
    assert loaded(f"import torch\n{function}") == (expected and expected + FILE)


def test_options_bound_in_two_ways_are_those_of_both(loaded):
    source = (
        "import torch\noptions = dict(weights_only=True, mmap=True)\n"
        "if w:\n    options = {'mmap': True}\ntorch.load(path, **options)"
    )
    both = source.replace("{'mmap'", "{'weights_only': False, 'mmap'")
    assert loaded(source) == "likely" + FILE
    assert loaded(both) is None


MATCH = """match o:
    case {'a': q, **rest} if q: pass
    case torch.Tensor(x=y) as z: torch.load(z)
    case [a, *b]: pass"""
GENERIC = """type Opt[T] = torch.Tensor
class Box[T: torch.Tensor]:
    def f[U](self, *a: torch.Tensor) -> U: torch.load(a)"""
NEWER = [
    ((3, 10), MATCH),
    ((3, 11), "try: pass\nexcept* ValueError as e: torch.load(e)"),
    ((3, 12), GENERIC),
]


@pytest.mark.parametrize(
    "source",
    [source for version, source in NEWER if sys.version_info >= version],
    ids=lambda source: source.split()[0],
)
def test_call_in_newer_syntax_is_found(loaded, source):
    assert loaded(f"import torch\n{source}") == "certain" + FILE


def test_what_a_name_is_given_in_circles_is_found_in_good_time(cleared):
    circle = "".join(f"a{n} = f(a{(n + 1) % 300}, a{(n + 7) % 300})\n" for n in range(300))
    assert cleared(f"{BUILT}{circle}a0 = opt\na0.zero_grad()") == "likely"


@pytest.mark.parametrize("change, unless", [(0, ("set_to_none", 0))])
def test_marker_tells_which_arguments_keep_a_change_away(change, unless):
    assert index.of(REPOSITORY).known()[ZERO_GRAD].changes[change].unless == unless


# ---- what is kept


def test_memory_does_not_grow_with_the_number_of_files(answers, tmp_path):
    for number in range(240):
        path = tmp_path / str(number % 8) / f"{number}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text("import torch\n" + "x = torch.tensor(f)\n" * 30, encoding="utf-8")

    def peak(folder):
        tracemalloc.start()
        scanned([folder], answers["2.5 2.6"])
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(tmp_path)
    assert peak(tmp_path) < 1.2 * peak(tmp_path / "0")


def test_line_that_meets_many_behaviours_by_one_cause_is_found_once(answers, tmp_path):
    (tmp_path / "a.py").write_text("import torch\ntorch.load(f)\n", encoding="utf-8")
    sure = [
        one
        for one in scanned([tmp_path], answers["2.5 2.6"]).found
        if one.hit.level is Level.CERTAIN
    ]
    assert len(sure) == 1 and len(sure[0].targets) > 2
    assert sure[0].targets[0].kind is Kind.ERROR  # what harms most says what the finding is


def test_what_is_read_of_a_file_is_freed_without_the_garbage_collector():
    def functions():
        return sum(type(one) is ast.FunctionDef for one in gc.get_objects())

    source = (
        "from __future__ import annotations\nimport torch\nseen = 0\n\n"
        "def f(x: torch.Tensor):\n    global seen\n    seen = torch.load(x)\n"
    )
    gc.collect()
    before = functions()
    gc.disable()
    try:
        read = uses.Source(ast.parse(source))
        assert [use.line for use in read.uses({"torch.load": []})] == [7]
        read.close()
        del read
        assert functions() == before
    finally:
        gc.enable()


def test_class_that_is_named_for_cast_or_in_a_type_is_not_passed_on(level):
    schedule = (
        "import torch\nfrom typing import Union, cast\n"
        "_LR = torch.optim.lr_scheduler._LRScheduler\n"
    )
    asked = ("optimizers.step_schedule_is_no_underscored_lr_scheduler", "1.13 2.0")
    assert level(f"{schedule}cast(_LR, x).step()", *asked) is None
    assert level(f"{schedule}Known = Union[_LR, None]", *asked) is None
    assert level(f"{schedule}check(x, _LR)", *asked) == "likely"


@pytest.mark.parametrize(
    "read, expected",
    [
        ("assert (net.weight.grad == 0).all()", "likely"),
        ("self.assertIsNotNone(net.weight.grad)", "likely"),
        ("self.assertIsNone(net.weight.grad)", None),
        ("assert net.weight.grad is None", None),
        ("print(net.weight.grad)", None),
    ],
)
def test_gradient_that_is_compared_is_met_where_gradients_are_cleared(cleared, read, expected):
    built = "import torch\nnet = torch.nn.Linear(1, 1)\n"
    assert cleared(f"{built}{read}") is None
    assert cleared(f"{built}model.zero_grad(set_to_none=False)\n{read}") == expected
