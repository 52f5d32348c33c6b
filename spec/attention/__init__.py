"""Attention: scaled_dot_product_attention, its kernels, MultiheadAttention and transformer layers.

A query asks keys, and weighs their values by the softmax of its scores with the keys
(``attention.sdpa_weighs_values_by_the_softmax_of_its_scores``). All of this chapter is that one
function, since 2.0 ``torch.nn.functional.scaled_dot_product_attention``, and layers around it. What
``torch.nn.MultiheadAttention`` does with its masks is described in ``layers``
(``layers.attention_boolean_mask_hides_what_is_true``).

Know first what True means. In the function True keeps a key
(``attention.sdpa_boolean_mask_keeps_what_is_true``), in the layers it hides one. A float mask is
added to the scores in both. A query that sees no key gives NaN up to 2.4 and 0 since 2.5, in the
output and in the gradients (``attention.sdpa_of_a_query_without_keys_is_zero``). ``is_causal``
counts the keys from the start, so one new query with a cache of keys sees the first key alone
(``attention.sdpa_causal_counts_the_keys_from_the_start``).

On the CPU a fused kernel computes most calls since 2.1 (``attention.sdpa_kernel_of_the_cpu``). An
upgrade meets it where the kernel differs from plain operations: it has no second derivative
(``attention.sdpa_has_no_second_derivative``), lays its output out in another way
(``attention.sdpa_output_has_the_layout_of_its_query``), and gives 0 for a query of NaN since 2.5
(``attention.sdpa_of_a_query_of_nan``). ``sdpa_kernel`` chooses another
(``attention.sdpa_of_the_math_kernel_has_a_second_derivative``).

Encoder layers have a fast path since 1.12: in eval mode without gradients one call replaces the
whole layer (``attention.encoder_layer_takes_the_fast_path_in_eval``). It leaves out replaced parts
(``attention.encoder_layer_in_eval_with_a_replaced_part``), and takes a float mask for a boolean one
(``attention.encoder_layer_in_eval_computes_what_training_does``). Compare training and eval mode
after an upgrade. In the layers ``is_causal`` is a hint about the mask: it needs the mask
(``attention.encoder_trusts_its_causal_hint``). Layers of your own are called with these hints, by
name, since 2.0 and 2.1, and raise if they do not take them
(``attention.encoder_calls_its_own_layers_with_is_causal``,
``attention.decoder_calls_its_own_layers_with_tgt_is_causal``).
"""

SUBJECTS = [
    "scaled_dot_product",
    "hidden_rows",
    "causal",
    "grouped_heads",
    "kernels",
    "multihead",
    "transformer_layers",
    "fast_path",
    "own_layers",
]
