def restore(path):
    import torch

    return torch.load(path)


def other(torch):
    return torch.load("not the library")


try:
    from torch.optim import NAdam
except ImportError:
    from somewhere_else import NAdam

maybe = NAdam([])
