// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let topK: [ONNXLowering] = [
    .several("TopK", "X", attributes: "axis k", results: [.first, .dtype(.int64)]) { node, build in
      try build.topK(node, count: node.int("k"))
    },
    .several(
      "TopK", since: 10, "X K", attributes: "axis largest sorted",
      results: [.first, .dtype(.int64)]
    ) { node, build in
      guard let count = try node.constantInts("K"), count.count == 1 else {
        throw node.fault(.malformed, "input 'K' must be one number")
      }
      return try build.topK(node, count: count[0])
    },
  ]
}

extension FunctionBuilder {
  fileprivate func topK(_ node: NodeCall, count: Int) throws -> [Value] {
    let axis = try self.axis(node.int("axis", default: -1), rank: node.rank("X"), node)
    return try emit(
      "topk",
      [
        "x": node.value("X"), "k": .int(count), "axis": .int(axis),
        "ascending": .bool(!node.flag("largest", default: true)),
      ])
  }
}
