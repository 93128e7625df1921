// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Products of 8-bit integers, which are exact in float32 up to 2^24.
  static let integerProducts: [ONNXLowering] = [
    ONNXLowering(
      "MatMulInteger", since: 10, "A B a_zero_point? b_zero_point?", result: .dtype(.int32)
    ) { node, build in
      let a = try build.shifted("A", by: "a_zero_point", axis: -2, node)
      let b = try build.shifted("B", by: "b_zero_point", axis: -1, node)
      return try build.product(a, b)
    }
  ]
}

extension FunctionBuilder {
  /// An integer operand minus its zero point: one number, or one for each slice of `axis`.
  fileprivate func shifted(
    _ name: String, by zero: String, axis: Int, _ node: NodeCall
  ) throws -> Value {
    let x = try node.value(name)
    guard var point = try node.optional(zero) else { return x }
    let shape = try self.shape(of: point)
    if shape.count == 1, shape != [1], axis == -2 {
      point = try mil.expand_dims(x: point, axes: [1])
    }
    return try mil.sub(x: x, y: point)
  }
}
