"""Planted slowdowns, for ``tools/bench_power.py``: a worker applies one of these to each of its cases."""

import time


def repeated(case):
    """Every tenth call is done twice: a tenth dearer."""
    calls = 0

    def act():
        nonlocal calls
        calls += 1
        case.act()
        if calls % 10 == 0:
            case.act()

    return case._replace(act=act)


def dearer(case):
    """The optimizer's step takes a tenth longer than it did: it waits, busily, for a tenth of its time."""
    step = case.training.step

    def slow():
        began = time.process_time_ns()
        step()
        until = time.process_time_ns()
        until += (until - began) // 10
        while time.process_time_ns() < until:
            pass

    case.training.step = slow
    return case._replace(act=slow if case.act == step else case.act)
