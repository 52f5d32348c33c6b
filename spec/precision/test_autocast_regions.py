"""Where autocast is on: its arguments, nested regions, decorators, threads and exceptions.

``torch.autocast(device_type, dtype, enabled, cache_enabled)`` is on between the lines that enter
and leave it, in the thread that entered it. A region inside another replaces its settings, and
``enabled=False`` switches it off. The dtype is bfloat16 by default on the CPU and float16 on CUDA.
Without CUDA, ``torch.autocast("cuda")`` warns and does nothing.
"""

import copy
import threading
from contextlib import ExitStack, suppress

import pytest
import torch
from torch import nn

from fixtures.precision import product, switch_off, under
from fixtures.settings import each
from torch_history.observing import observe, observe_each


def in_region(*arguments, **settings):
    """The dtype of a product of float32 in a region with these arguments."""
    try:
        with torch.autocast(*arguments, **settings):
            return product().dtype
    finally:
        switch_off()


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "1.11",
    "dtype=None means the default",
    kind="error-gone",
    cause="pytorch#63939",
    probable=True,
)
@pytest.mark.changed(
    "2.2", "autocast on the CPU takes float16", kind="error-gone", cause="pytorch#112484"
)
@pytest.mark.changed(
    "2.2",
    "another dtype warns and does nothing, instead of raising",
    kind="error-gone",
    cause="pytorch#112484",
    probable=True,
)
@pytest.mark.changed(
    "2.10",
    "the warning says dtypes instead of dtype",
    kind="wording",
    cause="pytorch#165221",
)
def test_autocast_on_the_cpu_takes_these_dtypes(snapshot):
    """``torch.autocast("cpu")`` computes in bfloat16 by default, and since 2.2 in float16 too.

    Another dtype warns, and the region does nothing.
    """
    cases = {
        "default": {},
        "None": {"dtype": None},
        **{
            name: {"dtype": getattr(torch, name)}
            for name in ("bfloat16", "float16", "float32", "float64", "int32")
        },
    }
    assert snapshot == observe_each(each(lambda **dtype: in_region("cpu", **dtype), cases))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "1.11",
    "the second positional argument is dtype, where enabled was",
    kind="gone",
    advice="write enabled=False",
    when="@1=<bool>",
    cause="pytorch#63939",
    probable=True,
)
@pytest.mark.changed(
    "1.11",
    "dtype is taken by position",
    kind="error-gone",
    cause="pytorch#63939",
    probable=True,
)
@pytest.mark.changed(
    "1.11",
    "takes dtype only, not fast_dtype",
    kind="gone",
    advice="write dtype",
    when="fast_dtype",
    cause="pytorch#63939",
    probable=True,
)
@pytest.mark.changed("2.2", "the warning names float16 too", kind="wording", cause="pytorch#112484")
@pytest.mark.changed(
    "2.4",
    "the message names set_autocast_dtype",
    kind="wording",
    cause="pytorch#124359",
    probable=True,
)
@pytest.mark.changed(
    "2.10",
    "the warning says dtypes instead of dtype",
    kind="wording",
    cause="pytorch#165221",
)
def test_autocast_takes_dtype_before_enabled(snapshot):
    """The second positional argument of ``torch.autocast`` is ``dtype``, then ``enabled``.

    In 1.10 it was ``enabled``: since 1.11 ``torch.autocast("cpu", False)`` raises.
    """
    assert snapshot == observe_each(
        {
            "False": lambda: in_region("cpu", False),
            "dtype": lambda: in_region("cpu", torch.bfloat16),
            "dtype, False": lambda: in_region("cpu", torch.bfloat16, False),
            "enabled=False": lambda: in_region("cpu", enabled=False),
            "nothing": lambda: in_region(),
            "fast_dtype": lambda: in_region("cpu", fast_dtype=torch.bfloat16),
        }
    )


def in_one_sentence(act):
    """What ``act`` does; of an error that lists every device type, the first word."""
    try:
        return act()
    except RuntimeError as error:
        raise type(error)(str(error).partition(" cpu, cuda")[0]) from None


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed("2.1", "the message names the device type", kind="wording")
@pytest.mark.changed(
    "2.4",
    "the message lists the device types",
    kind="wording",
    cause="pytorch#125103",
    probable=True,
)
@pytest.mark.changed(
    "2.4",
    "a device type with an index is taken",
    kind="error-gone",
    cause="pytorch#125103",
    probable=True,
)
@pytest.mark.changed(
    "2.4",
    "torch.device raises ValueError instead of RuntimeError",
    kind="exception",
    cause="pytorch#125103",
    probable=True,
    advice="pass device.type",
    when="device_type@0=<unknown>",
    depends="the type of the argument",
)
def test_autocast_takes_a_device_type_as_a_string(snapshot):
    """``torch.autocast`` takes ``"cpu"`` or ``"cuda"``, not ``torch.device``.

    Since 2.4 it also takes ``"cpu:0"``.
    """
    cases = {name: {"device": name} for name in ("cpu", "cpu:0", "CPU", "gpu", "meta")}
    cases["torch.device"] = {"device": torch.device("cpu")}
    assert snapshot == observe_each(
        each(lambda device: in_one_sentence(lambda: in_region(device)), cases)
    )


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "1.13",
    "enabled=False no longer warns without CUDA",
    kind="warning",
    cause="pytorch#79203",
    rarely="a machine without CUDA",
)
@pytest.mark.changed(
    "2.10",
    "the warning without CUDA mentions torch_xla too",
    kind="wording",
    cause="pytorch#165221",
)
def test_autocast_for_cuda_without_cuda_warns_and_does_nothing(snapshot):
    """``torch.autocast("cuda")`` on a machine without CUDA warns, and computes in float32.

    Take the device type from the data: ``torch.autocast(x.device.type)``.
    """
    cases = {
        "default": {},
        "float16": {"dtype": torch.float16},
        "enabled=False": {"enabled": False},
    }
    assert snapshot == observe_each(each(lambda **settings: in_region("cuda", **settings), cases))


def nested(*regions):
    """The dtype of a product inside these regions, the first one outside."""
    try:
        with ExitStack() as stack:
            for settings in regions:
                stack.enter_context(torch.autocast("cpu", **settings))
            return product().dtype
    finally:
        switch_off()


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "2.2", "autocast on the CPU takes float16", kind="error-gone", cause="pytorch#112484"
)
def test_inner_region_of_autocast_replaces_the_outer(snapshot):
    """The innermost region of autocast decides, whether it is on, off, or of another dtype.

    A region without ``dtype`` keeps the dtype of the region around it.
    """
    half, off = {"dtype": torch.float16}, {"enabled": False}
    assert snapshot == observe_each(
        {
            "off in on": lambda: nested({}, off),
            "on in off": lambda: nested(off, {}),
            "on in off in on": lambda: nested({}, off, {}),
            "float16 in bfloat16": lambda: nested({}, half),
            "bfloat16 in float16": lambda: nested(half, {}),
            "default in float16": lambda: nested(half, {"dtype": None}),
        }
    )


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
def test_leaving_a_region_restores_the_outer(snapshot):
    """Leaving a region of autocast restores what was before, also by an exception."""

    def act():
        found = {}
        with torch.autocast("cpu"):
            with torch.autocast("cpu", enabled=False):
                found["inner"] = product().dtype
            found["outer"] = product().dtype
        found["outside"] = product().dtype
        with suppress(KeyError), torch.autocast("cpu"):
            raise KeyError
        found["after an exception"] = product().dtype
        return found

    assert snapshot == observe(act)


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
def test_one_autocast_object_enters_again(snapshot):
    """One object of ``torch.autocast`` can be entered again, one after the other.

    Trap: it keeps one former state. Entered inside itself, it forgets that autocast was off, and
    leaves autocast on for good.
    """

    def act():
        region, found = torch.autocast("cpu"), {}
        for name in ("first", "second"):
            with region:
                found[name] = product().dtype
        found["between"] = product().dtype
        with region:
            with region:
                found["in itself"] = product().dtype
        found["after"] = product().dtype
        return found

    assert snapshot == observe(act)


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
def test_autocast_decorates_functions(snapshot):
    """``@torch.autocast("cpu")`` wraps each call of a function in a region.

    A generator function runs outside, since its body runs after the call. A class becomes a
    function, and only its constructor runs in the region: decorate ``forward``.
    """

    def function():
        return product().dtype

    def generator():
        yield product().dtype

    def decorated(function):
        return torch.autocast("cpu")(function)

    def method():
        forward = decorated(lambda self: product().dtype)
        return type("Decorated", (nn.Module,), {"forward": forward})()

    def of_class():
        return decorated(type("Class", (nn.Module,), {"forward": lambda self: product().dtype}))

    assert snapshot == observe_each(
        {
            "function": lambda: decorated(function)(),
            "its name": lambda: decorated(function).__name__,
            "generator": lambda: list(decorated(generator)()),
            "forward": lambda: method()(),
            "forward of a copy": lambda: copy.deepcopy(method())(),
            "class": lambda: of_class()()(),
            "is a class": lambda: isinstance(of_class(), type),
        }
    )


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
def test_autocast_is_off_in_another_thread(snapshot):
    """A thread that is started in a region of autocast computes outside it.

    Enter a region in the thread itself, as ``DataParallel`` needs in ``forward``.
    """

    def act():
        found = {}

        def compute():
            found["thread"] = product().dtype
            found["its own region"] = under(lambda: product().dtype)

        with torch.autocast("cpu"):
            thread = threading.Thread(target=compute)
            thread.start()
            thread.join()
            found["region"] = product().dtype
        return found

    assert snapshot == observe(act)
