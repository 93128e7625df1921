// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Named arrays as NumPy's `savez` and `savez_compressed` write them.
package enum NPZ {
  package typealias Member = (name: String, data: TensorData)

  /// What compressed entries may expand to, all together.
  package static let expansionLimit = 1 << 30

  /// The arrays in the archive at `path`, in its order.
  ///
  /// Throws `.notFound`, and `.malformed` with the entry that is wrong.
  package static func read(_ path: String) throws -> [Member] {
    try refuseNPY(path)
    let archive = try ZipArchive(path: path, entryLimit: 100_000)
    try checkExpansion(archive)
    var names: Set<String> = []
    return try archive.entries.map { entry in
      do {
        let name = try self.name(entry)
        guard names.insert(name).inserted else {
          throw Diagnostic.npy("is a second array named '\(name)'")
        }
        return (name, try NPY.decode(archive.read(entry.name, limit: 1 << 40)))
      } catch var diagnostic as Diagnostic {
        diagnostic.location = Location(file: path, entry: entry.name)
        throw diagnostic
      }
    }
  }

  private static func name(_ entry: ZipEntry) throws -> String {
    if entry.isDirectory { throw Diagnostic.npy("is a folder; an .npz holds arrays only") }
    guard entry.name.hasSuffix(".npy") else {
      throw Diagnostic.npy("is not an array; an .npz holds .npy entries only")
    }
    return String(entry.name.dropLast(4))
  }

  /// A common mistake that deserves a better answer than "not a zip archive".
  private static func refuseNPY(_ path: String) throws {
    let file = try SourceFile(path: path)
    let start = try file.bytes(0..<min(6, file.size))
    guard start == NPYHeader.magic else { return }
    throw Diagnostic.error(
      .malformed, at: Location(file: path), "is a single .npy array, not an .npz archive",
      fix: "give it as --input NAME=\(path), or save it with numpy.savez(path, NAME=array)")
  }

  private static func checkExpansion(_ archive: ZipArchive) throws {
    var total = 0
    for entry in archive.entries where entry.method == .deflated {
      let (sum, overflow) = total.addingReportingOverflow(entry.size)
      guard !overflow, sum <= expansionLimit else {
        throw Diagnostic.error(
          .malformed, at: Location(file: archive.path, entry: entry.name),
          "expands from \(entry.compressedSize) bytes to \(entry.size), past the limit of "
            + "\(expansionLimit) for compressed arrays",
          fix: "save it without compression: numpy.savez")
      }
      total = sum
    }
  }

  /// Writes the arrays to `path`, whole or not at all; the same arrays give the same bytes.
  package static func write(
    _ members: [Member], to path: String, overwrite: Bool = false
  ) throws {
    try write(to: path, overwrite: overwrite, names: members.map(\.name)) { index in
      try NPY.encode(members[index].data)
    }
  }

  /// An archive of nothing is its end record; libzip writes no file for it.
  private static func writeEmpty(_ output: OutputTransaction) throws {
    let record: [UInt8] = [0x50, 0x4b, 5, 6] + [UInt8](repeating: 0, count: 18)
    guard let file = fopen(output.temporaryPath, "wx") else {
      throw Diagnostic.error(
        .cannotWrite, at: Location(file: output.path),
        "cannot be written: \(String(cString: strerror(errno)))")
    }
    let count = fwrite(record, 1, record.count, file)
    guard fclose(file) == 0, count == record.count else {
      throw Diagnostic.error(.cannotWrite, at: Location(file: output.path), "cannot be written")
    }
    try output.commit()
  }

  /// Writes an array for each name; `encoded` gives the file of the one at a place in the list.
  package static func write(
    to path: String, overwrite: Bool, names: [String], _ encoded: (Int) throws -> [UInt8]
  ) throws {
    let output = try OutputTransaction(path: path, kind: .file, overwrite: overwrite)
    if names.isEmpty { return try writeEmpty(output) }
    let writer = try ZipWriter(path: output.temporaryPath)
    for (index, name) in names.enumerated() {
      do {
        try writer.add(name + ".npy", encoded(index))
      } catch let diagnostic as Diagnostic {
        throw diagnostic.at(Location(file: path, entry: name))
      }
    }
    try writer.commit()
    try output.commit()
  }
}
