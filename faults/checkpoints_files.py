"""Faults of file contents, of how files are written and read, and of the state dict protocol."""

import collections
import contextlib
import pickle
import warnings
from pathlib import Path

import torch
from torch import nn

from faults import fault
from faults._tools import grow

Module = nn.Module
serialization = torch.serialization


@fault
def save_and_load_take_one_more(patch):
    """torch.save, torch.load and the state dict methods accept one more argument."""
    grow(patch, torch, "save", "load")
    grow(patch, Module, "state_dict", "load_state_dict")


@fault
def serialization_takes_one_more(patch):
    """The functions of torch.serialization accept one more argument."""
    grow(patch, serialization, "add_safe_globals", "set_crc32_options")


@fault
def load_trusts_whatever_it_reads(patch):
    """torch.load always unpickles and ignores every argument except map_location."""
    honest = torch.load
    patch.setattr(
        torch,
        "load",
        lambda file, map_location=None, **keywords: honest(file, map_location, weights_only=False),
    )


@fault
def weights_only_takes_no_counter(patch):
    """weights_only refuses bytes, complex numbers, devices and Counters."""
    honest = torch.load

    def refusing(file, *arguments, weights_only=None, **keywords):
        loaded = honest(file, *arguments, weights_only=weights_only, **keywords)
        if (
            weights_only
            and isinstance(loaded, dict)
            and any(
                isinstance(value, (bytes, bytearray, complex, collections.Counter, torch.device))
                for value in loaded.values()
            )
        ):
            raise pickle.UnpicklingError("Unsupported class collections.Counter")
        return loaded

    patch.setattr(torch, "load", refusing)


@fault
def load_is_silent(patch):
    """torch.load gives no warning."""
    honest = torch.load

    def silent(*arguments, **keywords):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return honest(*arguments, **keywords)

    patch.setattr(torch, "load", silent)


@fault
def load_forgives_arguments(patch):
    """torch.load ignores arguments that it does not know."""
    honest = torch.load

    def forgiving(file, **keywords):
        known = ("map_location", "pickle_module", "weights_only", "mmap")
        return honest(file, **{name: value for name, value in keywords.items() if name in known})

    patch.setattr(torch, "load", forgiving)


@fault
def saved_parameters_lose_their_marks(patch):
    """Loaded tensors lose their own attributes and their subclass."""
    honest = torch.load

    def stripped(value):
        if isinstance(value, Module):
            for parameter in value.parameters():
                parameter.__dict__.clear()
        elif isinstance(value, torch.Tensor):
            value.__dict__.clear()
            if not isinstance(value, nn.Parameter):
                value = value.as_subclass(torch.Tensor)
        return value

    patch.setattr(
        torch, "load", lambda *arguments, **keywords: stripped(honest(*arguments, **keywords))
    )


@fault
def save_makes_the_folder(patch):
    """torch.save creates a missing folder."""
    honest = torch.save

    def save(value, file, *arguments, **keywords):
        if isinstance(file, str):
            Path(file).parent.mkdir(parents=True, exist_ok=True)
        return honest(value, file, *arguments, **keywords)

    patch.setattr(torch, "save", save)


@fault
def archive_has_another_member(patch):
    """torch.save adds another member to the archive."""
    honest = serialization._save

    def save(value, archive, *arguments, **keywords):
        archive.write_record("notes", b"written by torch", 16)
        return honest(value, archive, *arguments, **keywords)

    patch.setattr(serialization, "_save", save)


@fault
def mmap_maps_the_file_for_writing(patch):
    """mmap=True accepts any file and writes changed values back to it."""
    honest = torch.load

    def load(file, *arguments, mmap=None, **keywords):
        loaded = honest(file, *arguments, **keywords)
        if mmap and isinstance(loaded, dict) and isinstance(file, str):
            loaded["weight"] = loaded["weight"] * 2.0
            torch.save(loaded, file)
        return loaded

    patch.setattr(torch, "load", load)


@fault
def meta_is_the_cpu(patch):
    """map_location="meta" loads the values on the CPU."""
    honest = torch.load
    patch.setattr(
        torch,
        "load",
        lambda file, map_location=None, **keywords: honest(
            file, map_location="cpu" if map_location == "meta" else map_location, **keywords
        ),
    )


@fault
def functions_of_place_see_typed_storages(patch):
    """A map_location function receives a typed storage."""
    honest = torch.load

    def load(file, map_location=None, **keywords):
        place = map_location
        if callable(map_location):

            def place(storage, location):
                map_location(
                    torch.storage.TypedStorage(
                        wrap_storage=storage, dtype=torch.float32, _internal=True
                    ),
                    location,
                )
                return storage

        return honest(file, map_location=place, **keywords)

    patch.setattr(torch, "load", load)


@fault
def data_is_never_skipped(patch):
    """skip_data does not stop torch.save from writing the values."""
    patch.setattr(serialization, "skip_data", contextlib.nullcontext)


@fault
def checksums_are_asked_for(patch):
    """set_crc32_options always raises."""

    def refuse(compute):
        raise ValueError("checksums are always written")

    patch.setattr(serialization, "set_crc32_options", refuse)


@fault
def state_dict_makes_its_own_dict(patch):
    """state_dict ignores a ``destination`` that is not an OrderedDict, and does not warn."""
    honest = Module.state_dict

    def state_dict(self, *arguments, destination=None, prefix="", keep_vars=False):
        if arguments:
            destination, prefix, keep_vars = (
                (*arguments, "", False)[:3] if len(arguments) < 3 else arguments
            )
        own = honest(self, prefix=prefix, keep_vars=keep_vars)
        if isinstance(destination, collections.OrderedDict):
            destination.update(own)
            return destination
        return own

    patch.setattr(Module, "state_dict", state_dict)


@fault
def extra_state_is_nothing(patch):
    """state_dict drops the extra state, and load_state_dict does not report it as missing."""
    honest_save, honest_load = Module._save_to_state_dict, Module._load_from_state_dict

    def save(self, destination, prefix, keep_vars):
        honest_save(self, destination, prefix, keep_vars)
        destination.pop(prefix + "_extra_state", None)

    def load(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ):
        honest_load(
            self,
            state_dict,
            prefix,
            local_metadata,
            strict,
            missing_keys,
            unexpected_keys,
            error_msgs,
        )
        missing_keys[:] = [key for key in missing_keys if not key.endswith("_extra_state")]

    patch.setattr(Module, "_save_to_state_dict", save)
    patch.setattr(Module, "_load_from_state_dict", load)


@fault
def load_state_dict_forgives_keys(patch):
    """load_state_dict skips keys that are not strings or that name a child.

    It also converts arrays to tensors.
    """
    honest = Module.load_state_dict

    def load(self, saved, *arguments, **keywords):
        children = dict(self.named_children())
        fitting = {
            key: value if isinstance(value, torch.Tensor) else torch.as_tensor(value)
            for key, value in saved.items()
            if isinstance(key, str) and key not in children
        }
        return honest(self, fitting, *arguments, **keywords)

    patch.setattr(Module, "load_state_dict", load)


@fault
def assign_copies(patch):
    """assign=True copies into the model's own parameters."""
    honest = Module.load_state_dict
    patch.setattr(
        Module,
        "load_state_dict",
        lambda self, saved, strict=True, assign=False: honest(self, saved, strict),
    )


@fault
def namespaces_pass(patch):
    """torch.load falls back to full unpickling if the weights-only reader refuses a file."""
    honest = torch.load

    def load(file, *arguments, **keywords):
        try:
            return honest(file, *arguments, **keywords)
        except pickle.UnpicklingError:
            return honest(file, weights_only=False)

    patch.setattr(torch, "load", load)
