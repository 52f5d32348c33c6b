"""``timed``: a case of ``cases`` under pytest-benchmark, and what it did to the parameters."""

from typing import List, NamedTuple

import pytest
import torch

from spec.benchmarks import cases

ROUNDS, WARM = 20, 3  # with --benchmark-enable; without it a case is called once


class Done(NamedTuple):
    """A case after its calls."""

    training: cases.Training
    start: List[torch.Tensor]  # each parameter before the first call
    calls: int

    @property
    def parameters(self):
        """Name -> parameter."""
        return dict(self.training.network.named_parameters())

    @property
    def gradients(self):
        """Name -> gradient, or None."""
        return {name: parameter.grad for name, parameter in self.parameters.items()}

    @property
    def moved(self):
        """The names of the parameters in which a number has changed."""
        return [
            name
            for (name, now), before in zip(self.parameters.items(), self.start)
            if not torch.equal(now, before)
        ]


@pytest.fixture
def timed(benchmark):
    """Builds a case by its name and runs it; ``prepare`` may change the training first.

    If torch lacks what the case needs, the test is skipped: *unknown*.
    """

    def run(name, prepare=lambda training: None):
        try:
            case = cases.build(name)
        except cases.Missing as missing:
            pytest.skip(reason=str(missing))
        prepare(case.training)
        start = [parameter.detach().clone() for parameter in case.training.network.parameters()]
        calls = []

        def arrange():
            calls.append(1)
            if case.arrange:
                case.arrange()

        benchmark.pedantic(case.act, setup=arrange, rounds=ROUNDS, warmup_rounds=WARM, iterations=1)
        return Done(case.training, start, len(calls))

    return run
