"""Conda: what an environment.yml asks for, as far as an index of Python has it."""

from __future__ import annotations

import re
from typing import Any, List, NamedTuple, Tuple

from torch_history.code.pins.environments import PYTORCH
from torch_history.code.pins.files import MOST_SLOW_BYTES, Source, refused
from torch_history.escaping import one_line

# Packages of one name on both. Another name may be somebody else's package on the index.
SAME = frozenset(
    (
        *("accelerate", "click", "datasets", "einops", "h5py", "hydra-core", "imageio", "joblib"),
        *("matplotlib", "networkx", "nltk", "numba", "numpy", "omegaconf", "pandas", "pillow"),
        *("psutil", "pytest", "pytorch-lightning", "pyyaml", "requests", "scikit-image"),
        *("scikit-learn", "scipy", "seaborn", "sympy", "tensorboard", "timm", "tokenizers"),
        *("torchaudio", "torchmetrics", "torchtext", "torchvision", "tqdm", "transformers"),
    )
)
# What conda needs for itself, or what torch's wheels bring.
OWN = frozenset(("cudatoolkit", "cudnn", "mkl", "pip", "pytorch-cuda", "pytorch-mutex", "wheel"))
_SPEC = re.compile(r"(?:\S*::)?([\w.-]+)\s*(.*)")


class Read(NamedTuple):
    """What an environment.yml asks for."""

    lines: Tuple[str, ...]
    python: str  # the minor version; empty where there is none
    left_out: Tuple[str, ...]  # packages that an index of Python may not have


def read(source: Source) -> Read:
    """An environment.yml. Raises HistoryError where it cannot be read."""
    import yaml

    text = source.text(source.where, source.place, MOST_SLOW_BYTES)
    try:
        data = yaml.safe_load(text)
    except (RecursionError, yaml.YAMLError, ValueError) as error:
        raise refused(source.where, f"not YAML: {one_line(error)[:200]}") from None
    lines: List[str] = []
    left_out: List[str] = []
    python = ""
    for item in _list(data, "dependencies"):
        lines += [one for one in _list(item, "pip") if isinstance(one, str)]
        match = _SPEC.fullmatch(item) if isinstance(item, str) else None
        if match is None or PYTORCH.match(match[0]) or match[1].lower() in OWN:
            continue
        name, said = match[1].lower(), match[2]
        if name == "python":
            minor = re.search(r"3\.\d+", said)
            python = minor[0] if minor else ""
        elif name in SAME:
            lines.append(name + specifier(said))
        else:
            left_out.append(name)
    return Read(tuple(lines), python, tuple(left_out))


def specifier(said: str) -> str:
    """Conda's version in the form of pip: ``=1.21`` is ``==1.21.*``, ``1.21.2=py38`` is exact."""
    said = re.split(r"[\s\[]", said.strip())[0]
    match = re.fullmatch(r"=?([\d.]+\d)(?:=.*)?", said)
    if match is None:
        return said if re.fullmatch(r"(?:[<>=!~]=?[\w.*]+,?)+", said) else ""
    return f"=={match[1]}" if match[1].count(".") > 1 else f"=={match[1]}.*"


def _list(data: Any, key: str) -> List[Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, list) else []
