"""How parameters get their first values, and how ``torch.nn.init`` sets others.

A new layer draws its own parameters when it is made. A Linear or convolution is uniform within
1/sqrt(fan-in), weight and bias alike (``initialization.default_linear_fills_its_bound``,
``initialization.default_convolution_counts_inputs_times_kernel``). This is not Kaiming's bound for
ReLU: it is ``torch.nn.init.kaiming_uniform_`` with a = sqrt(5)
(``initialization.default_linear_weight_is_kaiming_uniform_with_root_five``). Recurrent layers count
their hidden units instead of their inputs
(``initialization.default_recurrent_layer_counts_hidden_units``). Normalisation layers draw nothing
and start as the identity (``initialization.default_normalisation_starts_as_the_identity``).
``reset_parameters()`` draws again into the same Parameter objects, so an optimizer stays valid
(``initialization.reset_parameters_draws_again_into_the_same_parameters``).

A function of ``torch.nn.init`` replaces such values. It writes in place and returns the tensor that
it was given (``initialization.init_returns_the_tensor_it_wrote_to``). Autograd does not record it
(``initialization.init_is_not_recorded_by_autograd``), and the gradient of the parameter is kept
(``initialization.init_keeps_the_gradient``). Xavier's bound depends on both fans
(``initialization.xavier_uniform_fills_its_bound``), Kaiming's only on the inputs unless you ask for
the outputs (``initialization.kaiming_uniform_scales_by_slope_mode_and_nonlinearity``). A bias has
one dimension and no fans, so these functions raise on it
(``initialization.xavier_uniform_of_one_dimension_raises``).

Random values matter because hidden units that start equal get equal gradients and stay equal
(``initialization.units_that_start_equal_stay_equal``). The usual way to initialise a model is a
function passed to ``torch.nn.Module.apply``, which tests the type of each module
(``initialization.normal_weights_and_zero_biases_through_apply``). Test with ``isinstance``: an
exact type leaves subclasses out (``initialization.exact_type_test_leaves_subclasses_out``). Since
1.6 it also misses the output projection of attention
(``initialization.exact_type_test_misses_attention``).

Some changes gave other numbers under the same seed, and nothing warned. Since 1.5
(``torch.nn.init.normal_``) and 1.6 (``torch.nn.init.uniform_``) a transposed tensor is filled in
the order of its memory (``initialization.transposed_tensor_is_filled_in_the_order_of_its_memory``).
Since 2.12 ``torch.nn.init.uniform_`` gives half precision the rounded numbers of float32
(``initialization.half_precision_starts_from_the_rounded_numbers_of_float32``). Layers without
elements have edges of their own: a convolution without input channels left its bias uninitialised
from 1.11 to 2.11 (``initialization.convolution_without_input_channels_has_a_bias_of_zero``).
"""

SUBJECTS = [
    "default_initialization",
    "in_place",
    "init_functions",
    "through_apply",
    "settings",
    "init_settings",
    "dtypes_and_layouts",
    "distributions",
    "zero_fan",
    "edges",
    "init_side_effects",
    "signatures",
]
