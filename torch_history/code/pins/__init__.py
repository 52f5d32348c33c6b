"""Pins: which torch the files of a project ask for, and which versions an answer compares.

1. ``pin``           one mention of torch: an exact version or a range, and under which condition;
2. ``files``         a file on disk or in git, and how much of it is read;
3. ``ranges``        the versions that Poetry and conda write, as specifiers of pip;
4. ``conditions``    whether a marker holds for a Python and a platform;
5. ``requirements``  pip's requirements, with what they include;
6. ``tables``        TOML, and the lock files that are written in it; ``projects`` pyproject.toml;
7. ``environments``  conda's environment.yml; ``setups`` setup.cfg and setup.py;
8. ``reading``       the reader of each file, by its name;
9. ``asking``        the versions of a file; ``ends`` those of requirements that hold together;
   ``asked`` is one of them;
10. ``pairs``        both sides of an answer; ``project`` what the files of a folder pin.

No file is run, and no marker is evaluated against the machine that asks. ``pairs`` of two versions
needs no other package.
"""
