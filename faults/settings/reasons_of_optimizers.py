REASONS = (
    (r"lr_scheduler\.\w+\(keeps (_get_lr_called_within_step|_is_initial)\)", "it is False but within a step or the constructor"),
    (
        r"lr_scheduler\.\w+\(keeps (?!last_epoch|_last_lr|_step_count|T_cur|T_i\b|best|num_bad_epochs|cooldown_counter)\w+\): not updated$",
        "no step changes it",
    ),
    (r"CosineAnnealingWarmRestarts\(keeps _step_count\)", "its own step neither counts nor reads it"),
    (r"(LambdaLR|MultiplicativeLR)\(keeps lr_lambdas\): not loaded$", "loading fills the callable objects in place; the list is the same"),
    (r"SequentialLR\(keeps _schedulers\): not loaded$", "loading fills the schedules in place; the list is the same"),
    (r"ReduceLROnPlateau\(keeps mode_worse\): not saved$", "loading computes it from mode"),
    (r"StepLR\(keeps lr_lambdas\)", "an entry of another kind of schedule, which StepLR never reads"),
    (r"LBFGS\(state al\)", "room for intermediate results, written before it is read"),
    (r"LBFGS\(state prev_loss\): not read$", "each iteration writes it before it is read"),
    (r"LBFGS\(state (old_dirs|old_stps|ro)\): not read$", "a list, which this fault leaves as it is"),
)
