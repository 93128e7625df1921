// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Softmax and its relatives. Before opset 13 they act on all axes from `axis` on together.
  static let softmax: [ONNXLowering] =
    family("Softmax") { x, axis, build in try build.mil.softmax(x: x, axis: .int(axis)) }
    + family("LogSoftmax") { x, axis, build in
      let total = try build.mil.reduce_log_sum_exp(x: x, axes: .ints([axis]), keep_dims: true)
      return try build.mil.sub(x: x, y: total)
    }
    + family("Hardmax") { x, axis, build in
      let best = try build.mil.reduce_argmax(x: x, axis: .int(axis), keep_dims: true)
      let shape = try build.shape(of: x)
      var extents = shape.map { _ in Dim.fixed(1) }
      extents[axis] = shape[axis]
      let places = try build.reshape(build.counting(shape[axis]), to: extents)
      return try build.cast(build.mil.equal(x: places, y: best), to: build.dtype(of: x))
    }

  private static func family(
    _ source: String,
    _ along: @escaping @Sendable (Value, Int, FunctionBuilder) throws -> Value
  ) -> [ONNXLowering] {
    [
      ONNXLowering(source, "input", attributes: "axis") { node, build in
        let (x, shape) = (try node.value("input"), try node.shape("input"))
        let axis = try build.axis(node.int("axis", default: 1), rank: shape.count, node)
        if axis == shape.count - 1 { return try along(x, axis, build) }
        let matrix = try build.reshape(
          x, to: [.product(shape[..<axis]), .product(shape[axis...])])
        return try build.reshape(along(matrix, 1, build), to: shape)
      },
      ONNXLowering(source, since: 13, "input", attributes: "axis") { node, build in
        let axis = try build.axis(
          node.int("axis", default: -1), rank: node.rank("input"), node)
        return try along(node.value("input"), axis, build)
      },
    ]
  }
}

extension FunctionBuilder {
  /// `0, 1, 2 ...`, `count` numbers of int32.
  func counting(_ count: Dim) throws -> Value {
    if let fixed = count.fixed, fixed <= 1 << 20 { return .ints(Array(0..<max(fixed, 0))) }
    return try refined(mil.range_1d(end: .dim(count), start: 0, step: 1), [count])
  }
}
