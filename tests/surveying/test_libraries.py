"""Warnings from C++: what the libraries say, and what comes when builtins are called."""

import itertools
import os
import struct

import pytest

from torch_history.errors import HistoryError
from torch_history.surveying import libraries, strings, trials
from torch_history.surveying.parameters import KEYWORD, PLAIN, Parameter

SOON = "torch.old is deprecated and will be removed in a future PyTorch release."
QUOTED = "'saved_variables' is deprecated; use 'saved_tensors'"
NAMES = (
    *("torch.abs", "torch.add", "torch.chain_matmul", "torch.ger", "torch.is_autocast_cpu_enabled"),
    *("torch.meshgrid", "torch.range", "torch.Tensor.T", "torch.Tensor.copy_", "torch.where"),
    *("torch.Tensor.where", "torch.Tensor.__getitem__", "torch.set_autocast_cpu_enabled"),
)


def elf(**sections):
    """A library of 64 bits with these sections."""
    names = b"\0" + b"".join(f".{name}\0".encode() for name in (*sections, "shstrtab"))
    parts = [*sections.values(), names]
    starts = itertools.accumulate(map(len, parts), initial=64)
    headers = [bytes(64)]
    for name, part, start in zip((*sections, "shstrtab"), parts, starts):
        at = names.index(f".{name}\0".encode())
        headers.append(struct.pack("<II4Q24x", at, 1, 0, 0, start, len(part)))
    end = 64 + sum(map(len, parts))
    head = b"\x7fELF\x02\x01".ljust(40, b"\0") + struct.pack("<Q10xHHH", end, 64, len(headers), 0)
    head = head[:62] + struct.pack("<H", len(headers) - 1)
    return head + b"".join(parts) + b"".join(headers)


@pytest.fixture
def folder(tmp_path):
    """A folder with a library that holds these bytes."""

    def give(content, name="libtorch_cpu.so"):
        (tmp_path / name).write_bytes(content)
        return tmp_path

    return give


def test_strings_of_a_library_end_at_what_is_not_printed(folder):
    content = b"\0\x01kernel\0" + SOON.encode() + b"\0\xffdeprecated\0"
    assert strings.of_folder(folder(content)) == {SOON: "libtorch_cpu.so"}


def test_of_a_library_only_the_constants_are_read(folder):
    content = elf(text=b"\0code is deprecated here\0", rodata=b"\0" + SOON.encode() + b"\0")
    assert strings.of_folder(folder(content)) == {SOON: "libtorch_cpu.so"}


@pytest.mark.parametrize(
    "text",
    [
        "_ZN2at24DeprecatedTypePropertiesC1Ev",
        "aten::_convolution.deprecated",
        "removed 3 of 4 nodes",
        "the strides will be kept",
    ],
    ids=["symbol", "operator", "done", "future"],
)
def test_strings_that_announce_nothing_are_left_out(folder, text):
    assert strings.of_folder(folder(b"\0" + text.encode() + b"\0")) == {}


def test_a_library_that_is_empty_or_missing_says_nothing(folder, tmp_path):
    assert strings.of_folder(tmp_path) == strings.of_folder(folder(b"")) == {}


@pytest.fixture(scope="module")
def found():
    """What is found in the installed torch among a few names."""
    torch = pytest.importorskip("torch")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(libraries, "_tried", lambda *_: iter(NAMES))
        return libraries.warned(torch, {})


def when(found, name, text):
    """The condition of each warning of a name with this text."""
    of = [one for one in found.get(name, ()) if text in one["text"]]
    assert not [one for one in of if "by" in one]
    return [one.get("when", "always") for one in of]


def test_calls_show_which_warnings_come_and_when(found):
    assert "torch.abs" not in found
    assert when(found, "torch.range", "torch.range is deprecated") == ["always"]
    assert when(found, "torch.chain_matmul", "is deprecated and will be removed") == ["always"]
    assert when(found, "torch.meshgrid", "it will be required to pass the indexing") == [[]]
    assert when(found, "torch.Tensor.T", "on tensors of dimension other than 2") == [[]]
    assert when(found, "torch.where", "uint8 condition tensor") == [[]]
    assert when(found, "torch.Tensor.where", "uint8 condition tensor") == [[]]
    assert when(found, "torch.Tensor.__getitem__", "indexing with dtype torch.uint8") == [[]]
    assert when(found, "torch.add", "This overload of add is deprecated") == [[]]
    # those that only a parameter brings about
    assert when(found, "torch.Tensor.copy_", "This overload of copy_") == [["async"]]
    assert when(found, "torch.ger", "torch.ger is deprecated") == [["out"]]


def test_the_category_is_the_one_that_came_and_the_text_has_no_place_in_cpp(found):
    assert found["torch.is_autocast_cpu_enabled"] == [
        {
            "category": "DeprecationWarning",
            "text": "torch.is_autocast_cpu_enabled() is deprecated. "
            "Please use torch.is_autocast_enabled('cpu') instead.",
        }
    ]
    assert found["torch.set_autocast_cpu_enabled"][0]["category"] == "DeprecationWarning"
    assert "Triggered internally" not in str(found)


@pytest.fixture
def said(monkeypatch):
    """What is found where the libraries have these strings, and calls gave these reports."""
    torch = pytest.importorskip("torch")

    def give(texts, reports=(), names=(), **callables):
        monkeypatch.setattr(strings, "of_folder", lambda _: dict.fromkeys(texts, "libc10.so"))
        monkeypatch.setattr(libraries, "_tried", lambda *_: iter(names))
        monkeypatch.setattr(libraries, "_reports", lambda _: reports)
        return libraries.warned(torch, {f"torch.{name}": one for name, one in callables.items()})

    return give


def library(text):
    """The entry of what only a string says."""
    return {"category": "UserWarning", "text": text, "when": [], "by": "library"}


def test_what_only_a_string_says_is_marked(said):
    assert said([SOON, "torch.gone is deprecated"], old=len) == {"torch.old": [library(SOON)]}
    quoted = said([QUOTED], Function=type("Function", (), {"saved_variables": 1}))
    assert quoted == {"torch.Function.saved_variables": [library(QUOTED)]}


def test_a_string_that_a_call_has_met_is_no_second_warning(said):
    came = [0, [], [["UserWarning", f"{SOON} Use new. (Triggered internally at /a/b.cpp:7.)"]]]
    found = said([SOON], [{"name": "torch.old", "accepted": [came]}], ["torch.old"], old=len)
    assert found == {"torch.old": [{"category": "UserWarning", "text": f"{SOON} Use new."}]}


def test_an_overload_counts_only_where_the_release_warns_of_overloads(said):
    texts = ["add(Scalar alpha, Tensor other)|deprecated", "mm(Tensor input)|deprecated"]
    names = ["torch.Tensor.add", "torch.mm"]
    assert said(texts, names=names) == {}
    text = "This overload of mm is deprecated:\n\tmm(Tensor input)"
    reports = [{"name": "torch.mm", "accepted": [[0, [], [["UserWarning", text]]]]}]
    assert said(texts, reports, names) == {
        "torch.mm": [{"category": "UserWarning", "text": " ".join(text.split()), "when": []}],
        "torch.Tensor.add": [
            library(
                "This overload of add is deprecated: add(Tensor self, Scalar alpha, Tensor other)"
            )
        ],
    }


def test_what_is_new_or_resized_is_no_deprecation(said):
    texts = [
        "Nested tensors are in prototype stage and will change in a future release.",
        "An output with one or more elements was resized. This behavior is deprecated.",
        "Implicit conversion is deprecated, and may be removed in a future version of Python.",
    ]
    came = [0, [], [["UserWarning", text] for text in texts]]
    assert said([], [{"name": "torch.old", "accepted": [came]}], ["torch.old"]) == {}


def test_parameters_of_a_schema_have_their_type_and_those_of_a_method_begin_with_self():
    inputs = pytest.importorskip("torch_history.surveying.inputs")
    schema = (
        "aten::where.self(Tensor condition, Tensor(a!)? self, SymInt[2] size=[1, 1], *, Scalar x)"
    )
    one = [
        Parameter("condition", PLAIN, None, "Tensor"),
        Parameter("self", PLAIN, None, "Tensor"),
        Parameter("size", PLAIN, "[1, 1]", "int[]"),
        Parameter("x", KEYWORD, None, "number"),
    ]
    assert inputs.parameters(f"{schema} -> (Tensor a, Tensor b)") == one
    assert inputs.parameters(schema, of_method=True) == [one[1], one[0], *one[2:]]


def test_a_trial_that_ends_or_hangs_is_tried_apart_and_the_others_go_on(monkeypatch):
    def attempt(asked, call, path, known=None):
        if call is trials._call and path == "torch.dies":
            os._exit(1)
        while call is trials._call and path == "torch.hangs":
            pass
        return {"name": path, "accepted": [[0, [], [["UserWarning", path]]]]}

    monkeypatch.setattr(trials, "_try", attempt)
    monkeypatch.setattr(trials, "SECONDS", 1)
    names = ["torch.a", "torch.dies", "torch.b", "torch.hangs", "torch.c"]
    asked = trials.Asked({"names": names, "thorough": [], "signatures": {}}, once=False)
    assert [one["name"] for one in trials._reports(asked)] == names


def test_where_a_process_warns_once_each_call_has_its_own(monkeypatch):
    def call(function, trial):
        told, once[:] = list(once), []
        return told

    def attempt(asked, call, path, known=None):
        seen = [(number, [], call(None, None)) for number in range(3)]
        return {"name": path, "accepted": seen}

    once = [["UserWarning", "deprecated"]]
    monkeypatch.setattr(trials, "_try", attempt)
    monkeypatch.setattr(trials, "_call", call)
    told = {"names": ["torch.a"], "thorough": ["torch.a"], "signatures": {}}
    (report,) = trials._reports(trials.Asked(told, once=True))
    assert [len(seen) for _, _, seen in report["accepted"]] == [1, 1, 1]


def test_trials_that_fail_name_their_program_and_the_reason(monkeypatch):
    monkeypatch.setattr(libraries, "SECONDS", 0.01)
    with pytest.raises(HistoryError, match=r"trials: not done after 0\.01 s; record again"):
        libraries._reports({"names": [], "thorough": [], "signatures": {}})
    monkeypatch.setattr(libraries, "SECONDS", 60)
    with pytest.raises(HistoryError, match="trials: KeyError: 'names'; run it by hand"):
        libraries._reports({})
