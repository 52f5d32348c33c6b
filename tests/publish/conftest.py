import pytest

from tests.fake import REPOSITORY
from tests.publish.hostile import HOSTILE, hostile_project
from tests.publish.odd import odd_project
from tests.publish.sites import Site


@pytest.fixture(scope="session")
def real(tmp_path_factory):
    """The site of this repository."""
    return Site(REPOSITORY, tmp_path_factory.mktemp("real") / "site")


@pytest.fixture(scope="session")
def odd(tmp_path_factory):
    """The site of a project with odd words, and something unknown; for reading only."""
    folder = tmp_path_factory.mktemp("odd")
    return Site(odd_project(folder / "project").root, folder / "site", "https://example.org/odd")


@pytest.fixture(params=["real", "odd"])
def site(request):
    """A site of either project."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def hostile(recorded, tmp_path_factory):
    """The site of a project whose words would run as markup; for reading only."""
    folder = tmp_path_factory.mktemp("hostile")
    project = hostile_project(recorded, folder / "project")
    return Site(project.root, folder / "site", f"https://example.org/{HOSTILE}")
