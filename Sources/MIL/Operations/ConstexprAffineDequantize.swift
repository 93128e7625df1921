// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// `scale * (quantized_data - zero_point)`, the two scalars or vectors along `axis`.
  ///
  /// C1: `-rank <= axis < rank`. C2: `scale` is a scalar or has an element for each of the axis.
  /// C3: `zero_point` likewise.
  static let constexprAffineDequantize = OpSpec(
    "constexpr_affine_dequantize", since: .iOS16,
    operands: [
      .constant("quantized_data", .SrcT), .constant("zero_point", .ZeroPointT),
      .constant("scale", .DstT), .constant("axis", .int32),
    ],
    domains: [
      .SrcT: [.uint8, .int8], .ZeroPointT: [.uint8, .int8, .float32], .DstT: .floats,
    ],
    constraints: [
      .axis("axis", within: "quantized_data"), .scalarOrAlongAxis("scale"),
      .scalarOrAlongAxis("zero_point"),
    ],
    results: { op in [.tensor(try op.dtype("scale"), try op.shape("quantized_data"))] })
}

extension Constraint {
  fileprivate static func scalarOrAlongAxis(_ name: String) -> Constraint {
    Constraint("shape(\(name)) is [] or [extent(quantized_data, axis)]") { op in
      guard try op.rank(name) > 0 else { return }
      let data = try op.shape("quantized_data")
      try op.requireShape(name, [data[op.axis("axis", rank: data.count)]])
    }
  }
}
