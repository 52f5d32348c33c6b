"""``torch.nn.init`` on tensors that are not plain: half precision, integers, meta, transposed, expanded, lazy."""

import pytest
import torch
from torch.nn import init

from history.observe import observe

DRAWING = ["uniform_", "normal_", "trunc_normal_", "kaiming_uniform_", "orthogonal_"]


@pytest.mark.api("torch.nn.init.uniform_", "torch.nn.init.normal_", "torch.nn.init.trunc_normal_", "torch.nn.init.orthogonal_",
                 page="nn.init")
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["float16", "bfloat16"])
@pytest.mark.parametrize("name", DRAWING + ["eye_"])
def test_init_fills_half_precision_on_the_cpu(name, dtype, snapshot):
    """All but ``orthogonal_``, which needs a QR decomposition: fill a float32 tensor, then copy."""
    def act():
        return getattr(init, name)(torch.zeros(2, 3).to(dtype)).dtype

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.init.uniform_", "torch.nn.init.kaiming_uniform_", page="nn.init")
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["uniform_", "normal_"])
def test_half_precision_starts_from_the_rounded_numbers_of_float32(name, dtype, snapshot):
    """Under one seed, a layer made in half precision is the float32 layer cast. Uniform numbers used to be drawn otherwise."""
    def drawn(like):
        torch.manual_seed(0)
        return getattr(init, name)(torch.zeros(2, 3).to(like))

    assert snapshot == observe(lambda: torch.allclose(drawn(dtype).float(), drawn(torch.float32), rtol=2 ** -7, atol=0))


@pytest.mark.api("torch.nn.init.uniform_", "torch.nn.init.normal_", page="nn.init")
@pytest.mark.parametrize("name", ["uniform_", "normal_"])
def test_init_of_an_integer_tensor_raises(name, snapshot):
    """NotImplementedError is a RuntimeError too, and is caught as one."""
    assert snapshot == observe(lambda: getattr(init, name)(torch.zeros(2, 3, dtype=torch.long)))


@pytest.mark.api("torch.nn.init.uniform_", "torch.nn.init.trunc_normal_", "torch.nn.init.orthogonal_", page="nn.init")
@pytest.mark.parametrize("name", DRAWING + ["eye_", "zeros_"])
def test_init_passes_over_a_meta_tensor(name, snapshot):
    """A model made on ``meta`` runs its ``reset_parameters``, and nothing is written, for there is nothing to write to."""
    def act():
        tensor = torch.zeros(2, 3, device="meta")
        return {"shape": getattr(init, name)(tensor).shape, "draws": draws_after_seed(lambda: getattr(init, name)(tensor))}

    assert snapshot == observe(act)


def draws_after_seed(act):
    """Whether the act moved the global stream."""
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    act()
    return not torch.equal(torch.rand(1), expected)


@pytest.mark.api("torch.nn.init.uniform_", "torch.nn.init.normal_", page="nn.init")
@pytest.mark.parametrize("name", ["uniform_", "normal_"])
def test_transposed_tensor_is_filled_in_the_order_of_its_memory(name, snapshot):
    """The numbers go to where the elements lie, not by their indices: a transposed weight starts as its transpose does."""
    def drawn(tensor):
        torch.manual_seed(0)
        return getattr(init, name)(tensor)

    assert snapshot == observe(lambda: torch.equal(drawn(torch.zeros(3, 2).t()).t(), drawn(torch.zeros(3, 2))))


@pytest.mark.api("torch.nn.init.uniform_", page="nn.init")
@pytest.mark.parametrize("name", ["uniform_", "zeros_"])
def test_init_of_an_expanded_tensor_raises_where_it_draws(name, snapshot):
    """Three elements of one memory cannot hold three numbers; one number for all is taken."""
    assert snapshot == observe(lambda: getattr(init, name)(torch.ones(1).expand(3)).shape)


@pytest.mark.api("torch.nn.init.zeros_", "torch.nn.LazyLinear", page="generated/torch.nn.LazyLinear")
def test_init_of_a_lazy_parameter_raises(snapshot):
    """``model.apply(init_weights)`` comes after the first forward, which tells the shape."""
    assert snapshot == observe(lambda: init.zeros_(torch.nn.LazyLinear(2).weight))
