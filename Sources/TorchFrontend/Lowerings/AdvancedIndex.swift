// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// `x[i, :, j]` with tensors of indices: NumPy's advanced indexing.
struct AdvancedIndex {
  private let call: TorchCall
  private let build: FunctionBuilder
  private let x: Value
  private let shape: [Dim]
  /// Indexed axes with int32 indices, in order.
  private var indices: [(axis: Int, index: Value)] = []

  init(_ call: TorchCall, _ build: FunctionBuilder) throws {
    self.call = call
    self.build = build
    x = try call.value("self")
    shape = try build.shape(of: x)
    var axis = 0
    for tensor in try call.optionalTensors("indices") {
      guard let tensor else {
        axis += 1
        continue
      }
      let value = try tensor.value(build)
      guard tensor.dtype == .bool else {
        guard axis < shape.count else { throw call.fault("has more indices than axes") }
        indices.append((axis, try build.wrapIndices(value, extent: shape[axis])))
        axis += 1
        continue
      }
      // A mask stands for the positions at which it is true, one index per axis of it.
      let rank = try build.rank(of: value)
      guard axis + rank <= shape.count else { throw call.fault("has more indices than axes") }
      let positions = try build.mil.non_zero(x: build.cast(value, to: .int32))
      for k in 0..<rank {
        let column = try ViewStep.select(axis: 1, index: .fixed(k)).apply(to: positions, build)
        indices.append((axis, column))
        axis += 1
      }
    }
    guard !indices.isEmpty else { throw call.fault("has no index") }
  }

  private var isAdjacent: Bool {
    zip(indices, indices.dropFirst()).allSatisfy { $1.axis == $0.axis + 1 }
  }

  func read() throws -> Value {
    try build.asNumber(x) { x in
      if indices.count == 1 {
        return try build.mil.gather(x: x, indices: indices[0].index, axis: .int(indices[0].axis))
      }
      let (front, rest) = try indexedFirst(x)
      let positions = try stacked()
      let rank = try build.rank(of: positions) - 1
      let gathered = try build.mil.gather_nd(x: front, indices: positions)
      return try restored(gathered, indexRank: rank, rest: rest)
    }
  }

  /// `x` with the indexed axes first, and the axes that follow them.
  private func indexedFirst(_ x: Value) throws -> (Value, [Int]) {
    let axes = indices.map(\.axis)
    let rest = shape.indices.filter { !axes.contains($0) }
    let order = axes + rest
    if order == Array(shape.indices) { return (x, rest) }
    return (try build.mil.transpose(x: x, perm: .ints(order)), rest)
  }

  /// The indices, broadcast together, as the last axis of one tensor.
  private func stacked() throws -> Value {
    let target = try broadcastShape()
    let parts = try indices.map { try build.expand($0.index, to: target) }
    return try build.mil.stack(values: .many(parts), axis: .int(target.count))
  }

  private func broadcastShape() throws -> [Dim] {
    try indices.reduce([]) { target, item in
      let next = try build.shape(of: item.index)
      let rank = max(target.count, next.count)
      let a = Array(repeating: Dim.fixed(1), count: rank - target.count) + target
      let b = Array(repeating: Dim.fixed(1), count: rank - next.count) + next
      return zip(a, b).map { $0 == 1 ? $1 : $0 }
    }
  }

  /// The index axes go where the indexed ones were if those were adjacent, else first.
  private func restored(_ value: Value, indexRank: Int, rest: [Int]) throws -> Value {
    let before = rest.filter { $0 < indices[0].axis }.count
    guard isAdjacent, before > 0 else { return value }
    let lead = (0..<before).map { indexRank + $0 }
    let tail = (before..<rest.count).map { indexRank + $0 }
    return try build.mil.transpose(x: value, perm: .ints(lead + Array(0..<indexRank) + tail))
  }

  func write(_ values: Value, accumulate: Bool) throws -> Value {
    let mode = accumulate ? "add" : "update"
    return try build.asNumber(x) { x in
      let dtype = try build.dtype(of: x)
      let source = try build.convert(values, to: dtype)
      if let masked = try maskedWrite(x, source, accumulate) { return masked }
      if indices.count == 1, try build.rank(of: indices[0].index) <= 1 {
        let axis = indices[0].axis
        var target = shape
        let extent = try build.shape(of: indices[0].index).first
        if let extent { target[axis] = extent } else { target.remove(at: axis) }
        var updates = try build.broadcast(source, to: target)
        if extent == nil { updates = try build.mil.expand_dims(x: updates, axes: .ints([axis])) }
        return try build.scatter(x, at: indices[0].index, updates, axis: axis, mode: mode)
      }
      let (front, rest) = try indexedFirst(x)
      let positions = try stacked()
      let indexShape = try build.shape(of: positions).dropLast()
      let updates = try moved(source, indexRank: indexShape.count, rest: rest, Array(indexShape))
      let written = try build.mil.scatter_nd(
        data: front, indices: positions, updates: updates, mode: .string(mode))
      let order = indices.map(\.axis) + rest
      if order == Array(shape.indices) { return written }
      var inverse = order
      for (new, old) in order.enumerated() { inverse[old] = new }
      return try build.mil.transpose(x: written, perm: .ints(inverse))
    }
  }

  /// Values that do not depend on the position, written where a mask is true, are a choice.
  private func maskedWrite(_ x: Value, _ source: Value, _ accumulate: Bool) throws -> Value? {
    let tensors = try call.optionalTensors("indices")
    guard !accumulate, let place = tensors.firstIndex(where: { $0 != nil }),
      tensors[(place + 1)...].allSatisfy({ $0 == nil }), let mask = tensors[place],
      mask.dtype == .bool
    else { return nil }
    let flags = try mask.value(build)
    let masked = try build.rank(of: flags)
    let after = shape.count - place - masked
    guard after >= 0 else { throw call.fault("has more indices than axes") }
    // The mask's axes are one axis of the values.
    var values = try build.shape(of: source)
    if values.count > after {
      let axis = values.count - after - 1
      guard values[axis] == 1 else { return nil }
      values.replaceSubrange(axis...axis, with: Array(repeating: 1, count: masked))
    }
    let full =
      Array(repeating: 1, count: place) + (try build.shape(of: flags))
      + Array(repeating: 1, count: after)
    return try build.choose(
      build.reshape(flags, to: full), build.reshape(source, to: values), x, shape: shape)
  }

  /// Values in the order that `scatter_nd` wants: index axes first.
  private func moved(
    _ source: Value, indexRank: Int, rest: [Int], _ indexShape: [Dim]
  ) throws -> Value {
    let before = isAdjacent ? rest.filter { $0 < indices[0].axis }.count : 0
    let lead = rest[..<before].map { shape[$0] }
    let tail = rest[before...].map { shape[$0] }
    let full = try build.broadcast(source, to: lead + indexShape + tail)
    if before == 0 { return full }
    let order =
      (before..<(before + indexRank)).map { $0 } + Array(0..<before)
      + Array((before + indexRank)..<(rest.count + indexRank))
    return try build.mil.transpose(x: full, perm: .ints(order))
  }
}
