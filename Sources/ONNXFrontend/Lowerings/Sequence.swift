// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ONNXLowering {
  /// Sequences and optionals whose content is known while lowering: nothing is emitted for them.
  static let sequence: [ONNXLowering] = [
    .custom("SequenceConstruct", since: 11, "inputs*") { node, _ in
      let items = try node.variadic()
      return [ONNXValue(.sequence(items), items.first?.dtype ?? .float32)]
    },
    .custom("SequenceEmpty", since: 11, "", attributes: "dtype") { node, _ in
      [ONNXValue(.sequence([]), try node.elementType("dtype") ?? .float32)]
    },
    .custom("SequenceLength", since: 11, "input_sequence") { node, _ in
      [ONNXValue(Known(scalar: .fixed(try node.items().count)), .int64)]
    },
    .custom("SequenceAt", since: 11, "input_sequence position") { node, _ in
      let items = try node.items()
      return [items[try node.place(in: items.count)]]
    },
    .custom("SequenceInsert", since: 11, "input_sequence tensor position?") { node, _ in
      var items = try node.items()
      guard let value = try node.source("tensor") else {
        throw node.fault(.malformed, "input 'tensor' is missing")
      }
      items.insert(
        value, at: node.has("position") ? try node.place(in: items.count + 1) : items.count)
      return [ONNXValue(.sequence(items), value.dtype)]
    },
    .custom("SequenceErase", since: 11, "input_sequence position?") { node, _ in
      var items = try node.items()
      let dtype = items.first?.dtype ?? .float32
      items.remove(
        at: node.has("position") ? try node.place(in: items.count) : items.count - 1)
      return [ONNXValue(.sequence(items), dtype)]
    },
    .custom("ConcatFromSequence", since: 11, "input_sequence", attributes: "axis new_axis") {
      node, build in
      let items = try node.items()
      let values = try items.map { try node.lowering.tensor($0, "input_sequence", node) }
      guard let first = values.first else {
        throw node.fault(.malformed, "the sequence is empty")
      }
      let isNew = try node.flag("new_axis")
      let rank = try build.rank(of: first) + (isNew ? 1 : 0)
      let axis = Value.int(try build.axis(node.int("axis"), rank: rank, node))
      let value =
        try isNew
        ? build.mil.stack(values: .many(values), axis: axis)
        : build.mil.concat(values: .many(values), axis: axis)
      return [ONNXValue(value, items[0].dtype)]
    },
    .custom("SplitToSequence", since: 11, "input split?", attributes: "axis keepdims") {
      node, build in
      let x = try node.value("input")
      let axis = try build.axis(node.int("axis", default: 0), rank: node.rank("input"), node)
      guard let extent = try node.shape("input")[axis].fixed else {
        throw node.fault(.unsupportedArgument, "splits an axis that is not fixed")
      }
      let sizes = try node.partSizes(extent)
      let drops = try !node.has("split") && !node.flag("keepdims", default: true)
      var start = 0
      let items = try sizes.map { size -> ONNXValue in
        defer { start += size }
        let part = try build.slice(x, axis: axis, from: start, to: start + size)
        return ONNXValue(
          drops ? try build.mil.squeeze(x: part, axes: .ints([axis])) : part,
          try node.dtype("input"))
      }
      return [ONNXValue(.sequence(items), try node.dtype("input"))]
    },
    .custom("Optional", since: 15, "input?", attributes: "type") { node, _ in
      [try node.source("input") ?? ONNXValue(.empty, .float32)]
    },
    .custom("OptionalHasElement", since: 15, "input?") { node, _ in
      [ONNXValue(Known([], .bools([node.has("input")])), .bool)]
    },
    .custom("OptionalGetElement", since: 15, "input") { node, _ in
      guard let value = try node.source("input") else {
        throw node.fault(.malformed, "input 'input' holds nothing")
      }
      return [value]
    },
  ]
}

extension NodeCall {
  fileprivate func items() throws -> [ONNXValue] {
    guard case .sequence(let items)? = try source("input_sequence")?.content else {
      throw fault(.unsupportedType, "input 'input_sequence' is not a sequence known in advance")
    }
    return items
  }

  fileprivate func place(in count: Int) throws -> Int {
    guard let position = try constantInts("position")?.first else { throw notConstant("position") }
    let wrapped = position < 0 ? position + count : position
    guard (0..<count).contains(wrapped) else {
      throw fault(.malformed, "position \(position) lies outside of \(count) items")
    }
    return wrapped
  }

  fileprivate func partSizes(_ extent: Int) throws -> [Int] {
    guard let split = try known("split") else {
      if has("split") { throw notConstant("split") }
      return Array(repeating: 1, count: extent)
    }
    guard let sizes = split.ints, sizes.allSatisfy({ $0 > 0 }) else { throw notConstant("split") }
    if split.rank == 1 {
      guard sizes.reduce(0, +) == extent else {
        throw fault(.malformed, "the parts \(sizes) do not add up to \(extent)")
      }
      return sizes
    }
    return stride(from: 0, to: extent, by: sizes[0]).map { min(sizes[0], extent - $0) }
  }
}
