import torch
from torch import nn
from torch.func import functional_call

model = nn.Linear(1, 1)
opt = torch.optim.SGD(model.parameters(), 0.1)
opt.register_step_post_hook(print)
named = dict(model.named_parameters(remove_duplicate=False))
out = functional_call(model, named, (torch.ones(1, 1),))
weighted = nn.functional.mse_loss(out, out, weight=out)
total = nn.utils.get_total_norm([out])
fused = torch.optim.AdamW(model.parameters(), differentiable=True)
plain = torch.optim.SGD(model.parameters(), 0.1, differentiable=True)
