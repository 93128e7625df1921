// SPDX-License-Identifier: Apache-2.0
import CKernels
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

  /// Makes the file `size` bytes long, with space for them set aside, so that a full disk is known
  /// before the work is done. What is not written reads as zeros.
  func reserve(_ size: Int) throws {
    let file = descriptor.load(ordering: .relaxed)
    guard mpk_preallocate(file, Int64(size)) == 0, ftruncate(file, off_t(size)) == 0 else {
      throw failure("cannot be written", notes: ["its weights take \(size) bytes"])
    }
  }

  /// Has the disk begin with what was written there, so that little is left for the sync.
  func startWriteback(at offset: Int, count: Int) {
    mpk_start_writeback(descriptor.load(ordering: .relaxed), Int64(offset), Int64(count))
  }

  /// Throws what the system reports late (a quota, a network file system).
  func close() throws {
    let open = descriptor.exchange(-1, ordering: .acquiringAndReleasing)
    if open >= 0 && systemClose(open) != 0 { throw failure("cannot be written") }
  }

  private func failure(_ what: String, notes: [String] = []) -> Diagnostic {
    let reason = errno
    return .error(
      .cannotWrite, at: Location(file: output), "\(what): \(String(cString: strerror(reason)))",
      notes: notes, fix: Self.fix(reason))
  }

  private static func fix(_ reason: Int32) -> String? {
    switch reason {
    case ENOSPC, EDQUOT: "free some space, or write to another disk"
    case EFBIG: "allow larger files (ulimit -f), or write to a file system that has them"
    default: nil
    }
  }
}

private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }
