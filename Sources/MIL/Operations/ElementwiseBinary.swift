// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// Operations on pairs of elements; shapes broadcast. C1: the shapes of `x` and `y` broadcast.
  static let elementwiseBinary: [OpSpec] = arithmetic + comparisons + logic

  private static let arithmetic = [
    "add", "floor_div", "maximum", "minimum", "mod", "mul", "pow", "real_div", "sub",
  ].map { binary($0, .numbers) }

  private static let comparisons = [
    "equal", "greater", "greater_equal", "less", "less_equal", "not_equal",
  ].map { binary($0, .numbers, result: .bool) }

  private static let logic = ["logical_and", "logical_or", "logical_xor"].map {
    binary($0, [.bool])
  }

  private static func binary(_ name: String, _ dtypes: [DType], result: DType? = nil) -> OpSpec {
    OpSpec(name, operands: [.tensor("x", .T), .tensor("y", .T)], domains: [.T: dtypes]) { op in
      let (x, y) = (try op.type(of: "x"), try op.type(of: "y"))
      return [.tensor(result ?? x.dtype, try op.broadcast(x.shape, y.shape))]
    }
  }
}
