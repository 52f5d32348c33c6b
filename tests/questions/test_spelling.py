"""Which names of torch's surface somebody means who types one."""

import pytest

from tests.questions import surface as small
from torch_history.questions.names import Lives
from torch_history.questions.spelling import meant, nearly


@pytest.fixture(scope="module")
def lives(tmp_path_factory):
    surface = small.written(tmp_path_factory.mktemp("spelling"))
    return Lives(small.catalogue(), surface)


@pytest.mark.parametrize(
    "asked, names",
    [
        ("torch.optim.NAdam", ["torch.optim.NAdam"]),
        ("torch.optim.nadam.NAdam", ["torch.optim.nadam.NAdam"]),
        ("NAdam", ["torch.optim.NAdam"]),  # its paths are one object
        ("optim.NAdam", ["torch.optim.NAdam"]),
        ("NAdam.zero_grad", ["torch.optim.NAdam.zero_grad"]),
        ("zero_grad", ["torch.optim.Optimizer.zero_grad"]),
        ("qr", ["torch.linalg.qr", "torch.qr"]),  # which is gone
        ("linalg.qr()", ["torch.linalg.qr"]),
        ("F.qr", ["torch.functional.qr"]),
        ("_six", ["torch._six"]),
        ("optim", ["torch.optim"]),
        ("Adam", []),
        ("nadam.NAdam", ["torch.optim.nadam.NAdam"]),
        ("torch.ops.aten.add", ["torch.ops.aten.add.Scalar", "torch.ops.aten.add.Tensor"]),
        ("", []),
        (".", []),
    ],
)
def test_name_may_begin_at_any_dot(lives, asked, names):
    assert meant(lives, asked) == names


@pytest.mark.parametrize(
    "asked, name",
    [
        ("torch.optim.NAdm", "torch.optim.NAdam"),
        ("torch.optim.nadm", "torch.optim.nadam"),
        ("torch.optm.NAdam", "torch.optim.NAdam"),
        ("torch.optim.NAdam.zer_grad", "torch.optim.NAdam.zero_grad"),  # which it inherits
        ("torch.optim.nadam.nadam", "torch.optim.nadam.NAdam"),
        ("Optimiser", "Optimizer"),
        ("torch.linalg.svd", None),
        ("numpy.qr", None),
        ("torch.quantization.qr", None),
        ("", None),
    ],
)
def test_misspelt_name_is_the_one_that_is_alike_in_the_same_place(lives, asked, name):
    assert nearly(lives, asked) == name
