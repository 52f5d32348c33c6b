"""``python -m faults settings``: list the settings that no value of any behaviour depends on."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Tuple

import torch
from rich.console import Console
from rich.markup import escape
from rich.progress import track

from faults.settings.reasons import reason
from faults.settings.session import ROOT, Found, Session, run

Result = Tuple[str, object]


def main(arguments: List[str]) -> int:
    """Run it. The exit status is 1 where a fault survives without a reason."""
    parser = argparse.ArgumentParser(prog="python -m faults settings", description=__doc__)
    parser.add_argument(
        "api", nargs="*", metavar="API", help="only APIs that begin so, as torch.nn.Conv"
    )
    parser.add_argument(
        "--spec", nargs="+", metavar="PATH", default=["spec"], help="run only these behaviours"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what became of each fault")
    parser.add_argument(
        "--kept",
        type=Path,
        metavar="FILE",
        default=ROOT / ".history" / "settings-faults.json",
        help="which behaviour noticed each fault last: it is asked first (default: %(default)s)",
    )
    asked = parser.parse_args(arguments)
    torch.set_num_threads(1)
    console = Console(soft_wrap=True)

    def tell(results: Iterator[Result], total: int) -> Iterable[Result]:
        return track(results, "faults", total=total, console=console)

    found = run(asked.spec, Session(asked.api, asked.jobs, asked.kept, tell))
    if found is None:
        console.print("the behaviours could not be collected: see above", style="red")
        return 2
    if asked.json:
        asked.json.write_text(json.dumps(_as_json(found), indent=1) + "\n")
    return _report(found, console)


def _as_json(found: Found) -> Dict[str, object]:
    faults = {
        name: {
            "noticed": found.noticed.get(name),
            "reason": reason(one),
            "met": name not in found.alone,
        }
        for name, one in found.made.items()
    }
    return {
        "faults": faults,
        "unreachable": found.unreachable,
        "unmet": found.unmet,
        "excluded": found.excluded,
    }


def _report(found: Found, console: Console) -> int:
    survivors = [
        one for name, one in found.made.items() if name not in found.noticed and reason(one) is None
    ]
    by_api: Dict[str, List[str]] = {}
    for one in survivors:
        alone = " (given by no behaviour)" if one.name in found.alone else ""
        by_api.setdefault(one.api, []).append(f"  {one.setting}: {one.rule}{alone}")
    for api, lines in sorted(by_api.items()):
        console.print(escape("\n".join([api, *lines])))
    excused = len(found.made) - len(found.noticed) - len(survivors)
    console.print(
        f"{len(found.made)} faults of {len({one.api for one in found.made.values()})} APIs, "
        f"{len(found.noticed)} noticed, {excused} with a reason, {len(survivors)} survived; "
        f"{len(found.unreachable)} APIs out of Python's reach, {len(found.unmet)} named and never "
        f"called, {len(found.excluded)} tests left out, which fail where torch is only watched"
    )
    return 1 if survivors else 0
