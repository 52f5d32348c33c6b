"""The names of mixed precision: ``torch.amp``, and the older names for one device.

``torch.autocast`` and ``torch.amp.autocast`` take the device type as their first argument. The
names in ``torch.cuda.amp`` and ``torch.cpu.amp`` do the same for one device, and warn since 2.4.
``torch.amp`` has ``GradScaler`` since 2.3, and ``custom_fwd`` and ``custom_bwd`` since 2.4. The
functions that read or set the state take a device type since 2.4, and the older ones warn.
"""

import pytest
import torch

from fixtures.precision import product, switch_off, under
from fixtures.settings import each
from torch_history.observing import observe_each


def dtype_in(make):
    """The dtype of a product of float32 in the region that ``make`` returns."""
    try:
        with make():
            return product().dtype
    finally:
        switch_off()


@pytest.mark.api("torch.cpu.amp.autocast", page="amp")
@pytest.mark.changed(
    "1.10", "torch.cpu.amp.autocast appears", kind="appeared", cause="pytorch#57386"
)
@pytest.mark.changed(
    "1.12",
    "torch.amp appears",
    kind="appeared",
    cause="pytorch#68567",
)
@pytest.mark.changed(
    "2.4",
    "torch.cpu.amp.autocast warns with FutureWarning",
    kind="warning",
    cause="pytorch#126062",
    advice='write torch.autocast("cpu", …)',
    unless=(),
)
def test_cpu_autocast_warns_to_use_the_general_name(snapshot):
    """``torch.cpu.amp.autocast`` works, and warns since 2.4.

    Write ``torch.autocast("cpu", …)``. Trap: its first argument is ``enabled``.
    """
    cases = {
        "default": {"make": lambda: torch.cpu.amp.autocast()},
        "positions": {"make": lambda: torch.cpu.amp.autocast(True, torch.bfloat16, True)},
        "False": {"make": lambda: torch.cpu.amp.autocast(False)},
        "general name": {"make": lambda: torch.amp.autocast("cpu")},
    }
    assert snapshot == observe_each(each(dtype_in, cases))


@pytest.mark.api("torch.cuda.amp.autocast", page="amp")
@pytest.mark.changed(
    "1.5", "torch.cuda.amp appears, without autocast", kind="appeared", cause="pytorch#26512"
)
@pytest.mark.changed(
    "1.6", "torch.cuda.amp.autocast appears", kind="appeared", cause="pytorch#32140"
)
@pytest.mark.changed("1.10", "takes dtype", kind="appeared", cause="pytorch#61002")
@pytest.mark.changed(
    "1.10",
    "warns without CUDA with enabled=False too, in other words",
    kind="warning",
    cause="pytorch#61002",
    probable=True,
    advice="ignore it",
    rarely="a machine without CUDA",
)
@pytest.mark.changed(
    "1.10",
    "the warning without CUDA has other words",
    kind="wording",
    cause="pytorch#61002",
    probable=True,
)
@pytest.mark.changed(
    "1.13",
    "enabled=False no longer warns without CUDA",
    kind="warning",
    cause="pytorch#79203",
    rarely="a machine without CUDA",
)
@pytest.mark.changed(
    "2.1",
    "dtype=torch.bfloat16 without CUDA warns instead of raising",
    kind="error-gone",
    rarely="a machine without CUDA",
    cause="pytorch#96097",
)
@pytest.mark.changed(
    "2.4",
    "torch.cuda.amp.autocast warns with FutureWarning",
    kind="warning",
    cause="pytorch#126062",
    advice='write torch.autocast("cuda", …)',
    unless=(),
)
@pytest.mark.changed(
    "2.10",
    "the warning without CUDA mentions torch_xla too",
    kind="wording",
    cause="pytorch#165221",
)
def test_cuda_autocast_warns_to_use_the_general_name(snapshot):
    """``torch.cuda.amp.autocast`` warns since 2.4 of its name, and without CUDA of that too.

    Write ``torch.autocast("cuda", …)``. On a machine without CUDA it does nothing.
    """
    cases = {
        "default": {"make": lambda: torch.cuda.amp.autocast()},
        "False": {"make": lambda: torch.cuda.amp.autocast(False)},
        "bfloat16": {"make": lambda: torch.cuda.amp.autocast(dtype=torch.bfloat16)},
    }
    assert snapshot == observe_each(each(dtype_in, cases))


@pytest.mark.api(
    "torch.cuda.amp.GradScaler",
    "torch.cpu.amp.GradScaler",
    "torch.amp.GradScaler",
    page="amp",
)
@pytest.mark.changed(
    "1.5",
    "torch.cuda.amp.GradScaler appears",
    kind="appeared",
    cause="pytorch#26512",
    of="torch.cuda.amp.GradScaler",
)
@pytest.mark.changed(
    "1.6",
    "without CUDA torch.cuda.amp.GradScaler is disabled, and warns",
    kind="warning",
    advice="ignore it, or pass enabled=torch.cuda.is_available()",
    of="torch.cuda.amp.GradScaler",
    rarely="a machine without CUDA",
)
@pytest.mark.changed(
    "1.10",
    "torch.cpu.amp appears, without GradScaler",
    kind="appeared",
    cause="pytorch#57386",
    of="torch.cpu.amp.GradScaler",
)
@pytest.mark.changed(
    "1.12",
    "torch.amp appears, without GradScaler",
    kind="appeared",
    cause="pytorch#68567",
)
@pytest.mark.changed(
    "2.3",
    "torch.amp.GradScaler and torch.cpu.amp.GradScaler appear",
    kind="appeared",
    cause="pytorch#109993",
    of=("torch.amp.GradScaler", "torch.cpu.amp.GradScaler"),
)
@pytest.mark.changed(
    "2.4",
    "the names for one device warn with FutureWarning",
    kind="warning",
    cause="pytorch#126527",
    advice='write torch.amp.GradScaler("cuda", …)',
    of=("torch.cuda.amp.GradScaler", "torch.cpu.amp.GradScaler"),
    unless=(),
)
def test_scaler_names_for_one_device_warn_to_use_the_general_name(snapshot):
    """``torch.cuda.amp.GradScaler`` warns since 2.4; write ``torch.amp.GradScaler("cuda")``.

    Without CUDA it also warns, and is disabled. A program that runs on releases before 2.3 still
    needs the older name.
    """
    cases = {
        "cuda": {"make": lambda: torch.cuda.amp.GradScaler()},
        "cuda, enabled=False": {"make": lambda: torch.cuda.amp.GradScaler(enabled=False)},
        "cpu": {"make": lambda: torch.cpu.amp.GradScaler()},
        "general name for cuda": {"make": lambda: torch.amp.GradScaler("cuda")},
        "general name for cpu": {"make": lambda: torch.amp.GradScaler("cpu")},
        "short name": {"make": lambda: torch.GradScaler("cpu")},
    }
    assert snapshot == observe_each(each(lambda make: make().is_enabled(), cases))


@pytest.mark.api("torch.amp.GradScaler", page="amp")
@pytest.mark.changed(
    "1.12",
    "torch.amp appears, without GradScaler",
    kind="appeared",
    cause="pytorch#68567",
)
@pytest.mark.changed(
    "2.3", "torch.amp.GradScaler appears, for the CPU too", kind="appeared", cause="pytorch#109993"
)
def test_scaler_takes_the_device_before_the_scale(snapshot):
    """The first argument of ``torch.amp.GradScaler`` is the device, ``"cuda"`` by default.

    In ``torch.cuda.amp.GradScaler`` it is ``init_scale``. Trap: on a machine without CUDA the
    default is a disabled scaler.
    """

    def scale_of(*arguments, **settings):
        scaler = torch.amp.GradScaler(*arguments, **settings)
        return {
            "enabled": scaler.is_enabled(),
            "scale": scaler.get_scale(),
            "loss": scaler.scale(torch.tensor(1.0)),
        }

    assert snapshot == observe_each(
        {
            "nothing": lambda: scale_of(),
            "cpu": lambda: scale_of("cpu"),
            "cpu, 8": lambda: scale_of("cpu", 8.0),
            "init_scale": lambda: scale_of("cpu", init_scale=8.0),
        }
    )


@pytest.mark.api(
    "torch.is_autocast_enabled",
    "torch.is_autocast_cpu_enabled",
    "torch.get_autocast_dtype",
    "torch.get_autocast_cpu_dtype",
    "torch.get_autocast_gpu_dtype",
    page="amp",
)
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "2.4",
    "is_autocast_cpu_enabled, get_autocast_cpu_dtype and get_autocast_gpu_dtype warn",
    kind="warning",
    cause="pytorch#124359",
    advice='write torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu")',
    of=(
        "torch.is_autocast_cpu_enabled",
        "torch.get_autocast_cpu_dtype",
        "torch.get_autocast_gpu_dtype",
    ),
    unless=(),
)
@pytest.mark.changed(
    "2.4",
    "is_autocast_enabled takes a device type, and get_autocast_dtype appears",
    kind="appeared",
    cause="pytorch#124359",
    of=("torch.is_autocast_enabled", "torch.get_autocast_dtype"),
)
def test_state_of_autocast_is_asked_with_a_device_type(snapshot):
    """``torch.is_autocast_enabled("cpu")`` says whether autocast is on for the CPU, since 2.4.

    Trap: without an argument it asks about CUDA, and is False in a region for the CPU.
    """
    cases = {
        "is_autocast_enabled()": lambda: torch.is_autocast_enabled(),
        "is_autocast_enabled('cpu')": lambda: torch.is_autocast_enabled("cpu"),
        "is_autocast_enabled('cuda')": lambda: torch.is_autocast_enabled("cuda"),
        "is_autocast_cpu_enabled()": lambda: torch.is_autocast_cpu_enabled(),
        "get_autocast_dtype('cpu')": lambda: torch.get_autocast_dtype("cpu"),
        "get_autocast_dtype('cuda')": lambda: torch.get_autocast_dtype("cuda"),
        "get_autocast_dtype()": lambda: torch.get_autocast_dtype(),
        "get_autocast_cpu_dtype()": lambda: torch.get_autocast_cpu_dtype(),
        "get_autocast_gpu_dtype()": lambda: torch.get_autocast_gpu_dtype(),
        "is_autocast_cache_enabled()": lambda: torch.is_autocast_cache_enabled(),
    }
    assert snapshot == observe_each(each(under, {name: {"act": cases[name]} for name in cases}))


@pytest.mark.api(
    "torch.set_autocast_enabled",
    "torch.set_autocast_cpu_enabled",
    "torch.set_autocast_dtype",
    "torch.set_autocast_cpu_dtype",
    page="amp",
)
@pytest.mark.changed(
    "1.6",
    "set_autocast_enabled appears, for CUDA alone",
    kind="appeared",
    cause="pytorch#32140",
    of="torch.set_autocast_enabled",
)
@pytest.mark.changed(
    "1.10",
    "set_autocast_cpu_enabled and set_autocast_cpu_dtype appear",
    kind="appeared",
    cause="pytorch#57386",
    of=("torch.set_autocast_cpu_enabled", "torch.set_autocast_cpu_dtype"),
)
@pytest.mark.changed(
    "2.2", "autocast on the CPU takes float16", kind="error-gone", cause="pytorch#112484"
)
@pytest.mark.changed(
    "2.4",
    "set_autocast_cpu_enabled and set_autocast_cpu_dtype warn",
    kind="warning",
    cause="pytorch#124359",
    advice='write torch.set_autocast_enabled("cpu", …) and torch.set_autocast_dtype("cpu", …)',
    of=("torch.set_autocast_cpu_enabled", "torch.set_autocast_cpu_dtype"),
    unless=(),
)
@pytest.mark.changed(
    "2.4",
    "set_autocast_enabled takes a device type, and set_autocast_dtype appears",
    kind="appeared",
    cause="pytorch#124359",
    of=("torch.set_autocast_enabled", "torch.set_autocast_dtype"),
)
def test_state_of_autocast_is_set_with_a_device_type(snapshot):
    """``torch.set_autocast_enabled("cpu", True)`` switches autocast on, since 2.4.

    A dtype that is set becomes the default of the regions that follow.
    """

    def after(setter, *arguments, region=False):
        try:
            getattr(torch, setter)(*arguments)
            return under(lambda: product().dtype) if region else product().dtype
        finally:
            switch_off()

    half = torch.float16
    assert snapshot == observe_each(
        {
            "enabled": lambda: after("set_autocast_enabled", "cpu", True),
            "cpu enabled": lambda: after("set_autocast_cpu_enabled", True),
            "dtype": lambda: after("set_autocast_dtype", "cpu", half, region=True),
            "cpu dtype": lambda: after("set_autocast_cpu_dtype", half, region=True),
        }
    )


@pytest.mark.api("torch.amp.is_autocast_available", page="amp")
@pytest.mark.changed(
    "1.12",
    "torch.amp appears, without is_autocast_available",
    kind="appeared",
    cause="pytorch#68567",
)
@pytest.mark.changed(
    "2.4", "torch.amp.is_autocast_available appears", kind="appeared", cause="pytorch#124938"
)
@pytest.mark.changed(
    "2.5",
    "is True for mps",
    kind="silent",
    advice="nothing to do",
    when="device_type@0='mps'",
    cause="pytorch#99272",
)
def test_autocast_is_available_for_these_devices(snapshot):
    """``torch.amp.is_autocast_available`` says whether torch has autocast for a type of device.

    It does not say whether the machine has such a device: for CUDA it is True without CUDA.
    """
    cases = {name: {"device": name} for name in ("cpu", "cuda", "mps", "meta")}
    assert snapshot == observe_each(
        each(lambda device: torch.amp.is_autocast_available(device), cases)
    )


X = torch.ones(2, 2)


def custom(**settings):
    """The dtypes in forward and backward of a product that is an own Function, under autocast."""
    found = {}

    class Product(torch.autograd.Function):
        @staticmethod
        @torch.amp.custom_fwd(device_type="cpu", **settings)
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            found["input"], found["in forward"] = a.dtype, torch.mm(X, X).dtype
            return torch.mm(a, b)

        @staticmethod
        @torch.amp.custom_bwd(device_type="cpu")
        def backward(ctx, gradient):
            _, b = ctx.saved_tensors
            found["gradient"], found["in backward"] = gradient.dtype, torch.mm(X, X).dtype
            return gradient.to(b.dtype).mm(b.t()), None

    weight = torch.ones(2, 2, requires_grad=True)
    output = under(lambda: Product.apply(weight, X))
    output.sum().backward()
    return {**found, "output": output.dtype, "weight's gradient": weight.grad.dtype}


@pytest.mark.api("torch.amp.custom_fwd", "torch.amp.custom_bwd", page="amp")
@pytest.mark.changed(
    "1.12",
    "torch.amp appears, without custom_fwd",
    kind="appeared",
    cause="pytorch#68567",
)
@pytest.mark.changed(
    "2.4", "torch.amp.custom_fwd and custom_bwd appear", kind="appeared", cause="pytorch#126531"
)
def test_custom_function_decides_whether_autocast_reaches_it(snapshot):
    """``custom_fwd`` runs ``forward`` under the autocast of the caller, and backward as forward.

    With ``cast_inputs`` it casts floating inputs to this dtype, and switches autocast off in
    forward and backward.
    """
    cases = {
        "nothing": {},
        "float32": {"cast_inputs": torch.float32},
        "bfloat16": {"cast_inputs": torch.bfloat16},
    }
    assert snapshot == observe_each(each(custom, cases))


@pytest.mark.api(
    "torch.amp.custom_fwd",
    "torch.amp.custom_bwd",
    "torch.cuda.amp.custom_fwd",
    "torch.cuda.amp.custom_bwd",
    page="amp",
)
@pytest.mark.changed(
    "1.5", "torch.cuda.amp appears, without custom_fwd", kind="appeared", cause="pytorch#26512"
)
@pytest.mark.changed(
    "1.6", "torch.cuda.amp.custom_fwd appears", kind="appeared", cause="pytorch#32140"
)
@pytest.mark.changed(
    "1.12",
    "torch.amp appears, without custom_fwd",
    kind="appeared",
    cause="pytorch#68567",
)
@pytest.mark.changed(
    "2.4",
    "torch.cuda.amp.custom_fwd and custom_bwd warn with FutureWarning",
    kind="warning",
    cause="pytorch#126531",
    advice='write torch.amp.custom_fwd(device_type="cuda", …)',
    of=("torch.cuda.amp.custom_fwd", "torch.cuda.amp.custom_bwd"),
    unless=(),
)
@pytest.mark.changed(
    "2.4",
    "torch.amp.custom_fwd and custom_bwd appear",
    kind="appeared",
    cause="pytorch#126531",
    of=("torch.amp.custom_fwd", "torch.amp.custom_bwd"),
)
def test_custom_function_of_cuda_warns_to_use_the_general_name(snapshot):
    """``torch.cuda.amp.custom_fwd`` warns since 2.4; write ``torch.amp.custom_fwd``.

    The general name needs ``device_type``. The warning comes when the class is made, so importing
    a library can give it.
    """

    def decorated(decorator, **settings):
        wrap = decorator(**settings) if settings else decorator
        return wrap(lambda ctx: "called")(torch.nn.Module())

    cuda = "cuda"
    assert snapshot == observe_each(
        {
            "cuda custom_fwd": lambda: decorated(torch.cuda.amp.custom_fwd),
            "general custom_fwd": lambda: decorated(torch.amp.custom_fwd, device_type=cuda),
            "without device_type": lambda: decorated(torch.amp.custom_fwd),
            "device_type is no str": lambda: decorated(torch.amp.custom_fwd, device_type=1),
        }
    )


@pytest.mark.api("torch.amp.autocast", "torch.amp.GradScaler", page="amp")
@pytest.mark.changed("1.5", "torch.cuda.amp appears", kind="appeared", cause="pytorch#26512")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "1.12",
    "torch.amp appears, with autocast alone",
    kind="appeared",
    cause="pytorch#68567",
)
@pytest.mark.changed(
    "2.3", "torch.amp.GradScaler appears, for the CPU too", kind="appeared", cause="pytorch#109993"
)
def test_short_names_are_the_classes_of_amp(snapshot):
    """``torch.autocast`` and ``torch.GradScaler`` are the classes of ``torch.amp``."""
    assert snapshot == observe_each(
        {
            "autocast": lambda: torch.autocast is torch.amp.autocast,
            "GradScaler": lambda: torch.GradScaler is torch.amp.GradScaler,
            "cuda": lambda: issubclass(torch.cuda.amp.GradScaler, torch.amp.GradScaler),
        }
    )
