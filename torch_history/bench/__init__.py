"""Benchmarks: time the training step of two releases side by side. Read the modules in this order.

1. ``timing``: blocks of calls and the figures of a device; ``cuda``: the three figures of a GPU;
   ``worker``: serves requests inside the environment of a release. These three need torch alone and
   run on Python 3.8.
2. ``rounds``: the types of what is measured; ``raw``: reads, validates and writes their files.
3. ``design``: launches of workers and rounds in random order; ``growth``: one step at many sizes.
4. ``estimate``: from rounds to ratios, intervals and verdicts; ``chain``: products of the ratios
   of neighbours, and their errors.
5. ``page``: tables and docs/benchmarks.md; ``steps``: its section about the chain;
   ``markdown``: its escaping; ``pictures``: the plots.
6. ``command``: the two commands; ``packages``: errors for packages that are not installed.
"""
