"""A view is a tensor that shares the memory of another tensor, its base.

A tensor is a block of numbers in memory, with a size and a stride for each dimension. The stride
says how many numbers one step along the dimension skips
(``views.arange_in_three_rows_has_strides_4_and_1``). ``torch.Tensor.view`` returns another tensor
object on the same memory (``views.view_is_another_tensor_on_the_same_data``), and a transpose only
swaps strides (``views.transpose_swaps_the_strides_and_is_not_contiguous``). A write to a view
therefore shows in its base (``views.write_to_a_view_shows_in_its_base``), and a write to the base
shows in the view (``views.write_to_the_base_shows_in_its_view``).

Not every shape can be a view. ``torch.Tensor.view`` raises where no strides describe the shape, for
example on a transposed tensor (``views.view_raises_on_a_transposed_tensor``).
``torch.Tensor.reshape`` returns a view where ``view`` works
(``views.reshape_shares_where_view_works``) and a copy where it raises
(``views.reshape_copies_where_view_raises``). A write to the copy does not reach the tensor, and
nothing tells you. ``torch.Tensor.contiguous`` makes the copy explicit
(``views.contiguous_copies_a_transposed_tensor``). An index that is a number or a slice gives a
view; a list, a mask or a tensor gives a copy (``views.index_by_numbers_and_slices_gives_a_view``).

Autograd follows views. A gradient arrives in the base
(``views.gradient_through_a_view_has_the_shape_of_the_base``), and an in-place write to a view of a
non-leaf is recorded (``views.write_to_a_view_of_a_non_leaf_enters_the_gradient``). A view and its
base share one version counter (``views.write_to_a_view_counts_in_the_version_of_its_base``), so
backward raises if a tensor that it needs was changed through a view
(``views.write_to_a_view_of_a_saved_tensor_makes_backward_raise``). Since 1.8 a write to a view of a
leaf that requires grad raises at once (``views.write_to_a_view_of_a_leaf_raises``); under
``torch.no_grad`` it works (``views.view_of_a_leaf_takes_a_write_under_no_grad``). Since 1.9 the
parts that ``torch.Tensor.split`` returns refuse a write
(``views.write_to_a_part_of_a_split_raises``).

Many operations keep strides. Since 1.5 a copy of a transposed tensor has the strides of the
original (``views.copy_of_a_transposed_tensor_keeps_its_strides``). Since 1.6 a gradient has the
strides of its leaf (``views.gradient_of_a_transposed_leaf_has_its_strides``). Call
``torch.Tensor.contiguous`` before you view such a result in another shape
(``views.view_works_on_a_transposed_tensor_after_contiguous``).

``torch.Tensor.view`` with a dtype reads the same bits as another type
(``views.view_dtype_reads_the_bits_and_converts_nothing``). Trap: the result requires no grad
(``views.view_dtype_leaves_autograd``).
"""

SUBJECTS = [
    "sharing",
    "strides",
    "sizes",
    "indexing",
    "autograd",
    "memory_layout",
    "other_views",
    "dtype",
    "creation_settings",
    "function_settings",
    "edges",
]
