"""A small surface of four releases, and behaviours about it."""

import json

from tests.surface.making import index_of, surveyed
from torch_history.catalogue.behaviour import Behaviour
from torch_history.catalogue.index import Index

LINES = ("1.4", "1.9", "2.0", "2.6")
WARNS = {
    "is": "def (input, dim=None)",
    "warns": [{"category": "FutureWarning", "text": "use linalg.qr"}],
}
SHELL = {"is": "def (input, dim=None)", "removed": "use linalg.qr"}
# name -> line -> entry, which holds until the next one
NAMES = {
    "torch.qr": {"1.4": "def (input, dim=None)", "1.9": WARNS, "2.0": SHELL, "2.6": None},
    "torch.linalg.qr": {"1.9": "def (input)"},
    "torch.optim.Optimizer": {"1.4": "class (params)"},
    "torch.optim.Optimizer.zero_grad": {
        "1.4": "method ()",
        "1.9": "method (set_to_none=False)",
        "2.0": "method (set_to_none=True)",
    },
    "torch.optim.Optimizer.step": {"1.4": "method (closure=None)"},
    "torch.optim.Optimizer.hook": {"2.0": "method (hook)"},
    "torch.optim.Optimizer.peek": {"1.4": "method ()", "2.6": None},
    "torch.optim.Optimizer._patch": {"1.4": "method ()", "2.6": None},
    "torch.optim.NAdam": {
        "1.9": "class (params, lr=0.002, foreach=None) < torch.optim.Optimizer",
        "2.0": "class (params, lr=0.002, *, foreach=None) < torch.optim.Optimizer",
    },
    "torch.amp.Scaler": {"2.0": "class (device)"},
    "torch.amp.Scaler.scale": {"2.0": "method (outputs)"},
    "torch.cuda.Scaler": {"1.9": "class (device)", "2.0": None},
    "torch.cuda.Scaler.scale": {"1.9": "method (outputs)", "2.0": None},
    "torch.cuda.brief": {"1.4": "def ()", "1.9": None, "2.6": "def ()"},
    "torch.cuda.once": {"2.0": "def ()", "2.6": None},
    "torch.ops.aten.add.Scalar": {"1.4": "operator (self, other)"},
    "torch.ops.aten.add.Tensor": {"1.4": "operator (self, other)"},
    "torch.onnx.export": {"1.4": "def (model)", "2.6": "def (model, f)"},
}
# another path -> the releases that have it, and the public path
ALIASES = {
    "torch.optim.nadam.NAdam": (LINES[1:], "torch.optim.NAdam"),
    "torch.optim._multi.NAdam": (LINES[1:], "torch.optim.NAdam"),
    "torch.cuda.NAdam": (("1.9", "2.0"), "torch.optim.NAdam"),
    "torch.functional.qr": (LINES, "torch.qr"),
    "torch.cuda.Scaler": (LINES[2:], "torch.amp.Scaler"),
}
MODULES = {
    **dict.fromkeys(("torch", "torch.optim", "torch.functional", "torch.cuda"), LINES),
    "torch._six": ("1.4", "1.9"),
    "torch.linalg": ("1.9", "2.0", "2.6"),
    "torch.optim.nadam": ("1.9", "2.0", "2.6"),
    "torch.amp": ("2.0", "2.6"),
    "torch.onnx": ("1.4", "2.0", "2.6"),
}
TYPES = {
    "1.9": {"torch.optim.NAdam": "lr: float; params: list"},
    "2.0": {"torch.optim.NAdam": "foreach: bool | None; lr: float | Tensor; params: list"},
    "2.6": {"torch.optim.NAdam": "foreach: bool | None; lr: float | Tensor; params: list"},
}
NOTES = {"torch.qr": {"2.0": {"advice": "call torch.linalg.qr", "cause": "pytorch#70989"}}}


def at(line):
    """The survey of a release; 1.9 cannot import torch.onnx."""
    held = LINES[: LINES.index(line) + 1]
    chains = {
        name: [chain[one] for one in held if one in chain]
        for name, chain in NAMES.items()
        if not (line == "1.9" and name.startswith("torch.onnx"))
    }
    names = {name: kept[-1] for name, kept in chains.items() if kept and kept[-1] is not None}
    return surveyed(
        f"{line}.0",
        names,
        modules=[name for name, lines in MODULES.items() if line in lines],
        aliases={
            place: public
            for place, (lines, public) in ALIASES.items()
            if line in lines and public in names
        },
        annotations=TYPES.get(line, {}),
        failed={"torch.onnx": "ImportError: no onnx"} if line == "1.9" else {},
    )


def written(root):
    """The index of the surface, written into a folder."""
    (root / "surface").mkdir()
    (root / "surface" / "_notes.json").write_text(json.dumps(NOTES))
    return index_of(root, {line: at(line) for line in LINES})


def behaviour(name, *api):
    """A behaviour about these APIs."""
    return Behaviour(name, "spec/x/test_x.py", 1, name, f"{name} holds.", list(api), None, None, [])


BEHAVIOURS = [
    behaviour("optimizers.nadam_looks_ahead", "torch.optim.NAdam"),
    behaviour("optimizers.zero_grad_leaves_none", "torch.optim.Optimizer.zero_grad"),
    behaviour("linalg.qr_is_reduced", "torch.functional.qr"),
]


def catalogue():
    """The index of the behaviours."""
    return Index(2, "torch", {}, [], BEHAVIOURS, {}, [])
