// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// A protobuf message of any type that `Schemas/*.proto` declare.
///
/// A decoded message stays in the memory protobuf-c filled and is read in place; the first change
/// copies the fields of that one message, not of what it holds. Fields are named as in the schema:
/// reading a name that the schema lacks, or as another kind than it declares, is a defect of the
/// caller and stops the process; names never come from input.
package struct ProtoMessage: Sendable {
  package let schema: ProtoSchema
  var storage: Storage

  enum Storage: Sendable {
    case view(ProtoView)
    case record(ProtoRecord)
  }

  /// An empty message of this type.
  package init(_ schema: ProtoSchema) {
    self.schema = schema
    storage = .record(ProtoRecord())
  }

  init(schema: ProtoSchema, view: ProtoView) {
    self.schema = schema
    storage = .view(view)
  }

  package var typeName: String { schema.name }

  /// What the message holds of fields that the schema does not declare; they are written again.
  package var unknownFields: [ProtoUnknownField] {
    switch storage {
    case .view(let view): view.unknownFields
    case .record(let record): record.unknownFields
    }
  }

  /// The value of `field`; nil when absent. A field without presence that is zero is absent.
  package subscript(field: String) -> ProtoValue? { value(known(field)) }

  /// Whether `field` is present: set, not empty, and not zero unless it is a member of a oneof.
  package func has(_ field: String) -> Bool {
    let field = known(field)
    return switch storage {
    case .view(let view): view.has(field)
    case .record(let record): record.value(field) != nil
    }
  }

  /// The name of the set member of the oneof that the field `member` belongs to, or nil when none
  /// is set.
  package func oneofCase(of member: String) -> String? {
    let member = known(member)
    for index in 0..<schema.fieldCount {
      let field = schema.field(at: index)
      guard field.isOneofMember, field.quantifierOffset == member.quantifierOffset else { continue }
      if value(field) != nil { return field.name }
    }
    return nil
  }

  func value(_ field: ProtoField) -> ProtoValue? {
    switch storage {
    case .view(let view): view.value(field)
    case .record(let record): record.value(field)
    }
  }

  /// Ends the process: the caller named a field that is not in the schema. Names are literals of
  /// the source code, so no input reaches this.
  static func misuse(_ message: String) -> Never { fatalError(message) }

  func known(_ name: String) -> ProtoField {
    guard let field = schema.field(named: name) else {
      Self.misuse("\(schema.name) has no field '\(name)'")
    }
    return field
  }
}

/// The fields of a message that was built or changed here.
struct ProtoRecord: Sendable {
  /// In the order of field numbers.
  private(set) var fields: [(field: ProtoField, value: ProtoValue)] = []
  var unknownFields: [ProtoUnknownField] = []
  /// The first wrong change asked of the message; reported when it is encoded.
  var problem: String?

  func value(_ field: ProtoField) -> ProtoValue? {
    for entry in fields where entry.field.number == field.number { return entry.value }
    return nil
  }

  /// Replaces the value of `field`; nil removes it. Other members of its oneof are removed.
  mutating func set(_ field: ProtoField, _ value: ProtoValue?) {
    fields.removeAll { entry in
      entry.field.number == field.number
        || value != nil && field.isOneofMember && entry.field.isOneofMember
          && entry.field.quantifierOffset == field.quantifierOffset
    }
    guard let value else { return }
    let index = fields.firstIndex { $0.field.number > field.number } ?? fields.count
    fields.insert((field, value), at: index)
  }

  /// Takes the value out, so that it can be changed without a copy.
  mutating func take(_ field: ProtoField) -> ProtoValue? {
    guard let index = fields.firstIndex(where: { $0.field.number == field.number }) else {
      return nil
    }
    return fields.remove(at: index).value
  }
}
