"""How the optimizers beside SGD, Adam and AdamW step: one claim of each one's formula, by numbers that can be checked by head."""

import pytest
import torch

from fixtures.references import parameter, step, stepped
from torch_history.observing import observe


@pytest.mark.api("torch.optim.Adagrad", page="generated/torch.optim.Adagrad")
def test_adagrad_divides_by_the_root_of_all_squares(snapshot):
    """Gradients 3 and 4 with lr 0.5 move by 0.5 x 3 / 3 and 0.5 x 4 / 5: the sum of squares never forgets."""
    assert snapshot == observe(lambda: stepped(torch.optim.Adagrad, [1.0], [[3.0], [4.0]], lr=0.5))


@pytest.mark.api("torch.optim.Adagrad", page="generated/torch.optim.Adagrad")
def test_adagrad_lr_decay_starts_at_the_second_step(snapshot):
    """``lr_decay=1`` divides lr by the number of the step: 0.5 x 3 / 3, then 0.25 x 4 / 5."""
    assert snapshot == observe(
        lambda: stepped(torch.optim.Adagrad, [1.0], [[3.0], [4.0]], lr=0.5, lr_decay=1.0)
    )


@pytest.mark.api("torch.optim.Adadelta", page="generated/torch.optim.Adadelta")
def test_adadelta_begins_with_tiny_steps(snapshot):
    """With lr 1 the first step is sqrt(eps / (0.1 g² + eps)) g, some 0.003 whatever the gradient: it knows no earlier step."""
    assert snapshot == observe(
        lambda: {
            "g 2": stepped(torch.optim.Adadelta, [0.0], [[2.0]], lr=1.0),
            "g 200": stepped(torch.optim.Adadelta, [0.0], [[200.0]], lr=1.0),
        }
    )


@pytest.mark.api("torch.optim.Adamax", page="generated/torch.optim.Adamax")
def test_adamax_divides_by_the_largest_gradient(snapshot):
    """Gradients 2 and -4 with lr 0.5: by 0.5, then back by 0.5 x (0.22 / 0.19) / 4."""
    assert snapshot == observe(lambda: stepped(torch.optim.Adamax, [1.0], [[2.0], [-4.0]], lr=0.5))


@pytest.mark.api("torch.optim.NAdam", page="generated/torch.optim.NAdam")
@pytest.mark.changed("1.10", "NAdam appears", kind="api-appeared", cause="pytorch#59009")
@pytest.mark.changed(
    "2.0",
    "other parameters: the momentum of the next step is looked ahead to, not this one's again",
    kind="silent",
    cause="pytorch#92699",
    advice="expect slightly other results of NAdam",
    unless=(),
)
def test_nadam_looks_ahead_by_the_next_momentum(snapshot):
    """The first step with lr 0.1 and gradient 1 is 0.1 (1 + 0.1 m' / (1 - m m')), 0.10565.

    m and m' are the momenta of this step and the next, 0.45 each. Some releases took m twice, so that the plain step
    was not the one of foreach.
    """
    assert snapshot == observe(lambda: stepped(torch.optim.NAdam, [1.0], [[1.0], [1.0]], lr=0.1))


@pytest.mark.api("torch.optim.RAdam", page="generated/torch.optim.RAdam")
@pytest.mark.changed("1.10", "RAdam appears", kind="api-appeared", cause="pytorch#58968")
def test_radam_adapts_from_the_sixth_step(snapshot):
    """Five steps of lr 0.1 with gradient 1, as SGD; then shorter ones, for the variance is known too little."""
    assert snapshot == observe(
        lambda: stepped(torch.optim.RAdam, [1.0], [[1.0]] * 7, lr=0.1).flatten()
    )


@pytest.mark.api("torch.optim.RMSprop", page="generated/torch.optim.RMSprop")
def test_rmsprop_begins_with_ten_learning_rates(snapshot):
    """The average of squares starts at 0 and is not corrected: the first step is lr / sqrt(1 - alpha), 0.1 for lr 0.01."""
    assert snapshot == observe(lambda: stepped(torch.optim.RMSprop, [1.0], [[2.0], [2.0]], lr=0.01))


@pytest.mark.api("torch.optim.RMSprop", page="generated/torch.optim.RMSprop")
def test_centered_rmsprop_divides_by_the_deviation(snapshot):
    """``centered=True`` takes the squared average of gradients from the average of squares: steps for the same gradient grow."""
    assert snapshot == observe(
        lambda: stepped(
            torch.optim.RMSprop, [1.0], [[2.0], [2.0]], lr=0.01, alpha=0.5, centered=True
        )
    )


@pytest.mark.api("torch.optim.Rprop", page="generated/torch.optim.Rprop")
def test_rprop_looks_at_signs_alone(snapshot):
    """Gradients 3, 0.5, -1, -1 with lr 0.1: a step of 0.1, one of 0.12, none where the sign turns, one of 0.06 back."""
    assert snapshot == observe(
        lambda: stepped(torch.optim.Rprop, [1.0], [[3.0], [0.5], [-1.0], [-1.0]], lr=0.1).flatten()
    )


@pytest.mark.api("torch.optim.ASGD", page="generated/torch.optim.ASGD")
def test_asgd_keeps_its_average_beside_the_parameter(snapshot):
    """The parameter is SGD's; the average of the steps after ``t0`` stands in the state as ``ax``, and nobody copies it back."""

    def act():
        w = parameter([1.0])
        optimizer = torch.optim.ASGD([w], lr=0.25, lambd=0.0, t0=1)
        for _ in range(4):
            step(optimizer, [1.0])
        return {"w": w.detach(), "ax": optimizer.state[w]["ax"]}

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Adafactor", page="generated/torch.optim.Adafactor")
@pytest.mark.changed("2.5", "Adafactor appears", kind="api-appeared", cause="pytorch#129905")
def test_adafactor_steps_in_proportion_to_the_parameter(snapshot):
    """Weights of size 4 move by lr x 4, weights of 0 by lr x 0.001: lr is relative."""
    assert snapshot == observe(
        lambda: {
            "from 4": stepped(torch.optim.Adafactor, [4.0, -4.0], [[2.0, 2.0]], lr=0.25),
            "from 0": stepped(torch.optim.Adafactor, [0.0, 0.0], [[2.0, 2.0]], lr=0.25),
        }
    )


@pytest.mark.api("torch.optim.Adafactor", page="generated/torch.optim.Adafactor")
@pytest.mark.changed("2.5", "Adafactor appears", kind="api-appeared", cause="pytorch#129905")
def test_adafactor_keeps_a_row_and_a_column_of_a_matrix(snapshot):
    """The second moments of a 2 x 3 matrix are kept as 2 + 3 numbers; those of a vector of 3 as 3."""

    def kept(shape):
        w = torch.nn.Parameter(torch.ones(shape))
        optimizer = torch.optim.Adafactor([w])
        w.grad = torch.ones(shape)
        optimizer.step()
        return {name: list(value.shape) for name, value in optimizer.state[w].items()}

    assert snapshot == observe(lambda: {"matrix": kept((2, 3)), "vector": kept((3,))})


@pytest.mark.api("torch.optim.Muon", page="generated/torch.optim.Muon")
@pytest.mark.changed(
    "2.9", "Muon appears, for matrices alone", kind="api-appeared", cause="pytorch#160213"
)
def test_muon_takes_matrices_only(snapshot):
    """A bias or an embedding of one dimension is refused: give those to AdamW."""
    assert snapshot == observe(lambda: torch.optim.Muon([parameter([1.0])]))


@pytest.mark.api("torch.optim.Muon", page="generated/torch.optim.Muon")
@pytest.mark.changed("2.9", "Muon appears", kind="api-appeared", cause="pytorch#160213")
def test_muon_decays_by_default(snapshot):
    """A gradient of 0 with lr 0.5 leaves 0.95: the default weight decay is 0.1, in proportion."""
    assert snapshot == observe(
        lambda: stepped(torch.optim.Muon, [[1.0, 2.0]], [[[0.0, 0.0]]], lr=0.5)
    )


@pytest.mark.api("torch.optim.Muon", page="generated/torch.optim.Muon")
@pytest.mark.changed("2.9", "Muon appears", kind="api-appeared", cause="pytorch#160213")
def test_muon_ignores_the_size_of_the_gradient(snapshot):
    """A hundredfold gradient makes the same step: it is scaled to norm 1, then made nearly orthogonal."""

    def act():
        start, gradient = [[1.0, 0.0], [0.0, 1.0]], torch.tensor([[3.0, 0.0], [0.0, 1.0]])
        small, large = (
            stepped(torch.optim.Muon, start, [(by * gradient).tolist()], lr=0.5, weight_decay=0.0)
            for by in (1, 100)
        )
        # the steps, some 0.5 long, are made of a dozen products in bfloat16, each within a relative 2 ** -8
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
@pytest.mark.changed(
    "1.10", "NAdam and RAdam appear", kind="api-appeared", cause="pytorch#59009 and pytorch#58968"
)
@pytest.mark.changed(
    "2.0",
    "other parameters from NAdam, which takes the momentum of the next step",
    kind="silent",
    cause="pytorch#92699",
)
def test_weight_decay_of_other_optimizers_adds_to_the_gradient(name, snapshot):
    """A weight of 2 with decay 0.5 and gradient 1 steps as one with gradient 2, through all that the optimizer divides by."""

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
    "1.10",
    "NAdam and RAdam appear, without decoupled_weight_decay",
    kind="api-appeared",
    cause="pytorch#59009 and pytorch#58968",
)
@pytest.mark.changed(
    "2.1", "NAdam takes decoupled_weight_decay", kind="api-appeared", cause="pytorch#103881"
)
@pytest.mark.changed(
    "2.2", "RAdam takes decoupled_weight_decay", kind="api-appeared", cause="pytorch#107507"
)
def test_decoupled_weight_decay_of_nadam_and_radam_shrinks_in_proportion(name, snapshot):
    """``decoupled_weight_decay=True`` with decay 0.5, lr 0.1 and gradient 0 multiplies by 0.95."""
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
