"""Rewriting: keywords added to calls of a file, or removed from them, by LibCST.

All else stays as it is: layout, comments, encoding, line ends. A new text is given only if its tree
is the old one but for these keywords, and if no comment is lost.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import Collection, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from torch_history.catalogue.rewrites import Edit
from torch_history.code import parsing

Spot = Tuple[int, int]  # where the name of an API ends: line, and bytes of the line in UTF-8
Gap = cst.BaseParenthesizableWhitespace
NOTHING = cst.SimpleWhitespace("")
ACTING = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)


class Done(NamedTuple):
    """One edit that was made."""

    name: str  # of what is called, as the source has it: ``zero_grad``
    edit: Edit
    was: str = ""  # the value of a keyword that was removed
    told: bool = False  # whether that value did something: it is not a literal that is false


class Rewritten(NamedTuple):
    """The new content of a file, what was done at which spot, and why something was not."""

    content: bytes
    done: Dict[Tuple[Spot, Edit], Done]
    left: Dict[Tuple[Spot, Edit], str]


class NotRewrittenError(Exception):
    """A file that cannot be rewritten safely. The message says why."""


def rewrite(
    content: bytes, asked: Mapping[Spot, Sequence[Edit]], known: Collection[Spot] = ()
) -> Rewritten:
    """Edit the calls at these spots. Raises NotRewrittenError.

    At the spots in ``known``, ``*args`` and ``**options`` hold no keyword that is added.
    """
    try:
        return _rewrite(content, asked, known)
    except (parsing.NotPythonError, tokenize.TokenError, UnicodeError, SyntaxError):
        raise NotRewrittenError("it cannot be parsed") from None
    except (RecursionError, MemoryError):
        raise NotRewrittenError("nested too deeply") from None


def _rewrite(
    content: bytes, asked: Mapping[Spot, Sequence[Edit]], known: Collection[Spot]
) -> Rewritten:
    tree = parsing.module(content)
    done: Dict[Tuple[Spot, Edit], Done] = {}
    left: Dict[Tuple[Spot, Edit], str] = {}
    calls = _calls(tree)
    for spot, edits in asked.items():
        for edit in edits:
            call = calls.get(spot)
            why = _refused(call, edit, spot in known)
            if call is None or why:
                left[spot, edit] = why
            else:
                done[spot, edit] = _apply(call, edit)
    return Rewritten(_edited(content, tree, list(done)) if done else content, done, left)


# ---- the tree


def _calls(tree: ast.Module) -> Dict[Spot, ast.Call]:
    """Where the name of what is called ends -> the call."""
    return {
        (node.func.end_lineno or 0, node.func.end_col_offset or 0): node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }


def _refused(call: Optional[ast.Call], edit: Edit, known: bool) -> str:
    """Why an edit is not made; empty where it is."""
    if call is None:
        return "it is not called here, but passed on or wrapped"
    given = next((one for one in call.keywords if one.arg == edit.name), None)
    if edit.value is None:
        if given is None:
            return f"{edit.name} is not given by keyword here"
        # What the value does beside being a value would be done no more.
        if any(isinstance(node, ACTING) for node in ast.walk(given.value)):
            return f"the value of {edit.name} is a call"
        return ""
    if given is not None:
        return f"{edit.name} is given already"
    starred = any(isinstance(one, ast.Starred) for one in call.args)
    doubled = any(one.arg is None for one in call.keywords)
    if (starred or doubled) and not known:
        return f"*args or **options of the call may hold {edit.name}"
    return ""


def _apply(call: ast.Call, edit: Edit) -> Done:
    """Make an edit in the tree, and say what it was."""
    name = getattr(call.func, "attr", getattr(call.func, "id", "the call"))
    if edit.value is None:
        place = [one.arg for one in call.keywords].index(edit.name)
        value = call.keywords.pop(place).value
        false = isinstance(value, ast.Constant) and not value.value
        return Done(name, edit, ast.unparse(value), not false)
    value = ast.parse(edit.value, mode="eval").body
    names = [one.arg for one in call.keywords]
    place = names.index(None) if None in names else len(names)
    call.keywords.insert(place, ast.keyword(arg=edit.name, value=value))
    return Done(name, edit)


# ---- the text


def _edited(content: bytes, tree: ast.Module, edits: Sequence[Tuple[Spot, Edit]]) -> bytes:
    """The content with the edits, whose tree must be this one."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    text = content.decode(encoding)
    try:
        module = cst.parse_module(text)
    except cst.ParserSyntaxError:
        raise NotRewrittenError("LibCST cannot parse it") from None
    # Form feeds and lone carriage returns would change, and what an encoding writes in two ways.
    if module.code != text or text.encode(encoding) != content:
        raise NotRewrittenError("its line ends or its encoding would not stay as they are")
    lines = re.split(r"\r\n|\r|\n", text)
    places: Dict[Tuple[int, int], List[Edit]] = {}
    for (line, column), edit in edits:
        characters = len(lines[line - 1].encode()[:column].decode())
        places.setdefault((line, characters), []).append(edit)
    new = MetadataWrapper(module, unsafe_skip_copy=True).visit(_Editor(places)).code
    if not _is_as_asked(new.encode(encoding), tree) or _comments(new) != _comments(text):
        raise NotRewrittenError("more than these keywords would change")
    return new.encode(encoding)


def _is_as_asked(content: bytes, tree: ast.Module) -> bool:
    """Whether a content has this tree."""
    try:
        return ast.dump(parsing.module(content)) == ast.dump(tree)
    except parsing.NotPythonError:
        return False


def _comments(text: str) -> List[str]:
    tokens = tokenize.generate_tokens(io.StringIO(text, newline="").readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


class _Editor(cst.CSTTransformer):
    """Edits the calls whose name ends at given places: line, and characters of the line."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, places: Mapping[Tuple[int, int], Sequence[Edit]]) -> None:
        super().__init__()
        self._places = places

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:  # noqa: N802
        """The call with its edits."""
        end = self.get_metadata(PositionProvider, original_node.func).end
        for edit in self._places.get((end.line, end.column), ()):
            updated_node = (_without if edit.value is None else _with)(updated_node, edit)
        return updated_node


def _with(call: cst.Call, edit: Edit) -> cst.Call:
    """The call with one more keyword: before ``**options``, else as the last argument."""
    new = cst.Arg(
        value=cst.parse_expression(edit.value or ""),
        keyword=cst.Name(edit.name),
        equal=cst.AssignEqual(NOTHING, NOTHING),
    )
    args = list(call.args)
    if not args:
        before = call.whitespace_before_args
        plain = NOTHING if isinstance(before, cst.SimpleWhitespace) else before
        return call.with_changes(args=[new], whitespace_before_args=plain)
    between = _between(call)
    place = next((place for place, one in enumerate(args) if one.star == "**"), None)
    if place is not None:
        args.insert(place, new.with_changes(comma=cst.Comma(whitespace_after=between)))
        return call.with_changes(args=args)
    last = args[-1]
    if isinstance(last.comma, cst.Comma):
        kept, rest = _split(last.comma.whitespace_after, between)
        args[-1] = last.with_changes(comma=last.comma.with_changes(whitespace_after=kept))
        new = new.with_changes(comma=cst.Comma(whitespace_after=rest))
    else:
        kept, rest = _split(last.whitespace_after_arg, between)
        comma = cst.Comma(whitespace_after=kept)
        args[-1] = last.with_changes(comma=comma, whitespace_after_arg=NOTHING)
        new = new.with_changes(whitespace_after_arg=rest)
    return call.with_changes(args=[*args, new])


def _between(call: cst.Call) -> Gap:
    """What separates the arguments of a call: a line end where it separates all of them."""
    gaps = [one.comma.whitespace_after for one in call.args if isinstance(one.comma, cst.Comma)]
    gaps = gaps[: len(call.args) - 1] or [call.whitespace_before_args]
    *_, model = gaps
    if all(isinstance(gap, cst.ParenthesizedWhitespace) for gap in gaps):
        assert isinstance(model, cst.ParenthesizedWhitespace)
        return model.with_changes(first_line=_bare(model.first_line), empty_lines=[])
    if len(call.args) > 1 and all(isinstance(gap, cst.SimpleWhitespace) for gap in gaps):
        return model
    return cst.SimpleWhitespace(" ")


def _split(tail: Gap, between: Gap) -> Tuple[Gap, Gap]:
    """What follows the last argument, once one more follows: its part, and that of the new one."""
    if not isinstance(tail, cst.ParenthesizedWhitespace) or not isinstance(
        between, cst.ParenthesizedWhitespace
    ):
        return between, tail
    # The comment on the line of the last argument stays there.
    kept = between.with_changes(first_line=tail.first_line)
    return kept, tail.with_changes(first_line=_bare(tail.first_line))


def _without(call: cst.Call, edit: Edit) -> cst.Call:
    """The call without a keyword."""
    args = list(call.args)
    names = [one.keyword.value if one.keyword else "" for one in args]
    place = names.index(edit.name)
    gone = args.pop(place)
    comma = gone.comma if isinstance(gone.comma, cst.Comma) else None
    after = comma.whitespace_after if comma else gone.whitespace_after_arg
    if not place:
        gap = _joined(call.whitespace_before_args, after, last=not args)
        return call.with_changes(args=args, whitespace_before_args=gap)
    before = args[place - 1]
    assert isinstance(before.comma, cst.Comma)
    gap = _joined(before.comma.whitespace_after, after, last=place == len(args))
    if comma:
        one = before.with_changes(comma=before.comma.with_changes(whitespace_after=gap))
    else:
        one = before.with_changes(comma=cst.MaybeSentinel.DEFAULT, whitespace_after_arg=gap)
    return call.with_changes(args=[*args[: place - 1], one, *args[place:]])


def _joined(before: Gap, after: Gap, last: bool) -> Gap:
    """What lies between two arguments, once the one between them is gone."""
    if not isinstance(after, cst.ParenthesizedWhitespace):
        commented = isinstance(before, cst.ParenthesizedWhitespace) and _has_comment(before)
        return after if last and not commented else before
    if not isinstance(before, cst.ParenthesizedWhitespace):
        return after
    comment = after.first_line.comment
    lines = list(before.empty_lines)
    if comment:
        lines.append(cst.EmptyLine(before.indent, before.last_line, comment))
    return after.with_changes(
        first_line=before.first_line, empty_lines=[*lines, *after.empty_lines]
    )


def _has_comment(gap: cst.ParenthesizedWhitespace) -> bool:
    lines: List[Union[cst.TrailingWhitespace, cst.EmptyLine]] = [gap.first_line, *gap.empty_lines]
    return any(one.comment for one in lines)


def _bare(line: cst.TrailingWhitespace) -> cst.TrailingWhitespace:
    """A line end without its comment."""
    return line.with_changes(whitespace=NOTHING, comment=None)
