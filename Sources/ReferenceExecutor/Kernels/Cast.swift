// SPDX-License-Identifier: Apache-2.0
import Tensors

extension Kernel {
  /// Conversion to another dtype. Floats become integers by truncation toward zero, clamped to the
  /// range of the result (NaN becomes 0); integers narrow by dropping high bits; anything but zero
  /// is true.
  static let cast = Kernel("cast") { call in
    let x = try call.tensor("x")
    let name = try call.string("dtype")
    guard let dtype = DType(mil: name) else {
      throw call.fault("no dtype '\(name)'", .unsupportedArgument)
    }
    return try call.converted(x, to: dtype)
  }
}

extension KernelCall {
  func converted(_ x: Tensor, to dtype: DType) throws -> Tensor {
    if x.dtype == dtype { return x }
    if x.isFloat && dtype == .float32 { return x.relabelled(.float32) }
    let y = try make(dtype, x.shape)
    switch (x.isFloat, dtype.isFloat) {
    case (true, true): y.memory.base.copyMemory(from: x.memory.base, byteCount: 4 * x.count)
    case (false, true): for i in 0..<x.count { y.floats[i] = Float(x.ints[i]) }
    case (true, false):
      if dtype == .bool {
        for i in 0..<x.count { y.ints[i] = x.floats[i] != 0 ? 1 : 0 }
      } else {
        for i in 0..<x.count { y.ints[i] = dtype.saturated(x.floats[i]) }
      }
    case (false, false): for i in 0..<x.count { y.ints[i] = dtype.wrapped(x.ints[i]) }
    }
    return y
  }
}

extension DType {
  /// The dtype that MIL spells `name` (`fp16`, `int32`).
  init?(mil name: String) {
    switch name {
    case "fp16": self = .float16
    case "fp32": self = .float32
    case "fp64": self = .float64
    case "str": self = .string
    default: self.init(rawValue: name)
    }
  }

  /// `value` truncated and clamped to this integer dtype.
  func saturated(_ value: Float) -> Int32 {
    let value = Double(value)
    switch self {
    case .int8: return Int32(Int8(saturating: value))
    case .uint8: return Int32(UInt8(saturating: value))
    case .int16: return Int32(Int16(saturating: value))
    case .uint16: return Int32(UInt16(saturating: value))
    case .bool: return value != 0 ? 1 : 0
    default: return Int32(saturating: value)
    }
  }

  /// The low bits of `value` as this integer dtype.
  func wrapped(_ value: Int32) -> Int32 {
    switch self {
    case .int8: Int32(Int8(truncatingIfNeeded: value))
    case .uint8: Int32(UInt8(truncatingIfNeeded: value))
    case .int16: Int32(Int16(truncatingIfNeeded: value))
    case .uint16: Int32(UInt16(truncatingIfNeeded: value))
    case .bool: value != 0 ? 1 : 0
    default: value
    }
  }
}
