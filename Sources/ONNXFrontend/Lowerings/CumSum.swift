// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let cumSum: [ONNXLowering] = [
    ONNXLowering("CumSum", since: 11, "x axis", attributes: "exclusive reverse") { node, build in
      guard let axis = try node.constantInts("axis")?.first else { throw node.notConstant("axis") }
      return try build.mil.cumsum(
        x: node.value("x"), axis: .int(build.axis(axis, rank: node.rank("x"), node)),
        exclusive: .bool(node.flag("exclusive")), reverse: .bool(node.flag("reverse")))
    }
  ]
}
