"""What the layers of ``torch.nn`` compute, and how their gradients, buffers and checks behave.

The documentation of a layer gives a formula. This chapter tries it on inputs that can be checked by
hand, and adds what decides whether a model trains: the dimension that a layer reads, the effect of
the mode, and the inputs on which it raises.

Know the order of the dimensions first. ``torch.nn.Conv1d`` sums over all channels and slides over
the last dimension (``layers.conv1d_sums_over_its_input_channels``). Recurrent layers and attention
read the steps first, unless ``batch_first=True`` (``layers.rnn_reads_time_first_by_default``,
``layers.attention_reads_the_sequence_first_by_default``). If you forget it, nothing raises, and an
RNN reads the samples as steps (``layers.rnn_forgotten_batch_first_runs_through_the_samples``).

Some layers depend on the mode, which ``eval()`` sets and ``torch.no_grad`` does not. In training,
dropout divides the elements that it keeps by 1 - p (``layers.dropout_scales_what_it_keeps``), and
it does so without gradients too (``layers.dropout_drops_under_no_grad``). BatchNorm normalises by
the batch and updates its running statistics
(``layers.batchnorm_updates_running_statistics_without_gradients``); in ``eval()`` it uses them
(``layers.batchnorm_in_eval_normalises_by_running_statistics``). LayerNorm keeps no statistics
(``layers.layernorm_keeps_no_statistics``).

An embedding is a lookup: the gradient of a row adds up over its uses
(``layers.embedding_row_gradient_adds_up_over_its_uses``). ``padding_idx`` starts a row at zero
(``layers.padding_row_starts_at_zero_and_is_output_as_zero``) and gives it the gradient zero
(``layers.padding_row_gets_a_gradient_of_zero``). Weight decay still moves a padding row that is not
zero (``layers.padding_row_shrinks_under_weight_decay``).

An RNN returns all steps of the last layer and the last step of all layers
(``layers.rnn_returns_all_steps_of_the_last_layer_and_the_last_step_of_all_layers``). It reads
padding like any input (``layers.rnn_on_a_padded_batch_reads_the_padding``); packing avoids that
(``layers.rnn_on_a_packed_sequence_ends_each_sample_at_its_own_length``). In attention, True hides a
key since 1.6 (``layers.attention_boolean_mask_hides_what_is_true``), and a float mask is added to
the scores (``layers.attention_float_mask_is_added_to_the_scores``). Since 1.13 an encoder in eval
mode gives zeros for padded steps (``layers.encoder_in_eval_gives_zeros_for_padding``).

Later releases accept more: one sample without a batch, mostly since 1.10 or 1.11
(``layers.layer_takes_one_sample_without_a_batch``), an empty batch
(``layers.empty_batch_gives_gradients_of_zero``), and half precision on the CPU, mostly since 2.2
(``layers.layers_train_in_float16``). Under autocast more layers compute in bfloat16, and nothing
warns (``layers.conv_transpose_under_autocast_returns_bfloat16``). Others moved the arguments
``device`` and ``dtype``, so pass these by name (``layers.attention_layers_take_these_arguments``).
"""

SUBJECTS = [
    "activations",
    "activation_settings",
    "conv1d",
    "conv_padding",
    "conv_settings",
    "pooling",
    "pooling_settings",
    "upsample",
    "pad_upsample_settings",
    "dropout",
    "dropout_kinds",
    "dropout_settings",
    "batchnorm",
    "batchnorm_statistics",
    "layernorm",
    "instancenorm",
    "norm_settings",
    "embedding",
    "embedding_one_hot",
    "padding_idx",
    "padding_decay",
    "max_norm",
    "embedding_sparse",
    "embedding_bag",
    "embedding_settings",
    "rnn_equation",
    "rnn_anatomy",
    "rnn_batch_first",
    "rnn_packed",
    "packing_edges",
    "lstm",
    "gru",
    "recurrent_settings",
    "recurrent_edges",
    "attention",
    "transformer",
    "without_a_batch",
    "empty_batch",
    "layer_edges",
    "half_precision",
    "layer_dtypes",
    "dtype_settings",
    "lazy_settings",
    "autocast",
    "layer_side_effects",
    "layer_arguments",
    "layer_repr",
    "signatures",
]
