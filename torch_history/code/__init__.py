"""A reader's own source: which differences it can meet. ``torch-history diff --code`` and what goes with it, imported by that command alone.

1. ``names``   how torch calls things;
2. ``binding`` what may stand behind a name, by pyflakes;
3. ``uses``    which APIs a file uses, and where;
4. ``scan``    files, folders and notebooks; whether a use meets a difference, and how surely;
5. ``locks``   which torch a reader's files pin, ``sarif`` what was found as a code host reads it.
"""
