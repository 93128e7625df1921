// SPDX-License-Identifier: Apache-2.0
package import Diagnostics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A regular file opened for reading; bytes are read by position.
struct OpenFile: ~Copyable {
  let path: String
  let size: Int
  private let descriptor: Int32

  /// Throws `.notFound` when it cannot be opened, `.malformed` when it is no regular file.
  init(_ path: String) throws(Diagnostic) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw .system(.notFound, path, "cannot be opened")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw .error(.malformed, at: Location(file: path), "is not a regular file")
    }
    self.path = path
    self.descriptor = descriptor
    size = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// The bytes of `range`, which the caller has found to lie in the file.
  func read(_ range: Range<Int>) throws(Diagnostic) -> [UInt8] {
    var failure: Diagnostic?
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      while count < range.count {
        let got = pread(
          descriptor, buffer.baseAddress.map { $0 + count }, range.count - count,
          off_t(range.lowerBound + count))
        if got < 0 && errno == EINTR { continue }
        if got < 0 { failure = .system(.io, path, "cannot be read") }
        if got == 0 {
          failure = .error(
            .malformed, at: Location(file: path), "became shorter while it was read")
        }
        if got <= 0 { return }
        count += got
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Lets `body` see the whole file through a mapping that ends with it.
  func mapped<T>(_ body: (UnsafeRawBufferPointer) -> T) throws(Diagnostic) -> T {
    if size == 0 { return body(UnsafeRawBufferPointer(start: nil, count: 0)) }
    guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED
    else { throw .system(.io, path, "cannot be mapped") }
    defer { munmap(start, size) }
    return body(UnsafeRawBufferPointer(start: start, count: size))
  }
}

/// Small files read as a whole.
package enum FileContent {
  /// The bytes of the file at `path`. Throws `.notFound` when it cannot be opened, `.malformed`
  /// when it is no regular file or larger than `limit` bytes.
  package static func read(_ path: String, limit: Int) throws(Diagnostic) -> [UInt8] {
    let file = try OpenFile(path)
    guard file.size <= limit else {
      throw .error(
        .malformed, at: Location(file: path), "has \(file.size) bytes (at most \(limit) expected)")
    }
    return try file.read(0..<file.size)
  }
}

extension Diagnostic {
  /// A failed system call on `path`, with the reason the system gives.
  static func system(
    _ code: Code, _ path: String, _ what: String, fix: String? = nil
  ) -> Diagnostic {
    let reason = String(cString: strerror(errno))
    return .error(code, at: Location(file: path), "\(what): \(reason)", fix: fix)
  }
}
