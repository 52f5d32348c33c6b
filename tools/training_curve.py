"""Draws article E's training curve, the loss and accuracy of each epoch, as a PNG or SVG.

``python tools/training_curve.py`` needs torch and ``python -m pip install matplotlib``. Ten epochs
take about a second. ``torch-history page`` shows what ``--to benchmarks/training-curve.svg``
writes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import List, Optional

ROOT = Path(__file__).resolve().parent.parent


def draw(losses: List[float], accuracies: List[float], title: str, path: Path) -> None:
    """Draw the loss on the left axis and the accuracy on the right one, over the epochs."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "torch-training-spec"})
    figure = Figure(figsize=(7, 4), layout="constrained")
    left = figure.add_subplot()
    right = left.twinx()
    epochs = range(1, len(losses) + 1)
    lines = left.plot(epochs, losses, color="tab:red", marker="o", label="mean loss (log scale)")
    lines += right.plot(
        epochs, accuracies, color="tab:blue", marker="s", label="accuracy on 1,000 held-out strings"
    )
    left.set(title=title, xlabel="epoch", ylabel="mean loss", yscale="log")
    right.set(ylabel="accuracy", ylim=(0, 1.05))
    left.xaxis.get_major_locator().set_params(integer=True)
    left.legend(handles=lines, loc="lower left")
    figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix == ".svg" else None)


def main(arguments: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python tools/training_curve.py", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "--to",
        type=Path,
        default=Path("training_curve.png"),
        metavar="FILE",
        help="the .png or .svg file to write (default: %(default)s)",
    )
    parser.add_argument(
        "--epochs",
        type=int,
        default=10,
        metavar="N",
        help="number of epochs to train (default: %(default)s)",
    )
    chosen = parser.parse_args(arguments)
    if chosen.epochs < 1:
        parser.error("--epochs must be at least 1")
    try:
        import matplotlib as mpl  # noqa: F401
    except ImportError:
        print("matplotlib is missing: python -m pip install matplotlib", file=sys.stderr)
        sys.exit(2)

    sys.path.insert(0, str(ROOT))
    import torch

    from fixtures.abc import trained

    def progress(number: int, loss: float, share: float) -> None:
        print(f"epoch {number}: mean loss {loss:.4f}, accuracy {share:.3f}")

    result = trained(chosen.epochs, progress)
    draw(
        result.losses,
        result.accuracies,
        f"article E's classifier on torch {torch.__version__}",
        chosen.to,
    )
    print(f"written: {chosen.to}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
