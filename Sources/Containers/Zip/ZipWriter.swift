// SPDX-License-Identifier: Apache-2.0
import CZip
package import Diagnostics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writes a zip archive of stored entries: same entries, same bytes (no clock, no attributes of
/// the machine).
///
/// Nothing is written before `commit()`. Write to the temporary path of an `OutputTransaction`:
/// libzip puts a temporary file of its own beside the path.
package final class ZipWriter {
  /// Fills a buffer with the next bytes of an entry and returns how many; 0 ends the entry.
  package typealias Source = (UnsafeMutableRawBufferPointer) throws -> Int

  private let path: String
  private var archive: OpaquePointer?
  private var feeds: [ZipFeed] = []

  /// 1980-01-01 00:00, the earliest time the format can say.
  private static let date: UInt16 = 1 << 5 | 1

  package init(path: String) throws(Diagnostic) {
    self.path = path
    var code: Int32 = 0
    guard let archive = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code) else {
      throw .error(.cannotWrite, at: Location(file: path), "cannot be created (libzip \(code))")
    }
    self.archive = archive
  }

  deinit {
    if let archive { zip_discard(archive) }
  }

  /// Adds an entry with these bytes, which are kept until `commit()`.
  package func add(_ name: String, _ bytes: [UInt8]) throws(Diagnostic) {
    var position = 0
    try add(name, size: bytes.count) { buffer in
      let count = min(buffer.count, bytes.count - position)
      bytes.withUnsafeBytes { source in
        buffer.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: source[position..<(position + count)]))
      }
      position += count
      return count
    }
  }

  /// Adds an entry of `size` bytes that `source` delivers, once, during `commit()`.
  package func add(_ name: String, size: Int, from source: @escaping Source) throws(Diagnostic) {
    guard let archive else { return }
    let feed = ZipFeed(size: size, source)
    guard let input = zip_source_function(archive, zipFeedCallback, feed.pointer) else {
      throw failed(name)
    }
    feeds.append(feed)
    let index = zip_file_add(archive, name, input, zip_flags_t(ZIP_FL_ENC_UTF_8))
    guard index >= 0 else {
      zip_source_free(input)
      throw failed(name)
    }
    guard zip_set_file_compression(archive, UInt64(index), ZIP_CM_STORE, 0) == 0,
      zip_file_set_dostime(archive, UInt64(index), 0, Self.date, 0) == 0,
      zip_file_set_external_attributes(
        archive, UInt64(index), 0, UInt8(ZIP_OPSYS_UNIX), 0o100644 << 16) == 0
    else { throw failed(name) }
  }

  /// Writes the archive. Errors that a source throws are thrown here.
  package func commit() throws {
    guard let archive else { return }
    guard zip_close(archive) == 0 else {
      if let error = feeds.lazy.compactMap(\.error).first { throw error }
      throw Diagnostic.error(
        .cannotWrite, at: Location(file: path),
        "cannot be written: " + String(cString: zip_strerror(archive)))
    }
    self.archive = nil
  }

  private func failed(_ name: String) -> Diagnostic {
    let reason = archive.map { String(cString: zip_strerror($0)) } ?? ""
    return .error(
      .cannotWrite, at: Location(file: path, entry: name), "cannot be added: \(reason)")
  }
}

/// What libzip calls back for the content of one entry.
private final class ZipFeed {
  let size: Int
  let source: ZipWriter.Source
  var delivered = 0
  var error: (any Error)?

  init(size: Int, _ source: @escaping ZipWriter.Source) {
    self.size = size
    self.source = source
  }

  /// Not retained: the writer keeps the feed as long as libzip may call.
  var pointer: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

  func read(_ data: UnsafeMutableRawPointer?, _ count: UInt64) -> Int64 {
    do {
      let buffer = UnsafeMutableRawBufferPointer(start: data, count: Int(count))
      let got = try source(buffer)
      delivered += got
      if delivered > size || got == 0 && delivered < size {
        throw Diagnostic.error(
          .internalError, "an entry of \(size) bytes was given \(delivered)")
      }
      return Int64(got)
    } catch {
      self.error = error
      return -1
    }
  }

  func stat(_ data: UnsafeMutableRawPointer?) -> Int64 {
    guard let status = data?.assumingMemoryBound(to: zip_stat_t.self) else { return -1 }
    zip_stat_init(status)
    status.pointee.valid = UInt64(ZIP_STAT_SIZE)
    status.pointee.size = UInt64(size)
    return Int64(MemoryLayout<zip_stat_t>.size)
  }
}

private let zipFeedCallback: zip_source_callback = { context, data, count, command in
  guard let context else { return -1 }
  let feed = Unmanaged<ZipFeed>.fromOpaque(context).takeUnretainedValue()
  switch command {
  case ZIP_SOURCE_OPEN, ZIP_SOURCE_CLOSE, ZIP_SOURCE_FREE: return 0
  case ZIP_SOURCE_READ: return feed.read(data, count)
  case ZIP_SOURCE_STAT: return feed.stat(data)
  case ZIP_SOURCE_ERROR:
    guard count >= 8, let words = data?.assumingMemoryBound(to: Int32.self) else { return -1 }
    words[0] = Int32(ZIP_ER_READ)
    words[1] = 0
    return 8
  case ZIP_SOURCE_SUPPORTS:
    return [
      ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR,
      ZIP_SOURCE_FREE,
    ].reduce(0) { $0 | Int64(1) << Int64($1.rawValue) }
  default: return -1
  }
}
