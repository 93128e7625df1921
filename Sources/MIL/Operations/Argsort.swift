// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// The indices along `axis` that sort `x`, largest first unless `ascending`.
  /// C1: `-rank(x) <= axis < rank(x)`.
  static let argsort = OpSpec(
    "argsort",
    operands: [
      .tensor("x", .T), .optionalConstant("axis", .int32, default: -1),
      .optionalConstant("ascending", .bool, default: false),
    ],
    domains: [.T: .numbers],
    constraints: [.axis("axis", within: "x")],
    results: { op in [.tensor(.int32, try op.shape("x"))] })
}
