"""The example trains, saves and loads one small network.

The task is that of article E. The class of a string is 0 if it contains an a, else 1 if it contains
a b, else 2. An embedding, an RNN of two layers and a linear layer give three scores
(``example.classifier_state_dict_has_four_tensors_for_each_rnn_layer``). Strings and initial
parameters do not come from torch's random stream, so they are the same under every release.

The loss starts near log 3, the loss of a guess among three classes, and falls
(``example.classifier_loss_falls_over_the_first_ten_steps``). Clearing the gradients after each step
gives the same bits as clearing them before each backward
(``example.clearing_gradients_after_the_step_equals_clearing_them_before``). Training twice from the
same start gives the same bits (``example.training_twice_gives_the_same_bits``).

Shorter strings are padded. The embedding of the padding is exactly zero after 1,000 steps
(``example.padding_row_is_zero_after_training``), but the RNN's output at a padding position is not
zero (``example.padding_goes_through_the_rnn``).

After ten epochs the network is right on more than 99 % of the strings that it was not trained on
(``example.trained_classifier_is_right_on_held_out_strings``). Saved as a state dict and loaded
again, it gives the same outputs, to the bit
(``example.saved_classifier_loaded_with_weights_only_predicts_the_same_bits``). Read its predictions
under ``torch.no_grad``: ``numpy.argmax`` raises on an output that requires grad
(``example.numpy_argmax_refuses_an_output_that_requires_grad``).

The other chapters have the rules behind each line of it, such as
``training_step.backward_calls_add_up`` and ``training_step.step_keeps_gradients``.
"""

SUBJECTS = [
    "abc_classifier",
    "training_curve",
]
