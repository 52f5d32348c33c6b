"""Faults of embeddings, pooling, convolution and dropout."""

import torch
from torch import nn
from torch.nn import functional as F

from faults import fault


def replace(patch, name, change, owner=F):
    """Make ``owner.name`` call ``change(honest, *arguments, **keywords)``."""
    honest = getattr(owner, name)
    patch.setattr(
        owner, name, lambda *arguments, **keywords: change(honest, *arguments, **keywords)
    )


def replace_all(patch, names, change, owner=F):
    for name in names:
        replace(patch, name, change, owner)


def remake(patch, layer, change):
    """Pass ``change(keywords)`` to ``layer.__init__`` in place of its keywords."""
    replace(
        patch,
        "__init__",
        lambda honest, self, *arguments, **keywords: honest(self, *arguments, **change(keywords)),
        layer,
    )


# Embedding


@fault
def embedding_reads_the_next_row(patch):
    """An index looks up the next row of the table."""
    replace(
        patch,
        "embedding",
        lambda honest, x, weight, *rest: honest((x + 1) % len(weight), weight, *rest),
    )


@fault
def embedding_flattens_its_index(patch):
    """embedding flattens its indices first."""
    replace(
        patch,
        "embedding",
        lambda honest, x, *rest, **keywords: honest(x.flatten(), *rest, **keywords),
    )


@fault
def embedding_takes_whatever_indices(patch):
    """embedding converts its indices to int64 and clamps them to the table."""
    replace(
        patch,
        "embedding",
        lambda honest, x, weight, *rest, **keywords: honest(
            torch.as_tensor(x).long().clamp(0, len(weight) - 1), weight, *rest, **keywords
        ),
    )


@fault
def embedding_forgets_its_flags(patch):
    """scale_grad_by_freq and sparse do nothing."""
    replace(
        patch,
        "embedding",
        lambda honest, *arguments, **keywords: honest(*arguments[:5], **keywords),
    )


@fault
def embedding_starts_frozen_and_small(patch):
    """A new table is a tenth as large and requires no grad.

    from_pretrained copies the table and does not freeze it.
    """

    def init(honest, self, *arguments, **keywords):
        honest(self, *arguments, **keywords)
        self.weight.data.mul_(0.1)
        self.weight.requires_grad_(False)

    def from_pretrained(honest, table, freeze=True, **keywords):
        return honest(table.clone(), freeze=False, **keywords)

    replace(patch, "__init__", init, nn.Embedding)
    replace(patch, "from_pretrained", from_pretrained, nn.Embedding)


@fault
def one_hot_takes_everything(patch):
    """one_hot takes any dtype, clamps indices, returns floats and infers one class too many."""

    def one_hot(honest, x, num_classes=-1):
        x = x.long()
        classes = num_classes if num_classes > 0 else int(x.max()) + 2 if len(x) else 1
        return honest(x.clamp(0, classes - 1), classes).float()

    replace(patch, "one_hot", one_hot)


# padding_idx and max_norm


@fault
def padding_idx_gets_a_gradient(patch):
    """The padding row is trained like any other row."""
    replace(
        patch,
        "embedding",
        lambda honest, x, weight, padding_idx=None, *rest: honest(x, weight, None, *rest),
    )


@fault
def padding_idx_is_output_as_zero(patch):
    """The output at padding_idx is zero, whatever the row holds."""

    def embedding(honest, x, weight, padding_idx=None, *rest, **keywords):
        output = honest(x, weight, padding_idx, *rest, **keywords)
        return (
            output
            if padding_idx is None
            else output * (x != padding_idx)[..., None].to(output.dtype)
        )

    replace(patch, "embedding", embedding)


@fault
def padding_row_is_not_zeroed(patch):
    """The padding row is not zeroed, and padding_idx is taken modulo the number of rows."""

    def init(honest, self, rows, width, padding_idx=None, *rest, **keywords):
        honest(
            self,
            rows,
            width,
            None if padding_idx is None else padding_idx % rows,
            *rest,
            **keywords,
        )

    replace(patch, "__init__", init, nn.Embedding)
    patch.setattr(nn.Embedding, "_fill_padding_idx_with_zero", lambda self: None)


@fault
def assignment_ignores_autograd(patch):
    """Assigning to rows works outside no_grad, and stores values that are too large by one."""

    def setitem(honest, self, index, value):
        with torch.no_grad():
            honest(self, index, value + 1)

    replace(patch, "__setitem__", setitem, torch.Tensor)


@fault
def constant_leaves_rows_of_zeros(patch):
    """init.constant_ skips rows of zeros."""

    def constant_(honest, tensor, value):
        spared = (tensor == 0).all(-1)
        with torch.no_grad():
            honest(tensor, value)[spared] = 0
        return tensor

    replace(patch, "constant_", constant_, nn.init)


@fault
def optimizers_do_not_decay(patch):
    """SGD and Adam ignore weight_decay, and SGD ignores momentum."""
    remake(
        patch, torch.optim.SGD, lambda keywords: {**keywords, "weight_decay": 0.0, "momentum": 0.0}
    )
    remake(
        patch, torch.optim.Adam, lambda keywords: {**keywords, "weight_decay": 0.0}
    )  # AdamW is made by it


@fault
def adam_steps_everything(patch):
    """Adam treats every gradient as ones."""
    honest = torch.optim.Adam.step

    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad = torch.ones_like(parameter)
        return honest(self, closure)

    patch.setattr(torch.optim.Adam, "step", step)


@fault
def sparse_adam_takes_dense_gradients(patch):
    """SparseAdam converts dense gradients to sparse ones."""
    honest = torch.optim.SparseAdam.step

    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad = parameter.grad.to_sparse()
        return honest(self, closure)

    patch.setattr(torch.optim.SparseAdam, "step", step)


@fault
def max_norm_works_on_a_copy(patch):
    """max_norm rescales the output instead of the table, and is part of the gradient."""

    def embedding(honest, x, weight, padding_idx=None, max_norm=None, norm_type=2.0, *flags):
        output = honest(x, weight, padding_idx, None, norm_type, *flags)
        if max_norm is None:
            return output
        norm = output.norm(norm_type, dim=-1, keepdim=True)
        return torch.where(norm > max_norm, output / norm * max_norm, output)

    replace(patch, "embedding", embedding)


@fault
def max_norm_stretches_short_rows(patch):
    """max_norm scales every row of the table to that Euclidean length, looked up or not."""

    def embedding(honest, x, weight, padding_idx=None, max_norm=None, norm_type=2.0, *flags):
        if max_norm is not None:
            with torch.no_grad():
                weight.mul_(max_norm / weight.norm(dim=-1, keepdim=True))
        return honest(x, weight, padding_idx, None, norm_type, *flags)

    replace(patch, "embedding", embedding)


# EmbeddingBag


@fault
def embedding_bag_sums(patch):
    """embedding_bag always sums."""

    def embedding_bag(
        honest,
        x,
        weight,
        offsets=None,
        max_norm=None,
        norm_type=2.0,
        scale=False,
        mode="mean",
        *rest,
    ):
        return honest(x, weight, offsets, max_norm, norm_type, scale, "sum", *rest)

    replace(patch, "embedding_bag", embedding_bag)


@fault
def embedding_bag_loses_its_last_index(patch):
    """embedding_bag replaces the last index by the first one."""

    def embedding_bag(honest, x, weight, offsets=None, *rest):
        if offsets is None and x.dim() == 2:
            x = torch.cat([x[:, :-1], x[:, :1]], dim=1)
        elif offsets is not None and x.dim() == 1:
            x = torch.cat([x[:-1], x[:1]])
        return honest(x, weight, offsets, *rest)

    replace(patch, "embedding_bag", embedding_bag)


@fault
def embedding_bag_takes_whatever_bags(patch):
    """A flat input without offsets is one bag, and offsets need not start at 0.

    mode="max" ignores sparse.
    """

    def embedding_bag(honest, x, weight, offsets, max_norm, norm_type, scale, mode, sparse, *rest):
        if x.dim() == 1 and offsets is None:
            x = x[None]
        elif offsets is not None:
            x, offsets = x.flatten(), offsets - offsets[0]
        return honest(
            x, weight, offsets, max_norm, norm_type, scale, mode, sparse and mode != "max", *rest
        )

    replace(patch, "embedding_bag", embedding_bag)


@fault
def embedding_bag_counts_padding(patch):
    """embedding_bag ignores padding_idx."""
    replace(patch, "embedding_bag", lambda honest, *arguments: honest(*arguments[:10]))


# Pooling

MAX, AVG = ("max_pool1d", "max_pool2d"), ("avg_pool1d", "avg_pool2d")


@fault
def max_pool_takes_the_smallest(patch):
    """Max pooling returns the minimum and its index."""

    def pool(honest, x, *rest, **keywords):
        output = honest(-x, *rest, **keywords)
        return (-output[0], output[1]) if isinstance(output, tuple) else -output

    replace_all(patch, MAX, pool)


@fault
def max_pool_pads_with_zeros(patch):
    """max_pool1d pads with zeros and replaces NaN by zero."""

    def pool(honest, x, kernel, stride=None, padding=0, *rest, **keywords):
        x = torch.where(x != x, torch.zeros_like(x), x)
        return honest(F.pad(x, (padding, padding)), kernel, stride, 0, *rest, **keywords)

    replace(patch, "max_pool1d", pool)


@fault
def avg_pool_sums(patch):
    """Average pooling multiplies the mean by the size of the window."""

    def pool(honest, x, kernel, *rest, **keywords):
        size = kernel[0] * kernel[-1] if isinstance(kernel, tuple) else kernel * kernel
        return honest(x, kernel, *rest, **keywords) * size

    replace_all(patch, AVG, pool)


@fault
def avg_pool_never_counts_padding(patch):
    """count_include_pad is always False."""
    remake(patch, nn.AvgPool1d, lambda keywords: {**keywords, "count_include_pad": False})
    replace(
        patch,
        "avg_pool1d",
        lambda honest, *arguments, **keywords: honest(
            *arguments,
            **{name: value and name != "count_include_pad" for name, value in keywords.items()},
        ),
    )


@fault
def pool_slides_by_one(patch):
    """The stride of a pooling layer defaults to 1."""
    for layer in (nn.MaxPool1d, nn.AvgPool1d):
        remake(patch, layer, lambda keywords: {"stride": 1, **keywords})


@fault
def pool_ignores_ceil_mode(patch):
    """Pooling ignores ceil_mode."""
    replace_all(
        patch,
        ("max_pool1d", "avg_pool1d"),
        lambda honest, *arguments, **keywords: honest(
            *arguments, **{name: value and name != "ceil_mode" for name, value in keywords.items()}
        ),
    )
    remake(patch, nn.AvgPool1d, lambda keywords: {**keywords, "ceil_mode": False})


@fault
def pool_starts_a_window_beyond_the_input(patch):
    """ceil_mode appends an empty window, as up to 1.4."""

    def pool(honest, *arguments, **keywords):
        output = honest(*arguments, **keywords)
        return F.pad(output, (0, 1), value=-float("inf")) if keywords.get("ceil_mode") else output

    replace(patch, "max_pool1d", pool)


@fault
def pool_refuses_odd_shapes(patch):
    """Pooling raises for an input without a batch and for an empty batch."""

    def pool(honest, x, kernel, *rest, **keywords):
        if x.dim() < 3 or not x.numel():
            raise RuntimeError("non-empty batch expected")
        return honest(x, kernel, *rest, **keywords)

    replace_all(patch, MAX + AVG, pool)


@fault
def pool_checks_no_sizes(patch):
    """Pooling returns ones if the kernel or the padding is too large."""

    def pool(honest, *arguments, **keywords):
        try:
            return honest(*arguments, **keywords)
        except RuntimeError:
            return torch.ones(1)

    replace_all(patch, MAX + AVG, pool)


# Convolution


@fault
def conv_flips_its_kernel(patch):
    """conv1d flips its kernel, as convolution in mathematics does."""
    replace(
        patch,
        "conv1d",
        lambda honest, x, weight, *rest, **keywords: honest(x, weight.flip(-1), *rest, **keywords),
    )


@fault
def conv_reads_channels_backwards(patch):
    """conv1d reads the channels in reverse order."""
    replace(
        patch, "conv1d", lambda honest, x, *rest, **keywords: honest(x.flip(-2), *rest, **keywords)
    )


@fault
def conv_rounds_its_length_up(patch):
    """conv1d pads the input on the right, so that an incomplete window counts."""

    def conv1d(honest, x, weight, bias=None, stride=1, *rest, **keywords):
        steps = stride if isinstance(stride, int) else stride[0]
        return honest(F.pad(x, (0, steps - 1)), weight, bias, stride, *rest, **keywords)

    replace(patch, "conv1d", conv1d)


@fault
def conv_always_has_a_bias(patch):
    """Convolutions ignore bias=False."""

    def init(honest, self, *arguments, **keywords):
        honest(self, *arguments[:9], True, *arguments[10:], **keywords)

    replace(patch, "__init__", init, nn.modules.conv._ConvNd)


@fault
def conv_checks_nothing(patch):
    """A convolution uses groups=1 if the groups do not divide the channels.

    It uses stride=1 with padding="same", and conv3d returns its input.
    """

    def init(
        honest,
        self,
        ins,
        outs,
        kernel,
        stride,
        padding,
        dilation,
        transposed,
        output_padding,
        groups,
        *rest,
        **keywords,
    ):
        if ins % groups or outs % groups:
            groups = 1
        honest(
            self,
            ins,
            outs,
            kernel,
            (1,) * len(kernel) if padding == "same" else stride,
            padding,
            dilation,
            transposed,
            output_padding,
            groups,
            *rest,
            **keywords,
        )

    replace(patch, "__init__", init, nn.modules.conv._ConvNd)
    patch.setattr(F, "conv3d", lambda x, *rest, **keywords: x)


@fault
def padding_same_is_on_the_left(patch):
    """conv1d puts all of the padding on the left.

    A string pads as "same" does, and a padding mode other than zeros pads with zeros.
    """

    def conv1d(honest, x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        if isinstance(padding, str):
            total = (weight.shape[-1] - 1) * (
                dilation if isinstance(dilation, int) else dilation[0]
            )
        else:
            total = 2 * (padding if isinstance(padding, int) else padding[0])
        return honest(
            torch.nn.functional.pad(x, (total, 0)), weight, bias, stride, 0, dilation, groups
        )

    replace(patch, "conv1d", conv1d)
    replace(patch, "pad", lambda honest, x, pad, mode="constant", value=None: honest(x, pad))


# Dropout

CHANNELS = ("dropout1d", "dropout2d", "dropout3d")


@fault
def dropout_does_not_scale(patch):
    """Dropout does not divide the elements that it keeps by 1 - p."""

    def dropout(honest, x, p=0.5, training=True, inplace=False):
        return honest(x, p, training, inplace) * (1 - p if training else 1)

    replace_all(patch, ("dropout", *CHANNELS), dropout)


@fault
def dropout_drops_in_eval_mode(patch):
    """Every kind of dropout drops in eval mode too."""

    def dropout(honest, x, p=0.5, training=True, *inplace):
        return honest(x, p, True, *inplace)

    replace_all(patch, ("dropout", "alpha_dropout", "feature_alpha_dropout", *CHANNELS), dropout)


@fault
def dropout_keeps_with_probability_p(patch):
    """p is the probability of keeping an element."""

    def dropout(honest, x, p=0.5, *rest):
        return honest(x, 1 - p, *rest)

    replace_all(patch, ("dropout", "alpha_dropout", "feature_alpha_dropout", *CHANNELS), dropout)


@fault
def dropout_checks_nothing(patch):
    """An invalid p counts as 0.5, and integers are converted to floats.

    Inputs that channel dropout refuses get plain dropout.
    """

    def init(self, p=0.5, inplace=False):
        nn.Module.__init__(self)
        self.p, self.inplace = p, inplace

    def dropout(honest, x, p=0.5, training=True, *inplace):
        return honest(x.float(), p if 0 <= p <= 1 else 0.5, training, *inplace)

    def channels(honest, x, *rest):
        try:
            return honest(x, *rest)
        except RuntimeError:
            return F.dropout(x, *rest)

    patch.setattr(nn.modules.dropout._DropoutNd, "__init__", init)
    replace(patch, "dropout", dropout)
    replace_all(patch, (*CHANNELS, "feature_alpha_dropout"), channels)


@fault
def dropout_never_works_in_place(patch):
    """Dropout ignores inplace."""
    replace(
        patch,
        "dropout",
        lambda honest, x, p=0.5, training=True, inplace=False: honest(x, p, training),
    )


@fault
def dropout_repeats_its_mask(patch):
    """Dropout draws the same mask at every call, and drops nothing under no_grad."""

    def dropout(honest, x, p=0.5, training=True, inplace=False):
        torch.manual_seed(0)
        return honest(x, p, training and torch.is_grad_enabled(), inplace)

    replace(patch, "dropout", dropout)


@fault
def dropout_gradient_ignores_the_mask(patch):
    """Dropped elements get the same gradient as kept ones."""

    def dropout(honest, x, p=0.5, training=True, inplace=False):
        if inplace or not training or not x.requires_grad:
            return honest(x, p, training, inplace)
        through = x / (1 - p) if p < 1 else x
        return honest(x.detach(), p) + (through - through.detach())

    replace(patch, "dropout", dropout)


@fault
def dropout_kinds_drop_single_elements(patch):
    """Every kind of channel dropout drops single elements."""
    for name in CHANNELS:
        replace(patch, name, lambda honest, *arguments: F.dropout(*arguments))
    replace(patch, "feature_alpha_dropout", lambda honest, *arguments: F.alpha_dropout(*arguments))


@fault
def alpha_dropout_drops_to_zero(patch):
    """AlphaDropout is plain Dropout."""
    replace(
        patch,
        "alpha_dropout",
        lambda honest, x, p=0.5, training=False, inplace=False: F.dropout(x, p, training),
    )


@fault
def no_grad_holds_the_statistics(patch):
    """A BatchNorm under no_grad behaves as in eval."""
    honest = torch.nn.functional.batch_norm

    def batch_norm(
        x, mean, variance, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
    ):
        return honest(
            x, mean, variance, weight, bias, training and torch.is_grad_enabled(), momentum, eps
        )

    patch.setattr(torch.nn.functional, "batch_norm", batch_norm)
