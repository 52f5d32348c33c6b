"""What is counted around a training step: accuracies, running losses, numbers from tensors.

``/`` between integer tensors gives a fraction since 1.7; 1.6 raised, and earlier releases gave an
integer. ``//`` rounds down since 1.13, and rounded towards zero before. Among equal scores, ``max``
gives the first index since 1.6 and ``argmax`` since 1.7. A running sum of losses keeps the graph of
every batch: add ``loss.item()`` instead. ``float(loss)`` and ``torch.tensor([loss])`` warn since
2.8, because they drop the graph.
"""

import pytest
import torch

from torch_history.observing import observe, observe_each


@pytest.mark.api("torch.Tensor.__truediv__", "torch.div", page="generated/torch.div")
@pytest.mark.changed(
    "1.5",
    "warns that division of integers will change",
    kind="warning",
    cause="pytorch#34570",
    advice="write // to keep the integer, or make one of them a float for the fraction",
    when=(":integers and other@0=<int>", ":integers and other@1=<int>"),
)
@pytest.mark.changed(
    "1.6",
    "raises: integers cannot be divided with /",
    kind="error",
    cause="pytorch#38620",
    advice="write // to keep the integer, or make one of them a float for the fraction",
    restored_by="training_step.integers_divided_with_two_slashes_make_an_integer",
    when=(":integers and other@0=<int>", ":integers and other@1=<int>"),
)
@pytest.mark.changed(
    "1.7",
    "gives the fraction",
    kind="error-gone",
    cause="pytorch#42907",
    advice="write // for the integer that releases before 1.6 gave",
    when=(":integers and other@0=<int>", ":integers and other@1=<int>"),
)
def test_integers_divided_make_a_fraction(snapshot):
    """``/`` between integer tensors gives a fraction: ``correct / total`` of counts is 0.75.

    Trap: before 1.6 the result was 0, and so was the accuracy; 1.6 raised.
    """
    correct = (torch.tensor([0, 1, 2, 3]) == torch.tensor([0, 1, 2, 0])).sum()
    assert snapshot == observe_each(
        {
            "by a number": lambda: correct / 4,  # torch 1.5 warns once per process: here
            "by a tensor": lambda: correct / torch.tensor(4),
        }
    )


@pytest.mark.api("torch.Tensor.__rtruediv__", page="generated/torch.div")
@pytest.mark.changed(
    "1.7",
    "gives the fraction instead of 0, with no warning on any release before",
    kind="silent",
    cause="pytorch#42907",
    probable=True,
    advice="write // to keep the integer",
    restored_by="training_step.integers_divided_with_two_slashes_make_an_integer",
    when=":integers",
)
def test_number_divided_by_integers_makes_a_fraction(snapshot):
    """A Python integer divided by an integer tensor gives a fraction: ``1 / count`` is 0.25.

    Trap: before 1.7 the result was 0, even on 1.6, where a tensor divided by an integer raised.
    """
    assert snapshot == observe_each({"of a number": lambda: 1 / torch.tensor(4)})


@pytest.mark.api(
    "torch.Tensor.__floordiv__",
    "torch.floor_divide",
    "torch.Tensor.__rfloordiv__",
    page="generated/torch.floor_divide",
)
@pytest.mark.changed(
    "1.9",
    "warns that floor_divide rounds towards zero",
    kind="warning",
    cause="pytorch#50281",
    advice='write torch.div(a, b, rounding_mode="floor"), or "trunc"',
    unless=(),
)
@pytest.mark.changed(
    "1.10",
    "the warning names __floordiv__",
    kind="wording",
    cause="pytorch#64034",
    of=("torch.Tensor.__floordiv__", "torch.Tensor.__rfloordiv__"),
    unless=(),
)
@pytest.mark.changed(
    "1.13",
    "no longer warns that it rounds towards zero",
    kind="warning",
    cause="pytorch#78411",
    unless=(),
)
def test_integers_divided_with_two_slashes_make_an_integer(snapshot):
    """``//`` between integer tensors gives an integer: 3 // 4 is 0."""
    correct = (torch.tensor([0, 1, 2, 3]) == torch.tensor([0, 1, 2, 0])).sum()
    assert snapshot == observe_each(
        {
            "by a number": lambda: correct // 4,
            "by a tensor": lambda: correct // torch.tensor(4),
            "of a number": lambda: 1 // torch.tensor(4),
        }
    )


@pytest.mark.api(
    "torch.Tensor.__floordiv__", "torch.floor_divide", page="generated/torch.floor_divide"
)
@pytest.mark.changed(
    "1.9",
    "warns that floor_divide rounds towards zero",
    kind="warning",
    cause="pytorch#50281",
    advice='write torch.div(a, b, rounding_mode="floor"), or "trunc"',
    unless=(),
)
@pytest.mark.changed(
    "1.10",
    "the warning names __floordiv__",
    kind="wording",
    cause="pytorch#64034",
    of=("torch.Tensor.__floordiv__",),
    unless=(),
)
@pytest.mark.changed(
    "1.13",
    "rounds down, towards minus infinity, instead of towards zero",
    kind="silent",
    cause="pytorch#78411",
    advice='write torch.div(a, b, rounding_mode="trunc") to keep the old result',
    restored_by="training_step.division_with_rounding_mode_trunc_rounds_towards_zero",
    rarely="quotients below zero",
)
@pytest.mark.changed(
    "1.13",
    "no longer warns that it rounds towards zero",
    kind="warning",
    cause="pytorch#78411",
    unless=(),
)
@pytest.mark.parametrize("values", [[-3, 3], [-3.0, 3.0]], ids=["integers", "floats"])
def test_floor_division_rounds_down(values, snapshot):
    """``//`` between tensors rounds down: -3 // 2 is -2, as in Python.

    Trap: before 1.13 it rounded towards zero, to -1.
    """
    assert snapshot == observe(lambda: torch.tensor(values) // 2)


@pytest.mark.api("torch.div", page="generated/torch.div")
@pytest.mark.changed(
    "1.8", "div takes rounding_mode", kind="appeared", cause="pytorch#51706", probable=True
)
@pytest.mark.parametrize("values", [[-3, 3], [-3.0, 3.0]], ids=["integers", "floats"])
def test_division_with_rounding_mode_trunc_rounds_towards_zero(values, snapshot):
    """``torch.div(a, b, rounding_mode="trunc")`` rounds towards zero: -3 by 2 is -1."""
    assert snapshot == observe(lambda: torch.div(torch.tensor(values), 2, rounding_mode="trunc"))


@pytest.mark.api("torch.Tensor.max", "torch.Tensor.argmax", page="generated/torch.max")
@pytest.mark.changed(
    "1.6",
    "max gives the first index among equal values instead of the last",
    kind="silent",
    cause="pytorch#34875",
    probable=True,
    advice="write scores.size(1) - 1 - scores.flip(1).max(1)[1] for the last",
    restored_by="training_step.first_of_the_flipped_scores_is_the_last_among_equals",
    of=("torch.Tensor.max",),
    when=":unseen",
)
@pytest.mark.changed(
    "1.7",
    "argmax gives the first index among equal values instead of the last",
    kind="silent",
    cause="pytorch#42004",
    advice="write scores.size(1) - 1 - scores.flip(1).max(1)[1] for the last",
    restored_by="training_step.first_of_the_flipped_scores_is_the_last_among_equals",
    of=("torch.Tensor.argmax",),
    rarely="equal scores",
)
@pytest.mark.parametrize("way", ["max", "argmax"])
def test_prediction_among_equal_scores_is_the_first(way, snapshot):
    """``max`` and ``argmax`` give the first index among equal scores.

    Trap: before 1.6 (``max``) and 1.7 (``argmax``) they gave the last, so another class was
    predicted.
    """

    def act():
        scores = torch.tensor([[1.0, 1.0, 0.0], [0.0, 2.0, 2.0]])
        return scores.max(1)[1] if way == "max" else scores.argmax(1)

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.max", "torch.Tensor.flip", page="generated/torch.flip")
@pytest.mark.changed(
    "1.6",
    "gives the last instead of the first: max itself gives the first instead of the last",
    kind="silent",
    cause="pytorch#34875",
    probable=True,
    advice="write scores.max(1)[1] for the first",
    of=("torch.Tensor.flip",),
    rarely="equal scores whose max is taken",
)
def test_first_of_the_flipped_scores_is_the_last_among_equals(snapshot):
    """``scores.size(1) - 1 - scores.flip(1).max(1)[1]`` is the last index among equal scores.

    Before 1.6 it was the first, because ``max`` gave the last of equal scores.
    """

    def act():
        scores = torch.tensor([[1.0, 1.0, 0.0], [0.0, 2.0, 2.0]])
        return scores.size(1) - 1 - scores.flip(1).max(1)[1]

    assert snapshot == observe(act)


@pytest.mark.api("torch.mean", page="generated/torch.mean")
@pytest.mark.changed(
    "1.9",
    "for bools the message says Long",
    kind="wording",
)
@pytest.mark.changed(
    "1.10",
    "the message says that mean needs floating point or complex numbers",
    kind="wording",
    cause="pytorch#61643",
)
@pytest.mark.changed(
    "1.12",
    "the message says that the output dtype could not be inferred",
    kind="wording",
    cause="pytorch#76584",
)
@pytest.mark.changed(
    "2.15",
    "raises NotImplementedError, a kind of RuntimeError",
    kind="wording",
    cause="pytorch#192351",
)
@pytest.mark.parametrize("values", [[1, 2], [True, False]], ids=["integers", "bools"])
def test_mean_of_integers_raises(values, snapshot):
    """``mean()`` of integers or bools raises: ``(prediction == target).float().mean()`` works."""
    assert snapshot == observe(lambda: torch.tensor(values).mean())


@pytest.mark.api("torch.Tensor.__sub__", page="generated/torch.sub")
@pytest.mark.changed(
    "2.14",
    "raises NotImplementedError, a kind of RuntimeError",
    kind="wording",
    cause="pytorch#192348",
    probable=True,
)
def test_mask_subtracted_from_one_raises(snapshot):
    """``1 - mask`` raises if the mask has dtype bool: write ``~mask``."""
    mask = torch.tensor([True, False])
    assert snapshot == observe_each({"~mask": lambda: ~mask, "1 - mask": lambda: 1 - mask})


@pytest.mark.api("torch.Tensor.item", page="generated/torch.Tensor.item")
@pytest.mark.changed(
    "2.0",
    "raises RuntimeError instead of ValueError",
    kind="exception",
    advice="catch RuntimeError and ValueError",
    when=":caught",
    rarely="a tensor of several elements, or of none",
)
@pytest.mark.parametrize("values", [[1.0, 2.0], []], ids=["two", "none"])
def test_item_of_another_count_than_one_raises(values, snapshot):
    """``item()`` raises unless the tensor has exactly one element.

    A loss with ``reduction="none"`` has several. The error was a ValueError before 2.0, and is a
    RuntimeError since.
    """
    assert snapshot == observe(lambda: torch.tensor(values).item())


@pytest.mark.api(
    "torch.Tensor.item",
    "torch.Tensor.__float__",
    "torch.tensor",
    page="generated/torch.Tensor.item",
)
@pytest.mark.changed(
    "2.8",
    "float(), math and torch.tensor([...]) of a loss with a graph warn",
    kind="warning",
    cause="pytorch#143261",
    advice="write loss.detach() or loss.item()",
    of=("torch.Tensor.__float__",),
    depends="the graph of the tensor",
)
@pytest.mark.parametrize("way", ["item", "float", "math", "tensor", "format"])
def test_number_made_of_a_loss_with_a_graph_warns_unless_asked_for(way, snapshot):
    """``float(loss)`` of a loss with a graph warns since 2.8, while ``item()`` does not.

    ``math.sqrt(loss)`` and ``torch.tensor([loss])`` warn too, because they cut the graph, perhaps
    by mistake. Write ``loss.detach()`` first. Formatting the loss does not warn.
    """

    def act():
        import math

        loss = torch.tensor(4.0, requires_grad=True) * 1
        ways = {
            "item": lambda: loss.item(),
            "float": lambda: float(loss),
            "math": lambda: math.sqrt(loss),
            "tensor": lambda: torch.tensor([loss]),
            "format": lambda: f"{loss:.2f}",
        }
        return ways[way]()

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.detach", page="generated/torch.Tensor.detach")
def test_running_sum_of_losses_holds_every_graph(snapshot):
    """A running sum ``total += loss`` keeps the graph of every batch.

    Trap: memory grows with each batch. ``total += loss.item()`` adds a float.
    """

    def act():
        total, number = 0.0, 0.0
        for x in (1.0, 2.0, 3.0):
            loss = (torch.ones(1, requires_grad=True) * x).sum()
            total += loss
            number += loss.item()
        depth, node = 0, total.grad_fn
        while node is not None:
            depth, node = depth + 1, node.next_functions[0][0] if node.next_functions else None
        return {"total": total, "additions": depth >= 3, "number": number}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.numpy", page="generated/torch.Tensor.numpy")
@pytest.mark.changed("1.13", "numpy takes force", kind="appeared", cause="pytorch#78564")
def test_numpy_by_force_detaches_for_you(snapshot):
    """``loss.numpy(force=True)`` calls ``detach()`` and ``cpu()`` where they are needed."""
    assert snapshot == observe(
        lambda: (torch.ones(1, requires_grad=True) * 2).numpy(force=True).tolist()
    )


@pytest.mark.api(
    "torch.tensor", "torch.as_tensor", "torch.FloatTensor", page="generated/torch.tensor"
)
@pytest.mark.changed(
    "2.8",
    "warns that losses with a graph are converted to numbers",
    kind="warning",
    cause="pytorch#143261",
    advice="call torch.stack, or detach the losses first",
    when=(
        "data@0=<built>|<unknown> and -dtype",
        "data@0=<built>|<unknown> and dtype!=<unknown> and dtype=torch.float32|torch.float",
    ),
    rarely="tensors with a graph in the list",
)
def test_tensor_of_a_list_of_losses_has_no_graph(snapshot):
    """``torch.tensor([a, b])`` of two losses copies their numbers, and has no graph.

    Trap: backward finds nothing to go through. ``torch.stack([a, b])`` keeps the graph.
    """
    w = torch.ones(1, requires_grad=True)
    losses = [(w * 2).sum(), (w * 3).sum()]
    assert snapshot == observe_each(
        {"stack": lambda: torch.stack(losses), "tensor": lambda: torch.tensor(losses)}
    )


@pytest.mark.api(
    "torch.tensor",
    "torch.as_tensor",
    "torch.FloatTensor",
    "torch.LongTensor",
    page="generated/torch.tensor",
)
@pytest.mark.changed(
    "1.10",
    "warns that it is slow",
    kind="warning",
    cause="pytorch#51680",
    advice="call torch.tensor(numpy.array(batch))",
    when="data@0=<built>|<unknown>",
    rarely="NumPy arrays in the list",
)
def test_tensor_of_a_list_of_arrays_warns(snapshot):
    """``torch.tensor`` of a list of NumPy arrays warns since 1.10 that it is slow.

    It copies element by element; ``torch.tensor(numpy.array(batch))`` does not.
    """

    def act():
        import numpy as np

        return torch.tensor([np.array([1.0, 2.0]), np.array([3.0, 4.0])])

    assert snapshot == observe(act)


@pytest.mark.api("torch.tensor", "torch.as_tensor", page="generated/torch.tensor")
@pytest.mark.changed(
    "1.5",
    "a numpy.float64 gives float64 instead of float32, also in a list",
    kind="silent",
    cause="pytorch#30486",
    probable=True,
    advice="pass dtype=torch.float32, or a Python float",
    restored_by="training_step.tensor_of_a_numpy_number_has_the_dtype_that_is_passed",
    when="data@0=<built>|<unknown> and -dtype",
    rarely="NumPy numbers",
)
def test_tensor_of_a_numpy_number_has_its_dtype(snapshot):
    """``torch.tensor(numpy.float64(1))`` has the dtype float64; a Python float gives float32.

    Before 1.5 both gave float32.
    """

    def act():
        import numpy as np

        return {
            "numpy": torch.tensor(np.float64(1.0)),
            "python": torch.tensor(1.0),
            "list": torch.tensor([np.float64(1.0)]),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.tensor", page="generated/torch.tensor")
def test_tensor_of_a_numpy_number_has_the_dtype_that_is_passed(snapshot):
    """``torch.tensor(numpy.float64(1), dtype=torch.float32)`` has the dtype float32."""

    def act():
        import numpy as np

        return {
            "numpy": torch.tensor(np.float64(1.0), dtype=torch.float32),
            "python": torch.tensor(1.0, dtype=torch.float32),
            "list": torch.tensor([np.float64(1.0)], dtype=torch.float32),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.full", page="generated/torch.full")
@pytest.mark.changed(
    "1.6",
    "raises, as 1.5 had warned: the dtype must be given",
    kind="error",
    cause="pytorch#40364",
    advice="pass dtype=torch.float32, or 1.0 as the value",
    restored_by="training_step.full_has_the_dtype_that_is_passed",
    when="fill_value@1=<int>|<bool> and -dtype and -out",
)
@pytest.mark.changed(
    "1.7",
    "gives integers and bools, where it gave floats before 1.6",
    kind="error-gone",
    cause="pytorch#41912",
    advice="pass dtype=torch.float32, or 1.0 as the value, for floats",
    when="fill_value@1=<int>|<bool> and -dtype and -out",
)
@pytest.mark.parametrize("value", [1, True], ids=["integer", "bool"])
def test_full_has_the_dtype_of_its_value(value, snapshot):
    """``torch.full((2,), 1)`` is a tensor of integers, and with True a tensor of bools.

    Trap: such a tensor cannot have a gradient. Write 1.0.
    """
    observe(lambda: torch.full((2,), 1))  # torch 1.5 warns once per process: here, not below
    assert snapshot == observe(lambda: torch.full((2,), value))


@pytest.mark.api("torch.full", page="generated/torch.full")
@pytest.mark.parametrize("value", [1, True], ids=["integer", "bool"])
def test_full_has_the_dtype_that_is_passed(value, snapshot):
    """``torch.full((2,), 1, dtype=torch.float32)`` is a tensor of floats, as with True."""
    assert snapshot == observe(lambda: torch.full((2,), value, dtype=torch.float32))


@pytest.mark.api(
    "torch.std", "torch.var", "torch.std_mean", "torch.var_mean", page="generated/torch.std"
)
@pytest.mark.changed(
    "2.2",
    "warns that no degrees of freedom are left",
    kind="warning",
    cause="pytorch#109824",
    advice="pass correction=0, or skip batches of one",
    when=("-correction and -unbiased", "correction!=0", "unbiased=True"),
    rarely="a single element",
)
def test_standard_deviation_of_one_element_is_nan_with_a_warning(snapshot):
    """``std()`` of one element is nan, because it divides by n - 1 = 0; it warns since 2.2.

    A last batch with one sample shows this.
    """
    assert snapshot == observe(lambda: torch.ones(1).std())


@pytest.mark.api("torch.Tensor.clamp", "torch.Tensor.clip", page="generated/torch.clamp")
@pytest.mark.changed(
    "1.12",
    "dtype promotion includes the bounds: 1.5 instead of 1",
    kind="silent",
    cause="pytorch#77035",
    advice="pass integers as bounds to keep the old result",
    restored_by="training_step.integers_clamped_at_an_integer_stay_integers",
    when=(
        ":integers and min@0=<float> and min@0!=<unknown>",
        ":integers and max@1=<float> and max@1!=<unknown>",
    ),
)
def test_integers_clamped_at_a_fraction_become_floats(snapshot):
    """``clamp(max=1.5)`` of integers gives floats: 5 becomes 1.5. Before 1.12 it became 1."""
    assert snapshot == observe(lambda: torch.tensor([5]).clamp(max=1.5))


@pytest.mark.api("torch.Tensor.clamp", page="generated/torch.clamp")
def test_integers_clamped_at_an_integer_stay_integers(snapshot):
    """``clamp(max=1)`` of integers gives integers: 5 becomes 1."""
    assert snapshot == observe(lambda: torch.tensor([5]).clamp(max=1))


@pytest.mark.api("torch.equal", page="generated/torch.equal")
@pytest.mark.changed(
    "1.7",
    "the message names the C++ types, and no longer _th_equal",
    kind="wording",
)
@pytest.mark.changed(
    "1.13",
    "compares tensors of two dtypes by their values",
    kind="error-gone",
    cause="pytorch#83350",
    advice="compare dtypes too",
)
def test_equal_compares_values_of_two_dtypes(snapshot):
    """``torch.equal`` is true for equal values of two dtypes, such as float32 and float64 ones.

    To check that a model is unchanged, compare dtypes too.
    """
    assert snapshot == observe(
        lambda: torch.equal(torch.ones(1), torch.ones(1, dtype=torch.float64))
    )
