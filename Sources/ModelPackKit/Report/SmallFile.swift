// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Files that are written at once.
enum SmallFile {
  /// Creates `path` with `bytes` in it; errors name `output`.
  static func write(_ bytes: [UInt8], to path: String, for output: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Diagnostic.system(output) }
    var done = 0
    while done < bytes.count {
      let put = bytes.withUnsafeBytes {
        systemWrite(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done)
      }
      if put < 0 && errno == EINTR { continue }
      guard put > 0 else {
        let failure = Diagnostic.system(output)
        close(descriptor)
        throw failure
      }
      done += put
    }
    guard close(descriptor) == 0 else { throw Diagnostic.system(output) }
  }
}

/// A file of text: whole or not at all, and not over another one unless that is wanted. Whether it
/// can be written is found out before any work is done.
struct TextOutput {
  private let transaction: OutputTransaction

  /// Throws `.outputExists` or `.cannotWrite`.
  init(_ path: String, overwrite: Bool) throws {
    transaction = try OutputTransaction(path: path, kind: .file, overwrite: overwrite)
  }

  func write(_ text: String) throws {
    try SmallFile.write(
      Array(text.utf8), to: transaction.temporaryPath, for: transaction.path)
    try transaction.commit()
  }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}

extension Diagnostic {
  fileprivate static func system(_ output: String) -> Diagnostic {
    .error(
      .cannotWrite, at: Location(file: output),
      "cannot be written: \(String(cString: strerror(errno)))")
  }
}
