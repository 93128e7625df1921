// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Operators whose result has an extent that depends on data.
  static let nonZero: [ONNXLowering] = [
    // One row of coordinates for each axis.
    ONNXLowering("NonZero", since: 9, "X", result: .dtype(.int64)) { node, build in
      try build.transpose(build.mil.non_zero(x: node.value("X")), [1, 0])
    },
    ONNXLowering("Compress", since: 9, "input condition", attributes: "axis") { node, build in
      var x = try node.value("input")
      var axis = 0
      if let given = try node.optionalInt("axis") {
        axis = try build.axis(given, rank: node.rank("input"), node)
      } else {
        x = try build.reshape(x, to: [.product(node.shape("input"))])
      }
      let places: Value
      if let flags = try node.known("condition")?.bools {
        places = .ints(flags.indices.filter { flags[$0] })
      } else {
        places = try build.mil.squeeze(
          x: build.mil.non_zero(x: node.value("condition")), axes: [1])
      }
      return try build.numeric(x) { x in
        try build.mil.gather(x: x, indices: places, axis: .int(axis))
      }
    },
  ]
}
