"""The planted project, which is parsed and never run, on the real records.

Which hits are right was judged by reading each behaviour and each file.
"""

import sys
from pathlib import Path

import pytest

from tests.code import PLANTED
from torch_history.code.hits import Level

pytest.importorskip("pyflakes", reason="pyflakes is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)

from tests.code.scanning import by_behaviour, scanned

LOADS = (
    "by_assignment.py:10 deep_names.py:11 inner_imports.py:4 notebook.ipynb:5:3 "
    "package/nested.py:6 plain.py:11 renamed_names.py:11"
)
MODULE_ZERO_GRAD = (
    "by_assignment.py:9 own_modules.py:10 own_modules.py:25 own_modules.py:28 "
    "own_modules.py:29 package/nested.py:7 rebound.py:13 renamed_modules.py:9"
)
NEW_CALL = "newer_apis.py:9"
NADAM = "deep_names.py:8 rebound.py:11 renamed_modules.py:8"
DROPPED = {
    "randomness.alpha_dropout_drops_these_elements_under_seed_zero": "deep_names.py:7",
    "randomness.bernoulli_in_place_draws_64_bits_an_element": "tensors.py:10 tensors.py:12",
    "randomness.bernoulli_in_place_draws_these_numbers_under_seed_zero": (
        "tensors.py:10 tensors.py:12"
    ),
    "randomness.dropout_drops_these_elements_under_seed_zero": "renamed_modules.py:10 stars.py:4",
    "randomness.dropout2d_drops_these_channels_under_seed_zero": "renamed_modules.py:6",
    "randomness.exponential_draws_these_numbers_under_seed_zero": "tensors.py:9",
    "randomness.gumbel_softmax_draws_these_numbers_under_seed_zero": "stars.py:3",
    # line 13 draws with replacement, but one sample alone, which takes the same path
    "randomness.multinomial_without_replacement_draws_these_numbers_under_seed_zero": (
        "renamed_names.py:12 renamed_names.py:13"
    ),
}
CERTAIN = {
    "1.13 2.0": {
        "training_step.optimizer_zero_grad_leaves_none": (
            "by_assignment.py:8 deep_names.py:9 deep_names.py:10 notebook.ipynb:5:2 "
            "plain.py:7 rebound.py:17 renamed_names.py:10"
        ),
        "training_step.module_zero_grad_leaves_none": MODULE_ZERO_GRAD,
        "modules.method_of_a_module_changes_these_of_its_parts": MODULE_ZERO_GRAD,
        **{
            f"optimizers.{claim}": NADAM
            for claim in (
                "nadam_looks_ahead_by_the_next_momentum",
                "complex_parameter_steps_as_the_pair_of_its_parts",
                "foreach_step_of_other_optimizers_equals_the_plain_one",
                "other_optimizers_maximize",
                "weight_decay_of_other_optimizers_adds_to_the_gradient",
                "optimizer_follows_each_of_its_settings",
                "optimizer_resumed_by_its_state_dict_steps_as_an_uninterrupted_one",
                "frozen_parameter_with_a_gradient_is_stepped",
                "infinite_gradient_makes_its_element_infinite_or_nan",
                "nan_gradient_makes_its_element_nan_for_good",
                "optimizer_steps_a_parameter_without_dimensions",
                "parameter_without_elements_stays_beside_one_that_is_stepped",
                "state_has_the_dtype_of_its_parameter",
            )
        },
        **DROPPED,
        **{
            claim: "explicit.py:8"
            for claim in (
                "checkpoints.load_with_weights_only_takes_a_parameter_whose_attribute_is_deleted",
                "checkpoints.load_with_weights_only_takes_a_state_dict",
                "checkpoints.load_with_weights_only_takes_these_objects_beside_weights",
                "example.saved_classifier_loaded_with_weights_only_predicts_the_same_bits",
            )
        },
        "views.storage_has_a_dtype_and_warns": "tensors.py:8",
        "optimizers.differentiable_step_refuses_a_leaf": "newer_apis.py:12",
        "optimizers.gradient_flows_through_a_step_that_is_differentiable": "newer_apis.py:12",
        "optimizers.handle_of_a_step_hook_removes_that_hook": "newer_apis.py:7",
        "optimizers.step_hooks_run_behind_a_scheduler_too": "newer_apis.py:7",
        "optimizers.deepcopy_of_an_optimizer_forgets_its_step_hooks": "newer_apis.py:7",
        "tying.named_parameters_lists_every_name_when_asked": "newer_apis.py:8",
        "modules.list_of_a_module_takes_recurse_prefix_and_remove_duplicate": "newer_apis.py:8",
        "modules.functional_call_gives_the_module_back_as_it_was": NEW_CALL,
        "tying.functional_call_ignores_a_name_that_the_module_lacks": NEW_CALL,
        "tying.functional_call_needs_no_arguments": NEW_CALL,
        "tying.functional_call_replaces_a_tied_parameter_everywhere": NEW_CALL,
        "tying.functional_call_without_tie_weights_replaces_the_named_place_alone": NEW_CALL,
        "tying.functional_call_given_two_values_for_a_tie_raises": NEW_CALL,
        "tying.functional_calls_take_these_arguments": NEW_CALL,
    },
    "2.5 2.6": {
        "training_step.total_norm_refuses_the_gradient_none": "newer_apis.py:11",
        "modules.get_total_norm_takes_its_norm_and_raises_on_infinity_if_told": "newer_apis.py:11",
        "training_step.call_changes_the_gradient_or_leaves_it": "newer_apis.py:11",
        "training_step.total_norm_of_nothing_is_zero": "newer_apis.py:11",
        "training_step.total_norm_and_clipping_are_two_functions": "newer_apis.py:11",
        "training_step.clipping_functions_take_these_arguments": "newer_apis.py:11",
        "losses.weighted_mse_divides_by_the_sum_of_the_weights": "newer_apis.py:10",
        "losses.weight_of_a_regression_loss_counts_in_the_mean": "newer_apis.py:10",
    },
    "2.6 2.15": {
        "optimizers.scheduler_takes_no_verbose": "renamed_names.py:7 renamed_names.py:8",
        "optimizers.sequential_schedule_warms_up_and_then_decays": "checkpointing.py:10",
        "training_step.checkpoint_wants_use_reentrant_to_be_given": "checkpointing.py:7",
        "randomness.trunc_normal_draws_these_values_under_seed_zero": "renamed_modules.py:11",
        **DROPPED,
    },
}
# certain calls of which the data decide
DEPENDS = {
    "2.5 2.6": {
        f"checkpoints.{claim}": LOADS
        for claim in (
            "load_by_default_does_not_run_code",
            "load_by_default_refuses_a_checkpoint_that_carries_more_than_weights",
            "load_by_default_takes_a_tensor_of_an_allowed_subclass",
            "load_refuses_a_whole_module_by_default",
            "load_takes_a_state_dict_by_default",
            "load_reads_the_legacy_format",
        )
    }
}


def place(hit):
    file, line, cell = hit.place
    name = Path(file).relative_to(PLANTED).as_posix()
    return f"{name}:{cell}:{line}" if cell else f"{name}:{line}"


def certain(answer, depends):
    """Behaviour -> the places of its certain hits that depend on this."""
    hits = by_behaviour(scanned([PLANTED], answer))
    found = {
        behaviour: {
            place(hit) for hit in of if (hit.level, hit.depends) == (Level.CERTAIN, depends)
        }
        for behaviour, of in hits.items()
    }
    return {behaviour: places for behaviour, places in found.items() if places}


def judged(table):
    return {behaviour: set(places.split()) for behaviour, places in table.items()}


@pytest.mark.parametrize("pair", list(CERTAIN), ids=list(CERTAIN))
def test_planted_project_has_exactly_the_certain_hits_that_were_judged_right(answers, pair):
    assert certain(answers[pair], "") == judged(CERTAIN[pair])


@pytest.mark.parametrize("pair", list(CERTAIN), ids=list(CERTAIN))
def test_planted_project_has_exactly_these_certain_calls_that_depend_on_the_file(answers, pair):
    assert certain(answers[pair], "the file") == judged(DEPENDS.get(pair, {}))


def test_planted_project_has_exactly_these_likely_hits_of_zero_grad(answers):
    hits = by_behaviour(scanned([PLANTED], answers["1.13 2.0"]))
    likely = {
        place(hit)
        for behaviour, of in hits.items()
        if "zero_grad_leaves_none" in behaviour
        for hit in of
        if hit.level is Level.LIKELY
    }
    assert likely == {
        "annotated.py:8",
        "annotated.py:9",
        "no_library.py:2",
        "own_modules.py:13",
        "rebound.py:12",
        "trainer.py:10",
        "unknown_objects.py:6",
    }


@pytest.mark.parametrize("level", list(Level), ids=str)
def test_hits_that_are_less_sure_than_asked_are_left_out(answers, level):
    kept = list(Level)[: level.rank + 1]
    everything = by_behaviour(scanned([PLANTED], answers["1.13 2.0"]))
    wanted = {
        behaviour: [hit for hit in hits if hit.level in kept]
        for behaviour, hits in everything.items()
    }
    assert by_behaviour(scanned([PLANTED], answers["1.13 2.0"], level)) == {
        name: hits for name, hits in wanted.items() if hits
    }
