from typing import Optional

import torch
from torch.optim import Optimizer


def clear(optimizer: Optimizer, module: Optional[torch.nn.Module] = None):
    optimizer.zero_grad()
    module.zero_grad()


def build(model) -> torch.optim.SGD:
    return torch.optim.SGD(model.parameters(), 0.1)
