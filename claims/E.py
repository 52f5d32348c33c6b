# Article E: Adam by hand, embedding, pooling, RNN, convolution, normalisation and dropout
# layers, a small classifier.
[
    {
        "section": "Gradients and Adam",
        "claim": "a gradient is the derivative of the loss with respect to the weight",
        "tests": ["optimizers.article_gradient_formula_equals_autograd_for_two_outputs"],
        "verdict": "holds",
    },
    {
        "section": "Gradients and Adam",
        "claim": "SGD is weight minus learning rate times gradient",
        "tests": [
            "optimizers.sgd_subtracts_lr_times_the_gradient",
            "optimizers.sgd_step_of_the_article_network_is_weight_minus_lr_gradient",
        ],
        "verdict": "holds",
    },
    {
        "section": "Gradients and Adam",
        "claim": "Adam's first step on the network equals the formula written by hand",
        "tests": ["optimizers.adam_step_of_the_article_network_equals_its_formula"],
        "verdict": "holds",
    },
    {
        "section": "Gradients and Adam",
        "claim": "Adam divides both averages by 1 - beta^t",
        "tests": ["optimizers.adam_bias_correction_makes_the_first_steps_lr_long"],
        "verdict": "holds",
    },
    {
        "section": "Gradients and Adam",
        "claim": "Adam adds eps outside the square root",
        "tests": ["optimizers.adam_adds_eps_outside_the_root"],
        "verdict": "holds",
    },
    {
        "section": "Gradients and Adam",
        "claim": "Adam's defaults are betas 0.9 and 0.999 and eps 1e-8",
        "tests": ["optimizers.adam_defaults"],
        "verdict": "holds",
    },
    {
        "section": "Gradients and Adam",
        "claim": "(p - y) p (1 - p) x is the gradient of a mean squared error after a sigmoid",
        "tests": [
            "optimizers.article_gradient_formula_equals_autograd_for_two_outputs",
            "optimizers.article_gradient_formula_is_too_large_for_three_outputs",
        ],
        "verdict": "holds if there are two outputs",
        "note": "The factor is 2/n for n outputs, which is 1 only for two outputs.",
    },
    {
        "section": "Gradients and Adam",
        "claim": "`MSELoss` is the mean of the squared differences",
        "tests": ["losses.mse_is_the_sum_of_squares_over_the_number_of_elements"],
        "verdict": "holds",
    },
    {
        "section": "Gradients and Adam",
        "claim": "a Linear without bias multiplies by the transposed weight",
        "tests": [
            "modules.linear_multiplies_by_the_transposed_weight_and_adds_the_bias",
            "modules.linear_without_bias_holds_none",
        ],
        "verdict": "holds",
    },
    {
        "section": "Gradients and Adam",
        "claim": '`state_dict()["linear.weight"]` returns the weight',
        "tests": ["modules.state_dict_key_reaches_the_same_storage"],
        "verdict": "holds",
    },
    {
        "section": "Gradients and Adam",
        "claim": "`optimizer.zero_grad()` updates the gradients",
        "tests": [
            "training_step.optimizer_zero_grad_leaves_what_it_does_not_hold",
            "training_step.backward_fills_gradients_and_moves_no_parameter",
        ],
        "verdict": "never held",
        "note": "It clears the gradients of the optimizer's parameters; backward computes the new "
        "ones.",
    },
    {
        "section": "Gradients and Adam",
        "claim": "`loss.backward()` computes the gradients and `step()` then updates the weights",
        "tests": [
            "training_step.backward_fills_gradients_and_moves_no_parameter",
            "training_step.step_keeps_gradients",
        ],
        "verdict": "holds",
    },
    {
        "section": "Embedding",
        "claim": "an Embedding turns each number into a vector",
        "tests": ["layers.embedding_output_shape_is_the_index_shape_and_the_width"],
        "verdict": "holds",
    },
    {
        "section": "Embedding",
        "claim": "with `padding_idx=0` row 0 of the table and the output for index 0 are zeros",
        "tests": ["layers.padding_row_starts_at_zero_and_is_output_as_zero"],
        "verdict": "holds",
    },
    {
        "section": "Pooling",
        "claim": "pooling makes its input smaller",
        "tests": [
            "layers.max_pool1d_slides_over_the_last_dimension",
            "layers.avg_pool1d_takes_the_mean_of_each_pair",
        ],
        "verdict": "holds if the input is not padded and the kernel is larger than 1",
        "note": "`MaxPool1d(3, stride=1, padding=1)` keeps the length: padding can make up for "
        "what the kernel takes away.",
    },
    {
        "section": "Pooling",
        "claim": "`MaxPool2d((4, 1), stride=(1, 1))` takes the maximum of each column of four rows",
        "tests": ["layers.max_pool2d_of_four_rows_takes_the_largest_of_each_column"],
        "verdict": "holds",
    },
    {
        "section": "Pooling",
        "claim": "`MaxPool1d(2, stride=1)` takes the larger of each two neighbours along the last "
        "dimension",
        "tests": ["layers.max_pool1d_slides_over_the_last_dimension"],
        "verdict": "holds",
    },
    {
        "section": "Pooling",
        "claim": "`AvgPool2d((4, 1), stride=(1, 1))` takes the mean of each column of four rows",
        "tests": ["layers.avg_pool2d_of_four_rows_takes_the_mean_of_each_column"],
        "verdict": "holds",
    },
    {
        "section": "Pooling",
        "claim": "`AvgPool1d(2, stride=2)` takes the mean of each pair along the last dimension",
        "tests": ["layers.avg_pool1d_takes_the_mean_of_each_pair"],
        "verdict": "holds",
    },
    {
        "section": "RNN",
        "claim": "an RNN processes a sequence step by step, each with the output of the step "
        "before",
        "tests": ["layers.rnn_equals_a_loop_over_its_cell"],
        "verdict": "holds",
    },
    {
        "section": "RNN",
        "claim": "a step of an RNN is tanh(x w1 + b1 + h w2 + b2)",
        "tests": ["layers.rnn_step_is_tanh_of_the_weighted_input_and_state"],
        "verdict": "holds",
    },
    {
        "section": "RNN",
        "claim": "`RNN(5, 6)` has weight_ih_l0 of 6 by 5 and weight_hh_l0 of 6 by 6",
        "tests": ["layers.rnn_names_its_parameters_by_kind_and_layer"],
        "verdict": "holds",
    },
    {
        "section": "RNN",
        "claim": "the biases of `RNN(5, 6)` have the shape 1 by 6",
        "tests": ["layers.rnn_biases_are_vectors"],
        "verdict": "never held",
        "note": "Each is a vector with one dimension, [6].",
    },
    {
        "section": "RNN",
        "claim": "with `batch_first=True` the batch is the first dimension",
        "tests": [
            "layers.rnn_with_batch_first_reads_and_returns_batch_first",
            "layers.rnn_h_n_is_not_batch_first",
            "layers.rnn_h_0_is_not_batch_first",
        ],
        "verdict": "holds if only input and output are meant",
        "note": "The states h_0 and h_n keep the shape [layers, batch, hidden].",
    },
    {
        "section": "RNN",
        "claim": "with `batch_first=False` the time steps are the first dimension",
        "tests": ["layers.rnn_reads_time_first_by_default"],
        "verdict": "holds",
    },
    {
        "section": "RNN",
        "claim": "the first result of an RNN holds the outputs of every time step",
        "tests": ["layers.rnn_returns_all_steps_of_the_last_layer_and_the_last_step_of_all_layers"],
        "verdict": "holds",
        "note": "It holds those of the last layer only.",
    },
    {
        "section": "RNN",
        "claim": "the second result of an RNN holds the last state of every layer",
        "tests": ["layers.rnn_returns_all_steps_of_the_last_layer_and_the_last_step_of_all_layers"],
        "verdict": "holds",
    },
    {
        "section": "RNN",
        "claim": "the second result of an RNN is h0",
        "tests": [
            "layers.rnn_returns_all_steps_of_the_last_layer_and_the_last_step_of_all_layers",
            "layers.rnn_state_starts_at_zero",
        ],
        "verdict": "never held",
        "note": "It is h_n, the state after the last step. h_0 is the state before the first "
        "step, zero by default.",
    },
    {
        "section": "RNN",
        "claim": "the last entry of an RNN's second result represents the whole sentence",
        "tests": [
            "layers.rnn_last_step_of_output_is_the_last_layer_of_h_n",
            "layers.rnn_on_a_padded_batch_reads_the_padding",
            "layers.rnn_bidirectional_last_step_has_read_one_input_backwards",
        ],
        "verdict": "holds if the network reads in one direction and the sentence has no padding "
        "after it",
        "note": "Padding is read as input unless the batch is packed. With two directions, the "
        "last entry is only the backward state.",
    },
    {
        "section": "Convolution",
        "claim": "a convolution sums each window of the kernel's size, weighted by the kernel",
        "tests": ["layers.conv1d_does_not_flip_its_kernel"],
        "verdict": "holds",
    },
    {
        "section": "Convolution",
        "claim": "`in_channels` is the number of the input's channels, `out_channels` the number "
        "of kernels",
        "tests": ["layers.conv1d_weight_is_out_by_in_by_kernel"],
        "verdict": "holds",
    },
    {
        "section": "Convolution",
        "claim": "every kernel produces one map for each channel",
        "tests": ["layers.conv1d_sums_over_its_input_channels"],
        "verdict": "never held",
        "note": "Each kernel sums over all input channels and produces one map, so there are "
        "`out_channels` maps.",
    },
    {
        "section": "Convolution",
        "claim": "the size of a kernel is one number in one dimension, and a pair in two "
        "dimensions",
        "tests": [
            "layers.conv1d_weight_is_out_by_in_by_kernel",
            "layers.conv2d_and_not_conv3d_is_for_colour_images",
        ],
        "verdict": "holds",
    },
    {
        "section": "Convolution",
        "claim": "colour images need a three-dimensional convolution with three sizes, and "
        "black-and-white images a two-dimensional one",
        "tests": ["layers.conv2d_and_not_conv3d_is_for_colour_images"],
        "verdict": "never held",
        "note": "Colours are channels: `Conv2d` accepts both kinds of image, and `Conv3d` is for "
        "volumes.",
    },
    {
        "section": "Convolution",
        "claim": "`stride` is how far the kernel moves between windows",
        "tests": ["layers.conv1d_length_is_rounded_down"],
        "verdict": "holds",
    },
    {
        "section": "Convolution",
        "claim": "the length of a convolution's output is (length - kernel + 2 padding) / stride "
        "+ 1",
        "tests": [
            "layers.conv1d_length_is_rounded_down",
            "layers.conv1d_dilation_spreads_the_kernel",
        ],
        "verdict": "holds if dilation is 1 and the quotient is rounded down",
        "note": "With dilation d a kernel of size k spans d (k - 1) + 1 elements. Elements left "
        "over at the end are dropped.",
    },
    {
        "section": "Convolution",
        "claim": "the dimensions of a convolution's output are batch, out_channels and length",
        "tests": ["layers.conv1d_sums_over_its_input_channels"],
        "verdict": "holds",
    },
    {
        "section": "Normalisation",
        "claim": "BatchNorm standardises its input",
        "tests": [
            "layers.batchnorm_normalises_each_feature_by_the_biased_variance",
            "layers.batchnorm_in_eval_normalises_by_running_statistics",
        ],
        "verdict": "holds if the layer is in training mode",
        "note": "In `eval()` it normalises by the running statistics instead of those of the "
        "batch.",
    },
    {
        "section": "Normalisation",
        "claim": "in BatchNorm the elements of one batch share a mean and a variance",
        "tests": ["layers.batchnorm_normalises_each_feature_by_the_biased_variance"],
        "verdict": "holds if the elements belong to one feature",
        "note": "Each feature has its own mean and variance, taken over the batch.",
    },
    {
        "section": "Normalisation",
        "claim": "LayerNorm takes a mean and a variance for each sample",
        "tests": [
            "layers.layernorm_normalises_each_row_by_the_biased_variance",
            "layers.layernorm_of_a_sample_does_not_depend_on_its_batch",
            "layers.layernorm_over_two_dimensions_takes_one_mean_of_both",
        ],
        "verdict": "holds if `normalized_shape` covers all dimensions except the batch",
        "note": "`LayerNorm(h)` on an input [b, s, h] takes a mean and a variance for each "
        "position, not for each sample.",
    },
    {
        "section": "Normalisation",
        "claim": "InstanceNorm normalises the elements of each channel of each sample",
        "tests": ["layers.instancenorm_normalises_each_channel_of_each_sample"],
        "verdict": "holds",
    },
    {
        "section": "Dropout",
        "claim": "dropout zeroes elements with probability p and multiplies the others by 1 / (1 "
        "- p)",
        "tests": [
            "layers.dropout_scales_what_it_keeps",
            "layers.dropout_in_eval_mode_returns_its_input",
            "layers.dropout_of_p_one_gives_zeros",
        ],
        "verdict": "holds if the layer is in training mode and p is below 1",
        "note": "In `eval()` the input is returned unchanged, and p = 1 gives zeros.",
    },
    {
        "section": "Classifier",
        "claim": "`CrossEntropyLoss` expects the outputs of the last layer, without a softmax, "
        "and class numbers",
        "tests": ["losses.cross_entropy_is_nll_of_log_softmax"],
        "verdict": "holds",
    },
    {
        "section": "Classifier",
        "claim": "-1 in `reshape` stands for the remaining size",
        "tests": ["views.minus_one_is_inferred_from_the_other_sizes"],
        "verdict": "holds",
    },
    {
        "section": "Classifier",
        "claim": "the padding vector stays zero during training",
        "tests": ["example.padding_row_is_zero_after_training"],
        "verdict": "holds",
    },
    {
        "section": "Classifier",
        "claim": "`model.train()` and `model.eval()` switch the mode of the whole model",
        "tests": [
            "training_step.train_reaches_every_submodule",
            "training_step.eval_reaches_every_submodule",
        ],
        "verdict": "holds",
    },
    {
        "section": "Classifier",
        "claim": "`np.argmax` accepts the model's output directly",
        "tests": ["example.numpy_argmax_refuses_an_output_that_requires_grad"],
        "verdict": "holds if the output was computed under `no_grad`",
        "note": "NumPy raises for a tensor that requires grad.",
    },
    {
        "section": "Classifier",
        "claim": "training works in the order backward, step and then `zero_grad`",
        "tests": ["example.clearing_gradients_after_the_step_equals_clearing_them_before"],
        "verdict": "holds",
    },
    {
        "section": "Classifier",
        "claim": "`optimizer.zero_grad()` sets the gradients to zero",
        "tests": ["training_step.optimizer_zero_grad_leaves_none"],
        "verdict": "holds until 1.13",
        "note": "Since 2.0 it sets them to None; `set_to_none=False` gives zeros.",
    },
    {
        "section": "Classifier",
        "claim": "`torch.load(path, weights_only=True)` loads a saved state dict, and a new model "
        "predicts with it",
        "tests": [
            "example.saved_classifier_loaded_with_weights_only_predicts_the_same_bits",
            "checkpoints.load_with_weights_only_takes_a_state_dict",
        ],
        "verdict": "holds since 1.13",
        "note": "Earlier releases do not accept `weights_only`.",
    },
    {
        "section": "Classifier",
        "claim": "the network learns to distinguish the three classes",
        "tests": [
            "example.trained_classifier_is_right_on_held_out_strings",
            "example.training_curve_falls_from_epoch_to_epoch",
        ],
        "verdict": "holds",
    },
]
