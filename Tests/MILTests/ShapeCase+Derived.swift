// SPDX-License-Identifier: Apache-2.0
import MIL

/// Result types derived from the definitions of the operations.
extension ShapeCase {
  static let special: [ShapeCase] = [
    ShapeCase(
      .iOS18, "%s: state<float16[1, 8]>", "read_state(input: %s)", ["float16[1, 8]"]),
    ShapeCase(
      .iOS16, "%x: float32[2, 3, 4], %a: float32[4, 9], %b: float32[5, 6]",
      "reshape_like(x: %x, ref_tensors: (%a, %b), begins: (0, -1), ends: (1, 0), "
        + "end_masks: (false, true))", ["float32[4, 6]"]),
    ShapeCase(
      .iOS18, "%x: float32[1]",
      "constexpr_lut_to_dense(indices: uint4[4, 2] splat(0), lut: float16[2, 1, 16, 3] splat(1), "
        + "vector_axis: 0)", ["float16[12, 2]"]),
    ShapeCase(
      .iOS18, "%x: float32[1]",
      "constexpr_sparse_to_dense(nonzero_data: float16[2] [1, 2], mask: uint1[2, 2] [1, 0, 0, 1])",
      ["float16[2, 2]"]),
    ShapeCase(
      .iOS18, "%x: float32[1]",
      "constexpr_lut_to_sparse(indices_mask: uint1[2, 2] [1, 0, 0, 1], "
        + "indices_nonzero_data: uint1[2] [1, 0], lut: int8[1, 1, 2, 2] splat(0), vector_axis: 1)",
      ["uint1[2, 4]", "int8[4]"]),
    ShapeCase(
      .iOS18, "%x: float32[1]",
      "constexpr_sparse_blockwise_shift_scale(data_mask: uint1[2, 2] [1, 0, 0, 1], "
        + "nonzero_data: int4[2] [-8, 7], scale: float32[1, 2] [1, 2], offset: int4[1, 2] [0, 1])",
      ["uint1[2, 2]", "float32[2]"]),
    ShapeCase(
      .iOS15, "%p: float32[1, 3]",
      "classify(probabilities: %p, classes: "
        + "list(string[] \"a\", string[] \"b\", string[] \"c\"))",
      ["string[]", "dictionary<string[], float64[]>"]),
    ShapeCase(
      .iOS15, "%n: int32[]",
      "make_list(init_length: %n, elem_shape: (2, 3), dtype: \"fp16\")",
      ["list<float16[2, 3], ?>"]),
    ShapeCase(
      .iOS15, "%n: int32[]",
      "make_list(init_length: 4, dynamic_length: false, elem_shape: (2, \"is1\"))",
      ["list<float32[2, is1], 4>"]),
    ShapeCase(.iOS15, "%l: list<float32[2], ?>", "list_length(ls: %l)", ["int32[]"]),
    ShapeCase(.iOS15, "%l: list<float32[2], ?>", "list_read(ls: %l, index: 0)", ["float32[2]"]),
    ShapeCase(
      .iOS15, "%l: list<float32[2], 3>, %v: float32[2]",
      "list_write(ls: %l, index: 0, value: %v)", ["list<float32[2], 3>"]),
    ShapeCase(
      .iOS15, "%l: list<float32[2], ?>", "list_gather(ls: %l, indices: [0, 1, 1])",
      ["float32[3, 2]"]),
    ShapeCase(
      .iOS15, "%l: list<float32[2], ?>, %v: float32[3, 2]",
      "list_scatter(ls: %l, indices: [0, 1, 1], value: %v)", ["list<float32[2], ?>"]),
  ]

  static let symbolic: [ShapeCase] = [
    symbolic("reshape(x: %x, shape: [0, -1])", "float16[T, 8]"),
    symbolic("reshape(x: %x, shape: [-1])", "float16[8 * T]"),
    symbolic("reshape(x: %x, shape: [2, -1, 8])", "float16[2, floordiv(T, 2), 8]"),
    symbolic("reshape(x: %x, shape: %n)", "float16[d0, d1]"),
    symbolic("concat(values: (%x, %x, %z), axis: 0)", "float16[2 * T + 3, 8]"),
    symbolic("concat(values: (%x, %z), axis: 1)", "float16[3, 16]"),
    symbolic("tile(x: %x, reps: [2, 3])", "float16[2 * T, 24]"),
    symbolic("pad(x: %x, pad: [1, 2, 0, 0])", "float16[T + 3, 8]"),
    symbolic("split(x: %x, num_splits: 2, axis: 0)", "float16[floordiv(T, 2), 8]", count: 2),
    symbolic("flatten2d(x: %x)", "float16[T, 8]"),
    symbolic("stack(values: (%x, %z), axis: 0)", "float16[2, 3, 8]"),
    symbolic("transpose(x: %x, perm: [1, 0])", "float16[8, T]"),
    symbolic("gather(x: %x, indices: %n, axis: 1)", "float16[T, 2]"),
    symbolic("non_zero(x: %x)", "int32[d0, 2]"),
    symbolic(
      "sliding_windows(x: %x, axis: 0, size: 1, stride: 2)",
      "float16[floordiv(T + 1, 2), 1, 8]"),
    symbolic(
      "slice_by_index(x: %x, begin: [0, 1], end: [0, -1], begin_mask: [true, false], "
        + "end_mask: [true, false])", "float16[T, 6]"),
    symbolic("slice_by_index(x: %x, begin: [0, 0], end: [-1, 8])", "float16[T - 1, 8]"),
    symbolic("slice_by_index(x: %x, begin: [-1, 0], end: [2147483647, 8])", "float16[1, 8]"),
    symbolic("slice_by_index(x: %x, begin: [0, 0], end: [1, 8])", "float16[1, 8]"),
    symbolic("slice_by_index(x: %x, begin: [0, 0], end: [5, 8])", "float16[min(5, T), 8]"),
    symbolic("slice_by_index(x: %x, begin: [0, 0], end: [600, 8])", "float16[T, 8]"),
    symbolic("slice_by_index(x: %x, begin: %n, end: %n)", "float16[d0, d1]"),
    symbolic(
      "slice_by_index(x: %x, begin: %n, end: %n, squeeze_mask: [true, false])",
      "float16[d0]"),
    symbolic(
      "slice_by_index(x: const float16[1, 5] splat(0), begin: %n, end: %n)", "float16[1, d0]"),
    symbolic("slice_by_size(x: %x, begin: [2, 0], size: [-1, 4])", "float16[T - 2, 4]"),
  ]

  private static func symbolic(_ call: String, _ type: String, count: Int = 1) -> ShapeCase {
    ShapeCase(
      .iOS18, "%x: float16[T, 8], %z: float16[3, 8], %n: int32[2]", call,
      Array(repeating: type, count: count), where: "T in 1...512")
  }
}
