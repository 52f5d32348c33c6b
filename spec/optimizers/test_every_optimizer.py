"""State, foreach, maximize and dtypes, mostly of optimizers other than SGD, Adam and AdamW."""

import pytest
import torch

from fixtures.references import parameter, step, stepped
from torch_history.observing import observe

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
    page="optim",
)
@pytest.mark.changed(
    "1.10", "NAdam and RAdam appear", kind="api-appeared", cause="pytorch#59009 and pytorch#58968"
)
@pytest.mark.changed(
    "1.12",
    "step is a float32 tensor instead of an int (Adagrad, Adamax, ASGD, NAdam, RAdam), and so are "
    "ASGD's eta and mu and NAdam's mu_product",
    kind="representation",
    cause="pytorch#71333, pytorch#71334 and pytorch#71335",
    advice="use int(state['step'])",
)
@pytest.mark.changed(
    "2.4",
    "step is a float32 tensor instead of an int (Adadelta, RMSprop, Rprop)",
    kind="representation",
    cause="pytorch#122252, pytorch#122264 and pytorch#122261",
    advice="use int(state['step'])",
)
def test_other_optimizers_keep_this_state(name, snapshot):
    """After one step, Adagrad, RMSprop and six other optimizers keep this state.

    The gradient is 2. The step count is a float32 tensor in recent releases: use
    ``int(state["step"])``.
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
    "1.10",
    "NAdam and RAdam appear, without foreach",
    kind="api-appeared",
    cause="pytorch#59009 and pytorch#58968",
)
@pytest.mark.changed(
    "1.12",
    "foreach appears; ASGD's and NAdam's steps differ from the plain ones, and RAdam's gives NaN "
    "for a gradient of 0",
    kind="api-appeared",
    cause="pytorch#70229, pytorch#70230 and pytorch#70231, among others",
    advice="pass foreach=False to ASGD and RAdam",
)
@pytest.mark.changed(
    "2.0",
    "NAdam's plain step, which was wrong, and RAdam's foreach step are fixed; ASGD's foreach step "
    "is wrong in another way",
    kind="silent",
    cause="pytorch#92699 and pytorch#92551",
    advice="pass foreach=False to ASGD",
)
@pytest.mark.changed(
    "2.4",
    "ASGD's foreach steps equal the plain ones",
    kind="silent",
    cause="pytorch#125440 and pytorch#126375",
    advice="expect other results from ASGD with foreach=True",
)
def test_foreach_step_of_other_optimizers_equals_the_plain_one(name, settings, snapshot):
    """``foreach=True`` gives the steps of the plain loop, also if one parameter is a step behind.

    CUDA parameters get foreach by default. Before 2.4 ASGD's foreach steps differed, and before 2.0
    NAdam's did. RAdam's left out eps before 2.0. A gradient of 0, as the second parameter has at
    first with weight decay, gave NaN.
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
    "1.10",
    "NAdam and RAdam appear, without maximize",
    kind="api-appeared",
    cause="pytorch#59009 and pytorch#58968",
)
@pytest.mark.changed(
    "1.12",
    "Adadelta, Adagrad and Adamax take maximize",
    kind="api-appeared",
    cause="pytorch#75330, pytorch#75968 and pytorch#77409",
)
@pytest.mark.changed(
    "1.13",
    "ASGD, RMSprop and Rprop take maximize",
    kind="api-appeared",
    cause="pytorch#80326, among others",
)
@pytest.mark.changed(
    "2.4",
    "NAdam and RAdam take maximize",
    kind="api-appeared",
    cause="pytorch#127214 and pytorch#126765",
)
def test_other_optimizers_maximize(name, snapshot):
    """With ``maximize=True`` an optimizer makes the step of the opposite gradient."""

    def act():
        each = getattr(torch.optim, name)
        return {
            "maximize": stepped(each, [0.0], [[2.0], [-1.0]], lr=0.1, maximize=True).flatten(),
            "opposite": stepped(each, [0.0], [[-2.0], [1.0]], lr=0.1).flatten(),
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
    "1.8",
    "Adadelta raises an UnboundLocalError, in 1.8 only",
    kind="error",
    cause="pytorch#50409",
    advice="step only after a backward",
)
@pytest.mark.changed(
    "1.9",
    "Rprop raises an UnboundLocalError; Adadelta does nothing again",
    kind="error",
    cause="pytorch#55832 and, for Adadelta, pytorch#52944",
    advice="step only after a backward",
)
@pytest.mark.changed(
    "1.10", "NAdam and RAdam appear", kind="api-appeared", cause="pytorch#59009 and pytorch#58968"
)
@pytest.mark.changed("1.12", "Rprop does nothing again", kind="error-gone")
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
    "1.6",
    "SGD and ASGD step in float16; the messages of the others name other kernels",
    kind="error-gone",
    cause="pytorch#37121",
    probable=True,
)
@pytest.mark.changed("1.7", "the messages of Adamax and Rprop name other kernels", kind="wording")
@pytest.mark.changed("1.9", "the message of Rprop names clamp_scalar", kind="wording")
@pytest.mark.changed(
    "1.10",
    "NAdam and RAdam appear, without float16",
    kind="api-appeared",
    cause="pytorch#59009 and pytorch#58968",
)
@pytest.mark.changed(
    "2.1",
    "Adadelta, RAdam and Rprop step in float16; the messages of most others name addcdiv",
    kind="error-gone",
    cause="pytorch#100394",
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
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be made; Adagrad and RMSprop step, with complex squares, and the others "
    "still raise",
    kind="error-gone",
    advice="optimize torch.view_as_real of the parameter",
)
@pytest.mark.changed(
    "1.7",
    "SGD and ASGD step like the pair of real parts; Adam and Adadelta step with complex squares",
    kind="error-gone",
    advice="optimize the two parts as a real parameter",
)
@pytest.mark.changed(
    "1.8", "the messages of Rprop and of Adam's amsgrad come from other places", kind="wording"
)
@pytest.mark.changed(
    "1.9",
    "the message of Adam's amsgrad says that maximum is not for complex tensors",
    kind="wording",
)
@pytest.mark.changed(
    "1.10",
    "Adam squares the absolute value, which gives other results, but not yet those of the pair of "
    "real parts; NAdam and RAdam appear, and RAdam steps like the pair",
    kind="silent",
    advice="optimize the two parts as a real parameter",
)
@pytest.mark.changed(
    "1.11",
    "Adadelta and Adagrad step like the pair of real parts",
    kind="silent",
    cause="pytorch#66587 and pytorch#66671",
    advice="expect other results for complex parameters",
)
@pytest.mark.changed(
    "1.12",
    "Adadelta takes foreach, and then steps with complex squares",
    kind="api-appeared",
    advice="pass foreach=False to Adadelta",
)
@pytest.mark.changed(
    "1.13",
    "Adam and RMSprop step like the pair of real parts, with other results than before; Adamax "
    "and Rprop take complex parameters",
    kind="silent",
    cause="pytorch#80279, pytorch#83860, pytorch#80319 and pytorch#83858",
    advice="expect other results for complex parameters",
)
@pytest.mark.changed(
    "2.0",
    "NAdam gives other results, for real parameters too: before, it used the momentum of the "
    "current step twice",
    kind="silent",
    cause="pytorch#92699",
    advice="expect other results from NAdam",
)
@pytest.mark.changed(
    "2.1", "Adam with amsgrad takes complex parameters", kind="error-gone", cause="pytorch#104989"
)
@pytest.mark.changed(
    "2.2",
    "NAdam, and Adadelta with foreach, step like the pair of real parts",
    kind="silent",
    cause="pytorch#110634 and pytorch#110631",
    advice="expect other results for complex parameters",
)
def test_complex_parameter_steps_as_the_pair_of_its_parts(name, settings, snapshot):
    """A complex parameter steps like the real pair of its real and imaginary parts.

    1 + 2i with gradients 1 - i and 0.5 + i goes where [1, 2] goes with the parts of those
    gradients. Before 2.2 some optimizers used complex squares or raised.
    """

    def act():
        w = torch.nn.Parameter(torch.tensor([1 + 2j]))
        optimizer = getattr(torch.optim, name)([w], lr=0.1, **settings)
        for gradient in (1 - 1j, 0.5 + 1j):
            w.grad = torch.tensor([gradient])
            optimizer.step()
        return {
            "complex": torch.view_as_real(w.detach())[0],
            "pair": stepped(
                getattr(torch.optim, name),
                [1.0, 2.0],
                [[1.0, -1.0], [0.5, 1.0]],
                lr=0.1,
                **settings,
            )[-1],
        }

    assert snapshot == observe(act)


@pytest.mark.parametrize("name", ["SGD", "AdamW", "Adagrad", "RMSprop"])
@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.AdamW",
    "torch.optim.Adagrad",
    "torch.optim.RMSprop",
    page="optim",
)
@pytest.mark.changed(
    "1.13",
    "SGD and RMSprop take differentiable",
    kind="api-appeared",
    cause="pytorch#80938 and pytorch#83578",
)
@pytest.mark.changed(
    "2.0",
    "AdamW and Adagrad take differentiable",
    kind="api-appeared",
    cause="pytorch#86183 and pytorch#86096",
)
def test_differentiable_step_refuses_a_leaf(name, snapshot):
    """A step with ``differentiable=True`` refuses a leaf: optimize a clone instead.

    The step is recorded, and autograd does not allow in-place changes of a leaf.
    """
    assert snapshot == observe(
        lambda: stepped(getattr(torch.optim, name), [1.0], [[1.0]], lr=0.1, differentiable=True)
    )


@pytest.mark.api("torch.optim.Adagrad", page="generated/torch.optim.Adagrad")
@pytest.mark.changed("2.4", "Adagrad takes fused", kind="api-appeared", cause="pytorch#124905")
def test_fused_adagrad_steps_on_the_cpu(snapshot):
    """``Adagrad(fused=True)`` steps on the CPU, to the values of the plain step."""
    assert snapshot == observe(
        lambda: stepped(torch.optim.Adagrad, [1.0], [[3.0], [4.0]], lr=0.5, fused=True)
    )
