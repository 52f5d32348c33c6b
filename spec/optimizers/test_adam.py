"""Adam divides an average of the gradients by the root of an average of their squares.

Both averages of ``torch.optim.Adam`` start at 0 and are corrected for this bias. With a constant
gradient of any size every step is therefore lr long. ``eps`` is added outside the root. Trap: in
float16 the default ``eps`` is 0, and a gradient of 0 gives NaN. Adam adds weight decay to the
gradient and so normalises it away. ``torch.optim.AdamW`` shrinks each weight in proportion instead.
Since 2.7 AdamW is a subclass of Adam, so ``isinstance(optimizer, Adam)`` is true for both.
"""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fixtures.references import adam, parameter, step, stepped
from torch_history.observing import observe

Adam, AdamW = torch.optim.Adam, torch.optim.AdamW

numbers = st.floats(-8, 8, width=32).filter(lambda number: number == 0 or abs(number) > 2**-10)
paths = st.integers(1, 4).flatmap(
    lambda size: st.tuples(
        st.lists(numbers, min_size=size, max_size=size),
        st.lists(st.lists(numbers, min_size=size, max_size=size), min_size=1, max_size=8),
    )
)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.api(
    "torch.optim.Adam", "torch.optim.AdamW", page="generated/torch.optim.Adam", article="E"
)
@given(
    path=paths,
    lr=st.sampled_from([0.001, 0.1]),
    b1=st.sampled_from([0.0, 0.5, 0.9]),
    b2=st.sampled_from([0.9, 0.99, 0.999]),
    eps=st.sampled_from([1e-8, 1e-3, 1.0]),
    weight_decay=st.sampled_from([0.0, 0.5]),
    decoupled=st.booleans(),
    amsgrad=st.booleans(),
)
def test_adam_follows_its_formula(dtype, path, lr, b1, b2, eps, weight_decay, decoupled, amsgrad):
    """With any settings and gradients, Adam and AdamW follow ``references.adam``."""
    settings = {
        "lr": lr,
        "betas": (b1, b2),
        "eps": eps,
        "weight_decay": weight_decay,
        "amsgrad": amsgrad,
    }
    expected = adam(*path, decoupled=decoupled, **settings)
    # Each of n steps rounds about ten times, by an epsilon of w or of the step's own length.
    # With b1 < sqrt(b2) a step is at most lr / sqrt(1 - b2) <= 32 lr long. No gradient lies
    # between 0 and 2**-10: near eps, the rounding of w would count for more.
    largest = np.abs(expected).max() + np.abs(path[0]).max() + 32 * lr
    np.testing.assert_allclose(
        stepped(AdamW if decoupled else Adam, *path, dtype=dtype, **settings).numpy(),
        expected,
        rtol=0,
        atol=40 * len(expected) * torch.finfo(dtype).eps * largest,
    )


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam", article="E")
def test_adam_over_a_hundred_steps_stays_on_its_formula(snapshot):
    """Adam and the NumPy formula agree to ten digits after 100 steps in float64.

    They minimise (w - 3)², starting from 0.
    """
    w, gradients, path = parameter([0.0], torch.float64), [], {}
    optimizer = Adam([w], lr=0.1)
    for number in range(1, 101):
        gradients.append([2 * (w.item() - 3)])
        step(optimizer, gradients[-1])
        if number in (1, 2, 10, 100):
            path[f"step {number}"] = w.detach().clone()
    np.testing.assert_allclose(w.item(), adam([0.0], gradients, lr=0.1)[-1, 0], rtol=1e-10)
    assert snapshot == observe(lambda: path)


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam", article="E")
def test_adam_bias_correction_makes_the_first_steps_lr_long(snapshot):
    """With a constant gradient, bias correction makes all of Adam's steps exactly lr long.

    Both averages start at 0 and are divided by 1 - b^t. Uncorrected, the first step would be 0.1 /
    sqrt(0.001) = 3.2 times as long.
    """
    assert snapshot == observe(lambda: stepped(Adam, [0.0, 0.0], [[2.0, -0.5]] * 3, lr=0.1))


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam")
@given(
    scale=st.sampled_from([2.0**-10, 0.5, 4.0, 2.0**20]),
    gradients=st.lists(st.lists(numbers, min_size=2, max_size=2), min_size=1, max_size=6),
)
def test_adam_step_does_not_depend_on_the_scale_of_the_gradients(scale, gradients):
    """With a negligible eps, scaling all gradients by one factor does not change Adam's steps.

    Multiplying the loss by a constant therefore changes nothing.
    """
    scaled = [[scale * number for number in gradient] for gradient in gradients]
    paths = [
        stepped(Adam, [1.0, -1.0], each, dtype=torch.float64, lr=0.1, eps=1e-30)
        for each in (gradients, scaled)
    ]
    # a power of two scales m and sqrt(v) without rounding; the rest differs by an epsilon a step
    np.testing.assert_allclose(*(path.numpy() for path in paths), rtol=0, atol=1e-14)


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam", article="E")
def test_adam_adds_eps_outside_the_root(snapshot):
    """Adam adds ``eps`` outside the root: the step is lr m / (sqrt(v) + eps).

    Bias correction of m and v comes first. Gradient 1 with eps 1 gives a step of lr / 2, not lr /
    sqrt(2).
    """
    assert snapshot == observe(lambda: stepped(Adam, [0.0], [[1.0]], lr=0.1, eps=1.0))


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam")
def test_adam_without_eps_gives_nan_for_a_zero_gradient(snapshot):
    """Adam accepts ``eps=0``; a gradient of 0 then gives 0 / 0, and the parameter stays NaN."""
    assert snapshot == observe(
        lambda: stepped(Adam, [1.0, 1.0], [[0.0, 1.0], [1.0, 1.0]], lr=0.1, eps=0.0)
    )


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam")
@pytest.mark.changed(
    "1.6",
    "the message names addcmul: multiplication works in float16",
    kind="wording",
    cause="pytorch#37121",
    probable=True,
)
@pytest.mark.changed(
    "2.1",
    "the message names addcdiv: addcmul works in float16",
    kind="wording",
    cause="pytorch#100394",
)
@pytest.mark.changed(
    "2.2",
    "the step works in float16 on the CPU, and gives NaN where the gradient is 0",
    kind="error-gone",
    cause="pytorch#103319",
    advice="pass eps=1e-4, or train in float32",
)
def test_adam_in_float16_gives_nan_for_a_zero_gradient(snapshot):
    """In float16 the default eps of 1e-8 is 0: a gradient of 0 makes the parameter NaN.

    Pass an eps of 1e-4, or train in float32. Before 2.2 the step raised on the CPU.
    """
    assert snapshot == observe(
        lambda: stepped(Adam, [1.0, 1.0], [[0.0, 1.0]], dtype=torch.float16, lr=0.125)
    )


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam")
def test_adam_weight_decay_is_normalised_away(snapshot):
    """Adam normalises weight decay away: with gradient 0, weights of 4 and 0.5 both lose lr.

    Adam adds weight_decay * w to the gradient, and then divides by the size of the sum.
    """
    assert snapshot == observe(
        lambda: stepped(Adam, [4.0, 0.5], [[0.0, 0.0]], lr=0.1, weight_decay=0.5)
    )


@pytest.mark.api("torch.optim.AdamW", page="generated/torch.optim.AdamW")
def test_adamw_weight_decay_shrinks_in_proportion(snapshot):
    """AdamW's decay is in proportion: with gradient 0, weights of 4 and 0.5 lose five percent.

    AdamW multiplies w by 1 - lr * weight_decay. The averages do not see the decay.
    """
    assert snapshot == observe(
        lambda: stepped(AdamW, [4.0, 0.5], [[0.0, 0.0]], lr=0.1, weight_decay=0.5)
    )


@pytest.mark.api("torch.optim.AdamW", "torch.optim.Adam", page="generated/torch.optim.AdamW")
def test_adamw_without_decay_is_adam(snapshot):
    """With ``weight_decay=0`` AdamW and Adam give bit-identical results."""
    paths = [
        stepped(each, [1.0, -2.0], [[1.0, 3.0], [-0.5, 2.0]], lr=0.1, weight_decay=0.0)
        for each in (Adam, AdamW)
    ]
    assert torch.equal(*paths)
    assert snapshot == observe(lambda: paths[1])


@pytest.mark.api("torch.optim.Adam", "torch.optim.AdamW", page="generated/torch.optim.Adam")
@pytest.mark.changed(
    "2.7", "Adam takes decoupled_weight_decay", kind="appeared", cause="pytorch#143710"
)
def test_adam_with_decoupled_weight_decay_is_adamw(snapshot):
    """``Adam(decoupled_weight_decay=True)`` steps as AdamW does."""
    gradients = [[1.0, 3.0], [-0.5, 2.0]]

    def act():
        decoupled = stepped(
            Adam, [1.0, -2.0], gradients, lr=0.1, weight_decay=0.5, decoupled_weight_decay=True
        )
        adamw = stepped(AdamW, [1.0, -2.0], gradients, lr=0.1, weight_decay=0.5)
        return {"path": decoupled, "as AdamW": torch.equal(decoupled, adamw)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.AdamW", "torch.optim.Adam", page="generated/torch.optim.AdamW")
@pytest.mark.changed(
    "2.7",
    "AdamW is a subclass of Adam: isinstance(optimizer, Adam) is true for it",
    kind="silent",
    cause="pytorch#143710",
    advice="test type(optimizer) is torch.optim.Adam",
    restored_by="optimizers.type_of_adamw_is_not_adam",
    when=(":isinstance",),
    of=("torch.optim.Adam",),
    depends="the class of the optimizer",
)
def test_adamw_is_a_subclass_of_adam(snapshot):
    """Since 2.7 ``isinstance(optimizer, Adam)`` is true for AdamW too: test for AdamW first."""
    assert snapshot == observe(lambda: isinstance(AdamW([parameter([1.0])]), torch.optim.Adam))


@pytest.mark.api("torch.optim.AdamW", page="generated/torch.optim.AdamW")
def test_type_of_adamw_is_not_adam(snapshot):
    """``type(optimizer) is Adam`` is false for AdamW, although it is a subclass of Adam."""
    assert snapshot == observe(lambda: type(AdamW([parameter([1.0])])) is torch.optim.Adam)


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam")
def test_amsgrad_divides_by_the_largest_average_so_far(snapshot):
    """``amsgrad`` divides by the largest average so far.

    After a gradient of 4, gradients of 1 move the weight less than in plain Adam. In plain Adam the
    average of squares shrinks again; with ``amsgrad`` its maximum does not.
    """
    gradients = [[4.0], [1.0], [1.0]]
    plain, amsgrad = (
        stepped(Adam, [0.0], gradients, lr=0.1, betas=(0.0, 0.5), amsgrad=each)
        for each in (False, True)
    )
    assert torch.equal(plain[0], amsgrad[0])
    assert (amsgrad[1:] > plain[1:]).all()
    assert snapshot == observe(lambda: {"plain": plain, "amsgrad": amsgrad})


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam")
@pytest.mark.changed("1.11", "Adam takes maximize", kind="appeared", cause="pytorch#68164")
def test_adam_maximize_climbs(snapshot):
    """``Adam(maximize=True)`` negates the gradient: a positive one raises the weight by lr."""
    assert snapshot == observe(lambda: stepped(Adam, [1.0], [[0.5]], lr=0.1, maximize=True))


@pytest.mark.api("torch.optim.AdamW", page="generated/torch.optim.AdamW")
@pytest.mark.changed("1.11", "AdamW takes maximize", kind="appeared", cause="pytorch#70146")
def test_adamw_maximize_climbs_and_still_decays(snapshot):
    """``AdamW(maximize=True)`` climbs and still decays: 4 shrinks to 3.8, then climbs to 3.9."""
    assert snapshot == observe(
        lambda: stepped(AdamW, [4.0], [[0.5]], lr=0.1, weight_decay=0.5, maximize=True)
    )
