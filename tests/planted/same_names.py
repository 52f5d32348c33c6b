import torch
from .torch import load, optim
from json import load as torch_load


def dropout(x):
    return x


class Adam:
    def zero_grad(self):
        pass


opt = Adam()
opt.zero_grad()
data = load("data.json")
more = torch_load(open("more.json"))
dropped = dropout(torch.ones(1))
