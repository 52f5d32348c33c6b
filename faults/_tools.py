"""What several files of faults patch with."""

import functools
import inspect
import warnings


def wrap(patch, owner, name, change):
    """Replace ``owner.name`` by ``change(honest)``."""
    patch.setattr(owner, name, change(getattr(owner, name)))


def silent(honest):
    """The same, without a warning."""

    @functools.wraps(honest)
    def function(*arguments, **settings):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return honest(*arguments, **settings)

    return function


def grown(honest):
    """Does as the function does, and says that it takes ``extra=0`` too."""

    @functools.wraps(honest)
    def wrapper(*arguments, **keywords):
        return honest(*arguments, **keywords)

    signature = inspect.signature(honest)
    known = list(signature.parameters.values())
    extra = inspect.Parameter("extra", inspect.Parameter.KEYWORD_ONLY, default=0)
    at = next(
        (place for place, argument in enumerate(known) if argument.kind is argument.VAR_KEYWORD),
        len(known),
    )
    wrapper.__signature__ = signature.replace(parameters=[*known[:at], extra, *known[at:]])
    return wrapper


def grow(patch, owner, *names):
    """Give each of these functions of ``owner`` one argument more."""
    for name in names:
        patch.setattr(owner, name, grown(getattr(owner, name)))
