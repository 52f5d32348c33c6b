"""A reader's own source: which changes it can meet, and which torch it pins.

``torch-history diff`` imports this package for ``--code`` and for versions that files pin,
``upgrade`` and ``fix`` always.

1. ``folders``   which files of a folder hold source;
2. ``parsing``   Python source as a tree, ``pieces`` a very long file as several, ``magics`` a
   notebook's cell as Python, ``notebooks`` a notebook as one tree, ``accepted`` its ok-comments;
3. ``names``     how torch calls things;
4. ``binding``   what a name may be bound to, by pyflakes;
5. ``own``       what an expression may stand for, ``definitions`` the file's classes and functions,
   and ``things`` what an expression does stand for; ``freezing`` and ``project`` follow it to the
   reader's other files;
6. ``uses``      which APIs a file uses: a ``use`` with its ``roles``, and the ``values`` of its
   arguments, which are ``literals`` or seem to hold ``integers``;
7. ``targets``   the changes of an answer, ``judging`` whether a use meets one, and how surely;
8. ``scan``      all of it, for every file; ``collecting`` keeps what it finds, as ``hits``;
9. ``pins``      which torch a project's files pin;
10. ``planning`` which hits are rewritten, ``proofs`` whether the records prove it, ``rewriting``
    one file by LibCST, ``fixing`` all of them. Only ``torch-history fix`` needs these.

Why not a kept inference engine: five were measured beside this one, on 1,031 files of five public
projects and 80 places read by hand. Without torch installed, which readers need not have, this one
names the right class of torch at 51 of 67 places, and each of the others at none. With torch
installed pyright finds 52, pyrefly 46, jedi 41, ty 39 and astroid 25. This one takes 5 to 7 s of
CPU and 40 MB for 1,000 files; pyrefly and ty take the same time and 300 MB, pyright 60 s and 1.3
GB. An engine would replace about 1,000 lines, which would have to stay for readers without torch.
"""
