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


@pytest.fixture
def level(answers, tmp_path):
    """How surely a piece of source meets a behaviour's difference, and on what it depends."""
    from tests.code.scanning import by_behaviour, scanned

    def of(source, behaviour, pair):
        (tmp_path / "piece.py").write_text(source, encoding="utf-8")
        found = scanned([tmp_path], answers[pair])
        assert not found.faults
        hits = by_behaviour(found).get(behaviour)
        depends = f", depends on {hits[0].depends}" if hits and hits[0].depends else ""
        return f"{hits[0].level}{depends}" if hits else None

    return of
