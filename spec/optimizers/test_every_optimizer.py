"""What optimizers have in common, asked of those beside SGD, Adam and AdamW: state, foreach, maximize, dtypes."""

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
    advice="take int(state['step'])",
)
@pytest.mark.changed(
    "2.4",
    "step is a float32 tensor instead of an int (Adadelta, RMSprop, Rprop)",
    kind="representation",
    cause="pytorch#122252, pytorch#122264 and pytorch#122261",
    advice="take int(state['step'])",
)
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
    "foreach appears; ASGD's and NAdam's steps differ from the plain ones, and RAdam's makes NaN of a "
    "gradient of 0",
    kind="api-appeared",
    cause="pytorch#70229, pytorch#70230 and pytorch#70231, among others",
    advice="pass foreach=False to ASGD and RAdam",
)
@pytest.mark.changed(
    "2.0",
    "NAdam's plain step, which was the wrong one, and RAdam's foreach step are mended; ASGD's goes wrong "
    "in another way",
    kind="silent",
    cause="pytorch#92699 and pytorch#92551",
    advice="pass foreach=False to ASGD",
)
@pytest.mark.changed(
    "2.4",
    "ASGD's steps equal the plain ones",
    kind="silent",
    cause="pytorch#125440 and pytorch#126375",
    advice="expect other results where ASGD steps with foreach",
)
def test_foreach_step_of_other_optimizers_equals_the_plain_one(name, settings, snapshot):
    """``foreach=True``, which CUDA parameters get by default, steps as the plain loop, also where one member is a step behind.

    For some releases ASGD's did not, nor did NAdam's; RAdam's left out eps: a gradient of 0, as the second member has at first,
    gave NaN.
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
    """``maximize=True`` takes the step of the opposite gradient."""

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
    "Adadelta raises an UnboundLocalError, in 1.8 alone",
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
    "SGD and ASGD step in float16; the messages of the others blame other kernels",
    kind="error-gone",
    cause="pytorch#37121",
    probable=True,
)
@pytest.mark.changed("1.7", "the messages of Adamax and Rprop blame other kernels", kind="wording")
@pytest.mark.changed("1.9", "the message of Rprop blames clamp_scalar", kind="wording")
@pytest.mark.changed(
    "1.10",
    "NAdam and RAdam appear, without float16",
    kind="api-appeared",
    cause="pytorch#59009 and pytorch#58968",
)
@pytest.mark.changed(
    "2.1",
    "Adadelta, RAdam and Rprop step in float16; the messages of most others blame addcdiv",
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
    """A model in float16 trains on the CPU too. Once the kernels were missing, and the step raised."""
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
    "the message for complex numbers is shorter: there is no tensor of them yet",
    kind="wording",
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be made; Adagrad and RMSprop step, with complex squares, and the others still raise",
    kind="error-gone",
    advice="optimize torch.view_as_real of the parameter",
)
@pytest.mark.changed(
    "1.7",
    "SGD and ASGD step as the pair does; Adam and Adadelta step with complex squares",
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
    "Adam squares the absolute value, and moves elsewhere, not yet as the pair; NAdam and RAdam appear, "
    "of which RAdam steps as the pair does",
    kind="silent",
    advice="optimize the two parts as a real parameter",
)
@pytest.mark.changed(
    "1.11",
    "Adadelta and Adagrad step as the pair does",
    kind="silent",
    cause="pytorch#66587 and pytorch#66671",
    advice="expect other results for complex parameters",
)
@pytest.mark.changed(
    "1.12",
    "Adadelta takes foreach, with which it steps with complex squares",
    kind="api-appeared",
    advice="pass foreach=False to Adadelta",
)
@pytest.mark.changed(
    "1.13",
    "Adam and RMSprop step as the pair does, and move elsewhere than before; Adamax and Rprop take "
    "complex parameters",
    kind="silent",
    cause="pytorch#80279, pytorch#83860, pytorch#80319 and pytorch#83858",
    advice="expect other results for complex parameters",
)
@pytest.mark.changed(
    "2.0",
    "NAdam moves elsewhere, for real parameters too: it took the momentum of this step twice",
    kind="silent",
    cause="pytorch#92699",
    advice="expect other results from NAdam",
)
@pytest.mark.changed(
    "2.1", "Adam with amsgrad takes complex parameters", kind="error-gone", cause="pytorch#104989"
)
@pytest.mark.changed(
    "2.2",
    "NAdam and Adadelta with foreach step as the pair does",
    kind="silent",
    cause="pytorch#110634 and pytorch#110631",
    advice="expect other results for complex parameters",
)
def test_complex_parameter_steps_as_the_pair_of_its_parts(name, settings, snapshot):
    """1 + 2i with gradients 1 - i and 0.5 + i goes where the real parameter [1, 2] goes with their parts."""

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
    """``differentiable=True`` records the step, and autograd refuses to change a leaf in place: optimize clones."""
    assert snapshot == observe(
        lambda: stepped(getattr(torch.optim, name), [1.0], [[1.0]], lr=0.1, differentiable=True)
    )


@pytest.mark.api("torch.optim.Adagrad", page="generated/torch.optim.Adagrad")
@pytest.mark.changed("2.4", "Adagrad takes fused", kind="api-appeared", cause="pytorch#124905")
def test_fused_adagrad_steps_on_the_cpu(snapshot):
    """``Adagrad(fused=True)`` steps as the plain one."""
    assert snapshot == observe(
        lambda: stepped(torch.optim.Adagrad, [1.0], [[3.0], [4.0]], lr=0.5, fused=True)
    )
