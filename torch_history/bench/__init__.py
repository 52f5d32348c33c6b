"""Benchmarks: the training step of two releases, timed side by side. Read in this order:

1. ``worker``: what runs inside a release's own Python, and times blocks of calls;
2. ``design``: launches of workers, rounds in random order, the raw record of a run;
3. ``estimate``: from raw rounds to ratios, intervals and verdicts;
4. ``raw``: the files of raw rounds; ``page``: the tables and BENCHMARKS.md; ``pictures``: forest plot, heat map, growth curves;
5. ``growth``: how a step's time grows with batch and width; ``environments``: the Python of a release.
"""
