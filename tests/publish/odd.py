"""A project that has all that the site shows, with odd words in it."""

from tests.fake import RELEASES, Project
from torch_history.records import store

# What the fake project lacks: files of releases, words that HTML has other uses for, every form
# of a value.
ODD_SPEC = r'''
"""Odd <u>words</u> & `code <u>` of a file."""

import fakelib
import numpy as np
import pytest
from torch_history.observing.observation import observe


@pytest.mark.api("fakelib.load", page="load")
@pytest.mark.interchange()
@pytest.mark.parametrize("writer", ["1.4.0", "2.6.0"], ids=["written by 1.4.0", "written by 2.6.0"])
def test_file_of_every_release_loads(snapshot, writer):
    """A file of every release loads."""
    assert snapshot == observe(lambda: 1)


@pytest.mark.api("fakelib.load", "fakelib.<u>", article="A")
@pytest.mark.changed(
    "2.0",
    "<u>text</u> & \"quotes\" of `code`",
    kind="exception",
    cause="<u>cause</u> & pytorch#7",
    probable=True,
    advice="<u>advice</u> & more",
)
def test_odd_words(snapshot):
    """It says <u>this</u> & "that" of `a <u> b`, and of ``c`d``.

    A second <u>paragraph</u>.
    """
    def act():
        error = ValueError if fakelib.LINE < (2, 0) else TypeError  # a <u>comment</u>
        raise error("<u>no</u> & \"never\" of `x`")

    assert snapshot == observe(act)


VALUES = {
    "scalar": lambda: np.array(0.5, "float32"),
    "vector": lambda: np.array([1, 2, 3], "int64"),
    "matrix": lambda: np.array([[1, float("nan")], [3, float("-inf")]], "float32"),
    "three dimensions": lambda: np.arange(8).reshape(2, 2, 2),
    "empty": lambda: np.zeros((0, 3), "float32"),
    "wide": lambda: np.arange(13),
    "long": lambda: np.arange(25).reshape(25, 1),
    "nested": lambda: {
        "first <u>": {"second": np.array([7], "int64")},
        "pair": (1, np.array([8], "int64")),
        "list": ["<u>", np.array([9], "int64")],
    },
    "keys": lambda: {0: np.array([6], "int64"), 1: "<u>"},
    "plain": lambda: {"none": None, "nan": float("nan"), "pair": (1, "two")},
    "nothing": lambda: [],
}


@pytest.mark.api("fakelib.Tensor")
@pytest.mark.parametrize("name", VALUES, ids=list(VALUES))
def test_values_of_every_form(snapshot, name):
    """Every form of a value."""
    assert snapshot == observe(VALUES[name])


@pytest.mark.api("fakelib.Tensor")
def test_part_of_two_releases(snapshot):
    """Not everywhere."""
    if fakelib.LINE == (2, 0):
        pytest.skip("no <u>part</u> in this fakelib")
    assert snapshot == observe(lambda: "part")
'''
ODD_CLAIMS = """
[
    {
        "section": "One <u>",
        "claim": "a file loads & <u>is read</u>",
        "tests": ["odd.file_of_every_release_loads"],
        "verdict": "holds",
    },
    {
        "section": "Two",
        "claim": "odd words are said",
        "tests": ["odd.odd_words", "rates.scale_halves"],
        "verdict": "holds until 1.13",
        "note": "then <u>not</u>",
    },
]
"""
LATER_SPEC = '''
"""Another <u>subject</u>, of one behaviour: ``odd.odd_words`` belongs to the first."""

import fakelib
import pytest
from torch_history.observing.observation import observe


@pytest.mark.api("fakelib.scale", "fakelib.Scale", page="scale")
@pytest.mark.changed("2.0", "the scale is halved", kind="silent")
def test_later_scale(snapshot):
    """``fakelib.scale()`` is a function & ``fakelib.Scale`` a class."""
    assert snapshot == observe(fakelib.scale)


@pytest.mark.api("fakelib.flips", page="flips")
def test_flips_without_a_marker(snapshot):
    """No marker tells that it changes."""
    assert snapshot == observe(fakelib.flips)
'''
# The order of understanding is not that of the alphabet, and `rates` is not in it.
CHAPTERS = (
    '"""How <u>fakelib</u> works: see ``fakelib.scale``."""\n\nCHAPTERS = ["tensors", "odd"]\n'
)
SUBJECTS = '''"""Odd words & scales: a scale <u>is</u> one of several scales, says pytorch#12.

A scale factor is an amp & no href (``odd.odd_words``). A scale again.
"""

SUBJECTS = ["odd", "later"]
'''
GLOSSARY = """# Glossary

Terms.

## amp
What <u>amplifies</u> & more.

See: `odd.odd_words`, `odd.nowhere`

## href
No attribute.

## Scale
What `fakelib.scale()` returns.

## scale factor
A factor.
"""
GUIDE = """# Use <u>it</u>

Read the [glossary](glossary.md#scale-factor), [another guide][data] and
[release 2.0](releases/2.0.md), [the first](releases/1.4.md) and
[an unknown one](releases/9.9.md), [claims](claims.md), [all](README.md),
[the source](../fakelib.py), [here](#use-uitu), [torch](https://pytorch.org).
`fakelib.scale()` and [`fakelib.scale` in a link](glossary.md), `unknown.name`, pytorch#12.

![a picture](../benchmarks/releases-cpu.svg)

| a | b |
|---|---|
| `odd.odd_words` | 1 |

[data]: data.md
"""
MISSING = "2.3"  # a release of the matrix that nobody recorded


def odd_project(root):
    """A recorded project with a page for everything, as the real one has.

    One release of its matrix is not recorded.
    """
    project = Project(root)
    project.lay_out()
    project.write("spec/odd/test_odd.py", ODD_SPEC)
    project.write("spec/odd/test_later.py", LATER_SPEC)
    project.write("spec/__init__.py", CHAPTERS)
    project.write("spec/odd/__init__.py", SUBJECTS)
    project.write("docs/use.md", GUIDE)
    project.write("docs/data.md", "# Data\n")
    project.write("docs/glossary.md", GLOSSARY)
    project.write("docs/benchmarks.md", "# Benchmarks\n\n![a](../benchmarks/releases-cpu.svg)\n")
    project.write("benchmarks/releases-cpu.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>')
    project.write("claims/A.py", ODD_CLAIMS)
    project.write("claims/B.py", ODD_CLAIMS)
    project.write(
        "tox.ini",
        (root / "tox.ini")
        .read_text()
        .replace("    torch2.6:", f"    torch{MISSING}: torch=={MISSING}.1\n    torch2.6:"),
    )
    for patch in RELEASES.values():
        project.record(patch)
    project.record("2.0.1", "--device", "other")
    project.record("2.6.0", "--device", "other")
    record = project.kept("odd.odd_words")
    record.former = ["odd.words", "gone.words"]
    store.write_record(project.path("odd.odd_words"), record)
    return project
