// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let groupNormalization: [ONNXLowering] = [
    // Scale and bias have one element per group.
    ONNXLowering("GroupNormalization", since: 18, "X scale bias", attributes: "epsilon num_groups")
    {
      node, build in
      let (grouped, groups) = try build.grouped(node)
      let scale = try build.reshape(node.value("scale"), [groups, 1])
      let bias = try build.reshape(node.value("bias"), [groups, 1])
      let y = try build.mil.add(x: build.mil.mul(x: grouped, y: scale), y: bias)
      return try build.reshape(y, to: node.shape("X"))
    },
    // Scale and bias have one element per channel.
    ONNXLowering(
      "GroupNormalization", since: 21, "X scale bias", attributes: "epsilon num_groups stash_type"
    ) { node, build in
      let shape = try node.shape("X")
      let y = try build.reshape(build.grouped(node).0, to: shape)
      let scaled = try build.mil.mul(
        x: y, y: build.perChannel(node.value("scale"), rank: shape.count))
      return try build.mil.add(
        x: scaled, y: build.perChannel(node.value("bias"), rank: shape.count))
    },
  ]
}

extension FunctionBuilder {
  /// The input as `[N, groups, rest]`, each group normalized.
  fileprivate func grouped(_ node: NodeCall) throws -> (Value, Int) {
    let (shape, groups) = (try node.shape("X"), try node.int("num_groups"))
    guard shape.count >= 2, groups > 0, shape[1].fixed.map({ $0 % groups == 0 }) ?? true else {
      throw node.fault(.malformed, "\(groups) groups do not divide the channels of \(shape)")
    }
    let rest = Dim.floorDiv(.product(shape[1...]), .fixed(groups))
    let x = try reshape(node.value("X"), to: [shape[0], .fixed(groups), rest])
    let epsilon = try node.float("epsilon", default: 1e-5)
    return (try mil.layer_norm(x: x, axes: [2], epsilon: .float(epsilon)), groups)
  }
}
