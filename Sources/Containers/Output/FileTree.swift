// SPDX-License-Identifier: Apache-2.0
import Diagnostics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Directories with everything in them.
enum FileTree {
  /// Names in a directory, sorted; empty when it cannot be read.
  static func names(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Removes a file, link or directory as far as the system allows. Links are not followed.
  static func remove(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      unlink(path)
      return
    }
    for name in names(in: path) { remove(path + "/" + name) }
    rmdir(path)
  }

  /// Makes files and directories durable, the innermost first.
  static func sync(_ path: String) throws(Diagnostic) {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      throw .system(.cannotWrite, path, "was not written")
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { return try syncOne(path, O_RDONLY) }
    for name in names(in: path) { try sync(path + "/" + name) }
    try syncDirectory(path)
  }

  static func syncDirectory(_ path: String) throws(Diagnostic) {
    try syncOne(path, O_RDONLY | O_DIRECTORY)
  }

  private static func syncOne(_ path: String, _ flags: Int32) throws(Diagnostic) {
    let descriptor = open(path, flags | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(.cannotWrite, path, "cannot be synced") }
    defer { close(descriptor) }
    // Some file systems cannot sync a directory and say EINVAL.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw .system(.cannotWrite, path, "cannot be synced")
    }
  }
}
