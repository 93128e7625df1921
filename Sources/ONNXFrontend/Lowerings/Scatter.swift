// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Copies of a tensor with some elements replaced or combined.
  static let scatter: [ONNXLowering] = [
    elements("Scatter", since: 9), elements("ScatterElements", since: 11),
    ONNXLowering("ScatterND", since: 11, "data indices updates", attributes: "reduction") {
      node, build in
      let indices = try build.wrapped(coordinates: "indices", of: "data", skipping: 0, node)
      return try build.scattered(node) { data, updates, mode in
        try build.mil.scatter_nd(data: data, indices: indices, updates: updates, mode: mode)
      }
    },
  ]

  private static func elements(_ source: String, since: Int) -> ONNXLowering {
    ONNXLowering(source, since: since, "data indices updates", attributes: "axis reduction") {
      node, build in
      let shape = try node.shape("data")
      let axis = try build.axis(node.int("axis", default: 0), rank: shape.count, node)
      let indices = try build.wrapped(indices: "indices", extent: shape[axis], node)
      let wanted = try build.shape(of: indices)
      let isWhole = shape.indices.allSatisfy { $0 == axis || wanted[$0] == shape[$0] }
      return try build.scattered(node) { data, updates, mode in
        if isWhole {
          return try build.mil.scatter_along_axis(
            data: data, indices: indices, updates: updates, axis: .int(axis), mode: mode)
        }
        let places = try build.coordinates(indices, axis: axis)
        return try build.mil.scatter_nd(
          data: data, indices: places, updates: updates, mode: mode)
      }
    }
  }
}

extension FunctionBuilder {
  /// The scatter that `body` makes of data, updates and MIL's name for the reduction.
  fileprivate func scattered(
    _ node: NodeCall, _ body: (Value, Value, Value) throws -> Value
  ) throws -> Value {
    let reduction = try node.choice(
      "reduction", ["none", "add", "mul", "max", "min"], default: "none")
    let mode = Value.string(reduction == "none" ? "update" : reduction)
    let updates = try node.value("updates")
    return try numeric(node.value("data")) { data in
      try body(data, cast(updates, to: dtype(of: data)), mode)
    }
  }

  /// The coordinates of every element of `indices`, with `indices` itself along `axis`.
  fileprivate func coordinates(_ indices: Value, axis: Int) throws -> Value {
    let shape = try self.shape(of: indices)
    let parts = try shape.indices.map { other -> Value in
      if other == axis { return indices }
      var extents = shape.map { _ in Dim.fixed(1) }
      extents[other] = shape[other]
      return try expand(reshape(counting(shape[other]), to: extents), to: shape)
    }
    return try mil.stack(values: .many(parts), axis: .int(shape.count))
  }
}
