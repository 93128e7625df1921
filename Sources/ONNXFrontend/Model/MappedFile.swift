// SPDX-License-Identifier: Apache-2.0
import Diagnostics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The bytes of a file, mapped for the time of one call.
enum MappedFile {
  /// Calls `body` with the content of the file at `path`, of which only the parts that `body`
  /// looks at are read. Throws `.notFound` when it cannot be opened and `.malformed` when it is
  /// not a regular file.
  static func read<T>(
    _ path: String, _ body: (UnsafeRawBufferPointer) throws -> T
  ) throws -> T {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure(.notFound, path, "cannot open") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw Diagnostic.error(.malformed, at: Location(file: path), "not a regular file")
    }
    let size = Int(status.st_size)
    guard size > 0 else { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
    guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0),
      address != MAP_FAILED
    else { throw failure(.io, path, "cannot map") }
    defer { munmap(address, size) }
    return try body(UnsafeRawBufferPointer(start: address, count: size))
  }

  private static func failure(
    _ code: Diagnostic.Code, _ path: String, _ what: String
  ) -> Diagnostic {
    .error(code, at: Location(file: path), "\(what): \(String(cString: strerror(errno)))")
  }
}
