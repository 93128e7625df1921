// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// The place of the largest or smallest element along an axis: the first, or the last, of equals.
  static let argMax: [ONNXLowering] = [("ArgMax", "reduce_argmax"), ("ArgMin", "reduce_argmin")].map
  {
    source, mil in
    ONNXLowering(
      source, "data", attributes: "axis keepdims select_last_index", result: .dtype(.int64)
    ) { node, build in
      var x = try node.value("data")
      let axis = try build.axis(node.int("axis", default: 0), rank: node.rank("data"), node)
      let last = try node.flag("select_last_index")
      if last { x = try build.mil.reverse(x: x, axes: .ints([axis])) }
      let place = try build.emit(
        mil,
        [
          "x": x, "axis": .int(axis), "keep_dims": .bool(node.flag("keepdims", default: true)),
        ])[0]
      guard last else { return place }
      return try build.mil.sub(x: .dim(node.shape("data")[axis] - 1), y: place)
    }
  }
}
