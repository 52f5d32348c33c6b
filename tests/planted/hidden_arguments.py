import functools

import torch

options = {"map_location": "cpu"}
first = torch.load("first.pt", **options)
second = torch.load(*["second.pt"])
reader = functools.partial(torch.load, weights_only=False)
