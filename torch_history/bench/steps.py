"""Steps: the section of the page on what a training step costs along a chain of releases."""

from __future__ import annotations

import math
from typing import Iterator, List, NamedTuple, Optional, Sequence

from torch_history.bench import chain as chains
from torch_history.bench import markdown as md
from torch_history.bench.chain import Chain, Ratio
from torch_history.bench.estimate import Estimate

WHOLE = "whole_step"
READING = """{count} runs timed each release against the one before it ({runs}, one thread). The
plot multiplies their ratios, so {first} is 1 and a line at 1.2 is 20 % slower than {first}. The
band is the error of this product. It grows from release to release, because each run adds its own
error: its interval, or the control's if that is larger. The errors are combined as independent
ones, so an error that all runs share is not in the band.

{pythons}

{gaps}
"""


class Check(NamedTuple):
    """One benchmark of two releases: the product along the chain, and the direct comparison."""

    name: str
    before: str
    after: str
    product: Ratio
    direct: Ratio

    @property
    def agrees(self) -> bool:
        """Whether both differ by no more than their errors."""
        return chains.agree(self.product, self.direct)


def reading(chain: Chain) -> str:
    """How to read the plot: what its error means, and what it does not show."""
    return READING.format(
        count=len(chain.steps),
        runs=md.text("; ".join(chain.runs)),
        first=md.text(chain.releases[0]),
        pythons=_pythons(chain),
        gaps=_gaps(chain),
    )


def _pythons(chain: Chain) -> str:
    spans = chains.spans(chain)
    told = [
        f"{chain.releases[one.first]} to {chain.releases[one.last]} on Python {one.python}"
        for one in spans
    ]
    text = f"The runs: {md.text(', '.join(told))}."
    if len(spans) > 1:
        # Both sides of a run are on one Python, or the run has a note.
        text += (
            " Both releases of a run have the same Python, so what a newer Python itself gains or "
            "costs is not in the plot."
        )
    return text + "".join(f" **Not clean:** {md.text(note)}." for note in chain.notes)


def _gaps(chain: Chain) -> str:
    rows = [chain.row(name) for name in _names(chain)]
    void = sum(one.verdict == "void" for row in rows for one in row)
    unknown = sum(one.verdict == "unknown" for row in rows for one in row)
    total = len(chain.steps) * len(rows)
    if not void and not unknown:
        return f"None of the {total} ratios is void or unknown, so no line has a gap."
    return (
        f"Of the {total} ratios, {void} are void and {unknown} unknown. Each is a gap in a line, "
        "which is dashed from there on. A void ratio still places it, with the large error that "
        "the control shows. After an unknown ratio, only the shape of the line is measured."
    )


def _names(chain: Chain) -> List[str]:
    return [name for names in chains.phases(chain).values() for name in names]


def table(chain: Chain) -> str:
    """A row for each release: the whole step of every network, and the largest move of a phase."""
    whole = [f"{network}.{WHOLE}" for network in chains.phases(chain)]
    heads = ["release", *whole, "largest move of a phase"]
    lines = [md.row(*map(md.cell, heads)), "|---" * len(heads) + "|"]
    for release, step in zip(chain.releases[1:], chain.steps):
        cells = [_cell(step.get(name)) for name in whole]
        parts = [step[name] for name in _names(chain) if name in step and name not in whole]
        lines.append(md.row(md.cell(release), *cells, _largest(parts)))
    lines.append(_last(chain, whole))
    return "\n".join([*lines, ""])


def _cell(one: Optional[Estimate]) -> str:
    if one is None or not chains.known(one):
        return "unknown" if one is None else one.verdict
    bold = "**" if one.verdict in ("slower", "faster") else ""
    return f"{bold}{one.ratio:.2f}{bold}"


def _largest(parts: Sequence[Estimate]) -> str:
    moved = [one for one in parts if one.verdict in ("slower", "faster")]
    if not moved:
        return "none"
    one = max(moved, key=lambda one: abs(math.log(one.ratio)))
    return f"{md.cell(one.name)} {_shown(Ratio(one.ratio, one.interval))}"


def _last(chain: Chain, whole: Sequence[str]) -> str:
    first, last = chain.releases[0], chain.releases[-1]
    found = [chains.product(chain, name, first, last) for name in whole]
    cells = ["across a gap" if one is None else _shown(one) for one in found]
    return md.row(f"{md.cell(first)} → {md.cell(last)}, product", *cells, "")


def _shown(one: Ratio) -> str:
    return f"{one.ratio:.2f} ({one.interval[0]:.2f}\N{EN DASH}{one.interval[1]:.2f})"


def checks(chain: Chain, directs: Sequence[Chain]) -> Iterator[Check]:
    """The phases that the chain and a direct comparison both know."""
    for direct in directs:
        before, after = direct.releases
        for name in _names(chain):
            (one,) = direct.row(name)
            product = chains.product(chain, name, before, after)
            if chains.known(one) and product:
                yield Check(name, before, after, product, chains.direct(one))


def checked(found: Sequence[Check]) -> str:
    """How well the chain agrees with longer runs that compared two of its releases directly."""
    agreeing = sum(one.agrees for one in found)
    rows = [
        md.row(
            f"{md.cell(one.before)} → {md.cell(one.after)}",
            md.cell(one.name),
            _shown(one.product),
            _shown(one.direct),
            "yes" if one.agrees else "**no**",
        )
        for one in found
        if one.name.endswith(WHOLE) or not one.agrees
    ]
    told = (
        "The crosses are the longer runs below, which compared two releases directly. "
        f"{agreeing} of {len(found)} products agree with them within both errors. The whole steps, "
        "and every product that does not agree:"
    )
    lines = [
        told,
        "",
        "| releases | benchmark | product | direct | agree |",
        "|---|---|---|---|---|",
        *rows,
        "",
    ]
    return "\n".join(lines)
