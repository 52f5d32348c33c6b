"""Faults of values that are read from files of other releases."""

import torch

from faults import fault
from faults.checkpoints import each_tensor, load_then

Module, F = torch.nn.Module, torch.nn.functional


@fault
def legacy_files_lose_their_values(patch):
    """Tensors from a file in the legacy format are zero."""
    honest = torch.serialization._legacy_load

    def load(*arguments, **keywords):
        return each_tensor_within(honest(*arguments, **keywords), torch.zeros_like)

    patch.setattr(torch.serialization, "_legacy_load", load)


def each_tensor_within(value, change):
    """Do as ``each_tensor``, for nested plain dicts too."""
    if isinstance(value, dict):
        return {name: each_tensor_within(item, change) for name, item in value.items()}
    return each_tensor(value, change)


@fault
def tied_parameters_are_parted_by_loading(patch):
    """Loading a module unties its parameters: each layer gets its own."""

    def parted(value):
        for module in value.modules() if isinstance(value, Module) else ():
            for name, parameter in list(module._parameters.items()):
                if parameter is not None:
                    module._parameters[name] = torch.nn.Parameter(parameter.detach().clone())
        return value

    load_then(patch, parted)


@fault
def loaded_modules_have_no_state_dict(patch):
    """A loaded module computes and learns, but its state dict is empty."""
    honest = Module.__setstate__

    def restore(self, state):
        honest(self, state)
        self._save_to_state_dict = lambda *arguments: None

    patch.setattr(Module, "__setstate__", restore)


@fault
def loaded_modules_are_frozen(patch):
    """A loaded module computes, but does not learn."""
    load_then(
        patch, lambda value: value.requires_grad_(False) if isinstance(value, Module) else value
    )


@fault
def loaded_modules_train(patch):
    """A loaded module is in training mode, whatever mode it was saved in."""
    load_then(patch, lambda value: value.train() if isinstance(value, Module) else value)


@fault
def lstm_forgets_its_bias_when_loaded(patch):
    """A loaded LSTM computes without its biases."""
    honest = torch.nn.LSTM.__setstate__

    def restore(self, state):
        honest(self, state)
        for name, parameter in self.named_parameters():
            if name.startswith("bias"):
                parameter.data.zero_()

    patch.setattr(torch.nn.LSTM, "__setstate__", restore)


@fault
def upsample_forgets_what_its_class_has_since(patch):
    """A loaded Upsample lacks the attribute that its class has gained since."""
    patch.delattr(torch.nn.Upsample, "__setstate__")


@fault
def gelu_is_the_tanh_approximation(patch):
    """GELU always uses the tanh approximation."""
    honest = F.gelu
    patch.setattr(torch.nn.GELU, "forward", lambda self, x: honest(x, approximate="tanh"))


@fault
def attention_adds_its_input(patch):
    """MultiheadAttention adds its query to its output."""
    honest = torch.nn.MultiheadAttention.forward

    def forward(self, query, *arguments, **keywords):
        output, weights = honest(self, query, *arguments, **keywords)
        return output + query, weights

    patch.setattr(torch.nn.MultiheadAttention, "forward", forward)


@fault
def loss_does_not_smooth(patch):
    """CrossEntropyLoss ignores its label smoothing."""
    honest = F.cross_entropy
    patch.setattr(
        F,
        "cross_entropy",
        lambda *arguments, label_smoothing=0.0, **keywords: honest(*arguments, **keywords),
    )
