"""What torch did, as tensors and facts. The only part that the tests of ``spec/`` import."""

from torch_history.observing.observation import observe, observe_each

__all__ = ["observe", "observe_each"]
