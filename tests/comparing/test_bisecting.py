"""The release at which a parting begins."""

import msgspec

from tests.publish.run_results import SMALLEST, STREAM
from torch_history.comparing import bisecting


def test_the_first_release_that_parts_alike_is_found_in_few_comparisons():
    asked = []

    def compare(release):
        asked.append(release)
        result = STREAM if release in ("2.7", "2.8") else SMALLEST
        return msgspec.structs.replace(
            result, after=msgspec.structs.replace(result.after, torch=release)
        )

    found = bisecting.begins(["2.3", "2.4", "2.5", "2.6", "2.7", "2.8", "2.9"], STREAM, compare)
    assert found.release == "2.7" and len(asked) <= 3
    assert [one.alike for one in found.tried] == sorted(one.alike for one in found.tried)
