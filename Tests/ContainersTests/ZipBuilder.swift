// SPDX-License-Identifier: Apache-2.0

/// Builds zip archives byte by byte, so that tests can break exactly one thing.
struct ZipBuilder {
  struct Entry {
    var name: [UInt8]
    var content: [UInt8]
    var method: UInt16 = 0
    var flags: UInt16 = 0
    /// Uncompressed size where it differs from the content's.
    var size: UInt32?
    var crc: UInt32?
    /// What the local header says where it differs.
    var localName: [UInt8]?
    var localMethod: UInt16?
    var localSize: UInt32?
    var localMagic: UInt32 = 0x0403_4b50
    /// Where the directory says that the entry begins.
    var offset: UInt32?
    /// What the directory says of the compressed size.
    var compressedSize: UInt32?
    var extra: [UInt8] = []

    init(_ name: String, _ content: String = "content") {
      self.name = Array(name.utf8)
      self.content = Array(content.utf8)
    }
  }

  var entries: [Entry]
  var count: UInt16?
  var directorySize: UInt32?
  var directoryOffset: UInt32?
  var disk: UInt16 = 0
  var recordMagic: UInt32 = 0x0201_4b50
  /// Bytes between the directory and the end record.
  var gap: [UInt8] = []
  var comment: [UInt8] = []

  init(_ entries: Entry...) { self.entries = entries }

  /// The same archive with one thing changed.
  func with(_ change: (inout ZipBuilder) -> Void) -> ZipBuilder {
    var copy = self
    change(&copy)
    return copy
  }

  func bytes() -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
      let crc = entry.crc ?? Self.crc32(entry.content)
      let size = entry.size ?? UInt32(entry.content.count)
      let compressed = entry.compressedSize ?? UInt32(entry.content.count)
      let offset = entry.offset ?? UInt32(file.count)
      let localName = entry.localName ?? entry.name
      let local =
        Self.u32(entry.localMagic) + Self.u16(20) + Self.u16(entry.flags)
        + Self.u16(entry.localMethod ?? entry.method) + Self.u32(0x21_0000) + Self.u32(crc)
        + Self.u32(entry.localSize ?? UInt32(entry.content.count)) + Self.u32(size)
        + Self.u16(UInt16(localName.count)) + Self.u16(0)
      file += local + localName + entry.content
      directory +=
        Self.u32(recordMagic) + Self.u16(20) + Self.u16(20) + Self.u16(entry.flags)
        + Self.u16(entry.method) + Self.u32(0x21_0000) + Self.u32(crc) + Self.u32(compressed)
        + Self.u32(size) + Self.u16(UInt16(entry.name.count))
        + Self.u16(UInt16(entry.extra.count)) + Self.u16(0) + Self.u16(0) + Self.u16(0)
        + Self.u32(0) + Self.u32(offset) + entry.name + entry.extra
    }
    let end =
      Self.u32(0x0605_4b50) + Self.u16(disk) + Self.u16(0)
      + Self.u16(count ?? UInt16(entries.count)) + Self.u16(count ?? UInt16(entries.count))
      + Self.u32(directorySize ?? UInt32(directory.count))
      + Self.u32(directoryOffset ?? UInt32(file.count)) + Self.u16(UInt16(comment.count)) + comment
    return file + directory + gap + end
  }

  static func u16(_ value: UInt16) -> [UInt8] { [UInt8(value & 0xff), UInt8(value >> 8)] }

  static func u32(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
  }

  static func u64(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
  }

  static func crc32(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { rest, _ in
        rest & 1 == 1 ? rest >> 1 ^ 0xedb8_8320 : rest >> 1
      }
    }
  }
}
