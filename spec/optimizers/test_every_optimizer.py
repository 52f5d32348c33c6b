"""What optimizers have in common, asked of those beside SGD, Adam and AdamW: state, foreach, maximize, dtypes."""

import pytest
import torch

from fixtures.references import parameter, step, stepped
from history.observe import observe

OTHERS = ["Adagrad", "Adadelta", "Adamax", "ASGD", "NAdam", "RAdam", "RMSprop", "Rprop"]


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.api("torch.optim.Adagrad", "torch.optim.Adadelta", "torch.optim.Adamax", "torch.optim.ASGD", "torch.optim.NAdam",
                 "torch.optim.RAdam", "torch.optim.RMSprop", "torch.optim.Rprop", page="optim")
def test_other_optimizers_keep_this_state(name, snapshot):
    """The state after one step with gradient 2. The step count is a float32 tensor now: take ``int(state["step"])``."""
    def act():
        w = parameter([1.0])
        optimizer = getattr(torch.optim, name)([w], lr=0.1)
        step(optimizer, [2.0])
        return dict(optimizer.state[w])

    assert snapshot == observe(act)


SETTINGS = [
    pytest.param("Adagrad", {"lr": 0.5, "lr_decay": 0.5, "weight_decay": 0.5}, id="adagrad"),
    pytest.param("Adadelta", {"lr": 1.0, "weight_decay": 0.5}, id="adadelta"),
    pytest.param("Adamax", {"lr": 0.1, "weight_decay": 0.5}, id="adamax"),
    pytest.param("ASGD", {"lr": 0.5, "lambd": 0.5, "alpha": 2.0, "t0": 1}, id="asgd"),
    pytest.param("NAdam", {"lr": 0.1, "weight_decay": 0.5}, id="nadam"),
    pytest.param("RAdam", {"lr": 0.1, "weight_decay": 0.5}, id="radam"),
    pytest.param("RMSprop", {"lr": 0.01, "momentum": 0.5, "centered": True}, id="rmsprop"),
    pytest.param("Rprop", {"lr": 0.1}, id="rprop"),
]


def trained(name, settings):
    """Two parameters after three steps, the second without a gradient at the first one."""
    first, second = parameter([1.0, 2.0]), parameter([-1.0])
    optimizer = getattr(torch.optim, name)([first, second], **settings)
    for gradients in [([1.0, -2.0], None), ([0.25, 3.0], [0.5]), ([-1.0, 0.0], [2.0])]:
        step(optimizer, *gradients)
    return {"first": first.detach(), "second": second.detach()}


@pytest.mark.parametrize("name, settings", SETTINGS)
@pytest.mark.api("torch.optim.Adagrad", "torch.optim.Adadelta", "torch.optim.Adamax", "torch.optim.ASGD", "torch.optim.NAdam",
                 "torch.optim.RAdam", "torch.optim.RMSprop", "torch.optim.Rprop", page="optim")
def test_foreach_step_of_other_optimizers_equals_the_plain_one(name, settings, snapshot):
    """``foreach=True``, which CUDA parameters get by default, steps as the plain loop, also where one member is a step behind.

    For some releases ASGD's did not, nor did NAdam's; RAdam's left out eps: a gradient of 0, as the second member has at first,
    gave NaN.
    """
    def act():
        plain, observed = trained(name, settings), trained(name, {**settings, "foreach": True})
        # assert_close's tolerances for float32
        return {**observed, "as the plain one": all(torch.allclose(observed[member], plain[member], rtol=1.3e-6, atol=1e-5)
                                                    for member in plain)}

    assert snapshot == observe(act)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.api("torch.optim.Adagrad", "torch.optim.Adadelta", "torch.optim.Adamax", "torch.optim.ASGD", "torch.optim.NAdam",
                 "torch.optim.RAdam", "torch.optim.RMSprop", "torch.optim.Rprop", page="optim")
def test_other_optimizers_maximize(name, snapshot):
    """``maximize=True`` takes the step of the opposite gradient."""
    def act():
        each = getattr(torch.optim, name)
        return {"maximize": stepped(each, [0.0], [[2.0], [-1.0]], lr=0.1, maximize=True).flatten(),
                "opposite": stepped(each, [0.0], [[-2.0], [1.0]], lr=0.1).flatten()}

    assert snapshot == observe(act)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.api("torch.optim.Adagrad", "torch.optim.Adadelta", "torch.optim.Adamax", "torch.optim.ASGD", "torch.optim.NAdam",
                 "torch.optim.RAdam", "torch.optim.RMSprop", "torch.optim.Rprop", page="optim")
def test_step_without_any_gradient_does_nothing(name, snapshot):
    """``step()`` where no parameter has a gradient, as before the first ``backward``: nothing moves, and nothing is raised.

    Adadelta in one release and Rprop in several raised an UnboundLocalError.
    """
    def act():
        w = parameter([1.0])
        optimizer = getattr(torch.optim, name)([w], lr=0.1)
        optimizer.step()
        return w

    assert snapshot == observe(act)


@pytest.mark.parametrize("name", ["SGD", "AdamW"] + OTHERS)
@pytest.mark.api("torch.optim.SGD", "torch.optim.AdamW", "torch.optim.Adagrad", "torch.optim.Adadelta", "torch.optim.Adamax",
                 "torch.optim.ASGD", "torch.optim.NAdam", "torch.optim.RAdam", "torch.optim.RMSprop", "torch.optim.Rprop",
                 page="optim")
def test_optimizers_step_float16_parameters_on_the_cpu(name, snapshot):
    """A model in float16 trains on the CPU too. Once the kernels were missing, and the step raised."""
    assert snapshot == observe(lambda: stepped(getattr(torch.optim, name), [1.0], [[1.0]], dtype=torch.float16, lr=0.25))


COMPLEX = [pytest.param(name, {}, id=name.lower()) for name in ["SGD", "Adam"] + OTHERS] + [
    pytest.param("Adam", {"amsgrad": True}, id="amsgrad"),
    pytest.param("Adadelta", {"foreach": True}, id="adadelta-foreach"),
]


@pytest.mark.parametrize("name, settings", COMPLEX)
@pytest.mark.api("torch.optim.SGD", "torch.optim.Adam", "torch.optim.Adagrad", "torch.optim.Adadelta", "torch.optim.Adamax",
                 "torch.optim.ASGD", "torch.optim.NAdam", "torch.optim.RAdam", "torch.optim.RMSprop", "torch.optim.Rprop",
                 page="optim")
def test_complex_parameter_steps_as_the_pair_of_its_parts(name, settings, snapshot):
    """1 + 2i with gradients 1 - i and 0.5 + i goes where the real parameter [1, 2] goes with their parts."""
    def act():
        w = torch.nn.Parameter(torch.tensor([1 + 2j]))
        optimizer = getattr(torch.optim, name)([w], lr=0.1, **settings)
        for gradient in (1 - 1j, 0.5 + 1j):
            w.grad = torch.tensor([gradient])
            optimizer.step()
        return {"complex": torch.view_as_real(w.detach())[0],
                "pair": stepped(getattr(torch.optim, name), [1.0, 2.0], [[1.0, -1.0], [0.5, 1.0]], lr=0.1, **settings)[-1]}

    assert snapshot == observe(act)


@pytest.mark.parametrize("name", ["SGD", "AdamW", "Adagrad", "RMSprop"])
@pytest.mark.api("torch.optim.SGD", "torch.optim.AdamW", "torch.optim.Adagrad", "torch.optim.RMSprop", page="optim")
def test_differentiable_step_refuses_a_leaf(name, snapshot):
    """``differentiable=True`` records the step, and autograd refuses to change a leaf in place: optimize clones."""
    assert snapshot == observe(lambda: stepped(getattr(torch.optim, name), [1.0], [[1.0]], lr=0.1, differentiable=True))


@pytest.mark.api("torch.optim.Adagrad", page="generated/torch.optim.Adagrad")
def test_fused_adagrad_steps_on_the_cpu(snapshot):
    """``Adagrad(fused=True)`` steps as the plain one."""
    assert snapshot == observe(lambda: stepped(torch.optim.Adagrad, [1.0], [[3.0], [4.0]], lr=0.5, fused=True))
