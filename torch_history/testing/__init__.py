"""For the reader's own code: a trace around a part of a program, and options for pytest.

1. ``block`` watches a part of a process and takes everything back at its end.
2. ``storing`` keeps the traces of blocks in one file or folder.
3. ``trace`` is the context manager ``torch_history.trace``.
4. ``plugin`` adds the options to pytest. The rest is imported only if one of them is given:
   ``suite`` follows the tests, ``units`` traces each of them, ``summary`` tells what was found.
5. ``timelines`` records the observations of a project's own tests.
"""
