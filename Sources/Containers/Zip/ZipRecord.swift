// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// One record of the central directory.
struct ZipRecord {
  let name: String
  private(set) var size: Int
  private(set) var compressedSize: Int
  private(set) var headerOffset: Int
  let method: UInt16
  let crc32: UInt32

  /// Reads the record at `position` and moves past it.
  init(_ bytes: borrowing ZipBytes, at position: inout Int, number: Int) throws(Diagnostic) {
    let start = position
    guard bytes.count - start >= 46, bytes.u32(start) == 0x0201_4b50 else {
      throw .error(
        .malformed, "the record of entry \(number) is missing from the central directory")
    }
    let nameLength = Int(bytes.u16(start + 28))
    let extraLength = Int(bytes.u16(start + 30))
    let length = 46 + nameLength + extraLength + Int(bytes.u16(start + 32))
    guard length <= bytes.count - start else {
      throw .error(.malformed, "the record of entry \(number) runs past the central directory")
    }
    position = start + length
    name = try Self.checkedName(bytes[(start + 46)..<(start + 46 + nameLength)], number: number)
    method = bytes.u16(start + 10)
    crc32 = bytes.u32(start + 16)
    compressedSize = Int(bytes.u32(start + 20))
    size = Int(bytes.u32(start + 24))
    headerOffset = Int(bytes.u32(start + 42))
    if bytes.u16(start + 8) & 0x41 != 0 {
      throw .zip(entry: name, "it is encrypted, which is not supported")
    }
    let extra = start + 46 + nameLength
    try readZip64(bytes, extra..<(extra + extraLength))
    if method == 0 && size != compressedSize {
      throw .zip(
        entry: name, "it is stored, but has \(compressedSize) bytes for a size of \(size)")
    }
  }

  func entry(_ dataOffset: Int) -> ZipEntry {
    let kept: ZipEntry.Method =
      switch method {
      case 0: .stored
      case 8: .deflated
      default: .other(method)
      }
    return ZipEntry(
      name: name, size: size, compressedSize: compressedSize, method: kept, crc32: crc32,
      dataOffset: dataOffset)
  }

  /// Takes the numbers that do not fit 32 bits from the extra field of zip64.
  private mutating func readZip64(
    _ bytes: borrowing ZipBytes, _ extra: Range<Int>
  ) throws(Diagnostic) {
    let full = Int(UInt32.max)
    guard size == full || compressedSize == full || headerOffset == full else { return }
    var position = extra.lowerBound
    while extra.upperBound - position >= 4 {
      let end = position + 4 + Int(bytes.u16(position + 2))
      guard end <= extra.upperBound else { break }
      if bytes.u16(position) == 1 {
        var next = position + 4
        if size == full { size = try long(bytes, &next, end) }
        if compressedSize == full { compressedSize = try long(bytes, &next, end) }
        if headerOffset == full { headerOffset = try long(bytes, &next, end) }
        return
      }
      position = end
    }
    throw .zip(entry: name, "its zip64 field is missing")
  }

  private func long(
    _ bytes: borrowing ZipBytes, _ next: inout Int, _ end: Int
  ) throws(Diagnostic) -> Int {
    guard end - next >= 8 else { throw .zip(entry: name, "its zip64 field is too short") }
    let value = bytes.u64(next)
    next += 8
    guard let value = Int(exactly: value) else {
      throw .zip(entry: name, "its zip64 field holds \(value)")
    }
    return value
  }

  /// A name that stays inside the archive: relative, without `..`, backslash, drive or NUL.
  private static func checkedName(
    _ bytes: ArraySlice<UInt8>, number: Int
  ) throws(Diagnostic) -> String {
    guard let name = String(validating: bytes, as: UTF8.self) else {
      throw .error(.malformed, "the name of entry \(number) is not UTF-8")
    }
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    let drive = name.utf8.dropFirst().first == UInt8(ascii: ":")
    if name.isEmpty {
      throw .error(.malformed, "entry \(number) has no name")
    }
    if name.utf8.contains(0) {
      throw .error(.malformed, "the name of entry \(number) holds a NUL byte")
    }
    if name.hasPrefix("/") || drive || name.contains("\\") || parts.contains("..") {
      throw .zip(entry: name, "the name leads out of the archive")
    }
    return name
  }
}

/// Little-endian numbers in a run of bytes. Callers check that offsets lie inside.
struct ZipBytes: ~Copyable {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var count: Int { bytes.count }
  subscript(range: Range<Int>) -> ArraySlice<UInt8> { bytes[range] }
  func u16(_ offset: Int) -> UInt16 { load(offset) }
  func u32(_ offset: Int) -> UInt32 { load(offset) }
  func u64(_ offset: Int) -> UInt64 { load(offset) }

  private func load<T: FixedWidthInteger>(_ offset: Int) -> T {
    var value: T = 0
    for index in (0..<MemoryLayout<T>.size).reversed() {
      value = value << 8 | T(bytes[offset + index])
    }
    return value
  }
}

extension Diagnostic {
  /// A defect of one entry of an archive.
  static func zip(entry: String, _ message: String) -> Diagnostic {
    .error(.malformed, at: Location(entry: entry), message)
  }
}
