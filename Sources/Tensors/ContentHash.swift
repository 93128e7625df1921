// SPDX-License-Identifier: Apache-2.0

/// A 128-bit hash of bytes: equal for equal content, the same on every machine. Not cryptographic.
package struct ContentHash: Hashable, Sendable, CustomStringConvertible {
  package let high: UInt64
  package let low: UInt64

  package var description: String {
    String(high, radix: 16) + "-" + String(low, radix: 16)
  }

  package static func of(_ bytes: [UInt8]) -> ContentHash {
    bytes.withUnsafeBytes(of)
  }

  /// Two multiply-fold chains over 16-byte words.
  package static func of(_ bytes: UnsafeRawBufferPointer) -> ContentHash {
    var a: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(bytes.count)
    var b: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    var offset = 0
    while offset < bytes.count {
      let x = word(bytes, offset)
      let y = word(bytes, offset + 8)
      a = fold(a ^ x, 0xA076_1D64_78BD_642F ^ y)
      b = fold(b ^ y, 0xE703_7ED1_A0B4_28DB ^ x) &+ a
      offset += 16
    }
    return ContentHash(high: fold(a, 0x8EBC_6AF0_9C88_C6E3), low: fold(b, 0x5899_65CC_7537_4CC3))
  }

  private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
    if offset + 8 <= bytes.count {
      return bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
    }
    var word: UInt64 = 0
    for k in 0..<max(0, bytes.count - offset) { word |= UInt64(bytes[offset + k]) << UInt64(8 * k) }
    return word
  }

  private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let (high, low) = a.multipliedFullWidth(by: b)
    return high ^ low
  }
}
