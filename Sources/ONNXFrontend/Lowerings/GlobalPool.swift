// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Pooling over all spatial axes.
  static let globalPool: [ONNXLowering] = [
    global("GlobalAveragePool", "reduce_mean"), global("GlobalMaxPool", "reduce_max"),
    ONNXLowering("GlobalLpPool", since: 2, "X", attributes: "p") { node, build in
      let (x, p) = (try node.value("X"), Double(try node.int("p", default: 2)))
      let powers = try build.mil.pow(x: build.mil.abs(x: x), y: .float(p))
      let axes = Array(2..<max(try node.rank("X"), 2))
      let sum = try build.mil.reduce_sum(x: powers, axes: .ints(axes), keep_dims: true)
      return try build.mil.pow(x: sum, y: .float(1 / p))
    },
  ]

  private static func global(_ source: String, _ mil: String) -> ONNXLowering {
    ONNXLowering(source, "X") { node, build in
      let rank = try node.rank("X")
      guard rank > 2 else { throw node.fault(.malformed, "input 'X' has no spatial axes") }
      return try build.emit(
        mil, ["x": node.value("X"), "axes": .ints(Array(2..<rank)), "keep_dims": true])[0]
    }
  }
}
