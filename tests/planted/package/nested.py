import torch as t

from ..plain import model

with open("nested.pt", "rb") as file:
    nested = t.load(file)
model.zero_grad()
