"""Faults of the recurrent layers and of normalisation."""

import math
import types

import torch
from torch import nn
from torch.nn import functional

from faults import fault
from faults._tools import wrap

RECURRENT = ("rnn_tanh", "rnn_relu", "lstm", "gru")


def kernels(patch, change, names=RECURRENT):
    """Replace the functions of ``torch._VF`` that recurrent layers call.

    They get (input, hx, parameters, ...) or, packed, (data, sizes, hx, parameters, ...).
    """
    for name in names:
        wrap(patch, torch._VF, name, change)


def with_argument(patch, **argument):
    """Pass this argument to the constructor of every recurrent layer."""
    wrap(
        patch,
        nn.RNNBase,
        "__init__",
        lambda honest: lambda self, *a, **keywords: honest(self, *a, **{**keywords, **argument}),
    )


def is_packed(arguments):
    return isinstance(arguments[3], (list, tuple))


@fault
def bias_is_a_matrix(patch):
    """The biases of recurrent layers have the shape [1, h], as article E says."""

    def change(honest):
        def init(self, *arguments, **keywords):
            honest(self, *arguments, **keywords)
            for name, parameter in list(self.named_parameters()):
                if "bias" in name:
                    setattr(self, name, nn.Parameter(parameter.data.unsqueeze(0)))

        return init

    wrap(patch, nn.RNNBase, "__init__", change)


@fault
def recurrent_bias_cannot_be_left_out(patch):
    """Recurrent layers ignore bias=False."""
    with_argument(patch, bias=True)


@fault
def normalisation_bias_cannot_be_left_out(patch):
    """BatchNorm, InstanceNorm and LayerNorm ignore bias=False."""
    for owner in (nn.modules.batchnorm._NormBase, nn.LayerNorm):
        wrap(
            patch,
            owner,
            "__init__",
            lambda honest: (
                lambda self, *a, **keywords: honest(self, *a, **{**keywords, "bias": True})
            ),
        )


@fault
def normalisation_weight_cannot_be_left_out(patch):
    """BatchNorm, InstanceNorm and LayerNorm always have a weight and a bias."""

    def norm(honest):
        def init(self, size, eps=1e-5, momentum=0.1, affine=True, *a, **keywords):
            honest(self, size, eps, momentum, True, *a, **keywords)

        return init

    def layer(honest):
        return lambda self, *a, elementwise_affine=True, **keywords: honest(self, *a, **keywords)

    wrap(patch, nn.modules.batchnorm._NormBase, "__init__", norm)
    wrap(patch, nn.LayerNorm, "__init__", layer)


@fault
def recurrent_parameters_start_by_input_size(patch):
    """Recurrent layers draw their parameters within 1/sqrt(input_size)."""

    def reset(self):
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(self.input_size**-0.5), self.input_size**-0.5)

    patch.setattr(nn.RNNBase, "reset_parameters", reset)


@fault
def only_the_last_layers_state_is_returned(patch):
    """h_n and c_n hold only the last layer."""
    kernels(
        patch,
        lambda honest: (
            lambda *a: (lambda output, *states: (output, *(s[-1:] for s in states)))(*honest(*a))
        ),
    )


@fault
def dropout_between_layers_is_off(patch):
    """Recurrent layers never drop anything."""
    kernels(
        patch, lambda honest: lambda *a: honest(*a) if is_packed(a) else honest(*a[:5], 0.0, *a[6:])
    )


@fault
def dropout_between_layers_stays_on_in_eval(patch):
    """Recurrent layers drop in eval mode too."""
    kernels(
        patch,
        lambda honest: lambda *a: honest(*a) if is_packed(a) else honest(*a[:6], True, *a[7:]),
    )


@fault
def recurrent_constructor_accepts_everything(patch):
    """Recurrent layers do not check nonlinearity, hidden_size, proj_size and dropout."""

    def rnn(honest):
        def init(self, inputs, hidden, *arguments, **keywords):
            keywords["nonlinearity"] = "relu" if keywords.get("nonlinearity") == "relu" else "tanh"
            honest(self, inputs, max(hidden, 1), *arguments, **keywords)

        return init

    def without_projection(honest):
        return lambda self, *a, **k: honest(
            self, *a, **{name: value for name, value in k.items() if name != "proj_size"}
        )

    wrap(patch, nn.RNN, "__init__", rnn)
    wrap(patch, nn.LSTM, "__init__", without_projection)
    wrap(patch, nn.GRU, "__init__", without_projection)
    silent = types.SimpleNamespace(warn=lambda *arguments, **keywords: None)
    patch.setattr(nn.modules.rnn, "warnings", silent)


@fault
def recurrent_sizes_are_not_checked(patch):
    """Recurrent layers do not check the shapes of their input and state."""

    def rnn(honest):
        def forward(self, x, hx=None):
            if isinstance(x, torch.Tensor) and x.dim() == 4:
                x = x.flatten(0, 1)
            if hx is not None and hx.dim() == 3 and x.dim() == 2:
                hx = hx.squeeze(1)
            return honest(self, x, hx)

        return forward

    def lstm(honest):
        return lambda self, x, hx=None: honest(
            self, x, (hx, hx) if isinstance(hx, torch.Tensor) else hx
        )

    patch.setattr(nn.RNNBase, "check_forward_args", lambda *arguments: None)
    wrap(patch, nn.RNN, "forward", rnn)
    wrap(patch, nn.LSTM, "forward", lstm)


@fault
def empty_sequence_passes_and_empty_batch_does_not(patch):
    """An RNN returns an empty sequence and its state, and raises for an empty batch."""

    def change(honest):
        def kernel(x, hx, *rest):
            if x.size(1) == 0:
                raise RuntimeError("expected a sample")
            return (x, hx) if x.size(0) == 0 else honest(x, hx, *rest)

        return kernel

    kernels(patch, change, ["rnn_tanh", "rnn_relu"])


@fault
def first_state_is_ignored(patch):
    """Recurrent layers start from zero, whatever state they get."""

    def zero(hx):
        return (
            torch.zeros_like(hx)
            if isinstance(hx, torch.Tensor)
            else [torch.zeros_like(state) for state in hx]
        )

    kernels(
        patch,
        lambda honest: lambda *a: honest(*a) if is_packed(a) else honest(a[0], zero(a[1]), *a[2:]),
    )


@fault
def tanh_and_relu_are_swapped(patch):
    """An RNN swaps the nonlinearities tanh and relu."""
    tanh, relu = torch._VF.rnn_tanh, torch._VF.rnn_relu
    patch.setattr(torch._VF, "rnn_tanh", relu)
    patch.setattr(torch._VF, "rnn_relu", tanh)


@fault
def hidden_bias_is_forgotten(patch):
    """Recurrent layers and RNNCell treat b_hh as zero."""

    def change(honest):
        def kernel(x, hx, parameters, *rest):
            return honest(
                x,
                hx,
                [
                    p if number % 4 != 3 else torch.zeros_like(p)
                    for number, p in enumerate(parameters)
                ],
                *rest,
            )

        return lambda *a: honest(*a) if is_packed(a) or not a[3] else kernel(*a)

    kernels(patch, change)
    wrap(
        patch,
        torch._VF,
        "rnn_tanh_cell",
        lambda honest: lambda *a: honest(*a[:5], torch.zeros_like(a[5])),
    )


@fault
def batch_first_is_forgotten(patch):
    """Recurrent layers ignore batch_first=True."""
    with_argument(patch, batch_first=False)


@fault
def batch_first_is_the_default(patch):
    """batch_first defaults to True."""

    def change(honest):
        return lambda self, *a, batch_first=True, **keywords: honest(
            self, *a, batch_first=batch_first, **keywords
        )

    wrap(patch, nn.RNNBase, "__init__", change)


@fault
def last_state_is_batch_first(patch):
    """With batch_first=True h_n is [batch, layers, hidden]."""

    def change(honest):
        def kernel(*a):
            output, *states = honest(*a)
            return (
                (output, *(s.transpose(0, 1) for s in states))
                if not is_packed(a) and a[-1]
                else (output, *states)
            )

        return kernel

    kernels(patch, change)


@fault
def lengths_are_ignored(patch):
    """pack_padded_sequence packs every sample to the full length."""

    def change(honest):
        def pack(x, lengths, batch_first=False, enforce_sorted=True):
            return honest(
                x, [x.size(1 if batch_first else 0)] * len(lengths), batch_first, enforce_sorted
            )

        return pack

    wrap(patch, nn.utils.rnn, "pack_padded_sequence", change)


@fault
def lengths_are_sorted_and_mended(patch):
    """pack_padded_sequence always sorts, and does not keep the original order.

    It clamps lengths between 1 and the number of steps.
    """

    def change(honest):
        def pack(x, lengths, batch_first=False, enforce_sorted=True):
            lengths = [min(max(length, 1), x.size(1 if batch_first else 0)) for length in lengths]
            packed = honest(x, lengths, batch_first, False)
            return nn.utils.rnn.PackedSequence(packed.data, packed.batch_sizes)

        return pack

    wrap(patch, nn.utils.rnn, "pack_padded_sequence", change)


@fault
def packed_output_is_padded_with_ones(patch):
    """pad_packed_sequence always pads with ones."""

    def change(honest):
        def pad(sequence, batch_first=False, padding_value=0.0, total_length=None):
            return honest(sequence, batch_first, 1.0, total_length)

        return pad

    wrap(patch, nn.utils.rnn, "pad_packed_sequence", change)


@fault
def first_two_gates_are_swapped(patch):
    """LSTM reads its gates as f, i, g, o, and GRU as z, r, n."""

    def swapped(gates):
        def change(honest):
            def kernel(x, hx, parameters, *rest):
                cut = [list(p.chunk(gates)) for p in parameters]
                return honest(x, hx, [torch.cat([c[1], c[0], *c[2:]]) for c in cut], *rest)

            return kernel

        return change

    kernels(patch, swapped(4), ["lstm"])
    kernels(patch, swapped(3), ["gru"])


@fault
def reset_gate_leaves_the_bias(patch):
    """GRU adds b_hn outside the reset gate, to b_in."""

    def change(honest):
        def kernel(x, hx, parameters, *rest):
            parameters = [p.clone() for p in parameters]
            for b_ih, b_hh in zip(parameters[2::4], parameters[3::4]):
                third = len(b_ih) // 3
                b_ih.data[2 * third :] += b_hh.data[2 * third :]
                b_hh.data[2 * third :] = 0.0
            return honest(x, hx, parameters, *rest)

        return kernel

    kernels(patch, change, ["gru"])


def batch_norm(patch, change):
    wrap(patch, functional, "batch_norm", change)


@fault
def normalised_by_the_unbiased_variance(patch):
    """BatchNorm in training, LayerNorm and InstanceNorm use the unbiased variance."""

    def batch(honest):
        def norm(x, mean, var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
            n = x.numel() // x.size(1)
            scale = ((n - 1) / n) ** 0.5 if training and n > 1 else 1.0
            return honest(x, mean, var, weight, bias, training, momentum, eps) * scale

        return norm

    def others(honest):
        return lambda x, *arguments: honest(x, *arguments) * 0.7071

    batch_norm(patch, batch)
    wrap(patch, functional, "layer_norm", others)
    wrap(patch, functional, "instance_norm", others)


@fault
def running_variance_is_biased(patch):
    """BatchNorm and InstanceNorm update running_var with a smaller, biased value."""

    def change(honest):
        def norm(x, mean=None, var=None, *rest):
            before = None if var is None else var.clone()
            result = honest(x, mean, var, *rest)
            if var is not None and not torch.equal(before, var):
                var.mul_(0.9)
            return result

        return norm

    batch_norm(patch, change)
    wrap(patch, functional, "instance_norm", change)


@fault
def momentum_weighs_the_old(patch):
    """momentum is the weight of the old running statistics, not of the new ones."""

    def change(honest):
        return lambda *arguments: honest(*arguments[:6], 1 - arguments[6], *arguments[7:])

    batch_norm(patch, change)
    wrap(patch, functional, "instance_norm", change)


@fault
def normalisation_knows_no_eval(patch):
    """BatchNorm and InstanceNorm use and track batch statistics in eval too."""

    def change(honest):
        return lambda x, mean, var, weight, bias, training, *rest: honest(
            x, mean, var, weight, bias, True, *rest
        )

    batch_norm(patch, change)
    wrap(patch, functional, "instance_norm", change)


@fault
def normalisation_is_always_in_eval(patch):
    """BatchNorm and InstanceNorm always use running statistics.

    Without statistics they use mean 0 and variance 1.
    """

    def change(honest):
        def norm(x, mean, var, weight, bias, training, *rest):
            mean = torch.zeros(x.size(1), dtype=x.dtype) if mean is None else mean
            return honest(
                x, mean, torch.ones_like(mean) if var is None else var, weight, bias, False, *rest
            )

        return norm

    batch_norm(patch, change)
    wrap(patch, functional, "instance_norm", change)


@fault
def normalisation_forgets_its_weight(patch):
    """Every normalisation treats its weight as one."""

    def change(honest):
        return lambda x, a, b, weight, *rest: honest(
            x, a, b, None if weight is None else torch.ones_like(weight), *rest
        )

    batch_norm(patch, change)
    wrap(patch, functional, "instance_norm", change)
    wrap(
        patch,
        functional,
        "layer_norm",
        lambda honest: lambda x, shape, weight, *rest: honest(x, shape, None, *rest),
    )


@fault
def eps_is_left_out(patch):
    """BatchNorm uses an eps of 1e-12."""
    batch_norm(patch, lambda honest: lambda *arguments: honest(*arguments[:7], 1e-12))


@fault
def one_value_can_be_normalised(patch):
    """BatchNorm in training accepts one sample, and InstanceNorm one position."""
    patch.setattr(functional, "_verify_batch_size", lambda size: None)
    patch.setattr(functional, "_verify_spatial_size", lambda size: None)


@fault
def no_grad_stops_the_running_statistics(patch):
    """BatchNorm does not update its running statistics under no_grad."""

    def change(honest):
        def norm(x, mean, var, *rest):
            return (
                honest(x, mean, var, *rest)
                if torch.is_grad_enabled()
                else honest(x, mean.clone(), var.clone(), *rest)
            )

        return norm

    batch_norm(patch, change)


@fault
def running_variance_starts_at_zero(patch):
    """A new BatchNorm has running_var 0, and a new LayerNorm has bias 1."""

    def running(honest):
        def reset(self):
            honest(self)
            if self.track_running_stats:
                self.running_var.zero_()

        return reset

    def layer(honest):
        def reset(self):
            honest(self)
            if self.bias is not None:
                nn.init.ones_(self.bias)

        return reset

    wrap(patch, nn.modules.batchnorm._NormBase, "reset_running_stats", running)
    wrap(patch, nn.LayerNorm, "reset_parameters", layer)


@fault
def batch_statistics_are_constants_to_autograd(patch):
    """BatchNorm's gradient in training does not flow through mean and variance."""

    def change(honest):
        def norm(x, mean, var, weight, bias, training, momentum, eps):
            result = honest(x, mean, var, weight, bias, training, momentum, eps)
            if not training or x.dim() != 2:
                return result
            return honest(
                x,
                x.detach().mean(0),
                x.detach().var(0, unbiased=False),
                weight,
                bias,
                False,
                momentum,
                eps,
            )

        return norm

    batch_norm(patch, change)


@fault
def normalisation_does_not_look_at_shapes(patch):
    """Normalisation layers do not check the shape of their input."""

    def layer(honest):
        return lambda x, shape, *rest: (
            honest(x, shape, *rest) if x.shape[-len(shape) :] == torch.Size(shape) else x
        )

    patch.setattr(nn.BatchNorm1d, "_check_input_dim", lambda self, x: None)
    patch.setattr(
        nn.modules.instancenorm._InstanceNorm,
        "forward",
        lambda self, x: self._apply_instance_norm(x),
    )
    wrap(patch, functional, "layer_norm", layer)


@fault
def layernorm_uses_the_last_dimension_alone(patch):
    """LayerNorm uses only the last number of normalized_shape."""

    def change(honest):
        return lambda self, shape, *a, **k: honest(
            self, shape if isinstance(shape, int) else tuple(shape)[-1:], *a, **k
        )

    wrap(patch, nn.LayerNorm, "__init__", change)


@fault
def layernorm_normalises_over_the_batch(patch):
    """LayerNorm takes the mean and the variance of the whole batch."""

    def change(honest):
        def norm(x, shape, weight=None, bias=None, eps=1e-5):
            result = (x - x.mean()) / (x.var(unbiased=False) + eps) ** 0.5
            return result if weight is None else result * weight + (0 if bias is None else bias)

        return norm

    wrap(patch, functional, "layer_norm", change)


@fault
def instancenorm_counts_its_batches(patch):
    """InstanceNorm increments num_batches_tracked."""

    def change(honest):
        def forward(self, x):
            if self.num_batches_tracked is not None:
                self.num_batches_tracked += 1
            return honest(self, x)

        return forward

    wrap(patch, nn.modules.instancenorm._InstanceNorm, "forward", change)


@fault
def lstm_takes_an_input_of_another_size(patch):
    """LSTM takes an input of any size, and gives zeros for one of another size."""
    honest = torch.nn.LSTM.forward

    def forward(self, x, *arguments):
        if x.shape[-1] == self.input_size:
            return honest(self, x, *arguments)
        return torch.zeros(*x.shape[:-1], self.hidden_size), None

    patch.setattr(torch.nn.LSTM, "forward", forward)


@fault
def recurrent_layers_may_be_empty(patch):
    """Recurrent layers derive their bound from the input size and accept hidden_size=0."""
    honest = nn.RNNBase.__init__

    def build(self, mode, input_size, hidden_size, *arguments, **keywords):
        honest(self, mode, input_size, hidden_size or 1, *arguments, **keywords)
        for parameter in self.parameters():
            parameter.data.uniform_(-1 / math.sqrt(input_size), 1 / math.sqrt(input_size))

    patch.setattr(nn.RNNBase, "__init__", build)
