// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// The extents of `x` as int32.
  static let shape = OpSpec(
    "shape", operands: [.tensor("x", .T)], domains: [.T: .numbersAndBool],
    results: { op in [.tensor(.int32, fixed: [try op.rank("x")])] })
}
