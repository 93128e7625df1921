// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let gather: [ONNXLowering] = [
    ONNXLowering(
      "Gather", "data indices", attributes: "axis",
      fold: { node in
        guard let data = try node.known("data"), data.rank == 1,
          let indices = try node.known("indices"), let picks = indices.ints
        else { return nil }
        let wrapped = picks.map { $0 < 0 ? $0 + data.count : $0 }
        guard wrapped.allSatisfy({ (0..<data.count).contains($0) }) else {
          throw node.fault(.malformed, "input 'indices' lies outside of \(data.count) elements")
        }
        return data.picking(wrapped, shape: indices.shape)
      }
    ) { node, build in
      let data = try node.value("data")
      let axis = try build.axis(node.int("axis", default: 0), rank: node.rank("data"), node)
      let indices = try build.wrapped(
        indices: "indices", extent: build.shape(of: data)[axis], node)
      return try build.numeric(data) { data in
        try build.mil.gather(x: data, indices: indices, axis: .int(axis))
      }
    }
  ]
}

extension FunctionBuilder {
  /// Indices with those below zero counted from the end of `extent`: Core ML does not do so.
  func wrapped(indices name: String, extent: Dim, _ node: NodeCall) throws -> Value {
    if let known = try node.known(name) {
      let dims = known.dims ?? []
      if dims.allSatisfy({ ($0.fixed ?? 0) >= 0 }) { return try node.value(name) }
      let wrapped = known.mapIntegers { ($0.fixed ?? 0) < 0 ? $0 + extent : $0 }
      if let wrapped {
        return try node.lowering.tensor(ONNXValue(wrapped, .int64), name, node)
      }
    }
    let indices = try cast(node.value(name), to: .int32)
    let shifted = try mil.add(x: indices, y: .dim(extent))
    return try mil.select(cond: mil.less(x: indices, y: .int(0)), a: shifted, b: indices)
  }

  /// `body` on a tensor of numbers: bools, which many operations of MIL lack, go through `int32`.
  func numeric(_ value: Value, _ body: (Value) throws -> Value) throws -> Value {
    guard try dtype(of: value) == .bool else { return try body(value) }
    return try cast(body(cast(value, to: .int32)), to: .bool)
  }
}
