"""Coverage: which names of torch a behaviour is about, and how many others the surface has."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Optional, Sequence, Set

from torch_history.catalogue.index import Index
from torch_history.questions import naming
from torch_history.questions.names import Lives, with_owners
from torch_history.records.store import OBSERVED


class Module(NamedTuple):
    """A module of torch, or a class with methods, as far as it is specified."""

    name: str
    apis: List[str]  # those that a behaviour is about, in the order of the alphabet
    behaviours: int  # about one of them


def apis(index: Index) -> Set[str]:
    """Every name that a behaviour is about, also as one of several recorded signatures."""
    found = set(naming.apis(index.behaviours))
    for behaviour in index.behaviours:
        if behaviour.signature:
            for case in index.record(behaviour.id):
                found.update(named(case, behaviour.api))
    return found


def named(case: str, apis: Sequence[str]) -> List[str]:
    """The APIs that the case of a signature may be about: ``Adam`` -> ``torch.optim.Adam``."""
    exact = [api for api in apis if api == case or api.endswith(f".{case}")]
    if exact:
        return exact
    case = case.replace(".__init__", "")
    # Names that torch does not have among them do no harm: no source uses them.
    homes = {*apis, *(api.rpartition(".")[0] for api in apis), *["torch"] * ("." in case)}
    return [f"{home}.{case}" for home in homes if case != OBSERVED] or [*apis[:1]]


def modules(index: Index) -> List[Module]:
    """The modules and classes of torch that behaviours are about, by name."""
    found: Dict[str, Dict[str, Set[str]]] = {}
    for behaviour in index.behaviours:
        for api in behaviour.api:
            home = api.rpartition(".")[0]
            found.setdefault(home, {}).setdefault(api, set()).add(behaviour.id)
    return [
        Module(name, sorted(of), len(set().union(*of.values())))
        for name, of in sorted(found.items())
    ]


class Counts(NamedTuple):
    """How many public names there are, and how many of these behaviours are about."""

    names: int
    specified: int


class Surfaced(NamedTuple):
    """How much of the surface of the newest release is specified."""

    release: str
    homes: Dict[str, Counts]  # module or class -> what stands directly in it
    alone: Dict[str, int]  # modules with no behaviour about anything in them -> their names

    @property
    def total(self) -> Counts:
        """The names of all modules and classes."""
        counts = self.homes.values()
        return Counts(sum(one.names for one in counts), sum(one.specified for one in counts))


def surfaced(index: Index, lives: Lives) -> Optional[Surfaced]:
    """How much of the newest surface is specified; None where no surface is recorded.

    A module or a class is specified by a behaviour about something in it. Names with an underscore
    in front are left out.
    """
    newest = next(lives.newest_first(), None)
    if newest is None:
        return None
    specified = _specified(index, lives)
    homes: Dict[str, Counts] = {}
    alone: Dict[str, int] = {}
    for name in lives.current:
        if "._" in name:
            continue
        home = name.rpartition(".")[0]
        names, of = homes.get(home, Counts(0, 0))
        homes[home] = Counts(names + 1, of + (name in specified))
        apart = [one for one in with_owners(home) if one not in specified]
        if apart and newest.has_module(apart[-1]):
            alone[apart[-1]] = alone.get(apart[-1], 0) + 1
    return Surfaced(newest.version, homes, alone)


def _specified(index: Index, lives: Lives) -> Set[str]:
    """The names that a behaviour is about, by every path, and what they stand in."""
    found: Set[str] = set()
    for api in apis(index):
        newest = lives.newest(api)
        if newest is not None:
            found.update(with_owners(api), with_owners(newest.path))
    return found


# Where no surface is recorded: modules of torch's documentation. Those without any name that a
# behaviour is about are listed, so that silence about them is not taken for "no change".
# fmt: off
DOCUMENTED = (
    "torch.accelerator", "torch.amp", "torch.ao", "torch.autograd", "torch.backends",
    "torch.compiler", "torch.cpu", "torch.cuda", "torch.distributed", "torch.distributions",
    "torch.export", "torch.fft", "torch.func", "torch.fx", "torch.hub", "torch.jit",
    "torch.library", "torch.linalg", "torch.masked", "torch.mps", "torch.mtia",
    "torch.multiprocessing", "torch.nested", "torch.nn", "torch.nn.attention",
    "torch.nn.functional", "torch.nn.init", "torch.nn.parallel", "torch.nn.utils", "torch.onnx",
    "torch.optim",
    "torch.overrides", "torch.package", "torch.profiler", "torch.quantization", "torch.sparse",
    "torch.special", "torch.testing", "torch.utils.benchmark", "torch.utils.checkpoint",
    "torch.utils.cpp_extension", "torch.utils.data", "torch.utils.dlpack",
    "torch.utils.tensorboard", "torch.xpu",
)
# fmt: on


def uncovered_modules(index: Index) -> List[str]:
    """The documented modules of torch that no behaviour is about."""
    covered = naming.apis(index.behaviours)
    return [
        module
        for module in DOCUMENTED
        if not any(name == module or name.startswith(f"{module}.") for name in covered)
    ]
