// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Extents are known while lowering: nothing is emitted for them until they are used.
  static let shape: [ONNXLowering] = [
    .custom("Shape", "data", attributes: "start end") { node, build in
      let shape = try node.shape("data")
      let start = clamp(try node.int("start", default: 0), shape.count)
      let end = clamp(try node.int("end", default: shape.count), shape.count)
      try build.bindExtents(of: node, shape)
      return [ONNXValue(Known(dims: start < end ? Array(shape[start..<end]) : []), .int64)]
    },
    .custom("Size", "data") { node, build in
      let shape = try node.shape("data")
      try build.bindExtents(of: node, shape)
      return [ONNXValue(Known(scalar: .product(shape)), .int64)]
    },
  ]

  private static func clamp(_ index: Int, _ rank: Int) -> Int {
    min(max(index < 0 ? index + rank : index, 0), rank)
  }
}

extension FunctionBuilder {
  /// Extents that depend on data are found, when the program runs, at the tensor that has them.
  fileprivate func bindExtents(of node: NodeCall, _ shape: [Dim]) throws {
    for (axis, dim) in shape.enumerated() {
      guard let symbol = dim.symbol, !isBound(symbol) else { continue }
      try bind(symbol, toExtentOf: node.value("data"), axis: axis)
    }
  }
}
