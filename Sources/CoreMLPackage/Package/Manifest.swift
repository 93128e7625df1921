// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import Tensors

/// `Manifest.json` of a package: the items under `Data/`, and which of them is the model.
struct Manifest: Hashable {
  struct Item: Hashable {
    var identifier: String
    /// Relative to `Data/`.
    var path: String
    var name: String
    var author: String
    var description: String
  }

  var items: [Item]
  var rootIdentifier: String

  static let author = "com.apple.CoreML"
  static let dataDirectory = "Data"
  private static let version = "1.0.0"

  var root: Item? { items.first { $0.identifier == rootIdentifier } }
}

extension Manifest {
  /// The manifest of `folder`. Throws `.malformed`, and `.unsupportedModel` for a later format.
  init(of folder: PackageFolder) throws {
    let bytes = try FileContent.read(
      folder.resolve(PackageFolder.manifest, "manifest"), limit: 4 << 20)
    let root = JSONNode(
      try JSON(parsing: bytes, file: folder.path, entry: PackageFolder.manifest),
      file: folder.path, entry: PackageFolder.manifest)
    try Self.checkVersion(root.member("fileFormatVersion"))
    items = try root.member("itemInfoEntries").members().map { identifier, node in
      Item(
        identifier: identifier, path: try node.string("path"), name: try node.string("name"),
        author: try node.string("author"), description: try node.string("description"))
    }
    let identifier = try root.member("rootModelIdentifier")
    rootIdentifier = try identifier.string()
    guard self.root != nil else {
      throw identifier.fails("'\(rootIdentifier)' is not among itemInfoEntries")
    }
    try checkPaths(root.member("itemInfoEntries"))
  }

  /// Items must not lie in each other, nor where the model and its weights are written.
  private func checkPaths(_ entries: JSONNode) throws {
    var paths: [String: Int] = [:]
    for (index, item) in items.enumerated() {
      if paths.updateValue(index, forKey: item.path) != nil {
        throw entries.fails("two items have the path '\(item.path)'")
      }
    }
    let root = root
    for item in items {
      var folder = item.path[...]
      while let slash = folder.lastIndex(of: "/") {
        folder = folder[..<slash]
        if paths[String(folder)] != nil {
          throw entries.fails("the item '\(item.path)' lies in the item '\(folder)'")
        }
      }
      guard item != root, !item.isWeights else { continue }
      let place = item.path + "/"
      if place.hasPrefix(Self.modelPath + "/") || place.hasPrefix(Self.weightsPath + "/")
        || Self.modelPath.hasPrefix(place)
      {
        throw entries.fails("the item '\(item.path)' lies where the model and its weights belong")
      }
    }
  }

  private static func checkVersion(_ node: JSONNode) throws {
    let text = try node.string()
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt32($0) }
    let numbers = parts.compactMap { $0 }
    guard parts.count == 3, numbers.count == 3 else {
      throw node.fails("'\(text)' is not a version of three numbers")
    }
    guard !([1, 0, 0] as [UInt32]).lexicographicallyPrecedes(numbers) else {
      throw node.fails(
        "'\(text)' is a later format (readable: \(version))", code: .unsupportedModel)
    }
  }

  /// The text as Core ML's own tools lay it out: sorted keys, four spaces.
  var text: String {
    var lines = ["{", "    \"fileFormatVersion\": \"\(Self.version)\","]
    lines.append("    \"itemInfoEntries\": {")
    let sorted = items.sorted { $0.identifier < $1.identifier }
    for (index, item) in sorted.enumerated() {
      lines.append("        \(Self.quoted(item.identifier)): {")
      lines.append("            \"author\": \(Self.quoted(item.author)),")
      lines.append("            \"description\": \(Self.quoted(item.description)),")
      lines.append("            \"name\": \(Self.quoted(item.name)),")
      lines.append("            \"path\": \(Self.quoted(item.path))")
      lines.append("        }" + (index + 1 < sorted.count ? "," : ""))
    }
    lines += ["    },", "    \"rootModelIdentifier\": \(Self.quoted(rootIdentifier))", "}", ""]
    return lines.joined(separator: "\n")
  }

  private static func quoted(_ text: String) -> String { JSON.string(text).text(.compact) }

  /// An identifier in the shape of a UUID that follows from `content` alone.
  static func identifier(_ content: [UInt8]) -> String {
    let hash = ContentHash.of(content)
    let hex = [hash.high, hash.low].map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
    var parts: [Substring] = []
    var rest = hex[...]
    for length in [8, 4, 4, 4, 12] {
      parts.append(rest.prefix(length))
      rest = rest.dropFirst(length)
    }
    return parts.joined(separator: "-")
  }
}
