"""Names: how torch calls things, as far as a reader's source shows it.

Documented names, base classes, and what returns tensors.
"""

from __future__ import annotations

import functools
import re
from typing import Iterator

TENSOR, MODULE, OPTIMIZER = "torch.Tensor", "torch.nn.Module", "torch.optim.Optimizer"

# where torch defines a thing -> where its documentation has it
_GRAD_MODES = "no_grad|enable_grad|set_grad_enabled|inference_mode"
_SEEDS = "manual_seed|seed|initial_seed|[gs]et_rng_state"
_UTILS = "clip_grad|weight_norm|spectral_norm|convert_parameters|init"
CANONICAL = [
    (re.compile(pattern), new)
    for pattern, new in (
        (r"^torch\.nn\.modules\.(?:\w+\.)?([A-Z]\w*)", r"torch.nn.\1"),
        (r"^torch\.nn\.parameter\.", "torch.nn."),
        (rf"^torch\.nn\.utils\.(?:{_UTILS})\.(?=\w)", "torch.nn.utils."),
        (r"^torch\.optim\.(?!lr_scheduler\.|swa_utils\.)\w+\.([A-Z]\w*)", r"torch.optim.\1"),
        (r"^torch\.(?:_tensor|tensor|autograd)\.(?:Tensor|Variable)\b", TENSOR),
        (rf"^torch\.autograd\.(?:grad_mode\.)?({_GRAD_MODES})\b", r"torch.\1"),
        (rf"^torch\.(?:serialization\.(load|save)|random\.({_SEEDS}))\b", r"torch.\1\2"),
        (
            r"^torch\.utils\.data\.(?:dataloader|dataset|sampler|_utils\.collate)\.",
            "torch.utils.data.",
        ),
        (r"^torch\.(?:_C\._nn|functional)\.", "torch."),
    )
]
# a loss's class -> the function that it calls, which the behaviours are about
LOSSES = {
    "CrossEntropyLoss": "cross_entropy",
    "NLLLoss": "nll_loss",
    "MSELoss": "mse_loss",
    "L1Loss": "l1_loss",
    "SmoothL1Loss": "smooth_l1_loss",
    "HuberLoss": "huber_loss",
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "KLDivLoss": "kl_div",
    "CTCLoss": "ctc_loss",
    "GaussianNLLLoss": "gaussian_nll_loss",
    "PoissonNLLLoss": "poisson_nll_loss",
    "TripletMarginLoss": "triplet_margin_loss",
    "MarginRankingLoss": "margin_ranking_loss",
    "HingeEmbeddingLoss": "hinge_embedding_loss",
    "CosineEmbeddingLoss": "cosine_embedding_loss",
    "MultiMarginLoss": "multi_margin_loss",
    "SoftMarginLoss": "soft_margin_loss",
    "MultiLabelMarginLoss": "multilabel_margin_loss",
    "MultiLabelSoftMarginLoss": "multilabel_soft_margin_loss",
}
# fmt: off
# functions torch.<name> that return a tensor
MAKERS = {
    "tensor", "as_tensor", "from_numpy", "zeros", "ones", "full", "empty", "eye", "arange",
    "linspace", "rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial",
    "zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like",
    "randint_like", "cat", "stack", "hstack", "vstack", "where", "einsum", "matmul", "mm",
    "bmm", "mul", "add", "sub", "div", "pow", "sqrt", "abs", "exp", "log", "sin", "cos", "tanh",
    "sigmoid", "relu", "softmax", "log_softmax", "sum", "mean", "norm", "dot", "outer", "clamp",
    "argmax", "argmin", "squeeze", "unsqueeze", "reshape", "flatten", "transpose", "permute",
    "gather", "index_select", "dropout", "cumsum", "cumprod", "floor", "ceil", "round", "sign",
    "erf", "logsumexp", "maximum", "minimum", "bincount", "histc", "tril", "triu", "diag", "roll",
    "flip", "nonzero", "cross", "cdist", "conv1d", "conv2d", "remainder", "fmod", "masked_select",
    "prod", "std", "var", "square", "rsqrt", "tensordot", "LongTensor", "FloatTensor", "ByteTensor",
    "IntTensor", "DoubleTensor", "BoolTensor", "empty_strided", "bitwise_and", "logical_and",
    "logical_or", "logical_not", "eq", "ne", "gt", "lt", "ge", "le", "true_divide", "floor_divide",
    "addmm", "baddbmm", "addcmul", "addcdiv", "lerp", "repeat_interleave", "take",
    "argsort", "isnan", "isinf", "clip", "neg", "log1p", "expm1", "log2", "log10", "atan2", "tan",
}
# functions and methods that return a tuple of tensors
TUPLES = {"topk", "sort", "max", "min", "split", "chunk", "unbind", "kthvalue", "mode", "median"}
# methods and attributes of tensors that are no tensor
NO_TENSORS = {
    "item", "tolist", "numpy", "size", "dim", "numel", "stride", "storage", "untyped_storage",
    "backward", "data_ptr", "element_size", "type", "split", "chunk", "unbind", "max", "min",
    "sort", "topk", "is_contiguous", "register_hook", "retain_grad", "nelement",
    "requires_grad", "shape", "dtype", "device", "grad_fn", "is_leaf",
}
# functions torch.<name> of which tensors have no method, whatever is called so
NO_METHODS = {
    "as_tensor", "cat", "compile", "empty", "empty_like", "full", "load", "normal", "ones",
    "ones_like", "poisson", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like",
    "randperm", "save", "seed", "stack", "std_mean", "tensor", "var_mean", "zeros", "zeros_like",
}
TENSOR_ATTRIBUTES = {"grad", "data", "T", "mT", "H", "real", "imag"}
# methods of a module that return it
SAME_MODULE = {
    "to", "cuda", "cpu", "train", "eval", "float", "double", "half", "bfloat16",
    "requires_grad_", "apply", "to_empty", "type", "share_memory",
}
# What a module has of torch's. Any other attribute is the reader's own, or of one class alone.
MODULE_NAMES = {
    "add_module", "append", "apply", "bfloat16", "buffers", "children", "clear", "compile", "cpu",
    "cuda", "double", "eval", "extend", "extra_repr", "float", "forward", "get_buffer",
    "get_extra_state", "get_parameter", "get_submodule", "half", "insert", "items", "keys",
    "load_state_dict", "modules", "named_buffers", "named_children", "named_modules",
    "named_parameters", "parameters", "pop", "register_backward_hook", "register_buffer",
    "register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook",
    "register_full_backward_pre_hook", "register_load_state_dict_post_hook",
    "register_load_state_dict_pre_hook", "register_module", "register_parameter",
    "register_state_dict_post_hook", "register_state_dict_pre_hook", "requires_grad_",
    "set_extra_state", "set_submodule", "share_memory", "state_dict", "to", "to_empty", "train",
    "training", "type", "update", "values", "xpu", "zero_grad", "from_pretrained",
    "flatten_parameters", "reset_parameters", "generate_square_subsequent_mask",
}
# modules whose output is not known to be one tensor
SEVERAL_OUTPUTS = {
    "RNN", "LSTM", "GRU", "MultiheadAttention", "LSTMCell", "Sequential", "ModuleList",
    "ModuleDict", "AdaptiveLogSoftmaxWithLoss", "Module",
}
# fmt: on
PASSED_THROUGH = {"copy.deepcopy", "copy.copy", "torch.compile"}
# methods whose name alone points to torch: a hint where the object is unknown
DISTINCTIVE = {
    "zero_grad": (OPTIMIZER, MODULE),
    "backward": (TENSOR,),
    "requires_grad_": (TENSOR, MODULE),
    "detach_": (TENSOR,),
    "load_state_dict": (MODULE, OPTIMIZER),
    "state_dict": (MODULE, OPTIMIZER),
    "named_parameters": (MODULE,),
    "register_forward_hook": (MODULE,),
    "register_full_backward_hook": (MODULE,),
    "add_param_group": (OPTIMIZER,),
    "retain_grad": (TENSOR,),
    "register_backward_hook": (MODULE,),
    "register_forward_pre_hook": (MODULE,),
    "bernoulli_": (TENSOR,),
    "cauchy_": (TENSOR,),
    "exponential_": (TENSOR,),
    "geometric_": (TENSOR,),
    "storage": (TENSOR,),
    "get_lr": ("torch.optim.lr_scheduler.LRScheduler",),
    "get_last_lr": ("torch.optim.lr_scheduler.LRScheduler",),
}
# What the attributes that are read of a name say that it is: any of the sets is enough. NumPy's and
# pandas' objects have none of the tensors' names here.
ONLY_TENSORS = (
    "unsqueeze",
    "unsqueeze_",
    "permute",
    "contiguous",
    "detach",
    "requires_grad_",
    "masked_fill",
    "masked_fill_",
    "expand_as",
    "scatter_",
    "scatter_add_",
    "index_select",
    "gather",
    "fmod",
    "add_",
    "mul_",
    "sub_",
    "div_",
    "addcmul_",
    "addcdiv_",
    "zero_",
    "fill_",
    "copy_",
    "view_as",
    "grad_fn",
    "is_cuda",
    "is_leaf",
    "type_as",
    "new_zeros",
    "new_tensor",
    "new_ones",
    "new_full",
    "data_ptr",
    "element_size",
    "bernoulli_",
    "uniform_",
    "normal_",
    "clamp_",
    "logsumexp",
    "log_softmax",
    "narrow",
    "squeeze_",
    "transpose_",
    "t_",
    "numel",
    "index_add_",
    "index_fill_",
)
TELLING = (
    (OPTIMIZER, [{"zero_grad", "step"}, {"zero_grad", "param_groups"}, {"add_param_group"}]),
    ("torch.optim.lr_scheduler.LRScheduler", [{"get_last_lr"}]),
    (
        MODULE,
        [
            {"named_parameters"},
            {"register_buffer"},
            {"load_state_dict", "eval"},
            {"named_modules"},
            {"parameters", "train"},
            {"parameters", "eval"},
            {"state_dict", "train"},
            {"state_dict", "eval"},
            {"register_forward_hook"},
        ],
    ),
    (TENSOR, [{one} for one in ONLY_TENSORS]),
)
# where torch has classes -> the base of each
BASES = {
    "torch.nn": MODULE,
    "torch.optim": OPTIMIZER,
    "torch.optim.lr_scheduler": "torch.optim.lr_scheduler.LRScheduler",
}
NEUTRAL_BASES = {"abc.ABC", "typing.Generic", "typing.Protocol"}


@functools.lru_cache(maxsize=4096)
def canonical(name: str) -> str:
    """The documented name: ``torch.nn.modules.linear.Linear`` -> ``torch.nn.Linear``."""
    if name.startswith("torch."):
        for pattern, new in CANONICAL:
            name = pattern.sub(new, name)
    return name


def ancestors(name: str) -> Iterator[str]:
    """A class of torch and the documented classes that it comes from."""
    yield name
    home, _, last = name.rpartition(".")
    if home == "torch.nn" and last in ("Parameter", "Buffer"):
        yield TENSOR
    elif last.lstrip("_")[:1].isupper():
        base = BASES.get(home)
        if base and base != name:
            yield base
