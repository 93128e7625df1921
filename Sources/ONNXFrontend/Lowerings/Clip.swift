// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let clip: [ONNXLowering] = [
    ONNXLowering("Clip", since: 6, "input", attributes: "min max") { node, build in
      try build.clip(
        node.value("input"), low: node.optionalFloat("min").map { .float($0) },
        high: node.optionalFloat("max").map { .float($0) },
        constants: (node.optionalFloat("min"), node.optionalFloat("max")))
    },
    ONNXLowering("Clip", since: 11, "input min? max?") { node, build in
      try build.clip(
        node.value("input"), low: node.limit("min").map(build.single),
        high: node.limit("max").map(build.single),
        constants: (node.known("min")?.doubles?.first, node.known("max")?.doubles?.first))
    },
  ]
}

extension FunctionBuilder {
  fileprivate func clip(
    _ x: Value, low: Value?, high: Value?, constants: (low: Double?, high: Double?)
  ) throws -> Value {
    if try dtype(of: x).isFloat, let low = constants.low, let high = constants.high, low < high {
      if low == 0 && high == 6 { return try mil.relu6(x: x) }
      return try mil.clip(x: x, alpha: .float(low), beta: .float(high))
    }
    var y = x
    if let low { y = try mil.maximum(x: y, y: low) }
    if let high { y = try mil.minimum(x: y, y: high) }
    return y
  }
}
