// SPDX-License-Identifier: Apache-2.0
import CProtobufC

/// Typed reads. An absent field reads as zero, empty or nil.
extension ProtoMessage {
  /// A signed integer or an enumeration.
  package func int(_ name: String) -> Int64 {
    let field = known(name, .int32, .int64)
    if case .view(let view) = storage { return hold(view, field) ? view.int(field) : 0 }
    if case .int(let value) = value(field) { return value }
    return 0
  }

  /// An unsigned integer.
  package func uint(_ name: String) -> UInt64 {
    let field = known(name, .uint32, .uint64)
    if case .view(let view) = storage { return hold(view, field) ? view.uint(field) : 0 }
    if case .uint(let value) = value(field) { return value }
    return 0
  }

  package func float(_ name: String) -> Float {
    if case .float(let value) = value(known(name, .float)) { return value }
    return 0
  }

  package func double(_ name: String) -> Double {
    if case .double(let value) = value(known(name, .double)) { return value }
    return 0
  }

  package func bool(_ name: String) -> Bool {
    if case .bool(let value) = value(known(name, .bool)) { return value }
    return false
  }

  package func string(_ name: String) -> String {
    let field = known(name, .string)
    if case .view(let view) = storage { return hold(view, field) ? view.string(field) : "" }
    if case .string(let value) = value(field) { return value }
    return ""
  }

  package func bytes(_ name: String) -> ProtoBytes {
    if case .bytes(let value) = value(known(name, .bytes)) { return value }
    return .owned([])
  }

  package func message(_ name: String) -> ProtoMessage? {
    let field = known(name, .message)
    if case .view(let view) = storage { return hold(view, field) ? view.message(field) : nil }
    if case .message(let value) = value(field) { return value }
    return nil
  }

  /// A member of a oneof shares its place with the others.
  private func hold(_ view: ProtoView, _ field: ProtoField) -> Bool {
    !field.isOneofMember || view.oneofCase(field) == field.number
  }
}

/// Typed reads of repeated fields.
extension ProtoMessage {
  /// Number of elements of a repeated field.
  package func count(_ name: String) -> Int {
    let field = known(name)
    if case .view(let view) = storage, field.isRepeated { return view.count(field) }
    return switch value(field) {
    case .ints(let list): list.count
    case .uints(let list): list.count
    case .floats(let list): list.count
    case .doubles(let list): list.count
    case .bools(let list): list.count
    case .strings(let list): list.count
    case .bytesList(let list): list.count
    case .messages(let list): list.count
    case .some: 1
    case nil: 0
    }
  }

  package func ints(_ name: String) -> [Int64] {
    if case .ints(let list) = value(list(name, .int32, .int64)) { return list }
    return []
  }

  package func uints(_ name: String) -> [UInt64] {
    if case .uints(let list) = value(list(name, .uint32, .uint64)) { return list }
    return []
  }

  package func floats(_ name: String) -> [Float] {
    if case .floats(let list) = value(list(name, .float)) { return list }
    return []
  }

  package func doubles(_ name: String) -> [Double] {
    if case .doubles(let list) = value(list(name, .double)) { return list }
    return []
  }

  package func bools(_ name: String) -> [Bool] {
    if case .bools(let list) = value(list(name, .bool)) { return list }
    return []
  }

  package func strings(_ name: String) -> [String] {
    if case .strings(let list) = value(list(name, .string)) { return list }
    return []
  }

  package func bytesList(_ name: String) -> [ProtoBytes] {
    if case .bytesList(let list) = value(list(name, .bytes)) { return list }
    return []
  }

  package func messages(_ name: String) -> [ProtoMessage] {
    if case .messages(let list) = value(list(name, .message)) { return list }
    return []
  }

  /// The entries of a `map<string, Message>` in the order of the file. Keys may repeat there; the
  /// format lets the last one win.
  package func entries(_ name: String) -> [(key: String, value: ProtoMessage)] {
    messages(name).map { entry in
      (entry.string("key"), entry.message("value") ?? entry.empty("value"))
    }
  }

  /// The entries of a `map<string, string>` in the order of the file.
  package func stringEntries(_ name: String) -> [(key: String, value: String)] {
    messages(name).map { ($0.string("key"), $0.string("value")) }
  }

  /// An empty message of the type that the field `name` holds.
  package func empty(_ name: String) -> ProtoMessage {
    guard let schema = known(name).messageSchema else {
      Self.misuse("field '\(name)' of \(schema.name) holds no message")
    }
    return ProtoMessage(schema)
  }

  private func known(
    _ name: String, _ kind: ProtoField.Kind, _ other: ProtoField.Kind? = nil
  ) -> ProtoField {
    let field = known(name)
    if !field.isRepeated && (field.kind == kind || field.kind == other) { return field }
    Self.misuse("field '\(name)' of \(schema.name) is a \(field.kindInWords)")
  }

  private func list(
    _ name: String, _ kind: ProtoField.Kind, _ other: ProtoField.Kind? = nil
  ) -> ProtoField {
    let field = known(name)
    if field.isRepeated && (field.kind == kind || field.kind == other) { return field }
    Self.misuse("field '\(name)' of \(schema.name) is a \(field.kindInWords)")
  }
}
