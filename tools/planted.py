"""Slowdowns of about 10 %, which ``tools/bench_power.py`` plants in the cases of one side.

The bench's worker imports a function of this file by name, as ``tools.planted:repeated``, and
applies it to each case that it builds.
"""

import time


def repeated(case):
    """Do every tenth call twice, so that the case is 10 % slower."""
    calls = 0

    def act():
        nonlocal calls
        calls += 1
        case.act()
        if calls % 10 == 0:
            case.act()

    return case._replace(act=act)


def dearer(case):
    """Make the optimizer's step 10 % slower: after each step it waits busily for 10 % of its time.

    A case in which the optimizer does not step is unchanged.
    """
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
