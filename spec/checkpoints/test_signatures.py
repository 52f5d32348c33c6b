"""The arguments of the functions that save and load, with their defaults."""

import pytest

from fixtures.arguments import arguments_of
from torch_history.observing import observe


@pytest.mark.api("torch.save", "torch.load", page="generated/torch.load", signature=True)
@pytest.mark.changed(
    "1.6",
    "save: _use_new_zipfile_serialization is True by default, so save writes zip archives",
    kind="silent",
    cause="pytorch#39460",
    advice="pass _use_new_zipfile_serialization=False if releases before 1.6 read the file",
)
@pytest.mark.changed(
    "1.13",
    "load: weights_only; pickle_module is None by default",
    kind="representation",
    cause="pytorch#86812",
)
@pytest.mark.changed(
    "2.1",
    "load: mmap; save: _disable_byteorder_record",
    kind="representation",
    cause="pytorch#102549, pytorch#94503",
)
@pytest.mark.changed(
    "2.4",
    "load: weights_only is None by default, which still means False, and warns",
    kind="representation",
    cause="pytorch#129239",
    advice="pass weights_only",
)
@pytest.mark.parametrize("name", ["save", "load"])
def test_save_and_load_take_these_arguments(name, snapshot):
    """``torch.save`` and ``torch.load`` take these arguments.

    The default of ``weights_only`` is None since 2.4. ``torch.load`` decides inside whether that
    means True or False.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.{name}"))


@pytest.mark.api(
    "torch.nn.Module.state_dict",
    "torch.nn.Module.load_state_dict",
    page="generated/torch.nn.Module",
    signature=True,
)
@pytest.mark.changed(
    "1.10", "get_extra_state and set_extra_state appear", kind="api-appeared", cause="pytorch#62976"
)
@pytest.mark.changed(
    "1.12",
    "*args (state_dict), to warn about positional arguments",
    kind="representation",
    cause="pytorch#72780",
)
@pytest.mark.changed(
    "2.1", "assign (load_state_dict)", kind="representation", cause="pytorch#102212"
)
@pytest.mark.parametrize(
    "name", ["state_dict", "load_state_dict", "get_extra_state", "set_extra_state"]
)
def test_state_dict_methods_take_these_arguments(name, snapshot):
    """The methods that write and read the state of a module take these arguments."""
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.Module.{name}"))


@pytest.mark.api("torch.serialization", page="notes/serialization", signature=True)
@pytest.mark.changed(
    "2.1", "set_default_load_endianness appears", kind="api-appeared", cause="pytorch#101973"
)
@pytest.mark.changed(
    "2.4",
    "add_safe_globals, clear_safe_globals, get_safe_globals and set_default_mmap_options appear",
    kind="api-appeared",
    cause="pytorch#124331 and pytorch#124889",
)
@pytest.mark.changed(
    "2.5",
    "safe_globals and skip_data appear",
    kind="api-appeared",
    cause="pytorch#134504 (the latter)",
)
@pytest.mark.changed(
    "2.6",
    "get_unsafe_globals_in_checkpoint and set_crc32_options appear",
    kind="api-appeared",
    cause="pytorch#137735 (the latter)",
)
@pytest.mark.parametrize(
    "name",
    [
        "add_safe_globals",
        "clear_safe_globals",
        "get_safe_globals",
        "safe_globals",
        "get_unsafe_globals_in_checkpoint",
        "skip_data",
        "set_default_mmap_options",
        "set_default_load_endianness",
        "set_crc32_options",
        "register_package",
    ],
)
def test_serialization_functions_take_these_arguments(name, snapshot):
    """The functions of ``torch.serialization`` take these arguments.

    They decide how a file is read, and what it may hold.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.serialization.{name}"))
