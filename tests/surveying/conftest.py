"""A package called torch, made for a test."""

import importlib
import sys
import textwrap

import pytest


def is_torch(name):
    return name == "torch" or name.startswith("torch.")


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Make a package called torch from files, and import it: ``{"torch/__init__.py": "..."}``."""

    def make(files):
        for name in filter(is_torch, list(sys.modules)):
            monkeypatch.delitem(sys.modules, name)
        for path, text in {"torch/__init__.py": "", **files}.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(textwrap.dedent(text), encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        importlib.invalidate_caches()
        return importlib.import_module("torch")

    yield make
    for name in filter(is_torch, list(sys.modules)):  # the real one returns after this
        del sys.modules[name]
