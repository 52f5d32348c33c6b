"""What makes the record of a behaviour stale, and what does not."""

import pytest

from tests.records.trees import ALL, FILE, VIEWS, Tree
from torch_history.errors import HistoryError
from torch_history.records import sources

MODELS, FIGURES, STORED = (f"fixtures/{name}.py" for name in ("models", "figures", "stored"))
OBSERVATION, ENCODE = (f"torch_history/observing/{name}.py" for name in ("observation", "encode"))
CONFTEST = "conftest.py"
STEPS = {"step_is_slow", "step_is_fast"}


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


@pytest.fixture(scope="session")
def before(tmp_path_factory):
    """The digests of the tree as it is."""
    return Tree(tmp_path_factory.mktemp("tree")).digests()


def test_digest_is_sixteen_digits_and_each_behaviours_own(tree, before):
    assert len(set(before.values())) == len(ALL)
    assert all(len(digest) == 16 and int(digest, 16) >= 0 for digest in before.values())
    assert tree.digests() == before  # whatever folder it lies in


def test_digests_are_those_that_records_hold(before):
    """If this fails, every record of the repository is stale."""
    assert [before[name] for name in ("zeros", "named", "loaded")] == [
        "66d6835830bc10ea",
        "639d7edbf5d7f5b1",
        "2b860120b2a345f7",
    ]


# what is edited: file, before, after
QUIET = {
    "comment": (FILE, "# the rate of the article", "# no comment"),
    "comment at the top": (FILE, "import functools\n", "import functools  # unused\n"),
    "docstring": (FILE, '"""A step is slow."""', '"""Other words."""'),
    "docstring gone": (FILE, '    """A step is slow."""\n', ""),
    "docstring new": (FILE, "snapshot, name):\n", 'snapshot, name):\n    """One more."""\n'),
    "docstring of a helper": (FILE, '"""One step."""', '"""A single step."""'),
    "docstring of a class": (FILE, '    """A module that scales."""\n', ""),
    "docstring of the module": (FILE, '"""Views, and what is written', '"""What is written'),
    "docstring of a fixture's module": ("fixtures/__init__.py", "What", "All"),
    "marker": (FILE, 'kind="silent", cause="pytorch#1"', 'kind="random"'),
    "marker gone": (FILE, '@pytest.mark.api("torch.optim.SGD", page="optim")\n', ""),
    "marker new": (FILE, "def test_zeros", '@pytest.mark.no_fault("exact")\ndef test_zeros'),
    "lines": (FILE, "lambda: stepped(0.1)", "\n        lambda: stepped(0.1),\n    "),
    "quotes and parentheses": (
        *(FILE, '{"slow": 0.1, "fast": 1.0}', "{\n    'slow': (0.10), 'fast': 1.0,\n}"),
    ),
    "unused import gone": (FILE, "import functools\n", ""),
    "unused name new": (FILE, "import functools\n", "import functools\nimport os\nUNUSED = 5\n"),
    "test new": (FILE, "def test_zeros", "def test_new(snapshot):\n    pass\n\n\ndef test_zeros"),
    "only as a script": (FILE, "def test_zeros", "if __name__ == 'm':\n    1\n\n\ndef test_zeros"),
    "constant of a fixture": (FIGURES, "NARROW = 0.5", "NARROW = 0.25"),
    "fixture that nobody asks for": (CONFTEST, "return 2", "return 3"),
    "constant of the engine": (OBSERVATION, "OTHER_NOISE = 2", "OTHER_NOISE = 3"),
    "other way to observe": (OBSERVATION, "for act in acts]", "for act in acts if act]"),
    "other function beside a data file": (STORED, 'write_bytes(b"")', 'write_bytes(b"0")'),
    "reading of records": (ENCODE, "load(value):\n    return value", "load(value):\n    return 1"),
}


@pytest.mark.parametrize("file, old, new", QUIET.values(), ids=QUIET)
def test_edit_that_changes_no_observation_makes_nothing_stale(tree, before, file, old, new):
    tree.edit(file, old, new)
    assert tree.digests() == before


# what is edited, and the behaviours that it makes stale
LOUD = {
    "literal": (FILE, "stepped(0.1)", "stepped(0.2)", {"step_is_slow"}),
    "constant of a helper": (FILE, "MOMENTUM = 0.9", "MOMENTUM = 0.8", STEPS),
    "helper": (FILE, "rate, momentum", "rate / 2, momentum", STEPS),
    "decorator of a helper": (
        *(FILE, "def stepped(rate):", "@functools.lru_cache()\ndef stepped(rate):", STEPS),
    ),
    "default of a helper": (FILE, "def stepped(rate):", "def stepped(rate=1):", STEPS),
    "dictionary": (FILE, '"fast": 1.0', '"fast": 2.0', {"step_is_fast"}),
    "type": (FILE, '"fast": 1.0', '"fast": 1', {"step_is_fast"}),
    "constant among several": (FILE, "PAIR, OTHER = 1, 2", "PAIR, OTHER = 1, 3", {"filled"}),
    "constant added to": (FILE, 'NAMES = ["plain"]', 'NAMES = ["plain"]\nNAMES += [""]', {"named"}),
    "values of parametrize": (FILE, 'NAMES = ["plain"]', 'NAMES = ["odd"]', {"named"}),
    "ids of parametrize": (FILE, 'ids=["plain"]', 'ids=["named"]', {"named"}),
    "fixture": (FILE, "base + OTHER", "base - OTHER", {"filled"}),
    "fixture that a fixture asks for": (FILE, "torch.ones(2)", "torch.ones(3)", {"filled", "base"}),
    "scope of a fixture": (
        *(FILE, "@pytest.fixture\ndef base", "@pytest.fixture(params=[1])\ndef base"),
        {"filled", "base"},
    ),
    "attribute of a class": (FILE, "factor = 2.0", "factor = 3.0", {"scaled"}),
    "method": (FILE, "value * self.factor", "value + self.factor", {"scaled"}),
    "base of a class": (FILE, "Scale(torch.nn.Module)", "Scale(torch.nn.Identity)", {"scaled"}),
    "slice": (FILE, "[0:1, None]", "[0:2, None]", {"zeros"}),
    "index": (FILE, "[0:1, None]", "[0:1, 0]", {"zeros"}),
    "local name": (FILE, "MOMENTUM = 3", "MOMENTUM = 4", {"shadowed"}),
    "order of statements": (
        *(FILE, "    act = lambda PAIR: [PAIR for OTHER in range(MOMENTUM)]\n", ""),
        {"shadowed"},
    ),
    "what runs at the import": (FILE, "np.random.seed(3)", "np.random.seed(4)", ALL),
    "block at the top": (FILE, "except ImportError:", "except OSError:", ALL),
    "library": (FILE, "from math import floor", "from operator import neg as floor", {"floored"}),
    "function of a fixture": (MODELS, "Linear(SIZE, SIZE)", "Linear(SIZE, 1)", STEPS),
    "constant of a fixture": (MODELS, "SIZE = 3", "SIZE = 4", STEPS),
    "import inside a function": (MODELS, "SIDE = 2", "SIDE = 3", {"inner"}),
    "what runs where a fixture is imported": (
        *(MODELS, "import torch\n", "import torch\ntorch.manual_seed(0)\n", STEPS | {"inner"}),
    ),
    "attribute of a module": (FIGURES, "WIDE = 1.5", "WIDE = 2.5", {"printed"}),
    "name of a data file": (STORED, '"one.bin"', '"two.bin"', {"loaded"}),
    "class that a data file may name": (STORED, "size = 1", "size = 2", {"loaded"}),
    "data file": ("fixtures/files/one.bin", "1", "2", {"loaded"}),
    "fixture that always runs": (CONFTEST, "    first()\n", "", ALL),
    "helper of a fixture that always runs": (CONFTEST, "return 1", "return 0", ALL),
    "observe": (OBSERVATION, "act() + NOISE", "act() - NOISE", ALL),
    "constant of observe": (OBSERVATION, "NOISE = 1", "NOISE = 0", ALL),
    "constant of encode": (ENCODE, "DIGITS = 8", "DIGITS = 9", ALL),
    "dump": (ENCODE, "dump(value):\n    return value", "dump(value):\n    return None", ALL),
}


@pytest.mark.parametrize("file, old, new, expected", LOUD.values(), ids=LOUD)
def test_edit_makes_exactly_those_stale_that_reach_it(tree, before, file, old, new, expected):
    tree.edit(file, old, new)
    after = tree.digests()
    assert {name for name in ALL if before[name] != after[name]} == expected


def test_new_data_file_makes_those_stale_that_reach_the_folder(tree, before):
    tree.write("fixtures/files/deep.er/two.bin", "")
    after = tree.digests()
    assert {name for name in ALL if before[name] != after[name]} == {"loaded"}
    tree.write("fixtures/__pycache__/stored.pyc", "")
    assert tree.digests() == after


def test_renamed_test_in_another_file_and_chapter_is_the_same(tree, before):
    tree.write("spec/other/test_more.py", VIEWS.replace("def test_step_is_slow", "def test_slow"))
    found = tree.digests(["slow"], "spec/other/test_more.py")
    assert found == {"slow": before["step_is_slow"]}


def test_order_of_a_module_makes_nothing_stale(tree, before):
    head, *functions = VIEWS.split("\n\n\n")
    tree.write(FILE, "\n\n\n".join([head, *reversed(functions)]))
    assert tree.digests() == before


def test_module_of_the_tree_by_its_whole_name_counts_whole(tree):
    tree.write(
        FILE,
        "import fixtures.figures\nimport fixtures.models\n\n\n"
        "def test_x(snapshot):\n    fixtures.figures.WIDE\n",
    )
    found = [tree.digests(["x"])]
    for file, old, new in [(FIGURES, "WIDE = 1.5", "WIDE = 2"), (MODELS, "SIZE = 3", "SIZE = 4")]:
        tree.edit(file, old, new)
        found.append(tree.digests(["x"]))
    assert len({str(one) for one in found}) == 3


def test_functions_that_call_each_other_have_a_digest(tree):
    tree.write(
        FILE,
        "def one():\n    two()\n\ndef two():\n    one()\n\ndef test_x(snapshot):\n    one()\n",
    )
    before = tree.digests(["x"])
    tree.edit(FILE, "    two()", "    two(1)")
    assert tree.digests(["x"]) != before


def depends_on_x(tree, text):
    """Whether another value of the module's x makes the test stale."""
    tree.write(FILE, text)
    before = tree.digests(["x"])
    tree.write(FILE, text.replace("x = 1\n", "x = 2\n", 1))
    return tree.digests(["x"]) != before


@pytest.mark.parametrize(
    "code, stale",
    [
        ("[x for x in range(3)]", False),
        ("[x for x in x]", True),
        ("[y for y in range(3) if x]", True),
        ("{x: 1 for x in ()}", False),
        ("lambda x: x", False),
        ("lambda y=x: y", True),
        ("(lambda x: x)(x)", True),
        ("y.x", False),
        ("x.y", True),
        ("y(x=1)", False),
    ],
)
def test_name_counts_where_it_is_the_modules(tree, code, stale):
    text = f"x = 1\ny = 1\n\ndef test_x(snapshot):\n    assert snapshot == ({code})\n"
    assert depends_on_x(tree, text) is stale


@pytest.mark.parametrize(
    "body, stale",
    [
        ("x = 3\n    x", False),
        ("global x\n    x", True),
        ("for x in (): x", False),
        ("with open('') as x: x", False),
        ("def inner(): return x\n    inner()", True),
        ("def inner(x): return x\n    inner(1)", False),
        ("def inner(y: x): return y", True),
        ("x = 2\n    def inner(): return x\n    inner()", False),
        ("class Inner:\n        y = x", True),
        ("import math as x\n    x", False),
        ("try: pass\n    except OSError as x: x", False),
        ("def x(): pass\n    x()", False),
    ],
)
def test_local_name_hides_the_modules(tree, body, stale):
    text = f"x = 1\n\n\ndef test_x(snapshot):\n    {body}\n"
    assert depends_on_x(tree, text) is stale


def test_fixture_of_the_tests_own_module_counts_beside_conftests(tree):
    tree.write(FILE, "def test_x(snapshot, unasked):\n    pass\n")
    before = tree.digests(["x"])
    tree.edit(CONFTEST, "return 2", "return 3")
    assert tree.digests(["x"]) != before


@pytest.mark.parametrize(
    "file, text, told",
    [(FILE, "def", "not Python"), (MODELS, "\0", "not Python"), (FILE, "", "has no function")],
    ids=["test", "fixture", "gone"],
)
def test_what_is_not_python_is_named(tree, file, text, told):
    tree.write(file, text)
    with pytest.raises(HistoryError) as caught:
        tree.digests(["step_is_slow"])
    assert str(caught.value).startswith(f"{tree.root / file}: {told}")


def test_digest_of_a_folder_is_of_its_modules_without_comments(tmp_path):
    (tmp_path / "one.py").write_text("one = 1\n")
    before = sources.of_folder(tmp_path)
    (tmp_path / "one.py").write_text("one = 1  # comment\n")
    assert sources.of_folder(tmp_path) == before
    (tmp_path / "two.py").write_text("one = 1\n")
    assert sources.of_folder(tmp_path) != before
