"""Records of runs that were never made, from literals."""

import datetime as dt

import numpy as np

from torch_history.bench import estimate
from torch_history.bench.chain import Chain
from torch_history.bench.estimate import Estimate
from torch_history.bench.rounds import Blocks, Comparison, Growth, Launch, Machine, Manifest, Sizes

DATE = dt.date(2026, 1, 1)
MACHINE = Machine(processor="a processor", cores=2, load=(0.0, 0.0, 0.0))
NOTHING = Launch(calls=10, before=(), control=(), after=())  # interrupted before the first round


def rounds(before, control, after, launches=6, count=60, noise=0.02, seed=0):
    """Launches whose blocks of ten calls take these nanoseconds a call, with noise on each."""
    drawn = np.random.RandomState(seed)

    def blocks(nanoseconds):
        noisy = 10 * nanoseconds * np.exp(noise * drawn.randn(count))
        return tuple(noisy.round().astype(int).tolist())

    return tuple(
        Launch(calls=10, before=blocks(before), control=blocks(control), after=blocks(after))
        for _ in range(launches)
    )


def manifest(release="2.6.0", python="3.11.7", build="cu124", **more):
    fields = {"cpu_capability": "AVX2", "processes": 2, **more}
    return Manifest(release=release, python=python, build=build, **fields)


def record(**changed):
    """A comparison of 2.6.0 with 2.15.0 without a benchmark, but for what is changed."""
    fields = {
        "device": "cpu",
        "altered": None,
        "notes": (),
        "date": DATE,
        "machine": MACHINE,
        "seed": 1,
        "interrupted": False,
        "before": manifest(),
        "after": manifest("2.15.0"),
        "missing": {},
        "first_call": {},
        "rounds": {},
    }
    return Comparison(**{**fields, **changed})


def grown(nanoseconds, sizes=(1, 2, 3), calls=10, **changed):
    """A growth of one curve, mlp-5 by batch: size -> the nanoseconds of its blocks."""
    fields = {
        "device": "cpu",
        "figure": "cpu",
        "date": DATE,
        "machine": MACHINE,
        "seed": 1,
        "interrupted": False,
        "release": manifest(),
        "curves": {"mlp-5 by batch": Sizes("batch", "mlp", 5, sizes)},
        "missing": {},
        "rounds": {
            f"mlp-5@{size}.whole_step": Blocks(calls=calls, ns=tuple(taken))
            for size, taken in nanoseconds.items()
        },
    }
    return Growth(**{**fields, **changed})


def judged(kept):
    """A comparison with its estimates."""
    return kept, estimate.estimates(kept)


def timed(name, verdict, ratio, interval=None, control=(0.98, 1.02)):
    """An estimate with this verdict and ratio, and an interval of 2 % on both sides."""
    return Estimate(
        name,
        verdict,
        None,
        ratio,
        interval or (ratio * 0.98, ratio * 1.02),
        1.0,
        control,
        1e5,
        1e5 * ratio,
        6,
        100,
    )


def chain(releases, *steps, pythons=None):
    """A chain of these releases on the CPU, with the estimates of each step by name."""
    return Chain(tuple(releases), steps, "cpu", tuple(pythons or ["3.11.7"] * len(steps)))
