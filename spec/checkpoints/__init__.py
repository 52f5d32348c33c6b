"""A checkpoint holds the state of a model and its optimizer, so that training can resume later.

The state of a module is a dict of named tensors. ``torch.nn.Module.state_dict`` returns the
parameters and the persistent buffers of all layers
(``checkpoints.state_dict_holds_buffers_of_layers_that_train_nothing``). Its tensors share the
storage of the parameters
(``checkpoints.state_dict_gives_detached_tensors_on_the_parameters_storage``). A state dict that you
keep in memory therefore changes with training: keep a ``copy.deepcopy`` of it
(``checkpoints.state_dict_kept_in_memory_follows_the_training``).

``torch.nn.Module.load_state_dict`` copies the values into the parameters that a model already has
(``checkpoints.load_copies_values_into_the_existing_parameters``). Loading is strict by default: a
missing or an unexpected name raises (``checkpoints.strict_true_raises_and_names_every_key``). With
``strict=False`` the matching names are loaded, and the others are returned
(``checkpoints.strict_false_returns_missing_and_unexpected_names``). A tensor of another shape still
raises (``checkpoints.strict_false_raises_on_another_shape``). Look at the returned names: if all
names begin with ``module.``, nothing is loaded, and nothing raises
(``checkpoints.strict_false_loads_nothing_from_names_with_a_prefix``).

An optimizer has a state dict of its own, with momentum, moments and steps
(``checkpoints.optimizer_state_holds_what_the_next_step_needs``). Training that resumes from both
gives the same bits as training in one run (``checkpoints.resumed_training_gives_the_same_bits``).
Without the optimizer's state it ends with other weights
(``checkpoints.resuming_without_the_optimizers_state_ends_elsewhere``).

Tensors keep their dtype, their shared storage and ``requires_grad`` in a file
(``checkpoints.dtype_survives``, ``checkpoints.shared_storage_survives``,
``checkpoints.requires_grad_and_the_class_parameter_survive``). They lose their gradient
(``checkpoints.gradient_does_not_survive``).

The file contains a pickle, which can run code when it is loaded
(``checkpoints.load_without_weights_only_runs_code``). Since 2.6 ``torch.load`` loads only weights
and plain values by default. A state dict loads on every release
(``checkpoints.load_takes_a_state_dict_by_default``). A whole module raises since 2.6
(``checkpoints.load_refuses_a_whole_module_by_default``). A single other object in the file, such as
a NumPy array, makes loading raise too
(``checkpoints.load_by_default_refuses_a_checkpoint_that_carries_more_than_weights``). You can allow
a class with ``torch.serialization.safe_globals``
(``checkpoints.safe_globals_allows_a_class_inside_its_with_only``).

Save state dicts, not whole modules. A file with a whole module only names its class, so it runs the
class as it is now (``checkpoints.saved_module_runs_the_class_as_it_is_now``). It may lack what a
later release of torch expects
(``checkpoints.whole_gelu_saved_before_its_approximation_raises_in_forward``). Since 1.5, each
release reads the state dicts that every recorded release saved
(``checkpoints.checkpoint_of_every_release_loads``).
"""

SUBJECTS = [
    "state_dict",
    "load_state_dict",
    "partial_loading",
    "optimizer_state",
    "round_trip",
    "load",
    "weights_only",
    "what_loads_by_default",
    "save_module",
    "reading_and_writing",
    "file_format",
    "checkpoint_side_effects",
    "attributes_and_subclasses",
    "state_dict_protocol",
    "interchange",
    "interchange_modules",
    "signatures",
]
