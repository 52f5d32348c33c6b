"""A small tree of behaviours, to see which of them an edit makes stale."""

from torch_history.records.sources import Sources

VIEWS = '''"""Views, and what is written through them."""
import functools
from math import floor

import numpy as np
import pytest
import torch
from fixtures import figures, stored
from fixtures.models import linear
from torch_history.observing import observe

MOMENTUM = 0.9
RATES = {"slow": 0.1, "fast": 1.0}
PAIR, OTHER = 1, 2
NAMES = ["plain"]
np.random.seed(3)
try:
    import torchvision
except ImportError:
    torchvision = None


def stepped(rate):
    """One step."""
    return torch.optim.SGD(linear().parameters(), rate, momentum=MOMENTUM)


def rates():
    return sorted(RATES.values())


class Scale(torch.nn.Module):
    """A module that scales."""

    factor = 2.0

    def forward(self, value):
        return value * self.factor


@pytest.fixture
def filled(base):
    return base + OTHER


@pytest.fixture
def base():
    return torch.ones(2)


@pytest.mark.api("torch.optim.SGD", page="optim")
@pytest.mark.changed("2.0", "the step is other", kind="silent", cause="pytorch#1")
def test_step_is_slow(snapshot):
    """A step is slow."""
    # the rate of the article
    assert snapshot == observe(lambda: stepped(0.1))


def test_step_is_fast(snapshot):
    """A step is fast."""
    assert snapshot == observe(lambda: [stepped(rate) for rate in rates()])


def test_zeros(snapshot):
    assert snapshot == observe(lambda: torch.zeros(2, dtype=torch.float32)[0:1, None])


@pytest.mark.parametrize("name", NAMES, ids=["plain"])
def test_named(snapshot, name):
    assert snapshot == observe(lambda: name)


def test_filled(snapshot, filled):
    assert snapshot == observe(lambda: filled)


def test_base(snapshot, base):
    assert snapshot == observe(lambda: base)


def test_scaled(snapshot):
    assert snapshot == observe(lambda: Scale()(3))


def test_printed(snapshot):
    assert snapshot == observe(lambda: figures.WIDE)


def test_shadowed(snapshot):
    MOMENTUM = 3
    act = lambda PAIR: [PAIR for OTHER in range(MOMENTUM)]
    assert snapshot == observe(lambda: act(1))


def test_floored(snapshot):
    assert snapshot == observe(lambda: floor(1.5))


def test_inner(snapshot):
    from fixtures.models import square

    assert snapshot == observe(lambda: square())


def test_loaded(snapshot):
    assert snapshot == observe(lambda: stored.load())
'''
FILES = {
    "spec/views/test_views.py": VIEWS,
    "fixtures/__init__.py": '"""What the tests stand on."""\n',
    "fixtures/models.py": """import torch
SIZE = 3
SIDE = 2


def linear():
    return torch.nn.Linear(SIZE, SIZE)


def square():
    return torch.nn.Linear(SIDE, SIDE)
""",
    "fixtures/figures.py": "WIDE = 1.5\nNARROW = 0.5\n",
    "fixtures/stored.py": """from pathlib import Path
FOLDER = Path(__file__).parent / "files"


class Pickled:
    size = 1


def load():
    return (FOLDER / "one.bin").read_bytes()


def save():
    return (FOLDER / "two.bin").write_bytes(b"")
""",
    "fixtures/files/one.bin": "1",
    "conftest.py": """import pytest


def first():
    return 1


@pytest.fixture(autouse=True)
def surroundings(request):
    first()
    yield


@pytest.fixture
def unasked():
    return 2
""",
    "torch_history/observing/__init__.py": (
        "from torch_history.observing.observation import observe\n"
    ),
    "torch_history/observing/observation.py": """NOISE = 1
OTHER_NOISE = 2


def observe(act):
    return act() + NOISE


def observe_each(acts):
    return [observe(act) for act in acts]
""",
    "torch_history/observing/encode.py": """DIGITS = 8


def encode(value):
    return round(value, DIGITS)


def dump(value):
    return value


def load(value):
    return value
""",
}
FILE = "spec/views/test_views.py"
ALL = {
    *("step_is_slow", "step_is_fast", "zeros", "named", "filled", "base", "scaled", "printed"),
    *("shadowed", "floored", "inner", "loaded"),
}


class Tree:
    """The files in a folder."""

    def __init__(self, root, files=FILES):
        self.root = root
        for file, text in files.items():
            self.write(file, text)

    def write(self, file, text):
        (self.root / file).parent.mkdir(parents=True, exist_ok=True)
        (self.root / file).write_text(text, encoding="utf-8")

    def edit(self, file, old, new):
        text = (self.root / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, (old, text.count(old))
        self.write(file, text.replace(old, new))

    def digests(self, names=ALL, file=FILE):
        """Name -> digest of its test."""
        sources = Sources(self.root)
        return {name: sources.digest(file, f"test_{name}") for name in names}
