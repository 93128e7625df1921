// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let gatherND: [ONNXLowering] = [
    ONNXLowering("GatherND", since: 11, "data indices", attributes: "batch_dims") { node, build in
      let batch = try node.int("batch_dims", default: 0)
      let indices = try build.wrapped(coordinates: "indices", of: "data", skipping: batch, node)
      return try build.numeric(node.value("data")) { data in
        try build.mil.gather_nd(
          x: data, indices: indices, batch_dims: batch == 0 ? nil : .int(batch))
      }
    }
  ]
}

extension FunctionBuilder {
  /// Coordinates with those below zero counted from the end of their axis.
  func wrapped(
    coordinates name: String, of data: String, skipping batch: Int, _ node: NodeCall
  ) throws -> Value {
    let indices = try node.value(name)
    if let known = try node.known(name)?.ints, known.allSatisfy({ $0 >= 0 }) { return indices }
    if let data = try node.weight(name)?.materialized(), data.ints.allSatisfy({ $0 >= 0 }) {
      return indices
    }
    let shape = try node.shape(data)
    guard let depth = try self.shape(of: indices).last?.fixed, batch >= 0,
      batch + depth <= shape.count
    else {
      throw node.fault(.malformed, "the last extent of input '\(name)' does not fit the data")
    }
    let extents = Value.dims(Array(shape[batch..<(batch + depth)]))
    let shifted = try mil.add(x: indices, y: extents)
    return try mil.select(cond: mil.less(x: indices, y: .int(0)), a: shifted, b: indices)
  }
}
