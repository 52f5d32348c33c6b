# Article B: fine-tuning another model: partial loading, freezing, detaching, replacing layers.
[
    {
        "section": "Deleting a layer",
        "claim": "`strict=False` loads entries that have a counterpart and drops the others",
        "tests": [
            "checkpoints.strict_false_loads_matching_names",
            "checkpoints.strict_false_returns_missing_and_unexpected_names",
            "checkpoints.strict_false_raises_on_another_shape",
        ],
        "verdict": "holds if equal names have equal shapes",
        "note": "Missing and unexpected names are ignored and returned. A matching name with "
        "another shape raises.",
    },
    {
        "section": "Deleting a layer",
        "claim": "`torch.save(model, path)` stores the architecture and the parameters",
        "tests": [
            "checkpoints.saved_module_names_its_class",
            "checkpoints.saved_module_runs_the_class_as_it_is_now",
            "surgery.pickled_module_does_not_load_once_its_class_is_gone",
        ],
        "verdict": "holds if the class is available and unchanged when the file is loaded",
        "note": "The file holds layers and values, but no forward: the class is stored by name, "
        "and its current code runs.",
    },
    {
        "section": "Deleting a layer",
        "claim": "`torch.load(path)` returns a model that was saved whole",
        "tests": ["checkpoints.load_refuses_a_whole_module_by_default"],
        "verdict": "holds until 2.5",
        "note": "Since 2.6 only weights load by default: pass `weights_only=False` for a file "
        "that you trust.",
    },
    {
        "section": "Deleting a layer",
        "claim": "`state_dict()` of a loaded model contains the saved values, also of a layer "
        "that its class no longer creates",
        "tests": [
            "surgery.pickled_module_runs_the_forward_of_the_class_as_it_is_now",
            "checkpoints.saved_module_runs_the_class_as_it_is_now",
        ],
        "verdict": "holds",
    },
    {
        "section": "Deleting a layer",
        "claim": "linear layers accept one sample without a batch dimension and return one "
        "without it",
        "tests": ["modules.linear_maps_the_last_dimension"],
        "verdict": "holds",
    },
    {
        "section": "Deleting a layer",
        "claim": "after loading, the network without its first layer returns -0.3576 for the "
        "input 2, 1",
        "tests": ["checkpoints.strict_false_loads_matching_names"],
        "verdict": "holds",
    },
    {
        "section": "Deleting a layer",
        "claim": "the network's output is the input times the transposed weight plus the bias",
        "tests": ["modules.linear_multiplies_by_the_transposed_weight_and_adds_the_bias"],
        "verdict": "holds",
    },
    {
        "section": "Training after loading",
        "claim": "the loss of an output [1, 1] and a target [1] is their squared difference",
        "tests": [
            "losses.mse_of_a_row_against_its_row_with_one_more_dimension_warns_and_is_right",
            "losses.mse_of_a_column_against_a_row_compares_all_pairs",
        ],
        "verdict": "holds if there is one sample",
        "note": "The shapes broadcast, with a warning: for n samples, [n, 1] and [n] compare all "
        "n * n pairs.",
    },
    {
        "section": "Training after loading",
        "claim": "a partially loaded network can be trained: its loss is 1.8431, and its weight "
        "moves to -0.3572, -0.0466",
        "tests": ["checkpoints.partially_loaded_model_trains_on"],
        "verdict": "holds",
    },
    {
        "section": "Training after loading",
        "claim": "the first step with momentum 0.9 uses only the gradient",
        "tests": [
            "optimizers.sgd_velocity_starts_as_the_first_gradient",
            "checkpoints.partially_loaded_model_trains_on",
        ],
        "verdict": "holds",
    },
    {
        "section": "Filtering a state dict",
        "claim": "filtering the saved dict by name and updating the model's own dict with it "
        "loads the same as `strict=False`",
        "tests": ["checkpoints.filtered_dict_loads_the_same_as_strict_false"],
        "verdict": "holds",
    },
    {
        "section": "Filtering a state dict",
        "claim": "names that the model does not have must be removed before a plain "
        "`load_state_dict`",
        "tests": ["checkpoints.strict_true_raises_and_names_every_key"],
        "verdict": "holds",
    },
    {
        "section": "Filtering a state dict",
        "claim": "`state_dict()` returns a dict that maps the names of weights and biases to "
        "their values",
        "tests": [
            "checkpoints.state_dict_is_an_ordered_dict_with_a_version_for_each_module",
            "checkpoints.state_dict_gives_detached_tensors_on_the_parameters_storage",
        ],
        "verdict": "holds",
        "note": "The values are not copies: the next step changes them.",
    },
    {
        "section": "Filtering a state dict",
        "claim": "a state dict contains only layers with trainable parameters",
        "tests": ["checkpoints.state_dict_holds_buffers_of_layers_that_train_nothing"],
        "verdict": "never held",
        "note": "It also contains buffers, such as the running statistics of a BatchNorm without "
        "weight and bias.",
    },
    {
        "section": "Filtering a state dict",
        "claim": "saved values are matched by the full name of the parameter",
        "tests": [
            "checkpoints.strict_false_loads_matching_names",
            "checkpoints.strict_false_loads_nothing_from_names_with_a_prefix",
        ],
        "verdict": "holds",
    },
    {
        "section": "Filtering a state dict",
        "claim": "a new or renamed layer gets nothing from the checkpoint and keeps its own "
        "initialisation",
        "tests": [
            "surgery.shared_layer_loads_and_the_added_one_keeps_its_initialisation",
            "checkpoints.strict_false_loads_nothing_from_names_with_a_prefix",
        ],
        "verdict": "holds",
    },
    {
        "section": "Filtering a state dict",
        "claim": "after loading, the smaller network lists only the parameters of its own layer",
        "tests": ["checkpoints.filtered_dict_loads_the_same_as_strict_false"],
        "verdict": "holds",
    },
    {
        "section": "Freezing a layer",
        "claim": "the part of a parameter's name before the first dot is the name of its layer",
        "tests": ["modules.names_of_nested_modules_are_joined_by_dots"],
        "verdict": "holds",
    },
    {
        "section": "Freezing a layer",
        "claim": "to stay fixed, a parameter must also be filtered out of the optimizer's "
        "parameters",
        "tests": [
            "freezing.filtered_optimizer_equals_unfiltered_when_frozen_from_the_start",
            "freezing.stale_gradient_moves_a_frozen_weight",
            "freezing.zero_gradient_lets_the_optimizer_move_a_frozen_weight",
        ],
        "verdict": "holds if the parameter has a gradient from before the freezing",
        "note": "A parameter that never had a gradient is skipped, filtered or not.",
    },
    {
        "section": "Freezing a layer",
        "claim": "an optimizer accepts a `filter` object as its parameters",
        "tests": [
            "freezing.filter_object_is_consumed_once",
            "optimizers.empty_parameter_list_raises",
        ],
        "verdict": "holds if the filter is used once and is not empty",
        "note": "A filter is an iterator: a second optimizer finds it empty, and an empty one "
        "raises.",
    },
    {
        "section": "Freezing a layer",
        "claim": "the step changes the second layer to -0.3624, -0.0491 and 0.4173, and does not "
        "change the first",
        "tests": ["freezing.frozen_parameter_keeps_its_bits_while_the_others_move"],
        "verdict": "holds",
    },
    {
        "section": "Freezing a layer",
        "claim": "the numbers show that the frozen first layer has changed",
        "tests": ["freezing.frozen_parameter_keeps_its_bits_while_the_others_move"],
        "verdict": "never held",
        "note": "The frozen layer kept its bits and the second one moved: the article names the "
        "wrong layer.",
    },
    {
        "section": "Freezing a layer",
        "claim": "a frozen parameter prints without `requires_grad=True`",
        "tests": ["modules.frozen_parameter_prints_without_requires_grad"],
        "verdict": "holds",
    },
    {
        "section": "Freezing a layer",
        "claim": "freezing only the second layer works the same way",
        "tests": ["freezing.gradient_flows_through_a_frozen_layer_to_the_one_below"],
        "verdict": "holds",
    },
    {
        "section": "Is the filter needed?",
        "claim": "an optimizer over all parameters gives the same result as one over the filtered "
        "parameters",
        "tests": [
            "freezing.filtered_optimizer_equals_unfiltered_when_frozen_from_the_start",
            "freezing.stale_gradient_moves_a_frozen_weight",
            "freezing.weight_frozen_after_a_step_rests_under_momentum",
        ],
        "verdict": "holds if the parameter was frozen before it had a gradient",
        "note": "After a later freezing, a remaining gradient still moves the parameter. Until "
        "1.13 momentum did so even after `zero_grad()`.",
    },
    {
        "section": "detach",
        "claim": "`detach()` returns a new tensor that is not part of the graph",
        "tests": ["freezing.detach_returns_a_new_leaf_on_the_same_storage"],
        "verdict": "holds",
    },
    {
        "section": "detach",
        "claim": "the result of `detach()` never requires grad",
        "tests": [
            "freezing.detach_returns_a_new_leaf_on_the_same_storage",
            "freezing.gradient_of_a_detached_copy_continues_backward_by_hand",
        ],
        "verdict": "holds if `requires_grad_()` is not called on it",
        "note": "The result does not require grad at first; `requires_grad_()` makes it a leaf "
        "with its own gradient.",
    },
    {
        "section": "detach",
        "claim": "the detached tensor shares the version counter of the original",
        "tests": ["freezing.detach_shares_the_version_counter"],
        "verdict": "holds",
    },
    {
        "section": "detach",
        "claim": "if B gets A's detached output, training on B's output trains only B",
        "tests": ["freezing.detached_output_trains_the_second_model_alone"],
        "verdict": "holds",
    },
    {
        "section": "detach",
        "claim": "detaching a branch keeps its gradients out of the rest of the network",
        "tests": [
            "freezing.detach_in_forward_trains_only_the_layers_behind_it",
            "freezing.detached_output_trains_the_second_model_alone",
            "tying.detaching_one_use_leaves_the_gradient_of_the_other",
        ],
        "verdict": "holds if no other path, such as a skip connection, leads around the detached "
        "tensor",
        "note": "`detach()` cuts one path. Gradients still flow along every other path, such as a "
        "skip connection.",
    },
    {
        "section": "detach",
        "claim": "with `detach()` in forward, a step does not move the layers before it and moves "
        "the layer after it to the printed values",
        "tests": ["freezing.detach_in_forward_trains_only_the_layers_behind_it"],
        "verdict": "holds",
    },
    {
        "section": "detach",
        "claim": "the layers before a detach still require grad, and print so",
        "tests": [
            "freezing.detached_output_trains_the_second_model_alone",
            "modules.parameter_prints_a_heading_and_requires_grad",
        ],
        "verdict": "holds",
    },
    {
        "section": "detach_",
        "claim": "`detach_()` removes the tensor itself from the graph that created it, and makes "
        "it a leaf",
        "tests": ["freezing.detach_in_place_makes_the_tensor_itself_a_leaf"],
        "verdict": "holds",
    },
    {
        "section": "detach_",
        "claim": "`detach_()` sets `grad_fn` to None and `requires_grad` to False",
        "tests": ["freezing.detach_in_place_makes_the_tensor_itself_a_leaf"],
        "verdict": "holds",
    },
    {
        "section": "detach_",
        "claim": "backward stops at a tensor that was detached in place",
        "tests": [
            "freezing.detach_in_place_in_forward_trains_only_the_layers_behind_it",
            "freezing.after_detach_in_place_the_tensor_no_longer_trains_its_model",
        ],
        "verdict": "holds",
    },
    {
        "section": "detach_",
        "claim": "to train B but not A, `y.detach()` and `y.detach_()` work equally well",
        "tests": ["freezing.detach_and_detach_in_place_give_the_second_model_the_same_gradient"],
        "verdict": "holds",
    },
    {
        "section": "detach_",
        "claim": "if y must also train A, only `detach()` works",
        "tests": [
            "freezing.detached_output_trains_the_second_model_alone",
            "freezing.after_detach_in_place_the_tensor_no_longer_trains_its_model",
        ],
        "verdict": "holds",
    },
    {
        "section": "detach_",
        "claim": "`detach_()` behaves like `detach()` in forward",
        "tests": [
            "freezing.detach_in_place_in_forward_trains_only_the_layers_behind_it",
            "freezing.detach_in_place_on_a_view_raises",
            "freezing.output_of_linear_can_be_detached_in_place",
        ],
        "verdict": "holds if the tensor is not a view",
        "note": "A view cannot be detached in place. On some releases the output of Linear for a "
        "vector or for sequences is a view.",
    },
    {
        "section": "Summary",
        "claim": "`requires_grad = False` stops the propagation of gradients at that layer",
        "tests": [
            "freezing.gradient_flows_through_a_frozen_layer_to_the_one_below",
            "freezing.frozen_middle_layer_keeps_its_bits_while_both_neighbours_move",
        ],
        "verdict": "never held",
        "note": "It only stops the gradient of that parameter. Gradients still flow through the "
        "layer to the layers below.",
    },
    {
        "section": "Summary",
        "claim": "freezing affects a single layer, while `detach` cuts off all layers before it",
        "tests": [
            "freezing.freezing_cuts_one_layer_where_detach_cuts_all_before_it",
            "freezing.detached_output_trains_the_second_model_alone",
        ],
        "verdict": "holds if no other path, such as a skip connection, leads around the detached "
        "tensor",
        "note": "`detach()` cuts one path. Gradients still flow along every other path, such as a "
        "skip connection.",
    },
    {
        "section": "Summary",
        "claim": "a loaded model runs the current forward of its class, so that a new `detach` "
        "takes effect",
        "tests": ["surgery.pickled_module_runs_the_forward_of_the_class_as_it_is_now"],
        "verdict": "holds",
    },
    {
        "section": "Replacing a layer",
        "claim": "assigning a layer to an old layer's name replaces it: the network then accepts "
        "four inputs instead of three",
        "tests": [
            "surgery.replaced_layer_has_its_own_shapes_in_the_old_place",
            "surgery.network_with_a_replaced_layer_takes_the_new_input",
            "surgery.network_with_a_replaced_layer_refuses_the_old_input",
        ],
        "verdict": "holds",
    },
    {
        "section": "Replacing a layer",
        "claim": "the other layer keeps its loaded values",
        "tests": ["surgery.replacing_a_layer_leaves_the_other_parameters"],
        "verdict": "holds",
    },
    {
        "section": "Replacing a layer",
        "claim": "the new layer's parameters are listed first, in the place of the old ones",
        "tests": ["surgery.replaced_layer_has_its_own_shapes_in_the_old_place"],
        "verdict": "holds",
    },
    {
        "section": "Replacing a layer",
        "claim": "assigning `Linear(2048, 10)` to `fc` of resnet152 changes its 1000 outputs to 10",
        "tests": ["surgery.resnet_head_is_replaced_by_one_of_ten_outputs"],
        "verdict": "holds",
    },
    {
        "section": "Replacing a layer",
        "claim": "replacing the last layer keeps everything else that was loaded before",
        "tests": ["surgery.replacing_the_head_of_resnet_leaves_all_else_equal"],
        "verdict": "holds",
    },
    {
        "section": "Adding a layer",
        "claim": "a class without the first layer and with a third one loads the shared layer, "
        "and the new layer keeps its own values",
        "tests": ["surgery.shared_layer_loads_and_the_added_one_keeps_its_initialisation"],
        "verdict": "holds",
    },
    {
        "section": "Adding a layer",
        "claim": "a state dict that was completed with the model's own entries loads strictly",
        "tests": [
            "surgery.shared_layer_loads_and_the_added_one_keeps_its_initialisation",
            "checkpoints.filtered_dict_loads_the_same_as_strict_false",
        ],
        "verdict": "holds",
    },
]
