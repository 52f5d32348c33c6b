"""The engine: observe a behaviour, record it once for each time it changed, and answer from the records.

Read in this order:

1. ``observe``   run an act and keep what it returned, raised and warned;
2. ``encode``    an observation as exact, readable JSON, and back;
3. ``compare``   two observations, judged in NumPy with per-dtype tolerances;
4. ``store``     the record files: histories, copy-on-change, atomic replacement;
5. ``extension`` the face that syrupy sees, ``plugin`` the face that pytest sees;
6. ``manifests`` what each environment was and verified, ``runs`` how what it observed enters the records;
7. ``catalogue`` the behaviours as their tests' source declares them;
8. ``query``     what differs between two versions; ``report`` renders it; ``claims`` are the articles' sentences and their
   verdicts, ``differences`` the page of every change, ``interchange`` which release reads whose files; ``check`` lints it all;
   ``code/`` finds in a reader's own source what it can meet of a difference, and ``site/`` is the reader's page;
9. ``matrix``    the releases of tox.ini, ``walk`` records them one by one, ``merging`` enters what several machines recorded; ``bench/`` times
   two of them side by side; ``__main__`` is the command line.

1 to 5 run inside pytest, on Python 3.8 with torch 1.4 as on the newest of both. Nothing here imports torch.
"""

__version__ = "0.6.0"
