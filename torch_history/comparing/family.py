"""Family: the packages that follow torch, so that they cannot stay when torch is exchanged."""

from __future__ import annotations

import re
from typing import List

from torch_history import versions

COMPANIONS = ("torchvision", "torchaudio", "torchtext", "torchdata")
# What torch's own wheels ask for, each at one version. nvidia-ml-py and the like are none of these.
_LIBRARY = re.compile(
    r"(?:pytorch-)?triton(?:-\w+)?"
    r"|nvidia-(?:cublas|cuda-(?:cccl|cupti|nvrtc|runtime)|cudnn|cufft|cufile|curand|cusolver"
    r"|cusparse|cusparselt|nccl|nvjitlink|nvshmem|nvtx)(?:-cu\d+)?"
    r"|cuda-(?:toolkit|bindings|pathfinder)"
)


def normal(name: str) -> str:
    """The name of a package as an index has it: ``PyTorch_Lightning`` -> ``pytorch-lightning``."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_library(name: str) -> bool:
    """Whether a package is a library of torch's wheels: CUDA's, or triton."""
    return _LIBRARY.fullmatch(name) is not None


def belongs(name: str) -> bool:
    """Whether a package's version follows from torch's."""
    return name == "torch" or name in COMPANIONS or is_library(name)


def matching(companion: str, release: str) -> str:
    """The specifier of a companion's versions that were built for a release of torch.

    The metadata of torchvision names one torch. Those of torchaudio and torchtext are wider than
    what works: uv gives torchaudio 2.11 and torchtext 0.18 to torch 2.6.
    """
    major, minor = versions.key(release)[:2]
    if companion == "torchaudio" and (major, minor) <= (2, 11):
        return f"=={major - 1}.{minor}.*" if major == 1 else f"=={major}.{minor}.*"
    if companion == "torchtext" and (major, minor) <= (2, 3):
        return f"==0.{minor + (1 if major == 1 else 15)}.*"
    return oldest(companion)


def oldest(companion: str) -> str:
    """The specifier of the versions that say which torch they need; older ones take any."""
    return {"torchvision": ">=0.5", "torchaudio": ">=0.4", "torchtext": ">=0.5"}.get(companion, "")


def supports(release: str, python: str) -> List[str]:
    """What a release of torch needs, and does not say."""
    if versions.key(release) >= (2, 3):
        return []
    # Up to 2.2 it was built with NumPy 1. Its extension builder imports pkg_resources.
    return ["numpy<2", "setuptools<70" if versions.key(python) < (3, 9) else "setuptools<81"]
