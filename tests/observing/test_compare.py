import numpy as np
import pytest

from torch_history.observing import compare, encode
from torch_history.observing.encode import STORAGE, Tensor
from torch_history.observing.observation import Observation, Raised, Warned

NAN, INF = float("nan"), float("inf")


def tensor(dtype, values):
    array = np.array(values, STORAGE[dtype])
    return Tensor(f"{dtype}[{','.join(map(str, array.shape))}]", array)


def found(expected, observed):
    """The mismatches of two values, each as one text."""
    one, other = (
        value if isinstance(value, Tensor) else encode.encode(value)
        for value in (expected, observed)
    )
    return [
        str(item)
        for item in compare.mismatches(Observation(one, None, []), Observation(other, None, []))
    ]


# dtype, expected, the farthest multiple of the dtype's spacing that agrees, the next one:
# |observed - expected| <= atol + rtol * |expected|
@pytest.mark.parametrize(
    "dtype, expected, inside, outside",
    [
        ("float16", 1.0, 1.0009765625, 1.001953125),  # one and two spacings, tolerance 1.01e-3
        ("float16", 0.0, 9.9e-06, 1.02e-05),
        ("float16", 1000.0, 1001.0, 1001.5),
        ("bfloat16", 1.0, 1.015625, 1.0234375),  # two and three spacings, tolerance 1.601e-2
        ("bfloat16", 0.0, 9.95e-06, 1.01e-05),
        ("float32", 1.0, 1.0000112, 1.0000114),
        ("float32", 0.0, 9.99e-06, 1.001e-05),
        ("float32", -1e6, -1e6 - 1.25, -1e6 - 1.375),
        ("float64", 1.0, 1 + 1.99e-7, 1 + 2.01e-7),
        ("float64", 0.0, 0.99e-7, 1.01e-7),
        ("float64", 1e6, 1e6 + 0.0999, 1e6 + 0.1001),
        ("complex64", 1.0, 1 + 1.12e-5j, 1 + 1.14e-5j),
        ("complex64", 0j, 7e-6 + 7e-6j, 7.1e-6 + 7.1e-6j),  # the modulus counts
        ("complex128", 1.0, 1 + 1.99e-7j, 1 + 2.01e-7j),
    ],
)
@pytest.mark.parametrize("shape", [(1,), ()], ids=["vector", "scalar"])
def test_tolerance_is_that_of_the_dtype(dtype, expected, inside, outside, shape):
    def at(value):
        return tensor(dtype, np.full(shape, value))

    assert found(at(expected), at(inside)) == []
    assert len(found(at(expected), at(outside))) == 1


@pytest.mark.parametrize(
    "expected, inside, outside",
    [
        (1.0, 1 + 1.99e-7, 1 + 2.01e-7),
        (0.0, 0.99e-7, 1.01e-7),
        (-1e6, -1e6 - 0.0999, -1e6 - 0.1001),
    ],
)
def test_float_fact_has_the_tolerance_of_float64(expected, inside, outside):
    assert found({"lr": expected}, {"lr": inside}) == []
    assert found({"lr": expected}, {"lr": outside}) == [
        f"value['lr']: expected {expected!r}, observed {outside!r}"
    ]


@pytest.mark.parametrize("dtype", sorted(compare.TOLERANCES))
def test_nan_equals_nan_and_the_zeros_are_equal(dtype):
    assert found(tensor(dtype, [NAN, 0.0, INF, -INF]), tensor(dtype, [NAN, -0.0, INF, -INF])) == []


@pytest.mark.parametrize("dtype", sorted(compare.TOLERANCES))
@pytest.mark.parametrize(
    "one, other", [(NAN, 0.0), (0.0, NAN), (INF, -INF), (INF, 6e4), (6e4, INF)], ids=str
)
def test_what_is_not_finite_is_near_nothing_else(dtype, one, other):
    assert len(found(tensor(dtype, [one, 1.0]), tensor(dtype, [other, 1.0]))) == 1


def test_every_floating_dtype_has_a_tolerance():
    assert set(compare.TOLERANCES) == {
        name for name, storage in STORAGE.items() if storage.kind in "fc"
    }


@pytest.mark.parametrize(
    "dtype, one, other",
    [
        ("int64", 2**62, 2**62 + 1),
        ("uint64", 2**64 - 1, 2**64 - 2),
        ("uint8", 0, 255),
        ("int8", -128, 127),
        ("bool", True, False),
    ],
)
def test_discrete_tensors_compare_exactly(dtype, one, other):
    assert found(tensor(dtype, [one]), tensor(dtype, [one])) == []
    assert found(tensor(dtype, [1, one]), tensor(dtype, [1, other])) == [
        f"value[1]: expected {one}, observed {other}   (1 of 2 elements differ)"
    ]


@pytest.mark.parametrize(
    "one, other, expected",
    [
        (1, 2, "value: expected 1, observed 2"),
        (1, 1.0, "value: expected 1, observed 1.0"),
        (1, True, "value: expected 1, observed True"),
        (0, None, "value: expected 0, observed None"),
        ("a", "b", "value: expected 'a', observed 'b'"),
        ([1, 2], (1, 2), "value: expected [1, 2], observed {'$tuple': [1, 2]}"),
        ([1, 2], [1], "value: expected 2 items [1, 2], observed 1 items [1]"),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "value['a'][1]['b']: expected 2, observed 3"),
        ((1, (2, 3)), (1, (2, 4)), "value[1][1]: expected 3, observed 4"),
        ({"a": 1}, {"b": 1}, "value: expected the keys ['a'], observed the keys ['b']"),
        (NAN, INF, "value: expected 'nan', observed 'inf'"),
        (1.0, NAN, "value: expected 1.0, observed {'$float': 'nan'}"),
    ],
    ids=[
        "int",
        "int_and_float",
        "int_and_bool",
        "none",
        "text",
        "list_and_tuple",
        "length",
        "nested",
        "in_tuple",
        "keys",
        "not_finite",
        "nan",
    ],
)
def test_facts_compare_exactly_and_are_named_by_their_path(one, other, expected):
    assert found(one, one) == [] and found(other, other) == []
    assert found(one, other) == [expected]


def test_keys_are_compared_in_their_order_and_common_ones_go_on():
    assert found({"a": 1, "b": 2}, {"b": 2, "a": 1}) == [
        "value: expected the keys ['a', 'b'], observed the keys ['b', 'a']"
    ]
    assert found({"a": 1, "b": 2}, {"a": 3, "c": 2}) == [
        "value: expected the keys ['a', 'b'], observed the keys ['a', 'c']",
        "value['a']: expected 1, observed 3",
    ]


@pytest.mark.parametrize(
    "one, other",
    [
        (tensor("float32", [1.0]), tensor("float64", [1.0])),
        (tensor("float32", [1.0]), tensor("float32", [[1.0]])),
        (tensor("float32", [1.0]), Tensor("float32[1] requires_grad", np.array([1.0], "float32"))),
        (tensor("float32", np.zeros((0, 2))), tensor("float32", np.zeros((2, 0)))),
    ],
    ids=["dtype", "shape", "requires_grad", "empty"],
)
def test_other_header_is_a_mismatch(one, other):
    assert found(one, other) == [f"value: expected {one!r}, observed {other!r}"]


def test_worst_element_is_named_with_its_distances():
    one = tensor("float32", [[1.0, 2.0], [3.0, 4.0]])
    other = tensor("float32", [[1.0, 2.5], [3.0, 4.25]])
    assert found(one, other) == [
        (
            "value[0, 1]: expected 2.0, observed 2.5   "
            "(2 of 4 elements differ; here by 0.5 absolute, 0.25 relative, 2097152 ULP)"
        )
    ]
    assert found({"w": np.array(1.0)}, {"w": np.array(1 + 2.0**-20)})[0].endswith(
        "(1 of 1 elements differ; here by 9.54e-07 absolute, 9.54e-07 relative, 4294967296 ULP)"
    )


def test_element_that_became_nan_is_the_worst():
    assert found(tensor("float32", [1.0, 1.0]), tensor("float32", [100.0, NAN]))[0].startswith(
        "value[1]: expected 1.0, observed nan"
    )


@pytest.mark.parametrize(
    "dtype, one, other, expected",
    [
        ("float16", 1.0, 1.0009765625, 1),
        ("float32", 1.0, np.nextafter(np.float32(1), np.float32(2)), 1),
        ("float64", 1.0, 1.0000000000000002, 1),
        ("bfloat16", 1.0, 1.0078125, 1),
        ("bfloat16", 1.0, 0.99609375, 1),
        ("float16", 6e-8, -6e-8, 2),
        ("float32", 1e-45, -1e-45, 2),
        ("float64", 5e-324, -5e-324, 2),
        ("bfloat16", 2.0**-133, -(2.0**-133), 2),
        ("float32", 0.0, -0.0, 0),
        ("bfloat16", 0.0, -0.0, 0),
        ("float32", NAN, NAN, 0),
        ("float32", 3.4028235e38, INF, 1),
        ("float16", -1.0, 1.0, 2 * 0x3C00),
        ("float32", -1.0, 1.0, 2 * 0x3F800000),
        ("bfloat16", -1.0, 1.0, 2 * 0x3F80),
        ("float64", -1.0, 1.0, 2 * 0x3FF0000000000000),
        ("float64", -2.0, 2.0, 2 * 0x4000000000000000),
        ("int64", 1, 5, 0),
        ("complex64", 1 + 1j, 1 + 1.0000002j, 2),
        ("complex128", 1.0, 1.0000000000000002 + 5e-324j, 1),
    ],
    ids=str,
)
def test_ulp_distance_counts_the_representable_numbers_between(dtype, one, other, expected):
    one, other = tensor(dtype, [one]), tensor(dtype, [other])
    assert [int(distance) for distance in compare.ulp_distance(one, other)] == [expected]
    assert [int(distance) for distance in compare.ulp_distance(other, one)] == [expected]


def test_largest_ulp_looks_into_every_tensor():
    def observation(first, second):
        value = {
            "a": [tensor("float32", [first])],
            "b": {"$tuple": [tensor("float64", second), tensor("float32", np.zeros((0,)))]},
        }
        return Observation(value, None, [])

    assert (
        compare.largest_ulp(observation(1.0, 1.0), observation(1.0000001, 1.0000000000000007)) == 3
    )
    assert compare.largest_ulp(observation(1.0, 1.0), observation(1.0, 1.0)) == 0


def test_exceptions_compare_by_class_and_message():
    one, other, words = (
        Observation(None, Raised(*raised), []) for raised in (("E", "m"), ("F", "m"), ("E", "n"))
    )
    assert compare.same(one, one) and not compare.same(one, other)
    assert [str(item) for item in compare.mismatches(one, words)] == [
        "raised: expected E: m, observed E: n"
    ]


def test_exception_against_a_value_shows_both():
    one, other = Observation(5, None, []), Observation(None, Raised("E", "m"), [])
    assert [str(item) for item in compare.mismatches(one, other)] == [
        "raised: expected the value 5, observed E: m"
    ]
    assert [str(item) for item in compare.mismatches(other, one)] == [
        "raised: expected E: m, observed the value 5"
    ]


def test_warnings_compare_by_category_message_and_order():
    first, second = Warned("W", "a"), Warned("V", "b")
    both, swapped, none = (
        Observation(1, None, warned) for warned in ([first, second], [second, first], [])
    )
    assert compare.same(both, both) and not compare.same(both, swapped)
    assert [str(item) for item in compare.mismatches(both, none)] == [
        "warned: expected W: a; V: b, observed no warning"
    ]


def test_value_and_warning_mismatches_are_both_told():
    one, other = Observation(1, None, []), Observation(2, None, [Warned("W", "a")])
    assert [item.path for item in compare.mismatches(one, other)] == ["value", "warned"]


def test_long_text_is_cut():
    text = found("a" * 5000, "b")[0]
    assert len(text) < 400 and "..." in text
