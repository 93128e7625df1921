// SPDX-License-Identifier: Apache-2.0

/// Element types of the field: those of MIL, and those that sources have and MIL lacks.
package enum DType: String, Hashable, Sendable, CaseIterable {
  case bool, string
  case float16, float32, float64, bfloat16
  case float8e4m3fn, float8e5m2
  case int4, int8, int16, int32, int64
  case uint1, uint2, uint3, uint4, uint6, uint8, uint16, uint32, uint64
  case complex64, complex128
}

extension DType {
  /// Bits that one element takes when packed; strings have none.
  package var bitWidth: Int {
    switch self {
    case .string: 0
    case .uint1: 1
    case .uint2: 2
    case .uint3: 3
    case .int4, .uint4: 4
    case .uint6: 6
    case .bool, .int8, .uint8, .float8e4m3fn, .float8e5m2: 8
    case .float16, .bfloat16, .int16, .uint16: 16
    case .float32, .int32, .uint32: 32
    case .float64, .int64, .uint64, .complex64: 64
    case .complex128: 128
    }
  }

  /// Floating point, of any width.
  package var isFloat: Bool {
    switch self {
    case .float16, .float32, .float64, .bfloat16, .float8e4m3fn, .float8e5m2: true
    default: false
    }
  }

  /// A signed or unsigned integer of any width; `bool` is not one.
  package var isInteger: Bool { isSignedInteger || isUnsignedInteger }

  package var isSignedInteger: Bool {
    switch self {
    case .int4, .int8, .int16, .int32, .int64: true
    default: false
    }
  }

  package var isUnsignedInteger: Bool {
    switch self {
    case .uint1, .uint2, .uint3, .uint4, .uint6, .uint8, .uint16, .uint32, .uint64: true
    default: false
    }
  }

  /// Narrower than a byte: packed as a little-endian bit stream.
  package var isSubByte: Bool { bitWidth > 0 && bitWidth < 8 }

  /// Bytes of `count` packed elements, the last byte padded with zero bits.
  /// `nil` when the size does not fit in an `Int`.
  package func byteCount(_ count: Int) -> Int? {
    let (bits, overflow) = count.multipliedReportingOverflow(by: bitWidth)
    return overflow || bits > Int.max - 7 ? nil : (bits + 7) / 8
  }
}

/// The number of elements of `shape`; `nil` for a negative extent or past `Int.max`.
package func elementCount(_ shape: [Int]) -> Int? {
  var count = 1
  for extent in shape {
    if extent < 0 { return nil }
    let (product, overflow) = count.multipliedReportingOverflow(by: extent)
    if overflow { return nil }
    count = product
  }
  return count
}

/// Row-major strides, in elements, of a dense tensor of `shape`.
package func rowMajorStrides(_ shape: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: shape.count)
  for axis in shape.indices.dropLast().reversed() {
    strides[axis] = strides[axis + 1] &* Swift.max(shape[axis + 1], 1)
  }
  return strides
}
