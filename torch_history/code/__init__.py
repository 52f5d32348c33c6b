"""A reader's own source: which differences it can meet, and which torch it pins.

``torch-history diff`` imports this package for ``--code`` and for ``--from FILE --to FILE`` alone,
``upgrade`` and ``fix`` always.

1. ``folders``   which files of a folder hold source;
2. ``parsing``   Python source as a tree, ``magics`` a notebook's cell as Python, ``notebooks``
   a notebook as one tree;
3. ``names``     how torch calls things;
4. ``binding``   what a name may be bound to, by pyflakes;
5. ``things``    what an expression stands for, ``uses`` which APIs a file uses, and where;
6. ``targets``   whether a use meets a difference, and how surely;
7. ``scan``      all of it, for every file; ``hits`` is what it finds;
8. ``pins``      which torch a project's files pin;
9. ``planning``  which hits are rewritten, ``proofs`` whether the records prove it, ``rewriting``
   one file by LibCST, ``fixing`` all of them. Only ``torch-history fix`` needs these.
"""
