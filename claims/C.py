# Article C: thawing a backbone, nn.Parameter, nn.Linear, view and reshape, nn.Embedding.
[
    {
        "section": "Freezing",
        "claim": "clearing `requires_grad` of the backbone's parameters freezes it for the first batches",
        "tests": ["freezing.backbone_keeps_its_bits_while_frozen_and_moves_once_thawed"],
        "verdict": "holds",
    },
    {
        "section": "Freezing",
        "claim": "setting `requires_grad` again thaws it for the batches after",
        "tests": [
            "freezing.backbone_keeps_its_bits_while_frozen_and_moves_once_thawed",
            "freezing.filtered_optimizer_does_not_move_a_thawed_backbone",
        ],
        "verdict": "holds if the optimizer holds the backbone",
        "note": "An optimizer built from what required grad at the time never moves it: hand it over by `add_param_group`.",
    },
    {
        "section": "nn.Parameter",
        "claim": "a Parameter is a tensor of a class of its own",
        "tests": ["modules.bias_is_a_parameter_and_its_data_a_tensor"],
        "verdict": "holds",
    },
    {
        "section": "nn.Parameter",
        "claim": "the weight and the bias of `nn.Linear` are Parameters",
        "tests": ["modules.linear_weight_and_bias_are_parameters"],
        "verdict": "holds",
    },
    {
        "section": "nn.Parameter",
        "claim": "a Parameter assigned to an attribute is added to the module's list by itself",
        "tests": [
            "modules.parameter_attribute_is_listed_by_name",
            "modules.parameters_yields_the_attribute_itself",
        ],
        "verdict": "holds",
    },
    {
        "section": "nn.Parameter",
        "claim": "`parameters()` gives it, and the method for names gives it under the attribute's "
        "name",
        "tests": [
            "modules.parameters_yields_the_attribute_itself",
            "modules.parameter_attribute_is_listed_by_name",
        ],
        "verdict": "holds",
        "note": "The method is `named_parameters()`, not `name_parameters()` as the text has it.",
    },
    {
        "section": "nn.Parameter",
        "claim": "a Parameter requires grad by default",
        "tests": ["modules.parameter_requires_grad_by_default"],
        "verdict": "holds",
    },
    {
        "section": "nn.Parameter",
        "claim": "it prints as `Parameter containing:` and, below, the tensor with "
        "`requires_grad=True`",
        "tests": ["modules.parameter_prints_a_heading_and_requires_grad"],
        "verdict": "holds",
    },
    {
        "section": "nn.Parameter",
        "claim": "a plain tensor attribute is not in the list",
        "tests": ["modules.tensor_attribute_is_not_listed"],
        "verdict": "holds",
    },
    {
        "section": "nn.Parameter",
        "claim": "a plain tensor does not require grad by default",
        "tests": ["modules.tensor_requires_no_grad_by_default"],
        "verdict": "holds",
    },
    {
        "section": "nn.Parameter",
        "claim": "a Parameter that requires grad takes part in backward",
        "tests": ["training_step.backward_fills_gradients_and_moves_no_parameter"],
        "verdict": "holds",
    },
    {
        "section": "nn.Parameter",
        "claim": "an optimizer built from `parameters()` moves it",
        "tests": ["modules.optimizer_over_parameters_leaves_an_unlisted_tensor"],
        "verdict": "holds",
    },
    {
        "section": "nn.Parameter",
        "claim": "a plain tensor is not in the list with `requires_grad=True` either",
        "tests": ["modules.tensor_attribute_that_requires_grad_is_not_listed"],
        "verdict": "holds",
    },
    {
        "section": "nn.Parameter",
        "claim": "nor does the optimizer move such a tensor",
        "tests": ["modules.optimizer_over_parameters_leaves_an_unlisted_tensor"],
        "verdict": "holds if the optimizer is built from `parameters()`",
        "note": "It receives a gradient like any leaf; handed to the optimizer itself, it is moved.",
    },
    {
        "section": "nn.Linear",
        "claim": "the weight has the shape (outputs, inputs), the bias (outputs,)",
        "tests": ["modules.linear_weight_is_outputs_by_inputs"],
        "verdict": "holds",
    },
    {
        "section": "nn.Linear",
        "claim": "there is a bias by default",
        "tests": ["modules.linear_weight_is_outputs_by_inputs"],
        "verdict": "holds",
    },
    {
        "section": "nn.Linear",
        "claim": "with `bias=False` the name is registered with None",
        "tests": [
            "modules.linear_without_bias_holds_none",
            "modules.registered_none_is_an_attribute_and_listed_nowhere",
        ],
        "verdict": "holds",
    },
    {
        "section": "nn.Linear",
        "claim": "the constructor takes `device` and `dtype`",
        "tests": ["modules.linear_takes_the_dtype_and_device_of_its_parameters"],
        "verdict": "holds since 1.9",
    },
    {
        "section": "nn.Linear",
        "claim": "the constructor ends in `reset_parameters()`, which draws the first values",
        "tests": [
            "initialization.default_linear_weight_is_kaiming_uniform_with_root_five",
            "initialization.reset_parameters_draws_again_into_the_same_parameters",
        ],
        "verdict": "holds",
    },
    {
        "section": "view and reshape",
        "claim": "both give the same numbers in another shape",
        "tests": ["views.reshape_shares_where_view_works"],
        "verdict": "holds",
    },
    {
        "section": "view and reshape",
        "claim": "`view` returns a new tensor that shares its data with the first",
        "tests": [
            "views.view_is_another_tensor_on_the_same_data",
            "views.write_to_a_view_shows_in_its_base",
        ],
        "verdict": "holds",
    },
    {
        "section": "view and reshape",
        "claim": "`view` demands a contiguous tensor",
        "tests": [
            "views.view_raises_on_a_transposed_tensor",
            "views.view_joins_dimensions_whose_strides_fit",
            "views.view_splits_a_dimension_of_a_transposed_tensor",
        ],
        "verdict": "never held",
        "note": "It demands that the strides fit the new shape: many tensors that are not contiguous pass, others raise.",
    },
    {
        "section": "view and reshape",
        "claim": "`reshape` does not demand it",
        "tests": ["views.reshape_copies_where_view_raises"],
        "verdict": "holds",
        "note": "Where `view` would raise it copies, and a write to the result is lost.",
    },
    {
        "section": "view and reshape",
        "claim": "twelve numbers in order as 3x4 lie row by row in memory, which is what "
        "contiguous means",
        "tests": ["views.arange_in_three_rows_has_strides_4_and_1"],
        "verdict": "holds",
    },
    {
        "section": "Embedding",
        "claim": "each index is turned into a vector of one fixed length",
        "tests": ["layers.embedding_output_shape_is_the_index_shape_and_the_width"],
        "verdict": "holds",
    },
    {
        "section": "Embedding",
        "claim": "forward looks rows up in a table",
        "tests": [
            "layers.embedding_is_a_lookup_and_not_a_product",
            "layers.embedding_gives_the_same_row_for_the_same_index",
        ],
        "verdict": "holds",
    },
    {
        "section": "Embedding",
        "claim": "the table is `weight`, a trainable parameter of shape (vocabulary, width)",
        "tests": ["layers.embedding_weight_is_one_parameter_of_rows_by_width"],
        "verdict": "holds",
    },
    {
        "section": "Embedding",
        "claim": "the lookup is carried out as one-hot vectors times the table",
        "tests": [
            "layers.embedding_is_a_lookup_and_not_a_product",
            "layers.embedding_equals_the_one_hot_product",
        ],
        "verdict": "never held",
        "note": "Rows are copied: value and gradient agree with the product, but a NaN or infinity stays in its own row.",
    },
    {
        "section": "Embedding",
        "claim": "indices of shape (b, s) come out as (b, s, h)",
        "tests": ["layers.embedding_output_shape_is_the_index_shape_and_the_width"],
        "verdict": "holds",
    },
    {
        "section": "Embedding",
        "claim": "the same index gives the same row wherever it stands in the batch",
        "tests": ["layers.embedding_gives_the_same_row_for_the_same_index"],
        "verdict": "holds",
    },
    {
        "section": "Embedding",
        "claim": "the output of an embedding prints without a `grad_fn`",
        "tests": [
            "layers.embedding_gives_the_same_row_for_the_same_index",
            "modules.result_prints_the_node_that_made_it",
        ],
        "verdict": "never held",
        "note": "The table requires grad, so that the output is in a graph and its print names the node.",
    },
    {
        "section": "One-hot product",
        "claim": "`one_hot` of [b, s] gives [b, s, classes]",
        "tests": [
            "layers.one_hot_gives_int64_with_one_more_dimension",
            "layers.one_hot_counts_classes_by_the_largest_index_it_sees",
        ],
        "verdict": "holds if the number of classes is passed",
        "note": "Without it the width is the largest index that is seen, plus one.",
    },
    {
        "section": "One-hot product",
        "claim": "times a table [classes, h] that gives the embedding's output",
        "tests": [
            "layers.embedding_equals_the_one_hot_product",
            "layers.one_hot_product_without_conversion_raises",
        ],
        "verdict": "holds if the one-hot tensor is converted to the table's dtype",
        "note": "`one_hot` gives int64, and a product with floats raises. The last dimension is h, not v.",
    },
    {
        "section": "padding_idx",
        "claim": "the row of `padding_idx` is not changed by training",
        "tests": [
            "layers.padding_row_gets_a_gradient_of_zero",
            "layers.padding_row_stays_at_zero_through_training",
            "layers.padding_row_shrinks_under_weight_decay",
        ],
        "verdict": "holds if no weight decay acts on it and the table has no other use",
        "note": "The lookup gives that row of the table, wherever the index stands, a gradient of zero; decay moves a row that "
        "is not zero.",
    },
    {
        "section": "padding_idx",
        "claim": "index 0 comes out as zeros with `padding_idx=0`, at every place of the batch",
        "tests": ["layers.padding_row_starts_at_zero_and_is_output_as_zero"],
        "verdict": "holds",
    },
    {
        "section": "padding_idx",
        "claim": "that row of the weight starts as zeros, in a weight that requires grad",
        "tests": [
            "layers.padding_row_starts_at_zero_and_is_output_as_zero",
            "layers.embedding_weight_is_one_parameter_of_rows_by_width",
        ],
        "verdict": "holds",
    },
    {
        "section": "padding_idx",
        "claim": "under `no_grad` the row can be set to ones",
        "tests": ["layers.padding_row_set_under_no_grad_takes_effect"],
        "verdict": "holds",
    },
    {
        "section": "padding_idx",
        "claim": "the weight is a parameter that requires grad after that as well",
        "tests": ["training_step.writing_to_a_parameter_under_no_grad_leaves_it_a_leaf"],
        "verdict": "holds",
    },
    {
        "section": "max_norm",
        "claim": "`max_norm` says whether output and weights have been regularised",
        "tests": [
            "layers.max_norm_rescales_looked_up_rows_in_the_table",
            "layers.max_norm_leaves_rows_that_are_no_longer_than_it",
        ],
        "verdict": "never held",
        "note": "It is a length: rows looked up that are longer are scaled down to it, in the table itself, at every forward.",
    },
]
