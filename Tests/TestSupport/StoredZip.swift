// SPDX-License-Identifier: Apache-2.0

/// A zip archive byte by byte, for files with one thing wrong in them.
package struct StoredZip {
  package struct Entry {
    package var name: String
    package var content: [UInt8]
    /// 0 is stored, 8 is deflated.
    package var method: UInt16 = 0
    /// What both headers say of the size after decompression, where it differs.
    package var size: UInt32?
    package var crc: UInt32?

    package init(_ name: String, _ content: [UInt8]) {
      self.name = name
      self.content = content
    }
  }

  package var entries: [Entry]

  package init(_ entries: [Entry]) { self.entries = entries }

  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
      let offset = UInt32(bytes.count)
      let common =
        word(entry.method) + word(UInt16(0)) + word(UInt16(33))
        + word(entry.crc ?? Self.crc32(entry.content)) + word(UInt32(entry.content.count))
        + word(entry.size ?? UInt32(entry.content.count))
        + word(UInt16(entry.name.utf8.count)) + word(UInt16(0))
      bytes += word(UInt32(0x0403_4b50)) + word(UInt16(20)) + word(UInt16(0)) + common
      bytes += Array(entry.name.utf8) + entry.content
      directory += word(UInt32(0x0201_4b50)) + word(UInt16(20)) + word(UInt16(20)) + word(UInt16(0))
      directory += common + word(UInt16(0)) + word(UInt16(0)) + word(UInt16(0)) + word(UInt32(0))
      directory += word(offset) + Array(entry.name.utf8)
    }
    let start = UInt32(bytes.count)
    let count = UInt16(entries.count)
    return bytes + directory + word(UInt32(0x0605_4b50)) + word(UInt32(0)) + word(count)
      + word(count) + word(UInt32(directory.count)) + word(start) + word(UInt16(0))
  }

  private func word<Word: FixedWidthInteger>(_ value: Word) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  private static func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc = ~UInt32(0)
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }
}
