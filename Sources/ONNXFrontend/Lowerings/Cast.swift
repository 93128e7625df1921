// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let cast: [ONNXLowering] = [
    ONNXLowering(
      "Cast", since: 6, "input", attributes: "to saturate round_mode",
      result: .by { try $0.target() }, fold: { try $0.foldedCast(to: $0.target()) }
    ) { node, build in
      try build.converted(node.value("input"), from: node.dtype("input"), to: node.target())
    },
    ONNXLowering(
      "CastLike", since: 15, "input target_type", attributes: "saturate round_mode",
      result: .by { try $0.dtype("target_type") },
      fold: { try $0.foldedCast(to: $0.dtype("target_type")) }
    ) { node, build in
      try build.converted(
        node.value("input"), from: node.dtype("input"), to: node.dtype("target_type"))
    },
  ]
}

extension NodeCall {
  fileprivate func target() throws -> DType {
    guard let dtype = try elementType("to") else {
      throw fault(.malformed, "attribute 'to' is missing")
    }
    return dtype
  }

  fileprivate func foldedCast(to dtype: DType) throws -> Known? {
    try known("input")?.cast(to: dtype)
  }
}

extension Known {
  /// The elements as they are in `dtype`; `nil` where that is not known.
  func cast(to dtype: DType) -> Known? {
    switch (elements, dtype) {
    case (.bools, .bool), (.floats, .float32), (.floats, .float64): return rounded(to: dtype)
    case (.integers, _) where dtype.isInteger && dtype.bitWidth >= 32: return self
    case (_, .bool): return doubles.map { Known(shape, .bools($0.map { $0 != 0 })) }
    case (.bools, _) where dtype.isInteger, (.floats, _) where dtype.isInteger:
      guard let values = doubles, values.allSatisfy({ abs($0) < 1e15 }) else { return nil }
      let ints = values.map { Int($0) }
      guard dtype.bitWidth >= 32 || ints.allSatisfy({ (0...127).contains($0) }) else { return nil }
      return Known(shape, .integers(ints.map { .fixed($0) }))
    case (_, let dtype) where dtype.isFloat:
      return doubles.flatMap { Known(shape, .floats($0)).rounded(to: dtype) }
    default: return nil
    }
  }

  /// Floats rounded to the precision that the program has for `dtype`.
  func rounded(to dtype: DType) -> Known {
    guard case .floats(let values) = elements else { return self }
    return Known(
      shape,
      .floats(values.map { dtype == .float16 ? Double(Float16($0)) : Double(Float($0)) }))
  }
}

extension FunctionBuilder {
  /// `value` as the source's `Cast` gives it: fractions are cut off, narrow integers wrap.
  func converted(_ value: Value, from: DType, to: DType) throws -> Value {
    guard let running = to.runtime else { return value }
    let result = try cast(value, to: running)
    let narrows = to.isInteger && to.bitWidth < 32
    let fits = from == .bool || from.isInteger && from.fits(in: to)
    return narrows && !fits ? try wrapped(result, to) : result
  }
}

extension DType {
  /// Whether every value of this integer type is one of `other`.
  fileprivate func fits(in other: DType) -> Bool {
    if self == other { return true }
    if isUnsignedInteger { return bitWidth < other.bitWidth }
    return other.isSignedInteger && bitWidth <= other.bitWidth
  }
}
