// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// A matrix: the axes before `axis`, and those from it on.
  static let flatten: [ONNXLowering] = [
    ONNXLowering("Flatten", "input", attributes: "axis") { node, build in
      let shape = try node.shape("input")
      let axis = try node.int("axis", default: 1)
      let split = axis < 0 ? axis + shape.count : axis
      guard (0...shape.count).contains(split) else {
        throw node.fault(.malformed, "axis \(axis) lies outside of rank \(shape.count)")
      }
      return try build.reshape(
        node.value("input"), to: [.product(shape[..<split]), .product(shape[split...])])
    }
  ]
}
