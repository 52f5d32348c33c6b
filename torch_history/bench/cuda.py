"""CUDA: three figures for one case, since one clock cannot separate the host's work from the GPU's.

- ``enqueue``: the time that the host needs to submit the work, starting from an idle device. The
  wait for the device's last kernel is not included.
- ``steady``: the wall time of consecutive calls, from an idle device until it is idle again. It
  synchronises once around all calls, not around each.
- ``graph``: the device's time to replay a captured call, measured between two events. Neither
  Python nor the dispatcher is part of it.

A captured step does what the release does by default. If ``zero_grad`` sets gradients to None, it
does so inside the capture, so that backward allocates the gradients in the graph's memory, as the
documentation recommends. If the release or the variant zeroes gradients instead, the graph zeroes
and accumulates.

These figures have not run on a GPU yet. They follow torch's documentation ("CUDA semantics", CUDA
graphs) and the sources of 1.4 to 2.15, and are tested with a simulated ``torch.cuda``. This module
runs in the environment of a release: Python 3.8, and no import beyond torch.
"""

from __future__ import annotations

import importlib
import re
import time
from typing import Any, Callable, Dict, NoReturn, Tuple

from torch_history.bench.timing import WARM, Clock, Timer, block


def pin(torch: Any, device: str) -> None:
    """Make this device (``cuda``, ``cuda:1``) the current one, without TF32 or cuDNN autotuning.

    The setting for deterministic algorithms is not changed. Raises Missing if torch finds no such
    GPU or has no kernels for it.
    """
    index = torch.device(device).index or 0
    _require_gpu(torch, device, index)
    torch.cuda.set_device(index)
    _require_kernels(torch, index)
    # In matmul, TF32 is the default from 1.7 to 1.11 only: releases would differ in arithmetic.
    if hasattr(torch.backends.cuda, "matmul"):  # since 1.7; earlier releases have no TF32
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
    if hasattr(torch, "set_float32_matmul_precision"):
        torch.set_float32_matmul_precision("highest")
    # The search chooses algorithms by timing them, so two processes may end with different ones.
    torch.backends.cudnn.benchmark = False
    try:
        # A first kernel: releases without get_arch_list can be judged by nothing else.
        ones = torch.ones(2, 2, device=device)
        ones.mm(ones).add_(1)
        torch.cuda.synchronize()
    except RuntimeError as error:  # "no kernel image is available ...", or an error of cuBLAS
        _missing(f"torch {torch.__version__}: {_first_line(error)}: not measurable here")


def _require_gpu(torch: Any, device: str, index: int) -> None:
    if not torch.cuda.is_available():
        _missing(f"torch {torch.__version__} sees no GPU: not measurable here")
    count = torch.cuda.device_count()
    if index >= count:
        _missing(
            f"torch {torch.__version__} sees {count} GPU(s), none of them {device}: "
            "not measurable here"
        )


def _require_kernels(torch: Any, index: int) -> None:
    major, minor = torch.cuda.get_device_capability(index)
    built_for = torch.cuda.get_arch_list() if hasattr(torch.cuda, "get_arch_list") else []
    if built_for and not any(_runs_on(arch, (major, minor)) for arch in built_for):
        _missing(
            f"torch {torch.__version__} has kernels for {' '.join(built_for)}, "
            f"none for this GPU's sm_{major}{minor}: not measurable here"
        )


def _runs_on(arch: str, capability: Tuple[int, int]) -> bool:
    """Whether code for an architecture runs on a GPU of this compute capability.

    ``sm_86`` is a binary: it runs on the same major version, from this minor version on.
    ``compute_86`` is PTX: it runs on this version and all later ones.
    """
    # The last digit is the minor version: sm_86 is 8.6, sm_100 is 10.0.
    found = re.fullmatch(r"(sm|compute)_(\d+)(\d)([a-z]?)", arch)
    if found is None:
        return True  # another vendor's name: the first kernel shows whether it runs
    version = (int(found.group(2)), int(found.group(3)))
    if found.group(4) == "a":  # sm_90a: for this version only
        return version == capability
    return version <= capability and (found.group(1) == "compute" or version[0] == capability[0])


def timer(
    torch: Any,
    build: Callable[[], Any],
    figure: str,
    clock: Clock = time.perf_counter_ns,
) -> Tuple[int, Timer]:
    """Build a case, warm it up, and return the duration of its first call and its timer.

    The first call is timed, in nanoseconds, until the device is idle. ``figure`` is ``enqueue``,
    ``steady`` or ``graph``. Raises Missing if the case or the release does not have the figure.
    """
    return _TIMERS[figure](torch, build(), clock)


def _enqueue(torch: Any, case: Any, clock: Clock) -> Tuple[int, Timer]:
    """A block lasts 2 ms, some hundred kernels: too few to fill the queue, so no call waits."""

    def timed(calls: int) -> int:
        torch.cuda.synchronize()
        taken = block(case, calls, clock)
        torch.cuda.synchronize()
        return taken

    return _warmed(torch, case, clock), timed


def _steady(torch: Any, case: Any, clock: Clock) -> Tuple[int, Timer]:
    if case.arrange is not None:
        _missing("steady: the phase cannot be timed apart from what comes before it")

    def timed(calls: int) -> int:
        torch.cuda.synchronize()
        began = clock()
        for _ in range(calls):
            case.act()
        torch.cuda.synchronize()
        return clock() - began

    return _warmed(torch, case, clock), timed


def _graph(torch: Any, case: Any, clock: Clock) -> Tuple[int, Timer]:
    """Warm up on a side stream, then capture one call, as the documentation describes."""
    _require_capturable(torch, case)
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        first = _warmed(torch, case, clock)
    torch.cuda.current_stream().wait_stream(side)
    # Every captured case that trains has taken Adam's step by now. Those that load take none.
    if not case.training.optimizer.state:
        _missing("graph: nothing is trained here; loading is timed by the other figures")
    case.training.forget()  # the graph of the warm-up, whose nodes would run on its stream
    graph = torch.cuda.CUDAGraph()
    try:
        with torch.cuda.graph(graph):
            case.act()
    except RuntimeError as error:
        _missing(
            f"torch {torch.__version__}: graph: the call cannot be captured: {_first_line(error)}"
        )
    began, ended = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)

    def timed(calls: int) -> int:
        torch.cuda.synchronize()
        began.record()
        for _ in range(calls):
            graph.replay()
        ended.record()
        torch.cuda.synchronize()
        milliseconds: float = began.elapsed_time(ended)
        return round(milliseconds * 1e6)

    timed(WARM)  # the first replay uploads the graph
    return first, timed


def _require_capturable(torch: Any, case: Any) -> None:
    """Make the case's Adam capturable before its first step; raises Missing if that cannot be."""
    if not hasattr(torch.cuda, "CUDAGraph"):
        _missing(f"torch {torch.__version__} has no torch.cuda.CUDAGraph")
    if case.arrange is not None:
        _missing("graph: the phase cannot be captured apart from what comes before it")
    if hasattr(case.training.network, "_orig_mod"):
        _missing(
            "graph: torch.compile generates its own kernels and possibly its own graphs; "
            "the other figures time it"
        )
    optimizer = case.training.optimizer
    if not all("capturable" in group for group in optimizer.param_groups):
        _missing(
            f"torch {torch.__version__}: its Adam is not capturable, since it counts its steps on "
            "the host"
        )
    # An earlier step would have left its count on the host, where a graph cannot increase it.
    optimizer.state.clear()
    optimizer.defaults["capturable"] = True  # 1.12 and 1.13 read it from the defaults
    for group in optimizer.param_groups:
        group["capturable"] = True


_TIMERS: Dict[str, Callable[[Any, Any, Clock], Tuple[int, Timer]]] = {
    "enqueue": _enqueue,
    "steady": _steady,
    "graph": _graph,
}


def _warmed(torch: Any, case: Any, clock: Clock) -> int:
    """Call a case until it is warm; returns how long its first call took, without ``arrange``."""
    if case.arrange is not None:
        case.arrange()
    # What `arrange` launched is done before the clock starts.
    torch.cuda.synchronize()
    began = clock()
    case.act()
    torch.cuda.synchronize()
    first = clock() - began
    block(case, WARM, clock)
    torch.cuda.synchronize()
    return first


def _missing(why: str) -> NoReturn:
    """Raise Missing of spec/benchmarks/cases.py, which is the only edge to that module."""
    missing: Any = importlib.import_module("spec.benchmarks.cases")
    raise missing.Missing(why) from None


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]
