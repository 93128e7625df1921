// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Compares with `0, 1, 2 ...`: an index that lies outside gives no mark, as ONNX asks.
  static let oneHot: [ONNXLowering] = [
    ONNXLowering(
      "OneHot", since: 9, "indices depth values", attributes: "axis",
      result: .by { try $0.dtype("values") }
    ) { node, build in
      let rank = try node.rank("indices")
      let axis = try build.axis(node.int("axis", default: -1), rank: rank + 1, node)
      guard let depth = try node.known("depth")?.cast(to: .int64)?.dims?.first else {
        throw node.notConstant("depth")
      }
      let indices = try build.cast(node.value("indices"), to: .int32)
      let shifted = try build.mil.add(x: indices, y: .dim(depth))
      let wrapped = try build.mil.select(
        cond: build.mil.less(x: indices, y: .int(0)), a: shifted, b: indices)
      var shape = [Dim](repeating: 1, count: rank + 1)
      shape[axis] = depth
      let places = try build.reshape(build.counting(depth), to: shape)
      let marks = try build.mil.equal(
        x: build.mil.expand_dims(x: wrapped, axes: .ints([axis])), y: places)
      let values = try node.value("values")
      return try build.mil.select(
        cond: marks, a: build.single(build.slice(values, axis: 0, from: 1, to: 2)),
        b: build.single(build.slice(values, axis: 0, from: 0, to: 1)))
    }
  ]
}
