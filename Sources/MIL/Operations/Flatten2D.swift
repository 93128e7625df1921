// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// `x` as a matrix: the axes before `axis` are its rows, the others its columns.
  /// C1: `-rank(x) <= axis <= rank(x)`.
  static let flatten2D = OpSpec(
    "flatten2d",
    operands: [.tensor("x", .T), .optionalConstant("axis", .int32, default: 1)],
    domains: [.T: .numbersAndBool],
    constraints: [
      Constraint("-rank(x) <= axis <= rank(x)") { op in
        let (axis, rank) = (try op.int("axis"), try op.rank("x"))
        guard (-rank...rank).contains(axis) else {
          throw op.fault(
            "'axis' is \(axis) but the operand has rank \(rank)",
            fix: "use a value in \(-rank)...\(rank)")
        }
      }
    ],
    results: { op in
      let (axis, x) = (try op.int("axis"), try op.type(of: "x"))
      let cut = axis < 0 ? axis + x.rank : axis
      return [.tensor(x.dtype, [op.product(x.shape[..<cut]), op.product(x.shape[cut...])])]
    })
}
