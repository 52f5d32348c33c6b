"""Warnings that torch gives once per process.

The first call warns and the same call later says nothing, so a warning in the log of a long run may
concern any of its calls. ``torch.set_warn_always(True)``, since 1.8, makes torch repeat them. The
examples evaluate each expression twice in a process of its own.
"""

import pytest

from fixtures.processes import first_calls
from torch_history.observing import observe_each

ONCE = first_calls(
    {
        "full": "torch.full((2,), 1)",
        "full of True": "torch.full((2,), True)",
        "full with dtype": "torch.full((2,), 1, dtype=torch.float32)",
        "division": "torch.tensor(1) / 2",
        "addcdiv": "torch.addcdiv(torch.tensor(1), torch.tensor(1), torch.tensor(2))",
        "method nonzero": "torch.tensor([0, 1]).nonzero()",
        "nonzero": "torch.nonzero(torch.tensor([0, 1]))",
        "add": "torch.ones(2).add(2, torch.ones(2))",
        "from_numpy": "torch.from_numpy(np.broadcast_to(1.0, (2,)))",
        "normal": "torch.normal(torch.zeros(2, 2), torch.ones(4))",
        "complex to real": "torch.ones(2, dtype=torch.complex64).to(torch.float32)",
        "names": "torch.zeros(2, names=('channels',))",
    }
)


@pytest.mark.api(
    "torch.full",
    "torch.div",
    "torch.addcdiv",
    "torch.nonzero",
    "torch.Tensor.nonzero",
    "torch.Tensor.add",
    "torch.from_numpy",
    "torch.normal",
    "torch.Tensor.to",
    "torch.zeros",
    page="torch",
)
@pytest.mark.changed(
    "1.5",
    "the first call with the factor in the first place warns that this order is deprecated",
    kind="warning",
    cause="pytorch#31514",
    advice="write x.add(other, alpha=2)",
    when="@1=<unknown>",
    rarely="a number before the tensor",
    of=("torch.Tensor.add",),
)
@pytest.mark.changed(
    "1.5",
    "the first call with integers warns that it will give fractions",
    kind="warning",
    cause="pytorch#34570",
    rarely="tensors of integers",
    of=("torch.addcdiv",),
)
@pytest.mark.changed(
    "1.5",
    "the first division of integers warns that / will give fractions",
    kind="warning",
    cause="pytorch#34570",
    advice="write // to keep the integer",
    when=(":integers and other@0=<int>", ":integers and other@1=<int>"),
    of=("torch.div",),
)
@pytest.mark.changed(
    "1.5",
    "the first array that is not writable warns",
    kind="warning",
    cause="pytorch#33615",
    advice="pass array.copy()",
    rarely="an array that is not writable",
    of=("torch.from_numpy",),
)
@pytest.mark.changed(
    "1.5",
    "the first call with an integer or a bool warns that the dtype of the result will change",
    kind="warning",
    cause="pytorch#34709",
    advice="pass dtype=torch.float32, or 1.0 as the value",
    when="fill_value@1=<int>|<bool> and -dtype and -out",
    of=("torch.full",),
)
@pytest.mark.changed(
    "1.5",
    "the first call without as_tuple warns that this is deprecated",
    kind="warning",
    cause="pytorch#31514",
    unless=("as_tuple",),
    rarely="torch.nonzero",
    of=("torch.nonzero",),
)
@pytest.mark.changed(
    "1.5",
    "the first call with shapes that do not fit warns",
    kind="warning",
    cause="pytorch#33050",
    advice="pass deviation.view_as(mean)",
    when="mean@0=<unknown> and std@1=<unknown> and -size@2",
    rarely="a mean and a deviation of different shapes with as many elements",
    of=("torch.normal",),
)
@pytest.mark.changed(
    "1.5",
    "the message says that complex dtypes are not supported",
    kind="wording",
    cause="pytorch#35579",
    when=":caught",
    rarely="complex tensors",
    of=("torch.Tensor.to",),
)
@pytest.mark.changed(
    "1.6",
    "raises for integers",
    kind="error",
    cause="pytorch#38762",
    advice="convert to floats first",
    rarely="tensors of integers",
    of=("torch.addcdiv",),
)
@pytest.mark.changed(
    "1.6",
    "raises: integers cannot be divided with /",
    kind="error",
    cause="pytorch#38620",
    advice="write // to keep the integer, or make one of them a float for the fraction",
    when=(":integers and other@0=<int>", ":integers and other@1=<int>"),
    of=("torch.div",),
)
@pytest.mark.changed(
    "1.6",
    "raises, as 1.5 had warned: the dtype must be given",
    kind="error",
    cause="pytorch#40364",
    advice="pass dtype=torch.float32, or 1.0 as the value",
    when="fill_value@1=<int>|<bool> and -dtype and -out",
    of=("torch.full",),
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be made",
    kind="error-gone",
    cause="pytorch#35579",
    probable=True,
    rarely="complex tensors",
    of=("torch.Tensor.to",),
)
@pytest.mark.changed(
    "1.6",
    "the first call without as_tuple warns that this is deprecated",
    kind="warning",
    unless=("as_tuple",),
    rarely="torch.Tensor.nonzero",
    of=("torch.Tensor.nonzero",),
)
@pytest.mark.changed(
    "1.7",
    "gives the fraction",
    kind="error-gone",
    cause="pytorch#42907",
    when=(":integers and other@0=<int>", ":integers and other@1=<int>"),
    of=("torch.div",),
)
@pytest.mark.changed(
    "1.7",
    "gives integers and bools, where it gave floats before 1.6",
    kind="error-gone",
    cause="pytorch#41912",
    advice="pass dtype=torch.float32, or 1.0 as the value",
    when="fill_value@1=<int>|<bool> and -dtype and -out",
    of=("torch.full",),
)
@pytest.mark.changed(
    "1.7",
    "the first conversion to a real dtype warns that the imaginary part is dropped",
    kind="warning",
    cause="pytorch#39860",
    probable=True,
    advice="write x.real if you want the real part",
    rarely="complex tensors",
    of=("torch.Tensor.to",),
)
@pytest.mark.changed(
    "1.7",
    "no longer warns",
    kind="warning",
    cause="pytorch#45413",
    unless=("as_tuple",),
    rarely="torch.nonzero",
    of=("torch.nonzero",),
)
@pytest.mark.changed(
    "1.7",
    "the message recommends torch.trunc instead of floor_divide",
    kind="wording",
    when=":caught",
    rarely="tensors of integers",
    of=("torch.addcdiv",),
)
@pytest.mark.changed(
    "1.8",
    "no longer warns",
    kind="warning",
    cause="pytorch#51618",
    unless=("as_tuple",),
    rarely="torch.Tensor.nonzero",
    of=("torch.Tensor.nonzero",),
)
@pytest.mark.changed(
    "1.11",
    "the warning says writable instead of writeable, and that a write is undefined behaviour",
    kind="wording",
    cause="pytorch#51870",
    probable=True,
    when=":caught",
    rarely="an array that is not writable",
    of=("torch.from_numpy",),
)
@pytest.mark.changed(
    "1.12",
    "raises instead of warning",
    kind="error",
    cause="pytorch#70089",
    advice="pass deviation.view_as(mean)",
    when="mean@0=<unknown> and std@1=<unknown> and -size@2",
    rarely="a mean and a deviation of different shapes with as many elements",
    of=("torch.normal",),
)
@pytest.mark.changed(
    "2.4",
    "the warning gives the default of alpha",
    kind="wording",
    cause="pytorch#127059",
    probable=True,
    when=":unseen",
    rarely="torch.Tensor.add",
    of=("torch.Tensor.add",),
)
@pytest.mark.changed(
    "2.13",
    "the argument names is gone: named tensors were removed",
    kind="gone",
    cause="pytorch#173895",
    advice="drop the argument names, and address the dimensions by number",
    when="names",
    of=("torch.zeros",),
)
@pytest.mark.no_fault("the calls are in a process of their own")
def test_first_call_in_a_process_warns_and_the_second_says_nothing(snapshot):
    """Some calls warn only when they are the first of their kind in the process.

    The value is the number of warnings of the second call, which is 0. Trap: a call by a library
    may be the one that warns, and yours then says nothing.
    """
    assert snapshot == observe_each(ONCE)
