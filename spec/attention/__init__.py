"""Attention."""

SUBJECTS = [
    "scaled_dot_product",
    "hidden_rows",
    "causal",
    "grouped_heads",
    "kernels",
    "multihead",
    "fast_path",
    "transformer_layers",
    "own_layers",
]
