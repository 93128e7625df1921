// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let squeeze: [ONNXLowering] = [
    ONNXLowering(
      "Squeeze", "data", attributes: "axes", fold: { try $0.squeezed($0.ints("axes")) }
    ) { node, build in try build.squeeze(node, node.ints("axes")) },
    ONNXLowering(
      "Squeeze", since: 13, "data axes?", fold: { try $0.squeezed($0.constantInts("axes")) }
    ) { node, build in try build.squeeze(node, node.constantInts("axes")) },
  ]
}

extension NodeCall {
  fileprivate func squeezedAxes(_ axes: [Int]?, of shape: [Dim]) throws -> [Int] {
    guard let axes else {
      for dim in shape where !dim.isFixed { try keep(dim, in: shape) }
      return shape.indices.filter { shape[$0] == 1 }
    }
    let all = try build.axes(axes, rank: shape.count, self).sorted()
    for axis in all where shape[axis].fixed ?? 1 != 1 {
      throw fault(.malformed, "axis \(axis) of \(shape) has not the extent 1")
    }
    return all
  }

  /// The rank of a value cannot depend on its input: an extent that may be 1 or more is from now
  /// on more.
  private func keep(_ dim: Dim, in shape: [Dim]) throws {
    if let lower = build.symbols.bounds(dim).lower, lower > 1 { return }
    guard let name = dim.symbol, var entry = build.symbols[name], entry.upper == nil,
      entry.allowed == nil
    else {
      throw fault(
        .unsupportedArgument, "which of the axes \(shape) to remove depends on the input",
        fix: "export the model with 'axes' given, or give the inputs shapes with extents above 1")
    }
    entry.lower = 2
    entry.example = max(entry.example ?? 2, 2)
    build.symbols[name] = entry
  }

  fileprivate func squeezed(_ axes: [Int]?) throws -> Known? {
    guard let data = try known("data") else { return nil }
    let axes = try squeezedAxes(axes, of: data.shape.map { .fixed($0) })
    return data.reshaped(data.shape.indices.filter { !axes.contains($0) }.map { data.shape[$0] })
  }
}

extension FunctionBuilder {
  fileprivate func squeeze(_ node: NodeCall, _ axes: [Int]?) throws -> Value {
    let shape = try node.shape("data")
    let axes = try node.squeezedAxes(axes, of: shape)
    if axes.isEmpty { return try node.value("data") }
    // Extents that are only known to be 1 when the program runs.
    guard axes.allSatisfy({ shape[$0] == 1 }) else {
      return try reshape(
        node.value("data"), to: shape.indices.filter { !axes.contains($0) }.map { shape[$0] })
    }
    return try mil.squeeze(x: node.value("data"), axes: .ints(axes))
  }
}
