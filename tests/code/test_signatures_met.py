"""Which calls meet a signature that changed, and a keyword or an API that one side lacks."""

import sys

import pytest

pytest.importorskip("pyflakes", reason="pyflakes is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)

from tests.code.making import hits, target, told
from torch_history.catalogue import signatures

SCHEDULER = "torch.optim.lr_scheduler.LRScheduler"


def signature(api, before, after):
    """A change of the parameters of an API: ``"x dim=0"`` to ``"x * dim=0"``."""
    pair = signatures.parsed(before.split()), signatures.parsed(after.split())
    return target(api, kind="gone")._replace(parameters={api: pair})


def why(source, change):
    """What the only hit of a source says of its arguments; None where there is none."""
    found = hits(f"import torch\n{source}", change)
    assert len(found) <= 1
    return found[0].why.partition(" with ")[2] if found else None


@pytest.mark.parametrize(
    "call, after, expected",
    [
        # moved
        ("(x, 0)", "x keep=False dim=0", "argument 2 by position, which was dim and is keep"),
        ("(x, 0, True)", "x keep=False", "argument 2 by position, which was dim and is keep"),
        ("(x, dim=0)", "x keep=False dim=0", None),
        # keyword-only
        ("(x, 0)", "x * dim=0 keep=False", "argument 2 by position, which was dim"),
        ("(x, dim=0)", "x * dim=0 keep=False", None),
        # gone
        ("(x, keep=True)", "x dim=0", "keep="),
        ("(x, 0, True)", "x dim=0", "argument 3 by position, which was keep"),
        ("(x, 0)", "x dim=0", None),
        ("(x, keep=True)", "x dim=0 **more", None),
        ("(x, 0, True)", "x dim=0 *more", None),
        # renamed in its place
        ("(x, 0)", "x axis=0 keep=False", None),
        ("(x, dim=0)", "x axis=0 keep=False", "dim="),
        # what is not seen, and what no signature had
        ("(*given)", "x", None),
        ("(x, **options)", "x", None),
        ("(x, other=1)", "x", None),
        ("(1, 2, 3, 4)", "x dim=0 keep=False more=1", None),
    ],
)
def test_call_is_met_where_the_other_signature_takes_its_arguments_otherwise(call, after, expected):
    change = signature("torch.thing", "x dim=0 keep=False", after)
    assert why(f"torch.thing{call}", change) == expected


def test_hit_is_on_the_line_of_the_argument():
    change = signature("torch.thing", "x dim=0", "x")
    assert told("import torch\ntorch.thing(\n    x,\n    0)", change) == ["4 certain"]


def test_tensor_of_a_method_is_the_first_argument_of_the_function():
    method = signature("torch.Tensor.thing", "dim=0", "* dim=0")
    source = "import torch\ntorch.Tensor.thing(x, 0)\ntorch.ones(1).thing(0)\ntorch.thing(x, 0)\n"
    assert told(source, method) == ["2 certain", "3 certain", "4 likely"]
    function = signature("torch.thing", "x dim=0", "x * dim=0")
    assert told(source, function) == ["3 likely", "4 certain"]
    assert told("import torch\ntorch.Tensor.thing(x)\ntorch.ones(1).thing()", method) == []


@pytest.mark.parametrize(
    "call, expected",
    [
        ("torch.nn.functional.mse_loss(x, y, True)", "2 certain"),
        ("torch.nn.MSELoss(None, None, True)", None),
        ("torch.nn.MSELoss(size_average=True)", "2 likely"),
    ],
)
def test_class_of_a_loss_shares_keywords_with_its_function_but_no_positions(call, expected):
    change = signature(
        "torch.nn.functional.mse_loss", "input target size_average=None", "input target"
    )
    assert told(f"import torch\n{call}", change) == ([expected] if expected else [])


@pytest.mark.parametrize(
    "source, expected",
    [
        ("torch.optim.lr_scheduler.LRScheduler(opt, -1, True)", "2 certain"),
        ("torch.optim.lr_scheduler.StepLR(opt, 30, 0.1, True)", None),
        ("torch.optim.lr_scheduler.StepLR(opt, 30, verbose=True)", "2 certain"),
        ("class S(torch.optim.lr_scheduler.LRScheduler): pass\nS(opt, -1, True)", "3 certain"),
        ("class S(torch.optim.lr_scheduler.LRScheduler): pass\nS(opt, -1)", None),
        ("class S(torch.optim.lr_scheduler.StepLR): pass\nS(opt, 30, 0.1)", None),
    ],
    ids=lambda value: str(value).replace("\n", "; "),
)
def test_subclass_shares_keywords_with_its_base_but_no_positions(source, expected):
    change = signature(
        SCHEDULER, "optimizer last_epoch=-1 verbose=False", "optimizer last_epoch=-1"
    )
    assert told(f"import torch\n{source}", change) == ([expected] if expected else [])


# ---- classes of the reader


OWN = """import torch
class S(torch.optim.lr_scheduler.LRScheduler):
    def __init__(self, optimizer, last_epoch, verbose):
        {}
S(opt, -1, True)
"""


@pytest.mark.parametrize(
    "call",
    [
        "super().__init__(optimizer, last_epoch, verbose)",
        "super(S, self).__init__(optimizer, last_epoch, verbose)",
        "torch.optim.lr_scheduler.LRScheduler.__init__(self, optimizer, last_epoch, verbose)",
        "super().__init__(optimizer, verbose=verbose)",
    ],
)
def test_what_a_class_passes_on_to_the_base_is_met_and_not_how_it_is_built_itself(call):
    change = signature(
        SCHEDULER, "optimizer last_epoch=-1 verbose=False", "optimizer last_epoch=-1"
    )
    assert told(OWN.format(call), change) == ["4 certain"]
    assert told(OWN.format("super().__init__(optimizer, last_epoch)"), change) == []


def test_class_with_a_base_that_is_not_known_may_have_its_own_constructor():
    change = signature(
        SCHEDULER, "optimizer last_epoch=-1 verbose=False", "optimizer last_epoch=-1"
    )
    source = (
        "import torch\nfrom elsewhere import Mixin\n"
        "class S(Mixin, torch.optim.lr_scheduler.LRScheduler): pass\nS(opt, -1, True)"
    )
    assert told(source, change) == ["4 likely"]


# ---- what one side lacks


def test_keyword_that_one_side_refuses_is_met_where_it_is_given():
    change = target("torch.thing", kind="gone", needs={"keep"})
    source = "import torch\ntorch.thing(x, keep=1)\ntorch.thing(x)\ntorch.thing(**{'keep': 1})"
    assert told(source, change) == ["2 certain", "4 certain"]


@pytest.mark.parametrize(
    "source, expected",
    [
        ("torch.optim.lr_scheduler.LRScheduler(opt)", "2 certain"),
        ("class S(torch.optim.lr_scheduler.LRScheduler): pass", "2 certain"),
        ("isinstance(x, torch.optim.lr_scheduler.LRScheduler)", "2 certain"),
        ("from torch.optim import lr_scheduler\nlr_scheduler.StepLR(opt, 1)", None),
    ],
)
def test_name_that_one_side_lacks_is_met_by_itself_and_not_by_its_subclasses(source, expected):
    change = target(SCHEDULER, kind="appeared", lacking=True)
    assert told(f"import torch\n{source}", change) == ([expected] if expected else [])
