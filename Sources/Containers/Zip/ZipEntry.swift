// SPDX-License-Identifier: Apache-2.0

/// One file inside a zip archive.
package struct ZipEntry: Sendable, Hashable {
  /// The path inside the archive, with `/` between its parts; never absolute, never with `..`.
  package let name: String
  /// Number of bytes after decompression.
  package let size: Int
  package let compressedSize: Int
  /// How the bytes are kept.
  package let method: Method
  package let crc32: UInt32
  /// Where the bytes as they are kept begin in the file.
  package let dataOffset: Int

  package enum Method: Sendable, Hashable {
    case stored, deflated
    /// Another method of the format, by its number; such an entry cannot be read.
    case other(UInt16)
  }

  package var isDirectory: Bool { name.hasSuffix("/") }
  /// The bytes of a stored entry in the file of the archive, nil for a compressed one.
  package var storedRange: Range<Int>? {
    method == .stored ? dataOffset..<(dataOffset + size) : nil
  }
}
