"""A module saved whole by one release may raise in another, because the class has changed.

Loading a whole module restores the attributes that it had when it was saved. If a later release
reads an attribute that the class did not have then, forward raises. A ``torch.nn.GELU`` from before
1.12 and a ``torch.nn.MultiheadAttention`` from before 1.9 still raise. Attention layers of 1.6 to
1.8 do not even load, because a class was removed. ``torch.nn.LSTM`` raised in 1.8 only, and
``torch.nn.Upsample`` from 1.11 to 2.0: later releases set the attribute on loading. You can set a
missing attribute on the loaded layer yourself. Modules of your own class and
``torch.nn.Sequential`` load from every release since 1.5, except that
``torch.nn.Module.state_dict`` raises under 1.6 for files of 1.4 and 1.5.
"""

import warnings

import pytest
import torch

from fixtures.checkpoint import load_trusted
from fixtures.interchange import EVERY_RELEASE, RELEASES, fetch, written_by
from fixtures.tying import is_tied
from torch_history.observing import observe


def load_whole():
    """The module in the file; each category of torch's warnings is given once.

    Only files of 1.4 and 1.5 hold the source of their classes, which torch compares.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        module = load_trusted("checkpoint.pt")
    for category in sorted({warning.category for warning in caught}, key=str):
        warnings.warn("given by torch.load", category)
    return module


@pytest.mark.interchange
@pytest.mark.api("torch.load", page="notes/serialization", article="D")
@pytest.mark.changed(
    "1.5",
    "zip archives of format version 3, as written by 1.6 and later, can be read",
    kind="error-gone",
    cause="pytorch#33255",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.5",
    "a file of 1.4, which holds the source of its classes, gives a warning that the source has "
    "changed",
    kind="warning",
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "a file of 1.5, which holds the source of its classes, gives a warning that the source has "
    "changed",
    kind="warning",
    cause="pytorch#38211",
    probable=True,
    when=":unseen",
)
@EVERY_RELEASE
def test_whole_tied_module_of_every_release_is_tied(here, snapshot, release):
    """Since 1.5, layers that share weight and bias still share them when loaded from any release.

    The gradient of the weight, 1.5, is the sum over both uses.
    """
    fetch(release, "tied_module")

    def act():
        model = load_whole()
        model(torch.tensor([[1.0]])).backward()
        return {"tied": is_tied(model), "gradient": model[0].weight.grad}

    assert snapshot == observe(act)


@pytest.mark.interchange
@pytest.mark.api("torch.load", "torch.nn.Module", page="notes/serialization")
@pytest.mark.changed(
    "1.5",
    "zip archives of format version 3, as written by 1.6 and later, can be read",
    kind="error-gone",
    cause="pytorch#33255",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.5",
    "a file of 1.4, which holds the source of its classes, gives a warning that the source has "
    "changed",
    kind="warning",
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "a file of 1.5, which holds the source of its classes, gives a warning that the source has "
    "changed",
    kind="warning",
    cause="pytorch#38211",
    probable=True,
    when=":unseen",
)
@EVERY_RELEASE
def test_whole_module_of_every_release_computes_and_learns(here, snapshot, release):
    """Since 1.5, a module of a user's class, saved whole by any release, computes and trains.

    Forward, backward and ``state_dict`` work as before saving. The class holds a ``Linear``.
    """
    fetch(release, "module")

    def act():
        model = load_whole()
        output = model(torch.tensor([[1.0, 3.0]]))
        output.backward()
        return {
            "output": output.detach(),
            "gradient": model.linear.weight.grad,
            "note": model.note,
            "state dict": list(model.state_dict()),
        }

    assert snapshot == observe(act)


@pytest.mark.interchange
@pytest.mark.api(
    "torch.load", "torch.nn.Sequential", "torch.nn.BatchNorm1d", page="notes/serialization"
)
@pytest.mark.changed(
    "1.5",
    "zip archives of format version 3, as written by 1.6 and later, can be read",
    kind="error-gone",
    cause="pytorch#33255",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.5",
    "a file of 1.4, which holds the source of its classes, gives a warning that the source has "
    "changed",
    kind="warning",
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "in 1.6 alone, state_dict of a module that 1.4 or 1.5 saved raises because "
    "`_non_persistent_buffers_set` is missing",
    kind="error",
    cause="pytorch#37191",
    advice="under 1.6, set `_non_persistent_buffers_set = set()` on each of the `modules()` of "
    "the loaded module",
    restored_by="checkpoints.whole_sequence_of_1_4_gives_its_state_dict_with_its_buffer_names_set",
    when=":unseen",
)
@pytest.mark.changed(
    "1.7",
    "loading sets the missing attribute",
    kind="error-gone",
    cause="pytorch#42290",
    when=":unseen",
)
@EVERY_RELEASE
def test_whole_sequence_of_every_release_computes(here, snapshot, release):
    """Since 1.5, a ``Sequential`` saved whole by any release computes.

    It holds Linear, BatchNorm1d in evaluation mode and ReLU: 2 * (6 - 4) / sqrt(5) + 3 = 4.79.
    """
    fetch(release, "sequence")

    def act():
        model = load_whole()
        return {
            "output": model(torch.tensor([[7.0, 1.0]])).detach(),
            "state dict": list(model.state_dict()),
        }

    assert snapshot == observe(act)


@pytest.mark.interchange
@pytest.mark.api("torch.load", "torch.nn.LSTM", page="notes/serialization")
@pytest.mark.changed(
    "1.5",
    "zip archives of format version 3, as written by 1.6 and later, can be read",
    kind="error-gone",
    cause="pytorch#33255",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.5",
    "a file of 1.4, which holds the source of its classes, gives a warning that the source has "
    "changed",
    kind="warning",
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "a file of 1.5, which holds the source of its classes, gives a warning that the source has "
    "changed",
    kind="warning",
    cause="pytorch#38211",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "in 1.8 alone, an LSTM saved before 1.8 raises in forward because `proj_size` is missing",
    kind="error",
    cause="pytorch#47725",
    advice="under 1.8, set `proj_size = 0` on the loaded layer",
    restored_by="checkpoints.whole_lstm_of_1_4_computes_with_its_projection_set",
    when=":unseen",
)
@pytest.mark.changed(
    "1.9",
    "loading sets the missing attribute",
    kind="error-gone",
    cause="pytorch#57558",
    when=":unseen",
)
@EVERY_RELEASE
def test_whole_lstm_of_every_release_computes(here, snapshot, release):
    """An ``LSTM`` saved whole by any release computes, except under 1.8 if saved before 1.8.

    Every gate sees 0.5 * 1 + 0.5 + 0.5 = 1.5. The output is sigmoid(1.5) * tanh(sigmoid(1.5) *
    tanh(1.5)) = 0.5144.
    """
    fetch(release, "lstm")
    assert snapshot == observe(lambda: load_whole()(torch.ones(1, 1, 1))[0].detach())


@pytest.mark.interchange
@pytest.mark.api("torch.load", "torch.nn.Upsample", page="notes/serialization")
@pytest.mark.changed(
    "1.5",
    "zip archives of format version 3, as written by 1.6 and later, can be read",
    kind="error-gone",
    cause="pytorch#33255",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "a file of 1.4 or 1.5, which holds the source of its classes, gives a warning that the source "
    "has changed",
    kind="warning",
    cause="pytorch#38211",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.11",
    "a layer saved before 1.11 raises in forward because `recompute_scale_factor` is missing",
    kind="error",
    cause="pytorch#66419",
    advice="under 1.11 to 2.0, set `recompute_scale_factor = None` on the loaded layer",
    restored_by="checkpoints.whole_upsample_of_1_4_computes_with_its_recomputation_set",
    when=":unseen",
)
@pytest.mark.changed(
    "2.1",
    "loading sets the missing attribute",
    kind="error-gone",
    cause="pytorch#101248",
    when=":unseen",
)
@EVERY_RELEASE
def test_whole_upsample_of_every_release_computes(here, snapshot, release):
    """An ``Upsample`` saved whole computes, except under 1.11 to 2.0 if saved before 1.11.

    Loading sets an attribute that the class did not have when the module was saved. The releases
    1.11 to 2.0 do not set it.
    """
    fetch(release, "upsample")
    assert snapshot == observe(lambda: load_whole()(torch.tensor([[[1.0, 2.0]]])))


@pytest.mark.interchange
@pytest.mark.api("torch.load", "torch.nn.GELU", page="notes/serialization")
@pytest.mark.changed(
    "1.5",
    "zip archives of format version 3, as written by 1.6 and later, can be read",
    kind="error-gone",
    cause="pytorch#33255",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "a file of 1.4 or 1.5, which holds the source of its classes, gives a warning that the source "
    "has changed",
    kind="warning",
    cause="pytorch#38211",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.12",
    "forward reads `approximate`, which a GELU saved before 1.12 does not have",
    kind="error",
    cause="pytorch#61439",
    advice="under 1.12 and later, set `approximate = 'none'` on the loaded layer",
    restored_by="checkpoints.whole_gelu_of_1_4_computes_with_its_approximation_set",
    when=":unseen",
)
@EVERY_RELEASE
def test_whole_gelu_saved_before_its_approximation_raises_in_forward(here, snapshot, release):
    """A ``GELU`` saved before 1.12 loads under 1.12 and later, but raises in forward.

    Forward reads ``approximate``, which the saved layer does not have.
    """
    fetch(release, "gelu")
    assert snapshot == observe(lambda: load_whole()(torch.tensor([1.0])))


@pytest.mark.interchange
@pytest.mark.api("torch.load", "torch.nn.MultiheadAttention", page="notes/serialization")
@pytest.mark.changed(
    "1.5",
    "zip archives can be read, but raise AttributeError because the class of their projection is "
    "missing",
    kind="exception",
    cause="pytorch#33255",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.5",
    "a file of 1.4, which holds the source of its classes, gives a warning that the source has "
    "changed",
    kind="warning",
    cause="pytorch#31996",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "the class `_LinearWithBias`, which 1.6 to 1.8 save, appears",
    kind="appeared",
    cause="pytorch#28561",
    probable=True,
    advice="under 1.5, 1.9 and later, for a file of 1.6 to 1.8, set "
    "`torch.nn.modules.linear._LinearWithBias = torch.nn.Linear` before loading",
    when=":unseen",
)
@pytest.mark.changed(
    "1.6",
    "a file of 1.5, which holds the source of its classes, gives a warning that the source has "
    "changed",
    kind="warning",
    cause="pytorch#38211",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.9",
    "forward reads `batch_first`, which a layer saved before 1.9 does not have",
    kind="error",
    cause="pytorch#55285",
    probable=True,
    advice="under 1.9 and later, for a file from before 1.9, set `batch_first = False` on the "
    "loaded layer",
    restored_by="checkpoints.whole_attention_of_1_4_computes_with_batch_first_set",
    when=":unseen",
)
@pytest.mark.changed(
    "1.9",
    "the class `_LinearWithBias`, which 1.6 to 1.8 saved, is removed",
    kind="gone",
    cause="pytorch#52537",
    probable=True,
    advice="under 1.5, 1.9 and later, for a file of 1.6 to 1.8, set "
    "`torch.nn.modules.linear._LinearWithBias = torch.nn.Linear` before loading",
    restored_by="checkpoints.class_that_is_gone_can_be_put_back_under_its_name",
    when=":unseen",
)
@pytest.mark.changed(
    "1.9",
    "the class `NonDynamicallyQuantizableLinear`, which 1.9 and later save, appears",
    kind="appeared",
    cause="pytorch#58727",
    when=":unseen",
)
@EVERY_RELEASE
def test_whole_attention_saved_before_batch_first_raises(here, snapshot, release):
    """Since 1.9, a ``MultiheadAttention`` saved before 1.9 raises in forward or on loading.

    Forward reads ``batch_first``, which the saved layer does not have. A file of 1.6 to 1.8 does
    not load, because the class of its projection was removed. The output of a layer that works is
    0.5 * (0.5 * 1 + 0.5) + 0.5 = 1: one position attends to itself.
    """
    fetch(release, "attention")
    one = torch.ones(1, 1, 1)
    assert snapshot == observe(lambda: load_whole()(one, one, one)[0].detach())


@pytest.mark.api("torch.load", "torch.nn.GELU", page="notes/serialization")
@pytest.mark.changed(
    "1.6",
    "warns that the source has changed, which only files of 1.4 and 1.5 hold",
    kind="warning",
    cause="pytorch#38211",
    probable=True,
    when=":unseen",
)
def test_whole_gelu_of_1_4_computes_with_its_approximation_set(here, snapshot):
    """A ``GELU`` that 1.4 saved whole computes once ``approximate`` is set on the loaded layer.

    "none" is the default that the class has today.
    """
    fetch("1.4.0", "gelu")

    def act():
        layer = load_whole()
        layer.approximate = "none"
        return layer(torch.tensor([1.0]))

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", "torch.nn.MultiheadAttention", page="notes/serialization")
@pytest.mark.changed(
    "1.5",
    "warns that the source has changed, which only files of 1.4 and 1.5 hold",
    kind="warning",
    cause="pytorch#31996",
    probable=True,
    when=":unseen",
)
def test_whole_attention_of_1_4_computes_with_batch_first_set(here, snapshot):
    """A ``MultiheadAttention`` of 1.4 computes once ``batch_first`` is set on the loaded layer.

    False is the default that the class has today.
    """
    fetch("1.4.0", "attention")
    one = torch.ones(1, 1, 1)

    def act():
        layer = load_whole()
        layer.batch_first = False
        return layer(one, one, one)[0].detach()

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", "torch.nn.LSTM", page="notes/serialization")
@pytest.mark.changed(
    "1.5",
    "warns that the source has changed, which only files of 1.4 and 1.5 hold",
    kind="warning",
    when=":unseen",
)
def test_whole_lstm_of_1_4_computes_with_its_projection_set(here, snapshot):
    """An ``LSTM`` that 1.4 saved whole computes once ``proj_size`` is set on the loaded layer.

    0 means no projection. Only 1.8 needs it: later releases set the attribute on loading.
    """
    fetch("1.4.0", "lstm")

    def act():
        layer = load_whole()
        layer.proj_size = 0
        return layer(torch.ones(1, 1, 1))[0].detach()

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", "torch.nn.Upsample", page="notes/serialization")
@pytest.mark.changed(
    "1.6",
    "warns that the source has changed, which only files of 1.4 and 1.5 hold",
    kind="warning",
    cause="pytorch#38211",
    probable=True,
    when=":unseen",
)
def test_whole_upsample_of_1_4_computes_with_its_recomputation_set(here, snapshot):
    """An ``Upsample`` of 1.4 computes once ``recompute_scale_factor`` is set on the loaded layer.

    Only 1.11 to 2.0 need it: later releases set the attribute on loading.
    """
    fetch("1.4.0", "upsample")

    def act():
        layer = load_whole()
        layer.recompute_scale_factor = None
        return layer(torch.tensor([[[1.0, 2.0]]]))

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.load", "torch.nn.Sequential", "torch.nn.BatchNorm1d", page="notes/serialization"
)
@pytest.mark.changed(
    "1.5",
    "warns that the source has changed, which only files of 1.4 and 1.5 hold",
    kind="warning",
    when=":unseen",
)
def test_whole_sequence_of_1_4_gives_its_state_dict_with_its_buffer_names_set(here, snapshot):
    """A ``Sequential`` of 1.4 has a state dict once each module has its set of buffer names.

    The set names the buffers that a state dict leaves out. Only 1.6 needs it: later releases set
    the attribute on loading.
    """
    fetch("1.4.0", "sequence")

    def act():
        model = load_whole()
        for module in model.modules():
            module._non_persistent_buffers_set = set()
        return {
            "output": model(torch.tensor([[7.0, 1.0]])).detach(),
            "state dict": list(model.state_dict()),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.load", "torch.nn.MultiheadAttention", page="notes/serialization")
@pytest.mark.changed(
    "1.5",
    "zip archives of format version 3, as written by 1.6 and later, can be read",
    kind="error-gone",
    cause="pytorch#33255",
    probable=True,
    when=":unseen",
)
def test_class_that_is_gone_can_be_put_back_under_its_name(here, snapshot, monkeypatch):
    """A ``MultiheadAttention`` of 1.8 loads if its removed class is put back under its old name.

    Assign ``torch.nn.Linear`` to ``_LinearWithBias`` before loading, and set ``batch_first`` after
    it.
    """
    fetch("1.8.1", "attention")
    monkeypatch.setattr(torch.nn.modules.linear, "_LinearWithBias", torch.nn.Linear, raising=False)

    def act():
        layer = load_whole()
        layer.batch_first = False
        one = torch.ones(1, 1, 1)
        return layer(one, one, one)[0].detach()

    assert snapshot == observe(act)


@pytest.mark.interchange
@pytest.mark.api("torch.load", "torch.nn.CrossEntropyLoss", page="notes/serialization")
@pytest.mark.changed(
    "1.5",
    "zip archives of format version 3, as written by 1.6 and later, can be read",
    kind="error-gone",
    cause="pytorch#33255",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.10",
    "the loaded loss applies its label smoothing, which was silently ignored before",
    kind="silent",
    cause="pytorch#63122",
    advice="load a loss with label smoothing under 1.10 or later",
    when=":unseen",
)
@written_by(RELEASES[RELEASES.index("1.10.2") :])
def test_whole_smoothed_loss_smooths(here, snapshot, release):
    """Since 1.10, a ``CrossEntropyLoss`` saved whole keeps its label smoothing.

    With a smoothing of 0.5 the loss is 0.63. Trap: an earlier release loads the loss but does not
    smooth. It gives 0.13, without a warning.
    """
    fetch(release, "smoothed_loss")
    assert snapshot == observe(lambda: load_whole()(torch.tensor([[2.0, 0.0]]), torch.tensor([0])))
