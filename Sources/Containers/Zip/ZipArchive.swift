// SPDX-License-Identifier: Apache-2.0
import CZip
package import Diagnostics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A zip archive opened for reading.
package final class ZipArchive {
  /// Path as it was given.
  package let path: String
  /// In the order of the central directory.
  package let entries: [ZipEntry]
  private let places: [String: Int]
  private let archive: OpaquePointer

  /// Opens the archive and checks its structure: every record inside the file and consistent, no
  /// overlaps, no repeated or escaping names, no encryption.
  ///
  /// Throws `.notFound` when it cannot be opened and `.malformed` for the first defect.
  package init(path: String, entryLimit: Int = 1_000_000) throws(Diagnostic) {
    do {
      entries = try ZipDirectory.read(path, entryLimit: entryLimit)
    } catch {
      throw error.inFile(path)
    }
    var places: [String: Int] = [:]
    for (place, entry) in entries.enumerated() { places[entry.name] = place }
    var code: Int32 = 0
    guard let archive = zip_open(path, ZIP_RDONLY, &code) else {
      throw .zipOpen(path, code)
    }
    self.path = path
    self.places = places
    self.archive = archive
    try compare()
  }

  deinit { zip_discard(archive) }

  /// The entry with this name, or nil.
  package subscript(name: String) -> ZipEntry? { places[name].map { entries[$0] } }

  /// The whole content of the entry `name`, decompressed and checked against its CRC.
  ///
  /// Throws `.malformed` when there is none, when it is larger than `limit` bytes, or damaged.
  package func read(_ name: String, limit: Int) throws(Diagnostic) -> [UInt8] {
    guard let place = places[name] else {
      throw .error(.malformed, at: Location(file: path), "the entry '\(name)' is missing")
    }
    let entry = entries[place]
    guard entry.size <= limit else {
      throw bad(entry, "it has \(entry.size) bytes (at most \(limit) expected)")
    }
    if case .other(let method) = entry.method {
      throw bad(entry, "compression method \(method) is not supported (allowed: stored, deflated)")
    }
    guard let file = zip_fopen_index(archive, UInt64(place), 0) else {
      throw bad(entry, "it cannot be read: " + String(cString: zip_strerror(archive)))
    }
    defer { zip_fclose(file) }
    return try read(entry, file)
  }

  private func read(_ entry: ZipEntry, _ file: OpaquePointer) throws(Diagnostic) -> [UInt8] {
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: entry.size) { buffer, count in
      while count < entry.size {
        let got = zip_fread(
          file, buffer.baseAddress.map { $0 + count }, UInt64(entry.size - count))
        if got < 0 { failed = true }
        if got <= 0 { return }
        count += Int(got)
      }
    }
    // One more read makes libzip compare the checksum and shows data beyond the size.
    var extra: UInt8 = 0
    let more = failed ? -1 : zip_fread(file, &extra, 1)
    guard more >= 0 else {
      throw bad(entry, "it cannot be read: " + String(cString: zip_file_strerror(file)))
    }
    guard bytes.count == entry.size, more == 0 else {
      throw bad(entry, "its content is not \(entry.size) bytes as the directory says")
    }
    return bytes
  }

  /// libzip must see the same entries, or one of the two readings is wrong.
  private func compare() throws(Diagnostic) {
    guard zip_get_num_entries(archive, 0) == entries.count else {
      throw .error(
        .malformed, at: Location(file: path),
        "libzip finds \(zip_get_num_entries(archive, 0)) entries, not \(entries.count)")
    }
    for (place, entry) in entries.enumerated() {
      var status = zip_stat_t()
      guard zip_stat_index(archive, UInt64(place), zip_flags_t(ZIP_FL_ENC_RAW), &status) == 0,
        let name = status.name, strcmp(name, entry.name) == 0, status.size == entry.size,
        status.comp_size == entry.compressedSize, status.crc == entry.crc32
      else { throw bad(entry, "libzip reads its record differently") }
    }
  }

  private func bad(_ entry: ZipEntry, _ message: String) -> Diagnostic {
    Diagnostic.zip(entry: entry.name, message).inFile(path)
  }
}

extension Diagnostic {
  fileprivate static func zipOpen(_ path: String, _ code: Int32) -> Diagnostic {
    var error = zip_error_t()
    zip_error_init_with_code(&error, code)
    defer { zip_error_fini(&error) }
    return .error(
      .malformed, at: Location(file: path),
      "cannot be opened as a zip archive: " + String(cString: zip_error_strerror(&error)))
  }
}
