import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from torch_history.errors import HistoryError
from torch_history.observing import encode
from torch_history.observing.encode import Tensor
from torch_history.observing.observation import Observation, Raised, Warned
from torch_history.records import store

NAN, INF = float("nan"), float("inf")
SPECIAL = [0.0, -0.0, NAN, INF, -INF, 1.0, -1.5, 0.1]


def extremes(dtype):
    info = np.finfo(dtype)
    tiny = np.nextafter(np.array(0, dtype), np.array(1, dtype))
    return np.array(
        [
            *SPECIAL,
            info.max,
            info.min,
            info.tiny,
            tiny,
            -tiny,
            info.eps,
            np.nextafter(np.array(1, dtype), np.array(2, dtype)),
        ],
        dtype,
    )


ARRAYS = {
    "bool": np.array([[True, False], [False, True]]),
    **{
        name: np.array([np.iinfo(name).min, 0, 1, np.iinfo(name).max], name)
        for name in ("uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64")
    },
    **{name: extremes(name) for name in ("float16", "float32", "float64")},
    "complex64": np.array(
        [complex(one, other) for one in SPECIAL for other in SPECIAL], "complex64"
    ).reshape(8, 8),
    "complex128": np.array(
        [complex(one, other) for one in SPECIAL for other in SPECIAL], "complex128"
    ).reshape(2, 4, 8),
}


def again(value):
    """A value encoded, written as a record's text, read and decoded."""
    text = store.dumps(encode.dump(Observation(encode.encode(value), None, [])))
    return encode.load(json.loads(text)).value


def assert_same_bits(one, other):
    assert one.dtype == other.dtype and one.shape == other.shape
    if one.dtype.kind in "fc":
        parts = [(one.real, other.real), (one.imag, other.imag)]
        for left, right in parts:
            assert np.array_equal(np.isnan(left), np.isnan(right))
            assert np.array_equal(
                np.signbit(left)[~np.isnan(left)], np.signbit(right)[~np.isnan(right)]
            )
            assert np.array_equal(left[~np.isnan(left)], right[~np.isnan(right)])
    else:
        assert one.tobytes() == other.tobytes()


def test_arrays_cover_every_dtype_but_bfloat16():
    assert set(ARRAYS) | {"bfloat16"} == set(encode.STORAGE)


@pytest.mark.parametrize("name", sorted(ARRAYS))
def test_tensor_comes_back_to_the_bit(name):
    found = again(ARRAYS[name])
    assert (
        found.header == f"{name}[{','.join(map(str, ARRAYS[name].shape))}]" and found.dtype == name
    )
    assert_same_bits(found.array, ARRAYS[name])


@pytest.mark.parametrize("name", sorted(ARRAYS))
@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 3), (1, 1, 0)], ids=str)
def test_empty_tensor_keeps_its_shape(name, shape):
    found = again(np.zeros(shape, name))
    assert found.rows == [] and found.array.shape == shape and found.array.dtype == np.dtype(name)


@pytest.mark.parametrize("name", sorted(ARRAYS))
def test_tensor_without_dimensions_comes_back(name):
    scalar = np.array(ARRAYS[name].reshape(-1)[1])
    found = again(scalar)
    assert found.header == f"{name}[]" and len(found.rows) == 1
    assert_same_bits(found.array, scalar)


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(
    array=hnp.arrays(
        "float32",
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
        elements=st.floats(width=32, allow_nan=True, allow_infinity=True, allow_subnormal=True),
    )
)
def test_any_float32_comes_back_to_the_bit(array):
    assert_same_bits(again(array).array, array)


def test_every_float16_comes_back_to_the_bit():
    every = np.arange(2**16, dtype="uint16").view("float16").reshape(256, 256)
    assert_same_bits(again(every).array, every)


def test_rows_are_the_last_dimension_in_shortest_decimals():
    tensor = encode.encode(np.array([[0.1, -0.0], [NAN, 1e-45]], "float32"))
    assert (
        tensor.rows == ["0.1 -0.0", "nan 1e-45"]
        and repr(tensor) == "float32[2,2] 0.1 -0.0 | nan 1e-45"
    )
    assert encode.encode(np.array([complex(-0.0, INF)], "complex64")).rows == ["-0.0,inf"]


def test_bfloat16_is_held_in_float32():
    every = (np.arange(2**16, dtype="uint32") << 16).view("float32")
    written = encode.dump(Observation(Tensor("bfloat16[65536]", every), None, []))
    found = encode.load(json.loads(json.dumps(written))).value
    assert found.dtype == "bfloat16" and found.array.dtype == np.dtype("float32")
    assert_same_bits(found.array, every)


class FakeTensor:
    """What `encode` asks of a torch.Tensor."""

    def __init__(self, array, dtype, requires_grad=False):
        self.held, self.dtype, self.requires_grad = array, dtype, requires_grad

    def detach(self):
        return self

    cpu = float = detach

    def numpy(self):
        return self.held


def test_torch_tensor_keeps_dtype_and_requires_grad():
    one = again(FakeTensor(np.array([1.5], "float32"), "torch.bfloat16", requires_grad=True))
    assert one.header == "bfloat16[1] requires_grad" and one.rows == ["1.5"]
    assert again(FakeTensor(np.array([1], "int64"), "torch.int64")).header == "int64[1]"


def test_encoded_tensor_is_a_copy():
    array = np.array([1.0], "float32")
    encoded = encode.encode(FakeTensor(array, "torch.float32"))
    array[0] = 2.0
    assert encoded.rows == ["1.0"]


class Size(tuple):
    pass


dtype = type("dtype", (), {"__str__": lambda self: "torch.float32"})


@pytest.mark.parametrize(
    "value, encoded",
    [
        (None, None),
        (True, True),
        (3, 3),
        (2**70, 2**70),
        (0.1, 0.1),
        ("näme", "näme"),
        ([1, [2.0]], [1, [2.0]]),
        ({"a": 1}, {"a": 1}),
        ((1, (2,)), {"$tuple": [1, {"$tuple": [2]}]}),
        (Size([2, 3]), {"$size": [2, 3]}),
        (dtype(), {"$dtype": "float32"}),
        ({0: "a", (1,): None}, {"$dict": [[0, "a"], [{"$tuple": [1]}, None]]}),
        ({"$tensor": 1}, {"$dict": [["$tensor", 1]]}),
        (NAN, {"$float": "nan"}),
        (INF, {"$float": "inf"}),
        (-INF, {"$float": "-inf"}),
        ({}, {}),
        ((), {"$tuple": []}),
    ],
    ids=[
        "none",
        "bool",
        "int",
        "large_int",
        "float",
        "text",
        "list",
        "dict",
        "tuple",
        "size",
        "dtype",
        "other_keys",
        "dollar_key",
        "nan",
        "inf",
        "minus_inf",
        "empty_dict",
        "empty_tuple",
    ],
)
def test_fact_has_its_form_and_comes_back_in_it(value, encoded):
    found = again(value)
    assert found == encoded and type(found) is type(encoded)


def test_integer_and_float_stay_apart():
    assert [type(item) for item in again([1, 1.0, True, -0.0])] == [int, float, bool, float]
    assert str(again(-0.0)) == "-0.0"


@pytest.mark.parametrize(
    "value, message",
    [
        (object(), "value is a builtins.object"),
        ({"a": [0, (1, object())]}, "value['a'][1][1] is a builtins.object"),
        ({0: {1, 2}}, "value[0] is a builtins.set"),
        ([np.float32(1)], "value[0] is a numpy.float32"),
        (1j, "value is a builtins.complex"),
        (np.array(["text"]), "a tensor of dtype str"),
        (FakeTensor(np.array([1]), "torch.quint8"), "a tensor of dtype quint8 cannot be recorded"),
    ],
    ids=["object", "nested", "set", "numpy_scalar", "complex", "text_array", "dtype"],
)
def test_what_is_no_fact_is_refused_by_its_path(value, message):
    with pytest.raises(TypeError) as caught:
        encode.encode(value)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    "observation",
    [
        Observation(1, None, []),
        Observation(None, None, []),
        Observation(None, Raised("RuntimeError", "why\n two"), []),
        Observation(
            {"a": 1}, None, [Warned("UserWarning", "once"), Warned("FutureWarning", "soon")]
        ),
        Observation(None, Raised("ValueError", ""), [Warned("UserWarning", "before")]),
    ],
    ids=["value", "none", "raised", "warned", "both"],
)
def test_observation_comes_back(observation):
    assert encode.load(json.loads(store.dumps(encode.dump(observation)))) == observation


@pytest.mark.parametrize(
    "data",
    [
        {},
        [],
        ["value"],
        3,
        None,
        "value",
        {"value": 1, "raised": {"type": "E", "message": "m"}},
        {"raised": {"type": "E"}},
        {"raised": 1},
        {"value": 1, "more": 2},
        {"value": 1, "warned": [{"category": "W"}]},
        {"value": 1, "warned": 3},
        {"value": {"$tensor": "float32[1]"}},
    ],
    ids=[
        "empty",
        "list",
        "list_of_a_key",
        "number",
        "null",
        "text",
        "value_and_raised",
        "no_message",
        "raised_number",
        "unknown_key",
        "warning_without_message",
        "warned_number",
        "tensor_without_rows",
    ],
)
def test_what_is_no_observation_is_refused(data):
    with pytest.raises(HistoryError, match="this is no observation"):
        encode.load(data)


@pytest.mark.parametrize(
    "header, rows",
    [
        ("float32[2]", ["1.0"]),
        ("float32[1]", ["one"]),
        ("int8[1]", ["300"]),
        ("bool[1]", ["1"]),
        ("complex64[1]", ["1.0,2.0,3.0"]),
        ("float99[1]", ["1.0"]),
        ("float32", ["1.0"]),
        ("float32[1]", [1.0]),
        ("float32[1]", 1),
        (5, ["1.0"]),
    ],
    ids=[
        "too_few",
        "word",
        "out_of_range",
        "bool",
        "complex",
        "dtype",
        "no_shape",
        "row_not_text",
        "rows_not_list",
        "header_not_text",
    ],
)
def test_rows_that_do_not_fit_their_header_are_refused(header, rows):
    with pytest.raises(HistoryError):
        Tensor(header, rows=rows).array


@pytest.mark.parametrize(
    "one, other",
    [
        (1, 1.0),
        (True, 1),
        ([1], (1,)),
        (np.zeros(2, "float32"), np.zeros(2, "float64")),
        ({"a": None}, {"b": None}),
        (np.zeros((2, 1), "float32"), np.zeros((1, 2), "float32")),
        (np.float32([0.0, 1.0]), np.float32([1.0, 0.0])),
        (np.float32([1.0]), np.nextafter(np.float32([1.0]), np.float32(2.0))),
    ],
    ids=["number", "bool", "sequence", "dtype", "key", "shape", "order", "last_place"],
)
def test_digests_of_different_values_differ(one, other):
    assert encode.digest(observation_of(one)) != encode.digest(observation_of(other))


def test_digest_covers_what_was_raised_and_warned():
    plain = Observation(None, None, [])
    assert (
        len(
            {
                encode.digest(plain),
                encode.digest(plain._replace(raised=Raised("A", "b"))),
                encode.digest(plain._replace(warned=[Warned("A", "b")])),
            }
        )
        == 3
    )


@settings(max_examples=100)
@given(hnp.arrays("float32", hnp.array_shapes(min_dims=0, max_dims=3, max_side=4)))
def test_digest_is_of_what_the_text_gives_back(array):
    data = json.loads(json.dumps(encode.dump(observation_of(array))))
    assert encode.digest(encode.verified(data)) == data["digest"]
    if not np.isnan(array).any():  # a NaN has one text and many bits
        assert encode.digest(observation_of(array)) == data["digest"]


def test_text_changed_by_hand_is_told_from_its_digest():
    data = encode.dump(observation_of(np.float32([1.0, 2.0])))
    for edited in (
        {**data, "value": {**data["value"], "rows": ["1.0 2.5"]}},
        {**data, "digest": "0" * 16},
        {"value": data["value"]},
    ):
        with pytest.raises(HistoryError, match="edited by hand"):
            encode.verified(edited)


def observation_of(value):
    return Observation(encode.encode(value), None, [])
