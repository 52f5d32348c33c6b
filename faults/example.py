"""Faults for the worked example."""

from importlib import import_module

import torch

from faults import fault

functional = torch.nn.functional
adam_module, base = (
    import_module("torch.optim.adam"),
    import_module("torch.optim.optimizer"),
)  # torch.optim hides them


@fault
def cross_entropy_takes_no_logarithm(patch):
    """``cross_entropy`` is 1 minus the target's probability."""

    def cross_entropy(output, target):
        return (1 - torch.softmax(output, 1).gather(1, target[:, None])).mean()

    patch.setattr(functional, "cross_entropy", cross_entropy)


@fault
def learning_rate_is_ten_times_too_small(patch):
    """Adam uses a tenth of its learning rate."""
    honest = adam_module.adam
    patch.setattr(
        adam_module,
        "adam",
        lambda *tensors, lr, **keywords: honest(*tensors, lr=lr / 10, **keywords),
    )


@fault
def zero_grad_leaves_gradients(patch):
    """``Optimizer.zero_grad`` does nothing: gradients add up over the steps."""
    patch.setattr(torch.optim.Optimizer, "zero_grad", lambda self, set_to_none=True: None)


@fault
def embedding_trains_its_padding(patch):
    """The padding row gets a gradient like any other row."""
    honest = functional.embedding
    patch.setattr(
        functional,
        "embedding",
        lambda x, weight, padding_idx=None, *rest: honest(x, weight, None, *rest),
    )


@fault
def adam_moves_what_has_no_gradient(patch):
    """Adam slightly moves an element whose gradient is zero."""

    def nudge(optimizer, arguments, keywords):
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.grad = parameter.grad + 1e-6

    patch.setitem(base._global_optimizer_pre_hooks, -1, nudge)


@fault
def steps_differ_from_run_to_run(patch):
    """Gradients are scaled by a factor that changes with each step of the process."""
    count = [0]

    def shake(optimizer, arguments, keywords):
        count[0] += 1
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.grad = parameter.grad * (1 + 0.01 * (count[0] % 5))

    patch.setitem(base._global_optimizer_pre_hooks, -1, shake)


@fault
def rnn_has_one_bias(patch):
    """The state dict omits the bias of the RNN's hidden state."""
    honest = torch.nn.Module.state_dict

    def state_dict(self, *arguments, **keywords):
        values = honest(self, *arguments, **keywords)
        return {name: value for name, value in values.items() if "bias_hh" not in name}

    patch.setattr(torch.nn.Module, "state_dict", state_dict)


@fault
def padding_stops_the_rnn(patch):
    """The RNN's output is zero wherever its input is zero."""
    honest = torch.nn.RNN.forward

    def forward(self, x, *arguments):
        output, state = honest(self, x, *arguments)
        return output * (x != 0).any(2, keepdim=True), state

    patch.setattr(torch.nn.RNN, "forward", forward)


@fault
def loading_rounds_to_bfloat16(patch):
    """``load_state_dict`` rounds what it loads to bfloat16."""

    def load_state_dict(
        self, values, *arguments, honest=torch.nn.Module.load_state_dict, **keywords
    ):
        return honest(
            self,
            {name: value.bfloat16().float() for name, value in values.items()},
            *arguments,
            **keywords,
        )

    patch.setattr(torch.nn.Module, "load_state_dict", load_state_dict)


@fault
def numpy_detaches(patch):
    """A tensor that requires grad converts to an array without an error."""
    patch.setattr(torch.Tensor, "__array__", lambda self, dtype=None: self.detach().numpy())


@fault
def relu_in_place_of_tanh(patch):
    """The RNN's outputs are clamped to at least 0.9."""
    honest = torch.nn.RNN.forward

    def forward(self, x, *arguments):
        output, state = honest(self, x, *arguments)
        return output.clamp(min=0.9), state

    patch.setattr(torch.nn.RNN, "forward", forward)
