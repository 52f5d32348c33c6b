"""Surveying: what names a release of torch has, and what its callables take.

It runs in the recorded environments: Python 3.8 with torch 1.4 up to the newest of both, with the
standard library and torch alone. ``python -m torch_history.surveying OUT.json`` writes the survey.
"""
