"""What the recorded surface says of source, for changes of torch that many programs met."""

import sys

import pytest

pytest.importorskip("pyflakes", reason="pyflakes is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)

from tests.code import REPOSITORY
from tests.code.making import collected
from torch_history.code.surfacing import Surfacing
from torch_history.surface import index
from torch_history.surface.events import Surfaces

REFRESH = "_refresh_per_optimizer_state"
DYNAMO = "torch.onnx.export(m, (x,), 'a.onnx'{})"


@pytest.fixture(scope="module")
def surface():
    return index.of(REPOSITORY)


@pytest.fixture
def told(surface):
    """``2.0 certain is gone``: the release, the level and what is told, for each finding."""

    def of(source, before, after):
        surfacing = Surfacing(Surfaces(surface, before, after))
        found = collected(f"import torch\n{source}", surfacing=surfacing).found
        changes = [(one.targets[0].change, one.hit) for one in found]
        return [f"{change.version} {hit.level} {change.text}" for change, hit in changes]

    return of


@pytest.mark.parametrize(
    "source, before, after, expected",
    [
        ("torch.symeig(x)", "1.13", "2.15", "2.0 certain only raises: This function was depre"),
        ("torch.lstsq(b, a)", "1.12", "2.15", "1.13 certain only raises: This function was dep"),
        ("torch.qr(x)", "2.6", "2.15", "2.14 certain only raises: This function was deprecated"),
        ("import torch._six", "1.13", "2.15", "2.0 certain is gone"),
        ("from torch._six import inf", "1.13", "2.15", "2.0 certain is now torch.inf"),
        (
            "from torch.optim.optimizer import params_t",
            "2.1",
            "2.15",
            "2.2 certain is called torch.optim.optimizer.ParamsT",
        ),
        (
            f"from torch.cuda.amp.grad_scaler import {REFRESH}",
            "2.2",
            "2.15",
            f"2.3 certain is now torch.amp.grad_scaler.{REFRESH}",
        ),
        (
            "torch.set_default_tensor_type(torch.FloatTensor)",
            "2.0",
            "2.15",
            "2.1 certain warns: UserWarning: torch.set_default_tensor_type() is deprecated",
        ),
        (
            "torch.quantize_per_channel(x, s, z, 0, torch.qint8)",
            "2.6",
            "2.15",
            "2.13 certain warns: UserWarning: torch.quantize_per_tensor, torch.quantize_per_chan",
        ),
        (
            "torch.distributed.all_gather_into_tensor(a, b)",
            "2.6",
            "2.14",
            "2.13 certain warns: FutureWarning: `torch.distributed.all_gather_into_tensor` is",
        ),
        (
            "torch.distributed.all_gather_into_tensor(a, b)",
            "1.13",
            "1.12",
            "1.13 certain is gone",
        ),
        (
            DYNAMO.format(", dynamo=True"),
            "2.15",
            "2.3",
            "2.4 certain dynamo= is refused: it is gone",
        ),
        (
            DYNAMO.format(", dynamo=False"),
            "2.8",
            "2.15",
            "2.9 certain warns: DeprecationWarning: You are using the legacy TorchScript-based",
        ),
        (DYNAMO.format(""), "2.8", "2.15", "2.9 possible dynamo is True by default, was False"),
    ],
)
def test_change_is_told_with_its_release(told, source, before, after, expected):
    (only,) = told(source, before, after)
    assert only.startswith(expected)


@pytest.mark.parametrize(
    "source, before, after",
    [
        ("torch.symeig(x)", "2.0", "2.15"),
        ("torch.qr(x)", "1.13", "2.13"),
        ("torch.distributed.all_gather_into_tensor(a, b)", "2.6", "2.15"),
        (DYNAMO.format(", dynamo=True"), "2.8", "2.15"),
        ("torch.set_default_tensor_type(torch.FloatTensor)", "2.1", "2.15"),
    ],
)
def test_what_both_releases_do_alike_is_not_told(told, source, before, after):
    assert told(source, before, after) == []


def test_seventh_argument_of_nadam_has_the_release_that_gave_it_another_meaning(told):
    source = "torch.optim.NAdam(p, 2e-3, (0.9, 0.999), 1e-8, 0, 4e-3, True)"
    refused = "takes 6 positional arguments; the seventh given here is refused"
    assert told(source, "1.13", "2.0") == [f"2.0 certain {refused}: foreach is keyword-only"]
    assert told(source, "1.13", "2.15") == [
        "2.1 certain takes decoupled_weight_decay in place of foreach as its seventh argument"
    ]
