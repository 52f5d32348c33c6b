"""Faults of state dicts, of checkpoint files, and of training that resumes from them."""

import copy
import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

import torch

from faults import fault

Module, Optimizer = torch.nn.Module, torch.optim.Optimizer


def always(patch, owner, name, **fixed):
    """Call the function with these arguments, whatever the caller passes."""
    honest = getattr(owner, name)
    patch.setattr(
        owner, name, lambda *arguments, **keywords: honest(*arguments, **{**keywords, **fixed})
    )


def each_tensor(value, change):
    """Return a loaded dict or tensor with each tensor changed, and any other value as it is."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, dict):
        changed = copy.copy(value)
        changed.update((name, each_tensor(item, change)) for name, item in value.items())
        return changed
    return value


def load_then(patch, change):
    """Change what ``torch.load`` returns."""
    honest = torch.load
    patch.setattr(
        torch, "load", lambda *arguments, **keywords: change(honest(*arguments, **keywords))
    )


def loading(patch, prepare):
    """Change the state dict that ``load_state_dict`` receives."""
    honest = Module.load_state_dict
    patch.setattr(
        Module,
        "load_state_dict",
        lambda self, state_dict, *arguments, **keywords: honest(
            self, prepare(self, state_dict), *arguments, **keywords
        ),
    )


# state_dict and load_state_dict


@fault
def state_dict_is_a_copy(patch):
    """A module's state dict does not share the parameters' storage."""
    honest = Module.state_dict
    patch.setattr(
        Module,
        "state_dict",
        lambda self, *arguments, **keywords: copy.deepcopy(honest(self, *arguments, **keywords)),
    )


@fault
def state_dict_leaves_buffers_out(patch):
    """A state dict holds parameters only."""
    honest = Module._save_to_state_dict

    def save(self, destination, prefix, keep_vars):
        honest(self, destination, prefix, keep_vars)
        for name in self._buffers:
            destination.pop(prefix + name, None)

    patch.setattr(Module, "_save_to_state_dict", save)


@fault
def state_dict_always_keeps_vars(patch):
    """The values of a state dict are the Parameters, not detached."""
    always(patch, Module, "state_dict", keep_vars=True)


@fault
def state_dict_is_a_plain_dict(patch):
    """A state dict carries no module versions."""
    honest = Module.state_dict

    def state_dict(self, *arguments, destination=None, **keywords):
        result = honest(self, *arguments, destination=destination, **keywords)
        if destination is None:
            result._metadata = OrderedDict()
        return result

    patch.setattr(Module, "state_dict", state_dict)


@fault
def load_state_dict_loads_nothing(patch):
    """load_state_dict checks names and shapes but loads no value."""

    def own_values(module, saved):
        kept = copy.copy(saved)
        if isinstance(saved, Mapping):
            for name, value in module.state_dict().items():
                if name in saved and getattr(saved[name], "shape", None) == value.shape:
                    kept[name] = value
        return kept

    loading(patch, own_values)


@fault
def strict_is_never_true(patch):
    """load_state_dict ignores missing and unexpected names, with strict=True too."""
    always(patch, Module, "load_state_dict", strict=False)


@fault
def load_state_dict_returns_no_names(patch):
    """load_state_dict reports no missing and no unexpected names."""
    honest = Module.load_state_dict

    def load(self, *arguments, **keywords):
        honest(self, *arguments, **keywords)
        return torch.nn.modules.module._IncompatibleKeys([], [])

    patch.setattr(Module, "load_state_dict", load)


@fault
def another_shape_is_forgiven(patch):
    """load_state_dict skips values whose shape differs."""

    def fitting(module, saved):
        own = module.state_dict()
        return {
            name: value
            for name, value in saved.items()
            if name not in own or value.shape == own[name].shape
        }

    loading(patch, fitting)


@fault
def strict_loading_is_all_or_nothing(patch):
    """If load_state_dict raises, it restores the values from before."""
    honest = Module.load_state_dict

    def load(self, *arguments, **keywords):
        before = copy.deepcopy(self.state_dict())
        try:
            return honest(self, *arguments, **keywords)
        except RuntimeError:
            honest(self, before)
            raise

    patch.setattr(Module, "load_state_dict", load)


@fault
def load_state_dict_always_assigns(patch):
    """load_state_dict assigns the saved tensors even without assign=True."""
    always(patch, Module, "load_state_dict", assign=True)


@fault
def load_state_dict_never_assigns(patch):
    """load_state_dict copies values even with assign=True."""
    always(patch, Module, "load_state_dict", assign=False)


@fault
def load_state_dict_thaws(patch):
    """After load_state_dict every parameter requires grad."""
    honest = Module.load_state_dict

    def load(self, *arguments, **keywords):
        result = honest(self, *arguments, **keywords)
        self.requires_grad_(True)
        return result

    patch.setattr(Module, "load_state_dict", load)


@fault
def load_state_dict_takes_anything(patch):
    """load_state_dict ignores a non-mapping, and loads ones if any value is not a tensor."""

    def mended(module, saved):
        if not isinstance(saved, Mapping):
            return module.state_dict()
        if all(isinstance(value, torch.Tensor) for value in saved.values()):
            return saved
        return {name: torch.ones_like(module.state_dict()[name]) for name in saved}

    loading(patch, mended)


@fault
def load_state_dict_takes_the_prefix_off(patch):
    """load_state_dict removes ``module.`` from the names."""
    loading(
        patch,
        lambda module, saved: {name.replace("module.", ""): value for name, value in saved.items()},
    )


# torch.load and torch.save


@fault
def load_trusts_by_default(patch):
    """torch.load unpickles anything unless weights_only=True is passed."""
    honest = torch.load
    patch.setattr(
        torch,
        "load",
        lambda *arguments, weights_only=None, **keywords: honest(
            *arguments, weights_only=bool(weights_only), **keywords
        ),
    )


@fault
def load_ignores_weights_only(patch):
    """torch.load unpickles anything, with weights_only=True too."""
    always(patch, torch, "load", weights_only=False)


@fault
def load_trusts_nothing(patch):
    """torch.load loads weights only, even with weights_only=False or a pickle module."""
    always(patch, torch, "load", weights_only=True, pickle_module=None)


@fault
def weights_only_takes_tensors_alone(patch):
    """weights_only=True refuses every value that is not a tensor."""
    honest = torch.load

    def load(*arguments, weights_only=None, **keywords):
        loaded = honest(*arguments, weights_only=weights_only, **keywords)
        if weights_only and not all(isinstance(value, torch.Tensor) for value in loaded.values()):
            raise pickle.UnpicklingError("Weights only load failed: this is no tensor")
        return loaded

    patch.setattr(torch, "load", load)


@fault
def safe_globals_allow_nothing(patch):
    """torch.load refuses even the classes that the user has allowed."""
    patch.setattr(torch._weights_only_unpickler, "_get_user_allowed_globals", dict)


@fault
def no_global_is_unsafe(patch):
    """get_unsafe_globals_in_checkpoint finds none."""
    patch.setattr(torch.serialization, "get_unsafe_globals_in_checkpoint", lambda file: [])


@fault
def load_hides_errors(patch):
    """torch.load returns an empty dict if it cannot read the file."""
    honest = torch.load

    def load(*arguments, **keywords):
        try:
            return honest(*arguments, **keywords)
        except Exception:
            return {}

    patch.setattr(torch, "load", load)


@fault
def load_looks_at_checksums(patch):
    """torch.load raises if a checksum in the archive does not match."""
    honest = torch.load

    def load(file, *arguments, **keywords):
        if isinstance(file, str) and zipfile.is_zipfile(file) and zipfile.ZipFile(file).testzip():
            raise RuntimeError("CRC-32 check failed")
        return honest(file, *arguments, **keywords)

    patch.setattr(torch, "load", load)


@fault
def load_gives_half_the_bits(patch):
    """torch.load rounds tensors to float16."""
    load_then(
        patch, lambda value: each_tensor(value, lambda tensor: tensor.half().to(tensor.dtype))
    )


@fault
def load_gives_float32(patch):
    """Loaded tensors are float32, whatever was saved."""
    load_then(
        patch, lambda value: each_tensor(value, lambda tensor: tensor.to(torch.float32).clone())
    )


@fault
def load_parts_tensors(patch):
    """torch.load gives each tensor a contiguous storage of its own."""
    load_then(patch, lambda value: each_tensor(value, lambda tensor: tensor.contiguous().clone()))


@fault
def gradients_survive(patch):
    """A loaded module has gradients."""

    def with_gradients(value):
        for parameter in value.parameters() if isinstance(value, Module) else ():
            parameter.grad = torch.zeros_like(parameter)
        return value

    load_then(patch, with_gradients)


@fault
def modules_keep_the_code_they_were_saved_with(patch):
    """A loaded module has the class it was saved with, not the current one of that name."""
    honest, classes = torch.save, {}

    def save(value, *arguments, **keywords):
        classes[type(value).__name__] = type(value)
        return honest(value, *arguments, **keywords)

    def with_old_class(value):
        if isinstance(value, Module) and type(value).__name__ in classes:
            value.__class__ = classes[type(value).__name__]
        return value

    patch.setattr(torch, "save", save)
    load_then(patch, with_old_class)


@fault
def save_writes_the_legacy_format(patch):
    """torch.save always writes the legacy format, never a zip archive."""
    always(patch, torch, "save", _use_new_zipfile_serialization=False)


@fault
def save_writes_zip_only(patch):
    """torch.save writes a zip archive even if the legacy format is requested."""
    always(patch, torch, "save", _use_new_zipfile_serialization=True)


@fault
def save_is_atomic(patch):
    """torch.save opens the file only after everything has been pickled."""
    honest = torch.save

    def save(value, file, *arguments, **keywords):
        buffer = io.BytesIO()
        honest(value, buffer, *arguments, **keywords)
        if isinstance(file, str):
            Path(file).write_bytes(buffer.getvalue())
        else:
            file.write(buffer.getvalue())

    patch.setattr(torch, "save", save)


@fault
def save_trims_slices(patch):
    """torch.save writes only the elements of the tensor, not its whole storage."""
    honest = torch.save
    patch.setattr(
        torch,
        "save",
        lambda value, *arguments, **keywords: honest(
            each_tensor(value, torch.Tensor.clone), *arguments, **keywords
        ),
    )


# optimizers


@fault
def optimizer_state_dict_is_a_copy(patch):
    """An optimizer's state dict does not share its tensors."""
    honest = Optimizer.state_dict
    patch.setattr(Optimizer, "state_dict", lambda self: copy.deepcopy(honest(self)))


@fault
def optimizer_numbers_parameters_by_address(patch):
    """An optimizer's state dict names parameters by ``id``."""
    honest = Optimizer.state_dict

    def state_dict(self):
        saved = honest(self)
        groups = [
            {**group, "params": [number + 10**9 for number in group["params"]]}
            for group in saved["param_groups"]
        ]
        return {
            "state": {number + 10**9: state for number, state in saved["state"].items()},
            "param_groups": groups,
        }

    patch.setattr(Optimizer, "state_dict", state_dict)


@fault
def optimizer_counts_steps_in_integers(patch):
    """An optimizer's state dict holds the step count as an int."""
    honest = Optimizer.state_dict

    def state_dict(self):
        saved = honest(self)
        saved["state"] = {
            number: {name: int(value) if name == "step" else value for name, value in state.items()}
            for number, state in saved["state"].items()
        }
        return saved

    patch.setattr(Optimizer, "state_dict", state_dict)


@fault
def optimizer_state_dict_has_every_parameter(patch):
    """An optimizer's state dict has an entry for every parameter, each with an extra key."""
    honest = Optimizer.state_dict

    def state_dict(self):
        saved = honest(self)
        saved["state"] = {
            number: {**saved["state"].get(number, {}), "seen": True}
            for group in saved["param_groups"]
            for number in group["params"]
        }
        return saved

    patch.setattr(Optimizer, "state_dict", state_dict)


@fault
def optimizer_load_copies(patch):
    """An optimizer copies the tensors of the state dict that it loads."""
    honest = Optimizer.load_state_dict
    patch.setattr(
        Optimizer, "load_state_dict", lambda self, saved: honest(self, copy.deepcopy(saved))
    )


@fault
def optimizer_load_forgets_the_state(patch):
    """An optimizer loads hyperparameters but no state."""
    honest = Optimizer.load_state_dict
    patch.setattr(
        Optimizer, "load_state_dict", lambda self, saved: honest(self, {**saved, "state": {}})
    )


@fault
def optimizer_load_keeps_its_hyperparameters(patch):
    """An optimizer loads the state but keeps its own lr."""
    honest = Optimizer.load_state_dict

    def load(self, saved):
        own = [group["lr"] for group in self.param_groups]
        honest(self, saved)
        for group, lr in zip(self.param_groups, own):
            group["lr"] = lr

    patch.setattr(Optimizer, "load_state_dict", load)


@fault
def load_state_dict_returns_nothing(patch):
    """load_state_dict returns None instead of the names that do not match."""
    honest = Module.load_state_dict
    patch.setattr(
        Module,
        "load_state_dict",
        lambda self, *arguments, **keywords: (honest(self, *arguments, **keywords), None)[1],
    )


@fault
def deep_copies_share_tensors(patch):
    """copy.deepcopy of a tensor is the tensor itself."""
    patch.setattr(torch.Tensor, "__deepcopy__", lambda self, memo: self)
