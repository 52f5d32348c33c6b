"""Baseline: a file with the findings that a project accepts."""
