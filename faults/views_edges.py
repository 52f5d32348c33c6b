"""Faults of memory layouts, of named view functions and of indexing."""

import torch

from faults import fault
from faults._tools import share_expanded_clones, wrap

Tensor = torch.Tensor


@fault
def copies_lie_in_rows(patch):
    """clone, zeros_like, exp and .grad return contiguous tensors."""
    for owner, name in ((Tensor, "clone"), (Tensor, "exp"), (torch, "zeros_like")):
        wrap(
            patch,
            owner,
            name,
            lambda honest: (
                lambda *arguments, **settings: honest(*arguments, **settings).contiguous()
            ),
        )
    honest = Tensor.grad
    patch.setattr(
        Tensor,
        "grad",
        property(lambda self: honest.__get__(self).contiguous(), honest.__set__, honest.__delete__),
    )


@fault
def contiguous_knows_rows_alone(patch):
    """contiguous() ignores memory_format."""
    wrap(patch, Tensor, "contiguous", lambda honest: lambda self, memory_format=None: honest(self))


@fault
def storages_are_untyped_and_their_own(patch):
    """storage() is untyped, and untyped_storage() belongs to a copy."""
    honest = Tensor.untyped_storage
    patch.setattr(Tensor, "storage", honest)
    patch.setattr(Tensor, "untyped_storage", lambda self: honest(self.clone()))


@fault
def transposes_take_any_dimensions(patch):
    """T and mT reverse every dimension, without a warning."""
    for name in ("T", "mT"):
        patch.setattr(
            Tensor, name, property(lambda self: self.permute(*reversed(range(self.dim()))))
        )


@fault
def squeeze_drops_what_it_likes(patch):
    """squeeze of several dimensions removes all of size 1.

    squeeze() removes only dimension 1.
    """

    def change(honest):
        def squeeze(self, *dimensions):
            if dimensions and isinstance(dimensions[0], tuple):
                return honest(self)
            return honest(self, *dimensions) if dimensions or self.dim() < 2 else honest(self, 1)

        return squeeze

    wrap(patch, Tensor, "squeeze", change)


@fault
def views_with_names_copy(patch):
    """unflatten, flatten, ravel and permute return copies."""
    for name in ("unflatten", "flatten", "ravel"):
        wrap(patch, Tensor, name, lambda honest: lambda self, *rest: honest(self, *rest).clone())
    wrap(patch, torch, "permute", lambda honest: lambda x, order: honest(x, order).clone())


@fault
def tensor_split_is_chunk(patch):
    """tensor_split acts as chunk does."""
    patch.setattr(Tensor, "tensor_split", Tensor.chunk)


@fault
def zeros_takes_names(patch):
    """zeros ignores names."""
    wrap(
        patch,
        torch,
        "zeros",
        lambda honest: lambda *sizes, names=None, **settings: honest(*sizes, **settings),
    )


@fault
def expanded_views_are_written_to(patch):
    """relu_ writes to a copy, and zero_ always raises."""
    wrap(patch, Tensor, "relu_", lambda honest: lambda self: honest(self.clone()))

    def zero_(self):
        raise RuntimeError("more than one element refers to one number")

    patch.setattr(Tensor, "zero_", zero_)


def index_with(patch, change):
    """Make ``x[index]`` return ``x[change(index)]``."""
    wrap(
        patch, Tensor, "__getitem__", lambda honest: lambda self, index: honest(self, change(index))
    )


@fault
def list_of_lists_is_a_tuple(patch):
    """A list of lists is read as a tuple of lists, without a warning."""
    index_with(
        patch,
        lambda index: (
            tuple(index) if isinstance(index, list) and isinstance(index[0], list) else index
        ),
    )


@fault
def bytes_are_indices(patch):
    """A uint8 index selects by number, and an int32 index raises."""

    def change(index):
        if isinstance(index, Tensor) and index.dtype == torch.int32:
            raise IndexError("no int32")
        return index.long() if isinstance(index, Tensor) and index.dtype == torch.uint8 else index

    index_with(patch, change)


@fault
def index_always_copies(patch):
    """Indexing always copies."""
    wrap(
        patch, Tensor, "__getitem__", lambda honest: lambda self, index: honest(self, index).clone()
    )


@fault
def assignment_writes_to_copies(patch):
    """x[list] = value does nothing, and a float cannot be written into integers."""

    def change(honest):
        def setitem(self, index, value):
            if not self.is_floating_point() and isinstance(value, float):
                raise RuntimeError("a fraction does not go into integers")
            if not isinstance(index, list):
                honest(self, index, value)

        return setitem

    wrap(patch, Tensor, "__setitem__", change)


@fault
def clone_of_an_expanded_view_shares_its_memory(patch):
    """clone() of an expanded view keeps its strides of 0 and its memory."""
    share_expanded_clones(patch)


@fault
def masked_select_passes_no_gradient(patch):
    """The gradient of ``masked_select`` is zero."""
    honest = torch.Tensor.masked_select
    patch.setattr(
        torch.Tensor,
        "masked_select",
        lambda self, mask: honest(self.detach(), mask) + 0 * honest(self, mask),
    )


@fault
def index_passes_no_gradient(patch):
    """The gradient of an index by a mask is zero."""
    honest = torch.Tensor.__getitem__

    def item(self, index):
        taken = honest(self, index)
        masked = isinstance(index, torch.Tensor) and index.dtype == torch.bool
        return taken.detach() + 0 * taken if masked and taken.requires_grad else taken

    patch.setattr(torch.Tensor, "__getitem__", item)


@fault
def repeat_makes_float64(patch):
    """``repeat`` returns float64."""
    honest = torch.Tensor.repeat
    patch.setattr(torch.Tensor, "repeat", lambda self, *sizes: honest(self, *sizes).double())


@fault
def squeeze_flattens(patch):
    """``squeeze()`` returns one dimension."""
    patch.setattr(torch.Tensor, "squeeze", lambda self, *dims: self.reshape(-1))


@fault
def flip_makes_a_dimension(patch):
    """``flip`` of a tensor without dimensions has one."""
    honest = torch.Tensor.flip
    patch.setattr(
        torch.Tensor, "flip", lambda self, *dims: honest(self, *dims) if self.dim() else self[None]
    )


@fault
def masked_fill_returns_a_leaf(patch):
    """``masked_fill`` returns a leaf, which passes no gradient on."""
    honest = torch.Tensor.masked_fill
    patch.setattr(
        torch.Tensor,
        "masked_fill",
        lambda self, mask, value: honest(self.detach(), mask, value).requires_grad_(),
    )


@fault
def median_leaves_nan_out(patch):
    """``median`` leaves NaN out."""
    patch.setattr(torch.Tensor, "median", torch.Tensor.nanmedian)


@fault
def product_of_nothing_is_zero(patch):
    """The product of no elements is 0."""
    honest = torch.Tensor.prod
    patch.setattr(
        torch.Tensor,
        "prod",
        lambda self, *dims: honest(self, *dims) * (1 if self.numel() else 0),
    )


@fault
def take_stays_within_range(patch):
    """``take`` takes the last element for an index past the end."""
    honest = torch.Tensor.take
    patch.setattr(
        torch.Tensor, "take", lambda self, index: honest(self, index.clamp(max=self.numel() - 1))
    )


@fault
def t_takes_three_dimensions(patch):
    """``t()`` swaps the first and the last of three dimensions."""
    patch.setattr(torch.Tensor, "t", lambda self: self.transpose(0, -1) if self.dim() > 1 else self)


@fault
def one_hot_takes_any_integers(patch):
    """``one_hot`` converts its classes to int64."""
    functional = torch.nn.functional
    honest = functional.one_hot
    patch.setattr(functional, "one_hot", lambda classes, *number: honest(classes.long(), *number))


@fault
def normalize_ignores_eps(patch):
    """``normalize`` divides zeros by zero."""
    functional = torch.nn.functional
    honest = functional.normalize
    patch.setattr(
        functional,
        "normalize",
        lambda x, p=2.0, dim=1, eps=0.0: honest(x, p=p, dim=dim, eps=0.0),
    )
