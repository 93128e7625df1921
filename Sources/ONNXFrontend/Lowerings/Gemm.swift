// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// `alpha * A * B + beta * C`
  static let gemm: [ONNXLowering] = [
    ONNXLowering("Gemm", since: 7, "A B C?", attributes: "alpha beta transA transB") {
      node, build in
      let (alpha, beta) = (
        try node.float("alpha", default: 1), try node.float("beta", default: 1)
      )
      if let y = try build.linear(node, alpha: alpha, beta: beta) { return y }
      let product = try build.mil.matmul(
        x: node.value("A"), y: node.value("B"), transpose_x: .bool(node.flag("transA")),
        transpose_y: .bool(node.flag("transB")))
      return try build.scaledSum(product, alpha, node, beta)
    }
  ]
}

extension FunctionBuilder {
  /// The product with a constant matrix, which Core ML calls `linear`.
  fileprivate func linear(_ node: NodeCall, alpha: Double, beta: Double) throws -> Value? {
    guard let weight = try node.weight("B"), weight.rank == 2, weight.dtype.isFloat else {
      return nil
    }
    var x = try node.value("A")
    if try node.flag("transA") { x = try transpose(x, [1, 0]) }
    let rows = try node.flag("transB") ? weight : WeightView.permute(weight, [1, 0])
    let matrix = try node.placed(rows, as: "B")
    if alpha == 1, beta == 1, let bias = try bias(node, count: rows.shape[0]) {
      return try mil.linear(x: x, weight: matrix, bias: bias)
    }
    return try scaledSum(mil.linear(x: x, weight: matrix), alpha, node, beta)
  }

  /// `C` as one number for each column, where it is constant and has that form.
  private func bias(_ node: NodeCall, count: Int) throws -> Value? {
    guard let source = try node.weight("C"), source.count == count,
      source.shape.last == count || count == 1
    else { return nil }
    return try node.placed(WeightView.reshape(source, [count]), as: "C")
  }

  fileprivate func scaledSum(
    _ product: Value, _ alpha: Double, _ node: NodeCall, _ beta: Double
  ) throws -> Value {
    var y = product
    if alpha != 1 { y = try mil.mul(x: y, y: scalar(alpha, like: y)) }
    guard var c = try node.optional("C") else { return y }
    if beta != 1 { c = try mil.mul(x: c, y: scalar(beta, like: c)) }
    return try mil.add(x: y, y: c)
  }
}
