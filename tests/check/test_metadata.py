import pytest

from tests.check.making import HALVES, RATES, faults_of
from torch_history.check import check
from torch_history.check.rules import metadata

SCALE = '@pytest.mark.api("fakelib.optim.scale", page="scale")'


@pytest.mark.parametrize(
    "old, new, fault",
    [
        (
            '    """The scale is halved, and nobody is told."""\n',
            "",
            "no docstring: say the claim in one sentence",
        ),
        (
            SCALE,
            SCALE.replace("fakelib.optim.scale", "scale"),
            "'scale' is not a fully qualified API: write it as torch.optim.SGD",
        ),
        (
            SCALE,
            '@pytest.mark.api("fakelib.optim.scale")',
            "no source: give @pytest.mark.api a page= or an article=",
        ),
        (
            SCALE,
            '@pytest.mark.api(page="scale")',
            "no @pytest.mark.api(...): name the APIs it is about",
        ),
        (
            SCALE,
            SCALE.replace('"scale"', '"the scale"'),
            (
                "'https://docs.pytorch.org/docs/stable/the scale.html' is not the address of a "
                'page: write it as page="generated/torch.optim.SGD"'
            ),
        ),
    ],
    ids=["docstring", "api_name", "source", "api", "page"],
)
def test_missing_or_bad_metadata_is_named_with_its_line_and_remedy(project, old, new, fault):
    project.change(RATES, old, new)
    assert check(project.root).faults == [f"{HALVES}: {fault}"]


def test_name_that_is_no_claim_is_named(project):
    project.change(RATES, "test_scale_halves", "test_Scale")
    assert faults_of(metadata, project) == [
        f"{RATES}:12: rates.Scale: the name is not lower-case words: rename it"
    ]


def test_good_metadata_has_no_fault(recorded):
    assert faults_of(metadata, recorded) == []
