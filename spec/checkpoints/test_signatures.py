"""What saving and loading take: the arguments of each function, with their defaults."""

import pytest

from fixtures.arguments import arguments_of
from history.observe import observe


@pytest.mark.api("torch.save", "torch.load", page="generated/torch.load")
@pytest.mark.parametrize("name", ["save", "load"])
def test_save_and_load_take_these_arguments(name, snapshot):
    """``weights_only`` stands as None: which of True and False it means is decided inside, see ``load``'s own behaviours."""
    assert snapshot == observe(lambda: arguments_of(f"torch.{name}"))


@pytest.mark.api("torch.nn.Module.state_dict", "torch.nn.Module.load_state_dict", page="generated/torch.nn.Module")
@pytest.mark.parametrize("name", ["state_dict", "load_state_dict", "get_extra_state", "set_extra_state"])
def test_state_dict_methods_take_these_arguments(name, snapshot):
    """What a module writes its state with, and reads it."""
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.Module.{name}"))


@pytest.mark.api("torch.serialization", page="notes/serialization")
@pytest.mark.parametrize("name", ["add_safe_globals", "clear_safe_globals", "get_safe_globals", "safe_globals",
                                  "get_unsafe_globals_in_checkpoint", "skip_data", "set_default_mmap_options",
                                  "set_default_load_endianness", "set_crc32_options", "register_package"])
def test_serialization_functions_take_these_arguments(name, snapshot):
    """What decides how a file is read, and what it may hold."""
    assert snapshot == observe(lambda: arguments_of(f"torch.serialization.{name}"))
