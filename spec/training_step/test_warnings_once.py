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
@pytest.mark.no_fault("the calls are in a process of their own")
def test_first_call_in_a_process_warns_and_the_second_says_nothing(snapshot):
    """Some calls warn only when they are the first of their kind in the process.

    The value is the number of warnings of the second call, which is 0. Trap: a call by a library
    may be the one that warns, and yours then says nothing.
    """
    assert snapshot == observe_each(ONCE)
