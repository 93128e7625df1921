// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let instanceNormalization: [ONNXLowering] = [
    ONNXLowering("InstanceNormalization", since: 6, "input scale B", attributes: "epsilon") {
      node, build in
      let (x, shape) = (try node.value("input"), try node.shape("input"))
      let epsilon = try node.float("epsilon", default: 1e-5)
      let isConstant = try ["scale", "B"].allSatisfy { try node.weight($0) != nil }
      if isConstant, (3...4).contains(shape.count) {
        return try build.mil.instance_norm(
          x: x, gamma: node.value("scale"), beta: node.value("B"), epsilon: .float(epsilon))
      }
      let y = try build.standardized(x, axes: Array(2..<shape.count), epsilon: epsilon)
      let scaled = try build.mil.mul(
        x: y, y: build.perChannel(node.value("scale"), rank: shape.count))
      return try build.mil.add(x: scaled, y: build.perChannel(node.value("B"), rank: shape.count))
    }
  ]
}

extension FunctionBuilder {
  /// `(x - mean) / sqrt(variance + epsilon)` over `axes`.
  func standardized(_ x: Value, axes: [Int], epsilon: Double) throws -> Value {
    let mean = try mil.reduce_mean(x: x, axes: .ints(axes), keep_dims: true)
    let centred = try mil.sub(x: x, y: mean)
    let variance = try mil.reduce_mean(
      x: mil.square(x: centred), axes: .ints(axes), keep_dims: true)
    let deviation = try mil.sqrt(x: mil.add(x: variance, y: .float(epsilon)))
    return try mil.real_div(x: centred, y: deviation)
  }
}
