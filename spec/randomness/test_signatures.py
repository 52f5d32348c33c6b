"""The arguments of seeds, states, loaders, samplers and data sets, with their defaults.

A record changes when an argument appears, disappears or gets another default. Loaders, samplers
that draw and ``torch.utils.data.random_split`` take a ``generator`` since 1.6.
"""

import pytest

from fixtures.arguments import arguments_of
from torch_history.observing import observe

SEEDS = ["manual_seed", "seed", "initial_seed", "get_rng_state", "set_rng_state", "random.fork_rng"]
SAMPLERS = [
    "Sampler",
    "SequentialSampler",
    "RandomSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
    "BatchSampler",
    "distributed.DistributedSampler",
]
DATASETS = [
    "TensorDataset",
    "ConcatDataset",
    "Subset",
    "StackDataset",
    "random_split",
    "default_collate",
    "get_worker_info",
]


@pytest.mark.api("torch.manual_seed", "torch.random.fork_rng", page="random", signature=True)
@pytest.mark.changed("2.1", "fork_rng takes device_type", kind="appeared", cause="pytorch#98069")
@pytest.mark.changed(
    "2.13",
    "device_type of fork_rng is None instead of cuda by default",
    kind="representation",
    cause="pytorch#177438",
    probable=True,
)
@pytest.mark.parametrize("name", SEEDS)
def test_seeds_and_states_take_these_arguments(name, snapshot):
    """The functions for seeds and states take these arguments.

    ``torch.seed()`` takes none, because it draws a seed. Only ``fork_rng`` has options.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.{name}"))


@pytest.mark.api("torch.utils.data.DataLoader", page="data", signature=True)
@pytest.mark.changed("1.6", "takes generator", kind="appeared", cause="pytorch#39737")
@pytest.mark.changed("1.7", "takes prefetch_factor", kind="appeared", cause="pytorch#41130")
@pytest.mark.changed("1.7", "takes persistent_workers", kind="appeared", cause="pytorch#35795")
@pytest.mark.changed("1.12", "takes pin_memory_device", kind="appeared", cause="pytorch#65402")
@pytest.mark.changed(
    "1.12",
    "shuffle is None instead of False by default",
    kind="representation",
    cause="pytorch#75505",
)
@pytest.mark.changed(
    "2.0",
    "prefetch_factor is None instead of 2 by default",
    kind="representation",
    cause="pytorch#88972",
)
@pytest.mark.changed("2.6", "takes in_order", kind="appeared", cause="pytorch#141833")
def test_loader_takes_these_arguments(snapshot):
    """DataLoader takes these arguments.

    Most of those after ``pin_memory`` are for workers. New options are keyword-only.
    """
    assert snapshot == observe(lambda: arguments_of("torch.utils.data.DataLoader"))


@pytest.mark.api(
    "torch.utils.data.RandomSampler", "torch.utils.data.Sampler", page="data", signature=True
)
@pytest.mark.changed(
    "1.6",
    "RandomSampler, SubsetRandomSampler and WeightedRandomSampler take generator",
    kind="appeared",
    cause="pytorch#39737",
)
@pytest.mark.changed("1.6", "DistributedSampler takes seed", kind="appeared")
@pytest.mark.changed(
    "1.7", "DistributedSampler takes drop_last", kind="appeared", cause="pytorch#41171"
)
@pytest.mark.changed(
    "2.1", "data_source of Sampler is optional", kind="representation", cause="pytorch#97338"
)
@pytest.mark.changed(
    "2.10", "Sampler has no __init__ of its own", kind="representation", cause="pytorch#163134"
)
@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers_take_these_arguments(name, snapshot):
    """The samplers take these arguments.

    Those that draw take a ``generator``. DistributedSampler takes a ``seed``, so that it draws the
    same on every rank.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.utils.data.{name}"))


@pytest.mark.api(
    "torch.utils.data.random_split", "torch.utils.data.Subset", page="data", signature=True
)
@pytest.mark.changed(
    "1.6", "random_split takes generator", kind="appeared", cause="pytorch#34043", probable=True
)
@pytest.mark.changed("1.11", "default_collate appears", kind="appeared", cause="pytorch#69862")
@pytest.mark.changed("2.1", "StackDataset appears", kind="appeared", cause="pytorch#101338")
@pytest.mark.parametrize("name", DATASETS)
def test_datasets_take_these_arguments(name, snapshot):
    """The data sets and their functions take these arguments.

    ``random_split`` draws from the default generator unless it gets another one.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.utils.data.{name}"))
