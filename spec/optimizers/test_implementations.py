"""Foreach, fused, capturable, differentiable and compiled steps against the plain loop.

``foreach=True`` makes one call per operation for all parameters, and ``fused=True`` one kernel for
the whole update. Both give the values of the plain loop, and exclude each other. Fused steps run on
the CPU since 2.4. ``capturable=True`` is refused on the CPU, at the first step.
``differentiable=True`` records the step in the graph. A compiled step gives the plain values too,
but in 2.1 and 2.2 a gradient of None broke it. In these two releases compiling anything also
removed the step hooks of all optimizers.
"""

import pytest
import torch

from fixtures.compiling import hooks_after_the_first_compilation
from fixtures.references import parameter, step
from torch_history.observing import observe

CASES = [
    pytest.param(
        torch.optim.SGD,
        {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.5, "nesterov": True},
        id="sgd",
    ),
    pytest.param(torch.optim.Adam, {"lr": 0.1, "weight_decay": 0.5, "amsgrad": True}, id="adam"),
    pytest.param(torch.optim.AdamW, {"lr": 0.1, "weight_decay": 0.5, "amsgrad": True}, id="adamw"),
]
GRADIENTS = [([1.0, -2.0], [0.5]), ([0.25, 3.0], None), ([-1.0, 0.0], [2.0])]


def trained(optimizer_class, settings, wrap=lambda step: step):
    """Two parameters after three steps; the second has no gradient in the second step.

    ``wrap`` may replace ``optimizer.step``.
    """
    members = [parameter([1.0, 2.0]), parameter([-1.0])]
    optimizer = optimizer_class(members, **settings)
    optimizer.step = wrap(optimizer.step)
    for gradients in GRADIENTS:
        step(optimizer, *gradients)
    return {"first": members[0].detach(), "second": members[1].detach()}


def against_plain(optimizer_class, settings, wrap=lambda step: step, **implementation):
    """The parameters, and whether they equal the plain ones within float32's tolerance."""
    plain = trained(optimizer_class, settings)
    observed = trained(optimizer_class, {**settings, **implementation}, wrap)
    # assert_close's tolerances for float32
    close = all(
        torch.allclose(observed[name], plain[name], rtol=1.3e-6, atol=1e-5) for name in plain
    )
    return {**observed, "as the plain one": close}


@pytest.mark.parametrize("optimizer_class, settings", CASES)
@pytest.mark.api("torch.optim.SGD", "torch.optim.Adam", "torch.optim.AdamW", page="optim")
@pytest.mark.changed("1.12", "SGD takes foreach", kind="appeared", cause="pytorch#70481")
@pytest.mark.changed("1.12", "Adam takes foreach", kind="appeared", cause="pytorch#70295")
@pytest.mark.changed("1.12", "AdamW takes foreach", kind="appeared", cause="pytorch#70484")
def test_foreach_step_equals_the_plain_one(optimizer_class, settings, snapshot):
    """``foreach=True`` updates all parameters by one call per operation, to the same values."""
    assert snapshot == observe(lambda: against_plain(optimizer_class, settings, foreach=True))


@pytest.mark.parametrize("optimizer_class, settings", CASES)
@pytest.mark.api("torch.optim.SGD", "torch.optim.Adam", "torch.optim.AdamW", page="optim")
@pytest.mark.changed(
    "1.13", "Adam takes fused, for CUDA only", kind="appeared", cause="pytorch#85739"
)
@pytest.mark.changed(
    "2.0", "AdamW takes fused, for CUDA only", kind="appeared", cause="pytorch#88015"
)
@pytest.mark.changed(
    "2.0",
    "the message says fused=True instead of FusedAdam",
    kind="wording",
    cause="pytorch#88015",
    probable=True,
)
@pytest.mark.changed(
    "2.1",
    "the message names the supported devices",
    kind="wording",
    cause="pytorch#102047",
    probable=True,
)
@pytest.mark.changed(
    "2.3", "SGD takes fused, for CUDA only", kind="appeared", cause="pytorch#116585"
)
@pytest.mark.changed(
    "2.4",
    "fused steps of Adam and AdamW run on the CPU too",
    kind="error-gone",
    cause="pytorch#123074",
)
@pytest.mark.changed(
    "2.4", "fused steps of SGD run on the CPU too", kind="error-gone", cause="pytorch#123629"
)
def test_fused_step_equals_the_plain_one(optimizer_class, settings, snapshot):
    """``fused=True`` does the whole update in one kernel, to the same values.

    It works on the CPU since 2.4. Before, it was for CUDA only.
    """
    assert snapshot == observe(lambda: against_plain(optimizer_class, settings, fused=True))


@pytest.mark.parametrize("optimizer_class, settings", CASES[1:])
@pytest.mark.api("torch.optim.Adam", "torch.optim.AdamW", page="optim")
@pytest.mark.changed(
    "1.12",
    "Adam and AdamW take capturable, for CUDA only",
    kind="appeared",
    cause="pytorch#77862",
)
@pytest.mark.changed(
    "2.1", "the message mentions XLA too", kind="wording", cause="pytorch#102858", probable=True
)
@pytest.mark.changed(
    "2.4", "the message lists the supported devices", kind="wording", cause="pytorch#124919"
)
@pytest.mark.changed(
    "2.5", "the message lists xpu and hpu too", kind="wording", cause="pytorch#132119"
)
def test_capturable_step_is_refused_on_the_cpu(optimizer_class, settings, snapshot):
    """The first step with ``capturable=True`` raises if the parameters are on the CPU.

    The constructor does not raise. The parameters must be on an accelerator.
    """
    assert snapshot == observe(lambda: against_plain(optimizer_class, settings, capturable=True))


@pytest.mark.api(
    "torch.compile",
    "torch.optim.Optimizer.register_step_pre_hook",
    "torch.optim.Optimizer.register_step_post_hook",
    page="generated/torch.compile",
)
@pytest.mark.changed(
    "2.0",
    "torch.compile appears, and refuses Python 3.11",
    kind="appeared",
    cause="pytorch#94940",
    probable=True,
)
@pytest.mark.changed(
    "2.1",
    "compiles under Python 3.11, and the first compilation removes the step hooks of every "
    "optimizer for good",
    kind="error-gone",
    cause="pytorch#98104",
    probable=True,
    advice="register no step hooks in a process that compiles",
)
@pytest.mark.changed(
    "2.3",
    "step hooks remain when something is compiled",
    kind="silent",
    cause="pytorch#115772",
    of=(
        "torch.optim.Optimizer.register_step_pre_hook",
        "torch.optim.Optimizer.register_step_post_hook",
    ),
    rarely="a process that compiles something",
)
def test_compiling_leaves_the_step_hooks_of_optimizers_on(snapshot):
    """Compiling anything in the process does not remove the step hooks of optimizers.

    2.1 and 2.2 removed them silently. According to its source, 2.0 did so too on Python older than
    3.11, which made the records.
    """
    assert snapshot == observe(hooks_after_the_first_compilation)


@pytest.mark.parametrize("optimizer_class, settings", CASES[:2])
@pytest.mark.api("torch.compile", page="generated/torch.compile")
@pytest.mark.changed(
    "2.0",
    "torch.compile appears, and refuses Python 3.11",
    kind="appeared",
    cause="pytorch#94940",
    probable=True,
)
@pytest.mark.changed(
    "2.1",
    "compiles under Python 3.11, but Adam no longer moves a parameter whose gradient is None once",
    kind="error-gone",
    cause="pytorch#98104",
    probable=True,
    advice="do not compile a step whose gradients can be None",
)
@pytest.mark.changed(
    "2.1",
    "SGD raises an error of the compiler: a gradient is None in one step",
    kind="wording",
    cause="pytorch#98104",
    probable=True,
    advice="do not compile a step whose gradients can be None",
)
@pytest.mark.changed(
    "2.3",
    "Adam moves a parameter whose gradient is None in one step",
    kind="silent",
    cause="pytorch#121291",
    probable=True,
    rarely="a compiled step of Adam where a gradient is None",
)
@pytest.mark.changed(
    "2.3",
    "SGD takes a gradient that is None in one step",
    kind="error-gone",
    cause="pytorch#121291",
    probable=True,
)
def test_compiled_step_equals_the_plain_one(optimizer_class, settings, snapshot):
    """``torch.compile(optimizer.step)`` gives the same values as the plain step.

    The backend is aot_eager. It traces the step and makes it functional, but does not turn it into
    C++, which would need a compiler. Under Python 3.11, which made the records, torch compiles
    since 2.1. In 2.1 and 2.2 a gradient that is None in one step breaks the compiled step.
    """

    def compiled(function):
        return torch.compile(function, backend="aot_eager")

    observe(hooks_after_the_first_compilation)
    # the first call in a process imports the compiler, which itself warns on some releases
    observe(lambda: trained(optimizer_class, settings, compiled))
    assert snapshot == observe(lambda: against_plain(optimizer_class, settings, compiled))


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam")
@pytest.mark.changed(
    "1.13", "Adam takes fused, for CUDA only", kind="appeared", cause="pytorch#85739"
)
@pytest.mark.changed(
    "2.0",
    "the message says fused=True instead of FusedAdam",
    kind="wording",
    cause="pytorch#88015",
    probable=True,
)
@pytest.mark.changed(
    "2.1",
    "the message names the supported devices",
    kind="wording",
    cause="pytorch#102047",
    probable=True,
)
@pytest.mark.changed(
    "2.4",
    "the message says that fused and foreach exclude each other: fused supports the CPU",
    kind="wording",
    cause="pytorch#123074",
    probable=True,
)
def test_fused_and_foreach_exclude_each_other(snapshot):
    """``fused=True`` together with ``foreach=True`` raises in the constructor."""
    assert snapshot == observe(
        lambda: torch.optim.Adam([parameter([1.0])], fused=True, foreach=True)
    )


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
@pytest.mark.changed("1.13", "SGD takes differentiable", kind="appeared", cause="pytorch#80938")
def test_differentiable_step_passes_gradients_to_the_start_and_to_the_gradient(snapshot):
    """With ``differentiable=True`` the step w - lr g is in the graph.

    d/dw is 1, and d/dg is -lr.
    """

    def act():
        start, gradient = (torch.tensor([value], requires_grad=True) for value in (1.0, 3.0))
        w = start.clone()
        w.retain_grad()
        optimizer = torch.optim.SGD([w], lr=0.5, differentiable=True)
        w.grad = gradient.clone()
        optimizer.step()
        to_start, to_gradient = torch.autograd.grad(w.sum(), (start, gradient))
        return {"w": w.detach(), "d/d start": to_start, "d/d gradient": to_gradient}

    assert snapshot == observe(act)
