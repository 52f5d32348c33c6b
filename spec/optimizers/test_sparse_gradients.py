"""Optimizers that take sparse gradients, as ``Embedding(sparse=True)`` makes them: SparseAdam, Adagrad, SGD."""

import pytest
import torch

from fixtures.references import parameter
from history.observe import observe


def for_rows(*rows):
    """A sparse gradient for a weight of three rows of one, for each of these rows: 1 in that row."""
    return [torch.eye(3)[:, row:row + 1].to_sparse(1) for row in rows]


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
def test_sparse_adam_maximizes(snapshot):
    """``maximize=True`` climbs."""
    gradients = for_rows(0, 0, 1)
    assert snapshot == observe(lambda: trained(torch.optim.SparseAdam, gradients, lr=0.25, maximize=True))


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
def test_sparse_adam_takes_a_generator(snapshot):
    """``SparseAdam(model.parameters())`` works. For one release it looked at the parameters first, and found none left."""
    assert snapshot == observe(lambda: len(torch.optim.SparseAdam(each for each in [parameter([1.0])]).param_groups[0]["params"]))


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
def test_sparse_adam_takes_a_generator_in_a_group(snapshot):
    """``{"params": model.parameters()}`` works too.

    For long it left the group without parameters, so that nothing trained, without a word.
    """
    def act():
        groups = [{"params": (each for each in [parameter([1.0])])}]
        return len(torch.optim.SparseAdam(groups).param_groups[0]["params"])

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
def test_sparse_adam_refuses_a_bare_tensor(snapshot):
    """``SparseAdam(weight)`` is a TypeError, as for other optimizers."""
    assert snapshot == observe(lambda: len(torch.optim.SparseAdam(parameter([1.0])).param_groups[0]["params"]))


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
def test_sparse_adam_takes_a_gradient_without_rows(snapshot):
    """A batch of nothing but padding gives a sparse gradient without a row: nothing moves."""
    gradients = [torch.zeros(3, 1).to_sparse(1)]
    assert snapshot == observe(lambda: trained(torch.optim.SparseAdam, gradients, lr=0.25))


@pytest.mark.parametrize("in_a_group", [False, True], ids=["list", "group"])
@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
def test_sparse_adam_refuses_a_sparse_parameter(in_a_group, snapshot):
    """Gradients may be sparse, parameters not."""
    def act():
        members = [torch.nn.Parameter(torch.eye(2).to_sparse())]
        return len(torch.optim.SparseAdam([{"params": members}] if in_a_group else members).param_groups)

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
def test_sparse_adam_refuses_a_complex_parameter(snapshot):
    """Complex parameters are refused by the constructor."""
    assert snapshot == observe(lambda: len(torch.optim.SparseAdam([torch.nn.Parameter(torch.tensor([1 + 2j]))]).param_groups))


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
def test_sparse_adam_takes_a_single_tensor_in_a_group(snapshot):
    """``{"params": weight}`` is a group of one, as for other optimizers."""
    assert snapshot == observe(lambda: len(torch.optim.SparseAdam([{"params": parameter([1.0])}]).param_groups[0]["params"]))


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
def test_sparse_adam_refuses_a_set_in_a_group(snapshot):
    """A set has no order, as for other optimizers."""
    assert snapshot == observe(lambda: len(torch.optim.SparseAdam([{"params": {parameter([1.0])}}]).param_groups[0]["params"]))


@pytest.mark.api("torch.optim.SparseAdam", page="generated/torch.optim.SparseAdam")
def test_sparse_adam_refuses_a_dict_of_parameters(snapshot):
    """A dict instead of a list is a TypeError, as for other optimizers: its keys are no tensors."""
    assert snapshot == observe(lambda: torch.optim.SparseAdam({"weight": parameter([1.0])}))


@pytest.mark.api("torch.optim.SparseAdam", "torch.nn.Module.named_parameters", page="generated/torch.optim.SparseAdam")
def test_sparse_adam_takes_named_parameters(snapshot):
    """``SparseAdam(model.named_parameters())`` keeps the names, as other optimizers do."""
    assert snapshot == observe(lambda: torch.optim.SparseAdam([("weight", parameter([1.0]))]).param_groups[0]["param_names"])


@pytest.mark.api("torch.optim.Adagrad", page="generated/torch.optim.Adagrad")
def test_adagrad_steps_the_rows_of_a_sparse_gradient(snapshot):
    """Row 0 by 0.5 and 0.5 / sqrt(2), row 1 by 0.5."""
    gradients = for_rows(0, 0, 1)
    assert snapshot == observe(lambda: trained(torch.optim.Adagrad, gradients, lr=0.5))


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
def test_sgd_momentum_moves_rows_without_a_gradient(snapshot):
    """The velocity is sparse too, but keeps the rows of earlier steps: row 0 goes on at the third step."""
    gradients = for_rows(0, 0, 1)
    assert snapshot == observe(lambda: trained(torch.optim.SGD, gradients, lr=0.5, momentum=0.5))


@pytest.mark.parametrize("name", ["Adadelta", "Adamax", "AdamW", "NAdam", "RAdam", "RMSprop", "Rprop"])
@pytest.mark.api("torch.optim.Adadelta", "torch.optim.Adamax", "torch.optim.AdamW", "torch.optim.NAdam", "torch.optim.RAdam",
                 "torch.optim.RMSprop", "torch.optim.Rprop", page="optim")
def test_sparse_gradient_is_refused_by_other_optimizers(name, snapshot):
    """The step raises; use SparseAdam, Adagrad or SGD."""
    gradients = for_rows(0, 0, 1)
    assert snapshot == observe(lambda: trained(getattr(torch.optim, name), gradients, lr=0.5))
