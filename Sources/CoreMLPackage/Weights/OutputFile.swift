// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A new file that is written by position, from any thread.
final class OutputFile: Sendable {
  private let output: String
  private let descriptor: Atomic<Int32>

  /// Creates `path` with mode 0644 (less the umask). `output` is the path that errors name.
  init(creating path: String, for output: String) throws {
    let opened = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    self.output = output
    descriptor = Atomic(opened)
    if opened < 0 { throw failure("cannot be written") }
  }

  deinit {
    let open = descriptor.load(ordering: .acquiring)
    if open >= 0 { _ = systemClose(open) }
  }

  /// Creates `path` with `bytes` in it.
  static func write(_ bytes: [UInt8], to path: String, for output: String) throws {
    let file = try OutputFile(creating: path, for: output)
    try file.write(bytes, at: 0)
    try file.close()
  }

  func write(_ bytes: [UInt8], at offset: Int) throws {
    try bytes.withUnsafeBytes { try write($0, at: offset) }
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    var done = 0
    while done < bytes.count {
      let put = pwrite(
        descriptor.load(ordering: .relaxed), bytes.baseAddress.map { $0 + done },
        bytes.count - done, off_t(offset + done))
      if put < 0 && errno == EINTR { continue }
      guard put > 0 else { throw failure("cannot be written") }
      done += put
    }
  }

  /// Makes the file `size` bytes long; what was not written reads as zeros.
  func extend(to size: Int) throws {
    guard ftruncate(descriptor.load(ordering: .relaxed), off_t(size)) == 0 else {
      throw failure("cannot be written")
    }
  }

  /// Throws what the system reports late (a quota, a network file system).
  func close() throws {
    let open = descriptor.exchange(-1, ordering: .acquiringAndReleasing)
    if open >= 0 && systemClose(open) != 0 { throw failure("cannot be written") }
  }

  private func failure(_ what: String) -> Diagnostic {
    let reason = errno
    return .error(
      .cannotWrite, at: Location(file: output), "\(what): \(String(cString: strerror(reason)))",
      fix: reason == ENOSPC ? "free some space, or write to another disk" : nil)
  }
}

private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }
