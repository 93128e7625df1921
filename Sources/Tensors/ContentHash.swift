// SPDX-License-Identifier: Apache-2.0
import CKernels

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

  package static func of(_ bytes: UnsafeRawBufferPointer) -> ContentHash {
    var hasher = ContentHasher()
    hasher.update(bytes)
    return hasher.hash
  }
}

/// Hashes bytes that come in pieces; how they are cut does not matter.
package struct ContentHasher {
  private var state = mpk_hash()

  package init() { mpk_hash_init(&state) }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    mpk_hash_update(&state, bytes.baseAddress, bytes.count)
  }

  package mutating func update(_ hash: ContentHash) {
    var words = (hash.high.littleEndian, hash.low.littleEndian)
    withUnsafeBytes(of: &words) { update($0) }
  }

  /// The hash of all pieces so far.
  package var hash: ContentHash {
    var state = state
    var words: (UInt64, UInt64) = (0, 0)
    withUnsafeMutableBytes(of: &words) { raw in
      mpk_hash_final(&state, raw.assumingMemoryBound(to: UInt64.self).baseAddress)
    }
    return ContentHash(high: words.0, low: words.1)
  }
}
