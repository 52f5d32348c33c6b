"""A training step computes a loss, its gradients and new values for the parameters.

A forward pass computes a loss from the parameters and builds a graph. It changes no parameter
(``training_step.forward_builds_a_graph_and_a_scalar_loss``). ``torch.Tensor.backward`` goes back
through the graph and fills the ``.grad`` of each parameter that the loss uses, and moves none of
them (``training_step.backward_fills_gradients_and_moves_no_parameter``).
``torch.optim.Optimizer.step`` moves the parameters by what it finds in ``.grad``, and leaves
``.grad`` as it is (``training_step.step_keeps_gradients``).

Gradients add up until you clear them (``training_step.backward_calls_add_up``). A loop that does
not clear them applies their sum
(``training_step.two_steps_without_zero_grad_apply_the_sum_of_the_gradients``). Gradient
accumulation uses this on purpose. Under a mean loss, divide each loss by the number of
micro-batches (``training_step.micro_batches_equal_the_batch_when_the_loss_is_divided``).

To clear gradients, call ``torch.optim.Optimizer.zero_grad``. It reaches only the parameters that
the optimizer holds (``training_step.optimizer_zero_grad_leaves_what_it_does_not_hold``). Since 2.0
it sets them to None; before, it filled them with zeros
(``training_step.optimizer_zero_grad_leaves_none``). A step skips None, so it moves nothing
(``training_step.step_after_zero_grad_moves_nothing``). With zeros, momentum still moves the weight
(``training_step.step_after_zero_grad_with_zeros_moves_by_momentum``).

Backward frees the tensors that forward saved, so a second backward that needs them raises
(``training_step.second_backward_through_a_freed_graph_raises``). These tensors must not change
before backward uses them: since 1.5, a step between forward and backward makes backward raise
(``training_step.step_between_forward_and_backward_makes_backward_raise``).

Two switches are independent of each other. ``torch.nn.Module.eval`` changes what layers such as
Dropout compute, and does not freeze parameters
(``training_step.eval_does_not_touch_requires_grad``). ``torch.no_grad`` builds no graph
(``training_step.output_under_no_grad_has_no_graph``), and does not stop dropout
(``training_step.no_grad_does_not_take_a_model_out_of_training_mode``). Use both to evaluate a
model.

Between backward and step, gradients can be clipped: ``torch.nn.utils.clip_grad_norm_`` scales all
of them by one factor (``training_step.clip_grad_norm_scales_all_gradients_by_one_factor``). Hooks
see and change what passes through a module
(``training_step.hook_that_returns_a_value_replaces_the_output``) or a tensor
(``training_step.tensor_hook_that_returns_a_value_replaces_the_gradient``). The hooks of a module
run when you call it, not when you call its ``forward``
(``training_step.calling_forward_itself_runs_no_hook``).

The chapter ends with other ways to differentiate, and with edges. ``torch.autograd.grad`` returns
gradients and leaves ``.grad`` alone
(``training_step.autograd_grad_returns_gradients_and_leaves_grad_alone``).
``torch.utils.checkpoint.checkpoint`` runs a part of the forward pass again in backward
(``training_step.checkpoint_runs_the_function_again_in_backward``).
"""

SUBJECTS = [
    "step",
    "forward",
    "gradients",
    "accumulation",
    "zero_grad",
    "zero_grad_reach",
    "step_order",
    "train_eval",
    "no_grad",
    "set_grad_enabled",
    "adam_first_step",
    "adapter",
    "accumulation_reduction",
    "clip_grad_norm",
    "clip_grad_value",
    "counting",
    "retained_gradients",
    "hooks",
    "tensor_hooks",
    "backward_hooks",
    "post_accumulate_hooks",
    "autograd_grad",
    "activation_checkpointing",
    "inference_mode",
    "anomaly_mode",
    "masks",
    "loss_edges",
    "warnings_once",
    "training_side_effects",
    "clip_grad_dtypes",
    "other_module_hooks",
    "grad_mode_edges",
    "signatures",
]
