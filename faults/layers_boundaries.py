"""Faults at the edges of layers.

They concern attention, encoders, activations, autocast, dtypes, empty batches, arguments and
printed form.
"""

import torch
from torch import nn
from torch.nn import functional as F

from faults import fault
from faults._tools import wrap


def calls(patch, owner, name, change):
    """Make ``owner.name`` call ``change(honest, *arguments, **keywords)``."""
    wrap(
        patch,
        owner,
        name,
        lambda honest: lambda *arguments, **keywords: change(honest, *arguments, **keywords),
    )


# Attention


@fault
def attention_adds_its_masks(patch):
    """Attention adds masks of any dtype to its scores as floats."""

    def forward(honest, self, query, key, value, key_padding_mask=None, attn_mask=None, **keywords):
        masks = {"key_padding_mask": key_padding_mask, "attn_mask": attn_mask}
        masks = {name: mask.float() for name, mask in masks.items() if mask is not None}
        return honest(self, query, key, value, **masks, **keywords)

    calls(patch, nn.MultiheadAttention, "forward", forward)


@fault
def attention_ignores_its_masks(patch):
    """Attention ignores all masks and is_causal."""

    def forward(
        honest,
        self,
        query,
        key,
        value,
        key_padding_mask=None,
        attn_mask=None,
        is_causal=False,
        **keywords,
    ):
        return honest(self, query, key, value, **keywords)

    calls(patch, nn.MultiheadAttention, "forward", forward)


@fault
def attention_always_gives_the_mean_weights(patch):
    """Attention ignores need_weights and average_attn_weights."""
    calls(
        patch,
        nn.MultiheadAttention,
        "forward",
        lambda honest, self, *arguments, need_weights=True, average_attn_weights=True, **keywords: (
            honest(self, *arguments, **keywords)
        ),
    )


@fault
def attention_weighs_twice_its_scores(patch):
    """Attention doubles its scores and replaces empty inputs by ones."""

    def forward(honest, self, query, key, value, **keywords):
        return honest(
            self,
            2 * query if query.numel() else query.new_ones(2, 1, 1),
            key if key.numel() else key.new_ones(2, 1, 1),
            value if value.numel() else value.new_ones(2, 1, 1),
            **keywords,
        )

    calls(patch, nn.MultiheadAttention, "forward", forward)


@fault
def attention_does_not_drop(patch):
    """Attention ignores dropout."""
    calls(
        patch,
        nn.MultiheadAttention,
        "__init__",
        lambda honest, self, embed_dim, num_heads, dropout=0.0, **keywords: honest(
            self, embed_dim, num_heads, **keywords
        ),
    )


@fault
def attention_is_built_without_checks(patch):
    """Attention uses one head if num_heads does not divide embed_dim.

    It always has three projections, each with a bias.
    """

    def init(honest, self, embed_dim, num_heads, dropout=0.0, bias=True, kdim=None, **keywords):
        honest(
            self,
            embed_dim,
            num_heads if num_heads and embed_dim % num_heads == 0 else 1,
            dropout,
            True,
            kdim=kdim or embed_dim + 1,
            **keywords,
        )

    calls(patch, nn.MultiheadAttention, "__init__", init)


@fault
def attention_is_always_batch_first(patch):
    """Attention always reads the batch first, and adds a missing batch dimension."""
    calls(
        patch,
        nn.MultiheadAttention,
        "__init__",
        lambda honest, self, *arguments, batch_first=True, **keywords: honest(
            self, *arguments, batch_first=True, **keywords
        ),
    )
    calls(
        patch,
        nn.MultiheadAttention,
        "forward",
        lambda honest, self, *tensors, **keywords: honest(
            self, *(x if x.dim() == 3 else x.unsqueeze(0) for x in tensors), **keywords
        ),
    )


@fault
def attention_calls_its_output_layer(patch):
    """Attention calls out_proj as a module, so that its hooks run."""

    def forward(honest, self, *arguments, **keywords):
        self.out_proj(arguments[0])
        return honest(self, *arguments, **keywords)

    calls(patch, nn.MultiheadAttention, "forward", forward)


# Encoders


@fault
def encoder_never_nests(patch):
    """enable_nested_tensor is always False, and nothing warns."""
    calls(
        patch,
        nn.TransformerEncoder,
        "__init__",
        lambda honest, self, layer, number, norm=None, enable_nested_tensor=True, mask_check=True: (
            honest(self, layer, number, norm, False, mask_check)
        ),
    )


@fault
def encoder_shortens_and_zeroes_its_padding(patch):
    """The encoder cuts its output shorter than the longest sample and zeroes padding."""

    def forward(honest, self, x, *arguments, src_key_padding_mask=None, **keywords):
        output = honest(self, x, *arguments, src_key_padding_mask=src_key_padding_mask, **keywords)
        if src_key_padding_mask is None:
            return output
        longest = int((~src_key_padding_mask).sum(1).max())
        return output.masked_fill(src_key_padding_mask.unsqueeze(2), 0.0)[:, : longest - 1]

    calls(patch, nn.TransformerEncoder, "forward", forward)


@fault
def encoder_layers_are_one(patch):
    """An encoder uses the same layer object several times."""
    patch.setattr(
        nn.modules.transformer,
        "_get_clones",
        lambda module, number: nn.ModuleList([module] * number),
    )


@fault
def encoder_layer_passes_hooks_by(patch):
    """In eval an encoder layer drops the hooks of linear1.

    The causal mask hides nothing.
    """

    def forward(honest, self, x, *arguments, **keywords):
        if not self.training:
            self.linear1._forward_hooks.clear()
        return honest(self, x, *arguments, **keywords)

    calls(patch, nn.TransformerEncoderLayer, "forward", forward)
    patch.setattr(
        nn.Transformer,
        "generate_square_subsequent_mask",
        staticmethod(lambda size, *_, **__: torch.zeros(size, size)),
    )


# Types


@fault
def layers_answer_in_float32(patch):
    """Every module returns float32, and drops the imaginary part of complex numbers."""

    def call(honest, self, *arguments, **keywords):
        output = honest(self, *arguments, **keywords)
        return (
            output.real.float()
            if isinstance(output, torch.Tensor)
            else (output[0].float(), *output[1:])
        )

    calls(patch, nn.Module, "__call__", call)


@fault
def layers_convert_what_they_take(patch):
    """Layers convert their input to float32 and add 0.5."""
    for layer in (
        nn.Linear,
        nn.PReLU,
        nn.ReLU,
        nn.RNN,
        nn.GroupNorm,
        nn.GELU,
        nn.SiLU,
        nn.ELU,
        nn.LeakyReLU,
        nn.Softplus,
        nn.Sigmoid,
        nn.Tanh,
        nn.ReLU6,
        nn.Hardtanh,
    ):
        calls(
            patch,
            layer,
            "forward",
            lambda honest, self, x, *rest: honest(self, torch.as_tensor(x).float() + 0.5, *rest),
        )
    for name in ("softmax", "log_softmax"):
        calls(
            patch,
            F,
            name,
            lambda honest, x, *rest, **keywords: honest(x.float(), *rest, **keywords),
        )


@fault
def rmsnorm_takes_the_mean_away(patch):
    """RMSNorm subtracts the mean, as LayerNorm does."""
    calls(
        patch,
        nn.RMSNorm,
        "forward",
        lambda honest, self, x: honest(self, x - x.mean(-1, keepdim=True)),
    )


@fault
def embedding_gradient_counts_once(patch):
    """The gradient of a row does not add up over its uses."""
    calls(
        patch,
        F,
        "embedding",
        lambda honest, x, weight, *rest: (
            honest(x, weight, *rest)
            if x.dim() != 1
            else honest(x[:1], weight, *rest).expand(len(x), -1) / len(x)
        ),
    )


# Activations


@fault
def activations_clean_up_nan(patch):
    """Activations replace NaN by 0."""
    calls(
        patch,
        nn.Module,
        "__call__",
        lambda honest, self, x, *rest, **keywords: (
            honest(
                self, torch.nan_to_num(x) if torch.is_tensor(x) else x, *rest, **keywords
            ).nan_to_num(0.0)
            if isinstance(self, (nn.ReLU, nn.Hardtanh, nn.LeakyReLU, nn.Sigmoid, nn.Tanh))
            else honest(self, x, *rest, **keywords)
        ),
    )


@fault
def softmax_sums_over_the_last(patch):
    """Softmax without dim uses the last dimension."""
    calls(
        patch,
        F,
        "softmax",
        lambda honest, x, dim=None, **keywords: honest(x, -1 if dim is None else dim),
    )


@fault
def gelu_is_always_approximate(patch):
    """GELU always uses the tanh approximation."""
    calls(patch, F, "gelu", lambda honest, x, approximate="none": honest(x, approximate="tanh"))


@fault
def activations_are_never_in_place(patch):
    """In-place activations work on a copy and accept any slope.

    Inputs are shifted away from the kinks, and sigmoid and tanh are swapped.
    """
    for layer in (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.SiLU, nn.Hardswish, nn.Hardsigmoid, nn.Mish):
        calls(patch, layer, "forward", lambda honest, self, x: honest(self, x.clone() + 1e-3))
    for name in ("leaky_relu", "elu"):
        patch.setattr(F, name + "_", getattr(F, name))
    calls(patch, nn.Hardtanh, "forward", lambda honest, self, x: honest(self, 0.999 * x))
    patch.setattr(F, "sigmoid", torch.tanh)
    patch.setattr(F, "tanh", torch.sigmoid)


@fault
def hardswish_follows_its_curve_to_the_end(patch):
    """hardswish has the gradient of its curve at -3 and 3, too."""
    patch.setattr(
        F, "hardswish", lambda x: torch.where(x.abs() <= 3, x * (x + 3) / 6, torch.relu(x))
    )


# Autocast


@fault
def autocast_is_on_where_it_should_be_off(patch):
    """torch.autocast takes the opposite of its argument enabled."""

    def autocast(honest, device_type, enabled=True, **_):
        return honest(device_type, dtype=torch.bfloat16, enabled=not enabled)

    calls(patch, torch, "autocast", autocast)


# Empty batches, and no batch


@fault
def empty_batch_is_refused(patch):
    """Every module raises for an input without elements."""

    def call(honest, self, x, *rest, **keywords):
        if not x.numel():
            raise RuntimeError("expected a non-empty input")
        return honest(self, x, *rest, **keywords)

    calls(patch, nn.Module, "__call__", call)


@fault
def layers_add_a_batch(patch):
    """Layers add a missing batch dimension.

    A cell uses the last step of a sequence. RNNCell ignores its state, and LSTMCell uses its state
    for both h and c.
    """

    def call(honest, self, x, *rest, **keywords):
        fit = {
            nn.ConvTranspose1d: 3,
            nn.Conv2d: 4,
            nn.AdaptiveAvgPool1d: 3,
            nn.AdaptiveAvgPool2d: 4,
            nn.LPPool1d: 3,
            nn.InstanceNorm2d: 4,
            nn.ReflectionPad1d: 3,
            nn.GroupNorm: 2,
            nn.RNNCell: 2,
            nn.LSTMCell: 2,
            nn.GRUCell: 2,
        }
        dimensions = fit.get(type(self))
        if dimensions == x.dim() + 1:
            x = x.unsqueeze(0)
        elif dimensions == 2 and x.dim() == 3:
            x = x[-1]
        if isinstance(self, nn.RNNCell):
            rest = ()
        if isinstance(self, nn.LSTMCell) and rest:
            rest = ((rest[0], rest[0]),)
        return honest(self, x, *rest, **keywords)

    calls(patch, nn.Module, "__call__", call)


# What layers take, and print


@fault
def constructors_mend_their_arguments(patch):
    """Constructors replace invalid arguments instead of raising.

    This concerns padding modes, groups, strides and numbers of layers.
    """

    def conv(honest, self, *arguments, **keywords):
        honest(
            self,
            *arguments,
            **{**keywords, "groups": max(keywords.get("groups", 1), 1), "padding_mode": "zeros"},
        )

    calls(patch, nn.Conv1d, "__init__", conv)
    calls(patch, nn.ConvTranspose1d, "__init__", conv)
    for pool in (nn.MaxPool1d, nn.AvgPool2d):
        calls(
            patch,
            pool,
            "__init__",
            lambda honest, self, size, stride=None, *rest, **keywords: honest(
                self, size, stride or None, *rest, **keywords
            ),
        )
    calls(
        patch,
        nn.RNN,
        "__init__",
        lambda honest, self, *sizes, num_layers=1, **keywords: honest(
            self, *sizes, num_layers=max(num_layers, 1), **keywords
        ),
    )
    calls(
        patch,
        nn.GroupNorm,
        "__init__",
        lambda honest, self, groups, channels, *rest, **keywords: honest(
            self, groups if channels % groups == 0 else 1, channels, *rest, **keywords
        ),
    )


@fault
def interpolation_always_recomputes_its_factor(patch):
    """interpolate aligns corners if a size is given, and inverts recompute_scale_factor."""
    calls(
        patch,
        F,
        "interpolate",
        lambda honest, x, align_corners=None, recompute_scale_factor=None, **keywords: honest(
            x,
            align_corners="size" in keywords,
            recompute_scale_factor=not recompute_scale_factor
            if "scale_factor" in keywords
            else None,
            **keywords,
        ),
    )


@fault
def layers_print_no_arguments(patch):
    """A module prints only its class."""
    patch.setattr(nn.Module, "__repr__", lambda self: type(self).__name__)


@fault
def signatures_have_one_argument_more(patch):
    """Constructors and functions accept one more argument, ``surprise``."""

    def longer(honest):
        def function(self, surprise=None):
            """Never called."""

        return function

    names = [
        "Linear",
        "Bilinear",
        "Conv1d",
        "BatchNorm1d",
        "LayerNorm",
        "RNNBase",
        "LSTMCell",
        "Embedding",
        "Dropout",
        "MaxPool1d",
        "GELU",
        "ReLU",
        "MultiheadAttention",
        "TransformerEncoderLayer",
    ]
    for name in names:
        wrap(patch, getattr(nn, name), "__init__", longer)
    for name in ["dropout", "embedding", "softmax"]:
        wrap(patch, F, name, longer)


@fault
def silu_means_relu(patch):
    """nn.SiLU is nn.ReLU."""
    patch.setattr(nn, "SiLU", nn.ReLU)


@fault
def float_keeps_half_precision(patch):
    """float() leaves a tensor of half precision as it is."""
    wrap(
        patch,
        torch.Tensor,
        "float",
        lambda honest: (
            lambda self: self if self.dtype in (torch.float16, torch.bfloat16) else honest(self)
        ),
    )
