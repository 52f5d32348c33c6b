"""The arguments of the functions that save and load, with their defaults.

A record changes when an argument appears, disappears or gets another default. ``weights_only`` of
``torch.load`` appeared in 1.13, and its default is None since 2.4. ``mmap`` and ``assign`` appeared
in 2.1.
"""

import pytest

from fixtures.arguments import arguments_of
from torch_history.observing import observe


@pytest.mark.api("torch.save", "torch.load", page="generated/torch.load", signature=True)
@pytest.mark.changed(
    "1.6",
    "save: _use_new_zipfile_serialization is True by default, so save writes zip archives",
    kind="representation",
    cause="pytorch#39460",
    advice="pass _use_new_zipfile_serialization=False if releases before 1.6 read the file",
)
@pytest.mark.changed("1.13", "load: weights_only", kind="appeared", cause="pytorch#86812")
@pytest.mark.changed(
    "1.13",
    "load: pickle_module is None by default",
    kind="representation",
    cause="pytorch#86812",
)
@pytest.mark.changed("2.1", "load: mmap", kind="appeared", cause="pytorch#102549")
@pytest.mark.changed(
    "2.1", "save: _disable_byteorder_record", kind="appeared", cause="pytorch#94503"
)
@pytest.mark.changed(
    "2.4",
    "load: weights_only is None by default, which still means False, and warns",
    kind="representation",
    cause="pytorch#129239",
    advice="pass weights_only=True, or weights_only=False for files that you trust",
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
    "1.10", "get_extra_state and set_extra_state appear", kind="appeared", cause="pytorch#62976"
)
@pytest.mark.changed(
    "1.12",
    "*args (state_dict), to warn about positional arguments",
    kind="appeared",
    cause="pytorch#72780",
)
@pytest.mark.changed("2.1", "assign (load_state_dict)", kind="appeared", cause="pytorch#102212")
@pytest.mark.parametrize(
    "name", ["state_dict", "load_state_dict", "get_extra_state", "set_extra_state"]
)
def test_state_dict_methods_take_these_arguments(name, snapshot):
    """The methods that write and read the state of a module take these arguments."""
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.Module.{name}"))


@pytest.mark.api("torch.serialization", page="notes/serialization", signature=True)
@pytest.mark.changed(
    "2.1", "set_default_load_endianness appears", kind="appeared", cause="pytorch#101973"
)
@pytest.mark.changed(
    "2.4",
    "add_safe_globals, clear_safe_globals and get_safe_globals appear",
    kind="appeared",
    cause="pytorch#124331",
)
@pytest.mark.changed(
    "2.4", "set_default_mmap_options appears", kind="appeared", cause="pytorch#124889"
)
@pytest.mark.changed("2.5", "safe_globals appears", kind="appeared", cause="pytorch#127939")
@pytest.mark.changed("2.5", "skip_data appears", kind="appeared", cause="pytorch#134504")
@pytest.mark.changed(
    "2.6", "get_unsafe_globals_in_checkpoint appears", kind="appeared", cause="pytorch#139221"
)
@pytest.mark.changed("2.6", "set_crc32_options appears", kind="appeared", cause="pytorch#137735")
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
