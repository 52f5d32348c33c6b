"""The engine: observe a behaviour, record each change of it, answer from the records.

The modules ``errors``, ``versions``, ``escaping``, ``reading`` and ``progress`` come first, then
these folders. Each imports only from those before it:

1. ``observing`` runs an act, keeps what it returned, raised and warned, as exact JSON, and compares
   two observations. With ``records`` and ``running`` it is what runs in the recorded environments,
   on Python 3.8 with torch 1.4 as on the newest of both.
2. ``records`` are the files: timelines, manifests, and how what was observed enters them.
3. ``running`` is what pytest and syrupy see of it, and ``verify``.
4. ``surveying`` notes the names of torch and what they take. It runs in the recorded environments
   too, with the standard library and torch alone.
5. ``tracing`` watches the reader's own program from inside, with the standard library and torch.
6. ``catalogue`` has the behaviours as their tests declare them, and the index of everything.
7. ``surface`` keeps the surveys of all releases, and says what changed at a name or in a call.
8. ``questions`` answers from the index: what differs, what changed, which files load where.
9. ``code`` finds in a reader's own source what it can meet of a difference.
10. ``comparing`` runs a program under two releases and says where the traces part.
11. ``publish`` renders answers, documents and the site.
12. ``testing`` traces a part of a program, or a project's own test suite.
13. ``matrix`` builds the releases' environments, records them, and merges recordings.
14. ``bench`` times two releases side by side.
15. ``check`` lints all of it, and ``cli`` is the command line, a file for each command.

Nothing here imports torch but the workers of ``bench``, the workers of ``comparing``,
``surveying``, and ``tracing``, which waits for the program to import it.

pytest need not rewrite what is traced before pytest starts: PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False  # typing itself would take longer than the rest
if TYPE_CHECKING:
    from torch_history.observing import observe as observe
    from torch_history.observing import observe_each as observe_each
    from torch_history.testing.trace import trace as trace

__version__ = "0.9.0"
__all__ = ["observe", "observe_each", "trace"]
# what is imported where it is first asked for, so that nothing else waits for it
_PUBLIC = {
    "observe": "torch_history.observing",
    "observe_each": "torch_history.observing",
    "trace": "torch_history.testing.trace",
}


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(importlib.import_module(_PUBLIC[name]), name)
    return found
