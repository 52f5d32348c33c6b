"""What torch did, as tensors and facts. The only part that the tests of ``spec/`` import."""

from torch_history.observing.child import apart
from torch_history.observing.observation import observe, observe_each

__all__ = ["apart", "observe", "observe_each"]
