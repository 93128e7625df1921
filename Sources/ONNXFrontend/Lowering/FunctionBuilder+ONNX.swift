// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// Steps that many lowerings share.
extension FunctionBuilder {
  func cast(_ value: Value, to dtype: DType) throws -> Value {
    if try self.dtype(of: value) == dtype { return value }
    guard let name = dtype.milName else {
      throw Diagnostic.error(.unsupportedType, at: origin, "there is no cast to \(dtype.rawValue)")
    }
    return try mil.cast(x: value, dtype: .string(name))
  }

  func reshape(_ value: Value, _ shape: [Int]) throws -> Value {
    try reshape(value, to: shape.map { .fixed($0) })
  }

  /// `value` under `shape`, with one symbolic extent left to be inferred where that suffices.
  func reshape(_ value: Value, to shape: [Dim]) throws -> Value {
    if try self.shape(of: value) == shape { return value }
    let symbolic = shape.indices.filter { !shape[$0].isFixed }
    guard symbolic.count == 1, !shape.contains(0) else {
      return try refined(mil.reshape(x: value, shape: .dims(shape)), shape)
    }
    let fixed = shape.map { $0.fixed ?? -1 }
    return try refined(mil.reshape(x: value, shape: .ints(fixed)), shape)
  }

  /// Says that `value` has `shape`, which inference may not know.
  func refined(_ value: Value, _ shape: [Dim]) throws -> Value {
    try assume(value, shape: shape)
    return value
  }

  /// `value` repeated by NumPy's rule to `shape`.
  func expand(_ value: Value, to shape: [Dim]) throws -> Value {
    var value = value
    var from = try self.shape(of: value)
    if from == shape { return value }
    if shape.count > from.count {
      let missing = shape.count - from.count
      value = try mil.expand_dims(x: value, axes: .ints(Array(0..<missing)))
      from = Array(repeating: 1, count: missing) + from
    }
    let repeats = zip(from, shape).map { $0 == $1 || $0 != 1 ? Dim.fixed(1) : $1 }
    if repeats.allSatisfy({ $0 == 1 }) { return value }
    if shape.contains(0) || repeats.contains(0) {
      return try fill(shape, like: value)
    }
    return try refined(mil.tile(x: value, reps: .dims(repeats)), shape)
  }

  /// Zeros of `shape` in the dtype of `value`.
  func fill(_ shape: [Dim], like value: Value) throws -> Value {
    try fill(shape, 0, try dtype(of: value))
  }

  /// A tensor of `shape` with every element `number`.
  func fill(_ shape: [Dim], _ number: Double, _ dtype: DType) throws -> Value {
    let value = Value.constant(Constant(try TensorData([number], as: dtype, shape: [])))
    if shape.isEmpty { return value }
    return try refined(mil.fill(shape: .dims(shape), value: value), shape)
  }

  /// `number` as a scalar in the dtype of `value`.
  func scalar(_ number: Double, like value: Value) throws -> Value {
    try scalar(number, try dtype(of: value))
  }

  func scalar(_ number: Double, _ dtype: DType) throws -> Value {
    .constant(Constant(try TensorData([number], as: dtype, shape: [])))
  }

  /// `axis` as a number in `0..<rank`. Throws `.malformed` when it lies outside.
  func axis(_ axis: Int, rank: Int, _ node: NodeCall) throws -> Int {
    guard axis >= -rank, axis < max(rank, 1) else {
      throw node.fault(
        .malformed, "axis \(axis) lies outside of rank \(rank)")
    }
    return axis < 0 ? axis + rank : axis
  }

  func axes(_ axes: [Int], rank: Int, _ node: NodeCall) throws -> [Int] {
    let all = try axes.map { try axis($0, rank: rank, node) }
    guard Set(all).count == all.count else {
      throw node.fault(.malformed, "axes \(axes) name one axis twice")
    }
    return all
  }

  func transpose(_ value: Value, _ permutation: [Int]) throws -> Value {
    if permutation == Array(permutation.indices) { return value }
    return try mil.transpose(x: value, perm: .ints(permutation))
  }

  /// The part of `value` from `start` to `end` along one axis; both known.
  func slice(_ value: Value, axis: Int, from start: Int, to end: Int?) throws -> Value {
    let rank = try self.rank(of: value)
    var begin = [Int](repeating: 0, count: rank)
    var stop = begin
    var openEnd = [Bool](repeating: true, count: rank)
    begin[axis] = start
    if let end {
      stop[axis] = end
      openEnd[axis] = false
    }
    let openBegin = begin.indices.map { $0 != axis || start == 0 }
    return try mil.slice_by_index(
      x: value, begin: .ints(begin), end: .ints(stop), begin_mask: .bools(openBegin),
      end_mask: .bools(openEnd))
  }

  /// Integer results of narrow types wrapped as they wrap in the source. Types of 32 bits and more
  /// are `int32` here.
  func wrapped(_ value: Value, _ dtype: DType) throws -> Value {
    guard dtype.isInteger, dtype.bitWidth < 32, try self.dtype(of: value) == .int32 else {
      return value
    }
    let span = 1 << dtype.bitWidth
    if dtype.isUnsignedInteger { return try mil.mod(x: value, y: .int(span)) }
    let shifted = try mil.add(x: value, y: .int(span / 2))
    return try mil.sub(x: mil.mod(x: shifted, y: .int(span)), y: .int(span / 2))
  }
}

extension Dim {
  static func product(_ dims: some Sequence<Dim>) -> Dim { dims.reduce(.fixed(1)) { $0 * $1 } }
}

/// The shape that two shapes broadcast to, where a symbol stands for itself.
func broadcastShape(_ a: [Dim], _ b: [Dim]) -> [Dim] {
  let rank = max(a.count, b.count)
  let x = Array(repeating: Dim.fixed(1), count: rank - a.count) + a
  let y = Array(repeating: Dim.fixed(1), count: rank - b.count) + b
  return zip(x, y).map { p, q in
    if p == q || q == 1 { return p }
    if p == 1 { return q }
    return p.isFixed ? p : q
  }
}
