"""Callables: which functions of torch are watched, and by what name a call of each is known.

A function, a method and an operator that do the same have one name, and a call is known by what
it is given beside the defaults. So a call that a release moves between them still meets.
"""

from __future__ import annotations

import inspect
import sys
import types
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from torch_history.tracing import tape
from torch_history.tracing.window import UNINITIALIZED

BUILTIN, METHOD = type(len), type(str.join)
FUNCTION = types.FunctionType

_BINARY = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "div": "div", "pow": "pow",
    "floordiv": "floor_divide", "mod": "remainder", "matmul": "matmul", "and": "bitwise_and",
    "or": "bitwise_or", "xor": "bitwise_xor", "lshift": "bitwise_left_shift",
    "rshift": "bitwise_right_shift",
}  # fmt: skip
OPERATORS = {
    **{f"__{name}__": known for name, known in _BINARY.items()},
    **{f"__r{name}__": known for name, known in _BINARY.items()},
    **{f"__i{name}__": f"{known}_" for name, known in _BINARY.items()},
    **{f"__{name}__": name for name in ("eq", "ne", "lt", "le", "gt", "ge", "abs", "neg")},
    "__invert__": "bitwise_not",
}
SWAPPED = {f"__r{name}__" for name in _BINARY} | {"rsub"}  # the second operand comes first

ALIASES = {
    "multiply": "mul", "divide": "div", "true_divide": "div", "subtract": "sub", "rsub": "sub",
    "absolute": "abs", "negative": "neg", "greater": "gt", "greater_equal": "ge", "less": "lt",
    "less_equal": "le", "not_equal": "ne", "clip": "clamp", "concat": "cat", "concatenate": "cat",
    "arccos": "acos", "arcsin": "asin", "arctan": "atan", "arctan2": "atan2", "arccosh": "acosh",
    "arcsinh": "asinh", "arctanh": "atanh", "inverse": "inv", "ger": "outer", "fix": "trunc",
}  # fmt: skip

# They give the same memory in another form, or what is in it by chance.
VIEWS = {
    "adjoint", "alias", "align_as", "align_to", "as_strided", "atleast_1d", "atleast_2d",
    "atleast_3d", "broadcast_tensors", "broadcast_to", "chunk", "conj", "contiguous",
    "crow_indices", "data", "detach", "diagonal", "dsplit", "expand", "expand_as", "flatten",
    "hsplit", "imag", "indices", "meshgrid", "moveaxis", "movedim", "narrow", "new", "permute",
    "positive", "ravel", "real", "refine_names", "rename", "reshape", "reshape_as", "resize",
    "resize_as", "resolve_conj", "resolve_neg", "select", "split", "split_with_sizes", "squeeze",
    "swapaxes", "swapdims", "t", "tensor_split", "transpose", "unbind", "unflatten", "unfold",
    "unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes", "unsqueeze", "values", "view",
    "view_as", "view_as_complex", "view_as_real", "vsplit",
}  # fmt: skip
# They make no tensor, or change none of its numbers.
QUERIES = {
    "allclose", "apply_", "backward", "can_cast", "data_ptr", "dense_dim", "dim", "dim_order",
    "element_size", "equal", "has_names", "is_shared", "item", "layout", "map2_", "map_",
    "module_load", "names", "ndimension", "nelement", "numel", "numpy", "pin_memory",
    "promote_types", "qscheme", "record_stream", "register_post_accumulate_grad_hook", "reinforce",
    "rename_", "requires_grad_", "resize_as_", "resize_as_sparse_", "result_type", "retain_grad",
    "share_memory_", "size", "sparse_dim", "storage", "storage_offset", "storage_type", "stride",
    "to_dlpack", "tolist", "type", "untyped_storage",
}  # fmt: skip
# Written in Python: what they call is not logged.
QUIET = {
    "__array__", "__contains__", "__deepcopy__", "__format__", "__reduce_ex__", "__repr__",
    "__setstate__",
}  # fmt: skip
CONVERSIONS = {
    "to", "type", "type_as", "float", "double", "half", "bfloat16", "int", "long", "short", "char",
    "byte", "bool", "cpu", "cuda",
}  # fmt: skip
SOURCES = {"tensor", "as_tensor", "asarray", "from_numpy", "frombuffer", "from_dlpack"}
RECURRENT = ("lstm", "gru", "rnn_tanh", "rnn_relu")
DROPOUTS = ("dropout", "alpha_dropout", "feature_dropout", "feature_alpha_dropout")
# They name what they record after the variables of the frames around it.
TRACING = ("trace", "trace_module", "_get_trace_graph")
IMPORTING = ("torch.nn.modules.", "torch.nn.utils.", "torch.distributions.", "torch.utils.data.")
CLIPPING = ("clip_grad_norm_", "clip_grad_value_")


# They do not tell one call from another: a result in other memory, a release's own generator, how
# the second result is made.
IGNORED = ("out", "generator", "need_weights", "average_attn_weights")


class Target(NamedTuple):
    """A function that can be watched, and where it is found."""

    owner: Any  # a module, the class Tensor, or a table of functions
    name: str  # as it is called there
    function: Any
    public: str  # with the name of its owner
    known: str  # what a call of it is known by
    # quiet: it is let pass, with all that it calls. bare: nothing is in place while it runs.
    way: str = ""
    signature: Optional[inspect.Signature] = None

    @property
    def draws(self) -> bool:
        """Whether it draws random numbers itself, not by a function that it calls."""
        plain = self.known[:-1] if self.known.endswith("_") else self.known
        return bool(tape.family(self.known)) or plain in DROPOUTS or plain in RECURRENT


class Given(NamedTuple):
    """By what a call is known: a name, and arguments that are no default."""

    name: str
    args: List[Any]
    kwargs: Dict[str, Any]


def targets(torch: Any) -> List[Target]:
    """Everything that is watched."""
    found = [
        *_functions(torch, torch, "torch"),
        *_functions(torch, torch.nn.functional, "torch.nn.functional"),
        *_spaces(torch),
        *_below(torch),
        *_methods(torch),
        *_clipping(torch),
        *_special(torch),
    ]
    return [*found, *_imported(found)]


def _special(torch: Any) -> Iterator[Target]:
    for home, names, way in (
        (torch, ("save", "load"), "quiet"),
        (torch.jit, TRACING, "bare"),
        (torch.autograd, ("grad",), ""),
    ):
        for name in names:
            if hasattr(home, name):
                target = _target(home, name, getattr(home, name), home.__name__)
                yield target._replace(way=way)


def _functions(torch: Any, home: Any, space: str) -> Iterator[Target]:
    """The functions of torch, or of torch.nn.functional."""
    own = torch.functional if home is torch else home
    built_in = torch._C._VariableFunctions
    for name in dir(home):
        function = getattr(home, name)
        if isinstance(function, FUNCTION):
            if function.__module__ != own.__name__:
                continue
        elif type(function) is not BUILTIN or "torch_function" in name:
            continue
        known = home is not torch or hasattr(built_in, name) or name in SOURCES
        known = known or isinstance(function, FUNCTION)
        if known and not _is_passed(name, views=home is torch) and not name.startswith("assert"):
            yield _target(home, name, function, space)


def _spaces(torch: Any) -> Iterator[Target]:
    """The functions of torch.linalg, torch.fft and torch.special, where there are such modules."""
    for space in ("linalg", "fft", "special"):
        home = getattr(torch, space, None)
        if not isinstance(home, types.ModuleType):
            continue  # torch.fft was a function
        for name in dir(home):
            function = getattr(home, name)
            if type(function) is BUILTIN and not name.startswith("_"):
                target = _target(home, name, function, f"torch.{space}")
                yield target._replace(known=f"{space}.{name}")


def _below(torch: Any) -> Iterator[Target]:
    """What modules call below torch.nn.functional."""
    home = torch.nn.functional._VF
    names = [name + end for name in DROPOUTS for end in ("", "_")]
    names += [*RECURRENT, "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell"]
    for name in names:
        yield _target(home, name, getattr(home, name), "torch")
    table = getattr(torch.nn.modules.rnn, "_rnn_impls", {})  # of RNN, below 2.0
    for key, function in table.items():
        yield _target(home, function.__name__, function, "torch")._replace(owner=table, name=key)
    for name in ("_standard_gamma", "_sample_dirichlet", "_weight_norm"):
        if hasattr(torch, name):
            yield _target(torch, name, getattr(torch, name), "torch")


def _methods(torch: Any) -> Iterator[Target]:
    """The methods and operators of Tensor.

    ``__getitem__`` is left out: a class that has it in Python is a sequence for C code.
    ``__setitem__`` is left out, because it often fills memory that holds anything before.
    """
    kind = torch.Tensor
    for name in dir(kind):
        function = inspect.getattr_static(kind, name)
        if name in QUIET and isinstance(function, FUNCTION):
            yield Target(kind, name, function, f"torch.Tensor.{name}", name, "quiet")
        elif name in OPERATORS:
            if isinstance(function, (FUNCTION, METHOD, type(object.__init__))):
                yield _target(kind, name, function, "torch.Tensor")
        elif isinstance(function, (FUNCTION, METHOD)):
            conversion = name in CONVERSIONS
            if conversion or not _is_passed(name, views=True):
                yield _target(kind, name, function, "torch.Tensor")


def _clipping(torch: Any) -> Iterator[Target]:
    from torch.nn.utils import clip_grad

    for home in (torch.nn.utils, clip_grad):
        for name in CLIPPING:
            function = getattr(home, name, None)
            if isinstance(function, FUNCTION):
                yield _target(home, name, function, "torch.nn.utils")


def _imported(found: List[Target]) -> Iterator[Target]:
    """The same functions where a module of torch has got them by name, before the watch began."""
    known = {id(one.function): one for one in found}
    for module in [one for name, one in sys.modules.items() if name.startswith(IMPORTING)]:
        for name, value in vars(module).items():
            target = known.get(id(value))
            if target is not None and target.owner is not module:
                yield target._replace(owner=module, name=name)


def _is_passed(name: str, views: bool) -> bool:
    """Whether calls of a name are not logged."""
    plain = name[:-1] if name.endswith("_") else name
    if name.startswith(("_", "is_", "set_", "get_", "q_", "sym_", "sparse_resize", "register_")):
        return True
    if name in QUERIES or name in UNINITIALIZED:
        return True
    return views and (plain in VIEWS and name not in ("unfold_", "conj_"))


def _target(home: Any, name: str, function: Any, space: str) -> Target:
    known = OPERATORS.get(name, name)
    plain, end = (known[:-1], "_") if known.endswith("_") else (known, "")
    known = ALIASES.get(plain, plain) + end
    return Target(home, name, function, f"{space}.{name}", known, signature=_signature(function))


def _signature(function: Any) -> Optional[inspect.Signature]:
    """The parameters of a function in Python. One that chooses between two has those of either."""
    if not isinstance(function, FUNCTION):
        return None
    from torch import _jit_internal

    chosen = getattr(_jit_internal, "boolean_dispatched", {}).get(function)
    try:
        found = inspect.signature(chosen["if_false"] if chosen else function)
    except ValueError:  # it wraps a function in C
        return None
    kinds = {one.kind for one in found.parameters.values()}
    open_ended = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    return None if kinds & open_ended else found


def given(target: Target, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Given:
    """By what one call is known."""
    name, before, named = target.known, list(args), dict(kwargs)
    if target.signature is not None:
        before, named = _bound(target.signature, before, named)
    if named.pop("inplace", False) not in (False, "False") and not name.endswith("_"):
        name += "_"
    named = {key: value for key, value in named.items() if key not in IGNORED}
    if target.name in SWAPPED and len(before) == 2:
        before.reverse()
    return Given(name, before, named)


def _bound(
    signature: inspect.Signature, args: List[Any], kwargs: Dict[str, Any]
) -> Tuple[List[Any], Dict[str, Any]]:
    """Arguments without defaults: in order up to the first default, by name behind it."""
    try:
        values = signature.bind(*args, **kwargs).arguments
    except TypeError:  # torch will say so
        return args, kwargs
    before: List[Any] = []
    named: Dict[str, Any] = {}
    for name, parameter in signature.parameters.items():
        value = values.get(name, parameter.default)
        if _is(value, parameter.default) or name in IGNORED or name.startswith("_"):
            continue
        if value is None or value is False:
            value = str(value)  # no default here, while a log leaves these out as such
        if len(before) == list(signature.parameters).index(name) and name != "inplace":
            before.append(value)
        else:
            named[name] = value
    return before, named


def _is(value: Any, default: Any) -> bool:
    if value is default:
        return True
    return (
        type(value) is type(default)
        and type(value) in (bool, int, float, str)
        and (bool(value == default))
    )
