"""Attention."""

SUBJECTS = [
    "scaled_dot_product",
    "hidden_rows",
    "causal",
    "grouped_heads",
    "kernels",
]
