// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// `x` with zeros further than `lower` below and `upper` above the diagonal of its last two axes;
  /// -1 keeps that side whole. C1: `rank(x) >= 2`.
  static let bandPart = OpSpec(
    "band_part",
    operands: [
      .tensor("x", .T), .optionalConstant("lower", .int32, default: -1),
      .optionalConstant("upper", .int32, default: -1),
    ],
    domains: [.T: .numbersAndBool],
    constraints: [.rank("x", atLeast: 2)],
    results: { op in [.tensor(try op.type(of: "x"))] })
}
