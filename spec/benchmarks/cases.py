"""The timed training steps: five networks, the phases of a step, and its variants.

``CASES`` lists their names, such as ``rnn-256.backward``, and ``build`` makes one. The tests next
to this file run each case once and assert what it does. `torch-history bench` times the cases in
two releases side by side. They run under every torch from 1.4 on. A network's parameters and data
come from a formula; no random numbers are drawn.
"""

import os
import shutil
from collections import OrderedDict
from typing import Any, Callable, NamedTuple, Optional

import torch
from torch import nn
from torch.nn import functional as F

from fixtures.abc import LENGTH, RATE, categories, indices, strings
from fixtures.adapter import Bottleneck


class Missing(Exception):
    """This torch or this machine does not have what the case needs; the message says what."""


class Timed(NamedTuple):
    """One case, ready to run."""

    training: "Training"
    act: Callable[[], Any]  # what is timed
    arrange: Optional[Callable[[], Any]] = None  # what runs before each call, untimed


class AdapterNetwork(nn.Module):
    """Article A's network at any width: head(base(x) + adapter(x)).

    The base is width -> 2 width -> width.
    """

    def __init__(self, width):
        super().__init__()
        inner = max(2, width * 2 // 5)
        self.base = nn.Sequential(
            nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width)
        )
        self.adapter = Bottleneck(nn.Linear(width, inner), nn.Linear(inner, width))
        self.head = nn.Linear(width, 1)
        self.cut = False  # whether the base's output is detached

    def forward(self, x):
        base = self.base(x)
        return (
            self.head((base.detach() if self.cut else base) + self.adapter(x)).sigmoid().squeeze(-1)
        )


class CharacterRNN(nn.Module):
    """Article E's classifier at any width.

    Embedding(53, 10) -> RNN(10, width, two layers) -> Linear(6 width, 3).
    """

    def __init__(self, width):
        super().__init__()
        self.embedding = nn.Embedding(53, 10, padding_idx=0)
        self.rnn = nn.RNN(10, width, num_layers=2, batch_first=True)
        self.linear = nn.Linear(LENGTH * width, 3)

    def forward(self, x):
        x, _ = self.rnn(self.embedding(x))
        return self.linear(x.reshape(x.shape[0], -1))


def conv_block(width):
    """Two 3 x 3 convolutions with BatchNorm and ReLU, channel means, and Linear(width, 10).

    The input has three channels.
    """
    return nn.Sequential(
        nn.Conv2d(3, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.Conv2d(width, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(width, 10),
    )


def chirp(*shape):
    """Numbers between -1 and 1 that look random but are not: the sine of 0.37 k squared."""
    k = torch.arange(torch.Size(shape).numel(), dtype=torch.float64)
    return torch.sin(0.37 * k * k).float().reshape(shape)


def with_values(network):
    """The network, with weights set by a formula and biases of 0.

    The weights have the size that torch's own initialisation gives.
    """
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.dim() > 1:
                parameter.copy_(chirp(*parameter.shape) / parameter[0].numel() ** 0.5)
            elif not (parameter == 1).all():  # BatchNorm's
                parameter.zero_()
    return network


class Training:
    """A network, one batch, its loss and an Adam on a device.

    The phases of its training step are its methods.
    """

    def __init__(self, network, x, y, criterion, device="cpu"):
        self.network = with_values(network).to(device)
        self.x, self.y, self.criterion = x.to(device), y.to(device), criterion
        self.loss = None
        self.optimize(self.network.parameters())

    def optimize(self, parameters, **settings):
        """Train these parameters by Adam. Raise Missing if this torch refuses the settings."""
        try:
            self.optimizer = torch.optim.Adam(parameters, lr=RATE, **settings)
        except (TypeError, RuntimeError) as error:
            raise Missing(f"torch {torch.__version__}: {str(error).splitlines()[0]}") from None

    def forget(self):
        """Free the last forward's graph."""
        self.loss = None

    def forward(self):
        self.loss = self.criterion(self.network(self.x), self.y)

    def backward(self):
        self.loss.backward()

    def step(self):
        self.optimizer.step()

    def zero_grad(self):
        self.optimizer.zero_grad()

    def whole(self):
        self.zero_grad()
        self.forward()
        self.backward()
        self.step()

    def no_gradients(self):
        for parameter in self.network.parameters():
            parameter.grad = None


def mlp(width, batch, device="cpu"):
    """Training of the adapter network; its base is trained too."""
    return Training(
        AdapterNetwork(width), chirp(batch, width), (chirp(batch) > 0).float(), F.mse_loss, device
    )


def rnn(width, batch, device="cpu"):
    """Training of the character RNN on strings of six places."""
    texts = strings(batch, seed=2)
    return Training(CharacterRNN(width), indices(texts), categories(texts), F.cross_entropy, device)


def conv(width, batch, device="cpu"):
    """Training of the convolutional block on images of 16 x 16 pixels."""
    y = torch.arange(batch) % 10
    return Training(conv_block(width), chirp(batch, 3, 16, 16), y, F.cross_entropy, device)


FAMILIES = {"mlp": mlp, "rnn": rnn, "conv": conv}
NETWORKS = OrderedDict(
    [("mlp-5", 10), ("mlp-1024", 64), ("rnn-20", 64), ("rnn-256", 64), ("conv-16", 8)]
)
# family-width and batch; dispatch limits the first of each pair, arithmetic the second


def forward(training):
    """Network and loss; the graph of the previous call is freed untimed."""
    return Timed(training, training.forward, training.forget)


def backward(training):
    """From the loss into gradients that are None."""

    def arrange():
        training.no_gradients()
        training.forward()

    return Timed(training, training.backward, arrange)


def optimizer_step(training):
    """Adam's step, repeated on the same gradients."""
    training.forward()
    training.backward()
    training.forget()
    return Timed(training, training.step)


def zero_grad(training):
    """The release's own default: zeros up to 1.13, None from 2.0 on."""
    training.forward()
    training.backward()
    training.forget()
    gradients = [(parameter, parameter.grad) for parameter in training.network.parameters()]

    def arrange():
        for parameter, gradient in gradients:
            parameter.grad = gradient

    return Timed(training, training.zero_grad, arrange)


def whole_step(training):
    """zero_grad, forward, backward, step."""
    return Timed(training, training.whole)


def frozen_filtered(training):
    """The base is frozen; the optimizer gets only parameters that require a gradient."""
    training.network.base.requires_grad_(False)
    training.optimize(
        filter(lambda parameter: parameter.requires_grad, training.network.parameters())
    )
    return whole_step(training)


def frozen_unfiltered(training):
    """The base is frozen; the optimizer gets every parameter."""
    training.network.base.requires_grad_(False)
    return whole_step(training)


def detached(training):
    """The base's output is detached: no gradient reaches the base, which is not frozen."""
    training.network.cut = True
    return whole_step(training)


def accumulated_over_4(training):
    """Four forwards and backwards, each on a quarter of the loss, and one step."""

    def act():
        training.zero_grad()
        for _ in range(4):
            training.forward()
            training.loss = training.loss / 4
            training.backward()
        training.step()

    return Timed(training, act)


def _zeroing(to_none):
    def variant(training):
        def zero():
            training.optimizer.zero_grad(set_to_none=to_none)

        try:
            zero()
        except TypeError as error:
            raise Missing(f"torch {torch.__version__}: {error}") from None
        training.zero_grad = zero
        return whole_step(training)

    return variant


def _adam(**settings):
    def variant(training):
        training.optimize(training.network.parameters(), **settings)
        return whole_step(training)

    return variant


def compiled(training):
    """The network through torch.compile, with the usual loss and optimizer.

    The first call compiles.
    """
    if not hasattr(torch, "compile"):
        raise Missing(f"torch {torch.__version__} has no torch.compile")
    compiler = os.environ.get("CXX", "g++")
    if training.x.device.type == "cpu" and shutil.which(compiler) is None:
        raise Missing(f"torch.compile needs a C++ compiler, and this machine has no {compiler}")
    try:
        training.network = torch.compile(training.network)
    except RuntimeError as error:
        raise Missing(f"torch {torch.__version__}: {error}") from None
    return whole_step(training)


def _saved_with_another_head(training):
    """A state dict that fits base and adapter, has an extra key, and lacks the head's keys."""
    saved = OrderedDict(
        (name, value.clone())
        for name, value in training.network.state_dict().items()
        if "head" not in name
    )
    saved["classifier.weight"] = torch.zeros(3, 5)
    return saved


def load_strict_false(training):
    """``load_state_dict(saved, strict=False)``, which loads the keys that fit."""
    saved = _saved_with_another_head(training)
    return Timed(training, lambda: training.network.load_state_dict(saved, strict=False))


def load_filtered_keys(training):
    """Load only the saved keys that the network has, as in article B.

    They are put into the network's own state dict, which is then loaded.
    """
    saved = _saved_with_another_head(training)

    def act():
        own = training.network.state_dict()
        own.update((name, value) for name, value in saved.items() if name in own)
        return training.network.load_state_dict(own)

    return Timed(training, act)


PHASES = OrderedDict(
    (phase.__name__, phase) for phase in (forward, backward, optimizer_step, zero_grad, whole_step)
)
VARIANTS = OrderedDict(
    [
        ("frozen_filtered", frozen_filtered),
        ("frozen_unfiltered", frozen_unfiltered),
        ("detached", detached),
        ("accumulated_over_4", accumulated_over_4),
        ("zero_grad_to_none", _zeroing(True)),
        ("zero_grad_to_zeros", _zeroing(False)),
        ("load_strict_false", load_strict_false),
        ("load_filtered_keys", load_filtered_keys),
        ("compiled", compiled),
        ("adam_single_tensor", _adam(foreach=False)),
        ("adam_foreach", _adam(foreach=True)),
        ("adam_fused", _adam(fused=True)),
    ]
)
ADAMS = [name for name in VARIANTS if name.startswith("adam")]


def names():
    """The name of each case: network.phase or network.variant."""
    for network in NETWORKS:
        for phase in PHASES:
            yield network + "." + phase
    for variant in VARIANTS:
        yield "mlp-5." + variant
    for variant in ADAMS:
        yield "mlp-1024." + variant


CASES = tuple(names())


def build(name, device="cpu"):
    """The case of this name, ready to run.

    Sizes may differ from those of ``CASES``: ``mlp-64@256.whole_step`` has width 64 and batch 256.
    """
    network, _, what = name.partition(".")
    network, _, batch = network.partition("@")
    family, _, width = network.partition("-")
    training = FAMILIES[family](int(width), int(batch or NETWORKS[network]), device)
    return {**PHASES, **VARIANTS}[what](training)
