// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let unsqueeze: [ONNXLowering] = [
    ONNXLowering(
      "Unsqueeze", "data", attributes: "axes", fold: { try $0.unsqueezed($0.ints("axes")) }
    ) { node, build in try build.unsqueeze(node, node.ints("axes")) },
    ONNXLowering(
      "Unsqueeze", since: 13, "data axes", fold: { try $0.unsqueezed($0.constantInts("axes")) }
    ) { node, build in try build.unsqueeze(node, node.constantInts("axes")) },
  ]
}

extension NodeCall {
  /// The places of the new axes in the result, sorted.
  fileprivate func newAxes(_ axes: [Int]?, rank: Int) throws -> [Int] {
    guard let axes else { throw fault(.malformed, "attribute 'axes' is missing") }
    return try build.axes(axes, rank: rank + axes.count, self).sorted()
  }

  fileprivate func unsqueezed(_ axes: [Int]?) throws -> Known? {
    guard let data = try known("data") else { return nil }
    var shape = data.shape
    for axis in try newAxes(axes, rank: data.rank) { shape.insert(1, at: axis) }
    return data.reshaped(shape)
  }
}

extension FunctionBuilder {
  fileprivate func unsqueeze(_ node: NodeCall, _ axes: [Int]?) throws -> Value {
    let axes = try node.newAxes(axes, rank: node.rank("data"))
    if axes.isEmpty { return try node.value("data") }
    return try mil.expand_dims(x: node.value("data"), axes: .ints(axes))
  }
}
