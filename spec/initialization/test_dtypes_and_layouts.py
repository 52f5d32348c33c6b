"""``torch.nn.init`` on tensors that are not plain: half precision, integers, meta, transposed, expanded, lazy."""

import pytest
import torch
from torch.nn import init

from torch_history.observing import observe

DRAWING = ["uniform_", "normal_", "trunc_normal_", "kaiming_uniform_", "orthogonal_"]


@pytest.mark.api(
    "torch.nn.init.uniform_",
    "torch.nn.init.normal_",
    "torch.nn.init.trunc_normal_",
    "torch.nn.init.orthogonal_",
    page="nn.init",
)
@pytest.mark.changed("1.5", "the message of normal_ names norma_cpu", kind="wording")
@pytest.mark.changed(
    "1.6",
    "uniform_, kaiming_uniform_ fill both, normal_ float16; trunc_normal_ exists, and fills bfloat16",
    kind="error-gone",
    cause="pytorch#35580",
)
@pytest.mark.changed("1.8", "normal_ fills bfloat16", kind="error-gone", cause="pytorch#47143")
@pytest.mark.changed("1.9", "the message of orthogonal_ names geqrf_cpu", kind="wording")
@pytest.mark.changed("1.13", "the message of trunc_normal_ has two quotes less", kind="wording")
@pytest.mark.changed("2.1", "trunc_normal_ fills float16", kind="error-gone", cause="pytorch#98493")
@pytest.mark.changed("2.3", "eye_ fills bfloat16", kind="error-gone", cause="pytorch#116616")
@pytest.mark.changed(
    "2.8",
    "orthogonal_ raises NotImplementedError instead of RuntimeError, which it is a kind of",
    kind="exception",
    cause="pytorch#155470",
)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["float16", "bfloat16"])
@pytest.mark.parametrize("name", DRAWING + ["eye_"])
def test_init_fills_half_precision_on_the_cpu(name, dtype, snapshot):
    """All but ``orthogonal_``, which needs a QR decomposition: fill a float32 tensor, then copy."""

    def act():
        return getattr(init, name)(torch.zeros(2, 3).to(dtype)).dtype

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.init.uniform_", "torch.nn.init.kaiming_uniform_", page="nn.init")
@pytest.mark.changed("1.5", "the message names norma_cpu", kind="wording")
@pytest.mark.changed(
    "1.6",
    "uniform_ fills half precision, with numbers of its own, and normal_ fills float16",
    kind="error-gone",
    cause="pytorch#35580",
)
@pytest.mark.changed("1.8", "normal_ fills bfloat16", kind="error-gone", cause="pytorch#47143")
@pytest.mark.changed(
    "2.12",
    "uniform_ draws float32's numbers and rounds them, instead of numbers of its own",
    kind="random",
)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["uniform_", "normal_"])
def test_half_precision_starts_from_the_rounded_numbers_of_float32(name, dtype, snapshot):
    """Under one seed, a layer made in half precision is the float32 layer cast. Uniform numbers used to be drawn otherwise."""

    def drawn(like):
        torch.manual_seed(0)
        return getattr(init, name)(torch.zeros(2, 3).to(like))

    assert snapshot == observe(
        lambda: torch.allclose(drawn(dtype).float(), drawn(torch.float32), rtol=2**-7, atol=0)
    )


@pytest.mark.api("torch.nn.init.uniform_", "torch.nn.init.normal_", page="nn.init")
@pytest.mark.changed("1.5", "the message of normal_ names norma_cpu", kind="wording")
@pytest.mark.changed(
    "1.6",
    "the messages name normal_kernel_cpu and check_uniform_bounds",
    kind="wording",
    cause="pytorch#35167",
    probable=True,
)
@pytest.mark.changed(
    "2.8",
    "raises NotImplementedError instead of RuntimeError, which it is a kind of",
    kind="exception",
    cause="pytorch#155470",
)
@pytest.mark.parametrize("name", ["uniform_", "normal_"])
def test_init_of_an_integer_tensor_raises(name, snapshot):
    """NotImplementedError is a RuntimeError too, and is caught as one."""
    assert snapshot == observe(lambda: getattr(init, name)(torch.zeros(2, 3, dtype=torch.long)))


@pytest.mark.api(
    "torch.nn.init.uniform_",
    "torch.nn.init.trunc_normal_",
    "torch.nn.init.orthogonal_",
    page="nn.init",
)
@pytest.mark.changed(
    "1.6", "the message lists xla among the devices", kind="wording", cause="pytorch#36446"
)
@pytest.mark.changed(
    "1.8",
    "the message lists xpu and vulkan among the devices",
    kind="wording",
    cause="pytorch#49786",
    probable=True,
)
@pytest.mark.changed(
    "1.9",
    "meta is a device: most pass; eye_ and trunc_normal_ raise NotImplementedError, orthogonal_ RuntimeError",
    kind="error-gone",
    cause="pytorch#53143",
)
@pytest.mark.changed("1.10", "trunc_normal_ passes", kind="error-gone")
@pytest.mark.changed("1.11", "the message of eye_ lists other backends", kind="wording")
@pytest.mark.changed("1.12", "the message of eye_ lists other backends", kind="wording")
@pytest.mark.changed("1.13", "eye_ and orthogonal_ pass", kind="error-gone")
@pytest.mark.parametrize("name", DRAWING + ["eye_", "zeros_"])
def test_init_passes_over_a_meta_tensor(name, snapshot):
    """A model made on ``meta`` runs its ``reset_parameters``, and nothing is written, for there is nothing to write to."""

    def act():
        tensor = torch.zeros(2, 3, device="meta")
        return {
            "shape": getattr(init, name)(tensor).shape,
            "draws": draws_after_seed(lambda: getattr(init, name)(tensor)),
        }

    assert snapshot == observe(act)


def draws_after_seed(act):
    """Whether the act moved the global stream."""
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    act()
    return not torch.equal(torch.rand(1), expected)


@pytest.mark.api("torch.nn.init.uniform_", "torch.nn.init.normal_", page="nn.init")
@pytest.mark.changed(
    "1.5",
    "normal_ fills in the order of the memory instead of the indices: a transposed tensor gets other numbers",
    kind="random",
)
@pytest.mark.changed(
    "1.6",
    "uniform_ fills in the order of the memory instead of the indices: a transposed tensor gets other numbers",
    kind="random",
    cause="pytorch#35580",
    probable=True,
)
@pytest.mark.parametrize("name", ["uniform_", "normal_"])
def test_transposed_tensor_is_filled_in_the_order_of_its_memory(name, snapshot):
    """The numbers go to where the elements lie, not by their indices: a transposed weight starts as its transpose does."""

    def drawn(tensor):
        torch.manual_seed(0)
        return getattr(init, name)(tensor)

    assert snapshot == observe(
        lambda: torch.equal(drawn(torch.zeros(3, 2).t()).t(), drawn(torch.zeros(3, 2)))
    )


@pytest.mark.api("torch.nn.init.uniform_", page="nn.init")
@pytest.mark.changed(
    "1.7",
    "uniform_ raises instead of writing one memory three times",
    kind="error",
    cause="pytorch#43421",
    advice="clone the tensor before it is filled",
)
@pytest.mark.parametrize("name", ["uniform_", "zeros_"])
def test_init_of_an_expanded_tensor_raises_where_it_draws(name, snapshot):
    """Three elements of one memory cannot hold three numbers; one number for all is taken."""
    assert snapshot == observe(lambda: getattr(init, name)(torch.ones(1).expand(3)).shape)


@pytest.mark.api(
    "torch.nn.init.zeros_", "torch.nn.LazyLinear", page="generated/torch.nn.LazyLinear"
)
@pytest.mark.changed(
    "1.8",
    "LazyLinear, with a warning that lazy modules are new",
    kind="api-appeared",
    cause="pytorch#44538",
)
@pytest.mark.changed("2.2", "the message says TensorBase instead of _TensorBase", kind="wording")
@pytest.mark.changed(
    "2.4", "the warning that lazy modules are new is gone", kind="warning", cause="pytorch#123968"
)
def test_init_of_a_lazy_parameter_raises(snapshot):
    """``model.apply(init_weights)`` comes after the first forward, which tells the shape."""
    assert snapshot == observe(lambda: init.zeros_(torch.nn.LazyLinear(2).weight))
