"""The arguments of the ``torch.nn.init`` functions, with their defaults.

The tensor comes first. Since 2.2 every function that draws takes ``generator`` as its last
argument; ``trunc_normal_`` has it since 2.1.
"""

import pytest

from fixtures.arguments import arguments_of
from torch_history.observing import observe

NAMES = [
    "uniform_",
    "normal_",
    "trunc_normal_",
    "constant_",
    "ones_",
    "zeros_",
    "eye_",
    "dirac_",
    "xavier_uniform_",
    "xavier_normal_",
    "kaiming_uniform_",
    "kaiming_normal_",
    "orthogonal_",
    "sparse_",
    "calculate_gain",
]


@pytest.mark.api(
    "torch.nn.init.kaiming_uniform_",
    "torch.nn.init.xavier_uniform_",
    "torch.nn.init.dirac_",
    page="nn.init",
    signature=True,
)
@pytest.mark.changed("1.5", "dirac_ takes groups", kind="appeared", cause="pytorch#32825")
@pytest.mark.changed("1.6", "trunc_normal_ appears", kind="appeared", cause="pytorch#32397")
@pytest.mark.changed(
    "2.1", "trunc_normal_ takes generator", kind="appeared", cause="pytorch#99796", probable=True
)
@pytest.mark.changed(
    "2.2", "all functions that draw take generator", kind="appeared", cause="pytorch#110413"
)
@pytest.mark.parametrize("name", NAMES)
def test_init_functions_take_these_arguments(name, snapshot):
    """The functions of ``torch.nn.init`` take these arguments, those that write the tensor first.

    Since 2.2 those that draw take ``generator`` last. ``calculate_gain`` takes the name of a
    nonlinearity.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.init.{name}"))
