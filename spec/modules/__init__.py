"""A module keeps lists of its parameters, its buffers and its child modules.

Assignment fills the lists. An attribute that is a ``torch.nn.Parameter`` is listed under its name
(``modules.parameter_attribute_is_listed_by_name``). A plain tensor is not listed, even if it
requires grad (``modules.tensor_attribute_that_requires_grad_is_not_listed``). An optimizer that was
built from ``torch.nn.Module.parameters`` does not move such a tensor
(``modules.optimizer_over_parameters_leaves_an_unlisted_tensor``). A buffer is saved, but not
trained (``modules.buffer_is_in_the_state_dict_and_no_parameter``). Python lists of modules are not
registered (``modules.python_list_of_modules_is_not_registered``): use ``torch.nn.ModuleList``
(``modules.module_list_registers_its_modules``).

Names and order matter for checkpoints. Dots join the names of nested modules, in the order of
assignment (``modules.names_of_nested_modules_are_joined_by_dots``). State dicts use these names as
keys, and optimizers match their states by the order (``optimizers.state_is_matched_by_position``).
So an edit can break a checkpoint: ``torch.nn.Sequential.insert`` renames the layers after the new
one (``modules.sequential_insert_moves_the_later_names_on``), and since 1.13 a deletion renumbers
the rest (``modules.sequential_deletion_closes_the_gap``). Since 1.7 a ``torch.nn.ModuleDict`` keeps
the order of a plain dict (``modules.module_dict_registers_in_the_order_of_a_dict``).

A listed parameter is the attribute itself (``modules.parameters_yields_the_attribute_itself``).
``torch.Tensor.data`` is another tensor on the same storage
(``modules.data_is_a_new_tensor_on_the_same_storage``). A write through it changes the parameter
(``modules.write_through_data_changes_the_parameter``), and autograd cannot notice the write
(``modules.data_has_its_own_version_counter``).

``torch.nn.Module.to`` converts a module in place (``modules.moving_a_module_returns_itself``). It
keeps the Parameter objects (``modules.moving_a_module_keeps_its_parameters_and_their_order``), so
an optimizer that was built before still trains them
(``modules.optimizer_built_before_a_dtype_move_still_trains``). ``torch.Tensor.to`` returns another
tensor instead (``modules.tensor_to_returns_another_tensor``). A deep copy of a module has its own
parameters (``modules.deepcopied_module_has_parameters_of_its_own``) and no gradients
(``modules.deepcopied_module_has_no_gradients``); a shallow copy shares the parameters
(``modules.shallow_copy_shares_the_parameters``).

The repr of a module does not show everything: no parameters of its own
(``modules.own_parameters_are_not_printed``), no eval mode and no freezing
(``modules.repr_does_not_tell_training_or_freezing``). Since 1.13 an f-string of a Parameter prints
its whole description (``modules.f_string_of_a_parameter_prints_its_description``).
"""

SUBJECTS = [
    "parameter",
    "linear",
    "buffer",
    "names",
    "access",
    "assignment",
    "register_parameter",
    "containers",
    "sequential",
    "container_operators",
    "apply",
    "to",
    "deepcopy",
    "parameter_attributes",
    "lazy",
    "tensor_repr",
    "module_repr",
    "parameter_format",
    "module_side_effects",
    "method_arguments",
    "module_settings",
    "utils_settings",
    "utils_edges",
    "signatures",
]
