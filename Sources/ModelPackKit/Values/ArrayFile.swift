// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tensors

/// Arrays in the files of NumPy.
public enum ArrayFile {
  /// The arrays of an `.npz` in the order of the archive, names without repetition.
  ///
  /// Throws a `Diagnostic` that names the entry that is wrong.
  public static func readArchive(_ path: String) throws -> [(name: String, array: MultiArray)] {
    try NPZ.read(path).map { ($0.name, MultiArray($0.data)) }
  }

  /// The array of an `.npy`.
  public static func read(_ path: String) throws -> MultiArray {
    MultiArray(try NPY.read(path))
  }

  /// Writes an `.npz`, whole or not at all; the same arrays give the same bytes. Labels of an
  /// array go beside it as `NAME.labels`, a name that no feature has.
  public static func writeArchive(
    _ arrays: [(name: String, array: MultiArray)], to path: String, overwrite: Bool = false
  ) throws {
    var members: [(name: String, array: MultiArray)] = []
    for (name, array) in arrays {
      members.append((name, array))
      if array.labels.isEmpty { continue }
      let labels = try MultiArray(strings: array.labels, shape: [array.labels.count])
      members.append((name + ".labels", labels))
    }
    try NPZ.write(to: path, overwrite: overwrite, names: members.map(\.name)) { index in
      let array = members[index].array
      return array.elementType == .string
        ? NPY.encode(array.strings, shape: array.shape) : try NPY.encode(array.data)
    }
  }
}
