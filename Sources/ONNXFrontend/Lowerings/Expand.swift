// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let expand: [ONNXLowering] = [
    ONNXLowering(
      "Expand", since: 8, "input shape",
      fold: { node in
        guard let x = try node.known("input"), let shape = try node.known("shape")?.ints,
          let target = Known.broadcast(x.shape, shape)
        else { return nil }
        return x.broadcast(to: target)
      }
    ) { node, build in
      let x = try node.value("input")
      if let shape = try node.known("shape")?.dims {
        return try build.expand(x, to: broadcastShape(build.shape(of: x), shape))
      }
      // The shape depends on data: a product with ones takes it on.
      return try build.numeric(x) { x in
        let one = try build.scalar(1, like: x)
        return try build.mil.mul(x: x, y: build.mil.fill(shape: node.value("shape"), value: one))
      }
    }
  ]
}
