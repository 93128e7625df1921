// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Paths in a configuration file, which are relative to its folder.
enum ConfigurationPath {
  /// Empty for a file in the working directory, else with a slash at the end.
  static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
  }

  /// How `file` is called in a configuration file at `path`.
  static func name(of file: String, in path: String) -> String {
    let folder = folder(of: path)
    if !folder.isEmpty, file.hasPrefix(folder) { return String(file.dropFirst(folder.count)) }
    if folder.isEmpty || file.hasPrefix("/") { return file }
    guard let working = getcwd(nil, 0) else { return file }
    defer { free(working) }
    return String(cString: working) + "/" + file
  }
}
