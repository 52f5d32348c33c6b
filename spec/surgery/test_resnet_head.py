"""Article B's example: the head of torchvision's resnet152, 1000 classes, replaced by one of 10. Its weights are random."""

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
    """The network with its head of 1000 classes, on the default device. Tests may replace ``fc`` and write into parameters."""
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
    """``resnet.fc = Linear(2048, 10)``: an image gives 10 numbers, where it gave 1000."""
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
    """Of resnet152's 932 entries the two of the head differ; names, order and the bits of all others are what they were."""
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
    """The head has the same names and other shapes: loading raises, ``strict=False`` or not."""
    saved = resnet.state_dict()
    assert snapshot == observe(lambda: replace_head(resnet).load_state_dict(saved, strict=strict))


@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module", article="B")
def test_state_dict_of_1000_classes_filtered_by_shape_loads_into_10(resnet, snapshot):
    """Kept are the entries whose name and shape agree: with ``strict=False`` they load, and only the head's are missing."""
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
