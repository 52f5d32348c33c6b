"""Pieces: a very long file as several trees, so that it needs no more memory than a long one."""

from __future__ import annotations

import ast
import io
import tokenize
from typing import Iterator, List, NamedTuple

from torch_history.code import parsing

LONGEST = 20_000  # lines of a file that is read as a whole
LENGTH = 10_000  # of a piece
SHARED = 5_000  # statements that later pieces know, each of which reads them again
CONTINUING = {"else", "elif", "except", "finally"}


class Piece(NamedTuple):
    """Some statements of a file, with the imports of all of it before them."""

    tree: ast.Module
    lines: range  # those of its own statements


def pieces(content: bytes) -> Iterator[Piece]:
    """The pieces of a file; most files are one. Raises NotPythonError.

    What a piece defines is not known in the others, but for what is imported, and for what a call
    at the top assigns.
    """
    count = content.count(b"\n") + 1
    if count <= LONGEST:
        yield Piece(parsing.module(content), range(1, count + 2))
        return
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
        starts = list(_starts(text))
    except (tokenize.TokenError, SyntaxError, UnicodeDecodeError, LookupError):
        yield Piece(parsing.module(content), range(1, count + 2))  # or it says what is wrong
        return
    lines = text.split("\n")
    header: List[ast.stmt] = []
    for first, after in zip(starts, [*starts[1:], len(lines) + 1]):
        # Empty lines before it, so that its lines have their numbers.
        tree = parsing.module("\n" * (first - 1) + "\n".join(lines[first - 1 : after - 1]) + "\n")
        own = [node for node in tree.body if _is_shared(node)]
        tree.body[:0] = header
        yield Piece(tree, range(first, after))
        header += own[: SHARED - len(header)]
        del tree, own  # before the next one is parsed


def _starts(text: str) -> Iterator[int]:
    """The lines at which pieces begin: each that of a statement at the top."""
    last, depth, fresh, decorated = 1 - LENGTH, 0, True, False
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.INDENT:
            depth += 1
        elif token.type == tokenize.DEDENT:
            depth -= 1
        elif token.type == tokenize.NEWLINE:
            fresh = True
        elif fresh and token.type not in (tokenize.NL, tokenize.COMMENT, tokenize.ENCODING):
            fresh = False
            line = token.start[0]
            top = depth == 0 and not decorated and token.string not in CONTINUING
            if top and line >= last + LENGTH:
                yield 1 if last < 1 else line
                last = line
            decorated = depth == 0 and token.string == "@"


def _is_shared(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom)) or (
        isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
    )
