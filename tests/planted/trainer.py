from torch.optim import AdamW


class Trainer:
    def __init__(self, model):
        self.model = model
        self.opt = AdamW(model.parameters())

    def step(self, loss):
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
