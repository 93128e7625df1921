// SPDX-License-Identifier: Apache-2.0
import MIL

/// Result types as coremltools 9.0 infers them.
extension ShapeCase {
  static let gathers: [ShapeCase] = [
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "gather(x: %x, indices: [0, -1], axis: 1)",
      ["float32[2, 2, 4]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "gather(x: %x, indices: 2, axis: -1)",
      ["float32[2, 3]"]),
    ShapeCase(
      .iOS16, "%x: float32[2, 3, 4], %indices: int32[2, 5]",
      "gather(x: %x, indices: %indices, axis: 1, batch_dims: 1)",
      ["float32[2, 5, 4]"]),
    ShapeCase(
      .iOS17, "%x: uint8[4, 3], %indices: uint16[2, 2]",
      "gather(x: %x, indices: %indices, axis: 0)",
      ["uint8[2, 2, 3]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4], %indices: int32[2, 5, 4]",
      "gather_along_axis(x: %x, indices: %indices, axis: 1)",
      ["float32[2, 5, 4]"]),
    ShapeCase(
      .iOS17, "%x: int16[3, 4], %indices: int8[3, 1]",
      "gather_along_axis(x: %x, indices: %indices, axis: -1)",
      ["int16[3, 1]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4], %indices: int32[5, 2]",
      "gather_nd(x: %x, indices: %indices)",
      ["float32[5, 4]"]),
    ShapeCase(
      .iOS16, "%x: float32[2, 3, 4], %indices: int32[2, 5, 1]",
      "gather_nd(x: %x, indices: %indices, batch_dims: 1)",
      ["float32[2, 5, 4]"]),
    ShapeCase(
      .iOS15, "%data: float32[2, 3, 4], %updates: float32[2, 2, 4]",
      "scatter(data: %data, indices: [0, 1], updates: %updates, axis: 1, mode: \"update\")",
      ["float32[2, 3, 4]"]),
    ShapeCase(
      .iOS15, "%data: float32[2, 3, 4], %indices: int32[2, 1, 4], %updates: float32[2, 1, 4]",
      "scatter_along_axis(data: %data, indices: %indices, updates: %updates, axis: 1)",
      ["float32[2, 3, 4]"]),
    ShapeCase(
      .iOS15, "%data: float32[2, 3, 4], %indices: int32[5, 2], %updates: float32[5, 4]",
      "scatter_nd(data: %data, indices: %indices, updates: %updates)",
      ["float32[2, 3, 4]"]),
  ]

  static let transformations: [ShapeCase] = [
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "reshape(x: %x, shape: [4, -1])",
      ["float32[4, 6]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "reshape(x: %x, shape: [0, -1, 2])",
      ["float32[2, 6, 2]"]),
    ShapeCase(
      .iOS17, "%x: int8[2, 3, 4]",
      "reshape(x: %x, shape: [6, 0])",
      ["int8[6, 4]"]),
    ShapeCase(
      .iOS17, "%x: float32[2, 3, 4]",
      "reshape(x: %x, shape: [0, -1])",
      ["float32[3, 8]"]),
    ShapeCase(
      .iOS17, "%x: float32[2, 3, 4]",
      "reshape(x: %x, shape: [1, 0, 0, 0])",
      ["float32[1, 2, 3, 4]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "transpose(x: %x, perm: [-1, 0, 1])",
      ["float32[4, 2, 3]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "expand_dims(x: %x, axes: [0, -1])",
      ["float32[1, 2, 3, 4, 1]"]),
    ShapeCase(
      .iOS15, "%x: float32[3]",
      "expand_dims(x: %x, axes: [-3, 1])",
      ["float32[1, 1, 3]"]),
    ShapeCase(
      .iOS15, "%x: float32[1, 3, 1]",
      "squeeze(x: %x, axes: [0])",
      ["float32[3, 1]"]),
    ShapeCase(
      .iOS15, "%x: float32[1, 3, 1]",
      "squeeze(x: %x)",
      ["float32[3]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "reverse(x: %x, axes: [0, -1])",
      ["float32[2, 3, 4]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "reverse_sequence(x: %x, lengths: [1, 2, 3], seq_axis: 2, batch_axis: 1)",
      ["float32[2, 3, 4]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "slice_by_index(x: %x, begin: [0, 0, 0], end: [2, 3, 4], stride: [1, 1, 1])",
      ["float32[2, 3, 4]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "slice_by_index(x: %x, begin: [0, 1, -3], end: [2, 3, -1], stride: [1, 1, 1])",
      ["float32[2, 2, 2]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "slice_by_index(x: %x, begin: [0, 0, 0], end: [1, 2147483647, 9], stride: [1, 2, 3])",
      ["float32[1, 2, 2]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "slice_by_index(x: %x, begin: [-1, -1, -1], end: [-2, -3, -3], stride: [-1, -2, -1])",
      ["float32[1, 1, 2]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "slice_by_index(x: %x, begin: [0, 1, 0], end: [0, 0, 2], begin_mask: [true, false, false], end_mask: [true, true, false])",
      ["float32[2, 2, 2]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "slice_by_index(x: %x, begin: [0, 1, -1], end: [0, 0, 0], begin_mask: [true, false, false], end_mask: [true, false, false], squeeze_mask: [false, true, true])",
      ["float32[2]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "slice_by_index(x: %x, begin: [0, 0, 0], end: [0, 0, 0], begin_mask: [true, true, true], end_mask: [true, true, true], stride: [-1, 2, -3])",
      ["float32[2, 2, 2]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "slice_by_size(x: %x, begin: [0, 1, 2], size: [-1, 2, -1])",
      ["float32[2, 2, 2]"]),
    ShapeCase(
      .iOS18, "%x: float32[2, 3, 4], %update: float32[1, 2, 4]",
      "slice_update(x: %x, update: %update, begin: [0, 1, 0], end: [1, 3, 4])",
      ["float32[2, 3, 4]"]),
    ShapeCase(
      .iOS15, "%x: float32[1, 8, 2, 3]",
      "depth_to_space(x: %x, block_size: 2)",
      ["float32[1, 2, 4, 6]"]),
    ShapeCase(
      .iOS15, "%x: float32[1, 9, 2, 3]",
      "pixel_shuffle(x: %x, upscale_factor: 3)",
      ["float32[1, 1, 6, 9]"]),
    ShapeCase(
      .iOS15, "%x: float32[1, 2, 4, 6]",
      "space_to_depth(x: %x, block_size: 2)",
      ["float32[1, 8, 2, 3]"]),
    ShapeCase(
      .iOS15, "%x: float32[1, 2, 4, 5]",
      "space_to_batch(x: %x, block_shape: [2, 2], paddings: const int32[2, 2] [0, 0, 1, 2])",
      ["float32[4, 2, 2, 4]"]),
    ShapeCase(
      .iOS15, "%x: float32[8, 2, 4, 5]",
      "batch_to_space(x: %x, block_shape: [2, 2], crops: const int32[2, 2] [1, 0, 1, 2])",
      ["float32[2, 2, 7, 7]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 9]",
      "sliding_windows(x: %x, axis: -1, size: 4, stride: 2)",
      ["float32[2, 3, 4]"]),
  ]

  static let operations: [ShapeCase] = [
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "argsort(x: %x, axis: 1, ascending: true)",
      ["int32[2, 3, 4]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "band_part(x: %x, lower: 0, upper: -1)",
      ["float32[2, 3, 4]"]),
    ShapeCase(
      .iOS15, "%v: float32[2, 3, 4], %v1: float32[2, 5, 4]",
      "concat(values: (%v, %v1), axis: -2)",
      ["float32[2, 8, 4]"]),
    ShapeCase(
      .iOS15, "%v: float32[2, 3, 4], %v1: float32[2, 3, 4]",
      "concat(values: (%v, %v1), axis: 1, interleave: true)",
      ["float32[2, 6, 4]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "cumsum(x: %x, axis: -1, reverse: true)",
      ["float32[2, 3, 4]"]),
    ShapeCase(
      .iOS15, "",
      "fill(shape: [2, 3], value: 1.5)",
      ["float32[2, 3]"]),
    ShapeCase(
      .iOS15, "",
      "fill(shape: [2, 3])",
      ["float32[2, 3]"]),
    ShapeCase(
      .iOS16, "%ref_tensor: float32[2, 3, 4]",
      "fill_like(ref_tensor: %ref_tensor, value: const int32[] 2)",
      ["int32[2, 3, 4]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "flatten2d(x: %x, axis: 2)",
      ["float32[6, 4]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "flatten2d(x: %x, axis: -3)",
      ["float32[1, 24]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "identity(x: %x)",
      ["float32[2, 3, 4]"]),
    ShapeCase(
      .iOS15, "%boxes: float32[1, 20, 4], %scores: float32[1, 20, 3]",
      "non_maximum_suppression(boxes: %boxes, scores: %scores, iou_threshold: 0.5, score_threshold: 0.2, max_boxes: 5)",
      ["float32[1, 5, 4]", "float32[1, 5, 3]", "int32[1, 5]", "int32[1]"]),
    ShapeCase(
      .iOS17, "%boxes: float32[1, 4, 20], %scores: float32[1, 3, 20]",
      "non_maximum_suppression(boxes: %boxes, scores: %scores, iou_threshold: 0.5, max_boxes: 5)",
      ["float32[1, 4, 5]", "float32[1, 3, 5]", "int32[1, 5]"]),
    ShapeCase(
      .iOS15, "%indices: int32[2, 3]",
      "one_hot(indices: %indices, one_hot_vector_size: 5, axis: 1)",
      ["int32[2, 5, 3]"]),
    ShapeCase(
      .iOS15, "%indices: int32[2, 3]",
      "one_hot(indices: %indices, one_hot_vector_size: 5, on_value: 1.0, off_value: 0.0)",
      ["float32[2, 3, 5]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "pad(x: %x, pad: [1, 2])",
      ["float32[2, 3, 7]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "pad(x: %x, pad: [0, 0, 1, 1, 2, 3], mode: \"reflect\")",
      ["float32[2, 5, 9]"]),
    ShapeCase(
      .iOS15, "",
      "range_1d(end: 10, start: 1, step: 3)",
      ["int32[3]"]),
    ShapeCase(
      .iOS15, "",
      "range_1d(end: 0.0, start: 1.0, step: -0.25)",
      ["float32[4]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "shape(x: %x)",
      ["int32[3]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "split(x: %x, num_splits: 2, axis: -1)",
      ["float32[2, 3, 2]", "float32[2, 3, 2]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "split(x: %x, split_sizes: [1, 3], axis: 2)",
      ["float32[2, 3, 1]", "float32[2, 3, 3]"]),
    ShapeCase(
      .iOS15, "%v: float32[2, 3, 4], %v1: float32[2, 3, 4]",
      "stack(values: (%v, %v1), axis: -1)",
      ["float32[2, 3, 4, 2]"]),
    ShapeCase(
      .iOS15, "%v: float32[2, 3, 4], %v1: float32[2, 3, 4]",
      "stack(values: (%v, %v1), axis: 1)",
      ["float32[2, 2, 3, 4]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "tile(x: %x, reps: [1, 2, 3])",
      ["float32[2, 6, 12]"]),
    ShapeCase(
      .iOS15, "%x: float32[2, 3, 4]",
      "topk(x: %x, k: 2, axis: 1)",
      ["float32[2, 2, 4]", "int32[2, 2, 4]"]),
    ShapeCase(
      .iOS16, "%x: float32[2, 3, 4]",
      "topk(x: %x, k: 2, return_indices: false)",
      ["float32[2, 3, 2]"]),
    ShapeCase(
      .iOS17, "%x: float32[2, 3, 4]",
      "topk(x: %x, k: 2, output_indices_dtype: \"uint16\")",
      ["float32[2, 3, 2]", "uint16[2, 3, 2]"]),
    ShapeCase(
      .iOS15, "%cond: bool[2, 3, 1], %a: float32[2, 3, 4], %b: float32[4]",
      "select(cond: %cond, a: %a, b: %b)",
      ["float32[2, 3, 4]"]),
  ]

  static let compression: [ShapeCase] = [
    ShapeCase(
      .iOS16, "",
      "constexpr_affine_dequantize(quantized_data: const int8[2, 3] [0, 0, 0, 0, 0, 0], zero_point: const int8[3] [1, 1, 1], scale: const float16[3] [1.0, 2.0, 3.0], axis: -1)",
      ["float16[2, 3]"]),
    ShapeCase(
      .iOS16, "",
      "constexpr_cast(source_val: const float16[2] [1.0, 2.0], output_dtype: \"fp32\")",
      ["float32[2]"]),
    ShapeCase(
      .iOS16, "",
      "constexpr_lut_to_dense(indices: const uint8[2] [0, 0], lut: const float16[4] [1.0, 2.0, 3.0, 4.0], shape: const uint32[2] [2, 3])",
      ["float16[2, 3]"]),
    ShapeCase(
      .iOS16, "",
      "constexpr_sparse_to_dense(nonzero_data: const float16[3] [1.0, 2.0, 3.0], mask: const uint8[1] [21], shape: const uint32[2] [2, 3])",
      ["float16[2, 3]"]),
    ShapeCase(
      .iOS18, "",
      "constexpr_blockwise_shift_scale(data: const int8[4, 6] [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], scale: const float16[2, 1] [1.0, 1.0], offset: const int8[2, 1] [0, 0])",
      ["float16[4, 6]"]),
  ]
}
