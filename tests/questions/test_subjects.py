"""A new claim goes to the subject of its chapter whose words it shares most."""

import pytest

from torch_history.catalogue import source
from torch_history.errors import HistoryError
from torch_history.questions import subjects

TEST = '''

@pytest.mark.api("torch.optim.SGD", page="optim")
def test_{}(snapshot):
    """A claim."""
    assert snapshot == observe(act)
'''
MODULES = {
    "sgd": ('"""SGD: the step and momentum."""', ["first_step_is_lr_times_gradient"]),
    "groups": ('"""Parameter groups."""', ["lr_of_one_group", "lr_of_all_groups"]),
    "other": ('"""Whatever is left."""', ["state_is_kept", "gradient_is_kept"]),
}


@pytest.fixture
def chapter(tmp_path):
    """The subjects of a chapter with the modules above."""
    folder = tmp_path / "spec" / "optimizers"
    folder.mkdir(parents=True)
    for stem, (docstring, claims) in MODULES.items():
        tests = "".join(TEST.format(claim) for claim in claims)
        (folder / f"test_{stem}.py").write_text(f"{docstring}\n{tests}", encoding="utf-8")
    return subjects.subjects(tmp_path, "optimizers", source.behaviours(tmp_path).values())


@pytest.mark.parametrize(
    "claim, stem",
    [
        ("sgd_with_lr_zero_rests", "sgd"),
        ("momentum_is_kept", "sgd"),  # of its first line
        ("group_is_kept", "groups"),  # of its name, as a plural
        ("state_is_lost", "other"),  # of its claims
        ("lr_may_be_a_tensor", "groups"),  # of all its claims, not of one
    ],
)
def test_subject_is_the_one_that_shares_most_words(chapter, claim, stem):
    assert subjects.nearest(claim, chapter) == stem


@pytest.mark.parametrize("claim", ["zebra_gallops", "of_the_and"])
def test_claim_that_shares_no_word_is_refused_with_the_subjects(chapter, claim):
    with pytest.raises(HistoryError) as told:
        subjects.nearest(claim, chapter)
    assert str(told.value) == (
        f"NAME {claim!r}: no subject of the chapter shares a word with it: "
        "name one with --subject, or a new one (there are: groups, other, sgd)"
    )


def test_chapter_without_a_subject_asks_for_one(tmp_path):
    with pytest.raises(HistoryError, match=r"there are: none yet"):
        subjects.nearest("some_claim", {})
