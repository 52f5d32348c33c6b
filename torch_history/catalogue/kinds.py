"""The kinds of difference, and which of them two observations admit."""

from __future__ import annotations

from typing import List

# slug -> what it means, the most harmful first
KINDS = {
    "silent": "silent value change",
    "error": "error where there was none",
    "api-gone": "API gone",
    "exception": "another exception",
    "random": "random stream",
    "representation": "representation (repr, signature, state-dict format, group keys)",
    "warning": "warning appeared or gone",
    "error-gone": "error gone",
    "api-appeared": "API appeared",
    "wording": "wording only",
}
MIRRORED = {
    "error": "error-gone",
    "error-gone": "error",
    "api-gone": "api-appeared",
    "api-appeared": "api-gone",
}


def admitted(before: dict, after: dict) -> List[str]:
    """The kinds that a change from one observation to the other can have, the likeliest first."""
    if "raised" in before and "raised" in after:
        if before["raised"]["type"] != after["raised"]["type"]:
            return ["exception", "api-appeared", "api-gone"]
        if before["raised"] != after["raised"]:
            return (
                ["wording"] + ["api-appeared"] * _missing(before) + ["api-gone"] * _missing(after)
            )
        return _warnings(before, after)
    if "raised" in after:
        return (
            ["api-gone", "error"]
            if after["raised"]["type"] == "AttributeError"
            else ["error", "api-gone"]
        )
    if "raised" in before:
        return (
            ["api-appeared", "error-gone"] if _missing(before) else ["error-gone", "api-appeared"]
        )
    if before["value"] != after["value"]:
        return ["silent", "representation", "random"]
    if repr(before["value"]) != repr(after["value"]):  # the order of keys
        return ["representation", "silent"]
    return _warnings(before, after)


def _warnings(before: dict, after: dict) -> List[str]:
    categories = [
        [warning["category"] for warning in side.get("warned", ())] for side in (before, after)
    ]
    return ["wording"] if categories[0] == categories[1] else ["warning"]


def _missing(observation: dict) -> bool:
    """Whether the API, or a part of it, was not there."""
    message = observation["raised"]["message"]
    return any(
        words in message for words in ("has no attribute", "unexpected keyword", "invalid keyword")
    )
