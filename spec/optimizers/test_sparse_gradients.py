"""Optimizers that take sparse gradients, as ``Embedding(sparse=True)`` makes them: SparseAdam, Adagrad, SGD."""

import pytest
import torch

from fixtures.references import parameter
from torch_history.observing import observe


def for_rows(*rows):
    """A sparse gradient for a weight of three rows of one, for each of these rows: 1 in that row."""
    return [torch.eye(3)[:, row : row + 1].to_sparse(1) for row in rows]


def trained(optimizer_class, gradients, **settings):
    """The rows of a weight, ones at first, after each of these gradients: [steps, 3]."""
    w, path = parameter([[1.0], [1.0], [1.0]]), []
    optimizer = optimizer_class([w], **settings)
    for gradient in gradients:
        w.grad = gradient
        optimizer.step()
        path.append(w.detach().flatten().clone())
    return torch.stack(path)


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
def test_sparse_adam_moves_only_the_rows_of_the_gradient(snapshot):
    """Row 0 rests at the third step, which Adam would move on by its average; the step count is one for all rows."""
    gradients = for_rows(0, 0, 1)
    assert snapshot == observe(lambda: trained(torch.optim.SparseAdam, gradients, lr=0.25))


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
@pytest.mark.changed(
    "1.13", "SparseAdam takes maximize", kind="api-appeared", cause="pytorch#80336"
)
def test_sparse_adam_maximizes(snapshot):
    """``maximize=True`` climbs."""
    gradients = for_rows(0, 0, 1)
    assert snapshot == observe(
        lambda: trained(torch.optim.SparseAdam, gradients, lr=0.25, maximize=True)
    )


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
@pytest.mark.changed(
    "1.7",
    "raises: a check for sparse parameters uses the generator up; in 1.7 alone",
    kind="error",
    cause="pytorch#43668",
    advice="pass a list",
)
@pytest.mark.changed("1.8", "takes a generator again", kind="error-gone", cause="pytorch#47724")
def test_sparse_adam_takes_a_generator(snapshot):
    """``SparseAdam(model.parameters())`` works. For one release it looked at the parameters first, and found none left."""
    assert snapshot == observe(
        lambda: len(
            torch.optim.SparseAdam(each for each in [parameter([1.0])]).param_groups[0]["params"]
        )
    )


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
@pytest.mark.changed(
    "1.7",
    "the group has no parameters, so that nothing trains: a check uses the generator up",
    kind="silent",
    cause="pytorch#43668",
    advice="pass a list",
)
@pytest.mark.changed(
    "2.0", "the group has its parameters again", kind="silent", cause="pytorch#86210"
)
def test_sparse_adam_takes_a_generator_in_a_group(snapshot):
    """``{"params": model.parameters()}`` works too.

    For long it left the group without parameters, so that nothing trained, without a word.
    """

    def act():
        groups = [{"params": (each for each in [parameter([1.0])])}]
        return len(torch.optim.SparseAdam(groups).param_groups[0]["params"])

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
@pytest.mark.changed(
    "1.8",
    "raises a ValueError of the rows, which are no leaves, instead of a TypeError",
    kind="exception",
    cause="pytorch#47724",
)
@pytest.mark.changed(
    "2.2",
    "warns too that a bare tensor is deprecated",
    kind="warning",
    cause="pytorch#114425",
    advice="pass [weight]",
)
@pytest.mark.changed(
    "2.3",
    "takes the tensor, with the warning; in 2.3 alone",
    kind="error-gone",
    advice="pass [weight]",
)
@pytest.mark.changed(
    "2.4",
    "raises TypeError, as other optimizers do",
    kind="error",
    cause="pytorch#127081",
    advice="pass [weight]",
)
def test_sparse_adam_refuses_a_bare_tensor(snapshot):
    """``SparseAdam(weight)`` is a TypeError, as for other optimizers."""
    assert snapshot == observe(
        lambda: len(torch.optim.SparseAdam(parameter([1.0])).param_groups[0]["params"])
    )


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
@pytest.mark.changed(
    "2.0", "a gradient without rows is taken; it raised", kind="error-gone", cause="pytorch#86459"
)
def test_sparse_adam_takes_a_gradient_without_rows(snapshot):
    """A batch of nothing but padding gives a sparse gradient without a row: nothing moves."""
    gradients = [torch.zeros(3, 1).to_sparse(1)]
    assert snapshot == observe(lambda: trained(torch.optim.SparseAdam, gradients, lr=0.25))


@pytest.mark.parametrize("in_a_group", [False, True], ids=["list", "group"])
@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
@pytest.mark.changed(
    "1.7",
    "raises ValueError when it is built",
    kind="error",
    cause="pytorch#43668",
    advice="keep the parameter dense; its gradient may be sparse",
)
@pytest.mark.changed(
    "2.2",
    "the message for a list names the group too, as that for a group",
    kind="wording",
    cause="pytorch#114425",
    probable=True,
)
def test_sparse_adam_refuses_a_sparse_parameter(in_a_group, snapshot):
    """Gradients may be sparse, parameters not."""

    def act():
        members = [torch.nn.Parameter(torch.eye(2).to_sparse())]
        return len(
            torch.optim.SparseAdam([{"params": members}] if in_a_group else members).param_groups
        )

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
@pytest.mark.changed(
    "1.5", "the message for a complex tensor, which cannot be made yet, is another", kind="wording"
)
@pytest.mark.changed(
    "1.6", "complex tensors can be made, and SparseAdam takes one", kind="error-gone"
)
@pytest.mark.changed(
    "2.3",
    "raises ValueError when it is built",
    kind="error",
    advice="keep a real parameter, and call torch.view_as_complex on it in the forward pass",
)
def test_sparse_adam_refuses_a_complex_parameter(snapshot):
    """Complex parameters are refused by the constructor."""
    assert snapshot == observe(
        lambda: len(
            torch.optim.SparseAdam([torch.nn.Parameter(torch.tensor([1 + 2j]))]).param_groups
        )
    )


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
@pytest.mark.changed(
    "2.0",
    "raises ValueError: the tensor is taken for the list of its rows",
    kind="error",
    cause="pytorch#86210",
    advice="pass a list",
)
@pytest.mark.changed(
    "2.2",
    "takes the tensor again, as a group of one",
    kind="error-gone",
    cause="pytorch#114425",
    probable=True,
)
def test_sparse_adam_takes_a_single_tensor_in_a_group(snapshot):
    """``{"params": weight}`` is a group of one, as for other optimizers."""
    assert snapshot == observe(
        lambda: len(
            torch.optim.SparseAdam([{"params": parameter([1.0])}]).param_groups[0]["params"]
        )
    )


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
@pytest.mark.changed(
    "2.0",
    "takes the set, in whatever order",
    kind="error-gone",
    cause="pytorch#86210",
    advice="pass a list",
)
@pytest.mark.changed(
    "2.2",
    "raises TypeError again",
    kind="error",
    cause="pytorch#114425",
    probable=True,
    advice="pass a list",
)
def test_sparse_adam_refuses_a_set_in_a_group(snapshot):
    """A set has no order, as for other optimizers."""
    assert snapshot == observe(
        lambda: len(
            torch.optim.SparseAdam([{"params": {parameter([1.0])}}]).param_groups[0]["params"]
        )
    )


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
@pytest.mark.changed(
    "1.7",
    "raises AttributeError of is_sparse instead of the TypeError",
    kind="exception",
    cause="pytorch#43668",
)
@pytest.mark.changed(
    "2.2",
    "raises the TypeError of other optimizers again",
    kind="exception",
    cause="pytorch#114425",
    probable=True,
)
def test_sparse_adam_refuses_a_dict_of_parameters(snapshot):
    """A dict instead of a list is a TypeError, as for other optimizers: its keys are no tensors."""
    assert snapshot == observe(lambda: torch.optim.SparseAdam({"weight": parameter([1.0])}))


@pytest.mark.api(
    "torch.optim.SparseAdam",
    "torch.nn.Module.named_parameters",
    page="generated/torch.optim.SparseAdam",
)
@pytest.mark.changed(
    "1.7",
    "raises AttributeError of is_sparse instead of the TypeError",
    kind="exception",
    cause="pytorch#43668",
)
@pytest.mark.changed(
    "2.2",
    "raises the TypeError of other optimizers again",
    kind="exception",
    cause="pytorch#114425",
    probable=True,
)
@pytest.mark.changed(
    "2.6", "optimizers take named parameters", kind="api-appeared", cause="pytorch#134107"
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
)
def test_adagrad_steps_the_rows_of_a_sparse_gradient(snapshot):
    """Row 0 by 0.5 and 0.5 / sqrt(2), row 1 by 0.5."""
    gradients = for_rows(0, 0, 1)
    assert snapshot == observe(lambda: trained(torch.optim.Adagrad, gradients, lr=0.5))


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
@pytest.mark.changed(
    "1.13",
    "momentum works with sparse gradients; the second step raised, of metadata of a detached tensor",
    kind="error-gone",
    cause="pytorch#83590",
)
def test_sgd_momentum_moves_rows_without_a_gradient(snapshot):
    """The velocity is sparse too, but keeps the rows of earlier steps: row 0 goes on at the third step."""
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
    "1.10",
    "NAdam and RAdam appear, and refuse sparse gradients",
    kind="api-appeared",
    cause="pytorch#59009 and pytorch#58968",
)
@pytest.mark.changed(
    "2.7",
    "the message of AdamW, which is an Adam now, names Adam and SparseAdam",
    kind="wording",
    cause="pytorch#143710",
)
def test_sparse_gradient_is_refused_by_other_optimizers(name, snapshot):
    """The step raises; use SparseAdam, Adagrad or SGD."""
    gradients = for_rows(0, 0, 1)
    assert snapshot == observe(lambda: trained(getattr(torch.optim, name), gradients, lr=0.5))
