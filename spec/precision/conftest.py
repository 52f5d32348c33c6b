"""Wiring only: no test leaves autocast on for the next one."""

import pytest

from fixtures.precision import switch_off


@pytest.fixture(autouse=True)
def autocast_off():
    """Switch autocast off after each test."""
    yield
    switch_off()
