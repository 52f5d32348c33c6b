# Article A: one training step by hand, and an adapter trained on a frozen base.
[
    {
        "section": "Training step",
        "claim": "a forward pass turns the input into a loss and builds the graph behind it",
        "tests": ["training_step.forward_builds_a_graph_and_a_scalar_loss"],
        "verdict": "holds",
    },
    {
        "section": "Training step",
        "claim": "`loss.backward()` goes back through the graph and gives each parameter its gradient",
        "tests": ["training_step.backward_fills_gradients_and_moves_no_parameter"],
        "verdict": "holds",
    },
    {
        "section": "Training step",
        "claim": "a gradient has the shape of its parameter",
        "tests": [
            "training_step.every_gradient_has_the_shape_dtype_and_device_of_its_parameter",
            "training_step.gradient_of_a_broadcast_parameter_is_summed_to_its_shape",
        ],
        "verdict": "holds",
    },
    {
        "section": "Training step",
        "claim": "`optimizer.step()` gives the parameters their new values",
        "tests": [
            "training_step.step_keeps_gradients",
            "training_step.step_before_the_first_backward_moves_nothing",
        ],
        "verdict": "holds",
        "note": "A parameter whose gradient is None is passed over.",
    },
    {
        "section": "Training step",
        "claim": "`optimizer.step()` clears the gradients as well",
        "tests": [
            "training_step.step_keeps_gradients",
            "training_step.two_steps_without_zero_grad_apply_the_sum_of_the_gradients",
        ],
        "verdict": "never held",
        "note": "The gradients stay as they were, and the next backward adds to them, until `zero_grad()` clears them.",
    },
    {
        "section": "Seed",
        "claim": "`random.seed(42)` makes the numbers that torch draws repeatable",
        "tests": [
            "randomness.other_libraries_seeds_do_not_seed_torch",
            "randomness.manual_seed_repeats_the_stream",
        ],
        "verdict": "never held",
        "note": "Python's seed does not reach torch's stream; `torch.manual_seed` does.",
    },
    {
        "section": "Residual network",
        "claim": "`Linear(5, 2)` holds a weight of two rows of five",
        "tests": ["modules.linear_weight_is_outputs_by_inputs"],
        "verdict": "holds",
    },
    {
        "section": "Residual network",
        "claim": "five rows of five numbers go through the layer row by row, as a batch",
        "tests": ["modules.linear_maps_the_last_dimension"],
        "verdict": "holds",
    },
    {
        "section": "Residual network",
        "claim": "relu keeps what is positive and makes the rest 0, as the printed tables show",
        "tests": ["training_step.calling_a_model_equals_its_layers_composed_by_hand"],
        "verdict": "holds",
    },
    {
        "section": "Residual network",
        "claim": "the second layer's printed table follows from the printed output of relu, and "
        "the sum from both",
        "tests": ["training_step.calling_a_model_equals_its_layers_composed_by_hand"],
        "verdict": "holds",
    },
    {
        "section": "Residual network",
        "claim": "calling the model gives the same numbers, compared by ==, as composing its "
        "layers by hand",
        "tests": ["training_step.calling_a_model_equals_its_layers_composed_by_hand"],
        "verdict": "holds",
    },
    {
        "section": "Printed tensors",
        "claim": "a parameter prints under a line of its own, `Parameter containing:`, and ends in "
        "`requires_grad=True`",
        "tests": ["modules.parameter_prints_a_heading_and_requires_grad"],
        "verdict": "holds",
    },
    {
        "section": "Printed tensors",
        "claim": "numbers print with four decimals, and whole ones as `0.` and `1.`",
        "tests": ["modules.float_prints_four_decimals_unless_all_are_whole"],
        "verdict": "holds",
    },
    {
        "section": "Printed tensors",
        "claim": "a table with numbers as small as 2e-4 beside 0.7 prints with exponents",
        "tests": ["modules.numbers_a_thousandfold_apart_print_in_scientific_notation"],
        "verdict": "holds",
    },
    {
        "section": "Printed tensors",
        "claim": "a bias of ten numbers breaks its line after the eighth",
        "tests": ["modules.long_rows_are_wrapped_at_eighty_columns"],
        "verdict": "holds",
    },
    {
        "section": "Printed tensors",
        "claim": "a result prints the operation that made it, here Addmm, Relu, Add, Sigmoid and "
        "Div",
        "tests": ["modules.result_prints_the_node_that_made_it"],
        "verdict": "holds",
        "note": "Before 1.10 Addmm and Sigmoid were named without the 0 at the end.",
    },
    {
        "section": "Model structure",
        "claim": "printing a module shows its class, and its children by attribute with their "
        "arguments, nested ones indented",
        "tests": ["modules.module_prints_its_children_by_attribute"],
        "verdict": "holds",
    },
    {
        "section": "Model structure",
        "claim": "`named_parameters()` of a layer gives its weight, then its bias",
        "tests": ["modules.names_of_nested_modules_are_joined_by_dots"],
        "verdict": "holds",
    },
    {
        "section": "Model structure",
        "claim": "parameters of nested modules are named by the attributes that lead to them, "
        "joined by dots",
        "tests": ["modules.names_of_nested_modules_are_joined_by_dots"],
        "verdict": "holds",
    },
    {
        "section": "Model structure",
        "claim": "a module assigned to an attribute is part of the model; a Sigmoid among them "
        "adds no parameter",
        "tests": [
            "modules.names_of_nested_modules_are_joined_by_dots",
            "modules.module_prints_its_children_by_attribute",
        ],
        "verdict": "holds",
    },
    {
        "section": "Model structure",
        "claim": "a new layer's parameters require grad",
        "tests": ["modules.linear_weight_and_bias_are_parameters"],
        "verdict": "holds",
    },
    {
        "section": "Freezing",
        "claim": "setting `requires_grad = False` on each parameter of the base switches off theirs and "
        "no others",
        "tests": ["freezing.frozen_parameter_gets_no_gradient"],
        "verdict": "holds",
    },
    {
        "section": "Freezing",
        "claim": "a base that is frozen before the first backward is not changed by training",
        "tests": [
            "freezing.frozen_parameter_keeps_its_bits_while_the_others_move",
            "training_step.adapter_and_head_have_the_printed_values_after_adam",
        ],
        "verdict": "holds",
    },
    {
        "section": "Freezing",
        "claim": "a parameter with `requires_grad = False` is not updated",
        "tests": [
            "freezing.stale_gradient_moves_a_frozen_weight",
            "freezing.zero_gradient_lets_the_optimizer_move_a_frozen_weight",
            "freezing.frozen_parameter_keeps_its_bits_while_the_others_move",
        ],
        "verdict": "holds if its `.grad` is None",
        "note": "The optimizer looks at `.grad` alone: one that is left from before the freezing is applied again at every step.",
    },
    {
        "section": "Freezing",
        "claim": "an optimizer takes all parameters of the model, the frozen ones among them",
        "tests": [
            "freezing.filtered_optimizer_equals_unfiltered_when_frozen_from_the_start",
            "freezing.state_dict_has_no_state_for_a_parameter_frozen_from_the_start",
        ],
        "verdict": "holds",
    },
    {
        "section": "Data",
        "claim": "`randint` with `dtype=torch.float` gives whole numbers as floats, 2 as the upper bound "
        "excluded",
        "tests": ["randomness.randint_with_a_float_dtype_draws_the_same_numbers_as_floats"],
        "verdict": "holds",
    },
    {
        "section": "Loss",
        "claim": "the network gives the ten printed outputs for the ten printed inputs",
        "tests": ["training_step.adapter_network_gives_the_printed_outputs"],
        "verdict": "holds",
    },
    {
        "section": "Loss",
        "claim": "`squeeze()` fits an output of shape [10, 1] to targets of shape [10]",
        "tests": [
            "losses.mse_of_a_squeezed_output_compares_each_with_its_own_target",
            "losses.squeeze_takes_the_batch_away_from_a_batch_of_one",
        ],
        "verdict": "holds if the batch has more than one sample",
        "note": "Of one sample `squeeze()` takes the batch dimension too; `squeeze(-1)` keeps it.",
    },
    {
        "section": "Loss",
        "claim": "the loss of the printed outputs and targets is 0.3197",
        "tests": ["training_step.adapter_loss_is_the_sum_of_squares_over_ten"],
        "verdict": "holds",
    },
    {
        "section": "Loss",
        "claim": "`MSELoss` is the sum of the squared differences over their number",
        "tests": [
            "training_step.adapter_loss_is_the_sum_of_squares_over_ten",
            "losses.mse_is_the_sum_of_squares_over_the_number_of_elements",
        ],
        "verdict": "holds",
    },
    {
        "section": "Loss",
        "claim": "an f-string shows a loss as a bare number with all its digits, `print` as a tensor with "
        "four decimals",
        "tests": ["modules.f_string_of_a_loss_prints_the_number"],
        "verdict": "holds",
    },
    {
        "section": "Gradients",
        "claim": "before the first backward every parameter's `.grad` is None, frozen or not",
        "tests": ["training_step.gradient_is_none_before_the_first_backward"],
        "verdict": "holds",
    },
    {
        "section": "Gradients",
        "claim": "after backward the frozen base still has None",
        "tests": [
            "freezing.frozen_parameter_gets_no_gradient",
            "training_step.adapter_and_head_get_the_printed_gradients",
        ],
        "verdict": "holds",
    },
    {
        "section": "Gradients",
        "claim": "after backward adapter and head have the printed gradients",
        "tests": ["training_step.adapter_and_head_get_the_printed_gradients"],
        "verdict": "holds",
    },
    {
        "section": "Gradients",
        "claim": "a gradient prints as a plain tensor, without `requires_grad` and `grad_fn`",
        "tests": [
            "modules.gradient_of_a_parameter_is_a_plain_tensor",
            "training_step.gradient_has_no_graph_of_its_own",
        ],
        "verdict": "holds",
    },
    {
        "section": "Gradients",
        "claim": "every parameter is given a gradient to move by",
        "tests": [
            "freezing.frozen_parameter_gets_no_gradient",
            "training_step.parameter_that_the_loss_does_not_use_keeps_none",
        ],
        "verdict": "holds if it requires grad and the loss depends on it",
        "note": "The others keep `.grad` None, and step passes them over.",
    },
    {
        "section": "Gradients",
        "claim": "a gradient is the partial derivative of the loss by the parameter",
        "tests": [
            "optimizers.article_gradient_formula_equals_autograd_for_two_outputs",
            "training_step.backward_calls_add_up",
        ],
        "verdict": "holds if `.grad` was empty before backward",
        "note": "What backward computes is added to what is there.",
    },
    {
        "section": "Gradients",
        "claim": "backward leaves the parameters' values as they were",
        "tests": ["training_step.backward_fills_gradients_and_moves_no_parameter"],
        "verdict": "holds",
    },
    {
        "section": "Adam's step",
        "claim": "a frozen parameter prints without `requires_grad=True`",
        "tests": ["modules.frozen_parameter_prints_without_requires_grad"],
        "verdict": "holds",
    },
    {
        "section": "Adam's step",
        "claim": "one step of Adam with lr 0.001 gives adapter and head the printed values",
        "tests": ["training_step.adapter_and_head_have_the_printed_values_after_adam"],
        "verdict": "holds",
    },
    {
        "section": "Adam's step",
        "claim": "as printed, every trained number moves by 0.001 in that step",
        "tests": [
            "training_step.adam_moves_every_weight_by_lr_at_first",
            "training_step.adam_moves_a_weight_by_less_than_lr_where_the_gradient_is_as_small_as_eps",
        ],
        "verdict": "holds if its gradient is large beside eps",
        "note": "The first step is lr * g / (|g| + eps): less than lr where the gradient is about as small as eps, and 0 where "
        "it is 0.",
    },
    {
        "section": "Adam's step",
        "claim": "the frozen base prints the same numbers after the step",
        "tests": [
            "training_step.adapter_and_head_have_the_printed_values_after_adam",
            "freezing.frozen_parameter_keeps_its_bits_while_the_others_move",
        ],
        "verdict": "holds",
    },
    {
        "section": "Adam's step",
        "claim": "the printed structure of the model tells nothing of freezing or of the step",
        "tests": ["modules.repr_does_not_tell_training_or_freezing"],
        "verdict": "holds",
    },
    {
        "section": "Accumulation",
        "claim": "several backward calls before one step add up their gradients",
        "tests": ["training_step.backward_calls_add_up"],
        "verdict": "holds",
    },
    {
        "section": "Accumulation",
        "claim": "accumulating over micro-batches is like training on one large batch",
        "tests": [
            "training_step.micro_batches_equal_the_batch_when_the_loss_is_divided",
            "training_step.backward_calls_add_up",
            "training_step.smaller_last_micro_batch_weighs_too_much_under_mean",
            "training_step.micro_batches_through_batch_norm_do_not_equal_the_batch",
        ],
        "verdict": "holds if each mean loss is weighed by its share of the batch, and no layer looks at the batch",
        "note": "Unscaled, k equal micro-batches give k times the gradient, and BatchNorm normalises each by itself.",
    },
]
