// SPDX-License-Identifier: Apache-2.0
import MIL

/// Operands that each constraint refuses, with the message.
extension Rejection {
  static let all: [Rejection] = [
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "gather(x: %x, indices: [0], axis: 3)",
      "gather: 'axis' is 3 but the operand has rank 3"),
    Rejection(
      .iOS16, "%x: float32[2, 3, 4], %i: int32[2]",
      "gather(x: %x, indices: %i, axis: 2, batch_dims: 2)",
      "gather: 'batch_dims' is 2"),
    Rejection(
      .iOS17, "%x: float32[2, 3, 4]",
      "gather(x: %x, indices: [0, -1], axis: 1)",
      "gather: 'indices' holds -1, outside an axis of extent 3"),
    Rejection(
      .iOS17, "%x: float32[2, 3, 4]",
      "gather(x: %x, indices: [3], axis: 1)",
      "gather: 'indices' holds 3, outside an axis of extent 3"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4], %i: int32[2, 3, 4]",
      "gather_along_axis(x: %x, indices: %i, axis: -4)",
      "gather_along_axis: 'axis' is -4 but the operand has rank 3"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4], %i: int32[2, 3]",
      "gather_along_axis(x: %x, indices: %i, axis: 0)",
      "gather_along_axis: 'indices' has rank 2 but 'x' has rank 3"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4], %i: int32[2, 1, 4]",
      "gather_along_axis(x: %x, indices: %i, axis: 0)",
      "gather_along_axis: 'indices' is [2, 1, 4] but 'x' is [2, 3, 4]: they may differ along axis 0 only"
    ),
    Rejection(
      .iOS17, "%x: float32[2]",
      "gather_along_axis(x: %x, indices: [2], axis: 0)",
      "gather_along_axis: 'indices' holds 2, outside an axis of extent 2"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4], %i: int32[]",
      "gather_nd(x: %x, indices: %i)",
      "gather_nd: 'indices' has rank 0, not at least 1"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4], %i: int32[2, T]",
      "gather_nd(x: %x, indices: %i)",
      "gather_nd: the last extent of 'indices' is T, not fixed"),
    Rejection(
      .iOS16, "%x: float32[2, 3, 4], %i: int32[2, 1]",
      "gather_nd(x: %x, indices: %i, batch_dims: 2)",
      "gather_nd: 'batch_dims' is 2"),
    Rejection(
      .iOS16, "%x: float32[2, 3, 4], %i: int32[2, 3]",
      "gather_nd(x: %x, indices: %i, batch_dims: 1)",
      "gather_nd: the last extent of 'indices' is 3 but 'x' has rank 3"),
    Rejection(
      .iOS17, "%x: float32[2, 3, 4]",
      "gather_nd(x: %x, indices: const int32[1, 2] [1, 3])",
      "gather_nd: 'indices' holds 3, outside an axis of extent 3"),
    Rejection(
      .iOS15, "%d: float32[2, 3], %u: float32[2, 3], %i: int32[3]",
      "scatter(data: %d, indices: %i, updates: %u, axis: 2)",
      "scatter: 'axis' is 2 but the operand has rank 2"),
    Rejection(
      .iOS15, "%d: float32[2, 3], %u: float32[2, 3], %i: int32[3]",
      "scatter(data: %d, indices: %i, updates: %u, axis: 0)",
      "scatter: 'updates' has shape [2, 3], not [3, 3]"),
    Rejection(
      .iOS15, "%d: float32[2, 3], %u: float32[2, 3], %i: int32[3]",
      "scatter(data: %d, indices: %i, updates: %u, axis: 1, mode: \"max_pool\")",
      "scatter: 'mode' is 'max_pool', not one of add, div, max, min, mul, sub, update"),
    Rejection(
      .iOS17, "%d: float32[2, 3], %u: float32[1, 3]",
      "scatter(data: %d, indices: [2], updates: %u, axis: 0)",
      "scatter: 'indices' holds 2, outside an axis of extent 2"),
    Rejection(
      .iOS15, "%d: float32[2, 3], %u: float32[2, 3], %i: int32[2, 1]",
      "scatter_along_axis(data: %d, indices: %i, updates: %u, axis: -3)",
      "scatter_along_axis: 'axis' is -3 but the operand has rank 2"),
    Rejection(
      .iOS15, "%d: float32[2, 3], %u: float32[2, 3], %i: int32[2, 1]",
      "scatter_along_axis(data: %d, indices: %i, updates: %u, axis: 0)",
      "scatter_along_axis: 'indices' is [2, 1] but 'data' is [2, 3]: they may differ along axis 0 only"
    ),
    Rejection(
      .iOS15, "%d: float32[2, 3], %u: float32[2, 3], %i: int32[2, 1]",
      "scatter_along_axis(data: %d, indices: %i, updates: %u, axis: 1)",
      "scatter_along_axis: 'updates' has shape [2, 3], not [2, 1]"),
    Rejection(
      .iOS15, "%d: float32[2], %u: float32[2], %i: int32[2]",
      "scatter_along_axis(data: %d, indices: %i, updates: %u, mode: \"mean\")",
      "scatter_along_axis: 'mode' is 'mean', not one of add, div, max, min, mul, sub, update"),
    Rejection(
      .iOS17, "%d: float32[2], %u: float32[1]",
      "scatter_along_axis(data: %d, indices: [-1], updates: %u)",
      "scatter_along_axis: 'indices' holds -1, outside an axis of extent 2"),
    Rejection(
      .iOS15, "%d: float32[2], %u: float32[2], %i: int32[]",
      "scatter_nd(data: %d, indices: %i, updates: %u)",
      "scatter_nd: 'indices' has rank 0, not at least 1"),
    Rejection(
      .iOS15, "%d: float32[2], %u: float32[2], %i: int32[2, 2]",
      "scatter_nd(data: %d, indices: %i, updates: %u)",
      "scatter_nd: the last extent of 'indices' is 2 but 'data' has rank 1"),
    Rejection(
      .iOS15, "%d: float32[2, 3], %u: float32[2, 2], %i: int32[2, 1]",
      "scatter_nd(data: %d, indices: %i, updates: %u)",
      "scatter_nd: 'updates' has shape [2, 2], not [2, 3]"),
    Rejection(
      .iOS15, "%d: float32[2, 3], %u: float32[2, 3], %i: int32[2, 1]",
      "scatter_nd(data: %d, indices: %i, updates: %u, mode: \"mean\")",
      "scatter_nd: 'mode' is 'mean', not one of add, div, max, min, mul, sub, update"),
    Rejection(
      .iOS17, "%d: float32[2, 3], %u: float32[1, 3]",
      "scatter_nd(data: %d, indices: const int32[1, 1] [2], updates: %u)",
      "scatter_nd: 'indices' holds 2, outside an axis of extent 2"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4], %s: int32[T]",
      "reshape(x: %x, shape: %s)",
      "reshape: 'shape' has no fixed number of elements"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "reshape(x: %x, shape: 24)",
      "reshape: 'shape' has rank 0, not 1"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "reshape(x: %x, shape: [-2, 12])",
      "reshape: 'shape' is -2, not at least -1"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "reshape(x: %x, shape: [-1, -1])",
      "reshape: 'shape' holds -1 more than once"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "reshape(x: %x, shape: [5, -1])",
      "reshape: cannot turn [2, 3, 4] into [5, 4]"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "reshape(x: %x, shape: [0, 12])",
      "reshape: 'shape' holds 0 but has 2 elements and 'x' rank 3"),
    Rejection(
      .iOS15, "%x: float32[2, 0]",
      "reshape(x: %x, shape: [0, 0, -1])",
      "reshape: 'shape' holds 0 but has 3 elements and 'x' rank 2"),
    Rejection(
      .iOS17, "%x: float32[2, 0]",
      "reshape(x: %x, shape: [-1, 0])",
      "reshape: 'shape' leaves -1 undetermined beside an extent of 0"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "transpose(x: %x, perm: [0, 1])",
      "transpose: 'perm' has 2 elements but 'x' has rank 3"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "transpose(x: %x, perm: [0, 1, 1])",
      "transpose: 'perm' names axis 1 twice"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "transpose(x: %x, perm: [0, 1, 3])",
      "transpose: 'perm' is 3 but the operand has rank 3"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "expand_dims(x: %x, axes: 0)",
      "expand_dims: 'axes' has rank 0, not 1"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "expand_dims(x: %x, axes: [4])",
      "expand_dims: 'axes' holds 4 but the result has rank 4"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "expand_dims(x: %x, axes: [0, -5])",
      "expand_dims: 'axes' names an axis twice: [0, -5]"),
    Rejection(
      .iOS15, "%x: float32[1, 3]",
      "squeeze(x: %x, axes: 0)",
      "squeeze: 'axes' has rank 0, not 1"),
    Rejection(
      .iOS15, "%x: float32[1, 3]",
      "squeeze(x: %x, axes: [2])",
      "squeeze: 'axes' is 2 but the operand has rank 2"),
    Rejection(
      .iOS15, "%x: float32[1, 3]",
      "squeeze(x: %x, axes: [1])",
      "squeeze: axis 1 of 'x' has extent 3, not 1"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "reverse(x: %x, axes: 0)",
      "reverse: 'axes' has rank 0, not 1"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "reverse(x: %x, axes: [0, -3])",
      "reverse: 'axes' names axis 0 twice"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "reverse_sequence(x: %x, lengths: [1, 2], seq_axis: 3)",
      "reverse_sequence: 'seq_axis' is 3 but the operand has rank 3"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "reverse_sequence(x: %x, lengths: [1, 2], batch_axis: -4)",
      "reverse_sequence: 'batch_axis' is -4 but the operand has rank 3"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "reverse_sequence(x: %x, lengths: [1, 2], batch_axis: 1)",
      "reverse_sequence: 'lengths' has shape [2], not [3]"),
    Rejection(
      .iOS15, "%x: float32[3, 4]",
      "slice_by_index(x: %x, begin: [0], end: [1, 1])",
      "slice_by_index: 'begin' has 1 elements but 'x' has rank 2"),
    Rejection(
      .iOS15, "%x: float32[3, 4], %n: int32[3]",
      "slice_by_index(x: %x, begin: %n, end: [1, 1])",
      "slice_by_index: 'begin' has 3 elements but 'x' has rank 2"),
    Rejection(
      .iOS15, "%x: float32[3, 4]",
      "slice_by_index(x: %x, begin: [0, 0], end: 1)",
      "slice_by_index: 'end' has rank 0, not 1"),
    Rejection(
      .iOS15, "%x: float32[3, 4]",
      "slice_by_index(x: %x, begin: [0, 0], end: [1, 1], stride: [1, 0])",
      "slice_by_index: 'stride' is 0 for axis 1"),
    Rejection(
      .iOS15, "%x: float32[3, 4]",
      "slice_by_index(x: %x, begin: [0, 0], end: [1, 1], begin_mask: [true])",
      "slice_by_index: 'begin_mask' has 1 elements, not 2"),
    Rejection(
      .iOS15, "%x: float32[3, 4]",
      "slice_by_index(x: %x, begin: [2, 0], end: [1, 1])",
      "slice_by_index: axis 0 is sliced from 2 to 1 in steps of 1"),
    Rejection(
      .iOS15, "%x: float32[3, 4]",
      "slice_by_index(x: %x, begin: [3, 0], end: [0, 1], squeeze_mask: [true, false])",
      "slice_by_index: 'begin' is 3 for axis 0 of extent 3"),
    Rejection(
      .iOS15, "%x: float32[3, 4]",
      "slice_by_index(x: %x, begin: [-1, 0], end: [-4, 1], stride: [-1, 1])",
      "slice_by_index: axis 0 of extent 3 is sliced down to -4"),
    Rejection(
      .iOS18, "%x: float32[3, 4], %u: float32[2, 4]",
      "slice_update(x: %x, update: %u, begin: [0], end: [2, 4])",
      "slice_update: 'begin' has 1 elements but 'x' has rank 2"),
    Rejection(
      .iOS18, "%x: float32[3, 4], %u: float32[2, 4]",
      "slice_update(x: %x, update: %u, begin: [0, 0], end: [3, 4])",
      "slice_update: 'update' has shape [2, 4] but the slice [3, 4]"),
    Rejection(
      .iOS18, "%x: float32[3, 4], %u: float32[]",
      "slice_update(x: %x, update: %u, begin: [0, 0], end: [1, 1], squeeze_mask: [true, true])",
      "slice_update: 'update' is a scalar"),
    Rejection(
      .iOS15, "%x: float32[3, 4]",
      "slice_by_size(x: %x, begin: [0], size: [1, 1])",
      "slice_by_size: 'begin' has 1 elements but 'x' has rank 2"),
    Rejection(
      .iOS15, "%x: float32[3, 4]",
      "slice_by_size(x: %x, begin: [0, 0], size: [1])",
      "slice_by_size: 'size' has 1 elements but 'x' has rank 2"),
    Rejection(
      .iOS15, "%x: float32[3, 4]",
      "slice_by_size(x: %x, begin: [0, 0], size: [1, -2])",
      "slice_by_size: 'size' is -2, not at least -1"),
    Rejection(
      .iOS15, "%x: float32[3, 4]",
      "slice_by_size(x: %x, begin: [-1, 0], size: [2, 1])",
      "slice_by_size: 'size' is 2 from 2 for axis 0 of extent 3"),
    Rejection(
      .iOS15, "%x: float32[8, 4, 4]",
      "depth_to_space(x: %x, block_size: 2)",
      "depth_to_space: 'x' has rank 3, not 4"),
    Rejection(
      .iOS15, "%x: float32[1, 8, 4, 4]",
      "depth_to_space(x: %x, block_size: 0)",
      "depth_to_space: 'block_size' is 0, not at least 1"),
    Rejection(
      .iOS15, "%x: float32[1, 8, 4, 4]",
      "depth_to_space(x: %x, block_size: 3)",
      "depth_to_space: axis 1 of 'x' has extent 8, not a multiple of 9"),
    Rejection(
      .iOS15, "%x: float32[8, 4, 4]",
      "pixel_shuffle(x: %x, upscale_factor: 2)",
      "pixel_shuffle: 'x' has rank 3, not 4"),
    Rejection(
      .iOS15, "%x: float32[1, 8, 4, 4]",
      "pixel_shuffle(x: %x, upscale_factor: 0)",
      "pixel_shuffle: 'upscale_factor' is 0, not at least 1"),
    Rejection(
      .iOS15, "%x: float32[1, 8, 4, 4]",
      "pixel_shuffle(x: %x, upscale_factor: 3)",
      "pixel_shuffle: axis 1 of 'x' has extent 8, not a multiple of 9"),
    Rejection(
      .iOS15, "%x: float32[8, 4, 4]",
      "space_to_depth(x: %x, block_size: 2)",
      "space_to_depth: 'x' has rank 3, not 4"),
    Rejection(
      .iOS15, "%x: float32[1, 8, 4, 4]",
      "space_to_depth(x: %x, block_size: 0)",
      "space_to_depth: 'block_size' is 0, not at least 1"),
    Rejection(
      .iOS15, "%x: float32[1, 8, 4, 4]",
      "space_to_depth(x: %x, block_size: 3)",
      "space_to_depth: axis 2 of 'x' has extent 4, not a multiple of 3"),
    Rejection(
      .iOS16, "%x: float32[8, 4, 4]",
      "pixel_unshuffle(x: %x, downscale_factor: 2)",
      "pixel_unshuffle: 'x' has rank 3, not 4"),
    Rejection(
      .iOS16, "%x: float32[1, 8, 4, 4]",
      "pixel_unshuffle(x: %x, downscale_factor: 0)",
      "pixel_unshuffle: 'downscale_factor' is 0, not at least 1"),
    Rejection(
      .iOS16, "%x: float32[1, 8, 4, 4]",
      "pixel_unshuffle(x: %x, downscale_factor: 3)",
      "pixel_unshuffle: axis 2 of 'x' has extent 4, not a multiple of 3"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "space_to_batch(x: %x, block_shape: [2, 2], paddings: const int32[2, 2] [0, 0, 0, 0])",
      "space_to_batch: 'x' has rank 3, not 4"),
    Rejection(
      .iOS15, "%x: float32[1, 2, 4, 4]",
      "space_to_batch(x: %x, block_shape: [2], paddings: const int32[2, 2] [0, 0, 0, 0])",
      "space_to_batch: 'block_shape' has shape [1], not [2]"),
    Rejection(
      .iOS15, "%x: float32[1, 2, 4, 4]",
      "space_to_batch(x: %x, block_shape: [2, 0], paddings: const int32[2, 2] [0, 0, 0, 0])",
      "space_to_batch: 'block_shape' is 0, not at least 1"),
    Rejection(
      .iOS15, "%x: float32[1, 2, 4, 4]",
      "space_to_batch(x: %x, block_shape: [2, 2], paddings: [0, 0])",
      "space_to_batch: 'paddings' has shape [2], not [2, 2]"),
    Rejection(
      .iOS15, "%x: float32[1, 2, 4, 4]",
      "space_to_batch(x: %x, block_shape: [2, 2], paddings: const int32[2, 2] [0, 1, 0, 0])",
      "space_to_batch: a padded extent is 5, not a multiple of the block 2"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "batch_to_space(x: %x, block_shape: [2, 2], crops: const int32[2, 2] [0, 0, 0, 0])",
      "batch_to_space: 'x' has rank 3, not 4"),
    Rejection(
      .iOS15, "%x: float32[4, 2, 4, 4]",
      "batch_to_space(x: %x, block_shape: [2, 2, 2], crops: const int32[2, 2] [0, 0, 0, 0])",
      "batch_to_space: 'block_shape' has shape [3], not [2]"),
    Rejection(
      .iOS15, "%x: float32[4, 2, 4, 4]",
      "batch_to_space(x: %x, block_shape: [2, 2], crops: const int32[2, 2] [0, -1, 0, 0])",
      "batch_to_space: 'crops' is -1, not at least 0"),
    Rejection(
      .iOS15, "%x: float32[6, 2, 4, 4]",
      "batch_to_space(x: %x, block_shape: [2, 2], crops: const int32[2, 2] [0, 0, 0, 0])",
      "batch_to_space: the batch is 6, not a multiple of 4"),
    Rejection(
      .iOS15, "%x: float32[4, 2, 4, 4]",
      "batch_to_space(x: %x, block_shape: [2, 2], crops: const int32[2, 2] [9, 0, 0, 0])",
      "batch_to_space: 'crops' leave an extent of -1"),
    Rejection(
      .iOS15, "%x: float32[3, 4]",
      "sliding_windows(x: %x, axis: 2, size: 1)",
      "sliding_windows: 'axis' is 2 but the operand has rank 2"),
    Rejection(
      .iOS15, "%x: float32[3, 4]",
      "sliding_windows(x: %x, axis: 1, size: 0)",
      "sliding_windows: 'size' is 0, not at least 1"),
    Rejection(
      .iOS15, "%x: float32[3, 4]",
      "sliding_windows(x: %x, axis: 1, size: 2, stride: 0)",
      "sliding_windows: 'stride' is 0, not at least 1"),
    Rejection(
      .iOS15, "%x: float32[3, 4]",
      "sliding_windows(x: %x, axis: 1, size: 5)",
      "sliding_windows: 'size' is 5 but the axis has extent 4"),
    Rejection(
      .iOS16, "%x: float32[3, 4], %r: float32[2, 6]",
      "reshape_like(x: %x, ref_tensors: (%r), begins: (0, 1), ends: (2), end_masks: (false))",
      "reshape_like: 'begins' has 2 elements but 'ref_tensors' 1"),
    Rejection(
      .iOS16, "%x: float32[3, 4], %r: float32[2, 6]",
      "reshape_like(x: %x, ref_tensors: (%r), begins: (0.5), ends: (2), end_masks: (false))",
      "reshape_like: 'begins' must hold int32 constants"),
    Rejection(
      .iOS16, "%x: float32[3, 4], %r: float32[2, 6]",
      "reshape_like(x: %x, ref_tensors: (%r), begins: (0), ends: (2), end_masks: (1))",
      "reshape_like: 'end_masks' must hold bool constants"),
    Rejection(
      .iOS16, "%x: float32[3, 4], %r: float32[2, 6]",
      "reshape_like(x: %x, ref_tensors: (%r), begins: (1), ends: (2), end_masks: (false))",
      "reshape_like: cannot turn [3, 4] into [6]"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "argsort(x: %x, axis: 3)",
      "argsort: 'axis' is 3 but the operand has rank 3"),
    Rejection(
      .iOS15, "%x: float32[3]",
      "band_part(x: %x)",
      "band_part: 'x' has rank 1, not 2 or more"),
    Rejection(
      .iOS15, "%a: float32[2, 3], %b: float16[2, 3], %c: float32[2], %d: float32[3, 3]",
      "concat(values: (), axis: 0)",
      "concat: 'values' is empty"),
    Rejection(
      .iOS15, "%a: float32[2, 3], %b: float16[2, 3], %c: float32[2], %d: float32[3, 3]",
      "concat(values: (%a, %b), axis: 0)",
      "concat: 'values' mixes float32 and float16"),
    Rejection(
      .iOS15, "%a: float32[2, 3], %b: float16[2, 3], %c: float32[2], %d: float32[3, 3]",
      "concat(values: (%a, %c), axis: 0)",
      "concat: 'values' mixes ranks 2 and 1"),
    Rejection(
      .iOS15, "%a: float32[2, 3], %b: float16[2, 3], %c: float32[2], %d: float32[3, 3]",
      "concat(values: (%a, %d), axis: 2)",
      "concat: 'axis' is 2 but the operand has rank 2"),
    Rejection(
      .iOS15, "%a: float32[2, 3], %b: float16[2, 3], %c: float32[2], %d: float32[3, 3]",
      "concat(values: (%a, %d), axis: 1)",
      "concat: 'values' of shapes [2, 3] and [3, 3] differ along axis 0"),
    Rejection(
      .iOS15, "%a: float32[2, 3], %b: float16[2, 3], %c: float32[2], %d: float32[3, 3]",
      "concat(values: (%a, %d), axis: 0, interleave: true)",
      "concat: 'values' of shapes [2, 3] and [3, 3] differ along axis 0"),
    Rejection(
      .iOS15, "%a: float32[2, 3], %b: float16[2, 3], %c: float32[2], %d: float32[3, 3]",
      "stack(values: (), axis: 0)",
      "stack: 'values' is empty"),
    Rejection(
      .iOS15, "%a: float32[2, 3], %b: float16[2, 3], %c: float32[2], %d: float32[3, 3]",
      "stack(values: (%a, %c), axis: 0)",
      "stack: 'values' mixes ranks 2 and 1"),
    Rejection(
      .iOS15, "%a: float32[2, 3], %b: float16[2, 3], %c: float32[2], %d: float32[3, 3]",
      "stack(values: (%a, %d), axis: 0)",
      "stack: 'values' mixes shapes [2, 3] and [3, 3]"),
    Rejection(
      .iOS15, "%a: float32[2, 3], %b: float16[2, 3], %c: float32[2], %d: float32[3, 3]",
      "stack(values: (%a, %a), axis: 3)",
      "stack: 'axis' is 3 but the operand has rank 3"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "cumsum(x: %x, axis: -2)",
      "cumsum: 'axis' is -2 but the operand has rank 3"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "cumsum(x: %x, axis: 3)",
      "cumsum: 'axis' is 3 but the operand has rank 3"),
    Rejection(
      .iOS15, "%s: int32[T]",
      "fill(shape: %s)",
      "fill: 'shape' has no fixed number of elements"),
    Rejection(
      .iOS15, "%s: int32[2]",
      "fill(shape: [2, -1])",
      "fill: 'shape' is -1, not at least 0"),
    Rejection(
      .iOS15, "%s: int32[2]",
      "fill(shape: %s, value: [1.0])",
      "fill: 'value' has rank 1, not 0"),
    Rejection(
      .iOS16, "%x: float32[2, 3, 4]",
      "fill_like(ref_tensor: %x, value: [1.0])",
      "fill_like: 'value' has rank 1, not 0"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "flatten2d(x: %x, axis: 4)",
      "flatten2d: 'axis' is 4 but the operand has rank 3"),
    Rejection(
      .iOS18, "%s: state<float16[2]>",
      "identity(x: %s)",
      "identity: 'x' is a state"),
    Rejection(
      .iOS15, "%b: float32[9, 4], %s: float32[1, 9, 3]",
      "non_maximum_suppression(boxes: %b, scores: %s, iou_threshold: 0.5, score_threshold: 0.5, max_boxes: 5)",
      "non_maximum_suppression: 'boxes' has rank 2, not 3"),
    Rejection(
      .iOS15, "%b: float32[1, 9, 4], %s: float32[9, 3]",
      "non_maximum_suppression(boxes: %b, scores: %s, iou_threshold: 0.5, score_threshold: 0.5, max_boxes: 5)",
      "non_maximum_suppression: 'scores' has rank 2, not 3"),
    Rejection(
      .iOS15, "%b: float32[1, 9, 5], %s: float32[1, 9, 3]",
      "non_maximum_suppression(boxes: %b, scores: %s, iou_threshold: 0.5, score_threshold: 0.5, max_boxes: 5)",
      "non_maximum_suppression: axis 2 of 'boxes' has extent 5, not 4"),
    Rejection(
      .iOS17, "%b: float32[1, 9, 4], %s: float32[1, 9, 3]",
      "non_maximum_suppression(boxes: %b, scores: %s, iou_threshold: 0.5, max_boxes: 5)",
      "non_maximum_suppression: axis 1 of 'boxes' has extent 9, not 4"),
    Rejection(
      .iOS15, "%b: float32[1, 9, 4], %s: float32[1, 8, 3]",
      "non_maximum_suppression(boxes: %b, scores: %s, iou_threshold: 0.5, score_threshold: 0.5, max_boxes: 5)",
      "non_maximum_suppression: 'boxes' [1, 9, 4] and 'scores' [1, 8, 3] differ along axis 1"),
    Rejection(
      .iOS15, "%b: float32[1, 9, 4], %s: float32[1, 9, 3]",
      "non_maximum_suppression(boxes: %b, scores: %s, iou_threshold: 0.5, score_threshold: 0.5, max_boxes: 0)",
      "non_maximum_suppression: 'max_boxes' is 0, not at least 1"),
    Rejection(
      .iOS15, "%b: float32[1, 9, 4], %s: float32[1, 9, 3]",
      "non_maximum_suppression(boxes: %b, scores: %s, iou_threshold: 0.5, score_threshold: 0.5, max_boxes: [1, 2])",
      "non_maximum_suppression: 'max_boxes' must be one number, not int32[2]"),
    Rejection(
      .iOS15, "%b: float32[1, 9, 4], %s: float32[1, 9, 3]",
      "non_maximum_suppression(boxes: %b, scores: %s, iou_threshold: [0.5, 0.5], score_threshold: 0.5, max_boxes: 5)",
      "non_maximum_suppression: 'iou_threshold' must be one number, not float32[2]"),
    Rejection(
      .iOS15, "%b: float32[1, 9, 4], %s: float32[1, 9, 3]",
      "non_maximum_suppression(boxes: %b, scores: %s, iou_threshold: 0.5, score_threshold: [0.5, 0.5], max_boxes: 5)",
      "non_maximum_suppression: 'score_threshold' must be one number, not float32[2]"),
    Rejection(
      .iOS15, "%i: int32[2]",
      "one_hot(indices: %i, one_hot_vector_size: 3, axis: 2)",
      "one_hot: 'axis' is 2 but the operand has rank 2"),
    Rejection(
      .iOS15, "%i: int32[2]",
      "one_hot(indices: %i, one_hot_vector_size: -1)",
      "one_hot: 'one_hot_vector_size' is -1, not at least 0"),
    Rejection(
      .iOS15, "%i: int32[2]",
      "one_hot(indices: %i, one_hot_vector_size: [1, 2])",
      "one_hot: 'one_hot_vector_size' must be one number, not 2"),
    Rejection(
      .iOS15, "%i: int32[2]",
      "one_hot(indices: %i, one_hot_vector_size: 3, on_value: 1.0)",
      "one_hot: 'on_value' is float32 but the other value defaults to int32"),
    Rejection(
      .iOS15, "%x: float32[3, 4]",
      "pad(x: %x, pad: [1, 1], mode: \"circular\")",
      "pad: 'mode' is 'circular', not one of constant, reflect, replicate"),
    Rejection(
      .iOS15, "%x: float32[3, 4]",
      "pad(x: %x, pad: [1, 1, 1])",
      "pad: 'pad' has 3 elements but 'x' has rank 2"),
    Rejection(
      .iOS15, "%x: float32[3, 4]",
      "pad(x: %x, pad: [1, 1, 1, 1, 1, 1])",
      "pad: 'pad' has 6 elements but 'x' has rank 2"),
    Rejection(
      .iOS15, "%x: float32[3, 4], %p: int32[2]",
      "pad(x: %x, pad: %p)",
      "pad: 'pad' has 2 elements but 'x' has rank 2"),
    Rejection(
      .iOS15, "%x: float32[3, 4]",
      "pad(x: %x, pad: [1, -1])",
      "pad: 'pad' is -1, not at least 0"),
    Rejection(
      .iOS15, "%x: float32[3, 4]",
      "pad(x: %x, pad: [0, 4], mode: \"reflect\")",
      "pad: 'pad' is 4 for an extent of 4 in mode reflect"),
    Rejection(
      .iOS15, "%x: float32[0]",
      "pad(x: %x, pad: [0, 4], mode: \"replicate\")",
      "pad: 'pad' is 4 for an extent of 0 in mode replicate"),
    Rejection(
      .iOS15, "%i: int32[2]",
      "range_1d(end: [5], start: 0, step: 1)",
      "range_1d: 'end' has rank 1, not 0"),
    Rejection(
      .iOS15, "%i: int32[2]",
      "range_1d(end: 5, start: 0, step: 0)",
      "range_1d: 'step' is 0"),
    Rejection(
      .iOS15, "%i: int32[2]",
      "range_1d(end: inf, start: 0.0, step: 1.0)",
      "range_1d: the range from 0.0 to inf in steps of 1.0 has no length"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "split(x: %x, num_splits: 2, axis: 3)",
      "split: 'axis' is 3 but the operand has rank 3"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "split(x: %x, axis: 0)",
      "split: neither 'num_splits' nor 'split_sizes' is given"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "split(x: %x, num_splits: 3, split_sizes: [1, 1], axis: 0)",
      "split: 'num_splits' is 3 but 'split_sizes' has 2 elements"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "split(x: %x, num_splits: 0, axis: 1)",
      "split: 'num_splits' is 0, not at least 1"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "split(x: %x, num_splits: 2, axis: 1)",
      "split: 'num_splits' is 2, which does not divide the extent 3"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "split(x: %x, split_sizes: [1, 1], axis: 1)",
      "split: 'split_sizes' add up to 2, not 3"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "split(x: %x, split_sizes: [4, -1], axis: 1)",
      "split: 'split_sizes' is -1, not at least 0"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "tile(x: %x, reps: [1, 2])",
      "tile: 'reps' has 2 elements but 'x' has rank 3"),
    Rejection(
      .iOS15, "%x: float32[]",
      "tile(x: %x, reps: [1, 2])",
      "tile: 'x' is a scalar"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "tile(x: %x, reps: [1, 2, 0])",
      "tile: 'reps' is 0, not at least 1"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "topk(x: %x, k: 1, axis: 3)",
      "topk: 'axis' is 3 but the operand has rank 3"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "topk(x: %x, k: 5)",
      "topk: 'k' is 5 but the axis has extent 4"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "topk(x: %x, k: 0)",
      "topk: 'k' is 0, not at least 1"),
    Rejection(
      .iOS17, "%x: float32[2, 3, 4]",
      "topk(x: %x, output_indices_dtype: \"int8\")",
      "topk: 'output_indices_dtype' is 'int8', not one of int32, uint16"),
    Rejection(
      .iOS17, "%x: float32[2, 3, 4]",
      "topk(x: %x, return_indices: false, output_indices_dtype: \"int32\")",
      "topk: 'output_indices_dtype' is given but 'return_indices' is false"),
    Rejection(
      .iOS15, "%c: bool[2], %a: float32[2], %b: float32[3]",
      "select(cond: %c, a: %a, b: %b)",
      "select: shapes [2] and [3] do not broadcast"),
    Rejection(
      .iOS15, "%p: bool[2]",
      "cond(pred: %p) { return %p } { return %p }",
      "cond: 'pred' must be one number, not bool[2]"),
    Rejection(
      .iOS15, "%p: bool[1]",
      "cond(pred: %p) { return %p }",
      "cond: needs two blocks without arguments"),
    Rejection(
      .iOS15, "%p: bool[1]",
      "cond(pred: %p) { return %p } { return }",
      "cond: the blocks have 1 and 0 results"),
    Rejection(
      .iOS15, "%p: bool[1], %q: int32[2]",
      "cond(pred: %p) { return %p } { return %q }",
      "cond: result 0 is bool[1] in one block, int32[2] in the other"),
    Rejection(
      .iOS15, "%p: bool[], %q: int32[2]",
      "while_loop(loop_vars: (%q)) { return %p }",
      "while_loop: needs two blocks, has 1"),
    Rejection(
      .iOS15, "%p: bool[], %q: int32[2]",
      "while_loop(loop_vars: (%q)) { return %p } (%a: int32[2]) { return %a }",
      "while_loop: a block has 0 arguments for 1 'loop_vars'"),
    Rejection(
      .iOS15, "%p: bool[], %q: int32[2]",
      "while_loop(loop_vars: (%q)) (%a: int32[2]) { return %p } (%b: int32[3]) { return %b }",
      "while_loop: loop variable 0 is int32[2] but the argument int32[3]"),
    Rejection(
      .iOS15, "%p: bool[], %q: int32[2]",
      "while_loop(loop_vars: (%q)) (%a: int32[2]) { return %a } (%b: int32[2]) { return %b }",
      "while_loop: the first block must give one bool"),
    Rejection(
      .iOS15, "%p: bool[], %q: int32[2]",
      "while_loop(loop_vars: (%q)) (%a: int32[2]) { return %p } (%b: int32[2]) { return }",
      "while_loop: the second block has 0 results for 1 'loop_vars'"),
    Rejection(
      .iOS15, "%p: bool[], %q: int32[2]",
      "while_loop(loop_vars: (%q)) (%a: int32[2]) { return %p } (%b: int32[2]) { return %p }",
      "while_loop: result 0 is bool[] but the argument int32[2]"),
    Rejection(
      .iOS15, "%n: int32[]",
      "make_list(elem_shape: (%n))",
      "make_list: 'elem_shape' must hold extents or names"),
    Rejection(
      .iOS15, "%n: int32[]",
      "make_list(elem_shape: (2), dtype: \"int8\")",
      "make_list: 'dtype' is 'int8', not one of bool, fp16, fp32, int32"),
    Rejection(
      .iOS15, "%n: int32[]",
      "make_list(init_length: %n, dynamic_length: false, elem_shape: (2))",
      "make_list: 'init_length' must be a constant"),
    Rejection(
      .iOS15, "%l: list<float32[2], 3>, %v: float32[3]",
      "list_read(ls: %l, index: [0, 1])",
      "list_read: 'index' must be one number, not int32[2]"),
    Rejection(
      .iOS15, "%l: list<float32[2], 3>, %v: float32[3]",
      "list_write(ls: %l, index: [0, 1], value: %v)",
      "list_write: 'index' must be one number, not int32[2]"),
    Rejection(
      .iOS15, "%l: list<float32[2], 3>, %v: float32[3]",
      "list_write(ls: %l, index: 0, value: %v)",
      "list_write: 'value' is float32[3] but the elements are float32[2]"),
    Rejection(
      .iOS15, "%l: list<float32[2], 3>, %v: float32[3]",
      "list_gather(ls: %l, indices: 0)",
      "list_gather: 'indices' has rank 0, not 1"),
    Rejection(
      .iOS15, "%l: list<float32[2], 3>, %v: float32[3]",
      "list_scatter(ls: %l, indices: 0, value: %v)",
      "list_scatter: 'indices' has rank 0, not 1"),
    Rejection(
      .iOS15, "%l: list<float32[2], 3>, %v: float32[3]",
      "list_scatter(ls: %l, indices: [0], value: %v)",
      "list_scatter: 'value' is float32[3], not float32[1, 2]"),
    Rejection(
      .iOS15, "%p: float32[2]",
      "classify(probabilities: %p, classes: list(int32[] 1, int32[] 2))",
      "classify: 'classes' is list<int32[], 2>, not a list of string or int64"),
    Rejection(
      .iOS15, "%p: float32[2]",
      "classify(probabilities: %p, classes: list(int64[] 1))",
      "classify: 'classes' has 1 elements but 'probabilities' has 2"),
    Rejection(
      .iOS18, "%s: state<float16[2]>, %d: float32[2]",
      "write_state(input: %s, data: %d)",
      "write_state: 'data' is float32[2] but the state holds float16[2]"),
    Rejection(
      .iOS18, "%s: state<float16[2]>, %d: float16[3]",
      "write_state(input: %s, data: %d)",
      "write_state: 'data' is float16[3] but the state holds float16[2]"),
    Rejection(
      .iOS16, "%unused: int32[]",
      "constexpr_affine_dequantize(quantized_data: int8[2, 3] splat(0), zero_point: int8[] 0, scale: float16[2] splat(1), axis: 2)",
      "constexpr_affine_dequantize: 'axis' is 2 but the operand has rank 2"),
    Rejection(
      .iOS16, "%unused: int32[]",
      "constexpr_affine_dequantize(quantized_data: int8[2, 3] splat(0), zero_point: int8[] 0, scale: float16[3] splat(1), axis: 0)",
      "constexpr_affine_dequantize: 'scale' has shape [3], not [2]"),
    Rejection(
      .iOS16, "%unused: int32[]",
      "constexpr_affine_dequantize(quantized_data: int8[2, 3] splat(0), zero_point: int8[3] splat(1), scale: float16[2] splat(1), axis: 0)",
      "constexpr_affine_dequantize: 'zero_point' has shape [3], not [2]"),
    Rejection(
      .iOS16, "%unused: int32[]",
      "constexpr_cast(source_val: float16[2] splat(0), output_dtype: \"int8\")",
      "constexpr_cast: 'output_dtype' is 'int8', not one of fp32"),
    Rejection(
      .iOS16, "%unused: int32[]",
      "constexpr_lut_to_dense(indices: uint8[1] [0], lut: float16[8] splat(0), shape: uint32[2] [2, 2])",
      "constexpr_lut_to_dense: 'lut' has 8 elements, not one of 2, 4, 16, 64, 256"),
    Rejection(
      .iOS16, "%unused: int32[]",
      "constexpr_lut_to_dense(indices: uint8[2] [0, 0], lut: float16[4] splat(0), shape: uint32[2] [2, 2])",
      "constexpr_lut_to_dense: 'indices' has shape [2], not [1]"),
    Rejection(
      .iOS16, "%unused: int32[]",
      "constexpr_lut_to_dense(indices: uint8[1] [0], lut: float16[4] splat(0), shape: uint32[3] [4294967295, 4294967295, 4294967295])",
      "constexpr_lut_to_dense: 'shape' is [4294967295, 4294967295, 4294967295], too many elements"),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_lut_to_dense(indices: uint1[4, 2] splat(0), lut: float16[2, 2, 1] splat(0))",
      "constexpr_lut_to_dense: 'lut' has rank 3 but 'indices' has rank 2, not 2 less"),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_lut_to_dense(indices: uint1[] 0, lut: float16[2, 1, 2, 1] splat(0))",
      "constexpr_lut_to_dense: 'indices' is a scalar"),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_lut_to_dense(indices: uint1[4, 2] splat(0), lut: float16[3, 1, 2, 1] splat(0))",
      "constexpr_lut_to_dense: axis 0 of 'lut' has extent 3, which does not divide 4, that of 'indices'"
    ),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_lut_to_dense(indices: uint1[4, 2] splat(0), lut: float16[2, 1, 4, 1] splat(0))",
      "constexpr_lut_to_dense: 'lut' has 4 entries but 'indices' is uint1"),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_lut_to_dense(indices: uint1[4, 2] splat(0), lut: float16[2, 1, 2, 3] splat(0))",
      "constexpr_lut_to_dense: 'vector_axis' is missing for vectors of 3"),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_lut_to_dense(indices: uint1[4, 2] splat(0), lut: float16[2, 1, 2, 1] splat(0), vector_axis: 2)",
      "constexpr_lut_to_dense: 'vector_axis' is 2 but the operand has rank 2"),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_lut_to_sparse(indices_mask: uint1[2, 2] [1, 0, 0, 1], indices_nonzero_data: uint1[3] [0, 1, 1], lut: float16[1, 1, 2, 1] splat(0))",
      "constexpr_lut_to_sparse: 'indices_nonzero_data' has 3 elements but 'indices_mask' has 2 ones"
    ),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_lut_to_sparse(indices_mask: uint1[2, 2] [1, 0, 0, 1], indices_nonzero_data: uint1[1, 2] [0, 1], lut: float16[1, 1, 2, 1] splat(0))",
      "constexpr_lut_to_sparse: 'indices_nonzero_data' has rank 2, not 1"),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_lut_to_sparse(indices_mask: uint1[2, 2] [1, 0, 0, 1], indices_nonzero_data: uint1[2] [0, 1], lut: float16[2, 1] splat(0))",
      "constexpr_lut_to_sparse: 'lut' has rank 2 but 'indices_mask' has rank 2, not 2 less"),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_lut_to_sparse(indices_mask: uint1[2, 2] [1, 0, 0, 1], indices_nonzero_data: uint1[2] [0, 1], lut: float16[1, 3, 2, 1] splat(0))",
      "constexpr_lut_to_sparse: axis 1 of 'lut' has extent 3, which does not divide 2, that of 'indices_mask'"
    ),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_lut_to_sparse(indices_mask: uint1[2, 2] [1, 0, 0, 1], indices_nonzero_data: uint2[2] [0, 1], lut: float16[1, 1, 2, 1] splat(0))",
      "constexpr_lut_to_sparse: 'lut' has 2 entries but 'indices_nonzero_data' is uint2"),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_lut_to_sparse(indices_mask: uint1[2, 2] [1, 0, 0, 1], indices_nonzero_data: uint1[2] [0, 1], lut: float16[1, 1, 2, 1] splat(0), vector_axis: -3)",
      "constexpr_lut_to_sparse: 'vector_axis' is -3 but the operand has rank 2"),
    Rejection(
      .iOS16, "%unused: int32[]",
      "constexpr_sparse_to_dense(nonzero_data: float16[3] splat(1), mask: uint8[1] [3], shape: uint32[1] [6])",
      "constexpr_sparse_to_dense: 'nonzero_data' has 3 elements but 'mask' has 2 ones"),
    Rejection(
      .iOS16, "%unused: int32[]",
      "constexpr_sparse_to_dense(nonzero_data: float16[2] splat(1), mask: uint8[2] [3, 0], shape: uint32[1] [6])",
      "constexpr_sparse_to_dense: 'mask' has shape [2], not [1]"),
    Rejection(
      .iOS16, "%unused: int32[]",
      "constexpr_sparse_to_dense(nonzero_data: float16[2] splat(1), mask: uint8[1] [129], shape: uint32[1] [6])",
      "constexpr_sparse_to_dense: 'mask' has bits set past the last element"),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_sparse_to_dense(nonzero_data: float16[] 1, mask: uint1[2] [1, 0])",
      "constexpr_sparse_to_dense: 'nonzero_data' has rank 0, not 1"),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_blockwise_shift_scale(data: int8[4, 6] splat(0), scale: float16[2] splat(1))",
      "constexpr_blockwise_shift_scale: 'scale' has rank 1 but 'data' has rank 2"),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_blockwise_shift_scale(data: int8[] 0, scale: float16[2, 1] splat(1))",
      "constexpr_blockwise_shift_scale: 'data' is a scalar"),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_blockwise_shift_scale(data: int8[4, 6] splat(0), scale: float16[3, 1] splat(1))",
      "constexpr_blockwise_shift_scale: axis 0 of 'scale' has extent 3, which does not divide 4, that of 'data'"
    ),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_blockwise_shift_scale(data: int8[4, 6] splat(0), scale: float16[2, 1] splat(1), offset: int8[1, 2] splat(0))",
      "constexpr_blockwise_shift_scale: 'offset' is [1, 2] but 'scale' is [2, 1]"),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_blockwise_shift_scale(data: int8[4, 6] splat(0), scale: float16[2, 1] splat(1), offset: uint8[2, 1] splat(0))",
      "constexpr_blockwise_shift_scale: 'offset' is uint8 but 'data' is int8"),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_sparse_blockwise_shift_scale(data_mask: uint1[2, 2] [1, 0, 0, 1], nonzero_data: int8[1] [0], scale: float16[2, 1] splat(1))",
      "constexpr_sparse_blockwise_shift_scale: 'nonzero_data' has 1 elements but 'data_mask' has 2 ones"
    ),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_sparse_blockwise_shift_scale(data_mask: uint1[2, 2] [1, 0, 0, 1], nonzero_data: int8[2] [0, 1], scale: float16[2] splat(1))",
      "constexpr_sparse_blockwise_shift_scale: 'scale' has rank 1 but 'data_mask' has rank 2"),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_sparse_blockwise_shift_scale(data_mask: uint1[2, 2] [1, 0, 0, 1], nonzero_data: int8[2] [0, 1], scale: float16[3, 1] splat(1))",
      "constexpr_sparse_blockwise_shift_scale: axis 0 of 'scale' has extent 3, which does not divide 2, that of 'data_mask'"
    ),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_sparse_blockwise_shift_scale(data_mask: uint1[2, 2] [1, 0, 0, 1], nonzero_data: int8[2] [0, 1], scale: float16[2, 1] splat(1), offset: int8[1, 2] splat(0))",
      "constexpr_sparse_blockwise_shift_scale: 'offset' is [1, 2] but 'scale' is [2, 1]"),
    Rejection(
      .iOS18, "%unused: int32[]",
      "constexpr_sparse_blockwise_shift_scale(data_mask: uint1[2, 2] [1, 0, 0, 1], nonzero_data: int8[2] [0, 1], scale: float16[2, 1] splat(1), offset: int4[2, 1] splat(0))",
      "constexpr_sparse_blockwise_shift_scale: 'offset' is int4 but 'nonzero_data' is int8"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "gather(x: %x)",
      "gather: operand 'indices' is missing"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4], %i: int16[2]",
      "gather(x: %x, indices: %i)",
      "gather: 'indices' is int16, which iOS15 does not allow (int32)"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "gather(x: %x, indices: [0], batch_dims: 0)",
      "gather: has no operand 'batch_dims' in iOS15"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4], %k: int32[]",
      "topk(x: %x, k: %k)",
      "topk: 'k' must be a constant"),
    Rejection(
      .iOS15, "%a: float32[2], %b: float16[2], %c: bool[2]",
      "select(cond: %c, a: %a, b: %b)",
      "select: 'b' is float16 but 'a' is float32"),
    Rejection(
      .iOS18, "%x: float32[2, 3, 4]",
      "read_state(input: %x)",
      "read_state: 'input' must be a state"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "list_length(ls: %x)",
      "list_length: 'ls' must be a list"),
    Rejection(
      .iOS18, "%s: state<float16[2]>",
      "shape(x: %s)",
      "shape: 'x' must be a tensor, not state<float16[2]>"),
    Rejection(
      .iOS15, "%x: float32[2, 3, 4]",
      "concat(values: (%x), axis: \"last\")",
      "concat: 'axis' is string, which iOS15 does not allow (int32)"),
  ]
}
