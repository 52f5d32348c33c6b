"""Pages: each file of the site, rendered from the model."""

from __future__ import annotations

import functools
import re
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from torch_history.catalogue.index import Index
from torch_history.catalogue.kinds import GROUPS, Kind
from torch_history.publish import claims, interchange
from torch_history.publish.report import subject
from torch_history.publish.site import data, searching, states
from torch_history.publish.site import model as site
from torch_history.publish.site.apis import Api, apis, by_home
from torch_history.publish.site.citing import edition
from torch_history.publish.site.guides import BENCHMARKS, Guide, Guides
from torch_history.publish.site.guides import pages as linked_pages
from torch_history.publish.site.listing import Listing
from torch_history.publish.site.model import DEVICE, Chapter, Model
from torch_history.publish.site.modules import Modules, Turn
from torch_history.publish.site.packing import script, tree
from torch_history.publish.site.rendering import Links, environment_of
from torch_history.publish.site.searching import Place
from torch_history.publish.site.signatures import signature
from torch_history.publish.site.upgrades import Upgrades, answers, details
from torch_history.questions import changes as questions
from torch_history.questions import coverage
from torch_history.questions.interchange import FOOT, Cell, FileKind, kinds
from torch_history.questions.names import Lives
from torch_history.surface import index as surfaces
from torch_history.surface.files import FOLDER

HERE = Path(__file__).parent
# as `torch-history benchmarks --write` and `tools/training_curve.py` write them
PICTURES, CURVE = "benchmarks", "training-curve.svg"
LLMS = "llms.txt"
SCHEMA = HERE / "behaviours.schema.json"
_LONGEST = 1_500  # characters of a guide that are searched
_ID = re.compile(r"[\w-]+\.\w+")  # of a behaviour: a record may name anything as a former one
# bytes from which a part of a page is packed: the values and the test of a behaviour, its changes,
# what happened to an API, the list of a module
_LARGE, _LARGE_CHANGES, _LARGE_API, _LARGE_MODULE = 400, 500, 700, 5_000
_BACK = 6  # releases that the landing page looks back at first

File = Tuple[str, bytes]
# columns of the table of releases: title, and the kinds that it counts
COLUMNS: List[Tuple[str, List[Kind]]] = [
    ("breaks", GROUPS["breaks"]),
    ("moves numbers", GROUPS["numbers"]),
    ("another exception", [Kind.EXCEPTION]),
    ("warns", [Kind.WARNING]),
    ("shown otherwise", [Kind.REPRESENTATION, Kind.WORDING]),
    ("newly works", [Kind.ERROR_GONE, Kind.APPEARED]),
]


def pages(root: Path, index: Index, tell: Callable[[str], None], address: str) -> Iterator[File]:
    """The name and the content of each file of the site."""
    tell("the records")
    return _Site(root, index, tell, address).files()


class _Site:
    """All that pages are made from."""

    def __init__(self, root: Path, index: Index, tell: Callable[[str], None], address: str):
        self.root, self.index, self.tell = root, index, tell
        self.model = site.read(root, index)
        self.apis = apis(self.model)
        self.lives = _lives(root, index)
        lives = {life.behaviour.id: life for life in self.model.lives}
        former = {
            name: life
            for life in lives.values()
            for name in life.behaviour.former
            if _ID.fullmatch(name) and name not in lives
        }
        names = {name: api.page for name, api in self.apis.items()}
        names.update({name: life.page for name, life in {**former, **lives}.items()})
        names.update({one.name: f"{one.name}.html" for one in self.model.chapters})
        linked = linked_pages(names)
        self.former = former
        self.guides = Guides(root, self.model.releases, linked)
        self.written, self.terms = self.guides.all(), self.guides.terms()
        self.links = Links(
            linked, {name: life.behaviour.claim for name, life in lives.items()}, self.terms
        )
        self.edition = edition(root, address)
        self.environment = environment_of(self.model, self.links)
        self.environment.globals.update(
            edition=self.edition, uncovered=coverage.uncovered_modules(index)
        )
        tell("the names of torch")
        self.modules = Modules(self.lives) if self.lives else None
        self.environment.globals.update(surface=self.modules)
        tell("the differences between any two releases")
        self.upgrades = Upgrades(self.model)

    def render(self, file: str, template: Optional[str] = None, **values: Any) -> File:
        """A page. ``up`` leads from it to the root of the site."""
        up = "../" * file.count("/")
        found = self.environment.get_template(template or file)
        return file, found.render(here=file, up=up, **values).encode()

    def macro(self, name: str) -> Callable[..., str]:
        """What writes a part of a page that may be packed."""
        module: Any = self.environment.get_template("parts.html").module
        written: Callable[..., str] = getattr(module, name)
        return written

    def files(self) -> Iterator[File]:
        """Every file."""
        for path in sorted((HERE / "static").iterdir()):
            yield path.name, path.read_bytes()
        yield self.landing()
        yield "data/answers.js", script("answers", answers(self.upgrades))
        yield self.render("table.html")
        yield self.render("search.html")
        yield self.render("upgrade.html")
        yield from self.manual()
        yield from self.api_pages()
        if self.modules:
            yield from self.module_pages(self.modules)
        yield from self.guide_pages()
        yield from self.registers()
        yield data.NAME, data.text(self.model, self.edition).encode()
        yield (
            "data/search.js",
            script(
                "search",
                searching.data(
                    self.model,
                    {name: api.page for name, api in self.apis.items()},
                    list(self.places()),
                    self.modules,
                ),
            ),
        )
        yield SCHEMA.name, SCHEMA.read_bytes()
        if (self.root / LLMS).exists():
            yield LLMS, self.for_assistants((self.root / LLMS).read_text(encoding="utf-8"))

    def for_assistants(self, text: str) -> bytes:
        """llms.txt with links that lead to pages of the site; the other links become words."""

        def link(match: re.Match[str]) -> str:
            target = self.guides.target(match[2], "")
            return f"[{match[1]}]({target})" if target else match[1]

        return re.sub(r"\[([^]]+)\]\((?:docs/)?([^)]+)\)", link, text).encode()

    def landing(self) -> File:
        """The answer to the question that most readers have, and the table of releases."""
        self.tell("index.html")
        releases = self.model.releases
        last = len(releases) - 1
        first = max(0, last - _BACK + 1)
        found = self.upgrades.findings(first, last)
        rows = [
            (releases[at - 1], releases[at], self.counts(at - 1, at)) for at in range(last, 0, -1)
        ]
        return self.render(
            "index.html",
            first=releases[first],
            last=releases[last],
            findings=[one for one in found if one.kind in GROUPS["breaks"] + GROUPS["numbers"]],
            subject=subject,
            total=len(found),
            unknown=self.upgrades.unknown(first, last),
            columns=COLUMNS,
            rows=rows,
            apis=self.apis,
        )

    def counts(self, before: int, after: int) -> List[int]:
        """How many causes each column of the table of releases has."""
        found = Counter(one.kind for one in self.upgrades.findings(before, after))
        return [sum(found[kind] for kind in own) for _, own in COLUMNS]

    def manual(self) -> Iterator[File]:
        """The contents, each chapter, and a page for each behaviour."""
        moved = list(self.former.items())
        yield self.render("manual.html")
        for chapter in self.model.chapters:
            self.tell(f"{chapter.name}.html")
            yield self.render(
                f"{chapter.name}.html",
                "chapter.html",
                chapter=chapter,
                moved=[one for one in moved if one[0].startswith(f"{chapter.name}.")],
            )
            yield f"data/{chapter.name}.js", script(chapter.name, details(chapter, self.upgrades))
            yield from self.behaviour_pages(chapter)
        for former, life in moved:
            yield self.render(f"behaviours/{former}.html", "moved.html", former=former, life=life)

    def behaviour_pages(self, chapter: Chapter) -> Iterator[File]:
        """The pages of a chapter's behaviours, and what is too much for them."""
        name, packed = f"values-{chapter.name}", {}
        changes, lower = self.macro("changes"), self.macro("lower")
        for subject_ in chapter.subjects:
            for life in subject_.lives:
                above = changes(life, life.behaviour)
                below = lower(life, life.behaviour, self.apis)
                if len(above) > _LARGE_CHANGES:
                    above, below = "", above + below
                large = len(below) > _LARGE
                if large:
                    packed[life.behaviour.id] = tree(below)
                yield self.render(
                    life.page,
                    "behaviour.html",
                    life=life,
                    behaviour=life.behaviour,
                    chapter=chapter,
                    subject=subject_,
                    changes=above,
                    lower=below,
                    packed=large and name,
                )
        if packed:
            yield f"data/{name}.js", script(name, packed)

    def api_pages(self) -> Iterator[File]:
        """The index of APIs, and a page for each."""
        self.tell("apis.html")
        every = list(self.apis.values())
        written = self.macro("happened")
        packed: Dict[str, Dict[str, List[object]]] = {}  # data file -> API -> part
        yield self.render(
            "apis.html",
            homes=by_home(every),
            count=len(every),
        )
        for api in every:
            takes = signature(self.lives, api.name) if self.lives else None
            happened = written(api, takes)
            large = len(happened) > _LARGE_API
            name = f"apis-{api.name.rpartition('.')[0]}"
            if large:
                packed.setdefault(name, {})[api.name] = tree(happened)
            yield self.render(
                api.page,
                "api.html",
                api=api,
                below=self.below(api),
                signature=takes,
                place=self.modules.part_of(api.name) if self.modules else None,
                happened=happened,
                packed=large and name,
            )
        for name, parts in packed.items():
            yield f"data/{name}.js", script(name, parts)

    def below(self, api: Api) -> List[Api]:
        """The APIs that one contains: methods of a class, functions of a module."""
        return [one for one in self.apis.values() if one.name.startswith(f"{api.name}.")]

    def module_pages(self, modules: Modules) -> Iterator[File]:
        """The names of torch: the index of the modules, and a page for each large one."""
        self.tell("surface/index.html")
        counts = [(part, modules.counts(part, self.apis)) for part in modules.parts]
        turns = modules.turns()
        yield self.render(
            "surface/index.html",
            "modules.html",
            counts=counts,
            turns=turns,
            most=Turn("", *map(max, zip(*(one[1:] for one in turns)))) if turns else None,
            now=sum(own.now for _, own in counts),
            total=sum(own.now + own.gone for _, own in counts),
            covered=sum(own.covered for _, own in counts),
        )
        pages = {name: api.page for name, api in self.apis.items()}
        prose = functools.partial(self.environment.filters["marked"], up="../")
        written = self.macro("lists")
        for part, own in counts:
            listing = Listing(modules, pages, prose)
            lists = written([(one, listing.of(one)) for one in part.modules if one.names], part)
            large = len(lists) > _LARGE_MODULE
            if large:
                yield f"data/{part.name}.js", script(part.name, {part.name: tree(lists)})
            yield self.render(
                part.page,
                "module.html",
                part=part,
                counts=own,
                lists=lists,
                packed=large and part.name,
                bare=modules.bare(part),
            )

    def guide_pages(self) -> Iterator[File]:
        """The hand-written documents, and their list."""
        self.tell("guides")
        yield self.render("guides/index.html", "guides.html", guides=self.written)
        for guide in self.written:
            yield self.render(f"guides/{guide.name}.html", "guide.html", guide=guide)

    def registers(self) -> Iterator[File]:
        """Articles, checkpoints, drift, benchmarks, and what is not known."""
        self.tell("claims.html")
        known = self.index.known()
        articles: Dict[str, List[Any]] = {}
        for claim in self.index.claims:
            articles.setdefault(claim.article, []).append(claim)
        yield self.render(
            "claims.html",
            articles=articles,
            titled=functools.partial(claims.titled, self.index),
            counted=functools.partial(claims.counted, known=known),
            unknown=functools.partial(claims.unknown, known=known),
        )
        yield self.render("interchange.html", **_interchange(kinds(self.index, DEVICE)))
        yield self.render("drift.html", drift=_drift(self.model))
        yield self.render(
            "benchmarks.html",
            guide=self.benchmarks(),
            curve=CURVE if (self.root / PICTURES / CURVE).exists() else None,
        )
        for path in sorted((self.root / PICTURES).glob("*.svg")):
            yield path.name, path.read_bytes()
        changes = questions.changes(self.index.behaviours)
        yield self.render(
            "verified.html",
            unverified=questions.unverified(self.index),
            changes=len(changes),
            causes=questions.causes(changes),
        )

    def benchmarks(self) -> Guide:
        """docs/benchmarks.md, with its pictures. HTML in it is shown as text."""
        page = self.guides.folder / f"{BENCHMARKS}.md"
        text = "# Benchmarks\n\nNone are recorded."
        if page.exists():
            text = page.read_text(encoding="utf-8")
        return self.guides.rendered(BENCHMARKS, text, "")

    def places(self) -> Iterator[Place]:
        """What a search finds beside behaviours, APIs and messages."""
        for chapter in self.model.chapters:
            page = f"{chapter.name}.html"
            yield Place("chapter", chapter.title, page, _flat(chapter.introduction))
            for one in chapter.subjects:
                title = f"{chapter.title}: {one.title}"
                yield Place("subject", title, f"{page}#{one.anchor}", _flat(one.docstring))
        for term in self.terms:
            yield Place("term", term.name, f"guides/glossary.html#{term.anchor}", term.text)
        for guide in self.written:
            yield Place("guide", guide.title, f"guides/{guide.name}.html", guide.words[:_LONGEST])
        for claim in self.index.claims:
            told = f"{claim.verdict} {claim.note or ''}"
            yield Place("article", claim.claim, f"claims.html#{claim.article}", told.strip())


def _lives(root: Path, index: Index) -> Optional[Lives]:
    """The names of torch; None where no release was surveyed."""
    # Else an index of nothing would be written beside the records.
    if not any((root / name).exists() for name in (FOLDER, surfaces.NAME)):
        return None
    surface = surfaces.of(root)
    return Lives(index, surface) if surface.releases else None


def _flat(text: str) -> str:
    return " ".join(text.replace("``", "").split())


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
        "title": f"{first} to {last}: "
        + (states.State.UNKNOWN.slug if ulp is None else f"{ulp} ULP"),
    }
