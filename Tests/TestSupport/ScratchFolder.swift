// SPDX-License-Identifier: Apache-2.0
import Diagnostics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A folder of its own for one test, removed with all that is in it.
package final class ScratchFolder: Sendable {
  package let path: String

  package init() {
    var template = Array("/tmp/modelpack-test-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? "/nonexistent"
    }
  }

  deinit { Self.remove(path) }

  /// The path of something in the folder.
  package func callAsFunction(_ name: String) -> String { path + "/" + name }

  /// Creates a file with these bytes and returns its path.
  @discardableResult
  package func file(_ name: String, _ bytes: [UInt8]) -> String {
    let path = self(name)
    guard let file = fopen(path, "w") else { return path }
    _ = bytes.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
    fclose(file)
    return path
  }

  @discardableResult
  package func file(_ name: String, _ text: String) -> String { file(name, Array(text.utf8)) }

  package func folder(_ name: String) -> String {
    mkdir(self(name), 0o755)
    return self(name)
  }

  /// Names in the folder, hidden ones too, sorted.
  package var names: [String] { Self.names(path) }

  package static func names(_ path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  private static func remove(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      unlink(path)
      return
    }
    for name in names(path) { remove(path + "/" + name) }
    rmdir(path)
  }

  /// The bytes of the file at `path`; empty where there is none.
  package static func read(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let got = fread(&buffer, 1, buffer.count, file)
      if got == 0 { return bytes }
      bytes += buffer[..<got]
    }
  }

  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}

/// Runs `body` and returns what it throws, without its severity and notes; or a text that says that
/// nothing was thrown. `folder` is left out of the paths.
package func thrownText(in folder: ScratchFolder? = nil, _ body: () throws -> Void) -> String {
  var text: String
  do {
    try body()
    text = "nothing was thrown"
  } catch let error as Diagnostic {
    text = "\(error.code.name): \(error.location.map { "\($0): " } ?? "")\(error.message)"
  } catch let list as DiagnosticList {
    text = list.diagnostics.map { error in
      "\(error.code.name): \(error.location.map { "\($0): " } ?? "")\(error.message)"
    }.joined(separator: "\n")
  } catch {
    text = "\(error)"
  }
  guard let folder else { return text }
  while let range = text.firstRange(of: folder.path + "/") { text.removeSubrange(range) }
  return text
}
