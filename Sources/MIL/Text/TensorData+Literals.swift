// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tensors

extension TensorData {
  /// Elements written in decimal, exactly as the dtype holds them. Throws where one does not fit.
  init(literals: [String], _ dtype: DType, _ shape: [Int]) throws {
    let bits = try literals.map { text -> UInt64 in
      guard let bits = dtype.bits(text) else {
        throw Diagnostic.error(.malformed, "'\(text)' is no \(dtype.rawValue)")
      }
      return bits
    }
    try self.init(dtype: dtype, shape: shape, bytes: Self.packed(bits, width: dtype.bitWidth))
  }

  /// The low `width` bits of every value as one little-endian stream.
  private static func packed(_ values: [UInt64], width: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: (values.count * width + 7) / 8)
    for (index, value) in values.enumerated() {
      if width % 8 == 0 {
        for byte in 0..<(width / 8) {
          bytes[index * width / 8 + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte))
        }
        continue
      }
      for bit in 0..<width where value >> UInt64(bit) & 1 == 1 {
        let position = index * width + bit
        bytes[position / 8] |= 1 << UInt8(position % 8)
      }
    }
    return bytes
  }
}

extension DType {
  /// The bits of the number that `text` spells; `nil` where it is none or does not fit.
  fileprivate func bits(_ text: String) -> UInt64? {
    switch self {
    case .bool: text == "true" ? 1 : text == "false" ? 0 : nil
    case .float16: Float16(text).map { UInt64($0.bitPattern) }
    case .float32: Float(text).map { UInt64($0.bitPattern) }
    case .float64: Double(text).map(\.bitPattern)
    case .bfloat16:
      Float(text).map { value in
        let bits = UInt64(value.bitPattern)
        return value.isNaN ? 0x7FC0 : (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
      }
    case .int4, .int8, .int16, .int32, .int64:
      Int64(text).flatMap { value in
        let most = Int64.max >> Int64(64 - bitWidth)
        return value <= most && value >= -most - 1 ? UInt64(bitPattern: value) : nil
      }
    case .uint1, .uint2, .uint3, .uint4, .uint6, .uint8, .uint16, .uint32, .uint64:
      UInt64(text).flatMap { $0 <= UInt64.max >> UInt64(64 - bitWidth) ? $0 : nil }
    case .string, .float8e4m3fn, .float8e5m2, .complex64, .complex128: nil
    }
  }
}
