"""SparseAdam, Adagrad and SGD with sparse gradients, as ``Embedding(sparse=True)`` gives.

``torch.optim.SparseAdam`` and ``torch.optim.Adagrad`` move only the rows that a sparse gradient
has. Momentum of ``torch.optim.SGD``, which works since 1.13, also moves rows of earlier steps.
Other optimizers refuse a sparse gradient. SparseAdam itself refuses a sparse parameter since 1.7,
and a complex one since 2.3. Trap: from 1.7 to 1.13 a generator in a group left the group empty, and
nothing trained.
"""

import pytest
import torch

from fixtures.references import parameter
from torch_history.observing import observe


def for_rows(*rows):
    """For each of these rows, a sparse gradient of shape [3, 1] with a 1 in that row."""
    return [torch.eye(3)[:, row : row + 1].to_sparse(1) for row in rows]


def trained(optimizer_class, gradients, **settings):
    """The rows of a weight of ones after each of these gradients: [steps, 3]."""
    w, path = parameter([[1.0], [1.0], [1.0]]), []
    optimizer = optimizer_class([w], **settings)
    for gradient in gradients:
        w.grad = gradient
        optimizer.step()
        path.append(w.detach().flatten().clone())
    return torch.stack(path)


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
def test_sparse_adam_moves_only_the_rows_of_the_gradient(snapshot):
    """SparseAdam moves only the rows that the gradient has.

    Row 0 does not move in the third step, where Adam would move it by its average. All rows share
    one step count.
    """
    gradients = for_rows(0, 0, 1)
    assert snapshot == observe(lambda: trained(torch.optim.SparseAdam, gradients, lr=0.25))


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
@pytest.mark.changed("1.13", "SparseAdam takes maximize", kind="appeared", cause="pytorch#80336")
def test_sparse_adam_maximizes(snapshot):
    """``SparseAdam(maximize=True)`` climbs along the gradient."""
    gradients = for_rows(0, 0, 1)
    assert snapshot == observe(
        lambda: trained(torch.optim.SparseAdam, gradients, lr=0.25, maximize=True)
    )


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
@pytest.mark.changed(
    "1.7",
    "raises, in 1.7 only: a check for sparse parameters exhausts the generator",
    kind="error",
    cause="pytorch#43668",
    advice="pass list(model.parameters())",
    restored_by="optimizers.sparse_adam_takes_a_list",
    when=("params@0=<unknown>",),
    depends="the type of the parameters",
)
@pytest.mark.changed(
    "1.8",
    "takes a generator again",
    kind="error-gone",
    cause="pytorch#47724",
)
def test_sparse_adam_takes_a_generator(snapshot):
    """SparseAdam accepts a generator, as in ``SparseAdam(model.parameters())``.

    In 1.7 a check of the parameters exhausted the generator, so the constructor raised.
    """
    assert snapshot == observe(
        lambda: len(
            torch.optim.SparseAdam(each for each in [parameter([1.0])]).param_groups[0]["params"]
        )
    )


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
@pytest.mark.changed(
    "1.7",
    "the group has no parameters, so nothing trains: a check exhausts the generator",
    kind="silent",
    cause="pytorch#43668",
    advice="pass {'params': list(model.parameters())}",
    restored_by="optimizers.sparse_adam_takes_a_list_in_a_group",
    when=("params@0=<built>",),
    depends="the type of a group's parameters",
)
@pytest.mark.changed(
    "2.0",
    "the group has its parameters again",
    kind="silent",
    cause="pytorch#86210",
    when=("params@0=<built>",),
    depends="the type of a group's parameters",
)
def test_sparse_adam_takes_a_generator_in_a_group(snapshot):
    """SparseAdam accepts a generator in a group: ``{"params": model.parameters()}``.

    From 1.7 to 1.13 the group was left without parameters, so nothing trained, without a warning.
    """

    def act():
        groups = [{"params": (each for each in [parameter([1.0])])}]
        return len(torch.optim.SparseAdam(groups).param_groups[0]["params"])

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
def test_sparse_adam_takes_a_list(snapshot):
    """SparseAdam accepts a list of parameters, as in ``SparseAdam(list(model.parameters()))``."""
    assert snapshot == observe(
        lambda: len(torch.optim.SparseAdam([parameter([1.0])]).param_groups[0]["params"])
    )


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
def test_sparse_adam_takes_a_list_in_a_group(snapshot):
    """SparseAdam accepts a list in a group: ``{"params": list(model.parameters())}``."""

    def act():
        groups = [{"params": [parameter([1.0])]}]
        return len(torch.optim.SparseAdam(groups).param_groups[0]["params"])

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
@pytest.mark.changed(
    "1.8",
    "raises a ValueError about the rows, which are not leaves, instead of a TypeError",
    kind="exception",
    cause="pytorch#47724",
    advice="pass [weight]",
    when=(":caught and params@0=<unknown>",),
    rarely="a bare tensor",
)
@pytest.mark.changed(
    "2.2",
    "also warns that a bare tensor is deprecated",
    kind="warning",
    cause="pytorch#114425",
    advice="pass [weight]",
    when=("params@0=<unknown>",),
    rarely="a bare tensor",
)
@pytest.mark.changed(
    "2.3",
    "accepts the tensor with the warning, in 2.3 only",
    kind="error-gone",
    cause="pytorch#116315",
    advice="pass [weight]",
)
@pytest.mark.changed(
    "2.4",
    "raises TypeError, as other optimizers do",
    kind="error",
    cause="pytorch#127081",
    advice="pass [weight]",
    restored_by="optimizers.sparse_adam_takes_a_list",
    when=("params@0=<unknown>",),
    rarely="a bare tensor",
)
def test_sparse_adam_refuses_a_bare_tensor(snapshot):
    """``SparseAdam(weight)`` raises a TypeError since 2.4, as for other optimizers."""
    assert snapshot == observe(
        lambda: len(torch.optim.SparseAdam(parameter([1.0])).param_groups[0]["params"])
    )


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
@pytest.mark.changed(
    "2.0",
    "a gradient without rows is accepted instead of raising",
    kind="error-gone",
    cause="pytorch#86459",
)
def test_sparse_adam_takes_a_gradient_without_rows(snapshot):
    """SparseAdam accepts a sparse gradient without rows, and moves nothing, since 2.0.

    A batch that is all padding gives such a gradient.
    """
    gradients = [torch.zeros(3, 1).to_sparse(1)]
    assert snapshot == observe(lambda: trained(torch.optim.SparseAdam, gradients, lr=0.25))


@pytest.mark.parametrize("in_a_group", [False, True], ids=["list", "group"])
@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
@pytest.mark.changed(
    "1.7",
    "raises ValueError when it is built",
    kind="error",
    cause="pytorch#43668",
    advice="keep the parameter dense: its gradient may be sparse",
    rarely="sparse parameters",
)
@pytest.mark.changed(
    "2.2",
    "the message for a list names the group too, like the one for a group",
    kind="wording",
    cause="pytorch#114425",
    probable=True,
)
def test_sparse_adam_refuses_a_sparse_parameter(in_a_group, snapshot):
    """Since 1.7 SparseAdam refuses a sparse parameter; only its gradient may be sparse."""

    def act():
        members = [torch.nn.Parameter(torch.eye(2).to_sparse())]
        return len(
            torch.optim.SparseAdam([{"params": members}] if in_a_group else members).param_groups
        )

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
@pytest.mark.changed(
    "1.5",
    "the message differs: complex tensors cannot be made yet",
    kind="wording",
    cause="pytorch#35579",
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be made, and SparseAdam accepts one",
    kind="error-gone",
    cause="pytorch#33361",
    probable=True,
)
# cause unknown: searched by the message, and in pytorch#86340 and pytorch#118184 on complex
# parameters. Only the source of 2.3 shows the new check.
@pytest.mark.changed(
    "2.3",
    "raises ValueError when it is built",
    kind="error",
    advice="optimize torch.view_as_real of the parameter",
    restored_by="optimizers.sparse_adam_takes_the_real_view_of_a_complex_tensor",
    rarely="complex parameters",
)
def test_sparse_adam_refuses_a_complex_parameter(snapshot):
    """Since 2.3 SparseAdam's constructor refuses complex parameters."""
    assert snapshot == observe(
        lambda: len(
            torch.optim.SparseAdam([torch.nn.Parameter(torch.tensor([1 + 2j]))]).param_groups
        )
    )


@pytest.mark.api(
    "torch.optim.SparseAdam", "torch.view_as_real", page="generated/torch.view_as_real"
)
@pytest.mark.changed("1.6", "torch.view_as_real appears", kind="appeared", cause="pytorch#39099")
def test_sparse_adam_takes_the_real_view_of_a_complex_tensor(snapshot):
    """SparseAdam accepts a parameter made of ``torch.view_as_real`` of a complex tensor.

    Call ``torch.view_as_complex`` on the parameter in the forward pass.
    """

    def act():
        pair = torch.view_as_real(torch.tensor([1 + 2j]))
        return len(torch.optim.SparseAdam([torch.nn.Parameter(pair)]).param_groups)

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
@pytest.mark.changed(
    "2.0",
    "raises ValueError: the tensor is taken for the list of its rows",
    kind="error",
    cause="pytorch#86210",
    advice="pass {'params': [weight]}",
    restored_by="optimizers.sparse_adam_takes_a_list_in_a_group",
    when=("params@0=<built>|<unknown>",),
    rarely="a group with a bare tensor",
)
@pytest.mark.changed(
    "2.2",
    "takes the tensor again, as a group of one",
    kind="error-gone",
    cause="pytorch#114425",
    probable=True,
)
def test_sparse_adam_takes_a_single_tensor_in_a_group(snapshot):
    """SparseAdam accepts ``{"params": weight}`` as a group of one parameter.

    In 2.0 and 2.1 it raised, because it took the tensor for a list of its rows.
    """
    assert snapshot == observe(
        lambda: len(
            torch.optim.SparseAdam([{"params": parameter([1.0])}]).param_groups[0]["params"]
        )
    )


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
@pytest.mark.changed(
    "2.0",
    "accepts the set, in arbitrary order",
    kind="error-gone",
    cause="pytorch#86210",
    advice="pass {'params': [weight]}",
)
@pytest.mark.changed(
    "2.2",
    "raises TypeError again",
    kind="error",
    cause="pytorch#114425",
    probable=True,
    advice="pass {'params': [weight]}",
    restored_by="optimizers.sparse_adam_takes_a_list_in_a_group",
    when=("params@0=<built>|<unknown>",),
    rarely="a set of parameters in a group",
)
def test_sparse_adam_refuses_a_set_in_a_group(snapshot):
    """SparseAdam refuses a set of parameters in a group: a set has no order.

    2.0 and 2.1 accepted it.
    """
    assert snapshot == observe(
        lambda: len(
            torch.optim.SparseAdam([{"params": {parameter([1.0])}}]).param_groups[0]["params"]
        )
    )


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
@pytest.mark.changed(
    "1.7",
    "raises an AttributeError about is_sparse instead of the TypeError",
    kind="exception",
    cause="pytorch#43668",
    when=(":caught and :call",),
    rarely="a dict of parameters",
)
@pytest.mark.changed(
    "2.2",
    "raises the TypeError of other optimizers again",
    kind="exception",
    cause="pytorch#114425",
    probable=True,
    when=(":caught and :call",),
    rarely="a dict of parameters",
)
def test_sparse_adam_refuses_a_dict_of_parameters(snapshot):
    """SparseAdam refuses a dict of parameters with a TypeError: its keys are not tensors."""
    assert snapshot == observe(lambda: torch.optim.SparseAdam({"weight": parameter([1.0])}))


@pytest.mark.api(
    "torch.optim.SparseAdam",
    "torch.nn.Module.named_parameters",
    page="generated/torch.optim.SparseAdam",
)
@pytest.mark.changed(
    "1.7",
    "raises an AttributeError about is_sparse instead of the TypeError",
    kind="exception",
    cause="pytorch#43668",
    of=("torch.optim.SparseAdam",),
    when=(":caught and :call",),
    rarely="named parameters",
)
@pytest.mark.changed(
    "2.2",
    "raises the TypeError of other optimizers again",
    kind="exception",
    cause="pytorch#114425",
    probable=True,
    of=("torch.optim.SparseAdam",),
    when=(":caught and :call",),
    rarely="named parameters",
)
@pytest.mark.changed(
    "2.6", "optimizers take named parameters", kind="appeared", cause="pytorch#134107"
)
def test_sparse_adam_takes_named_parameters(snapshot):
    """``SparseAdam(model.named_parameters())`` keeps the names, as other optimizers do."""
    assert snapshot == observe(
        lambda: torch.optim.SparseAdam([("weight", parameter([1.0]))]).param_groups[0][
            "param_names"
        ]
    )


@pytest.mark.api("torch.optim.Adagrad", page="generated/torch.optim.Adagrad")
@pytest.mark.changed(
    "2.11",
    "warns that invariants of sparse tensors are not checked",
    kind="warning",
    cause="pytorch#171695",
    advice="call torch.sparse.check_sparse_tensor_invariants.disable() or enable()",
    rarely="sparse gradients",
)
def test_adagrad_steps_the_rows_of_a_sparse_gradient(snapshot):
    """Adagrad steps only the rows that a sparse gradient has.

    Row 0 moves by 0.5 and 0.5 / sqrt(2), row 1 by 0.5.
    """
    gradients = for_rows(0, 0, 1)
    assert snapshot == observe(lambda: trained(torch.optim.Adagrad, gradients, lr=0.5))


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
@pytest.mark.changed(
    "1.13",
    "momentum works with sparse gradients, where the second step raised, about metadata of a "
    "detached tensor",
    kind="error-gone",
    cause="pytorch#83590",
)
def test_sgd_momentum_moves_rows_without_a_gradient(snapshot):
    """SGD's momentum also moves rows that a sparse gradient does not have, since 1.13.

    The velocity is sparse too, but keeps the rows of earlier steps: row 0 still moves in the third
    step.
    """
    gradients = for_rows(0, 0, 1)
    assert snapshot == observe(lambda: trained(torch.optim.SGD, gradients, lr=0.5, momentum=0.5))


@pytest.mark.parametrize(
    "name", ["Adadelta", "Adamax", "AdamW", "NAdam", "RAdam", "RMSprop", "Rprop"]
)
@pytest.mark.api(
    "torch.optim.Adadelta",
    "torch.optim.Adamax",
    "torch.optim.AdamW",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    page="optim",
)
@pytest.mark.changed(
    "1.6",
    "the message of AdamW names AdamW instead of Adam, and no SparseAdam",
    kind="wording",
    cause="pytorch#36088",
)
@pytest.mark.changed(
    "1.10", "NAdam appears, and refuses sparse gradients", kind="appeared", cause="pytorch#59009"
)
@pytest.mark.changed(
    "1.10", "RAdam appears, and refuses sparse gradients", kind="appeared", cause="pytorch#58968"
)
@pytest.mark.changed(
    "2.7",
    "the message of AdamW, now a subclass of Adam, names Adam and SparseAdam",
    kind="wording",
    cause="pytorch#143710",
)
def test_sparse_gradient_is_refused_by_other_optimizers(name, snapshot):
    """Other optimizers refuse a sparse gradient: use SparseAdam, Adagrad or SGD."""
    gradients = for_rows(0, 0, 1)
    assert snapshot == observe(lambda: trained(getattr(torch.optim, name), gradients, lr=0.5))
