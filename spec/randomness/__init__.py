"""Random numbers come from a stream that a seed starts and that every draw moves on.

Random functions draw from a generator, which gives one long stream of numbers. Functions without
``generator=`` draw from the default generator, whose numbers are the global stream
(``randomness.manual_seed_returns_the_default_generator``). ``torch.manual_seed`` sets the stream to
a start that the seed determines, so the same seed repeats the same numbers
(``randomness.manual_seed_repeats_the_stream``). The seeds of Python and NumPy do not affect it
(``randomness.other_libraries_seeds_do_not_seed_torch``).

The next numbers depend on how far the stream has moved. An additional layer in front changes the
values that every later layer starts from
(``randomness.layer_in_front_changes_how_the_next_ones_start``). Even an iteration over an
unshuffled ``torch.utils.data.DataLoader`` moves the stream
(``randomness.iterating_an_unshuffled_loader_moves_the_stream``). Use a ``torch.Generator`` to keep
two parts of a program independent: it has its own stream
(``randomness.generator_has_a_stream_of_its_own``). Use ``torch.random.fork_rng`` to restore the
global stream after a block (``randomness.fork_rng_gives_the_stream_back``).

To resume a run, save the state of the stream, not its seed: the state holds the position
(``randomness.rng_state_resumes_the_global_stream``). Since 2.4 a generator can also be pickled
(``randomness.generator_can_be_pickled``).

The same seed does not promise the same numbers for another size, another dtype or another release.
``torch.randn`` of 16 elements shares no number with that of 15
(``randomness.randn_of_sixteen_does_not_begin_with_randn_of_fifteen``). ``torch.rand`` of float64
differs from that of float32 (``randomness.rand_of_float64_draws_these_numbers_under_seed_zero``).
In these releases the same seed began to give other results:

1.7 and 1.9 changed the order of a shuffled loader
(``randomness.shuffled_loader_gives_this_order_under_seed_zero``). 2.0 and 2.7 changed which
elements dropout drops; the records are of an AMD CPU
(``randomness.dropout_drops_these_elements_under_seed_zero``). 2.12 changed ``torch.rand`` of half
precision (``randomness.rand_of_half_precision_draws_these_numbers_under_seed_zero``) and
``torch.nn.init.trunc_normal_`` (``randomness.trunc_normal_draws_these_values_under_seed_zero``).

Other things stayed the same in every recorded release, among them ``torch.rand`` of float32
(``randomness.rand_draws_these_numbers_under_seed_zero``) and the initial values of
``torch.nn.Linear`` (``randomness.linear_starts_from_these_values_under_seed_zero``).

The chapter also says what samplers, loaders and distributions accept. For example,
``torch.utils.data.random_split`` takes fractions since 1.13
(``randomness.random_split_takes_fractions``).
"""

SUBJECTS = [
    "seeds",
    "generators",
    "streams",
    "randn",
    "default_parameters",
    "dropout_masks",
    "data_order",
    "samplers",
    "batches",
    "batch_memory",
    "generator_handling",
    "parameters_of_distributions",
    "draw_settings",
    "draw_dtypes",
    "draw_edges",
    "sampler_settings",
    "stream_effects",
    "signatures",
]
