# Article D: accessing, initialising and tying the parameters of a module.
[
    {
        "section": "Main points",
        "claim": "a layer's `weight` and `bias` are Parameters",
        "tests": ["modules.linear_weight_and_bias_are_parameters"],
        "verdict": "holds",
    },
    {
        "section": "Main points",
        "claim": "`.data` returns a parameter's values",
        "tests": ["modules.data_is_a_new_tensor_on_the_same_storage"],
        "verdict": "holds",
    },
    {
        "section": "Main points",
        "claim": "`.grad` returns a parameter's gradient",
        "tests": ["modules.gradient_of_a_parameter_is_a_plain_tensor"],
        "verdict": "holds",
    },
    {
        "section": "Main points",
        "claim": "the gradient of a tied parameter is the sum of the gradients that untied copies "
        "would get",
        "tests": ["tying.tied_layer_takes_the_summed_step", "tying.untied_copies_move_apart"],
        "verdict": "holds",
    },
    {
        "section": "Main points",
        "claim": "a Sequential calls its layers one after another",
        "tests": ["surgery.sequential_of_a_model_and_a_layer_adds_the_layer_behind"],
        "verdict": "holds",
    },
    {
        "section": "Access",
        "claim": "each layer of a Sequential has an index, as in a list",
        "tests": ["modules.sequential_index_counts_from_either_end"],
        "verdict": "holds",
    },
    {
        "section": "Access",
        "claim": "layers without parameters, such as ReLU, have an index too",
        "tests": [
            "modules.sequential_prints_its_layers_by_number",
            "modules.layers_without_parameters_leave_a_gap_in_the_names",
        ],
        "verdict": "holds",
    },
    {
        "section": "Access",
        "claim": "a single layer has its own state dict",
        "tests": ["modules.layer_state_dict_has_names_without_prefix"],
        "verdict": "holds",
    },
    {
        "section": "Access",
        "claim": "the type of a bias is `torch.nn.parameter.Parameter`",
        "tests": ["modules.bias_is_a_parameter_and_its_data_a_tensor"],
        "verdict": "holds",
    },
    {
        "section": "Access",
        "claim": "a bias prints as `Parameter containing:` and the tensor with "
        "`requires_grad=True`",
        "tests": ["modules.parameter_prints_a_heading_and_requires_grad"],
        "verdict": "holds",
    },
    {
        "section": "Access",
        "claim": "`.data` of a parameter prints with `requires_grad=True`",
        "tests": ["modules.data_requires_no_grad"],
        "verdict": "never held",
        "note": "It is a plain tensor that does not require grad, and prints without "
        "`requires_grad`.",
    },
    {
        "section": "Access",
        "claim": "before backward `.grad` is None",
        "tests": [
            "training_step.gradient_is_none_before_the_first_backward",
            "modules.gradient_of_a_parameter_is_a_plain_tensor",
        ],
        "verdict": "holds",
    },
    {
        "section": "Access",
        "claim": "`named_parameters()` lists 0.weight, 0.bias, 2.weight and 2.bias, and nothing "
        "for the ReLU",
        "tests": ["modules.layers_without_parameters_leave_a_gap_in_the_names"],
        "verdict": "holds",
    },
    {
        "section": "Access",
        "claim": "`Linear(4, 8)` has a weight [8, 4] and a bias [8]",
        "tests": ["modules.linear_weight_is_outputs_by_inputs"],
        "verdict": "holds",
    },
    {
        "section": "Access",
        "claim": '`state_dict()["2.bias"]` returns the values of that bias',
        "tests": ["modules.state_dict_key_reaches_the_same_storage"],
        "verdict": "holds",
    },
    {
        "section": "Nested networks",
        "claim": "`add_module` adds a module under a name, which may contain a space",
        "tests": ["modules.add_module_takes_a_name_with_a_space"],
        "verdict": "holds",
        "note": "An empty name or a name with a dot raises.",
    },
    {
        "section": "Nested networks",
        "claim": "printing shows the nested structure with numbers and given names, and each of "
        "the four equal blocks in full",
        "tests": ["modules.sequential_prints_equal_blocks_one_by_one"],
        "verdict": "holds",
    },
    {
        "section": "Nested networks",
        "claim": "several indices in a row reach an inner layer",
        "tests": ["modules.nested_index_reaches_an_inner_layer"],
        "verdict": "holds",
    },
    {
        "section": "Built-in initialisers",
        "claim": "applying a function with `normal_` and `zeros_` gives every Linear small normal "
        "weights and biases of 0",
        "tests": ["initialization.normal_weights_and_zero_biases_through_apply"],
        "verdict": "holds",
    },
    {
        "section": "Built-in initialisers",
        "claim": "functions whose names end in an underscore write in place",
        "tests": ["initialization.init_returns_the_tensor_it_wrote_to"],
        "verdict": "holds",
    },
    {
        "section": "Built-in initialisers",
        "claim": "`apply` calls a function for every submodule and for the network itself",
        "tests": ["modules.apply_visits_children_first_and_the_module_last"],
        "verdict": "holds",
    },
    {
        "section": "Built-in initialisers",
        "claim": "a function passed to `apply` must check the type of the module that it gets",
        "tests": ["modules.apply_sees_a_custom_class_and_what_it_holds"],
        "verdict": "holds",
    },
    {
        "section": "Built-in initialisers",
        "claim": "`type(m) == nn.Linear` finds the linear layers",
        "tests": ["initialization.exact_type_test_leaves_subclasses_out"],
        "verdict": "holds if no layer is of a subclass of Linear",
        "note": "A subclass silently keeps its default values; `isinstance` includes it.",
    },
    {
        "section": "Built-in initialisers",
        "claim": "the type of a user-defined module is its class",
        "tests": ["modules.apply_sees_a_custom_class_and_what_it_holds"],
        "verdict": "holds",
    },
    {
        "section": "Built-in initialisers",
        "claim": "`apply` on one layer initialises only that layer, so that layers can differ",
        "tests": ["initialization.layers_take_different_initialisers"],
        "verdict": "holds",
    },
    {
        "section": "Built-in initialisers",
        "claim": "`constant_(weight, 42)` makes every weight 42",
        "tests": ["initialization.constant_42_through_apply_fills_every_weight"],
        "verdict": "holds",
    },
    {
        "section": "Built-in initialisers",
        "claim": "initialisation must break the symmetry of units, and constants do not",
        "tests": [
            "initialization.units_that_start_equal_stay_equal",
            "initialization.random_units_do_not_stay_equal",
            "initialization.units_that_start_apart_train_apart",
        ],
        "verdict": "holds",
        "note": "One different weight in the layer above is enough to break it.",
    },
    {
        "section": "Custom initialisers",
        "claim": "uniform numbers from -10 to 10, multiplied by the test `abs() >= 5`, are 0 or "
        "at least 5 in absolute value",
        "tests": [
            "initialization.custom_rule_leaves_zero_or_at_least_five",
            "initialization.custom_rule_keeps_exactly_five",
        ],
        "verdict": "holds",
    },
    {
        "section": "Custom initialisers",
        "claim": "writing through `.data` changes the parameter itself",
        "tests": ["modules.write_through_data_changes_the_parameter"],
        "verdict": "holds",
    },
    {
        "section": "Tying",
        "claim": "a layer used in two places is one object with one set of parameters",
        "tests": ["tying.layer_used_twice_holds_one_parameter"],
        "verdict": "holds",
    },
    {
        "section": "Tying",
        "claim": "a 100 that is written in one place appears in the other",
        "tests": ["tying.write_in_one_place_shows_in_the_other"],
        "verdict": "holds",
    },
    {
        "section": "Tying",
        "claim": "a write that appears in both places proves that they are one object, not two "
        "with equal values",
        "tests": [
            "tying.write_in_one_place_shows_in_the_other",
            "tying.equal_values_are_no_tie",
            "tying.tie_through_data_shares_values_and_not_gradients",
        ],
        "verdict": "holds if no two parameters share a storage",
        "note": "After `b.weight.data = a.weight.data` a write appears in both places, but "
        "`a.weight is b.weight` is False.",
    },
    {
        "section": "Tying",
        "claim": "`second.weight = first.weight` also ties the parameters",
        "tests": [
            "tying.assignment_ties",
            "tying.parameters_tied_by_assignment_train_as_a_tied_layer",
        ],
        "verdict": "holds",
    },
    {
        "section": "Tied gradients",
        "claim": "backward on a loss of shape [1] needs no argument",
        "tests": ["training_step.backward_on_one_element_of_shape_one_runs"],
        "verdict": "holds",
    },
    {
        "section": "Tied gradients",
        "claim": "SGD moves a parameter by lr times its gradient",
        "tests": ["optimizers.sgd_subtracts_lr_times_the_gradient"],
        "verdict": "holds",
    },
    {
        "section": "Tied gradients",
        "claim": "two untied layers with weight 2 and bias 1 move to weights of 1.8 and 1.7",
        "tests": ["tying.untied_copies_move_apart"],
        "verdict": "holds",
    },
    {
        "section": "Tied gradients",
        "claim": "one layer in both places moves to weight 1.5 and bias 0.7",
        "tests": ["tying.tied_layer_takes_the_summed_step"],
        "verdict": "holds",
    },
    {
        "section": "Tied gradients",
        "claim": "the optimizer moves the tied parameter once",
        "tests": ["tying.optimizer_steps_a_tied_parameter_once"],
        "verdict": "holds",
    },
    {
        "section": "Tied gradients",
        "claim": "the weight of `Linear(1, 1)` prints as a number, `tensor(1.8000)`",
        "tests": ["tying.untied_copies_move_apart", "modules.linear_weight_is_outputs_by_inputs"],
        "verdict": "never held",
        "note": "It is a matrix of shape [1, 1] and prints as `tensor([[1.8000]])`.",
    },
    {
        "section": "Tied gradients",
        "claim": "backward adds the gradients of both uses before they reach the parameter",
        "tests": [
            "tying.tied_layer_takes_the_summed_step",
            "tying.hook_on_a_tied_parameter_sees_the_sum_once",
        ],
        "verdict": "holds",
    },
]
