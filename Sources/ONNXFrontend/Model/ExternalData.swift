// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The files beside a model that hold its large tensors.
final class ExternalData {
  private let folder: String
  private var files: [String: SourceFile] = [:]

  /// - Parameter model: path of the model file; data lies in its folder.
  init(model: String) {
    let end = model.utf8.lastIndex(of: UInt8(ascii: "/"))
    folder = end.map { $0 == model.startIndex ? "/" : String(model[..<$0]) } ?? "."
  }

  /// Where the bytes of a tensor lie: its `external_data` entries, checked.
  ///
  /// Keys: `location` (a path relative to the model), `offset`, `length`; `checksum` is ignored.
  func range(
    of tensor: ProtoMessage, byteCount: Int
  ) throws -> (file: SourceFile, offset: Int) {
    let name = tensor.string("name")
    var entries: [String: String] = [:]
    for (key, value) in tensor.stringEntries("external_data") {
      guard entries.updateValue(value, forKey: key) == nil else {
        throw malformed("tensor '\(name)' has two '\(key)' entries in 'external_data'")
      }
    }
    guard let location = entries["location"], !location.isEmpty else {
      throw malformed("tensor '\(name)' is external but has no 'location'")
    }
    let offset = try number(entries["offset"], "offset", name) ?? 0
    if let length = try number(entries["length"], "length", name), length != byteCount {
      throw malformed(
        "tensor '\(name)' takes \(byteCount) bytes but its external 'length' is \(length)")
    }
    let file = try file(location, of: name)
    let (end, overflow) = offset.addingReportingOverflow(byteCount)
    guard !overflow, end <= file.size else {
      throw malformed(
        "tensor '\(name)' takes \(byteCount) bytes at offset \(offset) of '\(location)', which has "
          + "\(file.size)")
    }
    return (file, offset)
  }

  private func number(_ text: String?, _ key: String, _ name: String) throws -> Int? {
    guard let text else { return nil }
    guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let value = Int(text)
    else { throw malformed("tensor '\(name)' has the external '\(key)' '\(text)', not a size") }
    return value
  }

  private func file(_ location: String, of name: String) throws -> SourceFile {
    if let file = files[location] { return file }
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.hasPrefix("/"), !parts.contains(".."), !location.utf8.contains(0),
      !location.utf8.contains(UInt8(ascii: "\\"))
    else { throw outside(location, name) }
    let path = folder + "/" + location
    guard let root = resolved(folder), let target = resolved(path) else {
      throw Diagnostic.error(
        .malformed,
        "the data of tensor '\(name)' is in '\(location)', which cannot be opened: "
          + String(cString: strerror(errno)), fix: "put the file next to the model")
    }
    guard target.hasPrefix(root == "/" ? "/" : root + "/") else { throw outside(location, name) }
    let file = try SourceFile(path: target)
    files[location] = file
    return file
  }

  /// The path without symbolic links.
  private func resolved(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  private func outside(_ location: String, _ name: String) -> Diagnostic {
    malformed(
      "the data of tensor '\(name)' is in '\(location)', which leaves the model's folder",
      fix: "keep external data in the folder of the model")
  }

  private func malformed(_ message: String, fix: String? = nil) -> Diagnostic {
    .error(.malformed, message, fix: fix)
  }
}
