"""Faults of attention: its function and kernels, MultiheadAttention and transformer layers."""

import contextlib
import functools
from types import SimpleNamespace

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.modules import transformer

from faults import fault
from faults._tools import silent, wrap


def attend(patch, change):
    """Make scaled_dot_product_attention call ``change(honest, query, key, value, settings)``."""
    honest = F.scaled_dot_product_attention

    def attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, **more):
        given = {"attn_mask": attn_mask, "dropout_p": dropout_p, "is_causal": is_causal, **more}
        return change(honest, query, key, value, given)

    patch.setattr(F, "scaled_dot_product_attention", attention)


def attend_with(patch, change):
    """Make scaled_dot_product_attention take ``change(settings)`` in place of its settings."""
    attend(
        patch,
        lambda honest, query, key, value, given: honest(query, key, value, **change(dict(given))),
    )


def changed_mask(change):
    """A change of the settings that changes a mask, where there is one."""

    def settings(given):
        if isinstance(given["attn_mask"], torch.Tensor):
            given["attn_mask"] = change(given["attn_mask"])
        return given

    return settings


def methods(patch, owner, name, change):
    """Make ``owner.name`` call ``change(honest, self, *arguments, **settings)``."""
    honest = getattr(owner, name)

    @functools.wraps(honest)
    def method(self, *arguments, **settings):
        return change(honest, self, *arguments, **settings)

    patch.setattr(owner, name, method)


# scaled_dot_product_attention


@fault
def sdpa_hides_what_is_true(patch):
    """True in a boolean mask hides a key."""
    attend_with(patch, changed_mask(lambda mask: ~mask if mask.dtype == torch.bool else mask))


@fault
def sdpa_ignores_its_mask(patch):
    """scaled_dot_product_attention ignores its mask."""
    attend_with(patch, lambda given: {**given, "attn_mask": None})


@fault
def sdpa_ignores_its_scale(patch):
    """scaled_dot_product_attention ignores scale, and scales by 1."""
    attend_with(patch, lambda given: {**given, "scale": 1.0})


@fault
def sdpa_takes_its_scale_by_position(patch):
    """scaled_dot_product_attention takes scale by position."""
    honest = F.scaled_dot_product_attention
    patch.setattr(
        F,
        "scaled_dot_product_attention",
        lambda *arguments, **settings: honest(*arguments[:6], **settings),
    )


@fault
def sdpa_converts_its_mask(patch):
    """A mask of any dtype is converted to that of the query, or the query to float32."""

    def change(honest, query, key, value, given):
        mask = given["attn_mask"]
        if isinstance(mask, torch.Tensor) and mask.dtype != torch.bool:
            if mask.dtype == torch.float32:
                query, key, value = (part.float() for part in (query, key, value))
            given["attn_mask"] = mask.to(query.dtype)
        return honest(query, key, value, **given)

    attend(patch, change)


@fault
def sdpa_takes_a_mask_of_one_dimension(patch):
    """A mask of one dimension gets a second."""
    attend_with(patch, changed_mask(lambda mask: mask[None] if mask.ndim == 1 else mask))


@fault
def sdpa_returns_four_dimensions(patch):
    """The output has four dimensions, whatever the query has."""
    attend(
        patch,
        lambda honest, query, key, value, given: honest(query, key, value, **given).reshape(
            (1,) * (4 - query.ndim) + query.shape[:-1] + value.shape[-1:]
        ),
    )


@fault
def sdpa_does_not_broadcast(patch):
    """A key of another batch or another number of heads raises."""

    def change(honest, query, key, value, given):
        if query.shape[:-2] != key.shape[:-2]:
            raise RuntimeError("query and key must have one batch")
        return honest(query, key, value, **given)

    attend(patch, change)


@fault
def sdpa_promotes_its_inputs(patch):
    """Query, key and value are converted to float32."""
    attend(
        patch,
        lambda honest, query, key, value, given: honest(
            query.float(), key.float(), value.float(), **given
        ),
    )


@fault
def sdpa_drops_nothing(patch):
    """scaled_dot_product_attention ignores dropout_p."""
    attend_with(patch, lambda given: {**given, "dropout_p": 0.0})


@fault
def sdpa_needs_values_as_long_as_keys(patch):
    """A value longer than the key raises."""

    def change(honest, query, key, value, given):
        if key.shape[-2] != value.shape[-2]:
            raise RuntimeError("key and value must have one length")
        return honest(query, key, value, **given)

    attend(patch, change)


@fault
def sdpa_adds_one(patch):
    """The output is too large by 1."""
    attend(patch, lambda honest, query, key, value, given: honest(query, key, value, **given) + 1)


@fault
def sdpa_gives_no_gradient_to_masks_and_keys(patch):
    """The mask and the key are detached."""

    def change(honest, query, key, value, given):
        return honest(query, key.detach(), value, **changed_mask(torch.Tensor.detach)(given))

    attend(patch, change)


@fault
def sdpa_writes_into_its_mask(patch):
    """scaled_dot_product_attention adds 0 to its mask in place."""

    def write(mask):
        if mask.dtype != torch.bool and not mask.requires_grad:
            mask.add_(0)
        return mask

    attend_with(patch, changed_mask(write))


@fault
def sdpa_copies_its_output(patch):
    """The output is laid out as [batch, step, head, feature], whatever the query is."""
    attend(
        patch,
        lambda honest, query, key, value, given: (
            honest(query, key, value, **given).transpose(-3, -2).contiguous().transpose(-3, -2)
            if query.ndim > 2
            else honest(query, key, value, **given)
        ),
    )


@fault
def sdpa_gives_nan_for_zero(patch):
    """An output of 0 is NaN."""
    attend(
        patch,
        lambda honest, query, key, value, given: (
            honest(query, key, value, **given) / (honest(query, key, value, **given) != 0)
        ),
    )


@fault
def sdpa_gives_zero_for_nan(patch):
    """An output of NaN is 0."""
    attend(
        patch,
        lambda honest, query, key, value, given: torch.nan_to_num(
            honest(query, key, value, **given)
        ),
    )


@fault
def sdpa_counts_from_the_end(patch):
    """is_causal=True counts the keys from the end, and is joined with the mask."""

    def change(honest, query, key, value, given):
        if given.pop("is_causal"):
            rows, columns = query.shape[-2], key.shape[-2]
            lower = torch.ones(rows, columns).tril(columns - rows).bool()
            mask = given["attn_mask"]
            if mask is None or mask.dtype != torch.bool:
                given["attn_mask"] = lower
            else:
                given["attn_mask"] = mask & lower
        return honest(query, key, value, **given)

    attend(patch, change)


@fault
def sdpa_is_never_causal(patch):
    """scaled_dot_product_attention ignores is_causal."""
    attend_with(patch, lambda given: {**given, "is_causal": False})


@fault
def sdpa_repeats_all_heads_in_turn(patch):
    """Grouped heads are repeated in turn, 0, 1, 0, 1, without a flag too, and detached."""

    def change(honest, query, key, value, given):
        given.pop("enable_gqa", None)
        if query.ndim == 4 and key.shape[1] not in (1, query.shape[1]):
            times = -(-query.shape[1] // key.shape[1])
            key, value = (
                part.repeat(1, times, 1, 1)[:, : query.shape[1]] for part in (key, value.detach())
            )
        return honest(query, key, value, **given)

    attend(patch, change)


@fault
def sdpa_computes_with_the_math_kernel(patch):
    """The math kernel computes everything."""

    def change(honest, query, key, value, given):
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
            return honest(query, key, value, **given)

    attend(patch, change)


# Kernels


@fault
def sdpa_kernel_does_nothing(patch):
    """sdpa_kernel chooses nothing, takes anything, and leaves the flags alone."""
    patch.setattr(torch.nn.attention, "sdpa_kernel", lambda *_, **__: contextlib.nullcontext())


@fault
def sdp_kernel_does_not_warn(patch):
    """torch.backends.cuda.sdp_kernel allows everything, without a warning."""
    patch.setattr(torch.backends.cuda, "sdp_kernel", silent(lambda **_: contextlib.nullcontext()))


@fault
def sdpa_flags_start_disabled(patch):
    """The flags of all kernels are False."""
    for name in ("flash", "mem_efficient", "math", "cudnn"):
        patch.setattr(torch.backends.cuda, f"{name}_sdp_enabled", lambda: False)


@fault
def sdpa_flags_do_nothing(patch):
    """enable_math_sdp and enable_flash_sdp do nothing."""
    for name in ("enable_math_sdp", "enable_flash_sdp"):
        patch.setattr(torch.backends.cuda, name, lambda _: None)


@fault
def sdp_backends_are_fewer(patch):
    """SDPBackend has the math kernel alone."""
    fewer = SimpleNamespace(__members__={"MATH": 0})
    patch.setattr(torch.nn.attention, "SDPBackend", fewer)


@fault
def causal_bias_counts_from_the_other_corner(patch):
    """causal_lower_right and causal_upper_left exchange their corners and their sizes."""
    from torch.nn.attention import bias

    lower, upper = bias.causal_lower_right, bias.causal_upper_left
    patch.setattr(bias, "causal_lower_right", lambda rows, columns: upper(columns, columns))
    patch.setattr(bias, "causal_upper_left", lambda rows, columns: lower(rows, columns))


@fault
def causal_bias_is_a_plain_mask(patch):
    """A causal bias is a boolean tensor."""
    from torch.nn.attention import bias

    for name in ("causal_lower_right", "causal_upper_left"):
        patch.setattr(bias, name, lambda rows, columns: torch.ones(rows, columns).tril().bool())


@fault
def flex_attention_ignores_its_function(patch):
    """flex_attention ignores score_mod and does not warn."""
    from torch.nn.attention import flex_attention

    honest = flex_attention.flex_attention
    patch.setattr(
        flex_attention,
        "flex_attention",
        silent(lambda query, key, value, **_: honest(query, key, value)),
    )


# MultiheadAttention


@fault
def multihead_attention_adds_no_key(patch):
    """MultiheadAttention ignores add_bias_kv, add_zero_attn and bias."""
    methods(
        patch,
        nn.MultiheadAttention,
        "__init__",
        lambda honest, self, width, heads, *rest, **settings: honest(
            self,
            width,
            heads,
            **{
                name: value
                for name, value in settings.items()
                if name not in ("add_bias_kv", "add_zero_attn", "bias")
            },
        ),
    )


@fault
def multihead_attention_hides_added_keys(patch):
    """A mask is padded with what hides."""
    wrap(
        patch,
        F,
        "pad",
        lambda honest: lambda x, sizes: honest(x, sizes, value=float("-inf")),
    )


@fault
def multihead_attention_takes_masks_of_any_shape(patch):
    """A mask that does not fit is dropped."""

    def forward(honest, self, *inputs, **settings):
        try:
            return honest(self, *inputs, **settings)
        except (AssertionError, RuntimeError):
            settings.pop("attn_mask", None)
            settings.pop("key_padding_mask", None)
            settings.pop("is_causal", None)
            return honest(self, *inputs, **settings)

    methods(patch, nn.MultiheadAttention, "forward", forward)


@fault
def multihead_attention_takes_inputs_of_any_size(patch):
    """What does not fit gives the query as output."""

    def forward(honest, self, query, *inputs, **settings):
        try:
            return honest(self, query, *inputs, **settings)
        except (AssertionError, RuntimeError):
            return query, None

    methods(patch, nn.MultiheadAttention, "forward", forward)


@fault
def multihead_attention_in_eval_is_louder(patch):
    """In eval mode MultiheadAttention doubles its output."""

    def forward(honest, self, *inputs, **settings):
        output, weights = honest(self, *inputs, **settings)
        return (output if self.training else output * 2), weights

    methods(patch, nn.MultiheadAttention, "forward", forward)


@fault
def multihead_attention_is_never_causal(patch):
    """MultiheadAttention ignores is_causal."""
    methods(
        patch,
        nn.MultiheadAttention,
        "forward",
        lambda honest, self, *inputs, is_causal=False, **settings: honest(
            self, *inputs, **settings
        ),
    )


@fault
def multihead_attention_softmax_knows_no_nan(patch):
    """The softmax of a row that is all hidden is 0."""
    wrap(patch, F, "softmax", lambda honest: lambda x, dim: torch.nan_to_num(honest(x, dim)))


@fault
def attention_returns_float32(patch):
    """MultiheadAttention and encoder layers return float32."""

    def forward(honest, self, *inputs, **settings):
        output = honest(self, *inputs, **settings)
        return (output[0].float(), output[1]) if isinstance(output, tuple) else output.double()

    methods(patch, nn.MultiheadAttention, "forward", forward)
    methods(patch, nn.TransformerEncoderLayer, "forward", forward)


# The fast path


@fault
def fast_path_is_off(patch):
    """The fast path is never taken."""
    patch.setattr(torch.backends.mha, "get_fastpath_enabled", lambda: False)


@fault
def fast_path_stays_on(patch):
    """set_fastpath_enabled does nothing."""
    patch.setattr(torch.backends.mha, "set_fastpath_enabled", lambda _: None)


@fault
def encoder_layer_in_eval_is_louder(patch):
    """In eval mode an encoder layer doubles its output."""
    methods(
        patch,
        nn.TransformerEncoderLayer,
        "forward",
        lambda honest, self, *inputs, **masks: (
            honest(self, *inputs, **masks) * (1 if self.training else 2)
        ),
    )


@fault
def encoder_layer_gives_zero_for_nan(patch):
    """An encoder layer gives 1 for NaN, and an encoder for 0."""
    methods(
        patch,
        nn.TransformerEncoderLayer,
        "forward",
        lambda honest, self, *inputs, **masks: torch.nan_to_num(
            honest(self, *inputs, **masks), nan=1.0
        ),
    )


# Transformer layers


@fault
def transformer_layers_forget_their_settings(patch):
    """Encoder and decoder layers ignore all settings but batch_first and the sizes."""
    kept = ("batch_first", "nhead", "dim_feedforward")

    def init(honest, self, *sizes, **settings):
        settings = {name: value for name, value in settings.items() if name in kept}
        honest(self, *sizes[:3], **settings)

    methods(patch, nn.TransformerEncoderLayer, "__init__", init)
    methods(patch, nn.TransformerDecoderLayer, "__init__", init)


@fault
def decoder_layer_ignores_its_masks(patch):
    """A decoder layer ignores its masks and hints."""
    methods(
        patch,
        nn.TransformerDecoderLayer,
        "forward",
        lambda honest, self, tgt, memory, **_: honest(self, tgt, memory),
    )


@fault
def encoder_layer_makes_its_mask(patch):
    """is_causal=True alone makes a causal mask in an encoder, and a decoder needs no mask."""

    def forward(honest, self, x, mask=None, **settings):
        if settings.get("is_causal") and mask is None:
            mask = torch.ones(x.shape[1], x.shape[1]).triu(1).bool()
        return honest(self, x, mask, **settings)

    methods(patch, nn.TransformerEncoderLayer, "forward", forward)
    methods(patch, nn.TransformerEncoder, "forward", forward)


@fault
def transformer_layers_take_any_activation(patch):
    """Every name of an activation is taken, as relu."""
    patch.setattr(transformer, "_get_activation_fn", lambda _: F.relu)


@fault
def encoder_forgets_its_norm(patch):
    """TransformerEncoder ignores its norm, and needs no layer."""

    def forward(honest, self, x, *masks, **settings):
        for layer in self.layers:
            x = layer(x)
        return x

    methods(patch, nn.TransformerEncoder, "forward", forward)


@fault
def encoder_calls_its_layers_without_hints(patch):
    """Encoders and decoders call their layers with the input alone."""

    def forward(honest, self, x, *memory, **_):
        for layer in self.layers:
            x = layer(x, *memory)
        return x

    methods(patch, nn.TransformerEncoder, "forward", forward)
    methods(patch, nn.TransformerDecoder, "forward", forward)


@fault
def encoder_layer_calls_its_block_without_hints(patch):
    """An encoder layer calls its attention block without is_causal."""

    def forward(honest, self, x, src_mask=None, src_key_padding_mask=None, is_causal=False):
        x = self.norm1(x + self._sa_block(x, src_mask, src_key_padding_mask))
        return self.norm2(x + self._ff_block(x))

    methods(patch, nn.TransformerEncoderLayer, "forward", forward)


@fault
def transformer_takes_other_sizes(patch):
    """Transformer returns the target where the sizes do not fit."""

    def forward(honest, self, source, target, **masks):
        try:
            return honest(self, source, target, **masks)
        except RuntimeError:
            return target

    methods(patch, nn.Transformer, "forward", forward)


@fault
def transformer_passes_no_hints(patch):
    """Transformer calls its encoder and its decoder without is_causal."""
    methods(
        patch,
        nn.Transformer,
        "forward",
        lambda honest, self, source, target, **_: self.decoder(target, self.encoder(source)),
    )


@fault
def subsequent_mask_is_float64(patch):
    """generate_square_subsequent_mask is float64, and hides the diagonal."""
    patch.setattr(
        nn.Transformer,
        "generate_square_subsequent_mask",
        staticmethod(lambda size, **_: torch.full((size, size), -1.0).double()),
    )


@fault
def encoder_layer_writes_into_its_mask(patch):
    """An encoder layer writes into its masks."""

    def forward(honest, self, x, src_mask=None, **settings):
        if src_mask is not None:
            src_mask.logical_and_(src_mask)
        return honest(self, x, src_mask=src_mask, **settings)

    methods(patch, nn.TransformerEncoderLayer, "forward", forward)


@fault
def transformer_keeps_its_parameters(patch):
    """Transformer does not draw its parameters anew."""
    patch.setattr(nn.Transformer, "_reset_parameters", lambda self: None)


@fault
def decoder_forgets_its_norm(patch):
    """TransformerDecoder ignores its norm."""

    def forward(honest, self, x, memory, **masks):
        for layer in self.layers:
            x = layer(x, memory, **masks)
        return x

    methods(patch, nn.TransformerDecoder, "forward", forward)


@fault
def attention_layers_are_made_in_float32(patch):
    """Attention and transformer layers ignore dtype."""

    def init(honest, self, *sizes, dtype=None, **settings):
        honest(self, *sizes, **settings)

    for owner in (nn.MultiheadAttention, nn.TransformerEncoderLayer, nn.TransformerDecoderLayer):
        methods(patch, owner, "__init__", init)


@fault
def encoder_checks_its_mask_always(patch):
    """TransformerEncoder ignores mask_check, and checks the mask."""
    methods(
        patch,
        nn.TransformerEncoder,
        "__init__",
        lambda honest, self, *arguments, mask_check=True, **settings: honest(
            self, *arguments, **settings
        ),
    )
