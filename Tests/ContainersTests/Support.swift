// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The bytes that a string of hexadecimal digits spells; spaces are for the eye.
func hex(_ digits: String) -> [UInt8] {
  let digits = digits.filter { !$0.isWhitespace }
  return stride(from: 0, to: digits.count, by: 2).compactMap { start in
    UInt8(digits.dropFirst(start).prefix(2), radix: 16)
  }
}

func hex(_ bytes: [UInt8]) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// Runs `body` and returns what it throws as `code: place: message`, or a text that says that it
/// threw nothing.
func thrown(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "nothing was thrown"
  } catch let error as Diagnostic {
    let place = error.location.map { "\($0): " } ?? ""
    return "\(error.code.name): \(place)\(error.message)"
  } catch {
    return "\(error)"
  }
}

/// A directory of its own for one test, removed with it.
final class Scratch {
  let path: String

  init() {
    var template = Array("/tmp/containers-test-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? "/nonexistent"
    }
  }

  deinit { _ = run("rm -rf '\(path)'") }

  /// Creates a file with these bytes and returns its path.
  func file(_ name: String, _ bytes: [UInt8]) -> String {
    let path = path + "/" + name
    guard let file = fopen(path, "w") else { return path }
    _ = bytes.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
    fclose(file)
    return path
  }

  /// Names in the directory, hidden ones too, sorted.
  var names: [String] { list(path) }

  func list(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}

/// Runs a shell command and returns its exit status.
func run(_ command: String) -> Int32 {
  var arguments: [UnsafeMutablePointer<CChar>?] = ["sh", "-c", command].map { (text: String) in
    strdup(text)
  }
  arguments.append(nil)
  defer { for argument in arguments { free(argument) } }
  var child = pid_t()
  guard posix_spawn(&child, "/bin/sh", nil, nil, arguments, environ) == 0 else { return -1 }
  var status: Int32 = 0
  while waitpid(child, &status, 0) < 0 && errno == EINTR {}
  return status & 0x7f == 0 ? status >> 8 & 0xff : -1
}

/// The top of the repository.
let repository = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
  .joined(separator: "/")
