"""``CrossEntropyLoss`` raises on a target out of range, or of another dtype or shape.

Class numbers are int64 or uint8, lie between 0 and the number of classes less one, and have the
shape [n], not [n, 1]. -1 does not count from the end, and -100 is accepted only as long as
``ignore_index`` is not changed. Float targets are probabilities and need the shape of the logits; a
one-hot target of integers raises. ``weight`` needs one number per class, in the dtype of the
logits.
"""

import pytest
import torch
from torch.nn import functional as F

from torch_history.observing import observe


def logits():
    """Two samples, three classes."""
    return torch.tensor([[1.0, 2.0, 3.0], [3.0, 1.0, 0.0]])


@pytest.fixture
def on_the_host():
    """Skip on CUDA, where a class out of range is a device-side assert.

    After that assert the process can no longer use the device.
    """
    if torch.zeros(0).is_cuda:
        pytest.skip(reason="a class out of range would take the device away from every later test")


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
@pytest.mark.parametrize("number", [3, -1], ids=["too large", "negative"])
def test_class_out_of_range_raises(number, on_the_host, snapshot):
    """``cross_entropy`` raises on a class out of range, for example the number of classes itself.

    -1 raises too: it does not count from the end.
    """
    assert snapshot == observe(lambda: F.cross_entropy(logits(), torch.tensor([2, number])))


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_default_ignored_class_raises_where_another_is_ignored(on_the_host, snapshot):
    """With ``ignore_index=0`` a target of -100 is not ignored: it is out of range and raises."""
    assert snapshot == observe(
        lambda: F.cross_entropy(logits(), torch.tensor([2, -100]), ignore_index=0)
    )


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "2.12",
    "the message names both accepted dtypes, Long and Byte",
    kind="wording",
    cause="pytorch#175151",
    probable=True,
)
@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.int32, torch.bool], ids=["float32", "int32", "bool"]
)
def test_class_numbers_of_another_dtype_raise(dtype, snapshot):
    """``cross_entropy`` raises on class numbers of another dtype than int64 or uint8.

    Use ``target.long()``.
    """
    assert snapshot == observe(lambda: F.cross_entropy(logits(), torch.tensor([1, 0], dtype=dtype)))


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_target_of_another_batch_size_raises(snapshot):
    """``cross_entropy`` raises on three targets for two samples."""
    assert snapshot == observe(lambda: F.cross_entropy(logits(), torch.tensor([2, 0, 1])))


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.10",
    "the message also allows a target without dimensions",
    kind="wording",
    cause="pytorch#62651",
)
def test_column_of_class_numbers_raises(snapshot):
    """``cross_entropy`` raises on class numbers of shape [n, 1]. Use ``target.squeeze(1)``."""
    assert snapshot == observe(lambda: F.cross_entropy(logits(), torch.tensor([[2], [0]])))


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.10", "the message asks for probabilities as float", kind="wording", cause="pytorch#61044"
)
def test_one_hot_target_of_integers_raises(snapshot):
    """``cross_entropy`` raises on a one-hot target of integers: probabilities must be float.

    ``one_hot`` gives int64. Convert it, or pass the class numbers.
    """
    assert snapshot == observe(
        lambda: F.cross_entropy(logits(), torch.tensor([[0, 0, 1], [1, 0, 0]]))
    )


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.10",
    "the message also allows a target without dimensions",
    kind="wording",
    cause="pytorch#62651",
)
def test_probabilities_for_another_number_of_classes_raise(snapshot):
    """``cross_entropy`` raises on two probabilities for three classes.

    The message treats them as class numbers in two columns.
    """
    assert snapshot == observe(
        lambda: F.cross_entropy(logits(), torch.tensor([[0.5, 0.5], [1.0, 0.0]]))
    )


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.9",
    "raises ValueError for the batch sizes instead of IndexError",
    kind="exception",
    cause="pytorch#53789",
    when=":caught",
    rarely="a target without dimensions for a batch",
)
def test_target_without_dimensions_raises_for_a_batch(snapshot):
    """``cross_entropy`` raises on a target without dimensions for a batch of logits.

    A single class number needs logits without a batch dimension.
    """
    assert snapshot == observe(lambda: F.cross_entropy(logits(), torch.tensor(2)))


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.11",
    "raises RuntimeError instead of IndexError: one sample is accepted, but not this target",
    kind="exception",
    cause="pytorch#71055",
    when=":caught",
    rarely="logits without a batch dimension and a target of one element",
)
@pytest.mark.changed(
    "2.9",
    "logits without a batch take a target of one element",
    kind="error-gone",
    cause="pytorch#161412",
    probable=True,
)
def test_logits_without_a_batch_take_a_target_of_one_element(snapshot):
    """Since 2.9, logits [classes] accept a target of shape [1], as they accept one of shape []."""
    assert snapshot == observe(lambda: F.cross_entropy(logits()[0], torch.tensor([2])))


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.11",
    "raises RuntimeError for int64 instead of IndexError: logits without a batch are accepted",
    kind="exception",
    cause="pytorch#71055",
    when=":caught",
    rarely="logits and target that are swapped",
)
@pytest.mark.changed(
    "2.8",
    "raises NotImplementedError, a subclass of RuntimeError, instead of RuntimeError",
    kind="wording",
    cause="pytorch#155470",
)
def test_target_in_the_place_of_the_logits_raises(snapshot):
    """``cross_entropy(target, logits)``, with its arguments swapped, raises.

    Since 1.11 the message names log_softmax and Long, which is int64.
    """
    assert snapshot == observe(lambda: F.cross_entropy(torch.tensor([2, 0]), logits()))


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.nn.CrossEntropyLoss",
)
@pytest.mark.changed(
    "1.9",
    "raises TypeError instead of AttributeError: cross_entropy is one C++ function",
    kind="exception",
    cause="pytorch#53789",
    when=":caught",
    rarely="a list as the target",
)
def test_list_as_target_raises(snapshot):
    """``cross_entropy`` raises on a list of numbers as target: it needs a tensor."""
    assert snapshot == observe(lambda: F.cross_entropy(logits(), [2, 0]))


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_weights_for_another_number_of_classes_raise(snapshot):
    """``cross_entropy`` raises unless there is one weight per class."""
    assert snapshot == observe(
        lambda: F.cross_entropy(logits(), torch.tensor([2, 0]), weight=torch.tensor([1.0, 2.0]))
    )


@pytest.mark.api("torch.nn.functional.cross_entropy", page="generated/torch.nn.CrossEntropyLoss")
def test_weights_of_another_dtype_than_the_logits_raise(snapshot):
    """``cross_entropy`` raises on weights of another dtype than the logits.

    Weights that NumPy computed are float64. Use ``.float()``.
    """
    weight = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    assert snapshot == observe(
        lambda: F.cross_entropy(logits(), torch.tensor([2, 0]), weight=weight)
    )
