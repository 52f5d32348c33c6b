"""How Adagrad, RMSprop, Muon and others step, in numbers that can be checked by hand.

Many optimizers divide the gradient by a measure of earlier gradients. ``torch.optim.Adagrad`` takes
the root of the sum of all squares, and ``torch.optim.Adamax`` the largest gradient so far.
``torch.optim.RMSprop`` takes the root of an average that is not corrected for its bias, so its
first step is ten times lr by default. ``torch.optim.Rprop`` uses signs only. Weight decay is added
to the gradient; NAdam and RAdam can decouple it since 2.1 and 2.2. Since 2.0 ``torch.optim.NAdam``
gives other values than before. ``torch.optim.Muon`` takes matrices only.
"""

import pytest
import torch

from fixtures.references import parameter, step, stepped
from torch_history.observing import observe


@pytest.mark.api("torch.optim.Adagrad", page="generated/torch.optim.Adagrad")
def test_adagrad_divides_by_the_root_of_all_squares(snapshot):
    """Adagrad divides a gradient by the root of the sum of all squared gradients so far.

    Gradients 3 and 4 with lr 0.5 move the weight by 0.5 x 3 / 3 and 0.5 x 4 / 5.
    """
    assert snapshot == observe(lambda: stepped(torch.optim.Adagrad, [1.0], [[3.0], [4.0]], lr=0.5))


@pytest.mark.api("torch.optim.Adagrad", page="generated/torch.optim.Adagrad")
def test_adagrad_lr_decay_starts_at_the_second_step(snapshot):
    """Adagrad's ``lr_decay`` starts at the second step; 1 divides lr by the step number.

    The moves are 0.5 x 3 / 3, then 0.25 x 4 / 5.
    """
    assert snapshot == observe(
        lambda: stepped(torch.optim.Adagrad, [1.0], [[3.0], [4.0]], lr=0.5, lr_decay=1.0)
    )


@pytest.mark.api("torch.optim.Adadelta", page="generated/torch.optim.Adadelta")
def test_adadelta_begins_with_tiny_steps(snapshot):
    """Adadelta begins with tiny steps: with lr 1, about 0.003 for any gradient.

    The first step is sqrt(eps / (0.1 g² + eps)) g, because there is no earlier step to scale by.
    """
    assert snapshot == observe(
        lambda: {
            "g 2": stepped(torch.optim.Adadelta, [0.0], [[2.0]], lr=1.0),
            "g 200": stepped(torch.optim.Adadelta, [0.0], [[200.0]], lr=1.0),
        }
    )


@pytest.mark.api("torch.optim.Adamax", page="generated/torch.optim.Adamax")
def test_adamax_divides_by_the_largest_gradient(snapshot):
    """Adamax divides by the largest gradient so far, which decays slowly.

    Gradients 2 and -4 with lr 0.5 move the weight by 0.5, then back by 0.5 x (0.22 / 0.19) / 4.
    """
    assert snapshot == observe(lambda: stepped(torch.optim.Adamax, [1.0], [[2.0], [-4.0]], lr=0.5))


@pytest.mark.api("torch.optim.NAdam", page="generated/torch.optim.NAdam")
@pytest.mark.changed("1.10", "NAdam appears", kind="appeared", cause="pytorch#59009")
@pytest.mark.changed(
    "2.0",
    "gives other results: it looks ahead by the momentum of the next step, not by the current one"
    " again",
    kind="silent",
    cause="pytorch#92699",
    unless=(),
    of=("torch.optim.NAdam",),
    when=("-foreach@6", "foreach@6=False|None"),
)
def test_nadam_looks_ahead_by_the_next_momentum(snapshot):
    """NAdam looks ahead by the momentum of the next step.

    With lr 0.1 and gradient 1 the first step is 0.1 (1 + 0.1 m' / (1 - m m')), 0.10565. m and m'
    are the momenta of this step and the next, 0.45 each. Before 2.0 the plain step used m twice, so
    it differed from the foreach step.
    """
    assert snapshot == observe(lambda: stepped(torch.optim.NAdam, [1.0], [[1.0], [1.0]], lr=0.1))


@pytest.mark.api("torch.optim.RAdam", page="generated/torch.optim.RAdam")
@pytest.mark.changed("1.10", "RAdam appears", kind="appeared", cause="pytorch#58968")
def test_radam_adapts_from_the_sixth_step(snapshot):
    """RAdam makes five steps like SGD's and adapts from the sixth step on.

    With gradient 1 and lr 0.1 the first five are lr long. The adapted steps are shorter, because
    the variance is still uncertain.
    """
    assert snapshot == observe(
        lambda: stepped(torch.optim.RAdam, [1.0], [[1.0]] * 7, lr=0.1).flatten()
    )


@pytest.mark.api("torch.optim.RMSprop", page="generated/torch.optim.RMSprop")
def test_rmsprop_begins_with_ten_learning_rates(snapshot):
    """RMSprop's first step is lr / sqrt(1 - alpha), ten times lr by default.

    The average of squares starts at 0 and is not corrected for its bias. With lr 0.01 the step is
    0.1.
    """
    assert snapshot == observe(lambda: stepped(torch.optim.RMSprop, [1.0], [[2.0], [2.0]], lr=0.01))


@pytest.mark.api("torch.optim.RMSprop", page="generated/torch.optim.RMSprop")
def test_centered_rmsprop_divides_by_the_deviation(snapshot):
    """``RMSprop(centered=True)`` divides by the standard deviation of the gradients.

    It subtracts the squared average of gradients from the average of squares. With a constant
    gradient the steps grow.
    """
    assert snapshot == observe(
        lambda: stepped(
            torch.optim.RMSprop, [1.0], [[2.0], [2.0]], lr=0.01, alpha=0.5, centered=True
        )
    )


@pytest.mark.api("torch.optim.Rprop", page="generated/torch.optim.Rprop")
def test_rprop_looks_at_signs_alone(snapshot):
    """Rprop uses only the signs of the gradients.

    Gradients 3, 0.5, -1 and -1 with lr 0.1 give steps of 0.1 and 0.12, none where the sign changes,
    and 0.06 back.
    """
    assert snapshot == observe(
        lambda: stepped(torch.optim.Rprop, [1.0], [[3.0], [0.5], [-1.0], [-1.0]], lr=0.1).flatten()
    )


@pytest.mark.api("torch.optim.ASGD", page="generated/torch.optim.ASGD")
def test_asgd_keeps_its_average_beside_the_parameter(snapshot):
    """ASGD keeps its average in the state as ``ax``, and never copies it to the parameter.

    It averages the steps after ``t0``. With ``lambd=0`` the parameter itself moves like SGD's.
    """

    def act():
        w = parameter([1.0])
        optimizer = torch.optim.ASGD([w], lr=0.25, lambd=0.0, t0=1)
        for _ in range(4):
            step(optimizer, [1.0])
        return {"w": w.detach(), "ax": optimizer.state[w]["ax"]}

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Adafactor", page="generated/torch.optim.Adafactor")
@pytest.mark.changed("2.5", "Adafactor appears", kind="appeared", cause="pytorch#129905")
def test_adafactor_steps_in_proportion_to_the_parameter(snapshot):
    """Adafactor's lr is relative to the size of the parameter.

    Weights of size 4 move by lr x 4, weights of 0 by lr x 0.001.
    """
    assert snapshot == observe(
        lambda: {
            "from 4": stepped(torch.optim.Adafactor, [4.0, -4.0], [[2.0, 2.0]], lr=0.25),
            "from 0": stepped(torch.optim.Adafactor, [0.0, 0.0], [[2.0, 2.0]], lr=0.25),
        }
    )


@pytest.mark.api("torch.optim.Adafactor", page="generated/torch.optim.Adafactor")
@pytest.mark.changed("2.5", "Adafactor appears", kind="appeared", cause="pytorch#129905")
def test_adafactor_keeps_a_row_and_a_column_of_a_matrix(snapshot):
    """Adafactor keeps the second moments of a matrix as one row and one column.

    A 2 x 3 matrix has 2 + 3 numbers, a vector of 3 has 3.
    """

    def kept(shape):
        w = torch.nn.Parameter(torch.ones(shape))
        optimizer = torch.optim.Adafactor([w])
        w.grad = torch.ones(shape)
        optimizer.step()
        return {name: list(value.shape) for name, value in optimizer.state[w].items()}

    assert snapshot == observe(lambda: {"matrix": kept((2, 3)), "vector": kept((3,))})


@pytest.mark.api("torch.optim.Muon", page="generated/torch.optim.Muon")
@pytest.mark.changed(
    "2.9", "Muon appears, for matrices only", kind="appeared", cause="pytorch#160213"
)
def test_muon_takes_matrices_only(snapshot):
    """Muon refuses a parameter that is not a matrix: give biases to AdamW."""
    assert snapshot == observe(lambda: torch.optim.Muon([parameter([1.0])]))


@pytest.mark.api("torch.optim.Muon", page="generated/torch.optim.Muon")
@pytest.mark.changed("2.9", "Muon appears", kind="appeared", cause="pytorch#160213")
def test_muon_decays_by_default(snapshot):
    """Muon's default weight decay is 0.1, in proportion to the weight.

    A gradient of 0 with lr 0.5 leaves 0.95 of the weight.
    """
    assert snapshot == observe(
        lambda: stepped(torch.optim.Muon, [[1.0, 2.0]], [[[0.0, 0.0]]], lr=0.5)
    )


@pytest.mark.api("torch.optim.Muon", page="generated/torch.optim.Muon")
@pytest.mark.changed("2.9", "Muon appears", kind="appeared", cause="pytorch#160213")
def test_muon_ignores_the_size_of_the_gradient(snapshot):
    """Muon's step does not depend on the size of the gradient.

    The gradient is scaled to norm 1, then made nearly orthogonal. A hundredfold gradient makes the
    same step.
    """

    def act():
        start, gradient = [[1.0, 0.0], [0.0, 1.0]], torch.tensor([[3.0, 0.0], [0.0, 1.0]])
        small, large = (
            stepped(torch.optim.Muon, start, [(by * gradient).tolist()], lr=0.5, weight_decay=0.0)
            for by in (1, 100)
        )
        # the steps, about 0.5 long, come from a dozen bfloat16 products, each within 2 ** -8
        return bool(torch.allclose(small, large, atol=0.5 * 12 * 2**-8))

    assert snapshot == observe(act)


DECAYING = ["Adagrad", "Adadelta", "Adamax", "ASGD", "NAdam", "RAdam", "RMSprop"]


@pytest.mark.parametrize("name", DECAYING)
@pytest.mark.api(
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.Adamax",
    "torch.optim.ASGD",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.RMSprop",
    page="optim",
)
@pytest.mark.changed("1.10", "NAdam appears", kind="appeared", cause="pytorch#59009")
@pytest.mark.changed("1.10", "RAdam appears", kind="appeared", cause="pytorch#58968")
@pytest.mark.changed(
    "2.0",
    "NAdam gives other results: it uses the momentum of the next step",
    kind="silent",
    cause="pytorch#92699",
    of=("torch.optim.NAdam",),
    when=("-foreach@6", "foreach@6=False|None"),
)
def test_weight_decay_of_other_optimizers_adds_to_the_gradient(name, snapshot):
    """Weight decay of Adagrad, RMSprop and others is added to the gradient.

    A weight of 2 with decay 0.5 and gradient 1 steps like one with gradient 2. An optimizer that
    normalises the gradient therefore normalises the decay too.
    """

    def act():
        each = getattr(torch.optim, name)
        return {
            "decay": stepped(each, [2.0], [[1.0]], lr=0.1, weight_decay=0.5),
            "added": stepped(each, [2.0], [[2.0]], lr=0.1),
        }

    assert snapshot == observe(act)


@pytest.mark.parametrize("name", ["NAdam", "RAdam"])
@pytest.mark.api("torch.optim.NAdam", "torch.optim.RAdam", page="generated/torch.optim.NAdam")
@pytest.mark.changed(
    "1.10", "NAdam appears, without decoupled_weight_decay", kind="appeared", cause="pytorch#59009"
)
@pytest.mark.changed(
    "1.10", "RAdam appears, without decoupled_weight_decay", kind="appeared", cause="pytorch#58968"
)
@pytest.mark.changed(
    "2.1", "NAdam takes decoupled_weight_decay", kind="appeared", cause="pytorch#103881"
)
@pytest.mark.changed(
    "2.2", "RAdam takes decoupled_weight_decay", kind="appeared", cause="pytorch#107507"
)
def test_decoupled_weight_decay_of_nadam_and_radam_shrinks_in_proportion(name, snapshot):
    """``decoupled_weight_decay=True`` makes NAdam and RAdam shrink weights in proportion.

    With decay 0.5, lr 0.1 and gradient 0 they multiply the weight by 0.95.
    """
    assert snapshot == observe(
        lambda: stepped(
            getattr(torch.optim, name),
            [1.0, -4.0],
            [[0.0, 0.0]],
            lr=0.1,
            weight_decay=0.5,
            decoupled_weight_decay=True,
        )
    )
