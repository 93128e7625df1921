// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import MIL

extension ProtoMessage {
  /// Whether the message, or one inside it, holds a field that the schema does not declare.
  var holdsUnknownFields: Bool {
    if !unknownFields.isEmpty { return true }
    return schema.fieldNames.contains { name in
      switch self[name] {
      case .message(let message): message.holdsUnknownFields
      case .messages(let list): list.contains(where: \.holdsUnknownFields)
      default: false
      }
    }
  }

  /// The unknown fields alone, encoded.
  func preservedUnknownFields() throws -> Preserved {
    if unknownFields.isEmpty { return Preserved() }
    var rest = ProtoMessage(schema)
    for field in unknownFields { rest.addUnknownField(field) }
    return Preserved(try rest.encoded())
  }

  /// Puts back what `preservedUnknownFields` took out.
  mutating func addUnknownFields(_ preserved: Preserved) throws {
    if preserved.bytes.isEmpty { return }
    for field in try ProtoMessage(decoding: preserved.bytes, as: schema).unknownFields {
      addUnknownField(field)
    }
  }
}
