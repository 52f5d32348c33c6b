"""Ranges: the versions that Poetry and conda write, as specifiers of pip.

Each function raises ValueError for text that it cannot read.
"""

from __future__ import annotations

import re
from typing import List, Tuple

from packaging.specifiers import SpecifierSet

CLAUSE = re.compile(r"\s*(\^|~=|~|===?|=|!=|>=|<=|>|<)?\s*v?(\d[\w.*+!-]*|\*)\s*(?:,\s*)?")
NUMBERS = re.compile(r"\d+(?:\.\d+)*")
# [channel[/platform]::]name[[version='...']] version[=build]
CONDA = re.compile(
    r"(?:[^:\s]+::)?(?P<name>[\w.-]+) ?(?P<version>[^\s\[\]]*)(?: (?P<build>[^\s\[\]]+))? ?"
    r"(?:\[(?P<fields>[^\]]*)\])?"
)
FIELD = re.compile(r"\b(version|build) ?= ?(?:'([^']*)'|\"([^\"]*)\"|([^,\s]*))")
BLANK = re.compile(r"(?<=[<>=!~,|]) | (?=[,|])")  # a blank that ends neither version nor build
BUILD = re.compile(r"(=?=?[^=<>!~|,]+)=[^=]*")  # 2.1.0=py3.10_cuda12.1


def poetry(text: str) -> Tuple[SpecifierSet, ...]:
    """The alternatives of a constraint: ``^2.1`` -> ``>=2.1,<3``."""
    return tuple(
        SpecifierSet(",".join(filter(None, map(_poetry_clause, _clauses(part)))))
        for part in re.split(r"\s*\|\|?\s*", text.strip())
    )


def python_marker(text: str) -> str:
    """Poetry's constraint on Python as a marker: ``^3.8`` -> ``python_full_version >= "3.8" …``."""
    alternatives = [
        " and ".join(f'python_full_version {one.operator} "{one.version}"' for one in specifiers)
        for specifiers in poetry(text)
    ]
    return " or ".join(filter(None, alternatives))


def conda(text: str) -> Tuple[str, Tuple[SpecifierSet, ...]]:
    """The name and the versions of conda's line: ``pytorch=2.1`` -> pytorch, ``==2.1.*``."""
    match = CONDA.fullmatch(BLANK.sub("", " ".join(text.split())))
    if match is None:
        raise ValueError(text)
    fields = {
        one[1]: one[2] or one[3] or one[4] or "" for one in FIELD.finditer(match["fields"] or "")
    }
    version = fields.get("version") or match["version"]
    return match["name"], _conda_versions(version, fields.get("build") or match["build"] or "")


def _conda_versions(version: str, build: str) -> Tuple[SpecifierSet, ...]:
    with_build = BUILD.fullmatch(version)
    if with_build:
        version, build = with_build[1], "given"
    # With a build, conda compares the version itself: pytorch=2.1.0=py3.10_cuda12.1.
    whole = version.lstrip("=") if build and version.startswith("=") else version
    return tuple(
        SpecifierSet(",".join(filter(None, map(_conda_clause, _clauses(part, fuzzy=True)))))
        for part in whole.split("|")
    )


def _clauses(text: str, fuzzy: bool = False) -> List[Tuple[str, str]]:
    """The operators and versions of a text."""
    found: List[Tuple[str, str]] = []
    text = " ".join(text.split())
    at = 0
    while at < len(text):
        match = CLAUSE.match(text, at)
        if match is None:
            raise ValueError(text)
        version = re.sub(r"(?<=[\d])\*$", ".*", match[2]) if fuzzy else match[2]  # conda's 2.1*
        found.append((match[1] or "", version))
        at = match.end()
    return found


def _poetry_clause(clause: Tuple[str, str]) -> str:
    operator, version = clause
    if version == "*":
        return ""
    if operator in ("^", "~"):
        return f">={version},<{_next(operator, version)}"
    return f"{'==' if operator in ('', '=') else operator}{version}"


def _conda_clause(clause: Tuple[str, str]) -> str:
    operator, version = clause
    if version == "*":
        return ""
    if operator == "=" and not version.endswith(".*"):
        return f"=={version}.*"
    if version.endswith(".*") and operator not in ("", "=", "==", "!="):
        version = version[:-2]  # conda allows >=2.1.*
    return f"{'==' if operator in ('', '=') else operator}{version}"


def _next(operator: str, version: str) -> str:
    """The end of a caret or tilde range, which is not part of it."""
    match = NUMBERS.match(version)
    numbers = [int(part) for part in match[0].split(".")] if match else [0]
    if operator == "~":
        kept = min(2, len(numbers))
    else:
        # The first number that is not zero may not change: ^0.4.1 ends before 0.5.
        nonzero = [at for at, number in enumerate(numbers) if number]
        kept = nonzero[0] + 1 if nonzero else len(numbers)
    numbers = numbers[:kept]
    numbers[-1] += 1
    return ".".join(map(str, numbers))
