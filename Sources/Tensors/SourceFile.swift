// SPDX-License-Identifier: Apache-2.0
import CKernels
import Diagnostics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An open file from which weights are read by position.
///
/// Reads are `pread`s into bounded buffers rather than a mapping: resident memory stays small
/// whatever the file's size, and a file that shrinks while it is read is an error, not a signal.
package final class SourceFile: Sendable {
  package let path: String
  package let size: Int
  /// Device, inode and modification time: equal for two openings of one unchanged file.
  package let identity: String
  private let descriptor: Int32

  /// Opens a regular file. Throws `.notFound` when it cannot be opened, `.malformed` when it is
  /// not a regular file.
  package init(path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw Diagnostic.error(
        .notFound, at: Location(file: path), "cannot open: \(String(cString: strerror(errno)))")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw Diagnostic.error(.malformed, at: Location(file: path), "not a regular file")
    }
    self.path = path
    self.descriptor = descriptor
    size = Int(status.st_size)
    #if canImport(Glibc)
      let time = status.st_mtim
    #else
      let time = status.st_mtimespec
    #endif
    identity = "\(status.st_dev):\(status.st_ino):\(time.tv_sec).\(time.tv_nsec)"
  }

  deinit {
    close(descriptor)
  }

  /// Fills `buffer` with the bytes at `offset`. Throws `.malformed` when the file ends before,
  /// `.io` when the system cannot read it.
  package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    var done = 0
    while done < buffer.count {
      let got = pread(
        descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset + done))
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else {
        throw Diagnostic.error(
          .io, at: Location(file: path), "cannot read: \(String(cString: strerror(errno)))")
      }
      guard got > 0 else {
        throw Diagnostic.error(
          .malformed, at: Location(file: path),
          "ends at byte \(offset + done), \(buffer.count - done) bytes short of what it declares")
      }
      done += got
    }
  }

  /// Has the system begin to read what `read` will ask for next.
  package func announce(at offset: Int, count: Int) {
    mpk_announce_read(descriptor, Int64(offset), Int64(count))
  }

  /// The bytes of `range`, in memory.
  package func bytes(_ range: Range<Int>) throws -> [UInt8] {
    guard range.lowerBound >= 0, range.upperBound <= size else {
      throw Diagnostic.error(
        .malformed, at: Location(file: path),
        "bytes \(range.lowerBound)..<\(range.upperBound) lie outside the file of \(size) bytes")
    }
    var bytes = [UInt8](repeating: 0, count: range.count)
    try bytes.withUnsafeMutableBytes { try read(at: range.lowerBound, into: $0) }
    return bytes
  }
}
