// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import MIL
import Tensors

/// Writes `Value` messages, and gives weights their places in the weight file.
struct ConstantWriter {
  let specificationVersion: Int
  private(set) var layout = WeightLayout()

  static let fileName = "@model_path/weights/weight.bin"

  init(specificationVersion: Int) {
    self.specificationVersion = specificationVersion
  }

  mutating func message(_ constant: Constant) throws -> ProtoMessage {
    var message = ProtoMessage(.milValue)
    message.set("docString", constant.docString)
    message.set("type", try constant.type.message())
    if case .weights(let source) = constant.payload, isStored(source) {
      try message.edit("blobFileValue") { blob in
        blob.set("fileName", Self.fileName)
        blob.set("offset", UInt64(try layout.place(source)))
      }
    } else {
      try message.edit("immediateValue") { try fill(&$0, constant) }
    }
    return try restored(constant, message)
  }

  /// Whether a weight goes to the weight file rather than into the program.
  private func isStored(_ source: any WeightSource) -> Bool {
    guard let version = source.dtype.weightFileVersion else { return false }
    return version <= specificationVersion && source.count > 0
  }

  /// What was read, where it is still the same constant and says more than `message`.
  private func restored(_ constant: Constant, _ message: ProtoMessage) throws -> ProtoMessage {
    if constant.preserved.bytes.isEmpty { return message }
    var original = try ProtoMessage(decoding: constant.preserved.bytes, as: .milValue)
    var types = TypeReader()
    let type = try types.type(original.message("type"))
    guard type.isWritten(like: constant.type) else { return message }
    if original.has("blobFileValue"), let blob = message.message("blobFileValue") {
      original.edit("blobFileValue") { kept in
        kept.set("fileName", blob.string("fileName"))
        kept.set("offset", blob.uint("offset"))
      }
      return original
    }
    guard original.has("immediateValue") else { return message }
    let read = try ConstantReader(weights: nil).constant(original, &types)
    return try read.holdsTheSame(as: constant) ? original : message
  }

  private mutating func fill(_ message: inout ProtoMessage, _ constant: Constant) throws {
    switch constant.payload {
    case .tensor(let data): try message.edit("tensor") { try $0.fill(data) }
    case .weights(let source): try message.edit("tensor") { try $0.fill(source.materialized()) }
    case .strings(let strings, _):
      message.edit("tensor") { tensor in
        tensor.edit("strings") { $0.set("values", strings) }
      }
    case .list(let items): try message.edit("list") { $0.set("values", try messages(items)) }
    case .tuple(let items): try message.edit("tuple") { $0.set("values", try messages(items)) }
    case .dictionary(let pairs):
      try message.edit("dictionary") { dictionary in
        for (key, value) in pairs {
          try dictionary.add("values") { pair in
            pair.set("key", try self.message(key))
            pair.set("value", try self.message(value))
          }
        }
      }
    }
  }

  private mutating func messages(_ items: [Constant]) throws -> [ProtoMessage] {
    var messages: [ProtoMessage] = []
    for item in items { messages.append(try message(item)) }
    return messages
  }
}

extension ProtoMessage {
  /// Sets the elements of a `TensorValue`.
  fileprivate mutating func fill(_ data: TensorData) throws {
    let field = data.dtype.immediateField
    edit(field) { values in
      switch field {
      case "bools": values.set("values", data.bools)
      case "floats": values.set("values", data.floats)
      case "doubles": values.set("values", data.doubles)
      case "longInts":
        values.set(
          "values",
          data.bytes.withUnsafeBytes { raw in
            (0..<data.count).map { raw.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self) }
          })
      case "ints": values.set("values", data.ints)
      default: values.set("values", data.bytes)
      }
    }
  }
}

extension Constant {
  /// Whether the two hold equal elements in place; constants in files are never compared.
  fileprivate func holdsTheSame(as other: Constant) throws -> Bool {
    guard type.isWritten(like: other.type), docString == other.docString else { return false }
    switch (payload, other.payload) {
    case (.tensor(let a), .tensor(let b)): return a == b
    case (.strings(let a, _), .strings(let b, _)): return a == b
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      guard a.count == b.count else { return false }
      return try zip(a, b).allSatisfy { try $0.holdsTheSame(as: $1) }
    case (.dictionary(let a), .dictionary(let b)):
      guard a.count == b.count else { return false }
      return try zip(a, b).allSatisfy { x, y in
        try x.key.holdsTheSame(as: y.key) && x.value.holdsTheSame(as: y.value)
      }
    default: return false
    }
  }
}
