import sys

import torch

opt = None
model = torch.nn.Linear(1, 1)
model = model.to("cpu")
if len(sys.argv) > 1:
    opt = torch.optim.SGD(model.parameters(), 0.1)
else:
    opt = torch.optim.NAdam(model.parameters())
opt.zero_grad()
model.zero_grad()

late = None
late = torch.optim.SGD(model.parameters(), 0.1)
late.zero_grad()

either = torch.load
if len(sys.argv) > 2:
    either = open
either("either.pt")
