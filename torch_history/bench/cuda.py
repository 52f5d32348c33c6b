"""CUDA: three figures for one case, because one clock cannot tell the host's work from the device's. Not run on a GPU yet:
written after torch's documentation ("CUDA semantics", CUDA graphs) and the sources of 1.4 to 2.15, and tested against a fake
``torch.cuda``.

- ``enqueue``: what the host spends to send the work off, from an idle device on; the device's last work is not waited for.
- ``steady``: the wall time of calls in a row, from an idle device until it is idle again: synchronised around them all, not
  around each.
- ``graph``: the device's time for a captured call that is replayed, between two events: nothing of Python or of the dispatcher
  is in it.

The act of a captured step is the release's own: zero_grad to None happens inside the capture, so that backward takes the
gradients from the graph's memory, as the documentation has it; where a release or a variant zeroes instead, the graph zeroes
and adds.
"""

from __future__ import annotations

import re
import time
from typing import Any, Callable, Tuple

from torch_history.bench.worker import WARM, block

Timer = Callable[[int], int]  # calls -> nanoseconds for them all


def pin(torch: Any, device: str) -> None:
    """Make this device (``cuda``, ``cuda:1``) the current one, with TF32 and cuDNN's search for algorithms off.

    Whether algorithms are deterministic is left as it is. Raises Missing where torch sees no such GPU or has no kernels for it.
    """
    from spec.benchmarks.cases import Missing

    index = torch.device(device).index or 0
    if not torch.cuda.is_available():
        raise Missing(f"torch {torch.__version__} sees no GPU: not measurable here")
    if index >= torch.cuda.device_count():
        raise Missing(
            f"torch {torch.__version__} sees {torch.cuda.device_count()} GPU(s), none of them {device}: not measurable here"
        )
    torch.cuda.set_device(index)
    capability = tuple(torch.cuda.get_device_capability(index))
    built_for = torch.cuda.get_arch_list() if hasattr(torch.cuda, "get_arch_list") else []
    if built_for and not any(_runs_on(arch, capability) for arch in built_for):
        raise Missing(
            f"torch {torch.__version__} has kernels for {' '.join(built_for)}, none for this GPU's sm_{capability[0]}{capability[1]}: "
            "not measurable here"
        )
    if hasattr(torch.backends.cuda, "matmul"):  # since 1.7; before it there was no TF32
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
    if hasattr(torch, "set_float32_matmul_precision"):
        torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.benchmark = False
    try:
        ones = torch.ones(2, 2, device=device)
        ones.mm(ones).add_(1)
        torch.cuda.synchronize()
    except (
        RuntimeError
    ) as error:  # "no kernel image is available for execution on the device", cuBLAS's refusals
        raise Missing(
            f"torch {torch.__version__}: {_first_line(error)}: not measurable here"
        ) from None


def _runs_on(arch: str, capability: Tuple[int, int]) -> bool:
    """Whether code for ``sm_86`` (a binary: this major version, from this minor on) or ``compute_86`` (PTX: from this version on) runs there."""
    found = re.fullmatch(r"(sm|compute)_(\d+)(\d)([a-z]?)", arch)
    if found is None:
        return True  # another vendor's name: the first kernel will tell
    version = (int(found.group(2)), int(found.group(3)))
    if found.group(4) == "a":  # sm_90a: for that one alone
        return version == capability
    return version <= capability and (found.group(1) == "compute" or version[0] == capability[0])


def timer(
    torch: Any,
    build: Callable[[], Any],
    figure: str,
    clock: Callable[[], int] = time.perf_counter_ns,
) -> Tuple[int, Timer]:
    """Build a case and warm it up: how long its first call took, in nanoseconds until the device was idle, and what times its
    calls.

    ``figure`` is ``enqueue``, ``steady`` or ``graph``. Raises Missing where the case or the release has no such figure.
    """
    return {"enqueue": _enqueue, "steady": _steady, "graph": _graph}[figure](torch, build(), clock)


def _enqueue(torch: Any, case: Any, clock: Callable[[], int]) -> Tuple[int, Timer]:
    """A block lasts 2 ms, some hundred kernels: fewer than the queue holds, so that the host does not wait for room in it."""

    def timed(calls: int) -> int:
        torch.cuda.synchronize()
        taken = block(case, calls, clock)
        torch.cuda.synchronize()
        return taken

    return _warmed(torch, case, clock), timed


def _steady(torch: Any, case: Any, clock: Callable[[], int]) -> Tuple[int, Timer]:
    from spec.benchmarks.cases import Missing

    if case.arrange is not None:
        raise Missing("steady: the phase cannot be timed apart from what comes before it")

    def timed(calls: int) -> int:
        torch.cuda.synchronize()
        began = clock()
        for _ in range(calls):
            case.act()
        torch.cuda.synchronize()
        return clock() - began

    return _warmed(torch, case, clock), timed


def _graph(torch: Any, case: Any, clock: Callable[[], int]) -> Tuple[int, Timer]:
    """Warm-up on a side stream, then the capture of one call, as the documentation has it. Adam is made capturable before its first step."""
    from spec.benchmarks.cases import Missing

    if not hasattr(torch.cuda, "CUDAGraph"):
        raise Missing(f"torch {torch.__version__} has no torch.cuda.CUDAGraph")
    if case.arrange is not None:
        raise Missing("graph: the phase cannot be captured apart from what comes before it")
    if hasattr(case.training.network, "_orig_mod"):
        raise Missing(
            "graph: torch.compile makes kernels of its own, and may make graphs of its own: it is timed by the other figures"
        )
    optimizer = case.training.optimizer
    if not all("capturable" in group for group in optimizer.param_groups):
        raise Missing(
            f"torch {torch.__version__}: its Adam is not capturable: it counts its steps on the host"
        )
    optimizer.state.clear()
    optimizer.defaults["capturable"] = True  # which 1.12 and 1.13 look at
    for group in optimizer.param_groups:
        group["capturable"] = True
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        first = _warmed(torch, case, clock)
    torch.cuda.current_stream().wait_stream(side)
    if not optimizer.state:
        raise Missing("graph: nothing is trained here; loading is timed by the other figures")
    case.training.forget()  # the warm-up's graph, whose nodes would run on its stream
    graph = torch.cuda.CUDAGraph()
    try:
        with torch.cuda.graph(graph):
            case.act()
    except RuntimeError as error:
        raise Missing(
            f"torch {torch.__version__}: graph: the call cannot be captured: {_first_line(error)}"
        ) from None
    began, ended = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)

    def timed(calls: int) -> int:
        torch.cuda.synchronize()
        began.record()
        for _ in range(calls):
            graph.replay()
        ended.record()
        torch.cuda.synchronize()
        return round(began.elapsed_time(ended) * 1e6)  # from milliseconds

    timed(WARM)  # the first replay uploads the graph
    return first, timed


def _warmed(torch: Any, case: Any, clock: Callable[[], int]) -> int:
    """Call a case until it is warm; how long its first call took, what is arranged before it left out."""
    if case.arrange is not None:
        case.arrange()
    torch.cuda.synchronize()
    began = clock()
    case.act()
    torch.cuda.synchronize()
    first = clock() - began
    block(case, WARM, clock)
    torch.cuda.synchronize()
    return first


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]
