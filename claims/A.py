# Article A: one training step by hand, and an adapter trained on a frozen base.
[
    {
        "section": "Training step",
        "claim": "a forward pass computes a loss from the input and builds the graph",
        "tests": ["training_step.forward_builds_a_graph_and_a_scalar_loss"],
        "verdict": "holds",
    },
    {
        "section": "Training step",
        "claim": "`loss.backward()` goes back through the graph and computes each parameter's "
        "gradient",
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
        "claim": "`optimizer.step()` updates the parameters",
        "tests": [
            "training_step.step_keeps_gradients",
            "training_step.step_before_the_first_backward_moves_nothing",
        ],
        "verdict": "holds",
        "note": "A parameter whose gradient is None is skipped.",
    },
    {
        "section": "Training step",
        "claim": "`optimizer.step()` also clears the gradients",
        "tests": [
            "training_step.step_keeps_gradients",
            "training_step.two_steps_without_zero_grad_apply_the_sum_of_the_gradients",
        ],
        "verdict": "never held",
        "note": "The gradients stay as they are, and the next backward adds to them. "
        "`zero_grad()` clears them.",
    },
    {
        "section": "Seed",
        "claim": "`random.seed(42)` makes torch's random numbers repeatable",
        "tests": [
            "randomness.other_libraries_seeds_do_not_seed_torch",
            "randomness.manual_seed_repeats_the_stream",
        ],
        "verdict": "never held",
        "note": "Python's seed does not affect torch's generator; `torch.manual_seed` does.",
    },
    {
        "section": "Residual network",
        "claim": "the weight of `Linear(5, 2)` has two rows of five numbers",
        "tests": ["modules.linear_weight_is_outputs_by_inputs"],
        "verdict": "holds",
    },
    {
        "section": "Residual network",
        "claim": "the layer processes a batch of five rows of five numbers row by row",
        "tests": ["modules.linear_maps_the_last_dimension"],
        "verdict": "holds",
    },
    {
        "section": "Residual network",
        "claim": "relu keeps positive numbers and sets the others to 0, as the printed tables show",
        "tests": ["training_step.calling_a_model_equals_its_layers_composed_by_hand"],
        "verdict": "holds",
    },
    {
        "section": "Residual network",
        "claim": "the second layer's printed output follows from relu's printed output, and the "
        "residual sum from it and the input",
        "tests": ["training_step.calling_a_model_equals_its_layers_composed_by_hand"],
        "verdict": "holds",
    },
    {
        "section": "Residual network",
        "claim": "calling the model equals, by `==`, composing its layers by hand",
        "tests": ["training_step.calling_a_model_equals_its_layers_composed_by_hand"],
        "verdict": "holds",
    },
    {
        "section": "Printed tensors",
        "claim": "a parameter prints below the line `Parameter containing:` and ends in "
        "`requires_grad=True`",
        "tests": ["modules.parameter_prints_a_heading_and_requires_grad"],
        "verdict": "holds",
    },
    {
        "section": "Printed tensors",
        "claim": "numbers print with four decimals, and a tensor of whole numbers as `0.` and `1.`",
        "tests": ["modules.float_prints_four_decimals_unless_all_are_whole"],
        "verdict": "holds",
    },
    {
        "section": "Printed tensors",
        "claim": "a table that contains both 2e-4 and 0.7 prints in scientific notation",
        "tests": ["modules.numbers_a_thousandfold_apart_print_in_scientific_notation"],
        "verdict": "holds",
    },
    {
        "section": "Printed tensors",
        "claim": "the printed line of a bias of ten numbers wraps after the eighth",
        "tests": ["modules.long_rows_are_wrapped_at_eighty_columns"],
        "verdict": "holds",
    },
    {
        "section": "Printed tensors",
        "claim": "a result prints the operation that created it, here Addmm, Relu, Add, Sigmoid "
        "and Div",
        "tests": ["modules.result_prints_the_node_that_made_it"],
        "verdict": "holds",
        "note": "Before 1.10 the names of Addmm and Sigmoid did not end in 0.",
    },
    {
        "section": "Model structure",
        "claim": "printing a module shows its class and its children with attribute names and "
        "arguments, and indents nested ones",
        "tests": ["modules.module_prints_its_children_by_attribute"],
        "verdict": "holds",
    },
    {
        "section": "Model structure",
        "claim": "`named_parameters()` of a layer lists its weight, then its bias",
        "tests": ["modules.names_of_nested_modules_are_joined_by_dots"],
        "verdict": "holds",
    },
    {
        "section": "Model structure",
        "claim": "the name of a nested parameter is the path of attribute names, joined by dots",
        "tests": ["modules.names_of_nested_modules_are_joined_by_dots"],
        "verdict": "holds",
    },
    {
        "section": "Model structure",
        "claim": "a module assigned to an attribute becomes part of the model; a Sigmoid adds no "
        "parameters",
        "tests": [
            "modules.names_of_nested_modules_are_joined_by_dots",
            "modules.module_prints_its_children_by_attribute",
        ],
        "verdict": "holds",
    },
    {
        "section": "Model structure",
        "claim": "the parameters of a new layer require grad",
        "tests": ["modules.linear_weight_and_bias_are_parameters"],
        "verdict": "holds",
    },
    {
        "section": "Freezing",
        "claim": "setting `requires_grad = False` on each parameter of the base affects these "
        "parameters only",
        "tests": ["freezing.frozen_parameter_gets_no_gradient"],
        "verdict": "holds",
    },
    {
        "section": "Freezing",
        "claim": "training does not change a base that was frozen before the first backward",
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
        "note": "The optimizer checks only `.grad`: a gradient from before the freezing is "
        "applied again at every step.",
    },
    {
        "section": "Freezing",
        "claim": "an optimizer accepts all parameters of the model, including frozen ones",
        "tests": [
            "freezing.filtered_optimizer_equals_unfiltered_when_frozen_from_the_start",
            "freezing.state_dict_has_no_state_for_a_parameter_frozen_from_the_start",
        ],
        "verdict": "holds",
    },
    {
        "section": "Data",
        "claim": "`randint` with `dtype=torch.float` returns whole numbers as floats, without the "
        "upper bound 2",
        "tests": ["randomness.randint_with_a_float_dtype_draws_the_same_numbers_as_floats"],
        "verdict": "holds",
    },
    {
        "section": "Loss",
        "claim": "the network returns the ten printed outputs for the ten printed inputs",
        "tests": ["training_step.adapter_network_gives_the_printed_outputs"],
        "verdict": "holds",
    },
    {
        "section": "Loss",
        "claim": "`squeeze()` makes an output of shape [10, 1] match targets of shape [10]",
        "tests": [
            "losses.mse_of_a_squeezed_output_compares_each_with_its_own_target",
            "losses.squeeze_takes_the_batch_away_from_a_batch_of_one",
        ],
        "verdict": "holds if the batch has more than one sample",
        "note": "For a single sample `squeeze()` also removes the batch dimension; `squeeze(-1)` "
        "keeps it.",
    },
    {
        "section": "Loss",
        "claim": "the loss of the printed outputs and targets is 0.3197",
        "tests": ["training_step.adapter_loss_is_the_sum_of_squares_over_ten"],
        "verdict": "holds",
    },
    {
        "section": "Loss",
        "claim": "`MSELoss` is the sum of the squared differences divided by their number",
        "tests": [
            "training_step.adapter_loss_is_the_sum_of_squares_over_ten",
            "losses.mse_is_the_sum_of_squares_over_the_number_of_elements",
        ],
        "verdict": "holds",
    },
    {
        "section": "Loss",
        "claim": "an f-string shows a loss as a plain number with all its digits, and `print` as "
        "a tensor with four decimals",
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
        "claim": "after backward `.grad` of the frozen base is still None",
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
        "claim": "backward gives every parameter a gradient",
        "tests": [
            "freezing.frozen_parameter_gets_no_gradient",
            "training_step.parameter_that_the_loss_does_not_use_keeps_none",
        ],
        "verdict": "holds if the parameter requires grad and the loss depends on it",
        "note": "For all others `.grad` stays None, and step skips them.",
    },
    {
        "section": "Gradients",
        "claim": "a gradient is the partial derivative of the loss with respect to the parameter",
        "tests": [
            "optimizers.article_gradient_formula_equals_autograd_for_two_outputs",
            "training_step.backward_calls_add_up",
        ],
        "verdict": "holds if `.grad` was None or zero before backward",
        "note": "backward adds its result to a gradient that already exists.",
    },
    {
        "section": "Gradients",
        "claim": "backward does not change the values of the parameters",
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
        "claim": "every trained number moves by 0.001 in that step, as printed",
        "tests": [
            "training_step.adam_moves_every_weight_by_lr_at_first",
            "training_step.adam_moves_a_weight_by_less_than_lr_where_the_gradient_is_as_small_as_eps",
        ],
        "verdict": "holds if the gradient is much larger than eps",
        "note": "The first step is lr * g / (|g| + eps). It is less than lr if the gradient is "
        "about as small as eps, and 0 if the gradient is 0.",
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
        "claim": "the printed structure of the model shows neither the freezing nor the step",
        "tests": ["modules.repr_does_not_tell_training_or_freezing"],
        "verdict": "holds",
    },
    {
        "section": "Accumulation",
        "claim": "the gradients of several backward calls before one step add up",
        "tests": ["training_step.backward_calls_add_up"],
        "verdict": "holds",
    },
    {
        "section": "Accumulation",
        "claim": "accumulating gradients over micro-batches is like training on one large batch",
        "tests": [
            "training_step.micro_batches_equal_the_batch_when_the_loss_is_divided",
            "training_step.backward_calls_add_up",
            "training_step.smaller_last_micro_batch_weighs_too_much_under_mean",
            "training_step.micro_batches_through_batch_norm_do_not_equal_the_batch",
        ],
        "verdict": "holds if each mean loss is weighted by its share of the batch and no layer "
        "uses batch statistics",
        "note": "Without weights, k equal micro-batches give k times the gradient. BatchNorm "
        "normalises each micro-batch separately.",
    },
]
