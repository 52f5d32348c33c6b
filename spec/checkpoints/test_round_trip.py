"""A tensor keeps its bits, dtype, strides and shared storage in a file, but not its gradient.

``torch.save`` and ``torch.load`` keep every bit pattern of a float32, the strides of a transposed
tensor, ``requires_grad``, and the class ``torch.nn.Parameter``. Two tensors that share a storage
share it again after loading. Gradients and graphs are not saved: a saved output loads as a leaf. A
slice is saved with its whole storage, so a small tensor can make a large file; ``clone()`` avoids
this. New dtypes could not always be saved at first: ``torch.float8_e4m3fn`` since 2.2,
``torch.uint16`` since 2.6.
"""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fixtures.checkpoint import batchnorm, load_trusted, through_a_file
from fixtures.models import linear
from torch_history.observing import observe


def bits(tensor):
    """The bits of float32 values, as unsigned integers."""
    return tensor.detach().cpu().numpy().view(np.uint32).tolist()


@pytest.mark.api("torch.save", "torch.load", page="notes/serialization")
@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=8))
def test_every_bit_pattern_of_a_float_survives(patterns):
    """Every bit pattern of a float32 survives saving and loading, even the payload of a NaN."""
    buffer = io.BytesIO()
    torch.save(torch.from_numpy(np.array(patterns, np.uint32).view(np.float32)), buffer)
    buffer.seek(0)
    assert bits(load_trusted(buffer)) == patterns


@pytest.mark.api("torch.save", "torch.load", page="notes/serialization")
def test_special_values_survive(here, snapshot):
    """-0.0, NaN, both infinities and the smallest positive float32 survive saving and loading."""
    values = torch.tensor([-0.0, float("nan"), float("inf"), -float("inf"), 1e-45])

    def act():
        loaded = through_a_file(values)
        return {"values": loaded, "same bits": bits(loaded) == bits(values)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.save", "torch.load", page="tensors")
@pytest.mark.changed(
    "1.5",
    "the message for complex numbers is shorter: 1.5 disables complex tensors",
    kind="wording",
    cause="pytorch#35579",
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be created, saved and loaded",
    kind="error-gone",
    cause="pytorch#35579",
    probable=True,
    of=("torch.complex64", "torch.complex128"),
    rarely="complex tensors that are saved",
)
@pytest.mark.changed(
    "2.3",
    "uint16 appears, but cannot be saved",
    kind="appeared",
    cause="pytorch#116594",
    of="torch.uint16",
    unless=(),
)
@pytest.mark.changed(
    "2.6",
    "uint16 can be saved and loaded",
    kind="error-gone",
    cause="pytorch#137184",
    of="torch.uint16",
    rarely="tensors of it that are saved",
)
@pytest.mark.parametrize(
    "name",
    [
        "float16",
        "bfloat16",
        "float64",
        "complex64",
        "int8",
        "uint8",
        "int16",
        "uint16",
        "int32",
        "int64",
        "bool",
    ],
    ids=str,
)
def test_dtype_survives(here, snapshot, name):
    """A tensor of each dtype keeps its dtype and values through saving and loading.

    A dtype that a release does not have raises there.
    """
    assert snapshot == observe(
        lambda: through_a_file(torch.tensor([0, 1, 100]).to(getattr(torch, name)))
    )


@pytest.mark.api("torch.save", "torch.load", page="tensors")
@pytest.mark.changed(
    "2.1",
    "float8_e4m3fn appears, but cannot be saved",
    kind="appeared",
    cause="pytorch#104242",
    of="torch.float8_e4m3fn",
    unless=(),
)
@pytest.mark.changed(
    "2.2",
    "float8_e4m3fn can be saved and loaded",
    kind="error-gone",
    cause="pytorch#114662",
    of="torch.float8_e4m3fn",
    rarely="tensors of it that are saved",
)
def test_float8_tensor_survives_saving_and_loading(here, snapshot):
    """Since 2.2, a float8_e4m3fn tensor keeps its dtype and values through saving and loading.

    0.3 is 0.3125 in float8_e4m3fn, before and after.
    """

    def act():
        loaded = through_a_file(torch.tensor([0.3, -448.0]).to(torch.float8_e4m3fn))
        return {"dtype": loaded.dtype, "values": loaded.to(torch.float32)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.save", "torch.load", page="notes/serialization")
def test_state_dict_survives_with_buffers_and_versions(here, snapshot):
    """Parameters, buffers, their order and ``_metadata`` survive saving and loading a state dict.

    ``_metadata`` holds the versions of the modules' formats.
    """

    def act():
        loaded = through_a_file(torch.nn.Sequential(linear([[2.0]]), batchnorm()).state_dict())
        return {"values": dict(loaded), "_metadata": loaded._metadata}

    assert snapshot == observe(act)


@pytest.mark.api("torch.save", "torch.load", page="notes/serialization")
def test_shared_storage_survives(here, snapshot):
    """Two tensors that share a storage still share it after loading.

    A write to one shows in the other.
    """
    whole = torch.tensor([1.0, 2.0, 3.0])

    def act():
        loaded = through_a_file({"whole": whole, "tail": whole[1:]})
        loaded["tail"][0] = 7.0
        return loaded

    assert snapshot == observe(act)


@pytest.mark.api("torch.save", page="notes/serialization")
def test_slice_is_saved_with_its_whole_storage(here, snapshot):
    """``torch.save`` of a slice writes its whole storage.

    One element of a thousand gives a file of more than 4,000 bytes. Call ``clone()`` before saving.
    """
    whole = torch.zeros(1000)
    torch.save(whole[:1], "slice.pt")
    torch.save(whole[:1].clone(), "clone.pt")
    assert snapshot == observe(
        lambda: {
            "more than 4000 bytes": Path("slice.pt").stat().st_size > 4000,
            "its clone's": Path("clone.pt").stat().st_size > 4000,
        }
    )


@pytest.mark.api("torch.save", "torch.load", page="notes/serialization")
def test_strides_survive(here, snapshot):
    """A transposed tensor keeps its strides through saving and loading: it is not contiguous."""
    transposed = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).t()

    def act():
        loaded = through_a_file(transposed)
        return {"values": loaded, "strides": loaded.stride()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.save", "torch.load", page="notes/serialization")
def test_requires_grad_and_the_class_parameter_survive(here, snapshot):
    """``requires_grad`` and the class ``Parameter`` survive saving and loading.

    A frozen Parameter loads as a frozen Parameter.
    """
    values = {
        "tensor": torch.tensor([1.0], requires_grad=True),
        "parameter": torch.nn.Parameter(torch.tensor([2.0])),
        "frozen": torch.nn.Parameter(torch.tensor([3.0]), requires_grad=False),
    }

    def act():
        loaded = through_a_file(values)
        return {**loaded, "classes": [type(value).__name__ for value in loaded.values()]}

    assert snapshot == observe(act)


@pytest.mark.api("torch.save", "torch.load", page="notes/serialization")
def test_gradient_does_not_survive(here, snapshot):
    """``torch.save`` does not save ``.grad``, not even that of a whole module.

    A checkpoint made between backward and step loses the gradient.
    """
    model = linear([[1.0, 2.0]])
    model(torch.tensor([[1.0, 1.0]])).sum().backward()
    assert model.weight.grad is not None
    assert snapshot == observe(lambda: through_a_file(model).weight.grad)


@pytest.mark.api("torch.save", "torch.load", page="notes/serialization")
def test_saved_output_loads_as_a_leaf(here, snapshot):
    """A tensor with a graph is saved without it, and loads as a leaf that requires grad.

    Detach a tensor before saving if only its value matters.
    """
    output = torch.tensor([1.0, 2.0], requires_grad=True) * 3

    def act():
        loaded = through_a_file(output)
        return {"loaded": loaded, "is_leaf": loaded.is_leaf, "grad_fn": loaded.grad_fn}

    assert snapshot == observe(act)
