// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let layerNormalization: [ONNXLowering] = [
    .several(
      "LayerNormalization", since: 17, "X Scale B?", attributes: "axis epsilon stash_type"
    ) { node, build in
      let (x, shape) = (try node.value("X"), try node.shape("X"))
      let axis = try build.axis(node.int("axis", default: -1), rank: shape.count, node)
      let axes = Array(axis..<shape.count)
      let epsilon = try node.float("epsilon", default: 1e-5)
      let y = try build.layerNorm(node, x, axes, Array(shape[axis...]), epsilon)
      guard node.isUsed(1) || node.isUsed(2) else { return [y] }
      let mean = try build.mil.reduce_mean(x: x, axes: .ints(axes), keep_dims: true)
      let square = try build.mil.square(x: build.mil.sub(x: x, y: mean))
      let variance = try build.mil.reduce_mean(x: square, axes: .ints(axes), keep_dims: true)
      return [y, mean, try build.mil.rsqrt(x: variance, epsilon: .float(epsilon))]
    }
  ]
}

extension FunctionBuilder {
  fileprivate func layerNorm(
    _ node: NodeCall, _ x: Value, _ axes: [Int], _ extents: [Dim], _ epsilon: Double
  ) throws -> Value {
    func fits(_ name: String) throws -> Bool {
      guard let weight = try node.weight(name) else { return !node.has(name) }
      return weight.shape.map { Dim.fixed($0) } == extents
    }
    if try fits("Scale"), try fits("B") {
      return try mil.layer_norm(
        x: x, axes: .ints(axes), gamma: node.value("Scale"), beta: node.optional("B"),
        epsilon: .float(epsilon))
    }
    let plain = try mil.layer_norm(x: x, axes: .ints(axes), epsilon: .float(epsilon))
    let scaled = try mil.mul(x: plain, y: node.value("Scale"))
    guard let bias = try node.optional("B") else { return scaled }
    return try mil.add(x: scaled, y: bias)
  }
}
