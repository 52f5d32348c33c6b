import torch


def train(model, optimizer, batches, loss_of):
    for batch in batches:
        optimizer.zero_grad()
        loss_of(model, batch).backward()
        optimizer.step()
    return torch.zeros(1)
