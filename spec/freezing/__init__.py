"""Freezing keeps some parameters of a model as they are while the others train.

Whether a weight moves depends on two things: on its gradient, and on the optimizer.
``requires_grad=False`` stops autograd, and nothing else. The parameter gets no gradient
(``freezing.frozen_parameter_gets_no_gradient``). Its layer still passes gradients on to the layers
below (``freezing.gradient_flows_through_a_frozen_layer_to_the_one_below``).
``torch.nn.Module.requires_grad_`` sets the flag on all parameters of a module
(``freezing.module_requires_grad_reaches_every_parameter``). Assigning
``model.requires_grad = False`` freezes nothing
(``freezing.assigning_requires_grad_to_a_module_freezes_nothing``).

A parameter that is frozen from the start never has a gradient, and an optimizer skips it. It does
not matter whether the optimizer holds it
(``freezing.filtered_optimizer_equals_unfiltered_when_frozen_from_the_start``).

A parameter that is frozen later keeps its last gradient
(``freezing.freezing_keeps_the_gradient_that_is_there``), and the next step applies it again
(``freezing.stale_gradient_moves_a_frozen_weight``). Clear it when you freeze. Since 2.0
``zero_grad()`` leaves None, and momentum no longer moves the weight
(``freezing.weight_frozen_after_a_step_rests_under_momentum``). Before 2.0 it left zeros. Zeros let
momentum (``freezing.zeroed_gradient_lets_momentum_move_a_frozen_weight``), weight decay and Adam
(``freezing.zero_gradient_lets_the_optimizer_move_a_frozen_weight``) move a frozen weight, on every
release.

To unfreeze, set the flag to True again. An optimizer that was built without the parameter does not
move it (``freezing.filtered_optimizer_does_not_move_a_thawed_backbone``) until you add it
(``freezing.add_param_group_lets_a_filtered_optimizer_move_a_thawed_backbone``).

Buffers are not parameters. A BatchNorm with frozen parameters still updates its running statistics
in training mode (``freezing.frozen_batchnorm_goes_on_updating_its_running_statistics``).
``torch.nn.Module.eval`` stops that (``layers.batchnorm_in_eval_leaves_its_statistics``), but does
not freeze its weight (``freezing.eval_does_not_freeze_the_weight_of_batchnorm``).

``torch.Tensor.detach`` acts on the graph instead. It returns a tensor on the same storage, without
a graph (``freezing.detach_returns_a_new_leaf_on_the_same_storage``). Freezing a layer stops only
that layer; detaching its output also stops the layers before it
(``freezing.freezing_cuts_one_layer_where_detach_cuts_all_before_it``). Do not write to the detached
tensor: backward may need the value, and then raises
(``freezing.write_to_a_detached_tensor_makes_backward_raise``).
"""

SUBJECTS = [
    "requires_grad",
    "frozen_from_the_start",
    "frozen_after_a_step",
    "freeze_schedule",
    "optimizer_state",
    "frozen_batchnorm",
    "detach",
    "detach_against_freezing",
    "parameter_against_tensor",
]
