import torch

model = torch.nn.Linear(1, 1)
opt = torch.optim.SGD(model.parameters(), 0.1)
opt.zero_grad(set_to_none=False)
opt.zero_grad(True)
model.zero_grad(set_to_none=True)
safe = torch.load("safe.pt", weights_only=True)
trusted = torch.load("trusted.pt", weights_only=False)
