"""Faults of views."""

import torch

from faults import fault

Tensor = torch.Tensor


def sizes_of(arguments):
    return (
        tuple(arguments[0])
        if len(arguments) == 1 and not isinstance(arguments[0], (int, torch.dtype))
        else arguments
    )


def wrap(patch, name, change):
    """Replace a method of tensors by ``change(honest)``."""
    patch.setattr(Tensor, name, change(getattr(Tensor, name)))


@fault
def view_copies(patch):
    """view returns a copy."""
    wrap(patch, "view", lambda honest: lambda self, *sizes: honest(self, *sizes).clone())


@fault
def view_returns_the_tensor_for_its_own_shape(patch):
    """view and reshape to the tensor's own shape return the tensor itself."""
    for name in ("view", "reshape"):

        def change(honest):
            return lambda self, *sizes: (
                self if sizes_of(sizes) == tuple(self.shape) else honest(self, *sizes)
            )

        wrap(patch, name, change)


@fault
def view_copies_where_it_must(patch):
    """view acts as reshape does."""
    patch.setattr(Tensor, "view", Tensor.reshape)


@fault
def view_wants_contiguous_tensors(patch):
    """view raises for every tensor that is not contiguous."""

    def change(honest):
        def view(self, *sizes):
            if not self.is_contiguous():
                raise RuntimeError("view wants a contiguous tensor")
            return honest(self, *sizes)

        return view

    wrap(patch, "view", change)


@fault
def view_takes_any_sizes(patch):
    """view and reshape flatten a copy of the tensor instead of raising."""
    for name in ("view", "reshape"):

        def change(honest):
            def shaped(self, *sizes):
                try:
                    return honest(self, *sizes)
                except (RuntimeError, TypeError):
                    return honest(self.clone(), self.numel())

            return shaped

        wrap(patch, name, change)


@fault
def view_takes_no_minus_one(patch):
    """view reads -1 as 1."""

    def change(honest):
        return lambda self, *sizes: honest(
            self, *(1 if size == -1 else size for size in sizes_of(sizes))
        )

    wrap(patch, "view", change)


@fault
def view_keeps_a_dimension(patch):
    """view(()) returns one dimension."""
    wrap(
        patch, "view", lambda honest: lambda self, *sizes: honest(self, *(sizes_of(sizes) or (1,)))
    )


@fault
def view_cuts_the_graph(patch):
    """view, reshape and view_as_complex detach their result."""
    wrap(patch, "view", lambda honest: lambda self, *sizes: honest(self.detach(), *sizes))
    wrap(patch, "reshape", lambda honest: lambda self, *sizes: honest(self.detach(), *sizes))
    honest = torch.view_as_complex
    patch.setattr(torch, "view_as_complex", lambda x: honest(x.detach()))


@fault
def reshape_copies(patch):
    """reshape always copies."""
    wrap(patch, "reshape", lambda honest: lambda self, *sizes: honest(self, *sizes).clone())


@fault
def reshape_reads_memory(patch):
    """reshape takes the numbers in memory order and never copies."""

    def change(honest):
        def reshape(self, *sizes):
            expanded = 0 in self.stride() or self.dim() == 0 or min(self.stride()) != 1
            return (
                honest(self, *sizes)
                if expanded
                else self.as_strided((self.numel(),), (1,)).view(*sizes)
            )

        return reshape

    wrap(patch, "reshape", change)


@fault
def contiguous_does_nothing(patch):
    """contiguous returns the tensor itself, whatever its strides."""
    patch.setattr(Tensor, "contiguous", lambda self: self)


@fault
def contiguous_copies(patch):
    """contiguous always copies."""
    patch.setattr(
        Tensor, "contiguous", lambda self: self.clone(memory_format=torch.contiguous_format)
    )


@fault
def strides_are_backwards(patch):
    """stride() lists the last dimension first."""
    wrap(patch, "stride", lambda honest: lambda self, *dim: honest(self, *dim)[::-1])


@fault
def transpose_and_expand_copy(patch):
    """t() and expand() return contiguous copies."""
    wrap(patch, "t", lambda honest: lambda self: honest(self).contiguous())
    wrap(
        patch,
        "expand",
        lambda honest: (
            lambda self, *sizes: honest(self, *sizes).clone(memory_format=torch.contiguous_format)
        ),
    )


@fault
def write_escapes_autograd(patch):
    """In-place operations write through .data, unnoticed by autograd."""

    def change(honest):
        def write(self, *arguments):
            result = honest(self.data, *(a.data if isinstance(a, Tensor) else a for a in arguments))
            return self if result is not None else None

        return write

    for name in ("add_", "mul_", "__setitem__"):
        wrap(patch, name, change)


@fault
def view_of_another_dtype_converts(patch):
    """view(dtype) converts the values, as to(dtype) does."""

    def change(honest):
        return lambda self, *sizes: (
            self.to(*sizes) if isinstance(sizes[0], torch.dtype) else honest(self, *sizes)
        )

    wrap(patch, "view", change)
