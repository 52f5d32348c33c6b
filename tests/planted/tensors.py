import torch
from torch.nn import CrossEntropyLoss

criterion = CrossEntropyLoss()
logits = torch.zeros(1, 2, requires_grad=True)
loss = criterion(logits, torch.tensor([0])) + 1
loss.backward()
memory = logits.storage()
noise = torch.empty(3).exponential_()
mask = torch.zeros_like(logits).bernoulli_(0.5)
for parameter in torch.nn.Linear(1, 1).parameters():
    parameter.data.bernoulli_()
