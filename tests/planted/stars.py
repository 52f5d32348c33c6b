from torch.nn.functional import *

x = gumbel_softmax(ones, 1.0)
y = dropout(x)
