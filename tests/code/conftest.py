import pytest

from tests.code import REPOSITORY
from torch_history.catalogue import index
from torch_history.questions import query

PAIRS = ("1.13 2.0", "2.5 2.6", "2.6 2.15")


@pytest.fixture(scope="session")
def answers():
    """What differs between the two versions of each pair, by the real records."""
    known = index.of(REPOSITORY)
    return {pair: query.diff(known, *pair.split()) for pair in PAIRS}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder as the working one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
