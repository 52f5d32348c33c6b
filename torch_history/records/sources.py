"""Sources: a digest of what a recording depends on, and what it leaves out."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path
from typing import List, Optional, Set, Union

# Other markers, such as skipif, decide what runs, and stay in the digest.
MARKERS = ("api", "changed", "interchange", "no_fault")  # what they say changes no observation


def digest(root: Path) -> str:
    """A digest of what a recording depends on.

    That is what the tests do, in what surroundings, and how the engine observes and encodes.
    Markers and docstrings are left out, so that annotating a change requires no new recording.
    So is spec/benchmarks, whose timings are not observations.
    """
    found = hashlib.sha256()
    for path in sorted(
        [
            *root.glob("spec/**/*.py"),
            *root.glob("fixtures/**/*.*"),
            *root.glob("conftest.py"),
            *root.glob("torch_history/observing/observation.py"),
            *root.glob("torch_history/observing/encode.py"),
        ]
    ):
        if (
            path.suffix != ".pyc"
            and path.is_file()
            and root / "spec" / "benchmarks" not in path.parents
        ):
            text = code(path).encode() if path.suffix == ".py" else path.read_bytes()
            # With names and NUL bytes, moving text from one file to another changes the digest.
            found.update(path.relative_to(root).as_posix().encode() + b"\0" + text + b"\0")
    return found.hexdigest()[:16]


def code(path: Path) -> str:
    """The source of a module without docstrings, and without the markers that observe nothing."""
    text = path.read_text(encoding="utf-8")
    left_out = left_out_of(ast.parse(text))
    # By lines, not by ast.unparse, which Python 3.8 lacks: the digest must be the same on every
    # Python that records.
    return "\n".join(
        line for number, line in enumerate(text.splitlines(), start=1) if number not in left_out
    )


def left_out_of(module: ast.Module) -> Set[int]:
    """The numbers of the lines of markers and docstrings."""
    numbers: Set[int] = set()
    for node in ast.walk(module):
        decorators = [
            one for one in getattr(node, "decorator_list", ()) if marker_of(one) in MARKERS
        ]
        left_out: List[Union[ast.expr, ast.stmt]] = [*decorators]
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            left_out += node.body[:1] if ast.get_docstring(node) is not None else []
        for one in left_out:
            numbers.update(range(one.lineno, (one.end_lineno or one.lineno) + 1))
    return numbers


def marker_of(decorator: ast.expr) -> Optional[str]:
    """``@pytest.mark.api(...)`` -> ``api``."""
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Attribute):
        return function.attr if function.value.attr == "mark" else None
    return None
