// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The hidden directory in which an output comes into being, removed with all that is in it.
///
/// Its owner holds a lock on it, which the system drops when the process ends however it ends: a
/// directory whose lock is free has been abandoned. Process numbers would not do, they recur.
final class OutputFolder: Sendable {
  let path: String
  private let descriptor: Int32
  private let number: Int

  /// Creates and locks a directory for `place`.
  init(_ place: OutputPlace) throws(Diagnostic) {
    while true {
      let number = Interruption.nextNumber()
      let path = "\(place.parent)/\(Self.prefix(place))\(getpid())-\(number).tmp"
      guard mkdir(path, 0o777) == 0 else {
        if errno == EEXIST { continue }
        throw .system(.cannotWrite, place.path, "cannot be written")
      }
      guard let descriptor = Self.lock(path) else { continue }
      self.path = path
      self.descriptor = descriptor
      self.number = number
      break
    }
    Interruption.register(path, number)
  }

  /// Opens and locks a new directory. Returns nil when someone took it for abandoned and removed
  /// it before it was locked.
  private static func lock(_ path: String) -> Int32? {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    // Where locks do not work nothing is ever taken for abandoned either.
    _ = flock(descriptor, LOCK_EX)
    var here = stat()
    var there = stat()
    if fstat(descriptor, &here) == 0, lstat(path, &there) == 0, here.st_ino == there.st_ino {
      return descriptor
    }
    close(descriptor)
    return nil
  }

  func asidePath(_ place: OutputPlace) -> String { path + "/" + Self.asidePrefix + place.name }

  /// Runs `body` unless the folder was removed because of a signal, which waits meanwhile.
  func whileKept(
    _ output: String, _ body: () throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    try Interruption.whileRegistered(number, output, body)
  }

  /// Removes the directory; does nothing the second time.
  func remove() {
    guard Interruption.unregister(number) else { return }
    FileTree.remove(path)
    close(descriptor)
  }

  private static let asidePrefix = "replaced-"

  private static func prefix(_ place: OutputPlace) -> String { ".\(place.name).modelpack-" }

  /// Removes what ended processes left for this place; brings back an output that one of them had
  /// moved aside without getting to put the new one in place.
  static func clearAbandoned(_ place: OutputPlace) {
    let prefix = prefix(place)
    for name in FileTree.names(in: place.parent)
    where name.hasPrefix(prefix) && name.hasSuffix(".tmp") {
      let path = place.parent + "/" + name
      let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
        _ = Rename.exclusive(path + "/" + asidePrefix + place.name, place.path)
        FileTree.remove(path)
      }
      close(descriptor)
    }
  }
}
