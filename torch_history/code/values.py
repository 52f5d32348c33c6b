"""Values: what the arguments of a call are, as far as the file shows it."""

from __future__ import annotations

import ast
from typing import Dict, Optional, Tuple

from torch_history.code import integers, literals
from torch_history.code.binding import Bindings
from torch_history.code.things import Things


class Values:
    """The values of one file's expressions."""

    def __init__(self, bindings: Bindings, things: Things) -> None:
        self._parent, self._bindings = bindings.parent, bindings.read
        self._things = things

    def value(self, node: ast.expr) -> Tuple[bool, object]:
        """Whether the value of an expression is known, and the value: a literal, or torch's name.

        A name of the file with one binding has the value of that binding, unless this can change.
        """
        literal = literals.value(node) or self._constant(node)
        if literal is not None:
            return True, literal.value
        things = self._things.infer(node) or ()
        names = {one.name for one in things if one.sure and not (one.built or one.own or one.of)}
        name = names.pop() if len(names) == 1 else ""
        # A class or a function of torch, or a constant such as torch.float16.
        return (True, name) if name.startswith("torch.") else (False, None)

    def _only_binding(self, node: ast.expr) -> Optional[ast.AST]:
        """The node that binds a name, where only one does."""
        bound = self._bindings.get(node, ())
        return bound[0].node if len(bound) == 1 else None

    def _constant(self, node: ast.expr) -> Optional[literals.Literal]:
        """The literal that the only binding of a name gives it."""
        name = self._only_binding(node)
        parent = self._parent.get(name) if name else None
        assigned = isinstance(parent, (ast.Assign, ast.AnnAssign)) and parent.value
        literal = literals.value(assigned) if assigned else None
        mutable = literal is not None and isinstance(literal.value, (list, dict, set))
        return None if mutable else literal

    def with_known_keys(self, call: ast.Call) -> ast.Call:
        """A call with the keywords that its ``**options`` hold added, as far as the file shows."""
        keys = {
            key: value
            for one in call.keywords
            if one.arg is None
            for key, value in self._keys(one.value).items()
        }
        if not keys:
            return call
        added = [ast.keyword(key, value) for key, value in keys.items()]
        # A new node: the tree is asked again, and must say what the file says.
        return ast.Call(func=call.func, args=call.args, keywords=[*call.keywords, *added])

    def _keys(self, node: ast.expr) -> Dict[str, ast.expr]:
        """The keys that a dictionary is made with: ``{"a": 1}``, ``dict(a=1)``, or a name for it.

        A name has the keys that all its bindings share.
        """
        if isinstance(node, ast.Name):
            parents = [self._parent.get(one.node) for one in self._bindings.get(node, ())]
            made = [
                self._keys(parent.value)
                for parent in parents
                if isinstance(parent, (ast.Assign, ast.AnnAssign))
                and isinstance(parent.value, (ast.Dict, ast.Call))
            ]
            if not made or len(made) != len(parents):
                return {}
            return {key: value for key, value in made[0].items() if all(key in one for one in made)}
        if isinstance(node, ast.Dict):
            return {
                key.value: value
                for key, value in zip(node.keys, node.values)
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
            }
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "dict"
        ):
            return {one.arg: one.value for one in node.keywords if one.arg}
        return {}

    def partial(self, node: ast.expr, parent: ast.AST) -> Optional[ast.Call]:
        """The arguments that ``functools.partial(node, ...)`` gives, as a call."""
        if not isinstance(parent, ast.Call) or node not in parent.args[:1]:
            return None
        if [one.name for one in self._things.infer(parent.func) or ()] != ["functools.partial"]:
            return None
        return ast.Call(func=node, args=parent.args[1:], keywords=parent.keywords)

    def holds_integers(self, node: ast.expr) -> bool:
        """Whether an expression seems to be a tensor of integers."""
        return integers.holds_integers(node, self._assigned_value)

    def _assigned_value(self, node: ast.expr) -> Optional[ast.expr]:
        """What the only assignment of a name assigns."""
        name = self._only_binding(node)
        parent = self._parent.get(name) if name else None
        if isinstance(parent, ast.Tuple) and isinstance(name, ast.Name):
            statement = self._parent[parent]
            if isinstance(statement, ast.Assign):
                # values, indices = x.topk(3): as x.topk(3)[1]
                place = ast.Constant(parent.elts.index(name))
                return ast.Subscript(statement.value, place, ast.Load())
        return parent.value if isinstance(parent, ast.Assign) else None
