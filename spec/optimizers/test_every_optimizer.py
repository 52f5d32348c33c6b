"""State, foreach, maximize and dtypes, mostly of optimizers other than SGD, Adam and AdamW.

After a step each of these optimizers keeps a state, in which the step count is a tensor since 1.12
or 2.4. ``foreach=True`` gives the steps of the plain loop; NAdam and RAdam differed before 2.0, and
ASGD before 2.4. With ``maximize=True`` an optimizer steps as if the gradient had the opposite sign.
A step before any gradient does nothing. Since 2.2 all of them step float16 parameters on the CPU,
and step a complex parameter as the pair of its real and imaginary parts.
"""

import pytest
import torch

from fixtures.references import parameter, step, stepped
from torch_history.observing import observe, observe_each

OTHERS = ["Adagrad", "Adadelta", "Adamax", "ASGD", "NAdam", "RAdam", "RMSprop", "Rprop"]


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.api(
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.Adamax",
    "torch.optim.ASGD",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    "torch.optim.Adagrad.state",
    "torch.optim.Adadelta.state",
    "torch.optim.Adamax.state",
    "torch.optim.ASGD.state",
    "torch.optim.NAdam.state",
    "torch.optim.RAdam.state",
    "torch.optim.RMSprop.state",
    "torch.optim.Rprop.state",
    page="optim",
)
@pytest.mark.changed("1.10", "NAdam appears", kind="appeared", cause="pytorch#59009")
@pytest.mark.changed("1.10", "RAdam appears", kind="appeared", cause="pytorch#58968")
@pytest.mark.changed(
    "1.12",
    "step is a float32 tensor instead of an int (Adagrad, Adamax, RAdam)",
    kind="representation",
    cause="pytorch#71333",
    advice="use int(state['step'])",
    of=("torch.optim.Adagrad.state", "torch.optim.Adamax.state", "torch.optim.RAdam.state"),
    rarely="code that reads state['step']",
)
@pytest.mark.changed(
    "1.12",
    "NAdam's step and mu_product are float32 tensors instead of numbers",
    kind="representation",
    cause="pytorch#71334",
    advice="use int(state['step'])",
    of=("torch.optim.NAdam.state",),
    rarely="code that reads state['step']",
)
@pytest.mark.changed(
    "1.12",
    "ASGD's step, eta and mu are float32 tensors instead of numbers",
    kind="representation",
    cause="pytorch#71335",
    advice="use int(state['step'])",
    of=("torch.optim.ASGD.state",),
    rarely="code that reads state['step']",
)
@pytest.mark.changed(
    "2.4",
    "step is a float32 tensor instead of an int (Adadelta)",
    kind="representation",
    cause="pytorch#122252",
    advice="use int(state['step'])",
    of=("torch.optim.Adadelta.state",),
    rarely="code that reads state['step']",
)
@pytest.mark.changed(
    "2.4",
    "step is a float32 tensor instead of an int (RMSprop)",
    kind="representation",
    cause="pytorch#122264",
    advice="use int(state['step'])",
    of=("torch.optim.RMSprop.state",),
    rarely="code that reads state['step']",
)
@pytest.mark.changed(
    "2.4",
    "step is a float32 tensor instead of an int (Rprop)",
    kind="representation",
    cause="pytorch#122261",
    advice="use int(state['step'])",
    of=("torch.optim.Rprop.state",),
    rarely="code that reads state['step']",
)
def test_other_optimizers_keep_this_state(name, snapshot):
    """After a step an optimizer keeps a step count and, for example, averages as its state.

    Adagrad, RMSprop and six others are shown after a gradient of 2. The step count is a float32
    tensor since 1.12 or 2.4: read it as ``int(state["step"])``.
    """

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
    """Two parameters after three steps; the second has no gradient in the first step."""
    first, second = parameter([1.0, 2.0]), parameter([-1.0])
    optimizer = getattr(torch.optim, name)([first, second], **settings)
    for gradients in [([1.0, -2.0], None), ([0.25, 3.0], [0.5]), ([-1.0, 0.0], [2.0])]:
        step(optimizer, *gradients)
    return {"first": first.detach(), "second": second.detach()}


@pytest.mark.parametrize("name, settings", SETTINGS)
@pytest.mark.api(
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.Adamax",
    "torch.optim.ASGD",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    page="optim",
)
@pytest.mark.changed(
    "1.10", "NAdam appears, without foreach", kind="appeared", cause="pytorch#59009"
)
@pytest.mark.changed(
    "1.10", "RAdam appears, without foreach", kind="appeared", cause="pytorch#58968"
)
@pytest.mark.changed(
    "1.12", "Adadelta takes foreach", kind="appeared", cause="pytorch#69980", probable=True
)
@pytest.mark.changed("1.12", "Adagrad takes foreach", kind="appeared", cause="pytorch#69981")
@pytest.mark.changed("1.12", "Adamax takes foreach", kind="appeared", cause="pytorch#69982")
@pytest.mark.changed("1.12", "RMSprop takes foreach", kind="appeared", cause="pytorch#70482")
@pytest.mark.changed("1.12", "Rprop takes foreach", kind="appeared", cause="pytorch#70483")
@pytest.mark.changed(
    "1.12",
    "NAdam takes foreach, whose steps differ from the plain ones",
    kind="appeared",
    cause="pytorch#70229",
)
@pytest.mark.changed(
    "1.12",
    "RAdam takes foreach, whose step gives NaN for a gradient of 0",
    kind="appeared",
    cause="pytorch#70230",
    advice="pass foreach=False to RAdam",
)
@pytest.mark.changed(
    "1.12",
    "ASGD takes foreach, whose steps differ from the plain ones",
    kind="appeared",
    cause="pytorch#70231",
    advice="pass foreach=False to ASGD",
)
@pytest.mark.changed(
    "2.0",
    "NAdam's plain steps, which were wrong, equal the foreach steps",
    kind="silent",
    cause="pytorch#92699",
    of=("torch.optim.NAdam",),
    when=("-foreach@6", "foreach@6=False|None"),
)
@pytest.mark.changed(
    "2.0",
    "RAdam's foreach step gives no NaN for a gradient of 0",
    kind="silent",
    cause="pytorch#92551",
    of=("torch.optim.RAdam",),
    when=("foreach@5=True",),
    depends="the gradients",
)
# cause unknown: asgd.py of 2.0 writes lr / (1 + lambd * lr * step ** alpha) for math.pow(1 + ...,
# alpha), with the helpers _get_value and _to_tensor. No pull request found by these names, by
# capturable or by is_compiling.
@pytest.mark.changed(
    "2.0",
    "ASGD's foreach steps are wrong in another way: the power applies to the step alone",
    kind="silent",
    advice="pass foreach=False to ASGD",
    of=("torch.optim.ASGD",),
    when=("foreach@6=True",),
    cause="pytorch#92364",
    probable=True,
)
@pytest.mark.changed(
    "2.4",
    "ASGD's foreach steps equal the plain ones",
    kind="silent",
    cause="pytorch#125440",
    of=("torch.optim.ASGD",),
    when=("foreach@6=True",),
)
def test_foreach_step_of_other_optimizers_equals_the_plain_one(name, settings, snapshot):
    """``foreach=True`` gives the steps of the plain loop, also if one parameter is a step behind.

    Before 2.4 ASGD's foreach steps differed, and before 2.0 those of NAdam. Before 2.0 RAdam's
    foreach step gave NaN if gradient and weight decay add up to 0, as they do here for the second
    parameter.
    """

    def act():
        plain, observed = trained(name, settings), trained(name, {**settings, "foreach": True})
        # assert_close's tolerances for float32
        return {
            **observed,
            "as the plain one": all(
                torch.allclose(observed[member], plain[member], rtol=1.3e-6, atol=1e-5)
                for member in plain
            ),
        }

    assert snapshot == observe(act)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.api(
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.Adamax",
    "torch.optim.ASGD",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    page="optim",
)
@pytest.mark.changed(
    "1.10", "NAdam appears, without maximize", kind="appeared", cause="pytorch#59009"
)
@pytest.mark.changed(
    "1.10", "RAdam appears, without maximize", kind="appeared", cause="pytorch#58968"
)
@pytest.mark.changed("1.12", "Adadelta takes maximize", kind="appeared", cause="pytorch#75330")
@pytest.mark.changed("1.12", "Adagrad takes maximize", kind="appeared", cause="pytorch#75968")
@pytest.mark.changed("1.12", "Adamax takes maximize", kind="appeared", cause="pytorch#77409")
@pytest.mark.changed("1.13", "RMSprop takes maximize", kind="appeared", cause="pytorch#80326")
@pytest.mark.changed(
    "1.13", "ASGD takes maximize", kind="appeared", cause="pytorch#80323", probable=True
)
@pytest.mark.changed("1.13", "Rprop takes maximize", kind="appeared")
@pytest.mark.changed(
    "2.0",
    "NAdam gives other results: it looks ahead by the momentum of the next step",
    kind="silent",
    cause="pytorch#92699",
    of=("torch.optim.NAdam",),
    when=("-foreach@6", "foreach@6=False|None"),
)
@pytest.mark.changed("2.4", "NAdam takes maximize", kind="appeared", cause="pytorch#127214")
@pytest.mark.changed("2.4", "RAdam takes maximize", kind="appeared", cause="pytorch#126765")
def test_other_optimizers_maximize(name, snapshot):
    """With ``maximize=True`` an optimizer steps as if the gradient had the opposite sign.

    NAdam and RAdam take the argument since 2.4, the others since 1.12 or 1.13. Before 2.0 the steps
    of NAdam were slightly different.
    """

    def path(gradients, **settings):
        return stepped(getattr(torch.optim, name), [0.0], gradients, lr=0.1, **settings).flatten()

    assert snapshot == observe_each(
        {
            "maximize": lambda: path([[2.0], [-1.0]], maximize=True),
            "opposite": lambda: path([[-2.0], [1.0]]),
        }
    )


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.api(
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.Adamax",
    "torch.optim.ASGD",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    page="optim",
)
@pytest.mark.changed(
    "1.8",
    "Adadelta raises an UnboundLocalError, in 1.8 only",
    kind="error",
    cause="pytorch#50409",
    advice="call step() only if a gradient is not None",
    of=("torch.optim.Adadelta",),
    rarely="a step before any gradient",
)
@pytest.mark.changed(
    "1.9",
    "Rprop raises an UnboundLocalError",
    kind="error",
    cause="pytorch#55832",
    advice="call step() only if a gradient is not None",
    of=("torch.optim.Rprop",),
    rarely="a step before any gradient",
)
@pytest.mark.changed(
    "1.9",
    "Adadelta does nothing again",
    kind="error-gone",
    cause="pytorch#52944",
    of=("torch.optim.Adadelta",),
    rarely="a step before any gradient",
)
@pytest.mark.changed("1.10", "NAdam appears", kind="appeared", cause="pytorch#59009")
@pytest.mark.changed("1.10", "RAdam appears", kind="appeared", cause="pytorch#58968")
@pytest.mark.changed(
    "1.12",
    "Rprop does nothing again",
    kind="error-gone",
    cause="pytorch#70483",
    probable=True,
    of=("torch.optim.Rprop",),
    rarely="a step before any gradient",
)
def test_step_without_any_gradient_does_nothing(name, snapshot):
    """``step()`` does nothing if no parameter has a gradient, as before the first ``backward``.

    Adadelta raised an UnboundLocalError in 1.8, and Rprop from 1.9 to 1.11.
    """

    def act():
        w = parameter([1.0])
        optimizer = getattr(torch.optim, name)([w], lr=0.1)
        optimizer.step()
        return w

    assert snapshot == observe(act)


@pytest.mark.parametrize("name", ["SGD", "AdamW"] + OTHERS)
@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.AdamW",
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.Adamax",
    "torch.optim.ASGD",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    page="optim",
)
@pytest.mark.changed(
    "1.6", "SGD and ASGD step in float16", kind="error-gone", cause="pytorch#37121", probable=True
)
@pytest.mark.changed(
    "1.6",
    "the messages of the others name other kernels",
    kind="wording",
    cause="pytorch#37121",
    probable=True,
)
@pytest.mark.changed("1.7", "the message of Adamax names addcdiv instead of max", kind="wording")
@pytest.mark.changed("1.7", "the message of Rprop names clamp instead of lt", kind="wording")
@pytest.mark.changed("1.9", "the message of Rprop names clamp_scalar", kind="wording")
@pytest.mark.changed(
    "1.10", "NAdam appears, without float16", kind="appeared", cause="pytorch#59009"
)
@pytest.mark.changed(
    "1.10", "RAdam appears, without float16", kind="appeared", cause="pytorch#58968"
)
@pytest.mark.changed(
    "2.1", "Adadelta and RAdam step in float16", kind="error-gone", cause="pytorch#100394"
)
@pytest.mark.changed(
    "2.1", "Rprop steps in float16", kind="error-gone", cause="pytorch#98493", probable=True
)
@pytest.mark.changed(
    "2.1", "the messages of most others name addcdiv", kind="wording", cause="pytorch#100394"
)
@pytest.mark.changed(
    "2.2",
    "Adagrad, AdamW, Adamax, NAdam and RMSprop step in float16 too",
    kind="error-gone",
    cause="pytorch#103319",
)
def test_optimizers_step_float16_parameters_on_the_cpu(name, snapshot):
    """Optimizers step float16 parameters on the CPU too.

    Before 2.2 some optimizers raised, because kernels were missing.
    """
    assert snapshot == observe(
        lambda: stepped(getattr(torch.optim, name), [1.0], [[1.0]], dtype=torch.float16, lr=0.25)
    )


COMPLEX = [pytest.param(name, {}, id=name.lower()) for name in ["SGD", "Adam"] + OTHERS] + [
    pytest.param("Adam", {"amsgrad": True}, id="amsgrad"),
    pytest.param("Adadelta", {"foreach": True}, id="adadelta-foreach"),
]


@pytest.mark.parametrize("name, settings", COMPLEX)
@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.Adamax",
    "torch.optim.ASGD",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    page="optim",
)
@pytest.mark.changed(
    "1.5",
    "the message is shorter: complex tensors cannot be made yet",
    kind="wording",
    cause="pytorch#35579",
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be made, and Adagrad and RMSprop step, with complex squares",
    kind="error-gone",
    cause="pytorch#33361",
    probable=True,
    advice="optimize torch.view_as_real of the parameter",
    of=("torch.optim.Adagrad", "torch.optim.RMSprop"),
    rarely="complex parameters",
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be made, and the messages of the others name an operation",
    kind="wording",
    cause="pytorch#33361",
    probable=True,
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be made, and Adadelta raises TypeError for foreach",
    kind="exception",
    cause="pytorch#33361",
    probable=True,
    of=("torch.optim.Adadelta",),
    rarely="complex parameters",
    when=(":caught and foreach@5=True",),
)
@pytest.mark.changed(
    "1.7",
    "SGD and ASGD step like the pair of real parts",
    kind="error-gone",
    cause="pytorch#45200",
)
@pytest.mark.changed(
    "1.7",
    "Adam and Adadelta step, with complex squares",
    kind="error-gone",
    cause="pytorch#45200",
    advice="optimize the two parts as a real parameter",
)
@pytest.mark.changed(
    "1.7",
    "the messages of Adamax and of Adam's amsgrad name a maximum",
    kind="wording",
    cause="pytorch#45200",
)
@pytest.mark.changed(
    "1.8", "the message of Rprop recommends torch.sgn", kind="wording", cause="pytorch#43280"
)
@pytest.mark.changed(
    "1.8", "the message of Adam's amsgrad names the kernel of maximum", kind="wording"
)
@pytest.mark.changed(
    "1.9",
    "the message of Adam's amsgrad says that maximum is not for complex tensors",
    kind="wording",
)
@pytest.mark.changed(
    "1.10",
    "Adam squares the absolute value, which is not yet what the pair does",
    kind="silent",
    cause="pytorch#62946",
    advice="optimize torch.view_as_real of the parameter",
    of=("torch.optim.Adam",),
    rarely="complex parameters",
)
@pytest.mark.changed(
    "1.10",
    "NAdam appears, and steps with complex squares",
    kind="appeared",
    cause="pytorch#59009",
    advice="optimize torch.view_as_real of the parameter",
    of=("torch.optim.NAdam",),
    unless=(),
)
@pytest.mark.changed(
    "1.10",
    "RAdam appears, and steps like the pair of real parts",
    kind="appeared",
    cause="pytorch#58968",
    of=("torch.optim.RAdam",),
    unless=(),
)
@pytest.mark.changed(
    "1.11",
    "Adadelta steps like the pair of real parts",
    kind="silent",
    cause="pytorch#66587",
    of=("torch.optim.Adadelta",),
    rarely="complex parameters",
)
@pytest.mark.changed(
    "1.11",
    "Adagrad steps like the pair of real parts",
    kind="silent",
    cause="pytorch#66671",
    of=("torch.optim.Adagrad",),
    rarely="complex parameters",
)
@pytest.mark.changed(
    "1.12",
    "Adadelta takes foreach, and then steps with complex squares",
    kind="appeared",
    cause="pytorch#69980",
    probable=True,
    advice="pass foreach=False to Adadelta",
)
@pytest.mark.changed(
    "1.13",
    "Adam steps like the pair of real parts",
    kind="silent",
    cause="pytorch#80279",
    of=("torch.optim.Adam",),
    rarely="complex parameters",
)
@pytest.mark.changed(
    "1.13",
    "RMSprop steps like the pair of real parts",
    kind="silent",
    cause="pytorch#83860",
    of=("torch.optim.RMSprop",),
    rarely="complex parameters",
)
@pytest.mark.changed(
    "1.13",
    "Adamax takes complex parameters",
    kind="error-gone",
    cause="pytorch#80319",
    of=("torch.optim.Adamax",),
    rarely="complex parameters",
)
@pytest.mark.changed(
    "1.13",
    "Rprop takes complex parameters",
    kind="error-gone",
    cause="pytorch#83858",
    of=("torch.optim.Rprop",),
    rarely="complex parameters",
)
@pytest.mark.changed(
    "2.0",
    "NAdam gives other results: it looks ahead by the momentum of the next step",
    kind="silent",
    cause="pytorch#92699",
    of=("torch.optim.NAdam",),
    when=("-foreach@6", "foreach@6=False|None"),
)
@pytest.mark.changed(
    "2.1",
    "Adam with amsgrad takes complex parameters",
    kind="error-gone",
    cause="pytorch#104989",
    of=("torch.optim.Adam",),
    rarely="complex parameters",
    when=("amsgrad@5=True",),
)
@pytest.mark.changed(
    "2.2",
    "NAdam steps like the pair of real parts",
    kind="silent",
    cause="pytorch#110634",
    of=("torch.optim.NAdam",),
    rarely="complex parameters",
)
@pytest.mark.changed(
    "2.2",
    "Adadelta with foreach steps like the pair of real parts",
    kind="silent",
    cause="pytorch#110631",
    of=("torch.optim.Adadelta",),
    rarely="complex parameters",
    when=("foreach@5=True", "foreach@5=None", "-foreach@5"),
)
def test_complex_parameter_steps_as_the_pair_of_its_parts(name, settings, snapshot):
    """A complex parameter steps like the real pair of its real and imaginary parts.

    1 + 2i with gradients 1 - i and 0.5 + i goes where [1, 2] goes with the parts of those
    gradients. Before 2.2 some optimizers used complex squares or raised.
    """

    def of_a_complex_number():
        optimizer_class = getattr(torch.optim, name)
        w = torch.nn.Parameter(torch.tensor([1 + 2j]))
        optimizer = optimizer_class([w], lr=0.1, **settings)
        for gradient in (1 - 1j, 0.5 + 1j):
            w.grad = torch.tensor([gradient])
            optimizer.step()
        return torch.view_as_real(w.detach())[0]

    def of_a_pair():
        gradients = [[1.0, -1.0], [0.5, 1.0]]
        return stepped(getattr(torch.optim, name), [1.0, 2.0], gradients, lr=0.1, **settings)[-1]

    assert snapshot == observe_each({"complex": of_a_complex_number, "pair": of_a_pair})


@pytest.mark.parametrize("name", ["SGD", "AdamW", "Adagrad", "RMSprop"])
@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.AdamW",
    "torch.optim.Adagrad",
    "torch.optim.RMSprop",
    page="optim",
)
@pytest.mark.changed("1.13", "SGD takes differentiable", kind="appeared", cause="pytorch#80938")
@pytest.mark.changed("1.13", "RMSprop takes differentiable", kind="appeared", cause="pytorch#83578")
@pytest.mark.changed("2.0", "AdamW takes differentiable", kind="appeared", cause="pytorch#86183")
@pytest.mark.changed("2.0", "Adagrad takes differentiable", kind="appeared", cause="pytorch#86096")
def test_differentiable_step_refuses_a_leaf(name, snapshot):
    """A step with ``differentiable=True`` refuses a leaf: optimize a clone instead.

    The step is recorded, and autograd does not allow in-place changes of a leaf.
    """
    assert snapshot == observe(
        lambda: stepped(getattr(torch.optim, name), [1.0], [[1.0]], lr=0.1, differentiable=True)
    )


@pytest.mark.api("torch.optim.Adagrad", page="generated/torch.optim.Adagrad")
@pytest.mark.changed("2.4", "Adagrad takes fused", kind="appeared", cause="pytorch#124905")
def test_fused_adagrad_steps_on_the_cpu(snapshot):
    """``Adagrad(fused=True)`` steps on the CPU, to the values of the plain step."""
    assert snapshot == observe(
        lambda: stepped(torch.optim.Adagrad, [1.0], [[3.0], [4.0]], lr=0.5, fused=True)
    )
