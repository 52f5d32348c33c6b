"""What seeds, states, loaders and samplers take: their arguments with their defaults."""

import pytest

from fixtures.arguments import arguments_of
from history.observe import observe

SEEDS = ["manual_seed", "seed", "initial_seed", "get_rng_state", "set_rng_state", "random.fork_rng"]
SAMPLERS = ["Sampler", "SequentialSampler", "RandomSampler", "SubsetRandomSampler", "WeightedRandomSampler", "BatchSampler",
            "distributed.DistributedSampler"]
DATASETS = ["TensorDataset", "ConcatDataset", "Subset", "StackDataset", "random_split", "default_collate", "get_worker_info"]


@pytest.mark.api("torch.manual_seed", "torch.random.fork_rng", page="random")
@pytest.mark.parametrize("name", SEEDS)
def test_seeds_and_states_take_these_arguments(name, snapshot):
    """``torch.seed()`` takes none: it draws a seed. Only ``fork_rng`` has options."""
    assert snapshot == observe(lambda: arguments_of(f"torch.{name}"))


@pytest.mark.api("torch.utils.data.DataLoader", page="data")
def test_loader_takes_these_arguments(snapshot):
    """Most of what follows ``pin_memory`` is for workers. New options come by keyword only."""
    assert snapshot == observe(lambda: arguments_of("torch.utils.data.DataLoader"))


@pytest.mark.api("torch.utils.data.RandomSampler", "torch.utils.data.Sampler", page="data")
@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers_take_these_arguments(name, snapshot):
    """Those that draw end in ``generator``, and the distributed one in ``seed``: it draws the same on every rank."""
    assert snapshot == observe(lambda: arguments_of(f"torch.utils.data.{name}"))


@pytest.mark.api("torch.utils.data.random_split", "torch.utils.data.Subset", page="data")
@pytest.mark.parametrize("name", DATASETS)
def test_datasets_take_these_arguments(name, snapshot):
    """``random_split`` draws from the default generator unless it is given another."""
    assert snapshot == observe(lambda: arguments_of(f"torch.utils.data.{name}"))
