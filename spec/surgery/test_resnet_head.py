"""Article B's example: the head of torchvision's resnet152 is replaced by a new one.

The old head has 1000 classes, the new one 10. The weights are random. The replacement changes only
the head's two entries of the state dict. The old state dict then does not load: ``strict=False``
allows missing and unexpected names, and no other shapes. Keep only the entries of equal shape, and
load these with ``strict=False``.
"""

import pytest
import torch

from torch_history.observing import observe


@pytest.fixture(scope="module")
def built_once():
    models = pytest.importorskip(
        "torchvision.models", reason="torchvision is not installed beside this torch"
    )
    return models.resnet152().eval()  # in eval a forward changes no statistics


@pytest.fixture
def resnet(built_once):
    """The network with its head of 1000 classes, on the default device.

    Tests may replace ``fc`` and write into parameters.
    """
    head = built_once.fc
    yield built_once.to(torch.ones(1).device)
    built_once.fc = head


def copy_of_state(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def replace_head(model):
    model.fc = torch.nn.Linear(2048, 10)
    return model


@pytest.mark.api(
    "torch.nn.Module", "torch.nn.Linear", page="generated/torch.nn.Module", article="B"
)
def test_resnet_head_is_replaced_by_one_of_ten_outputs(resnet, snapshot):
    """``resnet.fc = Linear(2048, 10)`` makes an image give 10 numbers instead of 1000."""
    image = torch.zeros(1, 3, 32, 32)

    def act():
        with torch.no_grad():
            return {
                "before": {"fc": repr(resnet.fc), "output": resnet(image).shape},
                "after": {"fc": repr(replace_head(resnet).fc), "output": resnet(image).shape},
            }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module", article="B")
def test_replacing_the_head_of_resnet_leaves_all_else_equal(resnet, snapshot):
    """Replacing the head of resnet152 changes only the head's 2 of 932 state dict entries.

    Names, order and the bits of all other entries stay the same.
    """
    before = copy_of_state(resnet)
    after = replace_head(resnet).state_dict()
    assert list(after) == list(before)
    differ = [
        name
        for name, value in after.items()
        if value.shape != before[name].shape or not torch.equal(value, before[name])
    ]
    assert snapshot == observe(
        lambda: {
            "entries": len(after),
            "parameters": len(list(resnet.parameters())),
            "differ": differ,
        }
    )


@pytest.mark.parametrize(
    "strict", [pytest.param(True, id="strict"), pytest.param(False, id="not strict")]
)
@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module", article="B")
def test_state_dict_of_1000_classes_does_not_load_into_10_even_with_strict_false(
    strict, resnet, snapshot
):
    """A state dict of 1000 classes does not load into 10, even with ``strict=False``.

    The head has the same names but other shapes.
    """
    saved = resnet.state_dict()
    assert snapshot == observe(lambda: replace_head(resnet).load_state_dict(saved, strict=strict))


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module", article="B")
def test_state_dict_of_1000_classes_filtered_by_shape_loads_into_10(resnet, snapshot):
    """A state dict of 1000 classes loads into 10 if only entries of equal shape are kept.

    With ``strict=False`` only the entries of the head are missing.
    """
    saved, own = copy_of_state(resnet), replace_head(resnet).state_dict()
    for value in own.values():
        value.zero_()
    fitting = {
        name: value
        for name, value in saved.items()
        if name in own and value.shape == own[name].shape
    }

    def act():
        returned = resnet.load_state_dict(fitting, strict=False)._asdict()
        equal = [
            name
            for name, value in resnet.state_dict().items()
            if name in fitting and torch.equal(value, saved[name])
        ]
        return {
            "fitting": len(fitting),
            "loaded": len(equal),
            **returned,
            "head is still zero": torch.equal(resnet.fc.weight, torch.zeros(10, 2048)),
        }

    assert snapshot == observe(act)
