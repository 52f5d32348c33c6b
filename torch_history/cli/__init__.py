"""The command line: ``torch-history COMMAND``. It imports neither torch nor pytest."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import List, Optional, Tuple

from torch_history import versions
from torch_history.catalogue import source as catalogue
from torch_history.errors import HistoryError
from torch_history.publish import report
from torch_history.questions import query
from torch_history.questions.kinds import KINDS
from torch_history.records import manifests, store


def main(arguments: Optional[List[str]] = None) -> int:
    """Run a command and return its exit status: 0, 1 (differences or faults were found), 2 (bad input), 130 (interrupted)."""
    options = parser().parse_args(arguments)
    try:
        status = options.run(options)
        sys.stdout.flush()
        return status
    except HistoryError as error:
        print(f"torch-history: {error}", file=sys.stderr)
        return 2
    except ImportError as error:
        print(
            f"torch-history: this command needs {error.name}: python -m pip install -r requirements.txt",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print("torch-history: interrupted; nothing recorded is lost", file=sys.stderr)
        return 130
    except (
        BrokenPipeError
    ):  # `| head`; what is left goes nowhere, or Python would complain as it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    top = argparse.ArgumentParser(
        prog="torch-history", description="What torch did, release by release."
    )
    top.add_argument(
        "--root", type=Path, default=Path.cwd(), help="the repository (default: this folder)"
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, run: object, text: str, **more: object) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name, help=text, description=text[0].upper() + text[1:] + ".", **more
        )
        sub.set_defaults(run=run)
        return sub

    def filters(sub: argparse.ArgumentParser) -> None:
        sub.add_argument(
            "--chapter",
            action="append",
            default=[],
            metavar="NAME",
            help="only this chapter (repeatable)",
        )
        sub.add_argument(
            "--api",
            action="append",
            default=[],
            metavar="NAME",
            help="only this API or what it contains, as torch.optim (repeatable)",
        )

    sub = command(
        "diff",
        diff,
        "what differs between two versions, silent changes first",
        usage="%(prog)s [options] A B\n       %(prog)s [options] --from FILE --to FILE",
        epilog="Exit status: 1 with differences (of the --fail-on kinds), 0 without, 2 for bad input. Kinds: "
        + "; ".join(f"{slug}: {meaning}" for slug, meaning in KINDS.items()),
    )
    sub.add_argument("before", nargs="?", metavar="A", help="a version, as 1.13")
    sub.add_argument("after", nargs="?", metavar="B", help="a version, as 2.0")
    sub.add_argument(
        "--from",
        dest="old",
        metavar="FILE",
        help="instead of A: what requirements.txt, uv.lock, poetry.lock or pylock.toml pins; "
        "REVISION:PATH is a file in git, as main:uv.lock",
    )
    sub.add_argument("--to", dest="new", metavar="FILE", help="instead of B, likewise")
    sub.set_defaults(misused=sub.error)
    filters(sub)
    sub.add_argument(
        "--kind",
        type=_kinds,
        default=[],
        metavar="KIND[,KIND]",
        help="only differences of these kinds",
    )
    sub.add_argument(
        "--fail-on",
        type=_kinds,
        default=list(KINDS),
        metavar="KIND[,KIND]|none",
        help="exit with 1 only for these kinds (default: any that is shown)",
    )
    sub.add_argument(
        "--format",
        choices=("table", "markdown", "json", "sarif"),
        default="table",
        help="sarif: for a code host; needs --code (default: table)",
    )
    sub.add_argument(
        "--limit",
        type=int,
        default=100,
        metavar="N",
        help="show N differences in the table, those that hurt most (default: 100; 0: all)",
    )
    sub.add_argument("--device", default="cpu")
    sub.add_argument(
        "--code",
        action="append",
        type=Path,
        default=[],
        metavar="PATH",
        help="only what this Python file, notebook or folder can meet, with file and line (repeatable); "
        "--fail-on then counts what is certain or likely",
    )
    sub.add_argument(
        "--level",
        choices=report.LEVELS,
        help="with --code: only hits that are at least as sure (default: possible)",
    )

    sub = command("show", show, "one behaviour's life: its claim, its history and every change")
    sub.add_argument(
        "id", metavar="ID", help="a behaviour, as freezing.filter_object_is_consumed_once"
    )

    sub = command("list", list_, "the behaviours")
    filters(sub)

    sub = command("versions", versions_, "the releases, and what is verified of each")
    sub.add_argument("--format", choices=("text", "json"), default="text")
    sub.add_argument("--device", default="cpu")

    sub = command(
        "interchange",
        interchange_,
        "which release reads the checkpoints that which release wrote, and the ways through",
    )
    sub.add_argument("--format", choices=("table", "markdown", "json"), default="table")
    sub.add_argument("--device", default="cpu")

    sub = command(
        "claims", claims_, "what the articles say, with the verdict of the records: CLAIMS.md"
    )
    sub.add_argument("--write", action="store_true", help="write CLAIMS.md instead of printing it")

    sub = command(
        "differences", differences_, "every change, by subject and by release: DIFFERENCES.md"
    )
    sub.add_argument(
        "--write", action="store_true", help="write DIFFERENCES.md instead of printing it"
    )

    sub = command("benchmarks", benchmarks_, "what the committed benchmark runs say: BENCHMARKS.md")
    sub.add_argument(
        "--write",
        action="store_true",
        help="write BENCHMARKS.md and its pictures instead of printing it",
    )

    sub = command(
        "page",
        page_,
        "the records as a static site: tables, upgrade from A to B, chapters, claims, benchmarks",
        epilog="Open index.html in the folder; no server and no network are needed.",
    )
    sub.add_argument(
        "--to",
        type=Path,
        metavar="FOLDER",
        help="where it goes (default: site, in the repository); an older site is replaced",
    )

    def timing(sub: argparse.ArgumentParser, budget: float) -> None:
        sub.add_argument(
            "--only",
            action="append",
            default=[],
            metavar="PATTERN",
            help="only these benchmarks: a part of the name, or a pattern as 'mlp-5.*' (repeatable)",
        )
        sub.add_argument(
            "--budget",
            type=_minutes,
            default=budget,
            metavar="MINUTES",
            help="how long it may take, installing apart (default: %(default)g)",
        )
        sub.add_argument("--device", default="cpu")
        sub.add_argument(
            "--python",
            metavar="X.Y",
            help="this Python for every release (default: the one of tox.ini)",
        )
        sub.add_argument(
            "--to",
            type=Path,
            metavar="FOLDER",
            help="where the raw rounds go (default: .history/bench)",
        )
        sub.add_argument(
            "--read",
            action="append",
            type=Path,
            default=[],
            metavar="FILE",
            help="time nothing: read raw rounds that were kept (repeatable)",
        )
        sub.add_argument(
            "--plot", type=Path, metavar="FILE.svg", help="draw it as well (needs matplotlib)"
        )
        sub.add_argument("--format", choices=("table", "markdown"), default="table")

    sub = command(
        "bench",
        bench,
        "is the training step slower in B than in A: both timed side by side, phase by phase",
        epilog="Several releases are compared each with its neighbour, the budget for each pair; --plot then draws a heat map. "
        "Exit status: 1 where something is slower, 0 where nothing is, 2 for bad input.",
    )
    sub.add_argument(
        "release",
        nargs="*",
        metavar="RELEASE",
        help="two or more releases, as 2.5 2.15; their tox environments are built if need be",
    )
    timing(sub, 10)
    sub.add_argument(
        "--launches",
        type=_launches,
        default=6,
        metavar="N",
        help="fresh processes, so often (default: %(default)s)",
    )
    sub.add_argument(
        "--core",
        type=int,
        metavar="N",
        help="time on this core, and work on the others (default: each launch draws one)",
    )
    sub.add_argument(
        "--force",
        action="store_true",
        help="compare unlike Pythons or wheels too; the result is marked",
    )

    sub = command(
        "growth",
        growth,
        "how a training step's time grows with the batch and the width, in one release",
    )
    sub.add_argument("release", nargs="?", metavar="RELEASE", help="a release, as 2.15")
    timing(sub, 4)

    command("check", check, "lint the tests' metadata, the records and the manifests")

    sub = command(
        "record", record, "record releases, oldest first: all of tox.ini's, or those named"
    )
    sub.add_argument(
        "release",
        nargs="*",
        metavar="RELEASE",
        help="a line of tox.ini (2.5) or an exact patch (2.5.0)",
    )
    sub.add_argument(
        "--again", action="store_true", help="also those recorded from the present sources already"
    )
    sub.add_argument(
        "--free",
        action="store_true",
        help="remove each environment after its run, and keep no wheel in uv's cache",
    )
    sub.add_argument("--device", default="cpu")
    sub.add_argument(
        "--here",
        action="store_true",
        help="record the one release in the torch of this Python, without tox",
    )
    sub.add_argument("--any-build", action="store_true", help="record CPU wheels too")

    sub = command(
        "merge",
        merge,
        "enter run files of other machines into the records, in any order",
        epilog="Exit status: 1 where two runs, or a run and the records, saw one release differently, where a behaviour had "
        "failed, or where something does not read back; 2 for bad input, and then nothing was entered.",
    )
    sub.add_argument(
        "path",
        nargs="+",
        type=Path,
        metavar="RUN_OR_FOLDER",
        help="what `record` left in .history/, or a folder of it",
    )
    sub.add_argument("--any-build", action="store_true", help="enter runs of CPU wheels too")
    sub.add_argument(
        "--dry-run", action="store_true", help="say what would be entered, and write nothing"
    )
    return top


def _kinds(text: str) -> List[str]:
    kinds = [] if text == "none" else text.split(",")
    for kind in kinds:
        if kind not in KINDS:
            raise argparse.ArgumentTypeError(
                f"{kind!r} is not a kind: choose from {', '.join(KINDS)}"
            )
    return kinds


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0 < minutes < 24 * 60:
        raise argparse.ArgumentTypeError(f"{text} is not a number of minutes, as 10 or 0.5")
    return minutes


def _launches(text: str) -> int:
    if not 3 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(
            f"{text}: between 3 and 100, since the interval comes from their differences"
        )
    return int(text)


def diff(options: argparse.Namespace) -> int:
    before, after = _pair(options)
    if not options.code and (options.level or options.format == "sarif"):
        options.misused("--level and --format sarif need --code")
    answer = query.diff(
        options.root, before, after, options.device, options.kind, options.api, options.chapter
    )
    data = report.as_json(answer)
    counted = {difference.behaviour.id for difference in answer.differences}
    faults: List[str] = []
    if options.code:
        from torch_history.code import scan

        level = options.level or report.LEVELS[-1]
        found = scan.scan(options.code, answer.differences, level)
        data, faults = report.touched(data, found.hits, found.files, level), found.faults
        counted = {
            behaviour
            for behaviour, hits in found.hits.items()
            if hits[0].level != report.LEVELS[-1]
        }
        for fault in faults:
            print(fault, file=sys.stderr)
    if options.format == "json":
        print(json.dumps(data, indent=1, ensure_ascii=False))
    elif options.format == "sarif":
        from torch_history.publish import sarif

        print(json.dumps(sarif.log(data, faults), indent=1, ensure_ascii=False))
    elif options.format == "markdown":
        print(report.markdown(data), end="")
    else:
        report.table(data, limit=options.limit)
    return (
        1
        if any(
            one.kind in options.fail_on and one.behaviour.id in counted
            for one in answer.differences
        )
        else 0
    )


def _pair(options: argparse.Namespace) -> Tuple[str, str]:
    """The two versions: as given, or as two files pin them."""
    given, files = (options.before, options.after), (options.old, options.new)
    if None not in given and files == (None, None):
        return given
    if None in files or given != (None, None):
        options.misused("give two versions, A and B, or --from FILE and --to FILE")
    from torch_history.code import locks

    before, after = locks.version("--from", options.old), locks.version("--to", options.new)
    if before == after:
        print(f"torch is {before} in both, {options.old} and {options.new}", file=sys.stderr)
    return before, after


def show(options: argparse.Namespace) -> int:
    behaviour = query.find(catalogue.behaviours(options.root), options.id)
    known = manifests.read(options.root)
    record = store.read(store.path_of(options.root / "spec", behaviour.id))
    print(f"{behaviour.id}\n  {behaviour.node} (line {behaviour.line})\n\n{behaviour.docstring}\n")
    print(f"about: {', '.join(behaviour.api)}")
    print(
        f"source: {behaviour.page or ''} {f'article {behaviour.article}' if behaviour.article else ''}".rstrip()
    )
    for name, devices in record.items():
        for device, chain in devices.items():
            print(f"\n{name} on {device}:")
            for since, observation in chain.items():
                print(f"  from {since}: {report.short(report.outcome(observation), 400)}")
                for warning in observation.get("warned", ()):
                    print(
                        f"      warns {report.short(warning['category'] + ': ' + warning['message'], 400)}"
                    )
    for change in sorted(behaviour.changes, key=lambda change: versions.key(change.version)):
        print(f"\nchanged in {report.cause(change._asdict())}\n  kind: {KINDS[change.kind]}")
        if change.advice:
            print(f"  what to do: {change.advice}")
    verified = [
        release for release, manifest in known.items() if behaviour.id in manifest["verified"]
    ]
    print(f"\nverified on: {', '.join(verified) or 'no release'}")
    for release, manifest in known.items():
        if behaviour.id not in manifest["verified"]:
            print(f"unknown on {release}: {manifest['unknown'].get(behaviour.id, 'not recorded')}")
    return 0


def list_(options: argparse.Namespace) -> int:
    for behaviour in query.select(
        catalogue.behaviours(options.root), options.api, options.chapter
    ).values():
        changes = (
            f"   (changed in {', '.join(change.version for change in behaviour.changes)})"
            if behaviour.changes
            else ""
        )
        print(f"{behaviour.id}{changes}")
    return 0


def versions_(options: argparse.Namespace) -> int:
    from torch_history.matrix import releases as matrix

    rows = list(matrix.overview(options.root, options.device))
    if options.format == "json":
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return 0
    for row in rows:
        if row["reason"]:
            print(f"{row['release']:<8} unknown: {row['reason']}")
        else:
            print(
                f"{row['release']:<8} {row['verified']:>4} verified  {len(row['unknown']):>3} unknown   "
                f"{row['build']:<6} Python {row['python']}"
            )
            for behaviour, why in row["unknown"].items():
                print(f"{'':<8}      unknown {behaviour}: {why}")
    return 0


def interchange_(options: argparse.Namespace) -> int:
    from torch_history.questions import interchange

    kinds = interchange.kinds(options.root, catalogue.behaviours(options.root), options.device)
    if not kinds:
        raise HistoryError(
            f"no case `{interchange.CASE}RELEASE` is recorded on {options.device}: run `torch-history record`"
        )
    data = interchange.as_json(kinds, options.device)
    if options.format == "json":
        print(json.dumps(data, indent=1, ensure_ascii=False))
    elif options.format == "markdown":
        print(interchange.markdown(data), end="")
    else:
        interchange.table(data)
    return 0


def claims_(options: argparse.Namespace) -> int:
    from torch_history.questions import claims

    return _page(
        options, claims.NAME, claims.page(options.root, catalogue.behaviours(options.root))
    )


def differences_(options: argparse.Namespace) -> int:
    from torch_history.publish import differences

    return _page(
        options,
        differences.NAME,
        differences.page(options.root, catalogue.behaviours(options.root)),
    )


def benchmarks_(options: argparse.Namespace) -> int:
    from torch_history.bench import command, page

    if options.write:
        command.draw_all(options.root)
    return _page(options, page.NAME, page.page(options.root))


def page_(options: argparse.Namespace) -> int:
    import time

    from rich.console import Console

    from torch_history.publish.site import build

    folder, began, console = (
        options.to or options.root / "site",
        time.monotonic(),
        Console(stderr=True),
    )
    with console.status("reading the records") as status:
        size = build.build(options.root, folder, lambda page: status.update(f"writing {page}"))
    print(
        f"{folder / 'index.html'}: written, {size / 1e6:.1f} MB in {time.monotonic() - began:.1f} s"
    )
    return 0


def bench(options: argparse.Namespace) -> int:
    from torch_history.bench import command

    return command.bench(options)


def growth(options: argparse.Namespace) -> int:
    from torch_history.bench import command

    return command.growth(options)


def _page(options: argparse.Namespace, name: str, page: str) -> int:
    if options.write:
        (options.root / name).write_text(page, encoding="utf-8")
    else:
        print(page, end="")
    return 0


def check(options: argparse.Namespace) -> int:
    from torch_history.check import rules

    faults = rules.check(options.root)
    for fault in faults:
        print(fault)
    behaviours = catalogue.behaviours(options.root)
    print(
        f"{len(behaviours)} behaviours, {len(manifests.read(options.root, None))} manifests: "
        f"{len(faults) or 'no'} fault{'s' * (len(faults) != 1)}"
    )
    return 1 if faults else 0


def record(options: argparse.Namespace) -> int:
    from torch_history.matrix import walk

    if options.here and len(options.release) != 1:
        raise HistoryError("--here records one release: name it, as `record --here 2.11`")
    walker = walk.Walk(
        options.root.resolve(), options.device, options.free, options.here, options.any_build
    )
    return walk.record(walker, options.release, options.again)


def merge(options: argparse.Namespace) -> int:
    from torch_history.matrix import merging

    return merging.merge(options.root.resolve(), options.path, options.any_build, options.dry_run)


if __name__ == "__main__":
    sys.exit(main())
