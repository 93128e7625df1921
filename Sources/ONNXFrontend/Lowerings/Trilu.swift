// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Matrices of a pattern: triangles and diagonals.
  static let trilu: [ONNXLowering] = [
    ONNXLowering("Trilu", since: 14, "input k?", attributes: "upper") { node, build in
      let (x, shape) = (try node.value("input"), try node.shape("input"))
      guard shape.count >= 2 else { throw node.fault(.malformed, "input 'input' is no matrix") }
      if shape.contains(0) { return x }
      let offset = try node.optional("k").map(build.single) ?? .int(0)
      let distance = try build.distances(shape[shape.count - 2], shape[shape.count - 1])
      let upper = try node.flag("upper", default: true)
      let keeps = try build.emit(
        upper ? "greater_equal" : "less_equal", ["x": distance, "y": offset])[0]
      return try build.mil.select(
        cond: keeps, a: x, b: build.scalar(0, like: x))
    },
    ONNXLowering(
      "EyeLike", since: 9, "input", attributes: "dtype k",
      result: .by { try $0.elementType("dtype") ?? $0.dtype("input") }
    ) { node, build in
      let shape = try node.shape("input")
      guard shape.count == 2 else { throw node.fault(.malformed, "input 'input' is no matrix") }
      let distance = try build.distances(shape[0], shape[1])
      let marks = try build.mil.equal(x: distance, y: .int(node.int("k", default: 0)))
      let dtype = try node.elementType("dtype") ?? node.dtype("input")
      return try build.cast(marks, to: dtype.runtime ?? .float32)
    },
  ]
}

extension FunctionBuilder {
  /// `column - row` for every element of a matrix.
  fileprivate func distances(_ rows: Dim, _ columns: Dim) throws -> Value {
    let row = try reshape(counting(rows), to: [rows, 1])
    let column = try reshape(counting(columns), to: [1, columns])
    return try mil.sub(x: column, y: row)
  }
}
