"""The conditions of markers: every form, and how another one is refused."""

import pytest

from torch_history.catalogue import source
from torch_history.catalogue.conditions import ROLES, TYPES, OfType, Term, Written, alternatives
from torch_history.errors import HistoryError


@pytest.mark.parametrize(
    "text, term",
    [
        ("dim", Term("dim", "dim")),
        ("dim@1", Term("dim@1", "dim", 1)),
        ("@7", Term("@7", None, 7)),
        ("-dim", Term("-dim", "dim", wanted=False)),
        ("-dim@1", Term("-dim@1", "dim", 1, wanted=False)),
        ("-@7", Term("-@7", None, 7, wanted=False)),
        ("dim@1=0|-1", Term("dim@1=0|-1", "dim", 1, values=(0, -1))),
        ("@1=0", Term("@1=0", None, 1, values=(0,))),
        ("dim!=0", Term("dim!=0", "dim", wanted=False, values=(0,))),
        ("p=0.0", Term("p=0.0", "p", values=(0.0,))),
        ("p=None|True", Term("p=None|True", "p", values=(None, True))),
        ("mode=(1, 'sum')", Term("mode=(1, 'sum')", "mode", values=((1, "sum"),))),
        ("mode=sum", Term("mode=sum", "mode", values=("sum",))),
        ("mode='sum'", Term("mode='sum'", "mode", values=("sum",))),
        ("d=torch.half", Term("d=torch.half", "d", values=(Written("torch.half"),))),
        ("d=<int>|torch.half", Term("d=<int>|torch.half", "d", values=(OfType("int"),
                                                                      Written("torch.half")))),
        (":with", Term(":with", role="with")),
        ("-:with", Term("-:with", role="with", wanted=False)),
        (":within=torch.no_grad", Term(":within=torch.no_grad", role="within=torch.no_grad")),
        (":of=torch.optim.SGD", Term(":of=torch.optim.SGD", role="of=torch.optim.SGD")),
    ],
)  # fmt: skip
def test_term_is_an_argument_its_place_its_value_or_where_the_api_stands(text, term):
    assert alternatives((text,)) == [[term]]


@pytest.mark.parametrize("name", TYPES)
def test_type_in_angle_brackets_is_any_literal_of_it(name):
    assert alternatives((f"dim!=<{name}>",))[0][0].values == (OfType(name),)


@pytest.mark.parametrize("role", ROLES)
def test_place_where_an_api_stands_may_be_wanted_or_not(role):
    terms = alternatives((f":{role} and -:{role}",))[0]
    assert [(one.role, one.wanted) for one in terms] == [(role, True), (role, False)]


def test_one_of_the_entries_is_enough_and_all_terms_of_an_entry_are_needed():
    found = alternatives(("dim and -p@2", "p=0.0"))
    assert [[term.text for term in terms] for terms in found] == [["dim", "-p@2"], ["p=0.0"]]
    assert alternatives(()) == []


FORM = "not a condition: write NAME, NAME@PLACE, -NAME or NAME=LITERAL"
PLACES = f"not a place: write one of :{', :'.join(ROLES)}"


@pytest.mark.parametrize(
    "when, term, says",
    [
        ("", "", FORM),
        ("-", "-", FORM),
        ("@", "@", FORM),
        ("@one", "@one", FORM),
        ("dim@", "dim@", FORM),
        ("dim@-1", "dim@-1", FORM),
        ("dim=", "dim=", FORM),
        ("=0", "=0", FORM),
        ("-dim=0", "-dim=0", FORM),
        ("torch.dim", "torch.dim", FORM),
        ("dim, p", "dim, p", FORM),
        ("dim and", "dim and", FORM),
        ("dim and ", "", FORM),
        ("dim and  and p", "", FORM),
        ("dim=0 or p", "dim=0 or p", "0 or p is neither a literal nor a name"),
        ("dim==0", "dim==0", "=0 is neither a literal nor a name"),
        ("dim=len(x)", "dim=len(x)", "len(x) is neither a literal nor a name"),
        ("p and dim=0|(", "dim=0|(", "( is neither a literal nor a name"),
        ("dim=<object>", "dim=<object>", f"<object> is no type: write one of {', '.join(TYPES)}"),
        (":", ":", PLACES),
        (":elsewhere", ":elsewhere", PLACES),
        ("-:elsewhere", "-:elsewhere", PLACES),
        (":within=numpy.errstate", ":within=numpy.errstate", PLACES),
        (":of=SGD", ":of=SGD", PLACES),
    ],
)  # fmt: skip
def test_other_form_is_refused_in_one_line_that_names_the_marker(project, when, term, says):
    with pytest.raises(HistoryError) as caught:
        alternatives((when,))
    assert str(caught.value) == f"when={term!r}: {says}"
    project.write(
        "spec/rates/test_more.py",
        "import pytest\n\n\n"
        "@pytest.mark.api('fakelib.x')\n"
        f"@pytest.mark.changed('2.0', 'words', kind='silent', when=('dim', {when!r}))\n"
        "def test_x(snapshot):\n    pass\n",
    )
    with pytest.raises(HistoryError) as caught:
        source.behaviours(project.root)
    assert str(caught.value) == f"spec/rates/test_more.py:5: when={term!r}: {says}"
