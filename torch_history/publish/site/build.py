"""Build: the site's folder, written whole from the model and the templates."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import jinja2
from markupsafe import Markup

from torch_history import versions
from torch_history.catalogue import source as catalogue
from torch_history.catalogue.source import Behaviour
from torch_history.errors import HistoryError
from torch_history.publish import differences, report
from torch_history.publish.site import model as site
from torch_history.publish.site.model import DEVICE, LETTERS, UNKNOWN, Model
from torch_history.questions import claims, interchange
from torch_history.questions.kinds import KINDS
from torch_history.records import manifests

HERE = Path(__file__).parent
MARK = '<meta name="generator" content="torch-training-spec">'
PAGES = [
    ("index.html", "Table"),
    ("upgrade.html", "Upgrade"),
    ("claims.html", "Articles"),
    ("interchange.html", "Checkpoints"),
    ("benchmarks.html", "Benchmarks"),
    ("drift.html", "Drift"),
    ("verified.html", "Verified"),
]
# as `torch-history benchmarks --write` and `tools/training_curve.py` write them
BENCHMARKS, PICTURES, CURVE = "BENCHMARKS.md", "benchmarks", "training-curve.svg"
SEVERITY = {
    "bad": differences.HURTS,
    "seen": ("representation", "warning", "wording"),
    "gained": ("error-gone", "api-appeared"),
}
MEANINGS = {
    "loads": "loads",
    "warns": "loads, with a warning",
    "differs": "loads, and differs",
    "unknown": "not recorded",
}
_CODE = re.compile(r"``(.+?)``|`(.+?)`", re.DOTALL)
_WIDEST, _LONGEST = 12, 24  # columns and rows of a tensor that is shown as a table


def build(root: Path, folder: Path, tell: Callable[[str], None] = lambda page: None) -> int:
    """Write the site into a folder, in place of an older site. Returns its size in bytes; ``tell(page)`` is called before each page.

    Raises HistoryError where the folder holds something else or cannot be written.
    """
    folder = folder.resolve()  # behind a link, and where `.` is
    if folder.exists() and not (
        folder.is_dir() and (not any(folder.iterdir()) or _is_ours(folder))
    ):
        raise HistoryError(
            f"{folder}: holds something else than this site: name another folder with --to"
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise HistoryError(
            f"{folder}: cannot be written ({error.strerror}): name another folder with --to"
        ) from None
    try:
        for name, content in pages(root, tell):
            (work / name).write_bytes(content)
        work.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        work.rename(folder)
    except OSError as error:
        raise HistoryError(
            f"{folder}: cannot be written ({error.strerror}): name another folder with --to"
        ) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return sum(path.stat().st_size for path in folder.iterdir())


def _is_ours(folder: Path) -> bool:
    index = folder / "index.html"
    return index.is_file() and MARK in index.read_text(encoding="utf-8", errors="replace")[:1000]


def pages(root: Path, tell: Callable[[str], None]) -> Iterator[Tuple[str, bytes]]:
    """Each file of the site, its name and its content."""
    tell("the records")
    known = catalogue.behaviours(root)
    model = site.read(root, known)
    environment = _environment(model)

    def render(file: str, template: Optional[str] = None, **values: Any) -> Tuple[str, bytes]:
        tell(file)
        return file, environment.get_template(template or file).render(here=file, **values).encode()

    for path in sorted((HERE / "static").iterdir()):
        yield path.name, path.read_bytes()
    yield "upgrade.js", _script(site.upgrades(model))
    yield render("index.html", **_glance(model))
    yield render("upgrade.html", default=(model.releases[-6:][0], model.releases[-1]))
    for chapter, subjects in model.chapters.items():
        yield render(f"{chapter}.html", "chapter.html", chapter=chapter, subjects=subjects)
    register = claims.read(root)
    yield render(
        "claims.html",
        articles={
            article: [claim for claim in register if claim.article == article]
            for article in dict.fromkeys(claim.article for claim in register)
        },
    )
    yield render("interchange.html", **_interchange(root, known))
    yield render("drift.html", drift=_drift(model))
    yield render("benchmarks.html", **_benchmarks(root))
    for path in sorted((root / PICTURES).glob("*.svg")):
        yield path.name, path.read_bytes()
    changes = differences.changes(known.values())
    yield render(
        "verified.html",
        runs=model.runs,
        unverified=differences.unverified(root, manifests.read(root)),
        changes=len(changes),
        causes=differences.causes(changes),
    )


def _environment(model: Model) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    lives = list(model.lives)
    environment.globals.update(
        model=model,
        releases=model.releases,
        chapters=list(model.chapters),
        kinds=KINDS,
        letters={**LETTERS, UNKNOWN: "?"},
        device=DEVICE,
        pages=PAGES,
        apis=sorted({api for life in lives for api in life.behaviour.api}),
    )
    environment.filters.update(
        words=lambda name: name.replace("_", " "),
        capitalize_first=lambda text: text[:1].upper() + text[1:],
        before_brackets=lambda text: text.partition(" (")[0],
        thousands=lambda number: f"{number:,}",
        line=versions.line,
        prose=_prose,
        prose_line=_coded,
        marked=_marked,
        text=report.text,
        plain_text=_plain_text,
        shape=_shape,
        cases=lambda life: site.cases(life, model.releases),
        changes=lambda behaviour: sorted(
            behaviour.changes, key=lambda change: versions.key(change.version)
        ),
        page_apart=lambda behaviour: (
            behaviour.page
            and not any(behaviour.page.endswith(f"{api}.html") for api in behaviour.api)
        ),
        environments=lambda life: ",".join(f"torch{line}" for line in _ends(life, model.releases)),
    )
    environment.tests["plain"] = _is_plain
    return environment


def _ends(life: site.Life, releases: List[str]) -> List[str]:
    """The releases that show a behaviour's first change, or the newest alone."""
    version = next(
        (change.version for change in life.behaviour.changes if change.version in releases[1:]),
        None,
    )
    return [releases[releases.index(version) - 1], version] if version else [releases[-1]]


# ---- text and values


def _coded(text: str) -> Markup:
    """A line whose backticks become code and whose numbers of pytorch become links."""
    html = _CODE.sub(lambda match: f"<code>{match[1] or match[2]}</code>", _plain_text(text))
    return Markup(
        differences.NUMBER.sub(
            r'<a href="https://github.com/pytorch/pytorch/issues/\1">\g<0></a>', html
        )
    )


def _plain_text(text: str) -> Markup:
    """Text between tags, where quotes may stay as they are."""
    return Markup(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def _prose(text: str) -> Markup:
    """A docstring: its paragraphs."""
    return Markup("\n").join(
        Markup("<p>{}</p>").format(_coded(part)) for part in text.split("\n\n") if part.strip()
    )


def _marked(text: str) -> Markup:
    """Words of a marker, which have no backticks: names with underscores, stars or angles are code."""
    return _coded(differences.CODE.sub(r"`\g<0>`", text))


def _shape(header: str) -> str:
    """How a tensor is shown: ``scalar``, ``table`` (up to two dimensions, small) or ``lines``."""
    sizes = [int(size) for size in header.partition("[")[2].partition("]")[0].split(",") if size]
    if not sizes:
        return "scalar"
    return (
        "table"
        if len(sizes) <= 2 and 0 < sizes[-1] <= _WIDEST and 0 < sizes[0] <= _LONGEST
        else "lines"
    )


def _is_plain(data: Any) -> bool:
    """Whether a value is shown on one line: no tensor in it, and no names."""
    if isinstance(data, dict):
        return (
            "$tensor" not in data
            and all(name.startswith("$") for name in data)
            and all(map(_is_plain, data.values()))
        )
    return all(map(_is_plain, data)) if isinstance(data, list) else True


# ---- what single pages show


def _script(upgrades: dict) -> bytes:
    """``upgrade.js``: the differences, each text once."""
    texts: Dict[str, int] = {}
    for behaviour in upgrades["behaviours"]:
        told = [
            behaviour["api"],
            *(line for pair in behaviour["pairs"].values() for line in pair[2]),
            *(change[2] for change in behaviour["changes"]),
        ]
        for some in told:
            some[:] = [texts.setdefault(text, len(texts)) for text in some]
        behaviour["file"] = texts.setdefault(behaviour["file"], len(texts))
    upgrades = {**upgrades, "pages": catalogue.PAGES, "texts": list(texts)}
    return f"const UPGRADE = {json.dumps(upgrades, ensure_ascii=False, separators=(',', ':'))};\n".encode()


def _glance(model: Model) -> Dict[str, Any]:
    lives = list(model.lives)
    changed = Counter(
        (change.version, change.kind) for life in lives for change in life.behaviour.changes
    )
    counts = [
        {name: sum(changed[release, kind] for kind in kinds) for name, kinds in SEVERITY.items()}
        for release in model.releases
    ]
    highest = max(sum(one.values()) for one in counts) or 1
    return {
        "count": len(lives),
        "changed": sum(bool(life.behaviour.changes) for life in lives),
        "changes": sum(sum(one.values()) for one in counts),
        "bars": [
            [(name, round(60 * one[name] / highest, 1)) for name in reversed(SEVERITY)]
            for one in counts
        ],
        "totals": [
            f"{sum(one.values())} changes, {one['bad']} of which break a program or bend its numbers"
            for one in counts
        ],
    }


def _interchange(root: Path, known: Dict[str, Behaviour]) -> Dict[str, Any]:
    data = interchange.as_json(interchange.kinds(root, known, DEVICE), DEVICE)
    files = [
        {
            **file,
            "rows": [
                {"first": row[0], "name": interchange.releases_in_words(row, file)}
                for row in interchange.row_groups(file)
            ],
            "told": list(interchange.explained(file)),
        }
        for file in data["files"]
    ]
    return {
        "files": files,
        "signs": {outcome: sign for outcome, (sign, _) in interchange.signs_of(data).items()},
        "meanings": MEANINGS,
        "foot": interchange.FOOT,
    }


def _drift(model: Model) -> Dict[str, List[dict]]:
    """Behaviour -> runs of releases with one distance in ULP, of those whose distance is not always the same."""
    found = {}
    for life in sorted(model.lives, key=lambda life: life.behaviour.id):
        steps: List[dict] = []
        for line, run in model.runs.items():
            ulp = run["verified"].get(life.behaviour.id)
            if steps and steps[-1]["ulp"] == ulp:
                steps[-1].update(count=steps[-1]["count"] + 1, last=line)
            else:
                steps.append({"ulp": ulp, "count": 1, "first": line, "last": line})
        if len({step["ulp"] for step in steps} - {None}) > 1:
            found[life.behaviour.id] = [
                {
                    "count": step["count"],
                    "text": "?" if step["ulp"] is None else step["ulp"] or "",
                    "heat": min(45, 7 * len(bin(step["ulp"] or 0)[2:].lstrip("0"))),
                    "title": f"{step['first']} to {step['last']}: {'unknown' if step['ulp'] is None else str(step['ulp']) + ' ULP'}",
                }
                for step in steps
            ]
    return found


def _benchmarks(root: Path) -> Dict[str, Any]:
    """BENCHMARKS.md as HTML, its pictures beside it."""
    from markdown_it import MarkdownIt

    page = root / BENCHMARKS
    text = (
        page.read_text(encoding="utf-8").replace(f"({PICTURES}/", "(")
        if page.exists()
        else "# Benchmarks\n\nNone are recorded."
    )
    html = (
        MarkdownIt("commonmark")
        .enable("table")
        .render(text)
        .replace("<table>", '<table tabindex="0">')
    )  # a phone scrolls it
    html = re.sub(
        r'<img src="([^"]+)"[^>]*>', r'<a href="\1">\g<0></a>', html
    )  # to be seen in its own size
    return {"text": Markup(html), "curve": CURVE if (root / PICTURES / CURVE).exists() else None}
