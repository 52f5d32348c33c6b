import pytest

from torch_history import versions
from torch_history.errors import HistoryError


@pytest.mark.parametrize(
    "text, numbers, final",
    [
        ("2.5", (2, 5), True),
        ("2.5.1", (2, 5, 1), True),
        ("2.5.1+cu124", (2, 5, 1), True),
        ("1.10.2", (1, 10, 2), True),
        (" 2.5\n", (2, 5), True),
        ("2.16.0.dev20261101", (2, 16, 0), False),
        ("2.16.0.dev20261101+cpu", (2, 16, 0), False),
        ("2.1.0a0+git1b2c3d", (2, 1, 0), False),
        ("2.5.0rc1", (2, 5, 0), False),
        ("2.5rc1", (2, 5), False),
    ],
)
def test_version_is_its_numbers_and_whether_it_is_final(text, numbers, final):
    assert versions.parse(text) == (numbers, final)


@pytest.mark.parametrize("text", ["", "2", "two", "v2.5", "2.x", "latest", "-1.2"])
def test_text_that_is_not_a_version_is_refused(text):
    with pytest.raises(
        HistoryError,
        match=r"is not a version: give a minor line such as 2\.5 or a patch such as 2\.5\.1",
    ):
        versions.parse(text)


def test_versions_sort_by_number():
    unsorted = ["2.10", "1.10.2", "2.5.1", "1.9", "2.5", "2.9", "1.10", "2.5.0"]
    assert sorted(unsorted, key=versions.key) == [
        "1.9",
        "1.10",
        "1.10.2",
        "2.5",
        "2.5.0",
        "2.5.1",
        "2.9",
        "2.10",
    ]


def test_line_is_major_and_minor():
    assert [versions.line(text) for text in ("2.5", "2.5.1+cu124", "1.10.2", "2.16.0.dev1")] == [
        "2.5",
        "2.5",
        "1.10",
        "2.16",
    ]
    assert versions.is_line("2.5") and not versions.is_line("2.5.0")


@pytest.mark.parametrize(
    "recorded, running, expected",
    [
        (["1.4", "2.0"], "2.0.1", "2.0"),
        (["1.4", "2.0"], "2.5", "2.0"),
        (["1.4", "2.0"], "1.13.1", "1.4"),
        (["1.9", "1.10"], "1.9.1", "1.9"),
        (["1.9", "1.10"], "1.11.0", "1.10"),
        (["1.10", "1.9"], "1.11.0", "1.10"),
        (["2.0"], "1.13.1", None),
        ([], "2.0", None),
        (["2.5", "2.5.0"], "2.5.0", "2.5.0"),
        (["2.5", "2.5.0"], "2.5.0+cu124", "2.5.0"),
        (["2.5", "2.5.0"], "2.5.1", "2.5"),
        (["2.5", "2.5.0"], "2.5", "2.5"),
        (["2.4", "2.5.0"], "2.5.1", "2.4"),
        (["2.4", "2.5.0"], "2.6.0", "2.4"),
        (["2.5.0"], "2.5.1", None),
        (["2.5", "2.5.0"], "2.5.0rc1", "2.5"),
        (["2.5", "2.6"], "2.6.0.dev20250101", "2.6"),
        (["2.5", "2.15"], "2.16.0.dev20261101", "2.15"),
    ],
    ids=lambda value: "_".join(value) if isinstance(value, list) else str(value),
)
def test_patch_itself_or_the_newest_line_up_to_it_applies(recorded, running, expected):
    assert versions.holding(recorded, running) == expected
