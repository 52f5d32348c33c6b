"""``python tools/training_curve.py``."""

import sys

import pytest

from tools import training_curve


def test_tool_says_in_one_line_that_matplotlib_is_missing(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(SystemExit) as ended:
        training_curve.main([])
    assert ended.value.code == 2
    assert capsys.readouterr().err == "matplotlib is missing: python -m pip install matplotlib\n"
