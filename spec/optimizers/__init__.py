"""An optimizer turns gradients into steps, and a scheduler sets its learning rate.

The step reads the gradient of each parameter. Plain SGD subtracts the learning rate times the
gradient (``optimizers.sgd_subtracts_lr_times_the_gradient``). A parameter whose gradient is None is
skipped (``optimizers.parameter_without_gradient_is_skipped``). A gradient of zero is not the same:
weight decay still shrinks the parameter (``optimizers.parameter_with_zero_gradient_decays``), and
momentum still moves it (``optimizers.momentum_goes_on_with_zero_gradient``). Since 2.0
``zero_grad`` leaves None (``training_step.optimizer_zero_grad_leaves_none``).

What an optimizer remembers of a parameter is its state, which is empty before the first step
(``optimizers.optimizer_has_no_state_before_the_first_step``). SGD keeps a velocity
(``optimizers.sgd_with_momentum_keeps_the_velocity``), and Adam a step count and two averages
(``optimizers.adam_keeps_step_and_two_averages``). Weight decay differs too: Adam normalises it away
(``optimizers.adam_weight_decay_is_normalised_away``), and AdamW shrinks weights in proportion
(``optimizers.adamw_weight_decay_shrinks_in_proportion``).

Options belong to parameter groups. A learning rate that is written into a group holds from the next
step (``optimizers.learning_rate_set_in_the_group_holds_from_the_next_step``); one that is written
into the defaults changes no group
(``optimizers.learning_rate_set_in_the_defaults_changes_no_group``). A scheduler writes into the
groups. Call its ``step`` after that of the optimizer: the other order warns and skips the first
rate (``optimizers.scheduler_step_before_the_optimizer_step_warns``). StepLR goes on from a rate
that was set by hand (``optimizers.step_schedule_goes_on_from_a_rate_set_by_hand``), and LambdaLR
overwrites it (``optimizers.lambda_schedule_overwrites_a_rate_set_by_hand``).

To resume, load the state dicts of both. ``torch.optim.Optimizer.load_state_dict`` matches state by
position (``optimizers.state_is_matched_by_position``), not by name
(``optimizers.names_do_not_match_state_to_parameters``). The saved options replace the constructor's
(``optimizers.loaded_options_replace_the_constructors``). Since 2.1 loading does not copy the state
(``optimizers.loaded_optimizer_shares_its_state_with_the_saved_one``). A loaded scheduler does not
set the learning rate (``optimizers.loading_a_scheduler_leaves_the_learning_rate``).

One formula has several implementations. Foreach steps of SGD, Adam and AdamW give the values of the
plain loop (``optimizers.foreach_step_equals_the_plain_one``). Their fused steps, on the CPU since
2.4, give these values too (``optimizers.fused_step_equals_the_plain_one``). Foreach steps of some
other optimizers differed from the plain loop before 2.4
(``optimizers.foreach_step_of_other_optimizers_equals_the_plain_one``).
"""

SUBJECTS = [
    "sgd",
    "adam",
    "manual_gradient",
    "none_gradients",
    "param_groups",
    "defaults",
    "state_dict_load",
    "step_lr",
    "schedulers",
    "plateau",
    "combined_schedules",
    "schedule_settings",
    "cycle_settings",
    "schedule_state",
    "schedule_resumption",
    "other_optimizers",
    "every_optimizer",
    "optimizer_settings",
    "optimizer_resumption",
    "optimizer_edges",
    "lbfgs",
    "sparse_gradients",
    "implementations",
    "tensor_settings",
    "schedule_tensors",
    "optimizer_copies",
    "step_hooks",
    "state_dict_hooks",
    "hook_order",
    "optimizer_side_effects",
    "bad_arguments",
    "signatures",
]
