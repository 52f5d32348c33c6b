from torch.utils.checkpoint import checkpoint
from torch.nn.utils import weight_norm
from torch.optim import lr_scheduler


def forward(block, optimizer, x):
    x = checkpoint(block, x)
    x = checkpoint(block, x, use_reentrant=False)
    warm, slow = lr_scheduler.LinearLR(optimizer), lr_scheduler.ExponentialLR(optimizer, 0.9)
    return x, lr_scheduler.SequentialLR(optimizer, [warm, slow], milestones=[3])
