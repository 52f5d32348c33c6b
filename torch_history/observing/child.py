"""Child: an act in a process of its own, since it may end the process."""

from __future__ import annotations

import faulthandler
import os
import pickle
import warnings
from typing import Any, Callable

from torch_history.observing.observation import Observation, observe

_FAILED = 3  # the child could not tell what it observed


class ProcessEnded(Exception):  # noqa: N818  # it is no error of ours
    """An act ended its process by a signal."""


class ChildFailed(BaseException):
    """A child could not hand over its observation. No observation, so nothing catches it."""


def apart(act: Callable[[], Any]) -> Callable[[], Any]:
    """The act in a child process: ``observe(apart(act))``.

    It returns, raises and warns as the act does. If a signal ends the child, it raises
    ProcessEnded; by which signal is luck where memory is broken. The value must be picklable. In a
    child of torch 1.5 to 1.6 backward raises, because autograd has threads there.
    """

    def in_child() -> Any:
        told = _observation_of(act)
        for category, message in told.warned:
            warnings.warn(message, type(category, (Warning,), {}), stacklevel=2)
        if told.raised is not None:
            raise type(told.raised.type, (Exception,), {})(told.raised.message)
        return told.value

    return in_child


def _observation_of(act: Callable[[], Any]) -> Observation:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _tell(act, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        raise ProcessEnded("a signal ended the process")
    if os.WEXITSTATUS(status) == _FAILED:
        raise ChildFailed(told.decode())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what torch warns of when a tensor is unpickled
        observation: Observation = pickle.loads(told)
    return observation


def _tell(act: Callable[[], Any], writing: int) -> None:
    """In the child: write what the act did, and end without the exits of the parent."""
    faulthandler.disable()  # pytest's, which would print the stack of what is expected
    status, said = _FAILED, b"the child was interrupted"
    try:
        said, status = pickle.dumps(observe(act)), 0
    except BaseException as error:  # noqa: BLE001  # the parent raises it
        said = f"{type(error).__name__}: {error}".encode()
    finally:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(said)
        os._exit(status)
