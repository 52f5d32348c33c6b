"""A loaded state dict is matched by position, and its options replace the constructor's.

``torch.optim.Optimizer.load_state_dict`` refuses another number of groups or another size of a
group. It compares no names, shapes or classes: state in another order goes to the wrong parameter,
and other mistakes show only when a step raises. Adam's averages are cast to the dtype of the
parameter, the step count is not. Saved options, lr and ``amsgrad`` included, replace those of the
constructor. Trap: ``torch.optim.Optimizer.state_dict`` returns the live tensors, and since 2.1
loading does not copy them. Deep-copy a state dict that stays in memory.
"""

import copy

import pytest
import torch

from fixtures.references import parameter, step
from torch_history.observing import observe

SGD, Adam, AdamW = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW


def saved(*members, **settings):
    """The state dict of SGD with momentum over these parameters, after one step.

    The gradient of each parameter is its number: 1, 2, ...
    """
    optimizer = SGD(members, lr=0.5, momentum=0.5, **settings)
    step(
        optimizer,
        *([float(number)] * len(member) for number, member in enumerate(members, start=1)),
    )
    return optimizer.state_dict()


def fresh(*members):
    return SGD(members, lr=0.5, momentum=0.5)


def velocities(optimizer):
    return [
        optimizer.state[member]["momentum_buffer"]
        for group in optimizer.param_groups
        for member in group["params"]
    ]


@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict", page="generated/torch.optim.Optimizer.load_state_dict"
)
def test_state_of_a_smaller_group_is_refused(snapshot):
    """``load_state_dict`` refuses the state of a smaller group: the sizes must match."""
    optimizer = fresh(parameter([1.0]), parameter([1.0]))
    assert snapshot == observe(lambda: optimizer.load_state_dict(saved(parameter([1.0]))))


@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict", page="generated/torch.optim.Optimizer.load_state_dict"
)
def test_state_with_another_number_of_groups_is_refused(snapshot):
    """``load_state_dict`` refuses state with another number of groups.

    Two groups of one parameter do not load into one group of two.
    """
    groups = SGD(
        [{"params": [parameter([1.0])]}, {"params": [parameter([1.0])]}], lr=0.5
    ).state_dict()
    optimizer = fresh(parameter([1.0]), parameter([1.0]))
    assert snapshot == observe(lambda: optimizer.load_state_dict(groups))


@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict", page="generated/torch.optim.Optimizer.load_state_dict"
)
def test_state_is_matched_by_position(snapshot):
    """Loaded state goes to the parameter in the same position.

    In an optimizer with the order reversed, each parameter gets the other's velocity.
    """
    a, b = parameter([0.0]), parameter([0.0])
    optimizer = fresh(b, a)
    optimizer.load_state_dict(saved(a, b))
    assert snapshot == observe(
        lambda: {
            "a": optimizer.state[a]["momentum_buffer"],
            "b": optimizer.state[b]["momentum_buffer"],
        }
    )


@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict", page="generated/torch.optim.Optimizer.load_state_dict"
)
@pytest.mark.changed(
    "2.6", "optimizers take named parameters", kind="appeared", cause="pytorch#134107"
)
def test_names_do_not_match_state_to_parameters(snapshot):
    """Loaded state goes by position, even if the parameters have names.

    If the order is reversed, each parameter gets the other's velocity. The saved names replace the
    optimizer's.
    """

    def act():
        a, b = parameter([0.0]), parameter([0.0])
        old, new = (
            SGD(named, lr=0.5, momentum=0.5)
            for named in ([("a", a), ("b", b)], [("b", b), ("a", a)])
        )
        step(old, [1.0], [2.0])
        new.load_state_dict(old.state_dict())
        velocity = {
            name: new.state[member]["momentum_buffer"] for name, member in (("a", a), ("b", b))
        }
        return {**velocity, "names": new.param_groups[0]["param_names"]}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict", page="generated/torch.optim.Optimizer.load_state_dict"
)
def test_state_of_another_shape_is_loaded_without_a_word(snapshot):
    """State of another shape is loaded silently, because shapes are not compared.

    Here the parameter has one element, and its velocity two.
    """
    optimizer = fresh(parameter([1.0]))

    def act():
        optimizer.load_state_dict(saved(parameter([1.0, 2.0])))
        return velocities(optimizer)

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict", page="generated/torch.optim.Optimizer.load_state_dict"
)
def test_state_of_another_shape_makes_the_step_raise(snapshot):
    """After state of another shape is loaded, the first step raises.

    The message does not mention the loading.
    """
    optimizer = fresh(parameter([1.0, 2.0, 3.0]))
    optimizer.load_state_dict(saved(parameter([1.0, 2.0])))
    assert snapshot == observe(lambda: step(optimizer, [1.0, 1.0, 1.0]))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16], ids=["float64", "float16"])
@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict",
    "torch.optim.Adam.state",
    page="generated/torch.optim.Optimizer.load_state_dict",
)
@pytest.mark.changed(
    "1.12",
    "the step count is a float32 tensor instead of an int",
    kind="representation",
    cause="pytorch#71333",
    advice="use int(state['step'])",
    rarely="code that reads state['step']",
    of=("torch.optim.Adam.state",),
)
def test_state_is_cast_to_the_parameters_dtype(dtype, snapshot):
    """Loading casts Adam's averages to the parameter's dtype, but not the step count."""
    optimizer = Adam([parameter([1.0])])
    step(optimizer, [4.0])
    w = parameter([1.0], dtype)
    other = Adam([w])
    other.load_state_dict(optimizer.state_dict())
    assert snapshot == observe(lambda: dict(other.state[w]))


@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict", page="generated/torch.optim.Optimizer.load_state_dict"
)
def test_loaded_options_replace_the_constructors(snapshot):
    """The options of a loaded state dict replace those of the constructor."""
    optimizer = SGD([parameter([1.0])], lr=0.125, momentum=0.25)
    optimizer.load_state_dict(saved(parameter([1.0])))
    assert snapshot == observe(
        lambda: {name: optimizer.param_groups[0][name] for name in ("lr", "momentum")}
    )


@pytest.mark.api(
    "torch.optim.Adam",
    "torch.optim.Optimizer.load_state_dict",
    page="generated/torch.optim.Optimizer.load_state_dict",
)
def test_loading_turns_amsgrad_off(snapshot):
    """Loading the state dict of a plain Adam silently turns ``amsgrad`` off.

    ``amsgrad`` is an option like the others: the saved value replaces the constructor's.
    """
    optimizer = Adam([parameter([1.0])], amsgrad=True)
    optimizer.load_state_dict(Adam([parameter([1.0])]).state_dict())
    assert snapshot == observe(lambda: optimizer.param_groups[0]["amsgrad"])


@pytest.mark.api(
    "torch.optim.AdamW",
    "torch.optim.Optimizer.load_state_dict",
    page="generated/torch.optim.Optimizer.load_state_dict",
)
def test_adamw_stays_decoupled_after_loading_from_adam(snapshot):
    """AdamW still decays in proportion after it loads a state dict of Adam.

    With lr 0.1 and decay 0.5 a weight of 4 loses five percent.
    """
    w = parameter([4.0])
    optimizer = AdamW([w])
    optimizer.load_state_dict(Adam([parameter([1.0])], lr=0.1, weight_decay=0.5).state_dict())
    step(optimizer, [0.0])
    assert snapshot == observe(lambda: w)


@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict", page="generated/torch.optim.Optimizer.load_state_dict"
)
def test_adam_state_loads_into_sgd_and_breaks_its_step(snapshot):
    """SGD loads a state dict of Adam silently, and its next step raises.

    The class is not compared. Adam's options replace SGD's, so ``momentum`` is missing.
    """
    optimizer = SGD([parameter([1.0])], lr=0.1)
    optimizer.load_state_dict(Adam([parameter([1.0])]).state_dict())
    assert snapshot == observe(lambda: step(optimizer, [1.0]))


@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict", page="generated/torch.optim.Optimizer.load_state_dict"
)
@pytest.mark.changed(
    "2.1",
    "the loaded state is not copied: a step of one optimizer changes the other's",
    kind="silent",
    cause="pytorch#106082",
    advice="pass copy.deepcopy(state_dict)",
    restored_by="optimizers.deep_copied_state_is_not_shared",
    rarely="a state dict whose optimizer is stepped on",
)
def test_loaded_optimizer_shares_its_state_with_the_saved_one(snapshot):
    """Since 2.1 a state dict in memory is loaded without a copy.

    Training the new optimizer then moves the velocity of the old one too. Pass
    ``copy.deepcopy(state_dict)``, or a state dict that was saved to a file.
    """
    old, new = fresh(parameter([0.0])), fresh(parameter([0.0]))
    step(old, [1.0])
    new.load_state_dict(old.state_dict())

    def act():
        step(new, [1.0])
        return {"old": velocities(old), "new": velocities(new)}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict", page="generated/torch.optim.Optimizer.load_state_dict"
)
def test_deep_copied_state_is_not_shared(snapshot):
    """Loading ``copy.deepcopy(state_dict)`` leaves the old optimizer's velocity alone."""
    old, new = fresh(parameter([0.0])), fresh(parameter([0.0]))
    step(old, [1.0])
    new.load_state_dict(copy.deepcopy(old.state_dict()))

    def act():
        step(new, [1.0])
        return {"old": velocities(old), "new": velocities(new)}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.Optimizer.state_dict", page="generated/torch.optim.Optimizer.state_dict"
)
def test_state_dict_follows_later_steps(snapshot):
    """``state_dict()`` returns the optimizer's own tensors, so later steps change them.

    Deep-copy the state dict to keep it.
    """
    optimizer = fresh(parameter([0.0]))
    step(optimizer, [1.0])
    taken = optimizer.state_dict()
    step(optimizer, [1.0])
    assert snapshot == observe(
        lambda: [state["momentum_buffer"] for state in taken["state"].values()]
    )


@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict", page="generated/torch.optim.Optimizer.load_state_dict"
)
def test_empty_state_forgets_the_velocity(snapshot):
    """Loading the state dict of an optimizer that never stepped removes the velocity."""
    optimizer = fresh(parameter([0.0]))
    step(optimizer, [1.0])
    optimizer.load_state_dict(fresh(parameter([0.0])).state_dict())
    assert snapshot == observe(lambda: len(optimizer.state))


@pytest.mark.parametrize(
    "count",
    [pytest.param(lambda: 1, id="int"), pytest.param(lambda: torch.tensor(1.0), id="tensor")],
)
@pytest.mark.api(
    "torch.optim.Adam",
    "torch.optim.Optimizer.load_state_dict",
    "torch.optim.Adam.state",
    page="generated/torch.optim.Optimizer.load_state_dict",
)
@pytest.mark.changed(
    "1.12",
    "a loaded int becomes a float32 tensor",
    kind="representation",
    cause="pytorch#71333",
    advice="use int(state['step'])",
    of=("torch.optim.Adam.state",),
    rarely="code that reads state['step']",
)
def test_adam_resumes_from_a_step_count_of_either_kind(count, snapshot):
    """Adam resumes from a step count that is an int or a tensor, with the same next step.

    Releases before 1.12 saved an int.
    """
    w = parameter([1.0])
    optimizer = Adam([w], lr=0.1)
    state = optimizer.state_dict()
    state["state"] = {
        state["param_groups"][0]["params"][0]: {
            "step": count(),
            "exp_avg": torch.tensor([0.1]),
            "exp_avg_sq": torch.tensor([0.001]),
        }
    }

    def act():
        optimizer.load_state_dict(state)
        step(optimizer, [1.0])
        return {"w": w.detach(), "step": optimizer.state[w]["step"]}

    assert snapshot == observe(act)
