// SPDX-License-Identifier: Apache-2.0
import Diagnostics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A path to write to, split into the directory and the name in it.
struct OutputPlace: Sendable {
  let path: String
  let parent: String
  let name: String

  init(_ path: String) throws(Diagnostic) {
    var trimmed = path[...]
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
    let cut = trimmed.lastIndex(of: "/")
    name = String(cut.map { trimmed[trimmed.index(after: $0)...] } ?? trimmed)
    parent = cut.map { $0 == trimmed.startIndex ? "/" : String(trimmed[..<$0]) } ?? "."
    self.path = String(trimmed)
    if name.isEmpty || name == "." || name == ".." || path.utf8.contains(0) {
      throw .error(.cannotWrite, at: Location(file: path), "is not the name of an output")
    }
    try checkParent()
  }

  private func checkParent() throws(Diagnostic) {
    var status = stat()
    guard stat(parent, &status) == 0 else {
      throw .error(
        .cannotWrite, at: Location(file: path), "the folder '\(parent)' does not exist",
        fix: "create it first: mkdir -p '\(parent)'")
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw .error(.cannotWrite, at: Location(file: path), "'\(parent)' is not a folder")
    }
    guard access(parent, W_OK | X_OK) == 0 else {
      throw .system(.cannotWrite, path, "the folder '\(parent)' cannot be written to")
    }
  }

  /// Refuses to write over anything that is not an earlier output of the same kind.
  func checkReplaceable(
    by kind: OutputTransaction.Kind, overwrite: Bool, marker: String?
  ) throws(Diagnostic) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    let type = status.st_mode & S_IFMT
    if type == S_IFLNK {
      throw .error(
        .cannotWrite, at: Location(file: path), "is a symbolic link",
        fix: "give the path it points to, or remove it")
    }
    guard overwrite else { throw exists() }
    switch kind {
    case .file:
      if type == S_IFREG { return }
      throw .error(
        .cannotWrite, at: Location(file: path),
        type == S_IFDIR ? "is a folder, not a file" : "is not a regular file")
    case .directory:
      guard type == S_IFDIR else {
        throw .error(.cannotWrite, at: Location(file: path), "is not a folder")
      }
      try checkDirectory(marker)
    }
  }

  private func checkDirectory(_ marker: String?) throws(Diagnostic) {
    guard let marker else { return }
    var status = stat()
    if lstat(path + "/" + marker, &status) == 0 { return }
    if FileTree.names(in: path).isEmpty { return }
    throw .error(
      .cannotWrite, at: Location(file: path),
      "is a folder without '\(marker)', not an earlier output, and is not replaced",
      fix: "remove it, or choose another path")
  }

  private func exists() -> Diagnostic {
    .error(
      .outputExists, at: Location(file: path), "exists already",
      fix: "use --overwrite to replace it")
  }

  /// Moves `temporary` to the path in one step. What was there ends up at `temporary` or `aside`.
  func install(_ temporary: String, aside: String, overwrite: Bool) throws(Diagnostic) {
    if overwrite {
      if Rename.exchange(temporary, path) { return }
      if errno == ENOENT {
        // Nothing there to exchange with.
        if Rename.exclusive(temporary, path) { return }
      } else if Rename.isUnsupported(errno) {
        return try replace(temporary, aside: aside)
      }
    } else if Rename.exclusive(temporary, path) {
      return
    }
    if errno == EEXIST || errno == ENOTEMPTY { throw exists() }
    throw .system(.cannotWrite, path, "cannot be put in place")
  }

  /// Replacement on file systems that cannot exchange two names: the old output steps aside, and
  /// comes back should the process end between the two steps.
  private func replace(_ temporary: String, aside: String) throws(Diagnostic) {
    let existed = rename(path, aside) == 0
    if !existed && errno != ENOENT { throw .system(.cannotWrite, path, "cannot be replaced") }
    if rename(temporary, path) == 0 { return }
    let failure = Diagnostic.system(.cannotWrite, path, "cannot be put in place")
    if existed { rename(aside, path) }
    throw failure
  }
}

/// The renames that POSIX lacks; each returns false with `errno` set.
enum Rename {
  /// Swaps two names.
  static func exchange(_ first: String, _ second: String) -> Bool {
    #if canImport(Glibc)
      linux(first, second, 2)
    #else
      renamex_np(first, second, UInt32(RENAME_SWAP)) == 0
    #endif
  }

  /// Renames to a name that must be free.
  static func exclusive(_ old: String, _ new: String) -> Bool {
    #if canImport(Glibc)
      if linux(old, new, 1) { return true }
    #else
      if renamex_np(old, new, UInt32(RENAME_EXCL)) == 0 { return true }
    #endif
    guard isUnsupported(errno) else { return false }
    if access(new, F_OK) == 0 {
      errno = EEXIST
      return false
    }
    return rename(old, new) == 0
  }

  #if canImport(Glibc)
    private typealias RenameAt2 =
      @convention(c) (
        Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32
      ) -> Int32

    /// Swift's Glibc module hides `renameat2`, so it is looked up by name.
    private static let renameAt2 = dlsym(nil, "renameat2").map {
      unsafeBitCast($0, to: RenameAt2.self)
    }

    private static func linux(_ old: String, _ new: String, _ flags: UInt32) -> Bool {
      errno = ENOSYS
      return renameAt2?(AT_FDCWD, old, AT_FDCWD, new, flags) == 0
    }
  #endif

  static func isUnsupported(_ error: Int32) -> Bool {
    error == EINVAL || error == ENOSYS || error == ENOTSUP
  }
}
