"""Grad modes on classes and coroutines, and other unusual uses.

``torch.no_grad`` and the other grad modes decorate functions. On a class they cover only
``__init__`` and make a function of the class, with a warning since 2.0. On an ``async def`` they
cover only the creation of the coroutine, not its run. ``inference_mode(False)`` inside inference
mode switches back to normal mode.
"""

import asyncio

import pytest
import torch

from torch_history.observing import observe


@pytest.fixture(autouse=True)
def grad_enabled_afterwards():
    yield
    torch.set_grad_enabled(True)


@pytest.mark.api(
    "torch.no_grad",
    "torch.enable_grad",
    "torch.inference_mode",
    "torch.set_grad_enabled",
    page="generated/torch.no_grad",
)
@pytest.mark.changed("1.9", "inference_mode appears", kind="appeared", cause="pytorch#58045")
@pytest.mark.changed(
    "2.0",
    "warns that decorating classes is deprecated",
    kind="warning",
    cause="pytorch#89522",
    advice="decorate the method __init__",
    of=("torch.no_grad", "torch.enable_grad", "torch.set_grad_enabled", "torch.inference_mode"),
    when=":class-decorator",
)
@pytest.mark.changed(
    "2.4",
    "warns with FutureWarning instead of UserWarning",
    kind="warning",
    cause="pytorch#127689",
    of=("torch.no_grad", "torch.enable_grad", "torch.set_grad_enabled", "torch.inference_mode"),
    when=":class-decorator",
)
@pytest.mark.parametrize("name", ["no_grad", "enable_grad", "inference_mode"])
def test_decorating_a_class_makes_a_function_of_it_with_a_warning(name, snapshot):
    """``@torch.no_grad()`` on a class makes a function of it, and warns since 2.0.

    Trap: ``isinstance`` and subclasses no longer work. Only ``__init__`` runs without grad.
    """

    def act():
        class Model:
            def __init__(self):
                self.made = torch.is_grad_enabled()

            def used(self):
                return torch.is_grad_enabled()

        decorated = getattr(torch, name)()(Model)
        model = decorated()
        return {
            "is a class": isinstance(decorated, type),
            "made with grad": model.made,
            "used with grad": model.used(),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.enable_grad", page="generated/torch.enable_grad")
@pytest.mark.changed(
    "2.1",
    "without parentheses it decorates the function",
    kind="error-gone",
    cause="pytorch#107086",
)
def test_enable_grad_without_parentheses_decorates_a_function(snapshot):
    """``@torch.enable_grad`` without parentheses works like ``@torch.enable_grad()``, since 2.1."""

    def act():
        records = torch.enable_grad(lambda: torch.is_grad_enabled())
        with torch.no_grad():
            return records()

    assert snapshot == observe(act)


@pytest.mark.api("torch.no_grad", page="generated/torch.no_grad")
def test_decorated_coroutine_runs_with_grad(snapshot):
    """``@torch.no_grad()`` on an ``async def`` does not apply while the coroutine runs.

    Trap: it covers only the creation of the coroutine. Put a ``with`` block inside.
    """

    def act():
        @torch.no_grad()
        async def decorated():
            return torch.is_grad_enabled()

        async def block():
            with torch.no_grad():
                return torch.is_grad_enabled()

        return {"decorated": asyncio.run(decorated()), "block inside": asyncio.run(block())}

    assert snapshot == observe(act)


@pytest.mark.api("torch.set_grad_enabled", page="generated/torch.set_grad_enabled")
@pytest.mark.changed(
    "2.8",
    "the repr shows the mode",
    kind="representation",
    cause="pytorch#155681",
    when=":call and -:with and -:decorator and -:statement",
    rarely="the repr of the object",
)
def test_repr_of_set_grad_enabled_names_its_mode(snapshot):
    """The repr of ``torch.set_grad_enabled(False)`` shows the mode, since 2.8.

    A notebook shows it under a cell that ends with such a call.
    """
    assert snapshot == observe(
        lambda: repr(torch.set_grad_enabled(False)).partition(" object at ")[0]
    )


@pytest.mark.api(
    "torch.is_inference_mode_enabled", page="generated/torch.is_inference_mode_enabled"
)
@pytest.mark.changed("1.9", "inference_mode appears", kind="appeared", cause="pytorch#58045")
def test_inference_mode_false_lifts_inference_mode(snapshot):
    """``inference_mode(False)`` inside inference mode switches back to normal mode.

    Layers that are made there can be trained.
    """

    def act():
        with torch.inference_mode():
            seen = {"within": torch.is_inference_mode_enabled()}
            with torch.inference_mode(False):
                seen["lifted"] = torch.is_inference_mode_enabled()
                seen["grad"] = torch.is_grad_enabled()
        seen["after"] = torch.is_inference_mode_enabled()
        return seen

    assert snapshot == observe(act)
