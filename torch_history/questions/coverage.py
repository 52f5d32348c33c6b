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
