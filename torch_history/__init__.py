"""The engine: observe a behaviour, record each change of it, answer from the records.

The modules ``errors``, ``versions``, ``escaping``, ``reading`` and ``progress`` come first, then
these folders. Each imports only from those before it:

1. ``observing`` runs an act, keeps what it returned, raised and warned, as exact JSON, and compares
   two observations. With ``records`` and ``running`` it is what runs in the recorded environments,
   on Python 3.8 with torch 1.4 as on the newest of both.
2. ``records`` are the files: timelines, manifests, and how what was observed enters them.
3. ``running`` is what pytest and syrupy see of it, and ``verify``.
4. ``catalogue`` has the behaviours as their tests declare them, and the index of everything.
5. ``questions`` answers from the index: what differs, what changed, which files load where.
6. ``code`` finds in a reader's own source what it can meet of a difference.
7. ``publish`` renders answers, documents and the site.
8. ``matrix`` builds the releases' environments, records them, and merges recordings.
9. ``bench`` times two releases side by side.
10. ``check`` lints all of it, and ``cli`` is the command line, a file for each command.

Nothing here imports torch but the workers of ``bench``.
"""

__version__ = "0.9.0"
