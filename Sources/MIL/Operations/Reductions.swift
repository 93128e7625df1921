// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// Operations that reduce `x` along `axes` (all of them when absent) or along one `axis`.
  static let reductions: [OpSpec] =
    [
      "reduce_l1_norm", "reduce_l2_norm", "reduce_log_sum", "reduce_log_sum_exp", "reduce_max",
      "reduce_mean", "reduce_min", "reduce_prod", "reduce_sum", "reduce_sum_square",
    ].map(reduction) + ["reduce_argmax", "reduce_argmin"].map(argReduction)

  /// C1: `axes` lie within the rank of `x`, none twice.
  private static func reduction(_ name: String) -> OpSpec {
    OpSpec(
      name,
      operands: [
        .tensor("x", .T), .optionalConstant("axes", .int32),
        .optionalConstant("keep_dims", .bool, default: false),
      ],
      domains: [.T: .numbers], constraints: [.axes("axes", within: "x")]
    ) { op in
      let x = try op.type(of: "x")
      let axes = try op.axes("axes", rank: x.rank)
      return [.tensor(x.dtype, reduced(x.shape, axes, keepDims: try op.bool("keep_dims")))]
    }
  }

  /// C1: `axis` lies within the rank of `x`. C2: `output_dtype` is `int32` or `uint16`.
  private static func argReduction(_ name: String) -> OpSpec {
    let operands: [Operand] = [
      .tensor("x", .T), .optionalConstant("axis", .int32, default: -1),
      .optionalConstant("keep_dims", .bool, default: false),
    ]
    return OpSpec(
      name, operands: operands, domains: [.T: .numbers],
      revisions: [
        Signature(
          since: .iOS17,
          operands: operands + [.optionalConstant("output_dtype", .string, default: "int32")],
          domains: [.T: .numbers])
      ], constraints: [.axis("axis", within: "x")]
    ) { op in
      let x = try op.type(of: "x")
      let axis = try op.axis("axis", rank: x.rank)
      let dtype =
        op.opset < .iOS17 ? .int32 : try op.namedDType("output_dtype", in: [.int32, .uint16])
      return [.tensor(dtype, reduced(x.shape, [axis], keepDims: try op.bool("keep_dims")))]
    }
  }

  /// `shape` with the extents at `axes` removed, or set to 1.
  private static func reduced(_ shape: [Dim], _ axes: [Int], keepDims: Bool) -> [Dim] {
    let axes = Set(axes)
    if keepDims { return shape.enumerated().map { axes.contains($0.offset) ? 1 : $0.element } }
    return shape.enumerated().filter { !axes.contains($0.offset) }.map(\.element)
  }
}
