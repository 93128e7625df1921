// SPDX-License-Identifier: Apache-2.0
import CKernels
import Diagnostics
package import Tensors

extension Tensor {
  /// The elements of `data`, decoded. float64 is rounded to float32, wide integers are clamped to
  /// int32. Throws for complex types.
  package init(_ data: TensorData) throws {
    try self.init(uninitialized: data.dtype, data.shape)
    let (words, count) = (memory, data.count)
    try data.bytes.withUnsafeBytes { raw in
      let target = words.base
      guard let source = raw.baseAddress else { return }
      switch data.dtype {
      case .float32, .int32: target.copyMemory(from: source, byteCount: count * 4)
      case .float16:
        mpk_f16_to_f32(source.assumingMemoryBound(to: UInt16.self), floats.baseAddress, count)
      case .bool, .uint8:
        for i in 0..<count { ints[i] = Int32(raw[i]) }
      case .int8:
        for i in 0..<count { ints[i] = Int32(Int8(bitPattern: raw[i])) }
      case .int4, .uint1, .uint2, .uint3, .uint4, .uint6: unpack(raw, data.dtype)
      case .string, .complex64, .complex128, .float8e4m3fn, .float8e5m2:
        throw Diagnostic.error(
          .unsupportedType, "the executor has no \(data.dtype.rawValue) tensors")
      default:
        for (i, value) in data.doubles.enumerated() {
          if isFloat { floats[i] = Float(value) } else { ints[i] = Int32(saturating: value) }
        }
      }
    }
  }

  /// Sub-byte elements, element 0 in the lowest bits of byte 0.
  private func unpack(_ raw: UnsafeRawBufferPointer, _ dtype: DType) {
    let width = dtype.bitWidth
    let mask = UInt32(1) << UInt32(width) - 1
    for i in 0..<count {
      let bit = i * width
      var word = UInt32(raw[bit >> 3]) >> UInt32(bit & 7)
      if bit & 7 + width > 8 { word |= UInt32(raw[bit >> 3 + 1]) << UInt32(8 - bit & 7) }
      let value = Int32(word & mask)
      ints[i] = dtype == .int4 && value >= 8 ? value - 16 : value
    }
  }

  /// The elements packed in the declared dtype. Throws for strings and sub-byte types.
  package func data() throws -> TensorData {
    var bytes = [UInt8](repeating: 0, count: dtype.byteCount(count) ?? 0)
    try withExtendedLifetime(memory) {
      try bytes.withUnsafeMutableBytes { raw in
        guard let target = raw.baseAddress else { return }
        switch dtype {
        case .float32, .int32: target.copyMemory(from: memory.base, byteCount: count * 4)
        case .float16:
          mpk_f32_to_f16(floats.baseAddress, target.assumingMemoryBound(to: UInt16.self), count)
        case .bool, .uint8, .int8:
          for i in 0..<count { raw[i] = UInt8(truncatingIfNeeded: ints[i]) }
        case .int16, .uint16:
          for i in 0..<count {
            raw.storeBytes(
              of: UInt16(truncatingIfNeeded: ints[i]), toByteOffset: 2 * i, as: UInt16.self)
          }
        case .int64:
          for i in 0..<count {
            raw.storeBytes(of: Int64(ints[i]), toByteOffset: 8 * i, as: Int64.self)
          }
        case .float64:
          for i in 0..<count {
            raw.storeBytes(of: Double(floats[i]), toByteOffset: 8 * i, as: Double.self)
          }
        default:
          throw Diagnostic.error(
            .unsupportedType, "a \(dtype.rawValue) tensor cannot leave the executor")
        }
      }
    }
    return try TensorData(dtype: dtype, shape: shape, bytes: bytes)
  }

  /// A float tensor, every value rounded to `dtype`.
  package init(_ values: [Float], _ shape: [Int]? = nil, dtype: DType = .float32) throws {
    try self.init(TensorData(values.map(Double.init), as: dtype, shape: shape ?? [values.count]))
  }

  /// An integer (or bool) tensor.
  package init(ints values: [Int], _ shape: [Int]? = nil, dtype: DType = .int32) throws {
    try self.init(TensorData(values.map(Double.init), as: dtype, shape: shape ?? [values.count]))
  }

  /// Rounds every value to the declared dtype; nothing to do for what is exact already.
  func roundToDType() {
    switch dtype {
    case .float16: withExtendedLifetime(memory) { mpk_round_to_f16(floats.baseAddress, count) }
    case .bfloat16:
      withExtendedLifetime(memory) {
        for i in 0..<count { floats[i] = floats[i].roundedToBFloat16 }
      }
    default: return
    }
  }
}

extension Float {
  /// Nearest bfloat16, ties to even.
  fileprivate var roundedToBFloat16: Float {
    if isNaN { return self }
    let bits = bitPattern
    return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
  }
}
