"""``python -m torch_history`` is ``torch-history``."""

import sys

from torch_history.cli import main

if __name__ == "__main__":
    sys.exit(main())
