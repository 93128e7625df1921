// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Reads the central directory and the local headers of a zip archive.
///
/// libzip does not tell where the data of a stored entry begin; this does, and refuses archives
/// whose records contradict each other, point outside the file or overlap.
struct ZipDirectory: ~Copyable {
  private let file: OpenFile
  private let limit: Int

  /// What the end record says of the central directory.
  private struct End {
    var count: Int
    var size: Int
    var offset: Int
    /// Offset of the first end record; the directory must lie before it.
    var position: Int
  }

  static func read(_ path: String, entryLimit: Int) throws(Diagnostic) -> [ZipEntry] {
    let file = try OpenFile(path)
    let directory = ZipDirectory(file: file, limit: entryLimit)
    return try directory.entries()
  }

  private init(file: consuming OpenFile, limit: Int) {
    self.file = file
    self.limit = limit
  }

  private func entries() throws(Diagnostic) -> [ZipEntry] {
    let end = try endRecord()
    guard end.count <= limit else { throw bad("has \(end.count) entries (at most \(limit))") }
    guard end.offset <= end.position, end.size <= end.position - end.offset else {
      throw bad(
        "the central directory (\(end.size) bytes at \(end.offset)) does not lie before its end "
          + "record at \(end.position)")
    }
    let records = ZipBytes(try file.read(end.offset..<(end.offset + end.size)))
    var entries: [ZipEntry] = []
    var extents: [Range<Int>] = []
    var names: Set<String> = []
    var position = 0
    for number in 0..<end.count {
      let record = try ZipRecord(records, at: &position, number: number)
      guard names.insert(record.name).inserted else {
        throw .zip(entry: record.name, "two entries have this name")
      }
      let (entry, extent) = try locate(record, before: end.offset)
      entries.append(entry)
      extents.append(extent)
    }
    guard position == end.size else {
      throw bad("the central directory has \(end.size) bytes, but its entries take \(position)")
    }
    try checkOverlaps(entries, extents)
    return entries
  }
}

/// The records at the end of the archive.
extension ZipDirectory {
  private func endRecord() throws(Diagnostic) -> End {
    guard file.size >= 4 else { throw bad("is not a zip archive (\(file.size) bytes)") }
    let magic = ZipBytes(try file.read(0..<4)).u32(0)
    guard magic == 0x0403_4b50 || magic == 0x0605_4b50 else {
      throw bad("is not a zip archive (begins with \(hex(magic)))")
    }
    let tailStart = max(0, file.size - 22 - 0xffff)
    let tail = ZipBytes(try file.read(tailStart..<file.size))
    var place = tail.count - 22
    while place >= 0 {
      if tail.u32(place) == 0x0605_4b50 && place + 22 + Int(tail.u16(place + 20)) == tail.count {
        return try endRecord(tail, place, at: tailStart + place)
      }
      place -= 1
    }
    throw bad("has no end record: it is cut off, or not a zip archive")
  }

  private func endRecord(
    _ tail: borrowing ZipBytes, _ place: Int, at position: Int
  ) throws(Diagnostic) -> End {
    guard tail.u16(place + 4) == tail.u16(place + 6),
      tail.u16(place + 8) == tail.u16(place + 10)
    else { throw bad("is split over several files, which is not supported") }
    let end = End(
      count: Int(tail.u16(place + 10)), size: Int(tail.u32(place + 12)),
      offset: Int(tail.u32(place + 16)), position: position)
    guard end.count == 0xffff || end.size == 0xffff_ffff || end.offset == 0xffff_ffff else {
      return end
    }
    return try zip64Record(end)
  }

  /// The 64-bit end record, where the short one has no room for a number.
  private func zip64Record(_ short: End) throws(Diagnostic) -> End {
    guard short.position >= 20 else { return short }
    let locator = ZipBytes(try file.read((short.position - 20)..<short.position))
    guard locator.u32(0) == 0x0706_4b50 else { return short }
    let offset = try int(locator.u64(8), "the offset of the zip64 end record")
    guard offset <= short.position - 20, short.position - 20 - offset >= 56 else {
      throw bad("the zip64 end record at \(offset) does not lie before its locator")
    }
    let record = ZipBytes(try file.read(offset..<(offset + 56)))
    guard record.u32(0) == 0x0606_4b50 else {
      throw bad("there is no zip64 end record at \(offset)")
    }
    return End(
      count: try int(record.u64(32), "the number of entries"),
      size: try int(record.u64(40), "the size of the central directory"),
      offset: try int(record.u64(48), "the offset of the central directory"), position: offset)
  }

  private func int(_ value: UInt64, _ what: String) throws(Diagnostic) -> Int {
    guard let value = Int(exactly: value) else { throw bad("\(what) is \(value)") }
    return value
  }

  private func bad(_ message: String) -> Diagnostic { .error(.malformed, message) }

  private func hex(_ magic: UInt32) -> String { "0x" + String(magic, radix: 16) }
}

/// The local headers.
extension ZipDirectory {
  /// Finds the data of an entry behind its local header, which must agree with `record`.
  private func locate(
    _ record: ZipRecord, before end: Int
  ) throws(Diagnostic) -> (ZipEntry, Range<Int>) {
    let start = record.headerOffset
    guard start >= 0, start <= end - 30 else {
      throw .zip(entry: record.name, "its header at \(start) does not lie before the directory")
    }
    let header = ZipBytes(try file.read(start..<(start + 30)))
    guard header.u32(0) == 0x0403_4b50 else {
      throw .zip(entry: record.name, "there is no header at \(start)")
    }
    let dataOffset = start + 30 + Int(header.u16(26)) + Int(header.u16(28))
    guard dataOffset <= end, record.compressedSize <= end - dataOffset else {
      throw .zip(
        entry: record.name,
        "its \(record.compressedSize) bytes at \(dataOffset) do not lie before the directory")
    }
    let name = try file.read((start + 30)..<(start + 30 + Int(header.u16(26))))
    guard name == Array(record.name.utf8) else {
      throw .zip(entry: record.name, "its header at \(start) has another name")
    }
    guard header.u16(8) == record.method else {
      throw .zip(
        entry: record.name,
        "its header has compression method \(header.u16(8)), the directory \(record.method)")
    }
    // Sizes may follow the data instead (bit 3), or stand in a zip64 field.
    let follows = header.u16(6) & 8 != 0
    for (size, word) in [(record.compressedSize, header.u32(18)), (record.size, header.u32(22))]
    where word != 0xffff_ffff && !(follows && word == 0) && Int(word) != size {
      throw .zip(entry: record.name, "its header gives the size \(word), the directory \(size)")
    }
    return (record.entry(dataOffset), start..<(dataOffset + record.compressedSize))
  }

  private func checkOverlaps(
    _ entries: [ZipEntry], _ extents: [Range<Int>]
  ) throws(Diagnostic) {
    let order = extents.indices.sorted { extents[$0].lowerBound < extents[$1].lowerBound }
    for (first, second) in zip(order, order.dropFirst())
    where extents[first].upperBound > extents[second].lowerBound {
      throw .zip(entry: entries[second].name, "it overlaps '\(entries[first].name)'")
    }
  }
}
