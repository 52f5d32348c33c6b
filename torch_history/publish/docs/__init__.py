"""Docs: the pages in ``docs/`` that are written from the records.

``releases`` finds what changed at each release, ``release_page`` is the page of one, ``front`` is
the page that links to all documents, and ``pages`` has every page under its path.
"""
