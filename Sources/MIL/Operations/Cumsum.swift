// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// Running sums along `axis`, from the end with `reverse`, without the element itself with
  /// `exclusive`. C1: `-1 <= axis < rank(x)`: other negative axes are refused by Core ML.
  static let cumsum = OpSpec(
    "cumsum",
    operands: [
      .tensor("x", .T), .optionalConstant("axis", .int32, default: 0),
      .optionalConstant("exclusive", .bool, default: false),
      .optionalConstant("reverse", .bool, default: false),
    ],
    domains: [.T: .numbers],
    constraints: [
      Constraint("-1 <= axis < rank(x)") { op in
        let (axis, rank) = (try op.int("axis"), try op.rank("x"))
        guard axis >= -1, axis < rank, rank > 0 else {
          throw op.fault(
            "'axis' is \(axis) but the operand has rank \(rank)",
            fix: rank == 0 ? nil : "use a value in -1...\(rank - 1)")
        }
      }
    ],
    results: { op in [.tensor(try op.type(of: "x"))] })
}
