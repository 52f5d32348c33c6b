"""The three figures on CUDA, on a simulated device: a host clock, and a device that lags behind."""

import contextlib
from types import SimpleNamespace

import pytest

from spec.benchmarks.cases import Missing
from torch_history.bench import cuda, worker
from torch_history.bench.timing import FIGURES, WARM
from torch_history.bench.worker import serve

HOST, DEVICE = 10, 100  # nanoseconds of one act: the host's, the device's
ARRANGED = 7  # of what comes before an act, the host's; the device's is as long as an act's


class Simulated:
    """torch with one GPU, and one case of it.

    ``log`` is what was called, ``now`` the host's clock, ``idle`` when the device will be done.
    """

    def __init__(self, arch_list=("sm_80", "sm_90"), capability=(9, 0), kernel=None, present=True):
        self.log, self.now, self.idle, self.capturing = [], 0, 0, False
        self.__version__ = "9.9"
        self.device = lambda text: SimpleNamespace(
            index=int(text.partition(":")[2]) if ":" in text else None
        )
        self.backends = SimpleNamespace(
            cuda=SimpleNamespace(matmul=SimpleNamespace(allow_tf32=True)),
            cudnn=SimpleNamespace(allow_tf32=True, benchmark=True, deterministic="as it was"),
        )
        self.cuda = SimpleNamespace(
            is_available=lambda: present,
            device_count=lambda: 1,
            set_device=lambda index: self.log.append(f"device {index}"),
            get_device_capability=lambda index: capability,
            get_arch_list=lambda: list(arch_list),
            synchronize=self.synchronize,
            Stream=lambda: self.named("side"),
            current_stream=lambda: self.named("current"),
            stream=self.stream,
            CUDAGraph=lambda: SimpleNamespace(replay=self.replay),
            graph=self.capture,
            Event=self.event,
        )
        self.precision = None
        self.kernel = kernel

    def set_float32_matmul_precision(self, precision):
        self.precision = precision

    def ones(self, *_, device):
        if self.kernel:
            raise RuntimeError(self.kernel)
        return SimpleNamespace(mm=lambda other: SimpleNamespace(add_=lambda value: None))

    def clock(self):
        return self.now

    def launch(self, name, host, device):
        self.log.append(name)
        self.now += host
        if not self.capturing:
            self.idle = max(self.idle, self.now) + device

    def synchronize(self):
        self.log.append("synchronize")
        self.now = max(self.now, self.idle)

    def replay(self):
        self.launch("replay", 1, DEVICE)

    def named(self, name):
        return SimpleNamespace(
            name=name, wait_stream=lambda other: self.log.append(f"{name} waits for {other.name}")
        )

    @contextlib.contextmanager
    def stream(self, stream):
        self.log.append(f"on {stream.name}")
        yield
        self.log.append(f"off {stream.name}")

    @contextlib.contextmanager
    def capture(self, graph):
        self.log.append("capture")
        self.capturing = True
        yield
        self.capturing = False
        self.log.append("captured")

    def event(self, enable_timing):
        assert enable_timing
        event = SimpleNamespace(at=None)

        def record():
            self.log.append("record")
            event.at = max(self.now, self.idle)

        event.record = record
        event.elapsed_time = lambda other: (other.at - event.at) / 1e6
        return event

    def case(self, arranged=False, **more):
        """A case whose act steps a capturable Adam; ``more`` replaces parts of its training."""
        optimizer = SimpleNamespace(
            state={}, defaults={"capturable": False}, param_groups=[{"capturable": False}]
        )
        training = SimpleNamespace(
            optimizer=optimizer, network=SimpleNamespace(), forget=lambda: self.log.append("forget")
        )
        vars(training).update(more)

        def act():
            self.launch("act", HOST, DEVICE)
            training.optimizer.state["parameter"] = [
                training.optimizer.param_groups[0]["capturable"],
                training.optimizer.defaults["capturable"],
            ]

        arrange = (lambda: self.launch("arrange", ARRANGED, DEVICE)) if arranged else None
        return SimpleNamespace(training=training, act=act, arrange=arrange)

    def timer(self, figure, case):
        """The first call's time, and the timer, its log emptied."""
        first, timed = cuda.timer(self, lambda: case, figure, self.clock)
        del self.log[:]
        return first, timed


def test_every_figure_of_cuda_has_a_timer():
    assert tuple(cuda._TIMERS) == FIGURES["cuda"]


@pytest.mark.parametrize("figure", FIGURES["cuda"])
def test_first_call_is_timed_until_the_device_is_idle(figure):
    simulated = Simulated()
    assert simulated.timer(figure, simulated.case())[0] == HOST + DEVICE


@pytest.mark.parametrize("figure", FIGURES["cuda"])
def test_case_is_warm_before_it_is_timed(figure):
    simulated = Simulated()
    cuda.timer(simulated, simulated.case, figure, simulated.clock)
    before_capture = (
        simulated.log[: simulated.log.index("capture")] if figure == "graph" else simulated.log
    )
    assert before_capture.count("act") == 1 + WARM


def test_enqueue_leaves_the_last_synchronize_untimed():
    simulated = Simulated()
    timed = simulated.timer("enqueue", simulated.case())[1]
    assert timed(5) == 5 * HOST
    assert simulated.log == ["synchronize"] + ["act"] * 5 + ["synchronize"]


def test_enqueue_begins_on_an_idle_device():
    simulated = Simulated()
    timed = simulated.timer("enqueue", simulated.case())[1]
    simulated.idle = simulated.now + 10**6
    before = simulated.now
    assert timed(1) == HOST and simulated.now >= before + 10**6


def test_enqueue_leaves_out_what_comes_before_the_phase():
    simulated = Simulated()
    timed = simulated.timer("enqueue", simulated.case(arranged=True))[1]
    assert timed(3) == 3 * HOST
    assert simulated.log == ["synchronize"] + ["arrange", "act"] * 3 + ["synchronize"]


def test_steady_synchronises_around_all_calls_not_each():
    simulated = Simulated()
    timed = simulated.timer("steady", simulated.case())[1]
    assert timed(5) == HOST + 5 * DEVICE  # the device waits for the first act alone
    assert simulated.log == ["synchronize"] + ["act"] * 5 + ["synchronize"]


def test_phases_with_an_untimed_part_have_no_steady_figure():
    simulated = Simulated()
    with pytest.raises(
        Missing, match="steady: the phase cannot be timed apart from what comes before it"
    ):
        simulated.timer("steady", simulated.case(arranged=True))


def test_graph_times_replays_between_two_events():
    simulated = Simulated()
    timed = simulated.timer("graph", simulated.case())[1]
    assert timed(5) == 5 * DEVICE + 1  # the device waits for the first replay's launch
    assert simulated.log == ["synchronize", "record"] + ["replay"] * 5 + ["record", "synchronize"]


def test_graph_is_captured_once_after_warm_up_on_a_side_stream():
    simulated = Simulated()
    cuda.timer(simulated, simulated.case, "graph", simulated.clock)
    order = [each for each in simulated.log if each not in ("synchronize", "replay", "record")]
    assert order == ["side waits for current", "on side"] + ["act"] * (1 + WARM) + [
        "off side",
        "current waits for side",
        "forget",
        "capture",
        "act",
        "captured",
    ]


def test_adam_is_capturable_before_its_first_step():
    simulated = Simulated()
    case = simulated.case()
    case.training.optimizer.state["parameter"] = "of a step on the host"
    seen = []
    act = case.act
    case = SimpleNamespace(
        training=case.training,
        arrange=None,
        act=lambda: (seen.append(dict(case.training.optimizer.state)), act()),
    )
    simulated.timer("graph", case)
    assert seen[0] == {} and seen[1] == {"parameter": [True, True]}


@pytest.mark.parametrize(
    "more, arranged, why",
    [
        ({}, True, "graph: the phase cannot be captured apart from what comes before it"),
        ({"network": SimpleNamespace(_orig_mod=None)}, False, "graph: torch.compile"),
        (
            {"optimizer": SimpleNamespace(state={}, defaults={}, param_groups=[{"lr": 1}])},
            False,
            "torch 9.9: its Adam is not capturable",
        ),
    ],
    ids=["arranged", "compiled", "old_adam"],
)
def test_graph_is_missing_where_a_case_cannot_be_captured(more, arranged, why):
    simulated = Simulated()
    with pytest.raises(Missing, match=why):
        simulated.timer("graph", simulated.case(arranged, **more))
    assert "act" not in simulated.log


def test_graph_is_missing_where_nothing_is_trained():
    simulated = Simulated()
    case = simulated.case()
    case.act = lambda: simulated.launch("load", HOST, DEVICE)
    with pytest.raises(Missing, match="graph: nothing is trained here"):
        simulated.timer("graph", case)
    assert "capture" not in simulated.log


def test_graph_is_missing_where_the_capture_fails():
    simulated = Simulated()
    case = simulated.case()
    act = case.act

    def refused():
        act()
        if simulated.capturing:
            raise RuntimeError(
                "operation not permitted when stream is capturing\nCUDA kernel errors might be ..."
            )

    case.act = refused
    with pytest.raises(
        Missing,
        match=r"^torch 9\.9: graph: the call cannot be captured: "
        r"operation not permitted when stream is capturing$",
    ):
        simulated.timer("graph", case)


def test_graph_is_missing_before_torch_has_them():
    simulated = Simulated()
    del simulated.cuda.CUDAGraph
    with pytest.raises(Missing, match=r"torch 9\.9 has no torch\.cuda\.CUDAGraph"):
        simulated.timer("graph", simulated.case())


def test_pin_turns_tf32_and_the_search_for_algorithms_off():
    simulated = Simulated()
    cuda.pin(simulated, "cuda")
    assert not simulated.backends.cuda.matmul.allow_tf32 and not simulated.backends.cudnn.allow_tf32
    assert simulated.precision == "highest" and simulated.backends.cudnn.benchmark is False
    assert simulated.backends.cudnn.deterministic == "as it was"
    assert simulated.log == ["device 0", "synchronize"]


@pytest.mark.parametrize(
    "device, settings, why",
    [
        ("cuda", {"present": False}, "torch 9.9 sees no GPU: not measurable here"),
        ("cuda:1", {}, r"torch 9.9 sees 1 GPU\(s\), none of them cuda:1: not measurable here"),
        (
            "cuda",
            {"arch_list": ["sm_37", "sm_80", "sm_90a"], "capability": (12, 0)},
            "has kernels for sm_37 sm_80 sm_90a, none for this GPU's sm_120: not measurable here",
        ),
        (
            "cuda",
            {"kernel": "CUDA error: no kernel image is available\nmore"},
            "^torch 9.9: CUDA error: no kernel image is available: not measurable here$",
        ),
    ],
    ids=["no_gpu", "no_such_gpu", "no_arch", "no_kernel"],
)
def test_device_that_this_torch_cannot_use_is_missing(device, settings, why):
    with pytest.raises(Missing, match=why):
        cuda.pin(Simulated(**settings), device)


@pytest.mark.parametrize(
    "arch, capability, runs",
    [
        ("sm_80", (8, 6), True),
        ("sm_86", (8, 0), False),
        ("sm_80", (9, 0), False),
        ("compute_80", (9, 0), True),
        ("compute_90", (8, 6), False),
        ("sm_90a", (9, 0), True),
        ("sm_100a", (10, 3), False),
        ("sm_100", (10, 3), True),
        ("gfx90a", (9, 0), True),
    ],
)
def test_binary_runs_on_its_major_version_and_ptx_on_every_later_one(arch, capability, runs):
    assert cuda._runs_on(arch, capability) is runs


class Channel(list):
    """Requests to a worker, and in ``sent`` what it answers."""

    def __init__(self, *requests):
        super().__init__(requests)
        self.sent = []

    def send(self, answer):
        self.sent.append(answer)


@pytest.mark.parametrize(
    "raised, kind",
    [(Missing("no GPU: not measurable here"), "missing"), (RuntimeError("no GPU"), "error")],
)
def test_worker_that_cannot_use_the_device_says_missing(monkeypatch, raised, kind):
    def refusing(*_):
        raise raised

    monkeypatch.setattr(worker, "Worker", refusing)
    channel = Channel(("root", "cuda", None))
    serve(channel)
    ((answered, why),) = channel.sent
    assert answered == kind and str(raised) in why
