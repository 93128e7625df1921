// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// Steps that many lowerings share.
extension FunctionBuilder {
  /// `value` under `shape`, with one symbolic extent left to be inferred where that suffices.
  func reshape(_ value: Value, to shape: [Dim]) throws -> Value {
    if try self.shape(of: value) == shape { return value }
    let symbolic = shape.indices.filter { !shape[$0].isFixed }
    let isEmpty = shape.contains(0)
    if symbolic.count == 1, !isEmpty {
      var fixed = shape.map { $0.fixed ?? -1 }
      fixed[symbolic[0]] = -1
      let result = try mil.reshape(x: value, shape: .ints(fixed))
      return try refine(result, shape)
    }
    return try refine(mil.reshape(x: value, shape: .dims(shape)), shape)
  }

  /// `value` repeated along its axes of extent 1 (and new leading ones) to `shape`.
  func expand(_ value: Value, to shape: [Dim]) throws -> Value {
    var value = value
    var from = try self.shape(of: value)
    guard shape.count >= from.count else {
      throw Diagnostic.error(
        .malformed, at: origin, "a rank-\(from.count) tensor expanded to \(shape.count) axes")
    }
    if shape.count > from.count {
      let missing = shape.count - from.count
      value = try mil.expand_dims(x: value, axes: .ints(Array(0..<missing)))
      from = Array(repeating: 1, count: missing) + from
    }
    if from == shape { return value }
    let repeats = zip(from, shape).map { $0 == $1 || $0 != 1 ? Dim.fixed(1) : $1 }
    if repeats.allSatisfy({ $0 == 1 }) { return value }
    // Tile lacks bool before iOS 17 nowhere, but a zero extent everywhere.
    return try refine(mil.tile(x: value, reps: .dims(repeats)), shape)
  }

  /// `value` broadcast by NumPy's rule to the shape of tracing, where it does not have it.
  func broadcast(_ value: Value, to shape: [Dim]) throws -> Value {
    try self.shape(of: value) == shape ? value : try expand(value, to: shape)
  }

  func cast(_ value: Value, to dtype: DType) throws -> Value {
    if try self.dtype(of: value) == dtype { return value }
    return try mil.cast(x: value, dtype: .string(dtype.milName ?? dtype.rawValue))
  }

  /// Says that `value` has `shape`, which tracing knew and inference did not.
  func refine(_ value: Value, _ shape: [Dim]) throws -> Value {
    try assume(value, shape: shape)
    return value
  }
}
