// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// `source_val` as float32. C1: `output_dtype` is fp32.
  static let constexprCast = OpSpec(
    "constexpr_cast", since: .iOS16, operands: constexprCastOperands,
    revisions: [Signature(since: .iOS18, operands: constexprCastOperands)],
    constraints: [.choice("output_dtype", ["fp32"])],
    results: { op in [.tensor(.float32, try op.shape("source_val"))] })

  private static let constexprCastOperands: [Operand] = [
    .constant("source_val", .float16), .constant("output_dtype", .string),
  ]
}
