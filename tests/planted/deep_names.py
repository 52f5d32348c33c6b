import torch
import torch.optim.nadam
from torch.nn.modules.dropout import AlphaDropout
from torch.optim.optimizer import Optimizer
from torch.serialization import load

drop = AlphaDropout(0.5)
slow = torch.optim.nadam.NAdam([torch.nn.Parameter(torch.ones(1))])
slow.zero_grad()
Optimizer.zero_grad(slow)
restored = load("restored.pt")
