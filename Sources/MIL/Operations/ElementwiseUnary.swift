// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// Operations that are a scalar function of each element: `y` has the type of `x`.
  static let elementwiseUnary: [OpSpec] =
    floatUnary + ["abs", "exp2", "sign", "square"].map { unary($0, .numbers) }

  private static let floatUnary = [
    "acos", "asin", "atan", "atanh", "ceil", "cos", "cosh", "erf", "exp", "floor", "round", "sin",
    "sinh", "sqrt", "tan", "tanh",
  ].map { unary($0, .floats) }

  private static func unary(_ name: String, _ dtypes: [DType]) -> OpSpec {
    OpSpec(name, operands: [.tensor("x", .T)], domains: [.T: dtypes]) { op in
      [.tensor(try op.type(of: "x"))]
    }
  }
}
