// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// The coordinates of the elements of `x` that are not zero, one per row, in row-major order.
  static let nonZero = OpSpec(
    "non_zero", operands: [.tensor("x", .T)], domains: [.T: .numbersAndBool],
    results: { op in
      let x = try op.type(of: "x")
      let found = op.freshDim(upper: op.bounds(op.product(x.shape)).upper)
      return [.tensor(.int32, [found, .fixed(x.rank)])]
    })
}
