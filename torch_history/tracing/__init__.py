"""What runs inside the reader's own program: it watches torch and writes a trace.

``torch-history run`` puts ``inject/`` on the path of the program, so that every Python that the
program starts runs ``start.begin`` first. Nothing of the program is edited. The folder needs the
standard library and torch alone, from Python 3.8 and torch 1.4 on.

1. ``start`` waits for the import of torch, seeds it, and starts the rest.
2. ``marks`` notes the losses at every backward, and the state at every optimizer step.
3. ``operations`` logs the operations of a window between two marks, with hashes of their contents.
4. ``tape`` keeps the random numbers that a run draws, or plays those of another run.
5. ``matching`` compares the operations of this run with those of another one while it runs.
"""
