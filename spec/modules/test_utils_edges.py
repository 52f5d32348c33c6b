"""Vectors of parameters and padded sequences at the edges: no elements, other dtypes and shapes.

``parameters_to_vector`` and ``vector_to_parameters`` are inverse to each other for any shape. A
vector that is too long is accepted, and its rest is ignored. Lengths of packed sequences lie
between 1 and the padded length. Trap: a transposed parameter cannot be joined to a vector.
"""

import pytest
import torch
from torch.nn import Parameter
from torch.nn.utils import parameters_to_vector, rnn, vector_to_parameters

from torch_history.observing import observe_each


@pytest.mark.api(
    "torch.nn.utils.parameters_to_vector", page="generated/torch.nn.utils.parameters_to_vector"
)
@pytest.mark.changed(
    "1.5",
    "the message lists other backends",
    kind="wording",
    when=":caught",
    rarely="no parameters",
)
@pytest.mark.changed(
    "1.5",
    "the message writes the dtypes in lower case",
    kind="wording",
    when=":caught",
    rarely="parameters of two dtypes",
)
@pytest.mark.changed(
    "1.6",
    "two dtypes give the wider",
    kind="error-gone",
    cause="pytorch#35030",
    rarely="parameters of two dtypes",
)
@pytest.mark.changed(
    "1.6",
    "the message lists other backends",
    kind="wording",
    when=":caught",
    rarely="no parameters",
)
@pytest.mark.changed(
    "1.7",
    "the message lists other backends",
    kind="wording",
    when=":caught",
    rarely="no parameters",
)
@pytest.mark.changed(
    "1.8",
    "the message lists other backends",
    kind="wording",
    when=":caught",
    rarely="no parameters",
)
@pytest.mark.changed(
    "1.9",
    "raises NotImplementedError, a kind of RuntimeError",
    kind="wording",
    cause="pytorch#53377",
    when=":caught",
    rarely="no parameters",
)
@pytest.mark.changed(
    "1.10",
    "the message lists other backends",
    kind="wording",
    when=":caught",
    rarely="no parameters",
)
@pytest.mark.changed(
    "1.11",
    "the message lists other backends",
    kind="wording",
    when=":caught",
    rarely="no parameters",
)
@pytest.mark.changed(
    "1.12",
    "raises a plain RuntimeError, which says that it expects a non-empty list",
    kind="exception",
    cause="pytorch#68640",
    probable=True,
    advice="catch RuntimeError, which covers NotImplementedError",
    when=":caught",
    rarely="no parameters",
)
@pytest.mark.changed(
    "2.1",
    "the message names device instead of is_cuda",
    kind="wording",
    when=":caught",
    rarely="a number among the parameters",
)
@pytest.mark.changed(
    "2.9",
    "raises ValueError instead of RuntimeError",
    kind="exception",
    cause="pytorch#155383",
    probable=True,
    advice="catch ValueError and RuntimeError",
    when=":caught",
    rarely="no parameters",
)
def test_vector_of_parameters_joins_any_shapes(snapshot):
    """``parameters_to_vector`` flattens parameters of any shape and joins them, in their order.

    The vector is part of the graph. Two dtypes give the wider. Trap: it raises for a transposed
    parameter.
    """

    def of(*parameters):
        return parameters_to_vector(parameters)

    one = torch.ones(1)
    cases = {
        "shapes": lambda: of(torch.tensor([[1.0, 2.0]]), torch.tensor(3.0)),
        "transposed": lambda: of(torch.tensor([[1.0, 2.0], [3.0, 4.0]]).t()),
        "no elements": lambda: of(torch.zeros(0, 3), one),
        "nothing": of,
        "generator": lambda: parameters_to_vector(p for p in [one, one * 2]),
        "one tensor": lambda: parameters_to_vector(torch.tensor([[1.0, 2.0], [3.0, 4.0]])),
        "two dtypes": lambda: of(one, one.double()),
        "float16": lambda: of(one.half(), one.half()),
        "integers": lambda: of(torch.tensor([1, 2])),
        "graph": lambda: of(Parameter(one), one).requires_grad,
        "number": lambda: of(1.0),
    }
    assert snapshot == observe_each(cases)


@pytest.mark.api(
    "torch.nn.utils.vector_to_parameters", page="generated/torch.nn.utils.vector_to_parameters"
)
@pytest.mark.changed(
    "1.13",
    "raises instead of making the parameters integers",
    kind="error",
    advice="pass vector.float()",
    rarely="a vector of integers",
    cause="pytorch#78436",
)
def test_parameters_take_a_vector_that_is_too_long_and_refuse_a_short_one(snapshot):
    """``vector_to_parameters`` ignores what is left of a long vector, and raises for a short one.

    A vector of another dtype changes the dtype of the parameters.
    """

    def into(vector, *shapes):
        parameters = [Parameter(torch.zeros(shape)) for shape in shapes]
        vector_to_parameters(vector, parameters)
        return [parameter.detach() for parameter in parameters]

    cases = {
        "shapes": lambda: into(torch.arange(3.0), (1, 2), ()),
        "too long": lambda: into(torch.arange(4.0), (2,)),
        "too short": lambda: into(torch.arange(1.0), (2,)),
        "no elements": lambda: into(torch.arange(1.0), (0, 3), (1,)),
        "two dimensions": lambda: into(torch.ones(2, 1), (2,)),
        "strided": lambda: into(torch.arange(4.0)[::2], (2,)),
        "float64": lambda: into(torch.arange(2.0).double(), (2,)),
        "integers": lambda: into(torch.arange(2), (2,)),
        "list": lambda: into([1.0, 2.0], (2,)),
        "that requires grad": lambda: into(torch.ones(2, requires_grad=True), (2,)),
        "of nothing": lambda: into(torch.arange(2.0)),
    }
    assert snapshot == observe_each(cases)


@pytest.mark.api(
    "torch.nn.utils.rnn.pad_sequence", page="generated/torch.nn.utils.rnn.pad_sequence"
)
@pytest.mark.changed(
    "1.5",
    "the message says that complex dtypes are not supported",
    kind="wording",
    when=":caught",
    rarely="complex tensors",
    cause="pytorch#35579",
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be made and padded",
    kind="error-gone",
    rarely="complex tensors",
    cause="pytorch#35579",
    probable=True,
)
@pytest.mark.changed(
    "1.9",
    "the message is that of broadcasting",
    kind="wording",
    when=":caught",
    rarely="sequences whose other dimensions differ",
)
@pytest.mark.changed(
    "1.13",
    "the message starts with a capital letter",
    kind="wording",
    when=":caught",
    rarely="sequences without dimensions",
)
@pytest.mark.changed(
    "2.1",
    "raises RuntimeError about an ArrayRef instead of IndexError",
    kind="exception",
    advice="catch RuntimeError too",
    when=":caught",
    rarely="sequences without dimensions",
)
def test_pad_sequence_pads_any_dtype_and_no_elements(snapshot):
    """``pad_sequence`` pads the first dimension; the other dimensions must be equal.

    A sequence without elements is padding alone.
    """

    def padded(*sequences, **settings):
        return rnn.pad_sequence([torch.as_tensor(one) for one in sequences], **settings)

    def complexes():
        return torch.ones(2).to(torch.complex64), torch.ones(1).to(torch.complex64)

    cases = {
        "one": lambda: padded([1.0, 2.0]),
        "empty among others": lambda: padded([1.0, 2.0], torch.zeros(0), batch_first=True),
        "all empty": lambda: list(padded(torch.zeros(0), torch.zeros(0)).shape),
        "no dimensions": lambda: padded(torch.tensor(1.0), torch.tensor(2.0)),
        "features": lambda: list(padded(torch.zeros(2, 3), torch.zeros(1, 3)).shape),
        "other features": lambda: padded(torch.zeros(2, 3), torch.zeros(1, 2)),
        "integers": lambda: padded([1, 2], [3], batch_first=True),
        "integers, fraction": lambda: padded([1, 2], [3], batch_first=True, padding_value=0.5),
        "bool": lambda: padded([True, True], [True], batch_first=True),
        "float16": lambda: padded(torch.ones(2).half(), torch.ones(1).half(), batch_first=True),
        "complex64": lambda: padded(*complexes(), batch_first=True),
        "nan": lambda: padded([1.0, 2.0], [3.0], batch_first=True, padding_value=float("nan")),
    }
    assert snapshot == observe_each(cases)


@pytest.mark.api(
    "torch.nn.utils.rnn.pack_padded_sequence",
    "torch.nn.utils.rnn.pad_packed_sequence",
    page="generated/torch.nn.utils.rnn.pack_padded_sequence",
)
@pytest.mark.changed(
    "1.7",
    "the message names what it got",
    kind="wording",
    when=":caught",
    rarely="lengths without dimensions",
    of=("torch.nn.utils.rnn.pack_padded_sequence",),
)
def test_lengths_of_packed_sequences_lie_between_one_and_the_padded_length(snapshot):
    """``pack_padded_sequence`` raises for a length of 0, and for one above the padded length.

    Lengths may be a list or a tensor on the CPU. Unless ``enforce_sorted=False``, they must fall.
    """

    def there_and_back(lengths, batch=None, **settings):
        batch = torch.tensor([[1.0, 2.0], [3.0, 0.0]]) if batch is None else batch
        packed = rnn.pack_padded_sequence(batch, lengths, batch_first=True, **settings)
        padded, back = rnn.pad_packed_sequence(packed, batch_first=True)
        return {"data": packed.data, "padded": padded, "lengths": back}

    cases = {
        "list": lambda: there_and_back([2, 1]),
        "tensor": lambda: there_and_back(torch.tensor([2, 1])),
        "int32": lambda: there_and_back(torch.tensor([2, 1], dtype=torch.int32)),
        "floats": lambda: there_and_back(torch.tensor([2.0, 1.0])),
        "zero": lambda: there_and_back([2, 0]),
        "negative": lambda: there_and_back([2, -1]),
        "too long": lambda: there_and_back([3, 1]),
        "shorter than the batch": lambda: there_and_back([1, 1]),
        "too few": lambda: there_and_back([2]),
        "too many": lambda: there_and_back([2, 1, 1]),
        "none": lambda: there_and_back([], torch.zeros(0, 2)),
        "unsorted": lambda: there_and_back([1, 2]),
        "unsorted, told": lambda: there_and_back([1, 2], enforce_sorted=False),
        "no dimensions": lambda: there_and_back(torch.tensor(2)),
        "integers": lambda: there_and_back([2, 1], torch.tensor([[1, 2], [3, 0]])),
        "float16": lambda: there_and_back([2, 1], torch.ones(2, 2).half()),
    }
    assert snapshot == observe_each(cases)
