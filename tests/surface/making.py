"""Surveys and surfaces from literals, and what Hypothesis draws of them."""

import msgspec
from hypothesis import settings
from hypothesis import strategies as st

from tests.literals import survey
from torch_history.surface import entering, files, index
from torch_history.surface.entering import Survey
from torch_history.surface.entry import Entry, Warned
from torch_history.surface.files import Surface
from torch_history.surveying import defaults

SMALL = settings(max_examples=60, derandomize=True, deadline=None, database=None)
LINES = ("1.4", "1.9", "1.10", "2.0", "2.6")


def surveyed(release="2.0.1", names=(), **more):
    """A survey; of ``names`` the entries are texts as the files have them."""
    return msgspec.convert(survey(release, names, **more), Survey)


def entered(surveys, order=None):
    """The surface with these surveys, line -> survey, entered in an order."""
    surface = Surface()
    for line in order or surveys:
        entering.enter(surface, surveys[line], line)
    return surface


# What a survey can hold. The signs of the files' own form stand in strings.
_SIGNS = st.text(alphabet=")| (<->,'\"\\[]{}=*/:a\n\u00e9", max_size=12)
_PLAIN = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(allow_nan=False), _SIGNS)
_VALUES = st.recursive(
    _PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(_SIGNS, inner, max_size=2),
    ),
    max_leaves=4,
)
DEFAULTS = st.one_of(
    _VALUES.map(lambda value: defaults.text_of(value, lambda of: "")),
    st.sampled_from(["torch.float32", "<Generator>", "Reduction.MEAN", "torch.nn.functional.relu"]),
)


@st.composite
def takes(draw):
    """Parameters as text."""
    parts = [
        draw(st.sampled_from(["", f"={draw(DEFAULTS)}"])) for _ in range(draw(st.integers(0, 3)))
    ]
    named = [f"{name}{default}" for name, default in zip("abc", parts)]
    return f"({', '.join([*named, *draw(st.sampled_from([[], ['*args', '**options']]))])})"


_NAMES = st.lists(
    st.sampled_from(["values", "indices", "torch.nn.Module", "tuple", "torch.f.<locals>.C"]),
    max_size=2,
    unique=True,
).map(tuple)
_WARNED = st.builds(
    Warned,
    st.sampled_from(["FutureWarning", "UserWarning"]),
    _SIGNS,
    st.one_of(st.none(), st.lists(st.sampled_from(["verbose", "-dim"]), max_size=2).map(tuple)),
    st.sampled_from(["", "library"]),
)
ENTRIES = st.builds(
    Entry,
    st.sampled_from(["class", "function", "method", "property", "value", "operator"]),
    st.one_of(st.none(), takes(), st.lists(takes(), min_size=2, max_size=3).map(tuple)),
    _NAMES,
    _NAMES,
    _SIGNS,
    st.lists(_WARNED, max_size=2).map(tuple),
)


PATHS = ("torch.a", "torch.C", "torch.C.m", "torch.nn.L", "torch.nn.L.forward", "torch.nn.utils.f")
PLACES = ("torch.b", "torch.nn.M", "torch.nn.modules.L", "torch.nn.modules.f", "torch.nn.modules.g")
_MODULES = ("torch.nn", "torch.nn.utils", "torch.nn.modules", "torch.C")


@st.composite
def surveys(draw, entries=ENTRIES):
    """A survey as a release could have it: a module that fails has no names."""
    kinds = {one: draw(st.sampled_from(["there", "gone", "failed"])) for one in _MODULES}
    names = draw(st.dictionaries(st.sampled_from(PATHS), entries, max_size=6))
    targets = st.sampled_from(sorted(names) or ["torch.a"])
    failed = [one for one, kind in kinds.items() if kind == "failed"]

    def known(path):
        return not any(f"{path}.".startswith(f"{one}.") for one in failed)

    return Survey(
        1,
        "2.0.1",
        "3.11.7",
        draw(st.sampled_from(["0123", "4567"])),
        ["torch", *(one for one, kind in kinds.items() if kind == "there")],
        {path: of for path, of in names.items() if known(path)},
        {
            path: target
            for path, target in draw(st.dictionaries(st.sampled_from(PLACES), targets)).items()
            if names and known(path.rpartition(".")[0]) and known(target)
        },
        {
            path: draw(st.sampled_from(["a: int", "return: Tensor"]))
            for path in names
            if known(path)
        },
        dict.fromkeys(failed, "ImportError: no"),
    )


def by_line(of=None):
    """Line -> survey, of some releases."""
    return st.dictionaries(st.sampled_from(LINES), of or surveys(), min_size=1)


def index_of(root, told):
    """The index of a folder in which these surveys, line -> survey, are the surface."""
    files.write(root, entered(told))
    return index.of(root)
