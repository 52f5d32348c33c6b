"""Shown: the lines that print what an act gives, raises and warns."""

from __future__ import annotations

import ast
from typing import Iterator, List, NamedTuple, Set

from torch_history.publish.script.facts import Facts
from torch_history.publish.script.plain import act_of
from torch_history.publish.script.reached import Unit
from torch_history.publish.script.text import WIDTH, Edit, joined

WARNINGS = [
    'warnings.simplefilter("always")',
    'warnings.showwarning = lambda message, kind, *_: print(f"warns {kind.__name__}: {message}")',
]
REPEATED = 'getattr(torch, "set_warn_always", bool)(True)  # else some warn once per process'


class Shown(NamedTuple):
    """The statement of a test that observes, and how its result is printed."""

    unit: Unit
    statement: ast.stmt
    call: ast.Call
    label: str  # the case in a formatted string; empty where there is one case
    facts: Facts
    taken: Set[str]  # names of the test

    @property
    def several(self) -> bool:
        """Whether the call observes several acts."""
        return isinstance(self.call.func, ast.Name) and self.call.func.id == "observe_each"

    def lines(self, margin: int) -> Iterator[str]:
        """The lines, indented by so many blanks."""
        if not self.several:
            yield from self._printed(margin, self.label, "")
            return
        case, act = self._free("case", "name_of_case"), self._free("act", "act_of_case")
        yield self._loop(margin, f"for {case}, {act} in ")
        label = f"{self.label} / {{{case}}}" if self.label else f"{{{case}}}"
        yield from self._printed(margin + 4, label, f"{act}()")

    def _free(self, *names: str) -> str:
        return next((name for name in names if name not in self.taken), names[-1] + "_")

    def _loop(self, margin: int, head: str) -> str:
        text, acts = self.unit.text, self.call.args[0]
        edits = [
            Edit(text.start(self.statement), text.start(acts), head),
            Edit(text.end(acts), text.end(self.statement), ".items():"),
        ]
        # Acts that begin on a line of their own move to the line of the loop.
        lift = acts.col_offset - self.statement.col_offset
        return self._cut(margin, edits, lift if acts.lineno > self.statement.lineno else 0)

    def _printed(self, margin: int, label: str, act: str) -> Iterator[str]:
        """The lines for one act; of an observation by itself it is the call's argument."""
        blanks, error = " " * margin, self._free("error", "raised")
        raises, told = "raises ", ""
        if label and self.facts.warns:  # before the warnings
            yield f'{blanks}print(f"{label}:", end=" ")'
        elif label:
            raises, told = f"{label}: raises ", f'f"{label}:", '
        inner = margin + 4 * self.facts.raises
        printed = f"{' ' * inner}print({told}{act})" if act else self._statement(inner, told)
        if not self.facts.raises:
            yield printed
            return
        yield f"{blanks}try:"
        yield printed
        yield f"{blanks}except Exception as {error}:"
        yield f'{blanks}    print(f"{raises}{{type({error}).__name__}}: {{{error}}}")'

    def _statement(self, margin: int, told: str) -> str:
        """The statement with ``print`` in place of ``assert snapshot == observe``."""
        text, argument = self.unit.text, self.call.args[0]
        after = text.end(self.call.func) + 1
        edits: List[Edit] = [
            Edit(text.start(self.statement), after, f"print({told}"),
            *self.unit.plain.edits([argument]),
        ]
        if isinstance(argument, ast.Lambda):
            # Up to the colon alone: a parenthesis may open behind it.
            start = text.start(argument)
            head = text.of(argument).index(":") + 1
            head += text.of(argument)[head:].startswith(" ")
            edits.append(Edit(start, start + head, ""))
        else:
            edits.append(Edit(text.start(argument), text.end(argument), act_of(text, argument)))
        return self._cut(margin, edits)

    def _cut(self, margin: int, edits: List[Edit], lift: int = 0) -> str:
        statement, text = self.statement, self.unit.text
        last = statement.end_lineno or statement.lineno
        moved = text.shifted(statement.lineno + 1, last, margin - statement.col_offset - lift)
        found = text.cut(text.start(statement), text.end(statement), [*edits, *moved])
        return " " * margin + joined(found, WIDTH - margin)
