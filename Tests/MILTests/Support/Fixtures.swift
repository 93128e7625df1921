// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The lines of `Fixtures/mil/NAME` that are neither empty nor comments; none if it is missing.
func fixtureLines(_ name: String, in folder: String = #filePath) -> [String] {
  var path = folder[...]
  while !path.isEmpty, !path.hasSuffix("/Tests/") { path = path.dropLast() }
  guard let file = fopen(path.dropLast("Tests/".count) + "Fixtures/mil/" + name, "rb") else {
    return []
  }
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 1 << 20)
  let count = fread(&bytes, 1, bytes.count, file)
  let text = String(decoding: bytes.prefix(count), as: UTF8.self)
  return text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
}
