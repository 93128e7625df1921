// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The standard error stream: messages and progress.
enum Console {
  static let isTerminal = isatty(2) != 0

  static func write(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let put = bytes.withUnsafeBytes { systemWrite(2, $0.baseAddress, $0.count) }
      if put < 0 && errno == EINTR { continue }
      if put <= 0 { return }
      bytes = bytes.dropFirst(put)
    }
  }

  /// Removes a line of progress.
  static func clearLine() {
    if isTerminal { write("\r\u{1B}[K") }
  }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
