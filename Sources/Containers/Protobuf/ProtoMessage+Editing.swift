// SPDX-License-Identifier: Apache-2.0

/// Changes. A name that the schema lacks or a value of another kind is remembered and thrown as an
/// internal error by `encoded()`.
extension ProtoMessage {
  /// Sets the field `name`. Other members of its oneof are cleared; an empty list clears the field,
  /// and so does zero in a field without presence.
  package mutating func set(_ name: String, _ value: some ProtoConvertible) {
    guard let field = editable(name) else { return }
    let value = value.protoValue
    guard let fitting = value.fitting(field) else {
      return note("'\(name)' is a \(field.kindInWords) and cannot be set to \(value.inWords)")
    }
    let absent =
      fitting.isEmptyList
      || !field.isOneofMember && !field.isOptional
        && !field.isRepeated && fitting.isDefault
    change { $0.set(field, absent ? nil : fitting) }
  }

  package mutating func clear(_ name: String) {
    guard let field = editable(name) else { return }
    change { $0.set(field, nil) }
  }

  /// Changes the message in the field `name` in place; it is made, empty, where it was absent.
  package mutating func edit<E: Error>(
    _ name: String, _ body: (inout ProtoMessage) throws(E) -> Void
  ) throws(E) {
    guard let field = editable(name) else { return }
    guard !field.isRepeated, let schema = field.messageSchema else {
      return note("'\(name)' is a \(field.kindInWords) and cannot be edited as a message")
    }
    var message = ProtoMessage(schema)
    change { record in
      if case .message(let old) = record.take(field) { message = old }
    }
    try body(&message)
    change { $0.set(field, .message(message)) }
  }

  /// Adds a message to the repeated field `name`.
  package mutating func add(_ name: String, _ message: ProtoMessage) {
    guard let field = editable(name) else { return }
    guard field.isRepeated, field.messageSchema == message.schema else {
      return note("'\(name)' is a \(field.kindInWords) and cannot take a \(message.typeName)")
    }
    change { record in
      var list: [ProtoMessage] = []
      if case .messages(let old) = record.take(field) { list = old }
      list.append(message)
      record.set(field, .messages(list))
    }
  }

  /// Adds a message to the repeated field `name` and lets `body` fill it.
  package mutating func add<E: Error>(
    _ name: String, _ body: (inout ProtoMessage) throws(E) -> Void
  ) throws(E) {
    guard let field = editable(name) else { return }
    guard field.isRepeated, let schema = field.messageSchema else {
      return note("'\(name)' is a \(field.kindInWords) and takes no message")
    }
    var message = ProtoMessage(schema)
    try body(&message)
    add(name, message)
  }

  /// Sets a `map<string, ...>` to these entries, written in this order: sort them by key.
  package mutating func setEntries(
    _ name: String, _ entries: [(key: String, value: some ProtoConvertible)]
  ) {
    guard let field = editable(name) else { return }
    guard let schema = field.messageSchema else {
      return note("'\(name)' is a \(field.kindInWords) and not a map")
    }
    let messages = entries.map { entry in
      var message = ProtoMessage(schema)
      message.set("key", entry.key)
      message.set("value", entry.value)
      return message
    }
    set(name, messages)
  }

  /// Keeps a field that the schema does not declare.
  package mutating func addUnknownField(_ field: ProtoUnknownField) {
    change { $0.unknownFields.append(field) }
  }

  private mutating func editable(_ name: String) -> ProtoField? {
    if let field = schema.field(named: name) { return field }
    note("there is no field '\(name)'")
    return nil
  }

  private mutating func note(_ problem: String) {
    change { if $0.problem == nil { $0.problem = problem } }
  }

  private mutating func change(_ body: (inout ProtoRecord) -> Void) {
    var record: ProtoRecord
    switch storage {
    case .record(let old): record = old
    case .view(let view): record = ProtoRecord(view, of: schema)
    }
    storage = .record(ProtoRecord())
    body(&record)
    storage = .record(record)
  }
}

extension ProtoRecord {
  /// The fields of a decoded message; the messages in them stay where they are.
  init(_ view: ProtoView, of schema: ProtoSchema) {
    for index in 0..<schema.fieldCount {
      let field = schema.field(at: index)
      if let value = view.value(field) { set(field, value) }
    }
    unknownFields = view.unknownFields
  }
}

extension ProtoValue {
  /// The same value as the type of `field` has it, or nil where that type cannot hold it.
  func fitting(_ field: ProtoField) -> ProtoValue? {
    field.isRepeated ? fittingList(field) : fittingSingle(field)
  }

  private func fittingSingle(_ field: ProtoField) -> ProtoValue? {
    switch (field.kind, self) {
    case (.int32, .int(let value)): Int32(exactly: value).map { .int(Int64($0)) }
    case (.int64, .int), (.uint64, .uint), (.float, .float), (.double, .double), (.bool, .bool):
      self
    case (.int32, .uint(let value)): Int32(exactly: value).map { .int(Int64($0)) }
    case (.int64, .uint(let value)): Int64(exactly: value).map(ProtoValue.int)
    case (.uint32, .uint(let value)): UInt32(exactly: value).map { .uint(UInt64($0)) }
    case (.uint32, .int(let value)): UInt32(exactly: value).map { .uint(UInt64($0)) }
    case (.uint64, .int(let value)): UInt64(exactly: value).map(ProtoValue.uint)
    case (.string, .string(let value)): value.utf8.contains(0) ? nil : self
    case (.bytes, .bytes): self
    case (.message, .message(let value)): value.schema == field.messageSchema ? self : nil
    default: nil
    }
  }

  private func fittingList(_ field: ProtoField) -> ProtoValue? {
    switch (field.kind, self) {
    case (.int32, .ints(let list)): list.allSatisfy { Int32(exactly: $0) != nil } ? self : nil
    case (.uint32, .uints(let list)): list.allSatisfy { UInt32(exactly: $0) != nil } ? self : nil
    case (.uint64, .ints(let list)):
      list.allSatisfy { $0 >= 0 } ? .uints(list.map { UInt64($0) }) : nil
    case (.int64, .ints), (.uint64, .uints), (.float, .floats), (.double, .doubles),
      (.bool, .bools), (.bytes, .bytesList):
      self
    case (.string, .strings(let list)): list.contains { $0.utf8.contains(0) } ? nil : self
    case (.message, .messages(let list)):
      list.allSatisfy { $0.schema == field.messageSchema } ? self : nil
    default: nil
    }
  }

  /// The value in words for messages.
  var inWords: String {
    switch self {
    case .int(let value): "the integer \(value)"
    case .uint(let value): "the unsigned integer \(value)"
    case .float(let value): "the float \(value)"
    case .double(let value): "the double \(value)"
    case .bool(let value): "the bool \(value)"
    case .string: "this string"
    case .bytes: "bytes"
    case .message(let value): "a \(value.schema.shortName)"
    case .ints: "this list of integers"
    case .uints: "this list of unsigned integers"
    case .floats: "a list of floats"
    case .doubles: "a list of doubles"
    case .bools: "a list of bools"
    case .strings: "this list of strings"
    case .bytesList: "a list of bytes"
    case .messages: "this list of messages"
    }
  }
}
