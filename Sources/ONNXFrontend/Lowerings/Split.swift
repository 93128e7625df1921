// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let split: [ONNXLowering] = [
    .custom("Split", since: 2, "input", attributes: "axis split") { node, build in
      try build.split(node, sizes: node.ints("split"))
    },
    .custom("Split", since: 13, "input split?", attributes: "axis num_outputs") { node, build in
      try build.split(node, sizes: node.constantInts("split"))
    },
  ]
}

extension FunctionBuilder {
  fileprivate func split(_ node: NodeCall, sizes: [Int]?) throws -> [ONNXValue] {
    let axis = try self.axis(
      node.int("axis", default: 0), rank: node.rank("input"), node)
    let extent = try node.shape("input")[axis]
    let count = try node.int("num_outputs", default: node.node.outputs.count)
    let dtype = try node.dtype("input")
    let sizes = try sizes ?? equalParts(of: extent, count, node)
    if let data = try node.known("input"), data.rank == 1 {
      return try parts(of: data, sizes, node).map { ONNXValue($0, dtype) }
    }
    if sizes.count == 1 { return [ONNXValue(try node.value("input"), dtype)] }
    guard !sizes.contains(0) else { return try slices(node, axis, sizes, dtype) }
    return try emit(
      "split", ["x": node.value("input"), "split_sizes": .ints(sizes), "axis": .int(axis)]
    ).map { ONNXValue($0, dtype) }
  }

  /// Parts of equal size, the last one smaller where they do not fit.
  private func equalParts(of extent: Dim, _ count: Int, _ node: NodeCall) throws -> [Int] {
    guard let extent = extent.fixed else {
      throw node.fault(
        .unsupportedArgument, "splits the extent \(extent), which is not fixed, in equal parts",
        fix: "give the input a fixed shape")
    }
    guard count > 0 else { throw node.fault(.malformed, "has no outputs") }
    let size = (extent + count - 1) / count
    let last = extent - size * (count - 1)
    guard last >= 0 else {
      throw node.fault(.malformed, "cannot split \(extent) in \(count) parts")
    }
    return Array(repeating: size, count: count - 1) + [last]
  }

  private func parts(of data: Known, _ sizes: [Int], _ node: NodeCall) throws -> [Known] {
    guard sizes.reduce(0, +) == data.count, sizes.allSatisfy({ $0 >= 0 }) else {
      throw node.fault(.malformed, "the parts \(sizes) do not add up to \(data.count)")
    }
    var start = 0
    return sizes.map { size in
      defer { start += size }
      return data.picking(Array(start..<(start + size)), shape: [size])
    }
  }

  /// Parts one by one, where some are empty.
  private func slices(
    _ node: NodeCall, _ axis: Int, _ sizes: [Int], _ dtype: DType
  ) throws -> [ONNXValue] {
    var start = 0
    return try sizes.map { size in
      defer { start += size }
      var shape = try node.shape("input")
      shape[axis] = .fixed(size)
      let part =
        try size == 0
        ? fill(shape, like: node.value("input"))
        : slice(node.value("input"), axis: axis, from: start, to: start + size)
      return ONNXValue(part, dtype)
    }
  }
}
