"""What words, a pasted message, an API or a part of an id lead to."""

import json

import pytest
from msgspec import Raw

from torch_history.catalogue.behaviour import Behaviour, Change
from torch_history.catalogue.index import Index
from torch_history.catalogue.kinds import Kind
from torch_history.errors import HistoryError
from torch_history.questions import messages, search, terms
from torch_history.questions.naming import misspelt, named


def behaviour(name, docstring="A claim.", api=("torch.load",), changes=(), former=()):
    claim = name.partition(".")[2].replace("_", " ")
    return Behaviour(
        id=name,
        file="spec/x/test_x.py",
        line=1,
        claim=claim,
        docstring=docstring,
        api=list(api),
        page=None,
        article=None,
        changes=list(changes),
        former=list(former),
    )


def index(*behaviours, **shown):
    """An index in which a behaviour, by the last part of its id, shows these messages."""
    records = {}
    for one in behaviours:
        told = shown.get(one.id.partition(".")[2], ())
        records[one.id] = {
            f"case {number}": {"cpu": {"1.4": Raw(json.dumps(observed(text)).encode())}}
            for number, text in enumerate(told)
        }
    return Index(2, "torch", {}, [], list(behaviours), records, [])


def observed(text):
    name, _, message = text.partition(": ")
    if name.endswith("Warning"):
        return {"value": 1, "warned": [{"category": name, "message": message}]}
    return {"raised": {"type": name, "message": message}}


def found(here, words):
    return [match.behaviour.id for match in search.find(here, words).matches]


ZERO_GRAD = behaviour(
    "step.optimizer_zero_grad_leaves_none",
    "The gradients become None.\n\nTrap: a step skips them.",
    ["torch.optim.Optimizer.zero_grad"],
    [Change("2.0", "set to None", Kind.SILENT, "pytorch#92731", advice="pass set_to_none=False")],
    ["step.gradients_rest"],
)
SCHEDULE = behaviour(
    "optim.steps_of_a_schedule", "The rate falls.", ["torch.optim.lr_scheduler.LRScheduler"]
)
BATCH_NORM = behaviour("layers.statistics", "Batches count.", ["torch.nn.BatchNorm2d"])
HERE = index(ZERO_GRAD, SCHEDULE, BATCH_NORM, statistics=["ValueError: Expected 2D, got 4D input"])


# ---- words


@pytest.mark.parametrize(
    "words, name",
    [
        ("zero", ZERO_GRAD.id),
        ("zero grad", ZERO_GRAD.id),
        ("grads zeroed", ZERO_GRAD.id),
        ("Optimizer.zero_grad", ZERO_GRAD.id),
        ("ZeroGrad", ZERO_GRAD.id),
        ("gradient rests", ZERO_GRAD.id),
        ("the trap of a step", ZERO_GRAD.id),
        ("92731", ZERO_GRAD.id),
        ("pytorch#92731", ZERO_GRAD.id),
        ("set_to_none", ZERO_GRAD.id),
        ("2.0", ZERO_GRAD.id),
        ("LRScheduler", SCHEDULE.id),
        ("lr scheduler", SCHEDULE.id),
        ("lr_scheduler", SCHEDULE.id),
        ("batchnorm", BATCH_NORM.id),
        ("batch_norm", BATCH_NORM.id),
        ("BatchNorm2d", BATCH_NORM.id),
        ("4d input", BATCH_NORM.id),
        ("valueerror", BATCH_NORM.id),
        ("adam", None),
        ("zero adam", None),
    ],
)
def test_all_words_must_be_in_one_behaviour_and_parts_of_identifiers_are_words(words, name):
    assert found(HERE, words) == ([name] if name else [])


def test_a_word_with_a_dot_or_underscore_stands_together():
    apart = behaviour("x.a_gradient_is_zero", "A grad, and a zero.")
    assert found(index(apart), "zero grad") == [apart.id]
    assert found(index(apart), "zero_grad") == []


def test_claim_comes_before_docstring_before_messages():
    in_message = behaviour("x.third")
    in_docstring = behaviour("x.second", "The stride of a view.")
    in_id = behaviour("x.stride_first")
    here = index(in_message, in_docstring, in_id, third=["RuntimeError: bad stride"])
    assert found(here, "stride") == [in_id.id, in_docstring.id, in_message.id]


def test_a_phrase_comes_before_scattered_words_before_what_breaks():
    breaks = behaviour("x.c", "The hook of a full step.", changes=[Change("2.0", "", Kind.ERROR)])
    quiet = behaviour("x.b", "A hook that is full.")
    phrase = behaviour("x.a", "A full hook.")
    assert found(index(quiet, breaks, phrase), "full hook") == [phrase.id, breaks.id, quiet.id]


def test_a_match_names_the_texts_that_have_the_words():
    [match] = search.find(HERE, "zero trap 92731").matches
    assert [field.name for field in match.fields] == ["api", "docstring", "cause"]
    [match] = search.find(HERE, "skips them").matches
    assert [field.name for field in match.fields] == ["docstring"]


@pytest.mark.parametrize("words", ["", " ", "..", "-- ?"])
def test_a_text_without_words_is_refused(words):
    with pytest.raises(HistoryError, match="nothing to search for: give words or a message"):
        search.find(HERE, words)


# ---- pasted messages

SIZES = (
    "RuntimeError: Error(s) in loading state_dict for Net:\nsize mismatch for fc.weight: copying \
a param with shape torch.Size([1, 2]) from checkpoint, the shape in current model is \
torch.Size([3, 2])."
)
LEAF = "RuntimeError: a leaf Variable that requires grad is being used in an in-place operation."
HOOK = "AttributeError: 'Linear' object has no attribute 'register_full_backward_hook'"
NESTED = "AttributeError: 'Linear' object has no attribute 'bias'"
TARGET = "UserWarning: Using a target size (torch.Size([3])) that is different to the input size \
(torch.Size([1, 3])). This will likely lead to incorrect results due to broadcasting."
EMPTY = "EOFError: "
NAMES = ("sizes", "leaf", "hook", "nested", "target", "empty")
SHOWN = dict(zip(NAMES, ([one] for one in (SIZES, LEAF, HOOK, NESTED, TARGET, EMPTY))))
MESSAGES = index(*(behaviour(f"x.{name}") for name in NAMES), **SHOWN)
TRACEBACK = """Traceback (most recent call last):
  File "/home/me/train.py", line 1, in <module>
ValueError: a target size of another input

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/home/me/train.py", line 99, in <module>
    model.load_state_dict(torch.load("best.pt"))
RuntimeError: Error(s) in loading state_dict for ResNet:
\tsize mismatch for layer4.head.bias: copying a param with shape torch.Size([1000, 64]) from \
checkpoint, the shape in current model is torch.Size([10, 64]).
"""


@pytest.mark.parametrize(
    "pasted, name",
    [
        (TRACEBACK, "sizes"),
        (LEAF, "leaf"),
        (LEAF.partition(": ")[2], "leaf"),
        ("E       " + LEAF, "leaf"),
        ("[rank0]: torch.special.OddError: x\n[rank1]: " + LEAF, "leaf"),
        ("\x1b[31m" + LEAF + "\x1b[0m", "leaf"),
        ("a leaf Variable that requires grad is being used in an in-place", "leaf"),
        ("AttributeError: 'MyUNet' object has no attribute 'register_full_backward_hook'", "hook"),
        (
            (
                "/opt/x/loss.py:538: UserWarning: Using a target size (torch.Size([64])) that is "
                "different to the input size (torch.Size([64, 1])). This will likely lead to "
                "incorrect results due to broadcasting.\n  return F.mse_loss(input, target)\n"
            ),
            "target",
        ),
        ("Traceback (most recent call last):\n  File 'x'\nEOFError\n", "empty"),
        ("Traceback (most recent call last):\n  File 'x'\nx.Odd: " + LEAF, "leaf"),
    ],
    ids=lambda value: value[:20],
)
def test_pasted_message_finds_what_shows_nearly_it(pasted, name):
    assert found(MESSAGES, pasted)[:1] == [f"x.{name}"]


@pytest.mark.parametrize(
    "pasted",
    [
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB",
        "RuntimeError: Default process group has not been initialized",
        "KeyError: 'rate'",
        "the quick brown fox jumps over the lazy dog and runs away from it",
    ],
)
def test_a_message_that_no_behaviour_shows_finds_nothing(pasted):
    assert found(MESSAGES, pasted) == []


def test_of_equal_messages_the_behaviour_that_is_about_it_comes_first():
    about = behaviour("x.writing_to_a_leaf_raises", "A leaf that requires grad is not written to.")
    other = behaviour("x.dropout", "Dropout drops.")
    here = index(other, about, dropout=[LEAF], writing_to_a_leaf_raises=[LEAF])
    assert found(here, LEAF) == [about.id, other.id]


@pytest.mark.parametrize(
    "text, message",
    [
        ("no message at all", None),
        ("ValueError", None),
        ("x.py:3: FutureWarning: old\n  load(f)\n", "FutureWarning: old"),
        ("a.b.CError: one\n\ttwo", "CError: one\n\ttwo"),
        ("ValueError: first\nKeyError: 'last'", "KeyError: 'last'"),
        ("WARNING:py.warnings:/a b/x.py:3: UserWarning: w", "UserWarning: w"),
    ],
)
def test_last_message_of_a_log_counts(text, message):
    assert messages.pasted(text) == message


def test_long_lines_of_a_log_are_read_in_time():
    assert found(MESSAGES, "q:7: " * 100_000 + "q") == []
    assert found(MESSAGES, "/q" * 100_000) == []
    assert found(MESSAGES, "a" * 1_000_000 + "\n" + LEAF) == ["x.leaf"]


# ---- what `show` takes


@pytest.mark.parametrize(
    "asked, names",
    [
        (ZERO_GRAD.id, [ZERO_GRAD.id]),
        ("step.gradients_rest", [ZERO_GRAD.id]),
        ("zero_grad", [ZERO_GRAD.id]),
        ("zero_grad()", [ZERO_GRAD.id]),
        ("torch.optim", [ZERO_GRAD.id, SCHEDULE.id]),
        ("optim", [ZERO_GRAD.id, SCHEDULE.id]),
        ("LRScheduler", [SCHEDULE.id]),
        ("of_a_sched", [SCHEDULE.id]),
        ("statistics", [BATCH_NORM.id]),
        ("falls", [SCHEDULE.id]),
        ("92731", [ZERO_GRAD.id]),
    ],
)
def test_show_takes_an_id_an_api_a_part_of_an_id_or_a_word(asked, names):
    assert [one.id for one in search.lookup(HERE, asked)] == names


@pytest.mark.parametrize(
    "asked, says",
    [
        ("atistics", "ID 'atistics': not covered: no behaviour mentions atistics: see `torch-"),
        ("torch.amp", "ID 'torch.amp': not covered: no behaviour is about torch.amp: see `torch-"),
        ("torch.expected", "no behaviour is about torch.expected: see `torch-history list`"),
        ("torch.nn.BatchNrom2d", "did you mean torch.nn.BatchNorm2d?"),
        ("layers.statistcs", "did you mean layers.statistics?"),
        ("  ", "give an id, an API or a word"),
        ("$(", "no behaviour mentions $("),
    ],
)
def test_show_of_what_is_not_recorded_never_guesses(asked, says):
    with pytest.raises(HistoryError) as caught:
        search.lookup(HERE, asked)
    assert says in str(caught.value)


# ---- names

NAMES_OF_TORCH = [
    *("torch.load", "torch.clamp", "torch.Tensor.clamp", "torch.nn.ReLU", "torch.nn.Conv2d"),
    *("torch.nn.functional.dropout", "torch.optim.Adam", "torch.optim.AdamW"),
    *("torch.optim.Adam.step", "torch.nn.Module.zero_grad", "torch.optim.Optimizer.zero_grad"),
]


@pytest.mark.parametrize(
    "asked, names",
    [
        ("zero_grad", ["torch.nn.Module.zero_grad", "torch.optim.Optimizer.zero_grad"]),
        ("Optimizer.zero_grad", ["torch.optim.Optimizer.zero_grad"]),
        ("Adam", ["torch.optim.Adam", "torch.optim.Adam.step"]),
        ("torch.optim.Adam", ["torch.optim.Adam", "torch.optim.Adam.step"]),
        ("torch.clamp", ["torch.clamp"]),
        ("clamp", ["torch.clamp", "torch.Tensor.clamp"]),
        ("F.dropout", ["torch.nn.functional.dropout"]),
        ("torch.load()", ["torch.load"]),
        ("torch", NAMES_OF_TORCH),
        ("adam", []),
        ("grad", []),
        ("", []),
        (".", []),
    ],
)
def test_a_name_may_begin_at_any_dot_and_has_all_below_it(asked, names):
    assert named(NAMES_OF_TORCH, asked) == names


@pytest.mark.parametrize(
    "asked, meant",
    [
        ("torch.laod", "torch.load"),
        ("torch.optim.adamw", "torch.optim.AdamW"),
        ("zerograd", "zero_grad"),
        ("Module.zero_gard", "Module.zero_grad"),
        ("torch.nn.functional.dropuot", "torch.nn.functional.dropout"),
        ("torch.nn.functional.dropot", "torch.nn.functional.dropout"),
        ("torch.nn.functional.droppout", "torch.nn.functional.dropout"),
        ("torch.amp", None),
        ("torch.nn.RReLU", None),
        ("torch.nn.SELU", None),
        ("torch.nn.Conv3d", None),
        ("torch.nn.load", None),
        ("torch.lamp", None),
        ("torch.jit", None),
        ("", None),
    ],
)
def test_only_one_slip_in_the_last_part_is_a_misspelling(asked, meant):
    assert misspelt(asked, NAMES_OF_TORCH) == meant


# ---- excerpts


def test_excerpt_is_the_part_with_the_most_of_the_words():
    text = "one " * 30 + "the stride of a view " + "two " * 30
    told = terms.excerpt(text, terms.stems("stride view"), 40)
    assert told.startswith("… stride of a view two") and len(told) == 40
    assert terms.excerpt("short  as\nit is", set(), 40) == "short as it is"
    assert terms.excerpt(text, terms.stems("one"), 12) == "one one one…"
