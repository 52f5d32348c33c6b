from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(1, 1)

    def clear(self):
        self.zero_grad()

    def clear_layer(self):
        self.layer.zero_grad()


class Deeper(Net):
    pass


class Careful(nn.Module):
    def zero_grad(self, set_to_none=False):
        super().zero_grad(set_to_none=set_to_none)

    def forget(self):
        super(Careful, self).zero_grad()


Net().zero_grad()
Deeper().zero_grad()
Careful().zero_grad()
