"""Resolving: which versions go into two environments that differ in torch.

1. torch with its companions and libraries, for each release and each Python of this machine: the
   *family*. A Python that both releases have wheels for is taken.
2. The project's requirements, with the family as overrides. An override of torch alone would let
   uv take the newest torchvision, whose own requirement it overrides as well.
3. The older release first, since its needs are narrower. Its versions are preferred for the newer
   one, and what the newer one needs is then preferred for the older one.
"""

from __future__ import annotations

from typing import Dict, FrozenSet, List, NamedTuple, Optional, Sequence, Tuple

from torch_history import versions
from torch_history.comparing import family
from torch_history.comparing.installer import Ask, Interpreter, RefusedError, Resolution, Uv
from torch_history.comparing.requirements import Requirements
from torch_history.errors import HistoryError
from torch_history.escaping import one_line

REMEDY = (
    "give environments of your own with --python-a and --python-b, "
    "or other requirements with --requirements"
)
# The tracer needs NumPy. setuptools is torch's own requirement from 2.13 on, or needed unsaid.
ALWAYS = ("torch", "numpy", "setuptools")
_NEVER = "python_version < '0'"


class Wish(NamedTuple):
    """What to resolve."""

    releases: Tuple[str, ...]  # one or two, as specifiers: ==2.6.0, ==2.6.*
    requirements: Requirements
    prefer: Dict[str, str]  # versions of the environment that is compared with
    also: Tuple[str, ...] = ()  # what the command needs: pytest
    current: str = ""  # the Python that is preferred where the project has no preference


class Resolved(NamedTuple):
    """What goes into one environment."""

    release: str  # 2.6.0, without the build
    python: Interpreter
    resolution: Resolution


class Answer(NamedTuple):
    """What goes into each environment, and what to say of it."""

    sides: List[Resolved]
    notes: List[str]


class _Family(NamedTuple):
    """torch with what follows it, for a Python."""

    release: str
    python: Interpreter
    versions: Dict[str, str]
    missing: Tuple[str, ...] = ()  # companions that have no version for this torch


def resolve(uv: Uv, wish: Wish) -> Answer:
    """What goes into the environments. Raises HistoryError, which says what uv refused."""
    pythons = _ordered(uv.pythons(), wish)
    try:
        return _Search(uv, wish, pythons).answer()
    except HistoryError as error:
        refused = error
    # The project's own indexes may have one release alone, and its overrides may name torch.
    try:
        answer = _Search(uv.plain(), wish, pythons).answer()
    except HistoryError:
        raise refused from None
    answer.notes.append(
        "the project's own settings of uv and of indexes were left out: uv failed with them"
    )
    return answer


class _Search:
    """One attempt to resolve all."""

    def __init__(self, uv: Uv, wish: Wish, pythons: Sequence[Interpreter]) -> None:
        self.uv = uv
        self.wish = wish
        self.pythons = pythons
        self.refusals: Dict[str, str] = {}  # release -> what uv said last
        self.families: Dict[Tuple[str, str, FrozenSet[str]], Optional[_Family]] = {}

    def answer(self) -> Answer:
        """What goes into the environments."""
        companions = self.wish.requirements.companions
        while True:
            chosen = self._chosen(companions)
            sides = self._sides(chosen)
            met = {name for one in sides for name in one.resolution.versions}
            # A requirement of a requirement may bring a companion that the project does not name.
            more = met.intersection(family.COMPANIONS) - companions
            if not more:
                return Answer(sides, self._notes(chosen, sides))
            companions |= more

    def _chosen(self, companions: FrozenSet[str]) -> List[_Family]:
        """The family of each release, for one Python if there is one for all."""
        partial: List[_Family] = []
        for python in self.pythons:
            found = [self._family(one, python, companions) for one in self.wish.releases]
            whole = [one for one in found if one is not None]
            if len(whole) == len(found):
                if not any(one.missing for one in whole):
                    return whole
                partial = partial or whole
        return partial or [self._alone(one, companions) for one in self.wish.releases]

    def _alone(self, release: str, companions: FrozenSet[str]) -> _Family:
        """The family of a release for the first Python that it has wheels for."""
        for python in self.pythons:
            found = self._family(release, python, companions)
            if found is not None:
                return found
        lines = ", ".join(python.line for python in self.pythons) or "none"
        said = self.refusals.get(release, "there is no Python")
        raise HistoryError(
            one_line(
                f"torch{release}: cannot be installed for a Python of this machine ({lines}): uv: "
                f"{said}: install a Python that it has wheels for (uv python install), or {REMEDY}"
            )
        )

    def _family(
        self, release: str, python: Interpreter, companions: FrozenSet[str]
    ) -> Optional[_Family]:
        key = (release, python.version, companions)
        if key not in self.families:
            try:
                self.families[key] = self._asked(release, python, companions)
            except RefusedError as error:
                if not error.unsolvable:  # another Python would not help
                    raise HistoryError(one_line(f"torch{release}: uv: {error}: {REMEDY}")) from None
                self.refusals.setdefault(release, str(error))
                self.families[key] = None
        return self.families[key]

    def _asked(self, release: str, python: Interpreter, companions: FrozenSet[str]) -> _Family:
        """torch with its companions, as many of them as there are."""
        pre = [] if versions.parse(release.lstrip("=").rstrip(".*"))[1] else ["--prerelease=allow"]

        def ask(lines: Sequence[str]) -> Dict[str, str]:
            options = [*self.wish.requirements.options, *pre]
            return self.uv.resolve(Ask(python, {}, lines=lines, options=options)).versions

        lines, missing = [f"torch{release}"], []
        found = ask(lines)
        number = found["torch"].partition("+")[0]
        for name in sorted(companions):
            for specifier in dict.fromkeys([family.matching(name, number), family.oldest(name)]):
                try:
                    found = ask([*lines, name + specifier])
                except RefusedError as error:
                    if not error.unsolvable:
                        raise
                    continue
                lines.append(name + specifier)
                break
            else:
                missing.append(name)
        return _Family(number, python, found, tuple(missing))

    def _sides(self, chosen: List[_Family]) -> List[Resolved]:
        """The whole resolution of each release, in the order of the releases."""
        found: Dict[int, Resolution] = {}
        order = sorted(range(len(chosen)), key=lambda one: versions.key(chosen[one].release))
        prefer = self.wish.prefer
        for number in order:
            found[number] = self._project(chosen[number], prefer)
            prefer = {**found[number].versions, **prefer}
        if len(order) == 2 and _free(found[order[0]]) != _free(found[order[1]]):
            # What the newer release needs may suit the older one too.
            pins = self.wish.requirements.pinned(chosen[order[0]].python.version)
            prefer = {**found[order[1]].versions, **pins, **self.wish.prefer}
            found[order[0]] = self._project(chosen[order[0]], prefer)
        return [
            Resolved(one.release, one.python, found[number]) for number, one in enumerate(chosen)
        ]

    def _project(self, one: _Family, prefer: Dict[str, str]) -> Resolution:
        """The project's requirements with a family, near to versions that are preferred."""
        wanted = self.wish.requirements
        # Not the libraries: an override drops the extras of `cuda-toolkit[cufile]`, and torch's own
        # requirements name one version of each.
        fixed = [name for name in one.versions if name in ("torch", *family.COMPANIONS)]
        ask = Ask(
            python=one.python,
            lines=[*wanted.lines, *ALWAYS, *self.wish.also],
            sources=wanted.sources,
            extras=wanted.extras,
            overrides=[
                *(f"{name}=={one.versions[name]}" for name in fixed),
                *(f"{name} ; {_NEVER}" for name in one.missing),
            ],
            constraints=[
                *wanted.constraints,
                *family.supports(one.release, one.python.version),
            ],
            options=wanted.options,
            prefer={**wanted.pinned(one.python.version), **prefer},
        )
        try:
            return self.uv.resolve(ask)
        except RefusedError as error:
            label = wanted.label or "torch and NumPy"
            raise HistoryError(
                one_line(
                    f"torch {one.release} for Python {one.python.line} with {label}: uv: {error}: "
                    f"change the requirement, or {REMEDY}"
                )
            ) from None

    def _notes(self, chosen: List[_Family], sides: List[Resolved]) -> List[str]:
        notes = list(self.wish.requirements.notes)
        for one in chosen:
            notes += [f"no {name} fits torch {one.release}: left out" for name in one.missing]
        return [*notes, *_unpinned(self.wish.requirements, sides)]


def _unpinned(requirements: Requirements, sides: Sequence[Resolved]) -> List[str]:
    """The pins of a project that a release does not allow."""
    notes: Dict[str, Dict[str, List[str]]] = {}
    for one in sides:
        taken = one.resolution.versions
        for name, pinned in requirements.pinned(one.python.version).items():
            if taken.get(name, pinned) not in (pinned, ""):
                said = f"{requirements.label} pins {name} {pinned}"
                instead = notes.setdefault(said, {}).setdefault(taken[name], [])
                instead.append(one.release)
    return [
        one_line(f"{said}: {version} beside torch {' and '.join(releases)}")
        for said, others in notes.items()
        for version, releases in others.items()
    ]


def _ordered(found: Sequence[Interpreter], wish: Wish) -> List[Interpreter]:
    """The Pythons, the most suitable first: the project's, the current one, then the newest."""
    from packaging.specifiers import SpecifierSet

    admitted = SpecifierSet(wish.requirements.pythons)

    def unfit(python: Interpreter) -> Tuple[bool, bool, bool, Tuple[int, ...]]:
        newest_first = tuple(-number for number in versions.key(python.version))
        return (
            python.line != wish.requirements.python,
            not admitted.contains(python.version),
            python.line != wish.current,
            newest_first,
        )

    return sorted(found, key=unfit)


def _free(resolution: Resolution) -> Dict[str, str]:
    """The packages whose version does not follow from torch's."""
    return {
        name: version for name, version in resolution.versions.items() if not family.belongs(name)
    }
