"""Which kernel computes ``scaled_dot_product_attention`` on the CPU, and how to choose one.

The function chooses a kernel by its inputs. On the CPU there are two: *math*, a sequence of plain
operations, and since 2.1 a fused one, named *flash*. They agree up to rounding, but the fused one
has no second derivative and no forward derivative. ``torch.nn.attention.sdpa_kernel`` chooses among
them; ``torch.backends.cuda.sdp_kernel`` is its deprecated form. The flags are global.
"""

import pytest
import torch
from torch.nn import functional as F

from fixtures.attention import asked, parts
from fixtures.settings import each
from torch_history.observing import observe, observe_each


def kernel(*tensors, **settings):
    """The kernel that computed the output, by the names of its graph: flash or math."""
    tensors = tensors or parts()
    output = F.scaled_dot_product_attention(
        *[tensor.detach().requires_grad_() for tensor in tensors], **settings
    )
    node, names = output.grad_fn, []
    while node is not None and len(names) < 4:
        names.append(node.name())
        node = node.next_functions[0][0] if node.next_functions else None
    return "flash" if any("FlashAttention" in name for name in names) else "math"


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
@pytest.mark.changed("2.1", "takes scale", kind="appeared", cause="pytorch#95259")
@pytest.mark.changed(
    "2.1",
    ("the fused kernel computes what has no mask, in four dimensions: numbers change by rounding"),
    kind="representation",
    cause="pytorch#103826",
    rarely="the CPU",
)
@pytest.mark.changed(
    "2.3",
    "the fused kernel computes with a mask too: numbers change by rounding",
    kind="representation",
    cause="pytorch#115913",
    when="attn_mask@3",
    rarely="the CPU",
)
@pytest.mark.changed("2.5", "takes enable_gqa", kind="appeared", cause="pytorch#132689")
@pytest.mark.changed(
    "2.14",
    "the fused kernel computes in three dimensions too: numbers change by rounding",
    kind="representation",
    rarely="three dimensions on the CPU",
    cause="pytorch#192271",
    probable=True,
)
def test_sdpa_kernel_of_the_cpu(snapshot):
    """Which kernel runs depends on the inputs: since 2.1 the fused one, in most cases.

    Dropout, a mask that requires grad, values of another width and broadcasting need *math*.
    Rounding, layout, NaN and second derivatives change with the kernel.
    """
    query, key, value = parts()
    cases = {
        "plain": {},
        "bool mask": {"attn_mask": torch.ones(1, 2).bool()},
        "float mask": {"attn_mask": torch.zeros(1, 2)},
        "mask with grad": {"attn_mask": torch.zeros(1, 2, requires_grad=True)},
        "causal": {"is_causal": True},
        "scale": {"scale": 2.0},
        "dropout": {"dropout_p": 0.5},
        "grouped": {"enable_gqa": True},
    }
    acts = each(kernel, cases)
    acts["three dimensions"] = lambda: kernel(query[0], key[0], value[0])
    acts["two dimensions"] = lambda: kernel(query[0, 0], key[0, 0], value[0, 0])
    acts["wider values"] = lambda: kernel(query, key, value.repeat(1, 1, 1, 2))
    acts["broadcast"] = lambda: kernel(query.repeat(2, 1, 1, 1), key, value)
    acts["no keys"] = lambda: kernel(query, key[:, :, :0], value[:, :, :0])
    assert snapshot == observe_each(acts)


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
@pytest.mark.changed(
    "2.1",
    "the fused kernel computes bfloat16 and float64: numbers change by rounding",
    kind="representation",
    cause="pytorch#104863",
    probable=True,
    rarely="the CPU",
)
@pytest.mark.changed(
    "2.2",
    "takes float16 on the CPU",
    kind="error-gone",
    rarely="float16 on the CPU",
    cause="pytorch#99498",
)
@pytest.mark.changed(
    "2.3",
    "the fused kernel computes float16 too: numbers change by rounding",
    kind="representation",
    rarely="float16 on the CPU",
    cause="pytorch#119247",
)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_sdpa_kernel_of_the_cpu_by_dtype(dtype, snapshot):
    """Which kernel runs for an input of this dtype on the CPU."""
    assert snapshot == observe(lambda: kernel(*parts(getattr(torch, dtype))))


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
@pytest.mark.changed(
    "2.1",
    "a gradient of a gradient raises on the CPU without a mask",
    kind="error",
    cause="pytorch#103826",
    advice="call the function within torch.backends.cuda.sdp_kernel(enable_flash=False)",
    rarely="a gradient of a gradient",
)
@pytest.mark.changed(
    "2.3",
    "a gradient of a gradient raises on the CPU with a mask too",
    kind="error",
    cause="pytorch#115913",
    advice="call the function within torch.nn.attention.sdpa_kernel(SDPBackend.MATH)",
    when="attn_mask@3",
    rarely="a gradient of a gradient",
)
@pytest.mark.changed(
    "2.3",
    "the message names the kernel of the CPU",
    kind="wording",
    rarely="a gradient of a gradient",
    cause="pytorch#115913",
    probable=True,
)
def test_sdpa_has_no_second_derivative(snapshot):
    """A gradient of a gradient raises since 2.1: the fused kernel has none.

    Gradient penalties and Hessians meet this. ``sdpa_kernel(SDPBackend.MATH)`` helps
    (``attention.sdpa_of_the_math_kernel_has_a_second_derivative``).
    """

    def second(**settings):
        query, key, value = parts(grad=True)
        output = F.scaled_dot_product_attention(query, key, value, **settings)
        (first,) = torch.autograd.grad(output.sum(), query, create_graph=True)
        return torch.autograd.grad(first.sum(), key)[0].flatten()

    cases = {
        "plain": {},
        "mask": {"attn_mask": torch.zeros(1, 2)},
        "mask with grad": {"attn_mask": torch.zeros(1, 2, requires_grad=True)},
    }
    assert snapshot == observe_each(each(second, cases))


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    "torch.nn.attention.sdpa_kernel",
    page="generated/torch.nn.attention.sdpa_kernel",
)
@pytest.mark.changed(
    "2.3", "torch.nn.attention.sdpa_kernel appears", kind="appeared", cause="pytorch#114689"
)
def test_sdpa_of_the_math_kernel_has_a_second_derivative(snapshot):
    """Under ``sdpa_kernel(SDPBackend.MATH)`` a second derivative works."""

    def act():
        from torch.nn.attention import SDPBackend, sdpa_kernel

        query, key, value = parts(grad=True)
        with sdpa_kernel(SDPBackend.MATH):
            output = F.scaled_dot_product_attention(query, key, value)
        (first,) = torch.autograd.grad(output.sum(), query, create_graph=True)
        return torch.autograd.grad(first.sum(), key)[0].flatten()

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    "torch.autograd.forward_ad.dual_level",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "1.8",
    ("torch.autograd.forward_ad appears, scaled_dot_product_attention is still missing"),
    kind="exception",
    unless=(),
    cause="pytorch#49734",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
@pytest.mark.changed(
    "2.1",
    "a forward derivative raises on the CPU without a mask",
    kind="error",
    cause="pytorch#103826",
    advice="call the function within torch.backends.cuda.sdp_kernel(enable_flash=False)",
    rarely="a forward derivative",
)
@pytest.mark.changed(
    "2.3",
    "the message names the kernel of the CPU",
    kind="wording",
    rarely="a forward derivative",
    cause="pytorch#115913",
    probable=True,
)
@pytest.mark.changed(
    "2.4",
    "the message asks for a pull request and no longer mentions TorchScript",
    kind="wording",
    rarely="a forward derivative",
    cause="pytorch#122639",
)
@pytest.mark.changed(
    "2.10",
    "warns with DeprecationWarning of torch.jit.script, before it raises",
    kind="warning",
    rarely="a forward derivative",
)
@pytest.mark.changed(
    "2.14",
    "the warning of torch.jit.script is a FutureWarning",
    kind="warning",
    rarely="a forward derivative",
    cause="pytorch#189914",
)
def test_sdpa_has_no_forward_derivative(snapshot):
    """A forward derivative raises since 2.1: the fused kernel has none.

    A mask that requires grad selects *math*, which has one.
    """

    def tangent(**settings):
        from torch.autograd import forward_ad

        query, key, value = parts()
        with forward_ad.dual_level():
            dual = forward_ad.make_dual(query, torch.ones_like(query))
            output = F.scaled_dot_product_attention(dual, key, value, **settings)
            return forward_ad.unpack_dual(output).tangent.detach()

    cases = {"plain": {}, "math": {"attn_mask": torch.zeros(1, 2, requires_grad=True)}}
    assert snapshot == observe_each(each(tangent, cases))


@pytest.mark.api(
    "torch.nn.functional.scaled_dot_product_attention",
    "torch.func.vmap",
    page="generated/torch.nn.functional.scaled_dot_product_attention",
)
@pytest.mark.changed(
    "2.0",
    "torch.func and scaled_dot_product_attention appear",
    kind="appeared",
    cause="pytorch#92189",
)
@pytest.mark.changed(
    "2.1",
    "raises under vmap on the CPU without a mask",
    kind="error",
    cause="pytorch#103826",
    advice="call the function within torch.backends.cuda.sdp_kernel(enable_flash=False)",
    rarely="torch.func.vmap on the CPU",
)
@pytest.mark.changed(
    "2.3",
    "works under vmap again, with a warning that it is slow",
    kind="error-gone",
    rarely="torch.func.vmap on the CPU",
    cause="pytorch#115913",
    probable=True,
)
@pytest.mark.changed(
    "2.3",
    "the warning names another operator",
    kind="wording",
    cause="pytorch#115913",
    probable=True,
    rarely="torch.func.vmap on the CPU",
)
def test_sdpa_under_vmap(snapshot):
    """Under ``vmap`` the function loops over the samples with a warning, or raises.

    From 2.1 to 2.2 the fused kernel had no rule for a batch.
    """

    def act(**settings):
        return torch.func.vmap(lambda *tensors: asked(*tensors, **settings))(
            *[part[None] for part in parts()]
        ).flatten()

    assert snapshot == observe_each(
        {"plain": act, "mask": lambda: act(attn_mask=torch.zeros(1, 2))}
    )


@pytest.mark.api(
    "torch.nn.attention.sdpa_kernel",
    "torch.nn.attention.SDPBackend",
    page="generated/torch.nn.attention.sdpa_kernel",
)
@pytest.mark.changed(
    "2.3", "torch.nn.attention.sdpa_kernel appears", kind="appeared", cause="pytorch#114689"
)
def test_sdpa_kernel_chooses_among_kernels(snapshot):
    """``sdpa_kernel`` allows the kernels that it names. If the CPU has none of them, calls raise.

    The efficient and the cuDNN kernel are for CUDA alone.
    """

    def chosen(*names):
        from torch.nn.attention import SDPBackend, sdpa_kernel

        with sdpa_kernel([getattr(SDPBackend, name) for name in names]):
            return kernel()

    assert snapshot == observe_each(
        {
            "math": lambda: chosen("MATH"),
            "flash": lambda: chosen("FLASH_ATTENTION"),
            "efficient": lambda: chosen("EFFICIENT_ATTENTION"),
            "cudnn": lambda: chosen("CUDNN_ATTENTION"),
            "math and flash": lambda: chosen("MATH", "FLASH_ATTENTION"),
            "none": lambda: chosen(),
        }
    )


@pytest.mark.api("torch.nn.attention.sdpa_kernel", page="generated/torch.nn.attention.sdpa_kernel")
@pytest.mark.changed(
    "2.3", "torch.nn.attention.sdpa_kernel appears", kind="appeared", cause="pytorch#114689"
)
@pytest.mark.changed("2.6", "takes set_priority", kind="appeared", cause="pytorch#140467")
@pytest.mark.changed(
    "2.11",
    "the message names the type of what is no backend",
    kind="wording",
    rarely="what is no backend",
)
def test_sdpa_kernel_takes_backends_alone(snapshot):
    """``sdpa_kernel`` takes a backend or a list of them: names as strings raise.

    ``set_priority`` is a newer argument.
    """

    def chosen(make, **settings):
        from torch.nn.attention import SDPBackend, sdpa_kernel

        with sdpa_kernel(make(SDPBackend), **settings):
            return kernel()

    assert snapshot == observe_each(
        {
            "one": lambda: chosen(lambda backend: backend.MATH),
            "tuple": lambda: chosen(lambda backend: (backend.MATH,)),
            "string": lambda: chosen(lambda backend: "math"),
            "integer": lambda: chosen(lambda backend: 0),
            "priority": lambda: chosen(lambda backend: [backend.MATH], set_priority=True),
        }
    )


FLAGS = ("flash", "mem_efficient", "math", "cudnn")


def flags():
    """Whether the fused and the math kernel are allowed."""
    return [torch.backends.cuda.flash_sdp_enabled(), torch.backends.cuda.math_sdp_enabled()]


@pytest.mark.api(
    "torch.backends.cuda.flash_sdp_enabled",
    "torch.backends.cuda.mem_efficient_sdp_enabled",
    "torch.backends.cuda.math_sdp_enabled",
    "torch.backends.cuda.cudnn_sdp_enabled",
    page="backends",
)
@pytest.mark.changed(
    "1.7",
    "torch.backends.cuda is a plain module, and the message says so",
    kind="wording",
    unless=(),
    cause="pytorch#41498",
    probable=True,
)
@pytest.mark.changed(
    "1.13",
    "flash_sdp_enabled and math_sdp_enabled appear",
    kind="appeared",
    of=("torch.backends.cuda.flash_sdp_enabled", "torch.backends.cuda.math_sdp_enabled"),
    cause="pytorch#85984",
)
@pytest.mark.changed(
    "2.0",
    "mem_efficient_sdp_enabled appears",
    kind="appeared",
    of="torch.backends.cuda.mem_efficient_sdp_enabled",
    cause="pytorch#86157",
    probable=True,
)
@pytest.mark.changed(
    "2.3",
    "cudnn_sdp_enabled appears, and is False",
    kind="appeared",
    of="torch.backends.cuda.cudnn_sdp_enabled",
    cause="pytorch#115663",
    probable=True,
)
@pytest.mark.changed(
    "2.5",
    "cudnn_sdp_enabled is True at the start",
    kind="silent",
    of="torch.backends.cuda.cudnn_sdp_enabled",
    advice="call torch.backends.cuda.enable_cudnn_sdp(False)",
    unless=(),
    cause="pytorch#125343",
)
def test_sdpa_flags_start_enabled(snapshot):
    """Each kernel has a global flag, which is True at the start, with one exception.

    The flag of the cuDNN kernel exists since 2.2, and starts as True since 2.5. Up to 1.13 there
    are no flags.
    """
    assert snapshot == observe_each(
        {
            name: lambda name=name: getattr(torch.backends.cuda, f"{name}_sdp_enabled")()
            for name in FLAGS
        }
    )


@pytest.mark.api("torch.nn.attention.sdpa_kernel", page="generated/torch.nn.attention.sdpa_kernel")
@pytest.mark.changed(
    "2.3", "torch.nn.attention.sdpa_kernel appears", kind="appeared", cause="pytorch#114689"
)
def test_sdpa_kernel_restores_the_flags(snapshot):
    """``sdpa_kernel`` sets the global flags, and gives them back at its end or at an error.

    An inner context replaces the choice of the outer one.
    """

    def act():
        from torch.nn.attention import SDPBackend, sdpa_kernel

        found = {"before": flags()}
        with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
            found["outer"] = flags()
            with sdpa_kernel(SDPBackend.MATH):
                found["inner"] = flags()
            found["outer again"] = flags()
        found["after"] = flags()
        return found

    assert snapshot == observe(act)


@pytest.mark.api("torch.backends.cuda.sdp_kernel", page="backends")
@pytest.mark.changed(
    "1.7",
    "torch.backends.cuda is a plain module, and the message says so",
    kind="wording",
    unless=(),
    cause="pytorch#41498",
    probable=True,
)
@pytest.mark.changed(
    "1.13",
    "sdp_kernel appears",
    kind="appeared",
    cause="pytorch#85984",
)
@pytest.mark.changed(
    "2.0",
    "takes enable_mem_efficient",
    kind="appeared",
    cause="pytorch#86157",
    probable=True,
)
@pytest.mark.changed(
    "2.1",
    "the fused kernel computes on the CPU: numbers change by rounding",
    kind="representation",
    cause="pytorch#103826",
    rarely="the CPU",
)
@pytest.mark.changed(
    "2.1",
    "without the flash and the math kernel a call on the CPU raises",
    kind="error",
    cause="pytorch#103826",
    advice="allow enable_math=True",
    when="enable_math@1=False",
    rarely="a call on the CPU",
)
@pytest.mark.changed(
    "2.3",
    "warns with FutureWarning that it is deprecated",
    kind="warning",
    cause="pytorch#114689",
    advice="use torch.nn.attention.sdpa_kernel",
    unless=(),
)
@pytest.mark.changed(
    "2.3",
    "takes enable_cudnn",
    kind="appeared",
    cause="pytorch#115663",
    probable=True,
)
@pytest.mark.changed(
    "2.4",
    "the warning quotes its names",
    kind="wording",
    unless=(),
    cause="pytorch#127689",
    probable=True,
)
def test_sdp_kernel_of_the_cuda_backend_is_deprecated(snapshot):
    """``torch.backends.cuda.sdp_kernel`` works on the CPU too, and warns since 2.3.

    Use ``torch.nn.attention.sdpa_kernel``, whose arguments are other ones.
    """

    def chosen(**settings):
        with torch.backends.cuda.sdp_kernel(**settings):
            return kernel()

    cases = {
        "all": {},
        "math": {"enable_flash": False, "enable_mem_efficient": False},
        "none": {"enable_flash": False, "enable_mem_efficient": False, "enable_math": False},
        "cudnn": {"enable_cudnn": False},
    }
    assert snapshot == observe_each(each(chosen, cases))


@pytest.mark.api("torch.backends.cuda.enable_math_sdp", page="backends")
@pytest.mark.changed(
    "1.7",
    "torch.backends.cuda is a plain module, and the message says so",
    kind="wording",
    unless=(),
    cause="pytorch#41498",
    probable=True,
)
@pytest.mark.changed(
    "1.13",
    "enable_flash_sdp and enable_math_sdp appear",
    kind="appeared",
    cause="pytorch#85984",
)
@pytest.mark.changed(
    "2.0", "scaled_dot_product_attention appears", kind="appeared", cause="pytorch#92189"
)
@pytest.mark.changed(
    "2.1",
    ("the fused kernel computes on the CPU, unless it is off: numbers change by rounding"),
    kind="representation",
    cause="pytorch#103826",
    rarely="the CPU",
)
@pytest.mark.changed(
    "2.1",
    "with both kernels off a call on the CPU raises",
    kind="error",
    cause="pytorch#103826",
    advice="leave torch.backends.cuda.enable_math_sdp(True)",
    rarely="both kernels off on the CPU",
)
@pytest.mark.changed(
    "2.2",
    "the message names the two kernels that are off, without warnings",
    kind="wording",
    rarely="both kernels off on the CPU",
)
def test_sdpa_without_a_kernel_raises(snapshot):
    """``enable_flash_sdp`` and ``enable_math_sdp`` are global, and act on the CPU.

    With both off, a call on the CPU raises in some releases, and is computed in others.
    """

    def act(flash, math):
        torch.backends.cuda.enable_flash_sdp(flash)
        torch.backends.cuda.enable_math_sdp(math)
        try:
            return kernel()
        finally:
            torch.backends.cuda.enable_flash_sdp(True)
            torch.backends.cuda.enable_math_sdp(True)

    assert snapshot == observe_each(
        {
            "math off": lambda: act(True, False),
            "flash off": lambda: act(False, True),
            "both off": lambda: act(False, False),
        }
    )


@pytest.mark.api("torch.nn.attention.SDPBackend", page="generated/torch.nn.attention.SDPBackend")
@pytest.mark.changed(
    "2.3", "torch.nn.attention.SDPBackend appears", kind="appeared", cause="pytorch#114689"
)
@pytest.mark.changed(
    "2.5",
    "has the member OVERRIDEABLE",
    kind="representation",
    unless=(),
    cause="pytorch#126392",
    probable=True,
)
def test_sdp_backends(snapshot):
    """``SDPBackend`` has a member for each kernel."""
    assert snapshot == observe(lambda: sorted(torch.nn.attention.SDPBackend.__members__))


@pytest.mark.api(
    "torch.nn.attention.flex_attention.flex_attention",
    page="nn.attention.flex_attention",
)
@pytest.mark.changed(
    "2.3",
    "torch.nn.attention appears, without flex_attention",
    kind="wording",
    unless=(),
    cause="pytorch#114689",
)
@pytest.mark.changed(
    "2.5",
    "torch.nn.attention.flex_attention appears",
    kind="appeared",
    cause="pytorch#130755",
)
@pytest.mark.changed(
    "2.9",
    "warns without torch.compile that it runs an unfused implementation",
    kind="warning",
    advice="call torch.compile(flex_attention)",
    rarely="a call without torch.compile",
    cause="pytorch#158534",
    probable=True,
)
def test_flex_attention_applies_a_function_to_the_scores(snapshot):
    """``flex_attention`` calls ``score_mod`` with each score, before the softmax.

    The keys are 0, so all scores are 0: the output is the mean of the values 0 and 4, or 4 if the
    function adds 100 to the score of the second key. Without ``torch.compile`` it warns.
    """

    def act(**settings):
        from torch.nn.attention.flex_attention import flex_attention

        value = torch.tensor([0.0, 4.0]).reshape(1, 1, 2, 1).expand(1, 1, 2, 16)
        zeros = torch.zeros(1, 1, 2, 16)
        return flex_attention(torch.ones(1, 1, 1, 16), zeros, value, **settings)[0, 0, 0, :1]

    cases = {
        "plain": {},
        "score_mod": {"score_mod": lambda score, b, h, q, k: score + 100.0 * k},
    }
    assert snapshot == observe_each(each(act, cases))
