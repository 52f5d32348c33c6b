"""What the source of a module tells of deprecations, read without executing it."""

import sys
import textwrap

import pytest

from torch_history.surveying.notices import Sources, notices, notices_of


def read(text):
    return notices(textwrap.dedent(text))


def warns(text, name="f"):
    """The warnings of a name, each as ``(category, text, when)``; None where it comes always."""
    notice = read(text).get(name)
    found = notice.warns if notice else []
    return [(one["category"], one["text"], one.get("when")) for one in found]


def when(body, takes, name="f"):
    """When the only warning of a function comes."""
    code = textwrap.indent(textwrap.dedent(body), "    ")
    ((_, _, found),) = warns(f"import warnings\ndef f({takes}):\n{code}\n", name)
    return found


# Functions that only raise


def test_a_function_that_only_raises_is_removed_with_its_message():
    text = '''
        def qr(input, some=True, *, out=None):
            """Docstring."""
            reduced = "reduced" if some else "complete"
            raise RuntimeError(
                "This function was deprecated since version 1.9 "
                "and is now removed.\\n\\n" f"Use mode='{reduced}', not {some}."
            )
    '''
    message = "This function was deprecated since version 1.9 and is now removed."
    assert read(text)["qr"].removed == f"{message} Use mode='{{reduced}}', not {{some}}."


def test_a_constructor_that_only_raises_removes_its_class():
    text = """
        class Cell:
            def __init__(self, other):
                raise RuntimeError("Cell is no longer supported. Use LSTM instead.")
    """
    assert read(text)["Cell"].removed == "Cell is no longer supported. Use LSTM instead."


@pytest.mark.parametrize(
    "message",
    [
        '"{} was removed".format("eig")',
        '"%s was removed" % "eig"',
        '"eig" + " was removed"',
        '"eig", "was removed"',
        'trim("""eig\n    was removed""")',
    ],
)
def test_a_message_is_joined_from_its_pieces(message):
    assert read(f"def eig():\n    raise RuntimeError({message})\n")["eig"].removed == (
        "eig was removed"
    )


@pytest.mark.parametrize(
    "body",
    [
        "raise NotImplementedError",
        "raise NotImplementedError('Subclasses implement this')",
        "raise ValueError('remote parameters are not supported, use others instead')",
        "if x: return 1\n    raise ValueError('x was removed')",
        "for y in x: return y\n    raise ValueError('x was removed')",
    ],
)
def test_what_is_abstract_or_may_return_is_not_removed(body):
    assert read(f"# deprecated\ndef f(x):\n    {body}\n") == {}


def test_a_module_that_raises_when_it_is_imported_is_removed():
    found = read('raise ImportError("torch.utils.ffi is deprecated. Please use cpp extensions.")')
    assert found[""].removed == "torch.utils.ffi is deprecated. Please use cpp extensions."


# Decorators


def test_the_deprecated_decorator_warns_of_each_call():
    text = """
        from typing_extensions import deprecated
        @deprecated("`f` is deprecated.", category=FutureWarning)
        def f(): pass
        class C:
            @deprecated("`C` is old.")
            def __init__(self): pass
            @property
            @deprecated("`C.p` is old.", category=FutureWarning)
            def p(self): pass
        @deprecated("`D` is old.")
        class D: pass
        @deprecated("`g` is old.", category=None)
        def g(): pass
    """
    assert warns(text) == [("FutureWarning", "`f` is deprecated.", None)]
    assert warns(text, "C") == [("DeprecationWarning", "`C` is old.", None)]
    assert warns(text, "C.p") == [("FutureWarning", "`C.p` is old.", None)]
    assert warns(text, "D") == [("DeprecationWarning", "`D` is old.", None)]
    assert "g" not in read(text)


def test_a_decorator_of_the_module_builds_its_message():
    text = """
        import functools, warnings
        def deprecated(since, instead):
            def decorator(function):
                @functools.wraps(function)
                def wrapper(*args, **kwargs):
                    warnings.warn(
                        f"{function.__name__} is deprecated since {since}. Use {instead}.",
                        FutureWarning,
                    )
                    return function(*args, **kwargs)
                return wrapper
            return decorator
        @deprecated("1.13", "export")
        def f(x): pass
    """
    assert warns(text) == [("FutureWarning", "f is deprecated since 1.13. Use export.", None)]


def test_a_function_that_another_one_makes_has_the_warning_of_what_is_made():
    text = """
        import warnings
        from typing_extensions import deprecated
        def uniform_(tensor): pass
        def _make_deprecate(meth):
            new_name = meth.__name__
            old_name = new_name[:-1]
            def deprecated_init(*args, **kwargs):
                warnings.warn(f"{old_name} is now deprecated in favor of {new_name}.")
                return meth(*args, **kwargs)
            return deprecated_init
        uniform = _make_deprecate(uniform_)
        other = deprecated("Use `uniform_`.", category=FutureWarning)(uniform_)
    """
    text_of = "uniform is now deprecated in favor of uniform_."
    assert warns(text, "uniform") == [("UserWarning", text_of, None)]
    assert warns(text, "other") == [("FutureWarning", "Use `uniform_`.", None)]


# Which warnings


@pytest.mark.parametrize(
    "call, category",
    [
        ("warnings.warn('old', FutureWarning)", "FutureWarning"),
        ("warnings.warn('old', category=DeprecationWarning)", "DeprecationWarning"),
        ("warnings.warn(DeprecationWarning('old'))", "DeprecationWarning"),
        ("warnings.warn_explicit('old', PendingDeprecationWarning, '', 1)", "Pending"),
        ("warn('f will be removed')", "UserWarning"),
        ("_w.warn('x will be removed in a future release', RuntimeWarning)", "RuntimeWarning"),
    ],
)
def test_a_warning_has_its_category(call, category):
    text = f"import warnings, warnings as _w\nfrom warnings import warn\ndef f(): {call}\n"
    ((found, _, _),) = warns(text)
    assert found.startswith(category)


@pytest.mark.parametrize(
    "message",
    [
        "None of the inputs have requires_grad=True",
        "It was found in constants. Consider removing it.",
        "The API is in prototype stage and will change in the near future",
        "The graph module will no longer be directly callable",
    ],
)
def test_a_user_warning_of_something_else_is_no_notice(message):
    assert read(f"import warnings\n# deprecated\ndef f(): warnings.warn({message!r})\n") == {}


def test_a_text_has_its_spaces_collapsed_and_ends_at_300_characters():
    text = f"import warnings\ndef f(): warnings.warn('a is\\n   deprecated ' + {'b' * 400!r})\n"
    ((_, found, _),) = warns(text)
    assert found.startswith("a is deprecated bbb") and found.endswith("b…") and len(found) == 300


def test_a_text_names_what_only_a_call_knows():
    text = """
        import warnings
        def f(name, group):
            warnings.warn(f"{name} of {group.size} and {type(group)} is deprecated")
    """
    assert warns(text) == [("UserWarning", "{name} of {group.size} and … is deprecated", None)]


def test_a_text_may_stand_in_a_constant_of_the_module():
    text = """
        import warnings
        MESSAGE = "f is " "deprecated"
        def f(): warnings.warn(MESSAGE)
    """
    assert warns(text) == [("UserWarning", "f is deprecated", None)]


def test_a_warning_that_is_ignored_where_it_is_given_is_no_notice():
    text = """
        import warnings
        def f():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                warnings.warn("f is deprecated")
    """
    assert read(text) == {}


# When a warning comes

WARN = "warnings.warn('deprecated')"


@pytest.mark.parametrize(
    "body",
    [
        f"x = 1\n{WARN}",
        f"with x:\n    {WARN}",
        f"if not isinstance(x, int):\n    raise TypeError\n{WARN}",
        f"if has_torch_function((x,)):\n    return handle(x)\n{WARN}",
        f"if not torch.jit.is_scripting():\n    {WARN}",
        f"try:\n    {WARN}\nfinally:\n    x()",
    ],
)
def test_a_warning_that_each_call_meets_has_no_condition(body):
    assert when(body, "x") is None


@pytest.mark.parametrize(
    "takes, test",
    [
        ("x, v=False", "v"),
        ("x, v='deprecated'", "v != 'deprecated'"),
        ("x, v=None", "v is not None"),
        ("x, v=True", "not v"),
        ("x, v=_UNSET", "v is not _UNSET"),
        ("x, v=Kind.ONNX", "v != Kind.ONNX"),
        ("x, v=1e-10", "v != 1e-10"),
        ("x, **kwargs", "'v' in kwargs"),
        ("x, **kwargs", "kwargs.pop('v', None)"),
        ("x, *v", "len(v) > 0"),
    ],
)
def test_an_argument_that_brings_the_warning_is_named(takes, test):
    assert when(f"if {test}:\n    {WARN}", takes) == ["v"]


@pytest.mark.parametrize(
    "takes, test",
    [("x, v=None", "v is None"), ("x, v='mean'", "v == 'mean'"), ("x, *v", "not v")],
)
def test_a_default_that_brings_the_warning_is_named_with_a_minus(takes, test):
    assert when(f"if {test}:\n    {WARN}", takes) == ["-v"]


def test_each_of_several_arguments_brings_the_warning():
    body = f"if size_average is not None or reduce is not None:\n    {WARN}"
    assert when(body, "x, size_average=None, reduce=None, other=1") == ["size_average", "reduce"]


def test_a_local_name_keeps_what_an_argument_decided():
    body = f"""
        if weights_only is None:
            weights_only, careless = False, True
        else:
            careless = False
        if os.getenv("ONLY", "0").lower() in ("1", "yes"):
            weights_only = True
        if weights_only:
            x()
        elif pickle_module is None and careless:
            {WARN}
    """
    assert when(body, "x, pickle_module=None, weights_only=None") == [
        "-pickle_module",
        "-weights_only",
    ]


@pytest.mark.parametrize(
    "body",
    [
        f"if x.dim() == 3:\n    {WARN}",
        f"if v == -1:\n    {WARN}",
        f"if isinstance(x, set):\n    {WARN}",
        f"if x:\n    return\n{WARN}",
        f"for y in x:\n    {WARN}",
        f"try:\n    x()\nexcept ValueError:\n    {WARN}",
        f"if v is not None and w is not None:\n    {WARN}",
        f"if os.getenv('HOME'):\n    {WARN}",
    ],
)
def test_any_other_condition_is_unclear(body):
    assert when(body, "x, v=None, w=None") == []


def test_a_nested_function_is_not_read():
    assert read(f"import warnings\ndef f():\n    def g(): {WARN}\n    return g\n") == {}


def test_the_running_python_decides_on_its_version():
    newer = sys.version_info[1] + 1
    text = f"""
        import sys, warnings
        def f():
            if sys.version_info >= (3, {newer}):
                warnings.warn("f is deprecated and may break")
            else:
                warnings.warn("f is deprecated")
    """
    assert warns(text) == [("UserWarning", "f is deprecated", None)]


def test_a_decorator_that_may_take_its_function_later_is_read_with_the_function():
    body = f"if function is None:\n    return lambda f: f\nif reentrant is None:\n    {WARN}"
    assert when(body, "function=None, *args, reentrant=None") == ["-reentrant"]


# Functions that call others

SCHEDULERS = """
    import warnings
    def _check(verbose):
        if verbose != "deprecated":
            warnings.warn("The verbose parameter is deprecated.")
            return verbose
        return False
    class LRScheduler:
        def __init__(self, optimizer, verbose="deprecated"):
            if not isinstance(optimizer, Optimizer):
                raise TypeError(f"{optimizer} is no optimizer")
            self.verbose = _check(verbose)
        def step(self, epoch=None):
            with guard(self):
                if epoch is None:
                    self.get_lr()
                else:
                    warnings.warn("epoch is deprecated")
        def get_lr(self):
            if not self.called:
                warnings.warn("get_lr is deprecated")
    class StepLR(LRScheduler):
        def __init__(self, optimizer, size, verbose="deprecated"):
            super().__init__(optimizer, verbose)
    class Plain(LRScheduler):
        pass
"""


@pytest.mark.parametrize("name", ["LRScheduler", "StepLR", "Plain"])
def test_what_a_called_function_warns_of_belongs_to_the_caller(name):
    text = "The verbose parameter is deprecated."
    assert warns(SCHEDULERS, name) == [("UserWarning", text, ["verbose"])]


def test_a_warning_under_an_unclear_condition_stays_with_the_function_that_gives_it():
    assert warns(SCHEDULERS, "LRScheduler.get_lr") == [("UserWarning", "get_lr is deprecated", [])]
    assert warns(SCHEDULERS, "LRScheduler.step") == [
        ("UserWarning", "epoch is deprecated", ["epoch"])
    ]


def test_a_helper_builds_its_text_from_the_arguments():
    text = """
        import warnings
        def _get_softmax_dim(name, ndim):
            warnings.warn("Implicit dimension choice for {} is deprecated".format(name))
            return 0 if ndim == 3 else 1
        def softmax(input, dim=None):
            if dim is None:
                dim = _get_softmax_dim("softmax", input.dim())
            return input.softmax(dim)
    """
    message = "Implicit dimension choice for softmax is deprecated"
    assert warns(text, "softmax") == [("UserWarning", message, ["-dim"])]


def test_a_warning_that_comes_once_a_process_comes_always():
    text = """
        import warnings
        _SHOWN = set()
        def _warn_once(key, message):
            if key not in _SHOWN:
                warnings.warn(message, FutureWarning)
                _SHOWN.add(key)
        def f(x, lse=False):
            if lse:
                _warn_once("lse", "lse is deprecated")
    """
    assert warns(text) == [("FutureWarning", "lse is deprecated", ["lse"])]


def test_a_field_of_a_dataclass_is_an_argument():
    text = """
        import warnings
        @dataclass
        class WorkerSpec:
            role: str
            fn: Optional[Callable] = None
            def __post_init__(self):
                if self.fn:
                    warnings.warn("fn is deprecated", DeprecationWarning)
    """
    assert warns(text, "WorkerSpec") == [("DeprecationWarning", "fn is deprecated", ["fn"])]


def test_only_the_last_definition_counts_and_overloads_do_not():
    text = """
        from typing import TYPE_CHECKING, overload
        from typing_extensions import deprecated
        @overload
        @deprecated("x is deprecated")
        def f(x): ...
        def f(x=None): pass
        if TYPE_CHECKING:
            @deprecated("for type checkers")
            def g(): ...
        else:
            def g(): pass
    """
    assert read(text) == {}


# Modules


def test_a_module_may_warn_when_it_is_imported():
    text = """
        import warnings
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("this module is deprecated", DeprecationWarning)
    """
    assert warns(text, "") == [("DeprecationWarning", "this module is deprecated", None)]


def test_attributes_of_a_module_warn_by_their_name():
    text = """
        import torch
        _deprecated = {"has_mps": torch.backends.mps.is_built, "kept": None}
        def kept(): pass
        def __getattr__(name):
            replacement = _deprecated.get(name)
            if replacement is not None:
                import warnings
                use = f"{replacement.__module__}.{replacement.__name__}()"
                warnings.warn(f"'{name}' is deprecated, please use '{use}'")
                return replacement()
            raise AttributeError(name)
    """
    use = "torch.backends.mps.is_built()"
    assert set(read(text)) == {"has_mps"}
    assert warns(text, "has_mps") == [
        ("UserWarning", f"'has_mps' is deprecated, please use '{use}'", None)
    ]


def test_helpers_of_other_modules_are_read(tmp_path):
    (tmp_path / "nn").mkdir()
    (tmp_path / "nn" / "__init__.py").write_text("")
    (tmp_path / "nn" / "_reduction.py").write_text(
        textwrap.dedent("""
            import warnings
            def legacy_get_string(size_average, reduce, emit_warning=True):
                warning = "these args will be deprecated, please use reduction='{}' instead."
                ret = "mean" if size_average else "sum"
                if emit_warning:
                    warnings.warn(warning.format(ret))
                return ret
        """)
    )
    (tmp_path / "nn" / "functional.py").write_text(
        textwrap.dedent("""
            from . import _reduction as _Reduction  # deprecated arguments
            def l1_loss(input, size_average=None, reduction="mean"):
                if size_average is not None:
                    reduction = _Reduction.legacy_get_string(size_average, None)
        """)
    )
    found = notices_of(Sources(tmp_path), "torch.nn.functional")["l1_loss"]
    text = "these args will be deprecated, please use reduction='{ret}' instead."
    assert found.warns == [{"category": "UserWarning", "text": text, "when": ["size_average"]}]


def test_a_method_that_only_calls_a_removed_function_is_removed(tmp_path):
    (tmp_path / "_linalg_utils.py").write_text(
        "def eig(x):\n    raise RuntimeError('This function is now removed.')\n"
    )
    (tmp_path / "_tensor.py").write_text(
        "class Tensor:  # some methods are deprecated\n    def eig(self):\n"
        "        from ._linalg_utils import eig\n        return eig(self)\n"
    )
    found = notices_of(Sources(tmp_path), "torch._tensor")
    assert found["Tensor.eig"].removed == "This function is now removed."


def test_a_deprecated_function_that_torch_itself_calls_tells_the_caller_if_python_shows_it():
    text = """
        from typing_extensions import deprecated
        @deprecated("`g` is old.")
        def g(): pass
        @deprecated("`h` is old.", category=FutureWarning)
        def h(): pass
        def f():
            g()
            h()
    """
    assert warns(text, "g") == [("DeprecationWarning", "`g` is old.", None)]
    assert warns(text) == [("FutureWarning", "`h` is old.", None)]


def test_two_modules_may_import_from_each_other(tmp_path):
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / f"{name}.py").write_text(
            f"import warnings\nfrom torch.{other} import x\n"
            f"def f():\n    x()\n    warnings.warn('{name} is deprecated')\n"
        )
    assert notices_of(Sources(tmp_path), "torch.a")["f"].warns == [
        {"category": "UserWarning", "text": "a is deprecated"}
    ]


@pytest.mark.parametrize("text", ["", "x = 1", "def f(: deprecated warn("])
def test_a_text_without_notices_or_that_is_no_python_has_none(text):
    assert notices(text) == {}
