"""Drafting: from a traced difference to a behaviour's test.

A call is rebuilt from the trace, made under both releases, and shrunk while they still differ.
"""
