"""Reasons: why a behaviour was not verified; in files ``skipped: ...`` or ``failed: ...``."""

from __future__ import annotations

from typing import NamedTuple


class Reason(NamedTuple):
    """Why a run leaves a behaviour unverified."""

    failed: bool  # the test failed; else it was skipped
    words: str

    def __str__(self) -> str:
        return f"{'failed' if self.failed else 'skipped'}: {self.words}"


def reason_of(text: str) -> Reason:
    """The reason that a file holds. What is neither form is a reason to skip."""
    kind, _, words = text.partition(": ")
    return Reason(kind == "failed", words) if kind in ("failed", "skipped") else Reason(False, text)
