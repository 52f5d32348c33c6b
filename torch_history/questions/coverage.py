"""Coverage: which names of torch a behaviour is about."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Sequence, Set

from torch_history.catalogue.index import Index
from torch_history.questions import naming
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


# Modules of torch's documentation: those without any name that a behaviour is about are listed as
# not covered, so that silence about them is not taken for "no change".
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
