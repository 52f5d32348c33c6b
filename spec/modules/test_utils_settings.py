"""Settings of ``torch.nn.utils``: norms of gradients, reparametrised weights, functional calls.

``norm_type`` chooses the norm over all gradients together, and ``error_if_nonfinite=True`` raises
instead of clipping by nan. ``dim`` of ``weight_norm`` is the dimension that keeps a length of its
own, and ``None`` gives one length to the whole weight. ``functional_call`` takes keyword arguments,
and with ``strict=True`` all parameters.
"""

import pytest
import torch
from torch import nn

from torch_history.observing import observe, observe_each


def with_gradients(*gradients):
    """Parameters with these gradients."""
    parameters = [nn.Parameter(torch.zeros(len(gradient))) for gradient in gradients]
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = torch.tensor(gradient)
    return parameters


@pytest.mark.api(
    "torch.nn.utils.clip_grad_norm_",
    "torch.nn.utils.clip_grad_norm",
    page="generated/torch.nn.utils.clip_grad_norm_",
)
@pytest.mark.changed(
    "1.9",
    "clip_grad_norm_ and clip_grad_norm take error_if_nonfinite",
    kind="appeared",
    cause="pytorch#53843",
)
@pytest.mark.changed(
    "1.9",
    "warns that a non-finite norm will become an error",
    kind="warning",
    cause="pytorch#55169",
    advice="pass error_if_nonfinite=True to raise already",
    when=("-error_if_nonfinite@3", "error_if_nonfinite@3=False"),
    rarely="a norm that is nan or infinite",
)
@pytest.mark.changed(
    "1.10",
    "no longer warns: the norm is not checked",
    kind="warning",
    cause="pytorch#61042",
    advice="pass error_if_nonfinite=True, or test the norm before the step",
    rarely="a norm that is nan or infinite",
)
@pytest.mark.changed(
    "2.4",
    "the warning is a FutureWarning instead of a UserWarning",
    kind="warning",
    cause="pytorch#127689",
    probable=True,
    advice="use the name with an underscore",
    unless=(),
    of=("torch.nn.utils.clip_grad_norm",),
)
@pytest.mark.parametrize("name", ["clip_grad_norm_", "clip_grad_norm"])
def test_clip_grad_norm_takes_its_norm_and_raises_on_nan_if_told(name, snapshot):
    """``norm_type=1`` adds the absolute values of all gradients: 3, -4 and 5 have the norm 12.

    They are scaled to ``max_norm`` 6. An infinite gradient becomes nan and the
    others 0, unless ``error_if_nonfinite=True`` raises.
    """

    def act(*gradients, **settings):
        parameters = with_gradients(*gradients)
        total = getattr(nn.utils, name)(parameters, 6.0, **settings)
        return {"norm": float(total), "gradients": [one.grad for one in parameters]}

    finite, infinite = ([3.0, -4.0], [5.0]), ([3.0, float("inf")], [5.0])
    assert snapshot == observe_each(
        {
            "one": lambda: act(*finite, norm_type=1.0),
            "largest": lambda: act(*finite, norm_type=float("inf")),
            "finite": lambda: act(*finite, error_if_nonfinite=True),
            "infinite": lambda: act(*infinite),
            "infinite raises": lambda: act(*infinite, error_if_nonfinite=True),
        }
    )


@pytest.mark.api("torch.nn.utils.get_total_norm", page="generated/torch.nn.utils.get_total_norm")
@pytest.mark.changed(
    "2.6",
    "get_total_norm appears",
    kind="appeared",
    cause="pytorch#139662",
)
def test_get_total_norm_takes_its_norm_and_raises_on_infinity_if_told(snapshot):
    """``get_total_norm(norm_type=1)`` of 3, -4 and 5 is 12, and 7.07 by default."""
    finite = [torch.tensor([3.0, -4.0]), torch.tensor([5.0])]
    infinite = [torch.tensor([3.0, float("inf")])]

    def act(tensors, **settings):
        return nn.utils.get_total_norm(tensors, **settings)

    assert snapshot == observe_each(
        {
            "default": lambda: act(finite),
            "one": lambda: act(finite, norm_type=1.0),
            "finite": lambda: act(finite, error_if_nonfinite=True),
            "infinite": lambda: act(infinite),
            "infinite raises": lambda: act(infinite, error_if_nonfinite=True),
        }
    )


@pytest.mark.api(
    "torch.nn.utils.weight_norm",
    "torch.nn.utils.parametrizations.weight_norm",
    page="generated/torch.nn.utils.weight_norm",
)
@pytest.mark.changed(
    "1.9",
    "torch.nn.utils.parametrizations was added, without weight_norm",
    kind="wording",
    cause="pytorch#57784",
    of=("torch.nn.utils.parametrizations.weight_norm",),
)
@pytest.mark.changed(
    "2.1",
    "parametrizations.weight_norm was added",
    kind="appeared",
    cause="pytorch#103001",
    of=("torch.nn.utils.parametrizations.weight_norm",),
)
@pytest.mark.changed(
    "2.1",
    "warns that it is deprecated",
    kind="warning",
    cause="pytorch#103001",
    advice="use torch.nn.utils.parametrizations.weight_norm, whose state dict has other names",
    unless=(),
    of=("torch.nn.utils.weight_norm",),
)
@pytest.mark.changed(
    "2.4",
    "the warning is a FutureWarning instead of a UserWarning",
    kind="warning",
    cause="pytorch#127689",
    probable=True,
    unless=(),
    of=("torch.nn.utils.weight_norm",),
)
@pytest.mark.parametrize("place", ["utils", "parametrizations"])
def test_weight_norm_keeps_a_length_for_each_part_along_dim(place, snapshot):
    """``weight_norm(dim=1)`` keeps the lengths of the columns, and ``dim=None`` that of all.

    The default, 0, keeps those of the rows. ``name`` is the parameter, such as ``weight_hh_l0``.
    """

    def act(**settings):
        utils = nn.utils if place == "utils" else nn.utils.parametrizations
        layer = nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            layer.weight.copy_(torch.tensor([[3.0, 0.0], [4.0, 1.0]]))
        utils.weight_norm(layer, **settings)
        return {name: one.detach() for name, one in layer.named_parameters()}

    def other():
        utils = nn.utils if place == "utils" else nn.utils.parametrizations
        return sorted(
            n for n, _ in utils.weight_norm(nn.RNN(1, 1), "weight_hh_l0").named_parameters()
        )

    assert snapshot == observe_each(
        {
            "rows": act,
            "columns": lambda: act(dim=1),
            "all": lambda: act(dim=None),
            "name": other,
        }
    )


class Scaled(nn.Module):
    """A weight under two names, times a factor."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([1.0]))
        self.tied = self.weight
        self.bias = nn.Parameter(torch.tensor([1.0]))

    def forward(self, x, factor=1.0):
        return (x * self.weight + self.tied * 10 + self.bias * 100) * factor


@pytest.mark.api(
    "torch.func.functional_call",
    "torch.nn.utils.stateless.functional_call",
    page="generated/torch.func.functional_call",
)
@pytest.mark.changed(
    "1.12",
    "stateless.functional_call appears",
    kind="appeared",
    of=("torch.nn.utils.stateless.functional_call",),
    cause="pytorch#75834",
)
@pytest.mark.changed(
    "2.0",
    "torch.func.functional_call appears",
    kind="appeared",
    cause="pytorch#89213",
    probable=True,
    of=("torch.func.functional_call",),
)
@pytest.mark.changed(
    "2.0",
    "stateless.functional_call takes tie_weights, and replaces both names of a tied weight by "
    "default: the output is 122 instead of 112",
    kind="appeared",
    cause="pytorch#90477",
    advice="pass tie_weights=False to replace the named one alone",
    probable=True,
    of=("torch.nn.utils.stateless.functional_call",),
)
@pytest.mark.changed(
    "2.0",
    "stateless.functional_call takes strict",
    kind="appeared",
    cause="pytorch#92536",
    probable=True,
    of=("torch.nn.utils.stateless.functional_call",),
)
@pytest.mark.changed(
    "2.0",
    "warns that it is deprecated",
    kind="warning",
    cause="pytorch#92280",
    advice="call torch.func.functional_call",
    unless=(),
    of=("torch.nn.utils.stateless.functional_call",),
)
@pytest.mark.changed(
    "2.4",
    "the warning is a FutureWarning instead of a UserWarning",
    kind="warning",
    cause="pytorch#127689",
    probable=True,
    advice="call torch.func.functional_call",
    unless=(),
    of=("torch.nn.utils.stateless.functional_call",),
)
@pytest.mark.parametrize("place", ["func", "stateless"])
def test_functional_call_takes_keyword_arguments_ties_and_strictness(place, snapshot):
    """``functional_call`` replaces both names of a tied weight, unless ``tie_weights=False``.

    The weight becomes 2: with x = 1 the output is 2 + 20 + 100, or 2 + 10 + 100. ``strict=True``
    raises if a parameter is missing.
    """

    def act(given=("weight",), **settings):
        call = (
            torch.func.functional_call if place == "func" else (nn.utils.stateless.functional_call)
        )
        replaced = {name: torch.tensor([2.0]) for name in given}
        return call(Scaled(), replaced, (torch.tensor([1.0]),), **settings).detach()

    assert snapshot == observe_each(
        {
            "default": act,
            "kwargs": lambda: act(kwargs={"factor": 3.0}),
            "not tied": lambda: act(tie_weights=False),
            "strict": lambda: act(strict=True),
            "strict, all": lambda: act(given=("weight", "bias"), strict=True),
        }
    )


@pytest.mark.api(
    "torch.nn.utils.rnn.pad_packed_sequence",
    "torch.nn.utils.rnn.pad_sequence",
    page="generated/torch.nn.utils.rnn.pad_packed_sequence",
)
def test_padding_value_fills_the_short_sequences(snapshot):
    """``padding_value=9`` fills the short sequence, and ``total_length=3`` makes both longer.

    ``batch_first=True`` puts the batch before the steps.
    """
    sequences = [torch.tensor([1.0, 2.0]), torch.tensor([3.0])]

    def unpacked(**settings):
        packed = nn.utils.rnn.pack_sequence(sequences)
        return list(nn.utils.rnn.pad_packed_sequence(packed, **settings))

    assert snapshot == observe_each(
        {
            "value": lambda: unpacked(padding_value=9.0),
            "batch_first": lambda: unpacked(batch_first=True),
            "total_length": lambda: unpacked(total_length=3),
            "padded": lambda: nn.utils.rnn.pad_sequence(sequences, True, 9.0),
        }
    )


@pytest.mark.api("torch.nn.LazyLinear", "torch.nn.UninitializedParameter", page="nn")
@pytest.mark.changed(
    "1.8",
    "LazyLinear, which warns that it is new, and UninitializedParameter were added",
    kind="appeared",
    cause="pytorch#44538",
)
@pytest.mark.changed(
    "1.9",
    "LazyLinear and UninitializedParameter take device and dtype",
    kind="appeared",
    cause="pytorch#54508",
    probable=True,
)
@pytest.mark.changed(
    "2.4",
    "LazyLinear no longer warns that it is new",
    kind="warning",
    cause="pytorch#123968",
    unless=(),
    of="torch.nn.LazyLinear",
)
def test_lazy_layer_keeps_its_settings_when_it_sees_its_input(snapshot):
    """``LazyLinear(2, bias=False, dtype=torch.float64)`` has no bias, and float64 weights.

    ``UninitializedParameter(requires_grad=False)`` stays without a gradient.
    """

    def lazy(**settings):
        layer = nn.LazyLinear(2, **settings)
        layer(torch.ones(1, 3, dtype=layer.weight.dtype))
        return {name: [list(one.shape), one.dtype] for name, one in layer.named_parameters()}

    def parameter(**settings):
        made = nn.UninitializedParameter(**settings)
        made.materialize((2,))
        return {"dtype": made.dtype, "requires_grad": made.requires_grad}

    assert snapshot == observe_each(
        {
            "default": lazy,
            "bias": lambda: lazy(bias=False),
            "dtype": lambda: lazy(dtype=torch.float64),
            "requires_grad": lambda: parameter(requires_grad=False),
            "parameter's dtype": lambda: parameter(dtype=torch.float64),
        }
    )


@pytest.mark.api("torch.Tensor.register_post_accumulate_grad_hook", page="tensors")
@pytest.mark.changed(
    "2.1",
    "register_post_accumulate_grad_hook appears",
    kind="appeared",
    cause="pytorch#107063",
)
def test_handle_removes_a_post_accumulate_hook(snapshot):
    """``register_post_accumulate_grad_hook`` returns a handle; ``remove`` takes the hook away."""

    def act():
        x, ran = torch.ones(1, requires_grad=True), []
        handle = x.register_post_accumulate_grad_hook(lambda one: ran.append(one.grad.item()))
        x.sum().backward()
        handle.remove()
        x.sum().backward()
        return ran

    assert snapshot == observe(act)
