// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics

/// Questions to messages of a program.
extension ProtoMessage {
  /// Where an `Operation` is, for errors: its type and its `name`.
  var milLocation: Location {
    let name = entries("attributes").first { $0.key == "name" }?.value
      .message("immediateValue")?.message("tensor")?.message("strings")?.strings("values").first
    let type = string("type")
    return Location(
      operation: type.isEmpty ? nil : type, node: name ?? messages("outputs").first?.string("name"))
  }

  /// Whether something in a `Block` defines `name`.
  func milDefines(_ name: String) -> Bool {
    messages("operations").contains { operation in
      operation.messages("outputs").contains { $0.string("name") == name }
        || operation.messages("blocks").contains { block in
          block.messages("inputs").contains { $0.string("name") == name } || block.milDefines(name)
        }
    }
  }

  /// Whether an `Argument` or a binding in it has unknown fields.
  var holdsUnknownBindings: Bool {
    !unknownFields.isEmpty || messages("arguments").contains { !$0.unknownFields.isEmpty }
  }

  /// An `Argument` with nothing but the unknown fields.
  func unknownFieldsOfArgument() -> ProtoMessage {
    var rest = ProtoMessage(schema)
    for field in unknownFields { rest.addUnknownField(field) }
    for binding in messages("arguments") {
      rest.add("arguments") { kept in
        for field in binding.unknownFields { kept.addUnknownField(field) }
      }
    }
    return rest
  }
}
