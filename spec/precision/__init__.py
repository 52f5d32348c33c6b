"""Mixed precision: autocast, gradient scaling, and the flags and dtypes of reduced precision.

A float32 model trains faster if its matrix products are computed in 16 bits. ``torch.autocast``
does this and leaves the model as it is. Operations on its list cast their inputs
(`precision.autocast_computes_matrix_products_in_bfloat16`), losses are cast up again
(`precision.autocast_computes_losses_of_bfloat16_in_float32`), and parameters and their gradients
stay in float32 (`precision.gradients_of_parameters_are_float32_under_autocast`). The lists differ
between releases and between CPU and CUDA.

A region of autocast ends before ``backward``, and before the optimizer's step: inside one region a
changed weight keeps its former value
(`precision.weight_changed_inside_a_region_keeps_its_cached_value`).

float16 has a small range. ``torch.amp.GradScaler`` multiplies the loss, so that small gradients
are not zero (`precision.scaling_saves_a_gradient_that_is_zero_in_float16`), and skips steps whose
gradients overflow (`precision.scaler_skips_a_step_with_inf_or_nan`). Clip gradients after
``unscale_`` (`precision.gradients_are_clipped_after_unscaling`). bfloat16 needs no scaler, but
has fewer digits: small steps of a bfloat16 weight are lost
(`precision.small_steps_are_lost_in_bfloat16`).

The older names in ``torch.cuda.amp`` warn since 2.4
(`precision.cuda_autocast_warns_to_use_the_general_name`). The flags for TF32 have new names since
2.9, and raise if old and new are mixed
(`precision.reading_an_old_flag_after_a_new_one_raises`).
"""

SUBJECTS = [
    "autocast_regions",
    "autocast_operations",
    "autocast_training",
    "autocast_cache",
    "grad_scaler",
    "grad_scaler_order",
    "grad_scaler_state",
    "amp_names",
    "low_precision",
    "matmul_flags",
]
