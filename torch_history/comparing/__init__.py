"""Comparing: one program run under two releases, and where the two runs part."""
