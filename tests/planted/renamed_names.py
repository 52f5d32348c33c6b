from torch import load as read, multinomial, nn
from torch.optim import Adam as A
from torch.optim.lr_scheduler import CosineAnnealingLR, StepLR as Steps

layer = nn.Linear(1, 1)
adam = A(layer.parameters())
steps = Steps(adam, 10, verbose=True)
cosine = CosineAnnealingLR(adam, 10, verbose=True)
quiet = Steps(adam, 10)
adam.zero_grad()
state = read("state.pt", map_location="cpu")
drawn = multinomial(layer.weight, 1)
again = multinomial(layer.weight, 1, replacement=True)
