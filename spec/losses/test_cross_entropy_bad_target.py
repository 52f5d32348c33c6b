"""``CrossEntropyLoss`` with a target that is out of range, of another dtype or of another shape: the error each gets."""

import pytest
import torch
from torch.nn import functional as F

from torch_history.observing import observe


def logits():
    """Two samples, three classes."""
    return torch.tensor([[1.0, 2.0, 3.0], [3.0, 1.0, 0.0]])


@pytest.fixture
def on_the_host():
    """On CUDA a class out of range is a device-side assert, after which the process can use the device no more."""
    if torch.zeros(0).is_cuda:
        pytest.skip(reason="a class out of range would take the device away from every later test")


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
@pytest.mark.parametrize("number", [3, -1], ids=["too large", "negative"])
def test_class_out_of_range_raises(number, on_the_host, snapshot):
    """A class that the logits have not raises: the number of the classes itself, and -1, which does not count from the end."""
    assert snapshot == observe(lambda: F.cross_entropy(logits(), torch.tensor([2, number])))


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_default_ignored_class_raises_where_another_is_ignored(on_the_host, snapshot):
    """With ``ignore_index=0`` a target of -100 is ignored no more: it is out of range."""
    assert snapshot == observe(
        lambda: F.cross_entropy(logits(), torch.tensor([2, -100]), ignore_index=0)
    )


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
@pytest.mark.changed(
    "2.12", "the message names both dtypes that are taken, Long and Byte", kind="wording"
)
@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.int32, torch.bool], ids=["float32", "int32", "bool"]
)
def test_class_numbers_of_another_dtype_raise(dtype, snapshot):
    """Class numbers must be int64 (or uint8): ``target.long()`` is the way out."""
    assert snapshot == observe(lambda: F.cross_entropy(logits(), torch.tensor([1, 0], dtype=dtype)))


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_target_of_another_batch_size_raises(snapshot):
    """Three targets for two samples."""
    assert snapshot == observe(lambda: F.cross_entropy(logits(), torch.tensor([2, 0, 1])))


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
@pytest.mark.changed(
    "1.10",
    "the message allows for a target without dimensions too",
    kind="wording",
    cause="pytorch#62651",
)
def test_column_of_class_numbers_raises(snapshot):
    """A target [n, 1] is not taken for [n]: ``target.squeeze(1)`` is the way out."""
    assert snapshot == observe(lambda: F.cross_entropy(logits(), torch.tensor([[2], [0]])))


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
@pytest.mark.changed(
    "1.10", "the message asks for probabilities as float", kind="wording", cause="pytorch#61044"
)
def test_one_hot_target_of_integers_raises(snapshot):
    """``one_hot`` gives int64, and probabilities must be float: convert it, or pass the class numbers."""
    assert snapshot == observe(
        lambda: F.cross_entropy(logits(), torch.tensor([[0, 0, 1], [1, 0, 0]]))
    )


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
@pytest.mark.changed(
    "1.10",
    "the message allows for a target without dimensions too",
    kind="wording",
    cause="pytorch#62651",
)
def test_probabilities_for_another_number_of_classes_raise(snapshot):
    """Two probabilities for three classes: the message takes them for class numbers in two columns."""
    assert snapshot == observe(
        lambda: F.cross_entropy(logits(), torch.tensor([[0.5, 0.5], [1.0, 0.0]]))
    )


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
@pytest.mark.changed(
    "1.9",
    "raises ValueError for the batch sizes instead of IndexError",
    kind="exception",
    cause="pytorch#53789",
)
def test_target_without_dimensions_raises_for_a_batch(snapshot):
    """A single class number serves logits without a batch alone."""
    assert snapshot == observe(lambda: F.cross_entropy(logits(), torch.tensor(2)))


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
@pytest.mark.changed(
    "1.11",
    "raises RuntimeError instead of IndexError: one sample is taken, but not this target",
    kind="exception",
    cause="pytorch#71055",
)
@pytest.mark.changed(
    "2.9",
    "logits without a batch take a target of one element",
    kind="error-gone",
    cause="pytorch#161412",
    probable=True,
)
def test_logits_without_a_batch_take_a_target_of_one_element(snapshot):
    """Logits [classes] take a target [1] as they take one of no dimensions."""
    assert snapshot == observe(lambda: F.cross_entropy(logits()[0], torch.tensor([2])))


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
@pytest.mark.changed(
    "1.11",
    "raises RuntimeError for int64 instead of IndexError: logits without a batch are taken",
    kind="exception",
    cause="pytorch#71055",
)
@pytest.mark.changed(
    "2.8",
    "raises NotImplementedError instead of RuntimeError, which it is a kind of",
    kind="exception",
    cause="pytorch#155470",
)
def test_target_in_the_place_of_the_logits_raises(snapshot):
    """``cross_entropy(target, logits)``, the arguments swapped: the message speaks of log_softmax and int64."""
    assert snapshot == observe(lambda: F.cross_entropy(torch.tensor([2, 0]), logits()))


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
@pytest.mark.changed(
    "1.9",
    "raises TypeError instead of AttributeError: cross_entropy is one function of C++",
    kind="exception",
    cause="pytorch#53789",
)
def test_list_as_target_raises(snapshot):
    """A target is a tensor, not a list of numbers."""
    assert snapshot == observe(lambda: F.cross_entropy(logits(), [2, 0]))


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_weights_for_another_number_of_classes_raise(snapshot):
    """One weight a class, or none."""
    assert snapshot == observe(
        lambda: F.cross_entropy(logits(), torch.tensor([2, 0]), weight=torch.tensor([1.0, 2.0]))
    )


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_weights_of_another_dtype_than_the_logits_raise(snapshot):
    """Weights computed by NumPy are float64: ``.float()`` is the way out."""
    weight = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    assert snapshot == observe(
        lambda: F.cross_entropy(logits(), torch.tensor([2, 0]), weight=weight)
    )
