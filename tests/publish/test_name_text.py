"""The life of a name on a terminal."""

import pytest

from tests.questions import surface as small
from torch_history.publish import name_text
from torch_history.questions import contents
from torch_history.questions.names import Lives
from torch_history.surface import index
from torch_history.surface.entry import Entry


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("names")


@pytest.fixture(scope="module")
def lives(root):
    return Lives(small.catalogue(), small.written(root))


def shown(lives, name):
    return list(name_text.lines(lives.of(name)))


def test_class_says_since_when_what_it_takes_and_each_change(lives):
    assert shown(lives, "torch.optim.NAdam") == [
        "torch.optim.NAdam",
        "  class, since 1.9",
        "  also torch.optim.nadam.NAdam, torch.optim._multi.NAdam",
        "  takes (params, lr=0.002, *, foreach=None)",
        "  derives from torch.optim.Optimizer",
        "",
        "2.0: takes foreach by keyword only",
    ]


def test_name_that_is_gone_says_until_when_and_what_to_do(lives):
    assert shown(lives, "torch.qr") == [
        "torch.qr",
        "  function, from 1.4 or before to 2.0",
        "  also torch.functional.qr",
        "  takes (input, dim=None) in 2.0",
        "  only raises: use linalg.qr",
        "",
        "1.9: warns: FutureWarning: use linalg.qr",
        "2.0: only raises: use linalg.qr (pytorch#70989)",
        "  what to do: call torch.linalg.qr",
        "2.6: is gone; it only raised before",
    ]


@pytest.mark.parametrize(
    "name, lines",
    [
        (
            "torch.optim.NAdam.zero_grad",
            ["  method, since 1.9", "  the same as torch.optim.Optimizer.zero_grad"],
        ),
        ("torch.cuda.once", ["  function, only in 2.0", "  takes () in 2.0"]),
        ("torch.cuda.brief", ["  function, from 1.4 or before to 1.4, and since 2.6"]),
        (
            "torch.onnx.export",
            [
                "  function, since 1.4 or before",
                "  takes (model, f)",
                "  unknown on 1.9, where its module could not be imported: ImportError: no onnx",
            ],
        ),
        ("torch._six", ["  module, from 1.4 or before to 1.9", "", "2.0: is gone"]),
    ],
)
def test_head_says_what_it_is_and_where_it_was(lives, name, lines):
    assert shown(lives, name)[1 : 1 + len(lines)] == lines


def test_members_are_told_release_by_release(lives):
    of = lives.of("torch.optim.Optimizer")
    assert list(name_text.of_class(of, contents.members(lives, of))) == [
        "\nits members:",
        "  1.9: zero_grad takes set_to_none",
        "  2.0: came hook",
        "  2.0: zero_grad set_to_none is True by default, was False",
        "  2.6: went peek",
        "`torch-history show torch.optim.Optimizer.NAME` shows one of them",
    ]
    assert list(name_text.of_class(of, ())) == []


def test_many_changed_members_are_only_named(lives):
    of = lives.of("torch.optim.Optimizer")
    (changed,) = (one for one in contents.members(lives, of) if one.name == "zero_grad")
    many = [changed._replace(name=f"m{number:02}") for number in range(20)]
    first = "m00, m01, m02, m03, m04, m05, m06, m07, and 12 more"
    assert list(name_text.of_class(of, many))[1:3] == [
        f"  1.9: changed {first}",
        f"  2.0: changed {first}",
    ]


def test_module_counts_its_names_and_tells_what_came_and_went(lives):
    found = contents.inside(lives, lives.of("torch.cuda"))
    assert list(name_text.of_module(found)) == [
        "\n2 public names in 2.6",
        "  1.9: came NAdam, Scaler",
        "  1.9: went brief",
        "  2.0: came once",
        "  2.6: came brief",
        "  2.6: went NAdam, once",
    ]
    assert list(name_text.of_module(contents.inside(lives, lives.of("torch._six")))) == []


def test_annotations_are_told_as_they_are_and_were_in_the_order_of_the_call(lives, root):
    of = lives.of("torch.optim.NAdam")
    texts = lives.annotations(of, index.types(root))
    assert list(name_text.annotated(texts, of.entry)) == [
        "\nannotations since 2.0:",
        "  params: list",
        "  lr: float | Tensor",
        "  foreach: bool | None",
        "  2.0: lr was float; foreach: bool | None is new",
    ]
    assert list(name_text.annotated([], of.entry)) == ["\nno annotations"]


def test_annotations_that_are_gone_or_of_overloads_are_told_whole():
    told = [("1.9", "a: int; b: str"), ("2.0", "a: int -> int; a: str -> str"), ("2.6", None)]
    assert list(name_text.annotated(told, Entry("function"))) == [
        "\nno annotations since 2.6",
        "  2.0: a: int is gone; b: str is gone; a: int -> int; a: str -> str is new",
        "  2.6: a: int -> int; a: str -> str is gone",
    ]


def test_many_names_that_may_be_meant_are_cut():
    names = [f"torch.m{number}.qr" for number in range(22)]
    told = list(name_text.several("qr", names))
    assert told[:2] == ["qr is the name of several in torch:", "  torch.m0.qr"]
    assert (len(told), told[-1]) == (22, "  and 2 more")
