// SPDX-License-Identifier: Apache-2.0
package import Diagnostics
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file or directory that appears at its place whole or not at all.
///
/// Everything is written inside a hidden directory next to the target, named
/// `.NAME.modelpack-PID-NUMBER.tmp` and locked while its process lives. `commit()` syncs what was
/// written and renames it into place; a transaction dropped before leaves nothing behind. What a
/// killed process left is cleared by the next transaction with the same target.
package final class OutputTransaction: Sendable {
  package enum Kind: Sendable { case file, directory }

  /// Where the output will be.
  package let path: String
  /// Where to write it: a path that does not exist yet for a file, an empty directory otherwise.
  package let temporaryPath: String
  private let place: OutputPlace
  private let folder: OutputFolder
  private let overwrite: Bool

  /// Prepares to write `path`.
  ///
  /// With `overwrite` what is there is replaced, if it is of the same kind; a directory only when
  /// it is empty or has an entry called `marker`, so that a mistyped path does not delete a home.
  /// Throws `.outputExists` or `.cannotWrite`.
  package init(
    path: String, kind: Kind, overwrite: Bool = false, marker: String? = nil
  ) throws(Diagnostic) {
    let place = try OutputPlace(path)
    // First, because an interrupted replacement may have to be undone.
    OutputFolder.clearAbandoned(place)
    try place.checkReplaceable(by: kind, overwrite: overwrite, marker: marker)
    folder = try OutputFolder(place)
    self.path = path
    self.place = place
    self.overwrite = overwrite
    temporaryPath = folder.path + "/" + place.name
    if kind == .directory && mkdir(temporaryPath, 0o777) != 0 {
      let failure = Diagnostic.system(.cannotWrite, path, "cannot be written")
      folder.remove()
      throw failure
    }
  }

  deinit { folder.remove() }

  /// Syncs what was written and puts it in place. May be called once; throws `.cannotWrite`,
  /// `.outputExists` when something appeared at the path meanwhile, `.interrupted` after a signal.
  package func commit() throws(Diagnostic) {
    try FileTree.sync(temporaryPath)
    try folder.whileKept(path) { () throws(Diagnostic) in
      try place.install(temporaryPath, aside: folder.asidePath(place), overwrite: overwrite)
    }
    try FileTree.syncDirectory(place.parent)
    folder.remove()
  }
}
