// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let matMul: [ONNXLowering] = [
    ONNXLowering("MatMul", "A B") { node, build in
      // A product with a constant matrix is what Core ML calls linear.
      if let weight = try node.weight("B"), weight.rank == 2, weight.dtype.isFloat,
        case .weight? = try node.source("B")?.content, (2...3).contains(try node.rank("A"))
      {
        let transposed = try node.placed(WeightView.permute(weight, [1, 0]), as: "B")
        return try build.mil.linear(x: node.value("A"), weight: transposed)
      }
      return try build.product(node.value("A"), node.value("B"))
    }
  ]
}

extension FunctionBuilder {
  /// NumPy's matrix product: vectors are matrices of one row or column.
  func product(_ a: Value, _ b: Value) throws -> Value {
    let (p, q) = (try rank(of: a), try rank(of: b))
    let x = p == 1 ? try mil.expand_dims(x: a, axes: [0]) : a
    let y = q == 1 ? try mil.expand_dims(x: b, axes: [1]) : b
    let z = try mil.matmul(x: x, y: y)
    let dropped = (p == 1 ? [-2] : []) + (q == 1 ? [-1] : [])
    return dropped.isEmpty ? z : try mil.squeeze(x: z, axes: .ints(dropped))
  }
}
