"""What a file keeps of a tensor with attributes, of a subclass, or with a sparse layout.

Since 2.0 a ``torch.nn.Parameter`` keeps attributes of its own, such as ``weight.tag``, alone or in
a module saved whole. From 2.0 to 2.3 ``weights_only=True`` rejected such a parameter. Since 1.8 a
tensor of a subclass keeps its class. A sparse tensor loads on every release. 2.11 and 2.12 warn
that its indices are not checked. Since 2.14 ``torch.load`` checks them, and warns about the cost.
"""

import pytest
import torch

from fixtures.checkpoint import load_trusted
from fixtures.models import linear
from fixtures.tagged import marked, tag_of, tagged
from torch_history.observing import observe


@pytest.mark.api("torch.load", "torch.nn.Parameter", page="generated/torch.load")
@pytest.mark.changed(
    "2.0",
    "the attributes of a Parameter are saved with it, where they were lost before",
    kind="silent",
    cause="pytorch#88913",
    advice="before 2.0, set the attributes again after loading",
    when=":unseen",
)
def test_saved_module_keeps_the_attributes_of_its_parameters(here, snapshot):
    """Since 2.0, a module saved whole keeps attributes of its Parameters, such as ``weight.tag``.

    Code that sorts parameters into groups by such an attribute finds it on the loaded module.
    """
    model = linear([[1.0]])
    tagged(model.weight)
    torch.save(model, "whole.pt")
    assert snapshot == observe(lambda: tag_of(load_trusted("whole.pt").weight))


@pytest.mark.api("torch.load", "torch.nn.Parameter", page="notes/serialization")
@pytest.mark.changed(
    "1.6",
    "another part of pickle rejects the unknown argument, because the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
    when=":caught and weights_only=True",
    of="torch.load",
)
@pytest.mark.changed(
    "1.13",
    "load takes weights_only, and returns the Parameter without its attribute",
    kind="appeared",
    cause="pytorch#86812",
    when="weights_only=True",
    rarely="a file that holds a Parameter with attributes of its own",
    of="torch.load",
)
@pytest.mark.changed(
    "2.0",
    "raises: a Parameter is saved with its attributes by a function that the weights-only "
    "unpickler does not know",
    kind="error",
    cause="pytorch#88913",
    advice="delete the attributes before saving: del parameter.tag",
    restored_by="checkpoints.load_with_weights_only_takes_a_parameter_whose_attribute_is_deleted",
    of="torch.load",
    when=":unseen",
)
@pytest.mark.changed(
    "2.4",
    "the weights-only unpickler accepts it, with its attribute",
    kind="error-gone",
    cause="pytorch#124330",
    of="torch.load",
    when=":unseen",
)
def test_load_with_weights_only_takes_a_parameter_with_attributes(here, snapshot):
    """Since 2.4, ``weights_only=True`` loads a Parameter with attributes such as ``tag``.

    2.0 to 2.3 rejected it. Before 2.0 the attributes were not saved.
    """
    torch.save(tagged(torch.nn.Parameter(torch.tensor([1.0]))), "marked.pt")

    def act():
        loaded = torch.load("marked.pt", weights_only=True)
        return {"value": loaded, "tag": tag_of(loaded)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", "torch.nn.Parameter", page="notes/serialization")
@pytest.mark.changed(
    "1.6",
    "another part of pickle rejects the unknown argument, because the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
    when=":caught and weights_only",
    of="torch.load",
)
@pytest.mark.changed(
    "1.13",
    "load takes weights_only",
    kind="appeared",
    cause="pytorch#86812",
    when="weights_only",
    of="torch.load",
)
@pytest.mark.changed(
    "2.0",
    "warns that TypedStorage is deprecated, which load itself uses",
    kind="warning",
    cause="pytorch#85303",
    when="weights_only=True",
    of="torch.load",
)
@pytest.mark.changed(
    "2.2",
    "no longer warns about TypedStorage",
    kind="warning",
    cause="pytorch#113614",
    when="weights_only=True",
    of="torch.load",
)
def test_load_with_weights_only_takes_a_parameter_whose_attribute_is_deleted(here, snapshot):
    """``weights_only=True`` loads a Parameter whose attribute was deleted before saving."""
    parameter = tagged(torch.nn.Parameter(torch.tensor([1.0])))
    del parameter.tag
    torch.save(parameter, "marked.pt")

    def act():
        loaded = torch.load("marked.pt", weights_only=True)
        return {"value": loaded, "tag": tag_of(loaded)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", "torch.Tensor", page="notes/serialization")
@pytest.mark.changed(
    "1.6",
    "as_subclass appears, but the saved tensor loads as a plain Tensor",
    kind="appeared",
    cause="pytorch#34369",
    of="torch.Tensor.as_subclass",
    unless=(),
)
@pytest.mark.changed(
    "1.8",
    "loads as a tensor of its class instead of a plain Tensor",
    kind="silent",
    cause="pytorch#47732",
    advice="call as_subclass(torch.Tensor) on the loaded tensor if it must be a plain Tensor",
    restored_by="checkpoints.loaded_tensor_of_a_subclass_as_torch_tensor_is_plain",
    of="torch.Tensor",
    when=":subclass",
    rarely="tensors of it that are saved and loaded",
)
def test_saved_tensor_of_a_subclass_keeps_its_class(here, snapshot):
    """Since 1.8, a tensor of a subclass keeps its class when it is loaded from a trusted file."""

    def act():
        torch.save(marked([1.0]), "own.pt")
        return type(load_trusted("own.pt")).__name__

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", "torch.Tensor.as_subclass", page="notes/serialization")
@pytest.mark.changed(
    "1.6",
    "as_subclass appears",
    kind="appeared",
    cause="pytorch#34369",
    of="torch.Tensor.as_subclass",
    unless=(),
)
def test_loaded_tensor_of_a_subclass_as_torch_tensor_is_plain(here, snapshot):
    """``as_subclass(torch.Tensor)`` makes a loaded tensor of a subclass a plain Tensor."""

    def act():
        torch.save(marked([1.0]), "own.pt")
        return type(load_trusted("own.pt").as_subclass(torch.Tensor)).__name__

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", page="generated/torch.load")
@pytest.mark.changed(
    "2.4",
    "warns that the default of weights_only will change",
    kind="warning",
    cause="pytorch#129239",
    advice="pass weights_only=True; or weights_only=False for a file that you trust and "
    "that holds more than weights",
    unless=("weights_only", "pickle_module", 2),
    rarely="a file that holds a sparse tensor",
)
@pytest.mark.changed(
    "2.6",
    "no longer warns: weights_only=True is the default, and a sparse tensor loads",
    kind="warning",
    cause="pytorch#137602",
    unless=("weights_only", "pickle_module", 2),
    rarely="a file that holds a sparse tensor",
)
@pytest.mark.changed(
    "2.11",
    "warns that the indices are not checked, unless you choose whether to check them",
    kind="warning",
    cause="pytorch#171695",
    advice="load under torch.sparse.check_sparse_tensor_invariants()",
    when=":unseen",
)
@pytest.mark.changed(
    "2.13", "no longer warns", kind="warning", cause="pytorch#183256", probable=True, when=":unseen"
)
@pytest.mark.changed(
    "2.14",
    "checks the indices if weights_only is True, and warns about the cost",
    kind="warning",
    cause="pytorch#184750",
    when=":unseen",
)
def test_load_of_a_sparse_tensor_checks_its_indices_and_warns(here, snapshot):
    """Since 2.14, ``torch.load`` checks the indices of a sparse tensor, and warns about the cost.

    2.11 and 2.12 warned that the indices were not checked.
    """
    # always the zip format: torch 1.4 and 1.5 cannot read a sparse tensor from their legacy files
    torch.save(
        torch.tensor([[0.0, 2.0]]).to_sparse(), "sparse.pt", _use_new_zipfile_serialization=True
    )
    assert snapshot == observe(lambda: torch.load("sparse.pt").to_dense())
