// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// `y = exp(x) / sum(exp(x))` along `axis`; `y` has the type of `x`. C1: `-rank <= axis < rank`.
  static let softmax = OpSpec(
    "softmax",
    operands: [.tensor("x", .T), .optionalConstant("axis", .int32, default: -1)],
    domains: [.T: .floats],
    constraints: [.axis("axis", within: "x")],
    results: { op in [.tensor(try op.type(of: "x"))] })
}
