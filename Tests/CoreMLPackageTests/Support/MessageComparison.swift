// SPDX-License-Identifier: Apache-2.0
import Containers
import CoreMLPackage
import Tensors

/// A package's model as text, field by field: maps in the order of their keys, and instead of the
/// offset of a weight its record and a hash of its bytes. Equal texts hold equal models.
struct ModelText {
  let package: String
  private let weights: [String: [UInt8]]

  init(_ package: String) {
    self.package = package
    let folder = package + "/Data/com.apple.CoreML/"
    weights = Dictionary(
      uniqueKeysWithValues: tree(folder).map { ("@model_path/" + $0.key, $0.value) })
  }

  func lines() throws -> [String] {
    let model = try ProtoMessage(
      contentsOf: package + "/Data/com.apple.CoreML/model.mlmodel", as: .coreMLModel)
    var lines: [String] = []
    append(model, "", &lines)
    return lines
  }

  private func append(_ message: ProtoMessage, _ path: String, _ lines: inout [String]) {
    if message.schema.shortName == "BlobFileValue" {
      return lines.append("\(path) = weight \(weight(message))")
    }
    for field in message.schema.fieldNames {
      switch message[field] {
      case .message(let inner):
        lines.append("\(path).\(field)")
        append(inner, "\(path).\(field)", &lines)
      case .messages(let list):
        let isMap =
          list.first.map { $0.schema.fieldNames == ["key", "value"] } ?? false
          && !["values"].contains(field)
        let sorted = isMap ? list.sorted { $0.string("key") < $1.string("key") } : list
        for (index, inner) in sorted.enumerated() {
          append(inner, "\(path).\(field)[\(index)]", &lines)
        }
      case let value?: lines.append("\(path).\(field) = \(value)")
      case nil: break
      }
    }
    for field in message.unknownFields { lines.append("\(path) unknown \(field)") }
  }

  private func weight(_ message: ProtoMessage) -> String {
    let name = message.string("fileName")
    let offset = Int(message.uint("offset"))
    guard let file = weights[name], offset + 64 <= file.count else { return "missing" }
    func number(_ at: Int) -> Int {
      file.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: offset + at, as: UInt64.self)) }
    }
    let (size, start, padding) = (number(8), number(16), number(24))
    guard start + size <= file.count else { return "outside" }
    let dtype = file[offset + 4]
    return "\(dtype) \(size) \(padding) \(ContentHash.of(Array(file[start..<(start + size)])))"
  }
}
