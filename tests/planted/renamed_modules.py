import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.nn import init

net = nn.Sequential(nn.Linear(2, 2), nn.Dropout2d(0.5))
sgd = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
nadam = optim.NAdam(net.parameters())
net.zero_grad()
hidden = F.dropout(net[0].weight, 0.5)
init.trunc_normal_(net[0].weight)
