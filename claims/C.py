# Article C: unfreezing a backbone, nn.Parameter, nn.Linear, view and reshape, nn.Embedding.
[
    {
        "section": "Freezing",
        "claim": "`requires_grad = False` on the backbone's parameters freezes it for the first "
        "batches",
        "tests": ["freezing.backbone_keeps_its_bits_while_frozen_and_moves_once_thawed"],
        "verdict": "holds",
    },
    {
        "section": "Freezing",
        "claim": "`requires_grad = True` unfreezes the backbone for later batches",
        "tests": [
            "freezing.backbone_keeps_its_bits_while_frozen_and_moves_once_thawed",
            "freezing.filtered_optimizer_does_not_move_a_thawed_backbone",
        ],
        "verdict": "holds if the optimizer holds the backbone's parameters",
        "note": "An optimizer built only from parameters that required grad never moves the "
        "backbone: add it with `add_param_group`.",
    },
    {
        "section": "nn.Parameter",
        "claim": "a Parameter is a tensor with its own class",
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
        "claim": "a Parameter assigned to an attribute is added to the module's parameters "
        "automatically",
        "tests": [
            "modules.parameter_attribute_is_listed_by_name",
            "modules.parameters_yields_the_attribute_itself",
        ],
        "verdict": "holds",
    },
    {
        "section": "nn.Parameter",
        "claim": "`parameters()` yields an assigned Parameter, and the method for names lists it "
        "by the attribute's name",
        "tests": [
            "modules.parameters_yields_the_attribute_itself",
            "modules.parameter_attribute_is_listed_by_name",
        ],
        "verdict": "holds",
        "note": "The method is `named_parameters()`, not `name_parameters()` as the text says.",
    },
    {
        "section": "nn.Parameter",
        "claim": "the attribute that makes a tensor require grad is called `required_grad`",
        "tests": [
            "modules.parameter_requires_grad_by_default",
            "modules.moved_parameter_keeps_its_own_attributes",
        ],
        "verdict": "never held",
        "note": "It is called `requires_grad`. A tensor accepts any other attribute, such as "
        "`required_grad`, silently and without effect.",
    },
    {
        "section": "nn.Parameter",
        "claim": "a Parameter requires grad by default",
        "tests": ["modules.parameter_requires_grad_by_default"],
        "verdict": "holds",
    },
    {
        "section": "nn.Parameter",
        "claim": "a Parameter prints as `Parameter containing:` and, below, the tensor with "
        "`requires_grad=True`",
        "tests": ["modules.parameter_prints_a_heading_and_requires_grad"],
        "verdict": "holds",
    },
    {
        "section": "nn.Parameter",
        "claim": "a plain tensor attribute is not among the module's parameters",
        "tests": ["modules.tensor_attribute_that_requires_grad_is_not_listed"],
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
        "claim": "backward computes the gradient of a Parameter that requires grad",
        "tests": ["training_step.backward_fills_gradients_and_moves_no_parameter"],
        "verdict": "holds",
    },
    {
        "section": "nn.Parameter",
        "claim": "an optimizer built from `parameters()` updates a Parameter that requires grad",
        "tests": ["modules.optimizer_over_parameters_leaves_an_unlisted_tensor"],
        "verdict": "holds",
    },
    {
        "section": "nn.Parameter",
        "claim": "even with `requires_grad=True` a plain tensor is not among the module's "
        "parameters",
        "tests": ["modules.tensor_attribute_that_requires_grad_is_not_listed"],
        "verdict": "holds",
    },
    {
        "section": "nn.Parameter",
        "claim": "the optimizer does not update a plain tensor with `requires_grad=True`",
        "tests": ["modules.optimizer_over_parameters_leaves_an_unlisted_tensor"],
        "verdict": "holds if the optimizer is built from `parameters()`",
        "note": "The tensor gets a gradient like any leaf. An optimizer that gets the tensor "
        "itself moves it.",
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
        "claim": "with `bias=False` the name `bias` is registered as None",
        "tests": [
            "modules.linear_without_bias_holds_none",
            "modules.registered_none_is_an_attribute_and_listed_nowhere",
        ],
        "verdict": "holds",
    },
    {
        "section": "nn.Linear",
        "claim": "the constructor accepts `device` and `dtype`",
        "tests": ["modules.linear_takes_the_dtype_and_device_of_its_parameters"],
        "verdict": "holds since 1.9",
    },
    {
        "section": "nn.Linear",
        "claim": "the constructor ends with `reset_parameters()`, which draws the initial values",
        "tests": [
            "initialization.default_linear_weight_is_kaiming_uniform_with_root_five",
            "initialization.reset_parameters_draws_again_into_the_same_parameters",
        ],
        "verdict": "holds",
    },
    {
        "section": "view and reshape",
        "claim": "`view` and `reshape` return the same numbers in another shape",
        "tests": ["views.reshape_shares_where_view_works"],
        "verdict": "holds",
    },
    {
        "section": "view and reshape",
        "claim": "`view` returns a new tensor that shares its data with the original",
        "tests": [
            "views.view_is_another_tensor_on_the_same_data",
            "views.write_to_a_view_shows_in_its_base",
        ],
        "verdict": "holds",
    },
    {
        "section": "view and reshape",
        "claim": "`view` requires a contiguous tensor",
        "tests": [
            "views.view_raises_on_a_transposed_tensor",
            "views.view_joins_dimensions_whose_strides_fit",
            "views.view_splits_a_dimension_of_a_transposed_tensor",
        ],
        "verdict": "never held",
        "note": "It requires strides that fit the new shape: many tensors that are not contiguous "
        "work, others raise.",
    },
    {
        "section": "view and reshape",
        "claim": "`reshape` does not require a contiguous tensor",
        "tests": ["views.reshape_copies_where_view_raises"],
        "verdict": "holds",
        "note": "Where `view` would raise, `reshape` copies: a write to the result does not reach "
        "the original.",
    },
    {
        "section": "view and reshape",
        "claim": "twelve ordered numbers in the shape 3x4 lie row by row in memory, which is what "
        "contiguous means",
        "tests": ["views.arange_in_three_rows_has_strides_4_and_1"],
        "verdict": "holds",
    },
    {
        "section": "Embedding",
        "claim": "an embedding turns each index into a vector of fixed length",
        "tests": ["layers.embedding_output_shape_is_the_index_shape_and_the_width"],
        "verdict": "holds",
    },
    {
        "section": "Embedding",
        "claim": "forward looks up rows of a table",
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
        "claim": "the lookup is computed as one-hot vectors times the table",
        "tests": [
            "layers.embedding_is_a_lookup_and_not_a_product",
            "layers.embedding_equals_the_one_hot_product",
        ],
        "verdict": "never held",
        "note": "Rows are copied: value and gradient agree with the product, but a NaN or "
        "infinity affects only its own row.",
    },
    {
        "section": "Embedding",
        "claim": "indices of shape (b, s) give an output of shape (b, s, h)",
        "tests": ["layers.embedding_output_shape_is_the_index_shape_and_the_width"],
        "verdict": "holds",
    },
    {
        "section": "Embedding",
        "claim": "the same index gives the same row at every position of the batch",
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
        "note": "The table requires grad, so the output is part of a graph and prints its "
        "`grad_fn`.",
    },
    {
        "section": "One-hot product",
        "claim": "`one_hot` of [b, s] returns [b, s, classes]",
        "tests": [
            "layers.one_hot_gives_int64_with_one_more_dimension",
            "layers.one_hot_counts_classes_by_the_largest_index_it_sees",
        ],
        "verdict": "holds if the number of classes is passed",
        "note": "Otherwise the number of classes is the largest index that occurs plus one.",
    },
    {
        "section": "One-hot product",
        "claim": "the one-hot tensor times a table [classes, h] is the embedding's output",
        "tests": [
            "layers.embedding_equals_the_one_hot_product",
            "layers.one_hot_product_without_conversion_raises",
        ],
        "verdict": "holds if the one-hot tensor is converted to the table's dtype",
        "note": "`one_hot` returns int64, and a product with floats raises. The last dimension is "
        "h, not v.",
    },
    {
        "section": "padding_idx",
        "claim": "training does not change the row of `padding_idx`",
        "tests": [
            "layers.padding_row_gets_a_gradient_of_zero",
            "layers.padding_row_stays_at_zero_through_training",
            "layers.padding_row_shrinks_under_weight_decay",
            "tying.output_layer_tied_to_an_embedding_gives_the_padding_row_a_gradient",
            "layers.max_norm_rescales_looked_up_rows_in_the_table",
        ],
        "verdict": "holds if there is no weight decay, no `max_norm` and no other use of the table",
        "note": "The lookup gives the padding row a gradient of zero. Weight decay shrinks a row "
        "that is not zero, and `max_norm` rescales one that is too long.",
    },
    {
        "section": "padding_idx",
        "claim": "with `padding_idx=0` index 0 gives zeros at every position of the batch",
        "tests": ["layers.padding_row_starts_at_zero_and_is_output_as_zero"],
        "verdict": "holds",
    },
    {
        "section": "padding_idx",
        "claim": "the padding row of the weight starts as zeros, and the weight requires grad",
        "tests": [
            "layers.padding_row_starts_at_zero_and_is_output_as_zero",
            "layers.embedding_weight_is_one_parameter_of_rows_by_width",
        ],
        "verdict": "holds",
    },
    {
        "section": "padding_idx",
        "claim": "under `no_grad` the padding row can be set to ones",
        "tests": ["layers.padding_row_set_under_no_grad_takes_effect"],
        "verdict": "holds",
    },
    {
        "section": "padding_idx",
        "claim": "after a write under `no_grad` the weight is still a parameter that requires grad",
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
        "note": "It is a length. Every forward scales looked-up rows that are longer down to it, "
        "in the table itself.",
    },
]
