"""Surgery replaces, removes and adds layers in a model that already exists.

A model is an object that holds layers by name, and a class that has the code. Surgery changes the
object. ``forward`` stays as it was, and calls the layer that has the name now
(``surgery.network_with_a_replaced_layer_takes_the_new_input``). A layer that is added under a new
name is registered, but not called
(``surgery.layer_added_to_an_object_is_registered_and_not_called``). A ``forward`` that calls a
deleted layer raises (``surgery.forward_that_calls_a_deleted_layer_raises``). Put
``torch.nn.Identity`` in its place instead: it passes its input on
(``surgery.identity_in_a_layers_place_passes_its_input_on``).

A new layer does not adapt to the model. It requires grad in a frozen model
(``surgery.new_head_of_a_frozen_model_is_all_that_trains``). It is in training mode in a model in
``eval()`` (``surgery.replaced_layer_is_in_training_mode_in_a_model_in_eval``). It has the default
dtype, so the forward of a float64 model raises
(``surgery.new_layer_in_a_model_of_doubles_raises``).

An optimizer holds parameters, not layers or names. An optimizer from before the replacement does
not move the new layer, and nothing warns
(``surgery.optimizer_built_before_the_replacement_does_not_move_the_new_layer``). Build it
afterwards (``surgery.optimizer_built_after_the_replacement_moves_the_new_layer``), or add the new
layer with ``torch.optim.Optimizer.add_param_group``
(``surgery.add_param_group_hands_the_new_layer_to_the_old_optimizer``).

A checkpoint holds names and shapes. With ``strict=False``, loading reports the names that differ
(``checkpoints.strict_false_returns_missing_and_unexpected_names``). Another shape raises even then
(``surgery.state_dict_of_1000_classes_does_not_load_into_10_even_with_strict_false``). Wrapping a
layer renames its keys (``surgery.wrapping_a_layer_renames_its_keys``), and weight norm replaces the
key ``weight`` by two others (``surgery.weight_norm_saves_length_and_direction_for_the_weight``). A
module that is saved whole runs the code that its class has when it is loaded
(``surgery.pickled_module_runs_the_forward_of_the_class_as_it_is_now``).

To replace a nested layer, assign to its parent
(``surgery.setattr_on_the_parent_replaces_a_nested_layer``). Since 2.5 you can also call
``torch.nn.Module.set_submodule`` with the whole path
(``surgery.set_submodule_replaces_a_nested_layer``). ``setattr`` on the model with a dotted name
replaces nothing, and nothing raises (``surgery.setattr_with_a_dotted_name_replaces_nothing``).
"""

SUBJECTS = [
    "replace_layer",
    "stale_optimizer",
    "delete_layer",
    "add_layer",
    "resnet_head",
    "nested_names",
    "class_code",
    "places",
    "weight_norm",
]
