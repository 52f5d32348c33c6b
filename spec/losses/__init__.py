"""What the losses of ``torch.nn`` compute, and which outputs and targets they accept.

A loss compares an output with a target element by element or sample by sample, and then reduces the
results to one number. The default reduction is the mean, and the first question about any loss is
what this mean divides by. For ``torch.nn.MSELoss`` it is the number of elements, not of samples
(``losses.mse_is_the_sum_of_squares_over_the_number_of_elements``). For ``torch.nn.KLDivLoss`` it is
the number of elements too, so that only ``reduction="batchmean"`` gives the divergence
(``losses.kl_div_divides_by_the_elements_unless_told``). A mean of nothing is nan
(``losses.mse_of_nothing_is_nan``, ``losses.mean_over_an_empty_batch_is_nan``).

Output and target of an elementwise loss should have one shape. Output [n, 1] and target [n]
broadcast to all pairs, and torch only warns
(``losses.mse_of_a_column_against_a_row_compares_all_pairs``). Use ``squeeze(-1)``, which also keeps
a batch of one (``losses.squeeze_of_the_last_dimension_keeps_a_batch_of_one``). The binary
cross-entropies raise instead (``losses.binary_cross_entropy_refuses_to_broadcast``).

``torch.nn.CrossEntropyLoss`` takes logits, not probabilities
(``losses.cross_entropy_is_nll_of_log_softmax``); probabilities go through softmax a second time,
and nothing warns (``losses.cross_entropy_of_probabilities_is_not_their_log_likelihood``). Classes
are the second dimension (``losses.classes_are_the_second_dimension_of_the_logits``). A target of
-100 is ignored (``losses.ignored_target_counts_neither_in_the_sum_nor_in_the_mean``), and with
``weight`` the mean divides by the weights of the targets
(``losses.weighted_mean_divides_by_the_weights_of_the_targets``). Since 1.11 the mean over ignored
targets alone is nan, where it was 0 before (``losses.mean_over_ignored_targets_alone_is_nan``).
Since 1.10 a float target is read as probabilities (``losses.cross_entropy_takes_probabilities``).

For two classes, ``torch.nn.BCELoss`` takes probabilities and raises on an output outside 0 to 1
(``losses.bce_of_an_output_that_is_no_probability_raises``). It checks its target since 2.1
(``losses.bce_of_a_target_that_is_no_probability_raises``). ``torch.nn.BCEWithLogitsLoss`` takes
logits and does not check its target
(``losses.bce_with_logits_takes_a_target_that_is_no_probability``).

Losses on pairs and triplets stopped broadcasting, for example in 1.10
(``losses.triplet_of_mixed_dimensions_raises``). On the CPU all regression losses train in half
precision since 2.10 (``losses.regression_losses_take_half_precision_on_the_cpu``).
``torch.nn.MSELoss`` trains on a float64 target since 2.12
(``losses.mse_takes_a_float64_target_and_becomes_float64``).
"""

SUBJECTS = [
    "mse",
    "mse_broadcast",
    "robust",
    "cross_entropy",
    "cross_entropy_mean",
    "cross_entropy_soft_targets",
    "cross_entropy_bad_target",
    "binary",
    "kl_div",
    "pairs_and_margins",
    "class_and_sequence_edges",
    "reduction_settings",
    "weight_settings",
    "loss_settings",
    "pair_settings",
    "losses_with_a_layer",
    "loss_side_effects",
    "loss_edges",
    "dtypes",
    "signatures",
]
