"""Build: write the site's folder from the model and the templates."""

from __future__ import annotations

import functools
import json
import re
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from markupsafe import Markup

from torch_history.catalogue.behaviour import PAGES as DOCUMENTATION
from torch_history.catalogue.index import Index
from torch_history.catalogue.kinds import Effect
from torch_history.errors import HistoryError
from torch_history.publish import claims, interchange
from torch_history.publish.site import model as site
from torch_history.publish.site.model import DEVICE, UNKNOWN, Model, Subject
from torch_history.publish.site.rendering import environment_of
from torch_history.questions import changes as questions
from torch_history.questions.interchange import FOOT, Cell, FileKind, kinds

HERE = Path(__file__).parent
# A line at the top of base.html: a folder whose index.html lacks it is not deleted.
MARK = '<meta name="generator" content="torch-training-spec">'
# as `torch-history benchmarks --write` and `tools/training_curve.py` write them
BENCHMARKS, PICTURES, CURVE = "BENCHMARKS.md", "benchmarks", "training-curve.svg"
BARS = {Effect.HURTS: "bad", Effect.SHOWS: "seen", Effect.GAINS: "gained"}  # classes in site.css


def build(
    root: Path, index: Index, folder: Path, tell: Callable[[str], None] = lambda page: None
) -> int:
    """Write the site into a folder, in place of an older site. Returns its size in bytes.

    ``tell(page)`` is called before each page is made. Raises HistoryError if the folder cannot be
    written or holds anything but an older site.
    """
    # A link stays and its target is replaced, and `.` gets a parent.
    folder = folder.resolve()
    if folder.exists() and not _may_be_replaced(folder):
        raise HistoryError(
            f"{folder}: neither an empty folder nor an older site: name another folder with --to"
        )
    try:
        # Beside the folder, because a rename must stay on one file system. The older site is
        # removed only when the new one is whole.
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise _unwritable(folder, error) from None
    try:
        for name, content in pages(root, index, tell):
            (work / name).write_bytes(content)
        # mkdtemp makes a folder that only its owner reads, and a web server may be another user.
        work.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        work.rename(folder)
    except OSError as error:
        raise _unwritable(folder, error) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return sum(path.stat().st_size for path in folder.iterdir())


def _unwritable(folder: Path, error: OSError) -> HistoryError:
    return HistoryError(
        f"{folder}: cannot be written ({error.strerror}): name another folder with --to"
    )


def _may_be_replaced(folder: Path) -> bool:
    """Whether a folder is empty, or holds an older site."""
    if not folder.is_dir():
        return False
    index = folder / "index.html"
    ours = index.is_file() and MARK in index.read_text(encoding="utf-8", errors="replace")[:1000]
    return ours or not any(folder.iterdir())


def pages(root: Path, index: Index, tell: Callable[[str], None]) -> Iterator[Tuple[str, bytes]]:
    """The name and the content of each file of the site."""
    tell("the records")
    model = site.read(root, index)
    environment = environment_of(model)

    def render(file: str, template: Optional[str] = None, **values: Any) -> Tuple[str, bytes]:
        tell(file)
        return file, environment.get_template(template or file).render(here=file, **values).encode()

    for path in sorted((HERE / "static").iterdir()):
        yield path.name, path.read_bytes()
    yield "upgrade.js", _script(site.upgrades(model))
    yield render("index.html", **_glance(model))
    # A slice, because there may be fewer than six releases.
    yield render("upgrade.html", default=(model.releases[-6:][0], model.releases[-1]))
    for chapter, subjects in model.chapters.items():
        moved = [
            (former, one.id)
            for one in index.behaviours
            for former in one.former
            if former.startswith(f"{chapter}.") and one.chapter != chapter
        ]
        yield render(
            f"{chapter}.html", "chapter.html", chapter=chapter, subjects=subjects, moved=moved
        )
        yield f"scripts-{chapter}.js", _scripts(subjects)
    articles = {
        article: [claim for claim in index.claims if claim.article == article]
        for article in dict.fromkeys(claim.article for claim in index.claims)
    }
    known = index.known()
    yield render(
        "claims.html",
        articles=articles,
        counted=functools.partial(claims.counted, known=known),
        unknown=functools.partial(claims.unknown, known=known),
    )
    yield render("interchange.html", **_interchange(kinds(index, DEVICE)))
    yield render("drift.html", drift=_drift(model))
    yield render("benchmarks.html", **_benchmarks(root))
    for path in sorted((root / PICTURES).glob("*.svg")):
        yield path.name, path.read_bytes()
    changes = questions.changes(index.behaviours)
    yield render(
        "verified.html",
        runs=model.runs,
        unverified=questions.unverified(index),
        changes=len(changes),
        causes=questions.causes(changes),
    )


def _script(upgrades: Dict[str, Any]) -> bytes:
    """``upgrade.js``: the differences, in which texts are numbers of a list."""
    # Releases repeat the same values: each text once makes upgrade.js 0.75 MB instead of 1.6 MB.
    texts: Dict[str, int] = {}
    for behaviour in upgrades["behaviours"]:
        lists = [
            behaviour["api"],
            *(line for pair in behaviour["pairs"].values() for line in pair[2]),
            *(change[2] for change in behaviour["changes"]),
        ]
        for told in lists:
            # In place: `site.upgrades` made these lists for this script alone.
            told[:] = [texts.setdefault(text, len(texts)) for text in told]
        for name in ("file", "page"):
            behaviour[name] = texts.setdefault(behaviour[name], len(texts))
    upgrades = {**upgrades, "pages": DOCUMENTATION, "texts": list(texts)}
    data = json.dumps(upgrades, ensure_ascii=False, separators=(",", ":"))
    return f"const UPGRADE = {data};\n".encode()


def _scripts(subjects: List[Subject]) -> bytes:
    """``scripts-CHAPTER.js``: the scripts after their heads, in which parts are numbers of a list.

    Most scripts of a chapter share imports and helpers: 0.6 MB in all instead of 1.4 MB.
    """
    texts: Dict[str, int] = {}
    parts = {
        life.behaviour.id: [texts.setdefault(part, len(texts)) for part in life.script[1:]]
        for subject in subjects
        for life in subject.lives
        if life.script
    }
    found = {"texts": list(texts), "parts": parts}
    data = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return f"const SCRIPTS = {data};\n".encode()


def _glance(model: Model) -> Dict[str, Any]:
    """The numbers above the table: how much changed at each release, and how harmful it is."""
    lives = list(model.lives)
    changed = Counter(
        (change.version, change.kind.effect) for life in lives for change in life.behaviour.changes
    )
    counts = [{effect: changed[line, effect] for effect in BARS} for line in model.releases]
    # Not 0 where nothing changed: the heights are divided by it.
    highest = max(sum(one.values()) for one in counts) or 1
    return {
        "count": len(lives),
        "changed": sum(bool(life.behaviour.changes) for life in lives),
        "changes": sum(sum(one.values()) for one in counts),
        "bars": [
            # A bar is drawn from the top: reversed, what hurts stands on the base line of all bars.
            [(BARS[effect], round(60 * one[effect] / highest, 1)) for effect in reversed(BARS)]
            for one in counts
        ],
        "totals": [
            f"{sum(one.values())} changes, {one[Effect.HURTS]} of which break a program "
            "or change its numbers"
            for one in counts
        ],
    }


def _interchange(found: List[FileKind]) -> Dict[str, Any]:
    files = [
        {
            "kind": kind,
            "rows": [(row[0], interchange.releases_in_words(row, kind)) for row in groups],
            "told": list(interchange.explained(kind, found)),
        }
        for kind in found
        for groups in [interchange.row_groups(kind)]
    ]
    signs = {cell: sign for cell, (sign, _) in interchange.signs_of(found).items()}

    def sign_of(cell: Cell) -> str:
        # The signs are by outcome and exception. The message differs from file to file.
        return signs[cell._replace(says="")]

    return {
        "files": files,
        "signs": signs,
        "sign_of": sign_of,
        "meaning": interchange.meaning,
        "foot": FOOT,
    }


def _drift(model: Model) -> Dict[str, List[Dict[str, Any]]]:
    """Behaviour -> the cells of its row. Neighbouring releases with one distance share a cell."""
    found = {}
    for behaviour, steps in questions.drift(model.runs.values()).items():
        cells: List[Dict[str, Any]] = []
        begun = 0
        for place in range(1, len(steps) + 1):
            if place == len(steps) or steps[place] != steps[begun]:
                ends = model.releases[begun], model.releases[place - 1]
                cells.append(_cell(steps[begun], place - begun, *ends))
                begun = place
        found[behaviour] = cells
    return found


def _cell(ulp: Optional[int], count: int, first: str, last: str) -> Dict[str, Any]:
    return {
        "count": count,
        # Not observed is not 0.
        "text": "?" if ulp is None else ulp or "",
        # By the logarithm, because distances range from 1 to 80 ULP.
        "heat": min(45, 7 * (ulp or 0).bit_length()),
        "title": f"{first} to {last}: {UNKNOWN if ulp is None else f'{ulp} ULP'}",
    }


def _benchmarks(root: Path) -> Dict[str, Any]:
    """BENCHMARKS.md as HTML, with its pictures. HTML in it is shown as text."""
    from markdown_it import MarkdownIt

    page = root / BENCHMARKS
    text = "# Benchmarks\n\nNone are recorded."
    if page.exists():
        # The site is one flat folder.
        text = page.read_text(encoding="utf-8").replace(f"({PICTURES}/", "(")
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    # A phone scrolls a wide table sideways, and so can the keyboard, once the table takes focus.
    html = html.replace("<table>", '<table tabindex="0">')
    html = re.sub(r'<img src="([^"]+)"[^>]*>', r'<a href="\1">\g<0></a>', html)  # in its own size
    curve = CURVE if (root / PICTURES / CURVE).exists() else None
    return {"text": Markup(html), "curve": curve}  # rendered with HTML off
