"""Telling: what a draft claims, in words, and where it belongs."""

from __future__ import annotations

import re
from collections import Counter
from typing import Iterable, List, NamedTuple, Optional

from torch_history.catalogue.behaviour import PAGES, Behaviour
from torch_history.catalogue.skeleton import API, LONGEST_CLAIM
from torch_history.comparing.drafting.calls import Call
from torch_history.comparing.drafting.sides import Answer, Outcome
from torch_history.comparing.result import Difference

LOSSES = re.compile(r"loss|cross_entropy|kl_div")
_MODULE = re.compile(r"torch\.nn\.[A-Z]\w*")
_CLASS = re.compile(r"(torch\.nn)\.modules\.\w+\.(\w+)")


class Subject(NamedTuple):
    """Where a draft belongs."""

    chapter: str
    file: str  # of the behaviours about the same API, relative to the repository; or empty
    apis: List[str]
    page: str


class Told(NamedTuple):
    """A draft's claim."""

    claim: str  # the name of the test, without test_
    sentence: str
    change: str  # what changed
    kind: str  # of change, as `changed` takes it
    seen: str  # what the two releases gave


def subject(difference: Difference, call: Optional[Call], known: Iterable[Behaviour]) -> Subject:
    """The chapter and the APIs: those of the behaviours about the same, else by the name."""
    known = list(known)
    apis = _with_module(_apis(difference, call), known)
    about = [one for one in known if set(one.api) & set(apis)]
    documented = {api for one in about for api in one.api}
    apis.sort(key=lambda api: api not in documented)
    if apis[0] in documented:  # torch.lstm is no API beside torch.nn.LSTM
        apis = [api for api in apis if api in documented or api.startswith("torch.nn.")]
    draws = call.draws if call else difference.kind == "draw"
    chapter = "randomness" if draws else _usual(one.chapter for one in about) or _guessed(apis)
    file = _usual(one.file for one in about if one.chapter == chapter and not one.signature)
    pages = _usual(one.page or "" for one in about if apis[0] in one.api[:1])
    page = pages[len(PAGES) : -len(".html")] if pages else f"generated/{apis[0]}"
    return Subject(chapter, file, apis, page)


def told(call: Call, outcome: Outcome, releases: List[str]) -> Told:
    """What is claimed of a call in which the releases differ."""
    base = _base(call)
    words = f"``{call.function}``{' under autocast' if call.autocast else ''}"
    claim, change, kind = _claimed(call, outcome)
    seen = " and ".join(
        f"{release} {_gave(side, outcome, number)}"
        for number, (release, side) in enumerate(zip(releases, (outcome.before, outcome.after)))
    )
    sentence = f"{words} {claim.replace('_', ' ')}."
    if set(outcome.after.warned) - set(outcome.before.warned) and kind == "silent":
        kind = "warning"
    where = " where they differ most" if outcome.facts.get("of", 1) > 1 else ""
    return Told(
        f"{base}_{claim}"[:LONGEST_CLAIM].rstrip("_"),
        sentence,
        change,
        kind,
        f"Torch {seen}{where}.",
    )


def unconfirmed(difference: Difference) -> Told:
    """What is claimed of a difference that could not be shown by a call alone."""
    name = difference.api or difference.name
    words = difference.words or f"gives something else in the {difference.phase}"
    plain = re.sub(r"[^a-z0-9]+", "_", name.rpartition(".")[2].lower()).strip("_")
    claim = f"{plain or 'call'}_in_its_surroundings"
    return Told(claim, f"``{_harmless(name)}``: {_harmless(words).rstrip('.')}.", "", "", "")


def _claimed(call: Call, outcome: Outcome) -> List[str]:
    """The claim without the function's name, what changed, and the kind."""
    before, after = outcome.before, outcome.after
    if outcome.kind == "dtype":
        was, now = (_short(side.outs[outcome.place][0]) for side in (before, after))
        returns = "gives_gradients_of" if call.backward else "returns"
        return [f"{returns}_{now}", f"{returns.replace('_', ' ')} {now}, not {was}", "silent"]
    if outcome.kind == "shape":
        return ["returns_this_shape", "returns another shape", "silent"]
    if call.probe and outcome.place == len(after.outs) - 1:
        change = "takes another part of the stream: later draws differ"
        return ["leaves_the_stream_here_under_seed_zero", change, "random"]
    if call.draws:
        change = "draws other numbers under the same seed"
        return ["draws_these_numbers_under_seed_zero", change, "random"]
    if call.steps:
        return ["steps_to_these_values", "steps to other values", "silent"]
    if call.backward:
        return ["gives_these_gradients", "gives other gradients", "silent"]
    return ["gives_these_values", "gives other values", "silent"]


def _gave(side: Answer, outcome: Outcome, number: int) -> str:
    if outcome.facts:
        return f"gives {outcome.facts['pair'][number]:.9g}"
    if outcome.place >= len(side.outs):
        return f"gives {len(side.outs)} tensors"
    dtype, shape = side.outs[outcome.place]
    return f"gives {_short(dtype)} {list(shape)}"


def _base(call: Call) -> str:
    found = re.sub(r"[^a-z0-9]+", "_", call.last.lower()).strip("_")
    under = "_under_autocast" if call.autocast else ""
    return (found if found[:1].isalpha() else f"torch_{found}") + under


def _apis(difference: Difference, call: Optional[Call]) -> List[str]:
    """The API names that the call is known by."""
    found = _CLASS.fullmatch(difference.module_class)
    module = f"{found.group(1)}.{found.group(2)}" if found else ""
    function = call.function if call else ""
    if function.startswith("torch.ops."):
        function = ""
    names = [function, difference.api, module]
    apis = list(dict.fromkeys(name for name in names if API.fullmatch(name)))
    return apis or [call.function if call else "torch.nn.Module"]


def _with_module(apis: List[str], known: Iterable[Behaviour]) -> List[str]:
    """With the class of torch.nn that a function belongs to, if a behaviour is about it."""
    plain = apis[0].rpartition(".")[2].replace("_", "").lower()
    if not apis[0].startswith("torch.nn.functional."):
        return apis
    modules = {api for one in known for api in one.api if _MODULE.fullmatch(api)}
    alike = {
        name for name in modules if name[len("torch.nn.") :].lower() in (plain, f"{plain}loss")
    }
    return list(dict.fromkeys([*apis, *sorted(alike)]))


def _usual(names: Iterable[str]) -> str:
    counted = Counter(names).most_common(1)
    return counted[0][0] if counted else ""


def _guessed(apis: List[str]) -> str:
    first = apis[0]
    if first.startswith("torch.optim."):
        return "optimizers"
    if first.startswith("torch.nn.init."):
        return "initialization"
    if LOSSES.search(first.lower()):
        return "losses"
    return "layers" if first.startswith("torch.nn.") else "training_step"


def _harmless(text: str) -> str:
    """Text of a program, for a docstring."""
    return re.sub(r"[`\"\\\x00-\x1f\x7f-\x9f]", " ", text)[:120].strip()


def _short(dtype: str) -> str:
    return dtype.rpartition(".")[2]
