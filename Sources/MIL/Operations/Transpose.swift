// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// Axis `i` of the result is axis `perm[i]` of `x`.
  ///
  /// C1: `perm` has an element for every axis of `x`. C2: they are a permutation of the axes
  /// (negative ones count from the end).
  static let transpose = OpSpec(
    "transpose", operands: [.tensor("x", .T), .constant("perm", .int32)],
    domains: [.T: .numbersAndBool],
    revisions: [
      Signature(
        since: .iOS17, operands: [.tensor("x", .T), .constant("perm", .int32)],
        domains: [.T: .runtime])
    ],
    constraints: [.onePerAxis("perm", of: "x"), .axes("perm", within: "x")],
    results: { op in
      let x = try op.type(of: "x")
      let perm = try op.ints("perm").map { try op.normalized($0, "perm", rank: x.rank) }
      return [.tensor(x.dtype, perm.map { x.shape[$0] })]
    })
}
