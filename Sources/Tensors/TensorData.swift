// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// A dense tensor in memory: packed little-endian elements in row-major order.
///
/// For values that are small or that the caller asked to hold whole; weights of a model are
/// `WeightSource`s.
package struct TensorData: Hashable, Sendable {
  package let dtype: DType
  package let shape: [Int]
  package let bytes: [UInt8]

  /// C1: `bytes` holds exactly the packed elements of `shape`.
  package init(dtype: DType, shape: [Int], bytes: [UInt8]) throws {
    guard let count = elementCount(shape), let size = dtype.byteCount(count), size == bytes.count
    else {
      throw Diagnostic.error(
        .malformed, "a \(dtype.rawValue) tensor of shape \(shape) cannot have \(bytes.count) bytes")
    }
    self.init(unchecked: dtype, shape, bytes)
  }

  private init(unchecked dtype: DType, _ shape: [Int], _ bytes: [UInt8]) {
    self.dtype = dtype
    self.shape = shape
    self.bytes = bytes
  }

  package var count: Int { shape.reduce(1, *) }
  package var rank: Int { shape.count }
}

extension TensorData {
  /// A tensor of trivially copied elements.
  private init<Element: BitwiseCopyable>(_ dtype: DType, _ values: [Element], shape: [Int]?) {
    let bytes = values.withUnsafeBytes { [UInt8]($0) }
    self.init(unchecked: dtype, shape ?? [values.count], bytes)
  }

  package init(float32 values: [Float], shape: [Int]? = nil) {
    self.init(.float32, values, shape: shape)
  }
  package init(int32 values: [Int32], shape: [Int]? = nil) {
    self.init(.int32, values, shape: shape)
  }
  package init(float16 values: [Float16], shape: [Int]? = nil) {
    self.init(.float16, values, shape: shape)
  }
  package init(bool values: [Bool], shape: [Int]? = nil) {
    self.init(.bool, values.map { $0 ? UInt8(1) : 0 }, shape: shape)
  }
  package init(uint8 values: [UInt8], shape: [Int]? = nil) {
    self.init(.uint8, values, shape: shape)
  }

  /// Values rounded (floats) or truncated with saturation (integers) to `dtype`.
  /// C1: `dtype` is a byte-sized or wider real type.
  package init(_ values: [Double], as dtype: DType, shape: [Int]? = nil) throws {
    switch dtype {
    case .float16: self.init(.float16, values.map { Float16($0) }, shape: shape)
    case .float32: self.init(.float32, values.map { Float($0) }, shape: shape)
    case .float64: self.init(.float64, values, shape: shape)
    case .bool: self.init(.bool, values.map { $0 != 0 ? UInt8(1) : 0 }, shape: shape)
    case .int8: self.init(.int8, values.map { Int8(saturating: $0) }, shape: shape)
    case .uint8: self.init(.uint8, values.map { UInt8(saturating: $0) }, shape: shape)
    case .int16: self.init(.int16, values.map { Int16(saturating: $0) }, shape: shape)
    case .uint16: self.init(.uint16, values.map { UInt16(saturating: $0) }, shape: shape)
    case .int32: self.init(.int32, values.map { Int32(saturating: $0) }, shape: shape)
    case .uint32: self.init(.uint32, values.map { UInt32(saturating: $0) }, shape: shape)
    case .int64: self.init(.int64, values.map { Int64(saturating: $0) }, shape: shape)
    default:
      throw Diagnostic.error(.internalError, "no conversion of numbers to \(dtype.rawValue)")
    }
  }

  private func elements<Element: BitwiseCopyable>(_: Element.Type) -> [Element] {
    bytes.withUnsafeBytes { raw in
      (0..<count).map {
        raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Element>.size, as: Element.self)
      }
    }
  }

  /// The elements as doubles; exact for every real type up to 53 bits.
  package var doubles: [Double] {
    switch dtype {
    case .float16: elements(Float16.self).map(Double.init)
    case .float32: elements(Float.self).map(Double.init)
    case .float64: elements(Double.self)
    case .bfloat16: elements(UInt16.self).map { Double(Float(bitPattern: UInt32($0) << 16)) }
    case .bool, .uint8: elements(UInt8.self).map(Double.init)
    case .int8: elements(Int8.self).map(Double.init)
    case .int16: elements(Int16.self).map(Double.init)
    case .uint16: elements(UInt16.self).map(Double.init)
    case .int32: elements(Int32.self).map(Double.init)
    case .uint32: elements(UInt32.self).map(Double.init)
    case .int64: elements(Int64.self).map(Double.init)
    // Spelled out: `Double.init` alone would be the one from a bit pattern.
    case .uint64: elements(UInt64.self).map { Double($0) }
    case .int4, .uint1, .uint2, .uint3, .uint4, .uint6: subByteElements.map(Double.init)
    case .string, .complex64, .complex128, .float8e4m3fn, .float8e5m2: []
    }
  }

  package var floats: [Float] {
    dtype == .float32 ? elements(Float.self) : doubles.map { Float($0) }
  }

  /// The elements as integers; floats are truncated, with saturation.
  package var ints: [Int] {
    switch dtype {
    case .int64: elements(Int64.self).map { Int($0) }
    case .int32: elements(Int32.self).map { Int($0) }
    default: doubles.map { Int(Int64(saturating: $0)) }
    }
  }

  package var bools: [Bool] { doubles.map { $0 != 0 } }

  /// Unpacked elements of a sub-byte type: element 0 in the lowest bits of byte 0.
  private var subByteElements: [Int] {
    let width = dtype.bitWidth
    return (0..<count).map { index in
      var value = 0
      for bit in 0..<width {
        let position = index * width + bit
        value |= Int(bytes[position / 8] >> UInt8(position % 8) & 1) << bit
      }
      return dtype == .int4 && value >= 8 ? value - 16 : value
    }
  }

  /// The same elements under another shape of equal count.
  package func reshaped(_ shape: [Int]) throws -> TensorData {
    try TensorData(dtype: dtype, shape: shape, bytes: bytes)
  }
}

extension FixedWidthInteger {
  /// `value` truncated toward zero and clamped to the type; NaN becomes 0.
  package init(saturating value: Double) {
    if value.isNaN {
      self = 0
    } else if value >= Double(Self.max) {
      self = .max
    } else if value <= Double(Self.min) {
      self = .min
    } else {
      self = Self(value)
    }
  }
}
